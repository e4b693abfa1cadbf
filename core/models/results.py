"""Results from elsewhere (外来成绩): brought in from files and learning platforms, each with a receipt."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.ground.access import Labelled
from core.ground.db import EncryptedText, Hours, Moment
from core.models.base import APPEND_ONLY, Base, codes
from core.models.courses import Course
from core.models.credit import CreditBatch


class ResultSource(Labelled):
    """Where results come from (成绩来源)."""

    TABLE = "table", "成绩表"
    GRADES = "moodle_grades", "Moodle成绩导出"
    COMPLETION = "moodle_completion", "Moodle完成情况导出"
    STATEMENTS = "statements", "学习平台推送"


class ResultState(Labelled):
    """The life of a batch of results (成绩批次状态)."""

    WAITING = "waiting", "待确认"
    POSTED = "posted", "已确认"
    RETURNED = "returned", "不予确认"
    TAKEN_BACK = "taken_back", "已冲销"


class Outcome(Labelled):
    """What became of one result (回执)."""

    WAITING = "waiting", "待确认"
    POSTED = "posted", "已记学时"
    ALREADY = "already", "此前已记"
    FAILED = "failed", "未合格"
    REFUSED = "refused", "未接收"
    TAKEN_BACK = "taken_back", "已冲销"


class StatementSource(Base):
    """学习平台: one that may send statements about one course, under a key and secret of its own."""

    __tablename__ = "statement_source"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    activity: Mapped[str] = mapped_column(sa.String(500))
    """The platform's own id (IRI) of the course: statements about anything else are kept and lead to nothing."""
    pass_mark: Mapped[Decimal | None] = mapped_column(Hours)
    """Of 100, where a score alone decides; None: only what says passed does."""
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    secret: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """SHA-256 of the secret, which is as long as a key and was shown once."""
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
    course: Mapped[Course] = relationship()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AgentBinding(Base):
    """账号对应: which person an account or mailbox of a platform is."""

    __tablename__ = "agent_binding"
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("statement_source.id"), primary_key=True)
    agent: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """Digest of what identifies the agent."""
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    bound_at: Mapped[datetime] = mapped_column(Moment)


class Statement(Base):
    """学习记录 (statement) as a platform sent it: never changed, never deleted; voided by a later one."""

    __tablename__ = "statement"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("statement_source.id"))
    statement_id: Mapped[str] = mapped_column(sa.String(36))
    digest: Mapped[str] = mapped_column(sa.String(64))
    """Of what may not differ when it is sent again."""
    body: Mapped[str] = mapped_column(EncryptedText("statement.body"))
    agent: Mapped[str] = mapped_column(sa.String(64))
    verb: Mapped[str] = mapped_column(sa.String(500))
    activity: Mapped[str] = mapped_column(sa.String(500))
    """The object's, where it is one; else ""."""
    registration: Mapped[str] = mapped_column(sa.String(36))
    voids: Mapped[str] = mapped_column(sa.String(36))
    """The statement that this one voids; else ""."""
    target: Mapped[str] = mapped_column(sa.String(36), default="", server_default=sa.text("''"))
    """The statement that its object refers to (StatementRef); else ""."""
    stored_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (
        sa.UniqueConstraint("source_id", "statement_id"),
        sa.Index("ix_statement_voids", "source_id", "voids"),
        sa.Index("ix_statement_target", "source_id", "target"),
        {"info": APPEND_ONLY},
    )


class StatementMention(Base):
    """Whom or what a statement is about, by key (`xapi.mentions`), so that it can be asked for by that."""

    __tablename__ = "statement_mention"
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), primary_key=True)
    key: Mapped[str] = mapped_column("mention", sa.String(64), primary_key=True)
    broad: Mapped[bool]
    """Whether only a broad search finds it by that."""
    __table_args__ = (sa.Index("ix_statement_mention_key", "mention"),)


class ResultBatch(Base):
    """成绩批次: results of one course that came together, to be confirmed by the office in charge and posted as one."""

    __tablename__ = "result_batch"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"))
    source: Mapped[ResultSource] = mapped_column(codes(ResultSource))
    platform_id: Mapped[int | None] = mapped_column(sa.ForeignKey("statement_source.id"))
    filename: Mapped[str] = mapped_column(sa.String(200), default="")
    attachment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
    pass_mark: Mapped[Decimal | None] = mapped_column(Hours)
    basis: Mapped[str] = mapped_column(sa.String(180))
    """依据: which exam it was, as its clerk says."""
    state: Mapped[ResultState] = mapped_column(codes(ResultState), default=ResultState.WAITING)
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it was returned or taken back."""
    credit_batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_batch.id"))
    brought_by: Mapped[str] = mapped_column(sa.String(40))
    brought_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str] = mapped_column(sa.String(40), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
    course: Mapped[Course] = relationship()
    credit_batch: Mapped[CreditBatch | None] = relationship()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ResultRow(Base):
    """一条成绩 and its receipt (回执)."""

    __tablename__ = "result_row"
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("result_batch.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    """Its row in the file, or its number among the statements."""
    name: Mapped[str] = mapped_column(sa.String(60))
    id_number: Mapped[str] = mapped_column(EncryptedText("result_row.id_number"))
    """As it was sent, or the account of a platform."""
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    said: Mapped[str] = mapped_column(sa.String(60))
    """Score and result in words, as they came."""
    passed_on: Mapped[date | None]
    outcome: Mapped[Outcome] = mapped_column(codes(Outcome))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it was not taken, or what to know of it."""
    statement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("statement.id"))
