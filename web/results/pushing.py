"""Learning platforms that push results (学习平台): opened with a key, their accounts told apart, closed."""

from __future__ import annotations

from decimal import Decimal
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.exams import platforms
from core.exams.platforms import PlatformFields
from core.ground import db
from core.ground.access import Actor, Role
from core.models import Course, CourseState
from web import address, deeds, tables
from web.deeds import Who
from web.words import md

COLUMNS = "platform_name course_title platform_activity platform_key made_at closed_at statements".split()
NAMES = {"name": "platform_name", "course": "course_title", "activity": "platform_activity", "key": "platform_key"}
_SHOWN_ONCE = "platform-credential"


def draw(courses: list[Course], actor: Actor) -> None:
    """The platforms, one of them opened to its accounts; the office in charge opens a further one."""
    st.caption(
        "学习平台用xAPI（1.0.3）把学习记录推送到本系统的“/xapi/statements”。推送的成绩列在上面的成绩批次里，确认后才记学时。"
    )
    with db.reading() as session:
        frame = platforms.listing(session, actor).rename(columns=NAMES)
    if shown := st.session_state.get(_SHOWN_ONCE):
        st.markdown(f"**“{md(shown[0])}”的编号和密钥**　密钥只显示这一次，请交给平台的管理人员。")
        st.code(f"编号 {shown[1]}\n密钥 {shown[2]}", language=None)
        st.button("已记下，不再显示", on_click=st.session_state.pop, args=(_SHOWN_ONCE,), key="platform-noted")
    empty = "还没有学习平台。由主管部门的审核员开通。"
    chosen = tables.pick(frame, COLUMNS, name="platform", empty=empty, what="第{}号学习平台")
    if chosen is not None:
        _opened(chosen, bool(frame.loc[frame["id"] == chosen, "closed_at"].notna().any()), actor)
    if actor.role is Role.REVIEWER:
        with st.popover("开通学习平台", icon=":material/add_link:"):
            _opening([each for each in courses if each.state is CourseState.PUBLISHED])


def _opening(courses: list[Course]) -> None:
    by_id = {each.id: each for each in courses}
    if not by_id:
        st.write("还没有已发布的课程。")
        return
    st.selectbox("课程", list(by_id), format_func=lambda each: by_id[each].title, key="platform-course", required=True)
    st.text_input("平台名称", key="platform-name", max_chars=60)
    st.text_input(
        "平台上这门课程的标识", key="platform-activity", placeholder="https://…", help="xAPI记录中object的id。"
    )
    st.number_input(
        "及格线（百分制）",
        0.5,
        100.0,
        None,
        0.5,
        format="%g",
        key="platform-mark",
        help="记录没有写明通过与否、只有分数时用。可不填。",
    )
    st.button("开通", type="primary", key="platform-open", on_click=_open)


def _open() -> None:
    kept = st.session_state
    mark = kept.get("platform-mark")
    worth = None if mark is None else Decimal(str(mark))
    fields = PlatformFields(kept["platform-course"], kept["platform-name"], kept["platform-activity"], worth)

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, tuple[str, str, str]]:
        made, secret = platforms.open_source(session, fields, **who)
        return f"“{made.name}”已开通。", (made.name, made.key, secret)

    made = deeds.deed(act, "platform", repr(fields))
    if made is not None:
        kept[_SHOWN_ONCE] = made
        kept["platform-name"] = kept["platform-activity"] = ""


def _opened(number: int, closed: bool, actor: Actor) -> None:
    """Whose an account is, and closing."""
    with st.container(horizontal=True):
        with st.popover("登记账号对应的人", icon=":material/link:"):
            st.write("回执里“未接收、账号还没有对应到人”的，写明是谁的账号，这些成绩随即转为待确认。")
            st.text_input("账号或邮箱（照回执里的写法）", key="bind-account", max_chars=200)
            st.text_input("身份证号", key="bind-number", max_chars=25)
            st.text_input("姓名", key="bind-name", max_chars=60)
            st.button("登记", type="primary", key="bind-do", on_click=_bind, args=(number,))
        if actor.role is Role.REVIEWER and not closed:
            with st.popover("停用", icon=":material/link_off:"):
                st.text_area("原因（必填）", key="platform-reason")
                st.button("确认停用", key="platform-close", on_click=_close, args=(number,))


def _bind(number: int) -> None:
    kept = st.session_state
    given = kept["bind-account"], kept["bind-number"], kept["bind-name"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        return f"已登记，{platforms.bind(session, number, *given, **who)}条成绩对应到此人。"

    if deeds.deed(act, "bind", number, *given):
        kept["bind-account"] = kept["bind-number"] = kept["bind-name"] = ""


def _close(number: int) -> None:
    reason = st.session_state["platform-reason"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        return f"“{platforms.close_source(session, number, reason=reason, **who).name}”已停用，不再接收它的推送。"

    if deeds.deed(act, "close", number, reason):
        st.session_state["platform-reason"] = ""
        address.forget_choice()
