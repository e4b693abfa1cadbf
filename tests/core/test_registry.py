"""The office opens; organizations, accounts, sign-ins and persons come and go, and every one of it can be traced."""

import base64
import hashlib
import logging
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, names
from core.ground.access import Actor, OrganizationKind, Refused, Role
from core.models import Account, AuditEntry, Organization, Person, SignIn
from core.people import accounts, organizations, passwords, persons, setup, tries
from core.trail import audit
from tests import cast as c

K = OrganizationKind
MINUTE = timedelta(minutes=1)


def sign_in(username: str, *, fits: bool = True, now: datetime = c.NOW) -> str | Refused:
    with db.transaction() as session:
        return accounts.sign_in(session, username, fits=fits, now=now)


def signed_in(username: str, *, now: datetime = c.NOW) -> str:
    token = sign_in(username, now=now)
    assert isinstance(token, str), token
    return token


def code(answer: str | Refused) -> str:
    assert isinstance(answer, Refused)
    return answer.code


def holder(token: str, now: datetime = c.NOW) -> Actor | None:
    with db.reading() as session:
        return accounts.actor_of(session, token, now)


def deed(act: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return act(session)


def last_line(cast: c.Cast) -> Any:
    with db.reading() as session:
        return audit.history(session, cast["admin"], limit=1)[0].iloc[0]


# --- the office -----------------------------------------------------------------------------------------------------


def test_an_office_opens_once_with_the_region_its_leagues_and_the_exam_authority(database: str) -> None:
    with db.transaction() as session:
        assert not setup.is_open(session)
        founder = setup.open_office(session, kind="empty", now=c.NOW)
        assert (founder.account_id, founder.role, founder.organization_kind) == (None, Role.ADMIN, K.REGION_HR)
    assert c.refusal(lambda session: setup.open_office(session, kind="demo", now=c.NOW)).code == "open"
    with db.reading() as session:
        assert setup.is_open(session)
        assert setup.setting(session, "office") == "empty"
        kinds = session.execute(
            sa.select(Organization.kind, sa.func.count()).group_by(Organization.kind).order_by(Organization.kind)
        ).all()
        assert [tuple(row) for row in kinds] == [(K.EXAM_AUTHORITY, 1), (K.LEAGUE_HR, 14), (K.REGION_HR, 1)]
        names = organizations.authorities(session)
        assert len(names) == 15
        assert any("满洲里" in name for name in names.values())
        assert any("二连浩特" in name for name in names.values())
        own = session.scalars(sa.select(Organization).where(Organization.kind != K.EXAM_AUTHORITY))
        assert all(place.authority_id == place.id for place in own)
        lines, count = audit.history(session, setup.system_actor(session))
        assert (count, lines.loc[0, "event"], lines.loc[0, "account"]) == (1, "office.opened", "系统")


def test_only_a_demonstration_may_run_ahead_of_time(office: Path) -> None:
    cast = c.assemble()
    admin = cast["admin"]
    shift = setup.shift_demo_clock
    assert c.refusal(lambda session: shift(session, 7, actor=admin, now=c.NOW)).code == "demo"
    deed(lambda session: setup.decide_setting(session, "office", "demo"))
    for days in (0, -1, 367):
        assert c.refusal(lambda session, days=days: shift(session, days, actor=admin, now=c.NOW)).code == "days"
    assert deed(lambda session: shift(session, 1, actor=admin, now=c.NOW)) == 1
    assert deed(lambda session: shift(session, 366, actor=admin, now=c.NOW)) == 367
    with db.reading() as session:
        assert setup.moment(session, c.NOW) == c.NOW + timedelta(days=367)
    assert last_line(cast)["event"] == "office.clock"


# --- organizations --------------------------------------------------------------------------------------------------


def test_an_organization_is_added_under_its_authority_and_trailed(office: Path) -> None:
    cast = c.assemble()

    def add(session: Session, by: str = "admin", **changes: Any) -> Organization:
        fields = {"name": " 示例新基地 ", "kind": K.BASE, "authority_id": cast.places["hohhot"].id} | changes
        return organizations.add(session, actor=cast[by], now=c.NOW, **fields)

    for by, changes, expected in (
        ("reviewer", {}, "role"),
        ("base", {}, "role"),
        ("hohhot_admin", {"authority_id": cast.places["region"].id}, "jurisdiction"),
        ("hohhot_admin", {"authority_id": cast.places["baotou"].id}, "jurisdiction"),
        ("admin", {"name": "一"}, "name"),
        ("admin", {"name": "一" * 81}, "name"),
        ("admin", {"name": "示例继续教育基地"}, "name"),
        ("admin", {"kind": K.REGION_HR}, "kind"),
        ("admin", {"kind": K.LEAGUE_HR}, "kind"),
    ):
        assert c.refusal(lambda session, by=by, changes=changes: add(session, by, **changes)).code == expected
    added = deed(lambda session: add(session, "hohhot_admin"))
    assert (added.name, added.authority_id, added.active) == ("示例新基地", cast.places["hohhot"].id, True)
    line = last_line(cast)
    assert (line["event"], line["account"], line["record_id"]) == (
        "organization.added",
        cast["hohhot_admin"].name,
        added.id,
    )
    assert deed(lambda session: add(session, name="一二", kind=K.EMPLOYER)).name == "一二"
    assert deed(lambda session: add(session, name="一" * 80, kind=K.DEPARTMENT)).name == "一" * 80


def test_each_sees_the_organizations_of_the_own_jurisdiction(database: str) -> None:
    cast = c.assemble()

    def names(by: str, **filters: Any) -> list[str]:
        with db.reading() as session:
            return list(organizations.listing(session, cast[by], **filters)["name"])

    assert len(names("admin")) == 21
    hohhot = ["呼和浩特市人力资源和社会保障局", "示例呼和浩特培训基地", "示例旗蒙古族中学"]
    assert names("hohhot_admin") == names("hohhot_leader") == hohhot
    assert names("base") == ["示例继续教育基地"]
    assert names("admin", kind=K.BASE) == ["示例继续教育基地", "示例呼和浩特培训基地"]
    assert names("hohhot_admin", text="中学") == ["示例旗蒙古族中学"]
    assert names("admin", text="%") == []


# --- accounts -------------------------------------------------------------------------------------------------------


def test_an_account_is_refused_for_each_thing_that_is_wrong_with_it(office: Path) -> None:
    cast = c.assemble()
    places = cast.places

    def open_account(session: Session, by: str = "admin", **changes: Any) -> Account:
        fields: dict[str, Any] = {
            "username": "New.Clerk-1",
            "name": " 钱示 ",
            "role": Role.BASE_CLERK,
            "organization_id": places["hohhot_base"].id,
            "password": c.PASSWORD,
        }
        return accounts.open_account(session, actor=cast[by], now=c.NOW, **(fields | changes))

    for by, changes, expected in (
        ("reviewer", {}, "role"),
        ("admin", {"organization_id": 9999}, "missing"),
        ("hohhot_admin", {"organization_id": places["base"].id}, "jurisdiction"),
        ("hohhot_admin", {"organization_id": places["region"].id}, "jurisdiction"),
        ("admin", {"username": "ab"}, "username"),
        ("admin", {"username": "a" * 41}, "username"),
        ("admin", {"username": "用户名"}, "username"),
        ("admin", {"username": "a b c"}, "username"),
        ("admin", {"username": " BASE "}, "username"),  # taken, whatever its case
        ("admin", {"name": "  "}, "name"),
        ("admin", {"role": Role.REVIEWER}, "home"),
        ("admin", {"role": Role.PERSON}, "person"),
        ("admin", {"person_id": 1}, "person"),
        ("admin", {"password": "short-one-1"}, "password"),
        ("admin", {"password": "horse battery " * 5 + "xyz"}, "password"),  # 73 bytes
        ("admin", {"password": "密1" * 19}, "password"),  # 76 bytes
    ):
        found = c.refusal(lambda session, by=by, changes=changes: open_account(session, by, **changes))
        assert (found.code, changes) == (expected, changes)
    opened = deed(lambda session: open_account(session, "hohhot_admin", password="horse battery " * 5 + "xy"))
    assert (opened.username, opened.name, opened.must_change_password) == ("new.clerk-1", "钱示", True)
    assert deed(lambda session: open_account(session, username="abc", password="grey mountain")).active
    line = last_line(cast)
    assert (line["event"], line["record"], line["account"]) == ("account.opened", "account", cast["admin"].name)
    assert "grey mountain" not in str(dict(line))


HOMES = {
    Role.ADMIN: {K.REGION_HR, K.LEAGUE_HR},
    Role.REVIEWER: {K.REGION_HR, K.LEAGUE_HR},
    Role.TITLE_OFFICER: {K.REGION_HR, K.LEAGUE_HR},
    Role.LEADER: {K.REGION_HR, K.LEAGUE_HR},
    Role.BASE_CLERK: {K.BASE, K.DEPARTMENT, K.INSTITUTE, K.EXAM_AUTHORITY, K.LEAGUE_HR},
    Role.EMPLOYER_CLERK: {K.EMPLOYER, K.DEPARTMENT},
    Role.PERSON: set(K),
}


def test_each_role_has_accounts_in_its_own_kinds_of_organization_only(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    someone = c.person_id(1)
    with db.transaction() as session:
        homes = {place.kind: place.id for place in session.scalars(sa.select(Organization))}
        for kind in (K.DEPARTMENT, K.INSTITUTE):
            added = organizations.add(
                session, name=f"示例{kind.label}", kind=kind, authority_id=1, actor=cast["admin"], now=c.NOW
            )
            session.flush()
            homes[kind] = added.id
        assert set(homes) == set(K)
        for role, allowed in HOMES.items():
            for kind, organization_id in homes.items():
                try:
                    accounts.open_account(
                        session,
                        username=f"{role.value}.{kind.value}",
                        name="赵示一",
                        role=role,
                        organization_id=organization_id,
                        person_id=someone if role is Role.PERSON else None,
                        password=c.PASSWORD,
                        actor=cast["admin"],
                        now=c.NOW,
                    )
                    found = "done"
                except Refused as refused:
                    found = refused.code
                assert found == ("done" if kind in allowed else "home"), (role, kind)


def test_a_person_on_file_gets_an_account_by_id_number(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2, employer="不在库的单位")]))

    def open_for(session: Session, number: str, by: str = "admin", username: str = "person1") -> Account:
        return accounts.open_person_account(
            session, username=username, id_number=number, password=c.PASSWORD, actor=cast[by], now=c.AFTER
        )

    assert c.refusal(lambda session: open_for(session, c.id_number(9))).code == "person"
    assert c.refusal(lambda session: open_for(session, "")).code == "person"
    for by in ("base", "reviewer", "employer"):  # who may not open accounts is not told who is on file either
        for number in (c.id_number(1), c.id_number(9)):
            assert c.refusal(lambda session, by=by, number=number: open_for(session, number, by)).code == "role"
    opened = deed(lambda session: open_for(session, f" {c.id_number(1).lower()} "))
    assert (opened.role, opened.person_id) == (Role.PERSON, c.person_id(1))
    assert opened.organization_id == cast.places["hospital"].id
    assert deed(lambda session: open_for(session, c.id_number(2), username="person2")).organization_id == 1
    assert holder(signed_in("person1", now=c.AFTER), c.AFTER).person_id == c.person_id(1)


