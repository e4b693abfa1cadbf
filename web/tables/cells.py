"""Cells in words (单元格显示): codes as words, moments as office time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from core.ground.access import Labelled
from core.ground.hours import hours_text
from core.law import notices
from core.models import Source, State
from core.office import dashboards
from core.submissions import workflow
from core.submissions.kinds import KINDS
from core.trail import audit
from web.tables.columns import RECORDS, VOCABULARIES
from web.words import NOT_BEGUN, days_left, moment_text

OF_DEEMED = {"amount_stated": "—", "granted": "视同完成"}
"""What stands for the noughts of a claim that deems its year done."""


OF_A_KIND: dict[str, type[Labelled]] = {"state": State, "to_state": State, "action": workflow.Action}
"""Codes whose words are a kind's own, where the rows say of which kind they are."""


def worded(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Display values (显示值): the named columns, codes as words, moments as office time. Column names stay."""
    shown = frame.loc[:, list(columns)].copy()
    for name, values in in_words(frame, columns).items():
        shown[name] = values
    return shown


def in_words(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, Any]:
    """Of the named columns those that are shown otherwise than they are kept: texts as a list, hours as numbers."""
    shown: dict[str, Any] = {}
    for name in columns:
        if name == "subject":
            names = notices.subject_names() | {"": NOT_BEGUN}
            shown[name] = [names.get(code, "") for code in frame[name]]
        elif name == "programme":
            programmes = notices.programme_names()
            shown[name] = [programmes.get(code, code) for code in frame[name]]
        elif name == "source" and "reverses_id" in frame:
            shown[name] = [
                _source_words(code, back) for code, back in zip(frame[name], frame["reverses_id"], strict=True)
            ]
        elif name == "hours" and "deemed" in frame and frame["deemed"].any():
            shown[name] = [
                "视同完成" if deemed > 0 else "撤销视同完成" if deemed < 0 else hours_text(hours)
                for hours, deemed in zip(frame[name], frame["deemed"], strict=True)
            ]
        elif name in OF_DEEMED and (frame[name] == 0).any():
            told = {0: OF_DEEMED[name]}
            shown[name] = ["" if pd.isna(value) else told.get(value) or hours_text(value) for value in frame[name]]
        elif name in OF_A_KIND and "kind" in frame:
            shown[name] = [
                KINDS[kind].word_for(OF_A_KIND[name](code)) if code else NOT_BEGUN
                for kind, code in zip(frame["kind"], frame[name], strict=True)
            ]
        elif name == "event" and "record" in frame:
            shown[name] = [audit.called(*each) for each in zip(frame["event"], frame["record"], strict=True)]
        elif name == "kind" and frame["kind"].isin(list(KINDS)).all():
            shown[name] = [KINDS[code].word for code in frame["kind"]]
        elif name in VOCABULARIES:
            words = {member.value: member.label for member in VOCABULARIES[name]}
            words |= {"": NOT_BEGUN} if name == "state" else {}
            shown[name] = [words.get(code, "") for code in frame[name]]
        elif name == "authority":
            shown[name] = [dashboards.short(office) for office in frame[name]]
        elif name == "days_left":
            shown[name] = [days_left(days) for days in frame[name]]
        elif name == "record":
            shown[name] = [RECORDS.get(code, code) for code in frame[name]]
        elif name in ("faulty", "late", "over_plan", "overdue", "active", "second_factor"):
            shown[name] = ["是" if flag else "否" for flag in frame[name]]
        elif name.endswith("_at") or name == "at":
            shown[name] = [moment_text(moment) for moment in frame[name]]
        elif frame[name].dtype == object and any(isinstance(value, Decimal) for value in frame[name]):
            shown[name] = frame[name].astype(float)
    return shown


def _source_words(code: str, reverses: Any) -> str:
    """The source of hours (来源) in words; a reversal names the batch it takes back."""
    return Source(code).label if pd.isna(reverses) else f"冲销第{int(reverses)}批"
