"""Training plans (培训计划): their fields, their checks, the extension. The steps of their life are in `workflow`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, typed
from core.ground.access import (
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
from core.law import deadlines, notices
from core.law.deadlines import Deadline
from core.law.notices import Policy, SubjectRule
from core.ledger.consequences import Consequence
from core.models import Mode, Organization, Plan, ProgrammeLine, Report, State, Submission
from core.people import holidays
from core.submissions.forms import Faults, figure, left_out, no_days, shown, too_long
from core.submissions.kinds import EDITABLE, REASONS, Action, Kind, Line, Mark, register
from core.submissions.programmes import marking, occupations
from core.submissions.programmes.occupations import ClassFields
from core.tables import values
from core.tables.problems import Problem
from core.trail import audit, messages

_TABLE = sa.inspect(Plan).local_table


@audit.events
class Event(Labelled):
    """What is done to a plan outside the workflow, as the trail has it."""

    DRAFTED = "plan.drafted", "填写计划"
    REVISED = "plan.revised", "修改计划"
    EXTENDED = "plan.extended", "准予延期上报"


@dataclass(frozen=True)
class PlanFields:
    """Fields of a plan (培训计划): what a base fills in, clause 一(五)1. `hours_each` is what one learner earns.

    Figures may come as they were typed: 50人, 24学时; what is none is refused.
    """

    title: str
    subject: str
    """A subject code of the notice."""
    start_on: date
    end_on: date
    place: str
    mode: Mode
    content: str
    teachers: str
    audience: str
    headcount: int | str
    hours_each: Decimal | str
    credit_years: tuple[int, ...] = ()
    """学时年度 it offers, clause 七(二); none: the year of the training."""
    programme: str = ""
    """A programme of the notice (专项项目) it carries out, by its code; "" for none."""
    line_id: int | None = None
    """The approved line (项目任务) of the programme it carries out; see `marking.lines_for`."""
    course: ClassFields | None = None
    """What it trains for as a class of an institute (办班); None for any other plan."""


WORDS = {
    "title": "培训名称",
    "subject": "科目",
    "start_on": "开始日期",
    "end_on": "结束日期",
    "place": "培训地点",
    "mode": "方式",
    "headcount": "计划人数",
    "hours_each": "每人学时",
    "content": "培训内容",
    "teachers": "师资情况",
    "audience": "培训人员范围",
}
"""What is to be filled in, by its name on the form."""
LONGEST = {"title": 100, "place": 100, "content": 5000, "teachers": 5000, "audience": 5000}
"""Characters of a field."""
MOST_PEOPLE = 100_000
MOST_HOURS = 1000


def subjects_of(kind: OrganizationKind, on: date, league: str | None) -> list[SubjectRule]:
    """Subjects a provider may give (科目): what an organization of a kind may give on a day in a league."""
    policy = notices.in_force(on, league)
    rules = [policy.subject(rule.code) for rule in policy.subjects]
    return [rule for rule in rules if kind in rule.providers]


def policy_of(plan: Plan) -> Policy:
    """Notice of a plan (计划适用的通知): in force on its first day where its base belongs. Refused: "policy"."""
    return notices.in_force(plan.start_on, plan.authority.league)


def subject_name(plan: Plan) -> str:
    """Name of a plan's subject (科目), as its notice calls it."""
    try:
        return policy_of(plan).subject(plan.subject).name
    except Refused:  # a notice of its day that was published since, or put out of order
        return notices.subject_names().get(plan.subject, plan.subject)


def earliest_start_on(session: Session, filed_on: date, league: str | None) -> date:
    """Earliest start (最早开始日期): the first day a training of a league may begin whose plan is filed on a day."""
    return deadlines.earliest_start_on(notices.in_force(filed_on, league), filed_on, holidays.work_days(session))


def report_deadline(session: Session, plan: Plan, end_on: date) -> Deadline:
    """Deadline of a plan's report (报送期限), where its training ends or ended on a day, clause 一(五)2."""
    return deadlines.of_report(policy_of(plan), end_on, holidays.work_days(session))


def credit_years(plan: Plan | PlanFields) -> tuple[int, ...]:
    """Credit years of a plan (学时年度).

    The credit years a plan offers: those it names, else the year in which the training ends.
    """
    return tuple(plan.credit_years) or (plan.end_on.year,)


