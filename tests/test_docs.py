"""What README says is true: its policy example works, its commands exist, its picture shows every room."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from core import __main__
from core.ground import db
from core.law import cases, notices, rules
from core.law.notices import language, parsing
from tests.test_floors import FLOORS, shown

README = (db.ROOT / "README.md").read_text(encoding="utf-8")
GOOD = db.ROOT / "tests" / "data" / "policies" / "good"


def example() -> notices.Policy:
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    return notices.parse(text, name="README.md", parents=notices.texts(notices.FOLDER))


def test_the_policy_in_the_readme_asks_for_what_the_text_beside_it_says() -> None:
    rule = example()
    assert rule.requirement.in_year(2027) == {"public": 30, "professional": 70, "total": 100}
    outcomes = []
    for assertion, studied in ((rules.NO, 60), (rules.NO, 70), (rules.CONFIRMED, 0)):
        born_on = date(1985, 5, 1)
        known = {"non_public": True} if assertion == rules.CONFIRMED else {}
        facts = rules.Applicant("女", born_on, 2027, "职称评审", "初级", known)
        hours = np.array([[[3000], [studied * 100]]], np.int32)
        decided = rules.decide(rule, rules.columns([facts]), rules.Balances(hours, hours < 0))
        outcomes.append(rules.OUTCOMES[int(decided.outcome[0])].label)
    assert outcomes == ["不符合", "符合", "符合"]
    assert {waiver.name for waiver in rule.waivers} == {waiver.name for waiver in notices.of_year(2024).waivers}


def test_the_worked_case_in_the_readme_comes_out_as_it_says(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "nmg-2024.yaml"
    path.write_text(text, encoding="utf-8")
    (case,) = cases.cases(path)
    assert cases.differences(notices.read(notices.FOLDER / "nmg-2024.yaml"), case) == []


SAID = re.findall(r"^\| (.+) \| (.*`.*) \| ([a-z0-9-]+) \|$", README, re.MULTILINE)
"""What can be said in a notice: the table's rows."""


@pytest.mark.parametrize(("what", "written", "file"), SAID)
def test_each_thing_the_readme_says_can_be_said_stands_so_in_the_file_beside_it(
    what: str, written: str, file: str
) -> None:
    text = (GOOD / f"{file}.yaml").read_text(encoding="utf-8")
    for snippet in re.findall(r"`([^`]+)`", what + written):
        for key in re.findall(r"([a-z_]+):", snippet):
            assert re.search(rf"\b{key}:", text), f"{file} says nothing of {key}"
        if snippet.startswith("{"):
            assert isinstance(yaml.safe_load(snippet), dict)


def parts(kind: type[language.Part]) -> set[type[language.Part]]:
    return {kind}.union(*map(parts, kind.__subclasses__()))


def test_the_readme_shows_every_word_of_the_language_and_what_it_cannot_say() -> None:
    chapter = README[README.index("## Another notice") : README.index("## Words")]
    shown_there = set(re.findall(r"[a-z_]+", chapter))
    every = {field.alias or name for part in parts(language.Part) for name, field in part.model_fields.items()}
    every |= {*language.SETTINGS, *(fact.type for fact in language.EVERY_NOTICE), "sum", "average", "each_year"}
    every |= {"none_required", "any_one_year", "without_years", "last_years", "day", "item", "word"}
    assert len(SAID) >= 40
    assert every - shown_there == {"note"}
    assert {names[0] for names in parsing._BEYOND} <= shown_there


