"""Learning platforms (学习平台) that push statements: their credentials, whose their accounts are, what they sent.

Statements are kept as they came and never changed. What they say of an exam waits, as a batch of results, to be
confirmed by the office in charge: nothing that comes over the network posts hours by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses, passing
from core.exams import results, xapi
from core.exams.xapi import Json
from core.ground import db, names, resident_id, typed
from core.ground.access import Actor, Labelled, Refused, Role, in_charge, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.models import (
    AgentBinding,
    CourseState,
    Organization,
    Outcome,
    Person,
    ResultBatch,
    ResultRow,
    ResultSource,
    ResultState,
    Statement,
    StatementMention,
    StatementSource,
)
from core.people import persons
from core.trail import audit

MOST_ANSWERED = 100
"""Statements of one answer; of more the rest is asked for by `more`."""
UNBOUND = "这个账号还没有对应到人，请在“学习平台”中登记后再确认"


@audit.events
class Event(Labelled):
    """What becomes of a learning platform, in the trail."""

    OPENED = "platform.opened", "开通学习平台"
    CLOSED = "platform.closed", "停用学习平台"
    BOUND = "platform.bound", "登记平台账号"
    PUSHED = "platform.pushed", "平台推送成绩"


@dataclass(frozen=True)
class PlatformFields:
    """What is filled in of a learning platform (学习平台)."""

    course_id: int | None
    name: str
    activity: str
    pass_mark: Decimal | None


class Conflict(Exception):
    """A statement that is kept already and says something else (不可更改); its id."""


# --- opened and closed ------------------------------------------------------------------------------------------------


@deed
def open_source(
    session: Session, fields: PlatformFields, *, actor: Actor, now: datetime
) -> tuple[StatementSource, str]:
    """Open a learning platform for a course (开通学习平台); answers it and its secret, which is shown this once.

    Refused codes: "role", "missing", "jurisdiction", "move" (the course is not published), "fields".
    """
    require(actor, Role.REVIEWER)
    fields = typed.filled(fields)
    course = courses.load(session, fields.course_id or 0, actor)
    in_charge(actor, course.authority_id)
    if course.state is not CourseState.PUBLISHED:
        raise Refused("move", f"“{course.title}”没有发布，不能为它开通学习平台。")
    faults = []
    if not 2 <= len(fields.name) <= 60:
        faults.append(("name", "请填写平台的名称，2至60个字"))
    if not 5 <= len(fields.activity) <= xapi.LONGEST or ":" not in fields.activity or " " in fields.activity:
        faults.append(("activity", "请填写平台上这门课程的标识（IRI），如https://example.com/course/1"))
    if fields.pass_mark is not None and not 0 < fields.pass_mark <= 100:
        faults.append(("pass_mark", "及格线应大于0，不超过100"))
    refuse_faults(faults)
    secret = secrets.token_urlsafe(32)
    made = StatementSource(
        organization_id=course.organization_id,
        authority_id=course.authority_id,
        course_id=course.id,
        name=fields.name,
        activity=fields.activity,
        pass_mark=fields.pass_mark,
        key=secrets.token_hex(10),
        secret=hashlib.sha256(secret.encode()).digest(),
        made_by_id=actor.account_id,
        made_at=now,
    )
    session.add(made)
    session.flush()
    audit.record(session, Event.OPENED, made, actor=actor, after={"course": course.id, "name": made.name}, now=now)
    return made, secret


@deed
def close_source(session: Session, source_id: int, *, actor: Actor, reason: str, now: datetime) -> StatementSource:
    """Close a learning platform (停用学习平台): nothing is taken from it any more, what it sent stays.

    Refused codes: "role", "missing", "jurisdiction", "move", "reason".
    """
    require(actor, Role.REVIEWER)
    found = one(session, source_id, actor)
    in_charge(actor, found.authority_id)
    if found.closed_at:
        raise Refused("move", f"“{found.name}”已经停用。")
    said = results.reasoned(reason)
    found.closed_at = now
    session.flush()
    audit.record(session, Event.CLOSED, found, actor=actor, reason=said, now=now)
    return found


@deed
def bind(
    session: Session, source_id: int, account: str, id_number: str, name: str, *, actor: Actor, now: datetime
) -> int:
    """Say whose a platform's account is (登记平台账号); answers how many of its waiting results are now that person's.

    `account` as the receipts show it. Refused codes: "role", "missing", "jurisdiction", "fields", "account" (no
    statement of this platform is by it).
    """
    require(actor, Role.REVIEWER, Role.BASE_CLERK)
    found = one(session, source_id, actor)
    number = resident_id.normalise(id_number)
    code = resident_id.problem(id_number)
    refuse_faults([("id_number", resident_id.words(code, id_number))] if code else [])
    person = persons.on_file(session, [db.blind_index(number)]).get(db.blind_index(number))
    if person is None or not names.same(names.normalise(name), *person.names):
        words = "库中没有这个姓名和身份证号的人员，请核对"
        raise Refused("fields", f"{words}。", {"id_number": words})
    human = session.get_one(Person, person.human_id)
    if human.authority_id != found.authority_id:
        raise Refused("jurisdiction", "此人由其他人社部门主管，请由其主管部门办理。")
    rows = _unbound(session, found, typed.text(account))
    if not rows:
        raise Refused("account", f"没有这个账号待对应的成绩，请照回执里的写法填写：{typed.text(account)[:40]}")
    agents = {agent for _, agent in rows}
    for agent in agents:
        if (kept := session.get(AgentBinding, (found.id, agent))) is None:
            session.add(AgentBinding(source_id=found.id, agent=agent, person_id=human.id, bound_at=now))
        else:
            kept.person_id, kept.bound_at = human.id, now
    for row, _ in rows:
        row.person_id, row.name = human.id, human.name
        passed = row.said.endswith("、合格") or row.said == "合格"
        row.outcome, row.words = _outcome(session, found, human.id, row.batch_id, passed=passed)
    session.flush()
    audit.record(session, Event.BOUND, found, actor=actor, after={"person": human.id, "results": len(rows)}, now=now)
    return len(rows)


def _unbound(session: Session, source: StatementSource, account: str) -> list[tuple[ResultRow, str]]:
    query = (
        sa.select(ResultRow, Statement.agent)
        .join(ResultBatch, ResultBatch.id == ResultRow.batch_id)
        .join(Statement, Statement.id == ResultRow.statement_id)
        .where(ResultBatch.platform_id == source.id, ResultBatch.state == ResultState.WAITING)
        .where(ResultRow.outcome == Outcome.REFUSED, ResultRow.person_id.is_(None))
    )
    return [(row, agent) for row, agent in session.execute(query) if row.id_number == account]


def seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Which platforms an actor finds, as SQL: clerks their organization's, reviewers their office's."""
    if actor.held_back or actor.role not in (Role.BASE_CLERK, Role.REVIEWER):
        return sa.false()
    if actor.role is Role.BASE_CLERK:
        return StatementSource.organization_id == actor.organization_id
    return StatementSource.authority_id == actor.organization_id


