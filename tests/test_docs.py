"""What README says is true: its policy example works, its commands exist, its picture shows every room."""

import re
from datetime import date

import numpy as np
import pytest

from core import __main__
from core.ground import db
from core.law import notices, rules
from tests.test_floors import FLOORS, shown

README = (db.ROOT / "README.md").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("line", re.findall(r"`python -m core ([a-z][a-z ]*)", README))
def test_every_command_in_the_readme_exists(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        __main__.main([*line.split(), "--help"])
    assert left.value.code == 0
    assert "usage" in capsys.readouterr().out


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
    there = {path.stem for path in (db.ROOT / folder).glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in (db.ROOT / folder).glob("*/__init__.py")}
    assert rooms(folder) == sorted(there)


def test_the_guide_to_the_house_is_short_and_names_what_exists() -> None:
    guide = (db.ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    assert len(guide.splitlines()) <= 60
    for path in re.findall(r"`((?:core|web|routes|pages|tests|data|migrations)/[a-z_/]*(?:\.[a-z]+)?)`", guide):
        assert (db.ROOT / path).exists(), path
