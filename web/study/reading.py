"""A nomination to read (研修推荐), as its employer sees it: how far it is, and the claim on the year's certificate."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.models import Nomination
from core.submissions.programmes import placements, study
from web import submissions
from web.study import placing


def own(nomination: Nomination, actor: Actor, steps: pd.DataFrame) -> None:
    """A nomination of one's own house that is not to be edited."""
    with db.reading() as session:
        completed = placements.placed(session, nomination.id)
    with st.container(border=True):
        submissions.submission(nomination, steps)
    if completed and completed.completed in study.PASSED:
        placing.claim(nomination.id, actor)
