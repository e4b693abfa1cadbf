"""Seminars (高级研修项目, clause 二): applied for, scored and selected or forwarded; what is selected plans carry out.

One application is one session (期). A regional one is selected by its approval; a national one is forwarded by it, and
may be carried out once its outcome is on record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, typed
from core.ground.access import (
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
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import Mode, Policy, Programme, Way
from core.ledger.consequences import Consequence
from core.models import (
    Attachment,
    Organization,
    Plan,
    ProgrammeLine,
    Report,
    Seminar,
    SeminarLevel,
    SeminarScore,
    State,
    Submission,
)
from core.people import organizations
from core.submissions import forms, plans, workflow
from core.submissions.forms import Faults, figure, left_out, no_days, shown, too_long
from core.submissions.kinds import EDITABLE, REASONS, Action, Kind, Line, Mark, Stage, register
from core.submissions.programmes import places
from core.tables import delimited, values
from core.tables.problems import Problem
from core.tables.values import Unclear
from core.trail import audit, files, messages
from core.trail.files import Upload

APPLICANTS = (OrganizationKind.BASE, OrganizationKind.DEPARTMENT)
"""Who may apply to hold one."""
MOST_PEOPLE = 1000
MOST_SESSIONS = 99
MOST_MONEY = 100_000_000
"""Yuan."""
MOST_HOURS = 1000
_TABLE = sa.inspect(Seminar).local_table


@audit.events
class Event(Labelled):
    """What is done to an application outside the workflow, as the trail has it."""

    DRAFTED = "seminar.drafted", "填写高研班申请"
    REVISED = "seminar.revised", "修改高研班申请"
    SCORED = "seminar.scored", "评审打分"
    ANSWERED = "seminar.answered", "登记国家级批准结果"


def the_region(session: Session, _seminar: Seminar) -> int:
    """The region's office, which selects and forwards whichever league an application comes from."""
    return organizations.region(session).id


# --- its fields -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeminarFields:
    """Fields of an application (高研班申请). Figures may come as they were typed: 50人, 40学时, 12万元."""

    programme: str
    """A programme of the notice, by its code."""
    title: str
    """选题."""
    level: SeminarLevel
    area: str
    host: str
    organiser: str
    contact: str
    phone: str
    session_number: int | str
    start_on: date
    end_on: date
    hours: Decimal | str
    place: str
    mode: Mode
    people: int | str
    audience: str
    lessons: str
    """Lessons and teachers, a line each: see `lessons_in`."""
    public_money: int | str
    own_money: int | str
    reason: str


WORDS = {
    "title": "选题",
    "level": "级别",
    "area": "主题领域",
    "host": "主办单位",
    "organiser": "承办单位",
    "contact": "联系人",
    "phone": "联系电话",
    "session_number": "期次",
    "start_on": "开始日期",
    "end_on": "结束日期",
    "hours": "每人学时",
    "place": "举办地点",
    "mode": "方式",
    "people": "计划人数",
    "audience": "学员条件",
    "lessons": "课程与师资",
    "public_money": "财政经费",
    "own_money": "自筹经费",
    "reason": "申报理由",
}
"""What is to be filled in, by its name on the form; money that is none is 0."""
LONGEST = {
    "title": 100,
    "area": 60,
    "host": 100,
    "organiser": 100,
    "contact": 40,
    "phone": 30,
    "place": 100,
    "audience": 2000,
    "lessons": 20_000,
    "reason": 5000,
}
"""Characters of a field."""


@dataclass(frozen=True)
class Lesson:
    """One lesson of a seminar (课程): its topic, who teaches it, where they work, their title, how many hours."""

    topic: str
    teacher: str
    employer: str = ""
    post: str = ""
    hours: Decimal | None = None


LESSON_WORDS = {"topic": "课题", "teacher": "授课教师", "employer": "工作单位", "post": "职称", "hours": "学时"}
"""The columns of the table of lessons (课程与师资), in their order."""


