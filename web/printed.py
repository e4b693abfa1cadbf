"""Paper (打印): a page as it is printed: whose it is on top, what was asked for, all rows, nothing to press."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.ground import db
from core.ground.access import Actor
from web import address, context

_HERE = Path(__file__).parent
_HEAD = st.components.v2.component(
    "printed",
    html='<div class="printed"><div class="whose"></div><div class="asked"></div><div class="when"></div></div>',
    css=(_HERE / "printed.css").read_text(encoding="utf-8"),
    js=(_HERE / "printed.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def head(actor: Actor) -> None:
    """The head of a printed page (打印件页眉), out of sight on the screen, and how everything below it is printed.

    Where printing was asked for, the browser's dialog opens once the page is whole, and the page is as before after it.
    """
    data = {
        "whose": f"{context.known().whose.called}　{actor.organization_name}",
        "who": f"打印人：{actor.name}（{actor.role.label}）",
        "now": context.now().astimezone(db.OFFICE_ZONE).isoformat(timespec="seconds"),
        "asked": address.chosen("print") == 1,
    }
    _HEAD(key="printed", data=data, on_done_change=_done)


def _done() -> None:
    address.choose("print", None)


def button(key: str) -> None:
    """The button that prints (打印) the page, of a long list all rows as far as its limit."""
    st.button("打印", icon=":material/print:", key=f"print-{key}", on_click=address.choose, args=("print", 1))
