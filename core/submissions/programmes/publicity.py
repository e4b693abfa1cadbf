"""The public notice (公示) of who is to be selected: opened by the region, open to objections, then final.

An objection is a kind of submission, answered by the region with its reason. Nothing becomes final before the notice
has ended and every objection that waits is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import OFFICERS, Actor, Labelled, Refused, Role, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.law import notices
from core.ledger.consequences import Consequence
from core.models import Movement, Nomination, Objection, Organization, Person, PublicNotice, State, Submission
from core.people import organizations
from core.submissions import forms, workflow
from core.submissions.kinds import Action, Answered, Line, Stage, register
from core.submissions.programmes import marking, selection, study
from core.trail import audit, messages

FILERS = (Role.PERSON, Role.EMPLOYER_CLERK)
LONGEST = 500


@audit.events
class Event(Labelled):
    """What is done to a public notice, and to what is said against it, as the trail has it."""

    OPENED = "public_notice.opened", "公示"
    FINAL = "public_notice.final", "确定入选"
    FILED = "objection.filed", "提出公示异议"
    UPHELD = "objection.upheld", "公示异议成立"
    REJECTED = "objection.rejected", "公示异议不成立"


@dataclass(frozen=True)
class Shown:
    """One of those in a public notice (公示名单): no number, no birth, no telephone."""

    nomination_id: int
    name: str
    employer: str
    outcome: str
    """入选, or 备选 with its place; 取消入选 once an objection was upheld."""


def to_publish(session: Session, programme: str, year: int) -> list[Nomination]:
    """Who was selected or kept as a reserve and is in no notice yet (待公示)."""
    query = (
        sa.select(Nomination)
        .where(Nomination.programme == programme, Nomination.year == year, Nomination.state == State.APPROVED)
        .where(Nomination.notice_id.is_(None), Nomination.dropped_on.is_(None))
        .order_by(sa.func.coalesce(Nomination.reserve, 0), Nomination.authority_id, Nomination.rank, Nomination.id)
    )
    return list(session.scalars(query))


@deed
def publish(
    session: Session, programme: str, year: int, *, first_on: date, last_on: date, actor: Actor, now: datetime
) -> PublicNotice:
    """Open a public notice (公示) of all who were selected or kept as reserves and are in none yet.

    Refused codes: "role", "jurisdiction", "policy", "empty", "fields" (days).
    """
    _of_region(actor)
    found = notices.in_force(date(year, 12, 31)).programme(programme)
    today = db.office_day(now)
    faults = [
        (name, "日期未填") for name, day in (("first_on", first_on), ("last_on", last_on)) if not forms.is_day(day)
    ]
    if not faults and first_on < today:
        faults.append(("first_on", f"公示的第一天不能早于今天{today}"))
    if not faults and last_on < first_on:
        faults.append(("last_on", "公示的最后一天早于第一天"))
    refuse_faults(faults, "请改正后再公示。")
    db.lock(session, "nominations")
    chosen = to_publish(session, programme, year)
    if not any(each.reserve is None for each in chosen):
        raise Refused("empty", f"没有待公示的入选人员，请先在遴选中选出{found.name}的人选。")
    made = PublicNotice(
        authority_id=actor.organization_id,
        programme=programme,
        year=year,
        first_on=first_on,
        last_on=last_on,
        opened_by_id=actor.account_id,
        opened_at=now,
    )
    session.add(made)
    session.flush()
    for each in chosen:
        each.notice_id, each.notice = made.id, made
    after = {"programme": programme, "year": year, "first_on": str(first_on), "last_on": str(last_on)}
    audit.record(session, Event.OPENED, made, actor=actor, after=after | {"people": len(chosen)}, now=now)
    return made


def _of_region(actor: Actor) -> None:
    """The region publishes and makes final. Refused codes: "role", "jurisdiction"."""
    require(actor, Role.REVIEWER)
    if not actor.oversees_region:
        raise Refused("jurisdiction", "公示和确定入选由自治区人社厅办理。")


def running(session: Session, today: date) -> list[PublicNotice]:
    """Public notices that are to be read on a day (正在公示), the latest first; for everybody who signs in."""
    query = sa.select(PublicNotice).where(PublicNotice.first_on <= today, PublicNotice.last_on >= today)
    return list(session.scalars(query.order_by(PublicNotice.first_on.desc(), PublicNotice.id.desc())))


def ended(session: Session, today: date) -> list[PublicNotice]:
    """Public notices that have ended and whose selection is not final yet (公示期满), the oldest first."""
    query = sa.select(PublicNotice).where(PublicNotice.last_on < today, PublicNotice.final_on.is_(None))
    return list(session.scalars(query.order_by(PublicNotice.last_on, PublicNotice.id)))


def one(session: Session, notice_id: int, actor: Actor) -> PublicNotice:
    """A public notice (公示), for officers. Refused codes: "role", "missing"."""
    require(actor, *OFFICERS)
    found = session.get(PublicNotice, notice_id)
    if found is None:
        raise not_found("公示")
    return found


def of_year(session: Session, programme: str, year: int, actor: Actor) -> list[PublicNotice]:
    """Public notices of a programme and a year (历次公示), the latest first, for officers. Refused codes: "role"."""
    require(actor, *OFFICERS)
    query = sa.select(PublicNotice).where(PublicNotice.programme == programme, PublicNotice.year == year)
    return list(session.scalars(query.order_by(PublicNotice.id.desc())))


def shown(session: Session, notice_id: int, actor: Actor, *, now: datetime) -> list[Shown]:
    """Who is in a public notice (公示名单): everybody reads it while it runs, officers at any time.

    Refused codes: "password", "missing".
    """
    require(actor, *Role)
    notice = session.get(PublicNotice, notice_id)
    today = db.office_day(now)
    if notice is None or (actor.role not in OFFICERS and not notice.first_on <= today <= notice.last_on):
        raise not_found("公示")
    query = (
        sa.select(Nomination, Person.name, Organization.name)
        .join(Person, Person.id == Nomination.human_id)
        .join(Organization, Organization.id == Nomination.organization_id)
        .where(Nomination.notice_id == notice_id)
        .order_by(sa.func.coalesce(Nomination.reserve, 0), Nomination.authority_id, Nomination.rank, Nomination.id)
    )
    return [
        Shown(nomination.id, name, employer, _outcome(nomination))
        for nomination, name, employer in session.execute(query)
    ]


def _outcome(nomination: Nomination) -> str:
    if nomination.dropped_on:
        return study.status(nomination)
    return "入选" if nomination.reserve is None else f"备选第{nomination.reserve}位"


def waiting(session: Session, notice_id: int) -> int:
    """How many objections to a notice wait for an answer (待答复的异议)."""
    query = sa.select(sa.func.count(Objection.id)).where(Objection.notice_id == notice_id)
    return session.scalar(query.where(Objection.state == State.SUBMITTED)) or 0


@deed
def conclude(session: Session, notice_id: int, *, version: int, actor: Actor, now: datetime) -> int:
    """Make a selection final (确定入选) once its notice has ended and no objection waits; answers how many it is.

    Refused codes: "role", "jurisdiction", "missing", "stale", "final", "running", "objections".
    """
    _of_region(actor)
    db.lock(session, "nominations")
    notice = session.get(PublicNotice, notice_id, with_for_update=True)
    if notice is None:
        raise not_found("公示")
    if notice.final_on is not None:
        raise Refused("final", f"这次公示的入选已于{notice.final_on}确定，不必再次确定。")
    if notice.version != version:
        raise Refused("stale", "这次公示刚刚由他人办理，您的操作没有执行，请查看最新状态。")
    today = db.office_day(now)
    if today <= notice.last_on:
        raise Refused("running", f"公示到{notice.last_on}为止，公示期满后才能确定入选。")
    if open_ := waiting(session, notice_id):
        raise Refused("objections", f"还有{open_}件公示异议没有答复，请先在“审核”中逐件答复，再确定入选。")
    notice.final_on = today
    final = [
        each
        for each in session.scalars(sa.select(Nomination).where(Nomination.notice_id == notice_id))
        if each.reserve is None and each.dropped_on is None
    ]
    for each in final:
        each.final_on = today
    after = {"programme": notice.programme, "year": notice.year, "people": len(final)}
    audit.record(session, Event.FINAL, notice, actor=actor, after=after, now=now)
    return len(final)


@messages.about(Event.OPENED, Event.FINAL)
def _hear(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """Everybody in a notice, with employer and league, hears that it was opened, and who was finally selected."""
    notice: PublicNotice = deed.touched
    name = f"{notice.year}年{marking.name_of(notice.programme)}"
    query = sa.select(Nomination).where(Nomination.notice_id == notice.id, Nomination.dropped_on.is_(None))
    for each in session.scalars(query.order_by(Nomination.id)):
        if deed.event == Event.OPENED:
            title, words = f"{name}人选公示", f"公示{notice.first_on}至{notice.last_on}，其间可提出异议。"
        elif each.reserve is None:
            title, words = f"{name}确定入选", "公示期满，入选已经确定；报到和培养安排另行通知。"
        else:
            title, words = f"{name}列为备选", "公示期满，列为备选；有人退出的，按顺序递补。"
        for word in selection.told_to_all(session, each, title, words):
            yield replace(word, record=each.kind, record_id=each.id)


# --- objections -------------------------------------------------------------------------------------------------------


@deed
def object_to(session: Session, nomination_id: int, *, words: str, actor: Actor, now: datetime) -> Objection:
    """Object to somebody's selection (提出公示异议) while the notice runs; the region answers, nobody else reads it.

    Refused codes: "role", "missing", "running" (no notice runs), "words", "open" (one's own waits already).
    """
    require(actor, *FILERS)
    nomination = session.get(Nomination, nomination_id)
    if nomination is None or nomination.notice is None:
        raise not_found("公示人选")
    person = session.get(Person, actor.person_id) if actor.role is Role.PERSON and actor.person_id else None
    region = organizations.region(session).id
    notice = nomination.notice
    filed = Objection(
        title=f"{notice.year}年{marking.name_of(notice.programme)}公示异议"[:100],
        nomination_id=nomination.id,
        against=nomination,
        notice_id=notice.id,
        notice=notice,
        person_id=person.id if person else None,
        person=person,
        organization_id=region if person else actor.organization_id,
        authority_id=region,
        confidential=True,
        words="",
        created_by_id=actor.account_id,
        created_at=now,
    )
    session.add(filed)
    session.flush()
    workflow.move(session, filed.id, Action.SUBMIT, version=filed.version, actor=actor, reason=words, now=now)
    return filed


@deed
def amend(session: Session, objection_id: int, *, words: str, version: int, actor: Actor, now: datetime) -> Objection:
    """File an objection again (补充后重新提出) that was sent back or withdrawn. Refused codes: those of `object_to`."""
    require(actor, *FILERS)
    found = workflow.one(session, objection_id, actor, kind=ObjectionKind.code)
    assert isinstance(found, Objection)
    workflow.move(session, found.id, Action.SUBMIT, version=version, actor=actor, reason=words, now=now)
    return found


def own(session: Session, actor: Actor) -> list[Objection]:
    """The objections one has filed (本人提出的异议), the latest first. Refused codes: "role"."""
    require(actor, *FILERS)
    query = sa.select(Objection).where(workflow.visible_to(actor)).order_by(Objection.id.desc())
    loads = sa.orm.joinedload(Objection.against), sa.orm.joinedload(Objection.notice)
    return list(session.scalars(query.options(*loads)))


_TABLE = sa.inspect(Objection).local_table


class ObjectionKind(Answered[Objection]):
    """The objection (公示异议) as a kind of submission, answered by the region; a person's is nobody else's."""

    code = "objection"
    word, short = "公示异议", "公示异议"
    model = Objection
    filers = FILERS
    stages = (Stage("answer", "答复"),)
    words: ClassVar = {"title": "公示", "organization": "提出单位", "words": "异议内容"}
    events: ClassVar = {"submit": Event.FILED, "approve": Event.UPHELD, "reject": Event.REJECTED}
    columns = (_TABLE.c.words, _TABLE.c.nomination_id)
    loads = (
        sa.orm.joinedload(Objection.against).joinedload(Nomination.person),
        sa.orm.joinedload(Objection.against).joinedload(Nomination.organization),
        sa.orm.joinedload(Objection.against).joinedload(Nomination.placement),
        sa.orm.joinedload(Objection.notice),
    )
    search = (_TABLE.c.words,)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id)

    def facts(self, objection: Objection) -> list[tuple[str, object]]:
        against, notice = objection.against, objection.notice
        by = objection.person
        return [
            ("公示人选", against.person.name if against.person else ""),
            ("工作单位", against.organization.name),
            ("专项项目", f"{marking.name_of(notice.programme)}（{notice.year}年度）"),
            ("公示时间", f"{notice.first_on}至{notice.last_on}"),
            ("人选情况", study.status(against)),
            ("提出人", f"{by.name}（{by.employer_name}）" if by else objection.organization.name),
        ]

    def texts(self, objection: Objection) -> list[tuple[str, str]]:
        return [("异议内容", objection.words)]

    def lines(self, session: Session, found: Sequence[Objection]) -> dict[int, Line]:
        return {each.id: Line(when=each.against.person.name if each.against.person else "") for each in found}

    def content(self, session: Session, objection: Objection) -> dict[str, str]:
        return {"words": objection.words}

    def check_submit(self, session: Session, objection: Objection, *, actor: Actor, reason: str, now: datetime) -> None:
        """What is wrong, in words, while the notice runs; one put back for more may be filed again until it is final.

        Refused codes: "words", "running", "open".
        """
        words = typed.prose(reason) or objection.words
        if not 2 <= len(words) <= LONGEST:
            raise Refused("words", f"请用2至{LONGEST}个字写明对这一人选的异议和依据。")
        notice, today = objection.notice, db.office_day(now)
        first = objection.submitted_at is None
        if notice.final_on is not None or (first and not notice.first_on <= today <= notice.last_on):
            raise Refused("running", f"公示时间为{notice.first_on}至{notice.last_on}，现在不受理异议。")
        same = sa.select(Objection.id).where(
            Objection.nomination_id == objection.nomination_id,
            Objection.created_by_id == actor.account_id,
            Objection.id != objection.id,
            Objection.state.in_((State.SUBMITTED, State.RETURNED)),
        )
        if session.scalar(same.limit(1)):
            raise Refused("open", "您对这一人选已提出异议，正在等待答复，不必重复提出。")
        objection.words = words

    def on_approve(self, session: Session, objection: Objection, *, actor: Actor, now: datetime) -> str:
        """Whom the objection is against is selected no longer; the first reserve moves up."""
        against = objection.against
        if against.dropped_on is not None:
            return f"{study.person_of(session, against).name}此前已{study.status(against)}"
        step = sa.select(Movement.reason).where(Movement.submission_id == objection.id)
        reason = session.scalars(step.order_by(Movement.id.desc()).limit(1)).one()
        today = db.office_day(now)
        return selection.drop(session, against, on=today, reason=f"公示异议成立：{reason}", actor=actor, now=now)

    def undo(self, session: Session, objection: Objection, *, now: datetime) -> None:
        """What an upheld objection led to stands, and so does every answer once the selection is final."""
        if objection.state is State.APPROVED and objection.against.dropped_on is not None:
            raise Refused("relied", "入选已经取消、备选已经递补，不能再撤销。")
        if objection.notice.final_on is not None:
            raise Refused("relied", f"入选已于{objection.notice.final_on}确定，不能再撤销。")

    def consequence(self, session: Session, objection: Objection, action: Action, counted: Consequence) -> Consequence:
        if action is not Action.SUBMIT:
            return counted
        return replace(counted, done=f"由{objection.authority.name}答复，推荐单位和人选本人看不到是谁提出的")

    def summary(self, objection: Objection) -> dict[str, Any]:
        return {"title": objection.title}


KIND = ObjectionKind()
register(KIND)
messages.about(*ObjectionKind.events.values())(workflow.hear)
