"""What is done once a day: reminders, each once, and the daily mail, through a real mail server."""

import email
import email.policy
import socket
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from core import __main__
from core.ground import db
from core.ground.access import Refused
from core.office import daily, mail, messages
from core.office.mail import Post
from core.people import setup
from tests import cast as c
from tests.cast import Cast


class Mailbox:
    """What a mail server took in; `refuses` while it takes nothing."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuses:
            return "451 mailbox busy for zhao@example.com 150199198503070019"
        read = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.taken.append(read)
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv("CE_SMTP", f"smtp://127.0.0.1:{port}")
    monkeypatch.setenv("CE_MAIL_FROM", "office@example.com")
    monkeypatch.setenv("CE_ADDRESS", "https://ce.example.com/")
    yield box
    server.stop()


def wanting(cast: Cast, by: str, address: str) -> None:
    with db.transaction() as session:
        messages.choose(session, quiet=[], mail=address, actor=cast[by])


def sent(now: datetime) -> daily.Round:
    post = Post.office()
    assert post
    return daily.mails(post, now=lambda: now)


def test_each_who_asked_gets_one_mail_a_day_with_counts_and_titles_alone(database: str, mailbox: Mailbox) -> None:
    cast = c.assemble()
    c.file_plan(cast, title="新一代信息技术培训班 150199198503070019")
    wanting(cast, "reviewer", "zhao@example.com")
    wanting(cast, "hohhot_title", "nobody@example.com")
    assert sent(c.NOW) == daily.Round(sent=1, silent=1)
    (taken,) = mailbox.taken
    assert (taken["To"], taken["From"]) == ("zhao@example.com", "office@example.com")
    assert taken["Subject"] == "继续教育：1件待办，1条新消息"
    text = taken.get_content()
    assert "等待办理：1件" in text
    assert "· 计划待审核：新一代信息技术培训班" in text
    assert "https://ce.example.com" in text
    assert "1501991985" not in text
    assert cast["base"].name not in text
    assert sent(c.NOW + timedelta(hours=2)) == daily.Round()  # once a day
    assert sent(c.NOW + timedelta(days=1)) == daily.Round(sent=1, silent=1)
    assert "新消息" not in mailbox.taken[1].get_content()
    assert sent(c.NOW - timedelta(days=366)) == daily.Round(sent=1, silent=1)  # the clock was ahead, and was set right


def test_a_mail_that_fails_is_said_and_tried_again_and_lost_never(
    database: str, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    c.file_plan(cast)
    wanting(cast, "reviewer", "zhao@example.com")
    mailbox.refuses = True
    assert sent(c.NOW).failed == 1
    with db.reading() as session:
        (failure,) = daily.failures(session)
        assert messages.choice(session, cast["reviewer"]).failure in failure
    assert failure.startswith("reviewer: SMTPDataError: (451")
    assert "zhao@example.com" not in failure
    assert "150199" not in failure
    __main__.main(["check"])
    assert "mailbox busy" in capsys.readouterr().err
    mailbox.refuses = False
    assert sent(c.NOW + timedelta(minutes=10)) == daily.Round()
    with db.rehearsal() as session:  # the clock was a year ahead when it failed, and has been set right
        assert daily._claimed(session, daily.Post.office(), c.NOW - timedelta(days=366)) is not None  # type: ignore[arg-type]
    assert sent(c.NOW + timedelta(minutes=31)).sent == 1
    with db.reading() as session:
        assert daily.failures(session) == []


def test_two_who_send_at_once_send_each_mail_once(database: str, mailbox: Mailbox) -> None:
    cast = c.assemble()
    c.file_plan(cast)
    wanting(cast, "reviewer", "zhao@example.com")
    post = Post.office()
    assert post
    others: list[daily.Round] = []

    def send(to: str, subject: str, body: str) -> None:  # while this one is on its way, another process looks
        others.append(daily.mails(post, now=lambda: c.NOW))
        post.send(to, subject, body)

    assert daily.mails(post, now=lambda: c.NOW, send=send).sent == 1
    assert others == [daily.Round()]
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize("given", ["smtp://", "ftp://mail.example.com", "mail.example.com", "smtp://host:port"])
def test_a_mail_server_that_cannot_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CE_SMTP", given)
    monkeypatch.setenv("CE_MAIL_FROM", "office@example.com")
    with pytest.raises(Refused) as refused:
        Post.office()
    assert refused.value.code == "smtp"


def test_an_office_sets_its_mail_server_on_the_screen_and_its_password_is_sealed(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    monkeypatch.delenv("CE_SMTP", raising=False)

    def decide(by: str = "admin", **changes: str) -> Post | None:
        asked = {"host": "smtp.example.cn", "port": "465", "user": "office", "sender": "office@example.cn"} | changes
        with db.transaction() as session:
            mail.decide(session, mail.ServerFields(**asked), actor=cast[by], now=c.NOW)
        with db.reading() as session:
            told = setup.settings(session)
        assert "secret word" not in "".join(told.values())
        return Post.office(told)

    made = decide(password="secret word")
    assert made
    assert (made.scheme, made.host, made.port, made.password) == ("smtps", "smtp.example.cn", 465, "secret word")
    kept = decide(secure="smtp+starttls", port="587")
    assert kept
    assert (kept.scheme, kept.port, kept.password) == ("smtp+starttls", 587, "secret word")
    elsewhere = decide(host="smtp.elsewhere.example")
    assert elsewhere
    assert elsewhere.password == ""  # no other server is sent what was given for this one
    for wrong in ({"host": "a b"}, {"port": "70000"}, {"sender": "office"}, {"sender": "a@b\nBcc: c@d"}):
        with pytest.raises(Refused) as refused:
            decide(**wrong)
        assert refused.value.code == "fields"
    with pytest.raises(Refused, match="自治区"):
        decide("hohhot_admin")
    assert decide(host="") is None


def test_the_command_line_does_the_days_work_without_a_mail_server(
    office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CE_SMTP", raising=False)
    assert __main__.main(["daily"]) == 2
    c.assemble()
    assert __main__.main(["daily"]) == 0
    assert "no mail was sent" in capsys.readouterr().err


# --- reminders ------------------------------------------------------------------------------------------------------


def remind(on: date) -> int:
    with db.transaction() as session:
        return daily.remind(session, now=datetime.combine(on, c.NOW.timetz()))


def titles(cast: Cast, by: str) -> list[str]:
    with db.reading() as session:
        lines, _ = messages.listing(session, cast[by], now=c.AFTER, topic=messages.Topic.DEADLINE)
    return [line.title for line in lines]


def test_a_deadline_is_reminded_of_once_a_step_and_an_overdue_one_reaches_the_authority(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    due = c.PLAN.end_on + timedelta(days=14)
    remind(due - timedelta(days=9))
    assert titles(cast, "base") == []
    for left in (7, 7, 5, 3, 0):
        remind(due - timedelta(days=left))
    title = "报送培训情况报告{}：" + plan.title
    assert titles(cast, "base") == [title.format(near) for near in ("今天到期", "还有3天", "还有7天")]
    assert titles(cast, "reviewer") == []
    remind(due + timedelta(days=1))
    remind(due + timedelta(days=2))
    assert titles(cast, "base")[0] == titles(cast, "reviewer")[0] == title.format("已逾期1天")
    assert len(titles(cast, "reviewer")) == 1
    assert titles(cast, "hohhot_reviewer") == titles(cast, "hohhot_base") == []


def test_a_day_of_the_notice_is_told_to_those_it_binds(office: object) -> None:
    cast = c.assemble()
    assert remind(date(2024, 11, 27)) > 0
    assert titles(cast, "hohhot_reviewer") == ["知识更新能力提升项目：报送总结还有3天"]
    assert titles(cast, "base") == titles(cast, "reviewer") == []
    assert remind(date(2024, 11, 27)) == 0