@pytest.mark.parametrize("line", re.findall(r"`python -m core ([a-z][a-z ]*)", README))
def test_every_command_in_the_readme_exists(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        __main__.main([*line.split(), "--help"])
    assert left.value.code == 0
    assert "usage" in capsys.readouterr().out


def test_every_page_and_word_that_the_readme_sends_a_newcomer_to_is_in_the_product() -> None:
    screens = (db.ROOT / "web" / "screens.py").read_text(encoding="utf-8")
    table = README[README.index("| 步骤 | 谁来办 | 在哪里 |") :].split("\n\n")[0]
    places = [row.split("|")[3] for row in table.splitlines()[2:]]
    named = [
        word.strip() for place in places for word in re.sub("（[^）]*）", "", place).split("、") if "/" not in word
    ]
    assert len(named) >= 20
    assert [word for word in named if f'"{word}"' not in screens] == []
    script = README[README.index("## The five-minute demonstration") : README.index("## The house")]
    assert "docs/demo.md" in script  # one script, which test_demo_script plays, and no second one beside it
    assert not re.search(r"^\d\.", script, re.MULTILINE)
    morning = README[README.index("## 经办人从这里开始") : README.index("![The report a reviewer decides")]
    said = "".join(
        path.read_text(encoding="utf-8") for part in ("core", "web", "pages") for path in (db.ROOT / part).rglob("*.py")
    )
    assert [word for word in re.findall("“([^”]*)”", morning) if word not in said] == []
    assert "满一天" in morning  # the wait that core/people/accounts.py says beforehand


def rooms(name: str) -> list[str]:
    """What the picture shows in a package: the words below its line."""
    (house,) = re.findall(r"```\nrun\.py(.*?)```", README, re.DOTALL)
    (below,) = re.findall(rf"^ *{name}/? .*\n((?: {{16}}.*\n)*)", house, re.MULTILINE)
    return sorted(re.findall(r"[a-z_]+", below))


@pytest.mark.parametrize("package", FLOORS)
def test_the_picture_shows_the_rooms_of_each_package_of_core(package: str) -> None:
    folder = db.ROOT / "core" / package
    if package == "models":  # one room in several files
        assert rooms(package) == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    else:
        assert rooms(package) == sorted(shown(f"core.{package}"))


def test_the_picture_has_the_floors_in_their_order() -> None:
    (house,) = re.findall(r"^core/ .*?^data/", README, re.DOTALL | re.MULTILINE)
    assert re.findall(r"^  ([a-z]+) ", house, re.MULTILINE) == FLOORS[::-1]
    drawn = (db.ROOT / "docs" / "house.svg").read_text(encoding="utf-8")
    assert [word for word in re.findall(r'font-weight="600">([a-z]+)<', drawn) if word in FLOORS] == FLOORS[::-1]


@pytest.mark.parametrize("folder", ["web", "routes", "pages"])
def test_the_picture_shows_the_rooms_above_core(folder: str) -> None:
    there = {path.stem for path in (db.ROOT / folder).glob("*.py")} - {"__init__", "__main__"}
    there |= {path.parent.name for path in (db.ROOT / folder).glob("*/__init__.py")}
    assert rooms(folder) == sorted(there)


def test_the_guide_to_the_house_is_short_and_names_what_exists() -> None:
    guide = (db.ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    assert len(guide.splitlines()) <= 60
    for path in re.findall(r"`((?:core|web|routes|pages|tests|data|migrations)/[a-z_/]*(?:\.[a-z]+)?)`", guide):
        assert (db.ROOT / path).exists(), path


def test_the_table_of_security_is_whole_and_every_test_it_names_exists() -> None:
    text = (db.ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    numbers = [tuple(map(int, number.split("."))) for number, *_ in rows]
    assert numbers == sorted(set(numbers))
    assert len(rows) == 260  # levels 1 and 2 of ASVS 4.0.3
    said: dict[str, int] = {"`": 0, "by design": 0, "n/a": 0, "**not met**": 0}
    for number, *_, proof in rows:
        (how,) = (each for each in said if proof.startswith(each))
        said[how] += 1
        for path, name in re.findall(r"`([^`\s]+)::(\w+)`", proof):
            assert f"def {name}(" in (db.ROOT / "tests" / path).read_text(encoding="utf-8"), (number, name)
    counts = re.search(
        r"Of (\d+)\s+requirements (\d+) have a test, (\d+) stand by design, (\d+) do not apply, and (\d+) are not met",
        text,
    )
    assert counts
    assert [int(count) for count in counts.groups()] == [len(rows), *said.values()]
    assert (db.ROOT / "docs" / "security-office.md").exists()
