"""The year of study on screen (培养): who studies where, the milestones, the agreement, and leaving it."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.law.notices import Programme
from core.models import Nomination, Placement
from core.submissions import workflow
from core.submissions.programmes import placements, study
from core.submissions.programmes.placements import Step
from core.trail.files import Upload
from web import context, deeds, drafts, shell, submissions, tables
from web.claims import reading as evidence
from web.deeds import Who
from web.words import md

COLUMNS = "name employer authority status host start_on end_on reported_on midterm completed".split()


def placing(programme: Programme, year: int, here: Actor) -> None:
    """Everybody who was finally selected (培养名单); one that is chosen opens with all that is entered of it."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        return placements.roll(session, who, programme.code, year).rename(columns={"organization": "employer"})

    with db.reading() as session:
        frame = asked(session, here)
    empty = f"{year}年度还没有确定入选的人员。公示期满后，在“公示”中确定入选。"
    if not frame.empty:
        tables.export(asked, COLUMNS, name=f"{year}年培养名单")
    chosen = tables.pick(frame, COLUMNS, name="placement", empty=empty, what="第{}号培养记录")
    if chosen is None:
        if not frame.empty:
            st.caption("点一人，办理培养安排、环节、协议和退出。")
        return
    _one(chosen, here)


def _one(nomination_id: int, here: Actor) -> None:
    with db.reading() as session:
        nomination = study.one(session, nomination_id, here)
        found = placements.placed(session, nomination_id)
        kept = [each for each in study.evidence(session, nomination_id, here) if each.purpose == "agreement"]
        steps = workflow.trail(session, nomination_id, here)
        meets = placements.overlaps(session, nomination_id, found.start_on, found.end_on) if found else []
    may = here.role is Role.REVIEWER and here.oversees_region and nomination.dropped_on is None
    name = nomination.person.name if nomination.person else ""
    where = f"　:gray[{md(found.host)}，{found.start_on} 至 {found.end_on}]" if found else ""
    st.markdown(
        f"#### {md(name)}　:gray[:small[{md(nomination.organization.name)}]]　{study.status(nomination)}{where}"
    )
    if meets:
        st.warning("\n".join(f"- {md(words)}" for words in meets))
    if may:
        _forms(nomination, found)
    with st.expander("推荐表、培养情况和办理过程", expanded=not may):
        submissions.submission(nomination, steps)
        for each in kept:
            evidence.evidence(each)


def _forms(nomination: Nomination, found: Placement | None) -> None:
    """What the region enters (登记), what comes next first."""
    if found is None or found.completed_on is None:
        _place(nomination, found)
    if found is not None:
        left, right = st.columns(2)
        with left:
            _reach(nomination, found)
        with right:
            _agree(nomination, found)
    if found is None or found.completed_on is None:
        _withdraw(nomination)


def _place(nomination: Nomination, found: Placement | None) -> None:
    """Where, with whom and when (培养安排); a change says why."""
    key = f"place-{nomination.id}-{found.version if found else 0}"
    usual = {"host": nomination.host1, "department": "", "supervisor": nomination.supervisor}
    base: dict[str, Any] = {name: getattr(found, name) if found else usual.get(name) for name in placements.FIELDS}
    with st.expander("变更培养安排" if found else "安排培养", expanded=found is None), st.form(key, border=False):
        first, second, third = st.columns(3)
        first.text_input("培养单位 *", base["host"], key=f"{key}-host", max_chars=placements.LONGEST["host"])
        second.text_input("科室、院系", base["department"], key=f"{key}-department", max_chars=100)
        third.text_input("导师", base["supervisor"], key=f"{key}-supervisor", max_chars=40)
        first, second, third = st.columns(3)
        first.date_input("开始日期 *", base["start_on"], key=f"{key}-start_on", **drafts.DAYS)
        second.date_input("结束日期 *（可跨年度）", base["end_on"], key=f"{key}-end_on", **drafts.DAYS)
        if found:
            third.text_input("变更原因 *", key=f"{key}-reason", max_chars=placements.LONGEST_REASON)
        word = "保存变更" if found else "安排培养"
        args = (nomination.id, found.version if found else 0, key)
        st.form_submit_button(word, type="primary", on_click=_placed, args=args, key=f"{key}-do")


