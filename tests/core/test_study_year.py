"""From selection to the end of the year of study: public notice, objections, placement, milestones, who moves up."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Refused
from core.models import Nomination, Objection, Placement
from core.office import calendar, home, messages
from core.submissions import claims, workflow
from core.submissions.programmes import placements, places, publicity, selection, study
from core.submissions.programmes.placements import Step
from core.submissions.workflow import Action
from core.trail import audit
from tests import cast as c
from tests import ready
from tests.core.test_study import HEALTH, SPECIAL, fresh, move, select
from tests.core.test_study import _office as at_work

ENDED = c.AFTER + timedelta(days=7)
"""The day after the usual notice's last one."""
YEAR = placements.PlacementFields("示例大学附属医院", "影像科", "示例教授", date(2024, 9, 1), date(2025, 8, 31))


def _published() -> c.Cast:
    """Serial 1 is selected, 2 the second reserve, 3 the first; the notice runs."""
    cast = at_work()
    for serial, reserve in ((1, None), (2, 2), (3, 1)):
        select(cast, c.nominate(cast, serial).id, reserve)
    c.publish(cast)
    return cast


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(_published)


def number(serial: int) -> int:
    with db.reading() as session:
        return number_in(session, serial)


def _person(session: Any, serial: int) -> int:
    return session.scalars(sa.select(c.Person.id).where(c.Person.id_index == db.blind_index(c.id_number(serial)))).one()


def concluding(cast: c.Cast, by: str = "reviewer", now: datetime = ENDED) -> Any:
    def deed(session: Any) -> int:
        (notice,) = session.scalars(sa.select(publicity.PublicNotice))
        return publicity.conclude(session, notice.id, version=notice.version, actor=cast[by], now=now)

    return deed


def conclude(cast: c.Cast) -> int:
    with db.transaction() as session:
        return int(concluding(cast)(session))


def objecting(cast: c.Cast, serial: int, by: str = "hohhot_employer", now: datetime = c.AFTER, words: str = "") -> Any:
    act: Any = {"words": words or "基层年限与实际不符", "actor": cast[by], "now": now}
    return lambda session: publicity.object_to(session, number_in(session, serial), **act)


def object_to(cast: c.Cast, serial: int, by: str = "hohhot_employer") -> Objection:
    with db.transaction() as session:
        found: Objection = objecting(cast, serial, by)(session)
        return found


def place(cast: c.Cast, serial: int, now: datetime = ENDED, **changes: Any) -> None:
    with db.transaction() as session:
        act: Any = {"version": 0, "actor": cast["reviewer"], "now": now}
        placements.place(session, _nomination(session, serial).id, replace(YEAR, **changes), **act)


def _nomination(session: Any, serial: int) -> Nomination:
    query = sa.select(Nomination).where(Nomination.person_id == _person(session, serial))
    found: Nomination = session.scalars(query).one()
    return found


def reaching(cast: c.Cast, serial: int, step: Any, on: date, result: str = "", **more: Any) -> Any:
    def deed(session: Any) -> Placement:
        nomination = _nomination(session, serial)
        version = nomination.placement.version if nomination.placement else 0
        act: Any = {"version": version, "actor": cast["reviewer"], "now": c.AFTER + timedelta(days=500)} | more
        return placements.reach(session, nomination.id, step, on=on, result=result, **act)

    return deed


def reach(cast: c.Cast, serial: int, step: Step, on: date, result: str = "", **more: Any) -> None:
    with db.transaction() as session:
        reaching(cast, serial, step, on, result, **more)(session)


def withdrawing(cast: c.Cast, serial: int, on: date = date(2024, 7, 8), reason: str = "本人申请", **more: Any) -> Any:
    def deed(session: Any) -> str:
        nomination = _nomination(session, serial)
        act: Any = {"version": nomination.version, "actor": cast["reviewer"], "now": ENDED} | more
        return placements.withdraw(session, nomination.id, on=on, reason=reason, **act)

    return deed


def status(serial: int) -> str:
    with db.reading() as session:
        return study.status(_nomination(session, serial))


