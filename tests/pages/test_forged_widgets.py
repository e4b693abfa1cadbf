"""What no browser says of a field: it is not heard, ends no run, and the session goes on as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.elements.vega_charts import VegaLiteStateSerde
from streamlit.elements.widgets.data_editor import DataEditorSerde
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest

from core.exams import exams
from core.ground import db
from core.ground.access import Refused
from core.models import Exam
from core.office.dashboards.charts import MARK
from core.people import setup
from tests import cast as people
from tests import ready, sat
from tests.cast import Cast
from tests.pages.conftest import boxes, open_page, sign_in, uploader
from tests.pages.test_dashboard import behind_year, posted
from tests.pages.test_deeds import behind
from tests.pages.test_guards import MAY_OPEN
from tests.pages.test_hostile_words import PAGES
from tests.pages.test_targets import SPLITTING
from web import context, patches


@pytest.fixture(autouse=True)
def mended() -> None:
    patches.apply()


def page() -> None:
    """A field of each kind, each with a callback that counts."""
    from datetime import date

    import streamlit as st

    def said(key: str) -> None:
        st.session_state["heard"] = [*st.session_state.get("heard", []), (key, st.session_state[key])]

    def told(key: str) -> dict[str, object]:
        return {"key": key, "on_change": said, "args": (key,)}

    options = st.session_state.get("options", ["甲", "乙", "丙"])
    st.text_input("text", "字", **told("text"))
    st.number_input("whole", 0, 9, 3, **told("whole"))
    st.number_input("part", 0.0, 9.0, 3.5, **told("part"))
    st.date_input("day", date(2026, 1, 2), **told("day"))
    st.selectbox("one", options, 1, **told("one"))
    st.multiselect("some", options, options[:1], **told("some"))
    st.segmented_control("way", options, default=options[0], **told("way"))
    st.pagination(3, **told("page"))
    st.toggle("switch", **told("switch"))
    st.button("press", key="press", on_click=lambda: st.session_state.update(pressed=True))
    st.dataframe({"a": [1]}, key="rows", on_select=lambda: said("rows"))
    st.file_uploader("file", ["pdf"], **told("file"))


WRONG: list[dict[str, Any]] = [
    {"bool_value": True},
    {"int_value": 5},
    {"double_value": float("nan")},
    {"double_value": float("inf")},
    {"string_value": "没有这一项"},
    {"string_value": "[" * 100_000},
    {"string_value": "[5]"},
    {"string_value": '{"selection": 5}'},
    {"trigger_value": True},
    {"json_value": "{"},
    {"bytes_value": b"\xff"},
    {"string_array_value": {"data": ["没有这一项"]}},
    {"double_array_value": {"data": [float("nan")]}},
    {"int_array_value": {"data": [2**40]}},
]
RIGHT = {
    "bool_value": ["switch"],
    "int_value": ["page", "whole", "part"],
    "trigger_value": ["press"],
    "string_value": ["text"],
}
"""Of which field a kind is no forgery; what of it is out of range is Streamlit's to set right, which it does."""


def send(app: AppTest, element: str, **value: Any) -> AppTest:
    return app._run(WidgetStates(widgets=[WidgetState(id=element, **value)]))


def ids(app: AppTest) -> dict[str, str]:
    """The ids of a page's fields, by their keys."""
    return dict(app._session_state._state._key_id_mapper._key_id_mapping)


@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:60])
def test_what_no_browser_says_of_a_field_is_not_heard_and_the_session_goes_on(value: dict[str, Any]) -> None:
    app = AppTest.from_function(page).run()
    fields = ids(app)
    before = {key: app.session_state[key] for key in fields}
    (kind,) = value
    for key in fields.keys() - set(RIGHT.get(kind, ())):
        send(app, fields[key], **value)
        assert not app.exception, (key, app.exception[0].stack_trace)
        assert app.session_state[key] == before[key], key
        app.run()
        assert not app.exception, key
    assert "pressed" not in app.session_state
    heard = app.session_state.get("heard", [])
    assert [key for key, told in heard if told != before[key]] == []
    send(app, fields["text"], string_value="字改了")
    assert app.session_state["text"] == "字改了"


SAID: dict[str, tuple[dict[str, Any], Any]] = {
    "text": ({"string_value": "字改了"}, "字改了"),
    "whole": ({"int_value": 5}, 5),
    "part": ({"double_value": 4.5}, 4.5),
    "day": ({"string_array_value": {"data": ["2026/03/04"]}}, date(2026, 3, 4)),
    "one": ({"string_value": "丙"}, "丙"),
    "some": ({"string_array_value": {"data": ["乙", "丙"]}}, ["乙", "丙"]),
    "way": ({"string_array_value": {"data": ["丙"]}}, "丙"),
    "page": ({"int_value": 2}, 2),
    "switch": ({"bool_value": True}, True),
}
"""What a browser says of each field, which is not always as Streamlit has it registered: a whole number as one."""


