"""Decisions for the record: what is kept, who may see it, whether it still stands, what another policy would say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from core.eligibility import answers, applications, decisions, replay
from core.ground import db
from core.ground.access import Refused, Role
from core.law import notices
from core.law.notices import on_file
from core.law.rules import Outcome
from core.ledger import books
from core.ledger.books import Posting
from core.models import DecisionPart, DecisionPerson, DecisionPolicy
from core.people import acts, persons
from core.people.persons import PersonFacts
from core.trail import audit
from tests import cast as c
from tests.core.test_eligibility import SHORT, batch, cells, file, number_of, person, sheet_of


def decide(cast: c.Cast, *rows: dict[str, Any], by: str = "title") -> answers.Run:
    with db.transaction() as session:
        return decisions.decide(session, batch(*rows), actor=cast[by], now=c.NOW)


# --- the record -----------------------------------------------------------------------------------------------------


def test_decisions_are_kept_with_all_they_stood_on_and_leave_one_line(database: str) -> None:
    cast = c.assemble()
    person_id = person(cast, 1, SHORT)
    run = decide(cast, cells(1), cells(2, 申报方式="?"), cells(3, 基层一线="待核验"))
    with db.reading() as session:
        found = decisions.decided(session, cast["title"], run_id=run.id)
        kept = session.scalars(sa.select(DecisionPart)).one()
        whose = session.execute(sa.select(DecisionPerson.person_id, DecisionPerson.place)).all()
        notice = notices.of_year(2024)
        assert notices.restored(session.get_one(DecisionPolicy, kept.policy_digest).text).digest == notice.digest
        lines, count = audit.history(session, cast["admin"], event=audit.Event.ELIGIBILITY_DECIDED)
        assert audit.faults(session) == []
        assert decisions.faults(session) == []
    shown = found[["row", "outcome", "person_id", "name"]].itertuples(index=False, name=None)
    assert list(shown) == [(2, "不符合", person_id, "王示例"), (4, "待核验", 0, "王示例")]
    assert whose == [(person_id, 0)]
    assert (kept.run_id, kept.not_eligible, kept.to_verify, kept.policy_digest) == (run.id, 1, 1, notice.digest)
    assert count == 1
    assert '"applications":3,' in lines["after"][0]
    assert '"eligible":0,"faulty":1,"not_eligible":1,"policies":["nmg-2024"],"to_verify":1' in lines["after"][0]
    assert c.id_number(1) not in lines["after"][0]


def test_a_run_without_a_single_sound_row_records_nothing(office: Path) -> None:
    cast = c.assemble()
    before = c.everything()
    run = decide(cast, cells(1, 申报方式="?"))
    assert run.id is None
    assert c.everything() == before


@pytest.mark.parametrize("statement", ["UPDATE decision_part SET eligible = 1", "DELETE FROM decision_person"])
def test_a_decision_is_never_changed_or_removed(database: str, statement: str) -> None:
    cast = c.assemble()
    person(cast, 1)
    decide(cast, cells(1))
    before = c.everything()
    with pytest.raises(DatabaseError, match="append only"), db.transaction() as session:
        session.execute(sa.text(statement))
    assert c.everything() == before


@c.elsewhere
def first_decision() -> int:
    with db.reading() as session:
        return (session.scalars(sa.select(DecisionPart.id).order_by(DecisionPart.id)).first() or 0) * 100_000


def recomputed(cast: c.Cast, by: str = "title") -> replay.Recomputation:
    with db.reading() as session:
        return replay.recompute(session, first_decision(), actor=cast[by])


def test_a_recorded_decision_is_reproduced_and_nothing_changed_is_named(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, SHORT)
    decide(cast, cells(1))
    found = recomputed(cast)
    assert (found.intact, found.reproduced, found.differs, found.changed) == (True, True, False, ())


def test_hours_posted_later_are_named_and_turn_the_decision(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, SHORT)
    decide(cast, cells(1))
    person(cast, 1, ((2023, 10, 0), (2024, 0, 5)))
    found = recomputed(cast)
    assert (found.reproduced, found.outcome, found.outcome_now) == (True, Outcome.NOT_ELIGIBLE, Outcome.ELIGIBLE)
    assert found.differs
    assert [each.words for each in found.changed] == [
        "2023年度公需（培训）：当时20学时，现在30学时",
        "2024年度专业（培训）：当时55学时，现在60学时",
    ]


def test_another_policy_is_named_and_its_own_still_reproduces_the_decision(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    person(cast, 1)
    decide(cast, cells(1))
    old = notices.of_year(2024)
    more = old.requirement.model_copy(update={"hours": old.requirement.hours | {"professional": Decimal(72)}})
    new = old.model_copy(update={"requirement": more})
    monkeypatch.setattr(on_file, "filed", lambda: (notices.Filed(new.id, True, new, (), None, new.in_force),))
    found = recomputed(cast)
    assert (found.reproduced, found.differs) == (True, True)
    assert [each.kind for each in found.changed] == ["policy"]
    with db.reading() as session:
        assert decisions.recorded_sheet(session, first_decision(), actor=cast["title"]).policy.digest == old.digest


def test_a_policy_kept_in_the_form_of_an_earlier_version_is_read_and_did_not_change(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    person(cast, 1)
    whole = property(lambda policy: db.canonical(policy.model_dump(mode="json", by_alias=True)))
    with monkeypatch.context() as earlier:  # everything was written out, and digested so
        earlier.setattr(notices.Policy, "text", whole)
        decide(cast, cells(1))
        then = notices.of_year(2024).digest
    today = notices.of_year(2024).digest
    with db.reading() as session:
        kept = session.scalars(sa.select(DecisionPart)).one()
        assert (kept.policy_digest, decisions.policy_of(session, kept).digest) == (then, today)
    assert then != today
    found = recomputed(cast)
    assert (found.intact, found.reproduced, found.differs, found.changed) == (True, True, False, ())


def test_every_decision_of_the_year_before_is_replayed_and_what_a_policy_cannot_decide_is_left_out(
    office: Path,
) -> None:
    cast = c.assemble()
    person(cast, 1)
    person(cast, 2, SHORT, authority="hohhot", employer="示例旗蒙古族中学")
    decide(cast, cells(1), cells(2), cells(2, 申报级别="初级"))
    old = notices.of_year(2024)
    later = old.in_force.model_copy(update={"first": date(2025, 1, 1), "last": date(2025, 12, 31)})
    only = old.model_copy(update={"in_force": later, "windows": tuple(w for w in old.windows if "高级" in w.level)})
    less = old.requirement.model_copy(update={"hours": {"public": Decimal(20), "professional": Decimal(55)}})
    with db.reading() as session:
        assert replay.replay(session, only, actor=cast["admin"]).empty
        lenient = only.model_copy(update={"requirement": less})
        found = replay.replay(session, lenient, actor=cast["admin"])
        refused = c.refusal(lambda s: replay.replay(s, lenient, actor=cast["hohhot_admin"]))
    assert found[["person_id", "before", "after"]].to_numpy().tolist() == [[c.person_id(2), "not_eligible", "eligible"]]
    assert refused.code == "jurisdiction"


def test_a_corrected_person_is_named(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1)
    decide(cast, cells(1))
    with db.transaction() as session:
        session.execute(sa.text("UPDATE person SET name = '王示范'"))
    assert [(each.kind, each.name, each.is_now) for each in recomputed(cast).changed] == [("fact", "姓名", "王示范")]


def test_a_decision_altered_behind_our_back_is_not_intact_and_is_named(database: str) -> None:
    cast = c.assemble()
    person(cast, 1, ())
    decide(cast, cells(1))
    c.behind_our_back("decision_part", "UPDATE decision_part SET eligible = 1, not_eligible = 0")
    assert not recomputed(cast).intact
    with db.reading() as session:
        (fault,) = decisions.faults(session)
    assert "100000" in fault


def test_a_run_that_was_taken_away_is_missed_by_the_trail(office: Path) -> None:
    cast = c.assemble()
    decide(cast, cells(1))
    c.behind_our_back("decision_part", "DELETE FROM decision_part")
    with db.reading() as session:
        assert decisions.faults(session) == ["decision run 1 is not what the audit trail says was decided"]


def test_decisions_are_seen_by_the_office_that_decided_by_the_people_and_by_nobody_else(database: str) -> None:
    cast = c.assemble()
    person(cast, 1)
    decide(cast, cells(1))
    mine = c.give_account(cast, 1, "wang")
    for by, seen in (("title", 1), ("leader", 1), ("employer", 1), ("wang", 1), ("hohhot_title", 0)):
        with db.reading() as session:
            assert len(decisions.decided(session, cast[by])) == seen, by
            assert len(decisions.runs(session, cast[by])) == seen, by
    assert mine.person_id is not None
    deed = lambda s: replay.recompute(s, first_decision(), actor=cast["hohhot_title"])  # noqa: E731
    assert c.refusal(deed).code == "missing"
    deed = lambda s: decisions.recorded_sheet(s, first_decision(), actor=cast["hohhot_title"])  # noqa: E731
    assert c.refusal(deed).code == "missing"


@pytest.mark.parametrize("by", ["admin", "leader", "employer", "base"])
def test_only_title_officers_and_reviewers_decide_for_the_record(office: Path, by: str) -> None:
    cast = c.assemble()
    person(cast, 1)
    deed = lambda s: decisions.decide_file(s, file(cells()), "a.xlsx", actor=cast[by], now=c.NOW)  # noqa: E731
    assert c.refusal(deed).code == "role"
    deed = lambda s: decisions.decide(s, batch(cells()), actor=cast[by], now=c.NOW)  # noqa: E731
    assert c.refusal(deed).code == "role"


def test_a_recorded_sheet_shows_what_was_known_then(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, SHORT)
    row = cells(1, 抗疫年度="2022", 单位性质="国有", 转任日期="2022-01-02")
    before = sheet_of(cast, row)
    decide(cast, row)
    with db.transaction() as session:
        posting = Posting(c.person_id(1), 2023, "public", Decimal(10), date(2023, 6, 1))
        books.post(session, [posting], basis="补录", actor=cast["admin"], now=c.AFTER)
    with db.reading() as session:
        found = decisions.recorded_sheet(session, first_decision(), actor=cast["title"])
    assert found.digest == before.digest
    assert (found.outcome, found.years, found.gap) == (before.outcome, before.years, before.gap)
    assert (found.ways, found.year_lines) == (before.ways, before.year_lines)
    assert len(found.entries) == len(before.entries)
    assert found.decided_by == cast["title"].name


def test_two_thousand_rows_are_answered_and_recorded_in_order(database: str) -> None:
    cast = c.assemble()
    facts = [PersonFacts("王示例", number_of(serial)) for serial in range(2000)]
    with db.transaction() as session:
        found = persons.match_or_add(session, facts, authority_id=1, now=c.NOW)
        postings = [
            Posting(person_id, year, subject, Decimal(60), date(year, 6, 1))
            for person_id in found.values()
            for year in (2022, 2023, 2024)
            for subject in ("public", "professional")
        ]
        books.post(session, postings, basis="示例", actor=cast["admin"], now=c.NOW)
    rows = [cells() | {"身份证号": fact.id_number} for fact in facts]
    content = file(*rows)
    steps: list[tuple[int, int]] = []
    with db.transaction() as session:
        run = decisions.decide_file(
            session, content, "a.xlsx", actor=cast["title"], now=c.NOW, progress=lambda *done: steps.append(done)
        )
    assert run.counts["符合"] == 2000
    assert list(run.frame["row"]) == list(range(2, 2002))
    assert steps[-1] == (2000, 2000)
    with db.reading() as session:
        found = decisions.decided(session, cast["title"], run_id=run.id, limit=None)
    assert found["row"].tolist() == list(range(2, 2002))
    assert found["person_id"].tolist() == [found_id for found_id in found["person_id"] if found_id > 0]


# --- what relied on a batch -----------------------------------------------------------------------------------------


def three_people() -> list[int]:
    facts = [PersonFacts(name, c.id_number(serial)) for serial, name in ((1, "赵示一"), (2, "赵示二"), (3, "赵示三"))]
    with db.transaction() as session:
        found = persons.match_or_add(session, facts, authority_id=1, now=c.NOW)
        return [found[db.blind_index(fact.id_number)] for fact in facts]


def post(cast: c.Cast, *lines: tuple[int, int, int], by: str = "reviewer") -> None:
    """Post a batch of professional hours: person, hours, credit year."""
    postings = [Posting(whose, year, "professional", Decimal(hours), date(year, 6, 3)) for whose, hours, year in lines]
    with db.transaction() as session:
        books.post(session, postings, basis="示例培训", actor=cast[by], now=c.NOW)


def apply(cast: c.Cast, person_id: int, year: int, now: Any, **more: Any) -> int:
    with db.transaction() as session:
        form = {"year": year, "route": "职称评审", "level": "高级"} | more
        applied = answers.application(session, person_id, form, actor=cast["title"])
        run = decisions.decide(session, applications.Batch([applied]), actor=cast["title"], now=now)
        return int(decisions.decided(session, cast["title"], run_id=run.id)["number"][0])


def relied(cast: c.Cast, batch_id: int, by: str = "reviewer") -> list[tuple[int, str]]:
    with db.reading() as session:
        frame = decisions.relied(session, batch_id, cast[by])
        assert all("*" in mask for mask in frame["id_mask"])
        return list(frame[["number", "credit_years"]].itertuples(index=False, name=None))


def test_the_decisions_that_may_have_relied_on_a_batch_are_named(office: Path) -> None:
    cast = c.assemble()
    first, second, third = three_people()
    apply(cast, first, 2024, c.NOW - timedelta(hours=1))  # before the hours were posted
    post(cast, (first, 60, 2023), (first, 60, 2024), (second, 60, 2024), (third, 60, 2025))
    post(cast, (second, 8, 2022))
    on_first = apply(cast, first, 2024, c.AFTER_PLAN)
    on_second = apply(cast, second, 2024, c.AFTER_PLAN)
    apply(cast, third, 2024, c.AFTER_PLAN)  # a window ends with its year
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["reviewer"], reason="重复登记", now=c.AFTER, lines=[1, 2])
    apply(cast, first, 2024, c.AFTER + timedelta(days=1))
    assert relied(cast, 1) == [(on_second, "2024"), (on_first, "2023;2024")]  # not what was decided without the hours
    assert relied(cast, 2) == [(on_second, "2022")]
    assert relied(cast, 3) == [(on_first, "2023;2024")]  # while what the reversal took back still stood
    for by, code in (("hohhot_reviewer", "missing"), ("leader", "role"), ("title", "role"), ("base", "role")):
        with pytest.raises(Refused, match=code):
            relied(cast, 1, by)


def test_a_decision_relies_on_the_lines_that_stood_when_it_was_made(database: str) -> None:
    cast = c.assemble()
    first, second, _ = three_people()
    post(cast, (first, 60, 2023), (first, 60, 2024), (second, 60, 2024))
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["reviewer"], reason="重复登记", now=c.AFTER, lines=[1])
    number = apply(cast, first, 2024, c.AFTER + timedelta(days=1))
    assert relied(cast, 1) == [(number, "2024")]
    assert relied(cast, 2) == []
    with db.reading() as session:  # before more is taken back
        assert [len(decisions.relied(session, 1, cast["reviewer"], only=only)) for only in ({2}, {3})] == [1, 0]


def test_a_decision_for_which_a_waiver_asked_for_no_hours_relies_on_none(office: Path) -> None:
    cast = c.assemble()
    first, second, _ = three_people()
    post(cast, (first, 60, 2024), (second, 60, 2024))
    apply(cast, first, 2024, c.AFTER_PLAN, front_line="是")
    number = apply(cast, second, 2024, c.AFTER_PLAN)
    assert relied(cast, 1) == [(number, "2024")]


def test_the_office_that_takes_hours_back_is_told_what_other_offices_decided_on_them(database: str) -> None:
    cast = c.assemble()
    region, league, other = (cast.places[place] for place in ("region", "hohhot", "baotou"))
    facts = PersonFacts("赵示一", c.id_number(1))
    with db.transaction() as session:
        (whose,) = persons.match_or_add(session, [facts], authority_id=league.id, now=c.NOW).values()
    post(cast, *((whose, 90, year) for year in (2022, 2023, 2024)), by="hohhot_reviewer")
    earlier = apply(cast, whose, 2024, c.AFTER_PLAN)
    with db.transaction() as session:
        acts.move(
            session,
            whose,
            employer="包头市示例学校",
            authority_id=other.id,
            version=1,
            actor=cast["hohhot_reviewer"],
            reason="调动",
            now=c.AFTER_PLAN,
        )
    later = apply(cast, whose, 2024, c.AFTER_PLAN)
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["hohhot_reviewer"], reason="重复登记", now=c.AFTER)
    with db.reading() as session:
        for batch_id in (1, 2):
            told = decisions.relied(session, batch_id, cast["hohhot_reviewer"])
            assert list(told["number"]) == [later, earlier]
            assert set(told["organization"]) == {region.name}
            assert set(told["name"]) == {"赵示一"}
        held = replay.recompute(session, later, actor=cast["title"])  # the office that decided sees what changed
        assert ("balance", "2024年度专业（培训）", "90学时", "0学时") in {
            (each.kind, each.name, each.was, each.is_now) for each in held.changed
        }


def test_a_merged_duplicate_keeps_its_decisions_and_answers_as_the_one_who_stays(database: str) -> None:
    cast = c.assemble()
    stays, duplicate, other = three_people()
    post(cast, (duplicate, 60, 2024), (other, 60, 2024))
    number = apply(cast, duplicate, 2024, c.AFTER_PLAN)
    with db.transaction() as session:
        acts.merge(
            session,
            stays,
            duplicate,
            version=1,
            duplicate_version=1,
            actor=cast["reviewer"],
            reason="同一人",
            evidence=c.CERTIFICATE,
            now=c.AFTER_PLAN,
        )
    post(cast, (stays, 8, 2024))
    oneself = replace(cast["title"], role=Role.PERSON, person_id=stays)
    for who in (cast["title"], oneself):
        with db.reading() as session:
            mine = decisions.decided(session, who, person_id=stays)
            assert list(mine["number"]) == [number], who
            assert decisions.recorded_sheet(session, number, actor=who).name == "赵示二"
            assert list(decisions.decided(session, who, run_id=1)["number"]) == [number]
    assert relied(cast, 1) == relied(cast, 2) == [(number, "2024")]  # the second batch is of the one who stays
    with db.reading() as session:
        held = replay.recompute(session, number, actor=cast["title"])
        kinds = {(each.kind, each.name, each.was, each.is_now) for each in held.changed}
        assert ("fact", "姓名", "赵示二", "赵示一") in kinds
        assert ("balance", "2024年度专业（培训）", "60学时", "68学时") in kinds
        names = answers.described(session, cast["title"], [duplicate, stays])["name"]
        assert list(names) == ["赵示一", "赵示一"]
        now, then = (
            answers.answer(session, batch(cells(2, 姓名=name)), actor=cast["title"]).frame
            for name in ("赵示一", "赵示二")
        )
        assert list(now["person_id"]) == [stays]
        assert then["person_id"].isna().all()
        assert "赵示一" in then["note"][0]
        assert stays in answers.everybody(session, cast["title"], 2024).person_ids
        assert duplicate not in answers.everybody(session, cast["title"], 2024).person_ids
