"""What was decided, for the record: kept in sealed columns with all it stood on, and held against today.

A run is one deed. Its applications lie in parts: those of one year, one policy and one authority, many at a time, since
rows of their own, each sealed by itself, would take most of a minute for a million. A decision's number is its part
times a hundred thousand and its place in it. The policy is kept as well: a sheet can be drawn again whatever became of
the file.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.eligibility import answers, applications, sheet
from core.eligibility.answers import Answered, Progress, Run
from core.eligibility.applications import Application, Batch
from core.eligibility.sheet import DecisionSheet
from core.ground import access, db, resident_id
from core.ground.access import Actor, Role, not_found, require
from core.ground.deeds import deed
from core.law import notices, rules
from core.law.applicants import ASSERTED, NO, Applicant, Applicants, Words
from core.law.notices import EDUCATIONS, LEVELS, ROUTES, Policy
from core.law.rules import OUTCOMES, Outcome
from core.ledger import statements
from core.ledger.balances import Lines
from core.models import (
    AuditEntry,
    CreditBatch,
    CreditEntry,
    DecisionPart,
    DecisionPerson,
    DecisionPolicy,
    DecisionRun,
    Organization,
    Person,
    under,
)
from core.people import persons
from core.tables.mending import Made
from core.trail import audit, choices

DECIDERS = (Role.TITLE_OFFICER, Role.REVIEWER)
"""Who decides for the record. Officers, employer clerks (their own people) and persons (themselves) may look ahead."""
_PART = 50_000
NUMBER = 100_000


# --- deciding -------------------------------------------------------------------------------------------------------


@deed
def decide(session: Session, batch: Batch, *, actor: Actor, now: datetime, progress: Progress | None = None) -> Run:
    """Decide and record (核验并存档).

    Answer applications and `record` the answers; rows with problems are answered and not recorded.

    Where no row is left, nothing is recorded and the run has no number. Refused codes: "role" (others than `DECIDERS`),
    "password".
    """
    require(actor, *DECIDERS)
    run = answers.answer(session, batch, actor=actor, progress=progress)
    if run.answered:
        faulty = run.counts[answers.FAULTY]
        run.id = record(session, run.answered, actor=actor, now=now, faulty=faulty, made=batch.made).id
    return run


@deed
def decide_file(
    session: Session, content: bytes, filename: str, *, actor: Actor, now: datetime, progress: Progress | None = None
) -> Run:
    """Decide a file and record it: `applications.read`, by the columns its office has chosen, and `decide`.

    Refused codes: theirs.
    """
    require(actor, *DECIDERS)
    known = choices.chosen(session, actor.organization_id, applications.listing().code)
    batch = applications.read(content, filename, today=db.office_day(now), chosen=known)
    return decide(session, batch, actor=actor, now=now, progress=progress)


@deed
def record(
    session: Session,
    answered: Sequence[Answered],
    *,
    actor: Actor,
    now: datetime,
    faulty: int = 0,
    made: Sequence[Made] = (),
) -> DecisionRun:
    """Record decisions (存档结论).

    Keep answers for the record: every decision with all it stood on, one line in the trail.

    `faulty` is how many applications beside these had problems, `made` what was changed on the screen since their file
    came. Refused codes: "role", "password".
    """
    require(actor, *DECIDERS)
    run = DecisionRun(
        organization_id=actor.organization_id,
        decided_at=now.replace(microsecond=0),
        decided_by=actor.name,
        applications=sum(map(len, answered)),
    )
    session.add(run)
    session.flush()
    parts = [part for each in answered for part in _kept(session, run, each)]
    audit.record(
        session,
        audit.Event.ELIGIBILITY_DECIDED,
        run,
        actor=actor,
        after={
            "applications": run.applications + faulty,
            "faulty": faulty,
            **{outcome.value: sum(getattr(part, outcome.value) for part in parts) for outcome in Outcome},
            "policies": sorted({part.policy_id for part in parts}),
            "digest": _run_digest(part.digest for part in parts),
            **({"rows": _touched(made), "how": "typed"} if made else {}),
        },
        now=now,
    )
    return run


def _touched(made: Sequence[Made]) -> dict[str, str]:
    """Which columns of which rows were changed on the screen, by their headings; the trail holds no numbers."""
    headings = applications.headings() | {"": "删去"}
    touched: dict[str, str] = defaultdict(str)
    for each in made:
        touched[str(each.row)] += headings.get(each.column, each.column)
    return dict(touched)


def _kept(session: Session, run: DecisionRun, answered: Answered) -> Iterator[DecisionPart]:
    policy = answered.policy
    if session.get(DecisionPolicy, policy.digest) is None:
        session.add(DecisionPolicy(digest=policy.digest, policy_id=policy.id, text=policy.text))
        session.flush()
    order = np.argsort(answered.authority_ids, kind="stable")
    authorities, firsts = np.unique(answered.authority_ids[order], return_index=True)
    for authority_id, first, last in zip(authorities, firsts, [*firsts[1:], len(order)], strict=True):
        for start in range(first, last, _PART):
            rows = order[start : min(start + _PART, last)]
            lines = answered.lines.take(rows)
            outcomes = answered.decisions.outcome[rows]
            part = DecisionPart(
                run_id=run.id,
                authority_id=int(authority_id),
                year=answered.applicants.year,
                policy_id=policy.id,
                policy_digest=policy.digest,
                facts=_sealed("facts", _facts(answered, rows)),
                balances=_sealed("balances", lines.columns() | {"subjects": list(lines.subjects)}),
                **{outcome.value: int((outcomes == place).sum()) for place, outcome in enumerate(OUTCOMES)},
            )
            part.digest = digest(part)
            session.add(part)
            session.flush()
            ids = json.dumps(answered.person_ids[rows].tolist())
            session.execute(_WHERE[session.get_bind().dialect.name], {"part": part.id, "ids": ids})
            yield part


_WHERE = {
    "sqlite": sa.text(
        "INSERT INTO decision_person (person_id, part_id, place) "
        "SELECT value, :part, key FROM json_each(:ids) WHERE value > 0"
    ),
    "postgresql": sa.text(
        "INSERT INTO decision_person (person_id, part_id, place) SELECT whose::integer, :part, place - 1 "
        "FROM json_array_elements_text(CAST(:ids AS json)) WITH ORDINALITY AS given (whose, place) "
        "WHERE whose::integer > 0"
    ),
}
"""Where the decisions about each person lie, out of a list of the ids in their places: half the time of row by row."""


def _facts(answered: Answered, rows: NDArray[np.intp]) -> dict[str, Any]:
    """The applications of some rows and what was decided of them, a column each."""
    said = answered.applicants.take(rows)
    columns: dict[str, Any] = {"row": answered.rows[rows], "person_id": answered.person_ids[rows]}
    columns |= {"male": said.male, "born": said.born}
    for name, given in said.words.items():
        columns |= {f"word:{name}": given.codes, f"of:{name}": list(given.words)}
    for kind in _KINDS:
        columns |= {f"{kind}:{name}": column for name, column in getattr(said, _KINDS[kind]).items()}
    columns |= {"outcome": answered.decisions.outcome[rows], "winner": answered.decisions.winner[rows]}
    for name, told in (("name", answered.names), ("id_number", answered.numbers)):
        columns[name] = [told[row] for row in rows] if told is not None else pa.nulls(len(rows), pa.string())
    return columns


_KINDS = {"flag": "flags", "day": "days", "count": "counts", "years": "years", "open": "open"}
"""The kinds of facts beside words, as their sealed columns are prefixed, with the field of `Applicants`."""


def _said(facts: Mapping[str, Any], year: int) -> Applicants:
    """The applicants out of sealed columns: the inverse of `_facts`."""
    if "route" in facts:
        return _said_before(facts, year)
    of: dict[str, dict[str, Any]] = {kind: {} for kind in ("word", "of", *_KINDS)}
    for column, values in facts.items():
        kind, _, name = column.partition(":")
        if name:
            of[kind][name] = values
    words = {name: Words(codes, tuple(of["of"][name])) for name, codes in of["word"].items()}
    return Applicants(year, facts["male"], facts["born"], words, **{field: of[kind] for kind, field in _KINDS.items()})


def _said_before(facts: Mapping[str, Any], year: int) -> Applicants:
    """The applicants of parts sealed before notices could ask for facts of their own: a fixed column for each."""
    words = {"route": ROUTES, "level": LEVELS, "education": EDUCATIONS}
    flags = {name: facts[name] for name in ("non_public", "front_line", "postdoc_funded", "stays_in_region")}
    claimed = facts["epidemic_claim"]
    return Applicants(
        year,
        facts["male"],
        facts["born"],
        {name: Words(facts[name], told) for name, told in words.items()},
        flags,
        {name: facts[name] for name in ("transferred_on", "in_post_since")},
        {"recognition_years": facts["recognition_years"]},
        {"epidemic_years": np.where(claimed == NO, 0, facts["epidemic"]).astype(np.uint64)},
        {"epidemic_years": claimed == ASSERTED},
    )


def _sealed(purpose: str, columns: Mapping[str, Any]) -> bytes:
    """Columns as compressed Arrow streams (one for each length), encrypted."""
    by_length: dict[int, dict[str, Any]] = defaultdict(dict)
    for name, column in columns.items():
        by_length[len(column)][name] = column
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    for alike in by_length.values():
        table = pa.table(alike)
        with pa.ipc.new_stream(sink, table.schema, options=options) as stream:
            stream.write_table(table)
    return db.seal(sink.getvalue().to_pybytes(), key=db.keys().text, purpose=f"decision_part.{purpose}")


def _unsealed(purpose: str, sealed: bytes) -> dict[str, Any]:
    """The inverse of `_sealed`: numbers as arrays, words as lists."""
    plain = pa.BufferReader(db.unseal(bytes(sealed), key=db.keys().text, purpose=f"decision_part.{purpose}"))
    columns = {}
    while plain.tell() < plain.size():
        table = pa.ipc.open_stream(plain).read_all()
        for name, column in zip(table.column_names, table.columns, strict=True):
            columns[name] = column.to_pylist() if pa.types.is_string(column.type) else column.to_numpy()
    return columns


def digest(part: DecisionPart) -> str:
    """Keyed digest of a part.

    Over all of a part, keyed, since what is sealed is still short enough to be guessed from a plain digest.
    """
    names = ("year", "authority_id", "policy_id", "policy_digest", *(outcome.value for outcome in Outcome))
    said = db.canonical([getattr(part, name) for name in names])
    sealed = [hashlib.sha256(bytes(column)).hexdigest() for column in (part.facts, part.balances)]
    return db.blind_index("\n".join([said, *sealed])).hex()


def _run_digest(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def faults(session: Session) -> list[str]:
    """Check recorded decisions for tampering.

    What is wrong with the kept decisions: parts that were altered, runs that the trail tells otherwise.
    """
    found = []
    by_run: dict[int, list[str]] = defaultdict(list)
    for part in session.scalars(sa.select(DecisionPart).order_by(DecisionPart.id).execution_options(yield_per=10)):
        if digest(part) != part.digest:
            found.append(f"decisions {part.id * NUMBER} and following (run {part.run_id}) were altered")
        by_run[part.run_id].append(part.digest)
    told: dict[int, str] = dict(
        session.execute(
            sa.select(AuditEntry.record_id, AuditEntry.after).where(
                AuditEntry.event == audit.Event.ELIGIBILITY_DECIDED.value
            )
        ).all()
    )
    found += [
        f"decision run {run_id} is not what the audit trail says was decided"
        for run_id in sorted(by_run.keys() | told.keys())
        if run_id not in told or json.loads(told[run_id])["digest"] != _run_digest(by_run[run_id])
    ]
    return found


# --- what was decided -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A part laid open. `places`: which of its applications the actor may see."""

    part: DecisionPart
    run: DecisionRun
    facts: dict[str, Any]
    places: NDArray[np.intp]

    @property
    def applicants(self) -> Applicants:
        return _said(self.facts, self.part.year)

    @property
    def lines(self) -> Lines:
        columns = _unsealed("balances", self.part.balances)
        return Lines(tuple(columns.pop("subjects")), **columns)


