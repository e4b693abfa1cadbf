"""Applications in, answers out: a row or a million as arrays, the same rules. Records nothing.

A row with a fault is answered with its fault, never lost. What a notice says is in `notices`, what follows in `rules`,
one answer's steps in `sheet`, what was decided for the record in `decisions`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.eligibility.applications import (
    COLUMNS,
    SOMETIMES,
    Application,
    Batch,
    columns,
    headings,
    identified,
    in_words,
    missing,
    understood,
    written,
)
from core.ground import access, db, names, resident_id, typed
from core.ground.access import Actor, Refused
from core.ground.deeds import deed
from core.law import notices, rules
from core.law.applicants import Applicant, Applicants, Flags, Words
from core.law.notices import YEARS_SINCE, Policy
from core.law.rules import ORDINARY, OUTCOMES, TOGETHER, UNDECIDED, Outcome
from core.ledger import balances
from core.ledger.balances import Lines
from core.models import Organization, Person, leagues
from core.people import persons
from core.tables.problems import Problem, in_order

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
    applicants: Applicants
    lines: Lines
    decisions: rules.Decisions
    names: Sequence[str] | None = None
    numbers: Sequence[str] | None = None
    """Name and ID number as the application gave them; None where it is the person's own record."""

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: NDArray[np.intp]) -> Answered:
        """Some of them, in the order given."""

        def some(words: Sequence[str] | None) -> list[str] | None:
            return None if words is None else [words[row] for row in rows.tolist()]

        return Answered(
            self.policy,
            self.rows[rows],
            self.person_ids[rows],
            self.authority_ids[rows],
            self.applicants.take(rows),
            self.lines.take(rows),
            self.decisions.part(rows),
            some(self.names),
            some(self.numbers),
        )


@dataclass
class Run:
    """Run of answered applications (批量核验): applications answered, in their order."""

    frame: pd.DataFrame
    """A line for each application: row, name, id_mask, employer ("": not on file), year, route, level, outcome (符合,
    不符合, 待核验, 有误), years, gap, clauses, note, waiver (name, "" for the ordinary rule), person_id and
    authority_id (None: not on file)."""
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
        """The headings of the file (those that few files have only where they were given), then `ANSWERS`."""
        of = headings()
        return (*(of[name] for name in self._columns()), *ANSWERS)

    def _columns(self) -> list[str]:
        usual = [name for name in COLUMNS if name not in SOMETIMES]
        return [name for name in columns() if name in usual or any(a.cells.get(name) for a in self.applications)]

    def lines(self) -> list[tuple[object, ...]]:
        """A line under `headings` for each application, the ID number in full as text: for the file of who sent it."""
        shown = self._columns()
        answers = zip(*(self.frame[name] for name in ("outcome", "years", "gap", "clauses", "note")), strict=True)
        return [
            (*(written(each, name) for name in shown), *answered)
            for each, answered in zip(self.applications, answers, strict=True)
        ]


@deed
def application(session: Session, person_id: int, facts: Mapping[str, object], *, actor: Actor) -> Application:
    """Build one application (申报) from a form.

    One application of a person on file, from cells by column name as a form gives them.

    Refused codes: "role", "missing" (not on file or not the actor's to see), "application" (every fault in words).
    """
    found = persons.one(session, person_id, actor)
    return _of_person(1, found, facts, _notices_by_authority(session)(int(str(facts["year"])), found.authority_id))


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
    notice_of = _notices_by_authority(session)
    year = int(str(facts["year"]))
    return Batch(
        [
            _of_person(row, person, facts, notice_of(year, person.authority_id))
            for row, person in enumerate(people, start=1)
        ]
    )


MOST_PEOPLE = 20_000


def _of_person(row: int, person: Person, facts: Mapping[str, object], policy: Policy) -> Application:
    cells = dict(facts) | {"name": person.name, "id_number": person.id_number}
    each, problems = identified(row, cells, None)
    if not problems:
        each, problems = understood(each, policy)
    if problems:
        raise Refused("application", in_words(problems))
    return each


_NoticeOf = Callable[[int, int], Policy]
"""The notice by application year and authority; refused: "policy"."""


