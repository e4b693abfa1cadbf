"""Every table, and no decisions. Facts and moments only; rules live in the rooms above."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from core.access import Labelled, OrganizationKind, Role
from core.db import EncryptedText, Hours, Moment, Years
from core.policy import Subject


def _codes(kind: type[Labelled]) -> sa.Enum:
    """A vocabulary as its codes in a text column; the program refuses a code it does not know, in and out."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class State(Labelled):
    """The life of everything submitted."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待审"
    RETURNED = "returned", "退回"
    APPROVED = "approved", "通过"
    REJECTED = "rejected", "不予通过"
    WITHDRAWN = "withdrawn", "已撤回"


class Change(Labelled):
    """What was done to a person on file."""

    CORRECTED = "corrected", "更正"
    MOVED = "moved", "调动"
    MERGED = "merged", "合并"
    SEPARATED = "separated", "撤销合并"


class Answer(Labelled):
    """How a dispute stands."""

    OPEN = "open", "待答复"
    UPHELD = "upheld", "异议成立"
    REJECTED = "rejected", "异议不成立"


class Mode(Labelled):
    """How a training is given."""

    CLASSROOM = "classroom", "线下"
    ONLINE = "online", "线上"
    BLENDED = "blended", "线上+线下"


class Source(Labelled):
    """Where hours come from."""

    TRAINING = "training", "培训"
    PUBLIC_EXAM = "public_exam", "公需考试"
    CONVERSION = "conversion", "折合"
    THREE_SUBJECTS = "three_subjects", "三科"
    SKILLS_TRAINING = "skills_training", "技能培训"
    QUALIFICATION = "qualification", "职业资格"
    MAKE_UP = "make_up", "补学"


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


APPEND_ONLY = {"append_only": True}


def append_only_tables() -> list[str]:
    """The tables whose rows are never changed or removed."""
    return sorted(table.name for table in Base.metadata.tables.values() if table.info.get("append_only"))


class Setting(Base):
    """What the office decided once, by name."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)


# --- organizations, persons, accounts -------------------------------------------------------------------------------


class Organization(Base):
    """机构. `authority` is the office in charge of it (管理权限): the region, or one league; an office is its own."""

    __tablename__ = "organization"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    kind: Mapped[OrganizationKind] = mapped_column(_codes(OrganizationKind))
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    authority: Mapped[Organization] = relationship(remote_side=[id], post_update=True)


class Person(Base):
    """专业技术人员: one human. `id_index` finds the number, `id_number` tells it, a stolen file does neither."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), index=True)
    id_number: Mapped[str] = mapped_column(EncryptedText("person.id_number"))
    id_index: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    sex: Mapped[str] = mapped_column(sa.String(1))
    birth_on: Mapped[date]
    employer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    employer_name: Mapped[str] = mapped_column(sa.String(80))
    """As the roster gave it, where the employer is not an organization on file."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(40), default="")
    specialty: Mapped[str] = mapped_column(sa.String(40), default="")
    added_at: Mapped[datetime] = mapped_column(Moment)
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    """The one this human is on file as, where this is a duplicate; that one is never a duplicate itself."""
    version: Mapped[int] = mapped_column(default=1)
    """Goes up by one with every change; who acts names the version seen."""
    human_id: Mapped[int] = column_property(sa.func.coalesce(merged_into_id, id))
    """Under which id this human counts: hours are summed under it, whichever of the duplicates they were posted to."""
    merged_into: Mapped[Person | None] = relationship(remote_side=[id], post_update=True)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


def under(person: type[Person], human: Any) -> sa.ColumnElement[bool]:
    """The records a human is on file under, as SQL: the person of this `human_id` and its duplicates.

    Two plain conditions, so that each finds its index; `human` may be a list.
    """
    columns = (person.id, person.merged_into_id)
    if isinstance(human, list):
        return sa.or_(*(column.in_(human) for column in columns))
    return sa.or_(*(column == human for column in columns))


