"""The authority in charge answers what persons and employers say against credit entries."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import decisions
from core.ground import db, resident_id
from core.ground.access import Actor, Labelled, Refused, Role
from core.models import Dispute, State
from core.people import persons
from core.submissions import disputes, queues, workflow
from web import address, shell, submissions, tables
from web.words import md

actor = shell.require(Role.REVIEWER, Role.ADMIN)
shell.page(
    "学时异议",
    "个人或用人单位对某一笔学时记录提出的异议，由核定该学时的人社部门答复；异议成立的，随答复冲销这笔学时。",
)
COLUMNS = "state submitted_at name id_mask employer year subject hours objection authority".split()
NAMES = {"words": "objection", "completed_on": "studied_on"}
WORDS: Any = Labelled("WORDS", [(each.name, (each.value, disputes.KIND.word_for(each))) for each in State])  # type: ignore[arg-type]

with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = address.filter_by("状态", WORDS, key="state", default=WORDS(State.SUBMITTED.value))
    state = State(chosen.value) if chosen else None
    text = st.text_input("姓名、单位或异议内容", key="q", bind="query-params", width=260)
    own = not actor.oversees_region or st.toggle("只看由本机关答复的", True, key="own", bind="query-params")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = queues.queue(session, who, kinds=("dispute",), state=state, text=text, own=own, **page)
        return found.rename(columns=NAMES), count

    tables.export(
        lambda session, who: asked(session, who, limit=None)[0],
        [*COLUMNS, "studied_on", "batch_id", "line", "decided_at"],
        name="学时异议",
    )
frame, count = tables.listing(asked, actor, name="dispute")
st.caption(f"共{count}件")
empty = "没有等待答复的异议。" if state is State.SUBMITTED else "没有符合条件的异议。可把“状态”换成“全部”。"
dispute_id = tables.pick(frame, COLUMNS, name="dispute", empty=empty)


def ways_on(dispute: Dispute, name: str, seen: bool) -> None:
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
            st.page_link(shell.page_file(target), label=label, icon=icon, query_params=query)


if dispute_id is not None:
    try:
        with db.reading() as session:
            dispute_id = disputes.renumbered(session, dispute_id)
            found = workflow.one(session, dispute_id, actor, kind="dispute")
            assert isinstance(found, Dispute)
            whose = disputes.whose(session, found)
            steps = workflow.trail(session, dispute_id, actor)
            seen = bool(persons.id_masks(session, actor, [whose.id]))
            relied = len(decisions.relied(session, found.batch_id, actor, only=[found.line]))
        with st.container(border=True):
            st.markdown(f"#### {md(whose.name)}　:gray[{md(resident_id.mask(whose.id_number))}]")
            submissions.submission(found, steps)
            ways_on(found, whose.name, seen)
            if workflow.moves_for(found, actor):
                submissions.foretold(found)
                if relied:
                    st.warning(f"{relied}项资格核验结论曾用到这笔学时，冲销后请到“入账批次与冲销”查看并复核。")
                submissions.decide(found, actor)
            elif found.state is State.SUBMITTED:
                st.info(f"此异议由{found.authority.name}答复，您可以查看。")
    except Refused as refused:
        st.error(refused.words)