def opened(part: DecisionPart, run: DecisionRun) -> _Part:
    """Decrypt a part: all of a part."""
    facts = _unsealed("facts", part.facts)
    return _Part(part, run, facts, np.arange(len(facts["row"])))


def _parts(session: Session, actor: Actor, *conditions: sa.ColumnElement[bool]) -> Iterator[_Part]:
    """The parts an actor may see something of.

    Officers see what their office decided and what was decided about the people in its charge; clerks and persons what
    was decided about theirs.
    """
    people = persons.visible_to(actor)
    query = sa.select(DecisionPart, DecisionRun).join(DecisionRun, DecisionRun.id == DecisionPart.run_id)
    query = query.where(*conditions).order_by(DecisionPart.id)
    if actor.role in access.OFFICERS:
        seen = access.visible(actor, organization=DecisionRun.organization_id, authority=DecisionPart.authority_id)
        for part, run in session.execute(query.where(seen)):
            yield opened(part, run)
        return
    owner = sa.orm.aliased(Person)
    theirs = (
        sa.select(DecisionPerson.part_id, DecisionPerson.place)
        .join(owner, owner.id == DecisionPerson.person_id)
        .join(Person, Person.id == owner.human_id)
        .where(people)
    )
    places: dict[int, list[int]] = defaultdict(list)
    for part_id, place in session.execute(theirs):
        places[part_id].append(place)
    for part, run in session.execute(query.where(DecisionPart.id.in_(places))):
        yield replace(opened(part, run), places=np.array(sorted(places[part.id]), np.intp))


