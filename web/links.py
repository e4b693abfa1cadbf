"""Links to records (打开事项): on which page and at which address one is opened, and a list of such lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.exams import results
from core.ground.access import OFFICERS, Actor, Role
from core.ledger import books
from core.people import persons
from core.submissions.kinds import KINDS
from web import shell

STYLE = Path(__file__).parent / "links.css"
READ_ELSEWHERE = {"nomination": "public_notice"}
"""Where the person reads what others filed about the person."""
Place = tuple[str, dict[str, str]]
"""A page's file, and the query of its address."""

OWED_ON = {"plan_table": "计划表报送情况", "year_summary": "总结报送情况"}
"""Of what offices owe by a day of the year: where on the page of plan tables it stands who has not filed."""
FILED_ELSEWHERE = {"dispute": "credit_lookup", "objection": "public_notice", "study_appeal": "credit_lookup"}
"""Where a kind is filed that has no form of its own: at the record it is about."""


def place(kind: str, record_id: int, actor: Actor, *, plan_id: int = 0) -> Place | None:
    """Where an actor opens a record (打开事项); None where the actor has no page for it.

    `plan_id`: of a report, whose plan it is on; that suffices where the report is not begun.
    """
    if kind in KINDS and KINDS[kind].filed_by(actor):
        if kind in FILED_ELSEWHERE:
            return FILED_ELSEWHERE[kind], {kind: str(record_id)}
        if kind == "report" and plan_id:
            return "paper", {"kind": kind, "plan": str(plan_id)}
        return "paper", {"item": str(record_id)} if record_id else {"kind": kind}
    if kind == "course":
        return ("learning", {}) if actor.role is Role.PERSON else ("courses", {"course": str(record_id)})
    if kind == "exam":
        return ("learning", {}) if actor.role is Role.PERSON else ("exams", {"course": str(record_id)})
    if kind == "key":
        return "keys", {}
    if kind == "result":
        return "results", {"batch": str(record_id)}
    if kind in OWED_ON and not record_id:
        return "plan_tables", {"view": OWED_ON[kind]}
    if actor.role is Role.PERSON and kind in READ_ELSEWHERE:
        return READ_ELSEWHERE[kind], {kind: str(record_id)}
    if kind == "public_notice":
        return ("study", {"notice": str(record_id)}) if actor.role in OFFICERS else ("public_notice", {})
    if not record_id and not plan_id:
        return None
    if actor.role in (Role.REVIEWER, Role.ADMIN):
        return "review", {"kind": kind, "item": str(record_id)} if record_id else {"kind": "plan", "item": str(plan_id)}
    return ("quota_dashboard", {}) if actor.role is Role.LEADER else None


def about(record: str, record_id: int, actor: Actor) -> Place | None:
    """Where an actor opens what a message is about (打开消息): a submission, hours, a day of the calendar."""
    if record in KINDS or record in ("public_notice", "course", "exam"):
        return place(record, record_id, actor)
    if record in ("credit_batch", "card") and actor.role is Role.PERSON:
        return "credit_lookup", {}
    return {"organization": ("calendar", {}), "quota": ("targets", {})}.get(record)


def record(kind: str, record_id: int, actor: Actor) -> Place | None:
    """Where an actor opens what a line of the trail is about (打开记录); None where the actor has no page for it."""
    if kind in KINDS or kind in ("public_notice", "course"):
        return place(kind, record_id, actor)
    number = str(record_id)
    if kind == "person":
        return ("credit_lookup", {"person": number}) if actor.role in persons.LOOKERS else None
    if kind == "decision_run":
        return ("eligibility", {"view": "已存档", "run-id": number}) if actor.role in OFFICERS else None
    if kind == "credit_batch":
        return ("ledger", {"batch": number}) if actor.role in books.REVERSERS else None
    if kind == "result_batch":
        return ("results", {"batch": number}) if actor.role in results.BRINGERS else None
    if kind == "quota":
        return "targets", {}
    kept = {"organization": "organizations", "account": "organizations", "intake": "moving_in"}
    kept |= {"card_template": "card_templates", "policy_draft": "policy_lab"}
    return (
        (kept[kind], {"view": "账号"} if kind == "account" else {})
        if kind in kept and actor.role is Role.ADMIN
        else None
    )


def menu(counts: dict[str, int], actor: Actor) -> dict[str, int]:
    """Counts beside the menu (待办数) by page file, out of those by kind."""
    pages = {code: "filing" for code, kind in KINDS.items() if kind.filed_by(actor)}
    pages |= {"message": "messages", "course": "courses", "exam": "exams", "result": "results"}
    found: dict[str, int] = {}
    for kind, number in counts.items():
        page = pages.get(kind, "review")
        found[page] = found.get(page, 0) + number
    return found


@contextmanager
def lines(name: str) -> Iterator[None]:
    """A framed list (清单) whose lines are drawn inside; `name` is its own on the page, which has drawn `STYLE`."""
    with st.container(border=True, gap=None, key=f"lines-{name}"):
        yield


def line(label: str, where: Place | None) -> None:
    """One line of a list: a link to where it leads; plain words where it leads nowhere. `label` is Markdown."""
    if where is None:
        st.markdown(label)
    else:
        st.page_link(shell.linked(where[0]), label=label, icon="", query_params=where[1] or None, width="stretch")