def one(session: Session, source_id: int, actor: Actor) -> StatementSource:
    """One learning platform. Refused codes: "missing"."""
    query = sa.select(StatementSource).where(StatementSource.id == source_id, seen_by(actor))
    if (found := session.scalar(query)) is None:
        raise not_found("学习平台")
    return found


def listing(session: Session, actor: Actor) -> pd.DataFrame:
    """The learning platforms an actor finds.

    Columns: id, name, course, activity, key, made_at, closed_at, statements.
    """
    counts = dict(session.execute(sa.select(Statement.source_id, sa.func.count()).group_by(Statement.source_id)).all())
    query = sa.select(StatementSource).where(seen_by(actor)).options(sa.orm.joinedload(StatementSource.course))
    columns = "id name course activity key made_at closed_at statements".split()
    rows = [
        (
            each.id,
            each.name,
            each.course.title,
            each.activity,
            each.key,
            each.made_at,
            each.closed_at,
            counts.get(each.id, 0),
        )
        for each in session.scalars(query.order_by(StatementSource.id.desc()))
    ]
    return pd.DataFrame(rows, columns=columns)


# --- what comes over the network --------------------------------------------------------------------------------------


def source_of(session: Session, key: str, secret: str) -> StatementSource | None:
    """The platform that a key and secret are of (平台凭证); None for others and for one that was closed."""
    found = session.scalar(sa.select(StatementSource).where(StatementSource.key == key[:40]))
    given = hashlib.sha256(secret.encode()).digest()
    if not hmac.compare_digest(given, found.secret if found else bytes(32)) or found is None or found.closed_at:
        return None
    return found