def runs(session: Session, actor: Actor, *, limit: int | None = 50) -> pd.DataFrame:
    """Recorded runs (核验批次).

    Recorded runs of the actor's jurisdiction, newest first; of each, the decisions the actor may see.

    Columns: run_id, decided_at, decided_by, organization, applications, eligible, not_eligible, to_verify.
    """
    columns = ["run_id", "decided_at", "decided_by", "organization", "applications", *(each.value for each in Outcome)]
    if actor.role in access.OFFICERS:
        persons.visible_to(actor)
        counts = [sa.func.sum(getattr(DecisionPart, each.value)).label(each.value) for each in Outcome]
        seen = access.visible(actor, organization=DecisionRun.organization_id, authority=DecisionPart.authority_id)
        query = (
            sa.select(DecisionRun.id, DecisionRun.decided_at, DecisionRun.decided_by, Organization.name, *counts)
            .join(DecisionPart, DecisionPart.run_id == DecisionRun.id)
            .join(Organization, Organization.id == DecisionRun.organization_id)
            .where(seen)
            .group_by(DecisionRun.id, DecisionRun.decided_at, DecisionRun.decided_by, Organization.name)
            .order_by(DecisionRun.id.desc())
            .limit(limit)
        )
        lines = [(*row[:4], sum(row[4:]), *row[4:]) for row in session.execute(query)]
        return pd.DataFrame(lines, columns=columns)
    found: dict[int, list[Any]] = {}
    for each in _parts(session, actor):
        office = session.get_one(Organization, each.run.organization_id).name
        line = found.setdefault(
            each.run.id, [each.run.id, each.run.decided_at, each.run.decided_by, office, 0, 0, 0, 0]
        )
        counted = np.bincount(each.facts["outcome"][each.places], minlength=len(OUTCOMES)).tolist()
        line[4:] = [have + more for have, more in zip(line[4:], [sum(counted), *counted], strict=True)]
    return pd.DataFrame([found[run_id] for run_id in sorted(found, reverse=True)][:limit], columns=columns)


