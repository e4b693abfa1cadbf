"""Ranking by the league, selection by the region (排名与遴选): deeds beside the workflow, and lists of nominations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, resident_id
from core.ground.access import AUTHORITIES, OFFICERS, Actor, Labelled, OrganizationKind, Refused, Role, require
from core.ground.deeds import deed
from core.models import Movement, Nomination, Organization, Person, State
from core.submissions import workflow
from core.submissions.kinds import Action
from core.submissions.programmes import places, study
from core.trail import audit, messages

MOST_RANK = 999


@audit.events
class Event(Labelled):
    """What is done to a nomination between its filing and its placement, as the trail has it."""

    RANKED = "nomination.ranked", "盟市排名"
    RESERVED = "nomination.reserved", "备选顺序"
    DROPPED = "nomination.dropped", "退出"
    MOVED_UP = "nomination.moved_up", "递补"


@deed
def rank(session: Session, nomination_id: int, number: int, *, version: int, actor: Actor, now: datetime) -> Nomination:
    """Rank a nomination (盟市排名) among those of the league for its programme and year, before it is handed on.

    Refused codes: "role", "missing", "jurisdiction", "state", "stale", "rank" (no such number, or another has it).
    """
    found = _waiting(session, nomination_id, study.RANKING, version, actor)
    _figure(number, "rank", "盟市排名")
    db.lock(session, "nominations")
    other = session.scalar(
        _of_the_same(found).where(
            Nomination.authority_id == found.authority_id,
            Nomination.rank == number,
            Nomination.state.in_((State.SUBMITTED, State.APPROVED)),
        )
    )
    if other is not None:
        whose = study.person_of(session, other).name
        raise Refused("rank", f"第{number}名已是{whose}（第{other.id}号），请另填排名，或先调整那一件的排名。")
    return _set(session, found, "rank", number, Event.RANKED, actor, now)


@deed
def reserve(
    session: Session, nomination_id: int, number: int | None, *, version: int, actor: Actor, now: datetime
) -> Nomination:
    """Say which place among the reserves (备选顺序) a nomination will have once it is approved; None: selected.

    Refused codes: "role", "missing", "jurisdiction", "state", "stale", "reserve".
    """
    found = _waiting(session, nomination_id, study.SELECTION, version, actor)
    if number is not None:
        _figure(number, "reserve", "备选顺序")
    return _set(session, found, "reserve", number, Event.RESERVED, actor, now)


def next_reserve(session: Session, nomination: Nomination) -> int:
    """The next free place in the order of reserves (备选顺序)."""
    last = sa.select(sa.func.max(Nomination.reserve)).where(
        Nomination.programme == nomination.programme,
        Nomination.year == nomination.year,
        Nomination.state == State.APPROVED,
    )
    return (session.scalar(last) or 0) + 1


def next_rank(session: Session, nomination: Nomination) -> int:
    """The next free rank (排名) in the nomination's league."""
    last = sa.select(sa.func.max(Nomination.rank)).where(
        Nomination.programme == nomination.programme,
        Nomination.year == nomination.year,
        Nomination.authority_id == nomination.authority_id,
        Nomination.state.in_((State.SUBMITTED, State.APPROVED)),
    )
    return (session.scalar(last) or 0) + 1


def _figure(number: object, code: str, word: str) -> None:
    if type(number) is not int or not 1 <= number <= MOST_RANK:
        raise Refused(code, f"{word}应为1至{MOST_RANK}的整数。")


def _waiting(session: Session, nomination_id: int, stage: object, version: int, actor: Actor) -> Nomination:
    """A nomination that waits at a stage before the actor's office, locked for change."""
    require(actor, Role.REVIEWER)
    found = study.one(session, nomination_id, actor, lock=True)
    access.in_charge(actor, found.decider_id)
    if found.state is not State.SUBMITTED or found.version != version:
        code = "state" if found.version == version else "stale"
        raise audit.overtaken(session, found, code, state=study.status(found))
    if workflow.stage_of(found) is not stage:
        raise Refused("state", f"该推荐现在是“{study.status(found)}”，请在对应的环节办理。")
    return found


