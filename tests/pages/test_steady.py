"""What is typed into one field takes no other out of the hand: for a browser each stays the element that it was.

Streamlit's browser side knows a field by its id, but a block around it (columns, a container) by its key, and one that
has none by its place among its neighbours. Where something comes or goes before such a block, it is another one: the
fields in it are made anew, the one with the focus loses it, and a file that is being chosen there is lost without a
word.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Element, Node

from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import open_page, sign_in
from tests.pages.test_forged_widgets import everywhere

TYPED = ("text_input", "text_area", "number_input", "date_input")
FIELDS = (*TYPED, "selectbox", "multiselect", "checkbox", "radio", "file_uploader")
FORMS = [("base", "seminar"), ("person1", "claim"), ("department", "plan_table"), ("department", "year_summary")]


def stand(app: AppTest) -> dict[str, tuple[str, ...]]:
    """The fields of a page by their ids: by what a browser knows each block around them."""

    def below(block: Block, around: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for at, node in block.children.items():
            if isinstance(node, Block):
                yield from below(node, (*around, key(node) or str(at)))
            elif isinstance(node, Element) and node.type in FIELDS:
                yield node.proto.id, around

    def key(node: Node) -> str:
        return str(getattr(node.proto, "id", ""))

    return dict(below(app._tree, ()))


def fields(app: AppTest) -> dict[str, Any]:
    return {each.proto.id: each for kind in TYPED for each in getattr(app, kind) if each.key and not each.disabled}


def others(field: Any) -> tuple[Any, ...]:
    """What is typed into a field: something for nothing, nothing for something; days long past and ahead."""
    if field.type == "date_input":
        return date(2027, 3, 4), date(2024, 3, 4)
    return (1,) if field.type == "number_input" else ("" if field.value else "甲乙丙",)


def moved(app: AppTest) -> set[tuple[str, str]]:
    """Type into each field of a page, something else and what it was: which one takes which out of the hand."""
    before, found = stand(app), set()
    for number, field in fields(app).items():
        for value in (*others(field), field.value):
            if (there := fields(app).get(number)) is None:
                break
            there.set_value(value).run()
            assert not app.exception, app.exception[0].stack_trace
            now = stand(app)
            found |= {(field.key, each) for each in before.keys() & now.keys() if before[each] != now[each]}
            before = now
    return found


def test_a_field_that_is_typed_into_leaves_every_other_where_it_is(busy: Cast) -> None:
    plan = people.file_plan(busy)
    people.approve(busy, plan.id)
    own = [("base", {"kind": "report", "plan": str(plan.id)}), ("base", {"kind": "plan", "copy": str(plan.id)})]
    own += [(username, {"kind": kind}) for username, kind in FORMS]
    places = [*((username, "paper", query) for username, query in own), *everywhere(busy)]
    tokens = {username: sign_in(username) for username in {username for username, *_ in places}}
    tried = 0
    for username, page, query in places:
        app = open_page(page, tokens[username], **query)
        tried += len(fields(app))
        assert moved(app) == set(), (page, query)
    assert tried > 100