def decided(
    session: Session, actor: Actor, *, run_id: int | None = None, person_id: int | None = None, limit: int | None = 500
) -> pd.DataFrame:
    """Recorded decisions (存档结论).

    Recorded decisions the actor may see, of a run (in row order) or of a person (newest first).

    Columns: number, run_id, row, person_id (0: not on file), name, year, outcome (word), waiver, policy_id, decided_at,
    decided_by.
    """
    conditions = [DecisionPart.run_id == run_id] if run_id is not None else []
    records: list[int] = []
    if person_id is not None:
        records = _records(session, [person_id])["record"].tolist()
        whose = sa.select(DecisionPerson.part_id).where(DecisionPerson.person_id.in_(records))
        conditions.append(DecisionPart.id.in_(whose))
    lines = []
    for each in _parts(session, actor, *conditions):
        policy = policy_of(session, each.part)
        places = each.places
        if person_id is not None:
            places = places[np.isin(each.facts["person_id"][places], records)]
        lines += [
            (
                each.part.id * NUMBER + place,
                each.run.id,
                each.facts["row"][place],
                each.facts["person_id"][place],
                each.facts["name"][place],
                each.part.year,
                OUTCOMES[each.facts["outcome"][place]].label,
                rules.waiver_name(policy, int(each.facts["winner"][place])),
                each.part.policy_id,
                each.run.decided_at,
                each.run.decided_by,
            )
            for place in places[: limit if person_id is None else None].tolist()
        ]
    columns = "number run_id row person_id name year outcome waiver policy_id decided_at decided_by".split()
    frame = pd.DataFrame(lines, columns=columns)
    by = ["row", "number"] if person_id is None else "number"
    frame = frame.sort_values(by, ascending=person_id is None)[:limit].reset_index(drop=True)
    unnamed = frame["name"].isna()
    if unnamed.any():
        names = answers.described(session, actor, frame.loc[unnamed, "person_id"].tolist())["name"]
        frame.loc[unnamed, "name"] = names.to_numpy()
    return frame


