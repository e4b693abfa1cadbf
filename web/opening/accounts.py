"""Accounts (账号) on screen: opened one by one with a first password that is made, put right, closed, reset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.people import accounts, organizations, passwords
from core.people.slips import Slip
from web import address, deeds, tables
from web.deeds import Who
from web.opening import correcting, moving
from web.words import md

Places = Mapping[int, tuple[str, OrganizationKind]]
"""Organizations by id: name and kind."""


def open_account() -> None:
    """Open one account with a first password that is made here."""
    username, drawn = st.session_state["account-username"], passwords.drawn()
    role, name = Role(st.session_state["account-role"]), st.session_state["account-name"]
    home = None if role is Role.PERSON else st.session_state["account-organization"]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, Slip]:
        typed = {"username": username, "password": drawn}
        if home is None:
            account = accounts.open_person_account(session, **typed, id_number=name, **who)
        else:
            account = accounts.open_account(session, **typed, role=role, name=name, organization_id=home, **who)
        words = f"已开通账号{account.username}，初始密码在下面，请当面交给{account.name}，首次登录须修改。"
        return words, correcting.slip(account, drawn)

    if (made := deeds.deed(act, "account", role, name, home, username)) is not None:
        st.session_state["moving-slips"] = [made]


def switch_account(account_id: int, active: bool, username: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(f"why-account-{account_id}", "")
        accounts.set_active(session, account_id, active, reason=reason, **who)
        return f"账号{username}已{'启用' if active else '停用并退出登录'}。"

    deeds.deed(act, "account", account_id, active)


def drop_factor(account_id: int, username: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(f"why-account-{account_id}", "")
        accounts.drop_second_factor(session, account_id, reason=reason, **who)
        return f"账号{username}的动态口令已停用，下次登录只需密码，可重新启用。"

    deeds.deed(act, "drop-factor", account_id)


def tab(actor: Actor) -> None:
    """The accounts of a jurisdiction (账号): listed, opened, put right, closed."""
    columns = ["username", "name", "role", "organization", "active", "second_factor"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = address.searched("用户名、姓名或机构", key="account-q", width=260)
        tables.export(lambda session, who: accounts.listing(session, who, text=text), columns, name="账号")
    with db.reading() as session:
        frame = accounts.listing(session, actor, text=text)
        places = organizations.listing(session, actor)
    kinds = {
        int(number): (str(name), OrganizationKind(kind))
        for number, name, kind in zip(places["id"], places["name"], places["kind"], strict=True)
    }
    if handed := st.session_state.get("moving-slips"):
        moving.password_slips(handed)
    chosen = tables.pick(frame, columns, name="account", empty="没有符合条件的账号。可在下方开通。", what="第{}号账号")
    known = frame[frame["id"] == chosen]
    if len(known):
        _one(known.iloc[0].to_dict(), kinds, actor)
    with st.expander("开通账号"):
        _opening(kinds)


def _one(one: Mapping[Any, Any], kinds: Places, actor: Actor) -> None:
    """One account: what may be done about it."""
    number = int(one["id"])
    with st.container(border=True):
        st.markdown(f"**{md(one['username'])}**　:gray[{md(one['name'])}]")
        mine = number == actor.account_id  # nobody is offered to close the own account, or to lock oneself out
        if mine:
            st.caption("这是您自己的账号，密码在“我的账号”中修改；停用须由另一名管理员办理。")
        else:
            correcting.reset(one)
        switch = "停用" if one["active"] else "启用"
        factor = ["停用动态口令"] if one["second_factor"] else []
        own = [] if one["role"] == Role.PERSON.value else ["更正"]
        todo = st.segmented_control(
            "办理", [*own, *([] if mine else [switch, *factor]), "变更记录"], key=f"todo-account-{number}"
        )
        if todo == "更正":
            correcting.account(one, kinds)
        elif todo == "变更记录":
            correcting.history("account", number, actor)
        elif todo:
            st.text_input(f"{todo}的原因（必填）", key=f"why-account-{number}")
            if todo == "停用动态口令":
                arguments = (number, one["username"])
                st.button(todo, key=f"drop-{number}", on_click=drop_factor, args=arguments)
            else:
                st.button(
                    todo,
                    key=f"switch-account-{number}-{one['active']}",
                    on_click=switch_account,
                    args=(number, not one["active"], one["username"]),
                )


def _opening(kinds: Places) -> None:
    """Open one account (开通账号)."""
    code = st.selectbox(
        "角色",
        list(map(str, Role)),
        None,
        format_func=lambda code: Role(code).label,
        key="account-role",
        placeholder="先选择角色",
    )
    if code is None:
        return
    role = Role(code)
    with st.form("account", clear_on_submit=True):
        if role is Role.PERSON:
            st.text_input("本人身份证号", key="account-name", help="须已在库；账号归属其工作单位")
        else:
            st.text_input("使用人姓名", key="account-name")
            names = correcting.fitting(kinds, role)
            st.selectbox(
                "所属机构", list(names), format_func=names.__getitem__, key="account-organization", required=True
            )
        st.text_input("用户名", key="account-username", placeholder="3至40位小写字母、数字、点、横线或下划线")
        st.caption("初始密码由系统生成，开通后显示一次，可打印成条。多个账号请用“批量导入”。")
        st.form_submit_button("开通", type="primary", on_click=open_account)
