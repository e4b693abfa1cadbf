"""Labelled facts (标签与内容), as on a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from web.words import md


def facts(pairs: Iterable[tuple[str, object]], columns: int = 3) -> None:
    """Labelled facts (标签与内容) in columns, as on a form; each as wide as what stands in it needs."""
    told = list(pairs)
    longest = [max((_width(value) for _, value in told[at::columns]), default=0) for at in range(columns)]
    places = st.columns([min(max(each, NARROWEST), WIDEST) for each in longest])
    for at, (label, value) in enumerate(told):
        fact(label, value, places[at % columns])


NARROWEST, WIDEST = 8, 16
"""Chinese letters for which a column of facts asks, beside the others."""


def _width(value: object) -> float:
    """How wide a fact is in a line of its own, in Chinese letters; other letters are about half as wide."""
    return sum(1 if letter > "\u2e7f" else 0.52 for letter in str(value))


def fact(label: str, value: object, place: Any = st) -> None:
    """One labelled fact; its line breaks are kept."""
    lines = [md(line) for line in str(value if value not in (None, "") else "—").splitlines()]
    place.markdown(f":gray[:small[{label}]]  \n" + "  \n".join(lines))
