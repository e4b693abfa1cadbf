"""The balances of many people at once are those that the ledger tells of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import sqlalchemy as sa

from core.ground import db
from core.law import notices
from core.ledger import balances
from core.models import CreditTotal, Person, Source
from tests import cast as c
from tests.core.test_eligibility import SHORT, person


def test_many_are_read_as_one_is_wherever_their_numbers_lie(database: str) -> None:
    cast = c.assemble()
    first, second = person(cast, 1), person(cast, 2, SHORT, source=Source.CONVERSION)
    far = person(cast, 3, ((2024, 0.5, 1000),))
    same = ", ".join(column.name for column in Person.__table__.columns if column.name not in ("id", "id_index"))
    with db.transaction() as session:
        session.execute(
            sa.text(
                f"INSERT INTO person (id, id_index, {same}) SELECT 9000000, :i, {same} FROM person WHERE id = :far"
            ),
            {"far": far, "i": b"i" * 32},
        )
        total = {"person_id": 9_000_000, "year": 2024, "subject": "public", "source": Source.TRAINING, "deemed": 1}
        session.add(CreditTotal(**total, hours=-3))
        session.add(CreditTotal(**total | {"subject": "of another office"}, hours=9))
    asked = np.array([second, 0, 9_000_000, first, second, 77_777], np.int64)
    with db.reading() as session:
        many = balances.of(session, asked, 2022, 2024)
        alone = [balances.of(session, asked[at : at + 1], 2022, 2024).told(0) for at in range(len(asked))]
    told = [many.told(place) for place in range(len(asked))]
    assert told == alone
    assert told[0] == [
        (year, subject, "conversion", hundredths, 0)
        for year, amounts in ((2022, (6000, 3000)), (2023, (6000, 2000)), (2024, (5500, 3000)))
        for subject, hundredths in zip(("professional", "public"), amounts, strict=True)
    ]
    assert told[2] == [(2024, "public", "training", -300, 1)]
    assert told[1] == told[5] == []
    assert (np.diff(many.place) >= 0).all()


def test_some_of_the_people_keep_their_balances_under_new_numbers(office: Path) -> None:
    cast = c.assemble()
    ids = [person(cast, 1), person(cast, 2, SHORT), person(cast, 3, ())]
    with db.reading() as session:
        lines = balances.of(session, np.array(ids), 2022, 2024)
    for rows in ([1], [2, 1], [0, 1, 2], [2], []):
        some = lines.take(np.array(rows, np.intp))
        assert [some.told(place) for place in range(len(rows))] == [lines.told(row) for row in rows]


def test_hours_of_a_capped_source_count_up_to_the_cap(office: Path) -> None:
    cast = c.assemble()
    person_id = person(cast, 1, ((2024, 0, 40),), source=Source.CONVERSION)
    notice = notices.of_year(2024)
    cap = notices.Cap.model_validate({"clause": "一(四)6", "per": "year", "hours": "24", "source": "折合"})
    with db.reading() as session:
        lines = balances.of(session, np.array([person_id, 0]), 2024, 2024)
    free, capped = (lines.counted(p, 2024, 1, 2) for p in (notice, notice.model_copy(update={"caps": (cap,)})))
    assert (free.hours[0, 1].tolist(), capped.hours[0, 1].tolist()) == ([4000, 0], [2400, 0])
