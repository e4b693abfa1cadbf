"""Reports (培训情况报告): summary, announcement, roster within two weeks; approval posts the hours of good rows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Refused
from core.ledger import checks, statements
from core.models import Attachment, CreditBatch, Mode, Person, Plan, Report, Source, State
from core.submissions import queues, reports, workflow
from core.submissions.workflow import Action
from core.trail import audit, files
from core.trail.files import Upload
from tests import cast as c

END = c.PLAN.end_on
DUE = END + timedelta(14)
ROSTER = Upload("花名册.xlsx", c.sheet([c.row(serial) for serial in range(1, 4)]))
FIELDS = reports.ReportFields(c.PLAN.start_on, END, "按计划完成")


def on(day: date) -> Any:
    """Nine in the morning of a day."""
    return c.NOW + (day - c.TODAY)


def approved(cast: c.Cast, *, by: str = "base", reviewer: str = "reviewer", **changes: Any) -> Plan:
    plan = c.file_plan(cast, by=by, **changes)
    c.approve(cast, plan.id, by=reviewer)
    return plan


def saving(
    cast: c.Cast,
    plan: Plan,
    fields: reports.ReportFields = FIELDS,
    *,
    by: str = "base",
    day: date = END,
    announcement: Upload | None = c.ANNOUNCEMENT,
    roster: Upload | None = ROSTER,
) -> Callable[[Session], Any]:
    return lambda s: reports.save(
        s, plan.id, fields, announcement=announcement, roster_file=roster, actor=cast[by], now=on(day)
    )


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def moving(
    cast: c.Cast, report: Report, action: Action = Action.SUBMIT, *, by: str = "base", day: date = END, reason: str = ""
) -> Callable[[Session], Any]:
    with db.reading() as session:
        version = workflow.one(session, report.id, cast["admin"]).version
    return lambda s: workflow.move(s, report.id, action, version=version, actor=cast[by], reason=reason, now=on(day))


def current(cast: c.Cast, report: Report) -> Report:
    with db.reading() as session:
        return reports.one(session, report.id, cast["admin"])


# --- the whole way --------------------------------------------------------------------------------------------------


def test_approving_a_report_posts_its_hours_and_leaves_a_trail(office: Path) -> None:
    cast = c.assemble()
    plan = approved(cast)
    report = c.file_report(cast, plan, ROSTER.content)
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0  # nothing before the approval
    words = "为3人登记72学时，计入2024年度，学员可打印审验卡"
    assert c.foreseen(cast, report.id) == words
    assert c.approve(cast, report.id, now=c.AFTER) == words
    with db.reading() as session:
        for serial in range(1, 4):
            (line,) = statements.entries(session, c.person_id(serial)).to_dict("records")
            assert (line["year"], line["subject"], line["hours"]) == (2024, "professional", Decimal(24))
            assert (line["plan_id"], line["report_id"], line["roster_row"]) == (plan.id, report.id, serial + 2)
            assert (line["plan"], line["base"], line["completed_on"]) == (plan.title, "示例继续教育基地", END)
            assert (line["source"], line["posted_by"]) == (Source.TRAINING, cast["reviewer"].name)
        lines, _ = audit.history(session, cast["admin"], limit=4)
        events = list(lines["event"])
        assert events == ["credit.posted", "submission.approve", "submission.submit", "report.drafted"]
        assert list(lines["account"])[1:3] == [cast["reviewer"].name, cast["base"].name]
        assert [*checks.faults(session), *audit.faults(session), *db.faults(session, [])] == []


def test_a_public_training_posts_public_hours_as_passed_in_the_exam(office: Path) -> None:
    cast = c.assemble()
    plan = approved(cast, by="exam", subject="public", mode=Mode.ONLINE)
    rows = [c.row(1, public_hours=24, professional_hours=0), c.row(2, public_hours=0, professional_hours=24)]
    report = c.file_report(cast, plan, c.sheet(rows), by="exam")
    assert (report.people, report.faults) == (1, 1)  # the second has the other subject's hours
    c.approve(cast, report.id, now=c.AFTER)
    with db.reading() as session:
        (line,) = statements.entries(session, c.person_id(1)).to_dict("records")
        assert (line["subject"], line["source"]) == ("public", Source.PUBLIC_EXAM)


# --- when -----------------------------------------------------------------------------------------------------------


def test_a_report_waits_for_the_end_of_its_training(database: str) -> None:
    cast = c.assemble()
    plan = approved(cast)
    before = END - timedelta(1)
    assert c.refusal(saving(cast, plan, day=before)).code == "early"
    with db.reading() as session:
        assert len(reports.open_plans(session, cast["base"], now=on(before))) == 0
        (line,) = reports.open_plans(session, cast["base"], now=on(END)).to_dict("records")
        assert (line["plan_id"], line["due_on"], line["days_left"]) == (plan.id, DUE, 14)
        assert len(reports.open_plans(session, cast["hohhot_base"], now=on(END))) == 0
    report, _ = done(saving(cast, plan))
    assert (report.due_on, report.late) == (DUE, False)
    shorter = replace(FIELDS, end_on=before)  # a training that ended a day before its plan
    other = approved(cast)
    assert done(saving(cast, other, shorter, day=before))[0].due_on == DUE - timedelta(1)


def test_a_report_is_in_time_for_two_weeks_and_late_a_day_after(database: str) -> None:
    cast = c.assemble()
    in_time, late = (done(saving(cast, approved(cast)))[0] for _ in range(2))
    done(moving(cast, in_time, day=DUE))
    assert (current(cast, in_time).late, current(cast, in_time).late_reason) == (False, "")
    found = c.refusal(moving(cast, late, day=DUE + timedelta(1), reason="  "))
    assert (found.code, str(DUE) in found.words) == ("late", True)
    done(moving(cast, late, day=DUE + timedelta(1), reason="讲师生病"))
    kept = current(cast, late)
    assert (kept.state, kept.late, kept.late_reason) == (State.SUBMITTED, True, "讲师生病")
    with db.reading() as session:
        frame, _ = queues.queue(session, cast["reviewer"], kinds=("report",), state=State.SUBMITTED)
        assert list(frame["late"]) == [False, True]
        assert list(workflow.trail(session, late.id, cast["reviewer"])["reason"]) == ["讲师生病"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"end_on": c.PLAN.start_on - timedelta(1)}, "结束日期早于开始日期"),
        ({"start_on": c.PLAN.start_on - timedelta(1)}, "早于计划的2024-06-24"),
        ({"end_on": END + timedelta(1)}, "还没有到"),
    ],
)
def test_impossible_days_are_refused(office: Any, change: dict[str, Any], words: str) -> None:
    cast = c.assemble()
    found = c.refusal(saving(cast, approved(cast), replace(FIELDS, **change)))
    assert found.code == "fields"
    assert words in found.words


def test_a_training_does_not_slip_into_the_next_year(office: Path) -> None:
    cast = c.assemble()
    year_end = date(2024, 12, 31)
    plan = approved(cast, start_on=year_end - timedelta(2), end_on=year_end)
    slipped = reports.ReportFields(plan.start_on, date(2025, 1, 2), "延后")
    assert c.refusal(saving(cast, plan, slipped, day=date(2025, 1, 2))).code == "fields"
    assert done(saving(cast, plan, reports.ReportFields(plan.start_on, year_end, "完"), day=date(2025, 1, 2)))


# --- what -----------------------------------------------------------------------------------------------------------


def test_a_report_without_summary_announcement_or_roster_is_kept_but_not_filed(office: Path) -> None:
    cast = c.assemble()
    plan = approved(cast)
    report, problems = done(saving(cast, plan, replace(FIELDS, summary=" "), announcement=None, roster=None))
    assert problems == []
    found = c.refusal(moving(cast, report))
    assert found.code == "fields"
    assert [word in found.words for word in ("总结", "通知", "花名册")] == [True] * 3
    for missing, part in (
        ({"announcement": c.ANNOUNCEMENT, "roster": ROSTER}, "总结"),
        ({"announcement": c.ANNOUNCEMENT, "roster": None}, None),
    ):
        fields = replace(FIELDS, summary=" ") if part else FIELDS
        done(saving(cast, plan, fields, **missing))
        if part:
            assert part in c.refusal(moving(cast, report)).words
    done(moving(cast, report))  # what was uploaded before is still there
    only_bad = done(saving(cast, approved(cast), roster=Upload("a.xlsx", c.sheet([c.row(1, sex="m")]))))[0]
    assert "没有一行无误" in c.refusal(moving(cast, only_bad)).words


def test_files_that_are_no_announcement_or_no_roster_are_refused_and_nothing_is_kept(office: Path, home: Any) -> None:
    cast = c.assemble()
    plan = approved(cast)
    for given, expected in (
        ({"announcement": Upload("通知.exe", b"MZ")}, "file"),
        ({"announcement": Upload("通知.pdf", b"")}, "file"),
        ({"announcement": Upload("通知.pdf", bytes(files.LARGEST + 1))}, "file"),
        ({"roster": Upload("花名册.xlsx", b"PK\x03\x04")}, "file"),
        ({"roster": Upload("花名册.csv", b"")}, "file"),
        ({"roster": Upload("花名册.csv", "甲,乙\n1,2\n".encode())}, "headings"),
    ):
        assert c.refusal(saving(cast, plan, **given)).code == expected
    report, _ = done(saving(cast, plan, announcement=Upload("通知.PDF", b"x")))
    given = done(lambda s: files.handed_out(s, report.roster_id, actor=cast["admin"], now=on(END)))
    assert given == ROSTER
    with db.reading() as session:
        line = audit.history(session, cast["admin"], limit=1)[0].iloc[0]
        assert (line["event"], line["account"], line["record_id"]) == (
            "file.handed_out",
            cast["admin"].name,
            report.id,
        )
    with db.reading() as session:
        kept = {row.purpose: row for row in session.scalars(sa.select(Attachment))}
        assert set(kept) == {"announcement", "roster"}
        again = files.opened(session, report.roster_id, cast["base"])
        assert again == ROSTER
        sealed = (home / "files" / kept["roster"].sha256[:2] / kept["roster"].sha256).read_bytes()
    assert ROSTER.content not in sealed
    assert b"PK" not in sealed[:4]


def test_only_the_base_of_an_approved_plan_reports_on_it(office: Path) -> None:
    cast = c.assemble()
    plan, waiting = approved(cast), c.file_plan(cast)
    for deed, expected in (
        (saving(cast, plan, by="reviewer"), "role"),
        (saving(cast, plan, by="hohhot_base"), "missing"),
        (saving(cast, waiting), "state"),
        (lambda s: reports.save(s, 9999, FIELDS, actor=cast["base"], now=on(END)), "missing"),
    ):
        assert c.refusal(deed).code == expected
    report, _ = done(saving(cast, plan))
    done(moving(cast, report))
    assert c.refusal(saving(cast, plan)).code == "state"
    with db.reading() as session:
        assert len(reports.open_plans(session, cast["base"], now=on(END))) == 0
    done(moving(cast, report, Action.RETURN, by="reviewer", reason="补签到表"))
    with db.reading() as session:
        (line,) = reports.open_plans(session, cast["base"], now=on(END)).to_dict("records")
        assert (line["report_id"], line["state"]) == (report.id, State.RETURNED)
    again, _ = done(saving(cast, plan, replace(FIELDS, summary="已补"), announcement=None, roster=None))
    assert (again.id, again.people, again.summary) == (report.id, 3, "已补")
    done(moving(cast, report))
    done(moving(cast, report, Action.APPROVE, by="reviewer"))
    assert c.refusal(saving(cast, plan)).code == "state"


def test_faulty_rows_stand_aside_and_good_ones_are_posted(office: Path) -> None:
    cast = c.assemble()
    rows = [
        c.row(1),
        c.row(2, sex="男"),
        c.row(3, professional_hours=24.5),
        c.row(4, id_number="1.5E+17"),
        c.row(5, assessment="不合格", professional_hours=0),
        c.row(6, professional_hours=7.5),
        c.row(1),
    ]
    plan = approved(cast)
    report, problems = done(saving(cast, plan, roster=Upload("a.xlsx", c.sheet(rows))))
    assert [(problem.row, problem.code) for problem in problems] == [
        (4, "sex-id"),
        (5, "hours-plan"),
        (6, "id-ruined"),
        (9, "duplicate"),
    ]
    assert (report.people, report.faults, report.hours) == (3, 4, Decimal("31.5"))
    done(moving(cast, report))
    with db.reading() as session:
        assert reports.problems(session, report.id, cast["base"], now=on(END)) == problems
        told = reports.problems(session, report.id, cast["reviewer"], now=on(END))  # the same, its numbers masked
        assert [problem.value for problem in told] == ["男", "24.5", "*******", resident_id.mask(c.id_number(1))]
        assert [replace(problem, value="") for problem in told] == [replace(each, value="") for each in problems]
        frame = reports.rows(session, report.id, cast["reviewer"])
        assert list(frame["row"][frame["faulty"]]) == [4, 5, 6, 9]
        assert frame.loc[0, "id_mask"] == resident_id.mask(c.id_number(1))
        assert c.id_number(1) not in frame.to_csv()
    assert c.approve(cast, report.id, now=c.AFTER) == "为2人登记31.5学时，计入2024年度，学员可打印审验卡；5行不登记学时"
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2  # who earned nothing is not added
        assert c.totals(session, c.person_id(6)).loc[0, "professional"] == Decimal("7.5")


def test_a_shorter_training_checks_the_same_roster_again(database: str) -> None:
    cast = c.assemble()
    plan = approved(cast)
    report, problems = done(saving(cast, plan))
    assert problems == []
    report, problems = done(saving(cast, plan, replace(FIELDS, end_on=END - timedelta(1)), roster=None))
    assert {problem.code for problem in problems} == {"hours-day"}
    assert (report.people, report.faults) == (0, 3)


def test_a_name_that_clashes_at_approval_posts_nothing_at_all(office: Path) -> None:
    cast = c.assemble()
    first = c.file_report(cast, approved(cast), ROSTER.content)
    rows = [c.row(4), c.row(2, "孙别名"), c.row(5)]
    second = c.file_report(cast, approved(cast, title="第二期"), c.sheet(rows))
    c.approve(cast, first.id, now=c.AFTER)
    found = c.refusal(moving(cast, second, Action.APPROVE, by="reviewer", day=c.AFTER.date()))
    assert found.code == "name"
    assert "孙别名" in found.words
    assert c.id_number(2) not in found.words
    assert current(cast, second).state is State.SUBMITTED
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditBatch)) == 1


def test_a_report_in_which_nobody_passed_is_not_approved(office: Path) -> None:
    cast = c.assemble()
    rows = [c.row(1, assessment="不合格", professional_hours=0)]
    report = c.file_report(cast, approved(cast), c.sheet(rows))
    found = c.refusal(moving(cast, report, Action.APPROVE, by="reviewer", day=c.AFTER.date()))
    assert found.code == "empty"


def test_a_thousand_people_are_reported_and_posted(database: str) -> None:
    cast = c.assemble()
    rows = [
        c.row(serial % 500 + 1, id_number=c.id_number(serial % 500 + 1, date(1985 + serial // 500, 3, 4)), sex="")
        for serial in range(1000)
    ]
    content = c.sheet(rows)
    report = c.file_report(cast, approved(cast, headcount=1000), content)
    assert (report.people, report.faults, report.hours) == (1000, 0, Decimal(24000))
    assert c.approve(cast, report.id, now=c.AFTER) == "为1000人登记24000学时，计入2024年度，学员可打印审验卡"
    with pytest.raises(Refused, match="missing"), db.reading() as session:
        reports.rows(session, report.id, cast["hohhot_reviewer"])
    with db.reading() as session:
        assert checks.faults(session) == []
