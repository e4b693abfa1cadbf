"""Targets of programmes (指标): set by the region, split over leagues, departments and region-level units, published.

What is published never changes: the next version takes its place. What is drafted nobody but the region sees.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import (
    AUTHORITIES,
    OFFICERS,
    Actor,
    Labelled,
    OrganizationKind,
    Refused,
    Role,
    not_found,
    refuse_faults,
    require,
)
from core.ground.deeds import deed
from core.law import notices
from core.law.notices import Programme, Way
from core.models import Organization, Quota, QuotaShare, QuotaVersion
from core.people import organizations
from core.submissions.programmes import places
from core.trail import audit, messages

CHANGERS = (Role.REVIEWER, Role.ADMIN)
"""Who, at the region's office, sets, splits and publishes targets."""
READERS = (*OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)
"""Who reads the targets of the own organization."""
MOST = 10_000_000
"""The largest target that is no slip."""
LONGEST_REASON = 500
FIRST_YEAR, LAST_YEAR = 2000, 2100

_K = OrganizationKind
_SHARERS: dict[Way | None, tuple[OrganizationKind, ...]] = {
    Way.SEMINARS: (_K.LEAGUE_HR, _K.DEPARTMENT, _K.BASE),
    Way.CLASSES: (_K.INSTITUTE,),
}
"""Over whom a programme of a way is split, where the notice does not name its offices."""
_USUAL = (_K.LEAGUE_HR, _K.DEPARTMENT)


@audit.events
class Event(Labelled):
    """What is done to targets, as the trail has it."""

    DRAFTED = "quota.drafted", "拟定指标"
    PUBLISHED = "quota.published", "下达指标"


@dataclass(frozen=True)
class Split:
    """Target of a programme and a year, and what each organization is given of it (指标及其分解), by its id."""

    target: int | None
    most: int | None = None
    """The other end, where the target is a range (5 to 10)."""
    shares: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What the shares sum to (分解合计)."""
        return sum(self.shares.values())


@dataclass(frozen=True)
class Targets:
    """Targets in force (现行指标) as an actor may see them."""

    programme: Programme
    year: int
    split: Split
    """Of the whole region for those who oversee it; else only the own organization's share."""
    number: int = 0
    """Which version (版次); 0: nothing was published, the region's target is the notice's own number."""
    at: datetime | None = None
    by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Draft:
    """Targets as the region works on them (指标草稿)."""

    split: Split
    version: int = 0
    """What who saves or publishes names; 0: nobody has begun."""
    number: int = 0
    """The version in force."""
    open: bool = False
    """Whether it differs from what is in force."""
    by: str = ""
    at: datetime | None = None


# --- the programmes of a year, and who has a share in them -----------------------------------------------------------


def programmes(year: int) -> list[Programme]:
    """Programmes of a year (专项项目) by the region's notice of that year, in its order. Refused codes: "policy"."""
    return list(notices.in_force(date(year, 12, 31)).programmes)


def programme(code: str, year: int) -> Programme:
    """One programme of a year. Refused codes: "policy" (none of this code, or no notice), "fields" (no year)."""
    if type(year) is not int or not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refused("fields", f"年度应为{FIRST_YEAR}至{LAST_YEAR}年。")
    return notices.in_force(date(year, 12, 31)).programme(code)


def of_notice(found: Programme) -> Split:
    """What the notice itself asks for (通知的指标): the target where nothing was published; split over nobody."""
    return Split(found.target, found.target_at_most)


def offices(session: Session, found: Programme) -> dict[int, Organization]:
    """Over whom a programme is split (分解对象), by id, in the order of the table: leagues, departments, the others.

    Open organizations of the kinds the notice names for it, else of those its way is carried out by; of departments,
    bases and institutes the region-level ones alone. Last the region's own office, for the units without a line.
    """
    kinds = found.offices or _SHARERS.get(found.way, _USUAL)
    region = organizations.region(session).id
    mine = sa.and_(Organization.kind.in_(kinds), Organization.authority_id == region)
    leagues = Organization.kind.in_({_K.LEAGUE_HR} & {*kinds})
    query = sa.select(Organization).where(Organization.active, mine | leagues | (Organization.id == region))
    return {each.id: each for each in sorted(session.scalars(query), key=place)}


_ORDER = [_K.LEAGUE_HR, *(kind for kind in _K if kind not in AUTHORITIES), _K.REGION_HR]


def place(office: Organization) -> tuple[int, int]:
    """Its place among those a target is split over (排列次序), to sort by: leagues, units of the region, the region."""
    return _ORDER.index(office.kind), office.id


