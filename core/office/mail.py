"""Mail (邮件): where it is sent through, and one message on its way.

What the environment says comes first; else what the office has set on the screen, its password sealed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from types import MappingProxyType
from typing import Self
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from core.ground import access, db, typed
from core.ground.access import Actor, Labelled, Refused, Role, require
from core.ground.deeds import deed
from core.models import Organization
from core.people import setup
from core.trail import audit

WAITS = 20.0
"""Seconds that a mail server is waited for."""
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


_PURPOSE = "setting.mail"
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.IGNORECASE)
_SENDER = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,190}")


class Secure(Labelled):
    """How the way to the mail server is secured (加密方式)."""

    SSL = "smtps", "SSL（一般用465端口）"
    STARTTLS = "smtp+starttls", "STARTTLS（一般用587端口）"
    NONE = "smtp", "不加密（一般用25端口，只宜内网）"


@dataclass(frozen=True)
class ServerFields:
    """The form of the mail server (邮件服务器): what its provider or the network's keeper hands out."""

    host: str
    port: str
    secure: str = Secure.SSL.value
    user: str = ""
    password: str = ""
    """"" leaves it as it is, for the same server and user."""
    sender: str = ""


def by_environment() -> bool:
    """Whether the server itself was given a mail server (`CE_SMTP`), which no screen changes."""
    return bool(os.environ.get("CE_SMTP"))


def given(told: Mapping[str, str]) -> ServerFields | None:
    """The mail server as the office has set it on the screen, without its password; None where it has set none."""
    return ServerFields(**json.loads(told["mail"])) if told.get("mail") else None


@deed
def decide(session: Session, fields: ServerFields, *, actor: Actor, now: datetime) -> None:
    """Decide the mail server (设置邮件服务器) that reminders are sent through; with no host, none.

    Refused codes: "role" (the region's administrator), "server" (the environment has one: `CE_SMTP`), "fields".
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "邮件服务器由自治区人社厅的管理员设置。")
    if by_environment():
        raise Refused("server", "邮件服务器已由服务器的 CE_SMTP 设定，请在服务器上修改。")
    told = setup.settings(session)
    host, sender, port = typed.narrow(fields.host), typed.narrow(fields.sender), typed.narrow(fields.port)
    faults = []
    if host:
        if not _HOST.fullmatch(host):
            faults.append(("host", "服务器写名称或地址，如 smtp.example.cn"))
        if not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536):
            faults.append(("port", "端口是1至65535的数，如465"))
        if fields.secure not in {each.value for each in Secure}:
            faults.append(("secure", "请选择加密方式"))
        if not _SENDER.fullmatch(sender):
            faults.append(("sender", "发件地址写一个邮箱，如 jxjy@example.cn"))
    access.refuse_faults(faults)
    kept = ServerFields(host, port, fields.secure, typed.plain(fields.user), "", sender)
    before, after = given(told), kept if host else None
    if fields.password or before is None or (before.host, before.user) != (host, kept.user):  # never to another server
        sealed = db.seal(fields.password.encode(), key=db.keys().text, purpose=_PURPOSE) if host else b""
        setup.decide_setting(session, "mail.password", base64.b64encode(sealed).decode())
    setup.decide_setting(session, "mail", json.dumps(asdict(kept), ensure_ascii=False) if host else "")
    office = session.get_one(Organization, actor.organization_id)
    became = _told(after) | {"password": bool(fields.password)}
    audit.record(session, audit.Event.MAIL_SET, office, actor=actor, before=_told(before), after=became, now=now)


def _told(fields: ServerFields | None) -> dict[str, object]:
    return {"host": fields.host, "user": fields.user, "sender": fields.sender} if fields else {}


@dataclass(frozen=True)
class Post:
    """Through which server mail goes (SMTP), and whose it is."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    sender: str
    address: str
    """The office's own, for the link in a mail: https://…; "" where it is not said."""

    @classmethod
    def office(cls, told: Mapping[str, str] = MappingProxyType({})) -> Self | None:
        """The mail server of the office: `CE_SMTP`, `CE_MAIL_FROM`, else as it was decided; None where none is set.

        `told`: `setup.settings`. `CE_SMTP` is smtp://, smtps:// or smtp+starttls://USER:PASSWORD@HOST:PORT. Refused
        codes: "smtp".
        """
        said = os.environ.get("CE_SMTP", "")
        if not said:
            return cls._decided(told)
        sender = os.environ.get("CE_MAIL_FROM", "")
        try:
            parts = urlsplit(said)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            port = 0
        if not port or not parts.hostname or "@" not in sender:
            how = "CE_SMTP 应写成 smtps://用户:密码@主机:端口（或 smtp、smtp+starttls）"
            raise Refused("smtp", f"{how}，CE_MAIL_FROM 为发件地址。")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.scheme, parts.hostname, port, user, password, sender, setup.address(told))

    @classmethod
    def _decided(cls, told: Mapping[str, str]) -> Self | None:
        if (kept := given(told)) is None:
            return None
        sealed = base64.b64decode(told.get("mail.password", ""))
        try:
            password = db.unseal(sealed, key=db.keys().text, purpose=_PURPOSE).decode() if sealed else ""
        except InvalidTag:
            raise Refused("smtp", "邮箱的密码是用别的密钥存的，请在“机构与账号”的“本单位”重新填写。") from None
        return cls(kept.secure, kept.host, int(kept.port), kept.user, password, kept.sender, setup.address(told))

    def send(self, to: str, subject: str, body: str) -> None:
        """Send one mail. OSError or smtplib.SMTPException where it does not go."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body, cte="base64")
        safe = ssl.create_default_context()
        if self.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=WAITS, context=safe)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=WAITS)
        with server:
            if self.scheme == "smtp+starttls":
                server.starttls(context=safe)
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)
