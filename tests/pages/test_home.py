"""The home page: each line opens its record, and what waits is counted beside the menu."""

from datetime import timedelta

import pytest
from streamlit.runtime.state.query_params import QueryParams

from core.ground import db
from core.submissions.kinds import KINDS
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import NOW, open_page, read, sign_in
from web import context, links


def lines(username: str) -> dict[str, str]:
    """The lines of an account's home page that open something: their words, by the address they lead to."""
    app = open_page("home", sign_in(username))
    assert not app.exception
    found = {}
    for each in app.main:
        if (each.type == "page_link") and (query := each.proto.query_string):
            found.setdefault(f"{each.proto.page}?{query}", each.proto.label)
    return found


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_waits_opens_from_the_home_page_of_who_decides_it(cast: Cast, kind: str) -> None:
    found = people.waiting(cast, kind)
    (label,) = [
        label for address, label in lines("reviewer").items() if address.endswith(f"kind={kind}&item={found.id}")
    ]
    assert found.title in read(label)
    assert not [address for address in lines("hohhot_reviewer") if address.endswith(f"={found.id}")]


def test_a_line_leads_nobody_to_a_page_that_is_closed_to_the_role(cast: Cast) -> None:
    opened = {name: links.place("plan", 1, cast[name]) for name in ("reviewer", "admin", "title", "leader")}
    on_desk = "review", {"kind": "plan", "item": "1"}
    assert opened == {"reviewer": on_desk, "admin": on_desk, "title": None, "leader": ("quota_dashboard", {})}


def test_a_base_opens_what_it_owes_and_an_empty_list_says_what_next(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = db.office_day(NOW) - timedelta(days=40)
    start -= timedelta(days=5 * ((start + timedelta(days=2)).year != start.year))  # a plan lies in one year
    plan = people.file_plan(cast, now=NOW - timedelta(days=70), start_on=start, end_on=start + timedelta(days=2))
    people.approve(cast, plan.id, now=NOW - timedelta(days=60))
    (owed,) = [
        label for address, label in lines("base").items() if address.endswith(f"paper?kind=report&plan={plan.id}")
    ]
    assert "逾期" in owed
    (below,) = [label for address, label in lines("reviewer").items() if address.endswith(f"kind=plan&item={plan.id}")]
    assert "逾期" in below
    told: list[str] = []
    send = QueryParams._send_query_param_msg
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", lambda here: (told.append(str(here)), send(here)))
    app = open_page("home", sign_in("reviewer"))
    for _ in range(2):  # a link of the home page to itself, then another click on it
        app.query_params["below"] = "all"
        assert "返回首页" in [each.proto.label for each in app.run().main if each.type == "page_link"]
    assert told == ["{'below': 'all'}"], "the address itself says it, once, and so F5 finds it"
    app = open_page("home", sign_in("hohhot_base"))
    assert [each.value for each in app.info if "没有待填写" in each.value]


def test_who_decides_and_files_nothing_is_not_told_to_open_what_is_to_be_done(cast: Cast) -> None:
    begun = {
        name: open_page("home", sign_in(name)).caption[0].value for name in ("leader", "title", "reviewer", "base")
    }
    assert {name: "点开即可办理" in words for name, words in begun.items()} == {
        "leader": False,
        "title": False,
        "reviewer": True,
        "base": True,
    }


def test_the_menu_counts_what_waits_and_forgets_it_with_the_deed(cast: Cast) -> None:
    with db.reading() as session:
        assert context._counted(session, cast["reviewer"], NOW) == {}
    people.file_plan(cast)
    context.renew()
    with db.reading() as session:
        counts = context._counted(session, cast["reviewer"], NOW)
    assert links.menu(counts, cast["reviewer"]) == {"review": 1}
    assert links.menu({"plan": 2}, cast["base"]) == {"filing": 2}
