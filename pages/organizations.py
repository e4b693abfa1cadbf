"""Administrators keep the organizations and accounts of their jurisdiction."""

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import access, db
from core.ground.access import Actor, OrganizationKind, Role
from core.people import organizations
from web import address, deeds, retention, second_factor, shell, tables
from web.deeds import Who
from web.opening import accounts, correcting, identity
from web.words import md

actor = shell.require(Role.ADMIN)
shell.page("机构与账号", "在管理权限内新增机构、开通和停用账号。账号首次登录须修改密码；停用后立即退出。")

view = address.view(["机构", "账号", "登录规则", "本单位"] if actor.oversees_region else ["机构", "账号"])


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
    chosen = tables.pick(frame, columns, name="organization", empty=empty, what="第{}号机构")
    known = frame[frame["id"] == chosen]
    if len(known):
        one = known.iloc[0]
        with st.container(border=True):
            st.markdown(f"**{md(one['organization_name'])}**")
            switch = "停用" if one["active"] else "启用"
            todo = st.segmented_control("办理", ["更正", switch, "变更记录"], key=f"todo-{chosen}")
            if todo == "更正":
                correcting.organization(one.to_dict(), homes)
            elif todo == "变更记录":
                correcting.history("organization", int(one["id"]), actor)
            elif todo:
                st.text_input(f"{switch}的原因（必填）", key=f"why-{chosen}")
                st.button(
                    switch,
                    key=f"switch-{chosen}-{one['active']}",
                    on_click=switch_organization,
                    args=(chosen, not one["active"], one["organization_name"]),
                )
    with st.expander("新增机构"), st.form("organization", clear_on_submit=True):
        st.text_input("机构全称", key="new-name", max_chars=80)
        kinds = [one for one in OrganizationKind if one not in access.AUTHORITIES]
        st.selectbox("类别", kinds, format_func=lambda one: one.label, key="new-kind", required=True)
        st.selectbox("管理权限", list(homes), format_func=homes.__getitem__, key="new-authority", required=True)
        st.form_submit_button("新增", type="primary", on_click=add_organization)


if view == "账号":
    accounts.tab(actor)
elif view == "登录规则" and actor.oversees_region:
    second_factor.rules()
    retention.section()
elif view == "本单位" and actor.oversees_region:
    identity.form()
else:
    organizations_tab()
