"""Which notice holds: by day and league, the office's own before shipped ones, and what a faulty file stops."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.ground.access import Refused
from core.law import notices
from tests import cast as c

NOTICE = """
id: {id}
title: 示例通知
document: {document}
issuer: 示例厅
in_force: {{from: {first}, to: {last}}}
clauses: [一]
subjects:
  - {{code: public, name: 公需科目, clause: 一}}
  - {{code: professional, name: 专业科目, clause: 一}}
requirement: {{clause: 一, hours: {{public: {public}, professional: 60}}{changes}}}
windows:
  - {{clause: 一, route: 职称评审, years: 3}}
"""


def put(
    name: str,
    first: str,
    last: str,
    *,
    league: str = "",
    carries: bool | None = None,
    public: int = 20,
    changes: str = "",
    earlier: str = "",
) -> None:
    """A notice of the office's own."""
    text = NOTICE.format(id=name, document=name.upper(), first=first, last=last, public=public, changes=changes)
    settings = {
        "until_next_notice": "" if carries is None else str(carries).lower(),
        "amounts_of_earlier_years": earlier,
    }
    said = [
        f"  - {{setting: {each}, value: {value}, clause: 一, reason: 通知没有写明}}"
        for each, value in settings.items()
        if value
    ]
    text += f"league: {league}\n" * bool(league) + "interpretations:\n" * bool(said) + "\n".join(said)
    c.lay_notice(name, text)


def on(day: str, league: str | None = None) -> str:
    try:
        return notices.in_force(date.fromisoformat(day), league).id
    except Refused as refused:
        return refused.code


def test_an_offices_own_notice_that_covers_a_day_comes_before_shipped_ones(home: Path) -> None:
    put("own-long", "2018-01-01", "2030-12-31")
    assert {on(f"{year}-06-30") for year in (2018, 2022, 2023, 2024, 2026, 2030)} == {"own-long"}
    assert on("2017-12-31") == "policy"
    assert notices.of_year(2024).id == "own-long"


def test_a_leagues_own_notice_comes_before_the_regions_and_holds_there_only(home: Path) -> None:
    put("own-region", "2024-01-01", "2024-12-31")
    put("own-league", "2024-01-01", "2024-06-30", league="乌海市")
    assert on("2024-06-30", "乌海市") == "own-league"
    assert on("2024-07-01", "乌海市") == "own-region"
    assert on("2024-06-30", "通辽市") == on("2024-06-30") == "own-region"
    assert [each.id for each in notices.policies("乌海市")][-2:] == ["own-region", "own-league"]
    assert "own-league" not in [each.id for each in notices.policies()]


@pytest.mark.parametrize(
    ("carries", "day", "found"),
    [
        (True, "2025-01-01", "later"),
        (False, "2025-01-01", "policy"),  # the region's latest says that it ends
        (True, "2024-12-31", "later"),
    ],
)
def test_where_none_covers_a_day_the_latest_before_it_holds_if_it_says_so(
    home: Path, carries: bool, day: str, found: str
) -> None:
    put("later", "2024-03-01", "2024-12-31", carries=carries)
    assert on(day) == found
    assert on("2024-02-28") == "nmg-2024"


def test_a_leagues_notice_that_ends_leaves_the_regions(home: Path) -> None:
    put("ends", "2024-01-01", "2024-12-31", league="乌海市")
    put("stays", "2024-01-01", "2024-12-31", league="通辽市", carries=True)
    put("long-ago", "2020-01-01", "2020-12-31", league="包头市", carries=True)
    assert [on("2025-03-01", league) for league in ("乌海市", "通辽市", "包头市")] == ["nmg-2024", "stays", "nmg-2024"]
    assert on("2021-03-01", "包头市") == "long-ago"
    assert on("2021-03-01") == "policy"


def test_of_two_that_cover_a_day_the_one_that_began_later_holds(home: Path) -> None:
    put("whole", "2024-01-01", "2025-12-31")
    put("mended", "2024-09-01", "2024-12-31")
    assert [on(day) for day in ("2024-08-31", "2024-09-01", "2025-01-01")] == ["whole", "mended", "whole"]


def test_a_year_goes_by_the_notice_of_its_last_day_or_of_its_latest_covered_one(home: Path) -> None:
    put("spring", "2019-01-01", "2019-03-31")
    put("school", "2019-09-01", "2020-08-31", public=24)
    assert notices.of_year(2019).id == "school"
    assert notices.of_year(2020).id == "school"
    assert on("2020-09-01") == "policy"


# --- what earlier years asked for


def public(year: int, seen_from: int, league: str | None = None) -> Decimal:
    return notices.of_year(seen_from, league).requirement.in_year(year)["public"]


