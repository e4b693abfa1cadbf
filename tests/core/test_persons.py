"""What is done to a person on file: by the office in charge alone, on evidence, with what was kept for ever."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import answers
from core.ground import db
from core.ground.access import Actor, Refused
from core.ledger import books, checks, statements
from core.models import Account, CreditEntry, Person, PersonChange
from core.people import accounts, acts, organizations, persons
from core.records import cards, imports
from core.records.shortfalls import shortfalls
from core.submissions import reports, workflow
from core.tables import sheets
from core.trail import audit, files
from core.trail.audit import Event
from core.trail.files import Upload
from tests import cast as c
from tests import ready

PROOF = Upload("身份证复印件.pdf", b"%PDF-1.4 synthetic proof")
LATER = c.AFTER + timedelta(days=1)


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


@c.elsewhere
def kept(serial: int) -> Person:
    with db.reading() as session:
        return session.scalars(sa.select(Person).where(Person.id_index == db.blind_index(c.id_number(serial)))).one()


def stands() -> None:
    with db.reading() as session:
        assert [*checks.faults(session), *audit.faults(session)] == []


def correct(person: Person, by: Actor, **changes: Any) -> Callable[[Session], Person]:
    usual = {"name": person.name, "id_number": "", "evidence": PROOF, "version": person.version, "reason": "录入有误"}
    return lambda s: acts.correct(s, person.id, actor=by, now=LATER, **(usual | changes))


def move(
    person: Person, by: Actor, employer: str, authority_id: int = 1, **changes: Any
) -> Callable[[Session], Person]:
    usual = {"version": person.version, "reason": "调动文件"}
    return lambda s: acts.move(
        s, person.id, employer=employer, authority_id=authority_id, actor=by, now=LATER, **(usual | changes)
    )


def last_line(cast: c.Cast, event: Event) -> dict[str, Any]:
    with db.reading() as session:
        return dict(audit.history(session, cast["admin"], event=event)[0].iloc[0])


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(four_people)


def four_people() -> c.Cast:
    """Three of the hospital and one of the school in Hohhot, each with the hours of one training."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2), c.row(3)]))
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    return cast


# --- correcting -----------------------------------------------------------------------------------------------------


@ready.both
def test_a_number_is_corrected_on_evidence_and_sex_and_birth_date_follow(cast: c.Cast) -> None:
    person, right = kept(1), c.id_number(44, c.date(1990, 12, 1))
    done(correct(person, cast["reviewer"], id_number=f" {right.lower()} "))
    with db.reading() as session:
        now = persons.one(session, person.id, cast["reviewer"])
        assert (now.id_number, now.sex, str(now.birth_on), now.version) == (right, "女", "1990-12-01", 2)
        assert persons.find(session, cast["reviewer"], text=right)[1] == 1
        assert persons.find(session, cast["reviewer"], text=person.id_number)[1] == 1  # as on an older card
        assert c.totals(session, person.id).loc[0, "professional"] == 24
        line = acts.history(session, person.id, cast["employer"]).iloc[0]
        assert "出生日期已改" in line["after"]
        assert not {"1985", "1990"} & set(re.findall(r"\d+", line["before"] + line["after"]))
        assert (line["change"], line["reason"], line["filename"]) == ("corrected", "录入有误", PROOF.filename)
        assert (line["account_name"], line["at"]) == (cast["reviewer"].name, LATER)
        change = session.scalars(sa.select(PersonChange)).one()
        assert json.loads(change.before)["id_number"] == person.id_number  # kept, though never shown
        assert person.id_number not in line.to_json() + json.dumps(c.everything())
        assert files.opened(session, change.attachment_id, cast["reviewer"]).content == PROOF.content
        for by in ("employer", "hohhot_reviewer", "title"):
            with pytest.raises(Refused, match="missing"):
                files.opened(session, change.attachment_id, cast[by])
    told = last_line(cast, Event.PERSON_CORRECTED)
    assert (told["record"], told["record_id"], told["reason"]) == ("person", person.id, "录入有误")
    assert right not in str(told)
    stands()


