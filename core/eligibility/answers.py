"""Applications in, answers out: a row or a million as arrays, the same rules. Records nothing.

A row with a fault is answered with its fault, never lost. What a notice says is in `notices`, what follows in `rules`,
one answer's steps in `sheet`, what was decided for the record in `decisions`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.eligibility.applications import (
    ASSERTION_WORDS,
    COLUMNS,
    HEADINGS,
    Application,
    Batch,
    in_words,
    understood,
    written,
)
from core.ground import access, db, resident_id, sheets
from core.ground.access import Actor, Refused
from core.ground.problems import Problem
from core.law import notices, rules
from core.law.notices import LEVELS, ROUTES, Policy, Waiver
from core.law.rules import ASSERTED, ORDINARY, OUTCOMES, Outcome
from core.ledger import balances
from core.ledger.balances import Lines
from core.models import Organization, Person
from core.people import persons

ANSWERS = ("结论", "需完成年度", "缺口", "依据", "说明")
"""The headings that an answer adds."""
FAULTY = "有误"
"""结论 of a row that could not be decided; 说明 says why and how to mend it."""

Progress = Callable[[int, int], object]
"""Told how many applications are done, of how many."""
_CHUNK = 20_000


@dataclass
class Answered:
    """Answered applications as columns.

    N applications of one year answered by one policy, as columns in one order: what they said and had, and what
    follows. This is what `decisions` keeps."""

    policy: Policy
    rows: NDArray[np.int32]
    person_ids: NDArray[np.int64]
    """0: not on file."""
    authority_ids: NDArray[np.int64]
    applicants: rules.Applicants
    lines: Lines
    decisions: rules.Decisions
    names: Sequence[str] | None = None
    numbers: Sequence[str] | None = None
    """Name and ID number as the application gave them; None where it is the person's own record."""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass
class Run:
    """Run of answered applications (批量核验): applications answered, in their order."""

    frame: pd.DataFrame
    """A line for each application: row, name, id_mask, year, route, level, outcome (符合, 不符合, 待核验, 有误), years,
    gap, clauses, note, waiver (name, "" for the ordinary rule), person_id and authority_id (None: not on file)."""
    problems: list[Problem]
    applications: list[Application]
    answered: list[Answered]
    id: int | None = None
    """The recorded run's number; a look ahead has none."""

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


def application(session: Session, person_id: int, facts: Mapping[str, object], *, actor: Actor) -> Application:
    """Build one application (申报) from a form.

    One application of a person on file, from cells by column name as a form gives them.

    Refused codes: "role", "missing" (not on file or not the actor's to see), "application" (every fault in words).
    """
    return _of_person(1, persons.one(session, person_id, actor), facts)


def applications_of(session: Session, actor: Actor, facts: Mapping[str, object], *, employer: str = "") -> Batch:
    """Build applications for an employer (按单位申报).

    The same application of everybody of an employer ("": of all), at most `MOST_PEOPLE`.

    Refused codes: "role", "password", "application", "many" (more than that were found), "missing" (nobody was).
    """
    conditions = persons.matching(actor, employer=employer)
    count = session.scalar(sa.select(sa.func.count(Person.id)).where(*conditions)) or 0
    if count > MOST_PEOPLE:
        raise Refused("many", f"共{count:,}人，一次最多核验{MOST_PEOPLE:,}人，请按单位或姓名缩小范围。")
    if not count:
        raise Refused("missing", "没有找到人员，请换一个单位或姓名再试。")
    people = session.scalars(sa.select(Person).where(*conditions).order_by(Person.id))
    return Batch([_of_person(row, person, facts) for row, person in enumerate(people, start=1)])


MOST_PEOPLE = 20_000


def _of_person(row: int, person: Person, facts: Mapping[str, object]) -> Application:
    cells = dict(facts) | {"name": person.name, "id_number": person.id_number}
    each, problems = understood(row, cells, None)
    if problems:
        raise Refused("application", in_words(problems))
    return each


# --- answering ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _OnFile:
    person_id: int
    name: str
    authority_id: int
    in_scope: bool


def answer(session: Session, batch: Batch, *, actor: Actor, progress: Progress | None = None) -> Run:
    """Answer applications (资格核验) in bulk, without recording.

    Answer every application in order; may run in `db.reading()`. Refused codes: "role", "password".
    """
    persons.visible_to(actor)  # refuses those who may look nobody up
    problems = list(batch.problems)
    found: list[dict[str, Any]] = []
    answered: list[Answered] = []
    total = len(batch.applications)
    for start in range(0, total, _CHUNK):
        chunk = batch.applications[start : start + _CHUNK]
        on_file = people_on_file(session, actor, chunk)
        lines = [_unanswered(each) for each in chunk]
        groups: dict[int, list[int]] = defaultdict(list)
        for at, each in enumerate(chunk):
            if each.facts is None:
                continue
            person = on_file.get(each.id_number)
            problem = scope_problem(actor, each, person)
            if problem:
                problems.append(problem)
                continue
            if person:
                lines[at] |= {"person_id": person.person_id, "authority_id": person.authority_id}
            groups[each.facts.year].append(at)
        answered += [
            _year_answered(session, actor, [chunk[at] for at in places], [lines[at] for at in places])
            for places in groups.values()
        ]
        found += lines
        if progress:
            progress(min(start + _CHUNK, total), total)
    _tell_problems(found, problems)
    order = list(COLUMNS)
    problems.sort(key=lambda problem: (problem.row, order.index(problem.column)))
    columns = "row name id_mask year route level outcome years gap clauses note waiver person_id authority_id".split()
    frame = pd.DataFrame(found, columns=columns).astype({"person_id": "Int64", "authority_id": "Int64"})
    return Run(frame, problems, batch.applications, answered)


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
    of_row: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        of_row[problem.row].append(problem)
    for line in lines:
        if line["outcome"] == FAULTY:
            line["note"] = in_words(of_row[line["row"]])


