"""Every table, and no decisions. Facts and moments only; rules live in the rooms above."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from core.access import Labelled, OrganizationKind, Role
from core.db import EncryptedText, Hours, Moment
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
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    authority: Mapped[Organization] = relationship(foreign_keys=[authority_id])
    __table_args__ = (sa.Index("ix_submission_queue", "kind", "state", "authority_id"),)
    __mapper_args__ = {"polymorphic_on": "kind", "version_id_col": version}  # noqa: RUF012


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
    extension_start_on: Mapped[date | None]
    """The earliest start an administrator allowed although it is less than the notice asks for."""
    extension_reason: Mapped[str] = mapped_column(sa.Text, default="")
    __mapper_args__ = {"polymorphic_identity": "plan"}  # noqa: RUF012


class Report(Submission):
    """培训情况报告, clause 一(五)2: summary, notice and roster of one approved plan."""

    __tablename__ = "report"
    id: Mapped[int] = mapped_column(sa.ForeignKey("submission.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"), unique=True)
    start_on: Mapped[date]
    end_on: Mapped[date]
    summary: Mapped[str] = mapped_column(sa.Text, default="")
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
    __mapper_args__ = {"polymorphic_identity": "report"}  # noqa: RUF012


class RosterRow(Base):
    """One row of a roster (培训花名册, 附件1) as it was read; a row with faults posts nothing."""

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
    assessment: Mapped[str] = mapped_column(sa.String(40))
    phone: Mapped[str] = mapped_column(EncryptedText("roster_row.phone"))
    note: Mapped[str] = mapped_column(sa.String(400))
    faulty: Mapped[bool]
    __table_args__ = (sa.UniqueConstraint("report_id", "row"),)


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
        sa.Index("ix_credit_entry_batch", "batch_id"),
        {"info": APPEND_ONLY, "sqlite_with_rowid": False},
    )


class CreditTotal(Base):
    """The balance of a person's year, subject and source, kept in the same transaction as the entries it sums."""

    __tablename__ = "credit_total"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    source: Mapped[Source] = mapped_column(_codes(Source), primary_key=True)
    hours: Mapped[Decimal] = mapped_column(Hours)
    deemed: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """How many entries deem the subject done."""
    __table_args__ = ({"sqlite_with_rowid": False},)


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
    __table_args__ = ({"info": APPEND_ONLY},)


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