def test_what_a_browser_says_of_a_field_is_heard_together_with_the_button_that_is_pressed() -> None:
    app = AppTest.from_function(page).run()
    fields = ids(app)
    said = [WidgetState(id=fields[key], **value) for key, (value, _) in SAID.items()]
    app._run(WidgetStates(widgets=[*said, WidgetState(id=fields["press"], trigger_value=True)]))
    assert not app.exception
    assert {key: app.session_state[key] for key in SAID} == {key: value for key, (_, value) in SAID.items()}
    assert sorted(app.session_state["heard"]) == sorted((key, value) for key, (_, value) in SAID.items())
    assert app.session_state["pressed"]
    send(app, fields["whole"])
    assert (app.session_state["whole"], app.exception.len) == (3, 0)


def test_a_browser_that_comes_back_to_a_new_process_is_heard_as_far_as_its_fields_can_say_it() -> None:
    fields = ids(AppTest.from_function(page).run())
    app = AppTest.from_function(page)
    said = {"whole": {"int_value": 5}, "text": {"bool_value": True}, "one": {"string_value": "没有这一项"}}
    app._run(WidgetStates(widgets=[WidgetState(id=fields[key], **value) for key, value in said.items()]))
    assert not app.exception
    assert [app.session_state[key] for key in said] == [5, "字", "乙"]
    assert (app.selectbox(key="one").proto.set_value, app.selectbox(key="one").proto.raw_value) == (True, "乙")
    app.run()
    assert not app.exception


def test_an_option_that_is_no_longer_offered_leaves_the_choice_as_it_stands_and_shows_it() -> None:
    app = AppTest.from_function(page).run()
    app.session_state["options"] = ["甲", "乙"]
    app.run()
    send(app, ids(app)["one"], string_value="丙")
    assert app.session_state["one"] == "乙"
    assert "heard" not in app.session_state
    assert (app.selectbox(key="one").proto.set_value, app.selectbox(key="one").proto.raw_value) == (True, "乙")
    send(app, ids(app)["some"], string_array_value={"data": ["乙", "丙"]})
    assert app.session_state["some"] == ["甲"]


def test_a_filter_hears_only_what_it_offers(cast: Cast) -> None:
    app = open_page("messages", sign_in("reviewer"))
    send(app, ids(app)["topic"], string_value="没有这一类")
    assert not app.exception
    assert "topic" not in app.query_params
    app = open_page("people", sign_in("admin"))
    for forged in ({"bool_value": True}, {"int_value": 7}):
        (search,) = [each for key, each in ids(app).items() if key == "q"]
        send(app, search, **forged)
        assert not app.exception


NAMED = {"file_id": "none", "name": "通知.pdf"}
ODD: list[Any] = [None, True, -1, float("nan"), 2**70, "9" * 5000, [[], {}], {"x": None}]
ACTS = [
    *ODD,
    *({"id": odd, "ids": [odd], "n": odd} for odd in ODD),
    *([{"n": n, "act": "edit", "row": odd, "column": odd, "before": odd, "after": odd}] for n, odd in enumerate(ODD)),
]
"""What one of our components may be said to have sent: a row that is opened, rows that are ticked, acts in a sheet."""
EDITS = [
    *({name: odd} for name in ("edited_rows", "added_rows", "deleted_rows") for odd in ODD),
    *({"deleted_rows": [odd]} for odd in [*ODD, 99]),
    *({"added_rows": [odd]} for odd in [*ODD, {"没有": 1}]),
    *(
        {"edited_rows": {row: {name: odd}}}
        for row, name in (("0", "本次指标"), ("0", "题数"), ("0", "题型"))
        for odd in ODD
    ),
    *(
        {"edited_rows": {row: {name: 5}}}
        for row in ("-1", "99", "x")
        for name in ("本次指标", "题数", "没有", "_index")
    ),
]
"""What may be said of a table that is edited, right in nothing."""
MARKS = [*({"selection": odd} for odd in ODD), *({"selection": {MARK: odd}} for odd in ODD)]
MARKS += [{"selection": {MARK: [{"key": odd}]}} for odd in ODD]
SAID_OF: dict[str, list[dict[str, Any]]] = {
    "json_value": [{"json_value": json.dumps({"open": odd, "ticked": odd, "acts": odd})} for odd in ACTS],
    "json_trigger_value": [{"json_trigger_value": json.dumps([{"event": "open", "value": odd}])} for odd in ODD],
    "string_value": [{"string_value": odd} for odd in ("没有这一项", "", "\x00\u202e", "9" * 5000, "-1", "[5]")],
    "string_array_value": [{"string_array_value": {"data": odd}} for odd in ([], ["没有这一项"], ["0001/01/01"])],
    "int_value": [{"int_value": odd} for odd in (-1, 2**62)],
    "double_value": [{"double_value": odd} for odd in (float("nan"), 1e308, -1.5)],
    "bool_value": [{"bool_value": odd} for odd in (True, False)],
    "file_uploader_state_value": [{"file_uploader_state_value": {"uploaded_file_info": [NAMED] * n}} for n in (1, 30)],
}
"""What is of the right kind, and is none of its values, or one that a hand would not choose."""


