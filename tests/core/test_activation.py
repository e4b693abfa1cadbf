"""One-time codes: a person opens an account alone; nobody guesses, reuses or learns anything from what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.models import Account, ActivationCode, AuditEntry
from core.people import accounts, activation
from core.people.activation import Slip
from core.records import cards
from tests import cast as c

REAL = datetime(2024, 7, 1, 2, 0, tzinfo=UTC)
WHENCE = "203.0.113.7"


def office_with(people: int) -> c.Cast:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(at) for at in range(1, people + 1)]))
    return cast


def given(cast: c.Cast, *serials: int, by: str = "employer", now: datetime = REAL) -> list[Slip]:
    with db.transaction() as session:
        return activation.give(session, [c.person_id(each) for each in serials], actor=cast[by], now=now)


def claimed(
    number: str, code: str, *, now: datetime = REAL, address: str | None = None, counted: bool = True
) -> Account | Refused:
    if counted:
        with db.transaction() as session:
            if waits := activation.may_claim(session, number, address=address, now=now):
                return waits
    with db.transaction() as session:
        return activation.claim(session, number, code, password_hash="hash", address=address, now=now)


def refusal(answer: Account | Refused) -> tuple[str, str]:
    assert isinstance(answer, Refused)
    return answer.code, answer.words


def test_a_person_opens_an_account_with_number_and_code_signs_in_by_number_and_has_a_card(database: str) -> None:
    cast = office_with(2)
    (slip,) = given(cast, 1, by="base")
    assert (slip.id_mask, slip.expires_on) == (f"150199********{c.id_number(1)[-4:]}", c.date(2024, 7, 31))
    number = c.id_number(1)
    account = claimed(f" {number[:6]} {number[6:]}", f" {slip.code.lower()} ")
    assert isinstance(account, Account)
    assert (account.role, account.must_change_password, account.name) == (Role.PERSON, False, slip.name)
    with db.transaction() as session:
        assert accounts.may_try(session, number, address=WHENCE, now=REAL) == "hash"
        token = accounts.sign_in(session, number, fits=True, address=WHENCE, now=REAL)
        actor = accounts.actor_of(session, token, REAL)
        assert isinstance(actor, Actor)
        assert cards.issue(session, c.person_id(1), 2024, actor=actor, now=c.AFTER).year == 2024
    with db.reading() as session:
        lines = session.execute(sa.select(AuditEntry.event, AuditEntry.account_name, AuditEntry.after)).all()
        kept = session.scalars(sa.select(ActivationCode.digest)).one()
    told = [(event, name) for event, name, _ in lines if event in ("person.code", "account.claimed")]
    assert told == [("person.code", cast["base"].name), ("account.claimed", slip.name)]
    assert not any(number in after or slip.code in after for _, _, after in lines)
    assert slip.code.replace("-", "").encode() not in kept


def test_whatever_is_wrong_is_answered_in_the_same_words_and_changes_nothing(office: Path) -> None:
    cast = office_with(3)
    first, second = given(cast, 1, 2)
    number = c.id_number(1)
    assert isinstance(claimed(c.id_number(2), second.code), Account)
    again = given(cast, 1)[0]
    wrong = [
        (number, "AAAA-AAAA"),  # another code
        (number, first.code),  # one that another took the place of
        (c.id_number(2), second.code),  # used
        (c.id_number(3), again.code),  # somebody else's
        (c.id_number(8), again.code),  # nobody's number
        ("no number", again.code),
        (number, ""),
    ]
    assert {refusal(claimed(*each, counted=False)) for each in wrong} == {("code", activation.WRONG)}
    assert refusal(claimed(number, again.code, now=REAL + activation.LASTS + timedelta(days=1))) == (
        "code",
        activation.WRONG,
    )
    with db.reading() as session:
        people = session.scalar(sa.select(sa.func.count(Account.id)).where(Account.role == Role.PERSON))
        events = session.scalars(sa.select(AuditEntry.event)).all()
    assert people == 1
    assert events.count("account.wrong_code") == len(wrong) + 1
    assert isinstance(claimed(number, again.code), Account)


def test_codes_cannot_be_guessed(office: Path) -> None:
    cast = office_with(1)
    (slip,) = given(cast, 1)
    number, waited, now = c.id_number(1), 0, REAL
    for _ in range(9):
        code, _ = refusal(claimed(number, "AAAA-AAAA", now=now))
        waited += code == "wait"
        now += timedelta(seconds=1)
    assert waited >= 4  # each next one waits longer, whether there is such a person or not
    other = [refusal(claimed("x", "AAAA-AAAA", now=REAL))[0] for _ in range(6)]
    assert other.count("wait") >= 2
    from_one_place = [refusal(claimed(f"x{at}", "AAAA-AAAA", now=REAL, address=WHENCE))[0] for at in range(25)]
    assert from_one_place[-1] == "wait"
    for _ in range(activation.MOST_WRONG):  # however long somebody waits between them
        claimed(number, "AAAA-AAAA", counted=False)
    assert refusal(claimed(number, slip.code, counted=False)) == ("code", activation.WRONG)
    early = REAL - timedelta(days=40)  # the clock ran ahead when the code was given
    assert refusal(claimed(number, given(cast, 1)[0].code, now=early, counted=False))[0] == "code"
    assert isinstance(claimed(number, given(cast, 1)[0].code, counted=False), Account)


def test_codes_are_given_by_employer_or_base_to_their_own_people_without_an_account(office: Path) -> None:
    cast = office_with(2)
    c.posted(cast, c.sheet([c.row(9, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    for by, serial, code in (
        ("hohhot_employer", 1, "none"),
        ("employer", 9, "none"),
        ("base", 9, "none"),
        ("reviewer", 1, "role"),
        ("admin", 1, "role"),
    ):
        with pytest.raises(Refused, match=code):
            given(cast, serial, by=by)
    assert len(given(cast, 1, 2, 9)) == 2
    assert isinstance(claimed(c.id_number(2), given(cast, 2)[0].code), Account)
    assert [slip.name for slip in given(cast, 1, 2)] == [c.row(1)[1]]
    whose = [c.person_id(each) for each in (1, 2, 9)]
    with db.reading() as session:  # whose slip would be struck if codes were given once more
        for by, now, holding in (
            ("employer", REAL, {whose[0]}),
            ("employer", REAL + activation.LASTS + timedelta(days=1), set()),
            ("hohhot_employer", REAL, set()),
        ):
            assert activation.with_code(session, whose, cast[by], now=now) == holding


def test_slips_name_whose_they_are_with_the_code_and_the_way(office: Path) -> None:
    cast = office_with(12)
    slips = given(cast, *range(1, 13))
    made = activation.printed(slips, address="https://hours.example.cn", giver="示例市第一医院")
    with pypdfium2.PdfDocument(made) as document:
        texts: list[Any] = [page.get_textpage().get_text_bounded() for page in document]
    assert len(texts) == 2
    whole = "".join(texts)
    assert all(slip.code in whole and slip.name in whole for slip in slips)
    assert not any(c.id_number(at) in whole for at in range(1, 13))
    assert whole.count("https://hours.example.cn") == 12
    with pypdfium2.PdfDocument(activation.printed(slips, address="", giver="示例市第一医院")) as document:
        assert "打开登录页" in (without := document[0].get_textpage().get_text_bounded())
    assert "http" not in without
    assert all(slip.id_mask in without for slip in slips[:10])  # in one line each