class PersonChange(Base):
    """One act on a person on file: what was, what is, on which evidence, who and why."""

    __tablename__ = "person_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    kind: Mapped[Change] = mapped_column(_codes(Change))
    before: Mapped[str] = mapped_column(EncryptedText("person_change.before"))
    """What the act changed, as canonical JSON; it may hold the ID number."""
    after: Mapped[str] = mapped_column(EncryptedText("person_change.after"))
    former_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)
    """By which the ID number that was is found; None where it stayed."""
    reason: Mapped[str] = mapped_column(sa.Text)
    attachment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """The office that acted."""
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


class Account(Base):
    """Who may sign in, in which role, for which organization."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    role: Mapped[Role] = mapped_column(_codes(Role))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    password_hash: Mapped[str] = mapped_column(sa.String(80))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    wrong_tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    organization: Mapped[Organization] = relationship()


class SignIn(Base):
    """One signed-in browser. Only the digest of its token is kept."""

    __tablename__ = "sign_in"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


# --- everything submitted -------------------------------------------------------------------------------------------


class Submission(Base):
    """What an organization puts before the authority in charge; one life for every kind."""

    __tablename__ = "submission"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[State] = mapped_column(_codes(State), default=State.DRAFT)
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
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    authority: Mapped[Organization] = relationship(foreign_keys=[authority_id])
    person: Mapped[Person | None] = relationship()
    __table_args__ = (sa.Index("ix_submission_queue", "kind", "state", "authority_id"),)
    __mapper_args__ = {"polymorphic_on": "kind", "version_id_col": version}  # noqa: RUF012

    @hybrid_property
    def home_id(self) -> int | None:
        """Whose clerks see it: the organization's; where it is about a person, those of the present employer."""
        if self.person is None:
            return self.organization_id
        human = self.person if self.person.merged_into_id is None else self.person.merged_into
        return human.employer_id if human else None

    @home_id.inplace.expression
    @classmethod
    def _home_id(cls) -> sa.ColumnElement[int | None]:
        employer = sa.select(Person.employer_id).where(Person.id == cls.human_id).correlate(cls).scalar_subquery()
        return sa.case((cls.person_id.is_(None), cls.organization_id), else_=employer)

    @hybrid_property
    def human_id(self) -> int | None:
        """Whom it is about, under the id this human counts under."""
        return self.person.human_id if self.person else None

    @human_id.inplace.expression
    @classmethod
    def _human_id(cls) -> sa.ColumnElement[int | None]:
        return sa.select(Person.human_id).where(Person.id == cls.person_id).correlate(cls).scalar_subquery()


class Plan(Submission):
    """培训计划, clause 一(五)1. `hours_each` is what one learner earns."""

    __tablename__ = "plan"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    subject: Mapped[Subject] = mapped_column(_codes(Subject))
    start_on: Mapped[date] = mapped_column(index=True)
    end_on: Mapped[date]
    place: Mapped[str] = mapped_column(sa.String(100))
    mode: Mapped[Mode] = mapped_column(_codes(Mode))
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
    __mapper_args__ = {"polymorphic_identity": "plan"}  # noqa: RUF012


class Report(Submission):
    """培训情况报告, clause 一(五)2: summary, notice and roster of one approved plan."""

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
    notice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
    roster_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
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
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"))
    row: Mapped[int]
    """The row number of the spreadsheet, as its user sees it."""
    name: Mapped[str] = mapped_column(sa.String(100))
    id_number: Mapped[str] = mapped_column(EncryptedText("roster_row.id_number"))
    id_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)
    employer: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str] = mapped_column(sa.String(200))
    specialty: Mapped[str] = mapped_column(sa.String(200))
    public_hours: Mapped[Decimal] = mapped_column(Hours)
    professional_hours: Mapped[Decimal] = mapped_column(Hours)
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
    heading: Mapped[str] = mapped_column(sa.String(20))
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
    heading: Mapped[str] = mapped_column(sa.String(20))
    """"" where the whole row was added or left out."""
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


class Movement(Base):
    """One step in a submission's life: the decision itself, with its reason."""

    __tablename__ = "movement"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    action: Mapped[str] = mapped_column(sa.String(20))
    from_state: Mapped[State] = mapped_column(_codes(State))
    to_state: Mapped[State] = mapped_column(_codes(State))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


