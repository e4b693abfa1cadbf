"""The page of messages: what concerns the account, read marks, what it wants to hear of; opening one marks it."""

from core.ground import db
from core.office import messages
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import NOW, boxes, open_page, sign_in
from web import context


def unread(cast: Cast, by: str) -> int:
    with db.reading() as session:
        return messages.unread(session, cast[by], now=NOW)


def test_a_message_opens_its_record_and_is_read_by_that(cast: Cast) -> None:
    plan = people.file_plan(cast, now=people.NOW)
    with db.transaction() as session:
        session.execute(messages.sa.update(messages.Message).values(at=NOW))
    token = sign_in("reviewer")
    app = open_page("messages", token)
    assert not app.exception
    (line,) = [each for each in app.main if each.type == "page_link" and each.proto.query_string]
    assert plan.title in line.proto.label
    assert f"item={plan.id}" in line.proto.query_string
    assert "message=" in line.proto.query_string
    assert unread(cast, "reviewer") == 1
    number = line.proto.query_string.partition("message=")[2].partition("&")[0]
    opened = open_page("home", token, message=number)
    assert not opened.exception
    assert "message" not in opened.query_params
    assert unread(cast, "reviewer") == 0
    assert open_page("home", sign_in("base"), message="999999").title  # nobody's: nothing happens


def test_all_are_marked_read_and_quiet_topics_kept(cast: Cast) -> None:
    for title in ("甲班", "乙班"):
        people.file_plan(cast, title=title)
    with db.transaction() as session:
        session.execute(messages.sa.update(messages.Message).values(at=NOW))
    context.renew()
    with db.transaction() as session:  # one of long ago, which the menu does not count
        first = session.scalar(messages.sa.select(messages.sa.func.min(messages.Message.id)))
        old = messages.sa.update(messages.Message).where(messages.Message.id == first)
        session.execute(old.values(at=NOW - 2 * messages.COUNTED))
    context.renew()
    app = open_page("messages", sign_in("reviewer"), page="99")  # beyond the last: the last
    assert [each.value for each in app.markdown if "共2条" in each.value and "未读1条" in each.value]
    lines = [each.proto.label for each in app.main if each.type == "page_link" and each.proto.query_string]
    assert [line.partition("[")[2].partition("]")[0] for line in lines] == ["未读", "已读"]  # as the menu counts
    app.button(key="read-all").click().run()
    assert not app.exception
    assert unread(cast, "reviewer") == 0
    app.multiselect(key="quiet").set_value(["filed"])
    app.text_input(key="daily-mail").input("zhao@example.com")
    next(button for button in app.button if button.label == "保存").click().run()
    assert not app.exception
    with db.reading() as session:
        kept = messages.choice(session, cast["reviewer"])
    assert (kept.quiet, kept.mail) == ((messages.Topic.FILED,), "zhao@example.com")
    app.text_input(key="daily-mail").input("nowhere")
    next(button for button in app.button if button.label == "保存").click().run()
    assert any("邮箱地址" in error for error in boxes(app, "error"))