def test_a_name_is_corrected_without_looking_at_the_number_and_the_account_follows(cast: c.Cast) -> None:
    person = kept(1)
    mine = c.give_account(cast, 1, "person")
    done(correct(person, cast["admin"], name="额尔敦 • 巴图"))
    assert (kept(1).name, kept(1).id_number) == ("额尔敦·巴图", person.id_number)
    with db.reading() as session:
        assert session.get_one(Account, mine.account_id).name == "额尔敦·巴图"
        line = acts.history(session, person.id, mine).iloc[0]
    assert (line["before"], line["after"]) == (f"姓名 {person.name}", "姓名 额尔敦·巴图")


def test_a_card_of_before_says_that_the_person_was_corrected_since(cast: c.Cast) -> None:
    person = kept(1)
    with db.transaction() as session:
        before = cards.issue(session, person.id, 2024, actor=cast["reviewer"], now=c.AFTER).code

    def corrected(code: str) -> tuple[bool, bool]:
        with db.reading() as session:
            found = cards.verification(session, code)
            assert found is not None
            return found.corrected, found.holds

    assert corrected(before) == (False, True)
    done(correct(person, cast["reviewer"], id_number=c.id_number(1, c.date(1986, 3, 4))))  # hidden by the mask
    assert corrected(before) == (True, True)
    with db.transaction() as session:
        after = cards.issue(session, person.id, 2024, actor=cast["reviewer"], now=LATER + timedelta(1)).code
    assert corrected(after) == (False, True)


@ready.both
def test_a_correction_is_refused_and_changes_nothing(cast: c.Cast) -> None:
    person = kept(1)
    for by, changes, expected in (
        ("employer", {"name": "赵别名"}, "role"),
        ("title", {"name": "赵别名"}, "role"),
        ("hohhot_reviewer", {"name": "赵别名"}, "missing"),
        ("reviewer", {"name": "赵别名", "version": 7}, "stale"),
        ("reviewer", {"name": "赵别名", "reason": " "}, "reason"),
        ("reviewer", {"name": "赵1"}, "name"),
        ("reviewer", {"name": " "}, "name"),
        ("reviewer", {"id_number": c.id_number(1)[:-1] + "0"}, "number"),
        ("reviewer", {"id_number": c.id_number(2)}, "taken"),
        ("reviewer", {}, "same"),
        ("reviewer", {"name": "赵别名", "evidence": None}, "file"),
        ("reviewer", {"name": "赵别名", "evidence": Upload("证明.exe", b"MZ")}, "file"),
        ("reviewer", {"name": "赵别名", "evidence": Upload("证明.pdf", b"")}, "file"),
        ("reviewer", {"name": "赵别名", "evidence": Upload("证明.pdf", b"MZ")}, "file"),
    ):
        assert c.refusal(correct(person, cast[by], **changes)).code == expected
    assert c.refusal(correct(kept(5), cast["reviewer"], name="赵别名")).code == "jurisdiction"
    told = c.refusal(correct(person, cast["reviewer"], id_number=c.id_number(2))).words
    assert kept(2).name in told
    assert "合并" in told
    stranger = c.refusal(correct(kept(5), cast["hohhot_reviewer"], id_number=c.id_number(2))).words
    assert kept(2).name not in stranger


@ready.both
def test_two_officers_correct_one_person_and_the_slower_is_told(cast: c.Cast) -> None:
    person = kept(1)
    found = c.at_once(correct(person, cast["reviewer"], name="赵甲"), correct(person, cast["reviewer2"], name="赵乙"))
    assert sorted(type(one).__name__ for one in found) == ["Person", "Refused"]
    assert next(one.code for one in found if isinstance(one, Refused)) == "stale"
    with db.reading() as session:
        assert len(acts.history(session, person.id, cast["reviewer"])) == 1
    stands()


@ready.both
def test_two_officers_give_two_persons_one_number_and_only_one_gets_it(cast: c.Cast) -> None:
    number = c.id_number(77)
    found = c.at_once(*(correct(kept(serial), cast["reviewer"], id_number=number) for serial in (1, 2)))
    assert sorted(getattr(one, "code", "done") for one in found) == ["done", "taken"]


