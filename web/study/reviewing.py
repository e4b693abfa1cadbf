"""A nomination at the desk (推荐审核): its rank beside the league's opinion, or what the region selects it as."""

from __future__ import annotations

from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.models import Nomination, Submission
from core.submissions import workflow
from core.submissions.programmes import selection, study
from web.deeds import Who

SELECTED, RESERVE = "入选", "备选"


def ask(submission: Submission) -> None:
    """The league's rank (排名), or whether the region selects it or keeps it as a reserve (入选、备选)."""
    assert isinstance(submission, Nomination)
    if workflow.stage_of(submission) is study.RANKING:
        with db.reading() as session:
            usual = submission.rank or selection.next_rank(session, submission)
        _number(submission, "盟市排名", usual)
        return
    chosen = st.segmented_control(
        "遴选结果",
        [SELECTED, RESERVE],
        default=SELECTED if submission.reserve is None else RESERVE,
        required=True,
        key=f"outcome-{submission.id}",
    )
    if chosen == RESERVE:
        with db.reading() as session:
            usual = submission.reserve or selection.next_reserve(session, submission)
        _number(submission, "备选顺序", usual)


def _number(submission: Submission, label: str, usual: int) -> None:
    key = _key(submission)
    if key not in st.session_state:
        st.session_state[key] = usual
    st.number_input(label, 1, selection.MOST_RANK, step=1, key=key, width=110)


def _key(submission: Submission) -> str:
    return f"rank-{submission.id}-{submission.version}"


def typed(submission: Submission) -> Any:
    """What was chosen beside the opinion, as the browser has it."""
    assert isinstance(submission, Nomination)
    number = st.session_state.get(_key(submission))
    if workflow.stage_of(submission) is study.RANKING:
        return RANKED, number
    if st.session_state.get(f"outcome-{submission.id}") == RESERVE:
        return RESERVE, number
    return SELECTED, None


RANKED = "排名"


def settle(session: Session, submission: Submission, given: Any, **who: Unpack[Who]) -> int:
    """Rank it, or say as what it is selected, before the approval; answers the version that is to be approved then."""
    how, number = given
    if how == RANKED:
        found = selection.rank(session, submission.id, number or 0, version=submission.version, **who)
    else:
        found = selection.reserve(session, submission.id, number, version=submission.version, **who)
    session.flush()
    return found.version


def note(submission: Submission) -> str:
    """What to know of the decision, beside the buttons."""
    assert isinstance(submission, Nomination)
    if workflow.stage_of(submission) is study.RANKING:
        return "意见作为盟市意见随推荐报自治区。"
    return "入选、备选和不予入选都须写明理由；公示无异议后才确定。"
