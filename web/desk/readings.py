"""How each kind of submission is read at the desk (审核阅读), and what stands beside the opinion. Others: as facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import sqlalchemy as sa
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import Actor, Role
from core.models import Plan, State, Submission, YearSummary
from core.submissions import kinds, reports, workflow
from core.submissions.contents import Changed
from core.submissions.kinds import Action, Kind
from core.submissions.remarking import OpenRemark
from core.tables.problems import Problem
from web import submissions, tables
from web.claims import reading as claim_reading
from web.claims import reviewing as claim_reviewing
from web.courses import appealing
from web.credit import answering
from web.plans import extending
from web.plans import reading as plan_reading
from web.programmes import reading as programme_reading
from web.programmes import seminars
from web.programmes import summary as programme_summary
from web.reports import reviewing as report_reviewing
from web.study import reviewing as study_reviewing
from web.words import md

Shows = Callable[[Submission, Actor, pd.DataFrame], None]


@dataclass(frozen=True)
class Reading:
    """What the desk asks of a kind's screens; the defaults fit every kind."""

    show: Shows
    """Draws one to read, with its history (`workflow.trail`)."""
    ask: Callable[[Submission], None] | None = None
    """Draws what is to be filled in beside the opinion before approval."""
    typed: Callable[[Submission], Any] = lambda _submission: None
    """What was filled in there, as the browser has it."""
    before: Callable[..., int] | None = None
    """Done in the deed before the approval: `before(session, submission, typed, **who)`; answers the new version."""
    note: Callable[[Submission], str] = lambda _submission: ""
    """What to know of its decisions, beside the buttons."""
    also: tuple[Role, ...] = ()
    """Who has it on the desk beside those who decide it; core says what for."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Columns of its queue that have another name in a list."""


def of(submission: Submission) -> Reading:
    """How a submission is read."""
    return READINGS.get(submission.kind) or PLAIN


def _plain(found: Submission, here: Actor, steps: pd.DataFrame) -> None:
    submissions.submission(found, steps)


def _plan(found: Submission, here: Actor, steps: pd.DataFrame) -> None:
    assert isinstance(found, Plan)
    plan_reading.plan_facts(found)
    submissions.history(steps)
    if extending.offered(found, here):
        extending.extend(found)


def _summary(found: Submission, here: Actor, steps: pd.DataFrame) -> None:
    assert isinstance(found, YearSummary)
    programme_summary.show(found, here, steps)


def _supplement(found: Any) -> str:
    return "不予通过后，这些人不能再补报；需要改正的，请用“退回”。" if found.part > 1 else ""


PLAIN = Reading(_plain)
READINGS = {
    "plan": Reading(_plan, also=(Role.ADMIN,)),
    "report": Reading(
        report_reviewing.show, note=_supplement, names={"standing": "hours_standing", "people": "listed_people"}
    ),
    "claim": Reading(
        claim_reviewing.show,
        ask=claim_reviewing.ask,
        typed=claim_reviewing.typed,
        before=claim_reviewing.grant,
        names=claim_reading.NAMES,
    ),
    "seminar": Reading(seminars.show, note=seminars.note),
    "plan_table": Reading(programme_reading.show, names={"people": "headcount"}),
    "year_summary": Reading(_summary),
    "nomination": Reading(
        _plain,
        ask=study_reviewing.ask,
        typed=study_reviewing.typed,
        before=study_reviewing.settle,
        note=study_reviewing.note,
        names={"title": "matter", "organization": "employer"},
    ),
    "objection": Reading(_plain, names={"title": "matter", "words": "objection"}),
    "study_appeal": Reading(appealing.show, names={"title": "matter", "words": "objection"}),
    "dispute": Reading(answering.show, names={"words": "objection", "completed_on": "studied_on"}),
}