def live(app: AppTest) -> dict[str, Any]:
    """The fields of a page by their ids, and what is known of each."""
    state = app._session_state._state
    there = state._new_widget_state.states.keys() | state._old_state.keys()
    return {each: field for each, field in state._new_widget_state.widget_metadata.items() if each in there}


def everywhere(cast: Cast) -> list[tuple[str, str, dict[str, str]]]:
    """Every page, by an account that may open it, and with which parameters."""
    by = {actor.role: name for name, actor in reversed(cast.actors.items())}
    seen = {page for _, page, _ in PAGES}
    return [*PAGES, *((by[min(roles)], page, {}) for page, roles in MAY_OPEN.items() if page not in seen)]


def test_no_field_of_any_page_ends_its_run_whatever_is_said_of_it(busy: Cast) -> None:
    places = everywhere(busy)
    tokens = {username: sign_in(username) for username in {username for username, *_ in places}}
    turns: dict[str, Iterator[dict[str, Any]]] = {kind: cycle(said) for kind, said in SAID_OF.items()}
    wrong, told = cycle(WRONG), 0
    for username, page, query in places:
        app = open_page(page, tokens[username], **query)
        for turn in range(3):
            said = {
                each: next(turns.get(field.value_type, wrong) if turn else wrong) for each, field in live(app).items()
            }
            said = {each: value for each, value in said.items() if "trigger_value" not in value}
            told += len(said)
            app._run(WidgetStates(widgets=[WidgetState(id=each, **value) for each, value in said.items()]))
            assert not app.exception, (page, turn)
    assert told > 1000


@pytest.fixture
def editing(office: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The exam of a course as its clerk makes it."""
    context.renew()
    monkeypatch.setattr(setup, "moment", lambda *_: people.AFTER)
    cast = ready.office(sat.office)
    with db.transaction() as session:
        exam = session.scalars(sa.select(Exam)).one()
        exams.send_back(session, exam.id, version=exam.version, reason="改", actor=cast["reviewer"], now=people.AFTER)
    return cast


def forge(app: AppTest, reader: type, forged: list[Any]) -> None:
    """Each of these said of each field that is read so."""
    fields = [each for each, field in live(app).items() if isinstance(field.deserializer.__self__, reader)]
    assert fields
    for said in forged:
        app._run(WidgetStates(widgets=[WidgetState(id=each, string_value=json.dumps(said)) for each in fields]))
        assert not app.exception, said


def test_the_parts_of_an_exam_hear_no_forged_edit_and_the_next_right_one(editing: Cast) -> None:
    app = open_page("exams", sign_in("exam"), course="1")
    forge(app, DataEditorSerde, EDITS)
    forge(app, DataEditorSerde, [{"edited_rows": {"0": {"题数": 2}}}])
    assert any("共4题" in each.value for each in app.markdown)


def test_the_shares_of_a_target_hear_no_forged_edit_and_the_next_right_one(cast: Cast) -> None:
    app = open_page("targets", sign_in("reviewer"), **SPLITTING)
    forge(app, DataEditorSerde, EDITS)
    forge(app, DataEditorSerde, [{"edited_rows": {"0": {"本次指标": 7}}}])
    assert any("分解合计7人" in each.value for each in [*app.markdown, *app.caption])


def test_a_figure_of_the_dashboard_hears_only_its_own_marks(cast: Cast) -> None:
    posted(cast)
    forge(open_page("quota_dashboard", sign_in("leader"), year=str(behind_year())), VegaLiteStateSerde, MARKS)


def test_a_button_whose_fields_are_gone_says_so_and_does_nothing(cast: Cast) -> None:
    app = open_page("messages", sign_in("reviewer"))
    (keep,) = [each.proto.id for each in app.button if each.proto.is_form_submitter]
    app.switch_page("../pages/account.py").run()
    send(app, keep, trigger_value=True)
    assert not app.exception
    assert boxes(app, "error") == ["页面刚刚变过，您点的这一步没有办。请看清现在的内容后再点。"]
    app.run()
    assert not app.exception
    app._run(WidgetStates(widgets=[WidgetState(id=keep, string_value="x")] * 2))
    assert not app.exception


def test_a_file_that_is_named_and_did_not_arrive_is_no_file_to_its_page() -> None:
    app = AppTest.from_function(page).run()
    for name in ("通知.pdf", "通知.exe"):
        named = {"uploaded_file_info": [NAMED | {"name": name}]}
        send(app, ids(app)["file"], file_uploader_state_value=named)
        assert not app.exception
        with pytest.raises(Refused, match=f"文件“{name}”没有传到"):
            app.session_state["file"].getvalue()
    app.run()
    assert not app.exception


def test_a_file_that_is_named_and_did_not_arrive_is_said_so(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    field = uploader(app, f"report-{plan.id}-announcement")
    named = {"uploaded_file_info": [NAMED]}
    send(app, field.proto.id, file_uploader_state_value=named)
    assert not app.exception
    assert "“通知.pdf”没有选上：文件“通知.pdf”没有传到。请检查网络，重新选择这个文件。" in boxes(app, "error")[0]
    app.run()
    assert not app.exception