def _set(
    session: Session,
    nomination: Nomination,
    name: str,
    number: int | None,
    event: Labelled,
    actor: Actor,
    now: datetime,
) -> Nomination:
    before = getattr(nomination, name)
    if number != before:
        setattr(nomination, name, number)
        after = {name: number, "title": nomination.title}
        audit.record(session, event, nomination, actor=actor, before={name: before}, after=after, now=now)
        session.flush()
    return nomination


def _of_the_same(nomination: Nomination) -> sa.Select[Nomination]:
    """The other nominations for the same programme and year."""
    return sa.select(Nomination).where(
        Nomination.id != nomination.id,
        Nomination.programme == nomination.programme,
        Nomination.year == nomination.year,
    )


# --- one goes, the next moves up --------------------------------------------------------------------------------------


@deed
def drop(session: Session, nomination: Nomination, *, on: date, reason: str, actor: Actor, now: datetime) -> str:
    """Let go of one who was selected (退出、取消入选); the first reserve moves up. Answers what happened, in words."""
    db.lock(session, "nominations")
    was_reserve = nomination.reserve is not None
    nomination.dropped_on, nomination.drop_known_on, nomination.dropped_reason = on, db.office_day(now), reason
    after = {"dropped_on": str(on), "title": nomination.title}
    audit.record(session, Event.DROPPED, nomination, actor=actor, after=after, reason=reason, now=now)
    told = f"{study.person_of(session, nomination).name}{study.status(nomination)}"
    up = None if was_reserve else first_reserve(session, nomination)
    if up is None:
        return told + ("" if was_reserve else "，没有备选人选可以递补")
    before = {"reserve": up.reserve}
    today = db.office_day(now)
    up.reserve, up.moved_up_on = None, today
    if up.notice is not None and up.notice.final_on is not None:
        up.final_on = today
    why = f"{study.status(nomination)}{reason and '：'}{reason}"
    audit.record(
        session, Event.MOVED_UP, up, actor=actor, before=before, after={"title": up.title}, reason=why, now=now
    )
    return f"{told}，备选第{before['reserve']}位{study.person_of(session, up).name}递补入选"


def first_reserve(session: Session, nomination: Nomination) -> Nomination | None:
    """The first reserve (第一备选) of the same programme and year, who is not selected for another in that year."""
    query = _of_the_same(nomination).where(
        Nomination.state == State.APPROVED, Nomination.reserve.is_not(None), Nomination.dropped_on.is_(None)
    )
    for each in session.scalars(query.order_by(Nomination.reserve, Nomination.id).with_for_update()):
        if not any(other.year == each.year and study.is_selected(other) for other in study.others_of(session, each)):
            return each
    return None