def counts_for(session: Session, shares: Mapping[int, int]) -> set[int]:
    """Organizations that have a line of their own (单列), so that what they do does not count for their authority."""
    departments = sa.select(Organization.id).where(Organization.kind == _K.DEPARTMENT)
    return {*shares, *session.scalars(departments)}


# --- in force --------------------------------------------------------------------------------------------------------


def in_force(session: Session, actor: Actor, code: str, year: int, *, number: int | None = None) -> Targets:
    """Targets in force (现行指标), or an earlier version of them (`number`), as far as the actor may see them.

    Refused codes: "role", "policy", "fields", "missing" (no such version).
    """
    require(actor, *READERS)
    found = programme(code, year)
    query = sa.select(QuotaVersion).join(Quota, Quota.id == QuotaVersion.quota_id)
    query = query.where(Quota.programme == found.code, Quota.year == year)
    if number is None:
        query = query.where(QuotaVersion.number == Quota.number)
    else:
        query = query.where(QuotaVersion.number == number)
    version = session.scalar(query)
    if version is not None and number is None and not actor.oversees_region:
        # What concerns an office is the version in which its own share became what it is.
        return next(iter(history(session, actor, code, year)), Targets(found, year, Split(None)))
    if version is None and number is not None:
        raise not_found("指标")
    if version is None:
        return Targets(found, year, _seen(actor, of_notice(found)))
    return _told(session, actor, found, year, version)


def in_force_of(session: Session, actor: Actor, year: int) -> list[Targets]:
    """Targets in force of every programme of a year, in the notice's order; see `in_force`."""
    return [in_force(session, actor, each.code, year) for each in programmes(year)]


def _of_version(session: Session, version: QuotaVersion) -> Split:
    shares = sa.select(QuotaShare.organization_id, QuotaShare.target).where(QuotaShare.version_id == version.id)
    return Split(version.target, version.target_at_most, dict(session.execute(shares).all()))


def _seen(actor: Actor, split: Split) -> Split:
    """A split as an actor may see it: all of it, or the own organization's share, which is then the target."""
    if actor.oversees_region:
        return split
    own = {actor.organization_id: split.shares[actor.organization_id]} if actor.organization_id in split.shares else {}
    return Split(own.get(actor.organization_id), None, own)


def history(session: Session, actor: Actor, code: str, year: int) -> list[Targets]:
    """Versions (历次下达), the latest first, each as far as the actor may see it.

    Others than the region see those in which their own share became another. Refused codes: "role", "policy", "fields".
    """
    require(actor, *READERS)
    found = programme(code, year)
    versions = session.scalars(
        sa.select(QuotaVersion)
        .join(Quota, Quota.id == QuotaVersion.quota_id)
        .where(Quota.programme == found.code, Quota.year == year)
        .order_by(QuotaVersion.number.desc())
    ).all()
    told = [_told(session, actor, found, year, each) for each in versions]
    if actor.oversees_region:
        return told
    former = [*(each.split for each in told[1:]), Split(None)]
    return [each for each, before in zip(told, former, strict=True) if each.split != before]


def _told(session: Session, actor: Actor, found: Programme, year: int, version: QuotaVersion) -> Targets:
    split = _seen(actor, _of_version(session, version))
    return Targets(found, year, split, version.number, version.at, version.account_name, version.reason)


def changes(session: Session, actor: Actor, code: str, year: int, number: int) -> pd.DataFrame:
    """What a version changed (变动) against the one before it, a row for each organization whose share is another.

    Columns: office_id, office, was, became ("" for no share), moved. The whole target is the row of office_id 0.
    Refused codes: as `in_force`.
    """
    after = in_force(session, actor, code, year, number=number)
    before = in_force(session, actor, code, year, number=number - 1).split if number > 1 else Split(None)
    unit, new = after.programme.unit, after.split
    rows: list[tuple[int, str, str, str, int]] = []
    if actor.oversees_region and (before.target, before.most) != (new.target, new.most):
        was, became = ["" if each.target is None else written(each, unit) for each in (before, new)]
        rows.append((0, "全区指标", was, became, (new.target or 0) - (before.target or 0)))
    for office_id, name in _names(session, {*before.shares, *new.shares}).items():
        both = before.shares.get(office_id), new.shares.get(office_id)
        if both[0] != both[1]:
            was, became = ["" if each is None else f"{each:,}{unit}" for each in both]
            rows.append((office_id, name, was, became, (both[1] or 0) - (both[0] or 0)))
    return pd.DataFrame(rows, columns=["office_id", "office", "was", "became", "moved"])


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    query = sa.select(Organization.id, Organization.name).where(Organization.id.in_(ids)).order_by(Organization.id)
    return dict(session.execute(query).all())


