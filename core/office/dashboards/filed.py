"""Frozen figures (已报数据): what was filed is kept with what it was counted from, and held against now, line by line.

An input is a plan, a report, a batch, a reversal, a report owed or a submission that counts for a programme, by its id
with what it gives; the amounts of a league are their sums. So what changed since is the difference of two lists.
"""

from __future__ import annotations

import calendar
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    require,
    visible,
)
from core.ground.deeds import deed
from core.law.notices import TOTAL
from core.models import CreditBatch, CreditEntry, FiledFigures, Movement, Organization, Plan, Report, State, Submission
from core.office.dashboards import trainings
from core.office.dashboards.asked import Wanted, as_of, end_of, short
from core.office.dashboards.board import board, reports_due
from core.quotas import progress
from core.submissions import workflow
from core.submissions.kinds import Action
from core.trail import audit

FILERS = (Role.REVIEWER, Role.LEADER, Role.ADMIN)
"""Who files the figures of the own office."""
READERS = OFFICERS
LONGEST_REASON = 500
AMOUNTS = {
    "plans": "批准计划（份）",
    "reports": "通过报告（份）",
    "people": "培训人次（人次）",
    "hours": "登记学时（学时）",
}
"""What inputs give, by the name in them; hours in hundredths there."""
SHARES = {"on_time": ("报告按时率（%）", "kept", "due"), "done": ("学时完成率（%）", "met", "judged")}
Inputs = dict[str, dict[str, int]]
"""By "plan:12" and the like: `league` (id; none of a programme's) and what it gives."""


@audit.events
class Event(Labelled):
    """What is done to figures, as the trail has it."""

    FILED = "figures.filed", "报送数据"


# --- periods ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """A year, a quarter or a month (报送期间): trainings that begin in it, hours up to its end."""

    year: int
    first: int
    """Its first month."""
    last: int

    @property
    def code(self) -> str:
        """As it is kept: 2024, 2024-Q1, 2024-03."""
        if self.is_year:
            return f"{self.year}"
        return f"{self.year}-{self.last:02}" if self.first == self.last else f"{self.year}-Q{self.last // 3}"

    @property
    def label(self) -> str:
        if self.is_year:
            return f"{self.year}年度"
        return f"{self.year}年{self.last}月" if self.first == self.last else f"{self.year}年第{self.last // 3}季度"

    @property
    def is_year(self) -> bool:
        return self.last - self.first == 11

    @property
    def last_day(self) -> date:
        return date(self.year, self.last, calendar.monthrange(self.year, self.last)[1])


def period(code: str) -> Period:
    """A period by its code. Refused codes: "fields" (no such period)."""
    found = re.fullmatch(r"(20\d\d)(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", str(code), re.ASCII)
    if not found:
        raise Refused("fields", "没有这个报送期间，请重新选择年度、季度或月份。", {"period": "没有这个报送期间。"})
    year = int(found[1])
    if found[2]:
        return Period(year, int(found[2]) * 3 - 2, int(found[2]) * 3)
    return Period(year, int(found[3]), int(found[3])) if found[3] else Period(year, 1, 12)


def periods(today: date) -> list[Period]:
    """What may be filed (可报送的期间) on a day: all of this year and the one before that has begun, years first."""
    found = []
    for length in (12, 3, 1):
        for year in (today.year, today.year - 1):
            begun = today.month if year == today.year else 12
            found += [Period(year, first, first + length - 1) for first in range(1, begun + 1, length)][::-1]
    return found


# --- filing -----------------------------------------------------------------------------------------------------------


