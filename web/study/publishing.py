"""The public notice on screen (公示): the region opens it and makes the selection final; everybody reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.law.notices import Programme
from core.models import Objection, PublicNotice, State
from core.submissions import workflow
from core.submissions.programmes import marking, publicity, study
from web import context, deeds, drafts, shell, submissions, tables
from web.deeds import Who
from web.words import chip, md, moment_text


def publishing(programme: Programme, year: int, here: Actor) -> None:
    """The notices of a programme and a year, and what the region does with them (公示与确定入选)."""
    may = here.role is Role.REVIEWER and here.oversees_region
    with db.reading() as session:
        found = publicity.of_year(session, programme.code, year, here)
        lists = {each.id: publicity.shown(session, each.id, here, now=context.now()) for each in found}
        waits = {each.id: publicity.waiting(session, each.id) for each in found}
        ready = (
            [
                (study.person_of(session, each).name, each.organization.name, study.status(each))
                for each in publicity.to_publish(session, programme.code, year)
            ]
            if may
            else []
        )
    if may:
        _open(programme, year, ready)
    if not found:
        st.info(f"{year}年度还没有公示。遴选出人选后，由自治区人社厅公示。")
    for each in found:
        _notice(each, lists[each.id], waits[each.id], may)


def _open(programme: Programme, year: int, ready: list[tuple[str, str, str]]) -> None:
    """The form that opens a notice of all who were selected or kept as reserves and are in none yet."""
    if not ready:
        return
    with st.container(border=True):
        st.markdown(f"**待公示{len(ready)}人**（只公示姓名、单位和遴选结果）")
        tables.prose([tuple(map(md, each)) for each in ready], ["姓名", "工作单位", "遴选结果"])
        today = context.today()
        with st.form("notice-form", border=False):
            left, right, _ = st.columns([1, 1, 2])
            left.date_input("公示第一天", today, key="notice-first", **drafts.DAYS)
            right.date_input("公示最后一天", today + timedelta(days=6), key="notice-last", **drafts.DAYS)
            args = (programme.code, year)
            st.form_submit_button("公示", type="primary", on_click=_publish, args=args, key="notice-do")


def _publish(programme: str, year: int) -> None:
    first, last = st.session_state["notice-first"], st.session_state["notice-last"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        made = publicity.publish(session, programme, year, first_on=first, last_on=last, **who)
        return f"{made.first_on}至{made.last_on}公示，已告知人选、推荐单位和盟市。"

    deeds.deed(act, "publish", programme, year, first, last)


def _notice(notice: PublicNotice, lines: list[publicity.Shown], waiting: int, may: bool) -> None:
    """One notice with its list, and the button that makes the selection final once it has ended."""
    with st.container(border=True):
        today, final = context.today(), notice.final_on
        state = f"已于{final}确定入选" if final else "公示中" if notice.last_on >= today else "公示期满，待确定"
        st.markdown(f"**{notice.first_on}至{notice.last_on}公示**　:gray[{moment_text(notice.opened_at)}发布]　{state}")
        names(lines)
        if waiting:
            st.warning(f"有{waiting}件公示异议待答复，答复以后才能确定入选。")
            if may:
                shell.link("review", "答复公示异议", kind="objection")
        if may and final is None:
            late = f"conclude-{notice.id}-{notice.version}"
            if notice.last_on >= today:
                st.caption(f"公示到{notice.last_on}为止，期满后在这里确定入选。")
            else:
                args = (notice.id, notice.version)
                st.button("确定入选", type="primary", key=late, on_click=_conclude, args=args, disabled=waiting > 0)


def _conclude(notice_id: int, version: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        number = publicity.conclude(session, notice_id, version=version, **who)
        return f"已确定入选{number}人，已告知人选、推荐单位和盟市；在“培养”中安排培养单位和时间。"

    deeds.deed(act, "conclude", notice_id, version)


def names(lines: list[publicity.Shown]) -> None:
    """The list of a notice (公示名单): names, units, outcomes."""
    told = [(str(at), md(each.name), md(each.employer), each.outcome) for at, each in enumerate(lines, 1)]
    tables.prose(told, ["序号", "姓名", "工作单位", "遴选结果"])


# --- everybody's page -------------------------------------------------------------------------------------------------


def running(here: Actor) -> None:
    """The notices that run (正在公示), to read; whoever may objects."""
    with db.reading() as session:
        found = publicity.running(session, context.today())
        lists = {each.id: publicity.shown(session, each.id, here, now=context.now()) for each in found}
    if not found:
        st.info("现在没有正在公示的人选。")
    for each in found:
        with st.container(border=True):
            st.markdown(f"#### {each.year}年{md(marking.name_of(each.programme))}人选公示")
            st.caption(f"公示时间：{each.first_on}至{each.last_on}。对人选有异议的，请在公示期内提出。")
            names(lists[each.id])
            if here.role in publicity.FILERS:
                _object(each, lists[each.id])


def _object(notice: PublicNotice, lines: list[publicity.Shown]) -> None:
    """The form to object: only the region reads who wrote it."""
    key = f"object-{notice.id}"
    people = {each.nomination_id: f"{each.name}（{each.employer}，{each.outcome}）" for each in lines}

    def file() -> None:
        target, words = st.session_state[f"{key}-who"], st.session_state[f"{key}-words"]

        def act(session: Session, **who: Unpack[Who]) -> str:
            publicity.object_to(session, target, words=words, **who)
            return "异议已提出，由自治区人社厅答复；答复会显示在本页，并给您留消息。"

        if deeds.deed(act, key, target, words):
            st.session_state[f"{key}-words"] = ""

    with st.expander("提出异议"), st.form(f"{key}-form", border=False):
        st.selectbox(
            "对哪一人选",
            list(people),
            format_func=lambda number: people.get(number, ""),
            key=f"{key}-who",
            required=True,
        )
        st.text_area("异议内容和依据（必填）", key=f"{key}-words", height=90, max_chars=publicity.LONGEST)
        st.caption("由自治区人社厅核实、答复；人选本人、推荐单位看不到是谁提出的。")
        st.form_submit_button("提出异议", on_click=file, key=f"{key}-do")


def own_objections(here: Actor) -> None:
    """The objections one has filed (本人提出的异议), each with its answer and what may still be done."""
    if here.role not in publicity.FILERS:
        return
    with db.reading() as session:
        mine = publicity.own(session, here)
        steps = {each.id: workflow.trail(session, each.id, here) for each in mine}
        named = {each.id: study.person_of(session, each.against).name for each in mine}
    if mine:
        st.subheader("我提出的异议", anchor=False)
    for each in mine:
        with st.container(border=True):
            word = publicity.KIND.word_for(each.state)
            st.markdown(f"**对{md(named[each.id])}的公示异议**　{chip(each.state, word)}")
            st.markdown(md(each.words))
            submissions.history(steps[each.id])
            _in_hand(each)


def _in_hand(found: Objection) -> None:
    """One that is not closed: to withdraw while it waits, to complete and file again otherwise."""
    if found.state is State.SUBMITTED:
        args = (found.id, workflow.Action.WITHDRAW, found.version, found.title)
        st.button("撤回", key=f"withdraw-{found.id}-{found.version}", on_click=submissions.move, args=args)
    if found.state not in (State.RETURNED, State.WITHDRAWN) or found.notice.final_on:
        return
    key = f"amend-{found.id}-{found.version}"

    def amend() -> None:
        words = st.session_state[f"{key}-words"]

        def act(session: Session, **who: Unpack[Who]) -> str:
            publicity.amend(session, found.id, words=words, version=found.version, **who)
            return "异议已重新提出，由自治区人社厅答复。"

        deeds.deed(act, key, words)

    with st.form(f"{key}-form"):
        st.text_area("补充说明后重新提出", found.words, key=f"{key}-words", max_chars=publicity.LONGEST)
        st.form_submit_button("重新提出", on_click=amend, key=f"{key}-do")
