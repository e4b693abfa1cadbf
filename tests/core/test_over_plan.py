"""Over the plan (超出计划): where a notice draws the line, what a base gives reasons for and a reviewer confirms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.law import notices
from core.models import Movement, Report, State
from core.submissions import queues, reports, workflow
from core.submissions.kinds import KINDS
from core.submissions.workflow import Action
from core.trail import audit
from tests import cast as c

WHY = "当地两家医院临时增派人员参加"
LATER = c.AFTER + timedelta(days=40)


def drafted(
    cast: c.Cast, people: int = 3, reason: str = "", days: tuple[date, date] | None = None, **plan: Any
) -> Report:
    """A report with a roster of so many people, held on these days, with this reason; its plan as `plan` changes it."""
    rows = c.sheet([c.row(serial) for serial in range(1, people + 1)])
    report = c.draft_report(cast, rows, now=LATER, **({"headcount": 3} | plan))
    return saved(cast, report, reason, days)


def saved(cast: c.Cast, report: Report, reason: str, days: tuple[date, date] | None = None) -> Report:
    start_on, end_on = days or (report.start_on, report.end_on)
    fields = reports.ReportFields(start_on, end_on, "培训完成。", over_plan_reason=reason)
    return done(lambda s: reports.save(s, report.plan_id, fields, actor=cast["base"], now=LATER))[0]


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def moving(
    cast: c.Cast, report: Report, action: Action, by: str, confirmed: str = "", reason: str = "", now: datetime = LATER
) -> Callable[[Session], Any]:
    with db.reading() as session:
        version = workflow.one(session, report.id, cast["admin"]).version
    said = {"version": version, "reason": reason or "逾期原因：在外出差", "confirmed": confirmed}
    return lambda s: workflow.move(s, report.id, action, actor=cast[by], now=now, **said)


def told(report: Report) -> list[tuple[str, bool]]:
    with db.reading() as session:
        found = reports.beyond_plan(session, session.get_one(Report, report.id))
        return [(each.words, each.far) for each in found]


def asked(report: Report) -> str:
    with db.reading() as session:
        return KINDS["report"].to_confirm(session, session.get_one(Report, report.id))


def kept(report: Report) -> Report:
    with db.reading() as session:
        return session.get_one(Report, report.id)


HEAD = """
id: own-2024
extends: nmg-2024
title: 本厅通知
document: 内人社发〔2024〕9号
clauses: [补一]
interpretations:
"""


def lay(
    *said: str, head: str = "extends: nmg-2024\ntitle: 本厅通知\ndocument: 内人社发〔2024〕9号\nclauses: [补一]\n"
) -> None:
    """A notice of the office's own with these settings, in place of the shipped one."""
    lines = [
        f"  - {{setting: {name}, value: {value}, clause: 补一, reason: 本厅另有规定。}}"
        for name, value in (each.split("=") for each in said)
    ]
    c.lay_notice("own-2024", HEAD + "\n".join(lines))


# --- where the line is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("people", "found"), [(20, []), (21, [False]), (22, [False]), (23, [True])])
def test_more_people_than_the_notice_lets_pass_need_a_reason(office: str, people: int, found: list[bool]) -> None:
    cast = c.assemble()
    lay("headcount_over_plan=10", "hours_over_plan=99")
    report = drafted(cast, people, headcount=20)
    assert [far for words, far in told(report) if "人" in words] == found
    assert bool(asked(report)) == any(found)


@pytest.mark.parametrize(("last", "far"), [(24, False), (24.5, None), (0.5, True)])
def test_more_hours_in_all_than_the_notice_lets_pass_need_a_reason(office: str, last: float, far: bool | None) -> None:
    """22 people are a tenth more hours, one more with half an hour is beyond; beyond the plan's own is a faulty row."""
    cast = c.assemble()
    lay("headcount_over_plan=99", "hours_over_plan=10")
    more = [c.row(23, professional_hours=0.5)] if far else []
    rows = [*(c.row(serial) for serial in range(1, 22)), c.row(22, professional_hours=24 if far else last), *more]
    report = c.draft_report(cast, c.sheet(rows), headcount=20)
    found = [line for line in told(report) if "学时" in line[0]]
    hours = {None: "504", False: "528", True: "528.5"}[far]
    assert found == [(f"批准合计480学时，名单合计{hours}学时", bool(far))]
    assert report.faults == (far is None)


LONG = {"start_on": date(2024, 6, 24), "end_on": date(2024, 7, 5)}


