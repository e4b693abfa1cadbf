"""What one files: everything of one's own, what is owed, what was left unsaved, and a new one of each kind."""

import math

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.models import State
from core.office import unsaved
from core.submissions import comments, queues
from core.submissions.kinds import KINDS, Action
from core.trail import kept
from web import address, context, papers, shell, tables
from web.claims import reading as claiming
from web.desk import filters, listing
from web.reports import reading as reporting
from web.words import md, moment_text

actor = shell.require(*papers.FILERS)
mine = {code: kind for code, kind in KINDS.items() if kind.filed_by(actor)}
shell.page("申报", "填写、上报和查看本人或本单位的申报；点一行打开。")

NEW = {
    "plan": "填写培训计划",
    "claim": "填写学时折合申报",
    "seminar": "填写高研班申请",
    "nomination": "填写研修推荐",
    "plan_table": "填写年度计划表",
    "year_summary": "填写项目总结",
}
"""What is begun from here, by the words of its button; a report is begun from its training, below."""
COLUMNS = {
    "plan": "state title subject start_on end_on headcount hours_each submitted_at".split(),
    "report": "state hours_standing title submitted_at listed_people hours faults late over_plan".split(),
    "claim": claiming.COLUMNS,
    "seminar": "state title seminar_level start_on end_on headcount submitted_at decided_at".split(),
    "plan_table": "state title year items headcount submitted_at due_on late".split(),
    "year_summary": "state title year submitted_at due_on late counted_on".split(),
    "nomination": "state name id_mask programme year study_field rank submitted_at decided_at".split(),
}
NAMES = {
    "report": {"standing": "hours_standing", "people": "listed_people"},
    "claim": claiming.NAMES,
    "plan_table": {"people": "headcount"},
}


def begin() -> None:
    """A button for a new one of each kind."""
    with st.container(horizontal=True):
        for code, label in NEW.items():
            if code in mine and st.button(label, icon=":material/add:", type="primary", key=f"new-{code}"):
                shell.go("paper", kind=code)


def left_unsaved() -> None:
    """What was typed into a form and not saved (未保存的改动), with the way back to it."""
    with db.reading() as session:
        places = unsaved.places(session, actor)
        open_ = papers.open_places(session, places, actor)
    for words, query in open_:
        state = "未保存的改动" if "item" in query or "plan" in query else "草稿"
        shell.link("paper", f"{state}：{md(words)}", **query)


def exported(session: Session, who: Actor) -> pd.DataFrame:
    """All that is listed, not the page shown alone."""
    found, _ = queues.queue(session, who, kinds=wanted.kinds, state=state, text=text, limit=None)
    if only:
        found = found.rename(columns=NAMES.get(only, {}))
        filed = [moment_text(moment) for moment in found["submitted_at"]]
        return found.rename(columns={"submitted_at": filed_at}).assign(**{filed_at: filed})
    return found


if (item := listing.clicked()) is not None:  # or begun by a button of this page
    shell.go("paper", item=str(item))
begin()
left_unsaved()
if "report" in mine:
    reporting.owed(actor)
st.subheader("全部申报", anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    words = {"": address.ALL} | {code: kind.word for code, kind in mine.items()}
    category = address.choice("类别", words, key="category") if len(mine) > 1 else ""
    state = address.filter_by("状态", State, key="state")
    text = address.searched("查找", key="q", width=240, placeholder="名称、姓名或证书")
    wanted = queues.Wanted((category,) if category else tuple(mine), state, text=text)
    only = wanted.kinds[0] if len(wanted.kinds) == 1 else ""
    filed_at = f"{KINDS[only].word_for(Action.SUBMIT)}时间" if only else "submitted_at"
    columns = COLUMNS.get(only, ["state", "kind", "title", "submitted_at", "decided_at"])
    columns = [filed_at if name == "submitted_at" else name for name in columns]
    tables.export(exported, columns, name="申报")
with db.reading() as session:
    counts = context.counted((actor, wanted), lambda: queues.counts(session, wanted, actor=actor, now=context.now()))
    count = filters.total(counts, wanted)
    pages = max(1, math.ceil(count / tables.PAGE_ROWS))
    page = max(1, min(address.paged(), pages))
    shown = {"offset": (page - 1) * tables.PAGE_ROWS, "limit": tables.PAGE_ROWS}
    rows = kept.once(
        session,
        (db.url(), "filing", actor, wanted, page, context.today()),
        lambda: queues.listed(session, wanted, actor=actor, now=context.now(), **shown),
    )
    unread = comments.unread(session, actor)
listing.listing(rows, count, None, unread, one_kind=bool(only), one_state=state is not None, desk=False)
address.page(pages)