def lessons_in(text: str) -> tuple[list[Lesson], Faults]:
    """The lessons of a seminar (课程与师资) as they were typed or pasted, a line each, and what is wrong with them.

    Cells stand in the order of `LESSON_WORDS`, parted by tabs, as spreadsheets copy them, or by commas or strokes; a
    first line of headings is passed over.
    """
    found: list[Lesson] = []
    faults: Faults = []
    rows = delimited.rows_of(text, _headed) if typed.prose(text) else []
    for number, cells in enumerate(rows, start=1):
        if (number == 1 and _headed(rows)) or not any(map(typed.text, cells)):
            continue
        topic, teacher, employer, post, hours = [*map(typed.text, cells[:5]), *[""] * 5][:5]
        try:
            length = values.hours(hours)
        except Unclear as unclear:
            faults.append(("lessons", f"课程与师资第{number}行的学时“{shown(hours)}”：{unclear}"))
            continue
        if not topic or not teacher:
            faults.append(("lessons", f"课程与师资第{number}行缺{'课题' if not topic else '授课教师'}"))
        elif length is not None and not 0 < length <= MOST_HOURS:
            faults.append(("lessons", f"课程与师资第{number}行的学时应大于0、不超过{MOST_HOURS}"))
        else:
            found.append(Lesson(topic, teacher, employer, post, length))
    return found, faults


def _headed(rows: Sequence[Sequence[str]]) -> bool:
    return bool(rows) and len(rows[0]) > 1 and typed.plain(rows[0][0]) in ("课题", "课程", "课程名称", "序号")


def programmes_on(on: date, league: str | None) -> list[Programme]:
    """Programmes of seminars (高研班项目) in the notice that holds on a day in a league. Refused codes: "policy"."""
    return [each for each in notices.in_force(on, league).programmes if each.way is Way.SEMINARS]


def policy_of(seminar: Seminar) -> Policy:
    """The notice an application goes by: in force on its first day where it belongs. Refused codes: "policy"."""
    return notices.in_force(seminar.start_on, seminar.authority.league)


def check_fields(fields: SeminarFields, league: str | None) -> None:
    """Refuse what cannot be a seminar, every fault named at once, by field. Refused codes: "fields", "policy"."""
    fields = _figures(fields)
    faults = [*left_out(fields, WORDS), *too_long(fields, LONGEST, WORDS), *no_days(fields, WORDS)]
    for name, vocabulary in (("level", SeminarLevel), ("mode", Mode)):
        if getattr(fields, name) not in ("", *vocabulary):
            faults.append((name, f"{WORDS[name]}请从列出的选项中选择"))
    faults += _amount_faults(fields)
    faults += lessons_in(fields.lessons)[1] if _is_text(fields.lessons) else []
    if all(isinstance(getattr(fields, name), date) for name in ("start_on", "end_on")):
        faults += _day_faults(fields, league)
    refuse_faults(faults)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _amount_faults(fields: SeminarFields) -> Faults:
    """Sessions, people, hours and money are figures, within what a seminar can have."""
    faults: Faults = []
    for name, least, most, unit in (
        ("session_number", 1, MOST_SESSIONS, "期"),
        ("people", 1, MOST_PEOPLE, "人"),
        ("public_money", 0, MOST_MONEY, "元"),
        ("own_money", 0, MOST_MONEY, "元"),
    ):
        value = getattr(fields, name)
        if isinstance(value, int) and not least <= value <= most:
            faults.append((name, f"{WORDS[name]}应为{least}至{most}{unit}"))
        elif not isinstance(value, int) and typed.text(value):
            faults.append((name, f"{WORDS[name]}“{shown(value)}”不是{unit}数，请填整数"))
    hours = fields.hours
    if not isinstance(hours, Decimal) or not hours.is_finite():
        if typed.text(hours):
            faults.append(("hours", f"每人学时应为0.5的正倍数，“{shown(hours)}”不是，如40或7.5"))
    elif not 0 < hours <= MOST_HOURS or hours * 2 % 1:
        faults.append(("hours", f"每人学时应为0.5的正倍数，不超过{MOST_HOURS}"))
    return faults


def _day_faults(fields: SeminarFields, league: str | None) -> Faults:
    """A seminar is of a programme of its day's notice, ends after it begins, and lies within one year."""
    faults: Faults = []
    policy = notices.in_force(fields.start_on, league)
    if fields.programme not in [each.code for each in policy.programmes if each.way is Way.SEMINARS]:
        faults.append(("programme", f"{policy.document}没有这一高级研修项目，请从列出的项目中选择"))
    if fields.end_on < fields.start_on:
        faults.append(("end_on", "结束日期早于开始日期"))
    elif fields.start_on.year != fields.end_on.year:
        faults.append(("end_on", "一期研修不能跨年度：培训计划和学时都按年度办理，请把日期安排在同一年内"))
    elif isinstance(fields.hours, Decimal) and fields.hours.is_finite():
        most = plans.days_of(fields.start_on, fields.end_on) * policy.hours_per_day
        if fields.hours > most:
            held = f"{fields.start_on}至{fields.end_on}最多{hours_text(most)}学时"
            faults.append(("hours", f"每天至多{hours_text(policy.hours_per_day)}学时，{held}"))
    return faults


