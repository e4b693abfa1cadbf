"""The audit trail of the jurisdiction: who, when, what, before, after, why."""

import json
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import OFFICERS, Actor, Role
from core.trail import audit
from web import address, shell, tables

actor = shell.require(*OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)
shell.page("审计日志", "每个操作留一条记录，按哈希逐条相连，不能修改或删除。")

columns = "entry_number at event account role organization_touched record record_id reason".split()
NAMES = {"id": "entry_number", "organization": "organization_touched", "before": "before_deed", "after": "after_deed"}
with st.container(horizontal=True, vertical_alignment="bottom"):
    event = address.filter_by("事项", audit.EVENTS.values(), key="event")
    account = address.searched("办理人", key="account", width=160)
    first = st.date_input("从", None, key="from", format="YYYY-MM-DD", bind="query-params", width=160)
    last = st.date_input("到", None, key="to", format="YYYY-MM-DD", bind="query-params", width=160)

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = audit.history(session, who, event=event, account=account, first_on=first, last_on=last, **page)
        return found.rename(columns=NAMES), count

    everything = [*columns, "before_deed", "after_deed"]
    tables.export(lambda session, who: asked(session, who, limit=None)[0], everything, name="审计日志")
frame, count = tables.listing(asked, actor, name="audit")
st.caption(f"共{count:,}条")
empty = "没有符合条件的记录。可放宽查询条件。"
chosen = tables.pick(frame, columns, name="entry", by="entry_number", empty=empty)

line = frame[frame["entry_number"] == chosen]
if len(line):
    one = line.iloc[0]
    with st.container(border=True):
        st.markdown(f"**第{one['entry_number']}条　{audit.called(one['event'], one['record'])}**")
        before, after = json.loads(one["before_deed"]), json.loads(one["after_deed"])
        for name in sorted({*before, *after}):
            was, became = before.get(name, "—"), after.get(name, "—")
            words = tables.LABELS.get(name, name)
            st.text(f"{words}：{was} → {became}" if was != became else f"{words}：{was}")
        if one["reason"]:
            st.text(f"原因：{one['reason']}")