def counted(programme: str = SPECIAL) -> tuple[list[Any], list[Any]]:
    """Who counts as selected, with the day; and how the programme stands, office by office."""
    with db.reading() as session:
        (found,) = [each for each in places.study_programmes(2024) if each.code == programme]
        rows = session.execute(study.done(found, 2024).order_by("key"))
        done = [(row.key, row.on) for row in rows if row.until is None]
        return done, [tuple(row)[1:] for row in session.execute(study.standing(found, 2024, date(2025, 12, 31)))]


def told(cast: c.Cast, by: str) -> list[str]:
    with db.reading() as session:
        return [each.title for each in messages.listing(session, cast[by], now=c.AFTER)[0]]


# --- the public notice ------------------------------------------------------------------------------------------------


@ready.both
def test_everybody_reads_the_notice_while_it_runs_names_and_units_alone(cast: c.Cast) -> None:
    with db.reading() as session:
        (notice,) = publicity.running(session, db.office_day(c.AFTER))
        for by in ("base", "hohhot_employer", "baotou_reviewer"):
            lines = publicity.shown(session, notice.id, cast[by], now=c.AFTER)
            assert [(each.name, each.employer, each.outcome) for each in lines] == [
                (c.row(1)[1], "示例市第一医院", "入选"),
                (c.row(3)[1], "示例市第一医院", "备选第1位"),
                (c.row(2)[1], "示例市第一医院", "备选第2位"),
            ]
        assert publicity.running(session, db.office_day(ENDED)) == []
        with pytest.raises(Refused, match="missing"):
            publicity.shown(session, notice.id, cast["base"], now=ENDED)
        assert len(publicity.shown(session, notice.id, cast["leader"], now=ENDED)) == 3


@ready.both
def test_a_selection_is_final_only_after_the_notice_and_only_by_the_region(cast: c.Cast) -> None:
    assert counted() == ([], [])
    assert c.refusal(concluding(cast, now=ENDED - timedelta(days=1))).code == "running"
    assert c.refusal(concluding(cast, by="hohhot_reviewer")).code == "jurisdiction"
    assert c.refusal(concluding(cast, by="admin")).code == "role"
    assert conclude(cast) == 1
    assert c.refusal(concluding(cast)).code == "final"
    assert counted() == ([(c.person_id(1), db.office_day(ENDED))], [(1, 0, 0, 0)])
    assert [status(serial) for serial in (1, 2, 3)] == ["入选，待安排", "备选第2位", "备选第1位"]
    undone = lambda s: _undo(s, cast, number_in(s, 1))  # noqa: E731
    assert c.refusal(undone).code == "relied"


def _undo(session: Any, cast: c.Cast, nomination_id: int) -> None:
    version = workflow.one(session, nomination_id, cast["reviewer"]).version
    act: Any = {"version": version, "actor": cast["reviewer"], "now": ENDED}
    workflow.move(session, nomination_id, Action.UNDO, **act)


def test_a_notice_that_has_ended_is_on_the_home_page_of_the_region_until_it_is_final(cast: c.Cast) -> None:
    def listed(by: str, now: datetime) -> list[str]:
        with db.reading() as session:
            return [item.title for item in home.home(session, cast[by], now=now).soon.items]

    assert listed("reviewer", ENDED - timedelta(days=1)) == []
    assert listed("reviewer", ENDED) == ["2024年少数民族地区专业技术人才特培计划人选公示期满，待确定入选"]
    assert listed("hohhot_reviewer", ENDED) == []
    conclude(cast)
    assert listed("reviewer", ENDED) == []


@ready.both
def test_an_objection_that_waits_stops_finality_and_an_answer_lets_it_go_on(cast: c.Cast) -> None:
    objection = object_to(cast, 1)
    refused = c.refusal(concluding(cast))
    assert (refused.code, "还有1件" in refused.words) == ("objections", True)
    move(cast, objection.id, Action.REJECT, "reviewer", "档案核实无误")
    assert conclude(cast) == 1
    assert c.refusal(lambda s: _undo(s, cast, objection.id)).code == "relied"