def usual_year(plan: Plan) -> int | None:
    """Default credit year.

    The credit year of those who name none: the plan's only one, else the year of the training if it is offered.
    """
    offered = credit_years(plan)
    if len(offered) == 1:
        return offered[0]
    return plan.end_on.year if plan.end_on.year in offered else None


def makeup_years(subject: str, on: date, league: str | None) -> list[int]:
    """Make-up years (可补学年度).

    The earlier credit years of a subject that study on a day may make up, clause 七(二), the latest first.
    """
    policy = notices.in_force(on, league)
    years = policy.makeup.years_on(on) if policy.makeup else ()
    return [year for year in years if policy.may_make_up(subject, year, on)]


def days_of(start_on: date, end_on: date) -> int:
    """Number of days: days from the first to the last, both counted."""
    return (end_on - start_on).days + 1


def check_fields(fields: PlanFields, kind: OrganizationKind, league: str | None) -> None:
    """Validate a plan: refuse what cannot be a plan, whenever it is filed: every fault named at once, by field.

    Refused codes: "fields".
    """
    fields = _figures(fields)
    faults = [*left_out(fields, WORDS), *too_long(fields, LONGEST, WORDS), *no_days(fields, WORDS)]
    faults += [("mode", "方式请从列出的选项中选择")] if fields.mode not in ("", *Mode) else []
    faults += _amount_faults(fields)
    if all(isinstance(getattr(fields, name), date) for name in ("start_on", "end_on")):
        faults += _lawful_faults(fields, notices.in_force(fields.start_on, league), kind, league, sound=not faults)
    refuse_faults(faults)


def _amount_faults(fields: PlanFields) -> Faults:
    """People and hours are numbers, within what a plan can have, whichever day it begins."""
    faults: Faults = []
    people, hours = fields.headcount, fields.hours_each
    if not isinstance(people, int):
        if typed.text(people):
            faults.append(("headcount", f"计划人数应为1至{MOST_PEOPLE}的整数，“{shown(people)}”不是"))
    elif people < 1:
        faults.append(("headcount", "计划人数应为1人以上"))
    elif people > MOST_PEOPLE:
        faults.append(("headcount", f"计划人数应为1至{MOST_PEOPLE}人，{people}人过多"))
    if not isinstance(hours, Decimal) or not hours.is_finite():
        if typed.text(hours):
            faults.append(("hours_each", f"每人学时应为0.5的正倍数，“{shown(hours)}”不是，如24或7.5"))
    elif hours <= 0 or hours * 2 % 1:
        faults.append(("hours_each", "每人学时应为0.5的正倍数"))
    elif hours > MOST_HOURS:
        faults.append(("hours_each", f"每人学时不超过{MOST_HOURS}"))
    return faults


def _lawful_faults(
    fields: PlanFields, policy: Policy, kind: OrganizationKind, league: str | None, *, sound: bool
) -> Faults:
    """What the notice of its first day has against a plan; hours are held against days where the rest is `sound`."""
    faults: Faults = []
    if fields.end_on < fields.start_on:
        faults.append(("end_on", "结束日期早于开始日期"))
    elif fields.start_on.year != fields.end_on.year and policy.within_one_year:
        clause = policy.cites("within_one_year")
        faults.append(("end_on", "培训跨年度，请按年度分两份计划上报" + (f"（{clause}）" if clause else "")))
    elif sound and not faults:
        most = days_of(fields.start_on, fields.end_on) * policy.hours_per_day
        if Decimal(fields.hours_each) > most:
            held = f"{fields.start_on}至{fields.end_on}最多{most:f}学时"
            faults.append(("hours_each", f"每天至多{policy.hours_per_day:f}学时，{held}"))
    if not any(rule.code == fields.subject for rule in policy.subjects):
        if fields.subject:
            known = notices.subject_names().get(fields.subject, fields.subject)
            faults.append(("subject", f"{policy.document}没有“{shown(known)}”这一科目，请选其他科目"))
        return faults
    faults += [("credit_years", words) for words in _year_faults(fields, policy, league)]
    if fields.end_on.year in credit_years(fields) and fields.start_on <= fields.end_on:
        windows = study_faults(policy, league, fields.subject, fields.start_on, fields.end_on)
        faults += [("start_on", words) for words in windows]
    return faults + _subject_faults(fields, policy.subject(fields.subject), kind)