def _figures(fields: SeminarFields) -> SeminarFields:
    """The fields with figures as numbers and choices as such, where what was typed is; what is none stays."""
    found: dict[str, Any] = {name: figure(values.yuan, getattr(fields, name)) for name in ("public_money", "own_money")}
    found = {name: 0 if value is None else value for name, value in found.items()}
    number = fields.session_number
    if isinstance(number, str):
        number = figure(values.people, typed.plain(number).removeprefix("第").removesuffix("期"))
    found |= {"session_number": "" if number is None else number}
    found |= {"people": figure(values.people, fields.people), "hours": figure(values.hours, fields.hours)}
    for name, vocabulary in (("level", SeminarLevel), ("mode", Mode)):
        value = getattr(fields, name)
        found[name] = vocabulary(value) if value in list(vocabulary) else value
    return replace(fields, **found)


def _filled(fields: SeminarFields) -> SeminarFields:
    """The fields tidied; the tabs of the lessons, which part their cells, stay."""
    tidy = typed.filled(fields)
    lines = ["\t".join(map(typed.text, line.split("\t"))) for line in str(fields.lessons).splitlines()]
    return _figures(replace(tidy, lessons="\n".join(lines).strip("\n")))


def fields_of(seminar: Seminar) -> SeminarFields:
    """Fields of an application."""
    return SeminarFields(**{name: getattr(seminar, name) for name in SeminarFields.__dataclass_fields__})


def summary(seminar: Seminar) -> dict[str, Any]:
    """An application's fields for the trail; whom to call is left out."""
    return {name: str(value) for name, value in asdict(fields_of(seminar)).items() if name != "phone"}


# --- drafting -------------------------------------------------------------------------------------------------------


def may_apply(actor: Actor) -> bool:
    """Whether somebody applies for seminars (可申报高研班): the clerk of a base or a department."""
    return actor.role is Role.BASE_CLERK and actor.organization_kind in APPLICANTS


@deed
def draft(
    session: Session, fields: SeminarFields, *, papers: Sequence[Upload] = (), actor: Actor, now: datetime
) -> Seminar:
    """Start an application to hold a seminar (填写高研班申请), for a base or a department.

    Refused codes: "role", "kind" (another organization), "fields", "policy", "file".
    """
    _require_applicant(actor)
    fields = _filled(fields)
    check_fields(fields, actor.league)
    home = session.get_one(Organization, actor.organization_id)
    seminar = Seminar(
        **asdict(fields),
        organization_id=home.id,
        authority_id=home.authority_id,
        created_by_id=actor.account_id,
        created_at=now,
    )
    seminar.decider_id = the_region(session, seminar)
    session.add(seminar)
    session.flush()
    _attach(session, seminar, papers, now)
    audit.record(session, Event.DRAFTED, seminar, actor=actor, after=summary(seminar), now=now)
    return seminar


@deed
def revise(
    session: Session,
    seminar_id: int,
    fields: SeminarFields,
    *,
    papers: Sequence[Upload] = (),
    version: int,
    actor: Actor,
    now: datetime,
) -> Seminar:
    """Change an application that is not before the region (修改高研班申请), optimistic lock; files given are added.

    Refused codes: "role", "kind", "missing", "state", "stale", "fields", "policy", "file".
    """
    _require_applicant(actor)
    seminar = session.get(Seminar, seminar_id, with_for_update=True)
    if seminar is None or seminar.organization_id != actor.organization_id:
        raise not_found("高研班申请")
    if seminar.state not in EDITABLE:
        raise Refused("state", f"该申请的状态是“{seminar.state.label}”，不能修改；待审的请先撤回。")
    if seminar.version != version:
        raise audit.overtaken(session, seminar)
    fields = _filled(fields)
    check_fields(fields, actor.league)
    before = summary(seminar)
    for name, value in asdict(fields).items():
        setattr(seminar, name, value)
    _attach(session, seminar, papers, now)
    audit.record(session, Event.REVISED, seminar, actor=actor, before=before, after=summary(seminar), now=now)
    return seminar


