"""What applicants state: asked for where the answer hangs on it, to be verified like words, held against the number."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.eligibility import decisions
from core.eligibility.answers import FAULTY
from core.ground import db
from core.law import notices, rules
from tests import cast as c
from tests.core.test_eligibility import WHOLE, answered, batch, cells, person, said, sheet_of

GOOD = Path(__file__).resolve().parent.parent / "data" / "policies" / "good"


def own(name: str) -> None:
    """Lay another office's file beside the office's own."""
    notices.published().mkdir(parents=True, exist_ok=True)
    shutil.copy(GOOD / f"{name}.yaml", notices.published())


# --- asked for only where the answer hangs on it


@pytest.mark.parametrize(
    ("born", "facts", "outcome"),
    [
        (date(1968, 5, 1), {"申报方式": "破格评审"}, ("符合", "无")),
        (date(1985, 5, 1), {"申报方式": "破格评审", "单位性质": "非公有制"}, ("符合", "无")),
        (date(1974, 5, 1), {"申报方式": "破格评审"}, ("符合", "2022|2023|2024任一")),
        (
            date(1985, 5, 1),
            {"申报方式": "考核认定", "博士后资助或省部级项目": "是", "出站留区": "是"},
            ("符合", "无"),
        ),
        (
            date(1985, 5, 1),
            {"申报方式": "考核认定", "博士后资助或省部级项目": "待核验", "出站留区": "是"},
            ("待核验", "无"),
        ),
    ],
)
def test_a_fact_is_not_asked_for_where_a_waiver_makes_up_for_it(
    office: Path, born: date, facts: dict[str, Any], outcome: tuple[str, str]
) -> None:
    cast = c.assemble()
    person(cast, 1, WHOLE[:1], born=born)
    run = answered(cast, cells(1, born, **facts))
    assert run.problems == []
    assert said(run)[:2] == outcome


@pytest.mark.parametrize(
    ("born", "facts", "column"),
    [
        (date(1985, 5, 1), {"申报方式": "破格评审"}, "in_post_since"),
        (date(1974, 5, 1), {"申报方式": "破格评审"}, "in_post_since"),  # any one year would do, and none is complete
        (date(1985, 5, 1), {"申报方式": "考核认定", "博士后资助或省部级项目": "是"}, "recognition_years"),
        (date(1985, 5, 1), {"申报方式": "破格评审", "抗疫年度": "2022"}, "in_post_since"),
    ],
)
def test_a_fact_that_the_answer_hangs_on_is_asked_for(
    office: Path, born: date, facts: dict[str, Any], column: str
) -> None:
    cast = c.assemble()
    person(cast, 1, ((2021, 30, 60),), born=born)
    run = answered(cast, cells(1, born, **facts), cells(2))
    assert [(problem.row, problem.column) for problem in run.problems] == [(2, column)]
    assert list(run.frame["outcome"]) == [FAULTY, "不符合"]
    assert [len(each) for each in run.answered] == [1]  # what cannot be decided is not kept either


# --- to be verified like words


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"申报方式": "破格评审", "任现职日期": "2021-06-01（待核验）"}, ("待核验", "2022;2023;2024")),
        ({"申报方式": "破格评审", "任现职日期": "2021-06-01"}, ("符合", "2022;2023;2024")),
        ({"申报方式": "破格评审", "任现职日期": "2020年（待核验）"}, ("不符合", "2021;2022;2023;2024")),
        ({"申报方式": "考核认定", "认定年限": "3（待核验）"}, ("待核验", "2022;2023;2024")),
        ({"申报方式": "考核认定", "认定年限": "4（待核实）"}, ("不符合", "2021;2022;2023;2024")),
        ({"转任日期": "2024-03-01（待核验）"}, ("符合", "2022;2023;2024")),
    ],
)
def test_dates_and_numbers_can_be_still_to_verify(
    office: Path, facts: dict[str, Any], outcome: tuple[str, str]
) -> None:
    cast = c.assemble()
    person(cast, 1)
    run = answered(cast, cells(1, **facts))
    assert (run.problems, said(run)[:2]) == ([], outcome)
    if outcome[0] == "待核验":
        assert any(word in run.frame["note"][0] for word in ("尚待核验任现职日期", "尚待核验认定年限"))
        assert "待核验" in sheet_of(cast, cells(1, **facts)).ways[0].why


def test_what_is_to_verify_must_still_be_said(office: Path) -> None:
    cast = c.assemble()
    (problem,) = answered(cast, cells(1, 转任日期="待核验")).problems
    assert (problem.column, problem.code) == ("transferred_on", "transferred-on-form")


@pytest.mark.parametrize(("leave", "outcome"), [("否", "符合"), ("", "符合"), ("待核验", "待核验"), ("是", "不符合")])
def test_what_must_not_be_so_is_held_against_what_is_still_to_verify(office: Path, leave: str, outcome: str) -> None:
    cast = c.assemble()
    own("own-facts")  # five papers waive the hours unless the applicant was on leave
    person(cast, 1, WHOLE[:1])
    run = answered(cast, cells(1, 论文篇数=5, 长期病假=leave))
    assert (run.problems, said(run)[0]) == ([], outcome)
    assert ("尚待核验长期病假" in run.frame["note"][0]) == (outcome == "待核验")


def test_years_after_the_application_year_are_told(office: Path) -> None:
    cast = c.assemble()
    (problem,) = answered(cast, cells(1, 抗疫年度="2022;2025")).problems
    assert (problem.column, problem.code) == ("epidemic_years", "date-order")


# --- held against itself


def test_columns_that_contradict_the_number_are_told(office: Path) -> None:
    cast = c.assemble()
    rows = [
        cells(1, 性别="男", 出生日期="1985-03-04"),
        cells(2, 性别="女", 出生日期="1985年3月"),
        cells(4, 性别="男性", 出生日期="19850305"),
        cells(6, 性别="", 出生日期=None),
    ]
    run = answered(cast, *rows)
    told = [(problem.row, problem.column) for problem in run.problems]
    sexes = [("男", "女")[rows[at]["身份证号"][16] in "02468"] for at in range(4)]
    wrong = [(at + 2, "sex") for at, said_ in ((0, "男"), (1, "女"), (2, "男")) if said_ != sexes[at]]
    assert sorted(told) == sorted([*wrong, (4, "birth_on")])
    assert "性别" in run.headings()


def test_one_number_under_two_names_and_one_row_twice_are_told(office: Path) -> None:
    cast = c.assemble()
    run = answered(
        cast, cells(1), cells(1, 姓名="李示例"), cells(2), cells(2), cells(3), cells(3, 申报级别="中级"), cells(4)
    )
    assert [(problem.row, problem.code) for problem in run.problems] == [
        (2, "number-twice"),
        (3, "number-twice"),
        (5, "row-twice"),
    ]
    assert list(run.frame["outcome"] == FAULTY) == [True, True, False, True, False, False, False]
    person(cast, 1)
    run = answered(cast, cells(1, 姓名="李示例"), cells(1))  # the name on file decides
    assert [(problem.row, problem.code) for problem in run.problems] == [(2, "name-known")]
    assert said(run, 1)[0] == "符合"


# --- by the notice of the own league


def test_everybody_is_answered_by_the_notice_of_the_own_league_mixed_in_one_file(office: Path) -> None:
    cast = c.assemble()
    own("league")  # five years for 高级, forty public hours; 2022 and 2023 have their own notice, which asks thirty
    text = (notices.published() / "league.yaml").read_text(encoding="utf-8")
    league = cast.places["hohhot"].name.removesuffix("人力资源和社会保障局")
    (notices.published() / "league.yaml").write_text(text.replace("乌海市", league), encoding="utf-8")
    years = tuple((year, 40, 60) for year in range(2020, 2025))
    person(cast, 1, years)
    person(cast, 2, years, authority="hohhot", employer="某旗医院")
    person(cast, 3, tuple((year, 39.5, 60) for year in range(2020, 2025)), authority="hohhot", employer="某旗医院")
    run = answered(cast, *(cells(serial) for serial in (1, 2, 3)))
    assert [said(run, at)[:3] for at in range(3)] == [
        ("符合", "2022;2023;2024", "无"),
        ("符合", "2020;2021;2022;2023;2024", "无"),
        ("不符合", "2020;2021;2022;2023;2024", "2020公需0.5;2021公需0.5;2024公需0.5"),
    ]
    assert sorted(each.policy.id for each in run.answered) == ["league", "nmg-2024"]
    assert sheet_of(cast, cells(2)).policy.id == "league"


def test_an_own_fact_is_read_under_its_headings_and_kept_with_the_decision(office: Path) -> None:
    cast = c.assemble()
    own("own-facts")
    person(cast, 1, ((2024, 30, 60),))
    with db.transaction() as session:
        run = decisions.decide(
            session,
            batch(cells(1, 学位授予日期="2022-01-01")),
            actor=cast["title"],
            now=c.NOW,
        )
    assert said(run)[:2] == ("符合", "2022|2023|2024任一")
    with db.reading() as session:
        number = int(decisions.decided(session, cast["title"])["number"][0])
        kept = decisions.recorded_sheet(session, number, actor=cast["title"])
    assert kept.facts.facts == {"degree_on": date(2022, 1, 1)}
    assert kept.waiver == "近三年取得学位"


# --- decisions kept long ago


def test_applicants_sealed_before_notices_asked_for_own_facts_are_read_as_they_were() -> None:
    before = {
        "male": np.array([True, False]),
        "born": np.array([19690101, 19850304], np.int32),
        "route": np.array([0, 1], np.int8),
        "level": np.array([2, 1], np.int8),
        "education": np.array([-1, 4], np.int8),
        "non_public": np.array([0, 2], np.int8),
        "front_line": np.array([1, 0], np.int8),
        "postdoc_funded": np.array([0, 0], np.int8),
        "stays_in_region": np.array([0, 0], np.int8),
        "transferred_on": np.array([0, 20210701], np.int32),
        "in_post_since": np.array([0, 20200101], np.int32),
        "recognition_years": np.array([-1, 3], np.int16),
        "epidemic": np.array([0b100, 0b1], np.uint64),
        "epidemic_claim": np.array([rules.NO, rules.ASSERTED], np.int8),
    }
    applicants = decisions._said(before, 2024)
    assert applicants.one(0) == rules.Applicant("男", date(1969, 1, 1), 2024, "职称评审", "高级", {"front_line": True})
    assert applicants.one(1) == rules.Applicant(
        "女",
        date(1985, 3, 4),
        2024,
        "破格评审",
        "中级",
        {
            "education": "博士",
            "non_public": True,
            "transferred_on": date(2021, 7, 1),
            "in_post_since": date(2020, 1, 1),
            "recognition_years": 3,
            "epidemic_years": (2024,),
        },
        frozenset({"non_public", "epidemic_years"}),
    )


# --- hours only from a day on


def written(**changes: str) -> None:
    """The office's own notice of 2024: one year, thirty and sixty, hours as `changes` say."""
    text = (GOOD / "routes.yaml").read_text(encoding="utf-8").replace("id: routes", "id: dated")
    for was, is_now in changes.items():
        text = text.replace({"hours": "professional: 60}}"}[was], is_now)
    c.lay_notice("dated", text)