@deed
def freeze(session: Session, code: str, *, actor: Actor, reason: str, now: datetime) -> FiledFigures:
    """File the figures of a period (报送数据) of the actor's own office, as they stand now, with what they came from.

    A later filing of the same period takes nothing back: it says why, and both can be read.
    Refused codes: "role", "password", "fields" (period, or no reason for filing again), "early", "same".
    """
    _may_file(actor)
    asked, reason, today = period(code), typed.text(reason), db.office_day(now)
    if date(asked.year, asked.first, 1) > today:
        raise Refused("early", f"{asked.label}还没有开始，没有可报送的数据。")
    if len(reason) > LONGEST_REASON:
        raise Refused("fields", f"说明不超过{LONGEST_REASON}字。", {"reason": f"不超过{LONGEST_REASON}字。"})
    db.lock(session, "figures")
    mine = sa.select(FiledFigures).where(
        FiledFigures.organization_id == actor.organization_id, FiledFigures.period == asked.code
    )
    last = session.scalars(mine.order_by(FiledFigures.number.desc()).limit(1)).one_or_none()
    if last and not reason:
        words = f"{asked.label}的数据已在{last.on}报送过，再次报送请写明原因。"
        raise Refused("fields", words, {"reason": "再次报送须写明原因。"})
    figures, inputs = _counted(session, actor, asked, today)
    content = db.canonical(inputs)
    digest = hashlib.sha256(content.encode()).hexdigest()
    told_of = json.loads(last.figures) | {"up_to": figures["up_to"]} if last else {}
    if last and last.digest == digest and told_of == json.loads(db.canonical(figures)):
        raise Refused("same", f"{asked.label}的数据与第{last.number}次报送的完全相同，不需再次报送。")
    filed = FiledFigures(
        organization_id=actor.organization_id,
        period=asked.code,
        number=last.number + 1 if last else 1,
        on=today,
        figures=db.canonical(figures),
        inputs=content,
        digest=digest,
        reason=reason,
        account_id=actor.account_id,
        account_name=actor.name,
        at=now.replace(microsecond=0),
    )
    session.add(filed)
    after = {"period": asked.label, "number": filed.number, "digest": digest}
    audit.record(session, Event.FILED, filed, actor=actor, now=now, after=after, reason=reason)
    return filed


def _may_file(actor: Actor) -> None:
    require(actor, *FILERS)
    if actor.organization_kind not in AUTHORITIES:
        raise Refused("role", "数据由人社部门报送。")


def listed(session: Session, actor: Actor) -> pd.DataFrame:
    """What was filed (已报数据) by offices whose figures the actor may see, the latest first.

    Columns: id, 报送期间, 报送单位, 第几次, counted_on, at, account, reason, 摘要 (the digest's first 16 signs).
    Refused codes: "role", "password".
    """
    require(actor, *READERS)
    query = (
        sa.select(FiledFigures, Organization.name)
        .join(Organization, Organization.id == FiledFigures.organization_id)
        .where(_seen(actor))
        .order_by(FiledFigures.id.desc())
    )
    rows = [
        (
            each.id,
            period(each.period).label,
            office,
            each.number,
            each.on,
            each.at,
            each.account_name,
            each.reason,
            each.digest[:16],
        )
        for each, office in session.execute(query)
    ]
    columns = "id 报送期间 报送单位 第几次 counted_on at account reason 摘要".split()
    return pd.DataFrame(rows, columns=columns)


def _seen(actor: Actor) -> sa.ColumnElement[bool]:
    whose = FiledFigures.organization_id
    return visible(actor, organization=whose, authority=whose)


def faults(session: Session) -> list[str]:
    """Filings whose inputs are no more those that were filed (摘要不符), by their digests."""
    query = sa.select(FiledFigures.id, FiledFigures.inputs, FiledFigures.digest).order_by(FiledFigures.id)
    return [
        f"filed figures {row.id}: the inputs are not those that were filed"
        for row in session.execute(query)
        if hashlib.sha256(row.inputs.encode()).hexdigest() != row.digest
    ]


# --- as filed, and now ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A filing held against now (报送时与现在)."""

    title: str
    """Whose, of when."""
    digest: str
    figures: pd.DataFrame
    """Columns 单位或项目, 指标, 报送时, 现在, 增减 (now less filed); a share in percent, empty: of nothing."""
    lines: pd.DataFrame
    """Why: columns id (the submission, 0: none), 事项, 名称, 机构, 管理权限, at, 影响 (words), 依据, and by names of
    `AMOUNTS` what the line adds: over all lines they sum to the difference of the figures."""
    words: str
    """All of it in one sentence."""