@ready.both
def test_an_upheld_objection_takes_the_selection_back_and_the_first_reserve_moves_up(cast: c.Cast) -> None:
    objection = object_to(cast, 1)
    words = move(cast, objection.id, Action.APPROVE, "reviewer", "档案与申报不符")
    assert f"{c.row(1)[1]}取消入选，备选第1位{c.row(3)[1]}递补入选" in words
    assert [status(serial) for serial in (1, 2, 3)] == ["取消入选", "备选第2位", "公示中"]
    assert c.refusal(lambda s: _undo(s, cast, objection.id)).code == "relied"
    assert conclude(cast) == 1
    assert [key for key, _ in counted()[0]] == [c.person_id(3)]


def test_objections_come_in_time_in_words_and_once(cast: c.Cast) -> None:
    assert c.refusal(objecting(cast, 1, now=ENDED)).code == "running"
    assert c.refusal(objecting(cast, 1, words=" 无")).code == "words"
    assert c.refusal(objecting(cast, 1, words="长" * 501)).code == "words"
    assert c.refusal(objecting(cast, 1, by="base")).code == "role"
    first = object_to(cast, 1)
    assert c.refusal(objecting(cast, 1)).code == "open"
    move(cast, first.id, Action.RETURN, "reviewer", "请补充依据")
    with db.transaction() as session:
        version = workflow.one(session, first.id, cast["hohhot_employer"]).version
        act: Any = {"words": "附上考勤记录的说明", "version": version, "actor": cast["hohhot_employer"], "now": ENDED}
        publicity.amend(session, first.id, **act)
    assert c.refusal(concluding(cast)).code == "objections"


@ready.both
def test_what_a_person_objects_is_read_by_the_region_and_by_nobody_at_the_own_employer(cast: c.Cast) -> None:
    c.give_account(cast, 4, "colleague")
    c.give_account(cast, 1, "person")
    objection = object_to(cast, 1, by="colleague")
    with db.reading() as session:
        assert workflow.one(session, objection.id, cast["colleague"]).id == objection.id
        assert workflow.one(session, objection.id, cast["reviewer"]).id == objection.id
        for other in ("employer", "person", "base", "hohhot_reviewer"):
            with pytest.raises(Refused, match="missing"):
                workflow.one(session, objection.id, cast[other])
        lines, _ = audit.history(session, cast["employer"])
        assert publicity.Event.FILED.value not in set(lines["event"])
    move(cast, objection.id, Action.REJECT, "reviewer", "核实无误")
    assert told(cast, "colleague")[0].startswith("公示异议不成立")
    assert not any("异议" in title for title in told(cast, "employer"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"actor": "hohhot_reviewer"}, "jurisdiction"),
        ({"actor": "employer"}, "role"),
        ({"first_on": date(2024, 6, 30)}, "fields"),
        ({"last_on": date(2024, 6, 30)}, "fields"),
        ({"last_on": None}, "fields"),
        ({"programme": HEALTH}, "empty"),
        ({}, "empty"),
    ],
)
def test_a_notice_that_cannot_be_is_refused(cast: c.Cast, change: dict[str, Any], code: str) -> None:
    given: Any = {"first_on": date(2024, 7, 1), "last_on": date(2024, 7, 7), "actor": "reviewer", "programme": SPECIAL}
    given |= change
    by, programme = cast[given.pop("actor")], given.pop("programme")
    assert c.refusal(lambda s: publicity.publish(s, programme, 2024, actor=by, now=c.AFTER, **given)).code in (
        code,
        "type",
    )


@ready.both
def test_two_reviewers_at_once_make_a_selection_final_once(cast: c.Cast) -> None:
    with db.reading() as session:
        (notice,) = publicity.running(session, db.office_day(c.AFTER))
    conclude(cast)
    again = lambda s: publicity.conclude(s, notice.id, version=notice.version, actor=cast["reviewer2"], now=ENDED)  # noqa: E731
    assert c.refusal(again).code == "final"


# --- placement and milestones -----------------------------------------------------------------------------------------


