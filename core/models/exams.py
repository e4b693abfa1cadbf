"""Exams of the public subject (公需考试, clause 一(二)1): bank of items, exams of courses, papers, answers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.ground.access import Labelled
from core.ground.db import Hours, Moment
from core.models.base import APPEND_ONLY, Base, codes
from core.models.courses import Course, Enrolment, UncountedTime
from core.models.submissions import Submission


class ItemKind(Labelled):
    """题型."""

    SINGLE = "single", "单选题"
    MULTIPLE = "multiple", "多选题"
    TRUE_FALSE = "true_false", "判断题"


class Difficulty(Labelled):
    """难度, as whoever wrote the item thinks of it; how hard it proved is counted from answers."""

    EASY = "easy", "易"
    MIDDLE = "middle", "中"
    HARD = "hard", "难"


class ItemState(Labelled):
    """Whether an item is drawn (试题状态)."""

    IN_USE = "in_use", "在用"
    PAUSED = "paused", "停用"
    """Drawn no more; papers that hold it count as they did."""
    VOID = "void", "作废"
    """Wrong itself: every paper that holds it was graded anew without it."""


class ExamState(Labelled):
    """The life of an exam (考试状态)."""

    DRAFT = "draft", "编制中"
    OFFERED = "offered", "待发布"
    OPEN = "open", "已发布"


class BankItem(Base):
    """题库中的一道试题: whose it is, and which of its editions is drawn now."""

    __tablename__ = "bank_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """Whose bank it is in: 人事考试院, or a league's own office."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    text_key: Mapped[str] = mapped_column(sa.String(40))
    """What it says, digested (`Item.text_key`): the same one is not in a bank twice."""
    name_key: Mapped[str] = mapped_column(sa.String(110), default="")
    """What files call it (`Item.name_key`); "": by no name."""
    edition: Mapped[int] = mapped_column(default=1)
    """第几版, the one that is drawn."""
    state: Mapped[ItemState] = mapped_column(codes(ItemState), default=ItemState.IN_USE)
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it was paused or voided."""
    version: Mapped[int] = mapped_column(default=1)
    """Goes up by one with every change; who acts names the version seen."""
    changed_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.UniqueConstraint("organization_id", "text_key"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ItemEdition(Base):
    """一道试题的一版: what was asked; a paper holds the edition it was drawn with."""

    __tablename__ = "item_edition"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("bank_item.id"))
    number: Mapped[int]
    kind: Mapped[ItemKind] = mapped_column(codes(ItemKind))
    stem: Mapped[str] = mapped_column(sa.Text)
    options: Mapped[str] = mapped_column(sa.Text)
    """JSON: a list of [text, whether it is right]."""
    explanation: Mapped[str] = mapped_column(sa.Text)
    difficulty: Mapped[Difficulty | None] = mapped_column(codes(Difficulty))
    topic: Mapped[str] = mapped_column(sa.String(60))
    points: Mapped[Decimal | None] = mapped_column(Hours)
    """分值 as the file had it; a paper goes by its blueprint."""
    reference: Mapped[str] = mapped_column(sa.String(100))
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.UniqueConstraint("item_id", "number"), {"info": APPEND_ONLY})


class Exam(Base):
    """一门课程的考试: how papers are drawn, when, and what passes."""

    __tablename__ = "exam"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"), unique=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    blueprint: Mapped[str] = mapped_column(sa.Text)
    """组卷方案, JSON (`blueprints.Blueprint`)."""
    minutes: Mapped[int]
    pass_mark: Mapped[Decimal] = mapped_column(Hours)
    """合格线, in points of the paper."""
    attempts: Mapped[int]
    """How many a person has; 0: as many as they want inside the window."""
    wait_minutes: Mapped[int]
    """Between the end of one attempt and the next."""
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    """The first and last day on which an attempt may be begun; None: no limit of its own."""
    half_marks: Mapped[bool]
    """Whether part of the right options, and none that is wrong, earns half of a multiple-choice item's points."""
    state: Mapped[ExamState] = mapped_column(codes(ExamState), default=ExamState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it was sent back or taken down."""
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    course: Mapped[Course] = relationship()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ExamPaper(Base):
    """试卷: one attempt of one person. What it is graded by is kept with it: a later change touches later attempts."""

    __tablename__ = "exam_paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    """Who sits it, under the human's id of that day."""
    number: Mapped[int]
    """第几次."""
    seed: Mapped[int]
    """What its draw began from: with the bank of that moment it comes out the same again."""
    pass_mark: Mapped[Decimal] = mapped_column(Hours)
    half_marks: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    handed_in_at: Mapped[datetime | None] = mapped_column(Moment)
    by_time: Mapped[bool] = mapped_column(default=False)
    """Whether it was taken in because time was out."""
    score: Mapped[Decimal | None] = mapped_column(Hours)
    passed: Mapped[bool | None]
    unposted: Mapped[str] = mapped_column(sa.Text, default="")
    """Why hours of an attempt that passed were not posted, in words; "" where they were."""
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    """Of the answers as they were handed in (`papers.digest`); the trail has it too."""
    spared_at: Mapped[datetime | None] = mapped_column(Moment)
    """When an appeal about it was upheld: it is not one of the attempts, and a further one is begun at once."""
    exam: Mapped[Exam] = relationship()
    enrolment: Mapped[Enrolment] = relationship()
    late: Mapped[list[LateAnswer]] = relationship(order_by="LateAnswer.place", viewonly=True)
    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "number"),
        sa.Index(
            "uq_exam_paper_open",
            "enrolment_id",
            unique=True,
            sqlite_where=sa.text("handed_in_at IS NULL"),
            postgresql_where=sa.text("handed_in_at IS NULL"),
        ),
        sa.Index("ix_exam_paper_ends", "handed_in_at", "ends_at"),
    )