# --- moving ---------------------------------------------------------------------------------------------------------


def test_a_move_to_an_employer_on_file_goes_to_its_authority_and_hours_stay(cast: c.Cast) -> None:
    person = kept(1)
    mine = c.give_account(cast, 1, "person")
    done(move(person, cast["reviewer"], " 示例旗蒙古族中学 ", authority_id=1))
    now = kept(1)
    assert (now.employer_id, now.authority_id) == (cast.places["hohhot_school"].id, cast.places["hohhot"].id)
    with db.reading() as session:
        assert persons.find(session, cast["employer"], text=c.id_number(1))[1] == 0
        assert persons.find(session, cast["hohhot_employer"], text=c.id_number(1))[1] == 1
        assert c.totals(session, person.id).loc[0, "professional"] == 24
        assert session.get_one(Account, mine.account_id).organization_id == now.employer_id
        line = acts.history(session, person.id, cast["hohhot_reviewer"]).iloc[0]
        assert "示例市第一医院" in line["before"]
        assert "呼和浩特" in line["after"]
    # the hours count everywhere: the new authority prints the card
    done(lambda s: cards.issue(s, person.id, 2024, actor=cast["hohhot_reviewer"], now=LATER))
    told = last_line(cast, Event.PERSON_MOVED)
    assert told["organization"] == "示例市第一医院"  # with the office that handed over
    assert c.refusal(move(now, cast["reviewer"], "示例市第一医院")).code == "jurisdiction"  # no longer its own
    done(move(now, cast["hohhot_reviewer"], "示例市第一医院"))
    stands()


def test_an_employer_not_on_file_is_kept_as_written_under_the_office_chosen(cast: c.Cast) -> None:
    person, baotou = kept(1), cast.places["baotou"].id
    done(move(person, cast["reviewer"], "包头某企业", baotou))
    assert (kept(1).employer_id, kept(1).employer_name, kept(1).authority_id) == (None, "包头某企业", baotou)
    with db.reading() as session:
        assert persons.one(session, person.id, cast["baotou_reviewer"]).name == person.name
    stands()


def test_a_move_is_refused_and_changes_nothing(cast: c.Cast) -> None:
    person = kept(1)
    done(
        lambda s: organizations.set_active(
            s, cast.places["hohhot_school"].id, False, actor=cast["admin"], reason="撤并", now=LATER
        )
    )
    for by, employer, changes, expected in (
        ("employer", "示例新单位", {}, "role"),
        ("hohhot_reviewer", "示例新单位", {}, "missing"),
        ("reviewer", "示例新单位", {"version": 9}, "stale"),
        ("reviewer", "示例新单位", {"reason": ""}, "reason"),
        ("reviewer", "单", {}, "employer"),
        ("reviewer", "单" * 81, {}, "employer"),
        ("reviewer", "示例旗蒙古族中学", {}, "employer"),
        ("reviewer", "示例新单位", {"authority_id": cast.places["base"].id}, "authority"),
        ("reviewer", "示例市第一医院", {}, "same"),
    ):
        assert c.refusal(move(person, cast[by], employer, **changes)).code == expected
    assert c.refusal(move(kept(5), cast["reviewer"], "示例新单位")).code == "jurisdiction"


@ready.both
def test_one_moves_and_the_other_corrects_and_the_slower_is_told(cast: c.Cast) -> None:
    person = kept(1)
    found = c.at_once(move(person, cast["reviewer"], "示例新单位"), correct(person, cast["reviewer2"], name="赵乙"))
    assert sorted(getattr(one, "code", "done") for one in found) == ["done", "stale"]
    stands()


# --- merging --------------------------------------------------------------------------------------------------------


def merge(stays: Person, duplicate: Person, by: Actor, **changes: Any) -> Callable[[Session], Person]:
    usual: dict[str, Any] = {"version": stays.version, "duplicate_version": duplicate.version, "evidence": PROOF}
    usual["reason"] = "同一人，号码录错"
    return lambda s: acts.merge(s, stays.id, duplicate.id, actor=by, now=LATER, **(usual | changes))


