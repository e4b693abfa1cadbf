"""What README says is true: its policy example works, its commands exist, its picture shows every room."""

import re
from datetime import date

import numpy as np
import pytest

from core import __main__
from core.ground import db
from core.law import notices, rules

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
        facts = rules.Applicant("女", born_on, year=2027, route="职称评审", level="初级", non_public=assertion)
        hours = np.array([[[3000], [studied * 100]]], np.int32)
        decided = rules.decide(rule, rules.columns([facts]), rules.Balances(hours, hours < 0))
        outcomes.append(rules.OUTCOMES[int(decided.outcome[0])].label)
    assert outcomes == ["不符合", "符合", "符合"]
    assert {waiver.name for waiver in rule.waivers} == {waiver.name for waiver in notices.in_force(2024).waivers}


@pytest.mark.parametrize("line", re.findall(r"`python -m core ([a-z][a-z ]*)", README))
def test_every_command_in_the_readme_exists(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        __main__.main([*line.split(), "--help"])
    assert left.value.code == 0
    assert "usage" in capsys.readouterr().out


def test_the_house_shows_every_room() -> None:
    (house,) = re.findall(r"## The house\n(.*?)\n## ", README, re.DOTALL)
    words = set(re.findall(r"[a-z_]+", house))
    rooms = {path.stem for folder in ("core", "pages", "web") for path in (db.ROOT / folder).glob("*.py")}
    assert rooms - {"__init__"} <= words | {"__main__"}
