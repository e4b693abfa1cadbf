"""Second factor (动态口令) on the screen: enrolling an app, recovery codes shown once, doing without it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Unpack

import segno
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Role
from core.people import accounts, second_factor
from web import context, deeds, shell
from web.deeds import Who


def own() -> None:
    """One's own second factor, on the account's page: enrolled or not, and what can be done about it."""
    actor = context.actor()
    with db.reading() as session:
        factor = second_factor.of(session, actor.account_id if actor else None)
        wanted = actor is not None and second_factor.wanted(session, actor.role)
    _codes()
    if factor is None:
        st.write("登录时除密码外再输入手机应用中每30秒变一次的6位数字，密码被人知道也登录不了。")
        enrolment()
        return
    left = second_factor.left(factor)
    st.write(f"已于{db.office_day(factor.enrolled_at)}启用，还有{left}个恢复码没有用过。")
    with st.form("second-factor", border=False, width=480):
        st.text_input("当前密码", type="password", key="factor-password", autocomplete="current-password")
        with st.container(horizontal=True):
            st.form_submit_button("更换恢复码", on_click=_renew)
            st.form_submit_button("停用动态口令", on_click=_remove, disabled=wanted)
    if wanted:
        st.caption("本单位要求您的角色使用动态口令。要换手机的，请管理员停用后重新启用。")


def begun() -> bool:
    """Whether an app is being enrolled in this browser, and its code waits to be scanned."""
    return bool(st.session_state.get("factor-secret"))


def enrolment() -> None:
    """The way to enrol an app: scan, type what it shows."""
    actor = context.actor()
    if actor is None:
        return
    if not st.session_state.get("factor-secret"):
        st.button("启用动态口令", on_click=lambda: st.session_state.update({"factor-secret": second_factor.secret()}))
        return
    secret = st.session_state["factor-secret"]
    image = segno.make(second_factor.address(secret, actor.name), error="m").svg_data_uri(scale=4, border=3)
    spelt = " ".join(secret[at : at + 4] for at in range(0, 32, 4))
    left, right = st.columns([1, 2], vertical_alignment="center")
    left.html(f'<img src="{image}" alt="二维码" style="background:#fff;max-width:100%">')
    with right, st.form("enrol", border=False):
        st.markdown(
            "1. 手机上安装一个动态口令（TOTP）应用，如FreeOTP、Microsoft Authenticator或微信小程序“腾讯身份验证器”。\n"
            f"2. 用它扫这个二维码；不能扫的，手工输入密钥 `{spelt}`。\n"
            "3. 输入应用现在显示的6位数字。"
        )
        st.text_input("6位数字", key="factor-code", autocomplete="one-time-code", max_chars=10)
        st.form_submit_button("启用", type="primary", on_click=_enrol)


def first() -> None:
    """What comes before everything else where the office wants a second factor and the account has none."""
    with shell.frame(720):
        st.subheader("启用动态口令", anchor=False)
        st.caption("本单位要求您的角色使用动态口令，启用之后才能使用系统。")
        enrolment()


def _codes() -> None:
    """The recovery codes (恢复码), once: they are drawn in the run after the deed and not kept."""
    if not (codes := st.session_state.pop("factor-codes", None)):
        return
    with st.container(border=True):
        st.markdown("**恢复码**　手机丢失时代替6位数字登录，每个只能用一次。只显示这一次，请抄下或打印保存。")
        st.code("\n".join("　".join(codes[at : at + 2]) for at in range(0, len(codes), 2)), language=None)


def _enrol() -> None:
    secret, code = st.session_state.get("factor-secret", ""), st.session_state["factor-code"]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, list[str]]:
        codes = second_factor.enrol(session, secret, code, **who, real=datetime.now(UTC))
        return "动态口令已启用，下次登录时输入。请先记下恢复码。", codes

    if codes := deeds.deed(act, "enrol", hash((secret, code))):
        st.session_state["factor-codes"] = codes
        st.session_state.pop("factor-secret", None)


def _renew() -> None:
    typed = st.session_state["factor-password"]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, list[str]]:
        return "恢复码已更换，原来的不能再用。", second_factor.renew_codes(session, typed, **who)

    if codes := deeds.deed(act, "recovery-codes", hash(typed)):
        st.session_state["factor-codes"] = codes


def _remove() -> None:
    typed = st.session_state["factor-password"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        second_factor.remove(session, typed, **who)
        return "动态口令已停用，登录时只需密码。"

    deeds.deed(act, "second-factor-off", hash(typed))


def _save_rules() -> None:
    idle, roles = st.session_state["idle-minutes"], [Role(each) for each in st.session_state["factor-roles"]]

    def act(session: Session, **who: Unpack[Who]) -> str:
        accounts.set_rules(session, idle_minutes=idle, second_factor_roles=roles, **who)
        return "登录规则已保存：闲置时限一分钟内生效，动态口令从各账号下次登录时起要求。"

    deeds.deed(act, "sign-in-rules", idle, *roles)


def rules() -> None:
    """The office's rules of signing in (登录规则): when it ends by itself, of which roles a second factor is wanted."""
    with db.reading() as session:
        idle = int(accounts.idle_limit(session).total_seconds()) // 60
        roles = second_factor.roles(session)
    with st.form("rules", width=560):
        st.selectbox(
            "多久没有操作自动退出",
            accounts.IDLES,
            accounts.IDLES.index(idle),
            format_func=lambda minutes: f"{minutes}分钟" if minutes < 60 else f"{minutes // 60}小时",
            key="idle-minutes",
            required=True,
        )
        st.multiselect(
            "须使用动态口令的角色",
            list(map(str, Role)),
            list(map(str, roles)),
            format_func=lambda code: Role(code).label,
            key="factor-roles",
            placeholder="不要求，各人可自行启用",
            help="动态口令：手机应用中每30秒变一次的6位数字，登录时与密码一起使用，在“我的账号”启用。",
        )
        st.form_submit_button("保存", type="primary", on_click=_save_rules)
