"""The trail: every deed leaves its line - who, when, what, before, after, why - and never a full ID number."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyotp
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses
from core.eligibility import answers, applications, decisions, drafts
from core.exams import bank, exams, items, papers, platforms, regrading, results
from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.law.workdays import DayKind
from core.ledger import books, checks
from core.models import (
    Assessment,
    AuditEntry,
    ClassLevel,
    ExamPaper,
    FinishTest,
    LessonKind,
    ResultSource,
    SeminarLevel,
    Setting,
    UncountedTime,
)
from core.office import backups, calendar, checklist, chronicle, dashboards, mail, phrases, retention
from core.people import (
    accounts,
    activation,
    acts,
    holidays,
    identity,
    keys,
    moving,
    organizations,
    persons,
    second_factor,
    setup,
)
from core.quotas import targets
from core.records import cards, completions, exchange, faces, imports, printing, proofs, templates
from core.submissions import appeals, claims, comments, disputes, plans, reports, workflow
from core.submissions.programmes import (
    capability,
    classes,
    nomination_table,
    occupations,
    placements,
    publicity,
    selection,
    seminars,
    study,
    summaries,
)
from core.submissions.workflow import Action
from core.tables import mending, sheets
from core.trail import audit, choices, files
from core.trail.audit import Event
from core.trail.files import Upload
from tests import cast as c
from tests import ready, sat


def busy_month() -> c.Cast:
    """An office in which everything happens at least once."""
    cast = c.assemble()
    admin, base, reviewer = cast["admin"], cast["base"], cast["reviewer"]
    report = c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图"), c.row(2)]))
    c.posted(cast, c.sheet([c.row(3)]), by="hohhot_base", reviewer="hohhot_reviewer")
    with db.nobody_waits(), db.transaction() as s:
        new = organizations.add(
            s, name="示例新基地", kind=OrganizationKind.BASE, authority_id=1, actor=admin, now=c.NOW
        )
        s.flush()
        again = {"kind": OrganizationKind.BASE, "authority_id": 1, "reason": "名称有误", "actor": admin, "now": c.NOW}
        organizations.correct(s, new.id, name="示例第二新基地", **again)
        organizations.set_active(s, new.id, False, actor=admin, reason="重复", now=c.NOW)
        right = {"name": "周示", "role": Role.LEADER, "organization_id": 1, "reason": "换人", "actor": admin}
        accounts.correct(s, cast["leader"].account_id, **right, now=c.NOW)
        choices.choose(s, imports.LISTING, {"折算数": "hours"}, actor=reviewer, now=c.NOW)
        accounts.sign_in(s, "base", fits=True, now=c.NOW)
        accounts.sign_out(s, actor=base, now=c.NOW)
        accounts.sign_in(s, "leader", fits=False, now=c.NOW)
        accounts.change_password(s, "Other-horse-25", old=c.PASSWORD, actor=base, now=c.NOW)
        accounts.reset_password(s, base.account_id, c.PASSWORD, actor=admin, now=c.NOW)
        accounts.set_rules(s, idle_minutes=30, second_factor_roles=[], actor=admin, now=c.NOW)
        retention.decide(s, {"messages": 500}, actor=admin, now=c.NOW)
        secret = second_factor.secret()
        code = pyotp.TOTP(secret).at(c.NOW)
        recovery = second_factor.enrol(s, secret, code, actor=base, now=c.NOW, real=c.NOW)
        half = accounts.sign_in(s, "base", fits=True, now=c.NOW)
        assert accounts.second_step(s, str(half), recovery[0], now=c.NOW) is None
        second_factor.renew_codes(s, c.PASSWORD, actor=base, now=c.NOW)
        second_factor.remove(s, c.PASSWORD, actor=base, now=c.NOW)
        for active in (False, True):
            accounts.set_active(s, base.account_id, active, actor=admin, reason="休假", now=c.NOW)
        setup.decide_setting(s, "office", "demo")
        setup.shift_demo_clock(s, 3, actor=admin, now=c.NOW)
        soon = replace(c.PLAN, start_on=c.TODAY + timedelta(5), end_on=c.TODAY + timedelta(6), hours_each=Decimal(8))
        plan = plans.draft(s, soon, actor=base, now=c.NOW)
        s.flush()
        plans.grant_extension(s, plan.id, actor=admin, reason="厅里急需", now=c.NOW)
        s.flush()
        plans.revise(s, plan.id, replace(soon, headcount=5), version=plan.version, actor=base, now=c.NOW)

        def move(action: Action, by: Any, reason: str = "") -> None:
            s.flush()
            workflow.move(s, plan.id, action, version=plan.version, actor=by, reason=reason, now=c.NOW)

        move(Action.SUBMIT, base)
        move(Action.WITHDRAW, base)
        move(Action.SUBMIT, base)
        move(Action.RETURN, reviewer, "补充师资")
        move(Action.UNDO, reviewer)
        move(Action.RETURN, reviewer, "补充师资")
        move(Action.SUBMIT, base)
        move(Action.REJECT, reviewer, "超出范围")
    other = c.file_plan(cast, title="第二期")
    c.approve(cast, other.id)
    with db.nobody_waits(), db.transaction() as s:
        fields = reports.ReportFields(other.start_on, other.end_on, "完成")
        for _ in range(2):
            reports.save(s, other.id, fields, actor=base, now=c.AFTER)
        flawed = Upload("花名册.xlsx", c.sheet([c.row(12, sex="m"), c.row(13, sex="m")]))
        filed, _ = reports.save(
            s, other.id, fields, announcement=c.ANNOUNCEMENT, roster_file=flawed, actor=base, now=c.AFTER
        )
        reports.repair(s, filed.id, [mending.Change(3, "sex", "m", "女")], actor=base, now=c.AFTER)
        s.flush()
        for action, by in ((Action.SUBMIT, base), (Action.APPROVE, reviewer)):
            workflow.move(s, filed.id, action, version=filed.version, actor=by, now=c.AFTER)
        reports.supplement(s, filed.id, actor=base, now=c.AFTER)
        card = cards.issue(s, c.person_id(1), 2024, actor=reviewer, now=c.AFTER)
        cards.printed_again(s, card.id, actor=reviewer, now=c.AFTER)
        cards.revoke(s, card.id, why=cards.Why.LOST, actor=reviewer, now=c.AFTER)
        how: dict[str, Any] = {"size": faces.Size.A4, "form": printing.Form.PDF, "words": "示例"}
        printing.start(s, printing.Scope(2024), **how, actor=reviewer, now=c.AFTER)
        look = templates.fields_of(faces.BUILT_IN)
        templates.publish(s, look, logo=None, seal=None, version=0, actor=admin, now=c.AFTER)
        for code in ("AAAA-AAAA", ""):
            (slip,) = activation.give(s, [c.person_id(1)], actor=cast["employer"], now=c.AFTER)
            how = {"password_hash": "hash", "address": None, "now": c.AFTER - timedelta(days=3)}  # the clock runs ahead
            activation.claim(s, c.id_number(1), code or slip.code, **how)
        files.handed_out(s, report.roster_id, actor=reviewer, now=c.AFTER)
        persons.reveal_id(s, c.person_id(1), actor=cast["title"], reason="核对证书", now=c.AFTER)
        second = persons.one(s, c.person_id(2), reviewer)
        proof = Upload("身份证.pdf", b"%PDF-1.4 synthetic")
        new_number = c.id_number(2, date(1986, 3, 4))
        acts.correct(
            s,
            second.id,
            name=second.name,
            id_number=new_number,
            evidence=proof,
            version=second.version,
            actor=reviewer,
            reason="号码有误",
            now=c.AFTER,
        )
        s.flush()
        twice = persons.PersonFacts("赵示", c.id_number(72), "示例市第一医院")
        (duplicate_id,) = persons.match_or_add(s, [twice], authority_id=1, now=c.AFTER).values()
        both = {"version": second.version, "duplicate_version": 1, "evidence": proof}
        acts.merge(s, second.id, duplicate_id, **both, actor=reviewer, reason="重复", now=c.AFTER)
        acts.separate(s, duplicate_id, version=2, actor=reviewer, reason="不是同一人", now=c.AFTER)
        move = {"employer": "示例旗蒙古族中学", "authority_id": 1, "version": second.version}
        acts.move(s, second.id, **move, actor=reviewer, reason="调动", now=c.AFTER)
        for employer in ("外地单位", "示例市第一医院"):
            acts.place(s, [c.person_id(1)], employer=employer, actor=reviewer, reason="单位更名", now=c.AFTER)
        form = {"year": 2024, "route": "职称评审", "level": "高级"}
        query = sa.text("SELECT batch_id, line FROM credit_entry WHERE person_id = :id")
        at = s.execute(query, {"id": c.person_id(1)}).first()
        for upheld in (False, True):
            filed = disputes.file(s, c.person_id(1), *at, words="学时有误", actor=cast["employer"], now=c.AFTER)
            act = {"version": filed.version, "actor": reviewer, "reason": "已核实", "now": c.AFTER}
            workflow.move(s, filed.id, Action.APPROVE if upheld else Action.REJECT, **act)
        applied = answers.application(s, c.person_id(1), form, actor=cast["title"])
        decisions.decide(s, applications.Batch([applied]), actor=cast["title"], now=c.AFTER)
        earlier = (
            ["身份证号", "姓名", "年度", "科目", "学时", "来源"],
            [[c.id_number(9), "赵示", 2023, "专业", 8, "培训"]],
        )
        batch, _ = imports.bring_in(
            s, Upload("往年.csv", sheets.csv_file(*earlier)), actor=reviewer, reason="补登", now=c.AFTER
        )
        books.reverse(s, batch.id, actor=reviewer, reason="导错了", now=c.AFTER)
        comments.write(s, other.id, "请把课表发来", actor=reviewer, now=c.AFTER)
        calendar.subscribe(s, actor=base, now=c.AFTER)
        calendar.unsubscribe(s, actor=base, now=c.AFTER)
        holidays.enter(s, c.TODAY, c.TODAY, DayKind.REST, "示例假日", actor=admin, now=c.AFTER)
        s.execute(sa.text("DELETE FROM credit_total"))
        checks.rebuild(s, actor=admin, reason="核对", now=c.AFTER)
        claim = claims.draft(s, c.person_id(1), c.CLAIM, evidence=[c.CERTIFICATE], actor=cast["employer"], now=c.AFTER)
        s.flush()
        claim = claims.revise(s, claim.id, c.CLAIM, version=claim.version, actor=cast["employer"], now=c.AFTER)
        s.flush()
        workflow.move(s, claim.id, Action.SUBMIT, version=claim.version, actor=cast["employer"], now=c.AFTER)
        proofs.issue(s, 1, 1, actor=reviewer, now=c.AFTER)
        claims.grant(s, claim.id, c.CLAIM.amount, version=claim.version, actor=reviewer, now=c.AFTER)
        programmes(s, cast)
        region = cast.places["region"]
        second = accounts.open_account(
            s,
            username="admin2",
            name="管理员admin2",
            role=Role.ADMIN,
            organization_id=region.id,
            password=c.PASSWORD,
            actor=cast["admin"],
            now=c.NOW,
        )
        s.flush()
        keys.recovery_sheet(s, c.PASSWORD, actor=cast["admin"], now=c.AFTER)
        identity.decide(s, name="示例厅", mark=None, keep_mark=True, actor=cast["admin"], now=c.AFTER)
        identity.decide_address(s, "https://jxjy.example.cn", actor=cast["admin"], now=c.AFTER)
        mail.decide(
            s, mail.ServerFields("smtp.example.cn", "465", sender="a@example.cn"), actor=cast["admin"], now=c.AFTER
        )
        table = Upload("机构.csv", "机构名称,类别\n示例新单位,用人单位\n".encode())
        intake, *_ = moving.bring_in(s, moving.Table.ORGANIZATIONS, table, actor=cast["admin"], now=c.AFTER)
        moving.take_back(s, intake.id, actor=cast["admin"], reason="导错了", now=c.AFTER)
        checklist.set_aside(s, "mail", reason="不用邮件", actor=cast["admin"], now=c.AFTER)
        backups.record(s, db.key_path(), actor=cast["admin"], now=c.AFTER)
        backups.record(s, db.key_path(), actor=cast["admin"], now=c.AFTER, found=["a fault"])
        backups.choose_folder(s, str(db.home()), actor=cast["admin"], now=c.AFTER)
        accounts.read_large(s, True, actor=cast["admin"], now=c.AFTER)
        late = db.home() / "ce-20240601-000000.cebak"
        late.touch()
        backups.ask_to_restore(s, late.name, actor=cast["admin"], reason="账目被改坏", now=c.AFTER)
        backups.drop_restore(s, actor=cast["admin"], now=c.AFTER)
        backups.restored(s, db.key_path(), None, now=c.AFTER)
        keys.rotate(s, actor=cast["admin"], reason="例行更换", now=c.AFTER)
        publisher = Actor(second.id, second.name, Role.ADMIN, region.id, region.name, region.kind)
        former = db.keys().fingerprints[1]
        for decided, who in ((keys.keep_believing, cast["admin"]), (keys.agree_to_void, publisher)):
            keys.ask_to_void(s, former, actor=cast["admin"], reason="U盘遗失", now=c.AFTER)
            decided(s, former, actor=who, now=c.AFTER)
        draft = drafts.save_draft(s, drafts.source_text("nmg-2024"), actor=cast["admin"], now=c.AFTER)
        s.flush()
        for away in (True, False):
            said = {"version": draft.version, "actor": cast["admin"], "reason": "待定", "now": c.AFTER}
            drafts.put_away(s, draft.id, away, **said)
            s.flush()
        drafts.publish(s, draft.id, version=draft.version, actor=publisher, reason="通知已印发", now=c.AFTER)
        split = targets.Split(20000, None, {region.id: 1500})
        quota = targets.save(s, "capability", 2024, split, version=0, actor=reviewer, now=c.AFTER)
        said = {"version": quota.version, "actor": reviewer, "reason": "年初分解", "now": c.AFTER}
        targets.publish(s, "capability", 2024, split, **said)
    with db.nobody_waits(), db.transaction() as s:
        dashboards.filed.freeze(s, "2024", actor=reviewer, reason="年报", now=c.AFTER)
    a_year_of_study(cast)
    seminars_of(cast)
    classes_of(cast)
    courses_of(cast)
    exams_of(cast)
    return cast


def courses_of(cast: c.Cast) -> None:
    """A course sent back, published and withdrawn; study that was not counted, appealed in vain and with success."""
    clerk, reviewer = cast["exam"], cast["reviewer"]
    fields = courses.CourseFields(2024, "年度课程", "", "public", Decimal(30), (2024,))
    lesson = courses.LessonFields("第一讲", LessonKind.TEXT, 20, Decimal(30), body="正文")
    with db.nobody_waits(), db.transaction() as s:
        found = courses.draft(s, fields, actor=clerk, now=c.NOW)
        courses.put_lesson(s, found.id, None, lesson, version=found.version, actor=clerk, now=c.NOW)
        said: dict[str, Any] = {"actor": reviewer, "now": c.NOW, "reason": "补充说明"}
        courses.offer(s, found.id, version=found.version, actor=clerk, now=c.NOW)
        courses.send_back(s, found.id, version=found.version, **said)
        courses.offer(s, found.id, version=found.version, actor=clerk, now=c.NOW)
        courses.publish(s, found.id, version=found.version, actor=reviewer, now=c.NOW)
    learner = c.give_account(cast, 1, "learner")
    c.study_for(learner, found, 2, hidden=True)
    c.study_for(learner, found, 2, hidden=True, now=c.AFTER + timedelta(hours=1))
    with db.nobody_waits(), db.transaction() as s:
        for lost, told in zip(s.query(UncountedTime).all(), (Action.REJECT, Action.APPROVE), strict=True):
            filed = appeals.file(s, lost.id, words="在看讲义", actor=learner, now=c.AFTER)
            workflow.move(s, filed.id, told, version=filed.version, **said)
    results_of(cast, found.id)
    with db.transaction() as s:
        found = courses.load(s, found.id, reviewer)
        courses.withdraw(s, found.id, version=found.version, **said)


def results_of(cast: c.Cast, course_id: int) -> None:
    """Results from elsewhere: a batch confirmed and taken back, another not confirmed."""
    form = results.ResultForm(course_id, ResultSource.TABLE, Decimal(60), c.TODAY, "集中考试")
    said: dict[str, Any] = {"actor": cast["reviewer"], "now": c.AFTER}
    with db.nobody_waits(), db.transaction() as s:
        table = Upload("成绩.csv", f"身份证号,姓名,成绩\n{c.id_number(1)},额尔敦·巴图,90\n".encode())
        first = results.bring_in(s, table, form, actor=cast["exam"], now=c.AFTER)
        results.confirm(s, first.id, version=first.version, **said)
        results.take_back(s, first.id, version=first.version, reason="导错了", **said)
    with db.nobody_waits(), db.transaction() as s:
        second = results.bring_in(s, table, form, actor=cast["exam"], now=c.AFTER)
        results.send_back(s, second.id, version=second.version, reason="重复", **said)
    with db.nobody_waits(), db.transaction() as s:
        fields = platforms.PlatformFields(course_id, "示例平台", "https://lms.example.cn/1", None)
        source, _ = platforms.open_source(s, fields, **said)
        actor = {"account": {"homePage": "https://lms.example.cn", "name": "a01"}}
        verb, thing = {"id": "http://adlnet.gov/expapi/verbs/passed"}, {"id": "https://lms.example.cn/1"}
        platforms.keep(s, source, [{"actor": actor, "verb": verb, "object": thing}], now=c.AFTER)
        s.flush()
        platforms.bind(s, source.id, "a01", c.id_number(1), "额尔敦·巴图", actor=cast["exam"], now=c.AFTER)
        platforms.close_source(s, source.id, reason="导错了", **said)
        parcel = exchange.prepare(s, 2024, actor=said["actor"], now=c.AFTER)
        exchange.workbook(s, parcel.id, actor=said["actor"], now=c.AFTER)
        exchange.mark_sent(s, parcel.id, version=parcel.version, actor=said["actor"], now=c.AFTER)


def exams_of(cast: c.Cast) -> None:
    """An exam sent back, published and taken down; papers set right and taken in, a void item, items on their way."""
    clerk, reviewer = {"actor": cast["exam"], "now": c.NOW}, {"actor": cast["reviewer"], "now": c.NOW}
    course_id = sat.published(cast)
    sat.studied(course_id, 1)
    exam = sat.opened(cast, course_id)
    paper = sat.start(cast, "learner", now=sat.NOW + timedelta(hours=2))  # the clock runs ahead
    with db.nobody_waits(), db.transaction() as s:
        papers.take_in_overdue(s, actor=setup.system_actor(s), now=sat.NOW)
        papers.take_in_overdue(s, actor=setup.system_actor(s), now=sat.NOW + timedelta(hours=2))
        kept = s.get_one(ExamPaper, paper.id)
        kept.passed, kept.unposted = True, "学时超过上限"
        papers.credit_again(s, exam.id, **reviewer)
        with patch.object(completions, "offered", return_value=True):
            completions.issue(s, course_id, actor=cast["learner"], now=c.AFTER)
        exam = exams.one(s, exam.id, cast["exam"])
        for reason in ("撤下", "退回"):
            exams.send_back(s, exam.id, version=exam.version, reason=reason, **reviewer)
            exams.save(s, course_id, sat.FORM, version=exam.version, **clerk)
            exams.offer(s, exam.id, version=exam.version, **clerk)
        exams.publish(s, exam.id, version=exam.version, **reviewer)
        item = bank.save(s, None, items.judged("学时按自然年度计算。", True), **clerk)
        bank.save(s, item.id, items.judged("学时按学年计算。", False), version=item.version, **clerk)
        for paused in (True, False):
            bank.pause(s, item.id, paused, version=item.version, reason="核对", **clerk)
        for voided in (True, False):
            regrading.void(s, item.id, voided, version=item.version, reason="核对", **reviewer)
        bank.hand_out(s, bank.Wanted(), **clerk)
    sat.studied(course_id, 31)
    c.give_account(cast, 31, "second")
    sat.handed_in(cast, sat.start(cast, "second"), "second")


def classes_of(cast: c.Cast) -> None:
    """A class of an institute, with a finish test and an assessment put on record and taken back."""
    c.open_institutes(cast)
    admin, institute = cast["admin"], cast["institute"]
    named, until = "大数据工程技术人员", date(2025, 12, 31)
    with db.nobody_waits(), db.transaction() as s:
        given = {"batch": "第二批", "from_on": date(2024, 1, 1), "to_on": date(2025, 6, 30)}
        kept = occupations.approve(s, cast.places["institute"].id, named, **given, actor=admin, now=c.NOW)
        s.flush()
        occupations.change_until(s, kept.id, until, actor=admin, reason="延续", now=c.NOW)
    course = occupations.ClassFields(named, "大数据处理", ClassLevel.JUNIOR, Decimal(8), Decimal(16))
    plan = c.file_plan(cast, by="institute", programme="digital_engineers", course=course, headcount=5)
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([c.row(31)]), by="institute")
    c.approve(cast, report.id, now=c.AFTER)
    who = f"{c.row(31)[1]},{c.id_number(31)}"
    finish = Upload("结业.csv", f"姓名,身份证号,结业考核\n{who},合格\n".encode())
    heads = "姓名,身份证号,职业,职业方向,等级,考核站点,理论知识,专业能力,考核日期"
    result = Upload("考核.csv", f"{heads}\n{who},{named},大数据处理,初级,示例站点,80,80,2024-06-28\n".encode())
    with db.nobody_waits(), db.transaction() as s:
        classes.record_finish(s, plan.id, finish, actor=institute, now=c.AFTER)
        classes.record_assessments(s, result, actor=admin, now=c.AFTER)
        kept_test, kept_result = s.query(FinishTest).one(), s.query(Assessment).one()
        classes.take_back_finish(s, kept_test.id, actor=institute, reason="登错", now=c.AFTER)
        classes.take_back(s, kept_result.id, actor=admin, reason="登错", now=c.AFTER)


def seminars_of(cast: c.Cast) -> None:
    """A seminar scored, and a national one whose outcome is put on record."""
    base, reviewer = cast["base"], cast["reviewer"]
    with db.nobody_waits(), db.transaction() as s:
        drafted = seminars.draft(s, c.SEMINAR, actor=base, now=c.NOW)
        seminars.revise(s, drafted.id, c.SEMINAR, version=drafted.version, actor=base, now=c.NOW)
    scored, national = c.file_seminar(cast), c.file_seminar(cast, level=SeminarLevel.NATIONAL)
    c.approve(cast, national.id)
    with db.nobody_waits(), db.transaction() as s:
        seminars.score(s, scored.id, 90, "选题好", actor=reviewer, now=c.NOW)
        version = workflow.one(s, national.id, reviewer).version
        seminars.answer(s, national.id, True, c.TODAY, "示例函〔2024〕1号", version=version, actor=reviewer, now=c.NOW)


def programmes(session: Session, cast: c.Cast) -> None:
    """What is done for programmes: a plan table and a summary drafted and changed."""
    file: Any = {"actor": cast["department"], "now": c.AFTER}
    table = capability.draft(session, capability.TableFields("capability", 2024), **file)
    capability.add(session, table.id, c.LINES[0], **file)
    written = summaries.SummaryFields("按计划表举办", "学员满意")
    told = summaries.draft(session, "capability", 2024, written, **file)
    summaries.revise(session, told.id, written, version=told.version, **file)


def a_year_of_study(cast: c.Cast) -> None:
    """Nominations ranked, selected, published, objected to, placed, left: every deed of it once."""
    reviewer, employer, day = cast["reviewer"], cast["employer"], date(2024, 6, 10)
    rows = [c.row(21, employer=cast.places["hohhot_school"].name)]
    c.posted(cast, c.sheet(rows), by="hohhot_base", reviewer="hohhot_reviewer", title="第二期")
    first, last = (c.nominate(cast, serial, now=c.NOW).id for serial in (1, 12))
    of_a_school = c.nominate(cast, 21, by="hohhot_employer", now=c.NOW)
    with db.nobody_waits(), db.transaction() as s:
        act = {"actor": reviewer, "now": c.NOW}
        mine = {"version": of_a_school.version, "actor": cast["hohhot_reviewer"], "now": c.NOW}
        selection.rank(s, of_a_school.id, 1, **mine)
        nomination_table.workbook(s, "special_training", 2024, **act)
        found = study.one(s, last, reviewer)
        workflow.move(s, last, Action.RETURN, version=found.version, reason="补充师资", **act)
        again = {"actor": employer, "now": c.NOW}
        study.revise(s, last, study.fields_of(found), version=found.version, **again)
        s.flush()
        workflow.move(s, last, Action.SUBMIT, version=found.version, **again)
        selection.reserve(s, last, 1, version=found.version, **act)
        for each in (study.one(s, first, reviewer), found):
            workflow.move(s, each.id, Action.APPROVE, version=each.version, reason="条件靠前", **act)
    c.publish(cast, now=c.NOW)
    with db.nobody_waits(), db.transaction() as s:
        for target, answer in ((last, Action.REJECT), (first, Action.APPROVE)):
            filed = publicity.object_to(s, target, words="年限不实", actor=employer, now=c.NOW)
            workflow.move(s, filed.id, answer, version=filed.version, reason="已核实", actor=reviewer, now=c.NOW)
        s.flush()
        act = {"actor": reviewer, "now": c.AFTER}
        (notice,) = publicity.of_year(s, "special_training", 2024, reviewer)
        publicity.conclude(s, notice.id, version=notice.version, **act)
        s.flush()
        where = placements.PlacementFields("示例大学", "", "", day, date(2025, 6, 9))
        placed = placements.place(s, last, where, version=0, **act)
        s.flush()
        placements.place(s, last, replace(where, host="示例医院"), version=placed.version, reason="导师调动", **act)
        s.flush()
        placements.reach(s, last, placements.Step.REPORTED, on=day, version=placed.version, **act)
        s.flush()
        placements.agree(s, last, signed_on=day, version=placed.version, **act)


def test_every_deed_leaves_a_line_that_says_who_when_what_and_why(database: str) -> None:
    cast = ready.office(busy_month)
    with db.reading() as session:
        lines, count = audit.history(session, cast["admin"], limit=None)
        assert audit.faults(session) == []
    assert count == len(lines)
    assert set(lines["event"]) == set(audit.EVENTS) - {Event.LOCKED.value}  # which earlier releases have left
    assert set(phrases.SENTENCES) == set(audit.EVENTS)
    with db.reading() as session:
        told, _ = chronicle.history(session, cast["admin"], limit=None)
    assert [line for line in told["told"] if "{" in line or "“”" in line] == []
    assert set(told["record"][told["told"].str.contains("（编号")]) <= {"bank_item", "card_template", "print_run"}
    fields = {
        change.field for line in told.itertuples() for change in phrases.changes(line.record, line.before, line.after)
    }
    assert {field for field in fields if re.search("[a-z]", field)} == set()
    assert all(lines["account"])
    assert set(lines["role"][lines["account"].isin(["系统", "未登录"])]) == {""}
    assert any(each.startswith("未登录登录") for each in told["told"])  # a stranger is no administrator
    assert all(moment.tzinfo is not None for moment in lines["at"])
    assert list(lines["id"]) == list(range(count, 0, -1))
    assert [name for name in lines.columns if lines[name].isna().any()] == []

    def of(event: Event) -> dict[str, Any]:
        return dict(lines[lines["event"] == event.value].iloc[0])

    who = {
        Event.OFFICE_OPENED: "系统",
        plans.Event.EXTENDED: cast["admin"].name,
        Event.RETURN: cast["reviewer"].name,
        plans.Event.REVISED: cast["base"].name,
        Event.ID_REVEALED: cast["title"].name,
        Event.WRONG_PASSWORD: "未登录",
        Event.PASSWORD_RESET: cast["admin"].name,
    }
    assert {event: of(event)["account"] for event in who} == who
    why = {plans.Event.EXTENDED: "厅里急需", Event.RETURN: "补充师资", Event.REJECT: "超出范围"}
    why |= {Event.CREDITS_IMPORTED: "补登", Event.CREDIT_REVERSED: "导错了"}
    why |= {Event.ACCOUNT_CLOSED: "休假", Event.ACCOUNT_REOPENED: "休假", Event.ORGANIZATION_CHANGED: "重复"}
    assert {event: of(event)["reason"] for event in why} == why
    change = {Event.RETURN: ("submitted", "returned"), Event.REJECT: ("submitted", "rejected")}
    change |= {Event.WITHDRAW: ("submitted", "withdrawn")}
    for event, (before, after) in change.items():
        assert json.loads(of(event)["before"])["state"] == before
        assert json.loads(of(event)["after"])["state"] == after
    revised = of(plans.Event.REVISED)
    assert json.loads(revised["before"])["headcount"] == "600"
    assert json.loads(revised["after"])["headcount"] == "5"
    assert json.loads(of(reports.Event.REVISED)["before"])["summary"] == "完成"
    assert json.loads(of(Event.CREDIT_POSTED)["after"])["entries"] == 1
    assert json.loads(of(Event.CLOCK_SHIFTED)["after"]) == {"days_ahead": 3}
    assert of(Event.CARD_ISSUED)["at"] == c.AFTER
    assert of(Event.CARD_ISSUED)["record"] == "card"


def test_no_line_of_the_trail_holds_an_id_number_or_a_password(database: str) -> None:
    ready.office(busy_month)
    with db.reading() as session:
        for entry in session.scalars(sa.select(AuditEntry)):
            told = " ".join((entry.before, entry.after, entry.reason, entry.account_name))
            assert not re.search(r"(?<![0-9a-f])\d{17}[\dXx](?![0-9a-f])|horse|0471-", told), told


def test_each_reads_the_trail_of_the_own_jurisdiction_and_of_the_own_deeds(office: Path) -> None:
    cast = ready.office(busy_month)
    with db.reading() as session:

        def organizations(by: str) -> set[str]:
            return set(audit.history(session, cast[by], limit=None)[0]["organization"])

        everywhere = organizations("admin")
        assert organizations("leader") == organizations("reviewer") == everywhere
        hohhot = {"呼和浩特市人力资源和社会保障局", "示例呼和浩特培训基地", "示例旗蒙古族中学"}
        assert organizations("hohhot_leader") == organizations("hohhot_reviewer") == hohhot
        assert organizations("hohhot_base") == {"示例呼和浩特培训基地"}
        assert organizations("base") == {"示例继续教育基地"}
        assert organizations("baotou_reviewer") == {"包头市人力资源和社会保障局"}
        own, _ = audit.history(session, cast["title"], event=Event.ID_REVEALED)
        assert len(own) == 1


def test_the_trail_is_filtered_by_what_whose_whom_and_when_and_paged(database: str) -> None:
    cast = ready.office(busy_month)
    with db.reading() as session:

        def ask(**filters: Any) -> Any:
            lines, count = audit.history(session, cast["admin"], **filters)
            assert "limit" in filters or "offset" in filters or count == len(lines) or count > 50
            return lines

        assert set(ask(event=Event.APPROVE, limit=None)["event"]) == {"submission.approve"}
        assert set(ask(record="card")["event"]) == {"card.issued", "card.printed", "card.revoked"}
        plan_id = int(ask(record="plan", limit=None)["record_id"].min())
        assert set(ask(record="plan", record_id=plan_id)["record_id"]) == {plan_id}
        assert set(ask(account="审核员reviewer", limit=None)["account"]) == {cast["reviewer"].name}
        assert len(ask(account="%")) == 0
        late, early = ask(first_on=date(2024, 7, 1), limit=None), ask(last_on=date(2024, 6, 30), limit=None)
        assert set(late["at"]) == {c.AFTER, sat.NOW + timedelta(hours=2)}
        assert set(early["at"]) == {c.NOW}
        assert len(late) + len(early) == len(ask(limit=None))
        assert len(ask(first_on=date(2024, 7, 2))) == 0
        assert list(ask(limit=3)["id"]) == list(ask(limit=None)["id"])[:3]
        assert list(ask(limit=2, offset=1)["id"]) == list(ask(limit=3)["id"])[1:]


def test_days_of_the_trail_are_days_at_the_office(database: str) -> None:
    cast = c.assemble()
    late = c.NOW.replace(hour=15, minute=59, tzinfo=UTC)  # one minute to midnight of 3 June at the office
    with db.transaction() as session:
        accounts.sign_in(session, "base", fits=True, now=late)
        accounts.sign_in(session, "base", fits=True, now=late + timedelta(minutes=1))
    with db.reading() as session:
        for day in (date(2024, 6, 3), date(2024, 6, 4)):
            lines, _ = audit.history(
                session, cast["admin"], event=Event.SIGNED_IN, first_on=day, last_on=day, limit=None
            )
            assert len(lines) == 1


def test_a_deed_that_fails_leaves_no_line(office: Path) -> None:
    cast = c.assemble()
    before = c.everything()["audit_entry"]
    bad = replace(c.PLAN, title="")
    assert c.refusal(lambda s: plans.draft(s, bad, actor=cast["base"], now=c.NOW)).code == "fields"
    assert c.everything()["audit_entry"] == before


def test_a_record_the_trail_does_not_know_is_a_bug_and_no_line_of_the_region(office: Path) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        setting = session.get_one(Setting, "office")
        with pytest.raises(TypeError, match="Setting"):
            audit.record(session, Event.CLOCK_SHIFTED, setting, actor=cast["admin"], now=c.NOW)
    with db.reading() as session:
        assert audit.history(session, cast["admin"], event=Event.CLOCK_SHIFTED)[1] == 0


def test_every_line_that_was_altered_or_taken_out_is_named_not_the_first_alone(database: str) -> None:
    c.assemble()
    c.behind_our_back(
        "audit_entry",
        "UPDATE audit_entry SET reason = 'x' WHERE id IN (2, 8)",
        "DELETE FROM audit_entry WHERE id BETWEEN 4 AND 6",
    )
    with db.reading() as session:
        found = [fault.partition(" (")[0] for fault in audit.faults(session)]
    assert found == ["audit line 2 was altered", "audit lines 4 to 6 are missing", "audit line 8 was altered"]


@ready.sqlite
@pytest.mark.parametrize("change", ["at = 'garbage'", "record_id = 'zzz'"])
def test_a_line_altered_into_what_no_line_holds_is_named_too(office: Path, change: str) -> None:
    c.assemble()
    c.behind_our_back("audit_entry", f"UPDATE audit_entry SET {change} WHERE id = 3")
    with db.reading() as session:
        assert [fault.partition(" (")[0] for fault in audit.faults(session)] == ["audit line 3 was altered"]
