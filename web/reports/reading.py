"""A filed report (培训情况报告) to read: heading, roster, problems, repairs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law import deadlines
from core.ledger.standing import Standing
from core.models import Report, State
from core.submissions import remarking as remarks
from core.submissions import reports, workflow
from core.tables.problems import Problem
from core.trail import kept
from web import address, context, deeds, links, submissions, tables
from web.deeds import Who
from web.desk import listing, remarking
from web.facts import fact, facts
from web.reports import over_plan, trail
from web.words import chip, days_left, md


def roster_columns(report: Report) -> dict[str, str]:
    """Columns of a roster that mean another thing elsewhere; the hours are headed by their subject, as in the file."""
    form = reports.form_of(report)
    return {"row": "file_row", "standing": "hours_standing", "hours": form.headings[form.usual]}


@dataclass(frozen=True)
class ReportRead:
    """A report and what is shown with it, read in one snapshot."""

    report: Report
    standing: Standing | None
    """None before its approval: nothing was posted, nor reversed."""
    reversals: pd.DataFrame | None
    steps: pd.DataFrame

    @property
    def gone(self) -> bool:
        """Whether hours of the report were reversed (冲销), some or all."""
        return self.standing in (Standing.PARTLY, Standing.REVERSED)


def read(session: Session, report: Report, actor: Actor, steps: pd.DataFrame) -> ReportRead:
    """A report with what became of its hours and its `steps`. Refused codes: "missing"."""
    standing = reports.standing(session, report) if report.state is State.APPROVED else None
    return ReportRead(report, standing, reports.reversals(session, report.id, actor) if standing else None, steps)


def heading(found: ReportRead) -> None:
    """The heading of a report (培训情况报告): title, state, and what was reversed of its hours."""
    badge = f"　{chip(found.standing)}" if found.standing and found.gone else ""
    st.markdown(f"#### {md(found.report.title)}　{chip(found.report.state)}{badge}")
    if found.gone and found.reversals is not None:
        made = found.reversals.rename(columns={"at": "reversed_at"})
        tables.table(made, ["reversed_at", "entries", "hours", "reason"], empty="")


@dataclass(frozen=True)
class Said:
    """What a report says beside its plan (报告内容), as its base, its reviewer and a preview read it."""

    caption: str
    late: str
    """Why it was filed too late; "" where it was not."""
    lines: list[tuple[str, ...]]
    beyond: list[reports.Excess]
    filed: str
    """What was beyond the plan when it was filed, where that is told and not `beyond`."""
    reason: str
    seminar: reports.Attended | None
    hints: list[str]
    """What is worth a look of a seminar."""
    summary: str

    def draw(self) -> None:
        st.caption(self.caption)
        if self.late:
            st.warning(self.late)
        over_plan.beside(self.lines)
        if self.filed:
            st.warning(self.filed)
        if over_plan.told(self.beyond):
            if self.reason:
                fact(reports.OVER_PLAN_REASON, self.reason)
            else:
                st.warning("没有说明超出计划的原因，不能通过；退回后由基地填写原因重报。")
        if self.seminar is not None:
            st.caption("高级研修情况")
            facts(self.seminar.facts)
        for words in self.hints:
            st.warning(md(words))
        fact("培训总结", self.summary)


def said(session: Session, report: Report, *, waits: bool) -> Said:
    """Read what a report says; `waits`: what is beyond the plan is told as it stands now, else as it was filed."""
    beyond = reports.beyond_plan(session, report) if waits else []
    return Said(
        caption=f"{md(report.organization.name)}，应于{deadlines.by(report.due_on)}报送",
        late=f"逾期报送。原因：{md(report.late_reason) or '还没有填写'}" if report.late else "",
        lines=over_plan.compared(session, report),
        beyond=beyond,
        filed="" if beyond else over_plan.filed(report),
        reason=report.over_plan_reason,
        seminar=reports.attended(session, report),
        hints=[each.words for each in reports.hints(session, report)],
        summary=report.summary,
    )


def own(report: Report, actor: Actor, steps: pd.DataFrame) -> None:
    """A report of one's own that is not to be edited: what became of it and of its hours, and the rest (补报)."""
    with db.reading() as session:
        found = read(session, report, actor, steps)
        refusals = reports.turned_down(session, report)
        left = reports.unregistered(session, report)
        told = said(session, report, waits=report.state is State.SUBMITTED)
    with st.container(border=True):
        heading(found)
        told.draw()
        submissions.history(found.steps)
        for each in refusals:
            words = f"“{each.title}”不予通过，其中{each.people}人没有登记学时，不能再补报。理由：{each.reason}"
            st.warning(md(words))
        if left:
            gone = sum(each.undone_at is not None for each in left)
            st.caption(f"本计划还有{len(left)}人没有登记学时" + (f"，其中{gone}人的学时已冲销。" if gone else "。"))
            label, key = f"补报其余{len(left)}行", f"supplement-{report.id}"
            st.button(label, key=key, on_click=supplement, args=(report.id, _open))
    if address.switch("查看花名册", key="roster"):
        reading(report, actor)


