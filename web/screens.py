"""The page table, the sign-in, the first visit. `st.navigation` is called on every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.courses import courses
from core.exams import results
from core.ground import access, db
from core.ground.access import Actor, Refused, Role
from core.ledger import books
from core.office import dashboards, messages
from core.people import persons, setup
from core.people.identity import Identity
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
    submissions,
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
    leads: tuple[Role, ...] = ()
    """Whose work begins here: their first entry, and where signing in leads them."""


HEAD = "页眉"
"""The section that stands in the head of every page instead of the menu."""
SCREENS: dict[str, dict[str, tuple[Screen, ...]]] = {
    "": {"首页": (Screen("home", "首页", "home"),)},
    "办理": {
        "审核": (Screen("review", "审核", "fact_check", (Role.REVIEWER, Role.ADMIN)),),
        "申报": (Screen("filing", "申报", "edit_calendar", papers.FILERS), Screen("paper", "填写", "edit_note", ())),
        "在线学习": (Screen("learning", "在线学习", "school", (Role.PERSON,)),),
        "网络课程与考试": (
            Screen(
                "courses",
                "网络课程",
                "school",
                (*access.OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK),
                courses.concern,
            ),
            Screen("exam_bank", "题库", "quiz", (Role.BASE_CLERK, Role.REVIEWER), courses.concern),
            Screen("exams", "网络考试", "assignment", (Role.BASE_CLERK, Role.REVIEWER), courses.concern),
            Screen("results", "外来成绩", "grading", results.BRINGERS, results.brings),
        ),
        "专项项目": (
            Screen("targets", "指标分解", "flag", targets.READERS),
            Screen("seminars", "高级研修", "groups_3", (*access.OFFICERS, Role.BASE_CLERK)),
            Screen("classes", "数字技术工程师", "memory", (*access.OFFICERS, Role.BASE_CLERK)),
            Screen("plan_tables", "计划表与总结", "table_view", access.OFFICERS),
            Screen("study", "推荐遴选与培养", "workspace_premium", access.OFFICERS),
            Screen("public_notice", "公示", "campaign"),
        ),
    },
    "查询": {
        "资格核验": (
            Screen(
                "eligibility",
                "资格核验",
                "verified_user",
                (*access.OFFICERS, Role.EMPLOYER_CLERK, Role.PERSON),
                leads=(Role.TITLE_OFFICER,),
            ),
        ),
        "人员与学时": (
            Screen("credit_lookup", "学时查询与审验卡", "person_search", persons.LOOKERS, leads=(Role.PERSON,)),
            Screen("people", "人员", "groups", ()),
            Screen("print_cards", "批量打印和开通码", "print", printing.PRINTERS),
            Screen("credit_import", "导入学时", "library_add", (Role.REVIEWER, Role.ADMIN)),
            Screen("ledger", "入账批次与冲销", "account_balance", books.REVERSERS),
            Screen("exchange", "报送人才库", "send", (Role.REVIEWER,)),
        ),
        "指标看板": (
            Screen("quota_dashboard", "指标看板", "monitoring", dashboards.VIEWERS, leads=(Role.LEADER,)),
            Screen("presentation", "指标演示", "slideshow", ()),
            Screen("filed_figures", "已报数据", "inventory", dashboards.filed.READERS),
            Screen("recognised", "部门培训认可", "handshake", access.OFFICERS),
        ),
    },
    "政策": {
        "政策与期限": (
            Screen("policies", "政策依据", "gavel"),
            Screen("calendar", "期限日历", "calendar_month"),
            Screen("policy_lab", "政策试算与发布", "science", (Role.ADMIN,)),
        ),
    },
    "管理": {
        "系统": (
            Screen("organizations", "机构与账号", "apartment", (Role.ADMIN,)),
            Screen("moving_in", "批量导入", "drive_folder_upload", (Role.ADMIN,)),
            Screen("card_templates", "审验卡样式", "badge", (Role.ADMIN,)),
            Screen("keys", "密钥", "key", (Role.ADMIN,), lambda actor, year: actor.oversees_region),
            Screen("backups", "备份与恢复", "backup", (Role.ADMIN,)),
            Screen("audit", "审计日志", "history", (*access.OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)),
        ),
    },
    HEAD: {
        "消息": (Screen("messages", "消息", "notifications"),),
        "我的账号": (Screen("account", "我的账号", "manage_accounts"),),
    },
}
"""All pages: sections of rooms (栏目) of screens. A room is one entry of the menu; its screens stand on a strip at the
top of each of them."""
_ROOMS = tuple(room for rooms in SCREENS.values() for room in rooms.values())
_EVERY = {screen.file: screen for room in _ROOMS for screen in room}


@dataclass(frozen=True)
class Entry:
    """An entry of the menu (菜单项): a room as one actor has it, with the screens that the actor finds there."""

    title: str
    screens: tuple[Screen, ...]


def menu(actor: Actor, year: int) -> dict[str, list[Entry]]:
    """The menu of an actor (菜单) by section, the head apart: first of all what the actor's work begins with."""
    sections: dict[str, list[Entry]] = {"": []}
    for section, rooms in SCREENS.items():
        for name, screens in rooms.items():
            found = tuple(each for each in screens if actor.role in each.roles and each.may(actor, year))
            if not found or section == HEAD:
                continue
            entry = Entry(name if len(found) > 1 else found[0].title, found)
            if actor.role in found[0].leads:
                sections[""].insert(0, entry)
            else:
                sections.setdefault(section, []).append(entry)
    return sections


