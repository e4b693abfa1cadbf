"""The policy language: every fault by name and line, all at once; extension; the command that checks a file."""

import copy
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import models
from core.__main__ import main
from core.ground import db
from core.law import cases, notices
from core.people import setup

DATA = Path(__file__).resolve().parent.parent / "data" / "policies"
BAD = sorted((DATA / "bad").glob("*.yaml"))
GOOD = sorted((DATA / "good").glob("*.yaml"))
SHIPPED = sorted(notices.FOLDER.glob("*.yaml"))


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return content.decode("utf-16" if content.startswith(b"\xff\xfe") else "utf-8-sig", "replace")


def expected(path: Path) -> list[tuple[str, int, str]]:
    """The faults a bad file says it has: `# expects: words; words` of its own line, or `# expects FILE:LINE: words`."""
    found = []
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        if said := re.search(r"# expects: (.*)", line):
            found += [(path.name, number, words) for words in said[1].split("; ")]
        elif said := re.match(r"# expects (\S+):(\d+): (.*)", line):
            found.append((said[1], int(said[2]), said[3]))
    return found


def faults(path: Path) -> list[notices.Fault]:
    with pytest.raises(notices.Malformed) as caught:
        notices.read(path)
    return caught.value.faults


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_refused_with_exactly_the_faults_it_has_all_at_once(path: Path) -> None:
    found, wanted = faults(path), expected(path)
    assert wanted
    assert sorted((fault.file, fault.line) for fault in found) == sorted(each[:2] for each in wanted)
    for file, line, words in wanted:
        here = [str(fault) for fault in found if (fault.file, fault.line) == (file, line)]
        assert any(words in each for each in here), f"{file}:{line}: {words} is not in {here}"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_faults_are_told_in_chinese(path: Path) -> None:
    for fault in faults(path):
        assert re.search(r"[一-鿿]", fault.words)
        assert not re.search(r"Input|should|valid|found|expected|while|\{\w+\}", fault.words)


# --- any text whatever


POLICY_TEXT = SHIPPED[-1].read_text(encoding="utf-8")
SIGNS = ("*a", "&a", "[", "]", "{", "}", ":", "- ", "\n", "\t", '"', "?", "~")
WORDS = sorted({*re.findall(r"[\w-]+", POLICY_TEXT), *SIGNS})


def only_malformed(content: str | bytes) -> None:
    found: list[notices.Fault] = []
    try:
        assert notices.parse(content, parents={"nmg-2024": POLICY_TEXT}).digest
    except notices.Malformed as malformed:
        found = malformed.faults or [notices.Fault("", 0, "", "")]
    for fault in found:
        assert fault.line >= 1
        assert str(fault).encode()


@settings(deadline=None)
@given(st.one_of(st.text(), st.binary(), st.lists(st.sampled_from(WORDS)).map(" ".join)))
@example("")
@example("\ufeff")
@example("a: \ud800")
@example(b"\xff\xfe\x00")
@example("? {a: b}\n: c")
@example("<<: {id: x}")
@example("extends: [x]")
@example("extends: {a: b}")
@example('id: "\\U00110000"')
@example("interpretations: [{setting: {a: b}, value: 1}]")
@example("clauses: [{a: b}]\nrequirement: {clause: {a: b}, hours: {public: {}}}")
@example("!!binary x: !!python/object:os.system y")
def test_any_text_is_a_policy_or_malformed_and_never_anything_else(content: str | bytes) -> None:
    only_malformed(content)


POLICY_AS_READ = yaml.load(POLICY_TEXT, yaml.BaseLoader)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_policy_with_any_one_value_replaced_is_a_policy_or_malformed(data: st.DataObject) -> None:
    raw = copy.deepcopy(POLICY_AS_READ)
    part = raw
    while True:
        step = data.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        if not isinstance(part[step], dict | list) or not part[step] or data.draw(st.booleans()):
            break
        part = part[step]
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
        max_leaves=5,
    )
    part[step] = data.draw(anything)
    if data.draw(st.booleans()):
        raw |= {"id": "child", "extends": "nmg-2024"}
    only_malformed(yaml.dump(raw, allow_unicode=True))


@pytest.mark.parametrize("path", [*SHIPPED, *GOOD], ids=lambda path: path.stem)
def test_a_policy_written_out_and_read_again_has_the_same_digest(path: Path) -> None:
    rule = notices.read(path)
    plain = rule.model_dump(mode="json", by_alias=True)
    again = notices.parse(yaml.dump(plain | {"extends": None}, allow_unicode=True))
    assert again.model_copy(update={"extends": rule.extends}).digest == rule.digest