@pytest.mark.parametrize(
    ("counted_from", "facts", "outcome"),
    [
        ("2024-06-01", {}, ("符合", "无")),  # all were completed on that day
        ("2024-06-02", {}, ("不符合", "2024公需30;2024专业60")),
        ("in_post_since", {"任现职日期": "2024-06-01"}, ("符合", "无")),
        ("in_post_since", {"任现职日期": "2024-06-02"}, ("不符合", "2024公需30;2024专业60")),
        ("in_post_since", {}, ("符合", "无")),
    ],
)
def test_hours_count_from_a_day_on(
    database: str, counted_from: str, facts: dict[str, Any], outcome: tuple[str, str]
) -> None:
    cast = c.assemble()
    written(hours=f"professional: 60}}, counted_from: {counted_from}}}")
    person(cast, 1)
    person(cast, 2, WHOLE[:1])
    other = person(cast, 3)
    run = answered(cast, cells(1, 申报方式="聘任", **facts), cells(2, 申报方式="聘任"), cells(3, 申报方式="聘任"))
    assert (said(run)[0], said(run)[2]) == outcome
    assert said(run, 1)[0] == "不符合"
    assert run.answered[0].person_ids[2] == other
    assert sheet_of(cast, cells(1, 申报方式="聘任", **facts)).gap == outcome[1]
