"""What is announced before a click is what happens: every deed is rehearsed, done, and held against the books."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused
from core.ground.resident_id import sex
from core.ledger import books, checks, years
from core.ledger.consequences import Consequence
from core.models import Card, CreditBatch, CreditEntry, Movement, Person, Submission
from core.people import acts
from core.records import cards
from core.submissions import claims, reports, workflow
from core.submissions.workflow import Action, Remark
from core.trail.files import Upload
from tests import cast as c

CASES = int(os.environ.get("CE_CASES", "60")) // 2
"""Random deeds on each of the two databases; CE_CASES=500 for a long look."""
YEARS = (2022, 2023, 2024)


class Office:
    """An office in which anything may happen: each deed is foreseen, then done, and both answers are compared."""

    def __init__(self, seed: int) -> None:
        self.cast, self.dice, self.told, self.numbered = c.assemble(), random.Random(seed), 0, 0

    def both(self, ask: Callable[[Session], Consequence], do: Callable[[Session], Consequence]) -> Consequence | None:
        """Foresee, then do; answers what happened, None where both were refused in the same words."""
        marks = self.marks()
        try:
            with db.rehearsal() as session:
                foreseen: Consequence | Refused = ask(session)
        except Refused as refused:
            foreseen = refused
        assert self.marks() == marks, "a rehearsal left something behind"
        complete, held = self.complete(), self.holding()
        try:
            with db.transaction() as session:
                happened = do(session)
        except Refused as refused:
            told = isinstance(foreseen, Refused) and (foreseen.code, foreseen.words) == (refused.code, refused.words)
            if not told:
                raise
            return None
        assert foreseen == happened
        now_complete = self.complete()
        humans = [{human for human, _ in some} for some in (now_complete - complete, complete - now_complete)]
        assert [happened.completing, happened.falling] == list(map(len, humans))
        assert happened.cards_revoked == len(held - self.holding())
        self.told += 1
        return happened

    def move(self, submission: Submission, action: Action, by: str, **said: Any) -> Consequence | None:
        with db.reading() as session:
            version = session.scalars(sa.select(Submission.version).where(Submission.id == submission.id)).one()
        act: Any = {"version": version, "actor": self.cast[by], "now": c.AFTER} | said
        return self.both(
            lambda s: workflow.foreseen(s, submission.id, action, **act),
            lambda s: workflow.move(s, submission.id, action, **act)[1],
        )

    def number(self) -> int:
        self.numbered += 1
        return self.numbered

    def marks(self) -> list[Any]:
        tables = (Movement.id, CreditBatch.id, Person.id, Submission.id)
        with db.reading() as session:
            audit = session.execute(sa.text("SELECT count(*) FROM audit_entry")).one()
            sums = session.execute(sa.text("SELECT count(*), sum(hours) FROM credit_total")).one()
            versions = session.scalar(sa.select(sa.func.sum(Submission.version)))
            counts = [session.scalar(sa.select(sa.func.count(each))) for each in tables]
        return [*counts, versions, *audit, *sums]

    def complete(self) -> set[tuple[int, int]]:
        """Who has what which year requires, person by person, as the look-up says it."""
        with db.reading() as session:
            humans = session.scalars(sa.select(Person.id).where(Person.merged_into_id.is_(None))).all()
            return {
                (human, each.year)
                for human in humans
                for year in YEARS
                for each in years.of(session, human, year, [year]).years
                if each.complete
            }

    def holding(self) -> set[str]:
        """The cards that hold, as anybody who asks is told."""
        with db.reading() as session:
            codes = session.scalars(sa.select(Card.code)).all()
            found = {code: cards.verification(session, code) for code in codes}
        return {code for code, each in found.items() if each is not None and each.revoked is None}

    # --- what may happen

    def report(self) -> None:
        offered = self.dice.choice([(), YEARS])
        plan = c.file_plan(self.cast, title=f"第{self.number()}期", credit_years=offered)
        with db.transaction() as session:
            found = session.get_one(Submission, plan.id)
            act = {"version": found.version, "actor": self.cast["reviewer"], "now": c.NOW}
            told = workflow.foreseen(session, plan.id, Action.APPROVE, **act)
            assert workflow.move(session, plan.id, Action.APPROVE, **act)[1] == told
        people = self.dice.choices(range(1, 13), k=self.dice.randint(2, 9))
        rows = [self.row(serial, self.dice.choice([*offered, "" if not offered else 2024])) for serial in people]
        fields = reports.ReportFields(plan.start_on, plan.end_on, "培训按计划完成。")
        given = Upload("花名册.xlsx", c.sheet(rows))
        with db.transaction() as session:
            saving: Any = {"actor": self.cast["base"], "now": c.AFTER}
            filed, _ = reports.save(session, plan.id, fields, announcement=c.ANNOUNCEMENT, roster_file=given, **saving)
        announced = self.move(filed, Action.SUBMIT, "base")
        if announced is None:
            return
        action = self.dice.choices([Action.APPROVE, Action.RETURN, Action.REJECT], [6, 1, 1])[0]
        wanting = [Remark("hours", row) for row in range(3, 3 + len(rows)) if self.dice.random() < 0.1]
        posted = self.move(filed, action, "reviewer", reason="已核对", remarks=wanting)
        if posted is None or action is not Action.APPROVE or wanting:
            return
        if self.dice.random() < 0.3:
            taken = self.move(filed, Action.UNDO, "reviewer")
            assert taken is None or (taken.people, taken.hours) == (posted.people, -posted.hours)
            if taken is not None:
                posted = self.move(filed, Action.APPROVE, "reviewer") or posted
        same = "people", "hours", "years", "left_out"
        assert [getattr(posted, name) for name in same] == [getattr(announced, name) for name in same]
        with db.reading() as session:
            whose = (
                sa.select(Person.human_id)
                .join(CreditEntry, CreditEntry.person_id == Person.id)
                .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
                .where(CreditBatch.submission_id == filed.id)
            )
            assert posted.people == len(set(session.scalars(whose)))

    def row(self, serial: int, year: int | str) -> list[Any]:
        number, dice = c.id_number(serial), self.dice
        cells: dict[str, Any] = {"professional_hours": dice.choice([24, 24, 24, 16, 8, 0, 23.7])}
        if dice.random() < 0.1:
            cells["id_number"] = number[:-1]
        if dice.random() < 0.1:
            cells["assessment"] = "不合格"
        if dice.random() < 0.1:
            cells["sex"] = "男" if sex(number) == "女" else "女"
        return c.row(serial, **cells, credit_year=year)

    def claim(self) -> None:
        serial = self.on_file()
        if serial is None:
            return
        day = date(2024, 1, 2) + timedelta(days=self.dice.randint(0, 100))
        fields: dict[str, Any] = {"activity": "技能培训", "start_on": day, "completed_on": day + timedelta(days=9)}
        fields |= {"title": f"第{self.number()}号证书", "amount": Decimal(self.dice.choice([8, 40, 60]))}
        try:
            claim = c.file_claim(self.cast, serial, **fields)
        except Refused:
            return
        if self.dice.random() < 0.5:
            with db.transaction() as session:
                act = {"version": claim.version, "actor": self.cast["reviewer"], "now": c.AFTER}
                claims.grant(session, claim.id, Decimal(self.dice.choice([4, 8])), **act)
        self.move(claim, Action.APPROVE, "reviewer", reason=self.dice.choice(["属实", ""]))

    def reversal(self) -> None:
        with db.reading() as session:
            batches = session.execute(sa.select(CreditBatch.id, CreditBatch.entries)).all()
        if not batches:
            return
        batch_id, entries = self.dice.choice(batches)
        lines = self.dice.choice([None, self.dice.sample(range(1, entries + 1), self.dice.randint(1, entries))])
        act: Any = {"actor": self.cast["reviewer"], "now": c.AFTER, "lines": lines}
        self.both(
            lambda s: books.foreseen(s, batch_id, **act),
            lambda s: books.reverse(s, batch_id, reason="重复登记", **act)[1],
        )

    def card(self) -> None:
        with db.reading() as session:
            people = session.scalars(sa.select(Person.id)).all()
        if people:
            with db.transaction() as session:
                who, year = self.dice.choice(people), self.dice.choice(YEARS)
                try:
                    cards.issue(session, who, year, actor=self.cast["reviewer"], now=c.AFTER)
                except Refused as refused:
                    assert refused.code == "empty"  # noqa: PT017

    def merge(self) -> None:
        with db.transaction() as session:
            people = session.scalars(sa.select(Person).where(Person.merged_into_id.is_(None))).all()
            if len(people) < 4:
                return
            stays, duplicate = self.dice.sample(people, 2)
            versions = {"version": stays.version, "duplicate_version": duplicate.version, "reason": "同一人"}
            proof = Upload("证明.pdf", b"%PDF-1.4 synthetic")
            try:
                who: Any = {"actor": self.cast["admin"], "now": c.AFTER, "evidence": proof}
                acts.merge(session, stays.id, duplicate.id, **versions, **who)
            except Refused as refused:
                assert refused.code == "chain"  # noqa: PT017

    def on_file(self) -> int | None:
        with db.reading() as session:
            known = set(session.scalars(sa.select(Person.id_index)))
        serials = [serial for serial in range(1, 13) if db.blind_index(c.id_number(serial)) in known]
        return self.dice.choice(serials) if serials else None


def test_what_is_announced_is_what_happens(database: str) -> None:
    office = Office(seed=20240603)
    deeds = (office.report, office.claim, office.reversal, office.card, office.merge)
    for _ in range(10 * CASES):
        (deed,) = office.dice.choices(deeds, [6, 3, 4, 3, 1])
        deed()
        if office.told >= CASES:
            break
    assert office.told >= CASES, "hardly anything happened"
    with db.reading() as session:
        assert checks.faults(session) == []


def test_who_stands_in_a_roster_under_two_numbers_is_one_before_and_after(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(serial, professional_hours=18) for serial in (1, 2)]))
    plan = c.file_plan(cast, title="第二期")
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([c.row(1), c.row(2), c.row(3)]))
    ids = [c.person_id(serial) for serial in (1, 2)]
    with db.transaction() as session:  # found out after the roster was checked
        versions = {"version": 1, "duplicate_version": 1, "reason": "同一人", "evidence": c.CERTIFICATE}
        acts.merge(session, *ids, **versions, actor=cast["admin"], now=c.AFTER)  # type: ignore[arg-type]
        exam = [books.Posting(ids[0], 2024, "public", Decimal(30), date(2024, 5, 6))]
        books.post(session, exam, basis="公需", actor=cast["reviewer"], now=c.AFTER)
    with db.transaction() as session:
        act: Any = {"version": report.version, "actor": cast["reviewer"], "now": c.AFTER}
        told = workflow.foreseen(session, report.id, Action.APPROVE, **act)
        assert workflow.move(session, report.id, Action.APPROVE, **act)[1] == told
    assert (told.people, told.hours, told.completing) == (2, 72, 1)  # 36 and 48 hours are one person's 84
    assert told.words.startswith("为2人登记72学时")


def test_a_form_that_is_not_filled_in_yet_is_foreseen_and_what_is_written_counts(office: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, headcount=1)
    c.approve(cast, plan.id)
    c.posted(cast, c.sheet([c.row(1)]), title="另一期")
    people = [c.row(serial) for serial in range(1, 4)]
    with db.transaction() as session:
        fields = reports.ReportFields(plan.start_on, plan.end_on, "按计划完成。", over_plan_reason="报名的人多")
        given = {"announcement": c.ANNOUNCEMENT, "roster_file": Upload("a.xlsx", c.sheet(people))}
        report, _ = reports.save(session, plan.id, fields, **given, actor=cast["base"], now=c.AFTER)
    late = c.AFTER + timedelta(days=30)

    def foreseen(action: Action, by: str, **said: Any) -> Consequence:
        with db.rehearsal() as session:
            version = workflow.one(session, report.id, cast[by]).version
            return workflow.foreseen(session, report.id, action, version=version, actor=cast[by], now=late, **said)

    told = foreseen(Action.SUBMIT, "base")
    assert (told.late, told.people, told.hours, told.years) == (True, 3, 72, (2024,))
    assert told.over_plan == "批准1人，名单3人；批准合计24学时，名单合计72学时"
    with pytest.raises(Refused, match="late"):
        foreseen(Action.SUBMIT, "base", reason=" ")
    with db.transaction() as session:
        act: Any = {"version": report.version, "actor": cast["base"], "reason": "讲师生病", "now": late}
        assert workflow.move(session, report.id, Action.SUBMIT, **act)[1] == told
    told = foreseen(Action.APPROVE, "reviewer")
    assert (told.people, told.double, told.over_plan) == (3, 1, "批准1人，名单3人；批准合计24学时，名单合计72学时")
    assert told.confirm == f"超出批准的计划：{told.over_plan}"
    assert told.facts[:3] == [("人数", "3人"), ("登记学时", "72"), ("学时年度", "2024")]
    with pytest.raises(Refused, match="confirm"):
        foreseen(Action.APPROVE, "reviewer", confirmed="")
    with pytest.raises(Refused, match="role"):
        foreseen(Action.APPROVE, "base")
    with pytest.raises(Refused, match="reason"):
        foreseen(Action.RETURN, "reviewer", reason="")
    assert foreseen(Action.RETURN, "reviewer") == Consequence()


def test_a_rehearsal_keeps_nothing_even_of_a_transaction_that_goes_on(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    before = c.everything()
    with db.rehearsal() as session:
        workflow.move(session, plan.id, Action.APPROVE, version=plan.version, actor=cast["reviewer"], now=c.NOW)
        session.flush()
    assert c.everything() == before
    with db.transaction() as session:
        act: Any = {"version": plan.version, "actor": cast["reviewer"], "now": c.NOW}
        workflow.foreseen(session, plan.id, Action.APPROVE, **act)
        with pytest.raises(Refused), db.rehearsed(session):
            workflow.move(session, plan.id, Action.RETURN, **act)
    assert c.everything() == before
