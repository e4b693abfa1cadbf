"""Seminars of a year: applied for, ranked, selected or forwarded, and how far each is carried out."""

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OFFICERS, Actor, Refused, Role
from core.law import notices
from core.law.notices import Programme
from core.submissions import workflow
from core.submissions.programmes import places
from core.submissions.programmes import seminars as applications
from web import address, context, links, shell, tables
from web.programmes import seminars
from web.words import md

actor = shell.require(*OFFICERS, Role.BASE_CLERK)
shell.page("高级研修", "一个年度的高级研修项目：申请、评审排名、入选或转报的结果，以及举办到哪一步。")
SHOWN = "seminar_rank points topic progress seminar_level start_on headcount organization".split()
COLUMNS = "seminar_rank points scores topic progress seminar_level start_on end_on headcount organization".split()


def programme_of(year: int) -> Programme | None:
    """The programme of seminars in the notice of a year; where there are several, the one chosen."""
    offered = {each.code: each for each in notices.of_year(year, actor.league).programmes}
    offered = {code: each for code, each in offered.items() if each.way is notices.Way.SEMINARS}
    if len(offered) < 2:
        return next(iter(offered.values()), None)
    return offered[address.programme({each.code: each.name for each in offered.values()}) or ""]


def figures(frame: pd.DataFrame, aim: tuple[str, str]) -> None:
    """How many were applied for, selected and held, beside the target."""
    for place, (label, value) in zip(
        st.columns(4),
        (
            aim,
            ("申请", f"{len(frame)}期"),
            ("入选或批准", f"{frame['selected'].sum()}期"),
            ("已举办", f"{frame['held'].sum()}期"),
        ),
        strict=True,
    ):
        place.metric(label, value)


def listing(programme: Programme, year: int) -> None:
    def asked(session: Session, who: Actor) -> pd.DataFrame:
        found = applications.ranking(session, who, programme, year)
        return found.rename(columns={"title": "topic", "outcome": "progress", "rank": "seminar_rank"})

    with db.reading() as session:
        frame = asked(session, actor)
        published = places.of_region(session, programme, year)
    if actor.oversees_region:
        aim = "全区指标", places.target_words(published, programme.unit)
    else:
        aim = "通知指标", places.target_words((programme.target, programme.target_at_most), programme.unit)
    figures(frame, aim)
    scored = bool(frame["scores"].any())
    columns = [name for name in SHOWN if scored or name not in ("seminar_rank", "points")]
    st.caption(md(f"{programme.name}（{programme.clause}）" + ("，点一行查看。" if len(frame) else "")))
    empty = f"{year}年度还没有高级研修项目申请。基地和主管部门在“申报”中填写。"
    tables.export(asked, COLUMNS, name=f"高级研修-{year}")
    chosen = tables.pick(frame, columns, name="item", empty=empty, what="")
    if chosen is not None:
        opened(chosen)


def opened(number: int) -> None:
    """The application that was chosen, to read; the region records its outcome here and decides it at the desk."""
    with db.reading() as session:
        found = workflow.one(session, number, actor, kind="seminar")
        steps = workflow.trail(session, number, actor)
    with st.container(border=True):
        seminars.show(found, actor, steps)
        where = links.place("seminar", found.id, actor)
        if where and where[0] in ("paper", "review"):
            shell.link(where[0], "在“审核”中打开" if where[0] == "review" else "打开申请", **where[1])


try:
    year = address.year(context.today().year, ahead=1, back=1)
    if (found_programme := programme_of(year)) is None:
        st.info("这一年度的通知没有高级研修项目。")
    else:
        listing(found_programme, year)
except Refused as refused:
    st.error(md(refused.words))
