"""Every page × every role, signed in and out, by menu and by address: the guard comes first, and core agrees."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.ground.access import ROLE_HOMES, Actor, OrganizationKind, Role
from core.models import Account
from core.people import accounts, identity, passwords, setup
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import MAIN, NOW, boxes, frames, listed, open_page, sign_in
from tests.pages.test_deeds import ahead
from web import context, first_visit, screens, shell
from web.tables import downloads

PAGES = sorted(path.stem for path in (db.ROOT / "pages").glob("*.py"))

MAY_OPEN: dict[str, set[Role]] = {
    "account": set(Role),
    "audit": {Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER, Role.BASE_CLERK, Role.EMPLOYER_CLERK},
    "backups": {Role.ADMIN},
    "calendar": set(Role),
    "card_templates": {Role.ADMIN},
    "classes": {Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER, Role.BASE_CLERK},
    "courses": set(Role) - {Role.PERSON},
    "credit_import": {Role.ADMIN, Role.REVIEWER},
    "credit_lookup": set(Role) - {Role.BASE_CLERK},
    "eligibility": set(Role) - {Role.BASE_CLERK},
    "exam_bank": {Role.BASE_CLERK, Role.REVIEWER},
    "exams": {Role.BASE_CLERK, Role.REVIEWER},
    "exchange": {Role.REVIEWER},
    "filed_figures": {Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER},
    "filing": {Role.BASE_CLERK, Role.PERSON, Role.EMPLOYER_CLERK},
    "home": set(Role),
    "keys": {Role.ADMIN},
    "learning": {Role.PERSON},
    "ledger": {Role.ADMIN, Role.REVIEWER},
    "messages": set(Role),
    "moving_in": {Role.ADMIN},
    "organizations": {Role.ADMIN},
    "paper": {Role.BASE_CLERK, Role.PERSON, Role.EMPLOYER_CLERK},
    "people": set(Role) - {Role.BASE_CLERK, Role.PERSON},
    "plan_tables": {Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER},
    "policies": set(Role),
    "presentation": set(Role) - {Role.BASE_CLERK, Role.PERSON},
    "print_cards": {Role.BASE_CLERK, Role.EMPLOYER_CLERK, Role.REVIEWER, Role.TITLE_OFFICER},
    "public_notice": set(Role),
    "study": {Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER},
    "policy_lab": {Role.ADMIN},
    "quota_dashboard": set(Role) - {Role.BASE_CLERK, Role.PERSON},
    "recognised": {Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER},
    "results": {Role.REVIEWER, Role.BASE_CLERK},
    "review": {Role.ADMIN, Role.REVIEWER},
    "seminars": {Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER, Role.BASE_CLERK},
    "targets": set(Role) - {Role.PERSON},
}
"""Written down again, apart from the page table, so that a slip there is seen here."""


def add_person(cast: Cast) -> None:
    """A learner with posted hours and an account of their own."""
    content = people.sheet([people.row(1)])
    report = people.posted(cast, content)
    assert report.people == 1
    with db.transaction() as session:
        account = accounts.open_person_account(
            session,
            username="person",
            id_number=people.id_number(1),
            password=people.PASSWORD,
            actor=cast["admin"],
            now=people.AFTER,
        )
        account.must_change_password = False
        home = account.organization or cast.places["hospital"]
        cast.actors["person"] = Actor(
            account.id, account.name, Role.PERSON, home.id, home.name, home.kind, account.person_id
        )


ELSEWHERE = {"paper", "people", "presentation"}
"""Reached from the list of what is filed, from the dashboard, by an older address."""
COURSES = {"courses", "exam_bank", "exams", "results"}
"""What a clerk finds whose organization makes courses, and no other clerk."""


def test_the_page_table_names_every_page_and_no_other() -> None:
    assert set(MAY_OPEN) == set(PAGES)


def test_everybodys_menu_has_nine_entries_at_most_and_leads_to_every_page_of_the_role() -> None:
    head = {screen.file for room in screens.SCREENS[screens.HEAD].values() for screen in room}
    for role in Role:
        kind = OrganizationKind.EXAM_AUTHORITY if role is Role.BASE_CLERK else ROLE_HOMES[role][0]
        here = Actor(1, "甲", role, 1, "示例单位", kind)
        entries = [entry for section in screens.menu(here, NOW.year).values() for entry in section]
        assert len(entries) <= 9, role
        led = [screen.file for entry in entries for screen in entry.screens]
        assert len(led) == len(set(led))
        may = {page for page, roles in MAY_OPEN.items() if role in roles}
        assert set(led) | head <= may, role
        assert may - set(led) - head <= ELSEWHERE, role
        assert screens.lands(role) in ("", entries[0].screens[0].file)
    base = screens.menu(Actor(1, "甲", Role.BASE_CLERK, 1, "示例基地", OrganizationKind.BASE), NOW.year)
    assert not COURSES & {screen.file for found in base.values() for entry in found for screen in entry.screens}
    first = screens.menu(Actor(1, "甲", Role.TITLE_OFFICER, 1, "示例厅", OrganizationKind.REGION_HR), NOW.year)
    assert [entry.title for entry in first[""]] == ["资格核验", "首页"]


def test_what_waits_on_a_page_is_counted_at_its_entry_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "registered", lambda name, **told: (told["visibility"], told["title"]))
    here = Actor(1, "甲", Role.REVIEWER, 1, "示例厅", OrganizationKind.REGION_HR)
    sections = screens.pages(screens.menu(here, NOW.year), {"courses": 2, "exams": 1, "review": 3})
    shown = {title for section in sections.values() for visibility, title in section if visibility == "visible"}
    assert {"网络课程与考试（3）", "审核（3）", "专项项目"} <= shown
    base = screens.menu(Actor(1, "甲", Role.BASE_CLERK, 1, "示例基地", OrganizationKind.BASE), NOW.year)
    found = [title for section in screens.pages(base, {"filing": 3}).values() for _, title in section]
    assert "申报（退回3）" in found  # what is owed besides stands on the home page


def bare(page: str, token: str | None) -> AppTest:
    """A page's script alone, without the main script."""
    app = AppTest.from_file(shell.page_file(page), default_timeout=60)
    if token:
        app.session_state["token"] = token
    return app.run()


