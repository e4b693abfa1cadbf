"""Classes of institutes (办班) with their learners' finish tests and certificates of training, and their sums."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Refused, Role
from core.models import Plan, State
from core.submissions.programmes import classes
from core.tables import sheets
from core.trail import audit
from core.trail.files import Upload
from web import deeds, links, shell, tables
from web.deeds import Who
from web.programmes import sending
from web.words import md

SHOWN = "title progress people finished training_certificates class_level direction end_on organization".split()
COLUMNS = [*SHOWN, "occupation", "start_on"]
LEARNERS = "name id_mask finish_outcome certificate_number issued_on".split()
STANDING = ["occupation", "class_level", *classes.MEASURES]


def standing(actor: Actor, year: int) -> None:
    """What came of a year's classes by occupation and level (培育情况)."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        return classes.standing(session, who, year).rename(columns={"level": "class_level"})

    with db.reading() as session:
        frame = asked(session, actor)
        held = classes.classes(session, actor, year)
    institutes = held.loc[held["people"] > 0, "organization"].nunique()
    places = st.columns(4)
    places[0].metric("已办班的机构", f"{institutes}家")
    places[1].metric("培训", f"{frame['people'].sum():,}人次")
    places[2].metric("培训合格证书", f"{frame['training_certificates'].sum():,}本")
    places[3].metric("等级证书", f"{frame['grade_certificates'].sum():,}本")
    if not frame.empty:
        tables.export(asked, STANDING, name=f"数字技术工程师-{year}")
    tables.table(frame, STANDING, empty=f"{year}年度还没有通过报告的办班，也没有考核结果。")


def _classes(session: Session, actor: Actor, year: int) -> pd.DataFrame:
    found = classes.classes(session, actor, year).rename(
        columns={"certificates": "training_certificates", "level": "class_level"}
    )
    return found.assign(progress=[_progress(*each) for each in zip(found["state"], found["report_state"], strict=True)])


def _progress(state: str, report: str) -> str:
    """How far a class is (办理进度), in words."""
    return f"报告{report}" if report else f"计划{State(state).label}"


def draw(actor: Actor, year: int) -> None:
    """The classes that end in a year; one opened shows its learners."""
    with db.reading() as session:
        frame = _classes(session, actor, year)
    mine = actor.organization_kind is OrganizationKind.INSTITUTE and actor.role is Role.BASE_CLERK
    if mine:
        shell.link("paper", "填写培训计划（办班）", kind="plan")
    columns = [name for name in SHOWN if not (mine and name == "organization")]
    empty = f"{year}年度还没有办班。培训机构在培训计划中选择本项目，写明职业、方向和等级。"
    tables.export(lambda session, who: _classes(session, who, year), COLUMNS, name=f"办班-{year}")
    chosen = tables.pick(frame, columns, name="course", empty=empty, what="第{}号办班")
    known = frame[frame["id"] == chosen]
    if len(known):
        _opened(known.iloc[0], actor, mine=mine)


def _opened(known: pd.Series, actor: Actor, *, mine: bool) -> None:
    """One class: its learners with their finish tests; its institute sends them in."""
    number = int(known["id"])
    with st.container(border=True):
        st.markdown(f"#### {md(known['title'])}")
        where = links.place("plan", number, actor)
        if where and where[0] in ("paper", "review"):
            shell.link(where[0], "查看培训计划", **where[1])
        try:
            with db.reading() as session:
                found = classes.finish_of(session, number, actor)
        except Refused as refused:
            st.info(md(refused.words))
            return
        shown = found.rename(columns={"outcome": "finish_outcome", "number": "certificate_number"})
        done = found[found["id"] > 0].index
        st.caption(f"学员{len(found)}人，已登记结业考核{len(done)}人")
        if mine and len(done):
            chosen = tables.pick(shown[shown["id"] > 0], LEARNERS, name="finish", empty="", what="第{}号结业考核")
            if chosen is not None:
                _take_back(chosen, str(found.loc[found["id"] == chosen, "name"].iloc[0]))
            shown = shown[shown["id"] == 0]
            st.caption(f"尚未登记{len(shown)}人")
        tables.table(shown, LEARNERS, empty="学员都已登记结业考核。")
        if mine:
            _send(number, actor)


def _take_back(finish_id: int, name: str) -> None:
    with st.popover(f"撤销{md(name)}的结业考核"):
        st.text_input("撤销的原因（必填）", key=f"unfinish-{finish_id}", max_chars=200)
        st.button("确认撤销", key=f"do-unfinish-{finish_id}", on_click=_taken_back, args=(finish_id, name))


def _taken_back(finish_id: int, name: str) -> None:
    why = st.session_state.get(f"unfinish-{finish_id}", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        classes.take_back_finish(session, finish_id, reason=why, **who)
        return f"{name}的结业考核已撤销，可重新登记。"

    deeds.deed(act, "unfinish", finish_id, why)


def _send(plan_id: int, actor: Actor) -> None:
    """A table of finish tests and certificates sent in (登记结业考核)."""
    st.markdown("**登记结业考核和培训合格证书**")

    def form(session: Session, **who: Unpack[Who]) -> bytes:
        rows = classes.finish_form(session, plan_id, who["actor"])
        found = session.get_one(Plan, plan_id)
        after = {"filename": "结业考核表"}
        audit.record(session, audit.Event.FILE_HANDED_OUT, found, actor=who["actor"], after=after, now=who["now"])
        return sheets.workbook([words[0] for words in classes.FINISH_COLUMNS.values()], rows, sheet="结业考核表")

    tables.download("下载本班学员的空表", form, "结业考核表.xlsx", opened=db.transaction, key=f"finish-form-{plan_id}")

    def read(session: Session, upload: Upload, **given: object) -> classes.Preview:
        return classes.read_finish(session, plan_id, upload, actor=actor, **given)  # type: ignore[arg-type]

    def keep(session: Session, upload: Upload, **given: object) -> str:
        count = classes.record_finish(session, plan_id, upload, **given)  # type: ignore[arg-type]
        return f"已登记{count}人的结业考核。"

    choices = {"passed": (classes.PASSED, classes.FAILED)}
    sending.send(f"finish-{plan_id}", classes.FINISH.listing, read, keep, actor, choices=choices)