def _figures(fields: PlanFields) -> PlanFields:
    """A plan's fields with figures as numbers and the mode as one, where what was typed is; what is none stays."""
    people, hours = figure(values.people, fields.headcount), figure(values.hours, fields.hours_each)
    mode = Mode(fields.mode) if fields.mode in list(Mode) else fields.mode
    return replace(fields, headcount=people, hours_each=hours, mode=mode)


def _filled(fields: PlanFields) -> PlanFields:
    return _figures(typed.filled(fields))


def _subject_faults(fields: PlanFields, rule: SubjectRule, kind: OrganizationKind) -> Faults:
    """A subject is given by those the notice names, in the way it names."""
    faults: Faults = []
    if kind not in rule.providers:
        givers = "、".join(giver.label for giver in rule.providers) or "通知未载明的机构"
        faults.append(("subject", f"{rule.name}由{givers}组织（{rule.clause}），{kind.label}请选其他科目"))
    if rule.modes and fields.mode not in rule.modes:
        ways = "或".join(mode.label for mode in rule.modes)
        faults.append(("mode", f"{rule.name}的方式为{ways}（{rule.clause}），方式请选{ways}"))
    return faults


def study_faults(policy: Policy, league: str | None, subject: str, start_on: date, end_on: date) -> list[str]:
    """Days outside the study window (学习时间) of a subject in a league, in words that name clause and window."""
    window = policy.study_window(league, subject)
    if window is None or window.holds(start_on, end_on):
        return []
    when = f"{start_on}至{end_on}" if start_on != end_on else str(end_on)
    open_ = f"{window.words}（{window.clause}）"
    return [f"{policy.subject(subject).name}的学习时间为{open_}，{when}不全在其内"]


def _year_faults(fields: PlanFields, policy: Policy, league: str | None) -> list[str]:
    """Credit years are the year in which the training ends, or earlier ones the notice lets make up (补学)."""
    may = {fields.end_on.year}
    first, last = (set(makeup_years(fields.subject, day, league)) for day in (fields.start_on, fields.end_on))
    may |= first & last
    wrong = [str(year) for year in fields.credit_years if year not in may]
    if not wrong:
        return []
    name = policy.subject(fields.subject).name
    words = f"{name}在{fields.start_on}至{fields.end_on}的培训不能补学{'、'.join(wrong)}年度"
    rule = policy.makeup
    if rule is None:
        return [f"{words}：{policy.document}没有规定补学"]
    made_up = policy.subject(rule.subject).name
    return [f"{words}：可补学{made_up}{rule.words}（{rule.clause}）"]


@deed
def draft(session: Session, fields: PlanFields, *, actor: Actor, now: datetime) -> Plan:
    """Draft a plan (填写计划).

    Start a plan for the actor's own organization; the authority in charge follows from jurisdiction.

    Refused codes: "role", "fields", "policy".
    """
    require(actor, Role.BASE_CLERK)
    fields = _filled(fields)
    home = session.get_one(Organization, actor.organization_id)
    check_fields(fields, actor.organization_kind, actor.league)
    marking.check_plan(session, fields, home)
    plan = Plan(
        **_columns(fields),
        organization_id=home.id,
        authority_id=home.authority_id,
        created_by_id=actor.account_id,
        created_at=now,
    )
    occupations.keep(plan, fields.course)
    session.add(plan)
    audit.record(session, Event.DRAFTED, plan, actor=actor, after=summary(plan), now=now)
    return plan


@deed
def revise(session: Session, plan_id: int, fields: PlanFields, *, version: int, actor: Actor, now: datetime) -> Plan:
    """Revise a plan (修改计划), optimistic lock: change a plan that is not before the authority.

    Refused codes: "role", "missing", "state", "stale", "fields", "policy".
    """
    plan = own(session, plan_id, actor)
    if plan.state not in EDITABLE:
        raise Refused("state", f"该计划的状态是“{plan.state.label}”，不能修改；待审的请先撤回。")
    if plan.version != version:
        raise audit.overtaken(session, plan)
    fields = _filled(fields)
    check_fields(fields, actor.organization_kind, actor.league)
    marking.check_plan(session, fields, plan.organization, plan.id)
    before = summary(plan)
    for name, value in _columns(fields).items():
        setattr(plan, name, value)
    occupations.keep(plan, fields.course)
    audit.record(session, Event.REVISED, plan, actor=actor, before=before, after=summary(plan), now=now)
    return plan


