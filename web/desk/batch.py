"""Many at once (批量通过): all of a list that have nothing worth a look, each a deed of its own with its own line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import Actor, Refused
from core.ground.hours import hours_text
from core.ledger.consequences import Consequence
from core.models import State, Submission
from core.submissions import kinds, queues, workflow
from core.submissions.queues import Row, Wanted
from core.submissions.workflow import Action
from web import address, context, deeds, submissions, tables
from web.deeds import Who
from web.desk import deciding
from web.words import md

MOST = 200
"""Of a list, so many of the first are looked at together."""


def offer(rows: Sequence[Row], wanted: Wanted, here: Actor) -> None:
    """The button that finds what of the list may be approved together, and shows it before anything is done."""
    found = (row.submission for row in rows)
    plain = (each for each in found if not workflow.needs_reason(kinds.of(each), Action.APPROVE))
    mine = (each for each in plain if Action.APPROVE in workflow.moves_for(each, here))
    if len(list(islice(mine, 2))) > 1:
        st.button("批量通过…", key="desk-batch", on_click=_begin, args=(wanted,), icon=":material/done_all:")


FEW = 20
"""So many are rehearsed where they are; more than these on a copy, so that nobody waits for it."""


def _begin(wanted: Wanted) -> None:
    """Look at each of the whole list once: what has nothing worth a look (没有提示), and what approval leads to."""

    all_of_it = replace(wanted, state=State.SUBMITTED)

    def ask(session: Session, here: Actor) -> list[Row]:
        rows = queues.listed(session, all_of_it, actor=here, now=context.moment(session), limit=MOST)
        return [row for row in rows if Action.APPROVE in workflow.moves_for(row.submission, here)]

    def act(session: Session, **who: Unpack[Who]) -> tuple[list[tuple[Row, Consequence]], list[tuple[Row, str]]]:
        plain: list[tuple[Row, Consequence]] = []
        aside: list[tuple[Row, str]] = []
        for row in waiting:
            try:
                if why := workflow.aside(session, row.submission.id, who["actor"]):
                    aside.append((row, "；".join(each.rstrip("。") for each in why)))
                else:
                    plain.append((row, _foreseen(session, row.submission, who)))
            except Refused as refused:
                aside.append((row, f"现在还不能通过：{refused.words}"))
        return plain, aside

    waiting = deeds.answer(ask) or []
    try:
        plain, aside = deeds.rehearsed(act, large=len(waiting) > FEW)
    except Refused as refused:
        deeds.say("error", refused.words)
        return
    _ask(plain, aside)


def _foreseen(session: Session, found: Submission, who: Who) -> Consequence:
    """What approval leads to. Refused as it would be."""
    return workflow.foreseen(session, found.id, Action.APPROVE, version=found.version, **who)


@st.dialog("批量通过", width="large")
def _ask(plain: Sequence[tuple[Row, Consequence]], aside: Sequence[tuple[Row, str]]) -> None:
    """What may be approved together, ticked, each with what decides and what follows; the rest is named, with why."""
    count = len(plain) + len(aside)
    many = f"列表最前面的{MOST}件待审，其余的请缩小筛选条件后再办" if count == MOST else f"列表各页共{count}件待审"
    st.caption(f"{many}：{len(plain)}件没有提示，可以一起通过；{len(aside)}件须逐件审核，不在其内。")
    acts = st.container(horizontal=True, vertical_alignment="center", key="batch-acts")
    ticked = [(row.submission, told) for row, told in plain if _ticked(row, told)]
    chosen = [found for found, _ in ticked]
    with acts:
        done = st.button(
            f"通过所选{len(chosen)}件" if chosen else "没有选中",
            type="primary",
            key="batch-approve",
            disabled=not chosen,
            on_click=_approve,
            args=(chosen,),
        )
        if st.button("不办理", key="batch-leave") or done:
            st.rerun()
        if plain:
            word, keys = "全不选" if chosen else "全选", [_box(row.submission) for row, _ in plain]
            st.button(word, key="batch-all", type="tertiary", on_click=_tick_all, args=(keys, not chosen))
        if people := sum(told.people for _, told in ticked):
            hours = sum((told.hours for _, told in ticked), Decimal())
            st.markdown(f"共登记{people}人次、{hours_text(hours)}学时", width="content")
    if aside:
        with st.expander(f"须逐件审核的{len(aside)}件及原因", expanded=len(aside) <= FEW):
            tables.prose([(_named(row.submission), md(why)) for row, why in aside], ["事项", "原因"])


def _box(found: Submission) -> str:
    return f"batch-{found.id}-{found.version}"


def _tick_all(keys: Sequence[str], ticked: bool) -> None:
    for key in keys:
        st.session_state[key] = ticked


def _ticked(row: Row, told: Consequence) -> bool:
    """One of them, and whether it stays ticked."""
    found, line = row.submission, row.line
    facts = "，".join(filter(None, (found.organization.name, line.when, line.size, line.hours)))
    after = f"  \n:small[通过后，{md(told.words)}]" if told.words else ""
    st.session_state.setdefault(_box(found), True)
    return st.checkbox(f"{_named(found)}　{md(facts)}{after}", key=_box(found))


def _named(found: Submission) -> str:
    return f"{kinds.of(found).short}　**{md(found.title)}**"


def _approve(chosen: Sequence[Submission]) -> None:
    """Each in a transaction of its own, with every check of a single approval; a refusal stops none of the others."""
    passed = 0
    for each in chosen:

        def act(session: Session, found: Submission = each, **who: Unpack[Who]) -> str:
            moved, done = workflow.move(session, found.id, Action.APPROVE, version=found.version, **who)
            return submissions.told(moved, Action.APPROVE, done)

        once = Action.APPROVE, each.id, each.version
        passed += deeds.deed(act, *once, refused=f"“{each.title}”没有通过：") is not None
    if here := context.actor():
        submissions.read_of([each.id for each in chosen], here)
    failed = len(chosen) - passed
    left = f"，没有通过{failed}件" if failed else ""
    deeds.say("warning" if failed else "success", f"批量办理{len(chosen)}件：通过{passed}件{left}。", first=True)
    opened = address.chosen("item")
    if opened is None or opened in {each.id for each in chosen}:  # the next one opens, as after a single one
        st.session_state["desk-after"] = opened or deciding.NONE
