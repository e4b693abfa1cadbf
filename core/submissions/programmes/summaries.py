"""The summary of what became of a year's plan table (实施情况总结), clause 三: explained by people, counted by us.

Its figures come from approved reports alone, are counted when it is filed and kept with it; nobody types one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Labelled, Refused, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.law import deadlines
from core.law.deadlines import Deadline
from core.ledger.consequences import Consequence
from core.models import Attachment, Organization, PlanTable, State, Submission, YearSummary
from core.people import organizations, titles
from core.submissions import forms
from core.submissions.forms import left_out, too_long
from core.submissions.kinds import EDITABLE, REASONS, Action, Kind, Line, Mark, register
from core.submissions.programmes import capability, merged
from core.tables.problems import Problem
from core.trail import audit, files
from core.trail.files import Upload

WORDS = {"practice": "主要做法", "effect": "成效"}
"""What is to be written."""
TEXTS = WORDS | {"trouble": "存在问题", "outlook": "下年打算"}
LONGEST = dict.fromkeys(TEXTS, 5000)

_TABLE = sa.inspect(YearSummary).local_table


@audit.events
class Event(Labelled):
    """What is done to a summary outside the workflow, as the trail has it."""

    DRAFTED = "year_summary.drafted", "填写总结"
    REVISED = "year_summary.revised", "修改总结"


@dataclass(frozen=True)
class SummaryFields:
    """What people write in a summary (总结): explanations, never a figure."""

    practice: str
    effect: str
    trouble: str = ""
    outlook: str = ""


@dataclass(frozen=True)
class Figures:
    """The figures of a summary (总结的数字): of what was planned, what took place by approved reports."""

    planned_items: int = 0
    done_items: int = 0
    """Lines with an approved report whose hours stand."""
    planned_people: int = 0
    done_people: int = 0
    """Each once, whatever they took part in."""
    visits: int = 0
    """人次."""
    by_area: tuple[tuple[str, int], ...] = ()
    """People by key field (按领域人数); who took part in two of them counts in both."""
    by_level: tuple[tuple[str, int], ...] = ()
    """People by the level of their title (按职称层次人数)."""

    @property
    def share(self) -> str:
        """完成率 by people, in words."""
        return f"{self.done_people / self.planned_people:.1%}" if self.planned_people else "—"

    @property
    def facts(self) -> list[tuple[str, object]]:
        """The figures in words, in their order."""
        by = [
            (label, "、".join(f"{name}{number}人" for name, number in listed) or "—")
            for label, listed in (("按领域人数", self.by_area), ("按职称层次人数", self.by_level))
        ]
        return [
            ("计划项目数", f"{self.planned_items}项"),
            ("完成项目数", f"{self.done_items}项"),
            ("计划人数", f"{self.planned_people}人"),
            ("完成人数", f"{self.done_people}人（{self.visits}人次）"),
            ("完成率", self.share),
            *by,
        ]


UNKNOWN = "未写明"
LEVELS = ("高级", "中级", "初级", UNKNOWN)


def counted(session: Session, organization_id: int, programme: str, year: int) -> Figures:
    """Count the figures of an office's year as they stand now (计算总结的数字), out of approved papers alone."""
    query = sa.select(PlanTable).where(PlanTable.organization_id == organization_id, PlanTable.year == year)
    query = query.where(PlanTable.programme == programme, PlanTable.state == State.APPROVED)
    lines = [each for table in session.scalars(query) for each in table.lines]
    carried = merged.carried_out(session, [each.id for each in lines])
    people = merged.people_of(session, [each.id for each in lines])
    areas = {each.id: each.area or UNKNOWN for each in lines}
    by_area: dict[str, set[int]] = {}
    by_level: dict[str, set[int]] = {name: set() for name in LEVELS}
    for line_id, human_id, post in people:
        by_area.setdefault(areas[line_id], set()).add(human_id)
        by_level[titles.level_of(post) or UNKNOWN].add(human_id)
    return Figures(
        planned_items=len(lines),
        done_items=sum(each.people > 0 for each in carried.values()),
        planned_people=sum(each.people or 0 for each in lines),
        done_people=len({human_id for _, human_id, _ in people}),
        visits=sum(each.visits for each in carried.values()),
        by_area=tuple((name, len(found)) for name, found in by_area.items()),
        by_level=tuple((name, len(found)) for name, found in by_level.items() if found),
    )


def figures(session: Session, found: YearSummary) -> Figures:
    """The figures of a summary (总结的数字): as they were kept when it was filed; before that as they stand."""
    if found.state in EDITABLE or not found.figures:
        return counted(session, found.organization_id, found.programme, found.year)
    return kept(found)