def _placed(nomination_id: int, version: int, key: str) -> None:
    typed = {name: st.session_state[f"{key}-{name}"] for name in placements.FIELDS}
    reason = st.session_state.get(f"{key}-reason", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        fields = placements.PlacementFields(**typed)
        placements.place(session, nomination_id, fields, version=version, reason=reason, **who)
        told = placements.overlaps(session, nomination_id, fields.start_on, fields.end_on)
        return "培养安排已保存，已告知本人、单位和盟市。" + "".join(f"请核对：{words}。" for words in told)

    deeds.deed(act, "place", nomination_id, version, reason, *map(str, typed.values()))


def _reach(nomination: Nomination, found: Placement) -> None:
    """The milestones (培养环节): the next one first; an entered one may be corrected with its reason."""
    key = f"reach-{nomination.id}-{found.version}"
    to_come = [step for step in Step if getattr(found, f"{step.value}_on") is None]
    with st.container(border=True):
        st.markdown("**培养环节**")
        steps: list[Step] = list(Step)
        step: Step = st.selectbox(
            "环节",
            steps,
            steps.index(to_come[0]) if to_come else 0,
            format_func=lambda each: each.label + ("" if each in to_come else "（更正）"),
            key=f"{key}-step",
            required=True,
        )
        with st.form(f"{key}-{step}-form", border=False):
            st.date_input("日期", context.today(), key=f"{key}-{step}-on", **drafts.DAYS)
            if step in placements.RESULTS:
                st.segmented_control("结果", placements.RESULTS[step], key=f"{key}-{step}-result")
            if step not in to_come:
                st.text_input("更正原因 *", key=f"{key}-{step}-reason", max_chars=placements.LONGEST_REASON)
            args = (nomination.id, found.version, step, f"{key}-{step}")
            st.form_submit_button(f"登记{step.label}", on_click=_reached, args=args, key=f"{key}-{step}-do")


def _reached(nomination_id: int, version: int, step: Step, key: str) -> None:
    on, result = st.session_state[f"{key}-on"], st.session_state.get(f"{key}-result") or ""
    reason = st.session_state.get(f"{key}-reason", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        placements.reach(session, nomination_id, step, on=on, result=result, version=version, reason=reason, **who)
        return f"{step.label}已登记{f'：{result}' if result else ''}。"

    deeds.deed(act, "reach", nomination_id, version, step, on, result, reason)


def _agree(nomination: Nomination, found: Placement) -> None:
    """The agreement (培养协议): its day, the years of service where it has any, its paper."""
    key = f"agree-{nomination.id}-{found.version}"
    with st.container(border=True):
        st.markdown("**培养协议**")
        with st.form(key, border=False):
            first, second = st.columns(2)
            first.date_input("签订日期", found.signed_on or context.today(), key=f"{key}-on", **drafts.DAYS)
            years = "" if found.service_years is None else str(found.service_years)
            second.text_input("服务年限（没有约定的留空）", years, key=f"{key}-years", max_chars=10)
            st.file_uploader("协议（PDF、JPG、PNG）", ["pdf", "jpg", "jpeg", "png"], key=f"{key}-file")
            args = (nomination.id, found.version, key)
            st.form_submit_button("登记协议", on_click=_agreed, args=args, key=f"{key}-do")


def _agreed(nomination_id: int, version: int, key: str) -> None:
    on, years, given = (st.session_state[f"{key}-{name}"] for name in ("on", "years", "file"))
    paper = Upload(given.name, given.getvalue()) if given else None

    def act(session: Session, **who: Unpack[Who]) -> str:
        said = {"signed_on": on, "service_years": years, "paper": paper, "version": version}
        placements.agree(session, nomination_id, **said, **who)
        return "培养协议已登记。"

    deeds.deed(act, "agree", nomination_id, version, on, years, given.file_id if given else "")


def _withdraw(nomination: Nomination) -> None:
    """Leaving (退出): the first reserve moves up, and everybody concerned is told."""
    key = f"withdraw-{nomination.id}-{nomination.version}"
    with st.expander("退出"), st.form(key, border=False):
        left, right = st.columns([1, 2])
        left.date_input("退出日期", context.today(), key=f"{key}-on", **drafts.DAYS)
        right.text_input("退出原因 *", key=f"{key}-reason", max_chars=placements.LONGEST_REASON)
        st.caption("登记退出后，备选的第一位递补入选，有关各方都会收到消息；不能撤销。")
        args = (nomination.id, nomination.version, key)
        st.form_submit_button("登记退出", on_click=_withdrawn, args=args, key=f"{key}-do")


def _withdrawn(nomination_id: int, version: int, key: str) -> None:
    on, reason = st.session_state[f"{key}-on"], st.session_state[f"{key}-reason"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        said = placements.withdraw(session, nomination_id, on=on, reason=reason, version=version, **who)
        return f"{said}。"

    deeds.deed(act, "withdraw", nomination_id, version, on, reason)


# --- one's own --------------------------------------------------------------------------------------------------------


def mine(here: Actor) -> None:
    """The own nominations of a person (本人的推荐), each with how it stands, and the claim on the certificate."""
    with db.reading() as session:
        found = study.of_person(session, here)
        steps = {each.id: workflow.trail(session, each.id, here) for each in found}
        ready = {each.id: _claimable(session, each.id, here) for each in found}
    if found:
        st.subheader("我的研修推荐", anchor=False)
    for each in found:
        with st.container(border=True):
            submissions.submission(each, steps[each.id])
            if ready[each.id]:
                claim(each.id, here)


def _claimable(session: Session, nomination_id: int, here: Actor) -> bool:
    try:
        return bool(placements.certificate(session, nomination_id, here.person_id or 0, here))
    except Refused:
        return False


def claim(nomination_id: int, here: Actor) -> None:
    """The way from a completed year to the claim on its certificate (申报学时折合): prefilled, nothing posts itself."""
    with db.reading() as session:
        nomination = study.one(session, nomination_id, here)
    query = {"kind": "claim", "for": str(nomination.human_id), "study": str(nomination_id)}
    shell.link("paper", "凭结业证书申报学时折合", **query)
