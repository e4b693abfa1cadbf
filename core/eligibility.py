"""Applications in, decisions out: one person with steps, a million as arrays, the same rules.

A row with a fault is answered with its fault, never lost. What a notice says is in `policy`, what follows in `rules`.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, audit, db, ledger, paper, policy, registry, resident_id, rules, sheets
from core.access import Actor, Refused, Role, not_found, require
from core.applications import (
    CLAIM_WORDS,
    COLUMNS,
    HEADINGS,
    Application,
    Batch,
    policy_faults,
    read,
    understood,
    written,
)
from core.ledger import hours_text
from core.models import CreditTotal, Decision, Mode, Organization, Person, Plan, Source, State
from core.policy import LEVELS, ROUTES, TOTAL, Policy, Waiver, Window
from core.roster import Problem
from core.rules import CLAIMED, CONFIRMED, NO, ORDINARY, OUTCOMES, Outcome

ANSWERS = ("结论", "需完成年度", "缺口", "依据", "说明")
"""The headings that an answer adds."""
FAULTY = "有误"
"""结论 of a row that could not be decided; 说明 says why and how to mend it."""

DECIDERS = (Role.TITLE_OFFICER, Role.REVIEWER)
"""Who decides for the record. Officers, employer clerks (their own people) and persons (themselves) may look ahead."""

Progress = Callable[[int, int], object]
"""Told how many applications are done, of how many."""


@dataclass
class Run:
    """Applications answered, in their order. Recorded decisions have the run's `id`; a look ahead has None."""

    id: str | None
    frame: pd.DataFrame
    """A line for each application: row, name, id_mask, year, route, level, outcome (符合, 不符合, 待核验, 有误), years,
    gap, clauses, note, waiver (name, "" for the ordinary rule), person_id and authority_id (None: not on file)."""
    problems: list[Problem]
    applications: list[Application]

    @property
    def counts(self) -> dict[str, int]:
        """How many applications by outcome word, 有误 last; zeros included."""
        found = self.frame["outcome"].value_counts()
        return {word: int(found.get(word, 0)) for word in (*(outcome.label for outcome in Outcome), FAULTY)}

    def headings(self) -> tuple[str, ...]:
        """The headings of the file (学历 only where it was given), then `ANSWERS`."""
        return (*(HEADINGS[name] for name in self._columns()), *ANSWERS)

    def _columns(self) -> list[str]:
        return [name for name in COLUMNS if name != "education" or any(a.cells.get(name) for a in self.applications)]

    def lines(self) -> list[tuple[object, ...]]:
        """A line under `headings` for each application, the ID number in full as text: for the file of who sent it."""
        columns = self._columns()
        answers = zip(*(self.frame[name] for name in ("outcome", "years", "gap", "clauses", "note")), strict=True)
        return [
            (*(written(each, name) for name in columns), *answered)
            for each, answered in zip(self.applications, answers, strict=True)
        ]


# --- one application, with its steps --------------------------------------------------------------------------------


@dataclass(frozen=True)
class SubjectLine:
    """What one year has of a subject. `name` is 公需, 专业, …, or 累计."""

    code: str
    name: str
    required: Decimal
    has: Decimal
    lacks: Decimal
    deemed: bool


@dataclass(frozen=True)
class YearLine:
    """One credit year. `required`: the rule that won asks for it."""

    year: int
    required: bool
    complete: bool
    subjects: tuple[SubjectLine, ...]


@dataclass(frozen=True)
class Way:
    """One way to meet the requirement: the ordinary rule first, then every waiver of the policy."""

    name: str
    clause: str
    applies: bool
    why: str
    """Why it applies or not: every condition, with what the applicant has."""
    years: str
    """需完成年度 under this way; "" where it does not apply."""
    met: bool
    gap: Decimal
    """Hours missing in all under this way."""
    won: bool
    note: str = ""


@dataclass(frozen=True)
class Used:
    """An interpretation that the decision stood on."""

    setting: str
    value: str
    reason: str
    clause: str


@dataclass(frozen=True)
class DecisionSheet:
    """结论 with everything that led there. Hours are exact Decimals."""

    application: Application
    facts: rules.Applicant
    policy: Policy
    person_id: int | None
    name: str
    id_mask: str
    employer: str
    outcome: rules.Outcome
    years: str
    gap: str
    clauses: str
    note: str
    waiver: str
    any_one: bool
    """One of the required years is enough."""
    year_lines: tuple[YearLine, ...]
    """Newest first: every year that was looked at."""
    ways: tuple[Way, ...]
    interpretations: tuple[Used, ...]
    entries: pd.DataFrame
    """The credit entries behind the balances, columns of `ledger.entries`."""
    digest: str
    decision_id: int | None = None
    decided_at: datetime | None = None
    decided_by: str = ""

    @property
    def headline(self) -> str:
        """The decision in one sentence."""
        asked = f"{self.facts.year}年度{self.facts.route}{self.facts.level}"
        years = self.years.replace(";", "、").replace("|", "、")
        need = "不要求完成年度学时" if self.years == "无" else f"需完成{years}年度"
        lack = "" if self.gap == "无" else f"，缺{self.gap.replace(';', '、')}学时"
        return f"{self.name}申报{asked}：{self.outcome.label}。{need}{lack}（{self.clauses}）。"


@dataclass(frozen=True)
class Changed:
    """An input that is not what it was: `kind` is policy, balance or fact."""

    kind: str
    name: str
    was: str
    is_now: str

    @property
    def words(self) -> str:
        return f"{self.name}：当时{self.was}，现在{self.is_now}"


@dataclass(frozen=True)
class Recomputation:
    """A stored decision held against its own inputs and against today's."""

    decision_id: int
    intact: bool
    """Its digest fits what is stored."""
    reproduced: bool | None
    """Its own policy, facts and balances give the same outcome again; None where its policy is no longer on file."""
    outcome: rules.Outcome
    outcome_now: rules.Outcome | None
    """None where today's policy cannot decide it."""
    changed: tuple[Changed, ...]

    @property
    def differs(self) -> bool:
        """Whether the application would be decided differently today."""
        return self.outcome_now is not self.outcome


@dataclass(frozen=True)
class Offer:
    """An approved plan that has not begun."""

    plan_id: int
    title: str
    base: str
    subject: str
    start_on: date
    end_on: date
    place: str
    mode: str
    hours_each: Decimal


@dataclass(frozen=True)
class Ways:
    """How a gap could still be closed."""

    closes: bool
    """Attending `offers` makes the application 符合."""
    offers: tuple[Offer, ...]
    """The fewest approved plans that close what the current credit year lacks; the most they can where not all."""
    words: tuple[str, ...]
    """What to do, also about what no plan closes."""


