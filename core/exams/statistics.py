"""How items and people did (考试分析): difficulty, discrimination, distractors; who sat, who passed.

Item statistics are those of classical test theory. Difficulty (难度) is the share of the points earned; discrimination
(区分度) the difference of that share between the upper and the lower 27 percent by score (Kelley); below 0.2 an item
hardly tells those who know from those who do not (Ebel). Few papers say little: flags begin at `ENOUGH`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import passing
from core.exams import bank, exams
from core.exams.blueprints import bits, marks
from core.ground.access import Actor
from core.models import BankItem, ExamPaper, ExamQuestion, ItemEdition, ItemState, Organization, Person

ENOUGH = 30
"""Papers that an item must be in before anything is said against it."""
TAIL = 0.27
TOO_HARD, TOO_EASY, WEAK = 0.2, 0.95, 0.2


@dataclass(frozen=True)
class Option:
    """How often an option was chosen (选项分布)."""

    text: str
    right: bool
    chosen: int
    upper: int
    """By those of the upper tail."""
    lower: int


@dataclass(frozen=True)
class Statistics:
    """How an edition of an item did (试题分析)."""

    item_id: int
    edition_id: int
    edition: int
    kind: str
    stem: str
    state: ItemState
    papers: int
    difficulty: float
    """Share of the points earned, 0 to 1: high is easy."""
    discrimination: float | None
    """None: too few papers, or all of one score."""
    options: tuple[Option, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """What is to be looked at (可疑之处), in words."""
        if self.papers < ENOUGH or self.state is ItemState.VOID:
            return ()
        found = []
        if self.discrimination is not None and self.discrimination < 0:
            found.append("得分高的人反而答错的多，请核对答案")
        elif self.discrimination is not None and self.discrimination < WEAK and self.difficulty <= TOO_EASY:
            found.append("区分度低")
        if self.difficulty < TOO_HARD:
            found.append("答对的很少，请核对答案和题干")
        elif self.difficulty > TOO_EASY:
            found.append("几乎人人答对")
        best = max((each.upper for each in self.options if each.right), default=0)
        for each in self.options:
            if not each.right and each.upper > best:
                found.append(f"得分高的人多选“{each.text[:12]}”")
            elif not each.right and each.chosen == 0:
                found.append(f"没有人选“{each.text[:12]}”")
        return tuple(found)


def of_exam(session: Session, exam_id: int, actor: Actor) -> list[Statistics]:
    """How each item of an exam did, in the attempts handed in; the doubtful first. Refused codes: "missing"."""
    exam = exams.one(session, exam_id, actor)
    query = (
        sa.select(
            ExamQuestion.paper_id,
            ExamQuestion.edition_id,
            ExamQuestion.shuffled,
            ExamQuestion.chosen,
            ExamPaper.score,
        )
        .join(ExamPaper, ExamPaper.id == ExamQuestion.paper_id)
        .where(ExamPaper.exam_id == exam.id, ExamPaper.handed_in_at.is_not(None))
    )
    answers = pd.DataFrame(session.execute(query).all(), columns=["paper", "edition", "shuffled", "chosen", "score"])
    if answers.empty:
        return []
    answers["score"] = answers["score"].astype(float)
    held = sa.select(ItemEdition, BankItem.state).join(BankItem, BankItem.id == ItemEdition.item_id)
    wanted = [int(each) for each in answers["edition"].unique()]
    found = []
    parts = {number: part for number, part in answers.groupby("edition")}  # noqa: C416  groupby is no mapping
    for edition, state in session.execute(held.where(ItemEdition.id.in_(wanted))):
        found.append(_of_edition(edition, state, parts[edition.id]))
    return sorted(found, key=lambda each: (-len(each.flags), each.difficulty, each.item_id))


def _of_edition(edition: ItemEdition, state: ItemState, answers: pd.DataFrame) -> Statistics:
    item = bank.as_item(edition)
    right = bits(item.right)
    chosen = [_in_item(shown, each) for shown, each in zip(answers["shuffled"], answers["chosen"], strict=True)]
    earned = np.array([float(marks(item.kind, right, each, Decimal(1), half_marks=False)) for each in chosen])
    scores = answers["score"].to_numpy()
    upper, lower = _tails(scores)
    told = None if upper is None or lower is None else float(earned[upper].mean() - earned[lower].mean())
    options = []
    for at, (text, is_right) in enumerate(item.options):
        took = np.array([each >> at & 1 for each in chosen], bool)
        ends = [int(took[tail].sum()) if tail is not None else 0 for tail in (upper, lower)]
        options.append(Option(text, is_right, int(took.sum()), *ends))
    return Statistics(
        edition.item_id,
        edition.id,
        edition.number,
        item.kind.label,
        item.stem,
        state,
        len(answers),
        float(earned.mean()),
        told,
        tuple(options),
    )


def _in_item(shown: str, chosen: Any) -> int:
    """Options chosen, from their places as shown to those in the item, in bits."""
    if chosen is None or chosen != chosen:
        return 0
    return bits(int(place) for at, place in enumerate(shown) if int(chosen) >> at & 1)


def _tails(scores: Any) -> tuple[Any, Any]:
    """Which papers are the upper and the lower 27 percent by score; None where there are not two such groups."""
    size = round(len(scores) * TAIL)
    if size < 1 or scores.max() == scores.min():
        return None, None
    order = np.argsort(scores, kind="stable")
    return order[-size:], order[:size]


def people(session: Session, exam_id: int, actor: Actor) -> pd.DataFrame:
    """Who sat an exam (考试成绩), the best attempt of each: who has not passed first. Refused codes: "missing".

    Columns: person_id, name, employer, attempts, score, passed, at (of that attempt), unposted (why the hours of who
    passed do not stand, in words), paper_id.
    """
    exam = exams.one(session, exam_id, actor)
    query = (
        sa.select(
            Person.id.label("person_id"),
            Person.name,
            sa.func.coalesce(Organization.name, Person.employer_name).label("employer"),
            ExamPaper.id.label("paper_id"),
            ExamPaper.number.label("attempts"),
            ExamPaper.score,
            ExamPaper.passed,
            ExamPaper.handed_in_at.label("at"),
            ExamPaper.unposted,
        )
        .join(Person, Person.id == ExamPaper.person_id)
        .outerjoin(Organization, Organization.id == Person.employer_id)
        .where(ExamPaper.exam_id == exam.id, ExamPaper.handed_in_at.is_not(None))
        .order_by(ExamPaper.id)
    )
    rows = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    if rows.empty:
        return rows
    attempts = rows.groupby("person_id")["attempts"].max()
    rows["ranked"] = rows["score"].astype(float) + rows["passed"].astype(float) * 1000
    best = rows.sort_values(["ranked", "paper_id"]).groupby("person_id").tail(1).copy()
    best["attempts"] = best["person_id"].map(attempts)
    there = passing.credited(session, exam.course_id, [int(each) for each in best["person_id"]])
    gone = best["passed"].astype(bool) & (best["unposted"] == "") & ~best["person_id"].isin(there)
    best.loc[gone, "unposted"] = "学时已冲销。"
    best.loc[best["person_id"].isin(there), "unposted"] = ""
    return best.sort_values(["passed", "name", "person_id"]).drop(columns="ranked").reset_index(drop=True)


def attempts(session: Session, exam_id: int, person_id: int, actor: Actor) -> list[ExamPaper]:
    """Every attempt of somebody at an exam that was handed in (各次答卷), the first first. Refused codes: "missing"."""
    exam = exams.one(session, exam_id, actor)
    query = sa.select(ExamPaper).where(ExamPaper.exam_id == exam.id, ExamPaper.person_id == person_id)
    return list(session.scalars(query.where(ExamPaper.handed_in_at.is_not(None)).order_by(ExamPaper.id)))


@dataclass(frozen=True)
class Count:
    """An exam in figures (考试情况), in people."""

    sat: int
    passed: int
    writing: int
    """Whose paper is open now."""
    unposted: int
    """Passed, and their hours do not stand: refused, or taken back since."""
    refused: int
    """Of these the ones that were refused: what `papers.credit_again` asks again, all at once."""


def count(session: Session, exam_id: int, actor: Actor) -> Count:
    """How many sat and passed (考试情况). Refused codes: "missing"."""
    exam = exams.one(session, exam_id, actor)

    def number(*which: Any) -> int:
        query = sa.select(sa.func.count(sa.distinct(ExamPaper.person_id))).where(ExamPaper.exam_id == exam.id, *which)
        return session.scalar(query) or 0

    passed = sa.select(ExamPaper.person_id, sa.func.max(ExamPaper.unposted)).group_by(ExamPaper.person_id)
    passed = passed.where(ExamPaper.exam_id == exam.id, ExamPaper.passed.is_(True))
    said: dict[int, str] = dict(session.execute(passed).all())
    open_ = said.keys() - passing.credited(session, exam.course_id, list(said))
    return Count(
        number(ExamPaper.handed_in_at.is_not(None)),
        len(said),
        number(ExamPaper.handed_in_at.is_(None)),
        len(open_),
        sum(bool(said[each]) for each in open_),
    )
