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

columns = ["id", "at", "event", "account", "role", "organization", "record", "record_id", "reason"]
labels = {"id": "序号", "organization": "涉及机构"}
with st.container(horizontal=True, vertical_alignment="bottom"):
    event = address.filter_by("事项", audit.EVENTS.values(), key="event")
    account = st.text_input("办理人", key="account", bind="query-params", width=160)
    first = st.date_input("从", None, key="from", format="YYYY-MM-DD", bind="query-params", width=160)
    last = st.date_input("到", None, key="to", format="YYYY-MM-DD", bind="query-params", width=160)

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        return audit.history(session, who, event=event, account=account, first_on=first, last_on=last, **page)

    tables.export(
        lambda session, who: asked(session, who, limit=None)[0],
        [*columns, "before", "after"],
        name="审计日志",
        labels={**labels, "before": "变更前", "after": "变更后"},
    )
frame, count = tables.listing(asked, actor, name="audit")
st.caption(f"共{count:,}条")
chosen = tables.pick(frame, columns, name="entry", labels=labels, empty="没有符合条件的记录。可放宽查询条件。")

line = frame[frame["id"] == chosen]
if len(line):
    one = line.iloc[0]
    with st.container(border=True):
        st.markdown(f"**第{one['id']}条　{audit.EVENTS[one['event']].label}**")
        before, after = json.loads(one["before"]), json.loads(one["after"])
        for name in sorted({*before, *after}):
            was, became = before.get(name, "—"), after.get(name, "—")
            st.text(
                f"{tables.LABELS.get(name, name)}：{was} → {became}"
                if was != became
                else f"{tables.LABELS.get(name, name)}：{was}"
            )
        if one["reason"]:
            st.text(f"原因：{one['reason']}")