@dataclass
class Population:
    """Everybody of a jurisdiction as hypothetical applicants, N entries a column in one order."""

    person_ids: list[int]
    frame: pd.DataFrame
    """person_id, authority, employer, title."""
    applicants: rules.Applicants
    balances: rules.Balances
    """By the policy in force for the year."""
    _totals: Totals

    def under(self, notice: Policy) -> rules.Balances:
        """The balances as another policy counts them (its subjects, caps and depth, at most `REACH` years)."""
        return self._totals.balances(notice, self.applicants.year, rules.depth(notice, self.applicants))


REACH = 12
"""How many years back `everybody` knows hours for."""


def application(session: Session, person_id: int, facts: Mapping[str, object], *, actor: Actor) -> Application:
    """One application of a person on file, from cells by column name as a form gives them.

    Refused codes: "role", "missing" (not on file or not the actor's to see), "application" (every fault in words).
    """
    person = registry.person(session, person_id, actor)
    cells = dict(facts) | {"name": person.name, "id_number": person.id_number}
    each, problems = understood(1, cells, None)
    if problems:
        raise Refused("application", "；".join(f"{problem.heading}：{problem.words}" for problem in problems))
    return each


# --- hours ----------------------------------------------------------------------------------------------------------

Line = tuple[int, int, str, str, int, int]
"""A balance: person id, credit year, subject, source code, hundredths, how many entries deem the subject done."""


@dataclass
class Totals:
    """The balances of some persons, in their order; those not on file (None) have none."""

    person_ids: Sequence[int | None]
    lines: list[Line]

    def balances(self, notice: Policy, year: int, depth: int) -> rules.Balances:
        """K x S x N as a policy counts them; kept apart by source only where it caps a source."""
        codes = {code: place for place, code in enumerate(rules.subject_codes(notice))}
        known = {person_id: place for place, person_id in enumerate(dict.fromkeys(self.person_ids))}
        capped = {cap.source for cap in notice.caps if cap.per == "year" and cap.source}
        shape = (depth, len(codes), len(known))
        by_source: dict[str, rules.Hundredths] = {"": np.zeros(shape, np.int32)}
        by_source |= {source: np.zeros(shape, np.int32) for source in capped if source}
        deemed = np.zeros(shape, bool)
        places: dict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
        for person_id, credit_year, subject, source, hundredths, deems in self.lines:
            back, place = year - credit_year, codes.get(subject)
            if place is None or not 0 <= back < depth:
                continue
            at = known[person_id]
            word = Source(source).label if capped else ""
            places[word if word in capped else ""].append((back, place, at, hundredths))
            if deems > 0:
                deemed[back, place, at] = True
        for source, found in places.items():
            back_, place_, at_, hundredths_ = np.array(found, np.int32).T
            np.add.at(by_source[source], (back_, place_, at_), hundredths_)
        rows = np.array([known[person_id] for person_id in self.person_ids], np.intp)
        return rules.counted(notice, by_source, deemed).take(rows)


def _totals(session: Session, person_ids: Sequence[int | None], first: int, last: int) -> Totals:
    """The balances of these persons from one year to another."""
    wanted = sorted({person_id for person_id in person_ids if person_id is not None})
    lines: list[Line] = []
    for start in range(0, len(wanted), 10_000):
        lines += _lines(session, CreditTotal.person_id.in_(wanted[start : start + 10_000]), first, last)
    return Totals(person_ids, lines)


def _lines(session: Session, whose: sa.ColumnElement[bool], first: int, last: int) -> list[Line]:
    columns = (
        CreditTotal.person_id,
        CreditTotal.year,
        CreditTotal.subject,
        sa.type_coerce(CreditTotal.source, sa.String),
        sa.type_coerce(CreditTotal.hours, sa.Integer),
        CreditTotal.deemed,
    )
    query = sa.select(*columns).where(whose, CreditTotal.year.between(first, last))
    return [(*row,) for row in session.execute(query)]


# --- deciding -------------------------------------------------------------------------------------------------------

_CHUNK = 20_000


@dataclass(frozen=True)
class _OnFile:
    person_id: int
    name: str
    authority_id: int
    in_scope: bool


def answer(session: Session, batch: Batch, *, actor: Actor, progress: Progress | None = None) -> Run:
    """Answer applications without recording anything; may run in `db.reading()`. Refused codes: "role", "password"."""
    run, _ = _run(session, batch, actor, progress)
    return run


def decide_applications(
    session: Session, batch: Batch, *, actor: Actor, now: datetime, progress: Progress | None = None
) -> Run:
    """Decide for the record: every decision stored with all it stood on, one line in the trail.

    Rows with problems are answered and not stored; where no row is left, nothing is recorded and the run has no id.
    Refused codes: "role" (others than `DECIDERS`), "password".
    """
    require(actor, *DECIDERS)
    run, records = _run(session, batch, actor, progress)
    if not records:
        return run
    run.id = secrets.token_hex(16)
    same = {
        "run_id": run.id,
        "organization_id": actor.organization_id,
        "decided_at": now.replace(microsecond=0),
        "decided_by": actor.name,
    }
    session.execute(sa.insert(Decision.__table__), [record | same for record in records])  # type: ignore[arg-type]
    first = session.scalars(sa.select(Decision).where(Decision.run_id == run.id).order_by(Decision.id).limit(1)).one()
    counts = run.counts
    audit.record(
        session,
        audit.Event.ELIGIBILITY_DECIDED,
        first,
        actor=actor,
        after={
            "run": run.id,
            "applications": len(run.applications),
            "faulty": counts[FAULTY],
            **{outcome.value: counts[outcome.label] for outcome in Outcome},
            "policies": sorted({record["policy_id"] for record in records}),
            "digest": db.blind_index("".join(record["digest"] for record in records)).hex(),
        },
        now=now,
    )
    return run


def decide_file(
    session: Session, content: bytes, filename: str, *, actor: Actor, now: datetime, progress: Progress | None = None
) -> Run:
    """`read` and `decide_applications`. Refused codes: theirs."""
    require(actor, *DECIDERS)
    batch = read(content, filename, today=db.office_day(now))
    return decide_applications(session, batch, actor=actor, now=now, progress=progress)


