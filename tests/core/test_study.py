"""A year of study: an employer nominates, the league ranks within its places, the region selects, nothing by code."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.ground import db
from core.ground.access import Refused
from core.law import notices
from core.models import Nomination, State
from core.quotas import targets
from core.submissions import workflow
from core.submissions.programmes import nomination_table, selection, study
from core.submissions.workflow import Action
from core.tables import reader, sheets
from core.trail import audit
from tests import cast as c
from tests import ready

HEALTH, SPECIAL = "grassroots_health", "special_training"
SCHOOL = "示例旗蒙古族中学"


def _office() -> c.Cast:
    """Four people of the region's hospital and four of a school in 呼和浩特 on file; odd and even serials by turns."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(serial) for serial in range(1, 5)]))
    rows = [c.row(serial, employer=SCHOOL) for serial in range(11, 15)]
    c.posted(cast, c.sheet(rows), by="hohhot_base", reviewer="hohhot_reviewer")
    return cast


@pytest.fixture
def cast(office: object) -> c.Cast:
    return ready.office(_office)


def school(cast: c.Cast, serial: int, **changes: Any) -> Nomination:
    return c.nominate(cast, serial, by="hohhot_employer", **changes)


def move(
    cast: c.Cast, nomination_id: int, action: Action, by: str, reason: str = "条件符合", now: Any = c.AFTER
) -> str:
    with db.transaction() as session:
        version = workflow.one(session, nomination_id, cast[by]).version
        act: Any = {"version": version, "actor": cast[by], "reason": reason, "now": c.AFTER}
        return workflow.move(session, nomination_id, action, **act)[1].words


def rank(cast: c.Cast, nomination_id: int, number: int, by: str = "hohhot_reviewer") -> None:
    with db.transaction() as session:
        version = workflow.one(session, nomination_id, cast[by]).version
        selection.rank(session, nomination_id, number, version=version, actor=cast[by], now=c.AFTER)


def hand_on(cast: c.Cast, nomination_id: int, number: int) -> None:
    rank(cast, nomination_id, number)
    move(cast, nomination_id, Action.APPROVE, "hohhot_reviewer", "同意推荐")


def select(cast: c.Cast, nomination_id: int, reserve: int | None = None, now: Any = c.AFTER) -> str:
    with db.transaction() as session:
        version = workflow.one(session, nomination_id, cast["reviewer"]).version
        act: Any = {"actor": cast["reviewer"], "now": now}
        found = selection.reserve(session, nomination_id, reserve, version=version, **act)
        return workflow.move(
            session, nomination_id, Action.APPROVE, version=found.version, reason="综合条件靠前", **act
        )[1].words


def split(cast: c.Cast, programme: str, version: int = 0, **given: int) -> None:
    """Publish the programme's target and what of it each office is given, by its short name."""
    with db.transaction() as session:
        shares = {cast.places[name].id: people for name, people in given.items()}
        act: Any = {"reason": "按各地需求分配", "actor": cast["reviewer"], "now": c.AFTER}
        targets.publish(session, programme, 2024, targets.Split(40, None, shares), version=version, **act)


def warned(cast: c.Cast, nomination_id: int, by: str = "reviewer") -> list[str]:
    with db.reading() as session:
        return [each.code for each in workflow.warnings(session, nomination_id, cast[by])]


def fresh(nomination_id: int) -> Nomination:
    with db.reading() as session:
        return session.get_one(Nomination, nomination_id)


def listed(cast: c.Cast, by: str, programme: str = SPECIAL) -> list[tuple[str, Any, str]]:
    with db.reading() as session:
        frame = selection.nominations(session, cast[by], programme, 2024)
    return [(row.name, row.rank, row.status) for row in frame.itertuples()]


# --- nominating -------------------------------------------------------------------------------------------------------


def test_a_league_ranks_what_its_employer_nominates_and_the_region_selects(cast: c.Cast) -> None:
    nomination = school(cast, 11)
    assert fresh(nomination.id).decider_id == cast.places["hohhot"].id
    assert c.refusal(lambda s: approving(s, cast, nomination.id, "reviewer")).code == "jurisdiction"
    hand_on(cast, nomination.id, 1)
    waits = fresh(nomination.id)
    assert (waits.stage, waits.decider_id, waits.rank) == (1, cast.places["region"].id, 1)
    assert listed(cast, "reviewer") == [(c.row(11)[1], 1, "待自治区遴选")]
    assert "入选少数民族地区专业技术人才特培计划，已入选1人，计划40人" in select(cast, nomination.id)
    assert fresh(nomination.id).state is State.APPROVED
    with db.reading() as session:
        assert selection.league_opinions(session, [nomination.id]) == {nomination.id: "同意推荐"}


