"""Everything submitted (申报事项): plans, reports with their rosters, claims, the steps they took, their files."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import Comparator, hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from core.ground.access import Labelled
from core.ground.db import EncryptedText, Hours, Moment, Years
from core.law.notices import Mode
from core.models.base import APPEND_ONLY, Base, State, codes
from core.models.credit import CreditEntry
from core.models.offices import Organization
from core.models.people import Person


class ClassLevel(Labelled):
    """The level of an occupation (专业技术等级)."""

    JUNIOR = "junior", "初级"
    MIDDLE = "middle", "中级"
    SENIOR = "senior", "高级"


class Submission(Base):
    """What an organization puts before the authority in charge; one life for every kind."""

    __tablename__ = "submission"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[State] = mapped_column(codes(State), default=State.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    """Goes up by one with every change; who acts names the version seen."""
    title: Mapped[str] = mapped_column(sa.String(100))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    """Whom it is about, where it is about one person."""
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """Who may undo the decision as it stands; None before there is one, and for those of earlier releases."""
    stage: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """At which stage of its kind's review (审核环节) it waits; 0 is the first."""
    decider_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """The office before which it lies (审核机关): that of its stage, usually the authority in charge."""
    confidential: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether a person's is nobody's else on this side: not to be seen by clerks of the person's employer."""
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    authority: Mapped[Organization] = relationship(foreign_keys=[authority_id])
    person: Mapped[Person | None] = relationship()
    __table_args__: Any = (
        sa.Index("ix_submission_queue", "kind", "state", "authority_id"),
        sa.Index("ix_submission_desk", "decider_id", "state", "submitted_at", "id", "kind"),
    )
    __mapper_args__ = {"polymorphic_on": "kind", "version_id_col": version}  # noqa: RUF012

    @validates("authority_id")
    def _before_it(self, _name: str, authority_id: int) -> int:
        """It lies before the authority in charge until the workflow hands it to the office of a stage."""
        self.decider_id = authority_id
        return authority_id

    @hybrid_property
    def home_id(self) -> int | None:
        """Whose clerks see it: the organization's; where it is about a person, of the present employer, if any."""
        if self.person is None:
            return self.organization_id
        if self.confidential:
            return None
        human = self.person if self.person.merged_into_id is None else self.person.merged_into
        return human.employer_id if human else None

    @home_id.inplace.comparator
    @classmethod
    def _home_id(cls) -> _Home:
        return _Home(cls)

    @hybrid_property
    def human_id(self) -> int | None:
        """Whom it is about, under the id this human counts under."""
        return self.person.human_id if self.person else None

    @human_id.inplace.expression
    @classmethod
    def _human_id(cls) -> sa.ColumnElement[int | None]:
        return sa.select(Person.human_id).where(Person.id == cls.person_id).correlate(cls).scalar_subquery()


class _Home(Comparator[Any]):
    """Whose clerks see a submission, as SQL: one organization's are found by keys, whichever there are."""

    def __init__(self, cls: type[Submission]) -> None:
        self.cls = cls
        employer = sa.select(Person.employer_id).where(Person.id == cls.human_id).correlate(cls).scalar_subquery()
        nobody = sa.and_(cls.confidential, cls.person_id.is_not(None))
        home = sa.case((cls.person_id.is_(None), cls.organization_id), (nobody, sa.null()), else_=employer)
        super().__init__(home)

    def __eq__(self, organization: object) -> sa.ColumnElement[bool]:  # type: ignore[override]
        first = sa.select(Person.id).where(Person.employer_id == organization, Person.merged_into_id.is_(None))
        people = sa.select(Person.id).where(sa.or_(Person.id.in_(first), Person.merged_into_id.in_(first)))
        cls = self.cls
        return sa.or_(
            sa.and_(cls.organization_id == organization, cls.person_id.is_(None)),
            sa.and_(cls.person_id.in_(people.correlate(None)), ~cls.confidential),
        )


