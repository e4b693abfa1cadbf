"""The most that counts of a source, a subject or an activity: both sides of every cap, every door to the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.ground import db
from core.ground.access import Refused
from core.law import notices, rules
from core.ledger import books, caps
from core.ledger.books import Posting
from core.models import Person, Source
from core.people import persons
from core.people.persons import PersonFacts
from core.records import imports
from core.tables import sheets
from core.trail.files import Upload
from tests import cast as c
from tests import ready

CAPPED = (
    (
        "activity: 论坛, subject: professional, source: 折合}",
        "activity: 论坛, subject: professional, source: 折合, per_item: 8, per_year: 20}",
    ),
    ("source: 技能培训, rate: 1}", "source: 技能培训, rate: 1, per_year: 40}"),
    (
        "makeup: {",
        "caps:\n"
        "  - {clause: 一(四)6, per: item, hours: 30, source: 折合}\n"
        "  - {clause: 一(一), per: year, hours: 50, source: 折合, subject: professional}\n"
        "  - {clause: 一(五)1, per: day, hours: 6, source: 培训}\n\n"
        "makeup: {",
    ),
)


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(capped)


def capped() -> c.Cast:
    """An office whose notice of 2024 has caps, and one person on file."""
    made = c.assemble()
    text = (notices.FOLDER / "nmg-2024.yaml").read_text(encoding="utf-8")
    for before, after in CAPPED:
        assert text.count(before) == 1
        text = text.replace(before, after)
    folder = notices.published()
    folder.mkdir(parents=True)
    (folder / "nmg-2024.yaml").write_text(text, encoding="utf-8")
    c.posted(made, c.sheet([c.row(1, professional_hours=18)]))
    return made


def item(hours: Any, note: str = "论坛：示例", source: Source = Source.CONVERSION, **more: Any) -> Posting:
    return Posting(
        c.person_id(1), 2024, "professional", Decimal(hours), date(2024, 5, 6), source=source, note=note, **more
    )


def over(*items: Posting) -> dict[int, str]:
    with db.reading() as session:
        return caps.exceeded(session, items)


def post(cast: c.Cast, *items: Posting) -> int:
    with db.transaction() as session:
        return books.post(session, items, basis="学时折合", actor=cast["reviewer"], now=c.AFTER).id


SKILLS = Source.SKILLS_TRAINING


@ready.both
@pytest.mark.parametrize(
    ("hours", "note", "source", "days", "words"),
    [
        ("8", "论坛：示例", Source.CONVERSION, None, None),
        ("8.5", "论坛：示例", Source.CONVERSION, None, "论坛每项至多8学时（一(四)6）"),
        ("30", "高研班：示例论坛", Source.CONVERSION, None, None),  # it begins with what it is
        ("30.5", "高研班：示例", Source.CONVERSION, None, "折合每项至多30学时（一(四)6）"),
        ("30.5", "说不清的证书", Source.CONVERSION, None, "折合每项至多30学时（一(四)6）"),
        ("40", "车工", SKILLS, None, None),
        ("40.5", "车工", SKILLS, None, "技能培训每年度至多40学时（一(四)8）"),
        ("18", "", Source.TRAINING, 3, None),
        ("18.5", "", Source.TRAINING, 3, "培训每天至多6学时（一(五)1）"),
        ("60", "", Source.TRAINING, None, None),  # nobody said how many days
    ],
)
def test_on_both_sides_of_every_cap(
    cast: c.Cast, hours: str, note: str, source: Source, days: int | None, words: str | None
) -> None:
    assert over(item(hours, note, source, days=days)) == ({} if words is None else {0: words})


def test_a_year_is_the_sum_of_what_stands_and_of_what_comes_before(cast: c.Cast) -> None:
    post(cast, item(8), item(8))
    assert over(item(4)) == {}
    assert over(item("4.5")) == {0: "论坛每年度至多20学时（一(四)6），已有16学时"}
    assert over(item(4), item("0.5"), item("0.5", "高研班：示例")) == {1: "论坛每年度至多20学时（一(四)6），已有20学时"}
    assert over(item(8), item(4)) == {
        0: "论坛每年度至多20学时（一(四)6），已有16学时"
    }  # what is too much does not count
    assert over(item(30, "高研班"), item("4.5", "进修考察")) == {
        1: "折合、专业科目每年度至多50学时（一(一)），已有46学时"
    }
    with db.transaction() as session:
        books.reverse(session, 2, actor=cast["reviewer"], reason="重复", now=c.AFTER, lines=[1])
    assert over(item(8), item(4)) == {}


WHOLE_YEAR = """
id: own-2024
extends: nmg-2024
title: 有全年上限的通知
subjects:
  - {code: ethics, name: 职业道德, clause: 一(二)2, part_of: professional}
caps:
  - {clause: 一(一), per: year, hours: 100, subject: total}
  - {clause: 一(二)2, per: year, hours: 80, subject: professional}
