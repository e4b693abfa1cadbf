"""A course as its office reads it: what it says, its lessons with a preview, how far its people have come."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.courses import courses, figures
from core.exams import exams
from core.ground import db
from core.ground.access import Actor, Role
from core.ground.hours import hours_text
from core.law import notices
from core.models import Course, CourseState
from web import address, bar, deeds, tables
from web.courses import editing
from web.deeds import Who
from web.facts import fact, facts
from web.words import chip, md, moment_text

BY_LEAGUE = "authority course_count assigned begun studied exam_passed".split()
BY_EMPLOYER = "employer assigned begun studied exam_passed".split()
PEOPLE = "name id_mask employer post has_account begun_at studied_at passed_at posted_at sent_at".split()
HINTS = "hint_kind at hint_people hint_words".split()


def head(found: Course) -> None:
    """Which course it is (课程), how it stands, and why it came back."""
    st.markdown(f"#### {md(found.title)}　{chip(found.state)}")
    if found.remark:
        word = "停用原因" if found.state is CourseState.WITHDRAWN else "退回意见"
        st.warning(md(f"{word}：{found.remark}"))


def _told(found: Course) -> None:
    """What a course says of itself."""
    facts(
        [
            ("年度", found.year),
            ("科目", notices.subject_names().get(found.subject, found.subject)),
            ("学时", hours_text(found.hours)),
            ("课节时长", f"{len(found.lessons)}节，共{courses.minutes(found)}分钟"),
            ("可记入的学时年度", "、".join(map(str, found.credit_years))),
            ("组织单位", found.organization.name),
            ("面向", f"{found.authority.name}管理权限内的人员"),
            ("版次", f"第{found.edition}版"),
            ("报请时间", moment_text(found.offered_at)),
            ("发布时间", moment_text(found.published_at)),
        ]
    )
    if found.about:
        fact("内容简介", found.about)


def contents(found: Course) -> None:
    """What it says of itself, and its lessons (课节), each to be looked at as its learner sees it."""
    _told(found)
    tables.table(editing.lesson_rows(found), editing.LESSONS, empty="还没有课节。")
    preview(found)


def preview(found: Course) -> None:
    """The way to each lesson as its learner sees it (预览)."""
    links = "　".join(f"[第{each.position}节](/learn/{each.id})" for each in found.lessons)
    if links:
        st.caption("按学员看到的样子预览，在新窗口打开")
        st.markdown(links)


def deciding(found: Course, actor: Actor) -> None:
    """Publish it, or send it back (发布、退回); a published one may be withdrawn."""
    if actor.role is not Role.REVIEWER or found.authority_id != actor.organization_id:
        return
    key = f"course-why-{found.id}-{found.version}"
    if found.state is CourseState.OFFERED:
        before_publishing(found)
        st.text_input("退回意见（退回时必填，经办人会看到）", key=key, max_chars=500)
        with bar.bar(), st.container(horizontal=True):
            st.button("发布", type="primary", on_click=_publish, args=(found,), key="publish")
            st.button("退回", on_click=_back, args=(found, key), key="send-back")
    elif found.state is CourseState.PUBLISHED:
        with st.popover("停用课程"):
            st.write("停用后任何人不能再学，已登记的学时不变。要修改内容的，请经办人编制新版。")
            st.text_input("原因（学员会看到）", key=key, max_chars=500)
            st.button("确认停用", on_click=_withdraw, args=(found, key), key="withdraw")


def before_publishing(found: Course) -> None:
    """What to look at before it is handed in and before it is published: minutes against hours, an exam it lacks."""
    minutes, hours = courses.minutes(found), hours_text(found.hours)
    short = "，课节的分钟数比学时数还少，请核对" if minutes < found.hours else ""
    (st.warning if short else st.caption)(
        f"学员须学满{minutes}分钟（{len(found.lessons)}节），合格后记{hours}学时{short}。"
    )
    with db.reading() as session:
        words = exams.lacking(session, found)
    if words:
        st.warning(md(words))


def _publish(found: Course) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        kept = courses.publish(session, found.id, version=found.version, **who)
        return f"“{kept.title}”已发布，管理权限内的人员现在可以学习。"

    deeds.deed(act, "publish", found.id, found.version)


def _back(found: Course, key: str) -> None:
    reason = str(st.session_state.get(key, ""))

    def act(session: Session, **who: Unpack[Who]) -> str:
        courses.send_back(session, found.id, version=found.version, reason=reason, **who)
        return f"“{found.title}”已退回。"

    deeds.deed(act, "send-back", found.id, found.version, reason)


def _withdraw(found: Course, key: str) -> None:
    reason = str(st.session_state.get(key, ""))

    def act(session: Session, **who: Unpack[Who]) -> str:
        courses.withdraw(session, found.id, version=found.version, reason=reason, **who)
        return f"“{found.title}”已停用。"

    deeds.deed(act, "withdraw", found.id, found.version, reason)


# --- how far its people have come -------------------------------------------------------------------------------------


def progress(found: Course, actor: Actor) -> None:
    """Counts by employer (学习情况), and who they are, to send on."""
    with db.reading() as session:
        whole, frame = by_employer(session, found, actor)
    for place, (label, number) in zip(
        st.columns(4),
        (("应学人数", whole.assigned), ("已开始", whole.begun), ("已学完", whole.studied), ("考试合格", whole.passed)),
        strict=True,
    ):
        place.metric(label, f"{number:,}")
    tables.export(lambda session, who: by_employer(session, found, who)[1], BY_EMPLOYER, name="学习情况")
    tables.table(frame, BY_EMPLOYER, empty="管理权限内还没有在库的人员。")


def by_employer(session: Session, found: Course, actor: Actor) -> tuple[figures.Counts, pd.DataFrame]:
    """The counts (人数), in all and by employer, as the table has them."""
    whole, frame = figures.counts(session, found.id, actor)
    return whole, frame.rename(columns={"passed": "exam_passed"})


def by_league(year: int, actor: Actor) -> None:
    """Sums of a year by league (各盟市学习情况): who has begun, studied, passed any of its courses."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        frame = figures.by_league(session, year, who)
        return frame.rename(columns={"courses": "course_count", "passed": "exam_passed"})

    with db.reading() as session:
        frame = asked(session, actor)
    tables.export(asked, BY_LEAGUE, name=f"{year}年度各盟市学习情况")
    tables.table(frame, BY_LEAGUE, empty=f"{year}年度还没有发布课程。")