def differences(session: Session, filed_id: int, actor: Actor, *, now: datetime) -> Difference:
    """A filing beside the same figures now (已报与现在), and line by line what made the difference.

    Refused codes: "role", "password", "missing".
    """
    require(actor, *READERS)
    found = session.scalars(sa.select(FiledFigures).where(FiledFigures.id == filed_id, _seen(actor))).one_or_none()
    if found is None:
        raise not_found("已报数据")
    asked = period(found.period)
    office = session.get_one(Organization, found.organization_id)
    figures, inputs = _counted(session, as_of(actor, office.id, office.name, office.kind), asked, db.office_day(now))
    then: dict[str, Any] = json.loads(found.figures)
    lines = _lines(session, json.loads(found.inputs), inputs)
    others = _others(session, then["up_to"], inputs, asked.year, office)
    table = _beside(then, figures)
    moved = table["增减"].abs() > 0
    if not moved.any() and lines.empty:
        words = "现在的数据与报送时一致。"
    else:
        words = f"报送后有{int(moved.sum())}项数据变化，下面逐笔列出原因（{len(lines) + len(others)}笔）。"
    title = f"{office.name}{asked.label}（第{found.number}次报送，数据截至{found.on}）"
    return Difference(title, found.digest, table, pd.concat([lines, others], ignore_index=True), words)


