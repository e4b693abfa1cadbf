"""The home page's lists: exactly what each must do, what came back, what is late, what those below owe."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Refused
from core.models import State, Submission
from core.office import home
from core.submissions import plans, reports
from core.submissions.kinds import KINDS
from core.submissions.workflow import Action
from core.trail import kept
from tests import cast as c
from tests import ready
from tests.cast import Cast


def seen(cast: Cast, by: str, now: object = c.NOW) -> home.Home:
    with db.reading() as session:
        return home.home(session, cast[by], now=now)  # type: ignore[arg-type]


def counted(cast: Cast, by: str) -> dict[str, int]:
    with db.reading() as session:
        found = home.counts(session, cast[by], now=c.AFTER)
    return {kind: number for kind, number in found.items() if kind != "message"}


def returned(cast: Cast, submission_id: int, reason: str, by: str = "reviewer") -> None:
    with db.transaction() as session:
        version = c.workflow.one(session, submission_id, cast[by]).version
        c.workflow.move(
            session, submission_id, Action.RETURN, version=version, actor=cast[by], reason=reason, now=c.NOW
        )


@pytest.mark.parametrize("kind", KINDS)
def test_what_waits_stands_on_the_list_of_who_decides_it_and_of_nobody_else(office: object, kind: str) -> None:
    cast = ready.office(c.assemble)
    waiting = c.waiting(cast, kind)
    here = seen(cast, "reviewer", c.AFTER)
    assert here.waiting
    assert [(item.kind, item.id) for item in (*here.soon.items, *here.waiting.items)] == [(kind, waiting.id)]
    assert here.soon.count + here.waiting.count == 1
    assert counted(cast, "reviewer") == {kind: 1}
    assert seen(cast, c.filer_of(kind), c.AFTER).filed == 1
    for other in {"hohhot_reviewer", "leader", "admin"} - set(c.deciders_of(kind)):
        assert counted(cast, other) == {}, other
        listed = seen(cast, other, c.AFTER).waiting
        assert listed is None or listed.count == 0


def test_the_longest_waiting_come_first_and_those_that_begin_this_week_before_them(database: str) -> None:
    cast = c.assemble()
    numbers = {}
    for days, title in ((60, "较早上报"), (61, "较晚上报"), (20, "即将开始")):
        start = c.TODAY + timedelta(days=days)
        now = c.NOW + timedelta(hours=len(numbers))
        numbers[title] = c.file_plan(cast, now=now, title=title, start_on=start, end_on=start + timedelta(days=2)).id
    here = seen(cast, "reviewer", c.NOW + timedelta(days=15))
    assert here.waiting
    assert [(item.title, item.days) for item in here.waiting.items] == [("较早上报", 15), ("较晚上报", 15)]
    assert [(item.title, item.left) for item in here.soon.items] == [("即将开始", 5)]
    assert (here.soon.count, here.waiting.count) == (1, 2)
    assert counted(cast, "reviewer") == {"plan": 3}


def test_what_came_back_says_why_and_by_when_and_is_counted_in_the_menu(database: str) -> None:
    cast = c.assemble()
    start = c.TODAY + timedelta(days=60)
    plan = c.file_plan(cast, start_on=start, end_on=start + timedelta(days=2))
    returned(cast, plan.id, "师资情况过于简略")
    here = seen(cast, "base")
    assert here.returned
    (item,) = here.returned.items
    assert (item.id, item.words) == (plan.id, "师资情况过于简略")
    with db.reading() as session:
        counted_by = KINDS["plan"].deadline(session, session.get_one(plans.Plan, plan.id))
    assert counted_by
    assert (item.due_on, item.left) == (counted_by.due_on, (counted_by.due_on - c.TODAY).days)
    assert counted(cast, "base") == {"plan": 1}
    assert counted(cast, "reviewer") == {}
    assert counted(cast, "hohhot_base") == {}
    late = seen(cast, "base", c.NOW + timedelta(days=(counted_by.due_on - c.TODAY).days + 1))
    assert [(each.id, each.left, each.words) for each in late.soon.items] == [(plan.id, -1, "退回：师资情况过于简略")]
    assert late.returned
    assert late.returned.items == ()  # one line for one thing to do


def test_a_base_sees_reports_late_and_nearly_late_first_and_its_drafts_after_them(office: Path) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    with db.transaction() as session:
        plans.draft(session, c.PLAN, actor=cast["base"], now=c.NOW)
    ended = c.NOW + timedelta(days=(c.PLAN.end_on - c.TODAY).days)
    here = seen(cast, "base", ended)
    assert here.owed
    assert [(item.kind, item.id, item.plan_id, item.left) for item in here.owed.items] == [("report", 0, plan.id, 14)]
    (overdue_draft,) = here.soon.items  # a draft whose deadline has passed
    assert (overdue_draft.kind, overdue_draft.left is not None and overdue_draft.left < 0) == ("plan", True)
    late = seen(cast, "base", ended + timedelta(days=20))
    assert [item.left for item in late.soon.items if item.kind == "report"] == [-6]


def overdue(cast: Cast, by: str, now: object) -> list[home.Item]:
    """What those below owe; papers of the year that were due before the office was opened nobody owes."""
    below = seen(cast, by, now).below
    assert below is not None
    assert below.count == len(below.items)
    return list(below.items)


def test_overdue_reports_stand_on_their_authoritys_page_and_a_leagues_on_the_regions(database: str) -> None:
    cast = c.assemble()
    for by, reviewer in (("base", "reviewer"), ("hohhot_base", "hohhot_reviewer")):
        plan = c.file_plan(cast, by=by, title=f"{by}的培训")
        c.approve(cast, plan.id, by=reviewer)
    due = c.PLAN.end_on + timedelta(days=14)
    now = c.NOW + timedelta(days=(due - c.TODAY).days)
    for by in ("reviewer", "leader", "admin", "hohhot_reviewer"):
        assert overdue(cast, by, now) == [], by  # on its last day nothing is late
    now += timedelta(days=3)
    region, league = overdue(cast, "reviewer", now), overdue(cast, "hohhot_reviewer", now)
    assert [(item.kind, item.title, item.left) for item in region] == [
        ("report", "base的培训", -3),
        ("league", cast.places["hohhot"].name, -3),
    ]
    assert [(item.kind, item.title) for item in league] == [("report", "hohhot_base的培训")]
    with db.reading() as session:  # the league's line opens on its reports, each of its plan
        (theirs,) = home.below(session, cast["reviewer"], now=now, of=region[1].title).items
        assert (theirs.title, theirs.plan_id) == ("hohhot_base的培训", plan.id)
        both = home.below(session, cast["reviewer"], now=now, of=home.ALL)
    assert ([item.number for item in both.items], both.more) == ([1, 1], 0)
    earlier = {"start_on": c.PLAN.start_on - timedelta(days=9), "end_on": c.PLAN.end_on - timedelta(days=9)}
    with db.transaction() as session:
        session.execute(sa.update(plans.Plan.__table__).where(plans.Plan.id == plan.id).values(earlier))
    assert overdue(cast, "reviewer", now) == region  # as long as the trail has no new line
    kept.forget()
    assert [item.kind for item in overdue(cast, "reviewer", now)] == ["league", "report"]
    plan = c.file_plan(cast, by="base", title="写了没有报")
    c.approve(cast, plan.id)
    written = c.file_report(cast, plan, c.sheet([c.row(1)]))
    for state, owed in ((State.SUBMITTED, 1), (State.DRAFT, 2), (State.RETURNED, 2)):
        with db.transaction() as session:
            session.execute(sa.update(Submission).where(Submission.id == written.id).values(state=state))
        with db.reading() as session:  # only a report that is before the authority is no longer owed
            assert [each.own for each in reports.overdue(session, cast["reviewer"], now=now)].count(True) == owed
    with db.transaction() as session:
        session.execute(sa.update(plans.Plan.__table__).values(end_on=date(2000, 1, 1), start_on=date(2000, 1, 1)))
    assert overdue(cast, "leader", now) == []
    with db.reading() as session, pytest.raises(Refused) as refused:
        reports.overdue(session, cast["base"], now=now)
    assert refused.value.code == "role"


def test_a_person_sees_own_years_and_a_leader_the_figures(office: object) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    c.give_account(cast, 1, "person")
    mine = seen(cast, "person", c.AFTER)
    assert mine.held
    assert mine.held.years[0].year == c.TODAY.year
    assert mine.waiting is None
    assert mine.below is None
    figures = seen(cast, "leader", c.AFTER).figures
    assert figures is not None
    assert (figures["plans"], figures["reports"], figures["people"]) == (1, 1, 1)
    assert [each.event for each in seen(cast, "reviewer", c.AFTER).done] == ["通过", "通过"]
    assert "上报" in {each.event for each in seen(cast, "base", c.AFTER).done}  # as the kind calls it


def test_an_administrator_sees_the_plans_that_only_an_extension_helps(office: object) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        plan = plans.draft(session, c.PLAN, actor=cast["base"], now=c.NOW)
    late = c.NOW + timedelta(days=(c.PLAN.start_on - c.TODAY).days - 3)
    assert [(item.id, item.left) for item in seen(cast, "admin", late).soon.items] == [(plan.id, 3)]
    assert seen(cast, "hohhot_admin", late).soon.count == 0
    with db.transaction() as session:
        plans.grant_extension(session, plan.id, actor=cast["admin"], reason="急需", now=late)
    assert seen(cast, "admin", late).soon.count == 0