def not_begun(found: Course, actor: Actor) -> None:
    """Who has not begun (未开始人员), as a list to send to employers, or to one of them."""
    part = ""
    if actor.role is not Role.EMPLOYER_CLERK:
        part = address.searched("工作单位", key="at", placeholder="单位名称中的文字")

    def ask(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        frame, count = figures.people(session, who, course_id=found.id, begun=False, employer=part, **page)
        return frame.rename(columns={"account": "has_account"}), count

    columns = [name for name in PEOPLE if not name.endswith("_at")]
    st.caption("没有账号的，由管理员或本人开通后才能学习。")
    with tables.above():
        frame, count = tables.listing(ask, actor, name="people")
        st.caption(f"还有{count:,}人没有开始学习", width="content")
        if count:
            tables.export(lambda session, who: ask(session, who, limit=None)[0], columns, name="未开始学习人员")
    empty = "没有这样的单位，或该单位的人都已开始学习。" if part else "都已开始学习。"
    tables.table(frame, columns, empty=empty)


def learners(found: Course, actor: Actor) -> None:
    """Those who have begun (学员), each in one line."""

    def ask(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        frame, count = figures.people(session, who, course_id=found.id, begun=True, **page)
        return frame.rename(columns={"account": "has_account"}), count

    columns = [name for name in PEOPLE if name != "has_account"]
    with tables.above():
        frame, count = tables.listing(ask, actor, name="people")
        if count:
            tables.export(lambda session, who: ask(session, who, limit=None)[0], columns, name="学员学习进度")
    tables.table(frame, columns, empty="还没有人开始学习。")


def hints(found: Course, actor: Actor) -> None:
    """What is worth a look (公平提示): hints to a human, nobody loses anything by them."""
    st.caption("以下只是提示，不影响任何人的学习和学时；请核实后再作处理。")
    with db.reading() as session:
        frame = figures.hints(session, found.id, actor)
    frame = frame.rename(columns={"hint": "hint_kind", "people": "hint_people", "words": "hint_words"})
    tables.table(frame, HINTS, empty="没有需要留意的情况。")


def chosen_view(found: Course, actor: Actor) -> None:
    """A published course under its views, the one chosen kept in the address."""
    views = {"课程内容": None, "学习情况": progress, "学员": learners, "未开始": not_begun}
    if actor.role is not Role.EMPLOYER_CLERK:
        views["公平提示"] = hints
    view = address.view(list(views))
    draw = views[view]
    if draw is None:
        contents(found)
    else:
        draw(found, actor)
    address.choose("lesson", None)
