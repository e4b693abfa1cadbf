"""A file chosen, or a download asked for, while a page begins to run anew comes all the same."""

from __future__ import annotations

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

import app


@pytest.mark.parametrize("kind", ["file_urls_response", "backend_operation_response"])
@pytest.mark.parametrize("fragments", [None, ["one"]])
def test_a_run_that_begins_drops_what_was_drawn_and_no_answer(kind: str, fragments: list[str] | None) -> None:
    assert app.app is not None  # loading it is what mends Streamlit
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
