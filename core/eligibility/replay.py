"""Recorded decisions decided again (复算): by their own inputs, by today's, by a policy about to be published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.eligibility import decisions
from core.eligibility.decisions import NUMBER
from core.ground import access, db
from core.ground.access import Actor, Role, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices, rules
from core.law.notices import Policy
from core.law.rules import OUTCOMES, UNDECIDED, Outcome
from core.ledger import balances
from core.ledger.balances import Lines
from core.models import DecisionPart, DecisionRun, Organization, Person, Source, leagues


@dataclass(frozen=True)
class Changed:
    """Changed input: an input that is not what it was: `kind` is policy, balance or fact."""

    kind: str
    name: str
    was: str
    is_now: str

    @property
    def words(self) -> str:
        return f"{self.name}：当时{self.was}，现在{self.is_now}"


@dataclass(frozen=True)
class Recomputation:
    """Recomputation (复算): A recorded decision held against its own inputs and against today's."""

    number: int
    intact: bool
    """The digest fits what is kept."""
    reproduced: bool
    """Its own policy, facts and balances give the same outcome again."""
    outcome: Outcome
    outcome_now: Outcome | None
    """None where today's policy cannot decide it."""
    changed: tuple[Changed, ...]

    @property
    def differs(self) -> bool:
        """Whether the application would be decided differently today."""
        return self.outcome_now is not self.outcome


@deed
def recompute(session: Session, number: int, *, actor: Actor) -> Recomputation:
    """Recompute a recorded decision (复算).

    Decide a recorded decision again, by its own inputs and by today's, and name every input that changed.

    Refused codes: "missing".
    """
    one = decisions.kept_decision(session, number, actor)
    own, facts, year = decisions.policy_of(session, one.part), one.facts, one.part.year
    applicants = rules.columns([facts])
    depth = rules.depth(own, applicants)
    again = one.lines.decided(own, applicants)
    reproduced = OUTCOMES[again.outcome[0]] is one.outcome and int(again.winner[0]) == one.winner
    changed = []
    owner = sa.orm.aliased(Person)
    found = owner.id == one.person_id
    if one.person_id is None:
        found = owner.id_index == db.blind_index(one.application.id_number)
    person = session.scalar(sa.select(Person).join(owner, Person.id == owner.human_id).where(found))
    if person:
        for word, was, is_now in (
            ("姓名", one.application.name, person.name),
            ("性别", facts.sex, person.sex),
        ):
            if was != is_now:
                changed.append(Changed("fact", word, was, is_now))
        if facts.born_on != person.birth_on:  # which day neither was nor is told: it would complete the masked number
            changed.append(Changed("fact", "出生日期", "按原号码", "已更正"))
        facts = replace(facts, sex=person.sex, born_on=person.birth_on)
    outcome_now = None
    try:
        authority_id = person.authority_id if person else one.run.organization_id
        policy = notices.of_year(year, leagues(session).get(authority_id))
    except access.Refused as refused:
        changed.append(Changed("policy", "政策", one.part.policy_id, refused.words))
    else:
        if policy.digest != own.digest:  # not the digest it was kept under, which another version worked out
            was, is_now = (f"{each.id}（{each.digest[:8]}）" for each in (own, policy))
            changed.append(Changed("policy", "政策", was, is_now))
        columns = rules.columns([facts])
        reach = rules.depth(policy, columns)
        ids = np.array([person.id if person else 0], np.int64)
        since = rules.counted_from(policy, columns)
        lines = balances.of(session, ids, year - max(reach, depth) + 1, year, since)
        changed += _balance_changes(one.lines.told(0), lines.told(0))
        today = lines.decided(policy, columns)
        outcome_now = None if today.outcome[0] == UNDECIDED else OUTCOMES[today.outcome[0]]
    return Recomputation(
        number, decisions.digest(one.part) == one.part.digest, reproduced, one.outcome, outcome_now, tuple(changed)
    )


def _balance_changes(was: Iterable[Sequence[Any]], is_now: Iterable[Sequence[Any]]) -> list[Changed]:
    """Balances that differ, by year, subject and source."""

    def by_key(lines: Iterable[Sequence[Any]]) -> dict[tuple[Any, ...], tuple[int, int]]:
        return {tuple(line[:3]): (line[3], line[4]) for line in lines if line[3] or line[4]}

    def words(amount: tuple[int, int]) -> str:
        return f"{hours_text(Decimal(amount[0]) / 100)}学时" + ("（视同完成）" if amount[1] else "")

    before, after, names = by_key(was), by_key(is_now), notices.subject_names()
    return [
        Changed(
            "balance",
            f"{year}年度{notices.short_name(names.get(subject, subject))}（{Source(source).label}）",
            words(before.get((year, subject, source), (0, 0))),
            words(after.get((year, subject, source), (0, 0))),
        )
        for year, subject, source in sorted(before.keys() | after.keys())
        if before.get((year, subject, source)) != after.get((year, subject, source))
    ]


@deed
def replay(session: Session, policy: Policy, *, actor: Actor) -> pd.DataFrame:
    """Replay last year's decisions (重放).

    Every recorded decision of the year before a policy's first, decided again by it: those that would differ.

    Columns: number, person_id, year, before, after (outcome codes), organization. The facts and balances are those of
    then; what the policy cannot decide is left out. Of a league's policy those about the league's people. Refused
    codes: "role", "jurisdiction" (neither the region's administrator nor that league's).
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region and (policy.league is None or policy.league != actor.league):
        raise access.Refused("jurisdiction", "核验由自治区人社厅的管理员重算，盟市的由该盟市的管理员重算。")
    query = (
        sa.select(DecisionPart, DecisionRun, Organization.name)
        .join(DecisionRun, DecisionRun.id == DecisionPart.run_id)
        .join(Organization, Organization.id == DecisionRun.organization_id)
        .where(DecisionPart.year == policy.first_year - 1)
        .order_by(DecisionPart.id)
    )
    if policy.league is not None:
        own = [office for office, league in leagues(session).items() if league == policy.league]
        query = query.where(DecisionPart.authority_id.in_(own))
    lines = []
    for part, run, office in session.execute(query):
        opened = decisions.opened(part, run)
        facts, after = opened.facts, outcomes(policy, opened.applicants, opened.lines)
        for place in np.flatnonzero((after >= 0) & (after != facts["outcome"])).tolist():
            before, now = (OUTCOMES[int(each[place])].value for each in (facts["outcome"], after))
            person_id = int(facts["person_id"][place])
            lines.append((part.id * NUMBER + place, person_id, part.year, before, now, office))
    return pd.DataFrame(lines, columns=["number", "person_id", "year", "before", "after", "organization"])


def outcomes(policy: Policy, applicants: rules.Applicants, lines: Lines) -> NDArray[np.int8]:
    """Outcomes by a policy, in bulk.

    What a policy says of applicants, as places in OUTCOMES; UNDECIDED (-1) where it cannot decide one.
    """
    return lines.decided(policy, applicants).outcome