class Plan(Submission):
    """培训计划, clause 一(五)1. `hours_each` is what one learner earns."""

    __tablename__ = "plan"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(20))
    """A subject code (科目) of the notice that holds where its base belongs."""
    start_on: Mapped[date] = mapped_column(index=True)
    end_on: Mapped[date]
    place: Mapped[str] = mapped_column(sa.String(100))
    mode: Mapped[Mode] = mapped_column(codes(Mode))
    content: Mapped[str] = mapped_column(sa.Text)
    teachers: Mapped[str] = mapped_column(sa.Text)
    audience: Mapped[str] = mapped_column(sa.Text)
    headcount: Mapped[int]
    hours_each: Mapped[Decimal] = mapped_column(Hours)
    credit_years: Mapped[tuple[int, ...]] = mapped_column(Years, default=())
    """学时年度 it offers, clause 七(二); none: the year of the training."""
    extension_start_on: Mapped[date | None]
    """The earliest start an administrator allowed although it is less than the notice asks for."""
    extension_reason: Mapped[str] = mapped_column(sa.Text, default="")
    programme: Mapped[str] = mapped_column(sa.String(30), default="")
    """The programme (专项项目) it carries out, as its notice calls it; "" for none."""
    line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme_line.id"), index=True)
    """The approved line of that programme it carries out."""
    line: Mapped[ProgrammeLine | None] = relationship()
    course: Mapped[TrainingClass | None] = relationship(back_populates="plan", cascade="all, delete-orphan")
    """What it trains for as a class of an institute (办班); None for any other plan."""
    __mapper_args__ = {"polymorphic_identity": "plan"}  # noqa: RUF012


class TrainingClass(Base):
    """办班: what a plan of an institute trains for, beside the plan itself."""

    __tablename__ = "training_class"
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"), primary_key=True)
    occupation: Mapped[str] = mapped_column(sa.String(60))
    direction: Mapped[str] = mapped_column(sa.String(60))
    """职业方向, "" for none."""
    level: Mapped[ClassLevel] = mapped_column(codes(ClassLevel))
    online_hours: Mapped[Decimal] = mapped_column(Hours)
    offline_hours: Mapped[Decimal] = mapped_column(Hours)
    plan: Mapped[Plan] = relationship(back_populates="course")


class ProgrammeLine(Base):
    """项目任务: one line of what was filed for a programme, a line of 附件2 or one seminar, for plans to carry out.

    It may be carried out once its submission is approved.
    """

    __tablename__ = "programme_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    number: Mapped[int]
    """Its place (序号) in the table it was filed in, from 1."""
    programme: Mapped[str] = mapped_column(sa.String(30))
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    name: Mapped[str] = mapped_column(sa.String(200))
    """项目名称."""
    area: Mapped[str] = mapped_column(sa.String(60), default="")
    """重点领域."""
    people: Mapped[int | None]
    """计划人数, where what was filed is certain."""
    start_on: Mapped[date | None]
    end_on: Mapped[date | None]
    hours: Mapped[Decimal | None] = mapped_column(Hours)
    said: Mapped[str] = mapped_column(sa.Text, default="")
    """The cells as they were filed (原文), JSON by column."""
    submission: Mapped[Submission] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("submission_id", "number"),
        sa.Index("ix_programme_line_year", "programme", "year"),
    )


class Report(Submission):
    """培训情况报告, clause 一(五)2: summary, announcement and roster of one approved plan."""

    __tablename__ = "report"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"))
    part: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    """1: the report itself; from 2 on its supplements, with the rows whose hours were not posted or do not stand."""
    start_on: Mapped[date]
    end_on: Mapped[date]
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    teachers: Mapped[str] = mapped_column(sa.Text, default="")
    """Who taught, where it was not whom the plan named."""
    due_on: Mapped[date]
    late: Mapped[bool] = mapped_column(default=False)
    late_reason: Mapped[str] = mapped_column(sa.Text, default="")
    over_plan: Mapped[str] = mapped_column(sa.Text, default="")
    """What was far beyond the plan when it was filed (超出计划), both figures in words; "" where nothing was."""
    over_plan_reason: Mapped[str] = mapped_column(sa.Text, default="")
    announcement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
    """培训通知, by which the training was announced."""
    roster_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
    read_account: Mapped[str] = mapped_column(sa.Text, default="")
    """What of the roster's file was read and what was not (读入说明), a line each, ID numbers masked."""
    people: Mapped[int] = mapped_column(default=0)
    """Rows of the roster without a fault."""
    hours: Mapped[Decimal] = mapped_column(Hours, default=0)
    """What those rows earn together."""
    faults: Mapped[int] = mapped_column(default=0)
    plan: Mapped[Plan] = relationship(foreign_keys=[plan_id])
    __table_args__ = (sa.Index("uq_report_plan_id_part", "plan_id", "part", unique=True),)
    __mapper_args__ = {"polymorphic_identity": "report"}  # noqa: RUF012


