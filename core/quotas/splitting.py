"""Splitting a target (指标分解): a proposal that sums to it, and shares pasted from a spreadsheet. Saves nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import typed
from core.ground.access import Actor, OrganizationKind, Refused, league_of
from core.law.notices import Programme
from core.models import Organization, Person, Quota, QuotaShare, QuotaVersion
from core.quotas import targets
from core.tables import delimited, reading, values
from core.tables.declared import Declared
from core.tables.problems import Problem
from core.tables.reading import Listing


@dataclass(frozen=True)
class Proposal:
    """A proposed split (建议的分解): shares that sum to the target, and by what they were measured, in words."""

    shares: dict[int, int]
    basis: str
    kept: int
    """How many organizations keep what they had been given, since nothing measures them."""


def apportioned(total: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Largest remainder (最大余数法, Hamilton): whole shares in proportion to whole weights that sum to `total`.

    Each gets its proportion rounded down; what is left goes one by one to the largest remainders, of equal ones to the
    lower id. Without any weight nobody gets anything.
    """
    whole = sum(weights.values())
    if not whole:
        return {}
    parted = {each: divmod(total * weight, whole) for each, weight in weights.items()}
    left = total - sum(share for share, _ in parted.values())
    first = sorted(parted, key=lambda each: (-parted[each][1], each))[:left]
    return {each: share + (each in first) for each, (share, _) in parted.items()}


def proposal(
    session: Session, actor: Actor, found: Programme, year: int, total: int, *, typed_so_far: Mapping[int, int]
) -> Proposal:
    """Propose a split (建议分解) of a target in the proportions of the year before; of what was published for it then.

    A programme that had none goes by the people on file of each league and of the region's own units. Who is measured
    by neither keeps what is `typed_so_far`; the others share the rest.
    Refused codes: "role", "jurisdiction", "fields" (nothing to go by, no target, or more kept than the target).
    """
    targets.require_changer(actor)
    if type(total) is not int or not 0 < total <= targets.MOST:
        raise Refused("fields", "请先填写全区指标，再按比例分解。", {"target": "请填写全区指标"})
    may = targets.offices(session, found)
    measures = (
        (f"{year - 1}年度下达的指标", _given(session, found, year - 1)),
        ("各盟市在库专业技术人员人数", _on_file(session)),
    )
    for basis, measured in measures:
        weights = {each: measured.get(each, 0) for each in may}
        kept = {each: share for each, share in typed_so_far.items() if share and each in may and not weights[each]}
        left = total - sum(kept.values())
        if left < 0 and any(weights.values()):
            raise Refused(
                "fields",
                f"没有{basis}可参照的单位已填{sum(kept.values()):,}{found.unit}，超过全区指标，请先改小再按比例分解。",
            )
        if shares := apportioned(left, weights):
            return Proposal({each: share for each, share in shares.items() if share} | kept, basis, len(kept))
    raise Refused("fields", f"没有{year - 1}年度的指标，也没有在库人员可以参照，请直接填写各单位的指标。")


def _given(session: Session, found: Programme, year: int) -> dict[int, int]:
    """What each organization was given of a programme in a year, by the version in force."""
    query = (
        sa.select(QuotaShare.organization_id, QuotaShare.target)
        .join(QuotaVersion, QuotaVersion.id == QuotaShare.version_id)
        .join(Quota, sa.and_(Quota.id == QuotaVersion.quota_id, Quota.number == QuotaVersion.number))
        .where(Quota.programme == found.code, Quota.year == year)
    )
    return dict(session.execute(query).all())


def _on_file(session: Session) -> dict[int, int]:
    """People on file by the authority in charge of them; duplicates are nobody of their own."""
    query = sa.select(Person.authority_id, sa.func.count()).where(Person.merged_into_id.is_(None))
    return dict(session.execute(query.group_by(Person.authority_id)).all())


# --- pasted ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A row of a table of shares (分解表): what an organization is called, and what it is given; None where empty."""

    office: str
    target: int | None


def _amount(cell: object) -> int | None:
    """A share as it is written: 1,500, 1500人, 3期."""
    said = typed.plain(cell)
    return values.people(said.removesuffix(said[-1:]) if said[-1:] in "期家班个" else said)


def _twice(lines: Sequence[tuple[int, Line]]) -> Iterable[Problem]:
    first: dict[str, int] = {}
    for row, line in lines:
        if first.setdefault(typed.plain(line.office), row) != row:
            earlier = first[typed.plain(line.office)]
            yield Problem(row, "office", "office-twice", line.office, f"与第{earlier}行是同一单位，请删去一行")


SHARES = Declared(
    Listing(
        "指标分解表",
        {
            "office": ("单位", "单位名称", "盟市", "机构", "机构名称", "地区", "分解对象"),
            "target": ("指标", "本次指标", "分解指标", "指标数", "人数", "计划人数", "名额", "分配名额", "任务数"),
        },
        ["office", "target"],
        identity=["office"],
    ),
    becomes=Line,
    values={"target": _amount},
    needed=["office"],
    checks=[_twice],
)


@dataclass(frozen=True)
class Pasted:
    """What was pasted (粘贴的分解表): the shares it gives, by organization, and the rows that gave none, with why."""

    shares: dict[int, int]
    problems: list[Problem]
    account: list[str]


def pasted(session: Session, found: Programme, text: str) -> Pasted:
    """Read rows copied out of a spreadsheet (粘贴): two columns 单位 and 指标, with or without headings.

    A name may be the full one or a league's short one (呼和浩特市). One bad row never sinks the others.
    Refused codes: "file" (nothing in it), "headings".
    """
    if not typed.text(text):
        raise Refused("file", "没有粘贴内容。请在WPS或Excel中选中“单位”和“指标”两列，复制后粘贴到这里。")
    words = SHARES.listing.vocabulary(None)
    rows = delimited.rows_of(text, lambda rows: reading.has_headings(rows, words), "\t")
    if not reading.has_headings(rows, words):
        rows.insert(0, list(SHARES.listing.headings.values()))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="\t", lineterminator="\n").writerows(rows)
    read = SHARES.read(written.getvalue().encode("utf-8-sig"), "粘贴的分解表.csv")
    by_name: dict[str, int] = {}
    for office in targets.offices(session, found).values():
        for name in names_of(office):
            by_name.setdefault(typed.plain(name), office.id)
    shares, problems = {}, list(read.problems)
    for row, line in read.lines:
        office_id = by_name.get(typed.plain(line.office))
        if office_id is None:
            problems.append(Problem(row, "office", "office-unknown", line.office, "不是分解对象，请改为表中的名称"))
        elif line.target is not None:
            shares[office_id] = line.target
    return Pasted(shares, problems, read.account)


def names_of(office: Organization) -> list[str]:
    """What an organization goes by in tables of shares (单位名称): its name, and a league's as notices call it."""
    names = [office.name]
    if short := league_of(office.kind, office.name):
        names += [short, short.removesuffix("市"), short.removesuffix("盟")]
    if office.kind is OrganizationKind.REGION_HR:
        names += ["自治区本级", "区直", "区本级"]
    return names
