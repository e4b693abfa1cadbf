"""The office's own name, mark, public address and mail server (本单位), as its administrator sets them."""

from __future__ import annotations

import smtplib
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused
from core.office import mail
from core.office.mail import Secure, ServerFields
from core.people import identity, setup
from core.trail.files import Upload
from web import deeds
from web.deeds import Who
from web.words import md


def form() -> None:
    """The form (单位名称和标志)."""
    with db.reading() as session:
        found = identity.identity(session)

    def decide() -> None:
        given = st.session_state["identity-mark"]
        mark = Upload(given.name, given.getvalue()) if given else None
        name, keep = st.session_state["identity-name"], st.session_state.get("identity-keep", True)

        def act(session: Session, **who: Unpack[Who]) -> str:
            identity.decide(session, name=name, mark=mark, keep_mark=keep, **who)
            return "单位名称和标志已保存。"

        deeds.deed(act, "identity", name, keep, hash(mark.content if mark else b""))

    with st.form("identity", width=640):
        st.text_input(
            "单位名称", found.name, key="identity-name", max_chars=identity.LONGEST, placeholder=identity.SYSTEM
        )
        st.file_uploader(
            f"标志（可不设；PNG或JPG，{identity.LARGEST // 1_000_000}MB以内，缩成{identity.SIDE}像素见方）",
            list(identity.ENDINGS),
            key="identity-mark",
            max_upload_size=identity.LARGEST // 1_000_000,
        )
        if found.mark:
            st.image(found.mark, width=64)
            st.checkbox("保留现在的标志", True, key="identity-keep")
        st.form_submit_button("保存", type="primary", on_click=decide)
    address()
    post()


def address() -> None:
    """The form (对外网址), or what the server says."""
    with db.reading() as session:
        kept = setup.address(setup.settings(session))
    if setup.address_of_server():
        st.caption(f"对外网址：{md(kept)}，已在服务器的启动设置中写定（`CE_ADDRESS`），这里不能改。")
        return

    def decide() -> None:
        written = st.session_state["identity-address"]

        def act(session: Session, **who: Unpack[Who]) -> str:
            if place := identity.decide_address(session, written, **who):
                return f"对外网址已保存：审验卡的二维码、日历和邮件都指向{place}。"
            return "对外网址已清除：此后打印的审验卡和结业证书不印核验网址。"

        deeds.deed(act, "address", written)

    with st.form("address", width=640):
        st.text_input(
            "对外网址",
            kept,
            key="identity-address",
            max_chars=200,
            placeholder="如 https://jxjy.example.cn",
            help="审验卡的二维码、日历订阅和邮件里的网址。留空的，审验卡不印核验网址，二维码只能用离线核验工具读。",
        )
        st.form_submit_button("保存网址", on_click=decide)


def post() -> None:
    """The form (邮件服务器), or what the server says; and a mail to oneself to see whether it goes."""
    with db.reading() as session:
        told = setup.settings(session)
    if mail.by_environment():
        st.caption("邮件服务器已在服务器的启动设置中写定（`CE_SMTP`），这里不能改。")
        return
    kept = mail.given(told)

    def decide() -> None:
        fields = {name: st.session_state[f"mail-{name}"] for name in ("host", "port", "user", "password", "sender")}
        asked = ServerFields(**fields, secure=st.session_state["mail-secure"].value)

        def act(session: Session, **who: Unpack[Who]) -> str:
            mail.decide(session, asked, **who)
            return "邮件服务器已保存。" if asked.host else "邮件服务器已清除，提醒只在系统内显示。"

        deeds.deed(act, "mail", hash(asked))

    with st.form("mail", width=640):
        st.markdown("**邮件服务器**　:gray[提醒和每日邮件由它发出；向邮箱服务商或网络管理人员索取]")
        st.text_input(
            "服务器", kept.host if kept else "", key="mail-host", max_chars=253, placeholder="如 smtp.example.cn"
        )
        with st.container(horizontal=True):
            secure = list(Secure)
            now = secure.index(Secure(kept.secure)) if kept else 0
            st.selectbox(
                "加密方式",
                secure,
                now,
                key="mail-secure",
                format_func=lambda one: one.label,
                required=True,
                width=300,
            )
            st.text_input("端口", kept.port if kept else "465", key="mail-port", max_chars=5, width=110)
        st.text_input("邮箱用户名", kept.user if kept else "", key="mail-user", max_chars=200, autocomplete="off")
        same = "服务器和用户名不变的可留空" if kept else "多数邮箱要用授权码"
        st.text_input("密码或授权码", type="password", key="mail-password", max_chars=200, placeholder=same)
        st.text_input(
            "发件地址", kept.sender if kept else "", key="mail-sender", max_chars=254, placeholder="如 jxjy@example.cn"
        )
        st.form_submit_button("保存邮件服务器", on_click=decide)
    if kept and st.button("给发件地址发一封试试", key="mail-try"):
        try:
            if server := mail.Post.office(told):
                server.send(server.sender, "测试邮件", "收到这封邮件，说明邮件服务器设置正确。")
            deeds.say("success", f"已发到{kept.sender}，请查收。")
        except Refused as refused:
            deeds.say("error", refused.words)
        except (OSError, smtplib.SMTPException) as failure:
            deeds.say("error", f"没有发出：{str(failure)[:200]}。请核对服务器、端口、加密方式、用户名和授权码。")