def owed(actor: Actor) -> None:
    """What a base has to report (待报送), the most urgent first, and what was taken back; a line opens its form."""
    with db.reading() as session:
        due, left = kept.once(
            session,
            (db.url(), "owed", actor, context.today()),
            lambda: (reports.open_plans(session, actor, now=context.now()), reports.to_supplement(session, actor)),
        )
    for number, title, words in left.itertuples(index=False):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(f"“{md(title)}”{words}。")
            st.button("补报更正", key=f"undone-{number}", on_click=supplement, args=(number, listing.click))
    if due.empty:
        return
    with links.lines("owed"):
        st.markdown(f"**待报送的培训情况报告**　:blue-badge[{len(due)}]")
        for row in due.itertuples(index=False):
            links.line(_owed(row), ("paper", {"kind": "report", "plan": str(row.plan_id)}))


def _owed(row: Any) -> str:
    """A report that is owed, as a line: until when, of which training, how big it was planned."""
    left, state = days_left(row.days_left), chip(State(row.state)) if row.state else ""
    colour = "red" if row.days_left < 0 else "orange" if row.days_left <= SOON else "gray"
    facts = f":gray[{row.end_on}结束，计划{row.headcount}人，每人{hours_text(row.hours_each)}学时]"
    return "　".join(filter(None, (f":{colour}-badge[{row.due_on} {left}]", f"**{md(row.title)}**", facts, state)))


SOON = 7
"""Days left from which a report that is owed is marked."""


def _open(report_id: int) -> None:
    address.choose("item", report_id)


def supplement(report_id: int, open_: Callable[[int], None]) -> None:
    """Begin a supplement (补报) to one's own report, and open it as the page does that has the button."""

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        added = reports.supplement(session, report_id, **who)
        session.flush()
        return f"补报已建立，共{added.people + added.faults}行，请在下面改正后报送。", added.id

    if added := deeds.deed(act, "supplement", report_id):
        open_(added)


def reading(report: Report, actor: Actor) -> None:
    """A filed roster (培训花名册), masked: its problems, its edit history, every row with what came of it."""
    with db.reading() as session:
        held = reports.one(session, report.id, actor)  # held, it is read once for all that follows
        problems = reports.problems(session, report.id, actor, now=context.now())
        problems = [*reports.warnings(session, report.id, actor), *problems]
        count, _ = reports.counted_rows(session, held)
        remarked = {each.place for each in remarks.open_ones(session, held) if each.place}
        repairs, struck = reports.repairs(session, report.id, actor), reports.struck(session, report.id, actor)
    form = reports.form_of(report)
    if report.faults:
        result = "没有登记学时" if report.state is State.APPROVED else "通过后这些行不登记学时"
        st.warning(f"花名册有{report.faults}行有错误，{result}。")
    if problems:  # what its base has to mend, or what an officer has to judge, comes first
        own = actor.organization_id == report.organization_id
        tables.problems(sorted(problems, key=lambda each: each.blocking is not own), form.headings)
    trail.trail(report, actor, repairs, struck)
    marked = report.faults > 0 or any(each.row for each in problems) or bool(remarked)
    label = f"培训花名册（{count}行{'，有错误、有意见和有提示的在前' if marked else ''}）"
    key = f"roster-rows-{report.id}"
    if submissions.ticked(report) and key not in st.session_state:  # not by `expanded`: a tick would draw it all anew
        st.session_state[key] = True
    opened = st.expander(label, expanded=marked or count <= FEW, on_change="rerun", key=key)
    if opened.open:
        with opened:
            _roster(report, actor, problems, remarked)


FEW = 20
"""Rows of a roster that is shown unfolded; a longer one with nothing to look at is read when it is opened."""