def approving(session: Any, cast: c.Cast, nomination_id: int, by: str) -> Any:
    version = workflow.one(session, nomination_id, cast[by]).version
    act: Any = {"version": version, "actor": cast[by], "reason": "条件符合", "now": c.AFTER}
    return workflow.move(session, nomination_id, Action.APPROVE, **act)


def test_a_region_level_employers_nomination_goes_straight_to_the_region_and_comes_back_there(cast: c.Cast) -> None:
    nomination = c.nominate(cast, 1)
    waits = fresh(nomination.id)
    assert (waits.stage, waits.decider_id) == (1, cast.places["region"].id)
    select(cast, nomination.id)
    move(cast, nomination.id, Action.UNDO, "reviewer")
    again = fresh(nomination.id)
    assert (again.state, again.stage, again.decider_id) == (State.SUBMITTED, 1, cast.places["region"].id)


def test_an_employer_nominates_people_of_its_own_only(cast: c.Cast) -> None:
    def drafting(session: Any) -> Any:
        return study.draft(session, c.person_id(11), c.NOMINATION, actor=cast["employer"], now=c.AFTER)

    assert c.refusal(drafting).code == "missing"
    for by in ("base", "reviewer", "hohhot_reviewer"):
        deed = lambda s, by=by: study.draft(s, c.person_id(11), c.NOMINATION, actor=cast[by], now=c.AFTER)  # noqa: E731
        assert c.refusal(deed).code == "role"


