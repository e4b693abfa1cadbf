"""Putting the office back from a backup on the screen (恢复): one administrator asks, another does it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.office import backups
from web import context, deeds
from web.deeds import Who
from web.words import md, moment_text


def _restore() -> None:
    """The office out of the chosen backup; then there is nobody signed in any more, the actor included."""
    given = {name: st.session_state[f"restore-{name}"] for name in ("said", "dated", "passphrase")}
    name, now = st.session_state["restore-name"], context.now()
    try:
        with db.reading() as session:
            here = context.actor_now(session)
        if here is None:
            raise Refused("role", "登录已失效，操作没有执行。请重新登录后再试。")
        aside = backups.over_living(name, **given, actor=here, now=now, real=datetime.now(UTC))
    except Refused as refused:
        deeds.say("error", refused.words)
        return
    context.renew()
    st.session_state.clear()
    deeds.say("success", f"已从 {name} 恢复，原来的系统另存在 {aside.name}。请用备份当时的账号和密码登录。")


def _ask() -> None:
    name, reason = st.session_state["ask-name"], st.session_state["ask-reason"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        backups.ask_to_restore(session, name, reason=reason, **who)
        return f"已提请用 {name} 恢复，请另一名管理员{backups.ASKED_FOR.days}天内在此恢复；恢复以前一切照旧。"

    deeds.deed(act, "ask-restore", name, reason)


def _drop() -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        backups.drop_restore(session, **who)
        return "已撤回恢复的申请，一切照旧。"

    deeds.deed(act, "drop-restore")


def draw(kept: list[backups.Kept], actor: Actor) -> None:
    """Which backup, and the two answers without which nothing happens; where there are two administrators, one asks
    and the other answers."""
    with db.reading() as session:
        two = backups.takes_two(session, actor, now=context.now())
        asked = backups.asked(session, actor, now=context.now())
    names = [each.path.name for each in kept]
    if two and (asked is None or asked.file not in names):
        st.caption("恢复由两名管理员办理：一人提请，另一人恢复。")
        with st.form("ask-restore", border=False):
            st.selectbox("备份", names, key="ask-name", required=True)
            st.text_input("恢复的原因", key="ask-reason")
            st.form_submit_button("提请恢复", on_click=_ask)
        return
    if two and asked:
        st.info(md(f"{asked.by}于{moment_text(asked.at)}提请用 {asked.file} 恢复：{asked.reason}"))
        st.button("撤回提请", on_click=_drop)
        if asked.account == actor.account_id:
            st.caption("由另一名管理员在此恢复。")
            return
        names = [asked.file]
    st.warning(
        "备份以后办理的事项会从系统中消失；现在的系统先另存一份，可以再换回来。所有人都要重新登录，恢复时打不开系统。"
    )
    with st.form("restore", border=False):
        st.selectbox("备份", names, key="restore-name", required=True)
        st.text_input("备份口令", type="password", key="restore-passphrase", help="备份时没有设口令的留空。")
        left, right = st.columns(2)
        left.text_input(f"确要恢复请输入“{backups.WORD}”", key="restore-said")
        right.text_input("再输入备份的日期", key="restore-dated", placeholder="如 2024-06-28")
        st.form_submit_button("恢复", icon=":material/settings_backup_restore:", on_click=_restore)