def own(session: Session, plan_id: int, actor: Actor, *, lock: bool = True) -> Plan:
    """Own plan, locked for update.

    A plan of the clerk's own organization, locked for change unless that comes later. Refused codes: "role", "missing".
    """
    require(actor, Role.BASE_CLERK)
    plan = session.get(Plan, plan_id, with_for_update=lock)
    if plan is None or plan.organization_id != actor.organization_id:
        raise not_found("计划")
    return plan


@deed
def grant_extension(session: Session, plan_id: int, *, actor: Actor, reason: str, now: datetime) -> Plan:
    """Grant an extension (准予延期上报).

    Let one named plan begin on its start date although it is filed later than the notice asks for, clause 一(五)1.

    Refused codes: "role", "missing", "jurisdiction", "state", "needless", "reason".
    """
    require(actor, Role.ADMIN)
    plan = session.get(Plan, plan_id, with_for_update=True)
    if plan is None:
        raise not_found("计划")
    if not actor.oversees_region:
        access.in_charge(actor, plan.authority_id)
    if plan.state not in EDITABLE:
        raise Refused("state", f"该计划{plan.state.label}，无需延期。")
    today = db.office_day(now)
    policy = policy_of(plan)
    if today <= deadlines.of_plan(policy, plan.start_on, holidays.work_days(session)).due_on:
        days = f"{policy.plan_days_before_start}天（{policy.plan_clause}）"
        raise Refused("needless", f"该计划距开始不少于{days}，可直接上报，无需延期。")
    if plan.start_on <= today:
        raise Refused("state", "该计划的开始日期已到或已过，请基地先改期再申请延期。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写准予延期的原因。")
    plan.extension_start_on, plan.extension_reason = plan.start_on, reason
    after = {"start_on": plan.start_on.isoformat()}
    audit.record(session, Event.EXTENDED, plan, actor=actor, after=after, reason=reason, now=now)
    return plan


def too_late(session: Session, actor: Actor, *, now: datetime) -> list[tuple[Plan, Deadline]]:
    """Plans still to be filed whose deadline has passed and whose training is to come: an administrator may extend.

    The soonest first, fifty at most. Refused codes: "role".
    """
    require(actor, Role.ADMIN)
    today = db.office_day(now)
    query = (
        sa.select(Plan)
        .options(sa.orm.joinedload(Plan.organization), sa.orm.joinedload(Plan.authority))
        .where(
            Plan.authority_id == actor.organization_id,
            Plan.state.in_((State.DRAFT, State.RETURNED)),
            Plan.start_on > today,
            Plan.extension_start_on.is_(None),
        )
        .order_by(Plan.start_on)
        .limit(50)
    )
    found = [(plan, PLAN.deadline(session, plan)) for plan in session.scalars(query)]
    return [(plan, counted) for plan, counted in found if counted.due_on < today]


