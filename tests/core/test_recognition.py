"""A department trains, the region decides, and leagues recognise it by the notice: their own people's hours alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.ground import db
from core.ground.access import Refused
from core.ledger import books, statements
from core.models import Person
from core.records import recognition
from tests import cast as c
from tests import ready
from tests.core.test_targets import with_a_department

YEAR = 2024


def recognised() -> c.Cast:
    """A department trains two of Hohhot's people and one of the region's; a base trains one of Hohhot's."""
    cast = with_a_department()
    school = [c.row(serial, employer="示例旗蒙古族中学") for serial in (1, 3)]
    c.posted(cast, c.sheet([*school, c.row(5)]), by="department", title="农技推广骨干研修")
    c.posted(cast, c.sheet([c.row(7, employer="示例旗蒙古族中学")]), title="基地培训")
    return cast


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(recognised)


def listed(cast: c.Cast, by: str) -> list[list[object]]:
    with db.reading() as session:
        frame, count = recognition.trainings(session, cast[by], YEAR)
    assert count == len(frame)
    return frame[["title", "authority", "people", "hours"]].values.tolist()


@ready.both
def test_a_league_reads_its_own_peoples_hours_and_the_region_whose_they_are(cast: c.Cast) -> None:
    row = ["农技推广骨干研修", cast.places["hohhot"].name, 2, 48]
    for by in ("hohhot_reviewer", "hohhot_title", "hohhot_leader", "hohhot_admin", "reviewer", "leader"):
        assert listed(cast, by) == [row], by
    assert listed(cast, "baotou_reviewer") == []
    with db.reading() as session:
        frame, _ = recognition.trainings(session, cast["hohhot_title"], YEAR)
        people = recognition.people(session, cast["hohhot_title"], YEAR, int(frame["id"][0]))
        assert sorted(people["id"]) == sorted([c.person_id(1), c.person_id(3)])
        assert people["hours"].tolist() == [24, 24]
        assert people["id_mask"][0].startswith("150199********")
        assert recognition.trainings(session, cast["hohhot_title"], YEAR, text="农牧厅")[1] == 1
        assert recognition.trainings(session, cast["hohhot_title"], YEAR, text="基地")[1] == 0
        assert recognition.trainings(session, cast["hohhot_title"], YEAR - 1)[1] == 0


@pytest.mark.parametrize("by", ["base", "hohhot_base", "employer", "hohhot_employer", "department"])
def test_clerks_have_no_list_of_other_peoples_hours(cast: c.Cast, by: str) -> None:
    with db.reading() as session:
        for ask in (
            lambda: recognition.trainings(session, cast[by], YEAR),
            lambda: recognition.people(session, cast[by], YEAR, 1),
        ):
            with pytest.raises(Refused, match="role"):
                ask()


@ready.both
def test_another_league_and_a_training_of_a_base_are_not_to_be_had_by_their_number(cast: c.Cast) -> None:
    with db.reading() as session:
        frame, _ = recognition.trainings(session, cast["hohhot_title"], YEAR)
        for by, number in (("baotou_reviewer", int(frame["id"][0])), ("hohhot_title", int(frame["id"][0]) + 1000)):
            with pytest.raises(Refused, match="missing"):
                recognition.people(session, cast[by], YEAR, number)


def test_hours_that_were_taken_back_are_recognised_no_more_and_duplicates_are_one(cast: c.Cast) -> None:
    with db.transaction() as session:
        session.get_one(Person, c.person_id(3)).merged_into_id = c.person_id(1)
    assert [row[2:] for row in listed(cast, "hohhot_leader")] == [[1, 48]]
    with db.transaction() as session:
        books.reverse(session, 1, lines=[1], actor=cast["reviewer"], reason="重复", now=c.AFTER)
    assert [row[2:] for row in listed(cast, "hohhot_leader")] == [[1, 24]]
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["reviewer"], reason="有误", now=c.AFTER)
    assert listed(cast, "hohhot_leader") == []


@ready.both
def test_an_entry_names_the_clause_by_which_it_is_recognised_and_others_none(cast: c.Cast) -> None:
    told = {}
    with db.reading() as session:
        for serial in (1, 5, 7):
            person = session.get_one(Person, c.person_id(serial))
            entries = statements.entries(session, person.id)
            told[serial] = recognition.beside(session, entries, person)["recognised_by"].tolist()
        nothing = statements.entries(session, 10**6)
        assert recognition.beside(session, nothing, person)["recognised_by"].tolist() == []
    by = recognition.basis(YEAR, "呼和浩特市")
    assert by
    assert told == {1: [by.clause], 5: [""], 7: [""]}


def test_where_no_notice_holds_nothing_is_recognised(cast: c.Cast) -> None:
    with db.reading() as session:
        assert recognition.basis(1999, None) is None
        assert recognition.trainings(session, cast["hohhot_title"], 1999)[1] == 0
