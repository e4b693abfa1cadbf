"""Persons on file (专业技术人员): found, matched or added, looked up within the actor's jurisdiction."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, names, resident_id, typed
from core.ground.access import Actor, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.ledger import books
from core.models import (
    Account,
    CreditBatch,
    CreditEntry,
    Organization,
    Person,
    PersonChange,
    Submission,
    leagues,
)
from core.people import titles
from core.trail import audit


@dataclass(slots=True)
class PersonFacts:
    """Person facts from a roster: what a roster tells of a person. `id_number` is normalised and valid."""

    name: str
    id_number: str
    employer: str = ""
    post: str = ""
    """专业技术职务."""
    specialty: str = ""
    id_index: bytes | None = None
    """The number's blind index, where it was taken before."""
    level: str = ""
    """职称级别."""


class OnFile(NamedTuple):
    """Person on file (在库人员): the record that a number has."""

    id: int
    name: str
    human_id: int
    """Whom it counts for: for a duplicate, the one it was merged into."""
    known_as: str
    """The name of that one."""

    @property
    def names(self) -> tuple[str, str]:
        """The names that go with the number: a duplicate's own may be the one that was misspelt."""
        return self.known_as, self.name


def on_file(session: Session, id_indexes: Sequence[bytes]) -> dict[bytes, OnFile]:
    """Look up persons by blind index: the records on file under these blind indexes."""
    query = sa.select(Person.id_index, Person.id, Person.name, Person.human_id)
    wanted, many = set(id_indexes), session.scalar(sa.select(sa.func.max(Person.id))) or 0
    if many < 4 * len(wanted):  # reading everybody is faster than looking so many of them up
        asked = [query]
    else:
        chunks = (id_indexes[start : start + 5000] for start in range(0, len(id_indexes), 5000))
        asked = [query.where(Person.id_index.in_(chunk)) for chunk in chunks]
    session.flush()
    connection = session.connection()  # whose rows are no objects of the session: half the time
    people = itertools.chain.from_iterable(
        connection.execute(each, execution_options={"yield_per": 5000}) for each in asked
    )
    found = {index: OnFile(record, name, human, name) for index, record, name, human in people if index in wanted}
    merged = {index: each for index, each in found.items() if each.human_id != each.id}
    humans = sorted({each.human_id for each in merged.values()})
    known_as: dict[int, str] = {}
    for start in range(0, len(humans), 5000):
        some = sa.select(Person.id, Person.name).where(Person.id.in_(humans[start : start + 5000]))
        known_as |= dict(session.execute(some).all())
    return found | {index: each._replace(known_as=known_as[each.human_id]) for index, each in merged.items()}


def match_or_add(
    session: Session, facts: Sequence[PersonFacts], *, authority_id: int, now: datetime
) -> dict[bytes, int]:
    """Match or add persons (人员入库).

    The id of the record that each ID number has (by blind index), adding those not on file yet.

    A duplicate's number finds the duplicate: its hours count for whom it was merged into, and stay its own where the
    two are separated again.
    A new person belongs to the employer on file under that name and to its authority, else to `authority_id`. The
    ledger is held from here on: of two deeds that bring the same new person, the second finds what the first added.
    Refused codes: "name" (a number on file under another name; nothing is added).
    """
    books.hold(session)
    indexes = db.blind_indexes(fact.id_number for fact in facts if fact.id_index is None)
    by_index = {fact.id_index or next(indexes): fact for fact in facts}
    known = on_file(session, list(by_index))
    clashes = [
        f"{by_index[index].name}（{resident_id.mask(by_index[index].id_number)}，库中为{found.known_as}）"
        for index, found in known.items()
        if by_index[index].name != found.known_as and not names.same(by_index[index].name, *found.names)
    ]
    if clashes:
        raise Refused("name", "姓名与库中同一身份证号的人员不一致，请退回核对：" + "、".join(clashes[:10]))
    employers = {
        row.name: (row.id, row.authority_id)
        for row in session.execute(sa.select(Organization.id, Organization.name, Organization.authority_id))
    }
    ids = {index: found.id for index, found in known.items()}
    new = {index: fact for index, fact in by_index.items() if index not in known}
    if new:
        homes = [employers.get(fact.employer, (None, authority_id)) for fact in new.values()]
        columns = {
            "name": [fact.name for fact in new.values()],
            "id_number": [fact.id_number for fact in new.values()],
            "id_index": list(new),
            "sex": [resident_id.sex(fact.id_number) for fact in new.values()],
            "birth_on": [resident_id.birth_on(fact.id_number) for fact in new.values()],
            "employer_id": [employer_id for employer_id, _ in homes],
            "employer_name": [fact.employer[:80] for fact in new.values()],
            "authority_id": [office_id for _, office_id in homes],
            "post": [fact.post[:40] for fact in new.values()],
            "specialty": [fact.specialty[:40] for fact in new.values()],
            "level": [fact.level for fact in new.values()],
            "added_at": now,
        }
        last = session.scalar(sa.select(sa.func.max(Person.id))) or 0
        db.insert(session, Person, columns)
        added = session.execute(sa.select(Person.id_index, Person.id).where(Person.id > last))
        ids |= {index: person_id for index, person_id in added if index in new}
    return ids


