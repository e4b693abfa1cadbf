"""Messages of deeds (提示) where the hand is: in a bar that never scrolls away (操作栏), else below the page's head."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import streamlit as st

from web import deeds
from web.words import md, plain

STYLE = Path(__file__).parent / "bar.css"
"""Of every page: how the region of messages and the bar stay in view."""
_FAULT = st.components.v2.component("fault", js=(Path(__file__).parent / "fault.js").read_text(encoding="utf-8"))


@contextmanager
def messages() -> Iterator[None]:
    """The region of messages (提示区), around a whole page: it stays inside the viewport wherever the page is scrolled.

    It is filled when the page is drawn, with what no bar of the page has shown. Nothing is lost where a run is stopped
    or begun anew: what was not shown is kept for the next one.
    """
    place, hand = st.container(key="said"), deeds.hand()
    hand.barred = False
    with suppress(_Ended):
        yield
    if not hand.barred:
        hand.last.clear()
    for kind, words in together(hand.messages):
        getattr(place, kind)(words)
    hand.messages.clear()
    if hand.at:
        _FAULT(key="typing-fault", data={"n": time.monotonic_ns() // 1000, "keys": list(hand.at)})
        hand.at = ()


SEVERAL = 3
"""So many messages stand in boxes of their own; where there are more, those of a kind are lines of one."""


WORST_FIRST = ("error", "warning", "success")


def together(said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Messages as they are drawn, in Markdown: the many of a batch as lines of one box for each kind, refusals first.

    Plain text, all of it: titles and reasons that users typed stand in the words.
    """
    if len(said) <= SEVERAL:
        return [(kind, plain(words)) for kind, words in said]
    sorts = [kind for kind in WORST_FIRST if kind in {each for each, _ in said}]
    return [(kind, "\n".join(f"- {md(words)}" for each, words in said if each == kind)) for kind in sorts]


def says(words: str) -> bool:
    """Whether these words stand in the bar, or will when it is drawn: what stands above need not say them again."""
    hand = deeds.hand()
    return any(words in said for _, said in hand.messages or hand.last)


def refused() -> bool:
    """Whether all that the bar says, or will when it is drawn, is why a deed came to nothing (未办成的原因)."""
    hand = deeds.hand()
    return {kind for kind, _ in hand.messages or hand.last} == {"error"}


def refused_here() -> bool:
    """Show in a dialog why its deed came to nothing (未办成的原因), and whether it did: it stays open, typing and all.

    What was done is told by the page, once the dialog is closed.
    """
    hand = deeds.hand()
    if not any(kind != "success" for kind, _ in hand.messages):
        return False
    for kind, words in together(hand.messages):
        getattr(st, kind)(words)
    hand.messages.clear()
    return True


class _Ended(Exception):
    """The page ends here."""


def end() -> NoReturn:
    """End the page early (到此为止) with its messages shown; after `st.stop` nothing more is drawn, not even those."""
    raise _Ended


@contextmanager
def bar(*, keep: bool = False, of: object = None) -> Iterator[bool]:
    """A bar that never scrolls away (操作栏) at the foot of the page: the message of the last deed, then what is drawn.

    One for each page, drawn at its end. `keep`: the message stays until there is another, not until the next click: for
    pages where one deed follows the other. `of`: what stands on the page as the message speaks of it; once that is
    another, what was said of it is no longer so, and goes. Answers whether it shows a refusal.
    """
    hand = deeds.hand()
    with st.container(key="bar", gap="xsmall"):
        if hand.messages:
            hand.last[:] = hand.messages
            hand.of = of
        elif hand.of != of:
            hand.last.clear()
        # The many of a batch are read as a list: they have the room that one message must leave to the page.
        # One element, whatever it says: fields of the bar stay in the hand as a message comes or goes.
        place = st.container(key="told-many" if len(hand.last) > SEVERAL else "told", gap="xsmall")
        for kind, words in together(hand.last):
            getattr(place, kind)(words)
        hand.messages.clear()
        hand.barred = keep
        yield any(kind == "error" for kind, _ in hand.last)
