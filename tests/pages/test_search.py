"""The search of every page: a dialog, its results as links to where each thing opens."""

from __future__ import annotations

from urllib.parse import parse_qs

from core.ground import db
from core.records import cards
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import NOW, open_page, sign_in


def found(by: str, text: str) -> dict[str, dict[str, list[str]]]:
    """Where the results of a search lead, by page."""
    app = open_page("account", sign_in(by))
    app.session_state["search-text"] = text
    app.button(key="search-open").click().run()
    assert not app.exception, app.exception[0].stack_trace
    assert text not in str(dict(app.query_params))
    links = [each.proto for each in app.get("page_link")]
    return {each.page: parse_qs(each.query_string) for each in links if each.query_string}


def test_what_is_found_opens_where_its_role_works_with_it(cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(1)]), title="知识更新培训班")
    person, name = str(people.person_id(1)), str(people.row(1)[1])
    assert found("employer", name) == {"credit_lookup": {"person": [person]}}
    assert found("employer", people.id_number(1)) == {"credit_lookup": {"person": [person]}}
    assert set(found("base", "知识更新")) == {"paper"}
    assert found("reviewer", "知识更新")["ledger"] == {"batch": ["1"]}
    assert found("admin", "第一医院") == {"organizations": {"q": [cast.places["hospital"].name]}}
    with db.transaction() as session:
        card = cards.issue(session, int(person), 2024, actor=cast["employer"], now=NOW)
    assert found("employer", card.code) == {"credit_lookup": {"person": [person]}}