class RosterRow(Base):
    """One row of a roster (培训花名册, 附件1) as it was read or repaired; a row with faults posts nothing."""

    __tablename__ = "roster_row"
    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int | None] = mapped_column(sa.ForeignKey("report.id"))
    """None: hours were posted for it and taken back, and its roster has another row in its place since."""
    row: Mapped[int]
    """The row number of the spreadsheet, as its user sees it."""
    name: Mapped[str] = mapped_column(sa.String(100))
    id_number: Mapped[str] = mapped_column(EncryptedText("roster_row.id_number"))
    id_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)
    employer: Mapped[str] = mapped_column(sa.String(200))
    post: Mapped[str] = mapped_column(sa.String(200))
    """专业技术职务."""
    specialty: Mapped[str] = mapped_column(sa.String(200))
    hours: Mapped[Decimal] = mapped_column(Hours)
    """Of the plan's subject; hours of another one are a fault of the row."""
    credit_year: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """学时年度 as the roster gives it, clause 七(二); None: the plan's own."""
    assessment: Mapped[str] = mapped_column(sa.String(40))
    phone: Mapped[str] = mapped_column(EncryptedText("roster_row.phone"))
    note: Mapped[str] = mapped_column(sa.String(400))
    faulty: Mapped[bool]
    cells: Mapped[str | None] = mapped_column(EncryptedText("roster_row.cells"))
    """The cells as they stand now, in the file's order, JSON; None for a roster read by the first release."""
    __table_args__ = (sa.UniqueConstraint("report_id", "row"),)


class RosterProblem(Base):
    """One thing wrong or worth a look in a roster as it stands; found anew whenever the roster changes."""

    __tablename__ = "roster_problem"
    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"), index=True)
    row: Mapped[int]
    """0: the roster as a whole."""
    column: Mapped[str] = mapped_column("column_name", sa.String(40))
    """The key of the roster's column, as `roster.HEADINGS` words it."""
    code: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[str] = mapped_column(EncryptedText("roster_problem.value"))
    words: Mapped[str] = mapped_column(sa.Text)
    blocking: Mapped[bool]
    offer: Mapped[str] = mapped_column(sa.Text, default="")
    """What the program proposes, in words; "" where it knows nothing better."""
    mend: Mapped[str] = mapped_column(EncryptedText("roster_problem.mend"))
    """The cells that accepting it sets, JSON. Never shown: it may hold a number its reader does not know."""


class RosterRepair(Base):
    """What somebody changed in a cell of a roster on the screen. The file itself is kept as it came."""

    __tablename__ = "roster_repair"
    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"), index=True)
    attachment_id: Mapped[int] = mapped_column(sa.ForeignKey("attachment.id"))
    """The file that the row came from."""
    row: Mapped[int]
    column: Mapped[str] = mapped_column("column_name", sa.String(40))
    """The key of the roster's column; "" where the whole row was added or left out."""
    before: Mapped[str] = mapped_column(EncryptedText("roster_repair.before"))
    after: Mapped[str] = mapped_column(EncryptedText("roster_repair.after"))
    how: Mapped[str] = mapped_column(sa.String(20))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