def people_on_file(session: Session, actor: Actor, applications: Sequence[Application]) -> dict[str, _OnFile]:
    """Match applicants to persons on file.

    The persons on file among the applicants, by ID number, and whether they are in the actor's scope.

    The number of a duplicate finds the one it was merged into.
    """
    numbers = {db.blind_index(each.id_number): each.id_number for each in applications if each.facts}
    visible = sa.case((persons.visible_to(actor), 1), else_=0)
    owner = sa.orm.aliased(Person)
    found = {}
    wanted = list(numbers)
    for start in range(0, len(wanted), 5000):
        query = (
            sa.select(owner.id_index, Person.id, Person.name, Person.authority_id, visible)
            .join(owner, Person.id == owner.human_id)
            .where(owner.id_index.in_(wanted[start : start + 5000]))
        )
        for index, person_id, name, authority_id, in_scope in session.execute(query):
            found[numbers[bytes(index)]] = _OnFile(person_id, name, authority_id, bool(in_scope))
    return found


def scope_problem(actor: Actor, each: Application, person: _OnFile | None) -> Problem | None:
    """Jurisdiction check of an applicant (管理权限): why this actor gets no answer about this person.

    Officers learn who is in another's charge; to clerks and persons that and a stranger look alike, so that
    nothing can be probed.
    """

    def problem(column: str, code: str, value: str, words: str) -> Problem:
        return Problem(each.row, column, code, value, words)

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


def _year_answered(
    session: Session, actor: Actor, applications: Sequence[Application], lines: Sequence[dict[str, Any]]
) -> Answered:
    """Answer applications of one year and fill in their lines."""
    facts = [each.facts for each in applications if each.facts]
    year = facts[0].year
    policy = notices.of_year(year)
    applicants = rules.columns(facts)
    depth = rules.depth(policy, applicants)
    person_ids = np.array([line["person_id"] or 0 for line in lines], np.int64)
    had = balances.of(session, person_ids, year - depth + 1, year)
    decisions = rules.decide(policy, applicants, had.counted(policy, year, depth, len(facts)))
    lacking: rules.Flags = np.any(decisions.missing, axis=(0, 1))
    relied = np.any(decisions.deemed, axis=0)
    years_text: dict[tuple[int, bool], str] = {}
    clauses_text: dict[tuple[int, int, bool, int], str] = {}
    for row, line in enumerate(lines):
        winner, required = int(decisions.winner[row]), int(decisions.required[row])
        any_one = bool(decisions.any_one[row])
        outcome = OUTCOMES[decisions.outcome[row]]
        if (required, any_one) not in years_text:
            years_text[required, any_one] = rules.years_text(decisions, row)
        deemed = row if relied[row] else -1  # what such a row cites is its own
        cited = (int(decisions.window[row]), winner, required != 0, deemed)
        if cited not in clauses_text:
            clauses_text[cited] = rules.clauses_text(decisions, row)
        waiver = None if winner == ORDINARY else policy.waivers[winner]
        line |= {
            "outcome": outcome.label,
            "years": years_text[required, any_one],
            "gap": rules.gap_text(decisions, row) if lacking[row] else "无",
            "clauses": clauses_text[cited],
            "note": note(policy, facts[row], outcome, waiver, line["person_id"] is not None),
            "waiver": waiver.name if waiver else "",
        }
    return Answered(
        policy,
        np.array([line["row"] for line in lines], np.int32),
        person_ids,
        np.array([line["authority_id"] or actor.organization_id for line in lines], np.int64),
        applicants,
        had,
        decisions,
        [each.name for each in applications],
        [each.id_number for each in applications],
    )


def note(policy: Policy, facts: rules.Applicant, outcome: Outcome, waiver: Waiver | None, known: bool) -> str:
    """Note of a decision (说明).

    说明: which waiver won and what it says, what is still to verify, and what the decision could not know.
    """
    parts = []
    if waiver:
        parts.append(f"适用“{waiver.name}”" + (f"，{waiver.note}" if waiver.note else ""))
    if outcome is Outcome.TO_VERIFY and waiver:
        parts.append(f"尚待核验{'、'.join(to_verify(waiver, facts))}，核实后符合")
    if not known:
        parts.append("库中没有学时记录")
    if policy.carried(facts.year):
        parts.append(policy.note(facts.year))
    return "；".join(parts)