def _run(session: Session, batch: Batch, actor: Actor, progress: Progress | None) -> tuple[Run, list[dict[str, Any]]]:
    """Every application answered in order, and the decided ones as records of table `decision`, as yet unplaced."""
    registry.persons_visible(actor)  # refuses those who may look nobody up
    problems = list(batch.problems)
    found: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    total = len(batch.applications)
    for start in range(0, total, _CHUNK):
        chunk = batch.applications[start : start + _CHUNK]
        on_file = _on_file(session, actor, chunk)
        lines = [_unanswered(each) for each in chunk]
        groups: dict[int, list[int]] = defaultdict(list)
        for at, each in enumerate(chunk):
            if each.facts is None:
                continue
            person = on_file.get(each.id_number)
            problem = _scope_problem(actor, each, person)
            if problem:
                problems.append(problem)
                continue
            if person:
                lines[at] |= {"person_id": person.person_id, "authority_id": person.authority_id}
            groups[each.facts.year].append(at)
        for places in groups.values():
            records += _decide_year(session, actor, chunk, places, lines)
        found += lines
        if progress:
            progress(min(start + _CHUNK, total), total)
    records.sort(key=lambda record: record["row"])
    _tell_problems(found, problems)
    order = list(HEADINGS.values())
    problems.sort(key=lambda problem: (problem.row, order.index(problem.heading)))
    columns = "row name id_mask year route level outcome years gap clauses note waiver person_id authority_id".split()
    frame = pd.DataFrame(found, columns=columns).astype({"person_id": "Int64", "authority_id": "Int64"})
    return Run(None, frame, problems, batch.applications), records


def _unanswered(each: Application) -> dict[str, Any]:
    facts = each.facts
    return {
        "row": each.row,
        "name": each.name,
        "id_mask": resident_id.mask(each.id_number),
        "year": str(facts.year) if facts else sheets.text(each.cells.get("year")),
        "route": facts.route if facts else sheets.text(each.cells.get("route")),
        "level": facts.level if facts else sheets.text(each.cells.get("level")),
        "outcome": FAULTY,
        "years": "",
        "gap": "",
        "clauses": "",
        "note": "",
        "waiver": "",
        "person_id": None,
        "authority_id": None,
    }


def _tell_problems(lines: list[dict[str, Any]], problems: list[Problem]) -> None:
    """说明 of the rows that could not be decided: every problem with its mend."""
    words: dict[int, list[str]] = defaultdict(list)
    for problem in problems:
        words[problem.row].append(f"{problem.heading}：{problem.words}")
    for line in lines:
        if line["outcome"] == FAULTY:
            line["note"] = "；".join(words[line["row"]])


def _on_file(session: Session, actor: Actor, applications: Sequence[Application]) -> dict[str, _OnFile]:
    """The persons on file among the applicants, by ID number, and whether they are in the actor's scope."""
    numbers = {db.blind_index(each.id_number): each.id_number for each in applications if each.facts}
    visible = sa.case((registry.persons_visible(actor), 1), else_=0)
    found = {}
    wanted = list(numbers)
    for start in range(0, len(wanted), 5000):
        query = sa.select(Person.id_index, Person.id, Person.name, Person.authority_id, visible).where(
            Person.id_index.in_(wanted[start : start + 5000])
        )
        for index, person_id, name, authority_id, in_scope in session.execute(query):
            found[numbers[bytes(index)]] = _OnFile(person_id, name, authority_id, bool(in_scope))
    return found


def _scope_problem(actor: Actor, each: Application, person: _OnFile | None) -> Problem | None:
    """Why this actor gets no answer about this person.

    Officers are told who is in another's charge; to clerks and persons that and a stranger look alike, so that
    nothing can be probed.
    """

    def problem(column: str, code: str, value: str, words: str) -> Problem:
        return Problem(each.row, HEADINGS[column], code, value, words)

    officer = actor.role in access.OFFICERS
    if person and not person.in_scope and officer:
        words = f"此人不在{actor.organization_name}的管理权限内，请由其主管的人社部门核验"
        return problem("id_number", "jurisdiction", each.id_number, words)
    if not officer and not (person and person.in_scope):
        words = "没有找到此人，或不在您的管理权限内，请核对号码或由主管的人社部门核验"
        return problem("id_number", "jurisdiction", each.id_number, words)
    if person and person.name != each.name:
        words = f"库中此身份证号的姓名为“{person.name}”，请核对姓名或号码"
        return problem("name", "name-known", each.name, words)
    return None


