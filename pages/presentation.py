"""Leaders show the dashboard in a meeting, one thing at a time: the figures, what they find, what is to be done."""

import streamlit as st

from core.ground import db
from core.office import dashboards
from web import board, context, shell

actor = shell.require(*dashboards.VIEWERS)
shell.style(board.PRESENTED)
with db.reading() as session:
    offered = dashboards.choices(session, actor)
with st.container(key="slide-filter"), st.popover("筛选", icon=":material/filter_alt:"):
    wanted = board.strip(actor, context.today(), offered)
ask = board.Ask(wanted)
with db.reading() as session:
    seen = dashboards.board(session, actor, wanted, now=context.now())
    lines = dashboards.programmes.lines(session, actor, seen)
board.present(seen, lines, dashboards.brief.brief(seen, lines, ask.foot(seen)))