def _require_applicant(actor: Actor) -> None:
    require(actor, Role.BASE_CLERK)
    if actor.organization_kind not in APPLICANTS:
        who = "、".join(kind.label for kind in APPLICANTS)
        raise Refused("kind", f"高级研修项目由{who}申请，{actor.organization_kind.label}不能申请。")


def _attach(session: Session, seminar: Seminar, papers: Sequence[Upload], now: datetime) -> None:
    forms.attach(session, seminar, papers, check=forms.check_documents, word="一份申请", now=now)


# --- scored, selected, answered -------------------------------------------------------------------------------------


def _decided_here(session: Session, seminar_id: int, actor: Actor) -> Seminar:
    """An application before the actor's office, locked for change. Refused codes: "missing", "jurisdiction"."""
    workflow.one(session, seminar_id, actor, kind="seminar")
    seminar = session.get(Seminar, seminar_id, with_for_update=True, populate_existing=True)
    assert seminar is not None, "workflow.one"
    access.in_charge(actor, seminar.decider_id)
    return seminar


@deed
def score(session: Session, seminar_id: int, points: int, words: str, *, actor: Actor, now: datetime) -> SeminarScore:
    """Score an application (评审打分): one reviewer's points and words, changed by scoring again until it is decided.

    Refused codes: "role", "missing", "jurisdiction", "self", "state", "level" (a national one is not scored here),
    "points", "words".
    """
    require(actor, Role.REVIEWER)
    seminar = _decided_here(session, seminar_id, actor)
    if seminar.level is not SeminarLevel.REGIONAL:
        raise Refused("level", "国家级项目由自治区转报，不在这里打分；批准结果下达后请登记。")
    if seminar.state is not State.SUBMITTED:
        raise Refused("state", f"该申请的状态是“{seminar.state.label}”，不能再打分。")
    if seminar.created_by_id == actor.account_id:
        raise Refused("self", "不能给自己提交的申请打分。")
    if points not in range(101):
        raise Refused("points", "分数请填0至100的整数。")
    if not 2 <= len(words := typed.prose(words)) <= 500:
        raise Refused("words", "请用2至500个字写明评审意见。")
    found = session.scalar(
        sa.select(SeminarScore).where(
            SeminarScore.seminar_id == seminar.id, SeminarScore.account_id == actor.account_id
        )
    )
    before = {"points": found.points, "words": found.words} if found else {}
    if found is None:
        found = SeminarScore(seminar_id=seminar.id, account_id=actor.account_id)
        session.add(found)
    found.account_name, found.points, found.words, found.at = actor.name, points, words, now
    after = {"points": points, "words": words, "title": seminar.title}
    audit.record(session, Event.SCORED, seminar, actor=actor, before=before, after=after, now=now)
    return found


def scores(session: Session, seminar_id: int, actor: Actor) -> list[SeminarScore]:
    """The scores of an application (评审意见), for officers of the office that decides it; nobody else sees any."""
    found = workflow.one(session, seminar_id, actor, kind="seminar")
    if actor.role not in OFFICERS or actor.organization_id != found.decider_id:
        return []
    query = sa.select(SeminarScore).where(SeminarScore.seminar_id == seminar_id).order_by(SeminarScore.id)
    return list(session.scalars(query))


