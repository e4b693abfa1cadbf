"""What one files: everything of one's own, what is owed, what was left unsaved, and a new one of each kind."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.models import State
from core.office import unsaved
from core.submissions import queues
from core.submissions.kinds import KINDS, Action
from web import address, links, papers, shell, tables
from web.claims import reading as claiming
from web.reports import reading as reporting
from web.words import moment_text

actor = shell.require(*papers.FILERS)
mine = {code: kind for code, kind in KINDS.items() if kind.filed_by(actor)}
shell.page("申报", "填写、上报和查看本人或本单位的申报；点一行打开。")

NEW = {"plan": "填写培训计划", "claim": "填写学时折合申报", "seminar": "填写高研班申请"}
"""What is begun from here, by the words of its button; a report is begun from its training, below."""
COLUMNS = {
    "plan": "state title subject start_on end_on headcount hours_each submitted_at".split(),
    "report": "state hours_standing title submitted_at people hours faults late over_plan start_on end_on".split(),
    "claim": claiming.COLUMNS,
    "seminar": "state title seminar_level start_on end_on headcount submitted_at decided_at".split(),
}
NAMES = {"report": {"standing": "hours_standing"}, "claim": claiming.NAMES}


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
        shell.link("paper", f"未保存的改动：{words}", **query)


def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
    found, count = queues.queue(session, who, kinds=chosen or tuple(mine), state=state, text=text, **page)
    if only:
        found = found.rename(columns=NAMES.get(only, {}))
        return found.rename(columns={"submitted_at": filed_at}).assign(
            **{filed_at: [moment_text(moment) for moment in found["submitted_at"]]}
        ), count
    return found, count


if (item := address.chosen("item")) is not None:  # begun by a button of this page
    shell.go("paper", item=str(item))
begin()
left_unsaved()
if "report" in mine:
    reporting.owed(actor)
st.subheader("全部申报", anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    words = {kind.word: code for code, kind in mine.items()}
    label = (
        st.selectbox("类别", ["全部", *words], key="category", bind="query-params", width=180) if len(mine) > 1 else ""
    )
    state = address.filter_by("状态", State, key="state")
    text = st.text_input("查找", key="q", bind="query-params", width=240, placeholder="名称、姓名或证书")
    chosen = (words[label],) if label in words else ()
    only = chosen[0] if chosen else next(iter(mine)) if len(mine) == 1 else ""
    filed_at = f"{KINDS[only].word_for(Action.SUBMIT)}时间" if only else "submitted_at"
    columns = COLUMNS.get(only, ["state", "kind", "title", "submitted_at", "decided_at"])
    columns = [filed_at if name == "submitted_at" else name for name in columns]
    tables.export(lambda session, who: asked(session, who, limit=None)[0], columns, name="申报")
frame, count = tables.listing(asked, actor, name="filing")
empty = "没有这样的申报。可放宽上面的条件，或点“填写”开始一份新的。"
item = tables.pick(frame, columns, name="open", empty=empty)
st.caption(f"共{count}份")
if item is not None:
    address.choose("open", None)
    page, query = links.place(str(frame.set_index("id")["kind"].get(item, "")), item, actor) or ("paper", {})
    shell.go(page, **query)
