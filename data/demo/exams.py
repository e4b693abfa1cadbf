"""The exam of the demonstration's course: a bank of items in own words, a shorter paper, open to who has studied."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from core.exams import bank, blueprints, exams, formats
from core.ground.access import Actor
from core.models import Course, Exam

ITEMS = Path(__file__).parent / "items.gift"
PAPER = "单选10×5、多选5×6、判断5×4"


def hold(session: Session, course: Course, *, clerk: Actor, reviewer: Actor, now: datetime) -> Exam:
    """Fill the bank of who gives a course, and make and publish its exam (演示考试)."""
    found = formats.read(ITEMS.read_bytes(), ITEMS.name)
    assert not found.problems
    bank.take_in(session, found.items, actor=clerk, now=now)
    form = replace(exams.begun(session, course), blueprint=blueprints.said(PAPER), minutes=30)
    exam = exams.save(session, course.id, form, version=0, actor=clerk, now=now)
    exams.offer(session, exam.id, version=exam.version, actor=clerk, now=now)
    return exams.publish(session, exam.id, version=exam.version, actor=reviewer, now=now)