class Attachment(Base):
    """A file that belongs to a submission. The bytes lie encrypted in `CE_HOME/files` under their SHA-256."""

    __tablename__ = "attachment"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    """None for a file that an import came from; its batch says whose it is."""
    purpose: Mapped[str] = mapped_column(sa.String(20))
    filename: Mapped[str] = mapped_column(sa.String(200))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    """Bytes before encryption."""
    added_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


# --- the ledger -----------------------------------------------------------------------------------------------------


class CreditBatch(Base):
    """Entries posted by one deed. `root` is the Merkle root over them, `chain` binds it to the batch before."""

    __tablename__ = "credit_batch"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    submission_id: Mapped[int | None] = mapped_column(sa.ForeignKey("submission.id"), unique=True)
    """What was approved. Unique: nothing is posted twice."""
    attachment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
    """The file an import came from, kept."""
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_batch.id"), index=True)
    """The batch that this one undoes, whole or in part; each of its entries says which line."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The office that posted it and is in charge of it."""
    form: Mapped[int] = mapped_column(sa.SmallInteger)
    """In which form its digests were taken; see `ledger`."""
    basis: Mapped[str] = mapped_column(sa.String(200))
    posted_by: Mapped[str] = mapped_column(sa.String(40))
    posted_at: Mapped[datetime] = mapped_column(Moment)
    entries: Mapped[int]
    leaves: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    """The hashes under `root`, 32 bytes for each entry; none for a batch of before they were kept."""
    root: Mapped[str] = mapped_column(sa.String(64))
    chain: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = ({"info": APPEND_ONLY},)


class CreditEntry(Base):
    """学时记录: one posting of hours to a person, a credit year and a subject. Clustered by person, for looking up."""

    __tablename__ = "credit_entry"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    """学时年度."""
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(20))
    """A subject code of the policy: `public`, `professional`, or what another office's notice names."""
    source: Mapped[Source] = mapped_column(_codes(Source))
    hours: Mapped[Decimal] = mapped_column(Hours)
    """Negative in a reversal; 0 where the subject is deemed done."""
    deemed: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """1: the year's subject counts as done (视同完成); -1: that is undone."""
    reverses_line: Mapped[int | None]
    """In a reversal: the line of the undone batch that this entry takes back."""
    completed_on: Mapped[date]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    roster_row_id: Mapped[int | None] = mapped_column(sa.ForeignKey("roster_row.id"), index=True)
    batch: Mapped[CreditBatch] = relationship()
    __table_args__ = (
        sa.Index("ix_credit_entry_batch", "batch_id", "line", "hours"),  # a batch in its order; its sum, read alone
        {"info": APPEND_ONLY, "sqlite_with_rowid": False},
    )


_back, _back_batch = sa.orm.aliased(CreditEntry), sa.orm.aliased(CreditBatch)
TAKEN_BACK = sa.exists(
    sa.select(1)
    .select_from(_back)
    .join(_back_batch, _back_batch.id == _back.batch_id)
    .where(
        _back.person_id == CreditEntry.person_id,
        _back.year == CreditEntry.year,
        _back.reverses_line == CreditEntry.line,
        _back_batch.reverses_id == CreditEntry.batch_id,
    )
    .correlate(CreditEntry)
)
"""Whether an entry was undone, as an SQL condition over CreditEntry."""
STANDS = sa.and_(CreditEntry.reverses_line.is_(None), ~TAKEN_BACK)
"""Whether an entry counts: neither undone nor undoing."""
_of_row = sa.select(1).where(CreditEntry.roster_row_id == RosterRow.id)
HOURS_TAKEN_BACK = sa.and_(
    sa.exists(_of_row.correlate(RosterRow)), ~sa.exists(_of_row.where(STANDS).correlate(RosterRow))
)
"""Whether hours were posted for a row of a roster and none of them stand, as an SQL condition over RosterRow."""


class CreditTotal(Base):
    """The balance of a person's year, subject and source, kept in the same transaction as the entries it sums.

    It is kept under the person's `human_id`: a duplicate has none of its own.
    """

    __tablename__ = "credit_total"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    source: Mapped[Source] = mapped_column(_codes(Source), primary_key=True)
    hours: Mapped[Decimal] = mapped_column(Hours)
    deemed: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """How many entries deem the subject done."""
    __table_args__ = ({"sqlite_with_rowid": False},)


