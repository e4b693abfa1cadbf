"""The page table, the sign-in, the first visit. `st.navigation` is called on every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.exams import results
from core.ground import access, db
from core.ground.access import Actor, Refused, Role
from core.office import dashboards, messages
from core.people import persons, setup
from core.quotas import targets
from core.records import printing
from web import (
    address,
    bar,
    context,
    deeds,
    first_visit,
    links,
    papers,
    passwords,
    printed,
    search,
    second_factor,
    shell,
    sign_in,
)
from web.deeds import Who
from web.words import md


@dataclass(frozen=True)
class Screen:
    """A page: its file, its title, its icon, and who finds it in the menu. The page's own guard decides again."""

    file: str
    title: str
    icon: str
    roles: tuple[Role, ...] = tuple(Role)
    may: Callable[[Actor, int], bool] = lambda actor, year: True
    """Whether somebody of these roles has it in the menu in a year: what the notice has few organizations do."""


SCREENS = {
    "办理": (
        Screen("home", "首页", "home"),
        Screen("messages", "消息", "mail"),
        Screen("filing", "申报", "edit_calendar", papers.FILERS),
        Screen("paper", "填写", "edit_note", ()),
        Screen("learning", "在线学习", "school", (Role.PERSON,)),
        Screen("exam_bank", "题库", "quiz", (Role.BASE_CLERK, Role.REVIEWER)),
        Screen("exams", "网络考试", "assignment", (Role.BASE_CLERK, Role.REVIEWER)),
        Screen("courses", "网络课程", "cast_for_education", (*access.OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)),
        Screen("review", "审核", "fact_check", (Role.REVIEWER, Role.ADMIN)),
        Screen("credit_import", "导入学时", "library_add", (Role.REVIEWER, Role.ADMIN)),
        Screen("results", "外来成绩", "grading", (Role.REVIEWER, Role.BASE_CLERK), results.brings),
        Screen("exchange", "报送人才库", "send", (Role.REVIEWER,)),
        Screen("ledger", "入账批次与冲销", "account_balance", (Role.REVIEWER, Role.ADMIN)),
    ),
    "查询": (
        Screen("credit_lookup", "学时查询与审验卡", "person_search", persons.LOOKERS),
        Screen("print_cards", "批量打印和开通码", "print", printing.PRINTERS),
        Screen("people", "人员", "groups", tuple(role for role in persons.LOOKERS if role is not Role.PERSON)),
        Screen("eligibility", "资格核验", "verified_user", (*access.OFFICERS, Role.EMPLOYER_CLERK, Role.PERSON)),
        Screen("recognised", "部门培训认可", "handshake", access.OFFICERS),
        Screen("quota_dashboard", "指标看板", "monitoring", dashboards.VIEWERS),
        Screen("presentation", "指标演示", "slideshow", ()),
        Screen("filed_figures", "已报数据", "inventory", ()),
        Screen("calendar", "期限日历", "calendar_month"),
        Screen("policies", "政策依据", "gavel"),
    ),
    "专项项目": (
        Screen("targets", "指标分解", "flag", targets.READERS),
        Screen("seminars", "高级研修", "school", (*access.OFFICERS, Role.BASE_CLERK)),
        Screen("classes", "数字技术工程师", "memory", (*access.OFFICERS, Role.BASE_CLERK)),
        Screen("plan_tables", "计划表与总结", "table_view", access.OFFICERS),
        Screen("study", "推荐遴选与培养", "school", access.OFFICERS),
        Screen("public_notice", "公示", "campaign"),
    ),
    "管理": (
        Screen("policy_lab", "政策试算与发布", "science", (Role.ADMIN,)),
        Screen("card_templates", "审验卡样式", "badge", (Role.ADMIN,)),
        Screen("moving_in", "批量导入", "drive_folder_upload", (Role.ADMIN,)),
        Screen("organizations", "机构与账号", "apartment", (Role.ADMIN,)),
        Screen("backups", "备份与恢复", "backup", (Role.ADMIN,)),
        Screen("audit", "审计日志", "history", (*access.OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)),
        Screen("account", "我的账号", "manage_accounts"),
    ),
}


def pages(actor: Actor | None, counts: dict[str, int]) -> dict[str, list[Any]]:
    """Page registry (页面注册): all pages for all, so that a typed address meets its guard; the menu hides some.

    `counts`: what waits on a page, by its file; it stands beside the page's title.
    """
    return {
        section: [
            shell.registered(
                screen.file,
                title=screen.title + (f"（{counts[screen.file]}）" if screen.file in counts else ""),
                icon=f":material/{screen.icon}:",
                default=screen.file == "home",
                visibility="visible" if actor and _found(screen, actor) else "hidden",
            )
            for screen in screens
        ]
        for section, screens in SCREENS.items()
    }


def _found(screen: Screen, actor: Actor) -> bool:
    return actor.role in screen.roles and screen.may(actor, context.today().year)


def main() -> None:
    """The main script (入口): which page is drawn, sign-in and first visit included."""
    st.set_page_config(page_title="继续教育管理", page_icon=str(db.ROOT / "web" / "icon.svg"), layout="wide")
    try:
        with context.one_run() as known:
            screen(known)
    except Refused as refused:
        if refused.code != "sick":
            raise
        st.error(md(refused.words))  # whoever asks, and wherever it was noticed


def screen(known: context.Known) -> None:
    """The page that was asked for, or what has to come before it."""
    actor = known.actor
    if actor and not actor.held_back and (opened := address.chosen("message")):
        address.choose("message", None)
        with db.transaction() as session:
            messages.read(session, [opened], actor=actor)
        context.renew()
        known = context.known()
    counts = links.menu(known.counts, actor) if actor else {}
    position: Any = "sidebar" if actor and not actor.held_back else "hidden"
    page = st.navigation(pages(actor, counts), position=position)
    if actor:
        banner(actor, known)
        printed.head(actor)
        if actor.large_type:
            st.html(shell.LARGE)
    with bar.messages():
        if not known.begun:
            first_visit.first_visit(opened=known.opened)
        elif actor is None:
            sign_in.sign_in()
        elif actor.must_change_password:
            passwords.first_password()
        elif actor.must_enrol:
            second_factor.first()
        else:
            try:
                page.run()
            except Refused as refused:  # such as a notice on file that is faulty: told where it is needed
                st.error(md(refused.words))


def banner(actor: Actor, known: context.Known) -> None:
    """Page banner (页眉): office and role at the top of every page; in a demonstration also its date."""
    left, right = st.columns([1, 1], vertical_alignment="center")
    left.markdown(f"**{md(actor.organization_name)}**　:gray[{actor.role.label} · {md(actor.name)}]")
    with right, st.container(horizontal=True, horizontal_alignment="right", key="head"):
        if known.demo:
            with st.popover(f"演示日期 {context.today()}", icon=":material/event:"):
                st.write("演示系统可以把日期往后推，看一个培训从计划走到审验卡。只影响演示数据，不能往回退。")
                days = st.number_input("推进天数", 1, 366, 15, key="demo-days")
                st.button("推进", on_click=_shift, args=(int(days), known.ahead), key=f"demo-shift-{known.ahead}")
        if not actor.held_back:
            search.box()
        st.button("退出", icon=":material/logout:", on_click=sign_in.sign_out, key="sign-out")


def _shift(days: int, ahead: int) -> None:
    """Move the demonstration's clock (演示日期) ahead."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        return f"演示日期已推进，比实际日期晚{setup.shift_demo_clock(session, days, **who)}天。"

    deeds.deed(act, "shift", days, ahead)


main()
