"""A dispute as the office that answers it reads it (答复学时异议): whose, which entry, what relied on it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.eligibility import decisions
from core.ground import db, resident_id
from core.ground.access import Actor
from core.models import Dispute, Submission
from core.people import persons
from core.submissions import disputes, workflow
from web import shell, submissions, tables
from web.words import md


def show(found: Submission, here: Actor, steps: pd.DataFrame) -> None:
    """A dispute to be answered, with the ways to the person's entries and to the batch."""
    assert isinstance(found, Dispute)
    with db.reading() as session:
        whose = disputes.whose(session, found)
        seen = bool(persons.id_masks(session, here, [whose.id]))
        relied = len(decisions.relied(session, found.batch_id, here, only=[found.line]))
    st.markdown(f"**{md(whose.name)}**　:gray[{md(resident_id.mask(whose.id_number))}]")
    submissions.submission(found, steps)
    _ways_on(found, whose.name, seen)
    if relied and workflow.moves_for(found, here):
        st.warning(f"{relied}项资格核验结论曾用到这笔学时，冲销后请到“入账批次与冲销”查看并复核。")


def _ways_on(dispute: Dispute, name: str, seen: bool) -> None:
    """To all the person's entries, where the person is one's own to look up, and to the entry in its batch."""
    to: dict[str, tuple[str, dict[str, str]]] = {}
    if seen:
        to["查看此人的全部学时"] = "credit_lookup", {"person": str(dispute.human_id), "q": name}
    batch, at = dispute.batch_id, dispute.line
    page = {f"line-{batch}-page": str(-(-at // tables.PAGE_ROWS))} if at > tables.PAGE_ROWS else {}
    to[f"查看第{batch}批入账"] = "ledger", {"batch": str(batch), f"line{batch}": str(at), **page}
    with st.container(horizontal=True):
        for label, (target, query) in to.items():
            icon = ":material/arrow_forward:"
            st.page_link(shell.linked(target), label=label, icon=icon, query_params=query)
