"""Public courses (公需课程) studied online, clause 一(二)1: lessons, who studies them, what the clock counted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.ground.access import Labelled
from core.ground.db import EncryptedText, Hours, Moment, Years
from core.models.base import APPEND_ONLY, Base, codes
from core.models.offices import Organization
from core.models.people import Person


class CourseState(Labelled):
    """The life of a course (课程状态)."""

    DRAFT = "draft", "编制中"
    OFFERED = "offered", "待发布"
    """Its clerk has handed it in; a reviewer publishes it or sends it back."""
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已停用"


class LessonKind(Labelled):
    """What a lesson is (形式)."""

    TEXT = "text", "文字"
    PDF = "pdf", "PDF文件"
    VIDEO = "video", "视频文件"
    LINK = "link", "视频网址"


class NotCounted(Labelled):
    """Why a stretch of time was not counted (未计入的原因)."""

    HIDDEN = "hidden", "页面不在前台"
    LATE = "late", "网络中断或浏览器停顿"
    CHECK = "check", "提问尚未答对"
    ELSEWHERE = "elsewhere", "已在另一处打开学习"


class Course(Base):
    """公需课程 of one edition: what its authority's people study in a year. Published, it never changes."""

    __tablename__ = "course"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """Who runs it (组织单位): 人事考试院, or a league's own office."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """Whose people it is for (管理权限): those of whom this office is in charge. Hours are posted in its name."""
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    title: Mapped[str] = mapped_column(sa.String(100))
    about: Mapped[str] = mapped_column(sa.Text, default="")
    subject: Mapped[str] = mapped_column(sa.String(20))
    """A subject code (科目) of the year's notice, one that asks for an exam."""
    hours: Mapped[Decimal] = mapped_column(Hours)
    """Posted when the exam is passed."""
    credit_years: Mapped[tuple[int, ...]] = mapped_column(Years)
    """学时年度 it serves: its own, and earlier ones where the notice lets them be made up."""
    state: Mapped[CourseState] = mapped_column(codes(CourseState), default=CourseState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    """Goes up by one with every change; who acts names the version seen."""
    edition: Mapped[int] = mapped_column(default=1)
    """第几版."""
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("course.id"), index=True)
    """The edition that this one replaces once it is published; who studies that one finishes it."""
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it was sent back or withdrawn."""
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    offered_at: Mapped[datetime | None] = mapped_column(Moment)
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    authority: Mapped[Organization] = relationship(foreign_keys=[authority_id])
    lessons: Mapped[list[Lesson]] = relationship(
        back_populates="course", order_by="Lesson.position", cascade="all, delete-orphan"
    )
    __table_args__ = (sa.Index("ix_course_year", "authority_id", "year", "state"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Lesson(Base):
    """一节课: text, a file in `CE_HOME/courses`, or a video at an address."""

    __tablename__ = "lesson"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"), index=True)
    position: Mapped[int]
    """Its place in the course, from 1; studied in this order."""
    title: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[LessonKind] = mapped_column(codes(LessonKind))
    seconds: Mapped[int]
    """How long it has to be studied."""
    hours: Mapped[Decimal] = mapped_column(Hours)
    """Its part of the course's hours; nothing is posted for a single lesson."""
    body: Mapped[str] = mapped_column(sa.Text, default="")
    file: Mapped[str] = mapped_column(sa.String(200), default="")
    """The name of its file in `CE_HOME/courses`; "" for none."""
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    """Of that file, when the lesson was saved."""
    address: Mapped[str] = mapped_column(sa.String(500), default="")
    course: Mapped[Course] = relationship(back_populates="lessons")


class StudyCheck(Base):
    """课中提问: a question put at a random moment of a lesson; the right answer never leaves the office."""

    __tablename__ = "study_check"
    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson.id"), index=True)
    stem: Mapped[str] = mapped_column(sa.String(300))
    options: Mapped[str] = mapped_column(sa.Text)
    """JSON list of the options; the first is right, and they are shuffled for each learner."""


