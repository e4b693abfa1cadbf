"""Personal data (个人信息) for its subject: a copy of all of it, and the log of who saw the ID number. Read-only."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role, require
from core.ground.deeds import deed
from core.ledger import statements
from core.models import (
    Account,
    AuditEntry,
    Course,
    Exam,
    ExamPaper,
    Nomination,
    Organization,
    Person,
    RosterRow,
    Submission,
    under,
)
from core.people import acts, persons
from core.records import cards, checking
from core.submissions import kinds
from core.submissions.programmes import marking, nomination_table
from core.trail import audit

_HANDED, _REVEALED = audit.Event.FILE_HANDED_OUT.value, audit.Event.ID_REVEALED.value
_TAKEN = nomination_table.Event.TAKEN.value
HOW = {_REVEALED: "查看完整身份证号", _HANDED: "下载载有本人的花名册或证明", _TAKEN: "下载载有本人的推荐汇总表"}


@deed
def own_data(session: Session, *, actor: Actor, now: datetime) -> bytes:
    """All that is kept about a person (个人信息副本), as one file for that person, in words (JSON, UTF-8).

    The record, every entry of the ledger, cards and their checks, changes, what was filed by or for the person with its
    answers, the exams sat, and who has seen the number. Personal Information Protection Law, article 45.

    Refused codes: "role", "missing".
    """
    require(actor, Role.PERSON)
    person = persons.one(session, actor.person_id or 0, actor)
    filed = sa.select(Submission).where(Submission.human_id == person.id).order_by(Submission.id)
    told: dict[str, object] = {
        "说明": {"导出人": actor.name, "导出时间": _words(now), "依据": "个人信息保护法第四十五条"},
        "基本信息": {
            "姓名": person.name,
            "身份证号": person.id_number,
            "性别": person.sex,
            "出生日期": str(person.birth_on),
            "工作单位": person.employer_name,
            "专业技术职务": person.post,
            "从事专业": person.specialty,
            "入库时间": _words(person.added_at),
        },
        "学时记录": _lines(
            statements.entries(session, person.id),
            {"year": "年度", "subject": "科目", "hours": "学时", "completed_on": "完成日期", "basis": "依据"},
        ),
        "审验卡": _lines(
            cards.issued(session, person.id, actor), {"year": "年度", "code": "验证码", "issued_at": "出具时间"}
        ),
        "审验卡核验": _lines(
            checking.of_person(session, actor),
            {"at": "时间", "code": "验证码", "answer": "核验结论", "agreed": "姓名和证件号后四位"},
        ),
        "信息变更": _lines(
            acts.history(session, person.id, actor),
            {"at": "时间", "before": "原信息", "after": "现信息", "reason": "原因", "account_name": "办理人"},
        ),
        "申报和异议": [
            {
                "类别": kinds.KINDS[each.kind].word,
                "名称": each.title,
                "状态": kinds.KINDS[each.kind].word_for(each.state),
                "提交时间": _words(each.submitted_at),
            }
            for each in session.scalars(filed)
        ],
        "考试": [
            {
                "课程": title,
                "次数": _words(paper.number),
                "开始时间": _words(paper.started_at),
                "交卷时间": _words(paper.handed_in_at),
                "得分": _words(paper.score),
                "结果": {True: "及格", False: "不及格"}.get(bool(paper.passed), "") if paper.handed_in_at else "未交卷",
                "送到过迟未计入的题": "、".join(str(late.place) for late in paper.late),
            }
            for paper, title in session.execute(_sat(person))
        ],
        "谁看过我的完整身份证号": _lines(
            seen_by(session, person.id, actor),
            {"at": "时间", "account_name": "查看人", "organization": "单位", "how": "方式", "reason": "事由"},
        ),
    }
    return json.dumps(told, ensure_ascii=False, indent=1, default=_words).encode()


def _sat(person: Person) -> sa.Select[ExamPaper, str]:
    """The exams a person sat (考试), under whichever of the person's records."""
    records = sa.select(Person.id).where(under(Person, person.id))
    query = sa.select(ExamPaper, Course.title).join(Exam, Exam.id == ExamPaper.exam_id)
    query = query.join(Course, Course.id == Exam.course_id).where(ExamPaper.person_id.in_(records))
    return query.order_by(ExamPaper.id)


def _lines(frame: pd.DataFrame, headings: dict[str, str]) -> list[dict[str, str]]:
    """The rows of a table in words, by their headings."""
    return [
        {word: _words(line[name]) for name, word in headings.items() if name in line}
        for line in frame.to_dict("records")
    ]


def _words(value: object) -> str:
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, datetime):
        return db.office_minute(value)
    return str(value)


def seen_by(session: Session, person_id: int, actor: Actor) -> pd.DataFrame:
    """Who has seen the full ID number (谁看过我), newest first: shown to the person, and to who keeps the person.

    Every deed of the trail that gave the full number away: it was revealed, or a file with it was handed out. What the
    person did is not among them. Columns: at, account_name, organization (the one who saw it was of), how, reason.
    Refused codes: "role", "missing".
    """
    person = persons.one(session, person_id, actor)
    own = session.execute(sa.select(Person.id, Person.id_index).where(under(Person, person.id))).all()
    ids, indexes = [each.id for each in own], [each.id_index for each in own]
    rosters = sa.select(RosterRow.report_id).where(RosterRow.id_index.in_(indexes))
    ways = [
        sa.and_(AuditEntry.event == _REVEALED, AuditEntry.record == "person", AuditEntry.record_id.in_(ids)),
        sa.and_(AuditEntry.event == _HANDED, AuditEntry.record == "report", AuditEntry.record_id.in_(rosters)),
        sa.and_(AuditEntry.event == _HANDED, AuditEntry.record == "person", AuditEntry.record_id.in_(ids)),
    ]
    nominated = sa.select(Nomination.programme, Nomination.year, Nomination.submitted_at)
    for programme, year, since in session.execute(nominated.where(Nomination.human_id == person.id)):
        after = {"programme": marking.name_of(programme), "year": year}
        told = (
            AuditEntry.after.contains(db.canonical({name: value})[1:-1], autoescape=True)
            for name, value in after.items()
        )
        ways.append(sa.and_(AuditEntry.event == _TAKEN, AuditEntry.at >= since, *told))
    account = sa.orm.aliased(Account)
    query = (
        sa.select(AuditEntry.at, AuditEntry.account_name, Organization.name, AuditEntry.event, AuditEntry.reason)
        .outerjoin(account, account.id == AuditEntry.account_id)
        .outerjoin(Organization, Organization.id == account.organization_id)
        .where(sa.or_(*ways), sa.or_(account.id.is_(None), account.role != Role.PERSON))
        .order_by(AuditEntry.id.desc())
    )
    lines = [(at, name, office or "", HOW[event], reason) for at, name, office, event, reason in session.execute(query)]
    return pd.DataFrame(lines, columns=["at", "account_name", "organization", "how", "reason"])
