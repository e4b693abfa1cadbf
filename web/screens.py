"""The page table, the sign-in, the first visit. `st.navigation` is called on every run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import streamlit as st
import streamlit_authenticator
from sqlalchemy.orm import Session

from core.ground import access, db
from core.ground.access import Actor, Refused, Role
from core.people import accounts, persons, setup
from core.submissions import claims
from web import ui

OFFICE = "内蒙古自治区专业技术人员继续教育管理系统"


@dataclass(frozen=True)
class Screen:
    """A page: its file, its title, its icon, and who finds it in the menu. The page's own guard decides again."""

    file: str
    title: str
    icon: str
    roles: tuple[Role, ...] = tuple(Role)


SCREENS = {
    "办理": (
        Screen("home", "首页", "home"),
        Screen("plan_filing", "培训计划上报", "edit_calendar", (Role.BASE_CLERK,)),
        Screen("plan_approval", "培训计划审核", "fact_check", (Role.REVIEWER, Role.ADMIN)),
        Screen("report_filing", "培训情况报告", "upload_file", (Role.BASE_CLERK,)),
        Screen("report_review", "报告审核", "rule", (Role.REVIEWER,)),
        Screen("credit_claims", "学时折合申报", "workspace_premium", claims.FILERS),
        Screen("claim_review", "学时折合审核", "workspace_premium", (Role.REVIEWER,)),
        Screen("disputes", "学时异议", "feedback", (Role.REVIEWER, Role.ADMIN)),
        Screen("credit_import", "导入学时", "library_add", (Role.REVIEWER, Role.ADMIN)),
        Screen("ledger", "入账批次与冲销", "account_balance", (Role.REVIEWER, Role.ADMIN)),
    ),
    "查询": (
        Screen("credit_lookup", "学时查询与审验卡", "person_search", persons.LOOKERS),
        Screen("people", "人员", "groups", tuple(role for role in persons.LOOKERS if role is not Role.PERSON)),
        Screen("eligibility", "资格核验", "verified_user", (*access.OFFICERS, Role.EMPLOYER_CLERK, Role.PERSON)),
        Screen("quota_dashboard", "指标看板", "monitoring", access.OFFICERS),
        Screen("policies", "政策依据", "gavel"),
    ),
    "管理": (
        Screen("policy_lab", "政策试算与发布", "science", (Role.ADMIN,)),
        Screen("organizations", "机构与账号", "apartment", (Role.ADMIN,)),
        Screen("audit", "审计日志", "history", (*access.OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)),
        Screen("account", "我的账号", "manage_accounts"),
    ),
}


def pages(actor: Actor | None) -> dict[str, list[Any]]:
    """Every page is registered for everybody, so that a typed address meets its guard; the menu shows one's own."""
    return {
        section: [
            st.Page(
                ui.page_file(screen.file),
                title=screen.title,
                icon=f":material/{screen.icon}:",
                default=screen.file == "home",
                visibility="visible" if actor and actor.role in screen.roles else "hidden",
            )
            for screen in screens
        ]
        for section, screens in SCREENS.items()
    }


def main() -> None:
    st.set_page_config(page_title="继续教育管理", page_icon=str(db.ROOT / "web" / "icon.svg"), layout="wide")
    with db.reading() as session:
        opened = setup.is_open(session)
    actor = ui.actor() if opened else None
    page = st.navigation(pages(actor), position="sidebar" if actor and not actor.must_change_password else "hidden")
    if not opened:
        first_visit()
    elif actor is None:
        sign_in()
    elif actor.must_change_password:
        banner(actor)
        first_password()
    else:
        banner(actor)
        page.run()


def banner(actor: Actor) -> None:
    """The office and the role, at the top of every page; in a demonstration also its date."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    left.markdown(f"**{ui.md(actor.organization_name)}**　:gray[{actor.role.label} · {ui.md(actor.name)}]")
    with right, st.container(horizontal=True, horizontal_alignment="right"):
        with db.reading() as session:
            demo, ahead = setup.setting(session, "office") == "demo", setup.demo_days(session)
        if demo:
            with st.popover(f"演示日期 {ui.today()}", icon=":material/event:"):
                st.write("演示系统可以把日期往后推，看一个培训从计划走到审验卡。只影响演示数据，不能往回退。")
                days = st.number_input("推进天数", 1, 366, 15, key="demo-days")
                st.button("推进", on_click=_shift, args=(int(days), ahead), key=f"demo-shift-{ahead}")
        if not actor.must_change_password:
            st.button("退出", icon=":material/logout:", on_click=_sign_out, key="sign-out")


def _shift(days: int, ahead: int) -> None:
    def act(session: Session, **who: Any) -> str:
        return f"演示日期已推进，比实际日期晚{setup.shift_demo_clock(session, days, **who)}天。"

    ui.deed(act, "shift", days, ahead)


# --- sign-in --------------------------------------------------------------------------------------------------------


def sign_in() -> None:
    """streamlit-authenticator's form; the check, the sign-in and its cookie are ours."""
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.title(OFFICE, anchor=False, text_alignment="center")
        ui.told()
        if ui.token() and "token" not in st.session_state:
            st.info("登录已结束（退出、超过12小时、修改密码或账号停用），请重新登录。")
        form = SignInForm()
        form.login(fields={"Form name": "登录", "Username": "用户名", "Password": "密码", "Login": "登录"})
        refused = st.session_state.pop("sign-in-refused", None)
        if refused:
            st.error(refused)
        if "token" in st.session_state:
            st.info("登录成功，正在进入……")
            _set_cookie(st.session_state["token"])
        with db.reading() as session:
            if setup.setting(session, "office") == "demo":
                _demo_accounts()