def keep(session: Session, source: StatementSource, given: Sequence[Json], *, now: datetime) -> list[str]:
    """Keep statements (保存学习记录), all or none; answers their ids. What is there already and says the same, is.

    Raises `xapi.Wrong` (one is not well formed, or two have one id) and `Conflict` (one is there and says otherwise).
    """
    db.lock(session, f"statements {source.id}")
    ids: list[str] = []
    results_before = 0
    for at, statement in enumerate(given):
        xapi.check(statement, f"[{at}]" if len(given) > 1 else "statement")
        number = str(uuid.UUID(statement["id"])) if "id" in statement else str(uuid.uuid4())
        if number in ids:
            raise xapi.Wrong(f"[{at}].id：这一次推送里有两条用了同一个id")
        ids.append(number)
        said = xapi.digest(statement)
        known = session.scalar(
            sa.select(Statement.digest).where(Statement.source_id == source.id, Statement.statement_id == number)
        )
        if known is None:
            results_before += _kept(session, source, statement, number, said, now)
        elif known != said:
            raise Conflict(number)
    if results_before:
        home = session.get_one(Organization, source.organization_id)
        actor = Actor(None, source.name[:40], Role.BASE_CLERK, home.id, home.name, home.kind, league=home.league)
        audit.record(session, Event.PUSHED, source, actor=actor, after={"results": results_before}, now=now)
    return ids


def _kept(session: Session, source: StatementSource, statement: Json, number: str, said: str, now: datetime) -> int:
    """Keep one statement; 1 where it led to a result."""
    stored = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"
    body = {
        **statement,
        "id": number,
        "stored": stored,
        "timestamp": statement.get("timestamp", stored),
        "version": statement.get("version", "1.0.0"),
        "authority": {"objectType": "Agent", "account": {"homePage": "urn:continuing-education", "name": source.key}},
    }
    thing = statement["object"]
    activity = thing["id"] if thing.get("objectType", "Activity") == "Activity" else ""
    voids = str(uuid.UUID(thing["id"])) if statement["verb"]["id"] == xapi.VOIDED else ""
    if voids:
        _may_void(session, source, voids)
    kept = Statement(
        source_id=source.id,
        statement_id=number,
        digest=said,
        body=xapi.written(body),
        agent=xapi.agent_key(statement["actor"]),
        verb=statement["verb"]["id"],
        activity=activity,
        registration=str(uuid.UUID(statement["context"]["registration"]))
        if "registration" in statement.get("context", {})
        else "",
        voids=voids,
        target=str(uuid.UUID(thing["id"])) if thing.get("objectType") == "StatementRef" else "",
        stored_at=now,
    )
    session.add(kept)
    session.flush()
    about = xapi.mentions(body)
    session.add_all(StatementMention(statement_id=kept.id, key=key, broad=broad) for key, broad in about.items())
    if voids:
        _void(session, source, voids)
        return 0
    return _result(session, source, kept, statement, now) if activity == source.activity else 0


