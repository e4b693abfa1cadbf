"""The command line: what scripts of other offices rely on - exit codes, tabs, files."""

import csv
import importlib
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from core import models
from core.__main__ import main
from core.cli import console
from core.ground import db
from core.ground.access import Role
from core.law import notices
from core.people import accounts, passwords, setup
from core.records import imports
from core.trail import audit
from tests import cast as c


def written(path: Path, rows: list[list[object]]) -> str:
    path.write_bytes(c.sheet(rows))
    return str(path)


def test_init_makes_an_office_out_of_nothing_and_may_be_repeated(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        assert main(["init", "--schema"]) == 0
        with db.reading() as session:
            assert not setup.is_open(session)
        for _ in range(2):
            assert main(["init"]) == 0
        assert {"office.db", "secret.key"} <= {path.name for path in home.iterdir()}
        with db.reading() as session:
            assert db.faults(session, models.append_only_tables()) == []
            assert setup.is_open(session)
            assert accounts.none_yet(session)
        said = capsys.readouterr()
        assert said.out == ""
        assert "database ready" in said.err
        assert main(["check"]) == 0
        hours = [[c.id_number(1), "赵示一", 2023, "专业", 60, "培训", "证书", "2023-06-28"]]
        (tmp_path / "学时.xlsx").write_bytes(c.sheet(hours, tuple(imports.HEADINGS.values())[:8]))
        assert main(["credits", "import", str(tmp_path / "学时.xlsx")]) == 0
        applied = [["赵示一", c.id_number(1), 2024, "职称评审", "初级"]]
        headings = ("姓名", "身份证号", "申报年度", "申报方式", "申报级别")
        (tmp_path / "申报.xlsx").write_bytes(c.sheet(applied, headings))
        assert main(["eligibility", str(tmp_path / "申报.xlsx"), "--out", str(tmp_path / "结论.csv")]) == 0
        assert "不符合" in (tmp_path / "结论.csv").read_text(encoding="utf-8-sig")
    finally:
        db.engine().dispose()
        db.close()


LEAGUE = (["init"], "呼和浩特市", "呼和浩特市人力资源和社会保障局")
REGION = (["init", "--schema"], "自治区", "内蒙古自治区人力资源和社会保障厅")


@pytest.mark.parametrize(
    ("database", "before", "given", "office"),
    [("sqlite", *LEAGUE), ("sqlite", *REGION), ("postgresql", *LEAGUE)],
    indirect=["database"],
)
def test_an_office_is_opened_without_a_browser_and_its_first_password_is_said_once(
    before: list[str], given: str, office: str, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = console.now()  # as the command has it
    assert main(before) == 0
    for arguments, words in (
        (["--office", given], "--admin"),
        (["--office", "呼和", "--admin", "wang"], "呼和浩特市"),
        (["--office", given, "--admin", "王"], "用户名"),
    ):
        capsys.readouterr()
        assert main(["init", *arguments]) == 2
        said = capsys.readouterr()
        assert (said.out, words in said.err) == ("", True)
    assert main(["init", "--office", given, "--admin", "wang"]) == 0
    password, now = capsys.readouterr().out.strip(), datetime.now(UTC)
    with db.transaction() as session:
        hashed = accounts.may_try(session, "wang", address=None, now=now)
        token = accounts.sign_in(session, "wang", fits=passwords.fits(password, str(hashed)), now=now)
    with db.reading() as session:
        actor = accounts.actor_of(session, str(token), now)
    assert actor is not None
    assert main(["account", "reset", "nobody"]) == 2
    assert capsys.readouterr().out == ""
    assert main(["account", "reset", "Wang"]) == 0
    fresh = capsys.readouterr().out.strip()
    with db.transaction() as session:
        assert accounts.actor_of(session, str(token), now) is None
        hashed = accounts.may_try(session, "wang", address=None, now=now)
        assert passwords.fits(fresh, str(hashed))
        assert not passwords.fits(password, str(hashed))
    assert (actor.role, actor.organization_name, actor.must_change_password) == (Role.ADMIN, office, True)
    assert main(["init", "--office", given, "--admin", "li"]) == 2
    assert main(["init", "--demo"]) == 0  # left as it is
    said = capsys.readouterr()
    assert (said.out, "已有账号" in said.err, "left as it is" in said.err) == ("", True, True)
    assert main(["check"]) == 0


@pytest.mark.parametrize("both", [["--demo", "--office", "自治区"], ["--demo", "--schema"]])
def test_init_takes_one_kind_of_office(both: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["init", *both])
    assert caught.value.code == 2


def test_init_never_shows_the_databases_password(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    try:
        assert main(["init"]) == 0
        password = db.engine().url.password
        said = "".join(capsys.readouterr())
        assert not password or f":{password}@" not in said
    finally:
        db.engine().dispose()
        db.close()


def test_check_is_silent_and_0_while_everything_stands_and_1_with_names_otherwise(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET hours = hours + 100")
    assert main(["check"]) == 1
    assert capsys.readouterr().out == f"total of person {c.person_id(1)}, 2024 is not the sum of its entries\n"
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET hours = hours - 100")
    c.behind_our_back("audit_entry", "UPDATE audit_entry SET reason = 'x' WHERE id = 3")
    assert main(["check"]) == 1
    assert capsys.readouterr().out.startswith("audit line 3 was altered")
    with db.engine().begin() as connection:
        on = " ON card" if database == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER card_no_delete{on}")
    assert main(["check"]) == 1
    said = capsys.readouterr()
    guard, line = said.out.splitlines()
    assert guard.startswith("guard card_no_delete is missing")
    assert guard.endswith(f"{db.command('init')} puts it back")
    assert line.startswith("audit line 3 was altered")
    assert said.err.startswith("faults: 2; keep a copy of the database")


def test_check_names_every_row_that_was_altered_while_its_guard_was_off_and_init_puts_the_guard_back(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2), c.row(3)]))
    c.posted(cast, c.sheet([c.row(4)]), title="第二期")
    with db.engine().begin() as connection:
        on = " ON credit_entry" if database == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER credit_entry_no_update{on}")
        connection.exec_driver_sql("UPDATE credit_entry SET hours = 9900 WHERE line <> 2")
    assert main(["check"]) == 1
    altered = [
        f"credit batch {batch} line {line} (person {c.person_id(serial)}, 2024) was altered"
        for batch, line, serial in ((1, 1, 1), (1, 3, 3), (2, 1, 4))
    ]
    totals = [f"total of person {c.person_id(serial)}, 2024 is not the sum of its entries" for serial in (1, 3, 4)]
    guard, *rest = capsys.readouterr().out.splitlines()
    assert guard.startswith("guard credit_entry_no_update is missing")
    assert rest == altered + totals
    assert main(["totals"]) == 1
    said = capsys.readouterr().err
    assert f"the entries were altered, so no rebuild: {altered[0]}" in said
    assert "--rebuild" not in said
    assert main(["init"]) == 0
    capsys.readouterr()
    assert main(["check"]) == 1
    assert capsys.readouterr().out.splitlines() == rest


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_read_at_all_hides_nothing_else(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    c.behind_our_back("audit_entry", "UPDATE audit_entry SET reason = CAST(x'ff' AS TEXT) WHERE id = 3")
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET source = 'zzz'")
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET source = 'yyy'")
    assert main(["check"]) == 1
    row, total, trail = capsys.readouterr().out.splitlines()
    assert row == f"credit batch 1 line 1 (person {c.person_id(1)}, 2024) was altered"
    assert total == f"total of person {c.person_id(1)}, 2024 is not the sum of its entries"
    assert trail.startswith("the audit trail cannot be read: ")
    assert main(["totals"]) == 1
    assert f"{c.person_id(1)}\t2024\tprofessional\tyyy\t24\t-" in capsys.readouterr().out.splitlines()


def test_totals_lists_what_differs_and_puts_it_right(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    assert main(["totals"]) == 0
    assert capsys.readouterr().out == ""
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET hours = hours + 50")
    line = f"{c.person_id(1)}\t2024\tprofessional\t培训\t24.5\t24\n"
    assert main(["totals"]) == 1
    assert capsys.readouterr().out == line
    assert main(["totals", "--rebuild", "--reason", "核对"]) == 0
    assert capsys.readouterr().out == line
    assert main(["totals"]) == 0
    assert main(["check"]) == 0
    capsys.readouterr()
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET hours = 900")
    assert main(["totals", "--rebuild"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "credit batch 1 line 1" in said.err


def test_check_of_a_place_without_a_database_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(["check"]) == 1
        assert f"请先执行 {db.command('init')}" in capsys.readouterr().out
    finally:
        db.engine().dispose()
        db.close()


def test_a_clean_roster_is_0_and_says_nothing_on_stdout(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "花名册.xlsx", [c.row(1), c.row(2)])
    assert main(["roster", "check", path]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "2人，0行有错误，错误0处，提示0处\n")
    assert list(home.iterdir()) == []  # needs no office at all


def test_the_problems_of_a_roster_are_1_and_lines_with_tabs(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [c.row(1), c.row(2, sex="不\t明"), c.row(3, id_number="1.5E+17"), c.row(4, professional_hours="很\n多")]
    path = written(tmp_path / "花名册.xlsx", rows)
    assert main(["roster", "check", path]) == 1
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[:4] for line in lines] == [
        ["4", "性别", "sex-form", "不 明"],
        ["5", "身份证号", "id-ruined", "1.5E+17"],
        ["6", "专业学时", "hours-form", "很 多"],
    ]
    assert all(len(line) == 5 and line[4] for line in lines)


def test_a_roster_with_nothing_but_hints_is_0(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "花名册.xlsx", [c.row(1), c.row(2, employer="")])
    assert main(["roster", "check", path]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("4\t工作单位\temployer-missing\t")
    assert said.err == "2人，0行有错误，错误0处，提示1处\n"


def test_the_problems_of_a_roster_go_into_a_file(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "花名册.xlsx", [c.row(2, sex="=1+1", name="赵示"), c.row(3, id_number="")])
    for name in ("问题.xlsx", "问题.csv", "问题.CSV"):
        out = tmp_path / name
        assert main(["roster", "check", path, "--out", str(out)]) == 1
        if name.endswith("xlsx"):
            page = openpyxl.load_workbook(out).worksheets[0]
            lines = [[cell.value for cell in row] for row in page.iter_rows()]
            assert page["D2"].data_type == "s"
        else:
            lines = list(csv.reader(io.StringIO(out.read_bytes().decode("utf-8-sig"))))
        assert lines[0] == ["行", "列", "代码", "原值", "说明"]
        assert [str(cell) for cell in lines[1][:3]] == ["3", "性别", "sex-form"]
        assert lines[1][3] == ("=1+1" if name.endswith("xlsx") else "'=1+1")
        assert len(lines) == 3
    assert "错误2处" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["没有此文件夹/问题.xlsx", "花名册.xlsx/问题.csv", "文件夹.xlsx"])
def test_a_file_that_cannot_be_written_is_2_and_the_problems_are_still_said(
    home: Path, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "文件夹.xlsx").mkdir()
    path = written(tmp_path / "花名册.xlsx", [c.row(1, sex="m")])
    assert main(["roster", "check", path, "--out", str(tmp_path / place)]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("3\t性别\tsex-form\tm\t")
    assert str(tmp_path / place) in said.err
    assert "无法写入" in said.err


@pytest.mark.parametrize("name", ["问题.txt", "问题", "问题.xls", ".csv", ""])
def test_a_file_of_a_kind_we_do_not_write_is_refused_before_anything_is_read(
    home: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["roster", "check", "nothing.xlsx", "--out", str(tmp_path / name)])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert ".xlsx或.csv" in said.err


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", "甲,乙\n1,2\n".encode()])
def test_a_roster_that_cannot_be_read_is_2_and_says_why_on_stderr(
    home: Path,
    tmp_path: Path,
    content: bytes | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "花名册.xlsx"
    if content is not None:
        path.write_bytes(content)
    assert main(["roster", "check", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    with path.open("ab") as file:
        file.truncate(300 * 2**20)  # nothing is written: it is large by its name alone
    monkeypatch.setattr(Path, "read_bytes", None)
    assert main(["roster", "check", str(path)]) == 2
    assert "文件有300MB，超过20MB，没有读取" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["init", "-h"], ["roster", "-h"], ["roster", "check", "-h"], ["credits", "import", "--help"]],
)
def test_help_is_everywhere(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    assert "usage: python -m core" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["roster"], ["roster", "check"], ["nothing"]])
def test_a_command_that_is_none_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_problems_are_never_written_over_the_roster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "花名册.xlsx"
    path.write_bytes(c.sheet([c.row(1)]))
    assert main(["roster", "check", str(path), "--out", str(tmp_path / "花名册.xlsx")]) == 2
    assert "不能写到花名册本身" in capsys.readouterr().err
    assert path.read_bytes() == c.sheet([c.row(1)])


# --- a policy put in force


NOTICE = (
    c.HOHHOT_NOTICE
    + """requirement:
  clause: 补一
  hours: {public: 40, total: 100}
"""
)


def administrators(cast: c.Cast) -> None:
    with db.transaction() as session:
        for username, place in (("admin2", "region"), ("hohhot_admin2", "hohhot"), ("fresh", "region")):
            accounts.open_account(
                session,
                username=username,
                name=username,
                role=Role.ADMIN,
                organization_id=cast.places[place].id,
                password=c.PASSWORD,
                must_change_password=username == "fresh",
                actor=cast["admin"],
                now=c.NOW - timedelta(days=2),
            )


def test_two_administrators_put_a_policy_in_force_from_the_command_line(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    administrators(cast)
    path = tmp_path / "通知.yaml"

    def publish(by: str, second: str, text: str = NOTICE) -> tuple[int, str, str]:
        path.write_text(text, encoding="utf-8")
        code = main(["policy", "publish", str(path), "--by", by, "--and", second, "--reason", "已印发"])
        said = capsys.readouterr()
        return code, said.out, said.err

    before = c.everything()
    for by, second, words in (
        ("admin", "admin", "另一名管理员"),
        ("admin", "nobody", "没有用户名为“nobody”的账号"),
        ("admin", "fresh", "首次登录须先修改密码"),
        ("admin", "hohhot_reviewer", "由管理员办理"),
    ):
        code, out, err = publish(by, second)
        assert (code, out) == (2, "")
        assert words in err
    code, out, _ = publish("admin", "admin2", NOTICE.replace("补一\n", "补二\n"))
    assert (code, out) == (1, "通知.yaml:9: requirement.clause: 通知里没有条款“补二”\n")
    assert c.everything() == before  # what the first of the two did is undone with the rest
    assert publish("hohhot_admin", "hohhot_admin2")[0] == 0
    assert notices.of_year(2024, "呼和浩特市").requirement.hours["public"] == 40
    assert notices.of_year(2024).requirement.hours["public"] == 30
    with db.reading() as session:
        lines, _ = audit.history(session, cast["hohhot_admin"], limit=2)
    assert set(lines["event"]) == {"policy.drafted", "policy.published"}
    assert "已印发" in set(lines["reason"])
    path.write_text("title: 空\n", encoding="utf-8")
    assert main(["check"]) == 0
    (notices.published() / "hohhot-2024.yaml").write_text(NOTICE.replace("hours:", "hour:"), encoding="utf-8")
    capsys.readouterr()
    assert main(["check"]) == 1
    assert capsys.readouterr().out == "policy file hohhot-2024.yaml:10: requirement.hour: 没有这一项，是否为 hours\n"


def test_a_policy_is_put_in_force_in_an_office_only(
    office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "通知.yaml"
    path.write_text(NOTICE, encoding="utf-8")
    assert main(["policy", "publish", str(path), "--by", "a", "--and", "b"]) == 2
    assert "还没有建立" in capsys.readouterr().err


def test_every_command_is_where_the_parser_says_it_is() -> None:
    source = (db.ROOT / "core" / "__main__.py").read_text(encoding="utf-8")
    named = re.findall(r'_deed\("(\w+)\.(\w+)"\)', source)
    assert len(named) > 15
    for module, deed in named:
        assert callable(getattr(importlib.import_module(f"core.cli.{module}"), deed)), (module, deed)
