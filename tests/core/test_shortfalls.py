"""Who is short of what: the same answer as on each person's own page, for a whole jurisdiction, to who may ask."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Refused
from core.law.notices import Subject
from core.ledger import books
from core.ledger.books import Posting
from core.models import Person, Source
from core.office import home
from core.people import persons
from core.records.shortfalls import Lack, shortfalls
from tests import cast as c
from tests import ready

YEARS = (2024, 2023, 2022)


@pytest.fixture
def office_with_people(office: Path) -> c.Cast:
    return ready.office(five_people)


def five_people() -> c.Cast:
    """Four of the hospital and one of the school, with more or less behind them."""
    cast = c.assemble()
    with db.transaction() as session:
        for serial, employer in (
            (1, "hospital"),
            (2, "hospital"),
            (3, "hospital"),
            (4, "hospital"),
            (5, "hohhot_school"),
        ):
            fact = persons.PersonFacts(f"赵示{serial}", c.id_number(serial), cast.places[employer].name)
            persons.match_or_add(session, [fact], authority_id=1, now=c.NOW)

    def post(serial: int, year: int, public: float, professional: float, **more: Any) -> None:
        hours = {Subject.PUBLIC: public, Subject.PROFESSIONAL: professional}
        with db.transaction() as session:
            lines = [
                Posting(c.person_id(serial), year, subject, Decimal(str(amount)), date(year, 5, 6), **more)
                for subject, amount in hours.items()
                if amount or more.get("deemed")
            ]
            books.post(session, lines, basis="示例", actor=cast["reviewer"], now=c.NOW)

    for year in YEARS:
        post(1, year, 30, 60)
    post(2, 2024, 30, 59.5)
    post(2, 2023, 45, 60)
    post(2, 2022, 30, 60)
    post(3, 2024, 29.5, 80)
    with db.transaction() as session:
        deemed = Posting(
            c.person_id(4),
            2024,
            Subject.PROFESSIONAL,
            Decimal(),
            date(2024, 5, 6),
            source=Source.QUALIFICATION,
            deemed=True,
        )
        books.post(session, [deemed], basis="示例", actor=cast["reviewer"], now=c.NOW)
    post(4, 2024, 30, 0)
    post(5, 2024, 10, 10)
    return cast


def asked(cast: c.Cast, by: str, year: int = 2024, **filters: Any) -> pd.DataFrame:
    with db.reading() as session:
        frame, count = shortfalls(session, cast[by], year, **({"limit": None} | filters))
    assert "limit" in filters or count == len(frame)
    return frame


def names(frame: pd.DataFrame) -> list[str]:
    return list(frame["name"])


def test_what_each_lacks_is_said_year_by_year_and_in_three_tests(office_with_people: c.Cast) -> None:
    frame = asked(office_with_people, "employer").set_index("name")
    years = ["2024年度", "2023年度", "2022年度"]
    assert list(frame.columns[-6:]) == ["公需差", "专业差", "累计差", *years]
    assert list(frame.loc["赵示1", years]) == ["已完成"] * 3
    assert frame.loc["赵示2", "2024年度"] == "专业差0.5、累计差0.5"
    assert frame.loc["赵示2", "专业差"] == Decimal("0.5")
    assert frame.loc["赵示3", "2024年度"] == "公需差0.5"  # more than 90 in all, and still short
    assert frame.loc["赵示3", "2023年度"] == "公需差30、专业差60、累计差90"
    assert frame.loc["赵示4", "2024年度"] == "已完成"  # the professional subject is deemed done
    assert frame.loc["赵示4", "累计差"] == 0


@ready.both
def test_it_is_what_the_persons_own_page_says(office_with_people: c.Cast) -> None:
    frame = asked(office_with_people, "reviewer").set_index("id")
    with db.reading() as session:
        for person_id in session.scalars(sa.select(Person.id)):
            totals = c.totals(session, person_id, YEARS).set_index("year")
            words = [totals.loc[year, "lacks"] for year in YEARS]
            assert [frame.loc[person_id, f"{year}年度"] for year in YEARS] == words


@ready.both
def test_only_those_short_are_listed_when_asked_for(office_with_people: c.Cast) -> None:
    cast = office_with_people
    assert names(asked(cast, "employer")) == ["赵示1", "赵示2", "赵示3", "赵示4"]
    assert names(asked(cast, "employer", lack=Lack.YEAR)) == ["赵示2", "赵示3"]
    assert names(asked(cast, "employer", 2022, lack=Lack.YEAR)) == ["赵示3", "赵示4"]
    assert names(asked(cast, "employer", lack=Lack.WINDOW)) == ["赵示2", "赵示3", "赵示4"]
    assert names(asked(cast, "reviewer", lack=Lack.YEAR)) == ["赵示2", "赵示3", "赵示5"]
    assert names(asked(cast, "reviewer", lack=Lack.YEAR, employer="中学")) == ["赵示5"]
    assert names(asked(cast, "employer", text="示3", lack=Lack.YEAR)) == ["赵示3"]
    assert names(asked(cast, "employer", lack=Lack.YEAR, limit=1, offset=1)) == ["赵示3"]
    with db.reading() as session:
        assert shortfalls(session, cast["employer"], 2024, lack=Lack.YEAR, limit=0)[1] == 2
        assert home.home(session, cast["employer"], now=c.NOW).people == (4, 2)


def test_a_year_without_a_notice_is_said_to_be_one_and_nobody_is_short_in_it(office_with_people: c.Cast) -> None:
    frame = asked(office_with_people, "employer", 1999, lack=Lack.WINDOW)
    assert frame.empty
    assert set(asked(office_with_people, "employer", 1999)["1999年度"]) == {"无适用的通知"}


def test_each_sees_the_own_people_masked_and_bases_and_strangers_nobody(office_with_people: c.Cast) -> None:
    cast = office_with_people
    assert names(asked(cast, "hohhot_employer")) == names(asked(cast, "hohhot_title")) == ["赵示5"]
    assert names(asked(cast, "baotou_reviewer")) == []
    assert len(asked(cast, "title")) == len(asked(cast, "leader")) == 5
    assert c.id_number(1) not in asked(cast, "admin").to_csv()
    with db.reading() as session, pytest.raises(Refused, match="role"):
        shortfalls(session, cast["base"], 2024)


@pytest.mark.parametrize("lack", [None, Lack.WINDOW])
def test_however_many_there_are_it_is_the_same_few_questions_for_all(office_with_people: c.Cast, lack: Lack) -> None:
    asked_for: list[str] = []

    def count(*args: Any) -> None:
        asked_for.append(args[2])

    with db.reading() as session:
        connection = session.connection()
        sa.event.listen(connection, "before_cursor_execute", count)
        try:
            shortfalls(session, office_with_people["reviewer"], 2024, lack=lack, limit=None)
        finally:
            sa.event.remove(connection, "before_cursor_execute", count)
    # how many of which office, the leagues, whose, who they are, and of each of two leagues the balances
    assert len(asked_for) == (5 if lack is None else 6)