@deed
def answer(
    session: Session,
    seminar_id: int,
    approved: bool,
    on: date | None,
    document: str,
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> Seminar:
    """Put on record what came of a national application (登记批准结果): approved or not, when, by which document.

    What is approved plans may carry out. It may be put right until a plan does.
    Refused codes: "role", "missing", "jurisdiction", "level", "state", "stale", "fields", "relied".
    """
    require(actor, Role.REVIEWER, Role.ADMIN)
    seminar = _decided_here(session, seminar_id, actor)
    if seminar.level is not SeminarLevel.NATIONAL:
        raise Refused("level", "自治区级项目通过即为入选，没有批准结果要登记。")
    if seminar.state is not State.APPROVED:
        raise Refused("state", f"该申请的状态是“{seminar.state.label}”，转报后再登记批准结果。")
    if seminar.version != version:
        raise audit.overtaken(session, seminar)
    faults: Faults = []
    if on is None:
        faults.append(("answered_on", "批准日期未填"))
    elif on > db.office_day(now):
        faults.append(("answered_on", f"批准日期晚于今天{db.office_day(now)}"))
    if not 2 <= len(document := typed.text(document)) <= 100:
        faults.append(("answer", "批准文件应为2至100个字，如人社厅函〔2024〕12号"))
    refuse_faults(faults)
    before = {"approved": seminar.approved, "on": str(seminar.answered_on or ""), "document": seminar.answer}
    if not approved:
        _drop_line(session, seminar)
    elif not seminar.approved:
        _add_line(session, seminar)
    seminar.approved, seminar.answered_on, seminar.answer = bool(approved), on, document
    after = {"approved": seminar.approved, "on": str(on), "document": document, "title": seminar.title}
    audit.record(session, Event.ANSWERED, seminar, actor=actor, before=before, after=after, now=now)
    return seminar


@messages.about(Event.ANSWERED)
def _hear_of_answer(_session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """Who applied hears what came of it."""
    seminar = deed.touched
    then = "可据此上报培训计划。" if seminar.approved else "不能据此上报培训计划。"
    title = f"国家级高研班{'已批准' if seminar.approved else '未批准'}：{seminar.title}"
    words = f"{seminar.answered_on}，{seminar.answer}。{then}"
    yield from workflow.to_filers(seminar, messages.Topic.DECIDED, title, words)


def _add_line(session: Session, seminar: Seminar) -> None:
    """What is selected or approved becomes a line (项目任务) that one plan carries out."""
    said = {"level": seminar.level.label, "host": seminar.host, "organiser": seminar.organiser}
    session.add(
        ProgrammeLine(
            submission_id=seminar.id,
            number=1,
            programme=seminar.programme,
            year=seminar.start_on.year,
            name=seminar.title,
            area=seminar.area,
            people=seminar.people,
            start_on=seminar.start_on,
            end_on=seminar.end_on,
            hours=seminar.hours,
            said=db.canonical(said),
        )
    )


def _drop_line(session: Session, seminar: Seminar) -> None:
    """Take its line back. Refused codes: "relied" (a plan names it)."""
    line = session.scalar(sa.select(ProgrammeLine).where(ProgrammeLine.submission_id == seminar.id).with_for_update())
    if line is None:
        return
    if named := session.scalar(sa.select(Plan).where(Plan.line_id == line.id).limit(1)):
        raise Refused("relied", f"培训计划“{named.title}”（{named.state.label}）已按它填写，不能再改；请先处理该计划。")
    session.delete(line)


def selected(session: Session, programme: str, year: int) -> int:
    """Sessions selected or approved for a year (已入选期数)."""
    query = sa.select(sa.func.count(ProgrammeLine.id))
    return session.scalars(query.where(ProgrammeLine.programme == programme, ProgrammeLine.year == year)).one()


def done(programme: Programme, year: int) -> sa.Select[*tuple[Any, ...]]:
    """Sessions done (已举办期数) towards a programme's target of a year: each whose report was approved, once.

    Columns as the package says; `key`: the line, `on`: the last day, `item`: the report.
    """
    approval = workflow.approvals().subquery()
    filed, plan = sa.orm.aliased(Report, flat=True), sa.orm.aliased(Plan, flat=True)
    return (
        sa.select(
            filed.authority_id,
            filed.organization_id,
            plan.line_id.label("key"),
            filed.end_on.label("on"),
            approval.c.known,
            approval.c.until,
            filed.id.label("item"),
        )
        .join(approval, approval.c.submission_id == filed.id)
        .join(plan, plan.id == filed.plan_id)
        .join(ProgrammeLine, ProgrammeLine.id == plan.line_id)
        .where(filed.part == 1, ProgrammeLine.programme == programme.code, ProgrammeLine.year == year)
    )


def ranking(session: Session, actor: Actor, programme: Programme, year: int) -> pd.DataFrame:
    """Applications of a year in their ranking (高研班排名), the best first, those without a score last.

    Columns: id, rank (None: not scored), title, organization, seminar_level, start_on, end_on, headcount, scores (how
    many), points (their mean, None without), state, outcome (words: what became of it), selected (plans may carry it
    out), held (its report was approved). Scores are the deciding office's alone. Refused codes: "role".
    """
    require(actor, *OFFICERS, Role.BASE_CLERK)
    query = (
        sa.select(Seminar)
        .where(workflow.visible_to(actor), Seminar.programme == programme.code)
        .where(Seminar.start_on.between(date(year, 1, 1), date(year, 12, 31)))
        .options(sa.orm.joinedload(Seminar.organization))
        .order_by(Seminar.id)
    )
    if actor.role is not Role.BASE_CLERK:
        query = query.where(Seminar.state.in_((State.SUBMITTED, State.APPROVED, State.REJECTED)))
    found = list(session.scalars(query))
    means = _means(session, [each.id for each in found if _sees_scores(each, actor)])
    held = _held(session, [each.id for each in found])
    named = sa.select(ProgrammeLine.submission_id).where(ProgrammeLine.submission_id.in_([each.id for each in found]))
    chosen = set(session.scalars(named))
    scored = sorted((mean for number, (mean, _) in means.items()), reverse=True)
    lines = []
    for each in found:
        mean, count = means.get(each.id, (None, 0))
        lines.append(
            {
                "id": each.id,
                "rank": None if mean is None else scored.index(mean) + 1,
                "title": each.title,
                "organization": each.organization.name,
                "seminar_level": each.level.value,
                "start_on": each.start_on,
                "end_on": each.end_on,
                "headcount": each.people,
                "scores": count,
                "points": mean,
                "state": each.state.value,
                "outcome": held.get(each.id) or outcome_words(each),
                "selected": each.id in chosen,
                "held": held.get(each.id) == HELD,
            }
        )
    columns = "id rank title organization seminar_level start_on end_on headcount scores points state".split()
    frame = pd.DataFrame(lines, columns=[*columns, "outcome", "selected", "held"]).astype(
        {"rank": "Int64", "points": "Float64"}
    )
    return frame.sort_values(["rank", "id"], na_position="last", ignore_index=True)


def _sees_scores(seminar: Seminar, actor: Actor) -> bool:
    return actor.role in OFFICERS and actor.organization_id == seminar.decider_id


def _means(session: Session, ids: Sequence[int]) -> dict[int, tuple[float, int]]:
    """Mean points and number of scores of each of these that has any."""
    query = sa.select(SeminarScore.seminar_id, sa.func.avg(SeminarScore.points), sa.func.count())
    query = query.where(SeminarScore.seminar_id.in_(ids)).group_by(SeminarScore.seminar_id)
    return {number: (round(float(mean), 1), count) for number, mean, count in session.execute(query)}


HELD = "已举办，报告通过"
"""What became of one whose report was approved."""


def _held(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """How far each of these is carried out (举办进度), by the plan and the report on its line."""
    plan, report = sa.orm.aliased(Plan, flat=True), sa.orm.aliased(Report, flat=True)
    query = (
        sa.select(ProgrammeLine.submission_id, plan.state, report.state)
        .join(plan, plan.line_id == ProgrammeLine.id)
        .outerjoin(report, sa.and_(report.plan_id == plan.id, report.part == 1))
        .where(ProgrammeLine.submission_id.in_(ids))
        .order_by(plan.id)
    )
    told: dict[int, str] = {}
    for number, planned, reported in session.execute(query):
        if reported is State.APPROVED:
            told[number] = HELD
        elif planned not in (State.REJECTED, State.WITHDRAWN) and told.get(number) != HELD:
            told[number] = f"报告{reported.label}" if reported else f"培训计划{planned.label}"
    return told


def outcome_words(seminar: Seminar) -> str:
    """What became of an application (结果): selected, forwarded, approved; its state while it is not decided."""
    if seminar.state is not State.APPROVED:
        return seminar.state.label
    if seminar.level is SeminarLevel.REGIONAL:
        return "已入选"
    if seminar.approved is None:
        return "已转报，待批准"
    return f"{'已批准' if seminar.approved else '未批准'}（{seminar.answered_on}，{seminar.answer}）"


# --- the application as a kind of submission ------------------------------------------------------------------------


def money_words(seminar: Seminar) -> str:
    """The budget of a seminar (经费预算) in words."""
    total = seminar.public_money + seminar.own_money
    return f"{total:,}元（财政{seminar.public_money:,}元，自筹{seminar.own_money:,}元）"


def _line(seminar: Seminar) -> Line:
    marks = (
        (Mark("国家级"), seminar.level is SeminarLevel.NATIONAL),
        (Mark("未批准", grave=True), seminar.approved is False),
    )
    return Line(
        when=f"{seminar.start_on:%m-%d}至{seminar.end_on:%m-%d}",
        size=f"计划{seminar.people}人",
        hours=f"{hours_text(seminar.hours)}学时",
        marks=tuple(mark for mark, shown_ in marks if shown_),
    )


class SeminarKind(Kind[Seminar]):
    """The application to hold a seminar (高级研修项目申请), clause 二: the region selects, or forwards it."""

    code = "seminar"
    word, short = "高研班申请", "高研申请"
    model = Seminar
    filer = "申请单位"
    filers = (Role.BASE_CLERK,)
    stages = (Stage("selection", "遴选", the_region),)
    words: ClassVar = {"title": "选题"}
    fields: ClassVar = WORDS | {"papers": "附件"}
    uploads: ClassVar = {"files": forms.taking(forms.check_documents)}
    reasons: ClassVar = {
        "topic": "选题不符合重点领域",
        "teachers": "课程或师资安排不妥",
        "people": "人数或学员条件不妥",
        "money": "经费预算不实",
    } | REASONS
    fits: ClassVar = {
        "topic": ("title", "area", "reason"),
        "teachers": ("lessons",),
        "people": ("people", "audience"),
        "money": ("public_money", "own_money"),
    }
    columns = (
        _TABLE.c.level.label("seminar_level"),
        *(_TABLE.c[name] for name in ("start_on", "end_on")),
        _TABLE.c.people.label("headcount"),
        _TABLE.c.hours.label("hours_each"),
    )

    def filed_by(self, actor: Actor) -> bool:
        return may_apply(actor)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id)

    def facts(self, seminar: Seminar) -> list[tuple[str, object]]:
        days = plans.days_of(seminar.start_on, seminar.end_on)
        told: list[tuple[str, object]] = [
            ("申请单位", seminar.organization.name),
            ("级别", seminar.level.label),
            ("主题领域", seminar.area),
            ("主办单位", seminar.host),
            ("承办单位", seminar.organiser),
            ("联系人", f"{seminar.contact}　{seminar.phone}"),
            ("期次", f"{seminar.start_on.year}年度第{seminar.session_number}期"),
            ("研修时间", f"{seminar.start_on} 至 {seminar.end_on}（{days}天）"),
            ("举办地点", seminar.place),
            ("方式", seminar.mode.label),
            ("计划人数", f"{seminar.people}人"),
            ("每人学时", hours_text(seminar.hours)),
            ("经费预算", money_words(seminar)),
        ]
        if seminar.state is State.APPROVED:
            told.append(("结果", outcome_words(seminar)))
        return told

    def texts(self, seminar: Seminar) -> list[tuple[str, str]]:
        said = [
            "，".join(filter(None, (each.topic, each.teacher, each.employer, each.post, _hours(each))))
            for each in lessons_in(seminar.lessons)[0]
        ]
        return [("学员条件", seminar.audience), ("课程与师资", "\n".join(said)), ("申报理由", seminar.reason)]

    def lines(self, session: Session, found: Sequence[Seminar]) -> dict[int, Line]:
        return {each.id: _line(each) for each in found}

    def content(self, session: Session, seminar: Seminar) -> dict[str, str]:
        said = {name: str(getattr(seminar, name)) for name in WORDS}
        said |= {"level": seminar.level.label, "mode": seminar.mode.label, "hours": hours_text(seminar.hours)}
        query = sa.select(Attachment).where(Attachment.submission_id == seminar.id).order_by(Attachment.id)
        return said | {"papers": "、".join(map(files.named, session.scalars(query)))}

    def warnings(self, session: Session, seminar: Seminar, actor: Actor) -> list[Problem]:
        """People outside the settings, lessons that make no sum, a target that is full, scores still to come."""
        policy = policy_of(seminar)
        found = [*_people_hints(seminar, policy), *_lesson_hints(seminar)]
        if seminar.state is State.SUBMITTED and _sees_scores(seminar, actor):
            found += _place_hints(session, seminar, policy)
        return [Problem(0, column, code, value, words, blocking=False) for code, column, value, words in found]

    def check_submit(self, session: Session, seminar: Seminar, *, actor: Actor, reason: str, now: datetime) -> None:
        """An application comes before its first day. Refused codes: "fields", "policy"."""
        check_fields(fields_of(seminar), seminar.authority.league)
        today = db.office_day(now)
        if seminar.start_on <= today:
            words = f"开始日期{seminar.start_on}已到或已过，请改期"
            refuse_faults([("start_on", words)], "改期后再提交。")

    def on_approve(self, session: Session, seminar: Seminar, *, actor: Actor, now: datetime) -> str:
        """A regional one is selected by its approval once it was scored, a national one is forwarded.

        Refused codes: "not-scored".
        """
        if seminar.level is SeminarLevel.NATIONAL:
            return "转报国家级，批准结果下达后在“高级研修”登记"
        if not _means(session, [seminar.id]):
            raise Refused("not-scored", "自治区级项目评审打分后遴选，现在还没有评分，请先打分并写明评审意见。")
        _add_line(session, seminar)
        session.flush()
        programme = policy_of(seminar).programme(seminar.programme)
        count = selected(session, seminar.programme, seminar.start_on.year)
        year = seminar.start_on.year
        aim = places.target_words(places.of_region(session, programme, year), programme.unit)
        place = f"入选{year}年度自治区级，为已入选的第{count}期（指标{aim}）"
        return f"{place}，申请单位可据此上报培训计划"

    def undo(self, session: Session, seminar: Seminar, *, now: datetime) -> None:
        """It stands once its outcome is on record, or a plan names it. Refused codes: "relied"."""
        if seminar.approved is not None:
            raise Refused("relied", "已登记批准结果，不能再撤销转报。")
        _drop_line(session, seminar)

    def consequence(self, session: Session, seminar: Seminar, action: Action, counted: Consequence) -> Consequence:
        if action is not Action.SUBMIT:
            return counted
        office = session.get_one(Organization, seminar.decider_id).name
        then = "转报国家级" if seminar.level is SeminarLevel.NATIONAL else "评审打分后遴选"
        return replace(counted, done=f"由{office}{then}")

    def summary(self, seminar: Seminar) -> dict[str, Any]:
        return summary(seminar)


def _hours(lesson: Lesson) -> str:
    return f"{hours_text(lesson.hours)}学时" if lesson.hours is not None else ""


_Hint = tuple[str, str, str, str]
"""Code, field, value, words."""


def _people_hints(seminar: Seminar, policy: Policy) -> list[_Hint]:
    least, most = policy.setting("seminar_people_least", None), policy.setting("seminar_people_most", None)
    found: list[_Hint] = []
    if least is not None and seminar.people < least:
        words = f"计划{seminar.people}人，少于{least}人（{policy.cites('seminar_people_least')}）"
        found.append(("few", "people", str(seminar.people), words))
    if most is not None and seminar.people > most:
        words = f"计划{seminar.people}人，多于{most}人，请核对是否仍为小规模（{policy.cites('seminar_people_most')}）"
        found.append(("many", "people", str(seminar.people), words))
    return found


def _lesson_hints(seminar: Seminar) -> list[_Hint]:
    given = [each.hours for each in lessons_in(seminar.lessons)[0]]
    total = sum((hours for hours in given if hours is not None), Decimal())
    if total and None not in given and total != seminar.hours:
        words = f"课程共{hours_text(total)}学时，每人学时为{hours_text(seminar.hours)}，请核对"
        return [("lesson-hours", "lessons", hours_text(total), words)]
    return []


def _place_hints(session: Session, seminar: Seminar, policy: Policy) -> list[_Hint]:
    """For who decides: whether it was scored, and whether the target is full."""
    found: list[_Hint] = []
    if seminar.level is not SeminarLevel.REGIONAL:
        return found
    if not _means(session, [seminar.id]):
        found.append(("not-scored", "title", "", "还没有评审打分"))
    programme = policy.programme(seminar.programme)
    year = seminar.start_on.year
    target, count = places.of_region(session, programme, year), selected(session, programme.code, year)
    most = target[0] if target[1] is None else target[1]
    if most is not None and count >= most:
        full = f"将超过指标{places.target_words(target, programme.unit)}（{programme.clause}）"
        words = f"{year}年度已入选{count}期，再入选{full}"
        found.append(("over-target", "title", str(count), words))
    return found


register(SeminarKind())