@pytest.mark.parametrize("page", PAGES)
def test_nobody_opens_a_page_signed_out_by_address_or_bare(cast: Cast, page: str) -> None:
    through_main = open_page(page, None)
    assert [field.label for field in through_main.text_input] == ["用户名", "密码"]
    assert not frames(through_main)
    alone = bare(page, None)
    assert not alone.exception
    assert boxes(alone, "info") == ["请先登录。登录后会回到本页。"]
    assert not frames(alone)
    assert not alone.button


@pytest.mark.parametrize("office", ["postgresql"], indirect=True)  # through a pool of one connection
@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_its_pages_with_their_files_and_is_told_at_the_others(
    cast: Cast, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(cast)
    files: list[Callable[[], bytes]] = []

    def handed(label: str, content: bytes | Callable[[], bytes], *_: Any, **__: Any) -> None:
        files.extend([content] if callable(content) else [])

    monkeypatch.setattr(downloads.st, "download_button", handed)
    username = next(name for name, actor in cast.actors.items() if actor.role is role)
    token = sign_in(username)
    menu = screens.menu(cast.actors[username], NOW.year)
    rooms = [{screen.file for screen in entry.screens} for section in menu.values() for entry in section]
    for page in PAGES:
        files.clear()
        may = role in MAY_OPEN[page]
        # the guard is a page's first statement: for all but one role its refusal is read without the main script
        app = open_page(page, token) if may or role is Role.PERSON else bare(page, token)
        assert not app.exception, f"{role} on {page}: {app.exception[0].stack_trace}"
        if may:
            assert app.title, f"{role} should see {page}"
            refusals = [error for error in boxes(app, "error") if "不符合" not in error]  # a decision is no refusal
            assert not refusals, f"{role} on {page}: {refusals}"
            in_room = "credit_lookup" if page == "people" else page  # opened from there: the room's strip stands on it
            strip = next((each for each in rooms if in_room in each and len(each) > 1), set())
            assert strip <= {link.proto.page for link in app.get("page_link")}, f"{role} on {page}"
            with ThreadPoolExecutor(1) as server:  # made at the click, after the script, where nothing of it is at hand
                assert all(server.map(lambda make: make(), files)), f"{role} on {page}"
        else:
            assert not app.title
            assert "您当前的角色是" in boxes(app, "error")[0], f"{role} on {page}"
            assert not frames(app)


def test_a_closed_account_is_out_at_its_next_click(cast: Cast) -> None:
    token = sign_in("reviewer")
    app = open_page("home", token)
    assert app.title[0].value == "首页"
    with db.transaction() as session:
        account_id = cast["reviewer"].account_id
        assert account_id
        accounts.set_active(session, account_id, False, actor=cast["admin"], reason="离岗", now=datetime.now(UTC))
    app.run()
    assert [field.label for field in app.text_input] == ["用户名", "密码"]


def test_what_every_part_of_a_page_asks_first_is_asked_once_a_run_and_again_after_a_deed(cast: Cast) -> None:
    asked: list[str] = []
    app = open_page("review", sign_in("reviewer"))
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    app.run()
    assert [sum(table in each for each in asked) for table in ("FROM setting", "FROM sign_in", "FROM submission")] == [
        1,
        1,
        0,  # the list stands as long as nothing was done in the office; how many there are was counted a moment ago
    ]
    plan = people.file_plan(cast, now=datetime.now(UTC), **ahead(20))
    app.run()
    assert [each["id"] for each in listed(app)] == [plan.id]

    def script() -> None:
        from datetime import UTC, datetime

        import streamlit as st

        from core.ground import db
        from core.people import setup
        from web import context, deeds

        def shift(session, **_):  # type: ignore[no-untyped-def]
            setup.decide_setting(session, "demo_days", "3")

        with context.one_run():
            days = [context.today()]
            deeds.deed(shift, "shift")
            days.append(context.today())
        st.session_state["ahead"] = [(day - db.office_day(datetime.now(UTC))).days for day in days]

    in_a_run = AppTest.from_function(script)
    in_a_run.session_state["token"] = sign_in("admin")
    in_a_run.run()
    assert not in_a_run.exception
    assert in_a_run.session_state["ahead"] == [0, 3]


def test_the_first_password_must_be_changed_before_anything_else(cast: Cast) -> None:
    with db.transaction() as session:
        accounts.open_account(
            session,
            username="fresh",
            name="新审核员",
            role=Role.REVIEWER,
            organization_id=cast.places["region"].id,
            password="First-pass-24",
            actor=cast["admin"],
            now=datetime.now(UTC),
        )
    app = open_page("review", sign_in("fresh"))
    assert [title.value for title in app.title] == [identity.SYSTEM]  # the frame of the sign-in page
    assert [head.value for head in app.subheader] == ["修改初始密码"]
    app.text_input(key="old-password").input("First-pass-24")
    app.text_input(key="new-password").input("Second-pass-24")
    app.text_input(key="new-password-again").input("Second-pass-24")
    app.button[-1].click().run()
    assert not app.exception
    with db.reading() as session:
        hashed = session.scalars(sa.select(Account.password_hash).where(Account.username == "fresh")).one()
    assert passwords.fits("Second-pass-24", hashed)
    assert [field.label for field in app.text_input] == ["用户名", "密码"]


def test_wrong_passwords_make_the_next_try_wait_and_say_so(cast: Cast) -> None:
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    for _ in range(5):
        app.text_input[0].input("reviewer")
        app.text_input[1].input("wrong")
        app.button[0].click().run()
    assert "秒后再试" in boxes(app, "error")[0]
    app.text_input[1].input(people.PASSWORD)
    app.button[0].click().run()
    assert "秒后再试" in boxes(app, "error")[0]
    assert "token" not in app.session_state


def test_an_empty_office_begins_at_its_own_machine_or_with_the_code_of_its_console(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db.make_key()  # as the server does where it starts
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    assert [button.label for button in app.button] == ["继续"]
    for typed in ["AAAA-AAAA"] * first_visit.TRIES:
        app.text_input(key="first-code").input(typed)
        app.button[0].click().run()
        assert "验证码不正确" in boxes(app, "error")[0]
    said = capsys.readouterr().out.split()[-1]  # after ten wrong ones another is said
    app.text_input(key="first-code").input(said.lower().replace("-", " "))
    app.button[0].click().run()
    assert {button.label for button in app.button} == {"载入演示数据", "建立空系统"}


SECRET = "Long-enough-24"


@pytest.fixture
def at_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a page sits at the machine that serves it."""
    monkeypatch.setattr(context, "at_this_machine", lambda: True)


def test_an_empty_office_begins_with_its_administrator(office: Path, at_the_server: None) -> None:
    db.make_key()
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    assert {button.label for button in app.button} == {"载入演示数据", "建立空系统"}
    app.text_input(key="admin-name").input("王管理")
    app.text_input(key="admin-username").input("wang")
    app.text_input(key="admin-password").input("short")
    app.text_input(key="admin-again").input("shorter")
    next(button for button in app.button if button.label == "建立空系统").click().run()
    assert "两次输入的密码不一致" in boxes(app, "error")[0]
    assert "密码至少12位" in app.caption[0].value  # before it is broken
    app.text_input(key="admin-again").input("short")
    next(button for button in app.button if button.label == "建立空系统").click().run()
    assert "密码至少" in boxes(app, "error")[0]
    for field in ("password", "again"):
        app.text_input(key=f"admin-{field}").input(SECRET)
    next(button for button in app.button if button.label == "建立空系统").click().run()
    assert not app.exception
    assert [field.label for field in app.text_input] == ["用户名", "密码"]
    app.text_input[0].input("wang")
    app.text_input[1].input(SECRET)
    app.button[0].click().run()
    app.run()
    assert app.title[0].value == "首页"


def test_an_office_that_the_command_line_opened_asks_for_its_administrator_only(
    office: Path, at_the_server: None
) -> None:
    with db.transaction() as session:
        setup.open_office(session, kind="empty", now=people.NOW)
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    assert {button.label for button in app.button} == {"设置管理员"}
    for field, value in (("name", "王管理"), ("username", "wang"), ("password", SECRET), ("again", SECRET)):
        app.text_input(key=f"admin-{field}").input(value)
    app.button[0].click().run()
    assert not app.exception
    assert "系统已建立" in boxes(app, "success")[0]
    assert [field.label for field in app.text_input] == ["用户名", "密码"]
