"""Decisions as sentences: the cases of the notice on file and of other offices, and what a silence changes."""

import functools
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.law import cases, notices
from core.law.notices import Policy

GOOD = Path(__file__).resolve().parent.parent / "data" / "policies" / "good"
OFFICES = sorted(GOOD.glob("*.yaml"))
NOTICE = notices.read(notices.FOLDER / "nmg-2024.yaml")
NOTICE_TEXT = (notices.FOLDER / "nmg-2024.yaml").read_text(encoding="utf-8")
CASES = cases.worked_cases(NOTICE)
OTHERS = [
    pytest.param(path, case, id=f"{path.stem}: {case.sentence}")
    for path in OFFICES
    for case in cases.cases(GOOD / "cases" / path.name)
]


read = functools.cache(notices.read)


def office(name: str) -> Policy:
    return read(GOOD / f"{name}.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_the_notice_decides_as_the_lawyer_says(case: cases.Case) -> None:
    assert cases.differences(NOTICE, case) == []


def test_every_rule_of_the_notice_has_a_case_it_decides_and_some_cases_are_for_the_page() -> None:
    answers = [cases.answer(NOTICE, case) for case in CASES]
    assert {waiver.name for waiver in NOTICE.waivers} <= {answer["减免"] for answer in answers}
    cited = {clause for answer in answers for clause in answer["依据"].split(";")}
    assert {rule.clause for rule in (*NOTICE.windows, *NOTICE.waivers, *NOTICE.deemed)} <= cited
    assert len({case.sentence for case in CASES}) == len(CASES)
    assert 10 <= sum(case.show for case in CASES) <= 16


@pytest.mark.parametrize(("path", "case"), OTHERS)
def test_another_offices_notice_decides_as_it_says(path: Path, case: cases.Case) -> None:
    assert cases.differences(read(path), case) == []


def test_a_case_that_is_decided_otherwise_is_told_in_words() -> None:
    case = CASES[0].model_copy(update={"expected": CASES[1].expected})
    assert cases.differences(NOTICE, case) == [
        "结论应为不符合，得到符合",
        "缺口应为2022公需30;2022专业60，得到无",
    ]


@pytest.mark.parametrize(
    ("facts", "hours", "words"),
    [
        ({}, {"2024": {"公共": "30"}}, "没有科目“公共”"),
        ({"学历": "大学"}, {}, "通知里没有“大学”，只能是 中专、大专、本科、硕士、博士"),
        ({"申报级别": "正高"}, {}, "通知里没有“正高”，只能是 初级、中级、高级"),
        ({"单位": "医院"}, {}, "没有申报信息“单位”，这里只能写 学历"),
        ({"转任日期": "2024年"}, {}, "“转任日期”不能写成“2024年”"),
        ({"申报方式": "考核认定"}, {}, "没有适用于此人的申报要求（windows），或者缺少它要看的信息"),
    ],
)
def test_a_case_that_cannot_be_decided_says_in_the_offices_words_why(
    facts: dict[str, str], hours: dict[str, dict[str, str]], words: str
) -> None:
    written = {"性别": "女", "出生日期": "1985-06-15", "申报年度": "2024", "申报方式": "职称评审", "申报级别": "中级"}
    told = {"案例": "一个不能核验的案例", "申报人": written | facts, "学时": hours, "应为": {"结论": "符合"}}
    (said,) = cases.differences(NOTICE, cases.Case.model_validate(told))
    assert said.startswith(f"不能核验：{words}")


def test_a_league_changes_what_it_names_and_keeps_the_rest_of_the_regions_notice() -> None:
    league = office("league")
    assert league.requirement.hours == {"public": 40, "professional": 60, "total": 100}
    assert [league.study_window(name).first for name in ("乌海市", None)] == ["02-01", "01-01"]  # type: ignore[union-attr]
    assert [(window.route, window.level) for window in league.windows[:2]] == [
        ("职称评审", ("中级",)),
        ("职称评审", ("初级",)),
    ]
    assert len(league.waivers) == len(NOTICE.waivers) + 1
    assert league.plan_days_before_start == NOTICE.plan_days_before_start


def test_a_conversion_is_that_of_the_activity_level_and_rank_and_never_more_than_its_cap() -> None:
    table = office("conversions")

    def hours(amount: str, *what: str) -> Decimal | None:
        rule = table.conversion(*what)
        assert rule is not None
        return rule.hours(Decimal(amount))

    assert hours("1", "论文") == 5
    assert hours("1", "论文", "国家级") == 10
    assert hours("1", "论文", "国家级", "第二作者") == 10
    assert hours("2", "论文", "国家级", "第一作者") == 40
    assert hours("1", "论文", "自治区级", "第一作者") == 5
    assert [hours(days, "进修考察") for days in ("5", "6")] == [30, 30]
    assert hours("15", "技能培训") == Decimal("7.5")
    assert hours("15.5", "技能培训") == Decimal("7.5")  # down to the half hour
    assert hours("8", "论坛") is None
    assert table.conversion("读书") is None


@pytest.mark.parametrize(
    ("year", "day", "may"),
    [
        (2021, "2024-03-01", True),
        (2020, "2024-03-01", False),
        (2023, "2024-09-30", True),
        (2023, "2024-10-01", False),
        (2023, "2024-02-29", False),
        (2024, "2024-05-01", False),
    ],
)
def test_make_up_study_reaches_so_many_years_back_in_its_part_of_the_year(year: int, day: str, may: bool) -> None:
    rule = office("conversions")
    assert rule.may_make_up("professional", year, date.fromisoformat(day)) is may
    assert not rule.may_make_up("public", year, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("day", "years"),
    [("2024-01-01", (2022, 2021)), ("2024-06-30", (2022, 2021)), ("2024-07-01", ()), ("2022-06-30", (2021,))],
)
def test_make_up_study_of_named_years_reaches_these_and_no_others(day: str, years: tuple[int, ...]) -> None:
    rule = office("makeup-of-named-years")
    on = date.fromisoformat(day)
    assert tuple(year for year in range(2025, 2015, -1) if rule.may_make_up("professional", year, on)) == years
    assert not any(rule.may_make_up("public", year, on) for year in years)


@pytest.mark.parametrize(
    ("league", "subject", "first", "last"),
    [
        (None, "professional", "02-01", "11-30"),
        ("呼和浩特市", "professional", "01-15", "12-15"),
        ("包头市", "public", "03-01", "10-31"),
        ("呼和浩特市", "public", "03-01", "09-30"),
    ],
)
def test_study_is_open_from_its_first_day_to_its_last_by_league_and_subject(
    league: str | None, subject: str, first: str, last: str
) -> None:
    window = office("study-times").study_window(league, subject)
    assert window is not None
    opens, closes = (date.fromisoformat(f"2024-{day}") for day in (first, last))
    assert window.holds(opens, closes)
    assert not window.holds(opens - timedelta(days=1), closes)
    assert not window.holds(opens, closes + timedelta(days=1))


# --- what a silence changes


def flipped(setting: str, value: str) -> Policy:
    """The notice with one interpretation changed."""
    text, count = re.subn(rf"(setting: {setting}\n    value: ).*", rf"\g<1>{value}", NOTICE_TEXT)
    assert count == 1
    return notices.parse(text)


def case(sentence: str) -> cases.Case:
    return next(each for each in CASES if each.sentence.startswith(sentence))


@pytest.mark.parametrize(
    ("setting", "value", "sentence", "answer"),
    [
        ("include_application_year", "false", "申报高级职称，2021、2022、2023", ("符合", "2021;2022;2023")),
        ("age_on", "01-01", "男，1969年12月31日出生，2024年12月31日满", ("不符合", "2022|2023|2024任一")),
        ("years_counted_from_next", "false", "2023年12月31日转任", ("不符合", "2023;2024")),
        ("years_counted_from_next", "false", "2024年1月1日任现职", ("不符合", "2024")),
        ("transfer_limit", "1", "2022年转任，缺2023年度", ("符合", "2024")),
        ("waiver_window", "4", "男，1974年12月31日出生，满50周岁，2021年度", ("符合", "2021|2022|2023|2024任一")),
    ],
)
def test_a_silence_read_otherwise_is_decided_otherwise(
    setting: str, value: str, sentence: str, answer: tuple[str, str]
) -> None:
    assert cases.differences(NOTICE, case(sentence)) == []
    given = cases.answer(flipped(setting, value), case(sentence))
    assert (given["结论"], given["需完成年度"]) == answer


def test_the_silences_of_plans_and_make_up_are_read_too() -> None:
    assert flipped("hours_per_day", "6").hours_per_day == 6
    assert flipped("makeup_years", "4").makeup_years == 4
    assert flipped("until_next_notice", "false").setting("until_next_notice") is False


@pytest.mark.parametrize("path", sorted(notices.FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_number_stands_both_in_a_rule_and_in_the_silence_it_comes_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "years_back:" not in text
    assert not re.search(r"fact: years_since_transfer\n\s+at_most", text)


def test_the_notice_of_2022_claims_nothing_that_is_not_known() -> None:
    known = notices.read(notices.FOLDER / "nmg-2022.yaml")
    given = known.model_fields_set
    assert given == {
        *("id", "title", "document", "issuer", "in_force", "clauses", "subjects", "requirement", "interpretations"),
        "silent_on",
        *(set() if known.issued_on is None else {"issued_on"}),
    }
    assert [given.setting for given in known.interpretations] == ["until_next_notice"]
    assert not any(subject.providers for subject in known.subjects)