def _may_void(session: Session, source: StatementSource, number: str) -> None:
    query = sa.select(Statement.voids).where(Statement.source_id == source.id, Statement.statement_id == number)
    if session.scalar(query):
        raise xapi.Wrong("statement.object.id：作废记录本身不能再作废")


def _void(session: Session, source: StatementSource, number: str) -> None:
    """What becomes of the result of a statement that its platform voided (作废)."""
    query = (
        sa.select(ResultRow)
        .join(Statement, Statement.id == ResultRow.statement_id)
        .where(Statement.source_id == source.id, Statement.statement_id == number)
    )
    for row in session.scalars(query):
        if row.outcome in (Outcome.WAITING, Outcome.ALREADY, Outcome.FAILED, Outcome.REFUSED):
            row.outcome, row.words = Outcome.REFUSED, "平台已作废这条记录"
        else:
            row.words = "平台已作废这条记录，请核对；成绩不成立的，请冲销"


def _result(session: Session, source: StatementSource, kept: Statement, statement: Json, now: datetime) -> int:
    said = xapi.said(statement, source.pass_mark)
    if said is None:
        return 0
    batch = _batch(session, source, now)
    last = session.scalar(sa.select(sa.func.max(ResultRow.row)).where(ResultRow.batch_id == batch.id)) or 0
    person = _person(session, source, kept.agent, statement["actor"])
    outcome, words = Outcome.REFUSED, UNBOUND
    if person is not None:
        outcome, words = _outcome(session, source, person.id, batch.id, passed=said.passed)
    score = [f"{hours_text(said.score.quantize(Decimal('0.01')))}分"] if said.score is not None else []
    at = statement.get("timestamp")
    session.add(
        ResultRow(
            batch_id=batch.id,
            row=last + 1,
            name=person.name if person else typed.text(statement["actor"].get("name", ""))[:60],
            id_number=xapi.agent_words(statement["actor"]),
            person_id=person.id if person else None,
            said="、".join([*score, "合格" if said.passed else "未合格"])[:60],
            passed_on=min(db.office_day(xapi.moment(at, "timestamp") if at else now), db.office_day(now)),
            outcome=outcome,
            words=words,
            statement_id=kept.id,
        )
    )
    session.flush()
    return 1


def _outcome(
    session: Session, source: StatementSource, person_id: int, batch_id: int, *, passed: bool
) -> tuple[Outcome, str]:
    if not passed:
        return Outcome.FAILED, ""
    if passing.credited(session, source.course_id, [person_id]):
        return Outcome.ALREADY, "这门课程的学时此前已经记入，不重复记"
    same = sa.select(ResultRow.row).where(ResultRow.batch_id == batch_id, ResultRow.person_id == person_id)
    if (row := session.scalar(same.where(ResultRow.outcome == Outcome.WAITING).limit(1))) is not None:
        return Outcome.ALREADY, f"与第{row}条是同一人的合格成绩，不重复记"
    return Outcome.WAITING, ""


def _batch(session: Session, source: StatementSource, now: datetime) -> ResultBatch:
    """The batch of a platform that waits (待确认的一批), begun where there is none."""
    query = sa.select(ResultBatch).where(ResultBatch.platform_id == source.id, ResultBatch.state == ResultState.WAITING)
    if found := session.scalar(query.limit(1)):
        return found
    made = ResultBatch(
        organization_id=source.organization_id,
        authority_id=source.authority_id,
        course_id=source.course_id,
        source=ResultSource.STATEMENTS,
        platform_id=source.id,
        filename="",
        pass_mark=source.pass_mark,
        basis=f"{source.name}推送",
        brought_by=source.name[:40],
        brought_at=now,
    )
    session.add(made)
    session.flush()
    return made