def kept(found: YearSummary) -> Figures:
    """The figures as they were kept when it was filed."""
    said: dict[str, Any] = json.loads(found.figures) if found.figures else {}
    for name in ("by_area", "by_level"):
        said[name] = tuple((label, number) for label, number in said.get(name, ()))
    return Figures(**said)


# --- filling it in --------------------------------------------------------------------------------------------------


@deed
def draft(
    session: Session,
    programme: str,
    year: int,
    fields: SummaryFields,
    *,
    attachment: Upload | None = None,
    actor: Actor,
    now: datetime,
) -> YearSummary:
    """Draft the summary (填写总结) of one's own organization for a programme's year; there is one a year.

    Refused codes: "role", "fields", "policy", "twice", "file".
    """
    require(actor, *capability.FILERS)
    home = session.get_one(Organization, actor.organization_id, with_for_update=True)  # two of its clerks at once
    of = capability.checked(home, capability.TableFields(programme, year))
    fields = _checked(fields)
    capability.check_twice(session, YearSummary, home, of.programme, of.year)
    region = organizations.region(session)
    name = capability.programme_of(capability.policy_of_year(home, year), programme, home.kind).name
    found = YearSummary(
        **asdict(fields),
        programme=programme,
        year=year,
        title=f"{year}年{name}实施情况总结"[:100],
        organization_id=home.id,
        organization=home,
        authority_id=region.id,
        authority=region,
        created_by_id=actor.account_id,
        created_at=now,
    )
    session.add(found)
    session.flush()
    _attach(session, found, attachment, now)
    audit.record(session, Event.DRAFTED, found, actor=actor, after=summary(found), now=now)
    return found


@deed
def revise(
    session: Session,
    summary_id: int,
    fields: SummaryFields,
    *,
    attachment: Upload | None = None,
    version: int,
    actor: Actor,
    now: datetime,
) -> YearSummary:
    """Change one's own open summary (修改总结), optimistic lock; a file given takes the place of the one before.

    Refused codes: "role", "missing", "state", "stale", "fields", "file".
    """
    require(actor, *capability.FILERS)
    found = session.get(YearSummary, summary_id, with_for_update={"of": Submission})
    if found is None or found.organization_id != actor.organization_id:
        raise not_found("总结")
    if found.state not in EDITABLE:
        raise Refused("state", f"该总结的状态是“{found.state.label}”，不能修改；待审的请先撤回。")
    if found.version != version:
        raise audit.overtaken(session, found)
    before = summary(found)
    for name, value in asdict(_checked(fields)).items():
        setattr(found, name, value)
    _attach(session, found, attachment, now)
    audit.record(session, Event.REVISED, found, actor=actor, before=before, after=summary(found), now=now)
    return found


def _checked(fields: SummaryFields) -> SummaryFields:
    """What may be kept, finished or not. Refused codes: "fields"."""
    fields = typed.filled(fields)
    refuse_faults(too_long(fields, LONGEST, TEXTS))
    return fields


def _check_file(given: Sequence[Upload]) -> None:
    if not all(map(files.is_document, given)):
        refuse_faults([("file", f"附件请上传{'、'.join(files.DOCUMENT_ENDINGS)}文件")], code="file")


def _attach(session: Session, found: YearSummary, given: Upload | None, now: datetime) -> None:
    if given is None:
        return
    _check_file([given])
    found.file_id = files.attach(session, found, given, purpose="summary", now=now).id


def summary(found: YearSummary) -> dict[str, Any]:
    """A summary's fields for the trail."""
    return {name: getattr(found, name) for name in ("programme", "year", *TEXTS, "figures")}


# --- the summary as a kind of submission ------------------------------------------------------------------------------


