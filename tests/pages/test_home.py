"""The home page: what waits for the one who signed in, of every kind of submission there is."""

import pytest

from core.submissions.kinds import KINDS
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import open_page, sign_in
from web import submissions


def cards(username: str) -> dict[str, dict[str, str]]:
    """Of each kind's card its figures, by the word beside them."""
    app = open_page("home", sign_in(username))
    assert not app.exception
    found: dict[str, dict[str, str]] = {}
    words = {f"**{kind.word}**": code for code, kind in KINDS.items()}
    card = ""
    for each in app.main:
        if each.type == "markdown":
            card = words.get(each.value, "")
        elif each.type == "metric" and card:
            found.setdefault(card, {})[each.label] = each.value
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_waits_is_counted_for_who_filed_it_and_for_who_decides_it(cast: Cast, kind: str) -> None:
    filer = people.filer_of(kind)
    before = {by: cards(by)[kind] for by in (filer, "reviewer")}
    people.waiting(cast, kind)
    after = {by: cards(by)[kind] for by in (filer, "reviewer")}
    for by in (filer, "reviewer"):
        assert (before[by]["待审"], after[by]["待审"]) == ("0", "1"), by
    assert kind not in cards("leader")
    assert cards("hohhot_reviewer")[kind]["待审"] == "0"


def test_an_administrator_finds_the_plans_and_no_reports() -> None:
    assert [code for code, kind in KINDS.items() if "admin" in submissions.desk_of(kind).deciders] == ["plan"]
