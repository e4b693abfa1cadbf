"""The audit trail of the jurisdiction: who did what to whom, when and why, what it was before and what it became."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import OFFICERS, Actor, Role
from core.office import chronicle, phrases
from core.trail import audit
from web import address, links, shell, tables
from web.words import md, moment_text

actor = shell.require(*OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)
shell.page("审计日志", "每个操作留一条记录，按哈希逐条相连，不能修改或删除。点一条看前后对照。")

COLUMNS = "at told organization_touched reason".split()
FURTHER = "entry_number event account role record record_id before_deed after_deed".split()
NAMES = {"id": "entry_number", "organization": "organization_touched", "before": "before_deed", "after": "after_deed"}
with st.container(horizontal=True, vertical_alignment="bottom"):
    about = address.searched("对人或对事", key="about", width=240, placeholder="姓名、身份证号、名称或编号")
    account = address.searched("办理人", key="account", width=110)
    event = address.filter_by("事项", audit.EVENTS.values(), key="event")
    first = address.day("从", key="from", width=145)
    last = address.day("到", key="to", width=145)


def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
    wanted: dict[str, Any] = {"event": event, "account": account, "first_on": first, "last_on": last}
    found, count = chronicle.history(session, who, about=about, **wanted, **page)
    return found.rename(columns=NAMES), count


with tables.above():
    usual = None if about or account else (event, first, last)  # a text may be an ID number
    frame, count = tables.listing(asked, actor, name="audit", asked=usual, every_line=True)
    st.caption(f"共{count:,}条", width="content")
    tables.export(lambda session, who: asked(session, who, limit=None)[0], COLUMNS + FURTHER, name="审计日志")
empty = "没有符合条件的记录。可放宽查询条件。"
chosen = tables.pick(frame, COLUMNS, name="entry", by="entry_number", empty=empty, what="第{}条")

line = frame[frame["entry_number"] == chosen]
if len(line):
    one = line.iloc[0]
    with st.container(border=True):
        st.markdown(f"**{md(one['told'])}**")
        st.caption(f"第{one['entry_number']}条　{moment_text(one['at'])}　{md(one['organization_touched'])}")
        if one["reason"]:
            st.markdown(f"原因：{md(one['reason'])}")
        values = phrases.changes(one["record"], one["before_deed"], one["after_deed"])
        if one["before_deed"] != "{}":
            cells = [(each.field, each.before, each.after if each.changed else "未变") for each in values]
            tables.prose([[md(cell) for cell in each] for each in cells], ["内容", "原来", "现在"])
        elif values:
            tables.prose([[md(each.field), md(each.after)] for each in values], ["内容", "所记"])
        where = links.record(one["record"], int(one["record_id"]), actor) if one["still"] else None
        if where:
            shell.link(where[0], f"打开{phrases.word_of(one['record'])}", **where[1])