# --- words -----------------------------------------------------------------------------------------------------------


def written(split: Split, unit: str) -> str:
    """A target in words (指标): 20,000人, 5至10期, or that there is none."""
    return places.target_words((split.target, split.most), unit)


def held(split: Split, unit: str) -> str:
    """The split against its sum (分解与指标的差), in words: even, still to be given, or over."""
    total = split.total
    said = f"分解合计{total:,}{unit}"
    if split.target is None:
        return f"{said}，全区指标未定"
    if total < split.target:
        return f"{said}，比全区指标少{split.target - total:,}{unit}，还没有分完"
    most = split.target if split.most is None else split.most
    if total > most:
        return f"{said}，比全区指标多{total - most:,}{unit}"
    return f"{said}，与全区指标一致" if most == split.target else f"{said}，在{written(split, unit)}之内"


# --- drafting and publishing ------------------------------------------------------------------------------------------


def may_change(actor: Actor) -> bool:
    """Whether an actor sets and publishes targets (下达指标): reviewers and administrators of the region's office."""
    return actor.role in CHANGERS and actor.oversees_region


def require_changer(actor: Actor) -> None:
    """Refuse who does not set targets (下达指标). Refused codes: "role", "jurisdiction"."""
    require(actor, *CHANGERS)
    if not actor.oversees_region:
        raise Refused("jurisdiction", "指标由自治区人社厅下达，盟市和各单位只能查看本单位的指标。")


def draft(session: Session, actor: Actor, code: str, year: int) -> Draft:
    """Targets as the region works on them (指标草稿); where nobody has begun, the notice's number, split over nobody.

    Refused codes: "role", "jurisdiction", "policy", "fields".
    """
    require_changer(actor)
    found = programme(code, year)
    quota = session.scalar(_quota(found.code, year))
    if quota is None:
        return Draft(of_notice(found))
    split = _drafted(quota)
    standing = in_force(session, actor, code, year).split if quota.number else None
    return Draft(split, quota.version, quota.number, split != standing, quota.changed_by, quota.changed_at)


@deed
def save(session: Session, code: str, year: int, split: Split, *, version: int, actor: Actor, now: datetime) -> Quota:
    """Save a draft of targets (保存草稿), optimistic lock: nobody but the region sees it.

    Refused codes: "role", "jurisdiction", "policy", "fields", "stale", "same" (nothing was changed).
    """
    require_changer(actor)
    quota, before = _changed(session, code, year, split, version=version, actor=actor, now=now)
    if before == split:
        raise Refused("same", "指标没有改动，不需要保存。")
    _record(session, Event.DRAFTED, quota, before, split, actor=actor, reason="", now=now)
    return quota


@deed
def publish(
    session: Session, code: str, year: int, split: Split, *, version: int, actor: Actor, reason: str, now: datetime
) -> QuotaVersion:
    """Publish targets (下达指标): what is given becomes the next version, and the offices with a share hear of it.

    A split that is over or under its target may be published: `held` says so, and the reason stands beside it.
    Refused codes: "role", "jurisdiction", "policy", "fields", "stale", "reason", "same" (as the version in force).
    """
    require_changer(actor)
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写下达的依据或调整的原因，它与这一版指标一起保存。")
    if len(reason) > LONGEST_REASON:
        raise Refused("reason", f"原因不超过{LONGEST_REASON}个字，现为{len(reason)}个字，请缩短。")
    quota, _ = _changed(session, code, year, split, version=version, actor=actor, now=now)
    before = in_force(session, actor, code, year)
    if before.number and before.split == split:
        raise Refused("same", f"与已下达的第{before.number}版相同，不需要再次下达。")
    quota.number = before.number + 1
    made = QuotaVersion(
        quota_id=quota.id,
        number=quota.number,
        target=split.target,
        target_at_most=split.most,
        reason=reason,
        account_id=actor.account_id,
        account_name=actor.name,
        at=now.replace(microsecond=0),
    )
    session.add(made)
    session.flush()
    session.add_all(QuotaShare(version_id=made.id, organization_id=each, target=n) for each, n in split.shares.items())
    former = before.split if before.number else Split(None)
    _record(session, Event.PUBLISHED, quota, former, split, actor=actor, reason=reason, now=now)
    return made


def _quota(code: str, year: int) -> sa.Select[Any]:
    return sa.select(Quota).where(Quota.programme == code, Quota.year == year)