def to_verify(waiver: Waiver, facts: rules.Applicant) -> list[str]:
    """Assertions to verify (待核验): the assertions a waiver stands on that are not confirmed yet, by heading."""
    return [
        ASSERTION_WORDS[condition.fact]
        for condition in waiver.when
        if (condition.fact == "epidemic_years" and facts.epidemic_years and facts.epidemic == ASSERTED)
        or (condition.fact in rules.ASSERTIONS and getattr(facts, condition.fact) == ASSERTED)
    ]


# --- everybody ------------------------------------------------------------------------------------------------------

REACH = 12
"""How many years back `everybody` knows hours for."""
_STRETCH = 200_000
"""Ids of people read at a time."""


@dataclass
class Population:
    """Population for trials (全体人员).

    Everybody of a jurisdiction as hypothetical applicants, N entries a column in the order of their ids.
    """

    person_ids: NDArray[np.int64]
    authority_ids: NDArray[np.int64]
    applicants: rules.Applicants
    lines: Lines

    def __len__(self) -> int:
        return len(self.person_ids)

    def take(self, rows: NDArray[np.intp]) -> Population:
        """Some of the people."""
        if len(rows) == len(self):
            return self
        columns = (self.person_ids[rows], self.authority_ids[rows], self.applicants.take(rows))
        return Population(*columns, self.lines.take(rows))

    def at_level(self, level: str) -> Population:
        """The same people, all applying for this level."""
        levels = np.full(len(self), LEVELS.index(level), np.int8)
        return replace(self, applicants=replace(self.applicants, level=levels))

    def decided(self, policy: Policy) -> rules.Decisions:
        """What a policy says of everybody (by its own subjects, caps and depth, at most `REACH` years)."""
        year, depth = self.applicants.year, rules.depth(policy, self.applicants)
        return rules.decide(policy, self.applicants, self.lines.counted(policy, year, depth, len(self)))

    def answered(self, policy: Policy) -> Answered:
        """Everybody's applications answered, as `decisions` keeps them; numbered in their order."""
        rows = np.arange(1, len(self) + 1, dtype=np.int32)
        columns = (self.person_ids, self.authority_ids, self.applicants, self.lines)
        return Answered(policy, rows, *columns, self.decided(policy))


def everybody(session: Session, actor: Actor, year: int, *, route: str = "职称评审", level: str = "高级") -> Population:
    """Load the population of a jurisdiction.

    Everybody in the actor's scope as an applicant of a year with no assertions, for trying policies out.

    Refused codes: "role", "password", "policy".
    """
    scope = persons.visible_to(actor)
    notices.of_year(year)
    query = sa.select(
        Person.id, Person.authority_id, sa.case((Person.sex == "男", 1), else_=0), db.day_number(Person.birth_on)
    )
    last = session.scalar(sa.select(sa.func.max(Person.id))) or 0
    found = [
        db.integers(session, query.where(scope, Person.id.between(first, first + _STRETCH - 1)))
        for first in range(1, last + 1, _STRETCH)
    ]
    people = np.concatenate([np.zeros((4, 0), np.int64), *found], axis=1)
    people = people[:, np.argsort(people[0], kind="stable")]
    count = people.shape[1]
    applicants = rules.Applicants(
        year,
        people[2] == 1,
        people[3].astype(np.int32),
        np.full(count, ROUTES.index(route), np.int8),
        np.full(count, LEVELS.index(level), np.int8),
        np.full(count, -1, np.int8),
        {name: np.zeros(count, np.int8) for name in rules.ASSERTIONS},
        {name: np.zeros(count, np.int32) for name in rules.EVENTS.values()},
        np.full(count, -1, np.int16),
        np.zeros(count, np.uint64),
        np.zeros(count, np.int8),
    )
    lines = balances.of(session, people[0], year - REACH + 1, year)
    return Population(people[0], people[1], applicants, lines)


def described(session: Session, actor: Actor, person_ids: Sequence[int]) -> pd.DataFrame:
    """Describe persons for a list.

    Whose they are, in this order. Columns: person_id, name, authority, employer, post; only the actor's to see.

    A duplicate is described as the one it was merged into.
    """
    owner = sa.orm.aliased(Person)
    query = (
        sa.select(owner.id, Person.name, Organization.name, Person.employer_name, Person.post)
        .select_from(owner)
        .join(Person, Person.id == owner.human_id)
        .join(Organization, Organization.id == Person.authority_id)
        .where(persons.visible_to(actor))
    )
    rows: list[Any] = []
    for start in range(0, len(person_ids), 10_000):
        rows += session.execute(query.where(owner.id.in_(person_ids[start : start + 10_000]))).all()
    frame = pd.DataFrame(rows, columns=["person_id", "name", "authority", "employer", "post"])
    return frame.set_index("person_id").reindex(list(person_ids)).reset_index()
