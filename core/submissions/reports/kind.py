"""The report as a kind of submission: its checks, and the hours its approval posts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import Actor, Refused, Role, refuse_faults
from core.ground.hours import hours_text
from core.law import deadlines
from core.law.deadlines import Deadline
from core.ledger import books, standing
from core.ledger.consequences import Consequence
from core.models import (
    Attachment,
    FinishTest,
    Movement,
    Organization,
    Plan,
    Remark,
    Report,
    RosterProblem,
    RosterRow,
    Source,
    State,
    Submission,
)
from core.people import persons
from core.submissions import forms, plans, roster
from core.submissions.forms import Faults
from core.submissions.kinds import REASONS, ROWS, Action, Given, Kept, Kind, Line, Mark, Rows, Uploads, register
from core.submissions.reports import concerns, seminars
from core.submissions.reports.excess import OVER_PLAN_REASON, beyond_plan, figures
from core.submissions.reports.fields import check_announcement, deadline, summary
from core.submissions.reports.keeping import form_of, taken_up
from core.submissions.reports.supplements import SENT_BACK
from core.tables.problems import Problem
from core.trail import files

_TABLE, _PLAN = sa.inspect(Report).local_table, sa.inspect(Plan).local_table


def _texts(cells: Mapping[str, Any]) -> dict[str, str]:
    """The cells of a row as text."""
    return {name: typed.text(cell) for name, cell in cells.items()}


def _postings(report: Report, rows: Iterable[Any], person_ids: dict[bytes, int]) -> Iterator[books.Posting]:
    """What these rows earned of the plan's subject: id, blind index, credit year and hours of each."""
    plan, end_on = report.plan, report.end_on
    usual_year, rule = plans.usual_year(plan), plans.policy_of(plan).subject(plan.subject)
    studied = Source.PUBLIC_EXAM if rule.exam else Source.TRAINING
    days = plans.days_of(report.start_on, end_on)
    for row_id, index, credit_year, hours in rows:
        year = credit_year or usual_year
        if year is None:
            continue
        source = studied if year == end_on.year else Source.MAKE_UP
        yield books.Posting(person_ids[index], year, plan.subject, hours, end_on, row_id, source, days=days)


def _earning(report: Report) -> list[sa.ColumnElement[bool]]:
    """The rows of a roster that earn hours (登记学时的行), as SQL conditions."""
    return [RosterRow.report_id == report.id, *_earns()]


def _earns() -> list[sa.ColumnElement[bool]]:
    return [~RosterRow.faulty, RosterRow.assessment.in_(roster.PASSED), RosterRow.hours > 0]


def _people(session: Session, report: Report) -> int:
    """People of the rows without a fault, as `keeping` counts them."""
    good = sa.select(sa.func.count(RosterRow.id_index.distinct())).where(RosterRow.report_id == report.id)
    return session.scalars(good.where(~RosterRow.faulty)).one()


def expected(session: Session, report: Report) -> Consequence:
    """What a roster comes to as it stands (可登记人数、合计学时), by human: nothing is posted before approval."""
    columns = RosterRow.id_index, RosterRow.credit_year, RosterRow.hours
    rows = session.execute(sa.select(*columns).where(*_earning(report))).all()
    known = persons.on_file(session, [index for index, *_ in rows if index])
    usual_year = plans.usual_year(report.plan)
    years = {year or usual_year for _, year, _ in rows}
    return Consequence(
        people=len({known[index].human_id if index in known else index for index, *_ in rows}),
        hours=sum((hours for *_, hours in rows), Decimal()),
        years=tuple(sorted(year for year in years if year)),
    )


def counted_rows(session: Session, report: Report) -> tuple[int, int]:
    """How many rows a roster has (花名册行数), and how many of them earn hours (登记学时的行)."""
    rows = sa.select(sa.func.count(RosterRow.id))
    every, earning = rows.where(RosterRow.report_id == report.id), rows.where(*_earning(report))
    return session.scalars(every).one(), session.scalars(earning).one()


