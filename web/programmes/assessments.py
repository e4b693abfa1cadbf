"""Results of assessments (考核结果) and grade certificates (等级证书), as the region puts them on record."""

from __future__ import annotations

import functools
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.submissions.programmes import classes, occupations
from core.tables import sheets
from core.trail.files import Upload
from web import context, deeds, tables
from web.deeds import Who
from web.facts import facts
from web.programmes import sending
from web.words import md

WHAT = "第{}号考核结果"
SHOWN = "name id_mask occupation class_level theory practice assess_outcome held_on certificate_number".split()
COLUMNS = [*SHOWN, "issued_on", "direction", "site", "employer"]


def _asked(session: Session, who: Actor, year: int) -> pd.DataFrame:
    found = classes.assessments(session, who, year)
    return found.rename(columns={"outcome": "assess_outcome", "number": "certificate_number", "level": "class_level"})


def draw(actor: Actor, year: int) -> None:
    """The results of a year; the region sends in more, and takes back what was wrong."""
    with db.reading() as session:
        frame = _asked(session, actor, year)
    keeps = actor.oversees_region and actor.role in classes.RECORDERS
    passed = int((frame["assess_outcome"] == classes.PASSED).sum())
    certificates = int((frame["certificate_number"] != "").sum())
    st.caption(f"{year}年度考核{len(frame)}人次，合格{passed}人次，已发等级证书{certificates}本")
    empty = f"{year}年度还没有考核结果。" + ("在下面上传考核结果表。" if keeps else "由自治区登记。")
    tables.export(lambda session, who: _asked(session, who, year), COLUMNS, name=f"考核结果-{year}")
    if keeps:
        chosen = tables.pick(frame, SHOWN, name="assessment", empty=empty, what=WHAT)
        known = frame[frame["id"] == chosen]
        if len(known):
            _take_back(known.iloc[0])
        _send(actor)
    else:
        tables.table(frame, SHOWN, empty=empty)
        tables.named(frame["id"], name="assessment", what=WHAT)


def _take_back(known: pd.Series) -> None:
    number, who = (
        int(known["id"]),
        f"{known['name']}（{known['occupation']}{known['class_level']}，{known['held_on']}）",
    )
    with st.container(border=True):
        st.markdown(md(who))
        facts(
            [
                ("工作单位", known["employer"]),
                ("职业方向", known["direction"] or "不分方向"),
                ("考核站点", known["site"]),
                ("等级证书", known["certificate_number"] or "尚未发证"),
                ("发证日期", known["issued_on"] or "—"),
            ]
        )
        st.text_input("撤销的原因（必填）", key=f"back-{number}", max_chars=200)
        st.button("撤销这次考核结果", key=f"do-back-{number}", on_click=_taken_back, args=(number, who))


def _taken_back(number: int, whose: str) -> None:
    why = st.session_state.get(f"back-{number}", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        classes.take_back(session, number, reason=why, **who)
        return f"{whose}的考核结果已撤销，可重新登记。"

    deeds.deed(act, "take-back", number, why)


@functools.cache
def _blank() -> bytes:
    """An empty table of results to fill in (空白考核结果表), made when it is first asked for."""
    return sheets.workbook([words[0] for words in classes.ASSESS_COLUMNS.values()], [], sheet="考核结果表")


def _send(actor: Actor) -> None:
    """A table of results sent in (登记考核结果)."""
    least = classes.pass_mark(context.today())
    st.markdown("**登记考核结果和等级证书**")
    st.caption(
        f"理论知识和专业能力均不低于{least}分为合格。还没有发证的，证书编号和发证日期留空，发证后填上再上传一次即补登；"
        "已登记过的行不会重复登记。"
    )
    tables.download(
        "下载空白考核结果表",
        lambda _, **__: _blank(),
        "考核结果表.xlsx",
        unmarked=tables.Unmarked.BLANK,
        key="assess-form",
    )

    def read(session: Session, upload: Upload, **given: object) -> classes.Preview:
        today = context.today()
        return classes.read_assessments(session, upload, today=today, actor=actor, **given)  # type: ignore[arg-type]

    def keep(session: Session, upload: Upload, **given: object) -> str:
        count, passed = classes.record_assessments(session, upload, **given)  # type: ignore[arg-type]
        return f"已登记{count}人次的考核结果，其中合格{passed}人次。"

    choices = {"level": tuple(occupations.LEVELS), "occupation": tuple(occupations.active_names())}
    sending.send("assess", classes.ASSESS.listing, read, keep, actor, choices=choices)
