"""Administrators try a policy over everybody before it holds, and a second one publishes it."""

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import drafts, replay
from core.ground import db
from core.ground.access import Refused, Role
from core.law import notices
from core.people import accounts, setup
from web import address, context, deeds, shell, tables
from web.deeds import Who
from web.policies import articles, draft_form, faults, trial
from web.words import md

actor = shell.require(Role.ADMIN)
shell.page("政策试算与发布", "改动草稿的学时、年龄、年限或减免，立即看到谁的结论会变；发布须由另一名管理员办理。")


def keep(text: str) -> None:
    name = st.session_state.get("lab-name", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        draft = drafts.save_draft(session, text, name=name, **who)
        return f"政策草稿“{draft.name}”已保存，请另一名管理员在“草稿与发布”中核对后发布。"

    deeds.deed(act, "draft", text, name)


def put_away(draft_id: int, version: int, name: str, away: bool) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state[f"why-{draft_id}"]
        drafts.put_away(session, draft_id, away, version=version, reason=reason, **who)
        return f"草稿“{name}”已{'收起，可在“显示收起的”中找到' if away else '重新列出'}。"

    deeds.deed(act, "put-away", draft_id, version, away)


def publish(draft_id: int, version: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        draft, changed = drafts.publish(
            session, draft_id, version=version, reason=st.session_state[f"why-{draft_id}"], **who
        )
        return f"政策“{draft.policy_id}”已发布；重算上一年度的核验，{len(changed)}份结论会不同。"

    if deeds.deed(act, "publish", draft_id, version):
        with db.reading() as session:
            drafts.install(session)


def publishing() -> None:
    """Drafts waiting for a second administrator, with last year's decisions replayed."""
    with db.reading() as session:
        frame = drafts.listing(session, actor).rename(columns={"reason": "published_because"})
    frame["league"] = frame["league"].map(faults.place)
    frame = frame.rename(columns={"name": "draft_name"})
    away = frame["put_away_at"].notna()
    if away.any() and not st.toggle(f"显示收起的（{int(away.sum())}）", key="lab-away"):
        frame = frame[~away]
    columns = [
        "draft_name",
        "policy_id",
        "league",
        "drafted_by",
        "drafted_at",
        "published_by",
        "published_at",
        "published_because",
    ]
    chosen = tables.pick(frame, columns, name="draft", empty="还没有政策草稿。在“试算”中保存一份。", what="第{}号草稿")
    if chosen is None:
        if not frame.empty:
            st.caption("选中一份草稿，查看它说了什么、会改变上一年度的哪些结论，再发布。")
        return
    one = frame.set_index("id").loc[chosen]
    with db.reading() as session:
        text = drafts.draft_text(session, chosen, actor)
        draft = drafts.read(text)
        changed = replay.replay(session, draft, actor=actor)
    st.subheader(md(draft.title), anchor=False)
    where = faults.place(draft.league)
    st.caption(md(f"{draft.document}，{where}，适用于{draft.in_force.first}至{draft.in_force.last}"))
    with st.expander("逐条规定"):
        articles.articles(draft)
    with st.expander("草稿全文"):
        st.code(text, language="yaml")
    last = draft.first_year - 1
    st.markdown(f"**重算{last}年度的核验：{len(changed)}份结论会不同**")
    changed = changed.assign(**{name: changed[name].map(trial.OUTCOMES) for name in ("before", "after")})
    names = {"number": "decision_number", "organization": "deciding_office"}
    names |= {"before": "outcome_before", "after": "outcome_by_draft"}
    empty = f"{last}年度没有存档的核验，或结论都不变。"
    tables.table(changed.rename(columns=names), ["year", *names.values()], empty=empty)
    if one["published_by"] is None or pd.isna(one["published_by"]):
        deciding(chosen, int(str(one["version"])), str(one["draft_name"]), bool(pd.notna(one["put_away_at"])))


def deciding(draft_id: int, version: int, name: str, away: bool) -> None:
    """What may be done about a draft: only what would not be refused is offered, and why the rest is not."""
    with db.reading() as session:
        why = drafts.why_not(session, draft_id, actor, now=context.now())
    only = bool(why) or away
    label = "收起或重新列出的原因（必填）" if only else "发布依据，或收起的原因（必填）"
    st.text_input(label, key=f"why-{draft_id}", placeholder="如：试算用，不发布" if only else "如：通知文号和印发日期")
    with st.container(horizontal=True):
        if not why and not away:
            st.button("发布", type="primary", key=f"publish-{draft_id}", on_click=publish, args=(draft_id, version))
        words = "重新列出" if away else "收起"
        arguments = (draft_id, version, name, not away)
        st.button(words, key=f"away-{draft_id}-{version}", on_click=put_away, args=arguments)
        if why:
            st.info(md(f"您现在不能发布这份草稿：{why}"))
    if not why and not away:
        st.caption("发布后立即按新政策计算。")


def refuse(refused: Refused) -> None:
    """A refusal in words; of a malformed draft every fault, with its file and its line there."""
    if isinstance(refused, notices.Malformed):
        st.error("政策文件有误，请按下列各行改正。")
        faults.listed(refused.faults)
    else:
        st.error(md(refused.words))


def trying() -> None:
    """The draft on the left, what it would do on the right, both sheets of somebody below."""
    left, right = st.columns([2, 3])
    with left, st.container(border=True):
        text, beside = draft_form.text(actor)
        st.text_input("草稿名称", key="lab-name", max_chars=drafts.LONGEST_NAME, placeholder="不填则用标题")
        saving = st.container()
        with db.reading() as session:
            wait = accounts.second_administrator(session, actor, now=context.now())
        st.caption(f"保存后由另一名管理员发布。{wait}")
    try:
        draft = drafts.read(text, setup.league_names())
        saving.button("保存为草稿", key="keep-draft", on_click=keep, args=(text,))
        draft_form.asked(draft, saving, beside)
        with right:
            chosen = trial.show(draft, actor)
    except Refused as refused:
        with right:
            refuse(refused)
        return
    if chosen:
        trial.both(*chosen, draft, actor)


def mend(policy_id: str) -> None:
    """Open a faulty file in the draft form."""
    st.session_state["lab-policy"] = policy_id
    st.query_params.pop("view", None)


faults.faulty_files(mend)
view = address.view(["试算", "草稿与发布"])
try:
    if view == "草稿与发布":
        publishing()
    else:
        trying()
except Refused as refused:
    refuse(refused)