def relied(session: Session, batch_id: int, actor: Actor, *, only: Collection[int] | None = None) -> pd.DataFrame:
    """Decisions that relied on hours (曾用到这些学时的结论).

    The decisions that may have relied on a batch (or on some lines of it), or on what a reversal took back.

    Columns: number, decided_at, organization (the office that decided), person_id, name and id_mask (as the batch has
    them), year, outcome (word), and credit_years, the years of the batch that the decision's window could include,
    joined by ;. Newest first. A window ends with the application year and may reach back any number of years (clause
    一(四)9), so that every decision of an entry's year or a later one, taken while the entry stood, could have counted
    it; unless a waiver asked for no hours at all. Those of other offices are among them, no matter who has the person:
    the office that takes hours back is the one to tell them. Refused codes: "role", "missing".
    """
    found, _ = statements.batch(session, batch_id, actor)
    posted = found if found.reverses_id is None else session.get_one(CreditBatch, found.reverses_id)
    back = (
        sa.select(CreditEntry.reverses_line, CreditBatch.posted_at, CreditBatch.id)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(CreditBatch.reverses_id == posted.id)
    )
    until: dict[Any, tuple[datetime, int]] = {line: (at, by) for line, at, by in session.execute(back)}
    if posted is not found:
        only = {line for line, (_at, by) in until.items() if by == found.id}
    entered = sa.select(CreditEntry.line, CreditEntry.year, CreditEntry.person_id, Person.human_id)
    entered = entered.join(Person, Person.id == CreditEntry.person_id).where(CreditEntry.batch_id == posted.id)
    stood: dict[int, list[tuple[int, datetime | None]]] = defaultdict(list)
    named: dict[int, int] = {}
    for line, year, person_id, human_id in session.execute(entered):
        if only is None or line in only:
            stood[human_id].append((year, until[line][0] if line in until else None))
            named[human_id] = person_id
    whose: dict[Any, Any] = {each.record: each for each in _records(session, list(named.values())).itertuples()}
    lines = []
    for each in _about(session, list(whose), DecisionRun.decided_at >= posted.posted_at):
        office = session.get_one(Organization, each.run.organization_id)
        places = each.places[_asks_hours(session, each)]
        for place, record in zip(places.tolist(), each.facts["person_id"][places].tolist(), strict=True):
            human_id, at, last = whose[record].human_id, each.run.decided_at, each.part.year
            counted = {year for year, gone in stood[human_id] if year <= last and (gone is None or at <= gone)}
            if counted:
                person = whose[named[human_id]]
                outcome = OUTCOMES[each.facts["outcome"][place]].label
                years = ";".join(map(str, sorted(counted)))
                number = each.part.id * NUMBER + place
                lines.append((number, at, office.name, record, person.name, person.id_mask, last, outcome, years))
    columns = "number decided_at organization person_id name id_mask year outcome credit_years".split()
    frame = pd.DataFrame(lines, columns=columns)
    return frame.sort_values("number", ascending=False).reset_index(drop=True)


def _about(session: Session, records: Sequence[int], *conditions: sa.ColumnElement[bool]) -> Iterator[_Part]:
    """The parts with decisions about these records, no matter who may see them; `places` are those about them."""
    places: dict[int, list[int]] = defaultdict(list)
    for start in range(0, len(records), 10_000):
        theirs = DecisionPerson.person_id.in_(records[start : start + 10_000])
        for part_id, place in session.execute(sa.select(DecisionPerson.part_id, DecisionPerson.place).where(theirs)):
            places[part_id].append(place)
    query = sa.select(DecisionPart, DecisionRun).join(DecisionRun, DecisionRun.id == DecisionPart.run_id)
    for part, run in session.execute(query.where(DecisionPart.id.in_(places), *conditions)):
        yield replace(opened(part, run), places=np.array(sorted(places[part.id]), np.intp))