@pytest.mark.parametrize(
    ("name", "year", "total"),
    [
        ("years-that-differ", 2021, 90),
        ("years-that-differ", 2022, 60),
        ("three-subjects", 2024, 80),
        ("share", 2024, 90),
    ],
)
def test_what_a_year_asks_for_in_all(name: str, year: int, total: int) -> None:
    assert notices.read(DATA / "good" / f"{name}.yaml").total_in(year) == total


# --- what is on file


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_policy_on_file_bears_its_id_as_its_name(path: Path) -> None:
    assert notices.read(path).id == path.stem


def test_the_sources_a_policy_can_name_are_those_of_the_ledger() -> None:
    assert set(notices.SOURCES) == {source.label for source in models.Source}


# --- the command


def test_a_sound_file_is_0_and_says_what_it_is_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(notices.FOLDER / "nmg-2024.yaml")]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "nmg-2024: 2024年全区专业技术人员继续教育工作通知, 2024-01-01 to 2024-12-31\n"


def test_a_bad_file_is_1_and_a_line_for_each_fault_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    path = DATA / "bad" / "from-after-to.yaml"
    assert main(["policy", "check", str(path)]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "from-after-to.yaml:6: in_force: 截止日期早于起始日期",
        "from-after-to.yaml:17: study_windows.0: 截止日期早于起始日期",
    ]
    assert said.err == "2 faults\n"