def _registers(report: Report, told: Consequence) -> str:
    years = "、".join(map(str, told.years))
    made_up = "（含补学）" if any(year < report.end_on.year for year in told.years) else ""
    return f"为{told.people}人登记{hours_text(told.hours)}学时，计入{years}年度{made_up}"


def _line(report: Report, twice: int, posted: int) -> Line:
    """A report as one line of a list: who is on its roster (名单), once approved also who has hours (入账)."""
    made_up = any(year < report.end_on.year for year in report.plan.credit_years)
    marks = (
        (Mark("补报"), report.part > 1),
        (Mark("补学"), made_up),
        (Mark("逾期"), report.late),
        (Mark("超计划", grave=True), report.over_plan),
        (Mark(f"错误{report.faults}", grave=True), report.faults),
    )
    size = f"名单{report.people + report.faults - twice}人"
    return Line(
        when=f"{report.start_on:%m-%d}至{report.end_on:%m-%d}",
        size=f"{size}，入账{posted}人" if report.state is State.APPROVED else size,
        hours=f"共{hours_text(report.hours)}学时",
        marks=tuple(mark for mark, shown in marks if shown),
    )


class ReportKind(Kind[Report]):
    """The report (培训情况报告) as a kind of submission: approval posts its roster's hours, clause 一(五)2-3."""

    code = "report"
    word, short, posts = "培训情况报告", "报告", "培训报告"
    action_words: ClassVar = {"submit": "报送"}
    model = Report
    filers, filer = (Role.BASE_CLERK,), "培训机构"
    words: ClassVar = {"title": "培训名称"}
    marked = ("late", "faults")
    fields: ClassVar = {
        "start_on": "实际开始日期",
        "end_on": "实际结束日期",
        "teachers": "授课教师",
        "summary": "培训总结",
        "announcement": "培训通知",
        "roster": "培训花名册",
        "over_plan_reason": OVER_PLAN_REASON,
    }
    uploads: ClassVar = {
        "announcement": forms.taking(check_announcement, 1),
        "roster": Uploads(forms.table),
        "papers": forms.taking(seminars.check_papers, 1),
    }
    stands_on = "plan"
    reasons: ClassVar = {
        "person": "人员信息有误",
        "hours": "学时有误",
        "attendance": "未参加或重复报送",
        "summary": "总结过于简略",
    } | REASONS
    fits: ClassVar = dict.fromkeys(("person", "hours", "attendance"), ("roster", ROWS)) | {"summary": ("summary",)}
    columns = (
        _PLAN.c.subject,
        _TABLE.c.start_on,
        _TABLE.c.end_on,
        _PLAN.c.headcount,
        _PLAN.c.hours_each,
        *(_TABLE.c[name] for name in ("people", "hours", "faults", "late", "due_on")),
        (_TABLE.c.over_plan != "").label("over_plan"),
        standing.OF_SUBMISSION.label("standing"),
    )
    loads = (sa.orm.selectinload(Report.plan).joinedload(Plan.authority).joinedload(Organization.authority),)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id).join(_PLAN, _PLAN.c.id == _TABLE.c.plan_id)

    def facts(self, report: Report) -> list[tuple[str, object]]:
        return [
            ("培训机构", report.organization.name),
            ("实际培训时间", f"{report.start_on} 至 {report.end_on}"),
            ("花名册", f"{report.people + report.faults}行，{report.faults}行有错误，共{hours_text(report.hours)}学时"),
            ("报送期限", f"{report.due_on}" + ("，逾期报送" if report.late else "")),
        ]

    def texts(self, report: Report) -> list[tuple[str, str]]:
        over = [("超出计划", report.over_plan), (OVER_PLAN_REASON, report.over_plan_reason)]
        return [("培训总结", report.summary), *(over if report.over_plan else ())]

    def lines(self, session: Session, found: Sequence[Report]) -> dict[int, Line]:
        of, again = RosterProblem.report_id, sa.func.count(RosterProblem.row.distinct())
        listed = RosterProblem.code == "duplicate", of.in_([each.id for each in found])
        twice: dict[int, int] = dict(session.execute(sa.select(of, again).where(*listed).group_by(of)).all())
        of_row, people = RosterRow.report_id, sa.func.count(RosterRow.id_index.distinct())
        approved = [each.id for each in found if each.state is State.APPROVED]
        earned = sa.select(of_row, people).where(of_row.in_(approved), *_earns()).group_by(of_row)
        posted: dict[int | None, int] = dict(session.execute(earned).all())
        return {each.id: _line(each, twice.get(each.id, 0), posted.get(each.id, 0)) for each in found}

    def content(self, session: Session, report: Report) -> dict[str, str]:
        plain = "start_on end_on teachers summary over_plan_reason".split()
        given = {"announcement": report.announcement_id, "roster": report.roster_id}
        said = {name: files.named(session.get_one(Attachment, each)) if each else "" for name, each in given.items()}
        return said | {name: str(getattr(report, name)) for name in plain}

    def rows(self, session: Session, report: Report, only: Collection[int] | None = None) -> Rows:
        query = sa.select(RosterRow.row, RosterRow.cells).where(RosterRow.report_id == report.id)
        if only is not None:
            query = query.where(RosterRow.row.in_(only))
        return {row: _texts(json.loads(cells or "{}")) for row, cells in session.execute(query.order_by(RosterRow.row))}

    def headings(self, report: Report) -> dict[str, str]:
        return dict(form_of(report).repair_headings)

    def remarked(self, session: Session, report: Report) -> tuple[Sequence[Given], Kept | None]:
        """Of a supplement: by which remarks its rows went back when the rest of the report was approved.

        A row may have another number here (`supplement`): it is known by what it said when it was taken up. Of a roster
        of the first release, whose cells are not kept, by its name; where several have that, the remark says so.
        """
        if report.part == 1:
            return (), None
        earlier = sa.select(Report.id).where(Report.plan_id == report.plan_id, Report.part < report.part)
        sent_back = sa.select(Remark, RosterRow).join(Movement, Movement.id == Remark.movement_id)
        sent_back = sent_back.join(
            RosterRow, sa.and_(RosterRow.report_id == Remark.submission_id, RosterRow.row == Remark.row)
        ).where(Remark.submission_id.in_(earlier), Movement.to_state == State.APPROVED)
        mine = {row: _texts(cells) for row, cells in taken_up(session, report).items()}
        newest: dict[tuple[str | int, str], Given] = {}
        for line, was in session.execute(sent_back.order_by(Remark.id)):
            cells = _texts(json.loads(was.cells or "{}"))
            found = [row for row, here in mine.items() if (here == cells if cells else here.get("name") == was.name)]
            if not found:
                continue
            place: str | int = was.row if was.row in found else found[0]
            told = ""
            if not cells and len(found) > 1 and was.row not in found:  # by the name alone it cannot be told which
                namesakes = f"本次补报有{len(found)}行同名，请核对所指的行。"
                place, told = "", f"先前报告第{was.row}行{resident_id.masked(was.name)}，{namesakes}"
            newest[place, told] = Given(line.code, place, told + line.words)
        return list(newest.values()), Kept(self.content(session, report), mine)

    def deadline(self, session: Session, report: Report) -> Deadline:
        return deadline(session, report)

    def warnings(self, session: Session, report: Report, actor: Actor) -> list[Problem]:
        """Lateness, rows left out, what exceeds the plan or falls short of it, people in other rosters."""
        over = [("over-plan", "number", "", f"{each.words}（{each.line}）") for each in beyond_plan(session, report)]
        if report.late:
            over.insert(
                0,
                (
                    "late",
                    "number",
                    str(report.due_on),
                    f"逾期报送，应于{deadlines.by(report.due_on)}报送：{report.late_reason}",
                ),
            )
        if report.faults:
            over.append(("faults", "number", str(report.faults), f"{report.faults}行有错误，不登记学时"))
        hints = sa.select(sa.func.count(RosterProblem.id)).where(RosterProblem.report_id == report.id)
        if count := session.scalar(hints.where(~RosterProblem.blocking)):
            over.append(("hints", "number", str(count), f"花名册有{count}处提示"))
        found = [Problem(0, column, code, value, words, blocking=False) for code, column, value, words in over]
        return [*found, *seminars.hints(session, report), *concerns.warnings(session, report.id, actor)]

    def check_submit(self, session: Session, report: Report, *, actor: Actor, reason: str, now: datetime) -> None:
        """A report has its summary, announcement and roster, clause 一(五)2.

        After its days it is late and says why; far beyond its plan it says why, too, clause 一(五)1.
        Refused codes: "fields", "late", "over-plan".
        """
        faults: Faults = []
        if not report.summary:
            faults.append(("summary", "培训总结未填"))
        if report.announcement_id is None:
            faults.append(("announcement", "培训通知未上传"))
        if report.roster_id is None:
            faults.append(("roster", "培训花名册未上传"))
        elif not report.people:
            faults.append(("roster", "花名册没有一行无误，请改正后重新上传"))
        then = "请补齐后再报送。" if faults else ""
        report.due_on = self.deadline(session, report).due_on
        report.late = db.office_day(now) > report.due_on
        reason = typed.prose(reason) or report.late_reason
        if report.late and not reason:
            clause = plans.policy_of(report.plan).report_clause
            words = f"应于{deadlines.by(report.due_on)}报送（{clause}），现已逾期，请填写逾期原因后报送"
            faults.append(("late_reason", words))
        report.late_reason = reason if report.late else ""
        report.over_plan = figures(session, report)
        if report.over_plan and not report.over_plan_reason:
            faults.append(("over_plan_reason", f"请先填写“{OVER_PLAN_REASON}”再报送：{report.over_plan}"))
        codes = {"late_reason": "late", "over_plan_reason": "over-plan"}
        refuse_faults(faults, then, code=codes.get(faults[0][0], "fields") if faults else "fields")
        if not report.over_plan:
            report.over_plan_reason = ""

    def check_approve(self, session: Session, report: Report, *, now: datetime) -> None:
        """Refuse approval of an excess over the plan (超出计划) without a reason. Refused codes: "over-plan"."""
        if not report.over_plan_reason and (found := figures(session, report)):
            raise Refused("over-plan", f"基地没有说明超出计划的原因，请退回，由基地填写后重报：{found}。")

    def to_confirm(self, session: Session, report: Report) -> str:
        """What is far beyond the plan (超出计划), with both figures."""
        found = figures(session, report)
        return f"超出批准的计划：{found}" if found else ""

    @db.in_bulk()
    def on_approve(self, session: Session, report: Report, *, actor: Actor, now: datetime) -> str:
        """Post the hours of every good row, all or none; `consequence` says what that was.

        Refused codes: "name" (somebody on file has this number under another name), "empty", "posted".
        """
        if books.post_ready(session, report, actor=actor, now=now):
            return ""
        sealed = sa.inspect(RosterRow).columns.id_number.type
        assert isinstance(sealed, db.EncryptedText)
        row = RosterRow
        written = sa.type_coerce(row.id_number, sa.LargeBinary)
        whose = sa.select(row.name, written, row.employer, row.post, row.specialty, row.id_index)
        earned = (row.id, row.id_index, row.credit_year, row.hours)
        session.flush()
        found = session.connection().execute(whose.add_columns(*earned).where(*_earning(report)).order_by(row.row))
        rows = found.all()
        numbers = sealed.opened(number for _, number, *_ in rows)
        facts = [
            persons.PersonFacts(name, number, *work)
            for number, (name, _, *work) in zip(numbers, (each[:6] for each in rows), strict=True)
        ]
        person_ids = persons.match_or_add(session, facts, authority_id=report.authority_id, now=now)
        postings = list(_postings(report, (each[6:] for each in rows), person_ids))
        home = session.get_one(Organization, report.organization_id)
        books.post(
            session,
            postings,
            submission=report,
            basis=f"{home.name}：{report.title}"[:200],
            actor=actor,
            now=now,
        )
        return ""

    def send_back(self, session: Session, report: Report, given: Sequence[Given], /) -> None:
        """Send rows back (部分退回): they post nothing, and are what a supplement (补报) takes up, with their remarks.

        Refused codes: "remark" (a row that posts nothing as it is).
        """
        rows = {each.place for each in given}
        earning = sa.select(RosterRow).where(*_earning(report), RosterRow.row.in_(rows))
        found = {row.row: row for row in session.scalars(earning)}
        if nothing := rows - found.keys():
            which = "、".join(map(str, sorted(nothing)))
            raise Refused("remark", f"第{which}行本来就不登记学时，不必退回；报告通过后由基地补报。")
        for row in found.values():
            row.faulty, row.id_index = True, None
        for each in given:
            words = f"审核退回：{self.reasons[each.code]}" + (f"，{each.words}" if each.words else "")
            problem = {"row": each.place, "column": "number", "code": SENT_BACK, "value": "", "mend": "{}"}
            session.add(RosterProblem(report_id=report.id, words=words, blocking=True, **problem))
        session.flush()
        report.people = _people(session, report)
        report.hours -= sum((row.hours for row in found.values()), Decimal())
        report.faults += len(found)

    def undo(self, session: Session, report: Report, *, now: datetime) -> None:
        """A decision stands once a supplement was begun after it; rows that went back stand in the roster again."""
        later = sa.select(Report.id).where(Report.plan_id == report.plan_id, Report.part > report.part)
        if session.scalar(later.limit(1)):
            raise Refused("relied", "基地已在此后开始补报，不能再撤销；请在审核补报时处理，学时有误的请冲销。")
        if session.scalar(sa.select(FinishTest.id).where(FinishTest.plan_id == report.plan_id).limit(1)):
            raise Refused("relied", "培训机构已按它登记结业考核，不能再撤销；请机构先撤销登记，学时有误的请冲销。")
        sent_back = sa.select(RosterProblem).where(
            RosterProblem.report_id == report.id, RosterProblem.code == SENT_BACK
        )
        problems = session.scalars(sent_back).all()
        rows = sa.select(RosterRow).where(RosterRow.report_id == report.id)
        for row in session.scalars(rows.where(RosterRow.row.in_({each.row for each in problems}))):
            row.faulty, row.id_index = False, db.blind_index(row.id_number)
            report.hours += row.hours
            report.faults -= 1
        for each in problems:
            session.delete(each)
        session.flush()
        report.people = _people(session, report)

    def size(self, report: Report) -> int:
        return report.people

    def consequence(self, session: Session, report: Report, action: Action, counted: Consequence) -> Consequence:
        """Whom the roster's hours go to, which rows post none; before approval what it would post as it stands."""
        match action:
            case Action.SUBMIT:
                told = replace(expected(session, report), late=report.late, over_plan=report.over_plan)
                kept = "逾期报送" if report.late else "按期报送"
                done = f"{kept}，由{report.authority.name}审核；审核通过后{_registers(report, told)}"
            case Action.APPROVE:
                told = replace(counted, double=concerns.double(session, report), over_plan=figures(session, report))
                done = f"{_registers(report, told)}，学员可打印审验卡"
            case Action.REJECT if report.part > 1:
                return replace(counted, done="这些人不能再补报")
            case _:
                return counted
        rows, posting = counted_rows(session, report)
        sent_back = sa.select(sa.func.count(RosterProblem.row.distinct()))
        sent_back = sent_back.where(RosterProblem.report_id == report.id, RosterProblem.code == SENT_BACK)
        gone = session.scalars(sent_back).one()
        return replace(told, done=done, left_out=rows - posting - gone, sent_back=gone)

    def summary(self, report: Report) -> dict[str, Any]:
        return summary(report)


register(ReportKind())
