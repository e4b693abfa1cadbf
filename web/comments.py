"""Comments on a submission (留言): what was said, by whom, and a line to add; internal ones stay within the office."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.models import Submission
from core.office import unsaved
from core.submissions import comments
from core.submissions.comments import Said
from web import autosave, context, deeds
from web.deeds import Who
from web.words import md, moment_text


def comment(found: Submission, here: Actor, said: list[Said]) -> None:
    """The comments of a submission (留言, `comments.of`); what is shown here is read from then on."""
    may, inside = comments.may_write(found, here), comments.may_write_internally(found, here)
    fresh = sum(each.unread for each in said)
    if not said and not may:
        return
    label = f"留言（{len(said)}条" + (f"，{fresh}条未读）" if fresh else "）")
    written = st.session_state.get(_written(found), False)  # its own count would fold it over what was just written
    with st.expander(label if said else "留言", expanded=bool(fresh) or written):
        for each in said:
            badge = (" :orange-badge[内部]" if each.internal else "") + (" :blue-badge[新]" if each.unread else "")
            st.markdown(f":gray[:small[{moment_text(each.at)} {md(each.account_name)}]]{badge}  \n{md(each.words)}")
        if may:
            _add(found, inside, here)
    if fresh:
        with db.transaction() as session:
            comments.mark_read(session, found.id, actor=here, now=context.moment(session))


def _written(found: Submission) -> str:
    return f"comment-{found.id}-written"


def _add(found: Submission, inside: bool, here: Actor) -> None:
    key, place = f"comment-{found.id}", f"comment:{found.id}"

    def write(internal: bool) -> None:
        words = st.session_state[key]

        def act(session: Session, **who: Unpack[Who]) -> str:
            comments.write(session, found.id, words, internal=internal, **who)
            unsaved.drop(session, place, actor=who["actor"])
            return "留言已保存，只有本机关可见。" if internal else "留言已发出。"

        if deeds.deed(act, "comment", found.id, internal, words):
            autosave.put(key, "")
            st.session_state[_written(found)] = True

    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = {"placeholder": "写一条留言", "label_visibility": "collapsed"}
        autosave.words(st.text_input, "留言内容", key=key, place=place, actor=here, **shown)
        st.button("发给对方", key=f"{key}-send", on_click=write, args=(False,))
        if inside:
            st.button("内部留言", key=f"{key}-inside", on_click=write, args=(True,))