@pytest.mark.parametrize("arguments", [["policy", "--help"], ["policy", "check", "--help"]])
def test_the_command_has_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    assert "usage: python -m core policy" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nothing.yaml", "."])
def test_a_file_that_cannot_be_read_is_2(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(tmp_path / name)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()


def test_parents_are_found_beside_the_file_and_among_those_on_file(tmp_path: Path) -> None:
    shutil.copy(notices.FOLDER / "nmg-2024.yaml", tmp_path / "regional.yaml")
    (tmp_path / "unreadable.yaml").write_bytes(b"\xff\xfe\x00")  # a neighbour's trouble is not the file's
    for parent in ("regional", "nmg-2024"):
        child = tmp_path / "league.yaml"
        child.write_text(f"id: league\nextends: {parent}\nrequirement: {{hours: {{public: 40}}}}\n", encoding="utf-8")
        rule = notices.read(child)
        assert rule.requirement.hours["public"] == Decimal(40)


def test_the_command_needs_no_office(home: Path) -> None:
    path = notices.FOLDER / "nmg-2024.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "core", "policy", "check", str(path)], cwd=db.ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert list(home.iterdir()) == []


# --- what is asked of a file that is to be put in force


LEAGUES = setup.league_names()


def told(capsys: pytest.CaptureFixture[str], path: Path, text: str, command: str = "check") -> tuple[int, list[str]]:
    path.write_text(text, encoding="utf-8")
    code = main(["policy", command, str(path)])
    return code, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("was", "is_now", "words"),
    [
        ("days_before_start: 14", "day_before_start: 14", "没有这一项，是否为 days_before_start"),
        ("makeup: {clause: 七(二), sub", "makeup: {clause: 七(二), back: 2, sub", "没有这一项，是否为 years_back"),
        ("makeup: {clause: 七(二), sub", "makeup: {clause: 七(二), 年: 2, sub", "这里只能写 clause、subject、"),
        ("deemed:", "deemd:", "没有这一项，是否为 deemed"),
        ("name: 女满50周岁免学时", "nme: 女满50周岁免学时", "没有这一项，是否为 name"),
        ("    effect: any_one_year", "    efect: any_one_year", "没有这一项，是否为 effect"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_that_may_stand_there(was: str, is_now: str, words: str) -> None:
    with pytest.raises(notices.Malformed) as caught:
        notices.parse(POLICY_TEXT.replace(was, is_now))
    assert any(words in fault.words for fault in caught.value.faults), caught.value.faults


def test_a_league_there_is_not_is_refused_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "id: league-x\nextends: nmg-2024\nleague: {}\nstudy_windows:\n"
    text += "  - {{clause: 一(一), league: {}, from: 02-01, to: 11-30}}\n"
    path = tmp_path / "league-x.yaml"
    assert told(capsys, path, text.format("锡林郭勒盟", "锡林郭勒盟")) == (0, [])
    assert told(capsys, path, text.format("锡林郭勒", "示例市")) == (
        1,
        [
            "league-x.yaml:3: league: 没有盟市“锡林郭勒”，是否为 锡林郭勒盟",
            f"league-x.yaml:5: study_windows.1.league: 没有盟市“示例市”，只能是 {'、'.join(LEAGUES)}",
        ],
    )


def test_a_file_without_deadlines_or_providers_says_so_or_is_not_put_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (DATA / "good" / "average.yaml").read_text(encoding="utf-8").replace("silent_on:", "# silent_on:")
    path = tmp_path / "average.yaml"
    code, lines = told(capsys, path, text)
    assert code == 1
    assert lines[0].startswith("average.yaml:1: deadlines: 没有写明计划和报告的期限")
    assert re.match(r"average\.yaml:\d+: subjects: 没有写明任何科目由谁组织.*silent_on: \[providers\]", lines[1])
    assert notices.read(path).id == "average"  # what is on file already stays in force
    assert told(capsys, path, text + "silent_on: [deadlines, providers]\n") == (0, [])
    both = POLICY_TEXT + "silent_on: [deadlines]\n"
    assert "已写明" in told(capsys, path, both)[1][0]


@pytest.mark.parametrize(
    ("hours", "refused"),
    [
        ("{public: 0}", True),
        ("{professional: 59.5}", True),
        ("{public: 0, total: 60}", False),
        ("{public: 0, total: 90}", False),
        ("{public: 40}", False),
        ("{public: 20, professional: 70}", False),
    ],
)
def test_a_subject_dropped_while_the_total_stays_is_refused(
    hours: str, refused: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = POLICY_TEXT.replace(
        "total: 90}\n", f"total: 90}}\n  changes:\n    - {{clause: 一(一), years: [2020], hours: {hours}}}\n"
    )
    code, lines = told(capsys, tmp_path / "nmg-x.yaml", text.replace("id: nmg-2024", "id: nmg-x"))
    assert code == int(refused)
    assert [bool(re.search("requirement.changes.0.hours: 改后.*累计仍为90学时", line)) for line in lines] == [
        True
    ] * refused


CASE = """
- 案例: 申报初级职称，当年学时齐全
  申报人: {性别: 女, 出生日期: 1985-06-15, 申报年度: 2024, 申报方式: 职称评审, 申报级别: 初级}
  学时: {2024: 足}
  应为: {结论: 符合, 需完成年度: 2024, 缺口: 无}
- 案例: 申报初级职称，当年没有学习
  申报人: {性别: 女, 出生日期: 1985-06-15, 申报年度: 2024, 申报方式: 职称评审, 申报级别: 初级}
  应为: {结论: 不符合, 缺口: 2024公需30;2024专业60}
"""


def test_the_worked_cases_beside_a_file_are_run_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, beside = tmp_path / "own.yaml", tmp_path / "cases" / "own.yaml"
    text = POLICY_TEXT.replace("id: nmg-2024", "id: own")
    assert told(capsys, path, text) == (0, [])
    assert told(capsys, path, text, "cases") == (2, [])
    beside.parent.mkdir()
    beside.write_text(CASE, encoding="utf-8")
    assert told(capsys, path, text) == (0, [])
    assert told(capsys, path, text, "cases") == (
        0,
        ["通过\t申报初级职称，当年学时齐全", "通过\t申报初级职称，当年没有学习"],
    )
    beside.write_text(CASE.replace("专业60", "专业50"), encoding="utf-8")
    differs = "缺口应为2024公需30;2024专业50，得到2024公需30;2024专业60"
    assert told(capsys, path, text) == (1, [f"cases/own.yaml: 申报初级职称，当年没有学习: {differs}"])
    assert told(capsys, path, text, "cases")[1][1] == f"不同\t申报初级职称，当年没有学习\t{differs}"
    for faulty in (CASE.replace("  应为: {结论: 符合", "  应当: {结论: 符合"), "a: [", "案例"):
        beside.write_text(faulty, encoding="utf-8")
        assert told(capsys, path, text, "cases") == (2, [])
    beside.write_text(CASE.replace("申报方式: 职称评审", "申报方式: 考核认定"), encoding="utf-8")
    code, lines = told(capsys, path, text, "cases")
    assert (code, [line.split("\t")[0] for line in lines]) == (1, ["不同", "不同"])


@pytest.mark.parametrize("path", [*SHIPPED, *GOOD], ids=lambda path: path.stem)
def test_every_file_of_ours_could_be_put_in_force_and_decides_as_its_cases_say(path: Path) -> None:
    policy = notices.read(path, to_publish=True)
    file = cases.file_of(policy, path.parent)
    told = [cases.differences(policy, case) for case in cases.cases(file)] if file else []
    assert not any(told)
    assert told or policy.id == "nmg-2022"


def test_a_subject_of_no_hours_beside_the_total_of_before_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dropped.yaml"
    text = "id: dropped\nextends: nmg-2024\nrequirement: {clause: 一(一), hours: {public: 0, total: TOTAL}}\n"
    path.write_text(text.replace("TOTAL", "60"), encoding="utf-8")
    assert notices.read(path, to_publish=True).total_in(2024) == 60
    path.write_text(text.replace("TOTAL", "90"), encoding="utf-8")
    with pytest.raises(notices.Malformed, match="公需科目没有学时，各科目合计60学时，而累计为90学时"):
        notices.read(path, to_publish=True)