class SignInForm(streamlit_authenticator.Authenticate):  # type: ignore[misc]
    """streamlit-authenticator's form without the credentials and the script-set cookie it would bring along."""

    def __init__(self) -> None:
        self.attrs = {"login_sleep_time": 0}
        self.path = None
        self.authentication_controller = SimpleNamespace(login=_check)
        self.cookie_controller = SimpleNamespace(get_cookie=lambda: None)


def _check(username: str | None = None, password: str | None = None, *_: Any, **__: Any) -> bool:
    """Called by the form on submit. bcrypt runs between the two transactions, so that nobody waits for it."""
    if not username or not password:
        st.session_state["sign-in-refused"] = "请填写用户名和密码。"
        return False
    with db.reading() as session:
        hashed = accounts.password_hash(session, username)
    fits = accounts.password_fits(password, hashed)
    with db.transaction() as session:
        answer = accounts.sign_in(session, username, fits=fits, now=datetime.now(UTC))
    if isinstance(answer, Refused):
        st.session_state["sign-in-refused"] = answer.words
        return False
    st.session_state["token"] = answer
    return False


def _set_cookie(token: str) -> None:
    """Have the browser exchange the token for an HttpOnly cookie and come back to the same address."""
    st.html(
        "<script>fetch('/session',{method:'POST',headers:{'Content-Type':'application/json'},"
        f"body:JSON.stringify({{token:{json.dumps(token)}}})}}).then(()=>location.reload())</script>",
        unsafe_allow_javascript=True,
    )


def _sign_out() -> None:
    ui.deed(lambda session, **who: accounts.sign_out(session, **who), "sign-out")
    st.session_state.clear()
    ui.say("success", "已退出登录，该账号在其他浏览器的登录也已结束。")


def _demo_accounts() -> None:
    from data.demo.office import ACCOUNTS, PASSWORD

    st.info(f"演示系统：人员均为虚构。各角色账号的密码都是 `{PASSWORD}`")
    for each in ACCOUNTS:
        st.markdown(f"`{each.username}`　**{each.role.label}**　{each.shows}  \n:gray[:small[{each.organization}]]")


def first_password() -> None:
    """Nothing else is open to an account until its first password is changed."""
    ui.page("修改初始密码", "首次登录须先设置自己的密码，之后才能使用系统。")
    ui.password_form()


# --- the first visit ------------------------------------------------------------------------------------------------


def first_visit() -> None:
    """Offer the demonstration or an empty office; an empty one begins with its first administrator."""
    st.title(OFFICE, anchor=False)
    ui.told()
    st.write("系统还没有数据。请选择从演示数据开始，或建立一个空的系统。")
    demo, empty = st.columns(2)
    with demo, st.container(border=True):
        st.subheader("演示数据", anchor=False)
        st.write("虚构的机构、人员和一年的计划与报告，各角色账号齐全，适合试用和演示。约需20秒。")
        if st.button("载入演示数据", type="primary"):
            with st.spinner("正在生成演示数据……"):
                _open_demo()
            st.rerun()
    with empty, st.container(border=True), st.form("empty-office"):
        st.subheader("空系统", anchor=False)
        st.write("预置自治区、盟市人社部门和人事考试院，从第一个管理员账号开始正式使用。")
        st.text_input("管理员姓名", key="admin-name")
        st.text_input("用户名", key="admin-username", placeholder="小写字母和数字，如 admin")
        st.text_input("密码", type="password", key="admin-password", autocomplete="new-password")
        st.form_submit_button("建立空系统", on_click=_open_empty)


def _open_demo() -> None:
    from data.demo.office import open_demo

    try:
        with db.transaction() as session:
            open_demo(session, now=datetime.now(UTC))
    except Refused as refused:
        ui.say("error", refused.words)
    else:
        ui.say("success", "演示数据已载入，请用下列任一账号登录。")


def _open_empty() -> None:
    name, username, password = (st.session_state[f"admin-{field}"] for field in ("name", "username", "password"))
    now = datetime.now(UTC)
    try:
        with db.transaction() as session:
            founder = setup.open_office(session, kind="empty", now=now)
            accounts.open_account(
                session,
                username=username,
                name=name,
                role=Role.ADMIN,
                organization_id=founder.organization_id,
                password=password,
                must_change_password=False,
                actor=founder,
                now=now,
            )
    except Refused as refused:
        ui.say("error", refused.words)
    else:
        ui.say("success", "系统已建立，请用刚才的管理员账号登录。")


main()