def _asks_hours(session: Session, each: _Part) -> NDArray[np.bool_]:
    """Of the decisions in these places: whether any year's hours were asked for. A waiver may ask for none."""
    asks = np.ones(len(each.places), bool)
    waived = np.flatnonzero(each.facts["winner"][each.places] != rules.ORDINARY)
    if len(waived):
        own, rows = policy_of(session, each.part), each.places[waived]
        asks[waived] = each.lines.take(rows).decided(own, each.applicants.take(rows)).required != 0
    return asks


def _records(session: Session, person_ids: Sequence[int]) -> pd.DataFrame:
    """Every record that these humans are on file under. Columns: human_id, record, name and id_mask (the record's)."""
    rows: list[Any] = []
    for start in range(0, len(person_ids), 10_000):
        humans = sa.select(Person.human_id).where(Person.id.in_(person_ids[start : start + 10_000])).distinct()
        whose = under(Person, list(session.scalars(humans)))
        query = sa.select(Person.human_id, Person.id, Person.name, Person.id_number).where(whose)
        rows += session.execute(query).all()
    lines = [(human_id, record, name, resident_id.mask(number)) for human_id, record, name, number in rows]
    return pd.DataFrame(lines, columns=["human_id", "record", "name", "id_mask"]).drop_duplicates("record")


@dataclass(frozen=True)
class _Decision:
    """One kept decision laid open."""

    number: int
    part: DecisionPart
    run: DecisionRun
    application: Application
    facts: Applicant
    person_id: int | None
    outcome: Outcome
    winner: int
    lines: Lines


def kept_decision(session: Session, number: int, actor: Actor) -> _Decision:
    """Load one recorded decision."""
    part_id, place = divmod(number, NUMBER)
    for each in _parts(session, actor, DecisionPart.id == part_id):
        if place not in each.places:
            continue
        said, facts = each.facts, each.applicants.one(place)
        person_id = int(said["person_id"][place]) or None
        name, id_number = said["name"][place], said["id_number"][place]
        if name is None:
            person = session.get_one(Person, person_id)
            name, id_number = person.name, person.id_number
        row, cells = int(said["row"][place]), _cells(policy_of(session, each.part), name, id_number, facts)
        application = Application(row, name, id_number, cells, facts.year, facts=facts)
        outcome, winner = OUTCOMES[said["outcome"][place]], int(said["winner"][place])
        lines = each.lines.take(np.array([place]))
        return _Decision(number, each.part, each.run, application, facts, person_id, outcome, winner, lines)
    raise not_found("核验结论")


def policy_of(session: Session, part: DecisionPart) -> Policy:
    """Policy of a recorded decision: the very policy a decision stood on."""
    kept = session.get_one(DecisionPolicy, part.policy_digest)
    return notices.restored(kept.text)


@deed
def recorded_sheet(session: Session, number: int, *, actor: Actor) -> DecisionSheet:
    """Decision sheet of a recorded decision.

    The sheet of a recorded decision, from its own policy, facts and balances. Refused codes: "missing".
    """
    one = kept_decision(session, number, actor)
    made = sheet.drawn(
        session,
        one.application,
        policy_of(session, one.part),
        one.person_id,
        one.lines,
        until=one.run.decided_at,
    )
    return replace(made, decision_number=number, decided_at=one.run.decided_at, decided_by=one.run.decided_by)


def _cells(policy: Policy, name: str, number: str, facts: Applicant) -> dict[str, object]:
    """Facts as they would be written."""
    cells: dict[str, object] = {"name": name, "id_number": number, "year": facts.year, "route": facts.route}
    cells |= {"level": facts.level}
    cells |= {column: facts.facts.get(column, "") for column in ("education", "series")}
    for code, fact in policy.asked.items():
        value, open_ = facts.facts.get(code, ""), code in facts.open
        if fact.type == "flag" and value:
            value = "非公有制" if code == "non_public" else "是"
        elif fact.type == "years" and value:
            value = ";".join(map(str, value))
        cells[code] = f"{value}（待核验）" if open_ and value else value
    return cells