def test_earlier_years_are_held_against_their_own_notices(home: Path) -> None:
    put("only-public", "2020-01-01", "2020-12-31", league="锡林郭勒盟", public=25)
    assert (public(2020, 2024, "锡林郭勒盟"), public(2020, 2024), public(2020, 2026, "锡林郭勒盟")) == (25, 30, 25)
    change = next(each for each in notices.of_year(2024, "锡林郭勒盟").requirement.changes if 2020 in each.years)
    assert change.clause == "ONLY-PUBLIC 一"
    assert notices.of_year(2024, "乌海市") is notices.of_year(2024)


def test_a_notice_may_hold_earlier_years_against_itself(home: Path) -> None:
    put("itself", "2024-01-01", "2024-12-31", public=22)
    put("each-its-own", "2024-01-01", "2024-12-31", league="乌海市", public=22, earlier="own_year")
    assert (public(2022, 2024), public(2022, 2024, "乌海市")) == (22, 30)
    assert public(2021, 2024, "乌海市") == 22  # no notice of 2021 is on file


def test_a_later_notice_that_names_a_year_changes_it_for_whoever_looks(home: Path) -> None:
    changes = ", changes: [{clause: 一, years: [2022], hours: {public: 5}}]"
    put("amends", "2024-01-01", "2024-12-31", changes=changes, earlier="own_year", carries=True)
    assert [public(2022, seen) for seen in (2024, 2025)] == [5, 5]


# --- faulty files


def test_a_faulty_file_stops_only_what_needs_it(home: Path) -> None:
    put("faulty", "2023-01-01", "2023-12-31")
    path = notices.published() / "faulty.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("years: 3", "years: 三"), encoding="utf-8")
    assert [on(f"{year}-06-30") for year in (2022, 2023, 2024, 2025)] == ["nmg-2022", "policy", "nmg-2024", "nmg-2024"]
    with pytest.raises(Refused, match=r"faulty\.yaml:13"):
        notices.in_force(date(2023, 6, 30))
    (told,) = [each for each in notices.filed() if each.faults]
    assert (told.id, told.own, told.policy) == ("faulty", True, None)


def test_an_orphan_stops_its_league_alone(home: Path) -> None:
    notices.published().mkdir()
    text = "id: orphan\nextends: gone\nleague: 乌海市\nin_force: {from: 2024-01-01, to: 2024-12-31}\n"
    (notices.published() / "orphan.yaml").write_text(text, encoding="utf-8")
    assert (on("2024-06-30"), on("2024-06-30", "通辽市"), on("2024-06-30", "乌海市")) == (
        "nmg-2024",
        "nmg-2024",
        "policy",
    )
    assert on("2022-06-30", "乌海市") == "nmg-2022"


def test_a_file_that_replaces_a_shipped_one_and_cannot_be_read_holds_up_what_that_one_held(home: Path) -> None:
    c.lay_notice("nmg-2024", "- not a notice")
    (notices.published() / "unreadable.yaml").write_bytes(b"\xff\xfe\x00")
    assert (on("2024-06-30"), on("2025-06-30"), on("2022-06-30")) == ("policy", "policy", "nmg-2022")


def test_a_sound_child_of_a_parent_that_lost_a_part_is_named_and_the_parent_holds(home: Path) -> None:
    put("parent", "2024-01-01", "2024-12-31")
    child = "id: child\nextends: parent\nleague: 乌海市\nmakeup: {years_back: 2}\n"
    (notices.published() / "child.yaml").write_text(child, encoding="utf-8")
    assert (on("2024-06-30"), on("2024-06-30", "乌海市")) == ("parent", "policy")


@pytest.mark.parametrize("spoil", ["x: [", "\tx: 1"])
def test_a_file_that_is_no_yaml_any_more_still_stops_its_league_and_days(home: Path, spoil: str) -> None:
    put("torn", "2024-01-01", "2024-12-31", league="乌海市")
    path = notices.published() / "torn.yaml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n{spoil}\n", encoding="utf-8")
    assert [on("2024-06-30", league) for league in ("乌海市", "通辽市", None)] == ["policy", "nmg-2024", "nmg-2024"]
    assert on("2022-06-30", "乌海市") == "nmg-2022"


def test_a_misspelt_league_stops_that_league_alone(home: Path) -> None:
    put("slip", "2024-01-01", "2024-12-31", league="乌海市")
    path = notices.published() / "slip.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("league:", "leage:"), encoding="utf-8")
    assert [on("2024-06-30", league) for league in ("乌海市", "通辽市")] == ["policy", "nmg-2024"]
