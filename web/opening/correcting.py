"""Organizations and accounts put right (更正) on screen: the forms, first passwords that are made, what was before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import access, db
from core.ground.access import ROLE_HOMES, Actor, OrganizationKind, Role
from core.people import accounts, organizations, passwords
from core.people.slips import Slip
from core.trail import audit
from web import deeds, tables
from web.deeds import Who
from web.words import md, moment_text

_CODES: dict[str, str] = {each.value: each.label for each in (*OrganizationKind, *Role)}
_FIELDS = {"name": "名称", "kind": "类别", "authority": "管理权限", "role": "角色", "organization": "机构"}


def organization(one: Mapping[Any, Any], homes: Mapping[int, str]) -> None:
    """Correct an organization (更正机构): name, kind, authority."""
    number = int(one["id"])
    kinds: list[OrganizationKind] = [each for each in OrganizationKind if each not in access.AUTHORITIES]
    offices = list(homes)
    at = next((place for place, each in enumerate(offices) if homes[each] == one["authority"]), 0)

    def correct() -> None:
        typed = {
            name: st.session_state[f"right-{number}-{name}"] for name in ("name", "kind", "authority_id", "reason")
        }

        def act(session: Session, **who: Unpack[Who]) -> str:
            found = organizations.correct(session, number, **typed, **who)
            return f"已更正为“{found.name}”，更正前的信息记在审计日志里。"

        deeds.deed(act, "right-organization", number, *typed.values())

    with st.form(f"right-{number}", border=False):
        left, middle, right = st.columns([3, 2, 3])
        left.text_input("机构全称", one["organization_name"], key=f"right-{number}-name", max_chars=80)
        middle.selectbox(
            "类别",
            kinds,
            kinds.index(OrganizationKind(one["kind"])),
            format_func=lambda each: each.label,
            key=f"right-{number}-kind",
            required=True,
        )
        right.selectbox(
            "管理权限", offices, at, format_func=homes.__getitem__, key=f"right-{number}-authority_id", required=True
        )
        st.text_input("更正的原因（必填）", key=f"right-{number}-reason")
        st.form_submit_button("更正", on_click=correct)


def account(one: Mapping[Any, Any], places: Mapping[int, tuple[str, OrganizationKind]]) -> None:
    """Correct an account (更正账号): whose it is, its role, its organization."""
    number, role = int(one["id"]), Role(one["role"])
    roles: list[Role] = [each for each in Role if each is not Role.PERSON]
    offices = list(places)
    at = next((place for place, each in enumerate(offices) if places[each][0] == one["organization"]), 0)

    def correct() -> None:
        key = f"right-account-{number}"
        typed = {name: st.session_state[f"{key}-{name}"] for name in ("name", "role", "organization_id", "reason")}

        def act(session: Session, **who: Unpack[Who]) -> str:
            found = accounts.correct(session, number, **typed, **who)
            ended = "，改了角色或机构的须重新登录" if (found.role, found.organization.name) != (role, was) else ""
            return f"账号{found.username}已更正{ended}。"

        was = one["organization"]
        deeds.deed(act, "right-account", number, *typed.values())

    with st.form(f"right-account-{number}", border=False):
        left, middle, right = st.columns([2, 2, 4])
        left.text_input("使用人姓名", one["name"], key=f"right-account-{number}-name", max_chars=40)
        middle.selectbox(
            "角色",
            roles,
            roles.index(role),
            format_func=lambda each: each.label,
            key=f"right-account-{number}-role",
            required=True,
        )
        key = f"right-account-{number}-organization_id"
        right.selectbox("所属机构", offices, at, format_func=lambda each: places[each][0], key=key, required=True)
        st.text_input("更正的原因（必填）", key=f"right-account-{number}-reason")
        st.form_submit_button("更正", on_click=correct)


def history(record: str, record_id: int, actor: Actor) -> None:
    """What was changed before (变更记录), out of the trail."""
    with db.reading() as session:
        found, count = audit.history(session, actor, record=record, record_id=record_id, limit=20)
    if not count:
        st.caption("没有变更记录。")
        return
    lines = [
        (
            moment_text(line["at"]),
            audit.called(line["event"], record),
            _changed(json.loads(line["before"]), json.loads(line["after"])),
            line["account"],
            line["reason"],
        )
        for line in found.to_dict("records")
    ]
    tables.prose([tuple(map(_plain, line)) for line in lines], ("时间", "事项", "变更", "办理人", "原因"))


def _plain(text: str) -> str:
    return md(text) or "—"


def _changed(before: dict[str, Any], after: dict[str, Any]) -> str:
    keys = [key for key in _FIELDS if key in after and before.get(key) != after[key]]
    return "；".join(f"{_FIELDS[key]} {_said(before.get(key))} → {_said(after[key])}" for key in keys)


def _said(value: Any) -> str:
    return _CODES.get(str(value), str(value)) if value else "空"


def reset(one: Mapping[Any, Any]) -> None:
    """Reset a password (重置密码): a first one is made, shown once and printed."""
    number = int(one["id"])

    def do() -> None:
        drawn = passwords.drawn()

        def act(session: Session, **who: Unpack[Who]) -> tuple[str, Slip]:
            found = accounts.reset_password(session, number, drawn, **who)
            return f"账号{found.username}的密码已重置，初始密码在下面，请当面交给本人。", slip(found, drawn)

        if (made := deeds.deed(act, "reset", number)) is not None:
            st.session_state["moving-slips"] = [made]

    st.button("重置密码", key=f"do-reset-{number}", icon=":material/lock_reset:", on_click=do)


def slip(opened: Any, password: str) -> Slip:
    """The slip (初始密码条) of an account just opened or reset."""
    home = opened.organization
    return Slip(home.name, opened.name, opened.role.label, opened.username, password, opened.first_until)


def fitting(places: Mapping[int, tuple[str, OrganizationKind]], role: Role) -> dict[int, str]:
    """The organizations that a role may be in, by id."""
    return {number: name for number, (name, kind) in places.items() if kind in ROLE_HOMES[role]}
