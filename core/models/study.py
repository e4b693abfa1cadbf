"""A year of study (脱产研修, clauses 四 and 六): nominations, public notices, objections, placements."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.ground.db import EncryptedText, Moment
from core.models.base import Base
from core.models.submissions import Submission


class PublicNotice(Base):
    """公示: who is to be selected for a programme, open to objections from its first to its last day."""

    __tablename__ = "public_notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    programme: Mapped[str] = mapped_column(sa.String(30))
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    first_on: Mapped[date]
    last_on: Mapped[date]
    opened_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    final_on: Mapped[date | None]
    """The day on which the selection became final (确定入选)."""
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (sa.Index("ix_public_notice_year", "programme", "year"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Nomination(Submission):
    """推荐: a person put forward by the employer for a year of study, clauses 四 and 六."""

    __tablename__ = "nomination"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(sa.String(30))
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    education: Mapped[str] = mapped_column(sa.String(20))
    degree: Mapped[str] = mapped_column(sa.String(20))
    duty: Mapped[str] = mapped_column(sa.String(40))
    """职务."""
    post: Mapped[str] = mapped_column(sa.String(40))
    """职称, as the certificate has it."""
    level: Mapped[str] = mapped_column(sa.String(10))
    """Of the title: 初级, 中级, 高级; "" for none."""
    titled_on: Mapped[date | None]
    """职称取得时间."""
    ethnicity: Mapped[str] = mapped_column(sa.String(20))
    phone: Mapped[str] = mapped_column(EncryptedText("nomination.phone"))
    specialty: Mapped[str] = mapped_column(sa.String(60))
    grassroots_years: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """基层工作年限."""
    study_field: Mapped[str] = mapped_column(sa.String(60))
    """拟研修专业."""
    host1: Mapped[str] = mapped_column(sa.String(100))
    """志愿单位, in their order."""
    host2: Mapped[str] = mapped_column(sa.String(100))
    host3: Mapped[str] = mapped_column(sa.String(100))
    supervisor: Mapped[str] = mapped_column(sa.String(40))
    """志愿导师."""
    topic: Mapped[str] = mapped_column(sa.String(200))
    """研修课题."""
    opinion: Mapped[str] = mapped_column(sa.Text)
    """单位意见."""
    rank: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """盟市排名; None where no league ranks it, or not yet."""
    reserve: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """备选顺序 of one that was approved; None: selected (入选)."""
    notice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("public_notice.id"), index=True)
    moved_up_on: Mapped[date | None]
    """The day on which a reserve took the place of another (递补)."""
    final_on: Mapped[date | None]
    """The day from which it counts as selected; nothing before a public notice has ended."""
    dropped_on: Mapped[date | None]
    """Since when somebody is no longer in it: withdrawn (退出), or an objection was upheld."""
    drop_known_on: Mapped[date | None]
    """The day that was entered: figures as of an earlier day still count it."""
    dropped_reason: Mapped[str] = mapped_column(sa.Text, default="")
    notice: Mapped[PublicNotice | None] = relationship()
    placement: Mapped[Placement | None] = relationship(back_populates="nomination")
    __table_args__ = (sa.Index("ix_nomination_year", "programme", "year"),)
    __mapper_args__ = {"polymorphic_identity": "nomination"}  # noqa: RUF012


class Objection(Submission):
    """公示异议: what somebody says against one who is to be selected, while the public notice runs."""

    __tablename__ = "objection"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    nomination_id: Mapped[int] = mapped_column(sa.ForeignKey("nomination.id"), index=True)
    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("public_notice.id"), index=True)
    words: Mapped[str] = mapped_column(sa.Text)
    against: Mapped[Nomination] = relationship(foreign_keys=[nomination_id])
    notice: Mapped[PublicNotice] = relationship()
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": "objection",
        "inherit_condition": id == Submission.id,
    }


class Placement(Base):
    """培养: where somebody who was selected studies, from when to when, and how far it went."""

    __tablename__ = "placement"
    nomination_id: Mapped[int] = mapped_column(sa.ForeignKey("nomination.id"), primary_key=True)
    host: Mapped[str] = mapped_column(sa.String(100))
    department: Mapped[str] = mapped_column(sa.String(100))
    supervisor: Mapped[str] = mapped_column(sa.String(40))
    start_on: Mapped[date]
    end_on: Mapped[date]
    """Often in the next calendar year."""
    reported_on: Mapped[date | None]
    """报到."""
    planned_on: Mapped[date | None]
    """培养计划 agreed."""
    midterm_on: Mapped[date | None]
    midterm: Mapped[str] = mapped_column(sa.String(10), default="")
    """中期考核: 合格, 不合格."""
    completed_on: Mapped[date | None]
    completed: Mapped[str] = mapped_column(sa.String(10), default="")
    """结业考核: 优秀, 合格, 不合格."""
    signed_on: Mapped[date | None]
    """培养协议 signed."""
    service_years: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """服务年限 as the agreement has it; nothing says how many it has to be."""
    version: Mapped[int] = mapped_column(default=1)
    nomination: Mapped[Nomination] = relationship(back_populates="placement")
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
