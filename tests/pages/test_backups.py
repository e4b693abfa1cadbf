"""The administrator puts an office back from a backup on the screen."""

from datetime import UTC, datetime

from core.ground import db
from core.office import backups
from tests.cast import Cast
from tests.pages.conftest import open_page, sign_in


def test_an_administrator_restores_on_the_screen_and_has_to_sign_in_anew(cast: Cast) -> None:
    backups.routine(now=datetime.now(UTC))
    with db.reading() as session:
        (kept,) = backups.kept(backups.folder(session))
    app = open_page("backups", sign_in("admin"))
    assert not app.exception
    app.text_input(key="restore-said").set_value("恢复")
    app.text_input(key="restore-dated").set_value("2001-01-01")
    (button,) = (each for each in app.button if each.label == "恢复")
    button.click().run()
    assert any("什么也没有做" in each.value for each in app.error)
    app.text_input(key="restore-said").set_value("恢复")
    app.text_input(key="restore-dated").set_value(str(db.office_day(kept.made_at)))
    (button,) = (each for each in app.button if each.label == "恢复")
    button.click().run()
    assert not app.exception
    assert any("原来的系统另存在" in each.value for each in app.success)
    assert [each.label for each in app.text_input][:2] == ["用户名", "密码"]
