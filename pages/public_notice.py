"""Public notices that run, for everybody: who is to be selected; objections; a person's own nomination."""

import streamlit as st

from core.ground import db
from core.ground.access import Refused, Role
from core.submissions import workflow
from web import address, shell
from web.study import placing, publishing
from web.words import md

actor = shell.require()
shell.page("公示", "正在公示的研修人选。公示期内可提出异议，由自治区人社厅答复。")
for kind in ("objection", "nomination"):  # from a message; what is the actor's own stands below
    if (number := address.chosen(kind)) is not None:
        try:
            with db.reading() as session:
                workflow.seen(session, number, actor, kind=kind)
        except Refused as refused:
            st.error(md(refused.words))
publishing.running(actor)
publishing.own_objections(actor)
if actor.role is Role.PERSON:
    placing.mine(actor)