def _roster(report: Report, actor: Actor, problems: Sequence[Problem], remarked: Collection[object]) -> None:
    """Every row of a roster with what came of it (花名册各行), to tick where some may go back."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        rows = reports.rows(session, report.id, who).rename(columns=roster_columns(report))
        return _first_what_to_look_at(rows, problems, remarked, remarking.noted(report))

    with db.reading() as session:
        rows = asked(session, actor)
    form = reports.form_of(report)
    shown = ["file_row", "name"] + ["severity"] * bool(rows["severity"].any())
    shown += [form.headings[form.usual], "assessment"]  # what decides stands first, where there is room for few
    shown += ["hours_standing"] if report.state is State.APPROVED else []
    shown += ["credit_year"] if report.plan.credit_years else []
    shown += ["employer", "post", "id_mask"]
    shown += ["repaired"] if rows["repaired"].any() else []
    tables.export(asked, shown, name=f"花名册-{report.id}")
    if workflow.Action.RETURN in workflow.moves_for(report, actor):
        st.caption("要退回其中几行的，在左边勾选，再点下面的“分条意见”写明原因。")
        of: dict[str, Any] = {
            "ticked": submissions.ticked(report),
            "changed": partial(remarking.tick, report, actor),
            "by": "file_row",
        }
        tables.tick(rows, shown, name=f"roster-{report.id}", empty="没有花名册。", **of)
    else:
        tables.table(rows, shown, empty="没有花名册。")


PREVIEWED = 500
"""Rows of a roster in a preview: those with faults, then the others."""


def as_read(session: Session, report: Report, actor: Actor) -> Callable[[], None]:
    """A report as its reviewer will read it (预览): what it says beside its plan, then its roster, masked.

    Answers what draws it. Of a roster is told what it comes to and what is worth a look.
    """
    over = said(session, report, waits=True)
    if report.roster_id is None:
        return over.draw
    found = reports.problems(session, report.id, actor, now=context.moment(session))
    problems, hints = list(map(reports.masked, found)), reports.warnings(session, report.id, actor)
    count, registered = reports.counted_rows(session, report)
    (here, others), earning = reports.headcount(session, report), reports.expected(session, report)
    some = [reports.rows(session, report.id, actor, faulty_only=only, limit=PREVIEWED) for only in (True, False)]
    rows = pd.concat([each for each in some if len(each)] or some[:1]).drop_duplicates("row").head(PREVIEWED)
    rows = _first_what_to_look_at(rows.rename(columns=roster_columns(report)), [*problems, *hints], (), ())
    told = f"**花名册**：{here}人" + (f"（先前的报告另有{others}人）" if others else "") + f"，共{count}行；"
    told += f"可登记{earning.people}人、{registered}行，合计{hours_text(earning.hours)}学时"
    told += f"；:red[{report.faults}行有错误，不登记学时]" if report.faults else ""
    told += f"。只列出{len(rows)}行，有错误的在前。" if count > len(rows) else "。"
    form = reports.form_of(report)
    shown = ["file_row", "name", *["severity"] * bool(rows["severity"].any()), form.headings[form.usual], "assessment"]
    shown += ["credit_year"] if report.plan.credit_years else []
    shown += ["employer", "post", "id_mask"]
    judged = sorted([*hints, *problems], key=lambda each: each.blocking)

    def draw() -> None:
        over.draw()
        st.markdown(told)
        if judged:
            tables.problems(judged, form.headings)
        tables.table(rows, shown, empty="没有花名册。")

    return draw


def _first_what_to_look_at(
    rows: pd.DataFrame, problems: Sequence[Problem], remarked: Collection[object], noted: Collection[int]
) -> pd.DataFrame:
    """The rows of a roster with what each is marked as (错误、意见、提示), those first.

    `noted`: rows on which a remark was just noted (已记意见); they say so as well, and stay where they are.
    """
    hints = {each.row for each in problems}
    marks = [
        "错误" if faulty else "意见" if row in remarked else "提示" if row in hints else ""
        for row, faulty in zip(rows["file_row"], rows["faulty"], strict=True)
    ]
    order = ("错误", "意见", "提示", "")
    rows = rows.assign(severity=marks).sort_values("severity", key=lambda of: of.map(order.index), kind="stable")
    marks = [
        "、".join(filter(None, (mark, "已记意见" if row in noted else "")))
        for mark, row in zip(rows["severity"], rows["file_row"], strict=True)
    ]
    return rows.assign(severity=marks)