def _drafted(quota: Quota) -> Split:
    shares = {int(office_id): target for office_id, target in json.loads(quota.shares).items()}
    return Split(quota.target, quota.target_at_most, shares)


def _changed(
    session: Session, code: str, year: int, split: Split, *, version: int, actor: Actor, now: datetime
) -> tuple[Quota, Split]:
    """The draft with another split in it, locked, and the split that was in it."""
    found = programme(code, year)
    check(session, found, split)
    db.lock(session, f"quota {found.code} {year}")
    quota = session.scalar(_quota(found.code, year).with_for_update())
    if version != (quota.version if quota else 0):
        who = f"（{quota.changed_by}）" if quota else ""
        raise Refused("stale", f"{found.name}的指标刚刚被他人改过{who}，您的操作没有执行，请核对最新内容后再办理。")
    if quota is None:
        before = Split(None)
        quota = Quota(programme=found.code, year=year, organization_id=actor.organization_id, number=0)
        session.add(quota)
    else:
        before = _drafted(quota)
    quota.target, quota.target_at_most = split.target, split.most
    quota.shares = json.dumps({str(office_id): split.shares[office_id] for office_id in sorted(split.shares)})
    quota.changed_by, quota.changed_at = actor.name, now.replace(microsecond=0)
    session.flush()
    return quota, before


def check(session: Session, found: Programme, split: Split) -> None:
    """Hold a split against what a target can be, every fault at once. Refused codes: "fields"."""
    faults: list[tuple[str, str]] = []
    for name, word, amount in (("target", "全区指标", split.target), ("most", "指标上限", split.most)):
        if amount is not None and not _is_amount(amount):
            faults.append((name, f"{word}应为0至{MOST:,}的整数"))
    if not faults and split.most is not None and (split.target is None or split.most < split.target):
        faults.append(("most", "指标上限不能小于全区指标；不是一个范围的请留空"))
    may = offices(session, found)
    strange = [office_id for office_id in split.shares if office_id not in may]
    if strange:
        faults.append(("shares", f"有{len(strange)}个单位不在分解对象之内，请刷新页面后重新填写"))
    wrong = [may[office_id].name for office_id, n in split.shares.items() if office_id in may and not _is_amount(n)]
    if wrong:
        faults.append(("shares", f"{'、'.join(wrong[:5])}的指标应为0至{MOST:,}的整数"))
    refuse_faults(faults)


def _is_amount(amount: object) -> bool:
    return type(amount) is int and 0 <= amount <= MOST


def _record(
    session: Session,
    event: Event,
    quota: Quota,
    before: Split,
    after: Split,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    """The line of the trail: the whole target and every share that is another, by the organization's name."""
    unit = programme(quota.programme, quota.year).unit
    moved = {each for each in {*before.shares, *after.shares} if before.shares.get(each) != after.shares.get(each)}
    names = _names(session, moved)
    told: Callable[[Split], dict[str, Any]] = lambda split: {  # noqa: E731
        "quota": written(split, unit),
        **{name: split.shares[each] for each, name in names.items() if each in split.shares},
    }
    audit.record(session, event, quota, actor=actor, before=told(before), after=told(after), reason=reason, now=now)


@messages.about(Event.PUBLISHED)
def _hear_of_targets(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """Each organization whose share is another hears what it is: its reviewers, or who files for it."""
    quota: Quota = deed.touched
    found = programme(quota.programme, quota.year)
    versions = sa.select(QuotaVersion).where(QuotaVersion.quota_id == quota.id)
    shares: list[Mapping[int, int]] = [{}, {}]
    for place, number in enumerate((quota.number - 1, quota.number)):
        if version := session.scalar(versions.where(QuotaVersion.number == number)):
            shares[place] = _of_version(session, version).shares
    before, after = shares
    moved = [each for each in {*before, *after} if before.get(each) != after.get(each)]
    kinds = sa.select(Organization.id, Organization.kind).where(Organization.id.in_(moved)).order_by(Organization.id)
    for office_id, kind in session.execute(kinds):
        if office_id == quota.organization_id:
            continue
        role = Role.REVIEWER if kind in AUTHORITIES else Role.BASE_CLERK
        given = f"{after[office_id]:,}{found.unit}" if office_id in after else "不再单列"
        was = f"，原为{before[office_id]:,}{found.unit}" if office_id in before else ""
        title = f"{quota.year}年度{found.name}指标已下达：{given}"
        yield messages.Word(messages.Topic.TARGET, title, f"{deed.reason}{was}", office_id, role)
