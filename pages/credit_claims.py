"""A person, or the employer's clerk for the own people, files certificates that count as study."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.models import State
from core.submissions import claims, queues, workflow
from core.submissions.workflow import Action
from web import address, context, shell, submissions, tables
from web.claims import form
from web.claims import reading as shown
from web.words import md

actor = shell.require(*claims.FILERS)
oneself = actor.role is Role.PERSON
shell.page("学时折合申报", shown.caption(context.today(), actor.league))
COLUMNS = [name for name in shown.COLUMNS if not (oneself and name in ("name", "id_mask"))]


def begin() -> None:
    address.choose("claim", None)
    address.forget_choice()
    st.session_state["claim-new"] = True


def for_whom() -> int | None:
    """The person a new claim is about: oneself, or one of the clerk's own people."""
    if oneself:
        return actor.person_id
    text = st.text_input("为谁申报：姓名或完整身份证号（至多列出20人）", key="for-q", width=300)
    with db.reading() as session:
        found = claims.people(session, actor, text=text)
    columns = ["name", "id_mask", "employer", "post"]
    empty = "本单位没有这样的人员。请核对姓名或身份证号；人员在本系统有学时记录后才能申报。"
    person_id = tables.pick(found, columns, name="for", empty=empty)
    for name in found.loc[found["id"] == person_id, "name"]:
        st.markdown(f"为**{md(name)}**申报")
    return person_id


writing = st.session_state.get("claim-new") and address.chosen("claim") is None
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = address.filter_by("状态", State, key="state")
    text = "" if oneself else st.text_input("姓名或证书", key="q", bind="query-params", width=240)
    st.button("填写新申报", icon=":material/add:", on_click=begin, type="secondary" if writing else "primary")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = queues.queue(session, who, kinds=("claim",), state=state, text=text, **page)
        return found.rename(columns=shown.NAMES), count

    tables.export(lambda session, who: asked(session, who, limit=None)[0], COLUMNS, name="学时折合申报")
frame, _count = tables.listing(asked, actor, name="claim")
empty = "还没有这样的申报。点击“填写新申报”，附上证书，提交给主管的人社部门核定。"
claim_id = tables.pick(frame, COLUMNS, name="claim", empty=empty)
try:
    if claim_id is not None:
        with db.reading() as session:
            found = shown.read(session, claim_id, actor)
        claim, moves = found.claim, workflow.moves_for(found.claim, actor)
        with st.container(border=True):
            shown.show(found, actor)
            with st.container(horizontal=True):
                for action in moves:
                    st.button(
                        action.label,
                        type="primary" if action is Action.SUBMIT else "secondary",
                        key=f"{action}-{claim.id}-{claim.version}",
                        on_click=submissions.move,
                        args=(claim.id, action, claim.version, claim.title),
                    )
        if Action.SUBMIT in moves:
            with st.expander("修改申报"):
                form.form(claim, claim.person_id or 0, actor)
    elif writing:
        st.subheader("填写新申报", anchor=False)
        person_id = for_whom()
        if person_id is not None:
            form.form(None, person_id, actor)
except Refused as refused:
    st.error(refused.words)