def homes(session: Session, employers: Collection[str]) -> dict[str, Organization]:
    """The organizations on file (机构) of these names, by name."""
    found: dict[str, Organization] = {}
    wanted = list(employers)
    for start in range(0, len(wanted), 5000):
        query = sa.select(Organization).where(Organization.name.in_(wanted[start : start + 5000]))
        found |= {each.name: each for each in session.scalars(query)}
    return found


def fill_employers(session: Session, employers: Mapping[int, str]) -> int:
    """Fill blank employers (补全工作单位): of these people, by id, those that have none; how many.

    One on file in another authority's charge is left blank: that is a move, and an act of its own.
    """
    at = homes(session, set(employers.values()))
    ids, filled = list(employers), 0
    for start in range(0, len(ids), 5000):
        blank = sa.select(Person).where(Person.id.in_(ids[start : start + 5000]), Person.employer_name == "")
        for person in session.scalars(blank):
            home = at.get(employers[person.id])
            if home and home.authority_id != person.authority_id:
                continue
            person.employer_name, person.employer_id = employers[person.id], home.id if home else None
            account_home = person.employer_id or person.authority_id
            whose = sa.update(Account).where(Account.person_id == person.id)
            session.execute(whose.values(organization_id=account_home))
            filled += 1
    return filled