def _person(session: Session, source: StatementSource, agent: str, actor: Json) -> Person | None:
    """The person of an agent (账号对应的人): as was said on the screen, or whose ID number the account is."""
    if bound := session.get(AgentBinding, (source.id, agent)):
        return session.get(Person, bound.person_id)
    account = actor["account"]["name"] if "account" in actor else ""
    if resident_id.problem(account) is not None:
        return None
    index = db.blind_index(resident_id.normalise(account))
    known = persons.on_file(session, [index]).get(index)
    found = session.get(Person, known.human_id) if known else None
    return found if found and found.authority_id == source.authority_id else None


# --- asked for --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Query:
    """Which statements are asked for (查询); "" and None: any."""

    agent: str = ""
    """By its key."""
    related_agents: bool = False
    verb: str = ""
    activity: str = ""
    related_activities: bool = False
    registration: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = MOST_ANSWERED
    ascending: bool = False
    after: int = 0
    """The last one of the answer before, where there is more."""


def statement(session: Session, source: StatementSource, number: str, *, voided: bool = False) -> Any:
    """One statement by its id, as JSON; None where there is none, or it is voided and was not asked for as such."""
    query = sa.select(Statement).where(Statement.source_id == source.id, Statement.statement_id == number)
    found = session.scalar(query.where(_voided() if voided else ~_voided()))
    return json.loads(found.body) if found else None


def _voided() -> sa.ColumnElement[bool]:
    other = sa.orm.aliased(Statement)
    same = sa.and_(other.source_id == Statement.source_id, other.voids == Statement.statement_id)
    return sa.exists(sa.select(other.id).where(same))


def statements(session: Session, source: StatementSource, asked: Query) -> tuple[list[Any], int]:
    """Statements of a platform, the newest first, those that are voided left out; and where the next answer begins.

    0 where there is no more.
    """
    query = sa.select(Statement).where(Statement.source_id == source.id, ~_voided())
    if narrow := list(_narrowing(asked)):
        about = sa.select(Statement.statement_id).where(Statement.source_id == source.id, *narrow)
        found = about.cte("found", recursive=True)
        refers = sa.or_(Statement.target == found.c.statement_id, Statement.voids == found.c.statement_id)
        found = found.union(sa.select(Statement.statement_id).where(Statement.source_id == source.id, refers))
        query = query.where(Statement.statement_id.in_(sa.select(found.c.statement_id)))
    if asked.since:
        query = query.where(Statement.stored_at > asked.since)
    if asked.until:
        query = query.where(Statement.stored_at <= asked.until)
    if asked.after:
        query = query.where(Statement.id > asked.after if asked.ascending else Statement.id < asked.after)
    query = query.order_by(Statement.id if asked.ascending else Statement.id.desc())
    limit = min(asked.limit or MOST_ANSWERED, MOST_ANSWERED)
    rows = list(session.scalars(query.limit(limit + 1)))
    more = rows[limit - 1].id if len(rows) > limit else 0
    return [json.loads(each.body) for each in rows[:limit]], more


def _narrowing(asked: Query) -> Iterator[sa.ColumnElement[bool]]:
    """What is asked for beside time (筛选条件), 2.1.3 of the communication part."""
    if asked.verb:
        yield Statement.verb == asked.verb
    if asked.registration:
        yield Statement.registration == asked.registration
    if asked.agent:
        yield _mentions(asked.agent, broad=asked.related_agents)
    if asked.activity:
        yield _mentions(xapi.activity_key(asked.activity), broad=asked.related_activities)


def _mentions(key: str, *, broad: bool) -> sa.ColumnElement[bool]:
    there = sa.exists().where(StatementMention.statement_id == Statement.id, StatementMention.key == key)
    return there if broad else there.where(~StatementMention.broad)


def activity(session: Session, source: StatementSource, number: str) -> Any:
    """An activity (课程、课件) as it was described last, 2.5 of the communication part; its id alone where never."""
    query = sa.select(Statement.body).where(Statement.source_id == source.id, Statement.activity == number)
    body = session.scalar(query.order_by(Statement.id.desc()).limit(1))
    return json.loads(body)["object"] if body else {"objectType": "Activity", "id": number}