class Enrolment(Base):
    """学习记录: one person in one course."""

    __tablename__ = "enrolment"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    credit_year: Mapped[int] = mapped_column(sa.SmallInteger)
    """学时年度 for which its hours are to count."""
    started_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    """看完: when the last lesson was done."""
    passed_at: Mapped[datetime | None] = mapped_column(Moment)
    """考试合格: when the exam was passed, as `courses.credit` was told; None again where that was taken back."""
    studied: Mapped[int] = mapped_column(default=0)
    """Seconds counted, over all lessons."""
    check_at: Mapped[int] = mapped_column(default=0)
    """At how many seconds studied the next question is put."""
    check: Mapped[str] = mapped_column("asked", sa.Text, default="")
    """The question that waits, JSON: its words, its options as they are shown, which of them is right; "" for none."""
    checked_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since when it waits."""
    course: Mapped[Course] = relationship()
    person: Mapped[Person] = relationship()
    __table_args__ = (sa.UniqueConstraint("course_id", "person_id"),)


class LessonProgress(Base):
    """一节的进度: what of a lesson was studied, by the server's clock."""

    __tablename__ = "lesson_progress"
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), primary_key=True)
    lesson_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson.id"), primary_key=True)
    seconds: Mapped[int] = mapped_column(default=0)
    """Seconds counted."""
    reached: Mapped[int] = mapped_column(default=0)
    """The furthest second of a video that may be shown; beyond it nobody seeks on the first watch."""
    place: Mapped[int] = mapped_column(default=0)
    """Where it was left: a video's second, a text's or a paper's share in thousandths."""
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class Sitting(Base):
    """一次学习: one opened player. Of a person at most one is open: the last to be opened."""

    __tablename__ = "sitting"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    """Digest of what the player shows for it."""
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    lesson_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson.id"))
    device: Mapped[str] = mapped_column(sa.String(32))
    """A digest that tells one browser from another; nobody finds the browser by it."""
    opened_at: Mapped[datetime] = mapped_column(Moment)
    beat_at: Mapped[datetime] = mapped_column(Moment)
    """Up to when the clock has been settled."""
    hidden: Mapped[bool] = mapped_column(default=False)
    seconds: Mapped[int] = mapped_column(default=0)
    """Counted in this sitting."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        sa.Index(
            "uq_sitting_open",
            "person_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_sitting_device", "device", "opened_at"),
    )


class UncountedTime(Base):
    """未计入的时间: a stretch that was not counted and why, for its learner to see and appeal against."""

    __tablename__ = "uncounted_time"
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    lesson_id: Mapped[int] = mapped_column(sa.ForeignKey("lesson.id"))
    sitting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sitting.id"))
    """The player it was in; None for one of before that was kept."""
    from_at: Mapped[datetime] = mapped_column(Moment)
    to_at: Mapped[datetime] = mapped_column(Moment)
    seconds: Mapped[int]
    reason: Mapped[NotCounted] = mapped_column(codes(NotCounted))
    granted_at: Mapped[datetime | None] = mapped_column(Moment)
    """When an appeal had it counted after all."""
    enrolment: Mapped[Enrolment] = relationship()
    lesson: Mapped[Lesson] = relationship()


class CourseCredit(Base):
    """Which batch posted whose hours of which course: by it a batch of exams passed is known as one (公需考试)."""

    __tablename__ = "course_credit"
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"), index=True)
    __table_args__ = (sa.Index("ix_course_credit_person", "person_id", "course_id"),)


class Completion(Base):
    """结业证书: what one said of a course when it was issued, signed, found again by its code."""

    __tablename__ = "completion"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"))
    line: Mapped[int]
    """The entry that it is about, with its batch."""
    payload: Mapped[str] = mapped_column(EncryptedText("completion.payload"))
    signature: Mapped[str] = mapped_column(sa.String(128))
    issued_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.Index("ix_completion_entry", "batch_id", "line"), {"info": APPEND_ONLY})
