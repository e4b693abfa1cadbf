"""The people of an office on screen: who is short of what, and what may be done about one of them."""

from __future__ import annotations

from datetime import UTC, datetime

from core import db
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import open_page, sign_in

YEAR = db.office_day(datetime.now(UTC)).year


def learners(cast: Cast) -> None:
    """Two of the hospital, one with 24 professional hours of 2024 and one with 30; and one of the school."""
    rows = [people.row(1), people.row(2, professional_hours=18), people.row(3, employer="示例旗蒙古族中学")]
    people.posted(cast, people.sheet(rows))


def test_an_employer_sees_its_own_people_and_what_they_lack(cast: Cast) -> None:
    learners(cast)
    app = open_page("people", sign_in("employer"))
    assert app.title[0].value == "本单位人员"
    shown = app.dataframe[0].value
    assert list(shown["name"]) == [people.row(1)[1], people.row(2)[1]]
    assert list(shown.columns[1:4]) == [str(YEAR), str(YEAR - 1), str(YEAR - 2)]
    assert f"共2人，{YEAR}年度短缺2人" in [caption.value for caption in app.caption]
    assert not [field for field in app.text_input if field.label == "工作单位"]
    assert people.id_number(1) not in shown.to_csv()


def test_the_filter_leaves_who_is_short_and_an_empty_list_says_so(cast: Cast) -> None:
    learners(cast)
    app = open_page("people", sign_in("hohhot_reviewer"), lack="本年度短缺")
    assert list(app.dataframe[0].value["name"]) == [people.row(3)[1]]
    app = open_page("people", sign_in("baotou_reviewer"), lack="本年度短缺")
    assert not app.dataframe
    assert "没有符合条件的人员" in app.info[0].value
