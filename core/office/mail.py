"""Mail (邮件): where it is sent through, and one message on its way. Settings come from the environment alone."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from types import MappingProxyType
from typing import Self
from urllib.parse import unquote, urlsplit

from core.ground.access import Refused
from core.people import setup

WAITS = 20.0
"""Seconds that a mail server is waited for."""
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


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
        """The mail server of the office: `CE_SMTP`, `CE_MAIL_FROM`; None where none is set. `told`: `setup.settings`.

        `CE_SMTP` is smtp://, smtps:// or smtp+starttls://USER:PASSWORD@HOST:PORT. Refused codes: "smtp".
        """
        given = os.environ.get("CE_SMTP", "")
        if not given:
            return None
        sender = os.environ.get("CE_MAIL_FROM", "")
        try:
            parts = urlsplit(given)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            port = 0
        if not port or not parts.hostname or "@" not in sender:
            how = "CE_SMTP 应写成 smtps://用户:密码@主机:端口（或 smtp、smtp+starttls）"
            raise Refused("smtp", f"{how}，CE_MAIL_FROM 为发件地址。")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.scheme, parts.hostname, port, user, password, sender, setup.address(told))

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