def test_a_password_fits_its_hash_alone_whatever_the_spelling_of_the_name(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    salts, made = [], bcrypt.gensalt
    monkeypatch.setattr(bcrypt, "gensalt", lambda cost: salts.append(cost) or made(cost))
    assert passwords.fits(c.PASSWORD, passwords.hashed(c.PASSWORD))
    assert not passwords.fits(c.PASSWORD + "x", passwords.hashed(c.PASSWORD))
    assert not passwords.fits("x" * 73, passwords.hashed("x" * 72))
    assert not passwords.fits("a\x00\ud800", passwords.hashed(c.PASSWORD))
    assert min(salts) >= 12
    c.assemble()
    with db.reading() as session:
        account, _ = accounts._tried(session, " Reviewer\ud800 ", None, "")
    assert account
    assert account.username == "reviewer"
    assert passwords.fits(c.PASSWORD, account.password_hash)


# --- sign-in --------------------------------------------------------------------------------------------------------


HERE = "192.168.1.20"


def attempt(
    username: str, password: str = c.PASSWORD, *, now: datetime = c.NOW, address: str | None = None, device: str = ""
) -> str | Refused:
    """A try to sign in, as the sign-in page makes it."""
    whence: Any = {"address": address, "device": device, "now": now}
    answer = deed(lambda session: accounts.may_try(session, username, **whence))
    if isinstance(answer, Refused):
        return answer
    fits = passwords.fits(password, answer)
    return deed(lambda session: accounts.sign_in(session, username, fits=fits, **whence))


def seconds_to_wait(username: str, now: datetime, **whence: Any) -> int:
    """For how long a name has to wait for its next try, which is then a wrong one."""
    for waited in range(301):
        if code(attempt(username, "wrong", now=now + timedelta(seconds=waited), **whence)) == "credentials":
            return waited
    raise AssertionError("still waiting")


@pytest.mark.parametrize("username", ["reviewer", "nobody"])
def test_wrong_tries_make_the_next_one_wait_ever_longer_for_any_name_and_lock_nothing(
    office: Path, username: str
) -> None:
    c.assemble()
    now, waits = c.NOW, []
    for _ in range(11):
        waits.append(seconds_to_wait(username, now))
        now += timedelta(seconds=waits[-1])
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 60]
    held = attempt(username, now=now)  # the right password, too
    assert code(held) == "wait"
    assert "60秒" in held.words
    assert [code(attempt(username, now=now)) for _ in range(5)] == ["wait"] * 5  # asking on makes nobody wait longer
    assert isinstance(attempt("reviewer2", now=now), str)  # nobody else waits
    back = now - timedelta(days=400)  # a clock set back makes nobody wait longer than the wait is
    assert code(attempt(username, now=back)) == "wait"
    assert code(attempt(username, "wrong", now=back + MINUTE)) == "credentials"
    later = back + timedelta(days=1, minutes=2)
    assert seconds_to_wait(username, later) == 0  # forgotten after a day