class YearSummaryKind(Kind[YearSummary]):
    """The summary (项目实施情况总结) as a kind of submission: filed to the region by its day, clause 三."""

    code = "year_summary"
    word, short = "项目实施情况总结", "总结"
    action_words: ClassVar = {"submit": "报送"}
    model = YearSummary
    filers = capability.FILERS
    words: ClassVar = {"title": "总结", "organization": "报送单位"}
    fields: ClassVar = TEXTS | {"figures": "数字", "file": "附件"}
    uploads: ClassVar = {"file": forms.taking(_check_file, 1)}
    reasons: ClassVar = {"brief": "过于简略", "figures": "数字须说明"} | REASONS
    fits: ClassVar = {"brief": tuple(TEXTS), "figures": ("figures", *TEXTS)}
    columns = tuple(_TABLE.c[name] for name in ("year", "due_on", "filed_on", "late", "counted_on"))
    loads = (sa.orm.joinedload(YearSummary.organization).joinedload(Organization.authority),)

    def filed_by(self, actor: Actor) -> bool:
        return capability.files_tables(actor)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id)

    def facts(self, found: YearSummary) -> list[tuple[str, object]]:
        told: list[tuple[str, object]] = [
            ("报送单位", found.organization.name),
            ("年度", f"{found.year}年"),
            ("报送期限", f"{found.due_on or ''}{'，逾期报送' if found.late else ''}"),
        ]
        if not found.figures:
            return told
        return [*told, *kept(found).facts, ("数字截至", found.counted_on)]

    def texts(self, found: YearSummary) -> list[tuple[str, str]]:
        return [(word, getattr(found, name)) for name, word in TEXTS.items()]

    def content(self, session: Session, found: YearSummary) -> dict[str, str]:
        said = {name: getattr(found, name) for name in TEXTS}
        given = session.get(Attachment, found.file_id) if found.file_id else None
        told = "；".join(f"{label}{value}" for label, value in kept(found).facts) if found.figures else ""
        return said | {"figures": told, "file": files.named(given) if given else ""}

    def lines(self, session: Session, found: Sequence[YearSummary]) -> dict[int, Line]:
        listed = {}
        for each in found:
            said = kept(each)
            size = f"{said.planned_items}项完成{said.done_items}项" if said.planned_items or said.done_items else ""
            marks = (Mark("逾期"),) if each.late else ()
            hours = f"{said.done_people}人" if said.done_people else ""
            listed[each.id] = Line(when=f"{each.year}年度", size=size, hours=hours, marks=marks)
        return listed

    def deadline(self, session: Session, found: YearSummary) -> Deadline | None:
        return capability.due(session, found.organization, found.programme, found.year, "summary_due")

    def warnings(self, session: Session, found: YearSummary, actor: Actor) -> list[Problem]:
        """Lateness, nothing planned, and figures that have changed since it was filed."""
        told = []
        if found.late:
            words = f"逾期报送：应于{deadlines.by(found.due_on)}报送，实际{found.filed_on}报送"
            told.append(("late", "figures", str(found.due_on), words))
        if found.figures:
            was, is_now = kept(found), counted(session, found.organization_id, found.programme, found.year)
            if not was.planned_items:
                words = f"{found.year}年度没有通过的计划表，数字都是0"
                told.append(("unplanned", "figures", "", words))
            if was != is_now:
                words = f"报送后数字有变化：完成人数{was.done_people}人，现为{is_now.done_people}人"
                told.append(("changed", "figures", str(was.done_people), words))
        return [Problem(0, column, code, value, words, blocking=False) for code, column, value, words in told]

    def check_submit(self, session: Session, found: YearSummary, *, actor: Actor, reason: str, now: datetime) -> None:
        """A summary says how and with what effect; its figures are counted now and kept. Refused: "fields", "late"."""
        home = session.get_one(Organization, found.organization_id)
        policy = capability.policy_of_year(home, found.year)
        capability.programme_of(policy, found.programme, home.kind)
        refuse_faults(left_out(found, WORDS), "请补齐后再报送。")
        today, deadline = db.office_day(now), self.deadline(session, found)
        figures = asdict(counted(session, home.id, found.programme, found.year))
        if found.filed_on is None or found.state is State.WITHDRAWN:
            found.late, found.filed_on = capability.lateness(policy, deadline, today), today
            found.due_on = deadline.due_on if deadline else None
        found.figures = json.dumps(figures, ensure_ascii=False)
        found.counted_on = today

    def on_approve(self, session: Session, found: YearSummary, *, actor: Actor, now: datetime) -> str:
        return f"{found.organization.name}{found.year}年度的总结已收齐"

    def consequence(self, session: Session, found: YearSummary, action: Action, counted_: Consequence) -> Consequence:
        if action is not Action.SUBMIT:
            return counted_
        said, way = kept(found), "逾期报送" if found.late else "按期报送"
        done = f"{way}，完成{said.done_items}项、{said.done_people}人（截至{found.counted_on}）"
        return replace(counted_, late=found.late, done=f"{done}，由{found.authority.name}审核")

    def summary(self, found: YearSummary) -> dict[str, Any]:
        return summary(found)


SUMMARY = YearSummaryKind()
register(SUMMARY)