@pytest.mark.parametrize(
    ("start_on", "end_on", "found"),
    [
        (date(2024, 6, 24), date(2024, 7, 5), []),
        (date(2024, 6, 24), date(2024, 7, 12), [False]),  # seven days longer
        (date(2024, 6, 24), date(2024, 7, 13), [True]),
        (date(2024, 7, 1), date(2024, 7, 12), [False]),  # a week later
        (date(2024, 7, 2), date(2024, 7, 12), [True]),
        (date(2024, 6, 24), date(2024, 6, 27), [True]),  # eight days shorter
        (date(2024, 6, 28), date(2024, 7, 2), [False]),  # four days later until three earlier
        (date(2024, 6, 28), date(2024, 7, 1), [True]),
    ],
)
def test_days_further_off_than_the_notice_lets_pass_need_a_reason(
    office: str, start_on: date, end_on: date, found: list[bool]
) -> None:
    report = drafted(c.assemble(), days=(start_on, end_on), **LONG)
    words = f"批准2024-06-24至2024-07-05，实际{start_on}至{end_on}"
    assert told(report) == [(words, far) for far in found]


LINES = ("headcount_over_plan", "hours_over_plan", "days_off_plan")
SILENT = (db.ROOT / "tests/data/policies/good/study-times.yaml").read_text(encoding="utf-8")


def test_the_lines_are_those_of_the_plans_notice_else_of_the_regions_else_nothing_passes(office: str) -> None:
    cast = c.assemble()
    rows = c.sheet([c.row(serial) for serial in range(1, 5)])
    report = c.draft_report(cast, rows, headcount=3)
    theirs = c.draft_report(cast, rows, headcount=3, by="hohhot_base", reviewer="hohhot_reviewer")
    fields = reports.ReportFields(date(2024, 6, 25), date(2024, 6, 27), "培训完成。")
    for each, by in ((report, "base"), (theirs, "hohhot_base")):
        done(lambda s, each=each, by=by: reports.save(s, each.plan_id, fields, actor=cast[by], now=LATER))

    def lines(report: Report) -> list[tuple[str, bool]]:
        with db.reading() as session:
            return [(each.line, each.far) for each in reports.beyond_plan(session, session.get_one(Report, report.id))]

    said = {each.setting: each for each in notices.in_force(c.TODAY).interpretations}
    shipped = [f"{said[name].answer}（{said[name].clause}）" for name in LINES]
    assert lines(report) == lines(theirs) == list(zip(shipped, (True, True, False), strict=True))
    lay("headcount_over_plan=34", "hours_over_plan=33", "days_off_plan=0")
    assert [far for _, far in lines(report)] == [False, True, True]
    assert lines(report)[2][0] == "一律须说明原因并经审核确认（补一）"
    (notices.published() / "own-2024.yaml").unlink()
    c.lay_notice("study-times", SILENT.replace("in_force:", "league: 呼和浩特市\nin_force:"))
    assert [line for line, _ in lines(theirs)] == shipped  # a league's notice that does not say
    c.lay_notice("study-times", SILENT)
    assert lines(report) == [("一律须说明原因并经审核确认", True)] * 3  # a notice of the region's that does not


# --- the reason and the confirmation --------------------------------------------------------------------------------


def test_far_beyond_its_plan_a_report_needs_its_bases_reason_and_the_reviewers_confirmation(office: Path) -> None:
    cast = c.assemble()
    report = drafted(cast, 30, reason="  ", headcount=15)
    figures = "批准15人，名单30人；批准合计360学时，名单合计720学时"
    refused = c.refusal(moving(cast, report, Action.SUBMIT, "base"))
    assert refused.code == "over-plan"
    assert figures in refused.words
    assert f"“{reports.OVER_PLAN_REASON}”" in refused.words
    saved(cast, report, f" {WHY} ")
    done(moving(cast, report, Action.SUBMIT, "base"))
    assert (kept(report).over_plan, kept(report).over_plan_reason) == (figures, WHY)
    words = asked(report)
    assert figures in words
    for forged in ("", "是", words.replace("30", "15"), f"{words} "):
        refused = c.refusal(moving(cast, report, Action.APPROVE, "reviewer", forged))
        assert (refused.code, workflow.CONFIRM in refused.words) == ("confirm", True)
    assert "为30人登记720学时" in done(moving(cast, report, Action.APPROVE, "reviewer", words))[1].words
    with db.reading() as session:
        steps = workflow.trail(session, report.id, cast["base"])
        assert list(steps["confirmed"]) == ["", words]
        event = audit.Event("submission.approve")
        line = audit.history(session, cast["admin"], event=event, limit=1)[0].iloc[0]
        assert words in line["after"]
        drafts = audit.history(session, cast["admin"], event=reports.Event.REVISED)[0]
        assert WHY in drafts.iloc[0]["after"]