def _notices_by_authority(session: Session) -> _NoticeOf:
    """Notices (通知) by application year and authority, each asked for once: a person is judged by the own league's."""
    known, league_of = notices.NoticesOfYears(), leagues(session)
    return lambda year, authority_id: known.of(year, league_of.get(authority_id))


# --- answering ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _OnFile:
    person_id: int
    name: str
    employer: str
    authority_id: int
    in_scope: bool


@deed
def answer(session: Session, batch: Batch, *, actor: Actor, progress: Progress | None = None) -> Run:
    """Answer applications (资格核验) in bulk, without recording.

    Answer every application in order; may run in `db.reading()`. Refused codes: "role", "password".
    """
    persons.visible_to(actor)  # refuses those who may look nobody up
    problems = list(batch.problems)
    found: list[dict[str, Any]] = []
    answered: list[Answered] = []
    applications = list(batch.applications)
    notice_of = _notices_by_authority(session)
    total = len(applications)
    for start in range(0, total, _CHUNK):
        chunk = applications[start : start + _CHUNK]
        on_file = people_on_file(session, actor, chunk)
        lines = [_unanswered(each) for each in chunk]
        groups: dict[tuple[int, int], tuple[Policy, list[int]]] = {}
        for at, each in enumerate(chunk):
            if each.year is None or each.doubtful:
                problems += _doubts(actor, each, notice_of)
                continue
            person = on_file.get(each.id_number)
            policy, more = _asked(actor, each, person, notice_of)
            if policy:
                chunk[at], more = understood(each, policy)
                if person:
                    on = {"person_id": person.person_id, "authority_id": person.authority_id}
                    lines[at] |= on | {"employer": person.employer if person.in_scope else ""}
                if not more:
                    lines[at] |= _words_of(chunk[at])
                    groups.setdefault((each.year, id(policy)), (policy, []))[1].append(at)
            problems += more
        for policy, places in groups.values():
            made, more = _year_answered(
                session, actor, policy, [chunk[at] for at in places], [lines[at] for at in places]
            )
            problems += more
            answered += [made] if len(made) else []
        found += lines
        applications[start : start + _CHUNK] = chunk
        if progress:
            progress(min(start + _CHUNK, total), total)
    _tell_problems(found, problems)
    problems = in_order(problems, columns())
    names = "row name id_mask employer year route level outcome years gap clauses note waiver".split()
    names += ["person_id", "authority_id"]
    frame = pd.DataFrame(found, columns=names).astype({"person_id": "Int64", "authority_id": "Int64"})
    return Run(frame, problems, applications, answered)


def _doubts(actor: Actor, each: Application, notice_of: _NoticeOf) -> list[Problem]:
    """Remaining problems (其余问题) of an application whose applicant or year is in doubt, reported together."""
    try:
        return [] if each.year is None else understood(each, notice_of(each.year, actor.organization_id))[1]
    except Refused:
        return []


def _asked(
    actor: Actor, each: Application, person: _OnFile | None, notice_of: _NoticeOf
) -> tuple[Policy | None, list[Problem]]:
    """The notice an application is decided by, or why this actor gets no answer about it."""
    if problem := scope_problem(actor, each, person):
        return None, [problem]
    if each.rival and not person:
        return None, [Problem(each.row, "id_number", "number-twice", each.id_number, each.rival)]
    assert each.year is not None
    try:
        return notice_of(each.year, person.authority_id if person else actor.organization_id), []
    except Refused as refused:
        return None, [Problem(each.row, "year", "policy", str(each.year), refused.words)]


def _unanswered(each: Application) -> dict[str, Any]:
    return {
        "row": each.row,
        "name": each.name,
        "id_mask": resident_id.mask(each.id_number),
        "employer": "",
        **{name: typed.text(each.cells.get(name)) for name in ("year", "route", "level")},
        "outcome": FAULTY,
        "years": "",
        "gap": "",
        "clauses": "",
        "note": "",
        "waiver": "",
        "person_id": None,
        "authority_id": None,
    }


def _words_of(each: Application) -> dict[str, Any]:
    """What an application asks for, as understood."""
    assert each.facts
    return {"year": str(each.facts.year), "route": each.facts.route, "level": each.facts.level}


