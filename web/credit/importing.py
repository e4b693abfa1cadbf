"""Imported hours (导入学时) on screen: what was changed in their file before they were posted."""

from __future__ import annotations

import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.models import CreditBatch
from core.records import imports
from web import tables


def mended(batch: CreditBatch, actor: Actor) -> None:
    """What was changed on the screen in the file of an import (导入前的改正); nothing where nothing was."""
    with db.reading() as session:
        made = imports.repairs(session, batch.id, actor)
    if made.empty:
        return
    with st.expander(f"导入前在网上改正的单元格（{len(made)}处，原文件不变）"):
        headings = imports.HEADINGS | {"": "整行"}
        made["heading"] = [headings.get(column, column) for column in made["column"]]
        shown = made.rename(columns={"row": "file_row", "before": "cell_before", "after": "cell_after"})
        tables.table(shown, ["file_row", "heading", "cell_before", "cell_after"], empty="")