def offered(here: Actor) -> list[Kind[Any]]:
    """The kinds that somebody has on the desk."""
    return [
        kind
        for kind in kinds.KINDS.values()
        if here.role in (*workflow.deciders(kind), *READINGS.get(kind.code, PLAIN).also)
    ]


def names(kind: str) -> dict[str, str]:
    """What columns of the queue of a kind, or of all, are called in an export."""
    return dict(READINGS.get(kind, PLAIN).names) if kind else {"kind": "record"}


def columns(kind: str) -> list[str]:
    """The columns of an export: of one kind with its own, of several what they share."""
    own = list(sa.select(*kinds.KINDS[kind].columns).selected_columns.keys()) if kind else []
    first = ["state"] if kind else ["kind", "state"]
    listed = [*first, "title", "organization", *own, "authority", "submitted_at", "decided_at"]
    return [names(kind).get(name, name) for name in listed]


def record(session: Session, found: Submission, here: Actor) -> str:
    """The base's record (基地办理情况) in one line, where it stands beside what was filed; else ""."""
    if found.kind not in RECORDED:
        return ""
    facts = reports.record_of(session, found.organization_id, here).facts
    return f"{md(found.organization.name)}历年：" + "；".join(f"{label}{value}" for label, value in facts)


@dataclass(frozen=True)
class Before:
    """What to know before reading one that waits (审前须知); all empty of one that does not."""

    returned: pd.DataFrame
    """The returns that stand, out of `workflow.trail`."""
    remarks: list[OpenRemark]
    changes: list[Changed]
    hints: list[Problem]


def before(session: Session, found: Submission, steps: pd.DataFrame, here: Actor) -> Before:
    """Of one that was filed again (再次提交) why it went back and what changed; of every one what is worth a look.

    A supplement has the remarks by which its rows went back (补报).
    """
    waits = found.state is State.SUBMITTED
    returned = workflow.standing_steps(steps)
    returned = returned[(returned["action"] == Action.RETURN) & waits]
    return Before(
        returned,
        workflow.remarks(session, found.id, here) if waits else [],
        [] if returned.empty else workflow.changes(session, found.id, here),
        kinds.of(found).warnings(session, found, here) if waits and found.kind not in WARNED else [],
    )


def earlier(found: Submission, known: Before) -> None:
    """Draw what to know before reading one that waits."""
    returned, remarks, changes, hints = known.returned, known.remarks, known.changes, known.hints
    went_back = not returned.empty
    if went_back:
        last, (filed, back) = returned.iloc[-1], map(kinds.of(found).word_for, (Action.SUBMIT, Action.RETURN))
        st.warning(f"再次{filed}。上次由{md(last['account_name'])}{back}：{md(last['reason'])}")
    if remarks:
        if not went_back:
            st.caption("这些行上次通过时退回，现在补报：")
        told = [
            (*map(md, (each.label, each.reason, each.words)), "已改" if each.changed else "未改") for each in remarks
        ]
        tables.prose(told, ["意见所指", "原因", "说明", "是否已改"])
    if went_back:
        with st.expander(f"{back}后的修改（{len(changes)}处）", expanded=0 < len(changes) <= FEW):
            where = [f"第{each.row}行 {each.label}" if each.row else each.label for each in changes]
            lines = [(md(at), md(each.before), md(each.after)) for at, each in zip(where, changes, strict=True)]
            if lines:
                tables.prose(lines[:MOST], ["修改之处", "上次", "现在"])
            else:
                st.caption("与上次相同，没有修改。")
            if len(lines) > MOST:
                st.caption(f"只列出前{MOST}处，其余见花名册的改正记录。")
    if hints:
        st.warning("\n".join(f"- {md(each.words)}" for each in hints))


RECORDED = ("plan", "report")
"""Kinds beside which the record of who filed them stands: it counts these."""
WARNED = ("report", "claim")
"""Kinds whose own reading shows what is worth a look, beside what it is about."""
FEW, MOST = 12, 200
"""Changes that are shown unfolded, and at all."""