LOOKERS = (Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER, Role.EMPLOYER_CLERK, Role.PERSON)
"""Who may look persons up; a base sees the people of its own rosters there."""


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Visibility of persons as SQL.

    The persons an actor may look up: officers their jurisdiction's, employer clerks their own, a person oneself.

    A duplicate is nobody of its own.
    """
    require(actor, *LOOKERS)
    whose = visible(actor, organization=Person.employer_id, authority=Person.authority_id)
    if actor.role is Role.PERSON:
        whose = Person.id == actor.person_id
    return sa.and_(whose, Person.merged_into_id.is_(None))


def taught(actor: Actor) -> sa.ColumnElement[bool]:
    """Whom a base has taught (本基地学员), as SQL: those to whom hours of its own reports were posted."""
    require(actor, Role.BASE_CLERK)
    record = sa.orm.aliased(Person)
    there = (
        sa.select(record.human_id)
        .join(CreditEntry, CreditEntry.person_id == record.id)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .join(Submission, Submission.id == CreditBatch.submission_id)
        .where(Submission.organization_id == actor.organization_id)
    )
    return sa.and_(Person.id.in_(there), Person.merged_into_id.is_(None))


def holder(id_index: bytes) -> sa.ColumnElement[int]:
    """Find by ID number (按身份证号查找): the id, as SQL, of the person a number leads to.

    A number may be one person's own and another's of before a correction, so there is no obvious answer:
    Step 1: the record that has the number currently. Step 2: only where none has, the latest that had it before a
    correction (更正). Step 3: either way a duplicate (重复记录) leads to the one it was merged into.
    """
    owner = sa.select(Person.human_id).where(Person.id_index == id_index).scalar_subquery()
    former = sa.select(Person.human_id).join(PersonChange, PersonChange.person_id == Person.id)
    former = former.where(PersonChange.former_index == id_index).order_by(PersonChange.id.desc()).limit(1)
    return sa.func.coalesce(owner, former.scalar_subquery())


def matching(actor: Actor, *, text: str = "", employer: str = "") -> list[sa.ColumnElement[bool]]:
    """Search conditions for persons.

    Conditions for the persons an actor may see, by name or part of it, or by exact ID number, and by employer.
    """
    conditions = [visible_to(actor)]
    if typed.text(text) and resident_id.problem(text) is None:
        conditions.append(Person.id == holder(db.blind_index(resident_id.normalise(text))))
    else:
        conditions.append(db.holding(text, Person.name))
    conditions.append(db.holding(employer, Person.employer_name))
    return conditions


def id_masks(session: Session, actor: Actor, person_ids: Sequence[int]) -> dict[int, str]:
    """Masked ID numbers (脱敏): the masked ID numbers of those of these persons whom the actor may see."""
    masks: dict[int, str] = {}
    for start in range(0, len(person_ids), 10_000):
        some = Person.id.in_(person_ids[start : start + 10_000])
        query = sa.select(Person.id, Person.id_number).where(visible_to(actor), some)
        masks |= {person_id: resident_id.mask(number) for person_id, number in session.execute(query)}
    return masks


def find(
    session: Session, actor: Actor, *, text: str = "", employer: str = "", offset: int = 0, limit: int | None = 20
) -> tuple[pd.DataFrame, int]:
    """Search persons (人员查询).

    Persons by name or part of it, or by exact ID number, and by employer; and how many fit in all.

    Columns: id, name, id_mask, sex, employer, post, level, specialty, authority. Full numbers never leave here.
    """
    conditions = matching(actor, text=text, employer=employer)
    count = session.scalar(sa.select(sa.func.count(Person.id)).where(*conditions)) or 0
    query = (
        sa.select(Person, Organization.name)
        .join(Organization, Organization.id == Person.authority_id)
        .where(*conditions)
        .order_by(Person.id)
        .offset(offset)
        .limit(limit)
    )
    rows = [
        {
            "id": person.id,
            "name": person.name,
            "id_mask": resident_id.mask(person.id_number),
            "sex": person.sex,
            "employer": person.employer_name,
            "post": person.post,
            "level": title_level(person),
            "specialty": person.specialty,
            "authority": authority,
        }
        for person, authority in session.execute(query)
    ]
    columns = ["id", "name", "id_mask", "sex", "employer", "post", "level", "specialty", "authority"]
    return pd.DataFrame(rows, columns=columns), count


def title_level(person: Person) -> str:
    """The level of somebody's title (职称级别): as it was stated, else as the name of the post tells it, else ""."""
    return person.level or titles.level_of(person.post)


def one(session: Session, person_id: int, actor: Actor) -> Person:
    """One person (专业技术人员): one person, for those who may look them up; for a duplicate, whom it was merged into.

    Refused codes: "role", "missing".
    """
    human = sa.select(Person.human_id).where(Person.id == person_id).scalar_subquery()
    found = session.scalar(sa.select(Person).where(Person.id == human, visible_to(actor)))
    if found is None:
        raise not_found("人员记录")
    return found


def league(session: Session, person_id: int, actor: Actor) -> str | None:
    """League (盟市) whose notices hold for a person, by the authority in charge. Refused codes: "role", "missing"."""
    return leagues(session).get(one(session, person_id, actor).authority_id)


LONGEST_REASON = 100


@deed
def reveal_id(session: Session, person_id: int, *, actor: Actor, reason: str, now: datetime) -> str:
    """Reveal an ID number (查看完整证件号): the full ID number, as a logged act with its reason, which the person sees.

    Refused codes: "role", "missing", "reason" (none, or too long; nobody is asked about the own number).
    """
    require(actor, Role.REVIEWER, Role.TITLE_OFFICER, Role.EMPLOYER_CLERK, Role.PERSON)
    found = one(session, person_id, actor)
    reason = typed.text(reason)
    if actor.person_id != found.id and not 2 <= len(reason) <= LONGEST_REASON:
        words = f"请填写查看的事由（2至{LONGEST_REASON}个字），如“核对纸质证书”。本人会看到是谁、何时、因何查看。"
        raise Refused("reason", words, {"reason": words})
    after = {"name": found.name}
    audit.record(session, audit.Event.ID_REVEALED, found, actor=actor, after=after, reason=reason, now=now)
    return found.id_number
