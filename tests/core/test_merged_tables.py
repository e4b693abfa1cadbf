"""The merged table, who has not filed, what each line came to, and the summary with its figures, clause 三."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Refused
from core.law import notices
from core.ledger import books
from core.models import CreditBatch, Message, PlanTable, ProgrammeLine, Report, State, YearSummary
from core.office import daily, home
from core.office.dashboards import trainings
from core.submissions import workflow
from core.submissions.programmes import capability, merged, summaries
from core.submissions.workflow import Action
from core.tables import reader
from tests import cast as c
from tests.core.test_plan_tables import JANUARY, with_clerk

NOVEMBER = datetime.fromisoformat("2024-11-20T09:00:00+08:00")
WRITTEN = summaries.SummaryFields("按计划表逐项举办。", "学员满意。")
CAPABILITY = notices.in_force(date(2024, 1, 1)).programme("capability")


@pytest.fixture
def cast(office: str) -> c.Cast:
    return c.assemble()


def approved(cast: c.Cast, by: str = "department") -> PlanTable:
    """A plan table filed in time and approved."""
    found = c.file_table(cast, by=by, now=JANUARY)
    c.approve(cast, found.id, now=JANUARY)
    return found


def line_of(found: PlanTable, number: int) -> int:
    with db.reading() as session:
        query = sa.select(ProgrammeLine.id).where(
            ProgrammeLine.submission_id == found.id, ProgrammeLine.number == number
        )
        return session.scalars(query).one()


def trained(cast: c.Cast, line_id: int, serials: Sequence[int], weeks: int = 0) -> Report:
    """A training of the base that carries out a line, reported with these people and approved."""
    days: Any = {name: getattr(c.PLAN, name) + timedelta(weeks=weeks) for name in ("start_on", "end_on")}
    rows = c.sheet([c.row(each) for each in serials])
    plan = c.file_plan(cast, programme="capability", line_id=line_id, title=f"第{weeks}周班", **days)
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, rows, now=c.AFTER + timedelta(weeks=weeks))
    c.approve(cast, report.id, now=c.AFTER + timedelta(weeks=weeks))
    return report


def done(year: int = 2024) -> tuple[int, int]:
    """People and 人次 of the programme."""
    with db.reading() as session:
        rows = merged.done(CAPABILITY, year).subquery()
        query = sa.select(sa.func.count(rows.c.key.distinct()), sa.func.count()).select_from(rows)
        people, visits = session.execute(query.where(rows.c.until.is_(None))).one()
        return people, visits


def lines_of(cast: c.Cast, by: str = "reviewer") -> list[merged.Merged]:
    with db.reading() as session:
        return merged.merged(session, cast[by], "capability", 2024)


# --- what counts ------------------------------------------------------------------------------------------------------


def test_people_of_approved_reports_count_once_and_a_reversal_takes_them_away(database: str) -> None:
    cast = c.assemble()
    table = approved(cast)
    first, second = line_of(table, 1), line_of(table, 2)
    trained(cast, first, [1, 2, 3])
    again = trained(cast, second, [3, 4], weeks=2)
    c.posted(cast, c.sheet([c.row(9)]), title="不属于项目的班", start_on=date(2024, 6, 17), end_on=date(2024, 6, 19))
    assert done() == (4, 5)
    assert done(2023) == (0, 0)
    assert [each.carried for each in lines_of(cast)] == [merged.Carried(1, 1, 3, 3), merged.Carried(1, 1, 2, 2)]
    with db.transaction() as session:
        batch = session.scalars(sa.select(CreditBatch.id).where(CreditBatch.submission_id == again.id)).one()
        books.reverse(session, batch, lines=[2], actor=cast["reviewer"], reason="未参加", now=NOVEMBER)
    assert done() == (3, 4)
    assert lines_of(cast)[1].carried == merged.Carried(1, 1, 1, 1)


def test_a_plan_and_a_report_that_only_wait_count_nothing(cast: c.Cast) -> None:
    table = approved(cast)
    plan = c.file_plan(cast, programme="capability", line_id=line_of(table, 1))
    assert lines_of(cast)[0].carried == merged.Carried()
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([c.row(1), c.row(2)]))
    assert lines_of(cast)[0].carried == merged.Carried(1, 0, 0, 0)
    assert done() == (0, 0)
    c.approve(cast, report.id, now=c.AFTER)
    assert lines_of(cast)[0].carried == merged.Carried(1, 1, 2, 2)
    with db.transaction() as session:
        version = session.get_one(Report, report.id).version
        act: Any = {"version": version, "actor": cast["reviewer"], "now": c.AFTER}
        workflow.move(session, report.id, Action.UNDO, **act)
    assert done() == (0, 0)


# --- the merged table -------------------------------------------------------------------------------------------------


def test_the_regions_own_come_before_the_leagues_and_an_office_sees_its_own(cast: c.Cast) -> None:
    with_clerk(cast, "hohhot_clerk", "hohhot")
    approved(cast, "hohhot_clerk")
    approved(cast)
    assert [(each.category, each.office) for each in lines_of(cast)][::2] == [
        ("区直", "内蒙古自治区农牧厅（示例）"),
        ("盟市", "呼和浩特市人力资源和社会保障局"),
    ]
    assert {each.office for each in lines_of(cast, "hohhot_leader")} == {"呼和浩特市人力资源和社会保障局"}
    assert lines_of(cast, "baotou_reviewer") == []
    with db.reading() as session, pytest.raises(Refused, match="role"):
        merged.merged(session, cast["department"], "capability", 2024)


def test_the_merged_table_is_handed_out_in_the_forms_order_and_read_again(cast: c.Cast) -> None:
    table = approved(cast)
    trained(cast, line_of(table, 2), [1, 2])
    with db.reading() as session:
        content = merged.file(session, "capability", 2024, actor=cast["reviewer"], now=NOVEMBER)
    (sheet,) = reader.read(content)
    head = [str(column[1]) for column in sheet.columns]
    assert head[:9] == "序号 单位 单位类别 项目名称 重点领域 培训对象 培训内容 培训方式 计划人数".split()
    assert head[-4:] == ["落实计划数", "已报告期数", "完成人数", "完成人次"]
    assert "培养培训计划表（区直、盟市）　汇总单位：内蒙古自治区人力资源和社会保障厅" in sheet.columns[0][0]
    people, done_people = (sheet.columns[head.index(name)][2:] for name in ("计划人数", "完成人数"))
    assert [int(each) for each in people] == [100, 60, 160]
    assert [int(each) for each in done_people] == [0, 2, 2]
    with db.reading() as session, pytest.raises(Refused, match="empty"):
        merged.file(session, "capability", 2023, actor=cast["reviewer"], now=NOVEMBER)


# --- who has not filed ------------------------------------------------------------------------------------------------


def missing(cast: c.Cast, by: str, now: datetime, *, summaries: bool = False) -> dict[str, tuple[int, str]]:
    with db.reading() as session:
        found = merged.not_filed(session, cast[by], "capability", 2024, summaries=summaries, now=now)
    return {each.organization.name: (each.days_late, each.words) for each in found}


def test_who_has_not_filed_is_listed_with_the_days_and_how_far_it_has_come(cast: c.Cast) -> None:
    march = datetime.fromisoformat("2024-03-01T09:00:00+08:00")
    found = missing(cast, "reviewer", march)
    assert next(iter(found)) == "内蒙古自治区农牧厅（示例）"
    assert found["内蒙古自治区农牧厅（示例）"] == (30, "还没有填写")
    assert len(found) == 15  # twelve leagues, two cities, one department
    with db.transaction() as session:
        capability.draft(session, capability.TableFields("capability", 2024), actor=cast["department"], now=march)
    assert missing(cast, "reviewer", march)["内蒙古自治区农牧厅（示例）"] == (30, "草稿")
    assert list(missing(cast, "hohhot_reviewer", march)) == ["呼和浩特市人力资源和社会保障局"]
    with_clerk(cast, "hohhot_clerk", "hohhot")
    late = c.file_table(cast, by="hohhot_clerk", now=march)
    assert "呼和浩特市人力资源和社会保障局" not in missing(cast, "reviewer", march)
    with db.reading() as session:
        there = merged.filed(session, cast["reviewer"], "capability", 2024)
        assert [(each.id, each.late) for each in there] == [(late.id, True)]
        assert merged.tally(there, []) == (1, 0, 1, 0, 1)
        assert merged.clerks(session, [cast.places["hohhot"].id]) == {cast.places["hohhot"].id: "经办人"}
        told = trainings.programme_papers(session, cast["reviewer"], 2024, march.date())
        hohhot = told[told["base"] == cast.places["hohhot"].id]
        assert set(hohhot["league"]) == {cast.places["hohhot"].id}, "a league's paper is its own, filed or owed"
        assert hohhot["filed_on"].notna().any()


def test_the_home_page_and_the_messages_remind_of_what_is_not_filed(office: str) -> None:
    near = datetime.fromisoformat("2024-01-28T09:00:00+08:00")
    cast = c.assemble(near)
    late = near + timedelta(days=9)
    with db.reading() as session:
        mine = home.home(session, cast["department"], now=near)
        assert mine.soon
        assert [(each.kind, each.id, each.left) for each in mine.soon.items] == [("plan_table", 0, 3)]
        below = home.home(session, cast["reviewer"], now=late).below
        assert below
        assert [(each.title, each.words, each.left) for each in below.items] == [
            ("2024年知识更新能力提升项目计划表", "有15个单位没有报送", -6)
        ]
        own = home.home(session, cast["hohhot_reviewer"], now=late).below
        assert own
        assert own.items[0].words == "本单位没有报送"
    c.file_table(cast, now=near)
    with db.transaction() as session:
        daily.remind(session, now=late)
    with db.reading() as session:
        told = list(session.execute(sa.select(Message.title, Message.organization_id, Message.role)))
    offices = {office for title, office, _ in told if title.startswith("知识更新能力提升项目：报送计划")}
    assert cast.places["hohhot"].id in offices
    assert cast.places["department"].id not in offices
    assert ("2024年知识更新能力提升项目计划表：有14个单位逾期未报", 1) in [each[:2] for each in told]
    with db.reading() as session:
        assert home.home(session, cast["department"], now=late).soon.count == 0


# --- the summary ------------------------------------------------------------------------------------------------------


def file_summary(cast: c.Cast, by: str = "department", now: datetime = NOVEMBER) -> YearSummary:
    with db.transaction() as session:
        found = summaries.draft(session, "capability", 2024, WRITTEN, actor=cast[by], now=now)
        session.flush()
        act: Any = {"version": found.version, "actor": cast[by], "now": now}
        workflow.move(session, found.id, Action.SUBMIT, **act)
    return found


def test_a_summary_keeps_the_figures_of_the_day_it_was_filed(database: str) -> None:
    cast = c.assemble()
    table = approved(cast)
    first = trained(cast, line_of(table, 1), [1, 2, 3])
    trained(cast, line_of(table, 2), [3], weeks=2)
    found = file_summary(cast)
    said = summaries.kept(found)
    assert (said.planned_items, said.done_items, said.planned_people, said.done_people) == (2, 2, 160, 3)
    assert (said.visits, said.share) == (4, "1.9%")
    assert dict(said.by_area) == {"新能源": 3, "乡村振兴": 1}
    assert dict(said.by_level) == {"中级": 3}
    with db.reading() as session:
        told = dict(summaries.SUMMARY.facts(workflow.one(session, found.id, cast["reviewer"])))
        assert (told["完成人数"], told["数字截至"]) == ("3人（4人次）", date(2024, 11, 20))
    with db.transaction() as session:
        batch = session.scalars(sa.select(CreditBatch.id).where(CreditBatch.submission_id == first.id)).one()
        books.reverse(session, batch, actor=cast["reviewer"], reason="登记有误", now=NOVEMBER)
    with db.reading() as session:
        again = session.get_one(YearSummary, found.id)
        assert summaries.figures(session, again).done_people == 3
        (hint,) = workflow.warnings(session, found.id, cast["reviewer"])
        assert hint.words == "报送后数字有变化：完成人数3人，现为1人"


def test_nobody_types_a_figure_and_what_is_to_be_explained_is_asked_for(cast: c.Cast) -> None:
    assert set(summaries.SummaryFields.__dataclass_fields__) == {"practice", "effect", "trouble", "outlook"}
    with db.transaction() as session:
        empty = summaries.SummaryFields("", "")
        found = summaries.draft(session, "capability", 2024, empty, actor=cast["department"], now=NOVEMBER)
    act: Any = {"version": found.version, "actor": cast["department"], "now": NOVEMBER}
    refused = c.refusal(lambda s: workflow.move(s, found.id, Action.SUBMIT, **act))
    assert refused.fields.keys() == {"practice", "effect"}
    long = summaries.SummaryFields("长" * 5001, "")
    refused = c.refusal(lambda s: summaries.revise(s, found.id, long, **act))
    assert refused.fields.keys() == {"practice"}
    stale = c.refusal(lambda s: summaries.revise(s, found.id, WRITTEN, **act | {"version": 9}))
    assert stale.code == "stale"
    again = c.refusal(
        lambda s: summaries.draft(s, "capability", 2024, WRITTEN, **{k: act[k] for k in ("actor", "now")})
    )
    assert again.code == "twice"


def test_a_summary_after_its_day_is_taken_and_marked_and_one_without_a_plan_is_told(cast: c.Cast) -> None:
    december = NOVEMBER + timedelta(days=12)
    assert missing(cast, "reviewer", december, summaries=True)["内蒙古自治区农牧厅（示例）"] == (2, "还没有填写")
    found = file_summary(cast, now=december)
    assert (found.late, found.due_on, found.state) == (True, date(2024, 11, 30), State.SUBMITTED)
    with db.reading() as session:
        codes = [each.code for each in workflow.warnings(session, found.id, cast["reviewer"])]
    assert codes == ["late", "unplanned"]
    assert "内蒙古自治区农牧厅（示例）" not in missing(cast, "reviewer", december, summaries=True)


def test_a_summary_that_goes_back_is_counted_anew_when_it_is_filed_again(cast: c.Cast) -> None:
    table = approved(cast)
    found = file_summary(cast)
    with db.transaction() as session:
        act: Any = {"version": found.version, "actor": cast["reviewer"], "reason": "请补充", "now": NOVEMBER}
        workflow.move(session, found.id, Action.RETURN, **act)
    trained(cast, line_of(table, 1), [1, 2])
    later = NOVEMBER + timedelta(days=20)
    with db.transaction() as session:
        version = session.get_one(YearSummary, found.id).version
        act = {"version": version, "actor": cast["department"], "now": later}
        workflow.move(session, found.id, Action.SUBMIT, **act)
    with db.reading() as session:
        again = session.get_one(YearSummary, found.id)
        assert (summaries.kept(again).done_people, again.counted_on, again.late) == (2, date(2024, 12, 10), False)
