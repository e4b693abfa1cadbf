"""A table that is sent in whole (上传表格): chosen, read and checked, mended where it stands, then put on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.submissions.programmes import classes
from core.tables.reading import Asked, Listing
from core.trail import choices as chosen_columns
from core.trail.files import Upload
from web import address, deeds, drafts, tables
from web.deeds import Who
from web.words import md


def send(
    name: str,
    listing: Listing,
    read: Callable[..., classes.Preview],
    keep: Callable[..., str],
    actor: Actor,
    *,
    choices: Mapping[str, Sequence[str]],
) -> None:
    """One table sent in. `name` is its own on the page; `read` and `keep` are core's, of the file as mended."""
    given = drafts.Sheet(name, actor)
    given.ask(
        f"{listing.name}（.xlsx、.xls、.csv）",
        ["xlsx", "xls", "et", "csv"],
        help="表头：" + "、".join(listing.headings.values()) + "；顺序不限，上方可有标题。",
    )
    if (upload := given.upload) is None:
        return
    key = f"{name}-{upload.digest[:16]}"
    held = tables.held(key)
    try:
        with db.reading() as session:
            known = chosen_columns.chosen(session, actor.organization_id, listing.code)
            found = read(session, upload, chosen=known, mended=held.mended)
    except Asked as asked:
        st.error(md(asked.words))
        tables.columns(asked.understood, listing, key=key, then=lambda: None)
        return
    except Refused as refused:
        st.error(md(refused.words))
        return
    _told(found)
    tables.mend_file(key, found.checked.rows, found.problems, headings=listing.headings, choices=choices)
    hints = [each for each in found.problems if not each.blocking]
    if hints:
        tables.problems(hints, listing.headings)
    if found.fresh:
        arguments = (given, name, upload, known, keep)
        label = f"登记{len(found.fresh)}行"
        st.button(label, type="primary", key=f"keep-{key}", on_click=_keep, args=(*arguments, held))


def _told(found: classes.Preview) -> None:
    """What would be put on record, what is there already, what is wrong."""
    faulty = len({each.row for each in found.problems if each.blocking})
    words = f"可登记{len(found.fresh)}行"
    words += f"；{found.known}行已登记过，不重复登记" if found.known else ""
    words += f"；{faulty}行有错误，可在下面逐格改正" if faulty else ""
    (st.warning if faulty else st.info)(f"{words}。")
    tables.account(found.checked.account)


def _keep(
    given: drafts.Sheet,
    name: str,
    upload: Upload,
    known: Mapping[str, str],
    keep: Callable[..., str],
    held: tables.Held,
) -> None:
    """Put it on record as it was seen."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        words = keep(session, upload, chosen=known, mended=held.mended, **who)
        given.drop(session, who["actor"])
        return words

    if deeds.deed(act, name, upload.digest, repr(held.mended)):
        address.forget_choice()