def _beside(then: dict[str, Any], now: dict[str, Any]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    names = {each: told["name"] for each, told in [*then["leagues"].items(), *now["leagues"].items()]}
    for league, name in names.items():
        was, new = (told["leagues"].get(league, {}) for told in (then, now))
        for key, label in AMOUNTS.items():
            unit = 100 if key == "hours" else 1
            rows.append((short(name), label, was.get(key, 0) / unit, new.get(key, 0) / unit))
        for label, part, whole in SHARES.values():
            rows.append((short(name), label, *(_percent(told.get(part, 0), told.get(whole, 0)) for told in (was, new))))
    programmes = {code: told["name"] for code, told in [*then["programmes"].items(), *now["programmes"].items()]}
    for code, name in programmes.items():
        was, new = (told["programmes"].get(code, {}) for told in (then, now))
        unit = (new or was)["unit"]
        for key, label in (("target", f"指标（{unit}）"), ("done", f"完成（{unit}）"), ("visits", "人次")):
            if was.get(key) is not None or new.get(key) is not None:
                rows.append((name, label, was.get(key), new.get(key)))
    frame = pd.DataFrame(rows, columns=["单位或项目", "指标", "报送时", "现在"])
    numbers = frame[["报送时", "现在"]].astype("float64")
    frame[["报送时", "现在"]] = numbers
    frame["增减"] = (numbers["现在"] - numbers["报送时"]).round(2)
    return frame


def _percent(part: int, whole: int) -> float | None:
    return round(part / whole * 100, 1) if whole else None


# --- what is counted --------------------------------------------------------------------------------------------------


def _counted(session: Session, actor: Actor, asked: Period, today: date) -> tuple[dict[str, Any], Inputs]:
    """The figures of an office and a period as it stands, and what they are counted from."""
    wanted = Wanted(asked.year, today, month=None if asked.is_year else asked.last)
    seen = board(session, actor, wanted, now=db.day_begins(today))
    inputs = dict(_inputs(session, actor, asked, seen.plans("month")))
    by_league: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for given in inputs.values():
        for name, amount in given.items():
            if name != "league":
                by_league[given["league"]][name] += amount
    done = seen.completion("league")
    for row in done.to_dict("records"):
        by_league[int(row["key"])] |= {"met": int(row.get(TOTAL, 0)), "judged": int(row["people"])}
    leagues = {str(each): {"name": seen.places[each].full, **by_league[each]} for each in sorted(by_league)}
    programmes = {}
    up_to_day = min(today, asked.last_day)
    for each in _progress(session, actor, asked, up_to_day, today):
        found = each.programme
        programmes[found.code] = {
            "name": found.name,
            "unit": found.unit,
            "target": each.target,
            "done": each.done,
            "visits": each.visits,
            "sentence": each.sentence,
        }
        for item, rows in progress.items(session, actor, found, asked.year, up_to_day, today).items():
            inputs[f"{found.code}:{item}"] = {"counted": rows}
    up_to = session.scalar(sa.select(sa.func.max(CreditBatch.id))) or 0
    return {"leagues": leagues, "programmes": programmes, "up_to": up_to}, inputs


def _progress(session: Session, actor: Actor, asked: Period, on: date, today: date) -> list[progress.Progress]:
    """How far each programme has come by a day, as known today; none where no notice of that year is on file."""
    try:
        return progress.of_year(session, actor, asked.year, on, known=today)
    except Refused as refused:
        if refused.code != "policy":
            raise
        return []


def _inputs(session: Session, actor: Actor, asked: Period, frame: pd.DataFrame) -> Iterator[tuple[str, dict[str, int]]]:
    """What trainings of a period give, as the office stands: see `Inputs`."""
    frame = frame[frame["month"].between(asked.first, asked.last)]
    approved = frame[frame["state"] == State.APPROVED]
    for number, office in zip(approved["id"].tolist(), approved["league"].tolist(), strict=True):
        yield f"plan:{number}", {"league": office, "plans": 1}
    due, kept = reports_due(frame)
    owed = frame[due]
    for number, office, in_time in zip(owed["id"].tolist(), owed["league"].tolist(), kept[due].tolist(), strict=True):
        yield f"due:{number}", {"league": office, "due": 1, "kept": int(in_time)}
    plan = Plan.__table__.alias("of_plan")
    span = (date(asked.year, asked.first, 1), asked.last_day)
    source = sa.and_(workflow.visible_to(actor), plan.c.start_on.between(*span))
    league: dict[int, int] = dict(zip(frame["id"].tolist(), frame["league"].tolist(), strict=True))
    reports = sa.select(Report.id, Report.plan_id, Report.state).join(plan, plan.c.id == Report.plan_id).where(source)
    of_plan: dict[int, int] = {}
    for row in session.execute(reports.order_by(Report.id)):
        if row.plan_id in league:
            of_plan[row.id] = league[row.plan_id]
            if row.state is State.APPROVED:
                yield f"report:{row.id}", {"league": of_plan[row.id], "reports": 1}
    undone = sa.orm.aliased(CreditBatch)
    hours = (
        sa.select(sa.func.sum(sa.type_coerce(CreditEntry.hours, sa.Integer)))
        .where(CreditEntry.batch_id == CreditBatch.id)
        .scalar_subquery()
    )
    report_id = sa.func.coalesce(undone.submission_id, CreditBatch.submission_id)
    ids = sa.select(Report.id).join(plan, plan.c.id == Report.plan_id).where(source)
    batches = (
        sa.select(CreditBatch.id, CreditBatch.reverses_id, report_id.label("report_id"), CreditBatch.entries)
        .add_columns(hours.label("hours"))
        .outerjoin(undone, undone.id == CreditBatch.reverses_id)
        .where(report_id.in_(ids))
        .order_by(CreditBatch.id)
    )
    for row in session.execute(batches):
        if row.report_id in of_plan:
            sign, kind = (1, "batch") if row.reverses_id is None else (-1, "reversal")
            given = {"people": sign * row.entries, "hours": row.hours or 0}
            yield f"{kind}:{row.id}", {"league": of_plan[row.report_id], **given}


# --- why it is another now --------------------------------------------------------------------------------------------

_MATTERS = {
    "plan": ("计划通过", "计划的通过已撤销或改变"),
    "report": ("报告通过", "报告的通过已撤销"),
    "batch": ("学时入账", "入账不再计入本期"),
    "reversal": ("学时冲销", "冲销不再计入本期"),
    "due": ("报告到期", "报告不再应报"),
}
_COLUMNS = ["id", "事项", "名称", "机构", "管理权限", "at", "影响", "依据", *AMOUNTS]


def _lines(session: Session, was: Inputs, now: Inputs) -> pd.DataFrame:
    """What came since and what is gone, each line with what it changes and when that was."""
    changes: dict[tuple[str, int], dict[str, int]] = {}
    for key in [*was, *(each for each in now if each not in was)]:
        old, new = was.get(key, {}), now.get(key, {})
        moved = {name: new.get(name, 0) - old.get(name, 0) for name in [*old, *new] if name != "league"}
        elsewhere = old and new and old.get("league") != new.get("league")
        if any(moved.values()) or elsewhere:
            kind, _, told = key.rpartition(":")
            changes[kind, int(told)] = {} if elsewhere else moved
    batches = _batches(session, [number for kind, number in changes if kind in ("batch", "reversal")])
    papers = _papers(
        session,
        [number for kind, number in changes if kind not in ("batch", "reversal")]
        + [each["submission_id"] for each in batches.values() if each["submission_id"]],
    )
    fell_due = _fell_due(session, [number for kind, number in changes if kind == "due"])
    rows = []
    for (kind, number), moved in changes.items():
        batch: dict[str, Any] = batches.get(number, {}) if kind in ("batch", "reversal") else {}
        paper = papers.get(batch["submission_id"] if batch else number, {})
        came = f"{kind}:{number}" in now
        matter = _MATTERS[kind][not came] if kind in _MATTERS else "专项项目计入" if came else "专项项目不再计入"
        if not moved:
            matter = "管理权限变更"
        elif kind == "report" and came and paper.get("late"):
            matter = "逾期报告通过"
        elif kind == "due" and came:
            matter = "报告已按时报送" if moved.get("kept") else "报告到期未按时报送"
            paper = paper | fell_due.get((number, bool(moved.get("kept"))), {})
        at = batch.get("at") or paper.get("at")
        basis = batch.get("basis", "") or paper.get("basis", "")
        about = [paper.get(name, "") for name in ("title", "organization", "authority")]
        shown_id = batch.get("submission_id") or (0 if batch else number)
        amounts = [moved.get(name, 0) / (100 if name == "hours" else 1) for name in AMOUNTS]
        rows.append((shown_id, matter, *about, at, _effect(moved), basis, *amounts))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["_at"] = [each.timestamp() if each else 0.0 for each in frame["at"]]
    return frame.sort_values("_at", kind="stable").drop(columns="_at").reset_index(drop=True)


_EFFECTS = {
    "plans": ("批准计划", "份"),
    "reports": ("通过报告", "份"),
    "people": ("培训", "人次"),
    "hours": ("登记", "学时"),
    "due": ("应报报告", "份"),
    "kept": ("按时报告", "份"),
    "counted": ("项目计入", "条"),
}


def _effect(moved: dict[str, int]) -> str:
    """What a line changes, in words: "培训+12人次、登记+288学时"."""
    said = []
    for name, (label, unit) in _EFFECTS.items():
        if amount := moved.get(name, 0):
            value = amount / 100 if name == "hours" else amount
            said.append(f"{label}{value:+,g}{unit}")
    return "、".join(said)


def _some(ids: Iterable[int]) -> Iterator[list[int]]:
    whole = sorted(set(ids))
    for start in range(0, len(whole), 5_000):
        yield whole[start : start + 5_000]


def _batches(session: Session, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    undone = sa.orm.aliased(CreditBatch)
    found = {}
    for some in _some(ids):
        query = (
            sa.select(CreditBatch.id, CreditBatch.posted_at.label("at"), CreditBatch.basis)
            .add_columns(sa.func.coalesce(undone.submission_id, CreditBatch.submission_id).label("submission_id"))
            .outerjoin(undone, undone.id == CreditBatch.reverses_id)
            .where(CreditBatch.id.in_(some))
        )
        for row in session.execute(query):
            words = f"第{row.id}批：{row.basis}"
            found[row.id] = {"at": row.at, "basis": words, "submission_id": row.submission_id}
    return found


def _papers(session: Session, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Of submissions: title, organization, authority, at (decided, else filed), and of a report whether it was late."""
    home, office, report = sa.orm.aliased(Organization), sa.orm.aliased(Organization), Report.__table__
    found = {}
    for some in _some(ids):
        query = (
            sa.select(Submission.id, Submission.title, home.name.label("organization"), office.name.label("authority"))
            .add_columns(sa.func.coalesce(Submission.decided_at, Submission.submitted_at).label("at"))
            .add_columns(report.c.late, report.c.due_on)
            .join(home, home.id == Submission.organization_id)
            .join(office, office.id == Submission.authority_id)
            .outerjoin(report, report.c.id == Submission.id)
            .where(Submission.id.in_(some))
        )
        for row in session.execute(query):
            basis = f"报送期限{row.due_on}，逾期报送" if row.late else ""
            found[row.id] = dict(row._mapping) | {"basis": basis}
    return found


def _fell_due(session: Session, plans: Iterable[int]) -> dict[tuple[int, bool], dict[str, Any]]:
    """When reports of plans came in, and when they fell due: by plan and whether in time, at and basis."""
    found: dict[tuple[int, bool], dict[str, Any]] = {}
    plan, report = sa.orm.aliased(Plan, flat=True), sa.orm.aliased(Report, flat=True)
    first = (
        sa.select(sa.type_coerce(sa.func.min(Movement.at), db.Moment))
        .where(Movement.submission_id == report.id, Movement.action == Action.SUBMIT.value)
        .correlate(report)
        .scalar_subquery()
    )
    for some in _some(plans):
        query = (
            sa.select(plan.id, plan.authority_id, plan.start_on, plan.end_on, report.due_on, first)
            .outerjoin(report, sa.and_(report.plan_id == plan.id, report.part == 1))
            .where(plan.id.in_(some))
        )
        columns = ["id", "league", "start_on", "end_on", "filed_due_on", "filed"]
        frame = pd.DataFrame([tuple(row) for row in session.execute(query)], columns=columns, dtype=object)
        for number, filed_at, due_on in zip(
            frame["id"], frame["filed"], trainings.report_deadlines(session, frame), strict=True
        ):
            basis = f"报送期限{due_on}"
            found[number, True] = {"at": filed_at, "basis": basis}
            if due_on:
                found[number, False] = {"at": end_of(due_on), "basis": basis}
    return found


def _others(session: Session, up_to: int, inputs: Inputs, year: int, office: Organization) -> pd.DataFrame:
    """Batches posted since that are no training's of the period: they can change who has done the year's hours."""
    known = [int(key.rsplit(":", 1)[1]) for key in inputs if key.startswith(("batch:", "reversal:"))]
    home = sa.orm.aliased(Organization)
    region = office.kind is OrganizationKind.REGION_HR
    whose = sa.true() if region else CreditBatch.authority_id == office.id
    of_year = sa.exists().where(CreditEntry.batch_id == CreditBatch.id, CreditEntry.year == year)
    query = (
        sa.select(CreditBatch.id, CreditBatch.basis, CreditBatch.posted_at, CreditBatch.entries, home.name)
        .add_columns(CreditBatch.submission_id, CreditBatch.reverses_id)
        .join(home, home.id == CreditBatch.authority_id)
        .where(CreditBatch.id > up_to, whose, of_year)
        .order_by(CreditBatch.id)
    )
    rows = []
    for row in session.execute(query):
        if row.id not in known:
            matter = "其他入账" if row.reverses_id is None else "其他冲销"
            effect = f"{row.entries:,}笔，可能影响学时完成率"
            told_of = (row.submission_id or 0, matter, f"第{row.id}批", row.name, row.name, row.posted_at, effect)
            rows.append((*told_of, row.basis, *(0.0 for _ in AMOUNTS)))
    return pd.DataFrame(rows, columns=_COLUMNS)