def _decide_year(
    session: Session, actor: Actor, chunk: Sequence[Application], places: list[int], lines: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Decide the applications of one year at these places, fill in their lines, answer their records."""
    facts = [each.facts for at in places if (each := chunk[at]).facts]
    year = facts[0].year
    notice = policy.in_force(year)
    applicants = rules.columns(facts)
    depth = rules.depth(notice, applicants)
    person_ids = [lines[at]["person_id"] for at in places]
    totals = _totals(session, person_ids, year - depth + 1, year)
    decisions = rules.decide(notice, applicants, totals.balances(notice, year, depth))
    stood_on = _by_person(totals)
    lacking: rules.Flags = np.any(decisions.missing, axis=(0, 1))
    years_text: dict[tuple[int, bool], str] = {}
    clauses_text: dict[tuple[int, int, bool], str] = {}
    digest = notice.digest
    records = []
    for row, at in enumerate(places):
        line = lines[at]
        winner, required, any_one = (
            int(decisions.winner[row]),
            int(decisions.required[row]),
            bool(decisions.any_one[row]),
        )
        outcome = OUTCOMES[decisions.outcome[row]]
        if (required, any_one) not in years_text:
            years_text[required, any_one] = rules.years_text(decisions, row)
        cited = (int(decisions.window[row]), winner, required != 0)
        if cited not in clauses_text:
            clauses_text[cited] = rules.clauses_text(decisions, row)
        waiver = None if winner == ORDINARY else notice.waivers[winner]
        line |= {
            "outcome": outcome.label,
            "years": years_text[required, any_one],
            "gap": rules.gap_text(decisions, row) if lacking[row] else "无",
            "clauses": clauses_text[cited],
            "note": _note(notice, facts[row], outcome, waiver, line["person_id"] is not None),
            "waiver": waiver.name if waiver else "",
        }
        record = {
            "row": line["row"],
            "person_id": line["person_id"],
            "authority_id": line["authority_id"] or actor.organization_id,
            "year": year,
            "policy_id": notice.id,
            "policy_digest": digest,
            "outcome": outcome.value,
            "waiver": line["waiver"],
            "facts": _facts_text(chunk[at]),
            "balances": db.canonical(stood_on.get(line["person_id"], [])),
        }
        records.append(record | {"digest": _digest(record)})
    return records


def _by_person(totals: Totals) -> dict[int, list[tuple[Any, ...]]]:
    """Balances without their person, in a fixed order: credit year, subject, source, hundredths, deemed."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for line in totals.lines:
        found[line[0]].append(line[1:])
    for lines in found.values():
        lines.sort()
    return found


def _note(notice: Policy, facts: rules.Applicant, outcome: Outcome, waiver: Waiver | None, known: bool) -> str:
    """说明: which waiver won and what it says, what is still to verify, and what the decision could not know."""
    parts = []
    if waiver:
        parts.append(f"适用“{waiver.name}”" + (f"，{waiver.note}" if waiver.note else ""))
    if outcome is Outcome.TO_VERIFY and waiver:
        parts.append(f"尚待核验{'、'.join(_to_verify(waiver, facts))}，核实后符合")
    if not known:
        parts.append("库中没有学时记录")
    if notice.carried(facts.year):
        parts.append(notice.note(facts.year))
    return "；".join(parts)


def _to_verify(waiver: Waiver, facts: rules.Applicant) -> list[str]:
    """The claims a waiver stands on that are not confirmed yet, by heading."""
    return [
        CLAIM_WORDS[condition.fact]
        for condition in waiver.when
        if (condition.fact == "epidemic_years" and facts.epidemic_years and facts.epidemic == CLAIMED)
        or (condition.fact in rules.CLAIMS and getattr(facts, condition.fact) == CLAIMED)
    ]


def _facts_text(each: Application) -> str:
    return db.canonical(vars(each.facts) | {"name": each.name, "id_number": each.id_number})


def _facts(text: str) -> tuple[str, str, rules.Applicant]:
    """The inverse of `_facts_text`: name, ID number, facts."""
    said = json.loads(text)
    name, number = said.pop("name"), said.pop("id_number")
    for key in ("born_on", "transferred_on", "in_post_since"):
        said[key] = date.fromisoformat(said[key]) if said[key] else None
    said["epidemic_years"] = tuple(said["epidemic_years"])
    return name, number, rules.Applicant(**said)


def _digest(record: Mapping[str, Any]) -> str:
    """Keyed, since facts are few enough to be guessed from a plain digest."""
    parts = (record[name] for name in ("policy_digest", "facts", "balances", "outcome", "waiver"))
    return db.blind_index("\n".join(parts)).hex()


# --- what was decided -----------------------------------------------------------------------------------------------


def _decisions_visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Officers see what their office decided and what was decided about their people; clerks and persons the latter."""
    whose = Decision.person_id.in_(sa.select(Person.id).where(registry.persons_visible(actor)))
    if actor.role not in access.OFFICERS:
        return whose
    return access.visible(actor, organization=Decision.organization_id, authority=Decision.authority_id)


def runs(session: Session, actor: Actor, *, limit: int | None = 50) -> pd.DataFrame:
    """Recorded runs of the actor's jurisdiction, newest first; of each, the decisions the actor may see.

    Columns: run_id, decided_at, decided_by, organization, applications, eligible, not_eligible, to_verify.
    """
    counts = [
        sa.func.count(sa.case((Decision.outcome == outcome.value, 1))).label(outcome.value) for outcome in Outcome
    ]
    query = (
        sa.select(
            Decision.run_id,
            Decision.decided_at,
            Decision.decided_by,
            Organization.name.label("organization"),
            sa.func.count().label("applications"),
            *counts,
        )
        .join(Organization, Organization.id == Decision.organization_id)
        .where(_decisions_visible(actor))
        .group_by(Decision.run_id, Decision.decided_at, Decision.decided_by, Organization.name)
        .order_by(Decision.decided_at.desc(), Decision.run_id)
        .limit(limit)
    )
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


def decided(
    session: Session, actor: Actor, *, run_id: str | None = None, person_id: int | None = None, limit: int | None = 500
) -> pd.DataFrame:
    """Recorded decisions the actor may see, of a run (in row order) or of a person (newest first).

    Columns: id, run_id, row, person_id, name, year, outcome (word), waiver, policy_id, decided_at, decided_by.
    """
    query = sa.select(Decision).where(_decisions_visible(actor))
    if run_id is not None:
        query = query.where(Decision.run_id == run_id).order_by(Decision.row, Decision.id)
    if person_id is not None:
        query = query.where(Decision.person_id == person_id).order_by(Decision.id.desc())
    rows = [
        {
            "id": each.id,
            "run_id": each.run_id,
            "row": each.row,
            "person_id": each.person_id,
            "name": json.loads(each.facts)["name"],
            "year": each.year,
            "outcome": Outcome(each.outcome).label,
            "waiver": each.waiver,
            "policy_id": each.policy_id,
            "decided_at": each.decided_at,
            "decided_by": each.decided_by,
        }
        for each in session.scalars(query.limit(limit))
    ]
    columns = "id run_id row person_id name year outcome waiver policy_id decided_at decided_by".split()
    return pd.DataFrame(rows, columns=columns)


def _decision(session: Session, decision_id: int, actor: Actor) -> Decision:
    found = session.scalar(sa.select(Decision).where(Decision.id == decision_id, _decisions_visible(actor)))
    if found is None:
        raise not_found("核验结论")
    return found


def _own_policy(stored: Decision) -> Policy | None:
    """The very policy a decision stood on, if it is still on file."""
    return next((each for each in policy.policies() if each.digest == stored.policy_digest), None)


def _stored_totals(stored: Decision) -> Totals:
    lines = [(stored.person_id or 0, *line) for line in json.loads(stored.balances)]
    return Totals([stored.person_id or 0], lines)


def recompute(session: Session, decision_id: int, *, actor: Actor) -> Recomputation:
    """Decide a recorded decision again, by its own inputs and by today's, and name every input that changed.

    Refused codes: "missing".
    """
    stored = _decision(session, decision_id, actor)
    name, number, facts = _facts(stored.facts)
    own = _own_policy(stored)
    reproduced = None
    if own:
        decisions, _ = _one(own, facts, _stored_totals(stored))
        won = int(decisions.winner[0])
        waiver = own.waivers[won].name if won != ORDINARY else ""
        reproduced = OUTCOMES[decisions.outcome[0]] == stored.outcome and waiver == stored.waiver
    changed = []
    person = session.get(Person, stored.person_id) if stored.person_id else None
    if person is None:
        index = db.blind_index(number)
        person = session.scalar(sa.select(Person).where(Person.id_index == index))
    if person:
        for word, was, is_now in (
            ("姓名", name, person.name),
            ("性别", facts.sex, person.sex),
            ("出生日期", str(facts.born_on), str(person.birth_on)),
        ):
            if was != is_now:
                changed.append(Changed("fact", word, was, is_now))
        facts = replace(facts, sex=person.sex, born_on=person.birth_on)
    outcome_now = None
    try:
        notice = policy.in_force(stored.year)
    except Refused as refused:
        changed.append(Changed("policy", "政策", stored.policy_id, refused.words))
    else:
        if notice.digest != stored.policy_digest:
            changed.append(
                Changed(
                    "policy",
                    "政策",
                    _policy_words(stored.policy_id, stored.policy_digest),
                    _policy_words(notice.id, notice.digest),
                )
            )
        years = _reach(notice, facts)
        if own:
            years = max(years, _reach(own, facts))
        totals = _totals(session, [person.id if person else None], stored.year - years + 1, stored.year)
        changed += _balance_changes(json.loads(stored.balances), [line[1:] for line in totals.lines])
        if years:
            decisions, _ = _one(notice, facts, totals)
            outcome_now = OUTCOMES[decisions.outcome[0]]
    record = {field_: getattr(stored, field_) for field_ in ("policy_digest", "facts", "balances", "outcome", "waiver")}
    intact = _digest(record) == stored.digest
    return Recomputation(stored.id, intact, reproduced, Outcome(stored.outcome), outcome_now, tuple(changed))


def _policy_words(policy_id: str, digest: str) -> str:
    return f"{policy_id}（{digest[:8]}）"


def _reach(notice: Policy, facts: rules.Applicant) -> int:
    """How many years back a policy looks for an applicant; 0 where it cannot decide the application."""
    try:
        return rules.depth(notice, rules.columns([facts]))
    except ValueError:
        return 0


def decided_again(stored: Decision, notice: Policy) -> Outcome | None:
    """What another policy would have said of a recorded decision's facts and balances; None where it cannot decide."""
    _, _, facts = _facts(stored.facts)
    if not _reach(notice, facts):
        return None
    decisions, _ = _one(notice, facts, _stored_totals(stored))
    found: Outcome = OUTCOMES[decisions.outcome[0]]
    return found


def _balance_changes(was: list[list[Any]], is_now: Iterable[Sequence[Any]]) -> list[Changed]:
    """Balances that differ, by year, subject and source."""

    def by_key(lines: Iterable[Sequence[Any]]) -> dict[tuple[Any, ...], tuple[int, int]]:
        return {tuple(line[:3]): (line[3], int(line[4] > 0)) for line in lines if line[3] or line[4]}

    def words(amount: tuple[int, int]) -> str:
        return f"{hours_text(Decimal(amount[0]) / 100)}学时" + ("（视同完成）" if amount[1] else "")

    before, after = by_key(was), by_key(is_now)
    names = {"public": "公需", "professional": "专业"}
    return [
        Changed(
            "balance",
            f"{year}年度{names.get(subject, subject)}（{Source(source).label}）",
            words(before.get((year, subject, source), (0, 0))),
            words(after.get((year, subject, source), (0, 0))),
        )
        for year, subject, source in sorted(before.keys() | after.keys())
        if before.get((year, subject, source)) != after.get((year, subject, source))
    ]


# --- one application, step by step ----------------------------------------------------------------------------------


def _one(notice: Policy, facts: rules.Applicant, totals: Totals) -> tuple[rules.Decisions, rules.Balances]:
    """One application decided by the engine for all, with its steps."""
    applicants = rules.columns([facts])
    balances = totals.balances(notice, facts.year, rules.depth(notice, applicants))
    return rules.decide(notice, applicants, balances, steps=True), balances


def sheet(session: Session, application: Application, *, actor: Actor, notice: Policy | None = None) -> DecisionSheet:
    """One application decided with all its steps, by the policy in force or by another one; records nothing.

    Refused codes: "role", "password", "missing" (not the actor's to see), "name" (another name on file),
    "application" (faults), "policy".
    """
    registry.persons_visible(actor)
    facts = application.facts
    if facts is None:
        _, problems = understood(application.row, application.cells, None)
        raise Refused("application", "；".join(f"{problem.heading}：{problem.words}" for problem in problems))
    on_file = _on_file(session, actor, [application]).get(application.id_number)
    problem = _scope_problem(actor, application, on_file)
    if problem:
        raise not_found("人员记录") if problem.code == "jurisdiction" else Refused("name", problem.words + "。")
    notice = notice or policy.in_force(facts.year)
    faults = list(
        policy_faults(
            facts.year,
            facts.route,
            facts.level,
            facts.education,
            facts.recognition_years is not None,
            facts.in_post_since is not None,
        )
    )
    if faults:
        raise Refused("policy", "；".join(words for _, _, words in faults) + "。")
    person_id = on_file.person_id if on_file else None
    totals = _totals(session, [person_id], facts.year - _reach(notice, facts) + 1, facts.year)
    return _sheet(session, application, notice, person_id, totals)


def stored_sheet(session: Session, decision_id: int, *, actor: Actor) -> DecisionSheet:
    """The sheet of a recorded decision, from its own policy, facts and balances.

    Refused codes: "missing", "policy" (its policy is no longer on file).
    """
    stored = _decision(session, decision_id, actor)
    name, number, facts = _facts(stored.facts)
    own = _own_policy(stored)
    if own is None:
        raise Refused("policy", f"作出该结论的政策“{stored.policy_id}”已不在库中，请先载入当时的文件再查看步骤。")
    each = Application(stored.row, name, number, _cells(name, number, facts), facts)
    made = _sheet(session, each, own, stored.person_id, _stored_totals(stored), until=stored.decided_at)
    return replace(
        made,
        digest=stored.digest,
        decision_id=stored.id,
        decided_at=stored.decided_at,
        decided_by=stored.decided_by,
    )


def _cells(name: str, number: str, facts: rules.Applicant) -> dict[str, object]:
    """Facts as they would be written."""
    claims = {NO: "", CONFIRMED: "是", CLAIMED: "是（待核验）"}
    cells: dict[str, object] = {"name": name, "id_number": number, "year": facts.year, "route": facts.route}
    cells |= {"level": facts.level, "education": facts.education or ""}
    cells |= {claim: claims[getattr(facts, claim)] for claim in rules.CLAIMS}
    cells["non_public"] = str(cells["non_public"]).replace("是", "非公有制")
    cells |= {"transferred_on": facts.transferred_on or "", "in_post_since": facts.in_post_since or ""}
    cells["recognition_years"] = "" if facts.recognition_years is None else facts.recognition_years
    years = ";".join(map(str, facts.epidemic_years))
    return cells | {"epidemic_years": years + ("（待核验）" if years and facts.epidemic == CLAIMED else "")}


def _sheet(
    session: Session,
    each: Application,
    notice: Policy,
    person_id: int | None,
    totals: Totals,
    *,
    until: datetime | None = None,
) -> DecisionSheet:
    facts = each.facts
    assert facts is not None
    decisions, balances = _one(notice, facts, totals)
    outcome, won = OUTCOMES[decisions.outcome[0]], int(decisions.winner[0])
    waiver = None if won == ORDINARY else notice.waivers[won]
    depth = balances.hours.shape[0]
    entries = ledger.entries(session, person_id or 0)
    entries = entries[entries["year"].between(facts.year - depth + 1, facts.year)]
    if until is not None:
        entries = entries[entries["posted_at"] <= until]
    person = session.get(Person, person_id) if person_id else None
    record = {
        "policy_digest": notice.digest,
        "facts": _facts_text(each),
        "balances": db.canonical(_by_person(totals).get(person_id or 0, [])),
        "outcome": outcome.value,
        "waiver": waiver.name if waiver else "",
    }
    ways = tuple(_ways(notice, facts, decisions))
    return DecisionSheet(
        application=each,
        facts=facts,
        policy=notice,
        person_id=person_id,
        name=each.name,
        id_mask=resident_id.mask(each.id_number),
        employer=person.employer_name if person else "",
        outcome=outcome,
        years=rules.years_text(decisions, 0),
        gap=rules.gap_text(decisions, 0),
        clauses=rules.clauses_text(decisions, 0),
        note=_note(notice, facts, outcome, waiver, person_id is not None),
        waiver=waiver.name if waiver else "",
        any_one=bool(decisions.any_one[0]),
        year_lines=tuple(_year_lines(notice, facts, decisions, balances)),
        ways=ways,
        interpretations=tuple(_used(notice, facts, ways)),
        entries=entries.reset_index(drop=True),
        digest=_digest(record),
    )


def _year_lines(
    notice: Policy, facts: rules.Applicant, decisions: rules.Decisions, balances: rules.Balances
) -> Iterator[YearLine]:
    """What every year that was looked at has and lacks.

    The lack is the engine's own answer for all years with no waivers.
    """
    depth = balances.hours.shape[0]
    all_years = notice.model_copy(
        update={
            "waivers": (),
            "windows": (Window(clause="-", route=facts.route, years=depth),),
            "requirement": notice.requirement.model_copy(update={"combine": "each_year"}),
            "interpretations": (),
        }
    )
    alone = rules.decide(all_years, rules.columns([facts]), balances)
    for back in range(depth):
        lines = []
        year = facts.year - back
        amounts = notice.requirement.in_year(year)
        total = Decimal()
        for place, subject in enumerate(notice.subjects):
            has = Decimal(int(balances.hours[back, place, 0])) / 100
            lacks = Decimal(int(alone.missing[back, place, 0])) / 100
            deemed = bool(balances.deemed[back, place, 0])
            required = amounts.get(subject.code, Decimal())
            total += Decimal() if subject.part_of else has
            lines.append(SubjectLine(subject.code, subject.name.removesuffix("科目"), required, has, lacks, deemed))
        lacks = Decimal(int(alone.missing[back, -1, 0])) / 100
        lines.append(SubjectLine(TOTAL, "累计", amounts.get(TOTAL, Decimal()), total, lacks, deemed=False))
        asked = bool(int(decisions.required[0]) >> back & 1)
        yield YearLine(year, asked, bool(int(decisions.complete[0]) >> back & 1), tuple(lines))


def _ways(notice: Policy, facts: rules.Applicant, decisions: rules.Decisions) -> Iterator[Way]:
    options = decisions.options
    assert options is not None
    window, won = notice.windows[int(decisions.window[0])], int(decisions.winner[0])
    reasons = ["", *_reasons(notice, facts)]
    for way in range(len(notice.waivers) + 1):
        waiver = notice.waivers[way - 1] if way else None
        applies = bool(options.applies[way, 0])
        this = replace(decisions, required=options.required[way], any_one=options.any_one[way : way + 1])
        why = reasons[way] if waiver else f"{facts.route}{facts.level}的一般规定"
        open_ = _to_verify(waiver, facts) if waiver else []
        if waiver and open_:
            why += f"；{'、'.join(open_)}尚待核验"
        yield Way(
            name=waiver.name if waiver else "一般规定",
            clause=waiver.clause if waiver else window.clause,
            applies=applies,
            why=why,
            years=rules.years_text(this, 0) if applies else "",
            met=applies and bool(options.met[way, 0]),
            gap=Decimal(int(options.gap[way, 0])) / 100 if applies else Decimal(),
            won=way - 1 == won,
            note=waiver.note if waiver else "",
        )


def _reasons(notice: Policy, facts: rules.Applicant) -> list[str]:
    """For each waiver every condition in words and whether it holds.

    Asked of the engine itself: each condition as a waiver of its own, of a policy made of nothing else, with every
    claim taken for true.
    """
    probes: list[Waiver] = []
    words: list[list[str]] = []
    for waiver in notice.waivers:
        free = {"routes": (), "levels": (), "application_years": ()}
        parts = []
        for limit, word in (
            ("routes", "申报方式限{}".format("、".join(waiver.routes))),
            ("levels", "申报级别限{}".format("、".join(waiver.levels))),
            ("application_years", "申报年度限{}".format("、".join(map(str, waiver.application_years)))),
        ):
            if getattr(waiver, limit):
                probes.append(_anybody(waiver, free | {limit: getattr(waiver, limit)}))
                parts.append(word)
        for condition in waiver.when:
            probes.append(waiver.model_copy(update=free | {"when": (condition,)}))
            parts.append(_condition_words(notice, condition, facts))
        words.append(parts)
    taken: dict[str, Any] = {claim: CONFIRMED if getattr(facts, claim) else NO for claim in rules.CLAIMS}
    believed = replace(facts, epidemic=CONFIRMED, **taken)
    asked = notice.model_copy(update={"waivers": tuple(probes)})
    applicants = rules.columns([believed])
    codes = rules.subject_codes(notice)
    nothing = np.zeros((rules.depth(asked, applicants), len(codes), 1), np.int32)
    options = rules.decide(asked, applicants, rules.Balances(nothing, nothing > 0), steps=True).options
    assert options is not None
    held = iter(options.applies[1:, 0])
    return ["；".join(f"{part}{'✓' if next(held) else '✗'}" for part in parts) for parts in words]


def _anybody(waiver: Waiver, limits: Mapping[str, object]) -> Waiver:
    """A waiver with these limits and no other condition than one that holds of every human."""
    born = policy.Condition.model_validate({"fact": "age", "at_least": 0})
    return waiver.model_copy(update={**limits, "when": (born,)})


_FACT_WORDS = {
    "sex": "性别",
    "age": "年龄",
    "years_since_transfer": "转任年数",
    "years_in_post": "任现职年数",
    "recognition_years": "认定年限",
} | CLAIM_WORDS


def _condition_words(notice: Policy, condition: policy.Condition, facts: rules.Applicant) -> str:
    """A condition with what the applicant has, e.g. 年龄不小于55（39）."""
    name = _FACT_WORDS[condition.fact]
    if condition.fact == "sex":
        return f"性别{condition.is_}（{facts.sex}）"
    if condition.fact == "epidemic_years":
        return f"{name}（{'、'.join(map(str, facts.epidemic_years)) or '无'}）"
    if condition.fact in rules.CLAIMS:
        value = {NO: "否", CONFIRMED: "是", CLAIMED: "待核验"}[getattr(facts, condition.fact)]
        return f"{'非公有制' if condition.fact == 'non_public' else name}（{value}）"
    limit = f"不小于{condition.at_least}" if condition.at_least is not None else f"不大于{condition.at_most}"
    return f"{name}{limit}（{_number_words(notice, condition.fact, facts)}）"


def _number_words(notice: Policy, fact: str, facts: rules.Applicant) -> str:
    if fact == "age":
        day = str(notice.setting("age_on", "12-31"))
        before = f"{facts.born_on:%m-%d}" > day
        return f"{facts.year}-{day}满{facts.year - facts.born_on.year - before}周岁"
    if fact == "recognition_years":
        return "未填" if facts.recognition_years is None else str(facts.recognition_years)
    event = facts.transferred_on if fact == "years_since_transfer" else facts.in_post_since
    return f"{event.year}年起，{facts.year - event.year}" if event else "未填"


def _used(notice: Policy, facts: rules.Applicant, ways: Sequence[Way]) -> Iterator[Used]:
    """The interpretations that bear on this application."""
    applying = sum(way.applies for way in ways)
    won = next(way for way in ways if way.won)
    bears = {
        "include_application_year": facts.route != "考核认定",
        "age_on": any("年龄" in way.why for way in ways if way.applies),
        "waiver_window": won.years.endswith("任一"),
        "review_routes": facts.route == "破格评审",
        "best_waiver_wins": applying > 2,
        "years_counted_from_next": facts.transferred_on is not None or facts.route == "破格评审",
        "transfer_limit": facts.transferred_on is not None,
        "amounts_of_earlier_years": won.years not in ("无", str(facts.year)),
        "until_next_notice": notice.carried(facts.year),
    }
    for each in notice.interpretations:
        if bears.get(each.setting):
            value = {True: "是", False: "否"}.get(each.value, str(each.value))
            yield Used(each.setting, value, each.reason, each.clause)


# --- what is missing and how to get it ------------------------------------------------------------------------------


def ways_to_close(session: Session, sheet: DecisionSheet, *, actor: Actor, now: datetime) -> Ways:
    """For 不符合: the fewest approved plans, not begun yet, that close what the current credit year lacks.

    Plans offer no make-up yet: earlier years are closed by 补学 (clause 七(二)) or a conversion only, and this says so.
    """
    require(actor, *registry.LOOKERS)
    if sheet.outcome is not Outcome.NOT_ELIGIBLE:
        return Ways(True, (), (f"结论为{sheet.outcome.label}，没有需要补齐的学时。",))
    this_year = db.office_day(now).year
    asked = [line for line in sheet.year_lines if line.required and not line.complete]
    current = next((line for line in asked if line.year == this_year), None)
    earlier = [] if sheet.any_one and current else [line for line in asked if line.year != this_year]
    words: list[str] = []
    offers: list[Offer] = []
    closed = current is not None
    if current:
        for subject, need in _needs(sheet.policy, current):
            chosen = _fewest(_offers(session, subject, this_year, now, offers), need)
            got = sum((offer.hours_each for offer in chosen), Decimal())
            offers += chosen
            name = next(line.name for line in current.subjects if line.code == subject)
            if got >= need:
                words.append(f"{this_year}年度{name}差{hours_text(need)}学时，参加所列{len(chosen)}期培训可补齐。")
            else:
                closed = False
                words.append(
                    f"{this_year}年度{name}差{hours_text(need)}学时，已批准且未开班的计划最多可补{hours_text(got)}学时，"
                    "其余须等待新的计划，或以证书折合。"
                )
    makeup = sheet.policy.makeup
    for line in earlier:
        lack = "、".join(f"{each.name}{hours_text(each.lacks)}" for each in line.subjects if each.lacks > 0)
        if makeup and 0 < this_year - line.year <= sheet.policy.makeup_years:
            mend = f"专业科目可由基地或盟市组织补学（{makeup.clause}），证书可按规定折合；现有计划不含补学"
        else:
            mend = "没有可补学的规定，只能以该年度的证书折合"
        words.append(f"{line.year}年度缺{lack}学时：{mend}。")
    return Ways(closed and not earlier, tuple(offers), tuple(words))


def _needs(notice: Policy, line: YearLine) -> list[tuple[str, Decimal]]:
    """Hours to study in a year by subject; what the total lacks beyond the subjects goes to the last."""
    whole = {subject.code for subject in notice.subjects if not subject.part_of}
    needs = {each.code: each.lacks for each in line.subjects if each.code in whole}
    rest = next(each.lacks for each in line.subjects if each.code == TOTAL) - sum(needs.values(), Decimal())
    if rest > 0:
        needs[list(needs)[-1]] += rest
    return [(code, lacks) for code, lacks in needs.items() if lacks > 0]


def _offers(session: Session, subject: str, year: int, now: datetime, taken: Sequence[Offer]) -> list[Offer]:
    """Approved plans of a subject and year that have not begun and leave room for those already taken."""
    query = (
        sa.select(Plan, Organization.name)
        .join(Organization, Organization.id == Plan.organization_id)
        .where(
            Plan.state == State.APPROVED,
            sa.type_coerce(Plan.subject, sa.String) == subject,
            Plan.start_on > db.office_day(now),
            Plan.start_on <= date(year, 12, 31),
        )
        .order_by(Plan.start_on, Plan.id)
    )
    open_ = [_offer(plan, base) for plan, base in session.execute(query)]
    return [offer for offer in open_ if not any(_clash(offer, other) for other in taken)]


def _offer(plan: Plan, base: str) -> Offer:
    return Offer(
        plan.id,
        plan.title,
        base,
        str(plan.subject),
        plan.start_on,
        plan.end_on,
        plan.place,
        plan.mode.label,
        plan.hours_each,
    )


def _clash(one: Offer, other: Offer) -> bool:
    """Nobody is in two places at once; online study fits beside anything."""
    if Mode.ONLINE.label in (one.mode, other.mode):
        return False
    return one.start_on <= other.end_on and other.start_on <= one.end_on


def _fewest(offers: Sequence[Offer], need: Decimal) -> list[Offer]:
    """The fewest offers that bring at least so many hours, no two at once; where none do, those that bring most.

    Online ones are free of each other: the longest first. Of the others, the best selection of each size by the
    classic schedule of weighted intervals. Then the smallest sum of both sizes wins.
    """
    online = sorted((each for each in offers if each.mode == Mode.ONLINE.label), key=lambda each: -each.hours_each)
    there = sorted((each for each in offers if each.mode != Mode.ONLINE.label), key=lambda each: each.end_on)
    free = [sum(other.end_on < each.start_on for other in there) for each in there]
    sizes: list[list[Offer]] = [[]]
    row: list[list[Offer]] = [[] for _ in range(len(there) + 1)]
    while len(sizes) <= len(there):
        longer: list[list[Offer]] = [[]]
        for at, each in enumerate(there):
            before = row[free[at]]
            taken = [*before, each] if len(before) == len(sizes) - 1 else []
            longer.append(max(longer[at], taken, key=_hours))
        if not longer[-1]:
            break
        row = longer
        sizes.append(row[-1])
    alone = list(accumulate((each.hours_each for each in online), initial=Decimal()))
    together = [
        (chosen, count) for chosen in sizes for count, extra in enumerate(alone) if _hours(chosen) + extra >= need
    ]
    if together:
        chosen, count = min(together, key=lambda pair: (len(pair[0]) + pair[1], -_hours(pair[0]) - alone[pair[1]]))
        return [*chosen, *online[:count]]
    return [*max(sizes, key=_hours), *online]


def _hours(chosen: Iterable[Offer]) -> Decimal:
    return sum((each.hours_each for each in chosen), Decimal())


def if_waiting(session: Session, today: DecisionSheet, *, actor: Actor) -> DecisionSheet:
    """The same application one year later with the same hours. Refused codes: "policy" and those of `sheet`."""
    later = replace(today.facts, year=today.facts.year + 1)
    cells = dict(today.application.cells) | {"year": later.year}
    return sheet(session, replace(today.application, facts=later, cells=cells), actor=actor)


# --- everybody ------------------------------------------------------------------------------------------------------


def everybody(session: Session, actor: Actor, year: int, *, route: str = "职称评审", level: str = "高级") -> Population:
    """Everybody in the actor's scope as an applicant of a year with no claims, for trying policies out.

    Refused codes: "role", "password", "policy".
    """
    scope = registry.persons_visible(actor)
    notice = policy.in_force(year)
    query = (
        sa.select(Person.id, Person.sex, Person.birth_on, Organization.name, Person.employer_name, Person.title)
        .join(Organization, Organization.id == Person.authority_id)
        .where(scope)
        .order_by(Person.id)
    )
    rows = session.execute(query).all()
    person_ids = [row[0] for row in rows]
    count = len(rows)
    applicants = rules.Applicants(
        year,
        np.fromiter((row[1] == "男" for row in rows), bool, count),
        np.fromiter((row[2].year * 10000 + row[2].month * 100 + row[2].day for row in rows), np.int32, count),
        np.full(count, ROUTES.index(route), np.int8),
        np.full(count, LEVELS.index(level), np.int8),
        np.full(count, -1, np.int8),
        {name: np.zeros(count, np.int8) for name in rules.CLAIMS},
        {name: np.full(count, -1, np.int16) for name in rules.NUMBERS},
        np.zeros(count, np.uint64),
        np.zeros(count, np.int8),
    )
    whose = CreditTotal.person_id.in_(sa.select(Person.id).where(scope))
    totals = Totals(person_ids, _lines(session, whose, year - REACH + 1, year))
    frame = pd.DataFrame(
        {
            "person_id": person_ids,
            "authority": [row[3] for row in rows],
            "employer": [row[4] for row in rows],
            "title": [row[5] for row in rows],
        }
    )
    return Population(
        person_ids,
        frame,
        applicants,
        totals.balances(notice, year, rules.depth(notice, applicants)),
        totals,
    )


# --- the printed page -----------------------------------------------------------------------------------------------


def sheet_pdf(sheet: DecisionSheet, *, now: datetime) -> bytes:
    """The sheet as an A4 PDF in Chinese, the ID number masked."""
    page = paper.Page(f"摘要 {sheet.digest[:16]}")
    page.set_title("继续教育学时核验结论")
    page.set_creation_date(now)
    page.add_page()
    subtitle = [f"{sheet.policy.document}　　出具日期 {db.office_day(now)}"]
    if sheet.decided_at:
        subtitle.append(f"{sheet.decided_by}　{db.office_day(sheet.decided_at)}核验，编号 {sheet.decision_id}")
    paper.heading(page, "继续教育学时核验结论", subtitle)
    paper.section(page, "申报")
    facts = sheet.facts
    paper.pairs(
        page,
        [
            ("姓名", sheet.name),
            ("身份证号", sheet.id_mask),
            ("工作单位", sheet.employer or "—"),
            ("申报年度", str(facts.year)),
            ("申报方式", facts.route),
            ("申报级别", facts.level),
        ],
    )
    paper.section(page, "结论")
    paper.words(page, sheet.headline)
    if sheet.note:
        paper.words(page, sheet.note)
    paper.section(page, "各年度学时")
    lines = [
        (
            str(line.year),
            "是" if line.required else "否",
            each.name,
            hours_text(each.required),
            hours_text(each.has) + ("（视同完成）" if each.deemed else ""),
            hours_text(each.lacks) if each.lacks else "—",
        )
        for line in sheet.year_lines
        for each in line.subjects
    ]
    paper.table(page, ("年度", "需完成", "科目", "应完成", "已完成", "缺"), lines, (22, 22, 30, 30, 42, 28), "CCLRRR")
    paper.section(page, "逐项核对")
    checked = [
        (
            way.name,
            way.clause,
            "采用" if way.won else "适用" if way.applies else "不适用",
            way.why.replace("✓", "：是").replace("✗", "：否"),
            (way.years + ("，已完成" if way.met else f"，缺{hours_text(way.gap)}")) if way.applies else "—",
        )
        for way in sheet.ways
    ]
    paper.table(page, ("规定", "条款", "结果", "条件", "需完成年度"), checked, (38, 20, 18, 58, 40), "LLCLL")
    if sheet.interpretations:
        paper.section(page, "通知未明确处的处理")
        used = [(each.clause, each.reason) for each in sheet.interpretations]
        paper.table(page, ("条款", "处理和理由"), used, (22, 152), "LL")
    if len(sheet.entries):
        paper.section(page, "学时记录")
        names = {subject.code: subject.name for subject in sheet.policy.subjects}
        entries = [
            (
                str(entry["year"]),
                names.get(entry["subject"], entry["subject"]),
                hours_text(entry["hours"]),
                str(entry["completed_on"]),
                f"{entry['basis']}（{entry['batch_id']}-{entry['line']}）",
            )
            for entry in sheet.entries.to_dict("records")
        ]
        paper.table(
            page, ("年度", "科目", "学时", "完成日期", "依据（批次-行）"), entries, (18, 26, 18, 28, 84), "CLRCL"
        )
    return bytes(page.output())