def separate(duplicate: Person, by: Actor, **changes: Any) -> Callable[[Session], Person]:
    usual = {"version": duplicate.version, "reason": "不是同一人"}
    return lambda s: acts.separate(s, duplicate.id, actor=by, now=LATER, **(usual | changes))


def professional(person_id: int) -> Any:
    with db.reading() as session:
        return c.totals(session, person_id, [2024]).loc[0, "professional"]


def entries(person_id: int) -> int:
    with db.reading() as session:
        return len(statements.entries(session, person_id))


@ready.both
def test_whoever_asks_for_a_duplicate_gets_the_person_with_all_the_hours(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    ledger_before = c.everything()["credit_entry"]
    done(merge(stays, duplicate, cast["reviewer"]))
    assert c.everything()["credit_entry"] == ledger_before
    for person_id in (stays.id, duplicate.id):
        assert professional(person_id) == 48
        assert entries(person_id) == 2
    with db.reading() as session:
        reviewer = cast["reviewer"]
        assert persons.one(session, duplicate.id, reviewer).id == stays.id
        by_number, _ = persons.find(session, reviewer, text=c.id_number(2))
        assert list(by_number["id"]) == [stays.id]
        everybody, count = persons.find(session, cast["employer"], limit=None)
        assert (list(everybody["id"]), count) == ([stays.id, kept(3).id], 2)
        frame, _ = shortfalls(session, cast["employer"], 2024, limit=None)
        assert list(frame["专业差"]) == [12, 36]
        assert list(acts.duplicates(session, stays.id, reviewer)["id"]) == [duplicate.id]
        batch = answers.everybody(session, reviewer, 2024)
        assert list(batch.person_ids) == [stays.id, kept(3).id, kept(5).id]
    stands()


def test_hours_that_come_later_under_either_number_count_for_the_one_person(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    done(merge(stays, duplicate, cast["reviewer"]))
    c.posted(cast, c.sheet([c.row(2)]), title="第二期")
    assert professional(stays.id) == 72
    stands()


def bring_in(cast: c.Cast, filename: str, serial: int, name: str) -> list[str]:
    """Import 30 public hours for a number; answers the codes of what was wrong."""
    rows = [[c.id_number(serial), name, 2024, "公需", 30, "培训", "第三期"]]
    table = sheets.csv_file(["身份证号", "姓名", "年度", "科目", "学时", "来源", "依据"], rows)
    with db.transaction() as session:
        upload = Upload(filename, table)
        _, preview = imports.bring_in(session, upload, actor=cast["reviewer"], reason="补登", now=LATER)
    return [problem.code for problem in preview.problems]


def test_what_was_imported_for_the_duplicate_is_not_imported_again_for_the_person(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    assert bring_in(cast, "补登.csv", 2, duplicate.name) == []
    done(merge(stays, duplicate, cast["reviewer"]))
    assert bring_in(cast, "又一次.csv", 1, stays.name) == ["recorded"]
    with db.reading() as session:
        assert c.totals(session, stays.id, [2024]).loc[0, "public"] == 30
    stands()


@ready.both
def test_a_training_taken_back_reaches_a_merged_person_and_revokes_the_card(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    done(merge(stays, duplicate, cast["reviewer"]))
    code = done(lambda s: cards.issue(s, duplicate.id, 2024, actor=cast["reviewer"], now=LATER)).code
    with db.reading() as session:
        posted_to = sa.select(CreditEntry.batch_id, CreditEntry.line).where(CreditEntry.person_id == duplicate.id)
        batch_id, line = session.execute(posted_to).one()
        assert cards.verification(session, code).holds
    done(lambda s: books.reverse(s, batch_id, lines=[line], actor=cast["reviewer"], reason="培训不实", now=LATER))
    assert professional(stays.id) == 24
    with db.reading() as session:
        assert cards.verification(session, code).revoked
        assert len(cards.issued(session, stays.id, cast["reviewer"])) == 1
    done(separate(kept(2), cast["reviewer"]))
    assert (professional(stays.id), professional(duplicate.id)) == (24, 0)
    stands()


def test_to_separate_puts_everything_back_as_it_was(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    before = c.everything()
    done(merge(stays, duplicate, cast["reviewer"]))
    done(separate(kept(2), cast["reviewer2"]))
    after = c.everything()
    for table in ("credit_entry", "credit_total", "credit_batch", "account"):
        assert after[table] == before[table]
    assert (kept(2).merged_into_id, kept(2).id_number, kept(2).employer_id) == (
        None,
        c.id_number(2),
        duplicate.employer_id,
    )
    with db.reading() as session:
        for person_id, other in ((stays.id, duplicate.name), (duplicate.id, stays.name)):
            history = acts.history(session, person_id, cast["employer"])
            assert list(history["change"]) == ["separated", "merged"]
            assert other in history.loc[1, "after"]
            assert other in history.loc[0, "before"]
            assert c.id_number(1) not in history.to_csv()
    assert last_line(cast, Event.PERSON_MERGED)["reason"] == "同一人，号码录错"
    assert last_line(cast, Event.PERSON_SEPARATED)["account"] == cast["reviewer2"].name
    stands()


def test_the_account_of_a_duplicate_opens_the_one_person(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    c.give_account(cast, 2, "person")
    done(merge(stays, duplicate, cast["reviewer"]))
    token = done(lambda s: accounts.sign_in(s, "person", fits=True, now=LATER))
    with db.reading() as session:
        actor = accounts.actor_of(session, token, LATER)
        assert actor is not None
        assert actor.person_id == stays.id
        assert persons.one(session, stays.id, actor).id == stays.id


def test_a_card_of_a_duplicate_says_that_the_person_was_corrected_since(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    code = done(lambda s: cards.issue(s, duplicate.id, 2024, actor=cast["reviewer"], now=c.AFTER)).code
    done(merge(stays, duplicate, cast["reviewer"]))
    with db.reading() as session:
        found = cards.verification(session, code)
    assert found is not None
    assert (found.corrected, found.holds) == (True, True)


@ready.both
def test_two_of_other_birth_dates_or_sexes_are_merged_on_evidence_only_and_it_is_told_that_the_dates_differ(
    cast: c.Cast,
) -> None:
    born = c.date(1979, 5, 6)
    c.posted(cast, c.sheet([c.row(7, c.row(1)[1], id_number=c.id_number(7, born))]), title="第二期")
    c.posted(cast, c.sheet([c.row(9, c.row(1)[1])]), title="第三期")
    with db.reading() as session:
        index = db.blind_index(c.id_number(7, born))
        older = session.scalars(sa.select(Person).where(Person.id_index == index)).one()
    refused = c.refusal(merge(kept(1), older, cast["reviewer"], evidence=None))
    assert refused.code == "file"
    assert refused.words.startswith("两条记录出生日期不同，很可能不是同一人")
    assert "性别不同（男、女）" in c.refusal(merge(kept(1), kept(2), cast["reviewer"], evidence=None)).words
    done(merge(kept(1), kept(9), cast["reviewer"], evidence=None))  # a last digit may be a slip
    done(merge(kept(1), older, cast["reviewer"]))
    with db.reading() as session:
        for person_id in (kept(1).id, older.id):
            line = acts.history(session, person_id, cast["reviewer"]).iloc[0]
            assert line["filename"] == PROOF.filename
            assert "（1980年代生）" in line["after"]
            assert "（1970年代生）" in line["after"]
    told = last_line(cast, Event.PERSON_MERGED)["after"]
    assert "（1980年代生）" in told
    assert "（1970年代生）" in told
    stands()


def test_a_merge_is_refused_and_changes_nothing(cast: c.Cast) -> None:
    first, second, third, other = kept(1), kept(2), kept(3), kept(5)
    for stays, duplicate, by, changes, expected in (
        (first, second, "employer", {}, "role"),
        (first, second, "hohhot_reviewer", {}, "missing"),
        (first, other, "reviewer", {}, "jurisdiction"),
        (other, first, "reviewer", {}, "jurisdiction"),
        (other, first, "hohhot_reviewer", {}, "missing"),
        (first, first, "reviewer", {}, "self"),
        (first, second, "reviewer", {"reason": ""}, "reason"),
        (first, second, "reviewer", {"version": 5}, "stale"),
        (first, second, "reviewer", {"duplicate_version": 5}, "stale"),
        (first, second, "reviewer", {"evidence": None}, "file"),
        (first, second, "reviewer", {"evidence": Upload("证明.exe", b"MZ")}, "file"),
    ):
        assert c.refusal(merge(stays, duplicate, cast[by], **changes)).code == expected
    assert c.refusal(separate(first, cast["reviewer"])).code == "missing"
    done(merge(first, second, cast["reviewer"]))
    assert c.refusal(merge(third, first, cast["reviewer"])).code == "chain"
    assert c.refusal(merge(third, kept(2), cast["reviewer"])).code == "stale"
    assert c.refusal(merge(kept(2), third, cast["reviewer"])).code == "stale"
    assert c.refusal(correct(first, cast["reviewer"], id_number=c.id_number(2))).code == "taken"
    for by, changes, expected in (
        ("employer", {}, "role"),
        ("hohhot_reviewer", {}, "missing"),
        ("reviewer", {"reason": ""}, "reason"),
        ("reviewer", {"version": 1}, "stale"),
    ):
        assert c.refusal(separate(kept(2), cast[by], **changes)).code == expected


@ready.both
def test_two_officers_merge_at_once_and_one_merge_holds(cast: c.Cast) -> None:
    first, second = kept(1), kept(2)
    found = c.at_once(merge(first, second, cast["reviewer"]), merge(second, first, cast["reviewer2"]))
    assert sorted(getattr(one, "code", "done") for one in found) == ["done", "stale"]
    assert professional(first.id) == professional(second.id) == 48
    stands()


@ready.both
def test_a_merge_and_a_posting_at_once_lose_no_hour(cast: c.Cast) -> None:
    first, second = kept(1), kept(2)
    hours = [books.Posting(second.id, 2024, "professional", c.Decimal(8), c.date(2024, 5, 6))]
    post = lambda s: books.post(s, hours, basis="示例", actor=cast["reviewer"], now=LATER)  # noqa: E731
    assert not [one for one in c.at_once(merge(first, second, cast["reviewer"]), post) if isinstance(one, Exception)]
    assert professional(first.id) == 56
    stands()


# --- what is posted and printed while two are merged ------------------------------------------------------------------


def record_of(batch_id: int) -> list[int]:
    """To whose records a batch was posted."""
    with db.reading() as session:
        query = sa.select(CreditEntry.person_id).where(CreditEntry.batch_id == batch_id).order_by(CreditEntry.line)
        return list(session.scalars(query))


@ready.both
def test_hours_filed_under_a_duplicate_while_it_is_merged_are_its_own_again_once_separated(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    claim = c.file_claim(cast, 2)
    done(merge(stays, duplicate, cast["reviewer"]))
    c.posted(cast, c.sheet([c.row(2)]), title="第二期")
    c.grant(cast, claim.id, 40)
    assert bring_in(cast, "补登.csv", 2, duplicate.name) == []
    with db.reading() as session:
        last = session.scalar(sa.select(sa.func.max(CreditEntry.batch_id)))
        assert c.totals(session, stays.id, [2024]).loc[0, "total"] == 24 + 24 + 24 + 40 + 30
    assert [record_of(batch_id) for batch_id in range(last - 2, last + 1)] == [[duplicate.id]] * 3
    stands()
    done(separate(kept(2), cast["reviewer"]))
    with db.reading() as session:
        assert c.totals(session, stays.id, [2024]).loc[0, "total"] == 24
        assert c.totals(session, duplicate.id, [2024]).loc[0, "total"] == 24 + 24 + 40 + 30
    stands()


@ready.both
def test_a_claim_filed_while_two_are_merged_and_sent_again_stays_with_whom_it_was_filed_for(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    claim = c.file_claim(cast, 2)
    done(
        lambda s: workflow.move(
            s, claim.id, workflow.Action.WITHDRAW, version=2, actor=cast["employer"], now=LATER, reason="补材料"
        )
    )
    done(merge(stays, duplicate, cast["reviewer"]))
    done(lambda s: workflow.move(s, claim.id, workflow.Action.SUBMIT, version=3, actor=cast["employer"], now=LATER))
    done(separate(kept(2), cast["reviewer"]))
    c.grant(cast, claim.id, 40, now=LATER)
    assert (professional(stays.id), professional(duplicate.id)) == (24, 64)
    stands()


def test_one_human_stands_once_in_a_roster_under_the_numbers_of_merged_records(cast: c.Cast) -> None:
    done(merge(kept(1), kept(2), cast["reviewer"]))
    report = c.draft_report(cast, c.sheet([c.row(3), c.row(2), c.row(1)]), title="第二期")
    with db.reading() as session:
        found = reports.problems(session, report.id, cast["base"], now=c.AFTER)
    assert [(one.row, one.code, one.blocking) for one in found] == [(5, "duplicate", True)]
    assert found[0].words.startswith("与第4行是同一人的两个号码")


@ready.both
def test_a_card_on_two_records_hours_is_void_once_they_are_separated_and_stays_so(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)

    def card(serial: int) -> str:
        return str(done(lambda s: cards.issue(s, kept(serial).id, 2024, actor=cast["reviewer"], now=LATER)).code)

    def void(code: str) -> str:
        with db.reading() as session:
            found = cards.verification(session, code)
            assert found is not None
            assert found.holds == (found.revoked is None)
            return found.revoked.words if found.revoked else ""

    own = card(2)
    done(merge(stays, duplicate, cast["reviewer"]))
    both = card(1)
    assert (void(own), void(both)) == ("", "")
    done(separate(kept(2), cast["reviewer"]))
    assert (void(own), void(both)) == ("", "卡上合计了两条记录的学时，其合并已撤销")
    done(merge(kept(1), kept(2), cast["reviewer"]))
    assert void(both) == "卡上合计了两条记录的学时，其合并已撤销"
    with db.reading() as session:
        listed = cards.issued(session, stays.id, cast["reviewer"])
    assert list(listed["revoked_on"].notna()) == [True, False]


def test_a_card_revoked_by_what_was_taken_back_of_a_duplicate_stays_revoked_after_separation(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    before = done(lambda s: cards.issue(s, stays.id, 2024, actor=cast["reviewer"], now=c.AFTER)).code
    done(merge(stays, duplicate, cast["reviewer"]))
    code = done(lambda s: cards.issue(s, stays.id, 2024, actor=cast["reviewer"], now=LATER)).code
    with db.reading() as session:
        posted_to = sa.select(CreditEntry.batch_id, CreditEntry.line).where(CreditEntry.person_id == duplicate.id)
        batch_id, line = session.execute(posted_to).one()
    act = {"lines": [line], "actor": cast["reviewer"], "reason": "培训不实", "now": LATER}
    told = done(lambda s: books.reverse(s, batch_id, **act))[1]
    assert told.cards_revoked == 1  # the one of before shows nothing of the duplicate
    c.posted(cast, c.sheet([c.row(1)]), title="第二期")
    done(separate(kept(2), cast["reviewer"]))
    with db.reading() as session:
        assert cards.verification(session, code).revoked.words == f"冲销第{batch_id}批：培训不实"
        assert cards.verification(session, before).holds


@ready.both
def test_a_merge_names_what_both_records_have_of_one_training_certificate_or_day(cast: c.Cast) -> None:
    """1 and 2 were in one training already; each claims one certificate, and they were in two classrooms at once."""
    stays, duplicate = kept(1), kept(2)
    for serial, title in ((1, "数据治理 高研班（一期）"), (2, "数据治理高研班(一期)")):
        c.grant(cast, c.file_claim(cast, serial, title=title, start_on=c.date(2024, 3, 4)).id, 40)
    c.posted(cast, c.sheet([c.row(1)]), title="第二期", start_on=c.date(2024, 6, 25), end_on=c.date(2024, 6, 27))
    assert bring_in(cast, "补登.csv", 2, duplicate.name) == []

    def told(**more: Any) -> list[tuple[str, Any, Any]]:
        with db.reading() as session:
            found = acts.doubled(session, stays.id, cast["reviewer"], **more)
        return sorted((line.why, line.hours, line.other_hours) for line in found.itertuples())

    both = [("同一培训", 24, 24), ("同一期间", 24, 24), ("同一证书或依据", 40, 40)]
    assert told() == []
    assert told(with_id=duplicate.id) == both
    done(merge(stays, duplicate, cast["reviewer"]))
    assert told() == both
    done(lambda s: books.reverse(s, 1, lines=[2], actor=cast["reviewer"], reason="重复", now=LATER))
    assert told() == [("同一证书或依据", 40, 40)]
    with pytest.raises(Refused, match="missing"), db.reading() as session:
        acts.doubled(session, stays.id, cast["hohhot_reviewer"])
    with pytest.raises(Refused, match="missing"), db.reading() as session:
        acts.doubled(session, kept(3).id, cast["reviewer"], with_id=kept(5).id + 90)


@ready.both
def test_while_two_are_merged_either_name_goes_with_the_duplicates_number(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    done(merge(stays, duplicate, cast["reviewer"]))
    for name in (stays.name, duplicate.name):
        report = c.draft_report(cast, c.sheet([c.row(2, name)]), title=f"{name}的一期")
        with db.reading() as session:
            assert reports.problems(session, report.id, cast["base"], now=c.AFTER) == []
        assert bring_in(cast, f"{name}.csv", 2, name) == ([] if name == stays.name else ["recorded"])
    near = c.draft_report(cast, c.sheet([c.row(2, f"{stays.name}某")]), title="错名")
    with db.reading() as session:
        (problem,) = reports.problems(session, near.id, cast["base"], now=c.AFTER)
    assert (problem.code, problem.offer) == ("name-known", f"改为“{stays.name}”")
    c.posted(cast, c.sheet([c.row(2, stays.name)]), title="第二期")
    assert record_of(4) == [duplicate.id]
    stands()


def test_the_account_of_a_duplicate_and_what_it_filed_are_its_own_again_once_separated(cast: c.Cast) -> None:
    stays, duplicate = kept(1), kept(2)
    mine = c.give_account(cast, 2, "person")
    done(merge(stays, duplicate, cast["reviewer"]))
    cast.actors["person"] = replace(mine, person_id=stays.id)  # as it signs in while they are merged
    claim = c.file_claim(cast, 1, by="person")
    done(correct(kept(1), cast["reviewer"], name="改后名"))
    done(move(kept(1), cast["reviewer"], "示例新单位"))
    done(separate(kept(2), cast["reviewer"]))
    with db.reading() as session:
        account = session.get_one(Account, mine.account_id)
        assert (account.name, account.organization_id) == (duplicate.name, duplicate.employer_id)
        assert workflow.one(session, claim.id, mine).id == claim.id
        with pytest.raises(Refused, match="missing"):
            workflow.one(session, claim.id, replace(mine, person_id=stays.id))
    c.grant(cast, claim.id, 40, now=LATER)
    assert (professional(stays.id), professional(duplicate.id)) == (24, 64)


@ready.both
def test_a_number_of_before_a_correction_finds_the_person_for_those_who_may_look_them_up(cast: c.Cast) -> None:
    right = c.id_number(77, c.date(1985, 3, 5))
    done(correct(kept(1), cast["reviewer"], id_number=right))
    with db.reading() as session:
        for by, found in (("reviewer", 1), ("employer", 1), ("hohhot_reviewer", 0)):
            assert persons.find(session, cast[by], text=c.id_number(1))[1] == found
