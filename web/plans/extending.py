"""The administrator's way to let one named plan be filed late (准予延期上报)."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.models import Plan
from core.submissions import plans
from core.submissions.kinds import EDITABLE
from web import context, deeds
from web.deeds import Who


def offered(plan: Plan, here: Actor) -> bool:
    """Whether the actor may let this plan be filed late."""
    return here.role is Role.ADMIN and plan.state in EDITABLE and not plan.extension_start_on


def extend(plan: Plan) -> None:
    """Extension (准予延期上报) with its reason."""
    key = f"extension-{plan.id}"

    def grant() -> None:
        def act(session: Session, **who: Unpack[Who]) -> str:
            plans.grant_extension(session, plan.id, reason=st.session_state[key], **who)
            return f"已准予“{plan.title}”延期上报，基地现在可以上报。"

        deeds.deed(act, key, plan.version)

    with db.reading() as session:
        earliest = plans.earliest_start_on(session, context.today(), plan.authority.league)
    st.caption(f"该计划{plan.start_on}开始，早于今天上报所允许的{earliest}。如确有必要，可准予本计划延期上报。")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_area("准予延期的原因（必填）", key=key, height=70)
        st.button("准予延期上报", key=f"{key}-{plan.version}", on_click=grant, type="primary")