@messages.about(Event.EXTENDED)
def _hear_of_extension(_session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """The base hears that it may file after all."""
    plan = deed.touched
    title = f"已准予延期上报：{plan.title}"
    words = f"请在培训开始（{plan.start_on}）以前上报。{deed.reason}"
    yield messages.Word(messages.Topic.EXTENDED, title, words, plan.organization_id, Role.BASE_CLERK)


def fields_of(plan: Plan) -> PlanFields:
    """Fields of a plan."""
    own = {name: getattr(plan, name) for name in PlanFields.__dataclass_fields__ if name != "course"}
    return PlanFields(**own, course=occupations.fields_of(plan))


def _columns(fields: PlanFields) -> dict[str, Any]:
    """A plan's own columns, without what a class adds beside it."""
    return {name: getattr(fields, name) for name in PlanFields.__dataclass_fields__ if name != "course"}


@deed
def copied(session: Session, plan_id: int, *, actor: Actor, now: datetime) -> tuple[PlanFields, str]:
    """Copy an earlier plan (复制上期) of one's own: what a new one begins with, and in words what was changed.

    It comes after the earlier one, on the first days that may still do, lasts as long and begins on the same day of the
    week; a year and a number (第3期) in its name become the new one's. Credit years of make-up study are to be chosen
    anew. Refused codes: "role", "missing", "policy".
    """
    require(actor, Role.BASE_CLERK)
    plan = session.scalar(sa.select(Plan).where(Plan.id == plan_id, Plan.organization_id == actor.organization_id))
    if plan is None:
        raise not_found("计划")
    found = fields_of(plan)
    earliest = earliest_start_on(session, db.office_day(now), actor.league)
    earliest, length = max(earliest, found.end_on + timedelta(days=1)), found.end_on - found.start_on
    start_on = earliest + timedelta(days=(found.start_on - earliest).days % 7)
    if start_on.year != (start_on + length).year:
        start_on = date(start_on.year + 1, 1, 1)
    title = _next_title(session, plan, start_on.year)
    copy = replace(found, title=title, start_on=start_on, end_on=start_on + length, credit_years=())
    changed = [f"日期改为{copy.start_on}至{copy.end_on}"]
    if title == found.title:
        changed.append("名称与上期相同")
    else:
        numbered = _NUMBERED.search(title)
        year = str(start_on.year) in title and start_on.year != found.start_on.year
        marks = [f"{start_on.year}年"] * year + ([numbered[0]] if numbered else [])
        changed.append(f"名称改为{'、'.join(marks)}")
    return copy, f"由上期复制：{'，'.join(changed)}；其余各项与上期相同。请核对。"


_NUMBERED = re.compile(r"第 ?(?P<number>[0-9]{1,3}|[一二三四五六七八九十]{1,3}) ?[期批班次轮]")
"""A course's number (期次) in its name."""


def _next_title(session: Session, plan: Plan, year: int) -> str:
    """Title of the next course (名称顺延): the year it is held in, and one more than the last number there is of it.

    A name without either stays: whoever copies is asked to look at it.
    """
    title = plan.title.replace(str(plan.start_on.year), str(year))
    found = _NUMBERED.search(title)
    if found is None:
        return title
    before, after = title[: found.start("number")], title[found.end("number") :]
    alike = sa.select(Plan.title).where(
        Plan.organization_id == plan.organization_id,
        Plan.title.startswith(before, autoescape=True),
        Plan.title.endswith(after, autoescape=True),
    )
    taken = [_number(each[len(before) : len(each) - len(after)]) for each in session.scalars(alike)]
    return f"{before}{_written(max(taken, default=0) + 1, like=found['number'])}{after}"


def _number(written: str) -> int:
    """A number of a course, in figures or numerals; 0 for none."""
    with suppress(values.Unclear):
        return int(written) if written.isdecimal() else values.count(written) or 0
    return 0


def _written(number: int, *, like: str) -> str:
    """A number in figures or, as far as it was in numerals, in numerals."""
    if like.isdecimal() or number > 99:
        return str(number)
    tens, ones = divmod(number, 10)
    numerals = " 一二三四五六七八九"
    return f"{numerals[tens] if tens > 1 else ''}{'十' if tens else ''}{numerals[ones] if ones else ''}"


def summary(plan: Plan) -> dict[str, Any]:
    """Fields of a plan for the trail: A plan's fields for the trail."""
    years = ";".join(map(str, plan.credit_years))
    return {name: str(value) for name, value in asdict(fields_of(plan)).items()} | {"credit_years": years}


# --- the plan as a kind of submission ---------------------------------------------------------------------------------


MOST_NAMED = 5
"""Other plans of the same days that are named."""
ENOUGH_PAST, UNUSUAL = 3, 2
"""From so many approved plans on, more than so many times the largest of them is worth a look."""


def _line(plan: Plan) -> Line:
    """A plan as one line of a list."""
    made_up = any(year < plan.end_on.year for year in plan.credit_years)
    marks = [Mark("延期")] * bool(plan.extension_start_on) + [Mark("补学")] * made_up
    return Line(
        when=f"{plan.start_on:%m-%d}至{plan.end_on:%m-%d}",
        size=f"计划{plan.headcount}人",
        hours=f"每人{hours_text(plan.hours_each)}学时",
        marks=tuple(marks),
        by=plan.start_on,
    )


class PlanKind(Kind[Plan]):
    """The plan (培训计划) as a kind of submission: filed so long before its training, clause 一(五)1."""

    code = "plan"
    word, short = "培训计划", "计划"
    action_words: ClassVar = {"submit": "上报"}
    model = Plan
    filers, filer = (Role.BASE_CLERK,), "培训机构"
    words: ClassVar = {"title": "培训名称"}
    marked = ("extended",)
    fields: ClassVar = WORDS | {
        "subject": "科目",
        "start_on": "开始日期",
        "end_on": "结束日期",
        "mode": "方式",
        "headcount": "计划人数",
        "hours_each": "每人学时",
        "credit_years": "学时年度",
        "programme": "专项项目",
        "line_id": "项目任务",
        **occupations.WORDS,
    }
    reasons: ClassVar = {
        "time": "时间或学时安排不妥",
        "teachers": "师资不符合要求",
        "people": "人数或范围不妥",
    } | REASONS
    fits: ClassVar = {
        "time": ("start_on", "end_on", "hours_each", "credit_years"),
        "teachers": ("teachers",),
        "people": ("headcount", "audience"),
    }
    decide_by = sa.select(_TABLE.c.start_on).where(_TABLE.c.id == Submission.id).scalar_subquery()
    columns = tuple(_TABLE.c[name] for name in ("subject", "start_on", "end_on", "headcount", "hours_each"))
    decide_by_word = "开始"
    loads = (
        sa.orm.selectinload(Plan.course),
        sa.orm.selectinload(Plan.line).joinedload(ProgrammeLine.submission).joinedload(Submission.organization),
    )

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id)

    def fields_of(self, plan: Plan) -> dict[str, str]:
        """Without what only a class (办班) has, or only a plan that carries out a programme."""
        lacks = () if plan.course else tuple(occupations.WORDS)
        lacks += () if plan.programme else ("line_id",)
        return {name: word for name, word in self.fields.items() if name not in lacks}

    def facts(self, plan: Plan) -> list[tuple[str, object]]:
        return [
            ("培训机构", plan.organization.name),
            ("管理权限", plan.authority.name),
            ("科目", subject_name(plan)),
            ("培训时间", f"{plan.start_on} 至 {plan.end_on}（{days_of(plan.start_on, plan.end_on)}天）"),
            (WORDS["place"], plan.place),
            ("方式", plan.mode.label),
            ("计划人数", f"{plan.headcount}人"),
            ("每人学时", hours_text(plan.hours_each)),
            *marking.facts(plan),
        ]

    def content(self, session: Session, plan: Plan) -> dict[str, str]:
        said = {name: str(getattr(plan, name)) for name in self.fields if name not in occupations.WORDS}
        said |= occupations.content(plan)
        said |= {"subject": subject_name(plan), "mode": plan.mode.label, "hours_each": hours_text(plan.hours_each)}
        said |= {"programme": marking.name_of(plan.programme), "line_id": plan.line.name if plan.line else ""}
        return said | {"credit_years": "、".join(map(str, credit_years(plan)))}

    def texts(self, plan: Plan) -> list[tuple[str, str]]:
        return [("培训内容", plan.content), ("师资情况", plan.teachers), ("培训人员范围", plan.audience)]

    def lines(self, session: Session, found: Sequence[Plan]) -> dict[int, Line]:
        return {each.id: _line(each) for each in found}

    def deadline(self, session: Session, plan: Plan) -> Deadline:
        """The last day to file it in time, clause 一(五)1; with an extension the day before the training begins."""
        policy, days = policy_of(plan), holidays.work_days(session)
        if plan.extension_start_on is not None and plan.start_on >= plan.extension_start_on:
            counted, why = plan.start_on - timedelta(days=1), f"培训开始{plan.start_on}，已准予延期上报，须在开始以前"
            return deadlines.granted("plan", "上报培训计划", policy.plan_clause, counted, why, days)
        return deadlines.of_plan(policy, plan.start_on, days)

    def warnings(self, session: Session, plan: Plan, actor: Actor) -> list[Problem]:
        """Its extension, another plan of its base on the same days, more people than its base has ever trained."""
        found = []
        if plan.extension_start_on is not None and plan.extension_start_on == plan.start_on:
            found.append(("extended", "start_on", str(plan.start_on), f"已准予延期上报：{plan.extension_reason}"))
        others = sa.select(Plan).where(Plan.organization_id == plan.organization_id, Plan.id != plan.id)
        filed = others.where(Plan.state.in_((State.SUBMITTED, State.APPROVED))).order_by(Plan.start_on, Plan.id)
        met = filed.where(Plan.start_on <= plan.end_on, Plan.end_on >= plan.start_on).limit(MOST_NAMED)
        found += [
            (
                "same-days",
                "start_on",
                str(each.start_on),
                f"同一期间该基地还有“{each.title}”（{each.start_on}至{each.end_on}）",
            )
            for each in session.scalars(met)
        ]
        past = sa.select(sa.func.count(Plan.id), sa.func.max(Plan.headcount))
        past = past.where(Plan.organization_id == plan.organization_id, Plan.id != plan.id)
        count, most = session.execute(past.where(Plan.state == State.APPROVED, Plan.start_on < plan.start_on)).one()
        if count >= ENOUGH_PAST and plan.headcount > UNUSUAL * most:
            words = f"计划{plan.headcount}人，该基地此前{count}期最多{most}人"
            found.append(("unusual-headcount", "headcount", str(plan.headcount), words))
        return [Problem(0, column, code, value, words, blocking=False) for code, column, value, words in found]

    def check_submit(self, session: Session, plan: Plan, *, actor: Actor, reason: str, now: datetime) -> None:
        """A plan is filed so many days before its training, clause 一(五)1. Refused codes: "late", "fields"."""
        home = session.get_one(Organization, plan.organization_id)
        check_fields(fields_of(plan), home.kind, plan.authority.league)
        marking.check_plan(session, fields_of(plan), home, plan.id)
        policy, today = policy_of(plan), db.office_day(now)
        if today > self.deadline(session, plan).due_on:
            earliest = deadlines.earliest_start_on(policy, today, holidays.work_days(session))
            raise Refused(
                "late",
                f"计划须在培训开始前{policy.plan_days_before_start}天上报（{policy.plan_clause}）。今天是{today}，"
                f"最早可安排在{earliest}开始；确需提前的，请管理员准予本计划延期。",
                {"start_on": f"今天上报的，最早可安排在{earliest}开始"},
            )

    def check_approve(self, session: Session, plan: Plan, *, now: datetime) -> None:
        """A plan is approved by the day its training begins: trained only after approval, clause 一(五)1."""
        today = db.office_day(now)
        if plan.start_on < today:
            clause = policy_of(plan).plan_clause
            raise Refused("begun", f"培训原定{plan.start_on}开始，已不能事后批准（{clause}）。请退回，由基地改期重报。")
        if plan.course is not None:  # its institute's approval may have ended meanwhile
            marking.check_plan(session, fields_of(plan), plan.organization, plan.id)

    def on_approve(self, session: Session, plan: Plan, *, actor: Actor, now: datetime) -> str:
        """Approval of a plan opens its report."""
        due = report_deadline(session, plan, plan.end_on).due_on
        years = f"，计入{'、'.join(map(str, plan.credit_years))}年度" if plan.credit_years else ""
        trains = f"该基地可培训{plan.headcount}人，每人{hours_text(plan.hours_each)}学时{years}"
        return f"{trains}，培训结束后应于{deadlines.by(due)}报送培训情况报告"

    def undo(self, session: Session, plan: Plan, *, now: datetime) -> None:
        """An approval stands once its training has begun, or its report was begun."""
        if plan.state is not State.APPROVED:
            return
        if plan.start_on <= db.office_day(now):
            raise Refused("relied", f"培训已于{plan.start_on}开始，不能再撤销通过；需要停办的，请与基地联系。")
        if session.scalar(sa.select(Report.id).where(Report.plan_id == plan.id).limit(1)):
            raise Refused("relied", "基地已经填写这期培训的报告，不能再撤销通过；请在审核报告时处理。")

    def consequence(self, session: Session, plan: Plan, action: Action, counted: Consequence) -> Consequence:
        if action is not Action.SUBMIT:
            return counted
        return replace(counted, done=f"由{plan.authority.name}在{plan.start_on}开始培训之前审核")

    def summary(self, plan: Plan) -> dict[str, Any]:
        return summary(plan)


PLAN = PlanKind()
register(PLAN)