WRONG: dict[str, tuple[str, Any]] = {
    "a programme that is no year of study": ("programme", "capability"),
    "no programme": ("programme", ""),
    "a year long past": ("year", 2020),
    "an education nobody offers": ("education", "博士后"),
    "a title that is to come": ("titled_on", date(2024, 7, 2)),
    "a level without a title": ("post", " "),
    "years that are none": ("grassroots_years", "若干"),
    "a telephone in words": ("phone", "见附件"),
    "no wish": ("host1", ""),
    "an opinion without end": ("opinion", "好" * 1001),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_cannot_be_a_nomination_is_refused_by_its_field(cast: c.Cast, wrong: tuple[str, Any]) -> None:
    fields = replace(c.NOMINATION, **{wrong[0]: wrong[1]})
    deed = lambda s: study.draft(s, c.person_id(1), fields, actor=cast["employer"], now=c.AFTER)  # noqa: E731
    refused = c.refusal(deed)
    assert (refused.code, list(refused.fields)) == ("fields", [wrong[0]])


def test_somebody_is_nominated_for_a_programme_once_a_year(cast: c.Cast) -> None:
    first = c.nominate(cast, 1)
    assert c.refusal(lambda s: _again(s, cast)).code == "twice"
    move(cast, first.id, Action.REJECT, "reviewer", "名额已满")
    assert c.nominate(cast, 1).state is State.SUBMITTED


def _again(session: Any, cast: c.Cast) -> None:
    made = study.draft(session, c.person_id(1), c.NOMINATION, actor=cast["employer"], now=c.AFTER)
    workflow.move(session, made.id, Action.SUBMIT, version=made.version, actor=cast["employer"], now=c.AFTER)


# --- ranking ----------------------------------------------------------------------------------------------------------


def test_nothing_is_handed_on_unranked_and_no_rank_is_given_twice(cast: c.Cast) -> None:
    first, second = school(cast, 11), school(cast, 12)
    assert c.refusal(lambda s: approving(s, cast, first.id, "hohhot_reviewer")).code == "rank"
    rank(cast, first.id, 1)
    act: Any = {"version": second.version, "actor": cast["hohhot_reviewer"], "now": c.AFTER}
    assert c.refusal(lambda s: selection.rank(s, second.id, 1, **act)).code == "rank"
    for number in (0, -1, 1000, True, "2"):
        assert c.refusal(lambda s, n=number: selection.rank(s, second.id, n, **act)).code in ("rank", "type")  # type: ignore[misc]
    other: Any = act | {"actor": cast["baotou_reviewer"]}
    assert c.refusal(lambda s: selection.rank(s, second.id, 2, **other)).code == "missing"
    assert c.refusal(lambda s: selection.rank(s, second.id, 2, **act | {"actor": cast["hohhot_admin"]})).code == "role"
    rank(cast, second.id, 2)
    assert [line[1] for line in listed(cast, "hohhot_reviewer")] == [1, 2]
    assert listed(cast, "baotou_reviewer") == []


def test_two_reviewers_at_once_rank_one_nomination_once(cast: c.Cast) -> None:
    nomination = school(cast, 11)
    seen = nomination.version
    rank(cast, nomination.id, 1)
    act: Any = {"version": seen, "actor": cast["hohhot_reviewer"], "now": c.AFTER}
    assert c.refusal(lambda s: selection.rank(s, nomination.id, 2, **act)).code == "stale"


def test_two_reviewers_at_once_select_one_nomination_once(cast: c.Cast) -> None:
    nomination = c.nominate(cast, 1)
    seen = nomination.version
    select(cast, nomination.id)
    act: Any = {"version": seen, "actor": cast["reviewer2"], "now": c.AFTER}
    assert c.refusal(lambda s: selection.reserve(s, nomination.id, 1, **act)).code == "stale"
    again = lambda s: workflow.move(s, nomination.id, Action.REJECT, reason="名额已满", **act)  # noqa: E731
    assert c.refusal(again).code == "stale"


def test_a_league_hands_on_as_many_as_it_has_places_and_any_number_where_none_were_entered(cast: c.Cast) -> None:
    first, second, third = (school(cast, serial) for serial in (11, 12, 13))
    hand_on(cast, first.id, 1)
    split(cast, SPECIAL, hohhot=1, baotou=5)
    rank(cast, second.id, 2)
    refused = c.refusal(lambda s: approving(s, cast, second.id, "hohhot_reviewer"))
    assert refused.code == "places"
    assert "名额为1人，本件是第2人" in refused.words
    split(cast, SPECIAL, 2, hohhot=2)
    move(cast, second.id, Action.APPROVE, "hohhot_reviewer")
    hand_on_refused = lambda s: approving(s, cast, third.id, "hohhot_reviewer")  # noqa: E731
    rank(cast, third.id, 3)
    assert c.refusal(hand_on_refused).code == "places"
    move(cast, first.id, Action.REJECT, "reviewer", "条件不足")  # whoever was not selected leaves the place free
    move(cast, third.id, Action.APPROVE, "hohhot_reviewer")


def table(*rows: list[Any], headings: tuple[str, ...] = ("姓名", "身份证号", "排名")) -> bytes:
    return sheets.workbook(headings, rows)


def by_table(cast: c.Cast, content: bytes, by: str = "hohhot_reviewer") -> tuple[int, list[tuple[int, str, str]]]:
    with db.transaction() as session:
        act: Any = {"actor": cast[by], "now": c.AFTER}
        done, found = nomination_table.rank_by(session, content, "汇总表.xlsx", SPECIAL, 2024, **act)
    return done, [(each.row, each.column, each.code) for each in found.problems]


def test_the_leagues_own_table_ranks_its_nominations_and_names_what_is_wrong_row_by_row(cast: c.Cast) -> None:
    first, second, third = (school(cast, serial) for serial in (11, 12, 13))
    hand_on(cast, third.id, 3)
    rank(cast, first.id, 1)
    names = {serial: c.row(serial)[1] for serial in (1, 11, 12, 13)}
    content = table(
        [names[12], c.id_number(12), 1],  # changes places with the one that had it
        [names[11], c.id_number(11), 2],
        [names[13], c.id_number(13), 4],  # handed on already
        [names[1], c.id_number(1), 5],  # the region's
        [names[12], c.id_number(12)[:-1], 6],
        [names[12], c.id_number(12), "第几"],
    )
    assert by_table(cast, content) == (
        2,
        [
            (4, "id_number", "nobody"),
            (5, "id_number", "nobody"),
            (6, "id_number", "id_number-id-length"),
            (7, "rank", "rank-form"),
        ],
    )
    assert [fresh(each.id).rank for each in (first, second, third)] == [2, 1, 3]
    assert by_table(cast, table([names[12], c.id_number(11), 3], [names[12], c.id_number(12), 3])) == (
        0,
        [(2, "name", "name"), (3, "rank", "rank-twice")],
    )
    assert c.refusal(lambda s: _by(s, cast, content, "reviewer")).code == "jurisdiction"
    assert c.refusal(lambda s: _by(s, cast, content, "hohhot_admin")).code == "role"


def _by(session: Any, cast: c.Cast, content: bytes, by: str) -> None:
    nomination_table.rank_by(session, content, "汇总表.xlsx", SPECIAL, 2024, actor=cast[by], now=c.AFTER)


def test_the_summary_table_has_full_numbers_as_text_for_the_reviewing_office_alone_and_comes_back_in(
    cast: c.Cast,
) -> None:
    hand_on(cast, school(cast, 11).id, 1)
    c.nominate(cast, 1)
    second = school(cast, 12)

    def taking(by: str) -> Any:
        return lambda s: nomination_table.workbook(s, SPECIAL, 2024, actor=cast[by], now=c.AFTER)

    for by in ("leader", "employer", "hohhot_admin"):
        assert c.refusal(taking(by)).code == "role"
    with db.transaction() as session:
        mine, all_ = taking("hohhot_reviewer")(session), taking("reviewer")(session)
    (sheet,) = reader.read(mine)
    assert [column[0] for column in sheet.columns] == list(nomination_table.HEADINGS.values())
    assert sheet.columns[5][1:] == [c.id_number(11), c.id_number(12)]
    assert len(reader.read(all_)[0].columns[0]) == 4
    with db.reading() as session:
        lines, _ = audit.history(session, cast["hohhot_admin"], event=nomination_table.Event.TAKEN)
        assert (len(lines), c.id_number(11) in lines.iloc[0]["after"]) == (1, False)
    filled = mine  # the one that waits has no rank yet: asked about, and nothing else is lost
    assert by_table(cast, filled)[1][-1] == (3, "rank", "rank-form")
    assert fresh(second.id).rank is None


# --- what is worth a look ---------------------------------------------------------------------------------------------


def test_the_age_and_the_title_are_asked_of_the_programme_whose_clause_says_so(cast: c.Cast) -> None:
    with db.transaction() as session:
        person = session.get_one(c.Person, c.person_id(1))
        person.birth_on = date(1978, 12, 31)  # 46 on the last day of the year
    old = c.nominate(cast, 1)
    assert warned(cast, old.id) == ["age"]
    with db.transaction() as session:
        session.get_one(c.Person, c.person_id(1)).birth_on = date(1979, 1, 1)  # 45
    assert warned(cast, old.id) == []
    assert warned(cast, c.nominate(cast, 2, level="初级", post="医师").id) == ["level"]
    assert warned(cast, c.nominate(cast, 3, level="高级", post="副主任医师").id) == []
    with db.transaction() as session:
        session.get_one(c.Person, c.person_id(4)).birth_on = date(1960, 1, 1)
    assert warned(cast, c.nominate(cast, 4, programme=HEALTH, level="无", post="").id) == []


def test_no_setting_is_asked_where_the_notice_has_none(cast: c.Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    nomination = c.nominate(cast, 1, level="无", post="")
    assert warned(cast, nomination.id) == ["level"]
    silent = notices.in_force(date(2024, 12, 31), None).model_copy(update={"interpretations": ()})
    monkeypatch.setattr(notices, "in_force", lambda *_: silent)
    assert warned(cast, nomination.id) == []


def test_two_programmes_at_once_are_told_and_one_person_is_selected_for_one(cast: c.Cast) -> None:
    special, health = c.nominate(cast, 1), c.nominate(cast, 1, programme=HEALTH)
    assert warned(cast, special.id) == warned(cast, health.id) == ["two-programmes"]
    select(cast, special.id)
    assert c.refusal(lambda s: approving(s, cast, health.id, "reviewer")).code == "twice"
    select(cast, health.id, reserve=1)
    assert warned(cast, c.nominate(cast, 2).id) == []


def test_whoever_was_selected_in_an_earlier_year_is_told(cast: c.Cast) -> None:
    earlier = c.nominate(cast, 1)
    later = c.AFTER + timedelta(days=300)
    again = c.nominate(cast, 1, year=2025, now=later)
    assert warned(cast, again.id) == []
    select(cast, earlier.id)
    assert warned(cast, again.id) == ["earlier"]


def test_the_regions_own_units_are_told_beyond_their_places(cast: c.Cast) -> None:
    split(cast, SPECIAL, region=1)
    first, second = c.nominate(cast, 1), c.nominate(cast, 2)
    select(cast, first.id)
    assert warned(cast, second.id) == ["places"]


def test_a_person_who_has_left_the_employer_is_not_selected(cast: c.Cast) -> None:
    nomination = c.nominate(cast, 1)
    with db.transaction() as session:
        session.get_one(c.Person, c.person_id(1)).employer_id = cast.places["hohhot_school"].id
    assert c.refusal(lambda s: approving(s, cast, nomination.id, "reviewer")).code == "jurisdiction"


def test_the_person_sees_the_own_nomination_and_another_employer_does_not(cast: c.Cast) -> None:
    nomination = c.nominate(cast, 1)
    c.give_account(cast, 1, "person")
    c.give_account(cast, 2, "colleague")
    with db.reading() as session:
        assert study.one(session, nomination.id, cast["person"]).id == nomination.id
        for other in ("colleague", "hohhot_employer", "hohhot_reviewer", "base"):
            with pytest.raises(Refused, match="missing"):
                study.one(session, nomination.id, cast[other])
