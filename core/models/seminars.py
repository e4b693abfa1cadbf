"""Seminars (高级研修项目, clause 二): applications to hold one, their scores, what the learners of one said."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.access import Labelled
from core.ground.db import EncryptedText, Hours, Moment
from core.law.notices import Mode
from core.models.base import Base, codes
from core.models.submissions import Submission


class SeminarLevel(Labelled):
    """Who approves a seminar (高研班级别)."""

    REGIONAL = "regional", "自治区级"
    NATIONAL = "national", "国家级"


class Seminar(Submission):
    """高级研修项目申请, clause 二: one session that a base or a department asks to hold."""

    __tablename__ = "seminar"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(sa.String(30))
    """The programme (专项项目), as its notice calls it."""
    level: Mapped[SeminarLevel] = mapped_column(codes(SeminarLevel))
    area: Mapped[str] = mapped_column(sa.String(60))
    """主题领域."""
    host: Mapped[str] = mapped_column(sa.String(100))
    """主办单位."""
    organiser: Mapped[str] = mapped_column(sa.String(100))
    """承办单位."""
    contact: Mapped[str] = mapped_column(sa.String(40))
    phone: Mapped[str] = mapped_column(EncryptedText("seminar.phone"))
    session_number: Mapped[int]
    """期次: which of the sessions on this topic."""
    start_on: Mapped[date]
    end_on: Mapped[date]
    hours: Mapped[Decimal] = mapped_column(Hours)
    """What one learner earns."""
    place: Mapped[str] = mapped_column(sa.String(100))
    mode: Mapped[Mode] = mapped_column(codes(Mode))
    people: Mapped[int]
    """计划人数."""
    audience: Mapped[str] = mapped_column(sa.Text)
    """学员条件."""
    lessons: Mapped[str] = mapped_column(sa.Text)
    """课程与师资, a line each, its cells parted by tabs; see `submissions.programmes.seminars.lessons_in`."""
    public_money: Mapped[int]
    """财政经费, yuan."""
    own_money: Mapped[int]
    """自筹经费, yuan."""
    reason: Mapped[str] = mapped_column(sa.Text)
    """申报理由."""
    approved: Mapped[bool | None]
    """What came of a national one that was forwarded (批准结果); None while nobody knows, and of a regional one."""
    answered_on: Mapped[date | None]
    answer: Mapped[str] = mapped_column(sa.String(100), default="")
    """The document (文件) that says so."""
    __mapper_args__ = {"polymorphic_identity": "seminar"}  # noqa: RUF012


class SeminarScore(Base):
    """评审打分: what one reviewer thinks of a seminar applied for, in points and words."""

    __tablename__ = "seminar_score"
    id: Mapped[int] = mapped_column(primary_key=True)
    seminar_id: Mapped[int] = mapped_column(sa.ForeignKey("seminar.id"))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    points: Mapped[int] = mapped_column(sa.SmallInteger)
    """0 to 100."""
    words: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.UniqueConstraint("seminar_id", "account_id"),)


class SeminarFeedback(Base):
    """满意度测评: what the learners of a seminar said of it, beside the report of its plan."""

    __tablename__ = "seminar_feedback"
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"), primary_key=True)
    answers: Mapped[int]
    """回收份数."""
    satisfied: Mapped[Decimal] = mapped_column(Hours)
    """满意率, per cent, exact to a hundredth."""