@ready.both
def test_the_whole_year_from_placement_to_completion_and_the_claim_it_opens(cast: c.Cast) -> None:
    c.give_account(cast, 1, "person")
    conclude(cast)
    place(cast, 1)
    assert status(1) == "入选，待报到"
    reach(cast, 1, Step.REPORTED, date(2024, 9, 2))
    assert (status(1), counted()[1]) == ("研修中", [(1, 1, 0, 0)])
    reach(cast, 1, Step.PLANNED, date(2024, 9, 20))
    reach(cast, 1, Step.MIDTERM, date(2025, 3, 3), "合格")
    with db.reading() as session, pytest.raises(Refused, match="state"):
        placements.certificate(session, number_in(session, 1), _person(session, 1), cast["person"])
    reach(cast, 1, Step.COMPLETED, date(2025, 8, 29), "优秀")
    assert (status(1), counted()[1]) == ("结业（优秀）", [(1, 0, 1, 0)])
    with db.reading() as session:
        begun = placements.certificate(session, number_in(session, 1), _person(session, 1), cast["person"])
        assert begun == {
            "activity": "进修考察",
            "title": "少数民族地区专业技术人才特培计划结业证书",
            "issuer": "示例大学附属医院",
            "start_on": date(2024, 9, 1),
            "completed_on": date(2025, 8, 29),
        }
        assert session.scalar(sa.select(sa.func.count()).select_from(claims.Claim)) == 0  # nothing is posted by itself
        lines, _ = audit.history(session, cast["admin"], event=placements.Event.REACHED)
        assert len(lines) == 4
    assert told(cast, "person")[0].startswith("登记培养环节")


def number_in(session: Any, serial: int) -> int:
    return _nomination(session, serial).id


def test_nobody_is_placed_before_the_selection_is_final(cast: c.Cast) -> None:
    act: Any = {"version": 0, "actor": cast["reviewer"], "now": ENDED}
    placing = lambda s, serial=1: placements.place(s, number_in(s, serial), YEAR, **act)  # noqa: E731
    assert c.refusal(placing).code == "state"
    conclude(cast)
    assert c.refusal(lambda s: placing(s, 2)).code == "state"  # a reserve
    ends = replace(YEAR, end_on=date(2024, 9, 1))
    assert c.refusal(lambda s: placements.place(s, number_in(s, 1), ends, **act)).code == "fields"
    mine = act | {"actor": cast["employer"]}
    assert c.refusal(lambda s: placements.place(s, number_in(s, 1), YEAR, **mine)).code == "role"
    place(cast, 1)


@ready.both
def test_a_placement_is_changed_with_a_reason_on_the_version_seen(cast: c.Cast) -> None:
    conclude(cast)
    place(cast, 1)
    other = replace(YEAR, host="示例医科大学", end_on=date(2025, 7, 31))
    act: Any = {"actor": cast["reviewer"], "now": ENDED}

    def changing(session: Any, version: int, reason: str = "导师调动") -> Any:
        return placements.place(session, number_in(session, 1), other, version=version, reason=reason, **act)

    assert c.refusal(lambda s: changing(s, 0)).code == "stale"
    assert c.refusal(lambda s: changing(s, 1, " ")).code == "reason"
    with db.transaction() as session:
        changing(session, 1)
    assert c.refusal(lambda s: changing(s, 1)).code == "stale"
    with db.reading() as session:
        lines, _ = audit.history(session, cast["admin"], event=placements.Event.CHANGED)
        assert lines.iloc[0]["reason"] == "导师调动"
        assert "示例大学附属医院" in lines.iloc[0]["before"]


