"""The administrator puts an office back from a backup on the screen."""

from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest

from core.ground import db, signing
from core.office import backups
from tests import cast as c
from tests.cast import Cast
from tests.pages.conftest import frames, open_page, sign_in


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


def test_the_key_is_rotated_on_the_screen_and_what_was_signed_before_still_holds(cast: Cast) -> None:
    before = signing.signed(b"a card")
    app = open_page("keys", sign_in("admin"))
    for password, said in (("wrong", "密码不正确"), (c.PASSWORD, "恢复单已备好")):  # asked for once more
        assert not app.get("download_button")
        app.text_input(key="sheet-password").set_value(password)
        press(app, "打印密钥恢复单")
        assert any(said in each.value for each in (*app.error, *app.success))
    assert {each.proto.label for each in app.get("download_button")} == {"下载密钥恢复单"}
    assert any("删除下载的文件" in each.value for each in app.warning)
    app.run()
    assert not app.get("download_button")  # it is not kept
    assert "/.well-known/jwks.json" in [each.proto.url for each in app.get("link_button")]
    (first,) = held(app)
    assert (first["状态"], bool(first["启用时间"])) == ("现用", True)
    app.text_input(key="rotate-reason").set_value("例行更换")
    (button,) = (each for each in app.button if each.label == "更换密钥")
    button.click().run()
    assert not app.exception
    assert any("已更换密钥" in each.value for each in app.success)
    newest, former = held(app)
    assert [each["状态"] for each in (newest, former)] == ["现用", "曾用"]
    assert former["公钥指纹"] == first["公钥指纹"] == signing.public_keys()[1].written != newest["公钥指纹"]
    assert newest["启用时间"] >= former["启用时间"] == first["启用时间"]
    assert signing.opened(before) == signing.opened(signing.signed(b"a card")) == b"a card"
    app.text_input(key="doubt-reason").set_value("U盘遗失")
    press(app, "提请作废")
    assert held(app)[1]["状态"] == "提请作废"
    assert "同意作废" not in [each.label for each in app.button]  # the administrator who asked cannot also agree
    assert any("须由自治区的另一名管理员" in each.value for each in app.caption)
    press(app, "撤回")
    assert held(app)[1]["状态"] == "曾用"


def press(app: AppTest, label: str) -> None:
    (button,) = (each for each in app.button if each.label == label)
    button.click().run()
    assert not app.exception


def held(app: AppTest) -> list[dict[str, str]]:
    """The keys as the page lists them."""
    found: list[dict[str, str]] = frames(app)[-1].to_dict("records")
    return found
