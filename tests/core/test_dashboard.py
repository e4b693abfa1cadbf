"""The dashboard: each figure is counted again another way under any filters; each sees its own; as of a day."""

from __future__ import annotations

import io
import statistics
from collections import defaultdict
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Refused
from core.ledger import books
from core.models import Mode, Movement, Nomination, Organization, Person, Plan, Report, State
from core.office import dashboards
from core.office.dashboards import Board, Measure, Per, Wanted, brief, charts, exports, groups
from core.quotas import targets
from core.submissions import workflow
from core.submissions.workflow import Action
from core.trail import kept
from tests import cast as c
from tests import ready
from tests.core.test_progress_of_programmes import a_line
from tests.core.test_targets import split

POSTS = {"主任医师": "高级", "主治医师": "中级", "护师": "初级", "": "未分级"}
EMPLOYERS = {"示例市第一医院": "卫生", "示例旗蒙古族中学": "教育", "示例信息公司": "企业"}
BORN = (date(1993, 3, 4), date(1982, 3, 4), date(1972, 3, 4), date(1966, 3, 4))
YOUNG = {"35岁及以下": (0, 35), "36—45岁": (36, 45), "46—55岁": (46, 55), "56岁以上": (56, 99)}
LATER = c.NOW + timedelta(days=150)
"""When the last of it was done: 2024-10-31."""
YEAR = Wanted(2024, db.office_day(LATER))