def pages(entries: dict[str, list[Entry]], counts: dict[str, int]) -> dict[str, list[Any]]:
    """Page registry (页面注册): all pages for all, so that a typed address meets its guard; the menu shows its entries.

    `counts`: what waits on a page, by its file; that of all screens of an entry stands beside its title.
    """
    sections: dict[str, list[Any]] = {}
    shown: set[str] = set()
    for section, found in entries.items():
        sections[section] = []
        for entry in found:
            first = entry.screens[0]
            shown.add(first.file)
            waiting = sum(counts.get(screen.file, 0) for screen in entry.screens)
            sections[section].append(_registered(first, _told(entry.title, waiting, WAITING.get(first.file, ""))))
    others = [each for each in _EVERY.values() if each.file not in shown]
    sections.setdefault("", []).extend(_registered(each, each.title, visibility="hidden") for each in others)
    return sections


WAITING = {"filing": "退回"}
"""What is counted beside an entry, where its title does not say so: of what one files that which came back."""


def _told(title: str, waiting: int, word: str = "") -> str:
    return f"{title}（{word}{waiting}）" if waiting else title


def _registered(screen: Screen, title: str, visibility: str = "visible") -> Any:
    icon = f":material/{screen.icon}:"
    return shell.registered(screen.file, title=title, icon=icon, default=screen.file == "home", visibility=visibility)


def strip(entries: dict[str, list[Entry]], here: str, counts: dict[str, int]) -> str:
    """The strip of the room (栏目内导航) that the page `here` is of, where it has several for this actor; its CSS."""
    room = {each.file for room in _ROOMS if _in(room, here) for each in room}
    for entry in (each for found in entries.values() for each in found if _in(each.screens, *room)):
        return shell.strip([(each.file, _told(each.title, counts.get(each.file, 0))) for each in entry.screens], here)
    return ""


def _in(screens: tuple[Screen, ...], *files: str) -> bool:
    return any(each.file in files for each in screens)


def lands(role: Role) -> str:
    """The page that signing in leads a role to (登录后的首页), where it is another than the home page; "" where not."""
    return next((each.file for each in _EVERY.values() if role in each.leads), "")


NOBODY = Identity("", None)
"""What the tab says before it is known whose system this is."""


def main() -> None:
    """What the main script does (入口): which page is drawn, sign-in and first visit included."""
    shell.identify(NOBODY)  # before `st.navigation`, which else has browsers ask a stranger for the page's icon
    try:
        db.keys()  # nothing is shown or asked for that could not be opened or kept
        with context.one_run() as known:
            screen(known)
    except Refused as refused:
        if refused.code not in {"sick", "key"}:
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
    entries = menu(actor, context.today().year) if actor and not actor.held_back else {}
    position: Any = "sidebar" if entries else "hidden"
    page = st.navigation(pages(entries, counts), position=position)
    here = page.url_path or "home"
    address.follow_links(here)
    if actor and not actor.held_back and submissions.opened(here, actor):
        known = context.known()
        counts = links.menu(known.counts, actor)
    named = shell.identify(known.whose, _EVERY[here].title if entries else "")
    looks: list[Path | str] = [shell.STYLE, bar.STYLE, links.STYLE, named]
    if actor:
        banner(actor, known, counts)
        printed.head(actor)
        address.step_by_step()
        if actor.large_type:
            looks.append(shell.LARGE)
        looks.append(strip(entries, here, counts))
    shell.style(*looks)
    with bar.messages():
        if not known.begun:
            first_visit.first_visit(opened=known.opened)
        elif actor is None:
            sign_in.sign_in(lands)
        elif actor.must_change_password:
            passwords.first_password()
        elif actor.must_enrol:
            second_factor.first()
        else:
            submissions.lead(here, actor)
            try:
                page.run()
            except Refused as refused:  # such as a notice on file that is faulty: told where it is needed
                deeds.say("error", refused.words)


def banner(actor: Actor, known: context.Known, counts: dict[str, int]) -> None:
    """Page head (页眉), one line: the office; search, messages, the account; in a demonstration also its date.

    That is drawn once it is open. The account's menu is there always: a link in what is drawn so leads nowhere, since
    with the click it shuts, and the page is drawn again (Streamlit 1.67).
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="head"):
        st.markdown(f"**{md(actor.organization_name)}**")
        if known.demo:
            clock = st.popover(
                f"演示日期 {context.today()}", icon=":material/event:", key="head-clock", on_change="rerun"
            )
            with clock:
                if clock.open:
                    st.write("演示系统可以把日期往后推，看一个培训从计划走到审验卡。只影响演示数据，不能往回退。")
                    days = st.number_input("推进天数", 1, 366, 15, key="demo-days")
                    st.button("推进", on_click=_shift, args=(int(days), known.ahead), key=f"demo-shift-{known.ahead}")
        if not actor.held_back:
            search.box()
            unread = counts.get("messages", 0)
            shell.link(
                "messages", "消息" + (f" :blue-badge[{unread}]" if unread else ""), icon=":material/notifications:"
            )
        with st.popover(md(actor.name), icon=":material/account_circle:", key="head-account"):
            st.markdown(f"{md(actor.name)}　:gray[{actor.role.label}]  \n:gray[{md(actor.organization_name)}]")
            if not actor.held_back:
                shell.link("account", "我的账号", icon=":material/manage_accounts:")
            st.button("退出", icon=":material/logout:", on_click=sign_in.sign_out, key="sign-out")


def _shift(days: int, ahead: int) -> None:
    """Move the demonstration's clock (演示日期) ahead."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        return f"演示日期已推进，比实际日期晚{setup.shift_demo_clock(session, days, **who)}天。"

    deeds.deed(act, "shift", days, ahead)
