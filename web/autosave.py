"""Autosave of texts that are of no form (自动暂存): an opinion, a comment, remarks; and what watches the typing of all.

Such a text is kept for its writer as it is typed, and is there again after F5 and in a new browser, until the deed that
sends it drops it. Where two windows write the same one, neither overwrites the other: what the other wrote is shown.
Forms, with their fields and files: `web.drafts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from core.ground import db
from core.ground.access import Actor, Refused
from core.office import unsaved
from web import context

_TYPING = st.components.v2.component("typing", js=(Path(__file__).parent / "typing.js").read_text(encoding="utf-8"))
_CLASSLESS = re.compile(r"[^a-zA-Z0-9_-]")
"""What Streamlit writes as a dash where it makes a class of a widget's key."""


def words(ask: Callable[..., str | None], label: str, *, key: str, place: str, actor: Actor, **options: Any) -> None:
    """One field that stands beside the forms (意见、留言): kept as it is typed, until its deed drops it."""
    if key not in st.session_state:
        with db.reading() as session:
            kept = unsaved.kept(session, place, actor=actor)
        put(key, str(kept.values.get("words", "")) if kept else "")

    def keep_it() -> None:
        keep(key, place, _words(st.session_state[key]), version=0, actor=actor)

    ask(label, key=key, on_change=keep_it, **options)
    watch(key, place, actor.account_id)
    other_window(key, label, keep_it, lambda theirs: [theirs["words"]])


def put(key: str, text: str) -> None:
    """Put a text into such a field (填入): what was read in the database, or what a deed left there."""
    st.session_state[key] = text
    look(key, _words(text))


def _words(text: str) -> dict[str, Any]:
    return {"words": text} if text else {}


def look(key: str, kept: Mapping[str, Any]) -> None:
    """What this window saw kept beside the forms (所见的暂存内容); nothing there is contested any more."""
    st.session_state[f"{key}-seen"] = dict(kept)
    st.session_state.pop(f"{key}-other", None)


def keep(key: str, place: str, values: Mapping[str, Any], *, version: int, actor: Actor) -> None:
    """Keep what stands beside the forms (自动暂存), unless another window wrote something else there meanwhile."""
    seen = st.session_state.get(f"{key}-seen", {})
    with suppress(Refused), db.transaction() as session:  # the field itself has it; a deed says what is wrong
        here, now = context.actor_now(session), context.moment(session)
        if here is None or here.account_id != actor.account_id:
            return
        found = unsaved.kept(session, place, actor=here)
        there = found.values if found else {}  # none: sent elsewhere, and what stands here is kept as something new
        if there not in ({}, seen, values):
            st.session_state[f"{key}-other"] = there
            return
        unsaved.keep(session, place, values, version=version, seen=there, actor=here, now=now)
        look(key, values)


def other_window(
    key: str, label: str, keep_it: Callable[[], None], told: Callable[[Mapping[str, Any]], Iterable[str]]
) -> None:
    """Say that another window wrote something else (两个窗口), and show it to be copied; the text here stays.

    `keep_it`: keeps what stands here. `told`: what was kept there as texts. Where there is nothing to say, nothing is
    drawn.
    """
    theirs = st.session_state.get(f"{key}-other")
    if theirs is None:
        return

    def mine() -> None:
        look(key, theirs)
        keep_it()

    with st.container(key=f"other-window-{key}", gap="xsmall"):
        st.warning(f"别的窗口也写了“{label}”，与这里的不同，这里的没有暂存。那里写的如下，可以复制：")
        st.code("\n".join(told(theirs)), language=None, wrap_lines=True)
        st.button("以这里的为准", key=f"mine-{key}", type="tertiary", on_click=mine)


def watch(prefix: str, place: str, account: int | None, *, names: Iterable[str] = ("",)) -> None:
    """Watch the text fields of some keys (留住输入), so that they hand over what is typed in time, and F5 loses none.

    `names`: what comes after `prefix` in their keys. What stands in the fields goes back with it: by that the browser
    knows that its typing has arrived. Each is asked for by its key: a session keeps more of them the longer somebody
    works in it.
    """
    typed = {f"{prefix}{name}": st.session_state.get(f"{prefix}{name}") for name in names}
    stands = {f"st-key-{_CLASSLESS.sub('-', key)}": value for key, value in typed.items() if isinstance(value, str)}
    _TYPING(key=f"typing-{prefix}", data={"prefix": prefix, "place": f"typed-{account}-{place}", "stands": stands})