def _tell_problems(lines: list[dict[str, Any]], problems: list[Problem]) -> None:
    """说明 of the rows that could not be decided: every problem with its mend."""
    of_row: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        of_row[problem.row].append(problem)
    of = headings()
    for line in lines:
        if line["outcome"] == FAULTY:
            line["note"] = in_words(of_row[line["row"]], of)


def people_on_file(session: Session, actor: Actor, applications: Sequence[Application]) -> dict[str, _OnFile]:
    """Match applicants to persons on file.

    The persons on file among the applicants, by ID number, and whether they are in the actor's scope.

    The number of a duplicate finds the one it was merged into.
    """
    numbers = {db.blind_index(each.id_number): each.id_number for each in applications if not each.doubtful}
    visible = sa.case((persons.visible_to(actor), 1), else_=0)
    owner = sa.orm.aliased(Person)
    found = {}
    wanted = list(numbers)
    for start in range(0, len(wanted), 5000):
        query = (
            sa.select(owner.id_index, Person.id, Person.name, Person.employer_name, Person.authority_id, visible)
            .join(owner, Person.id == owner.human_id)
            .where(owner.id_index.in_(wanted[start : start + 5000]))
        )
        for index, person_id, name, employer, authority_id, in_scope in session.execute(query):
            found[numbers[bytes(index)]] = _OnFile(person_id, name, employer, authority_id, bool(in_scope))
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
    if person and not names.same(person.name, each.name):
        words = f"库中此身份证号的姓名为“{person.name}”，请核对姓名或号码"
        return problem("name", "name-known", each.name, words)
    return None


