"""Returns in several remarks, rosters approved in part, and what changed since: what comes back and how it is told."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db, resident_id
from core.ground.access import Refused
from core.ledger import books, checks
from core.ledger.consequences import Consequence
from core.models import Movement, Report, RosterRow, State, Submission, SubmissionContent
from core.office import home, messages
from core.submissions import claims, kinds, plans, queues, reports, workflow
from core.submissions.contents import Changed
from core.submissions.kinds import KINDS, REASONS, ROWS
from core.submissions.remarking import LONGEST, MOST, OpenRemark
from core.submissions.workflow import Action, Remark
from core.tables import mending
from core.trail import audit
from tests import cast as c


def move(cast: c.Cast, submission_id: int, action: Action, by: str, now: Any = c.AFTER, **said: Any) -> Consequence:
    with db.transaction() as session:
        version = session.scalar(sa.select(Submission.version).where(Submission.id == submission_id))
        act: Any = {"version": version, "actor": cast[by], "now": now} | said
        told = workflow.foreseen(session, submission_id, action, **act)
        assert workflow.move(session, submission_id, action, **act)[1] == told
        return told


def open_remarks(cast: c.Cast, submission_id: int, by: str = "base") -> list[OpenRemark]:
    with db.reading() as session:
        return workflow.remarks(session, submission_id, cast[by])


def changed(cast: c.Cast, submission_id: int, by: str = "reviewer") -> list[Changed]:
    with db.reading() as session:
        return workflow.changes(session, submission_id, cast[by])


def test_a_plan_comes_back_with_a_list_to_work_off_and_what_was_changed_is_told(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    given = (
        Remark("teachers", "teachers", "请写明职称，\u200b身份证号" + c.id_number(1) + "不必写"),
        Remark("people", "headcount"),
        Remark("other", "", "请与主管部门核对"),
        Remark("people", "headcount"),  # once is enough
    )
    move(cast, plan.id, Action.RETURN, "reviewer", c.NOW, remarks=given)
    found = open_remarks(cast, plan.id)
    assert [(each.label, each.reason, each.changed) for each in found] == [
        ("师资情况", "师资不符合要求", False),
        ("计划人数", "人数或范围不妥", False),
        ("整体", "其他", False),
    ]
    assert found[0].words == f"请写明职称，身份证号{resident_id.mask(c.id_number(1))}不必写"
    with db.reading() as session:
        reason = session.scalars(sa.select(Movement.reason).order_by(Movement.id.desc())).first()
        assert (
            reason
            == f"师资情况：师资不符合要求，{found[0].words}；计划人数：人数或范围不妥；整体：其他，请与主管部门核对"
        )
        line, _ = audit.history(session, cast["admin"], record="plan", record_id=plan.id, limit=1)
        assert json.loads(line.iloc[0]["after"])["remarks"] == reason.split("；")
    assert changed(cast, plan.id) == []
    with db.transaction() as session:
        fields = plans.fields_of(session.get_one(plans.Plan, plan.id))
        again = {"headcount": 30, "hours_each": Decimal(16), "end_on": date(2024, 6, 25)}
        version = session.scalar(sa.select(Submission.version).where(Submission.id == plan.id))
        changes: Any = plans.PlanFields(**(vars(fields) | again))
        plans.revise(session, plan.id, changes, version=version, actor=cast["base"], now=c.NOW)
    assert [each.changed for each in open_remarks(cast, plan.id)] == [False, True, True]
    move(cast, plan.id, Action.SUBMIT, "base", c.NOW)
    assert changed(cast, plan.id) == [
        Changed("结束日期", "2024-06-26", "2024-06-25", None, "end_on"),
        Changed("计划人数", "600", "30", None, "headcount"),
        Changed("每人学时", "24", "16", None, "hours_each"),
    ]
    move(cast, plan.id, Action.RETURN, "reviewer", c.NOW, reason="还是不行", remarks=[Remark("missing", "content")])
    assert [each.label for each in open_remarks(cast, plan.id, "reviewer")] == ["培训内容"]
    assert changed(cast, plan.id) == []  # against what was returned last
    move(cast, plan.id, Action.SUBMIT, "base", c.NOW)
    with db.reading() as session:  # filed again as it was: nobody passes it among many
        why = workflow.aside(session, plan.id, cast["reviewer"])
        assert why[0].startswith("退回意见未改：培训内容，")
        waits = queues.Wanted(("plan",), State.SUBMITTED, own=True)
        listed = queues.listed(session, waits, actor=cast["reviewer"], now=c.NOW)
        (row,) = queues.hinted(session, listed, cast["reviewer"], c.NOW)
    assert "意见未改1" in [mark.word for mark in row.line.marks]


WRONG: dict[str, Any] = {
    "an unknown reason": [Remark("nonsense", "title")],
    "an unknown field": [Remark("missing", "password")],
    "no such row": [Remark("missing", 99)],
    "no number at all": [Remark("missing", True)],
    "no text": [Remark("missing", "title", 7)],  # type: ignore[arg-type]
    "no remark": ["missing"],
    "no list": "missing",
    "too long": [Remark("missing", "title", "长" * (LONGEST + 1))],
    "too many": [Remark("missing", "title")] * (MOST + 1),
    "another reason without a word": [Remark("other", "title", " ")],
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_a_forged_remark_is_refused(office: str, given: Any) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    act: Any = {"version": plan.version, "actor": cast["reviewer"], "now": c.NOW, "reason": "有原因", "remarks": given}
    assert c.refusal(lambda s: workflow.move(s, plan.id, Action.RETURN, **act)).code in ("remark", "type")


@pytest.mark.parametrize("action", [Action.APPROVE, Action.WITHDRAW])
def test_remarks_go_with_what_goes_back_only(office: str, action: Action) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    by = "base" if action is Action.WITHDRAW else "reviewer"
    act: Any = {"version": plan.version, "actor": cast[by], "now": c.NOW, "remarks": [Remark("missing", "title")]}
    assert c.refusal(lambda s: workflow.move(s, plan.id, action, **act)).code == "remark"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_names_what_a_remark_can_be_bound_to(office: str, kind: str) -> None:
    cast = c.assemble()
    waiting = c.waiting(cast, kind)
    with db.reading() as session:
        found = workflow.one(session, waiting.id, cast["admin"])
        assert kinds.of(found).content(session, found).keys() == KINDS[kind].fields.keys()
        rows = {ROWS} if kinds.of(found).headings(found) else set()
    of = KINDS[kind]
    assert of.reasons["other"] == "其他"
    for code, places in of.fits.items():  # what is offered on a field is a reason, and can be found where it fits
        assert code in of.reasons.keys() - REASONS.keys()
        assert set(places) <= of.fields.keys() | rows
    assert of.reasons_on("") == of.reasons
    assert all("other" in of.reasons_on(place) for place in of.fields)


def test_a_reason_is_offered_where_it_fits() -> None:
    report, plan = KINDS["report"], KINDS["plan"]
    assert set(report.reasons_on("end_on")) == {"missing", "mismatch", "against", "other"}
    assert {"person", "hours", "attendance", "evidence"} <= report.reasons_on("roster").keys()
    assert {"person", "hours", "attendance"} <= report.reasons_on(ROWS).keys()
    assert ["summary" in report.reasons_on(place) for place in ("summary", ROWS)] == [True, False]
    assert ["time" in plan.reasons_on(place) for place in ("start_on", "teachers")] == [True, False]


def roster(cast: c.Cast) -> Report:
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    return c.file_report(cast, plan, c.sheet([c.row(1), c.row(2), c.row(3), c.row(4, id_number="1501")]))


def test_a_roster_that_was_returned_is_told_row_by_row_without_a_number(database: str) -> None:
    cast = c.assemble()
    report = roster(cast)
    move(cast, report.id, Action.RETURN, "reviewer", remarks=[Remark("hours", 4, "只到两天"), Remark("person", 6)])
    names = [c.row(serial)[1] for serial in (2, 4)]
    assert [(each.label, each.changed) for each in open_remarks(cast, report.id)] == [
        (f"第4行 {names[0]}", False),
        (f"第6行 {names[1]}", False),
    ]
    with db.transaction() as session:
        act: Any = {"actor": cast["base"], "now": c.AFTER}
        number = mending.Change(6, "id_number", "1501", c.id_number(4))
        mended = [mending.Change(4, "professional_hours", "24", "16"), number]
        reports.repair(session, report.id, mended, **act)
        reports.strike(session, report.id, 5, **act)
    assert [each.changed for each in open_remarks(cast, report.id)] == [True, True]
    move(cast, report.id, Action.SUBMIT, "base")
    found = changed(cast, report.id)
    assert [(each.row, each.label) for each in found] == [(4, "专业学时"), (5, "删去"), (6, "身份证号")]
    assert (found[0].before, found[0].after) == ("24", "16")
    assert c.id_number(4) not in repr(found)
    assert found == changed(cast, report.id, "base")
    with db.reading() as session:
        (sealed,) = session.execute(sa.select(sa.func.count(SubmissionContent.id))).one()
        assert sealed == 1
        assert c.id_number(1).encode() not in bytes(session.scalars(sa.select(SubmissionContent.rows)).one() or b"")


def test_part_of_a_roster_is_posted_and_the_rest_goes_back_to_be_supplemented(database: str) -> None:
    cast = c.assemble()
    report = roster(cast)
    back = [Remark("attendance", 4, "查无此人签到"), Remark("hours", 5), Remark("other", 5, "另见说明")]
    act: Any = {"version": report.version, "actor": cast["reviewer"], "now": c.AFTER}
    faulty_itself, all_of_it = [back[0], Remark("hours", 6)], [Remark("hours", row) for row in (3, 4, 5)]
    for code, given in (("remark", faulty_itself), ("empty", all_of_it)):
        with db.rehearsal() as session, pytest.raises(Refused, match=code):
            workflow.foreseen(session, report.id, Action.APPROVE, remarks=given, **act)
    told = move(cast, report.id, Action.APPROVE, "reviewer", remarks=back)
    assert (told.people, told.hours, told.sent_back, told.left_out) == (1, 24, 2, 1)
    assert told.words == "为1人登记24学时，计入2024年度，学员可打印审验卡；2行退回改正；1行不登记学时"
    with db.reading() as session:
        heard = [(line.topic.value, line.title) for line in messages.listing(session, cast["base"], now=c.AFTER)[0]]
    assert ("returned", f"报告部分通过，2行退回改正：{report.title}") in heard
    with db.transaction() as session:
        kept = session.get_one(Report, report.id)
        assert (kept.state, kept.people, kept.hours, kept.faults) == (State.APPROVED, 1, 24, 3)
        words = [
            each.words
            for each in reports.problems(session, report.id, cast["base"], now=c.AFTER)
            if each.code == "sent-back"
        ]
        assert words == ["审核退回：未参加或重复报送，查无此人签到", "审核退回：学时有误", "审核退回：其他，另见说明"]
        (owed,) = reports.to_supplement(session, cast["base"]).to_dict("records")
        assert (owed["report_id"], owed["words"]) == (report.id, "审核退回2行，可改正后补报")
        mine = home.home(session, cast["base"], now=c.AFTER).owed
        assert mine is not None
        assert owed["words"] in [each.words for each in mine.items]
        added = reports.supplement(session, report.id, actor=cast["base"], now=c.AFTER)
        assert reports.to_supplement(session, cast["base"]).empty
    listed = [(each.place, each.reason, each.changed) for each in open_remarks(cast, added.id)]
    assert [place for place, *_ in listed] == [4, 5]
    assert not any(changed for *_, changed in listed)
    with db.transaction() as session:
        who: Any = {"actor": cast["base"], "now": c.AFTER}
        reports.repair(session, added.id, [mending.Change(5, "professional_hours", "24", "16")], **who)
        for row in (4, 6):
            reports.strike(session, added.id, row, **who)
    assert [each.changed for each in open_remarks(cast, added.id)] == [True]
    with db.transaction() as session:
        reports.put_back(session, added.id, 4, **who)
    assert [each.changed for each in open_remarks(cast, added.id)] == [False, True]
    move(cast, added.id, Action.SUBMIT, "base")
    with db.reading() as session:  # rows resubmitted unchanged are listed, as after a return
        (why,) = [words for words in workflow.aside(session, added.id, cast["reviewer"]) if "未改" in words]
        waits = queues.Wanted(("report",), State.SUBMITTED, own=True)
        rows = queues.listed(session, waits, actor=cast["reviewer"], now=c.AFTER)
        (row,) = queues.hinted(session, rows, cast["reviewer"], c.AFTER)
    assert why.startswith("退回意见未改：第4行")
    assert "意见未改1" in [mark.word for mark in row.line.marks]
    move(cast, added.id, Action.WITHDRAW, "base")
    with db.transaction() as session:
        reports.strike(session, added.id, 4, **who)
    move(cast, added.id, Action.SUBMIT, "base")
    told = move(cast, added.id, Action.APPROVE, "reviewer", c.AFTER + timedelta(days=1))
    assert (told.people, told.hours) == (1, 16)
    with db.reading() as session:
        assert checks.faults(session) == []
        assert session.scalars(sa.select(sa.func.count(RosterRow.id)).where(~RosterRow.faulty)).one() == 2


def twice_supplemented(cast: c.Cast) -> tuple[int, int]:
    """Two supplements, the second with a row that had another's number in the first; answers both reports' numbers.

    Row 5 of the report was posted and taken back, row 5 of the first supplement, pasted there, was sent back.
    """
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2), c.row(3)]))
    move(cast, report.id, Action.SUBMIT, "base")
    move(cast, report.id, Action.APPROVE, "reviewer", remarks=[Remark("attendance", 4, "查无签到")])
    who: Any = {"actor": cast["base"], "now": c.AFTER}
    with db.transaction() as session:
        first = reports.supplement(session, report.id, **who)
    with db.transaction() as session:
        reports.paste(session, first.id, "\t".join(map(str, c.row(4))), **who)
    later = c.AFTER + timedelta(days=1)
    move(cast, first.id, Action.SUBMIT, "base")
    with db.transaction() as session:
        books.reverse(session, 1, lines=[2], actor=cast["reviewer"], reason="第3人重复", now=later)
    move(cast, first.id, Action.APPROVE, "reviewer", later, remarks=[Remark("hours", 5, "第4人学时有误")])
    with db.transaction() as session:
        second = reports.supplement(session, report.id, actor=cast["base"], now=later)
    return first.id, second.id


def test_a_remark_follows_its_person_where_a_second_supplement_numbers_the_rows_anew(database: str) -> None:
    cast = c.assemble()
    _, second = twice_supplemented(cast)
    (found,) = open_remarks(cast, second)
    assert (found.place, found.label, found.words) == (6, f"第6行 {c.row(4)[1]}", "第4人学时有误")
    assert not found.changed
    who: Any = {"actor": cast["base"], "now": c.AFTER + timedelta(days=1)}
    with db.transaction() as session:
        reports.repair(session, second, [mending.Change(5, "name", c.row(3)[1], "何示勃")], **who)
    assert [each.changed for each in open_remarks(cast, second)] == [False]  # another's row
    with db.transaction() as session:
        reports.repair(session, second, [mending.Change(6, "name", c.row(4)[1], "何示勃")], **who)
    assert [(each.place, each.changed) for each in open_remarks(cast, second)] == [(6, True)]


def test_where_a_roster_of_old_does_not_tell_whose_row_a_remark_is_on_that_is_said(office: str) -> None:
    cast = c.assemble()
    first, second = twice_supplemented(cast)
    with db.transaction() as session:  # as the first release kept it: without cells
        session.execute(sa.update(RosterRow).where(RosterRow.report_id == first).values(cells=None))
    assert [each.place for each in open_remarks(cast, second)] == [6]  # by the name
    with db.transaction() as session:
        session.execute(sa.update(RosterRow).where(RosterRow.report_id == first).values(name="何示勃"))
    assert open_remarks(cast, second) == []
    with db.transaction() as session:
        for kept in session.scalars(sa.select(RosterRow).where(RosterRow.report_id == second)):
            kept.cells = json.dumps(json.loads(kept.cells or "") | {"name": "何示勃"}, ensure_ascii=False)
            kept.row += 10  # neither has the number that the remark names
    (found,) = open_remarks(cast, second)
    assert (found.place, found.label) == ("", "整体")
    assert found.words.startswith("先前报告第5行何示勃，本次补报有2行同名，请核对所指的行。")


def test_a_claim_comes_back_with_remarks_to_the_person_who_filed_it(office: str) -> None:
    cast = c.assemble()
    claim = c.waiting(cast, "claim")
    move(cast, claim.id, Action.RETURN, "reviewer", remarks=[Remark("evidence", "evidence", "看不清")])
    assert [each.label for each in open_remarks(cast, claim.id, "employer")] == ["证明材料"]
    with db.transaction() as session:
        found = workflow.one(session, claim.id, cast["employer"])
        assert isinstance(found, claims.Claim)
        fields = claims.ClaimFields(**{name: getattr(found, name) for name in claims.ClaimFields.__dataclass_fields__})
        act: Any = {"version": found.version, "actor": cast["employer"], "now": c.AFTER}
        claims.revise(session, claim.id, fields, evidence=[c.CERTIFICATE], **act)
    (each,) = open_remarks(cast, claim.id, "reviewer")
    assert each.changed
    assert [one.label for one in changed(cast, claim.id)] == ["证明材料"]
    with db.reading() as session, pytest.raises(Refused, match="missing"):
        workflow.remarks(session, claim.id, cast["hohhot_employer"])