@messages.about(Event.DROPPED, Event.MOVED_UP)
def _hear(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """The person, the employer and the league hear who goes and who moves up."""
    nomination: Nomination = deed.touched
    what = study.status(nomination) if deed.event == Event.DROPPED else "递补入选"
    yield from told_to_all(session, nomination, f"{what}：{nomination.title}", deed.reason)


def told_to_all(session: Session, nomination: Nomination, title: str, words: str) -> Iterator[messages.Word]:
    """A message to everybody concerned (告知有关各方): the person, the employer, and the league where it has one."""
    topic = messages.Topic.DECIDED
    yield messages.Word(topic, title, words, person_id=nomination.human_id)
    yield messages.Word(topic, title, words, nomination.home_id, Role.EMPLOYER_CLERK)
    if nomination.authority.kind is OrganizationKind.LEAGUE_HR:
        yield messages.Word(topic, title, words, nomination.authority_id, Role.REVIEWER)


# --- lists ------------------------------------------------------------------------------------------------------------

COLUMNS = (
    "id version person_id name id_mask organization authority authority_id rank post level study_field host1 state "
    "stage reserve notice_id final_on dropped_on status opinion"
).split()


def nominations(session: Session, actor: Actor, programme: str, year: int) -> pd.DataFrame:
    """Nominations of a programme and a year (推荐名单) before or behind an office, by league and rank.

    Columns: `COLUMNS`; `opinion` is what the league wrote when it handed one on. What its writer still has in hand is
    not among them. Refused codes: "role".
    """
    require(actor, *OFFICERS)
    filed = (State.SUBMITTED, State.APPROVED, State.REJECTED)
    query = (
        sa.select(Nomination, Person, Organization.name)
        .join(Person, Person.id == Nomination.human_id)
        .join(Organization, Organization.id == Nomination.authority_id)
        .where(Nomination.programme == programme, Nomination.year == year, Nomination.state.in_(filed))
        .where(workflow.visible_to(actor))
        .options(
            sa.orm.joinedload(Nomination.organization),
            sa.orm.joinedload(Nomination.placement),
            sa.orm.joinedload(Nomination.notice),
        )
        .order_by(sa.case((Organization.kind == OrganizationKind.REGION_HR, 1), else_=0), Nomination.authority_id)
        .order_by(sa.case((Nomination.rank.is_(None), 1), else_=0), Nomination.rank, Nomination.id)
    )
    found = session.execute(query).all()
    opinions = league_opinions(session, [nomination.id for nomination, _, _ in found])
    rows = [
        {name: getattr(nomination, name, None) for name in COLUMNS}
        | {
            "name": person.name,
            "person_id": person.id,
            "id_mask": resident_id.mask(person.id_number),
            "organization": nomination.organization.name,
            "authority": office,
            "status": study.status(nomination),
            "opinion": opinions.get(nomination.id, ""),
        }
        for nomination, person, office in found
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def league_opinions(session: Session, nomination_ids: list[int]) -> dict[int, str]:
    """What each league wrote (盟市意见) when it handed these nominations on."""
    query = sa.select(Movement.submission_id, Movement.reason).where(
        Movement.submission_id.in_(nomination_ids),
        Movement.action == Action.APPROVE.value,
        Movement.to_state == State.SUBMITTED,
    )
    return {step.submission_id: step.reason for step in session.execute(query.order_by(Movement.id))}


def next_reserve_of(session: Session, nomination_id: int) -> int:
    """The next free place in the order of reserves, for a nomination by its id."""
    return next_reserve(session, session.get_one(Nomination, nomination_id))


def by_office(session: Session, actor: Actor, programme: str, year: int) -> pd.DataFrame:
    """Places beside nominations (名额与推荐) by the office in charge, leagues first.

    Columns: office_id, authority, places (None: none given), nominated, selected, reserves, not_selected, waiting_here.
    Refused codes: "role".
    """
    frame = nominations(session, actor, programme, year)
    offices = sa.select(Organization.id, Organization.name).where(
        Organization.kind.in_(AUTHORITIES),
        sa.true() if actor.oversees_region else Organization.id == actor.organization_id,
    )
    last = sa.case((Organization.kind == OrganizationKind.REGION_HR, 1), else_=0)
    rows = []
    for office_id, office in session.execute(offices.order_by(last, Organization.id)):
        mine, given = frame[frame["authority_id"] == office_id], places.of_office(session, programme, year, office_id)
        if mine.empty and given is None:
            continue
        stands = mine[(mine["state"] == State.APPROVED) & mine["dropped_on"].isna()]
        waits = mine[mine["state"] == State.SUBMITTED]
        rows.append(
            {
                "office_id": office_id,
                "authority": office,
                "places": given,
                "nominated": len(mine),
                "selected": int(stands["reserve"].isna().sum()),
                "reserves": int(stands["reserve"].notna().sum()),
                "not_selected": int((mine["state"] == State.REJECTED).sum()),
                "waiting_here": len(waits),
            }
        )
    columns = "office_id authority places nominated selected reserves not_selected waiting_here".split()
    return pd.DataFrame(rows, columns=columns)
