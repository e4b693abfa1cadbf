"""Downloads (下载): content made at the click (deferred download), and a table exported as .xlsx."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.people import accounts
from core.tables import sheets
from web import context, printed
from web.deeds import Act, Who
from web.tables.cells import worded
from web.tables.columns import heading
from web.words import moment_text


def deferred(make: Act[bytes], opened: Callable[[], AbstractContextManager[Session]]) -> Callable[[], bytes]:
    """Deferred download (延迟下载): content made at the click, for the actor signed in at that moment.

    `make(session, **who: Unpack[Who])`. `opened`: `db.reading`, or `db.transaction` where handing out is a logged act.
    """
    here = context.token()

    def content() -> bytes:
        with opened() as session:
            asking = accounts.actor_of(session, here, datetime.now(UTC))
            if asking is None:
                raise Refused("signed-out", "登录已失效，请重新登录后再下载。")
            return make(session, actor=asking, now=context.moment(session))

    return content


def template(name: str, make: Callable[[], bytes], *, key: str) -> None:
    """The button that hands out an empty workbook to fill in (下载模板); `name` is what the table is called."""
    st.download_button(
        f"下载{name}模板", make, f"{name}模板.xlsx", key=key, icon=":material/download:", on_click="ignore"
    )


def marked(actor: Actor, now: datetime, rows: int) -> list[str]:
    """What an export says of itself (导出说明): who took it, when, how much; passed on, it says whose it was."""
    return [
        f"导出人：{actor.name}（{actor.organization_name}，{actor.role.label}）",
        f"导出时间：{moment_text(now)}",
        f"共{rows}行。含个人信息，仅限办理业务使用，不得转发；用后请妥善保管或删除。",
    ]


def export(make: Callable[[Session, Actor], pd.DataFrame], columns: Sequence[str], *, name: str) -> None:
    """Excel export (导出): all that is listed, not the page shown alone; ID numbers masked, formulas defused.

    Beside it the button that prints.
    """

    def content(session: Session, **who: Unpack[Who]) -> bytes:
        shown = worded(make(session, who["actor"]), columns)
        rows = shown.astype(object).where(shown.notna(), None)
        who_and_when = marked(who["actor"], who["now"], len(rows))
        heads = [heading(column) for column in columns]
        return sheets.workbook(heads, rows.itertuples(index=False, name=None), mark=who_and_when)

    with st.container(horizontal=True, width="content"):
        st.download_button(
            "导出 Excel",
            deferred(content, db.reading),
            f"{name}-{context.today():%Y%m%d}.xlsx",
            key=f"export-{name}",
            icon=":material/download:",
            on_click="ignore",
        )
        printed.button(name)
