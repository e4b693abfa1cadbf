"""Administrators keep the organizations and accounts of their jurisdiction."""

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import access, db
from core.ground.access import ROLE_HOMES, Actor, OrganizationKind, Role
from core.people import accounts, organizations
from web import address, deeds, second_factor, shell, tables
from web.deeds import Who
from web.opening import identity
from web.words import md

actor = shell.require(Role.ADMIN)
shell.page("机构与账号", "在管理权限内新增机构、开通和停用账号。账号首次登录须修改密码；停用后立即退出。")

view = st.segmented_control(
    "内容",
    ["机构", "账号", "登录规则", "本单位"] if actor.oversees_region else ["机构", "账号"],
    default="机构",
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)


def add_organization() -> None:
    typed = {name: st.session_state[f"new-{name}"] for name in ("name", "kind", "authority")}

    def act(session: Session, **who: Unpack[Who]) -> str:
        added = organizations.add(
            session, name=typed["name"], kind=typed["kind"], authority_id=typed["authority"], **who
        )
        return f"已新增机构“{added.name}”。"

    deeds.deed(act, "organization", *typed.values())


def switch_organization(organization_id: int, active: bool, name: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(f"why-{organization_id}", "")
        organizations.set_active(session, organization_id, active, reason=reason, **who)
        return f"“{name}”已{'启用' if active else '停用，其账号不能再登录'}。"

    deeds.deed(act, "organization", organization_id, active)


def open_account() -> None:
    typed = {name: st.session_state[f"account-{name}"] for name in ("username", "password")}
    role, name = Role(st.session_state["account-role"]), st.session_state["account-name"]
    home = None if role is Role.PERSON else st.session_state["account-organization"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        if home is None:
            account = accounts.open_person_account(session, **typed, id_number=name, **who)
        else:
            account = accounts.open_account(session, **typed, role=role, name=name, organization_id=home, **who)
        return f"已开通账号{account.username}，请把初始密码交给{account.name}，首次登录须修改。"

    deeds.deed(act, "account", role, name, home, hash(tuple(typed.values())))


def switch_account(account_id: int, active: bool, username: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(f"why-account-{account_id}", "")
        accounts.set_active(session, account_id, active, reason=reason, **who)
        return f"账号{username}已{'启用' if active else '停用并退出登录'}。"

    deeds.deed(act, "account", account_id, active)


def reset(account_id: int, username: str) -> None:
    typed = st.session_state[f"reset-{account_id}"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        accounts.reset_password(session, account_id, typed, **who)
        return f"账号{username}的密码已重置，下次登录须修改。"

    deeds.deed(act, "reset", account_id, hash(typed))


def drop_factor(account_id: int, username: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(f"why-account-{account_id}", "")
        accounts.drop_second_factor(session, account_id, reason=reason, **who)
        return f"账号{username}的动态口令已停用，下次登录只需密码，可重新启用。"

    deeds.deed(act, "drop-factor", account_id)


def organizations_tab() -> None:
    columns = ["organization_name", "kind", "authority", "active", "accounts"]

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        found = organizations.listing(session, who, kind=kind, text=text)
        return found.rename(columns={"name": "organization_name"})

    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = address.filter_by("类别", OrganizationKind, key="kind")
        text = address.searched("名称", key="q", width=260)
        tables.export(asked, columns, name="机构")
    with db.reading() as session:
        frame = asked(session, actor)
        homes = organizations.authorities(session)
    if not actor.oversees_region:
        homes = {actor.organization_id: actor.organization_name}
    empty = "没有符合条件的机构。可在下方新增。"
    chosen = tables.pick(frame, columns, name="organization", empty=empty)
    known = frame[frame["id"] == chosen]
    if len(known):
        one = known.iloc[0]
        with st.container(border=True):
            st.markdown(f"**{md(one['organization_name'])}**")
            st.text_input("停用或启用的原因（必填）", key=f"why-{chosen}")
            st.button(
                "停用" if one["active"] else "启用",
                key=f"switch-{chosen}-{one['active']}",
                on_click=switch_organization,
                args=(chosen, not one["active"], one["organization_name"]),
            )
    with st.expander("新增机构"), st.form("organization", clear_on_submit=True):
        st.text_input("机构全称", key="new-name", max_chars=80)
        kinds = [one for one in OrganizationKind if one not in access.AUTHORITIES]
        st.selectbox("类别", kinds, format_func=lambda one: one.label, key="new-kind")
        st.selectbox("管理权限", list(homes), format_func=homes.__getitem__, key="new-authority")
        st.form_submit_button("新增", type="primary", on_click=add_organization)


def accounts_tab() -> None:
    columns = ["username", "name", "role", "organization", "active", "second_factor"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = address.searched("用户名、姓名或机构", key="account-q", width=260)
        tables.export(lambda session, who: accounts.listing(session, who, text=text), columns, name="账号")
    with db.reading() as session:
        frame = accounts.listing(session, actor, text=text)
        places = organizations.listing(session, actor)
    chosen = tables.pick(frame, columns, name="account", empty="还没有账号。可在下方开通。")
    known = frame[frame["id"] == chosen]
    if len(known):
        one = known.iloc[0]
        with st.container(border=True):
            st.markdown(f"**{md(one['username'])}**　:gray[{md(one['name'])}]")
            left, right = st.columns(2)
            left.text_input("停用、启用或停用动态口令的原因（必填）", key=f"why-account-{chosen}")
            left.button(
                "停用" if one["active"] else "启用",
                key=f"switch-account-{chosen}-{one['active']}",
                on_click=switch_account,
                args=(chosen, not one["active"], one["username"]),
            )
            right.text_input("新的初始密码", type="password", key=f"reset-{chosen}", autocomplete="new-password")
            right.button("重置密码", key=f"do-reset-{chosen}", on_click=reset, args=(chosen, one["username"]))
            if one["second_factor"]:
                left.button("停用动态口令", key=f"drop-{chosen}", on_click=drop_factor, args=(chosen, one["username"]))
    with st.expander("开通账号"):
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
                st.text_input("本人身份证号", key="account-name", help="须已有学时记录；账号归属其工作单位")
            else:
                st.text_input("使用人姓名", key="account-name")
                fit = places[places["kind"].isin([kind.value for kind in ROLE_HOMES[role]])]
                names = dict(zip(fit["id"], fit["name"], strict=True))
                st.selectbox("所属机构", list(names), format_func=names.__getitem__, key="account-organization")
            st.text_input("用户名", key="account-username", placeholder="3至40位小写字母、数字、点、横线或下划线")
            st.text_input("初始密码", type="password", key="account-password", autocomplete="new-password")
            st.form_submit_button("开通", type="primary", on_click=open_account)


if view == "账号":
    accounts_tab()
elif view == "登录规则" and actor.oversees_region:
    second_factor.rules()
elif view == "本单位" and actor.oversees_region:
    identity.form()
else:
    organizations_tab()