class ExamQuestion(Base):
    """试卷上的一题 and its answer. Saving an answer changes this one row and no other."""

    __tablename__ = "exam_question"
    paper_id: Mapped[int] = mapped_column(sa.ForeignKey("exam_paper.id"), primary_key=True)
    place: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    """第几题, from 1."""
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("item_edition.id"), index=True)
    points: Mapped[Decimal] = mapped_column(Hours)
    shuffled: Mapped[str] = mapped_column(sa.String(10))
    """The places of the item's options in the order shown, a digit each."""
    chosen: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """Bits of the options chosen, by their places as shown; None: never answered."""
    sequence: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """Goes up with each answer of the browser: one that comes late does not overwrite a newer one."""
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = ({"sqlite_with_rowid": False},)


class LateAnswer(Base):
    """迟到的作答: the first answer to a question that came once its paper was closed; it does not count.

    Kept for its learner to see and appeal against, and for the reviewer who decides the appeal.
    """

    __tablename__ = "late_answer"
    paper_id: Mapped[int] = mapped_column(sa.ForeignKey("exam_paper.id"), primary_key=True)
    place: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    chosen: Mapped[int] = mapped_column(sa.SmallInteger)
    """As `ExamQuestion.chosen`."""
    given_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was given, as the browser says; None where that cannot be."""
    came_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


class StudyAppeal(Submission):
    """网络学习申诉: a learner says that a stretch of study, or an attempt at the exam, should count after all."""

    __tablename__ = "study_appeal"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    uncounted_id: Mapped[int | None] = mapped_column(sa.ForeignKey("uncounted_time.id"), index=True)
    """The stretch it is about; None: an attempt."""
    paper_id: Mapped[int | None] = mapped_column(sa.ForeignKey("exam_paper.id"), index=True)
    """The attempt it is about; None: a stretch of study."""
    words: Mapped[str] = mapped_column(sa.Text)
    uncounted: Mapped[UncountedTime | None] = relationship()
    paper: Mapped[ExamPaper | None] = relationship()
    __mapper_args__ = {"polymorphic_identity": "study_appeal"}  # noqa: RUF012
