"""One search box (查找): submissions, people, organizations, batches and cards that a role may see. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import OFFICERS, Actor, Role, require, visible
from core.ledger import books, statements
from core.ledger.standing import Standing
from core.models import Organization, Person, State, Submission
from core.people import persons
from core.records import cards, tokens
from core.submissions import workflow
from core.submissions.kinds import KINDS

SHOWN = 5
"""Hits of each kind; that there are more is said."""
LONGEST = 100
PERSON, ORGANIZATION, BATCH = "person", "organization", "batch"
WORDS = {PERSON: "人员", ORGANIZATION: "机构", BATCH: "入账批次", "card": "审验卡"}
"""What is found beside submissions, which are called by their kind."""


@dataclass(frozen=True)
class Hit:
    """Something found (查找结果), as a line: what it is, whose, how it stands."""

    kind: str
    """A kind's code, or one of `WORDS`."""
    id: int
    """The record to open; of a card whose it is."""
    title: str
    words: str = ""
    state: str = ""


@dataclass(frozen=True)
class Hits:
    """What was found of one kind, the newest first."""

    word: str
    hits: tuple[Hit, ...]
    more: bool
    """Whether there are more than these."""


def search(session: Session, actor: Actor, text: str) -> list[Hits]:
    """Search everything (查找): what a role may see that has this in its name, or this number; of each kind a few.

    A full ID number finds its person and nothing else, a card's code its card; a number also the submission and the
    batch that have it. Nothing is found where nothing is typed, or more than `LONGEST` characters.
    Refused codes: "password".
    """
    require(actor, *Role)
    if len(text) > LONGEST or not (text := typed.text(text)):
        return []
    looks = actor.role in persons.LOOKERS
    if resident_id.problem(text) is None:
        return _kinds([], _persons(session, actor, text) if looks else [])
    if looks and (found := cards.by_number(session, text, actor)):
        return _kinds([], [_card(*found)])
    named = _submissions(session, actor, text)
    others = _persons(session, actor, text) if looks else []
    if actor.role in OFFICERS:
        others += _organizations(session, actor, text)
    if actor.role in books.REVERSERS:
        others += _batches(session, actor, text)
    return _kinds(named, others)


def _kinds(*found: list[Hit]) -> list[Hits]:
    """The hits by what they are, submissions first."""
    words = {code: kind.word for code, kind in KINDS.items()} | WORDS
    sorted_out: dict[str, list[Hit]] = {}
    for hits in found:
        for hit in hits:
            sorted_out.setdefault(hit.kind, []).append(hit)
    return [
        Hits(words[kind], tuple(sorted_out[kind][:SHOWN]), len(sorted_out[kind]) > SHOWN)
        for kind in words
        if kind in sorted_out
    ]


def _submissions(session: Session, actor: Actor, text: str) -> list[Hit]:
    """Of each kind the newest that are called so, are of an organization or a person called so, or have the number.

    One statement; each kind looks no further than it has enough.
    """
    of_place = sa.select(Organization.id).where(db.holding(text, Organization.name))
    of_person = sa.select(Person.id).where(db.holding(text, Person.name))
    called = [db.holding(text, Submission.title), Submission.organization_id.in_(of_place)]
    called += [Submission.person_id.in_(of_person)]
    if number := db.numbered(text):
        called.append(Submission.id == number)
    parts = []
    for code in KINDS:
        newest = sa.select(Submission.id).where(Submission.kind == code, workflow.visible_to(actor), sa.or_(*called))
        parts.append(sa.select(newest.order_by(Submission.id.desc()).limit(SHOWN + 1).subquery().c.id))
    human = sa.orm.aliased(Person)
    query = (
        sa.select(Submission.id, Submission.kind, Submission.title, Submission.state, Organization.name, human.name)
        .join(Organization, Organization.id == Submission.organization_id)
        .outerjoin(human, human.id == Submission.human_id)
        .where(Submission.id.in_(sa.union_all(*parts)))
        .order_by(sa.case((Submission.id == (number or 0), 0), else_=1), Submission.id.desc())
    )
    return [
        Hit(kind, found, title, person or place, KINDS[kind].word_for(State(state)))
        for found, kind, title, state, place, person in session.execute(query)
    ]


def _persons(session: Session, actor: Actor, text: str) -> list[Hit]:
    query = sa.select(Person.id, Person.name, Person.id_number, Person.employer_name)
    query = query.where(*persons.matching(actor, text=text)).order_by(Person.id).limit(SHOWN + 1)
    return [
        Hit(PERSON, found, name, "，".join(filter(None, (resident_id.mask(number), employer))))
        for found, name, number, employer in session.execute(query)
    ]


def _organizations(session: Session, actor: Actor, text: str) -> list[Hit]:
    query = sa.select(Organization).where(
        visible(actor, organization=Organization.id, authority=Organization.authority_id),
        db.holding(text, Organization.name),
    )
    return [
        Hit(ORGANIZATION, each.id, each.name, each.kind.label, "" if each.active else "已停用")
        for each in session.scalars(query.order_by(Organization.id).limit(SHOWN + 1))
    ]


def _batches(session: Session, actor: Actor, text: str) -> list[Hit]:
    frame, _ = statements.batches(session, actor, text=text, limit=SHOWN + 1)

    def hit(line: Any) -> Hit:
        words = f"{db.office_day(line.posted_at)}，{line.entries}笔，{line.posted_by}"
        return Hit(BATCH, line.id, f"第{line.id}批　{line.basis}", words, Standing(line.standing).label)

    return [hit(line) for line in frame.itertuples()]


def _card(card: Any, person: Person, holds: bool) -> Hit:
    words = f"{person.name}，{resident_id.mask(person.id_number)}"
    return Hit(
        "card", person.id, f"{card.year}年度审验卡　{tokens.written(card.code)}", words, "有效" if holds else "已失效"
    )
