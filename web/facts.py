"""Labelled facts (标签与内容), as on a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from web.words import md


def facts(pairs: Iterable[tuple[str, object]], columns: int = 3) -> None:
    """Labelled facts (标签与内容) in columns, as on a form."""
    places = st.columns(columns)
    for at, (label, value) in enumerate(pairs):
        fact(label, value, places[at % columns])


def fact(label: str, value: object, place: Any = st) -> None:
    """One labelled fact; its line breaks are kept."""
    lines = [md(line) for line in str(value if value not in (None, "") else "—").splitlines()]
    place.markdown(f":gray[:small[{label}]]  \n" + "  \n".join(lines))
