"""Retention: what is past its time goes, what is young or has no time stays, and the office decides the times."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from core.ground import db
from core.models import AuditEntry, Message, MessageRead, SignIn, Unsaved, UnsavedFile
from core.office import daily, phrases, retention
from core.people import setup
from core.trail import audit
from tests import cast as c

DAY = timedelta(days=1)


def decide(cast: c.Cast, days: dict[str, int | None], by: str = "admin") -> None:
    with db.transaction() as session:
        retention.decide(session, days, actor=cast[by], now=c.NOW)


def test_what_is_past_its_time_goes_and_what_is_young_stays(office: Path) -> None:
    cast = c.assemble()
    account, real = cast["base"].account_id or 0, datetime.now(UTC)

    def laid(name: str, at: datetime) -> None:
        path = office / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sealed")
        os.utime(path, (at.timestamp(), at.timestamp()))

    def lay(age: timedelta, name: str) -> None:
        """One of each kind, so old: its name, or its account's number where it has none."""
        at = c.NOW - age
        digest = name.encode().ljust(32)
        with db.transaction() as session:
            session.add(SignIn(token_digest=digest, account_id=account, started_at=at, expires_at=at))
            form = {"account_id": account, "place": f"plan:{name}", "at": at}
            session.add(Unsaved(version=1, typed="{}", **form))
            session.add(UnsavedFile(field="files", filename="a.pdf", sha256=f"of {name}", size=1, **form))
            note = Message(at=at, topic="deadline", record="plan", record_id=1, title=name)
            session.add(note)
            session.flush()
            session.add(MessageRead(account_id=account, message_id=note.id))
        laid(f"printed/{name}", real - age)
        laid(f"files/00/{name}", real - age)

    def there() -> dict[str, list[str]]:
        with db.reading() as session:
            digests = session.scalars(sa.select(SignIn.token_digest).where(SignIn.account_id == account))
            notes = list(
                session.scalars(sa.select(Message.title).where(Message.topic == "deadline", Message.role == ""))
            )
            assert session.scalar(sa.select(sa.func.count()).select_from(MessageRead)) == len(notes)
            places = set(session.scalars(sa.select(Unsaved.place)))
            assert set(session.scalars(sa.select(UnsavedFile.place))) == places
            found = {
                "sign_ins": [each.decode(errors="replace").strip() for each in digests],
                "unsaved": [each.removeprefix("plan:") for each in places],
                "messages": notes,
                "printed": [path.name for path in (office / "printed").glob("*")],
                "uploads": [path.name for path in (office / "files" / "00").glob("*")],
            }
        return {code: [name for name in ("old", "young") if name in names] for code, names in found.items()}

    def day() -> dict[str, list[str]]:
        with db.transaction() as session:
            daily.remind(session, now=c.NOW)
        with db.reading() as session:
            retention.carry_out(session, now=real, on_disk=True)
        return there()

    lay(201 * DAY, "old")
    lay(199 * DAY, "young")
    both = ["old", "young"]
    every = dict.fromkeys(retention.SET, both)
    assert there() == every, "each kind of the list is laid here"
    decide(cast, dict.fromkeys(retention.SET))
    assert day() == every, "blank is for good"
    for code in retention.SET:
        decide(cast, {code: 200})
        every = every | {code: ["young"]}
        assert day() == every, "its own term ends a kind, and no other"


def test_the_terms_are_the_offices_and_each_change_is_one_line_of_the_trail(office: Path) -> None:
    cast = c.assemble()

    def terms() -> dict[str, int | None]:
        with db.reading() as session:
            return retention.terms(session)

    def refused(days: dict[str, int | None], by: str = "admin") -> str:
        act: Callable[..., None] = lambda s: retention.decide(s, days, actor=cast[by], now=c.NOW)  # noqa: E731
        code: str = c.refusal(act).code
        return code

    first = {"sign_ins": None, "unsaved": None, "messages": 400, "printed": 7, "uploads": 1}
    assert terms() == first
    with db.transaction() as session:
        setup.decide_setting(session, "traces_years", "2")  # as an earlier release kept it
    assert terms() == first | {"sign_ins": 730, "unsaved": 730}
    assert refused({"messages": 500}, "hohhot_admin") == refused({"messages": 500}, "reviewer") == "role"
    assert refused({"ledger": 500}) == "kind"
    assert refused({"messages": 179}) == refused({"uploads": 0}) == refused({"printed": 36501}) == "days"
    decide(cast, {"sign_ins": None, "messages": 500, "printed": 7})
    decide(cast, {"messages": 500})
    assert terms() == first | {"unsaved": 730, "messages": 500}
    with db.reading() as session:
        line = session.scalars(sa.select(AuditEntry).where(AuditEntry.event == audit.Event.RETENTION)).one()
        assert (json.loads(line.before), json.loads(line.after)) == (
            {"kept_sign_ins": "730天", "kept_messages": "400天"},
            {"kept_sign_ins": "一直保存", "kept_messages": "500天"},
        )
        assert {kind.setting for kind in retention.SET.values()} <= set(phrases.FIELDS)
        table = {words: term for words, term, _, why in retention.table(session) if why}
    assert len(table) == len(retention.KINDS), "each has its reason"
    kept = ("学时账", "核验记录（/verify）", "资格审核结论", "审计日志")
    assert (table["消息"], {table[each] for each in kept}) == ("500天", {"一直保存"})
