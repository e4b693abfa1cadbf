"""Reviewers grant hours, or the deemed year, on the certificates of the people of their jurisdiction."""

from decimal import Decimal
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.ground.hours import hours_text
from core.models import Claim, State
from core.submissions import claims, queues, workflow
from core.submissions.workflow import Action
from web import address, context, deeds, shell, submissions, tables
from web.claims import reading as shown
from web.deeds import Who
from web.words import md

actor = shell.require(Role.REVIEWER)
shell.page("学时折合审核", shown.caption(context.today(), actor.league))


def approve(claim_id: int, version: int, title: str, granted: bool) -> None:
    """Grant the hours typed, then approve: one act."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        seen = version
        if granted:
            hours = Decimal(str(st.session_state[f"granted-{claim_id}"] or 0))
            claim = claims.grant(session, claim_id, hours, version=version, **who)
            session.flush()
            seen = claim.version
        reason = st.session_state[f"reason-{claim_id}"]
        _, told = workflow.move(session, claim_id, Action.APPROVE, version=seen, reason=reason, **who)
        return f"“{title}”已通过，{told.words}。"

    if deeds.deed(act, Action.APPROVE, claim_id, version):
        address.forget_choice()


def beside(found: pd.DataFrame) -> None:
    """What else of the person to hold the claim against: a box for each concern, a line for each."""
    for concern in claims.Concern:
        lines = found[found["concern"] == concern]
        box = st.error if concern is claims.Concern.TRAINED else st.warning
        if not lines.empty:
            box(f"{concern.label}：\n\n" + "\n".join(map(line, lines.itertuples(index=False))))


def line(found: Any) -> str:
    """One of them: what it is, its days, its hours and its state."""
    number, state = f"第{found.id}{'批' if found.kind == 'credit_batch' else '号'}", State(found.state).label
    what = found.activity or "培训情况报告"
    days = str(found.end_on) if found.start_on == found.end_on else f"{found.start_on}至{found.end_on}"
    hours = f"{hours_text(found.hours)}学时" if found.hours else "视同完成"
    return f"- {number}{what}“{md(found.title)}”，{days}，{hours}（{state}）"


def decide(claim: Claim, activity: claims.Activity) -> None:
    """What else the person has, what the days hold, hours, reason, and the three buttons.

    The notice's own rate is the default, as far as the days hold it.
    """
    with db.reading() as session:
        others = claims.beside(session, claim.id, actor)
        held = claims.capacity_left(session, claim)
        filers = workflow.filers(session, claim)
    beside(others)
    if not filers:
        st.warning(
            "此人没有账号，现工作单位也没有单位经办人：退回后没有人可以改正重报，请先由管理员在“机构与账号”中开通账号。"
        )
    st.info(f"{claim.activity}：{activity.words}。")
    if not activity.deemed:
        default = float(min(claim.granted, held.most)) if claim.granted and held.most else None
        hours = st.number_input(
            "核定学时",
            0.5,
            1000.0,
            default,
            0.5,
            format="%g",
            key=f"granted-{claim.id}",
            width=200,
            placeholder="依据证书填写",
        )
        st.caption(md(f"{held.words}。"))
        if hours and (words := claims.beyond(claim, Decimal(str(hours)))):
            st.warning(words)
    st.text_area(
        "审核意见（必填，申报人会看到）",
        key=f"reason-{claim.id}",
        height=70,
        placeholder="如：考试成绩合格，证书属实" if activity.deemed else "如：证书属实，按40学时折合",
    )
    with st.container(horizontal=True):
        for action in workflow.moves_for(claim, actor):
            key = f"{action}-{claim.id}-{claim.version}"
            if action is Action.APPROVE:
                args: tuple[Any, ...] = (claim.id, claim.version, claim.title, not activity.deemed)
                st.button(action.label, type="primary", key=key, on_click=approve, args=args)
            else:
                args = (claim.id, action, claim.version, claim.title, f"reason-{claim.id}")
                st.button(action.label, key=key, on_click=submissions.move, args=args)


with st.container(horizontal=True, vertical_alignment="bottom"):
    state = address.filter_by("状态", State, key="state", default=State.SUBMITTED)
    text = st.text_input("姓名、证书或单位", key="q", bind="query-params", width=240)
    own = not actor.oversees_region or st.toggle("只看由本机关审核的", True, key="own", bind="query-params")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = queues.queue(session, who, kinds=("claim",), state=state, text=text, own=own, **page)
        return found.rename(columns=shown.NAMES), count

    columns = [*shown.COLUMNS, "employer"]
    tables.export(lambda session, who: asked(session, who, limit=None)[0], columns, name="学时折合审核")
frame, count = tables.listing(asked, actor, name="claim")
st.caption(f"共{count}份申报")
empty = "没有符合条件的申报。可换一个状态或清空查询条件。"
listed = [each for each in columns if each != "hours_standing" or state is not State.SUBMITTED]
claim_id = tables.pick(frame, listed, name="claim", empty=empty)
if claim_id is not None:
    try:
        with db.reading() as session:
            found = shown.read(session, claim_id, actor)
        with st.container(border=True):
            shown.show(found, actor)
            if Action.APPROVE in workflow.moves_for(found.claim, actor):
                decide(found.claim, found.activity)
            elif found.claim.state is State.SUBMITTED:
                st.info(f"该申报由{found.claim.authority.name}审核，您可以查看。")
    except Refused as refused:
        st.error(refused.words)