class Dispute(Base):
    """异议: what a person or an employer says against one credit entry, and the answer of the authority in charge."""

    __tablename__ = "dispute"
    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"), index=True)
    line: Mapped[int]
    """Of the batch: with it the entry, and through the entry whose it is."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The office in charge of the batch, which answers."""
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """Where it was filed from."""
    words: Mapped[str] = mapped_column(sa.Text)
    filed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    filed_by: Mapped[str] = mapped_column(sa.String(40))
    filed_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[Answer] = mapped_column(_codes(Answer), default=Answer.OPEN)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it was upheld or rejected."""
    answered_by: Mapped[str] = mapped_column(sa.String(40), default="")
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    reversal_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_batch.id"))
    """The reversal it led to."""
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class DecisionPolicy(Base):
    """A policy as it was when something was first decided by it: all it says, canonical JSON."""

    __tablename__ = "decision_policy"
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    policy_id: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str] = mapped_column(sa.Text)
    __table_args__ = ({"info": APPEND_ONLY},)


class DecisionRun(Base):
    """Applications decided in one deed."""

    __tablename__ = "decision_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The office that decided."""
    decided_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str] = mapped_column(sa.String(40))
    applications: Mapped[int]
    __table_args__ = ({"info": APPEND_ONLY},)


class DecisionPart(Base):
    """结论 of the applications of one run, year, policy and authority, in columns; see `decisions`."""

    __tablename__ = "decision_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("decision_run.id"), index=True)
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The authority in charge of these people; of those not on file, the office that decided."""
    year: Mapped[int] = mapped_column(sa.SmallInteger, index=True)
    policy_id: Mapped[str] = mapped_column(sa.String(40))
    policy_digest: Mapped[str] = mapped_column(sa.ForeignKey("decision_policy.digest"))
    eligible: Mapped[int]
    not_eligible: Mapped[int]
    to_verify: Mapped[int]
    facts: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Sealed: who applied for what, and what was decided."""
    balances: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Sealed: the hours they had by year, subject and source."""
    digest: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = ({"info": APPEND_ONLY},)


class DecisionPerson(Base):
    """Where the decisions about a person lie."""

    __tablename__ = "decision_person"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("decision_part.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    __table_args__ = ({"info": APPEND_ONLY, "sqlite_with_rowid": False},)


class PolicyDraft(Base):
    """A policy on its way into force: text, who wrote it, which second administrator published it."""

    __tablename__ = "policy_draft"
    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    text: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(64))
    version: Mapped[int] = mapped_column(default=1)
    drafted_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    drafted_at: Mapped[datetime] = mapped_column(Moment)
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Card(Base):
    """审验卡: what a card said when it was issued, signed, found again by the code printed on it."""

    __tablename__ = "card"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(24), unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    payload: Mapped[str] = mapped_column(EncryptedText("card.payload"))
    signature: Mapped[str] = mapped_column(sa.String(128))
    issued_at: Mapped[datetime] = mapped_column(Moment)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"))
    """The last batch in the ledger when it was issued: what a later one takes back revokes the card."""
    __table_args__ = ({"info": APPEND_ONLY},)


class CardPerson(Base):
    """Whose hours a card shows: the person's record, and those that were merged into it when it was issued."""

    __tablename__ = "card_person"
    card_id: Mapped[int] = mapped_column(sa.ForeignKey("card.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True, index=True)
    __table_args__ = ({"info": APPEND_ONLY, "sqlite_with_rowid": False},)


class AuditEntry(Base):
    """Who, when, what, before, after, why. Chained by hash: a row changed or removed breaks every later one."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    event: Mapped[str] = mapped_column(sa.String(40), index=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    role: Mapped[str] = mapped_column(sa.String(20))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The organization whose record was touched."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    record: Mapped[str] = mapped_column(sa.String(20))
    record_id: Mapped[int]
    before: Mapped[str] = mapped_column(sa.Text)
    after: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = (sa.Index("ix_audit_entry_record", "record", "record_id"), {"info": APPEND_ONLY})
