"""What is filed for programmes (专项项目): the yearly plan table (附件2) and the summary, clause 三."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.models.submissions import ProgrammeLine, Submission


class PlanTable(Submission):
    """年度计划表 (附件2): what an office plans for a programme in a year, a `ProgrammeLine` for each line of it."""

    __tablename__ = "plan_table"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(sa.String(30))
    """A code of the notice in force where the office belongs."""
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    """编制说明."""
    due_on: Mapped[date | None]
    """By when it was to be filed; None before it was filed."""
    filed_on: Mapped[date | None]
    """The day it was first filed; returned and filed again, it keeps that day."""
    late: Mapped[bool] = mapped_column(default=False)
    read_account: Mapped[str] = mapped_column(sa.Text, default="")
    """What of its last file was read and what was not (读入说明), a line each."""
    items: Mapped[int] = mapped_column(default=0)
    """Its lines."""
    people: Mapped[int] = mapped_column(default=0)
    """计划人数 of its lines together, of those that say a certain number."""
    faults: Mapped[int] = mapped_column(default=0)
    """Lines that have to be put right before it is filed."""
    lines: Mapped[list[ProgrammeLine]] = relationship(
        primaryjoin=lambda: sa.orm.foreign(ProgrammeLine.submission_id) == PlanTable.id,
        order_by=ProgrammeLine.number,
        cascade="all, delete-orphan",
        overlaps="submission",
    )
    __table_args__ = (sa.Index("ix_plan_table_year", "programme", "year"),)
    __mapper_args__ = {"polymorphic_identity": "plan_table"}  # noqa: RUF012


class YearSummary(Submission):
    """项目实施情况总结: what became of a year's plan table; its figures are counted when it is filed, never typed."""

    __tablename__ = "year_summary"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(sa.String(30))
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    practice: Mapped[str] = mapped_column(sa.Text, default="")
    """主要做法."""
    effect: Mapped[str] = mapped_column(sa.Text, default="")
    """成效."""
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    """存在问题."""
    outlook: Mapped[str] = mapped_column(sa.Text, default="")
    """下年打算."""
    due_on: Mapped[date | None]
    filed_on: Mapped[date | None]
    late: Mapped[bool] = mapped_column(default=False)
    figures: Mapped[str] = mapped_column(sa.Text, default="")
    """The figures as they stood when it was filed, JSON; "" before it was."""
    counted_on: Mapped[date | None]
    """The day the figures were counted."""
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
    """附件, where there is one."""
    __table_args__ = (sa.Index("ix_year_summary_year", "programme", "year"),)
    __mapper_args__ = {"polymorphic_identity": "year_summary"}  # noqa: RUF012