"""


def test_a_year_s_cap_is_of_all_subjects_and_a_subject_s_of_its_sub_subjects(office: Path) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        facts = [PersonFacts("赵示", c.id_number(1))]
        persons.match_or_add(session, facts, authority_id=cast.places["region"].id, now=c.NOW)
    c.lay_notice("own-2024", WHOLE_YEAR)
    own, public, ethics = item(60), replace(item(20), subject="public"), replace(item(20), subject="ethics")
    most = "累计每年度至多100学时（一(一)），已有100学时"
    assert over(own, public, ethics) == {}
    assert over(own, public, ethics, replace(item("0.5"), subject="public")) == {3: most}
    assert over(own, ethics, replace(item("0.5"), subject="ethics")) == {
        2: "专业科目每年度至多80学时（一(二)2），已有80学时"
    }
    post(cast, own, public)
    assert over(ethics, replace(item("0.5"), subject="public")) == {1: most}


@pytest.mark.parametrize(
    ("had", "counts"),
    [
        ((20, 60, 20), (20, 80, 20)),
        ((20.5, 60, 20), (20.5, 80, 20)),  # a cap on all of a year cuts no subject, only the total
        ((0, 60, 20.5), (0, 80, 20.5)),  # of a subject with its sub-subjects these come first
        ((100.5, 0, 80.5), (100.5, 80, 80)),
    ],
)
def test_the_rules_count_no_more_of_a_year_than_its_caps(
    office: Path, had: tuple[float, ...], counts: tuple[float, ...]
) -> None:
    rule = notices.parse(WHOLE_YEAR, parents=notices.parent_texts())
    assert rules.subject_codes(rule) == ["public", "professional", "ethics"]
    hours = np.array([[[int(each * 100)] for each in had]], np.int32)
    found = rules.counted(rule, {"": hours}).hours[0, :, 0]
    assert found.tolist() == [int(each * 100) for each in counts]


def test_the_ledger_refuses_what_is_more_than_counts(cast: c.Cast) -> None:
    refused = c.refusal(lambda s: books.post(s, [item(9)], basis="折合", actor=cast["reviewer"], now=c.AFTER))
    assert refused.code == "cap"
    assert "论坛每项至多8学时" in refused.words


def test_a_roster_beyond_a_cap_is_not_posted(cast: c.Cast) -> None:
    with pytest.raises(Refused, match="cap"):
        c.posted(cast, c.sheet([c.row(2, professional_hours=24)]), title="第二期")


def test_an_import_leaves_out_what_is_more_than_counts_row_by_row(cast: c.Cast) -> None:
    rows = [
        [c.id_number(9), "赵示", 2024, "专业", hours, source, basis]
        for hours, source, basis in (
            (8, "折合", "论坛：一"),
            (9, "折合", "论坛：二"),
            (8, "折合", "论坛：三"),
            (8, "折合", "论坛：四"),
            (40, "技能培训", "车工"),
            (1, "技能培训", "钳工"),
        )
    ]
    content = sheets.csv_file(["身份证号", "姓名", "年度", "科目", "学时", "来源", "依据"], rows)
    with db.transaction() as session:
        batch, preview = imports.bring_in(
            session, Upload("往年.csv", content), actor=cast["reviewer"], reason="补登", now=c.AFTER
        )
    assert batch is not None
    assert batch.entries == 3
    assert [(each.row, each.code) for each in preview.problems] == [
        (3, "hours-cap"),
        (5, "hours-cap"),
        (7, "hours-cap"),
    ]
    assert "论坛每年度至多20学时（一(四)6），已有16学时" in preview.problems[1].words


LEAGUE = """
id: hohhot-2024
extends: nmg-2024
league: 呼和浩特市
title: 本盟有上限的通知
caps:
  - {clause: 一(四)6, per: year, hours: 8, source: 折合}
"""


@pytest.mark.parametrize(("by", "problems"), [("hohhot_reviewer", ["hours-cap"]), ("reviewer", [])])
def test_who_is_not_on_file_yet_is_held_against_the_caps_of_the_importing_office(
    office: Path, by: str, problems: list[str]
) -> None:
    actor = c.assemble()[by]
    c.lay_notice("hohhot-2024", LEAGUE)
    row = [c.id_number(9), "赵示", 2024, "专业", "8.5", "折合", "论坛：一"]
    content = sheets.csv_file(["身份证号", "姓名", "年度", "科目", "学时", "来源", "依据"], [row])
    with db.reading() as session:
        found = imports.read(content, "往年.csv", today=c.TODAY, known=session, authority_id=actor.organization_id)
    assert [each.code for each in found.problems] == problems


def test_a_year_is_the_sum_of_all_records_of_one_human(cast: c.Cast) -> None:
    c.posted(cast, c.sheet([c.row(2, professional_hours=18)]), title="第二期")
    first, second = c.person_id(1), c.person_id(2)
    post(cast, item(8), item(8))
    assert over(replace(item(8), person_id=second)) == {}
    with db.transaction() as session:
        session.get_one(Person, second).merged_into_id = first
    words = "论坛每年度至多20学时（一(四)6），已有16学时"
    assert over(replace(item(8), person_id=second)) == {0: words}
    assert over(replace(item(4), person_id=second), item(4)) == {1: "论坛每年度至多20学时（一(四)6），已有20学时"}