def test_a_browser_known_to_the_account_waits_for_its_own_wrong_tries_alone(office: Path) -> None:
    cast = c.assemble()
    mine, other = cast["base"].account_id, cast["leader"].account_id
    for _ in range(9):
        attempt("base", "wrong", address=HERE)
    assert code(attempt("base", address=HERE)) == "wait"
    known = tries.remembered(tries.remembered("", mine), other)
    forged = known.replace(f"{mine}.", f"{other}.")
    assert code(attempt("base", address=HERE, device=forged)) == "wait"
    assert code(attempt("base", address=HERE, device=tries.remembered("", other))) == "wait"
    assert isinstance(attempt("base", address=HERE, device=known), str)
    assert [code(attempt("base", "wrong", device=known)) for _ in range(7)] == ["credentials"] * 6 + ["wait"]
    deed(lambda session: accounts.reset_password(session, mine, "Fresh-start-1", actor=cast["admin"], now=c.NOW))
    assert holder(attempt("base", "Fresh-start-1", address=HERE)).must_change_password  # a new password begins anew


def test_one_address_waits_whatever_names_it_tries(office: Path) -> None:
    c.assemble()
    names = [f"name{at}" for at in range(21)]
    assert {code(attempt(name, address="2001:db8::1")) for name in names} == {"credentials"}
    assert code(attempt("base", address="2001:db8::2")) == "wait"  # all of a network is one
    assert isinstance(attempt("base", address=HERE), str)
    assert isinstance(attempt("leader"), str)  # this very machine: behind a proxy that is everybody
    assert all(isinstance(attempt("base", address=HERE), str) for _ in range(25))  # right ones do not count


