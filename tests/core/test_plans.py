"""Plans (培训计划): what must be in them, how early they are filed, and the exception an administrator grants."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OrganizationKind, Refused
from core.law import notices
from core.models import Mode, Plan, ProgrammeLine, State
from core.submissions import plans, workflow
from core.submissions.workflow import Action
from core.trail import audit
from tests import cast as c
from tests import toy

K = OrganizationKind


def starting(start_on: date, days: int = 3) -> plans.PlanFields:
    return replace(c.PLAN, start_on=start_on, end_on=start_on + timedelta(days - 1))


def draft(cast: c.Cast, fields: plans.PlanFields = c.PLAN, by: str = "base") -> Plan:
    with db.transaction() as session:
        return plans.draft(session, fields, actor=cast[by], now=c.NOW)


def current(cast: c.Cast, plan: Plan) -> Plan:
    with db.reading() as session:
        found = workflow.one(session, plan.id, cast["admin"])
    assert isinstance(found, Plan)
    return found


def submitting(cast: c.Cast, plan: Plan, *, by: str = "base", days_on: int = 0) -> Callable[[Session], Any]:
    version = current(cast, plan).version
    now = c.NOW + timedelta(days_on)
    return lambda s: workflow.move(s, plan.id, Action.SUBMIT, version=version, actor=cast[by], now=now)


def extending(
    cast: c.Cast, plan: Plan, *, by: str = "admin", reason: str = "厅里急需", days_on: int = 0
) -> Callable[[Session], Any]:
    now = c.NOW + timedelta(days_on)
    return lambda s: plans.grant_extension(s, plan.id, actor=cast[by], reason=reason, now=now)


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


@pytest.mark.parametrize(
    ("titles", "copied"),
    [
        (["2024年更新班（第3期）"], "2024年更新班（第4期）"),
        (["2024年更新班（第3期）", "2024年更新班（第7期）", "2024年他班（第9期）"], "2024年更新班（第8期）"),
        (["更新班第九期"], "更新班第十期"),
        (["更新班第十九期"], "更新班第二十期"),
        (["第二十一期更新班"], "第二十二期更新班"),
        (["2023年补学班"], "2023年补学班"),
        (["更新班"], "更新班"),
    ],
)
def test_a_copied_plan_is_named_after_the_last_of_its_courses(office: object, titles: list[str], copied: str) -> None:
    cast = c.assemble()
    first, *_ = [draft(cast, replace(c.PLAN, title=title)) for title in titles]
    with db.reading() as session:
        copy, told = plans.copied(session, first.id, actor=cast["base"], now=c.NOW)
        later, since = plans.copied(session, first.id, actor=cast["base"], now=c.NOW + timedelta(days=365))
    assert copy.title == copied
    assert ("名称与上期相同" in told) == (copied == titles[0])
    if "2024年更新班" in copied:
        assert later.title == "2025年更新班（第1期）"  # with another year its numbers begin anew
        assert "名称改为2025年、第1期；" in since


def test_a_copy_of_a_plan_to_come_is_held_after_it_and_never_a_year_before(office: object) -> None:
    cast, coming = c.assemble(), {"start_on": date(2025, 3, 10), "end_on": date(2025, 3, 12)}
    plan = draft(cast, replace(c.PLAN, title="2025年更新班（第3期）", **coming))
    with db.reading() as session:
        copy, told = plans.copied(session, plan.id, actor=cast["base"], now=c.NOW)
    assert (copy.title, copy.start_on, copy.end_on) == ("2025年更新班（第4期）", date(2025, 3, 17), date(2025, 3, 19))
    assert told.startswith("由上期复制：日期改为2025-03-17至2025-03-19，名称改为第4期；")


# --- fields ---------------------------------------------------------------------------------------------------------


def test_a_plan_belongs_to_its_base_and_goes_to_the_authority_in_charge(office: Path) -> None:
    cast = c.assemble()
    for by, home, authority in (
        ("base", "base", "region"),
        ("hohhot_base", "hohhot_base", "hohhot"),
        ("exam", "exam", "region"),
    ):
        fields = replace(c.PLAN, subject="public", mode=Mode.ONLINE) if by == "exam" else c.PLAN
        plan = current(cast, draft(cast, fields, by))
        assert (plan.organization_id, plan.authority_id) == (cast.places[home].id, cast.places[authority].id)
        assert (plan.state, plan.version, plan.created_by_id) == (State.DRAFT, 1, cast[by].account_id)
        assert plans.fields_of(plan) == fields
        with db.reading() as session:
            line = audit.history(session, cast[by], event=plans.Event.DRAFTED)[0].iloc[0]
        assert (line["account"], line["record"], line["record_id"]) == (cast[by].name, "plan", plan.id)
        assert fields.title in line["after"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": " "}, "培训名称未填"),
        ({"place": ""}, "培训地点未填"),
        ({"content": "\n"}, "培训内容未填"),
        ({"teachers": ""}, "师资情况未填"),
        ({"audience": ""}, "培训人员范围未填"),
        ({"title": "名" * 101}, "不超过100个字"),
        ({"place": "地" * 101}, "不超过100个字"),
        ({"end_on": date(2023, 12, 17)}, "结束日期早于开始日期"),
        ({"headcount": 0}, "1人以上"),
        ({"hours_each": Decimal(0)}, "0.5的正倍数"),
        ({"hours_each": Decimal("-0.5")}, "0.5的正倍数"),
        ({"hours_each": Decimal("7.75")}, "0.5的正倍数"),
        ({"hours_each": Decimal("24.5")}, "每天至多8学时"),
        ({"start_on": date(2024, 12, 30), "end_on": date(2025, 1, 1)}, "跨年度"),
        ({"subject": "public", "mode": Mode.ONLINE}, "公需科目由"),
        ({"subject": "public"}, "方式请选线上"),
    ],
)
def test_what_cannot_be_a_plan_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused) as caught:
        plans.check_fields(replace(c.PLAN, **change), K.BASE, None)
    assert caught.value.code == "fields"
    assert words in caught.value.words
    assert caught.value.words.rpartition("；")[2].count("请") == 1  # what to do is said once
    assert "；" not in caught.value.words or "end_on" not in change  # what follows from days in disorder is not told


def test_just_inside_every_boundary_a_plan_is_right() -> None:
    for change in (
        {},
        {"title": "名" * 100, "place": "地" * 100},
        {"headcount": 1, "hours_each": Decimal("0.5")},
        {"hours_each": Decimal(8), "end_on": c.PLAN.start_on},
        {"start_on": date(2024, 12, 29), "end_on": date(2024, 12, 31)},
    ):
        plans.check_fields(replace(c.PLAN, **change), K.BASE, None)


def test_all_faults_of_a_plan_come_at_once_and_nothing_is_kept(database: str) -> None:
    cast = c.assemble()
    fields = replace(c.PLAN, title="", teachers="", headcount=0, hours_each=Decimal("0.25"), subject="public")
    found = c.refusal(lambda s: plans.draft(s, fields, actor=cast["base"], now=c.NOW))
    assert found.code == "fields"
    assert found.words.count("；") == 5
    old = replace(c.PLAN, start_on=date(2021, 6, 24), end_on=date(2021, 6, 26))
    assert c.refusal(lambda s: plans.draft(s, old, actor=cast["base"], now=c.NOW)).code == "policy"
    for by in ("reviewer", "admin", "employer", "leader"):
        assert c.refusal(lambda s, by=by: plans.draft(s, c.PLAN, actor=cast[by], now=c.NOW)).code == "role"


PROVIDERS = {
    "public": {K.EXAM_AUTHORITY, K.LEAGUE_HR},
    "professional": {K.BASE, K.DEPARTMENT, K.INSTITUTE, K.LEAGUE_HR},
}


@pytest.mark.parametrize("kind", list(K))
def test_each_subject_is_given_by_those_the_notice_names(kind: OrganizationKind) -> None:
    for subject, kinds in PROVIDERS.items():
        fields = replace(c.PLAN, subject=subject, mode=Mode.ONLINE)
        offered = [rule.code for rule in plans.subjects_of(kind, date(2024, 12, 31), None)]
        assert (subject in offered) == (kind in kinds), subject
        if kind in kinds:
            plans.check_fields(fields, kind, None)
        else:
            with pytest.raises(Refused, match="fields"):
                plans.check_fields(fields, kind, None)


# --- filed in time --------------------------------------------------------------------------------------------------


def test_a_plan_is_filed_two_weeks_before_its_training_and_not_a_day_less(database: str) -> None:
    cast = c.assemble()
    late, right = (draft(cast, starting(c.TODAY + timedelta(days))) for days in (13, 14))
    found = c.refusal(submitting(cast, late))
    assert found.code == "late"
    assert "2024-06-17" in found.words  # the earliest day it could begin
    assert "一(五)1" in found.words
    done(submitting(cast, right))
    assert current(cast, right).state is State.SUBMITTED
    assert current(cast, right).submitted_at == c.NOW
    assert c.refusal(submitting(cast, draft(cast, starting(c.TODAY - timedelta(1))))).code == "late"


def test_the_two_weeks_are_counted_in_days_at_the_office(database: str) -> None:
    cast = c.assemble()
    plan = draft(cast, starting(c.TODAY + timedelta(14)))
    version = current(cast, plan).version

    def submit(session: Session, hours: float) -> Any:
        now = c.NOW + timedelta(hours=hours)  # c.NOW is nine in the morning
        return workflow.move(session, plan.id, Action.SUBMIT, version=version, actor=cast["base"], now=now)

    assert c.refusal(lambda s: submit(s, 15)).code == "late"
    done(lambda s: submit(s, 14.99))


def test_an_extension_lets_one_named_plan_begin_earlier_and_no_other(office: Path) -> None:
    cast = c.assemble()
    named, other = (draft(cast, starting(c.TODAY + timedelta(5))) for _ in range(2))
    done(extending(cast, named))
    kept = current(cast, named)
    assert (kept.extension_start_on, kept.extension_reason) == (named.start_on, "厅里急需")
    with db.reading() as session:
        line = audit.history(session, cast["admin"], event=plans.Event.EXTENDED)[0].iloc[0]
    assert (line["account"], line["record_id"], line["reason"]) == (cast["admin"].name, named.id, "厅里急需")
    assert c.refusal(submitting(cast, other)).code == "late"
    done(submitting(cast, named))
    assert current(cast, named).state is State.SUBMITTED


def test_an_extension_is_refused_without_need_reason_or_authority(office: Path) -> None:
    cast = c.assemble()
    soon, fine, now = (draft(cast, starting(c.TODAY + timedelta(days))) for days in (13, 14, 0))
    hohhot = draft(cast, starting(c.TODAY + timedelta(5)), "hohhot_base")
    filed = c.file_plan(cast)
    for deed, expected in (
        (extending(cast, soon, by="reviewer"), "role"),
        (extending(cast, soon, by="base"), "role"),
        (extending(cast, soon, by="hohhot_admin"), "jurisdiction"),
        (extending(cast, soon, reason="  "), "reason"),
        (extending(cast, fine), "needless"),
        (extending(cast, now), "state"),
        (extending(cast, filed), "state"),
        (lambda s: plans.grant_extension(s, 9999, actor=cast["admin"], reason="急", now=c.NOW), "missing"),
    ):
        assert c.refusal(deed).code == expected
    done(extending(cast, hohhot, by="hohhot_admin"))
    done(extending(cast, soon))


def test_an_extended_plan_may_move_later_but_not_earlier(office: Path) -> None:
    cast = c.assemble()
    for days, expected in ((5, None), (6, None), (4, "late")):
        plan = draft(cast, starting(c.TODAY + timedelta(5)))
        done(extending(cast, plan))
        version = current(cast, plan).version
        fields = starting(c.TODAY + timedelta(days))
        done(lambda s, p=plan, f=fields, v=version: plans.revise(s, p.id, f, version=v, actor=cast["base"], now=c.NOW))
        if expected:
            assert c.refusal(submitting(cast, plan)).code == expected
        else:
            done(submitting(cast, plan))


def test_an_extension_does_not_outlive_the_start_it_was_given_for(office: Path) -> None:
    cast = c.assemble()
    plan = draft(cast, starting(c.TODAY + timedelta(5)))
    done(extending(cast, plan))
    for days_on in (5, 6):
        assert c.refusal(submitting(cast, plan, days_on=days_on)).code == "late"
    done(submitting(cast, plan, days_on=4))


def test_only_its_base_changes_a_plan_and_only_while_it_is_not_before_the_authority(database: str) -> None:
    cast = c.assemble()
    plan = draft(cast)
    larger = replace(c.PLAN, headcount=60, title="更名班")

    def revise(s: Session, by: str = "base", version: int = 1, fields: plans.PlanFields = larger) -> Plan:
        return plans.revise(s, plan.id, fields, version=version, actor=cast[by], now=c.NOW)

    for deed, expected in (
        (lambda s: revise(s, "reviewer"), "role"),
        (lambda s: revise(s, "hohhot_base"), "missing"),
        (lambda s: revise(s, version=2), "stale"),
        (lambda s: revise(s, fields=replace(larger, title="")), "fields"),
        (lambda s: plans.revise(s, 9999, larger, version=1, actor=cast["base"], now=c.NOW), "missing"),
    ):
        assert c.refusal(deed).code == expected
    done(revise)
    kept = current(cast, plan)
    assert (kept.headcount, kept.title, kept.version) == (60, "更名班", 2)
    told = f"“更名班”刚刚由{cast['base'].name}改过（修改计划），您的操作没有执行。请看过现在的内容，再点一次。"
    assert c.refusal(revise).words == told  # its state is what it was: that says nothing
    with db.reading() as session:
        line = audit.history(session, cast["base"], event=plans.Event.REVISED)[0].iloc[0]
    assert '"headcount":"600"' in line["before"]
    assert '"headcount":"60"' in line["after"]
    done(submitting(cast, plan))
    version = current(cast, plan).version
    assert c.refusal(lambda s: revise(s, version=version)).code == "state"
    c.approve(cast, plan.id)
    assert c.refusal(lambda s: revise(s, version=version + 1)).code == "state"


# --- approved in time -----------------------------------------------------------------------------------------------


def test_a_plan_is_approved_until_the_day_its_training_begins_and_never_after(office: Path) -> None:
    cast = c.assemble()
    first, second = c.file_plan(cast), c.file_plan(cast)
    on_the_day = c.NOW + (c.PLAN.start_on - c.TODAY)
    words = c.approve(cast, first.id, now=on_the_day)
    assert "2024-07-10" in words  # two weeks after its last day
    version = current(cast, second).version
    approve = {"version": version, "actor": cast["reviewer"], "now": on_the_day + timedelta(1)}
    assert c.refusal(lambda s: workflow.move(s, second.id, Action.APPROVE, **approve)).code == "begun"
    done(lambda s: workflow.move(s, second.id, Action.RETURN, reason="已过开始日期", **approve))
    assert current(cast, second).state is State.RETURNED


def test_the_screen_says_before_what_approval_would_do(office: Path) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, hours_each=Decimal("7.5"))
    words = c.foreseen(cast, plan.id, now=c.NOW)
    assert "600人" in words
    assert "7.5学时" in words


def test_a_later_year_goes_by_the_last_notice_until_the_next_one(office: Path) -> None:
    rule = notices.of_year(2025)
    assert rule.carried(2025)
    assert not rule.carried(2024)
    cast = c.assemble()
    assert draft(cast, starting(date(2025, 3, 3))).id


# --- programmes: clauses 二 to 六 -------------------------------------------------------------------------------------


def approved_line(session: Session, cast: c.Cast, by: str = "admin", year: int = 2024) -> ProgrammeLine:
    """A line of 附件2, filed by the organization of an account and approved."""
    home = cast[by].organization_id
    filed = toy.Toy(title="2024年度计划表", organization_id=home, authority_id=home, created_at=c.NOW)
    filed.state = State.APPROVED
    line = ProgrammeLine(
        submission=filed, number=3, programme="capability", year=year, name="新能源技术研修", said="{}"
    )
    session.add(line)
    session.flush()
    return line


def test_a_plan_names_the_approved_line_it_carries_out(office: Path) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        line = approved_line(session, cast, by="department")
    plan = draft(cast, replace(c.PLAN, programme="capability", line_id=line.id))
    with db.reading() as session:
        found = workflow.one(session, plan.id, cast["base"])
    told = dict(plans.PLAN.facts(found))  # as a page draws it, after its session
    assert told["专项项目"] == "知识更新能力提升项目"
    assert told["项目任务"].endswith("2024年第3项）")


def test_a_line_of_another_league_or_year_or_not_approved_cannot_be_carried_out(office: Path) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        other = approved_line(session, cast, by="hohhot_reviewer")
        past = approved_line(session, cast, year=2023)
        waiting = approved_line(session, cast)
        waiting.submission.state = State.SUBMITTED
    for line in (other, past, waiting):
        with pytest.raises(Refused) as refused:
            draft(cast, replace(c.PLAN, programme="capability", line_id=line.id))
        assert refused.value.fields.keys() == {"line_id"}


@pytest.mark.parametrize(
    ("programme", "line_id", "field"),
    [
        ("capability", None, "line_id"),
        ("capability", [1], "line_id"),
        ("grassroots_health", None, "programme"),
        (["capability"], None, "programme"),
        ("digital_engineers", 1, "line_id"),
        ("", 1, "programme"),
    ],
)
def test_a_programme_is_one_of_the_notices_and_carried_out_in_its_way(
    office: Path, programme: Any, line_id: Any, field: str
) -> None:
    cast = c.assemble()
    with pytest.raises(Refused) as refused:
        draft(cast, replace(c.PLAN, programme=programme, line_id=line_id))
    assert refused.value.fields.keys() == {field}
