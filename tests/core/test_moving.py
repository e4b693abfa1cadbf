"""Moving in by workbook: organizations, accounts and people, checked, brought in as a batch, taken back again."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from core.__main__ import main
from core.eligibility import applications
from core.ground import db
from core.ground.access import OrganizationKind, Refused, Role
from core.models import Account, AuditEntry, Organization, Person
from core.people import accounts, acts, moving, organizations, passwords, persons, slips
from core.people.moving import Preview, Table, TakenBack
from core.people.slips import Slip
from core.records import imports
from core.tables.mending import Mended
from core.tables.reading import NOTHING_MENDED
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c
from tests.cast import Cast


def book(text: str) -> Upload:
    return Upload("台账.csv", text.encode())


def seen(cast: Cast, table: Table, text: str, by: str = "admin") -> Preview:
    with db.reading() as session:
        return moving.read(session, table, book(text), cast[by], today=c.TODAY)


def brought(
    cast: Cast, table: Table, text: str, by: str = "admin", mended: Mended = NOTHING_MENDED
) -> tuple[int, Preview, list[Slip]]:
    with db.transaction() as session:
        intake, *rest = moving.bring_in(session, table, book(text), actor=cast[by], now=c.NOW, mended=mended)
    return (intake.id, *rest)  # type: ignore[return-value]


def taken_back(cast: Cast, intake_id: int) -> TakenBack:
    with db.transaction() as session:
        return moving.take_back(session, intake_id, actor=cast["admin"], reason="导错了", now=c.NOW)


def codes(found: Preview) -> list[tuple[int, str]]:
    return [(each.row, each.code) for each in found.problems if each.blocking]


def held(model: Any) -> int:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


ORGANIZATIONS = (
    "机构名称,类别,管理权限\n示例新医院,用人单位,\n示例旗新学校,企业,呼和浩特市\n示例市第一医院,用人单位,\n"
    "示例继续教育基地,用人单位,\n示例厂,工厂,\n示例新医院,用人单位,\n示例院,用人单位,乌兰巴托\n"
)
ACCOUNTS = (
    "姓名,角色,所属机构,用户名\n王示一,单位经办人,示例新医院,\n李示二,单位经办人,示例旗新学校,school1\n"
    "赵示三,单位经办人,示例新医院,\n钱示四,审核员,示例新医院,\n孙示五,单位经办人,示例新医阮,\n周示六,管理员,自治区,admin\n"
)


def people(*rows: tuple[int, str]) -> str:
    heads = "姓名,身份证号,工作单位,专业技术职务,职称级别,从事专业\n"
    return heads + "".join(f"{named(serial)},{c.id_number(serial)},{rest}\n" for serial, rest in rows)


def named(serial: int) -> str:
    return f"赵示{chr(0x4E00 + serial)}"


def test_an_office_moves_in_by_three_workbooks_and_out_again(database: str) -> None:
    cast = c.assemble()
    before = held(Organization), held(Account), held(Person)
    found = seen(cast, Table.ORGANIZATIONS, ORGANIZATIONS)
    assert codes(found) == [
        (5, "name-known"),
        (6, "kind-form"),
        (7, "name-twice"),
        (8, "authority-unknown"),
    ]
    assert (len(found.new), found.same) == (2, 1)
    first, _, _ = brought(cast, Table.ORGANIZATIONS, ORGANIZATIONS)
    second, found, handed = brought(cast, Table.ACCOUNTS, ACCOUNTS)
    assert codes(found) == [(5, "role-home"), (6, "organization-unknown"), (7, "organization-unknown")]
    assert [each.offer for each in found.problems][1] == "是“示例新医院”"
    assert handed[1].username == "school1"
    assert handed[0].username.startswith("unit") and handed[2].username == f"{handed[0].username}-2"  # noqa: PT018
    with db.reading() as session:
        opened = session.scalars(sa.select(Account).where(Account.username == "school1")).one()
        assert opened.must_change_password
        assert passwords.fits(handed[1].password, opened.password_hash)
    text = people(
        (31, "示例新医院,主治医师,中级,内科"),
        (33, "示例旗新学校,一级教师,,数学"),
        (35, "外地单位,,国家级,"),
        (37, "外地单位,,,"),
    )
    third, found, _ = brought(cast, Table.PEOPLE, text)
    assert codes(found) == [(4, "level-form")]
    with db.reading() as session:
        rows = session.execute(sa.select(Person.name, Person.level, Person.authority_id).order_by(Person.id)).all()
        levels = persons.find(session, cast["title"])[0].set_index("name")["level"].to_dict()
    assert levels == {named(31): "中级", named(33): "中级", named(37): ""}  # as stated, by the post's name, unknown
    hohhot = cast.places["hohhot"].id
    assert rows == [(named(31), "中级", 1), (named(33), "", hohhot), (named(37), "", 1)]
    for table, again in ((Table.ORGANIZATIONS, ORGANIZATIONS), (Table.ACCOUNTS, ACCOUNTS), (Table.PEOPLE, text)):
        with pytest.raises(Refused, match="都已在册"):
            brought(cast, table, again)
    with db.reading() as session:  # said before it is done
        before_it = moving.rows(session, first, cast["admin"])
    assert list(before_it["stays"]) == ["已有人员、已有账号"] * 2
    told = taken_back(cast, first)
    assert (told.gone, told.stays) == (
        0,
        (("示例新医院", "已有人员、已有账号"), ("示例旗新学校", "已有人员、已有账号")),
    )
    assert taken_back(cast, third).gone == 3
    assert taken_back(cast, second).gone == 3
    assert taken_back(cast, first).gone == 2
    assert (held(Organization), held(Account), held(Person)) == before
    with pytest.raises(Refused, match="已全部撤销"):
        taken_back(cast, first)
    with db.reading() as session:
        lines = session.execute(
            sa.select(AuditEntry.event, sa.func.count()).where(AuditEntry.record == "intake").group_by(AuditEntry.event)
        )
        assert dict(lines.all()) == {"intake.made": 3, "intake.undone": 4}
        assert moving.listing(session, cast["admin"])["rows_left"].tolist() == [0, 0, 0]
    assert main(["check"]) == 0


def test_who_has_hours_already_is_given_an_employer_whose_clerk_sees_them_then(office: object) -> None:
    cast = c.assemble()
    c.posted(
        cast, c.sheet([c.row(41, named(41), employer=""), c.row(43, named(43)), c.row(45, named(45), employer="")])
    )
    text = people(
        (41, "示例市第一医院,护师,初级,护理"),
        (43, "别的单位,主治医师,中级,临床医学"),
        (45, "示例旗蒙古族中学,,,"),
        (47, "示例市第一医院,,,"),
    )
    intake, found, _ = brought(cast, Table.PEOPLE, text)
    assert sorted(found.filled) == [2, 3, 4]
    assert ("employer", "stands") in [(each.column, each.code) for each in found.problems]
    with db.reading() as session:
        mine = sa.select(Person.name, Person.level).where(Person.employer_id == cast.places["hospital"].id)
        assert session.execute(mine.order_by(Person.name)).all() == [
            (named(41), "初级"),
            (named(43), "中级"),
            (named(47), ""),
        ]
        assert session.scalars(sa.select(Person.authority_id).where(Person.name == named(45))).one() != 1
    c.posted(cast, c.sheet([c.row(47, named(47))]), title="第二期")
    told = taken_back(cast, intake)
    assert told.gone == 3
    assert told.stays == ((named(47), "已有学时"),)
    with db.reading() as session:
        assert dict(session.execute(mine).all()) == {named(43): "", named(47): ""}
    assert main(["check"]) == 0


def test_a_league_moves_in_for_itself_alone_and_learns_nobodys_name(office: object) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(51, named(51))]))
    found = seen(
        cast, Table.PEOPLE, people((53, "示例市第一医院,,,")) + f"别的名字,{c.id_number(51)},,,,\n", "hohhot_admin"
    )
    assert codes(found) == [(2, "jurisdiction"), (3, "jurisdiction")]
    assert named(51) not in "".join(each.words for each in found.problems)
    found = seen(
        cast,
        Table.ORGANIZATIONS,
        "机构名称,类别,管理权限\n示例甲校,用人单位,包头市\n示例乙校,用人单位,\n",
        "hohhot_admin",
    )
    assert codes(found) == [(2, "authority-unknown")]
    assert codes(
        seen(cast, Table.ACCOUNTS, "姓名,角色,所属机构\n王示,单位经办人,示例市第一医院\n", "hohhot_admin")
    ) == [(2, "organization-unknown")]
    with pytest.raises(Refused, match="管理员"):
        seen(cast, Table.PEOPLE, people((53, ",,,")), "reviewer")


def test_a_template_chooses_from_the_words_that_are_taken_and_comes_in_as_it_is(office: object) -> None:
    cast = c.assemble()
    for table in Table:
        with db.reading() as session:
            content = moving.template(session, table, cast["admin"])
            wanted = moving.choices(session, table, cast["admin"])
        page = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        drawn = [each for each in page.data_validations.dataValidation if each.type == "list"]
        assert len(drawn) == len(set(wanted) & set(moving.LISTINGS[table].headings))
    accounts_page = openpyxl.load_workbook(io.BytesIO(_template(cast, Table.ACCOUNTS))).worksheets[0]
    assert "选项!$B$1:$B$21" in [each.formula1 for each in accounts_page.data_validations.dataValidation]
    for content, first in ((imports.template(), "公需科目,专业科目"), (applications.template(), "职称评审,")):
        lists = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].data_validations.dataValidation
        assert any(first in each.formula1 for each in lists)
    page = openpyxl.load_workbook(io.BytesIO(_template(cast, Table.ORGANIZATIONS)))
    page.worksheets[0].append(["示例新医院", "用人单位", "包头市人力资源和社会保障局"])
    filled = io.BytesIO()
    page.save(filled)
    with db.reading() as session:
        given = Upload("机构.xlsx", filled.getvalue())
        found = moving.read(session, Table.ORGANIZATIONS, given, cast["admin"], today=c.TODAY)
    assert (len(found.new), codes(found)) == (1, [])


def _template(cast: Cast, table: Table) -> bytes:
    with db.reading() as session:
        return moving.template(session, table, cast["admin"])


def test_hours_say_where_people_work_and_many_are_given_an_employer_at_once(office: object) -> None:
    cast = c.assemble()
    heads = "身份证号,姓名,年度,科目,学时,来源,工作单位\n"
    rows = [(81, "示例市第一医院"), (83, ""), (85, "示例旗蒙古族中学")]
    text = heads + "".join(f"{c.id_number(n)},{named(n)},2023,专业,8,培训,{at}\n" for n, at in rows)
    who: dict[str, Any] = {"actor": cast["reviewer"], "now": c.NOW}

    def employers() -> dict[str, str]:
        with db.reading() as session:
            return dict(session.execute(sa.select(Person.name, Person.employer_name)).all())

    with db.transaction() as session:
        _, preview = imports.bring_in(session, book(text), reason="补登", **who)
    assert [(each.row, each.code) for each in preview.problems] == [(4, "jurisdiction")]
    assert employers() == {named(81): "示例市第一医院", named(83): ""}
    again = heads + f"{c.id_number(83)},{named(83)},2022,专业,8,培训,示例市第一医院\n"
    again += f"{c.id_number(81)},{named(81)},2022,专业,8,培训,别的单位\n"
    with db.transaction() as session:
        _, preview = imports.bring_in(session, book(again), reason="补登", **who)
    assert [(each.row, each.code, each.blocking) for each in preview.problems] == [(3, "employer-known", False)]
    assert set(employers().values()) == {"示例市第一医院"}
    with db.reading() as session:
        seen_by_clerk, count = persons.find(session, cast["employer"])
        assert count == 2
    ids = [int(each) for each in seen_by_clerk["id"]]
    for employer, code in (("示例旗蒙古族中学", "employer"), ("示例市第一医院", "same"), ("院", "employer")):
        with pytest.raises(Refused) as refused, db.transaction() as session:
            acts.place(session, ids, employer=employer, reason="更名", **who)
        assert refused.value.code == code
    with db.transaction() as session:
        assert acts.place(session, ids, employer="示例市中心医院", reason="更名", **who) == 2
        assert len(acts.history(session, ids[0], cast["reviewer"])) == 1
    with pytest.raises(Refused, match="没有找到"), db.transaction() as session:
        acts.place(session, ids, employer="外地单位", reason="更名", actor=cast["hohhot_reviewer"], now=c.NOW)


def test_a_first_password_holds_for_thirty_days_and_is_printed_on_a_slip(office: object) -> None:
    cast = c.assemble()
    _, _, handed = brought(cast, Table.ACCOUNTS, "姓名,角色,所属机构\n王示一,单位经办人,示例市第一医院\n")
    (slip,) = handed
    assert slips.printed(handed * 6, address="https://jxjy.example.cn", now=c.NOW).startswith(b"%PDF")
    for days, code in ((29, ""), (31, "expired")):
        with db.transaction() as session:
            now = c.NOW + timedelta(days=days)
            answer = accounts.sign_in(session, slip.username, fits=True, now=now)
        assert getattr(answer, "code", "") == code
    with db.transaction() as session:
        answer = accounts.sign_in(session, slip.username, fits=False, now=datetime(2025, 1, 1, tzinfo=UTC))
    assert isinstance(answer, Refused)
    assert answer.code == "credentials"  # nobody learns that there is such an account


def test_organizations_and_accounts_are_put_right_and_the_trail_keeps_what_they_were(office: object) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(61, named(61))]))
    hospital, region, hohhot = (cast.places[name].id for name in ("hospital", "region", "hohhot"))
    why: dict[str, Any] = {"reason": "登记有误", "now": c.NOW}

    def organization(by: str = "admin", **changes: Any) -> Organization:
        usual = {"name": "示例市第一医院", "kind": OrganizationKind.EMPLOYER, "authority_id": region}
        with db.transaction() as session:
            return organizations.correct(session, hospital, actor=cast[by], **{**why, **usual, **changes})

    def account(by: str = "admin", of: str = "employer", **changes: Any) -> Account:
        usual = {"name": "新人", "role": Role.EMPLOYER_CLERK, "organization_id": hospital}
        number = cast[of].account_id
        with db.transaction() as session:
            return accounts.correct(session, number, actor=cast[by], **{**why, **usual, **changes})

    for code, refused in {
        "name": partial(organization, name="示例继续教育基地"),
        "accounts": partial(organization, name="示例院", kind=OrganizationKind.BASE),
        "relied": partial(organization, authority_id=hohhot),
        "jurisdiction": partial(organization, by="hohhot_admin", name="示例院"),
        "kind": partial(organization, kind=OrganizationKind.LEAGUE_HR),
        "same": organization,
        "reason": partial(organization, name="示例院", reason=" "),
        "home": partial(account, role=Role.REVIEWER),
        "self": partial(account, of="admin", role=Role.LEADER, organization_id=region),
        "person": partial(account, role=Role.PERSON),
    }.items():
        with pytest.raises(Refused) as found:
            refused()
        assert found.value.code == code
    organization(name="示例市中心医院")
    with db.transaction() as session:
        token = accounts.sign_in(session, "employer", fits=True, now=c.NOW)
    account(organization_id=cast.places["department"].id)
    with db.reading() as session:
        assert accounts.actor_of(session, str(token), c.NOW) is None
        assert session.scalars(sa.select(Person.employer_name)).all() == ["示例市中心医院"]
        told = audit.history(session, cast["admin"], record="account", record_id=cast["employer"].account_id)[0]
    assert json.loads(told["before"][0])["organization"] == "示例市中心医院"
