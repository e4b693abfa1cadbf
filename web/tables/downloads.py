"""Downloads (下载): the one door files leave by, content made at the click, and a table exported as .xlsx."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, taken
from core.ground.access import Actor, Refused
from core.people import accounts
from core.tables import sheets
from web import context, printed
from web.deeds import Act, Who
from web.tables.cells import worded
from web.tables.columns import heading
from web.words import md


class Unmarked(StrEnum):
    """Why a file does not say whose it was: everything else that leaves does."""

    OWN = "its holder's own paper, or handed to the holder: it stays clean"
    AS_KEPT = "as it was sent in, or signed: altered by nobody; the trail says who took it"
    BLANK = "an empty form, or a table that ships with the product: nobody's"
    FIGURES = "counts alone, to be set into a document of one's own"
    TEXT = "a format of other programs without a place for it; the trail says who took it"


def download(
    label: str,
    make: Act[bytes] | bytes,
    filename: str,
    *,
    opened: Callable[[], AbstractContextManager[Session]] = db.reading_whole,
    unmarked: Unmarked | None = None,
    icon: str | None = ":material/download:",
    **look: Any,
) -> None:
    """Deferred download (下载), the only way a file leaves the screens: made at the click, it says who took it and when
    (带出标记), but where `unmarked` says why not.

    `make(session, **who: Unpack[Who])`, for the actor signed in at that moment; or what was made before. `opened`:
    `db.transaction` where handing out is a logged act. `look`: what else the button is given.
    """
    content = _deferred(make, opened, unmarked)
    st.download_button(md(label), content, filename, icon=icon, on_click="ignore", **look)


def _deferred(
    make: Act[bytes] | bytes, opened: Callable[[], AbstractContextManager[Session]], unmarked: Unmarked | None
) -> Callable[[], bytes]:
    here = context.token()

    def content() -> bytes:
        with opened() as session:
            asking = accounts.actor_of(session, here, datetime.now(UTC))
            if asking is None:
                raise Refused("signed-out", "登录已失效，请重新登录后再下载。")
            now = context.moment(session)
            with contextlib.nullcontext() if unmarked else taken.by(asking, now):
                return make if isinstance(make, bytes) else make(session, actor=asking, now=now)

    return content


def template(name: str, make: Callable[[], bytes], *, key: str) -> None:
    """The button that hands out an empty workbook to fill in (下载模板); `name` is what the table is called."""
    download(f"下载{name}模板", lambda _, **__: make(), f"{name}模板.xlsx", unmarked=Unmarked.BLANK, key=key)


def export(make: Callable[[Session, Actor], pd.DataFrame], columns: Sequence[str], *, name: str) -> None:
    """Excel export (导出): all that is listed, not the page shown alone; ID numbers masked, formulas defused.

    Beside it the button that prints.
    """

    def content(session: Session, **who: Unpack[Who]) -> bytes:
        shown = worded(make(session, who["actor"]), columns)
        rows = shown.astype(object).where(shown.notna(), None)
        heads = [heading(column) for column in columns]
        return sheets.workbook(heads, rows.itertuples(index=False, name=None))

    with st.container(horizontal=True, width="content"):
        download("导出 Excel", content, f"{name}-{context.today():%Y%m%d}.xlsx", key=f"export-{name}")
        printed.button(name)