WRONG: dict[str, tuple[Any, date, str, str]] = {
    "midterm before anybody reported": (Step.MIDTERM, date(2025, 3, 1), "合格", "order"),
    "reported before it begins": (Step.REPORTED, date(2024, 8, 31), "", "fields"),
    "reported in days to come": (Step.REPORTED, date(2026, 8, 31), "", "fields"),
    "a result where there is none": (Step.REPORTED, date(2024, 9, 2), "合格", "fields"),
    "no such step": ("reported", date(2024, 9, 2), "", "fields"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_milestones_that_cannot_be_are_refused(cast: c.Cast, wrong: tuple[Any, date, str, str]) -> None:
    step, on, result, code = wrong
    conclude(cast)
    assert c.refusal(reaching(cast, 1, Step.REPORTED, date(2024, 9, 2))).code == "order"  # nobody is placed
    place(cast, 1)
    assert c.refusal(reaching(cast, 1, step, on, result)).code in (code, "type")


@ready.both
def test_a_result_is_one_of_those_there_are_and_a_correction_says_why(cast: c.Cast) -> None:
    conclude(cast)
    place(cast, 1)
    reach(cast, 1, Step.REPORTED, date(2024, 9, 2))
    assert c.refusal(reaching(cast, 1, Step.MIDTERM, date(2025, 3, 3), "优秀")).code == "fields"
    assert c.refusal(reaching(cast, 1, Step.MIDTERM, date(2024, 9, 1), "合格")).code == "fields"
    reach(cast, 1, Step.MIDTERM, date(2025, 3, 3), "不合格")
    assert c.refusal(reaching(cast, 1, Step.MIDTERM, date(2025, 3, 3), "合格")).code == "reason"
    reach(cast, 1, Step.MIDTERM, date(2025, 3, 3), "合格", reason="补考合格")
    reach(cast, 1, Step.COMPLETED, date(2025, 8, 29), "不合格")
    assert (status(1), counted()[1]) == ("结业（不合格）", [(1, 0, 0, 0)])


@ready.both
def test_the_agreement_has_years_of_service_only_where_somebody_entered_them(cast: c.Cast) -> None:
    conclude(cast)
    place(cast, 1)

    def agreeing(session: Any, version: int, years: Any = "", paper: Any = None) -> Placement:
        act: Any = {"signed_on": date(2024, 7, 8), "actor": cast["reviewer"], "now": ENDED, "version": version}
        return placements.agree(session, number_in(session, 1), service_years=years, paper=paper, **act)

    with db.transaction() as session:
        assert agreeing(session, 1).service_years is None
    assert c.refusal(lambda s: agreeing(s, 2, "许多")).code == "fields"
    assert c.refusal(lambda s: agreeing(s, 2, paper=c.Upload("协议.exe", b"MZ"))).code == "file"
    with db.transaction() as session:
        assert agreeing(session, 2, "5年", c.Upload("协议.pdf", b"%PDF-1.4 agreement")).service_years == 5
    with db.reading() as session:
        assert [each.purpose for each in study.evidence(session, number_in(session, 1), cast["reviewer"])] == [
            "agreement"
        ]


# --- leaving ----------------------------------------------------------------------------------------------------------


def test_whoever_withdraws_is_followed_by_the_first_reserve_and_everybody_is_told(cast: c.Cast) -> None:
    c.give_account(cast, 1, "person")
    c.give_account(cast, 3, "next")
    conclude(cast)
    place(cast, 1)
    with db.transaction() as session:
        words = withdrawing(cast, 1)(session)
    assert words == f"{c.row(1)[1]}退出，备选第1位{c.row(3)[1]}递补入选"
    assert [status(serial) for serial in (1, 2, 3)] == ["退出", "备选第2位", "入选，待安排"]
    assert counted() == ([(c.person_id(3), db.office_day(ENDED))], [(1, 0, 0, 1)])
    assert told(cast, "person")[0].startswith("退出：")
    assert told(cast, "next")[0].startswith("递补入选：")
    assert [title.split("：")[0] for title in told(cast, "employer")[:2]] == ["递补入选", "退出"]
    assert fresh(number(3)).moved_up_on == db.office_day(ENDED)
    with db.transaction() as session:
        withdrawing(cast, 3)(session)
    assert status(2) == "入选，待安排"
    with db.transaction() as session:
        assert withdrawing(cast, 2)(session).endswith("没有备选人选可以递补")


def test_leaving_needs_a_day_a_reason_and_somebody_who_is_there(cast: c.Cast) -> None:
    assert c.refusal(withdrawing(cast, 1)).code == "state"  # not final
    conclude(cast)
    assert c.refusal(withdrawing(cast, 1, reason=" ")).code == "reason"
    assert c.refusal(withdrawing(cast, 1, on=date(2024, 7, 7))).code == "fields"
    assert c.refusal(withdrawing(cast, 1, on=date(2024, 7, 9))).code == "fields"
    assert c.refusal(withdrawing(cast, 1, version=99)).code == "stale"
    assert c.refusal(withdrawing(cast, 1, actor=cast["employer"])).code == "role"
    assert c.refusal(withdrawing(cast, 2)).code == "state"  # a reserve
    place(cast, 1)
    reach(cast, 1, Step.REPORTED, date(2024, 9, 2))
    reach(cast, 1, Step.COMPLETED, date(2025, 8, 29), "合格")
    assert c.refusal(withdrawing(cast, 1)).code == "state"


@ready.both
def test_a_reserve_who_is_selected_elsewhere_in_the_same_year_is_passed_over(cast: c.Cast) -> None:
    select(cast, c.nominate(cast, 3, programme=HEALTH).id)
    conclude_special(cast)
    with db.transaction() as session:
        nomination = session.get_one(Nomination, _special(session, 1))
        act: Any = {"version": nomination.version, "actor": cast["reviewer"], "now": ENDED}
        words = placements.withdraw(session, nomination.id, on=date(2024, 7, 8), reason="本人申请", **act)
    assert c.row(2)[1] in words


def conclude_special(cast: c.Cast) -> None:
    assert conclude(cast) == 1


def _special(session: Any, serial: int) -> int:
    query = sa.select(Nomination.id).where(Nomination.person_id == _person(session, serial))
    return session.scalars(query.where(Nomination.programme == SPECIAL)).one()


@ready.both
def test_another_long_training_within_the_year_is_told(cast: c.Cast) -> None:
    conclude(cast)
    with db.transaction() as session:
        long: Any = {"start_on": date(2024, 5, 1), "completed_on": date(2024, 6, 30), "title": "两个月进修证书"}
        fields = replace(c.CLAIM, activity="进修考察", **long)
        act: Any = {"evidence": [c.CERTIFICATE], "actor": cast["employer"], "now": c.AFTER}
        made = claims.draft(session, _person(session, 1), fields, **act)
        workflow.move(session, made.id, Action.SUBMIT, version=made.version, actor=cast["employer"], now=c.AFTER)
    with db.reading() as session:
        meets = placements.overlaps(session, number_in(session, 1), date(2024, 6, 30), date(2025, 6, 29))
        assert meets == ["与申报折合的“两个月进修证书”（2024-05-01至2024-06-30）时间重叠"]
        assert placements.overlaps(session, number_in(session, 1), date(2024, 7, 1), date(2025, 6, 30)) == []


@ready.both
def test_the_notice_and_the_year_of_study_stand_in_the_calendar_and_nobody_is_named(cast: c.Cast) -> None:
    conclude(cast)
    place(cast, 1)
    with db.reading() as session:
        region, employer, other = (
            [(each.title, each.first_on, each.last_on) for each in calendar.events(session, cast[by], now=ENDED)]
            for by in ("reviewer", "employer", "hohhot_employer")
        )
    notice = ("公示：2024年少数民族地区专业技术人才特培计划人选", date(2024, 7, 1), date(2024, 7, 7))
    begins = ("研修开始：人工智能辅助诊断（示例大学附属医院）", date(2024, 9, 1), date(2024, 9, 1))
    assert notice in region
    assert begins in region
    assert begins in employer
    assert notice not in employer
    assert not any("研修" in title for title, _, _ in other)


@ready.both
def test_a_league_reads_its_own_people_and_places_nobody(cast: c.Cast) -> None:
    with db.reading() as session:
        assert selection.nominations(session, cast["hohhot_reviewer"], SPECIAL, 2024).empty
        assert len(selection.nominations(session, cast["reviewer"], SPECIAL, 2024)) == 3