class Claim(Submission):
    """学时折合申报, clause 一(四)5-8: a certificate put before the authority, which grants hours or the deemed year."""

    __tablename__ = "claim"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    activity: Mapped[str] = mapped_column(sa.String(40))
    """As the policy names it; for what is deemed done, its source."""
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    rank: Mapped[str] = mapped_column(sa.String(40), default="")
    issuer: Mapped[str] = mapped_column(sa.String(100))
    start_on: Mapped[date]
    completed_on: Mapped[date]
    """The day of the certificate; its year is the credit year."""
    amount: Mapped[Decimal] = mapped_column(Hours)
    """Hours, days or items, as the policy counts the activity; 0 for what is deemed done."""
    note: Mapped[str] = mapped_column(sa.Text, default="")
    granted: Mapped[Decimal | None] = mapped_column(Hours)
    """The hours to post: by the policy's rate, or as the reviewer grants them; 0 for what is deemed done."""
    __mapper_args__ = {"polymorphic_identity": "claim"}  # noqa: RUF012


class Dispute(Submission):
    """学时异议: what a person or an employer says against one credit entry of the person's."""

    __tablename__ = "dispute"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"), index=True)
    line: Mapped[int]
    """Of the batch: with it the entry. `person_id` is whom the entry was posted to."""
    words: Mapped[str] = mapped_column(sa.Text)
    reversal_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_batch.id"))
    """The reversal it led to."""
    former_id: Mapped[int | None] = mapped_column(unique=True)
    """Its number from before disputes were submissions: in links and lines of the trail of that time."""
    entry: Mapped[CreditEntry] = relationship(
        primaryjoin=lambda: sa.and_(
            sa.orm.foreign(Dispute.batch_id) == CreditEntry.batch_id, sa.orm.foreign(Dispute.line) == CreditEntry.line
        ),
        viewonly=True,
        uselist=False,
    )
    __mapper_args__ = {"polymorphic_identity": "dispute"}  # noqa: RUF012


class Movement(Base):
    """One step in a submission's life: the decision itself, with its reason."""

    __tablename__ = "movement"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    action: Mapped[str] = mapped_column(sa.String(20))
    from_state: Mapped[State] = mapped_column(codes(State))
    to_state: Mapped[State] = mapped_column(codes(State))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.Text)
    confirmed: Mapped[str] = mapped_column(sa.Text, default="")
    """What the one who approved confirmed in so many words; "" where nothing asked for it."""
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


class Remark(Base):
    """意见: one of several reasons of a move, bound to a field, to a row of a roster, or to the whole."""

    __tablename__ = "remark"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    movement_id: Mapped[int] = mapped_column(sa.ForeignKey("movement.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(20))
    """A reason of the kind (`Kind.reasons`)."""
    field: Mapped[str] = mapped_column(sa.String(40))
    """A field of the kind (`Kind.fields`); "" for a row or the whole."""
    row: Mapped[int | None]
    """The row's number in the roster."""
    words: Mapped[str] = mapped_column(sa.Text)
    __table_args__ = ({"info": APPEND_ONLY},)


class Comment(Base):
    """留言: what one side says about a submission to the other, or an office to itself."""

    __tablename__ = "comment"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """Where its writer sat; an internal one is read there only."""
    internal: Mapped[bool]
    words: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


class CommentRead(Base):
    """已读: up to which comment of a submission an account has read."""

    __tablename__ = "comment_read"
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id"))
    at: Mapped[datetime] = mapped_column(Moment)


class SubmissionContent(Base):
    """退回时的内容: what a submission said when it was returned, sealed, to tell what changed since."""

    __tablename__ = "submission_content"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    movement_id: Mapped[int] = mapped_column(sa.ForeignKey("movement.id"))
    fields: Mapped[str] = mapped_column(EncryptedText("submission_content.fields"))
    """JSON by field."""
    rows: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info={"sealed": "submission_content.rows"})
    """A roster's rows by number: JSON, packed (zlib) and sealed; None where there are none."""
    __table_args__ = ({"info": APPEND_ONLY},)


class Attachment(Base):
    """A file that belongs to a submission. The bytes lie encrypted in `CE_HOME/files` under their SHA-256."""

    __tablename__ = "attachment"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    """None for a file that an import came from; its batch says whose it is."""
    purpose: Mapped[str] = mapped_column(sa.String(20))
    """announcement (培训通知; "notice" in rows of before), roster, repair, evidence or credits."""
    filename: Mapped[str] = mapped_column(sa.String(200))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    """Bytes before encryption."""
    added_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)
