"""Choosing columns (认列) on screen: a clerk says once which column of a file is which."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.tables.reading import Listing, Understood
from core.trail import choices
from web import deeds
from web.deeds import Who
from web.words import md

ABREAST = 4
"""Columns of the form; on a telephone they stand below each other."""
FOLDED = "认列：各列读作什么"
"""Over the form where a file was read: for what was not, and for what was read as another thing."""
SHOWN = 30
"""Characters of a label that are shown; the whole of a longer one is in its tip."""


def account(lines: Iterable[str]) -> None:
    """What of a file was read and what was not (读入说明), as quiet lines."""
    if said := "  \n".join(map(md, lines)):
        st.caption(said)


def columns(found: Understood, listing: Listing, *, key: str, then: Callable[[], Any], border: bool = True) -> None:
    """Form of a file's columns (认列): what each is; doubtful ones first and marked, then those not read.

    What is chosen is remembered for the actor's organization; `then` reads the file again. `key` is the file's own.
    """
    first = [label for label in found.labels if label in found.doubtful]
    unread = [label for label in found.labels if _usual(found, label) is None]
    labels = [label for label in dict.fromkeys([*first, *unread, *found.labels]) if len(label) <= choices.LONGEST_LABEL]
    with st.form(f"{key}-columns", border=border):
        words = "各列是什么？" + (f"有疑问的{len(first)}列在前，标有“？”。" if first else "")
        st.markdown(f"{words}选好后点“按此读入”；本单位以后的文件表头相同的，照此读入，不必再选。")
        for start in range(0, len(labels), ABREAST):
            for place, label in zip(st.columns(ABREAST), labels[start : start + ABREAST], strict=False):
                with place:
                    _column(found, listing, label, key)
        if len(set(found.labels)) > len(labels):
            st.caption(f"表头超过{choices.LONGEST_LABEL}个字的列不能在这里选择，请在文件中改短后再上传。")
        st.form_submit_button("按此读入", on_click=_chosen, args=(found, listing, labels, key, then))


def _column(found: Understood, listing: Listing, label: str, key: str) -> None:
    headings = listing.choices
    options, usual = ["", *headings], _usual(found, label)
    shown = md(label[:SHOWN]) + ("…" if len(label) > SHOWN else "")
    st.selectbox(
        f":orange[**？**] {shown}" if label in found.doubtful else shown,
        options,
        options.index(usual) if usual in options else None,
        format_func=lambda name: headings.get(name, choices.UNUSED),
        key=_key(key, label),
        placeholder="请选择" if label in found.doubtful else "没有读入",
        help=md(label) if len(label) > SHOWN else None,
    )


def _key(key: str, label: str) -> str:
    return f"{key}-column-{label}"


def _usual(found: Understood, label: str) -> str | None:
    """What a label was understood as: a column, "" where it is not used, None where nobody knows."""
    return "" if label in found.unused else found.columns.get(label)


def _chosen(found: Understood, listing: Listing, labels: list[str], key: str, then: Callable[[], Any]) -> None:
    said = {label: st.session_state.get(_key(key, label)) for label in labels}
    changed = {label: name for label, name in said.items() if name is not None and name != _usual(found, label)}
    if not changed:
        deeds.say("warning", "没有选择，文件没有重新读入。请先选择有疑问的列是什么，不用的选“不用”。")
        return

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, bool]:
        choices.choose(session, listing, changed, **who)
        return "", True

    if deeds.deed(act, "columns", listing.code, *changed.items()):
        then()