def somebody(serial: int, hours: int) -> list[Any]:
    """One of forty people of four posts, three employers and four ages."""
    number = c.id_number(serial, BORN[serial % 4])
    posts, employers = list(POSTS), list(EMPLOYERS)
    told = {"post": posts[serial // 4 % 4], "employer": employers[serial % 3], "professional_hours": hours}
    return c.row(serial, id_number=number, sex="男" if int(number[16]) % 2 else "女", **told)


def train(
    cast: c.Cast, serials: range, start_on: date, *, by: str = "base", reviewer: str = "reviewer", days: int = 4
) -> int:
    """A training from plan to credited hours, reported a week after its end; answers its report."""
    end_on, hours = start_on + timedelta(days=days - 1), Decimal(8 * days)
    title = f"{start_on}示例培训班"
    fields = {"title": title, "start_on": start_on, "end_on": end_on, "hours_each": hours, "headcount": len(serials)}
    plan = c.file_plan(cast, by=by, **fields)
    c.approve(cast, plan.id, by=reviewer, now=c.NOW + timedelta(days=2))
    after = datetime.combine(end_on + timedelta(days=7), datetime.min.time(), db.OFFICE_ZONE)
    report = c.file_report(cast, plan, c.sheet([somebody(each, 8 * days) for each in serials]), by=by, now=after)
    c.approve(cast, report.id, by=reviewer, now=after + timedelta(days=3))
    return report.id


def assembled() -> c.Cast:
    """Five trainings credited, one of them taken back in part, and one stuck at each step of the way."""
    cast = c.assemble()
    train(cast, range(1, 25), date(2024, 6, 24))
    train(cast, range(1, 13), date(2024, 7, 8))
    train(cast, range(20, 41), date(2024, 7, 22), by="hohhot_base", reviewer="hohhot_reviewer")
    train(cast, range(24, 35), date(2024, 8, 5), by="hohhot_base", reviewer="hohhot_reviewer")
    report = train(cast, range(5, 9), date(2024, 9, 2))
    with db.transaction() as session:
        batch = session.scalar(sa.text("SELECT id FROM credit_batch WHERE submission_id = :id"), {"id": report})
        books.reverse(session, batch, lines=[1, 2], actor=cast["reviewer"], reason="重复登记", now=LATER)
    c.file_plan(cast, title="等待审批", start_on=date(2024, 11, 20), end_on=date(2024, 11, 22))
    back = c.file_plan(cast, title="退回待改", start_on=date(2024, 11, 20), end_on=date(2024, 11, 22))
    with db.transaction() as session:
        version = session.scalar(sa.text("SELECT version FROM submission WHERE id = :id"), {"id": back.id})
        done = {"version": version, "actor": cast["reviewer"], "reason": "请补充", "now": c.NOW + timedelta(days=1)}
        workflow.move(session, back.id, Action.RETURN, **done)
    owed = c.file_plan(cast, by="hohhot_base", title="未报报告", start_on=date(2024, 8, 12), end_on=date(2024, 8, 14))
    c.approve(cast, owed.id, by="hohhot_reviewer", now=c.NOW + timedelta(days=4))
    waiting = c.file_plan(cast, title="报告待审", start_on=date(2024, 10, 14), end_on=date(2024, 10, 16))
    c.approve(cast, waiting.id, now=c.NOW + timedelta(days=1))
    c.file_report(cast, waiting, c.sheet([somebody(1, 24)]), now=LATER - timedelta(days=5))
    return cast


@pytest.fixture
def cast(office: Path) -> c.Cast:
    dashboards.forget()
    return ready.office(assembled)


def asked(actor: Actor, wanted: Wanted = YEAR) -> Board:
    with db.reading() as session:
        return dashboards.board(session, actor, wanted, now=LATER)


# --- the second way: plain SQL over entries and papers ----------------------------------------------------------------

SHARES = """
FROM credit_entry e JOIN credit_batch b ON b.id = e.batch_id LEFT JOIN credit_batch o ON o.id = b.reverses_id
JOIN report r ON r.id = COALESCE(o.submission_id, b.submission_id)
JOIN plan p ON p.id = r.plan_id JOIN submission s ON s.id = p.id JOIN organization f ON f.id = s.organization_id
JOIN person x ON x.id = e.person_id WHERE p.start_on BETWEEN '2024-01-01' AND '2024-12-31'"""
PAPERS = """
FROM plan p JOIN submission s ON s.id = p.id JOIN organization f ON f.id = s.organization_id
WHERE p.start_on BETWEEN '2024-01-01' AND '2024-12-31' AND s.state <> 'draft'"""
DONE = """
FROM person x LEFT JOIN (
  SELECT e.person_id, SUM(CASE WHEN e.subject = 'public' THEN e.hours ELSE 0 END) AS one,
    SUM(CASE WHEN e.subject = 'professional' THEN e.hours ELSE 0 END) AS other
  FROM credit_entry e WHERE e.year = 2024 GROUP BY e.person_id) h ON h.person_id = x.id WHERE 1 = 1"""


def of_paper(wanted: Wanted) -> str:
    month = (
        f" AND CAST(SUBSTR(CAST(p.start_on AS VARCHAR(10)), 6, 2) AS INTEGER) = {wanted.month}" if wanted.month else ""
    )
    kind = f" AND f.kind = '{wanted.kind.value}'" if wanted.kind else ""
    league = f" AND s.authority_id = {wanted.league}" if wanted.league else ""
    base = f" AND s.organization_id = {wanted.base}" if wanted.base else ""
    return league + base + kind + month + (f" AND p.subject = '{wanted.subject}'" if wanted.subject else "")


def of_person(wanted: Wanted) -> str:
    level = [post for post, level in POSTS.items() if level == wanted.level]
    names = [name for name, sector in EMPLOYERS.items() if sector == wanted.sector]
    told = f" AND x.post = '{level[0]}'" if wanted.level else ""
    told += f" AND x.employer_name = '{names[0]}'" if wanted.sector else ""
    if wanted.age:
        least, most = YOUNG[wanted.age]
        told += f" AND 2024 - CAST(SUBSTR(CAST(x.birth_on AS VARCHAR(10)), 1, 4) AS INTEGER) BETWEEN {least} AND {most}"
    return told + (f" AND x.employer_id = {wanted.employer}" if wanted.employer else "")


def counted(what: str, source: str, where: str = "", by: str = "") -> Any:
    """What a plain statement answers: a number, or numbers by what they are grouped by."""
    group = f" GROUP BY {by}" if by else ""
    with db.reading() as session:
        rows = session.execute(sa.text(f"SELECT {by + ', ' if by else ''}{what} {source}{where}{group}")).all()
    return {row[0]: row[1] or 0 for row in rows} if by else rows[0][0] or 0


def reported_in_time(where: str) -> float | None:
    """The share of reports in time, by when each was first sent in; who is forty days behind without one is late."""
    sent = f"""SELECT MIN(m.at), MIN(r.due_on) {
        PAPERS.replace(
            "WHERE",
            "JOIN report r ON r.plan_id = p.id JOIN movement m ON m.submission_id = r.id AND m.action = 'submit' WHERE",
        )
    } {where}
        AND s.state = 'approved' GROUP BY p.id"""
    with db.reading() as session:
        rows = [(pd.to_datetime(at, utc=True), due) for at, due in session.execute(sa.text(sent))]
    kept = sum(str(at.tz_convert(db.OFFICE_ZONE).date()) <= str(due)[:10] for at, due in rows)
    none = " AND s.state = 'approved' AND p.end_on < '2024-09-20'"
    none += " AND NOT EXISTS (SELECT 1 FROM report q WHERE q.plan_id = p.id)"
    due = len(rows) + counted("COUNT(*)", PAPERS, where + none)
    return kept / due if due else None


def waited(where: str) -> dict[int, tuple[float, float]]:
    """Median and 90th percentile of the days from each filing to its decision, by authority."""
    moves = f"""SELECT m.submission_id, s.authority_id, m.action, m.at FROM movement m
        JOIN submission s ON s.id = m.submission_id JOIN organization f ON f.id = s.organization_id
        LEFT JOIN report r ON r.id = s.id JOIN plan p ON p.id = COALESCE(r.plan_id, s.id)
        WHERE 1 = 1 {where} ORDER BY m.id"""
    filed: dict[int, Any] = {}
    days = defaultdict(list)
    with db.reading() as session:
        for paper, office, action, at in session.execute(sa.text(moves)):
            if action == "submit":
                filed[paper] = pd.to_datetime(at, utc=True)
            elif action in ("approve", "return", "reject"):
                days[office].append((pd.to_datetime(at, utc=True) - filed[paper]).total_seconds() / 86_400)
    return {
        office: (statistics.median(each), statistics.quantiles(each, n=10, method="inclusive")[8])
        for office, each in days.items()
        if len(each) > 1
    }


COUNT = "SUM(CASE WHEN e.reverses_line IS NULL THEN 1 ELSE -1 END)"


def drawn(seed: int, cast: c.Cast) -> Wanted:
    """Filters as chance has them: about half of them are set."""
    dice = Random(seed)
    offered: dict[str, list[Any]] = {
        "league": [cast.places["region"].id, cast.places["hohhot"].id],
        "kind": [OrganizationKind.BASE],
        "subject": ["professional"],
        "month": [6, 7, 8],
        "sector": list(EMPLOYERS.values()),
        "level": list(POSTS.values()),
        "age": list(groups.ages()),
        "base": [cast.places["base"].id, cast.places["hohhot_base"].id],
        "employer": [cast.places["hospital"].id, cast.places["hohhot_school"].id],
    }
    chosen = {name: dice.choice(values) for name, values in offered.items() if dice.random() < 0.4}
    return replace(YEAR, **chosen)


@ready.both
@pytest.mark.parametrize("seed", [0, 5, 12, 32, 34])
def test_every_figure_is_what_plain_sql_counts_under_the_same_filters(cast: c.Cast, seed: int) -> None:
    wanted = drawn(seed, cast) if seed else YEAR
    seen = asked(cast["leader"], wanted)
    where, whom = of_paper(wanted), of_person(wanted)
    tiles = {tile.measure: tile.value for tile in seen.tiles()}
    assert tiles[Measure.PEOPLE] == counted(COUNT, SHARES, where + whom)
    assert tiles[Measure.HOURS] == counted("SUM(e.hours)", SHARES, where + whom) / 100
    if not wanted.of_people:
        approved = " AND s.state = 'approved'"
        assert tiles[Measure.PLANS] == counted("COUNT(*)", PAPERS, where + approved)
        reports = "(SELECT COUNT(*) FROM report r JOIN submission q ON q.id = r.id WHERE r.plan_id = p.id"
        reports += " AND q.state = 'approved')"
        assert tiles[Measure.REPORTS] == counted(f"SUM({reports})", PAPERS, where)
        way = seen.funnel().set_index("stage")
        assert way.loc["报送计划", "people"] == counted("SUM(p.headcount)", PAPERS, where)
        assert way.loc["批准计划", "trainings"] == counted("COUNT(*)", PAPERS, where + approved)
        ended = f"{approved} AND p.end_on <= '{wanted.on}'"
        assert way.loc["完成培训", "people"] == counted("SUM(p.headcount)", PAPERS, where + ended)
        assert tiles[Measure.ON_TIME] == pytest.approx(reported_in_time(where))
        waits = seen.waiting().query("decided > 1").set_index("place")
        again = waited(of_paper(replace(wanted, league=None)))
        assert set(waits.index) == set(again)
        for office, (median, p90) in again.items():
            assert tuple(waits.loc[office, ["median", "p90"]]) == pytest.approx((median, p90))
        next_year = asked(cast["leader"], replace(wanted, year=2025, on=date(2025, 10, 31)))
        before = {tile.measure: tile.before for tile in next_year.tiles()}
        assert before[Measure.PEOPLE] == counted(COUNT, SHARES, where)
        assert before[Measure.HOURS] == counted("SUM(e.hours)", SHARES, where) / 100
        assert before[Measure.PLANS] == counted("COUNT(*)", PAPERS, where + approved)
        assert before[Measure.REPORTS] == counted(f"SUM({reports})", PAPERS, where)
        assert before[Measure.ON_TIME] == pytest.approx(reported_in_time(where))
    away = replace(wanted, league=None, base=None)
    by_league = dict(
        zip(*(seen.of_region().by_place(Measure.PEOPLE)[name] for name in ("place", "value")), strict=True)
    )
    again = counted(COUNT, SHARES, of_paper(away) + whom, "s.authority_id")
    assert by_league == {league: people for league, people in again.items() if people}
    month = "CAST(SUBSTR(CAST(p.start_on AS VARCHAR(10)), 6, 2) AS INTEGER)"
    every = counted("SUM(e.hours)", SHARES, of_paper(replace(wanted, month=None)) + whom, month)
    months = seen.months(Measure.HOURS)
    months = months[months["year"] == "2024"]
    assert {row.month: row.value * 100 for row in months.itertuples() if row.value} == {
        m: h for m, h in every.items() if h
    }


@ready.both
@pytest.mark.parametrize("seed", [0, 5, 32, 34])
def test_completion_is_what_plain_sql_counts_and_opens_the_people_behind_it(cast: c.Cast, seed: int) -> None:
    wanted = replace(drawn(seed, cast) if seed else YEAR, month=None, subject="")
    seen = asked(cast["leader"], wanted)
    league = f" AND x.authority_id = {wanted.league}" if wanted.league else ""
    born = "2024 - CAST(SUBSTR(CAST(x.birth_on AS VARCHAR(10)), 1, 4) AS INTEGER)"
    aged = " ".join(f"WHEN {born} <= {most} THEN '{name}'" for name, (_, most) in YOUNG.items())
    offices = {place.id: place.id for place in cast.places.values()}
    for by, values, column in (
        ("level", POSTS, "x.post"),
        ("sector", EMPLOYERS, "x.employer_name"),
        ("age", {name: name for name in YOUNG}, f"CASE {aged} END"),
        ("league", offices, "x.authority_id"),
    ):
        where = ("" if by == "league" else league) + of_person(replace(wanted, **{by: ""}))
        everybody = counted("COUNT(*)", DONE, where, column)
        professional = counted("SUM(CASE WHEN h.other >= 6000 THEN 1 ELSE 0 END)", DONE, where, column)
        told = seen.completion(by).set_index("key")
        assert told["people"].to_dict() == {values[name]: number for name, number in everybody.items()}
        assert told["professional"].to_dict() == {values[name]: number for name, number in professional.items()}
        assert not told["public"].any()
        assert not told["total"].any()
    mine = replace(wanted, subject="professional")
    of_mine = asked(cast["leader"], mine)
    lacking = of_mine.lacking()
    short = counted("SUM(CASE WHEN COALESCE(h.other, 0) < 6000 THEN 1 ELSE 0 END)", DONE, league + of_person(wanted))
    assert len(lacking) == short
    whole = counted("COUNT(*)", DONE, league + of_person(wanted))
    done = {tile.measure: tile.value for tile in of_mine.tiles()}[Measure.DONE]
    assert done == (pytest.approx(1 - short / whole) if whole else None)
    with db.reading() as session:
        people = dashboards.people_rows(session, seen, lacking)
    assert len(people) == short
    assert people["id_mask"].str.contains(r"\*{8}").all()


def test_what_is_stuck_is_told_with_where_and_for_how_long(cast: c.Cast) -> None:
    stuck = asked(cast["leader"]).stuck()
    told = {row.title: (row.where, row.days, row.overdue) for row in stuck.itertuples()}
    on = YEAR.on
    assert told == {
        "退回待改": ("计划退回待改", (on - date(2024, 6, 4)).days, False),
        "等待审批": ("计划等待审批", (on - date(2024, 6, 3)).days, False),
        "未报报告": ("尚未报送报告", (on - date(2024, 8, 14)).days, True),
        "报告待审": ("报告等待审核", 5, False),
        "2024-09-02示例培训班": ("学时已冲销待补报", (on - date(2024, 9, 15)).days, False),
    }
    assert list(stuck["days"]) == sorted(stuck["days"], reverse=True)


@ready.both
def test_times_are_those_between_filing_and_decision(cast: c.Cast) -> None:
    seen = asked(cast["leader"])
    waits = seen.waiting().set_index("name")
    cases = seen.waits()
    region = cases[(cases["league"] == cast.places["region"].id) & cases["decided_at"].notna()]["days"]
    assert (waits.loc["自治区本级", "median"], waits.loc["自治区本级", "p90"]) == (
        pytest.approx(np.median(region)),
        pytest.approx(np.percentile(region, 90)),
    )
    assert dict(waits["open"]) == {"自治区本级": 2, "呼和浩特市": 0}
    later = asked(cast["leader"], Wanted(2025, date(2025, 1, 31)))
    assert waits["open"].sum() == later.waits()["decided_at"].isna().sum(), "filed in 2024, it waits in 2025 still"
    over = charts.waiting(asked(cast["leader"], replace(YEAR, on=date(2025, 1, 31))))
    assert "2024年底以前报送的仍有2件等待" in over.title
    assert asked(cast["leader"], replace(YEAR, year=2023)).waits().empty, "filed in 2024, it is nothing of 2023"
    assert "图中为未按时最多的1个盟市，共" in charts.in_time(seen, 1).title
    late = seen.late()
    of_trainings = late[late["matter"] != "年度计划表"]
    assert [(row.matter, row.title) for row in of_trainings.itertuples()] == [("培训情况报告", "未报报告")]
    owing = counted("COUNT(*)", "FROM organization o WHERE o.kind IN ('league_hr', 'department') AND o.active")
    assert (late["matter"] == "年度计划表").sum() == owing, "附件2, due on 31 January: nobody has filed it"
    on_time = seen.in_time().set_index(["name", "matter"])
    assert tuple(on_time.loc[("呼和浩特市", "培训情况报告"), ["due", "kept", "late"]]) == (3, 2, 1)
    assert tuple(on_time.loc[("呼和浩特市", "年度计划表"), ["due", "kept", "late"]]) == (1, 0, 1)


@ready.both
def test_an_earlier_day_is_answered_as_it_was(cast: c.Cast) -> None:
    """Before the reversal and the last training, by papers and by the ledger."""
    then = replace(YEAR, on=date(2024, 8, 1))
    seen = asked(cast["leader"], then)
    way = seen.funnel().set_index("stage")["trainings"]
    assert (way["学时入账"], way["报送报告"], way["批准计划"]) == (2, 3, 7)
    tiles = {tile.measure: tile.value for tile in seen.tiles()}
    assert tiles[Measure.PEOPLE] == counted(COUNT, SHARES, " AND b.posted_at < '2024-08-01 16:00:00'") == 36
    by_level = seen.completion("level")
    early = DONE.replace(
        "WHERE e.year = 2024",
        "JOIN credit_batch b ON b.id = e.batch_id WHERE e.year = 2024 AND b.posted_at < '2024-08-01 16:00:00'",
    )
    known = " AND x.added_at < '2024-08-01 16:00:00'"
    assert by_level["people"].sum() == counted("COUNT(*)", early, known)
    assert (
        by_level["professional"].sum()
        == counted("SUM(CASE WHEN h.other >= 6000 THEN 1 ELSE 0 END)", early, known)
        == 12
    )
    of_july = asked(cast["leader"], replace(YEAR, month=7)).completion("level")
    assert (of_july["people"].sum(), of_july["professional"].sum()) == (40, 12)


def test_what_was_kept_is_read_again_after_a_deed(cast: c.Cast) -> None:
    """After a batch, after a reversal, after somebody moved: always what a process says that has just begun."""

    def told(seen: Board) -> Any:
        drawn = charts.completion(seen, "level").table.to_dict(), charts.funnel(seen).table.to_dict()
        rows = seen.stuck(), seen.late(), seen.waits(), seen.rows(Measure.PEOPLE)
        whole = seen.tiles(), seen.lacking().tolist(), [each.to_dict() for each in rows]
        return seen.completion("level").to_dict(), seen.funnel().to_dict(), len(seen.people), drawn, repr(whole)

    assert charts.funnel(asked(cast["leader"])) is charts.funnel(asked(cast["leader"])), "nothing was done: drawn once"
    told(asked(cast["leader"]))
    for deed in ("batch", "reversal"):
        with db.transaction() as session:
            if deed == "batch":
                lines = [books.Posting(30, 2024, "professional", Decimal(60), date(2024, 10, 1))]
                books.post(session, lines, basis="补录", actor=cast["reviewer"], now=LATER)
            else:
                books.reverse(session, 1, lines=[1, 2, 3], actor=cast["reviewer"], reason="重复", now=LATER)
        before = told(asked(cast["leader"]))
        dashboards.forget()
        assert before == told(asked(cast["leader"]))
    train(cast, range(41, 60), date(2024, 10, 7))
    now = told(asked(cast["leader"]))
    dashboards.forget()
    assert now == told(asked(cast["leader"]))
    assert now[2] == 59


def test_what_follows_from_a_part_is_made_once_and_forgotten_with_it() -> None:
    frame, made = pd.DataFrame({"id": [1]}), list[str]()

    def draw() -> int:
        made.append("drawn")
        return len(made)

    assert [kept.beside(frame, "list", draw) for _ in range(2)] == [1, 1]
    assert kept.beside(frame, "other list", draw) == 2
    held = len(kept._BESIDE)
    del frame
    assert len(kept._BESIDE) == held - 1
    assert kept.beside(pd.DataFrame({"id": [1]}), "list", draw) == 3


def test_an_office_that_has_only_begun_has_a_board(office: object) -> None:
    """Before the first plan, and with plans but no report yet."""
    dashboards.forget()
    cast = c.assemble()
    assert [tile.text for tile in asked(cast["leader"]).tiles()] == ["0", "0", "0", "0", "—", "—"]
    c.file_plan(cast)
    seen = asked(cast["leader"])
    assert list(seen.funnel()["trainings"]) == [1, 0, 0, 0, 0]
    assert charts.waiting(seen).chart is None
    assert list(seen.stuck()["where"]) == ["计划等待审批"]


@ready.both
def test_everybody_sees_the_own_jurisdiction_only(cast: c.Cast) -> None:
    hohhot, school = cast.places["hohhot"], cast.places["hohhot_school"]
    league = asked(cast["hohhot_leader"])
    assert set(league.by_place(Measure.PEOPLE)["name"]) == {"示例呼和浩特培训基地"}
    assert (league.by, set(league.people.authority.tolist())) == ("base", {hohhot.id})
    assert set(league.stuck()["league"]) == {hohhot.id}
    clerk = asked(cast["hohhot_employer"])
    assert [tile.measure for tile in clerk.tiles()] == [Measure.DONE]
    assert set(clerk.people.employer.tolist()) == {school.id}
    assert clerk.rows(Measure.PEOPLE).empty
    others = {"league": ("region", "baotou"), "base": ("base", "exam", "department"), "employer": ("hospital",)}
    for actor, own in (("hohhot_leader", ()), ("hohhot_admin", ()), ("hohhot_employer", ("hohhot", "hohhot_base"))):
        for name, places in others.items():
            for place in (*places, *own):
                with pytest.raises(Refused, match="没有找到"):
                    asked(cast[actor], replace(YEAR, **{name: cast.places[place].id}))
    for name in others:
        with pytest.raises(Refused, match="没有找到"):
            asked(cast["leader"], replace(YEAR, **{name: 999_999}))
    for actor in ("base", "department", "exam", "hohhot_base"):
        with pytest.raises(Refused, match="角色"):
            asked(cast[actor])
    with db.reading() as session:
        for actor in ("hohhot_leader", "hohhot_admin"):
            lines = dashboards.programmes.lines(session, cast[actor], league)
            told = repr(brief.brief(league, lines, ""))
            assert not [word for word in ("自治区本级", "示例继续教育基地", "包头", "全区") if word in told]
        offered = dashboards.choices(session, cast["hohhot_leader"])
        assert (offered.leagues, set(offered.bases)) == ({}, {hohhot.name, "示例呼和浩特培训基地"})
        people = dashboards.people_rows(session, league, asked_ids(session))
    assert set(people["authority"]) == {hohhot.name}


def asked_ids(session: Any) -> Any:
    return np.array(session.scalars(sa.text("SELECT id FROM person ORDER BY id")).all())


@ready.both
def test_a_chart_keeps_all_marks_of_its_own_filter_and_marks_the_chosen(cast: c.Cast) -> None:
    wanted = replace(YEAR, league=cast.places["hohhot"].id)
    seen = asked(cast["leader"], wanted)
    assert set(seen.late()["league"]) == {cast.places["hohhot"].id}
    drawn_map = charts.tile_map(seen, Measure.PEOPLE, Per.WHOLE)
    data = drawn_map.chart.data.set_index("name")
    assert (len(data), data.loc["自治区本级", "value"], data.loc["自治区本级", "chosen"]) == (15, 38, 0)
    assert data.loc["呼和浩特市", "chosen"] == 1
    assert list(charts.places(seen, Measure.PEOPLE, Per.WHOLE).table["培训机构"]) == ["示例呼和浩特培训基地"]
    heads = asked(cast["leader"]).by_place(Measure.PEOPLE, Per.HEAD).set_index("name")["value"]
    of_region = counted("COUNT(*)", "FROM person x WHERE x.authority_id = 1")
    assert heads["自治区本级"] == pytest.approx(38 / of_region * 100)


def test_figures_leave_as_workbooks_and_pictures_with_chinese_in_them(cast: c.Cast) -> None:
    seen = asked(cast["leader"])
    for figure in (
        charts.tile_map(seen, Measure.DONE, Per.WHOLE),
        charts.places(seen, Measure.HOURS, Per.WHOLE),
        charts.months(seen, Measure.PEOPLE),
        charts.funnel(seen),
        charts.completion(seen, "age"),
        charts.in_time(seen),
        charts.waiting(seen),
    ):
        assert exports.png(figure, "全区").startswith(b"\x89PNG")
        drawn_svg = exports.svg(figure, "全区").decode()
        assert figure.title in drawn_svg
        assert "Noto Sans CJK SC" in drawn_svg
        book = openpyxl.load_workbook(io.BytesIO(exports.xlsx(figure, "某图", "包头市 · 2024年度，截至2024-10-31")))
        about = ["某图", "包头市 · 2024年度，截至2024-10-31", figure.title]
        assert [cell.value for cell in book["导出说明"]["A"]] == about
        assert [str(cell.value).removesuffix("（%）") for cell in book.active[1]] == [
            str(each).removesuffix("（%）") for each in figure.table.columns
        ]
        assert "#" not in figure.chart.to_json().replace("#000000", "").replace("#ffffff", ""), (
            "colours are the theme's"
        )


@pytest.mark.parametrize(
    ("post", "level"),
    [
        ("副主任医师", "高级"),
        ("正高级工程师", "高级"),
        ("高级实验师", "高级"),
        ("推广研究员", "高级"),
        ("主管护师", "中级"),
        ("助理研究员", "中级"),
        ("一级教师", "中级"),
        ("助理工程师", "初级"),
        ("住院医师", "初级"),
        ("护师", "初级"),
        ("二级教师", "初级"),
        ("", "未分级"),
        ("科长", "未分级"),
    ],
)
def test_a_post_belongs_to_its_level(post: str, level: str) -> None:
    assert groups.level_of(post) == level


@pytest.mark.parametrize(
    ("employer", "sector"),
    [
        ("内蒙古示例大学附属医院", "卫生"),
        ("示例镇中心卫生院", "卫生"),
        ("示例师范学院", "教育"),
        ("示例设计研究院", "科研"),
        ("示例设计研究院有限公司", "企业"),
        ("示例农牧技术推广中心", "农牧林水"),
        ("示例街道办事处", "其他机关事业单位"),
        ("", "未填单位"),
    ],
)
def test_an_employer_belongs_to_its_kind(employer: str, sector: str) -> None:
    assert groups.sector_of(employer) == sector


def of_programmes(cast: c.Cast) -> None:
    """The trainings carry out lines of two programmes; beside them institutes' classes and people who are to study."""
    region, hohhot = cast.places["region"], cast.places["hohhot"]
    with db.transaction() as session:
        for code, given in (
            ("capability", split(cast, 60, hohhot=30, baotou=10, department=5)),
            ("advanced_seminars", split(cast, 5, 10, base=2, hohhot=1)),
            ("grassroots_health", split(cast, 30, hohhot=4, baotou=2)),
        ):
            act = {"actor": cast["reviewer"], "reason": "年初分解", "now": c.NOW}
            targets.publish(
                session, code, 2024, given, version=targets.draft(session, cast["reviewer"], code, 2024).version, **act
            )
        trained = session.scalars(sa.select(Plan).where(Plan.state == State.APPROVED).order_by(Plan.id).limit(5)).all()
        seminar, lines = "advanced_seminars", "capability"
        for number, (plan, code) in enumerate(zip(trained, (seminar, lines, lines, seminar, lines), strict=True)):
            plan.line = a_line(session, cast, "region", number, programme=code, people=30)
            plan.programme = code
        numbers = {db.blind_index(c.id_number(serial, BORN[serial % 4])): serial for serial in range(1, 41)}
        people = {numbers[each.id_index]: each for each in session.scalars(sa.select(Person))}
        people[30].merged_into_id = people[31].id
        for place, day, state in (
            (region, date(2024, 3, 1), State.APPROVED),
            (hohhot, date(2024, 8, 20), State.APPROVED),
            (hohhot, date(2024, 10, 8), State.SUBMITTED),
        ):
            institute = Organization(name=f"示例机构{day}", kind=OrganizationKind.INSTITUTE, authority_id=place.id)
            session.add(institute)
            session.flush()
            for week in range(2):  # twice: an institute counts once
                held(session, institute, day + timedelta(weeks=week), state)
        for serial in range(1, 13):
            home = cast.places["hohhot_school" if serial % 3 else "hospital"]
            about = {"organization_id": home.id, "authority_id": home.authority_id, "person_id": people[serial].id}
            fields = asdict(replace(c.NOMINATION, programme=("special_training", "grassroots_health")[serial % 2]))
            final_on = date(2024, 1 + serial * 7 % 12, 15) if serial < 10 else None
            dropped_on = date(2024, 12, 1) if serial in (4, 7) else None
            about |= {"state": State.APPROVED, "final_on": final_on}
            about |= dict.fromkeys(("dropped_on", "drop_known_on"), dropped_on)
            session.add(Nomination(**fields, **about, title=f"推荐{serial}", created_at=c.NOW))


def held(session: Any, institute: Organization, end_on: date, state: State) -> None:
    """A class of an institute, with its report."""
    home = {"organization_id": institute.id, "authority_id": institute.authority_id, "title": "示例班"}
    usual = home | {"start_on": end_on, "end_on": end_on, "created_at": c.NOW}
    words = dict.fromkeys(("place", "content", "teachers", "audience"), "示例")
    of_it: dict[str, Any] = {"subject": "professional", "mode": Mode.CLASSROOM, "headcount": 30, "hours_each": 8}
    plan = Plan(**usual, **words, **of_it, state=State.APPROVED, programme="digital_engineers")
    session.add(plan)
    session.flush()
    decided_at = datetime.combine(end_on, datetime.min.time(), db.OFFICE_ZONE) + timedelta(hours=9)
    report = Report(**usual, plan_id=plan.id, due_on=end_on, people=30, decided_at=decided_at, state=state)
    session.add(report)
    session.flush()
    if state is State.APPROVED:
        step = {"action": "approve", "from_state": State.SUBMITTED, "to_state": state, "at": decided_at}
        session.add(Movement(submission_id=report.id, account_name="示例", reason="", **step))


CLASSES = """FROM report r JOIN submission q ON q.id = r.id JOIN plan p ON p.id = r.plan_id
JOIN organization f ON f.id = q.organization_id
WHERE q.state = 'approved' AND f.kind = 'institute' AND p.programme = 'digital_engineers'"""
SEMINARS = """FROM report r JOIN submission q ON q.id = r.id JOIN plan p ON p.id = r.plan_id
JOIN programme_line l ON l.id = p.line_id WHERE q.state = 'approved' AND l.programme = 'advanced_seminars'"""
VISITS = """FROM (SELECT COALESCE(x.merged_into_id, x.id) AS human, r.id FROM credit_entry e
  JOIN credit_batch b ON b.id = e.batch_id LEFT JOIN credit_batch o ON o.id = b.reverses_id
  JOIN report r ON r.id = COALESCE(o.submission_id, b.submission_id) JOIN submission q ON q.id = r.id
  JOIN plan p ON p.id = r.plan_id JOIN person x ON x.id = e.person_id
  WHERE p.programme = 'capability' {where} GROUP BY COALESCE(x.merged_into_id, x.id), r.id
  HAVING SUM(CASE WHEN e.reverses_line IS NULL THEN 1 ELSE -1 END) > 0) v"""
STUDY = "FROM nomination n JOIN submission q ON q.id = n.id WHERE q.state = 'approved'"
GIVEN = """FROM quota u JOIN quota_version w ON w.quota_id = u.id AND w.number = u.number
{join} WHERE u.year = 2024 AND u.programme = '{code}'"""
SHARED = "JOIN quota_share h ON h.version_id = w.id"


def done_by(code: str, on: date, whose: str) -> int:
    """How many count for a programme by a day, in plain SQL."""
    decided = f" AND q.decided_at < '{on} 16:00:00'"  # the office's midnight
    if code == "capability":
        known = f" AND r.end_on <= '{on}' AND b.posted_at < '{on} 16:00:00'"
        return counted("COUNT(DISTINCT v.human)", VISITS.format(where=known + whose))
    if code == "advanced_seminars":
        return counted("COUNT(DISTINCT p.line_id)", SEMINARS, decided + whose)
    if code == "digital_engineers":
        return counted("COUNT(DISTINCT q.organization_id)", CLASSES, decided + whose)
    known = f" AND n.final_on <= '{on}' AND (n.drop_known_on IS NULL OR n.drop_known_on > '{on}')"
    return counted("COUNT(DISTINCT q.person_id)", STUDY, f" AND n.programme = '{code}'{known}{whose}")


def office_of(code: str) -> str:
    """The office for which what counts stands, in SQL: who has a line of its own, else the authority in charge."""
    own = "SELECT h.organization_id " + GIVEN.format(join=SHARED, code=code)
    own += " UNION SELECT y.id FROM organization y WHERE y.kind = 'department'"
    return f"CASE WHEN q.organization_id IN ({own}) THEN q.organization_id ELSE q.authority_id END"


@ready.both
def test_programmes_stand_against_their_targets_as_plain_sql_counts_them(cast: c.Cast) -> None:
    """Of the region, of a league it looks at, of a league that looks at itself, on any day, whatever else is chosen."""
    of_programmes(cast)
    of_notice = {"digital_engineers": 5, "special_training": 40}
    for seed in range(5):
        dice = Random(seed)
        on = date(2024, 1, 1) + timedelta(days=dice.randrange(366)) if seed else date(2024, 12, 30)
        league = dice.choice([None, *(cast.places[name].id for name in ("region", "hohhot", "baotou"))])
        of_league = dice.choice([None, cast["hohhot_leader"]]) if seed else None
        wanted = replace(YEAR, on=on, league=None if of_league or not seed else league, level=dice.choice(["", "高级"]))
        actor = of_league or cast["leader"]
        mine = actor.organization_id if of_league else wanted.league
        with db.reading() as session:
            seen = dashboards.board(session, actor, wanted, now=datetime(2024, 12, 31, tzinfo=db.OFFICE_ZONE))
            lines = dashboards.programmes.lines(session, actor, seen)
            forged = replace(wanted, league=cast.places["region"].id) if of_league else wanted
            offices = {each.code: dashboards.programmes.offices(session, actor, forged, each.code) for each in lines}
        assert len(lines) == 5
        for line in lines:
            code, place = line.code, office_of(line.code)
            whose = f" AND {place} = {mine}" if wanted.league else ""
            whose = f" AND {mine} IN (q.organization_id, q.authority_id)" if of_league else whose
            if mine:
                share = GIVEN.format(join=SHARED, code=code)
                target = counted("MAX(h.target)", share, f" AND h.organization_id = {mine}") or None
            else:
                target = of_notice.get(code) or counted("MAX(w.target)", GIVEN.format(join="", code=code))
            assert (line.done, line.target) == (done_by(code, on, whose), target), (seed, code)
            assert line.share == (line.done / target if target else None)
            paced = target and code not in ("special_training", "grassroots_health")
            assert line.expected == (pytest.approx(target * on.timetuple().tm_yday / 366) if paced else None)
            if of_league:
                assert set(offices[code]["office_id"]) <= {mine}
            else:
                frame = offices[code].query("done > 0").set_index("office_id")["done"]
                holders = [cast.places[name].id for name in ("region", "hohhot", "base", "hohhot_base")]
                again = {each: done_by(code, on, f" AND {place} = {each}") for each in holders}
                assert frame.to_dict() == {each: done for each, done in again.items() if done}
        if not seed:
            assert [line.done for line in lines] == [2, 32, 4, 2, 3]
            visits = counted("COUNT(*)", VISITS.format(where=""))
            assert f"：全区已完成32人（{visits}人次），占指标60人的53.3%" in lines[1].sentence
        if wanted.league:
            assert all(f"：{seen.places[wanted.league].name}已" in line.sentence for line in lines)
    clerk = asked(cast["hohhot_employer"])
    with db.reading() as session:
        assert dashboards.programmes.lines(session, cast["hohhot_employer"], clerk) == []


def test_a_programmes_offices_are_ranked_by_their_own_targets(cast: c.Cast) -> None:
    region, hohhot = cast.places["region"].id, cast.places["hohhot"].id
    frame = pd.DataFrame(
        {
            "office_id": [hohhot, region, cast.places["baotou"].id],
            "office": [cast.places[name].name for name in ("hohhot", "region", "baotou")],
            "target": [100, 200, None],
            "done": [90, 20, 5],
            "visits": [95, 20, 5],
            "share": [0.9, 0.1, None],
        }
    )
    line = dashboards.programmes.Line("capability", "能力提升项目", "人", 115, 300, 250.0, 120, 280, "")
    ranked, mapped = charts.programme(asked(cast["leader"]), line, frame)
    assert list(ranked.chart.data["words"]) == ["90 / 100人（90%）", "20 / 200人（10%）"]
    assert ranked.title == "能力提升项目：呼和浩特市完成90%，自治区本级完成10%"
    assert mapped is not None
    assert mapped.chart.data.set_index("name").loc["呼和浩特市", "words"] == "90%"
    whole = charts.programmes([line, replace(line, code="x", name="高级研修项目", done=None)], "")
    assert whole.title == "能力提升项目落后于序时进度"
    assert exports.png(whole, "全区").startswith(b"\x89PNG")
    assert list(whole.table["年底预测最少"]) == [120, 120]
    page = openpyxl.load_workbook(io.BytesIO(exports.xlsx(mapped, "某图", "2024年度"))).active
    assert (page["B1"].value, page["B2"].value) == (f"{mapped.table.columns[1]}（%）", 90)