def test_a_wrong_try_leaves_a_line_without_what_was_typed(office: Path, caplog: pytest.LogCaptureFixture) -> None:
    cast = c.assemble()
    for name in ("", "sqlalchemy.engine"):  # every statement
        caplog.set_level(logging.INFO, logger=name)
    attempt("reviewer", "Right-horse-42", address=HERE)
    assert "INSERT INTO audit_entry" in caplog.text
    assert not re.search(f"horse|reviewer|{HERE}", caplog.text)
    line = last_line(cast)
    assert (line["event"], line["record"], line["record_id"]) == (
        "account.wrong",
        "account",
        cast["reviewer"].account_id,
    )
    assert HERE in line["after"]
    attempt("Right-horse-24", "reviewer")  # the password in the field of the name
    line = last_line(cast)
    assert (line["event"], line["record"], line["after"]) == (
        "account.wrong",
        "organization",
        '{"address":"本机","username":"r***"}',
    )
    assert not [table for table, rows in c.everything().items() if any("horse" in row.lower() for row in rows)]


def test_a_stranger_s_password_is_checked_once_and_as_long(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c.assemble()
    real, checked = bcrypt.checkpw, []
    monkeypatch.setattr(bcrypt, "checkpw", lambda given, kept: checked.append(kept) or real(given, kept))
    for name, password in (("reviewer", "wrong"), ("nobody", "wrong"), ("reviewer", "x" * 100)):
        attempt(name, password)
    assert len(checked) == 3
    assert len({kept[:7] for kept in checked}) == 1  # algorithm and cost
    monkeypatch.setattr(passwords, "WAITS", 0.01)
    monkeypatch.setattr(passwords, "_AT_ONCE", threading.BoundedSemaphore(1))
    with passwords._AT_ONCE, pytest.raises(Refused, match="busy"):
        attempt("reviewer")


@pytest.mark.parametrize(
    "password",
    "Demo-2024-office password1234 PassWord!!!! iloveyou-2024 passwordpassword 123456789012 aaaaaaaaaaaa abcabcabcabc "
    "2024-1949-1001 Ｐａｓｓｗｏｒｄ１２３４ reviewer-2024 1qaz2wsx1qaz2wsx neimenggu2024 woaini1314520".split(),
)
def test_a_password_that_is_tried_first_is_taken_by_the_demonstration_alone(password: str) -> None:
    with pytest.raises(Refused, match="password"):
        passwords.check(password, username="reviewer")
    passwords.check(password, username="reviewer", demo=True)


@pytest.mark.parametrize(
    "password", ["grey mountain", "correct horse battery", "草原上的骏马跑得又快又远", "kx7-Qm2-vv9-R"]
)
def test_a_long_password_is_taken_whatever_characters_it_has(password: str) -> None:
    passwords.check(password, username="reviewer")
    assert len({passwords.drawn() for _ in range(9)}) == 9
    passwords.check(passwords.drawn())


def test_a_sign_in_ends_when_nothing_is_done_in_it_for_as_long_as_the_office_says(office: Path) -> None:
    c.assemble()
    token, left = signed_in("reviewer"), signed_in("reviewer")
    almost = c.NOW + timedelta(minutes=59)
    assert holder(token, almost)
    deed(lambda session: accounts.used(session, [token, "made-up"], almost))
    assert holder(token, c.NOW + timedelta(minutes=61))
    assert holder(left, c.NOW + timedelta(minutes=61)) is None
    deed(lambda session: accounts.used(session, [left], c.NOW + timedelta(minutes=61)))
    assert holder(left, c.NOW + timedelta(minutes=61)) is None  # what has ended stays so
    deed(lambda session: setup.decide_setting(session, "idle_minutes", "15"))
    deed(lambda session: accounts.used(session, [token], c.NOW + timedelta(minutes=61)))
    assert holder(token, c.NOW + timedelta(minutes=77)) is None


def test_strangers_and_closed_accounts_hear_the_same_as_a_wrong_password(office: Path) -> None:
    cast = c.assemble()
    close = accounts.set_active
    mine = cast["title"].account_id
    deed(lambda session: close(session, mine, False, actor=cast["admin"], reason="离职", now=c.NOW))
    answers = [sign_in("nobody"), sign_in("title"), sign_in("leader", fits=False)]
    assert {(answer.code, answer.words) for answer in answers} == {("credentials", answers[0].words)}


def test_a_sign_in_is_kept_as_a_digest_and_ends_after_twelve_hours(database: str, home: Path) -> None:
    cast, drawn, draw = c.assemble(), [], secrets.token_urlsafe
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_urlsafe", lambda size: drawn.append(size) or draw(size))
        token = signed_in(" Reviewer ")
    assert drawn == [32]  # bytes, of the system's own randomness
    assert len(base64.urlsafe_b64decode(f"{token}=")) == 32
    assert holder(token) == cast["reviewer"]
    assert holder(token, c.NOW - MINUTE) is not None  # another machine's clock
    assert holder(token, c.NOW - timedelta(days=1)) is None  # it was made while the clock ran ahead
    assert holder(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert holder("") is None
    for halves in range(1, 24):
        deed(lambda session, at=halves: accounts.used(session, [token], c.NOW + 30 * at * MINUTE))
    assert holder(token, c.NOW + timedelta(hours=12) - MINUTE) is not None
    assert holder(token, c.NOW + timedelta(hours=12)) is None
    with db.reading() as session:
        kept = session.scalars(sa.select(SignIn)).one()
    assert bytes(kept.token_digest) == hashlib.sha256(token.encode()).digest()
    assert not [table for table, rows in c.everything().items() if any(token in row for row in rows)]
    assert not [path for path in home.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]


def test_whatever_ends_a_sign_in_ends_it_in_every_browser_at_once(database: str) -> None:
    cast = c.assemble()
    admin, base = cast["admin"], cast["base"]
    place = cast.places["base"].id
    ends: list[tuple[str, Callable[[Session], Any], list[Callable[[Session], Any]]]] = [
        ("account.signed_out", lambda s: accounts.sign_out(s, actor=base, now=c.NOW), []),
        (
            "account.password",
            lambda s: accounts.change_password(s, "Other-horse-25", old=c.PASSWORD, actor=base, now=c.NOW),
            [],
        ),
        (
            "account.reset",
            lambda s: accounts.reset_password(s, base.account_id, c.PASSWORD, actor=admin, now=c.NOW),
            [],
        ),
        (
            "account.closed",
            lambda s: accounts.set_active(s, base.account_id, False, actor=admin, reason="调离", now=c.NOW),
            [lambda s: accounts.set_active(s, base.account_id, True, actor=admin, reason="回来", now=c.NOW)],
        ),
        (
            "organization.changed",
            lambda s: organizations.set_active(s, place, False, actor=admin, reason="撤销", now=c.NOW),
            [lambda s: organizations.set_active(s, place, True, actor=admin, reason="恢复", now=c.NOW)],
        ),
    ]
    for event, end, undo in ends:
        tokens, other = [signed_in("base") for _ in range(3)], signed_in("reviewer")
        assert all(holder(token) for token in tokens)
        deed(end)
        assert [holder(token) for token in tokens] == [None] * 3, event
        assert holder(other) is not None, event
        assert last_line(cast)["event"] == event
        for back in undo:
            assert code(sign_in("base")) == "credentials"
            deed(back)
            assert [holder(token) for token in tokens] == [None] * 3, f"{event}: old sign-ins came back to life"


def test_ones_own_password_changes_only_for_who_knows_the_old_one(database: str) -> None:
    cast = c.assemble()

    def change(session: Session, new: str, old: str = c.PASSWORD) -> None:
        accounts.change_password(session, new, old=old, actor=cast["base"], now=c.NOW)

    assert c.refusal(lambda session: change(session, "Other-horse-25", "wrong")).code == "old"
    assert c.refusal(lambda session: change(session, c.PASSWORD)).code == "same"
    assert c.refusal(lambda session: change(session, "short1")).code == "password"
    with db.transaction() as session:
        session.get_one(Account, cast["base"].account_id).must_change_password = True
    assert holder(signed_in("base")).must_change_password
    first = replace(cast["base"], must_change_password=True)
    deed(lambda s: accounts.change_password(s, "Other-horse-25", old=c.PASSWORD, actor=first, now=c.NOW))
    assert not holder(signed_in("base")).must_change_password
    with db.reading() as session:
        hashed = session.get_one(Account, cast["base"].account_id).password_hash
    assert passwords.fits("Other-horse-25", hashed)
    assert not passwords.fits(c.PASSWORD, hashed)


def test_a_browser_that_was_left_open_is_no_place_to_guess_the_password(database: str) -> None:
    cast = c.assemble()

    def asked(old: str, seconds: int = 0) -> str:
        with db.transaction() as session:
            now = c.NOW + timedelta(seconds=seconds)
            refused = accounts.own_password(session, old, actor=cast["base"], now=now)
        return refused.code if refused else "right"

    assert [asked("wrong") for _ in range(5)] == ["old"] * 4 + ["wait"]
    assert asked(c.PASSWORD) == "wait"
    assert isinstance(sign_in("base"), str)  # signing in waits for nothing
    assert asked(c.PASSWORD, 3) == "right"
    assert asked("wrong", 4) == "old"
    with db.reading() as session:
        wrong = sa.select(sa.func.count()).where(AuditEntry.event == audit.Event.WRONG_PASSWORD.value)
        assert session.scalar(wrong) == 5


def test_closing_accounts_and_organizations_needs_the_right_admin_and_a_reason(office: Path) -> None:
    cast = c.assemble()
    mine, its = cast["hohhot_base"].account_id, cast.places["hohhot_base"].id

    def account(s: Session, by: str, which: int = mine, reason: str = "调离") -> Account:
        return accounts.set_active(s, which, False, actor=cast[by], reason=reason, now=c.NOW)

    def place(s: Session, by: str, which: int = its, reason: str = "撤销") -> Organization:
        return organizations.set_active(s, which, False, actor=cast[by], reason=reason, now=c.NOW)

    def reset(s: Session, by: str, which: int = mine, password: str = "Fresh-start-1") -> Account:
        return accounts.reset_password(s, which, password, actor=cast[by], now=c.NOW)

    region_base, region_admin = cast["base"].account_id, cast["admin"].account_id
    for attempt, expected in (
        (lambda s: account(s, "hohhot_reviewer"), "role"),
        (lambda s: account(s, "admin", 9999), "missing"),
        (lambda s: account(s, "hohhot_admin", region_base), "jurisdiction"),
        (lambda s: account(s, "hohhot_admin", region_admin), "jurisdiction"),
        (lambda s: account(s, "admin", region_admin), "self"),
        (lambda s: account(s, "admin", reason=" "), "reason"),
        (lambda s: place(s, "hohhot_reviewer"), "role"),
        (lambda s: place(s, "admin", 9999), "missing"),
        (lambda s: place(s, "hohhot_admin", cast.places["base"].id), "jurisdiction"),
        (lambda s: place(s, "admin", cast.places["hohhot"].id), "kind"),
        (lambda s: place(s, "admin", cast.places["region"].id), "kind"),
        (lambda s: place(s, "admin", reason=""), "reason"),
        (lambda s: reset(s, "hohhot_reviewer"), "role"),
        (lambda s: reset(s, "admin", 9999), "missing"),
        (lambda s: reset(s, "hohhot_admin", region_base), "jurisdiction"),
        (lambda s: reset(s, "hohhot_admin", region_admin), "jurisdiction"),
        (lambda s: reset(s, "admin", password="short"), "password"),
    ):
        assert c.refusal(attempt).code == expected
    deed(lambda s: account(s, "hohhot_admin"))
    assert last_line(cast)["reason"] == "调离"
    deed(lambda s: place(s, "hohhot_admin"))
    line = last_line(cast)
    assert (line["before"], line["after"], line["reason"]) == ('{"active":true}', '{"active":false}', "撤销")


def test_admins_see_the_accounts_of_their_jurisdiction_and_nobody_else_sees_any(database: str) -> None:
    cast = c.assemble()
    with db.reading() as session:
        assert len(accounts.listing(session, cast["admin"])) == len(c.STAFF)
        own = list(accounts.listing(session, cast["hohhot_admin"])["username"])
        assert own == [name for name, _, place in c.STAFF if place.startswith("hohhot")]
        for username in ("reviewer", "leader", "base", "employer", "title"):
            with pytest.raises(Refused, match="role"):
                accounts.listing(session, cast[username])


# --- persons --------------------------------------------------------------------------------------------------------


def test_persons_are_found_by_name_number_and_employer_and_shown_masked(database: str) -> None:
    cast = c.assemble()
    content = c.sheet([c.row(1, "额尔敦·巴图"), c.row(2, "巴图"), c.row(3, "孙示", employer="百分%单位")])
    c.posted(cast, content)

    def found(text: str = "", employer: str = "", by: str = "reviewer", **more: Any) -> list[str]:
        with db.reading() as session:
            frame, count = persons.find(session, cast[by], text=text, employer=employer, **more)
        assert "limit" in more or count == len(frame)
        assert not [number for number in map(c.id_number, (1, 2, 3)) if number in frame.to_csv()]
        return list(frame["name"])

    assert found() == ["额尔敦·巴图", "巴图", "孙示"]
    assert found("巴图") == ["额尔敦·巴图", "巴图"]
    assert found(" 额尔敦 • 巴图 ") == ["额尔敦·巴图"]
    assert found(c.id_number(2)) == found(f" {c.id_number(2).lower()} ") == ["巴图"]
    assert found(c.id_number(2)[:17]) == found(c.id_number(2)[-4:]) == []  # no probing by parts of a number
    assert found(c.id_number(9)) == found("%") == found("_") == []
    assert found(employer="%") == ["孙示"]
    assert found("图", "第一医院") == ["额尔敦·巴图", "巴图"]
    assert found(limit=1) == ["额尔敦·巴图"]
    assert found(limit=1, offset=1) == ["巴图"]
    assert found(by="employer") == ["额尔敦·巴图", "巴图"]  # their own hospital's
    assert found(by="hohhot_title") == found(by="hohhot_employer") == []
    with db.reading() as session:
        frame, _ = persons.find(session, cast["reviewer"], text="孙示")
        assert frame.loc[0, "id_mask"] == f"150199********{c.id_number(3)[-4:]}"
        with pytest.raises(Refused, match="role"):
            persons.find(session, cast["base"])


def test_showing_a_full_number_is_a_deed_in_the_trail(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    who = c.person_id(1)

    def reveal(session: Session, by: str, which: int = who, reason: str = "核对证书") -> str:
        return persons.reveal_id(session, which, actor=cast[by], reason=reason, now=c.AFTER)

    for by, expected in (("leader", "role"), ("admin", "role"), ("base", "role"), ("hohhot_title", "missing")):
        assert c.refusal(lambda session, by=by: reveal(session, by)).code == expected
    assert c.refusal(lambda session: reveal(session, "reviewer", 9999)).code == "missing"
    assert c.refusal(lambda session: reveal(session, "title", reason=" ")).code == "reason"
    assert deed(lambda session: reveal(session, "title")) == c.id_number(1)
    line = last_line(cast)
    assert (line["event"], line["account"], line["record"], line["record_id"]) == (
        "person.revealed",
        cast["title"].name,
        "person",
        who,
    )
    assert c.id_number(1) not in str(dict(line))


def test_a_roster_adds_whom_it_names_once_with_employer_and_authority(office: Path) -> None:
    cast = c.assemble()
    facts = [
        persons.PersonFacts("赵示一", c.id_number(1), "示例旗蒙古族中学", "讲" * 50, "专" * 50),
        persons.PersonFacts("钱示二", c.id_number(2), "单" * 100),
    ]
    here = cast.places["baotou"].id
    ids = deed(lambda s: persons.match_or_add(s, facts, authority_id=here, now=c.NOW))
    again = deed(lambda s: persons.match_or_add(s, facts, authority_id=here, now=c.NOW))
    assert ids == again
    assert deed(lambda s: persons.match_or_add(s, [], authority_id=here, now=c.NOW)) == {}
    with db.reading() as session:
        first, second = session.scalars(sa.select(Person).order_by(Person.id))
        assert (first.employer_id, first.authority_id) == (
            cast.places["hohhot_school"].id,
            cast.places["hohhot"].id,
        )
        assert (second.employer_id, second.authority_id) == (None, here)
        assert (len(first.post), len(first.specialty), len(second.employer_name)) == (40, 40, 80)
        assert (first.sex, f"{first.birth_on:%Y%m%d}") == ("男", c.id_number(1)[6:14])
    wrong = [persons.PersonFacts("赵示三", c.id_number(3)), replace(facts[0], name="赵别名")]
    found = c.refusal(lambda s: persons.match_or_add(s, wrong, authority_id=here, now=c.NOW))
    assert found.code == "name"
    assert "赵示一" in found.words
    assert c.id_number(1) not in found.words


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("  赵　示 一 ", "赵示一"),
        ("额尔敦 ‧ 巴图", "额尔敦·巴图"),
        ("Ivan   Petrov", "Ivan Petrov"),
        (None, ""),
        ("赵\n示", "赵示"),
        ("赵\x00示\x7f", "赵示"),
    ],
)
def test_names_are_compared_without_the_accidents_of_typing(raw: object, name: str) -> None:
    assert names.normalise(raw) == name
    assert names.normalise(name) == name
