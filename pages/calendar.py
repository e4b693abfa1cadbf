"""Deadlines and trainings of one's organization, each with its working; the subscription; the days off of each year."""

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.law.workdays import DayKind
from core.office import calendar
from core.office.calendar import Event
from core.people import holidays
from web import address, context, deeds, links, shell, tables
from web.deeds import Who
from web.words import days_left, md, moment_text

actor = shell.require()
today = context.today()
more = "可订阅到Outlook、WPS或手机日历。" if actor.role in calendar.SUBSCRIBERS else ""
shell.page("期限日历", f"本机构的各项期限和培训；每个期限都写明条款和怎样算出。{more}")
views = ["期限", "培训", "放假安排"] if actor.role is not Role.PERSON else ["期限", "放假安排"]
view = address.view(views)


def told(event: Event) -> str:
    """A deadline as a line: how near, what, by which clause; its working below it."""
    assert event.deadline
    left = (event.last_on - today).days
    colour = "red" if left < 0 else "orange" if left <= 7 else "gray"
    safe = event.deadline.safe_on
    sure = f"　:gray[最后一个工作日 {safe}]" if safe != event.last_on else ""
    head = f":{colour}-badge[{event.last_on}　{days_left(left)}]　**{md(event.title)}**{sure}"
    return f"{head}  \n:small[:gray[{md(event.deadline.clause)}　{md(event.deadline.words)}]]"


def listed(found: list[Event]) -> None:
    with links.lines("deadlines"):
        st.markdown(f"**今后和逾期的期限**　:blue-badge[{len(found)}]")
        for event in found:
            where = links.place(event.kind, event.id, actor, plan_id=event.plan_id) if event.kind else None
            links.line(told(event), where)
        if not found:
            st.caption("近期没有须由本机构办理的期限。计划批准后，报告的期限会列在这里。")


def trainings(found: list[Event]) -> None:
    with links.lines("trainings"):
        st.markdown(f"**正在进行和今后的培训**　:blue-badge[{len(found)}]")
        for event in found:
            days = f"{event.first_on} 至 {event.last_on}"
            where = links.place(event.kind, event.id, actor) if event.kind else None  # a year of study has no page
            links.line(f":gray-badge[{days}]　{md(event.title)}", where)
        if not found:
            st.caption("没有已批准的培训。计划审核通过后会列在这里。")


def renew() -> None:
    """Make the subscription's address, or another one in its place."""

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, str]:
        return "订阅地址已生成，请立即复制；离开本页后不再显示。", calendar.subscribe(session, **who)

    if token := deeds.deed(act, "calendar"):
        st.session_state["calendar-token"] = token


def end() -> None:
    """End the subscription's address."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        calendar.unsubscribe(session, **who)
        return "订阅地址已停用，已订阅的日历不再更新。"

    if deeds.deed(act, "no calendar"):
        st.session_state.pop("calendar-token", None)


def subscription() -> None:
    """The address under which Outlook, WPS and telephones take the calendar."""
    with db.reading() as session:
        made_at = calendar.subscribed_at(session, actor)
    with st.container(border=True):
        st.markdown("**订阅到自己的日历**")
        told = f"现有地址于{moment_text(made_at)}生成。" if made_at else "本机构还没有订阅地址。"
        st.caption(f"{told}地址相当于钥匙：知道它的人不用登录就能看到本机构的期限和培训（没有人员信息）。")
        if token := st.session_state.get("calendar-token"):
            office = context.known().address
            st.code(f"{office or context.here()}/calendar/{token}.ics", language=None, wrap_lines=True)
            if not office:
                own = actor.role is Role.ADMIN and actor.oversees_region
                st.caption(
                    "没有设置对外网址，这是您打开系统所用的网址，只有也能用它打开系统的电脑和手机订阅得到。"
                    + ("" if own else "由自治区管理员在“机构与账号”的“本单位”填写。")
                )
                if own:
                    shell.link("organizations", "填写对外网址", view="本单位")
            st.caption("Outlook：添加日历 → 从Internet；WPS日历、手机：添加订阅日历，粘贴此地址。")
        with st.container(horizontal=True):
            label = "更换地址（原地址立即失效）" if made_at else "生成订阅地址"
            st.button(label, key=f"renew-{made_at}", on_click=renew)
            if made_at:
                st.button("停用订阅", key=f"end-{made_at}", on_click=end)


def enter() -> None:
    """Enter a holiday as typed."""
    first, last, kind, name = (st.session_state[f"holiday-{each}"] for each in ("first", "last", "kind", "name"))
    if first is None or last is None:
        deeds.say("error", "请选择第一天和最后一天；只有一天的，两个都选这一天。")
        return

    def act(session: Session, **who: Unpack[Who]) -> str:
        number = holidays.enter(session, first, last, DayKind(kind), name, **who)
        return f"已录入{number}天：{first}至{last}，{DayKind(kind).label}（{name}）。"

    deeds.deed(act, "holiday", first, last, kind, name)


def take_back(first: object, last: object) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        number = holidays.take_back(session, first, last, **who)  # type: ignore[arg-type]
        return f"已删除本机关录入的{number}天。"

    deeds.deed(act, "no holiday", first, last)


def days_off(here: Actor) -> None:
    """The days off of a year; the region's administrator changes them."""
    year = address.year(today.year, ahead=1, back=3)
    with db.reading() as session:
        frame = holidays.of_year(session, year)
        known = holidays.work_days(session).known(year)
    if not known:
        st.warning(f"{year}年的放假安排还没有录入，期限只按周六、周日休息计算。国务院办公厅公布后请自治区管理员录入。")
    shown = frame.rename(columns={"first_on": "start_on", "last_on": "end_on"})
    shown["来源"] = ["本机关录入" if own else "系统自带" for own in frame["own"]]
    tables.table(shown, ["start_on", "end_on", "day_kind", "holiday", "来源"], empty=f"{year}年没有放假安排。")
    if here.role is not Role.ADMIN or not here.oversees_region:
        return
    own = frame[frame["own"]]
    for first, last, name in own[["first_on", "last_on", "holiday"]].itertuples(index=False):
        st.button(f"删除 {first} 至 {last} {name}", key=f"gone-{first}", on_click=take_back, args=(first, last))
    with st.form("holiday", clear_on_submit=True):
        st.markdown("**录入放假或调休上班**")
        left, right = st.columns(2)
        left.date_input("第一天", None, key="holiday-first", format="YYYY-MM-DD")
        right.date_input("最后一天", None, key="holiday-last", format="YYYY-MM-DD")
        left.selectbox("安排", list(DayKind), format_func=lambda kind: kind.label, key="holiday-kind", required=True)
        right.text_input("节日", key="holiday-name", max_chars=20, placeholder="如：国庆节")
        st.form_submit_button("录入", type="primary", on_click=enter)


if view == "放假安排":
    days_off(actor)
else:
    with db.reading() as session:
        found = calendar.events(session, actor, now=context.now())
    if view == "培训":
        trainings([each for each in found if each.deadline is None and each.last_on >= today])
    else:
        mine = [each for each in found if each.deadline and (each.last_on >= today or each.kind)]
        listed(mine)
        if actor.role in calendar.SUBSCRIBERS:
            subscription()