def test_a_slight_excess_is_told_and_asks_for_nothing(office: str) -> None:
    cast = c.assemble()
    report = drafted(cast, 21, headcount=20, days=(date(2024, 6, 25), date(2024, 6, 27)))
    assert [far for _, far in told(report)] == [False] * 3
    done(moving(cast, report, Action.SUBMIT, "base"))
    assert "为21人" in done(moving(cast, report, Action.APPROVE, "reviewer"))[1].words
    with db.reading() as session:
        assert list(session.scalars(sa.select(Movement.confirmed).distinct())) == [""]


def test_a_returned_report_keeps_its_reason_and_one_within_its_plan_by_now_has_none(office: str) -> None:
    cast = c.assemble()
    report = drafted(cast, 6, WHY)
    done(moving(cast, report, Action.SUBMIT, "base"))
    done(moving(cast, report, Action.RETURN, "reviewer"))
    assert kept(report).over_plan_reason == WHY
    saved(cast, report, "另一个原因")
    done(moving(cast, report, Action.SUBMIT, "base"))
    assert kept(report).over_plan_reason == "另一个原因"
    done(moving(cast, report, Action.WITHDRAW, "base"))
    for row in (6, 7, 8):
        done(lambda s, row=row: reports.strike(s, report.id, row, actor=cast["base"], now=LATER))
    done(moving(cast, report, Action.SUBMIT, "base"))
    assert (kept(report).over_plan, kept(report).over_plan_reason, asked(report)) == ("", "", "")


def test_a_report_filed_before_a_reason_was_asked_for_goes_back_for_it(office: str) -> None:
    cast = c.assemble()
    lay("headcount_over_plan=99", "hours_over_plan=99")
    report = drafted(cast, 5)
    done(moving(cast, report, Action.SUBMIT, "base"))
    lay("headcount_over_plan=10", "hours_over_plan=10")  # as after an upgrade
    refused = c.refusal(moving(cast, report, Action.APPROVE, "reviewer", asked(report)))
    assert (refused.code, "请退回" in refused.words) == ("over-plan", True)
    done(moving(cast, report, Action.RETURN, "reviewer"))


def test_two_reports_together_over_the_plan_ask_of_the_second(database: str) -> None:
    cast = c.assemble()
    rows = [c.row(1), c.row(2), c.row(3, sex="m"), c.row(3, sex="m")]
    report = c.draft_report(cast, c.sheet(rows), headcount=3)
    assert told(report) == []  # who stands twice is one person
    done(moving(cast, report, Action.SUBMIT, "base"))
    done(moving(cast, report, Action.APPROVE, "reviewer"))
    added = done(lambda s: reports.supplement(s, report.id, actor=cast["base"], now=LATER))
    text = "\n".join("\t".join(map(str, c.row(serial))) for serial in (4, 5))
    done(lambda s: reports.paste(s, added.id, text, actor=cast["base"], now=LATER))
    assert told(added) == [("批准3人，连同先前的报告共5人", True), ("批准合计72学时，连同先前的报告共96学时", True)]
    assert c.refusal(moving(cast, added, Action.SUBMIT, "base")).code == "over-plan"
    saved(cast, added, WHY)
    done(moving(cast, added, Action.SUBMIT, "base"))
    assert c.refusal(moving(cast, added, Action.APPROVE, "reviewer")).code == "confirm"
    done(moving(cast, added, Action.APPROVE, "reviewer", asked(added)))
    third = done(lambda s: reports.supplement(s, added.id, actor=cast["base"], now=LATER))
    assert third.over_plan_reason == WHY  # the same training's; its base may change it


def test_a_queue_marks_what_was_filed_beyond_its_plan(database: str) -> None:
    cast = c.assemble()
    for people in (3, 6):
        report = drafted(cast, people, WHY, title=f"{people}人班")
        done(moving(cast, report, Action.SUBMIT, "base"))
    with db.reading() as session:
        found, _ = queues.queue(session, cast["reviewer"], kinds=("report",), state=State.SUBMITTED)
    marks = dict(zip(found["title"], found["over_plan"], strict=True))
    assert {title: bool(mark) for title, mark in marks.items()} == {"3人班": False, "6人班": True}


def test_any_kind_may_ask_to_be_confirmed_at_each_of_its_stages(office: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = c.assemble()
    waiting = c.waiting(cast, "toy")
    monkeypatch.setattr(type(KINDS["toy"]), "to_confirm", lambda self, session, toy: f"名额{toy.stage}人")
    for stage in range(2):
        assert c.refusal(moving(cast, waiting, Action.APPROVE, "reviewer", f"名额{1 - stage}人")).code == "confirm"
        done(moving(cast, waiting, Action.APPROVE, "reviewer", f"名额{stage}人"))
    with db.reading() as session:
        assert list(workflow.trail(session, waiting.id, cast["admin"])["confirmed"]) == ["", "名额0人", "名额1人"]
