"""A void item (试题作废): every paper that holds it is graded anew, and hours follow by entries and reversals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import passing
from core.exams import bank, papers
from core.ground import db
from core.ground.access import Actor, Labelled, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.models import BankItem, Exam, ExamPaper, ExamQuestion, ItemEdition, ItemState
from core.trail import audit


@audit.events
class Event(Labelled):
    """What grades papers anew, in the trail."""

    VOIDED = "item.voided", "试题作废"
    REINSTATED = "item.reinstated", "撤销试题作废"


@dataclass(frozen=True)
class Regraded:
    """What a void item leads to (作废的后果)."""

    papers: int
    """Handed in, with the item."""
    changed: int
    """Of them those whose score is another now."""
    passing: int
    """People who have passed now and had not."""
    failing: int
    """People who had passed and have not now."""
    posted: Decimal
    """Hours posted to them."""
    taken_back: Decimal

    @property
    def words(self) -> str:
        """Summary for the confirmation dialog and for the result message (作废后果)."""
        if not self.papers:
            return "还没有人交过含这道题的试卷，只是今后不再抽到。"
        said = f"重新评阅{self.papers}份试卷，{self.changed}份得分有变化；新及格{self.passing}人"
        said += f"，记{hours_text(self.posted)}学时" if self.passing else ""
        said += f"；不再及格{self.failing}人"
        return said + (f"，冲销{hours_text(self.taken_back)}学时。" if self.failing else "。")


@deed
def void(
    session: Session, item_id: int, voided: bool, *, version: int, actor: Actor, reason: str, now: datetime
) -> Regraded:
    """Void an item that is wrong itself (试题作废), or take that back: one deed over every paper that holds it.

    How it counts from then on, the notice settles (`exam_void`). Papers still being written are graded so when they are
    handed in. Refused codes: "role", "missing", "jurisdiction", "stale", "state" (it is so already), "reason".
    """
    require(actor, Role.REVIEWER)
    said = bank.reasoned(reason)
    kept = session.scalar(sa.select(BankItem).where(BankItem.id == item_id, bank.seen_by(actor)))
    if kept is None:
        raise not_found("试题")
    if kept.version != version:
        raise Refused("stale", "这道题刚刚有人改过，您的操作没有执行，请查看最新内容。")
    if (kept.state is ItemState.VOID) == voided:
        raise Refused("state", "这道题已经作废。" if voided else "这道题没有作废。")
    kept.state = ItemState.VOID if voided else ItemState.PAUSED
    kept.remark, kept.changed_at = said if voided else "", now
    session.flush()
    done = _graded_anew(session, kept, said, now)
    told = {"papers": done.papers, "changed": done.changed, "passing": done.passing, "failing": done.failing}
    event = Event.VOIDED if voided else Event.REINSTATED
    audit.record(session, event, kept, actor=actor, after=told, reason=said, now=now)
    return done


@deed
def foreseen(session: Session, item_id: int, voided: bool, *, version: int, actor: Actor, now: datetime) -> Regraded:
    """Foresee what `void` leads to (作废预览), by doing it and undoing it. Refused as `void`, but for the reason."""
    with db.rehearsed(session):
        return void(session, item_id, voided, version=version, actor=actor, reason="—", now=now)


def _graded_anew(session: Session, item: BankItem, reason: str, now: datetime) -> Regraded:
    """Grade every paper anew that holds an item, and have the hours follow, exam by exam."""
    holding = sa.select(ExamQuestion.paper_id).join(ItemEdition, ItemEdition.id == ExamQuestion.edition_id)
    query = sa.select(ExamPaper).where(
        ExamPaper.id.in_(holding.where(ItemEdition.item_id == item.id)), ExamPaper.handed_in_at.is_not(None)
    )
    touched = session.scalars(query.order_by(ExamPaper.id).with_for_update()).all()
    before = _passed(session, touched)
    changed = 0
    for paper in touched:
        score, passed = papers.regrade(session, paper)
        changed += score != paper.score
        paper.score, paper.passed = score, passed
        paper.unposted = paper.unposted if passed else ""
    session.flush()
    after = _passed(session, touched)
    posted = taken = Decimal()
    for exam in session.scalars(sa.select(Exam).where(Exam.id.in_({paper.exam_id for paper in touched}))).all():
        course = exam.course_id
        won = {person for at, person in after - before if at == exam.id}
        lost = {person for at, person in before - after if at == exam.id}
        if lost:
            standing = passing.credited(session, course, sorted(lost))
            passing.take_back(session, course, sorted(lost), reason=f"试题作废后重新评阅：{reason}"[:170], now=now)
            taken += len(standing) * exam.course.hours
        if won:
            earlier = passing.credited(session, course, sorted(won))
            mine = [paper for paper in touched if paper.exam_id == exam.id and paper.passed and paper.person_id in won]
            papers.credit(session, exam, mine, now=now)
            posted += len(passing.credited(session, course, sorted(won)) - earlier) * exam.course.hours
    return Regraded(len(touched), changed, len(after - before), len(before - after), posted, taken)


def _passed(session: Session, touched: Sequence[ExamPaper]) -> set[tuple[int, int]]:
    """Who of the people of these papers has passed, by exam: by whichever of their attempts."""
    people = {paper.person_id for paper in touched}
    query = sa.select(ExamPaper.exam_id, ExamPaper.person_id).where(
        ExamPaper.exam_id.in_({paper.exam_id for paper in touched}), ExamPaper.passed.is_(True)
    )
    return {(exam, person) for exam, person in session.execute(query.distinct()) if person in people}
