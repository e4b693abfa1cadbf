"""Messages of an account: what concerns it, read and unread, each opens its record; what it wants to hear of."""

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Role
from core.office import daily, messages
from core.office.messages import Line
from core.trail.messages import Topic
from web import address, context, deeds, links, shell
from web.deeds import Who
from web.words import md, moment_text

actor = shell.require()
shell.page("消息", "与您有关的上报、审核结果、学时变动和期限，点开即到该件。")
PAGE = 30


def open_line(line: Line) -> None:
    """Mark a message as read."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        messages.read(session, [line.id], actor=who["actor"])
        return ""

    deeds.deed(act, "read", line.id)


def read_all() -> None:
    """Mark all as read."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        messages.read_all(session, actor=who["actor"])
        return "全部消息已标为已读。"

    deeds.deed(act, "read all", counted)


def choose() -> None:
    """Keep what is to be heard of, as chosen."""
    quiet, mail = st.session_state["quiet"], st.session_state["daily-mail"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        messages.choose(session, quiet=[Topic(each) for each in quiet], mail=mail, actor=who["actor"])
        return "消息设置已保存。"

    deeds.deed(act, "messages", tuple(quiet), mail)


def shown(line: Line) -> None:
    """A message as a link to what it is about; beside an unread one the button that marks it."""
    mark = ":blue-badge[未读]　" if line.unread else ":gray-badge[已读]　"
    words = f"  \n:small[:gray[{md(line.words)}]]" if line.words else ""
    label = f"{mark}:gray[{moment_text(line.at)}　{line.topic.label}]　**{md(line.title)}**{words}"
    where = links.about(line.record, line.record_id, actor)
    if where and line.unread:
        where = where[0], where[1] | {"message": str(line.id)}
    left, right = st.columns([7, 1], vertical_alignment="center")
    with left:
        links.line(label, where)
    if line.unread:
        right.button("标为已读", key=f"read-{line.id}", on_click=open_line, args=(line,), type="tertiary")


with st.container(horizontal=True, vertical_alignment="bottom"):
    topic = address.filter_by("类别", Topic, key="topic")
    only_unread = address.switch("只看未读", key="unread")
    number = address.paged()
    with db.reading() as session:
        found, count = messages.listing(
            session,
            actor,
            topic=topic,
            only_unread=only_unread,
            offset=(number - 1) * PAGE,
            limit=PAGE,
            now=context.moment(session),
        )
        counted, kept = messages.unread(session, actor, now=context.moment(session)), messages.choice(session, actor)
        unsent = daily.failures(session) if actor.role is Role.ADMIN and actor.oversees_region else []
    st.button("全部标为已读", key="read-all", on_click=read_all, disabled=not counted)
with links.lines("messages"):
    st.markdown(f"**消息**　:gray-badge[共{count}条]　:blue-badge[未读{counted}条]")
    st.caption(f"{messages.COUNTED.days}天以前的和不提醒的类别按已读计。")
    for each in found:
        shown(each)
    if not found:
        st.caption("没有这样的消息。有新的上报、审核结果、学时变动或临近的期限时，会列在这里。")
address.page(-(-count // PAGE))

if unsent:
    st.warning(f"有{len(unsent)}个账号的每日邮件没有送出，系统会再试：" + md("；".join(unsent[:5])))
with st.expander("消息设置", expanded=bool(kept.failure)), st.form("message-choice"):
    if kept.failure:
        st.warning(f"最近一封每日邮件没有送出，系统会再试：{md(kept.failure)}")
    st.multiselect(
        "不提醒的类别（仍可在本页查看，不计入未读数和邮件）",
        list(map(str, Topic)),
        [str(each) for each in kept.quiet],
        format_func=lambda code: Topic(code).label,
        key="quiet",
        placeholder="全部提醒",
    )
    st.text_input(
        "每日邮件的地址（不要邮件的留空）",
        kept.mail,
        key="daily-mail",
        max_chars=100,
        help="每天一封，只写件数和标题；须由管理员在服务器上设置好发信邮箱后才会发出。",
    )
    st.form_submit_button("保存", type="primary", on_click=choose)