def _year_answered(
    session: Session,
    actor: Actor,
    policy: Policy,
    applications: Sequence[Application],
    lines: list[dict[str, Any]],
) -> tuple[Answered, list[Problem]]:
    """Answer applications of one year by one notice and fill in their lines; problems of those it cannot decide."""
    facts = [each.facts for each in applications if each.facts]
    year = facts[0].year
    applicants = rules.columns(facts)
    depth = rules.depth(policy, applicants)
    person_ids = np.array([line["person_id"] or 0 for line in lines], np.int64)
    since = rules.counted_from(policy, applicants)
    had = balances.of(session, person_ids, year - depth + 1, year, since)
    decisions = had.decided(policy, applicants)
    undecided = np.flatnonzero(decisions.outcome == UNDECIDED).tolist()
    problems = [_missing(applications[row], policy, decisions, row) for row in undecided]
    decided = np.flatnonzero(decisions.outcome != UNDECIDED)
    _tell(policy, facts, decisions, lines, decided)
    answered = Answered(
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
    return (answered.take(decided) if problems else answered), problems


def _missing(each: Application, policy: Policy, decisions: rules.Decisions, row: int) -> Problem:
    """What an application that cannot be decided has to say."""
    assert each.facts
    place = int(decisions.window[row])
    column, code, words = missing(policy, each.facts, policy.windows[place] if place >= 0 else None)
    return Problem(each.row, column, code, typed.text(each.cells.get(column)), words)


def _tell(
    policy: Policy,
    facts: Sequence[Applicant],
    decisions: rules.Decisions,
    lines: list[dict[str, Any]],
    decided: NDArray[np.intp],
) -> None:
    """Fill in the lines of those that were decided; what many have alike is put in words once."""
    lacking: Flags = np.any(decisions.missing, axis=(0, 1))
    relied = np.any(decisions.deemed, axis=0)
    years_text: dict[tuple[int, bool], str] = {}
    clauses_text: dict[tuple[int, int, bool, int], str] = {}
    for row in decided.tolist():
        winner, required = int(decisions.winner[row]), int(decisions.required[row])
        any_one = bool(decisions.any_one[row])
        outcome = OUTCOMES[decisions.outcome[row]]
        if (required, any_one) not in years_text:
            years_text[required, any_one] = rules.years_text(decisions, row)
        own = row if relied[row] or winner == TOGETHER else -1  # what such a row cites is its own
        cited = (int(decisions.window[row]), winner, required != 0, own)
        if cited not in clauses_text:
            clauses_text[cited] = rules.clauses_text(decisions, row)
        window = policy.windows[int(decisions.window[row])]
        lines[row] |= {
            "outcome": outcome.label,
            "years": years_text[required, any_one],
            "gap": rules.gap_text(decisions, row) if lacking[row] else "无",
            "clauses": clauses_text[cited],
            "note": note(policy, facts[row], outcome, winner, window, lines[row]["person_id"] is not None),
            "waiver": rules.waiver_name(policy, winner),
        }


def note(policy: Policy, facts: Applicant, outcome: Outcome, winner: int, window: notices.Window, known: bool) -> str:
    """Note of a decision (说明).

    说明: which waiver won and what it says, what is still to verify, and what the decision could not know.
    """
    parts = []
    waiver = policy.waivers[winner] if winner >= 0 else None
    if winner != ORDINARY:
        said = f"，{waiver.note}" if waiver and waiver.note else ""
        parts.append(f"适用“{rules.waiver_name(policy, winner)}”{said}")
    if outcome is Outcome.TO_VERIFY:
        asked: set[str | None] = {waiver.fact} if waiver else set()
        asked |= {condition.fact for condition in waiver.when} if waiver else set()
        if winner == ORDINARY or not (waiver and waiver.effect in ("none_required", "any_one_year")):
            asked |= {window.years_from, window.since, "education", "series"}
        if winner == TOGETHER:
            asked |= set(policy.asked)
        parts.append(f"尚待核验{'、'.join(to_verify(policy, facts, asked))}，核实后符合")
    elif winner == ORDINARY and (open_ := to_verify(policy, facts, {window.years_from, window.since})):
        parts.append(f"需完成年度按尚待核验的{'、'.join(open_)}计算")
    if not known:
        parts.append("库中没有学时记录")
    if policy.carried(facts.year):
        parts.append(policy.note(facts.year))
    return "；".join(parts)


def to_verify(policy: Policy, facts: Applicant, asked: Collection[str | None]) -> list[str]:
    """Assertions to verify (待核验): which of the facts asked for are not confirmed yet, by heading."""
    codes = {YEARS_SINCE.get(each, each) for each in asked if each}
    of = {code: fact.heading for code, fact in policy.asked.items()}
    return [of.get(code, code) for code in policy.asked if code in codes & facts.open]


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
    applicants: Applicants
    lines: Lines

    def __len__(self) -> int:
        return len(self.person_ids)

    def at_level(self, level: str) -> Population:
        """The same people, all applying for this level."""
        words = self.applicants.words | {"level": _all(level, len(self))}
        return replace(self, applicants=replace(self.applicants, words=words))

    def take(self, rows: NDArray[np.intp]) -> Population:
        """Some of the people, whose places are given in ascending order."""
        people = (self.person_ids[rows], self.authority_ids[rows])
        return Population(*people, self.applicants.take(rows), self.lines.take(rows))

    def by_notice(self, leagues: Mapping[int, str | None]) -> list[tuple[Policy, Population]]:
        """The people by the notice of their own league (盟市): each notice of the year with whom it decides about."""
        groups: dict[int, tuple[Policy, list[int]]] = {}
        for authority_id in np.unique(self.authority_ids).tolist():
            policy = notices.of_year(self.applicants.year, leagues.get(authority_id))
            groups.setdefault(id(policy), (policy, []))[1].append(authority_id)
        if len(groups) == 1:
            return [(policy, self) for policy, _ in groups.values()]
        return [
            (policy, self.take(np.flatnonzero(np.isin(self.authority_ids, offices))))
            for policy, offices in groups.values()
        ]

    def decided(self, policy: Policy) -> rules.Decisions:
        """What a policy says of everybody (by its own subjects, caps and depth, at most `REACH` years)."""
        return self.lines.decided(policy, self.applicants)

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
    words = {"route": _all(route, count), "level": _all(level, count)}
    applicants = Applicants(year, people[2] == 1, people[3].astype(np.int32), words)
    lines = balances.of(session, people[0], year - REACH + 1, year)
    return Population(people[0], people[1], applicants, lines)


def _all(word: str, count: int) -> Words:
    """A column in which everybody has the same word."""
    return Words(np.zeros(count, np.int8), (word,))


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
