"""Opening the office: the list ticks itself by what there is, and what does not apply is set aside for a reason."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from core.ground import db
from core.ground.access import Refused, Role
from core.office import checklist, home
from core.people import accounts, identity, keys, setup
from core.trail.files import Upload
from tests import cast as c
from tests.cast import Cast
from web.opening.checklist import PLACES


def listed(cast: Cast, by: str = "admin") -> dict[str, checklist.Step]:
    with db.reading() as session:
        return {each.code: each for each in checklist.steps(session, cast[by], now=c.NOW)}


def picture(side: int, kind: str = "PNG") -> Upload:
    made = io.BytesIO()
    Image.new("RGB", (side, side), "navy").save(made, kind)
    return Upload(f"标志.{kind.lower()}", made.getvalue())


def test_the_list_ticks_itself_and_is_gone_when_all_of_it_is_settled(office: object) -> None:
    cast = c.assemble()
    assert set(PLACES) == set(listed(cast))  # each is a link to where it is seen to
    open_ = {code for code, step in listed(cast).items() if not step.done}
    assert open_ == {"key", "backup", "place", "name", "address", "second", "people", "mail"}
    who = {"actor": cast["admin"], "now": c.NOW}
    with db.transaction() as session:
        keys.recovery_sheet(session, c.PASSWORD, **who)
        home_id = cast["admin"].organization_id
        accounts.open_account(
            session,
            username="admin2",
            name="第二人",
            role=Role.ADMIN,
            organization_id=home_id,
            password=c.PASSWORD,
            **who,
        )
        identity.decide(session, name="示例厅", mark=picture(600), keep_mark=True, **who)
        mark = identity.identity(session).mark
        assert mark
        assert Image.open(io.BytesIO(mark)).size == (identity.SIDE, identity.SIDE)
    found = listed(cast)
    assert found["key"].done and found["name"].done  # noqa: PT018
    assert found["second"].words.startswith("已开通，待其首次登录并修改初始密码。其账号由您刚开通")
    opened = f"{(c.NOW + timedelta(days=1)).astimezone(db.OFFICE_ZONE):%Y-%m-%d %H:%M}"  # the wait is said beforehand
    assert opened in found["second"].words
    for code in [code for code, step in found.items() if not step.done]:
        with db.transaction() as session:
            assert home.home(session, cast["admin"], now=c.NOW).steps
            checklist.set_aside(session, code, reason="本单位不用", **who)
    with db.reading() as session:
        assert home.home(session, cast["admin"], now=c.NOW).steps == ()
        assert home.home(session, cast["reviewer"], now=c.NOW).steps == ()
    with db.transaction() as session:
        assert not checklist.set_aside(session, "mail", reason="", **who).aside
    assert set(listed(cast, "hohhot_admin")) == {"second", "organizations", "accounts", "people"}
    assert not any(step.aside for step in listed(cast, "hohhot_admin").values())


@pytest.mark.parametrize(
    ("by", "name", "mark", "code"),
    [
        ("hohhot_admin", "示例局", None, "role"),
        ("admin", "厅", None, "name"),
        ("admin", "示例厅", Upload("标志.png", b"<svg onload=alert(1)>"), "mark"),
        ("admin", "示例厅", Upload("标志.png", bytes(2_000_000)), "mark"),
        ("admin", "示例厅", picture(8, "GIF"), "mark"),
    ],
)
def test_a_name_and_a_mark_are_checked(office: object, by: str, name: str, mark: Upload | None, code: str) -> None:
    cast = c.assemble()
    with pytest.raises(Refused) as refused, db.transaction() as session:
        identity.decide(session, name=name, mark=mark, keep_mark=True, actor=cast[by], now=c.NOW)
    assert refused.value.code == code


def test_the_public_address_is_the_offices_to_set_where_the_server_has_none(
    office: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    monkeypatch.delenv("CE_ADDRESS", raising=False)

    def decide(written: str, by: str = "admin") -> str:
        with db.transaction() as session:
            return identity.decide_address(session, written, actor=cast[by], now=c.NOW)

    def stands() -> str:
        with db.reading() as session:
            return setup.address(setup.settings(session))

    assert decide("ＨＴＴＰＳ：//jxjy.example.cn:8443/ ") == stands() == "HTTPS://jxjy.example.cn:8443"
    assert listed(cast)["address"].done
    for wrong in (
        "jxjy.example.cn",
        "javascript:alert(1)",
        "https://a@b.example",
        "https://b.example/x",
        "https://b c",
    ):
        with pytest.raises(Refused, match="对外网址应写成"):
            decide(wrong)
    with pytest.raises(Refused, match="自治区"):
        decide("https://x.example", "hohhot_admin")
    monkeypatch.setenv("CE_ADDRESS", "https://server.example/")
    assert stands() == "https://server.example"
    with pytest.raises(Refused, match="CE_ADDRESS"):
        decide("https://x.example")
    monkeypatch.delenv("CE_ADDRESS")
    assert decide("") == stands() == ""


def test_an_office_of_another_region_begins_with_the_offices_it_names(office: object) -> None:
    rows = "示例市人力资源和社会保障局,市级,990100\n示例省人力资源和社会保障厅,省级,990000\n"
    heads = "机构名称,类别,行政区划代码\n"

    def named(text: str) -> list[str]:
        with db.transaction() as session:
            return setup.name_regions(session, Upload("区划.csv", (heads + text).encode()))

    for text, words in ((rows.splitlines()[0], "只有一个省级"), ("示例局,县级,\n" + rows, "第2行")):
        with pytest.raises(Refused, match=words):
            named(text)
    assert named(rows) == ["示例省人力资源和社会保障厅", "示例市人力资源和社会保障局"]
    with db.transaction() as session:
        assert setup.open_office(session, kind="empty", now=c.NOW).organization_name == "示例省人力资源和社会保障厅"
    assert setup.league_names() == ["示例市"]
    assert setup.region_code("示例市人力资源和社会保障局") == "990100"
    with pytest.raises(Refused, match="不能再改"):
        named(rows)
