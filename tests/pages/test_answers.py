"""What a browser asks for while a page begins to run anew comes all the same: a file, a download, a press."""

from __future__ import annotations

import re
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.elements.widgets.text_widgets import TextAreaSerde, TextInputSerde
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.state import SafeSessionState, SessionState

from web import patches


@pytest.mark.parametrize("kind", ["file_urls_response", "backend_operation_response"])
@pytest.mark.parametrize("fragments", [None, ["one"]])
def test_a_run_that_begins_drops_what_was_drawn_and_no_answer(kind: str, fragments: list[str] | None) -> None:
    patches.apply()
    queue = ForwardMsgQueue()
    answer, drawn = ForwardMsg(), ForwardMsg()
    getattr(answer, kind).SetInParent()
    drawn.delta.new_element.markdown.body = "drawn before"
    drawn.delta.fragment_id = "one"
    queue.enqueue(answer)
    queue.enqueue(drawn)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=fragments)
    assert queue.flush() == [answer]
    assert queue.is_empty()


def test_a_run_that_ends_waits_for_the_one_that_begins_and_other_sessions_for_neither() -> None:
    patches.apply()
    state = SessionState()
    ending, beginning, elsewhere = (SafeSessionState(of, lambda: None) for of in (state, state, SessionState()))
    done = [threading.Event(), threading.Event()]

    def finish(safe: SafeSessionState, event: threading.Event) -> None:
        safe.on_script_finished(frozenset())
        event.set()

    with beginning._lock:
        for safe, event in zip((ending, elsewhere), done, strict=True):
            threading.Thread(target=finish, args=(safe, event), daemon=True).start()
        assert done[1].wait(20)
        assert not done[0].is_set()
    assert done[0].wait(20)


def test_a_text_that_is_longer_than_its_field_comes_whole_to_who_refuses_it() -> None:
    patches.apply()
    for serde in (TextInputSerde("", max_chars=3), TextAreaSerde("", max_chars=3)):
        assert [serde.deserialize(sent) for sent in ("示例培训班", None)] == ["示例培训班", ""]


def test_of_what_a_socket_may_say_only_what_our_pages_say_is_heard() -> None:
    patches.apply()
    heard: list[str] = []
    handlers = [name for name in vars(AppSession) if re.fullmatch("_handle_.*_request", name)]
    browser: Any = SimpleNamespace(**{name: lambda *_, name=name: heard.append(name) for name in handlers})
    for kind in ("load_git_info", "clear_cache", "app_heartbeat", "set_run_on_save", "stop_script"):
        said: dict[str, Any] = {kind: True}
        AppSession.handle_backmsg(browser, BackMsg(**said))
    AppSession.handle_backmsg(browser, BackMsg(rerun_script=ClientState()))
    assert len(handlers) > len(heard)
    assert heard == ["_handle_app_heartbeat_request", "_handle_stop_script_request", "_handle_rerun_script_request"]
