"""The exam of the demonstration's course: a bank of items in own words, a shorter paper, open to who has studied."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.exams import bank, blueprints, exams, formats, papers
from core.ground.access import Actor, Role
from core.models import Course, Exam, ExamPaper, ExamQuestion, ItemEdition, Organization, Person

ITEMS = Path(__file__).parent / "items.gift"
PAPER = "单选10×5、多选5×6、判断5×4"


def hold(session: Session, course: Course, *, clerk: Actor, reviewer: Actor, now: datetime) -> Exam:
    """Fill the bank of who gives a course, and make and publish its exam (演示考试)."""
    found = formats.read(ITEMS.read_bytes(), ITEMS.name)
    assert not found.problems
    assert all(item.difficulty for item in found.items)
    bank.take_in(session, found.items, actor=clerk, now=now)
    form = replace(exams.begun(session, course), blueprint=blueprints.said(PAPER), minutes=30)
    exam = exams.save(session, course.id, form, version=0, actor=clerk, now=now)
    exams.offer(session, exam.id, version=exam.version, actor=clerk, now=now)
    return exams.publish(session, exam.id, version=exam.version, actor=reviewer, now=now)


@dataclass
class Sitter:
    """Somebody who sits the exam, knowing so much of it; the answers are put where a browser would have sent them."""

    session: Session
    course: Course
    person_id: int
    rng: Random
    paper: ExamPaper = field(init=False)

    @property
    def actor(self) -> Actor:
        person = self.session.get_one(Person, self.person_id)
        home = self.session.get_one(Organization, person.authority_id)
        return Actor(None, person.name, Role.PERSON, home.id, home.name, home.kind, person.id)

    def start(self, now: datetime) -> None:
        self.paper = papers.start(
            self.session, self.course.id, seed=self.rng.randrange(2**30), actor=self.actor, now=now
        )

    def hand_in(self, now: datetime, *, knows: float) -> None:
        """`knows`: of how many of the questions the right answer is known."""
        asked = sa.select(ExamQuestion, ItemEdition).join(ItemEdition, ItemEdition.id == ExamQuestion.edition_id)
        rows = self.session.execute(asked.where(ExamQuestion.paper_id == self.paper.id).order_by(ExamQuestion.place))
        known = {place for place in range(1, 1000) if self.rng.random() < knows}
        for question, edition in rows.all():
            item = bank.as_item(edition)
            fits = [at for at, place in enumerate(question.shuffled) if item.options[int(place)][1]]
            guess = [self.rng.randrange(len(question.shuffled))]
            question.chosen = blueprints.bits(fits if question.place in known else guess)
            question.sequence, question.answered_at = question.place, now
        papers.hand_in(self.session, self.paper.id, actor=self.actor, now=now)
