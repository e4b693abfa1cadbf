"""Organizations (机构), accounts, sign-ins, and what the office decided once."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from core.ground.access import AUTHORITIES, OrganizationKind, Role, league_of
from core.ground.db import EncryptedText, Moment
from core.law.workdays import DayKind
from core.models.base import Base, codes


class Setting(Base):
    """What the office decided once, by name."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)


class CalendarLink(Base):
    """The address under which an organization's calendar may be subscribed to (日历订阅). Only its digest is kept."""

    __tablename__ = "calendar_link"
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    made_at: Mapped[datetime] = mapped_column(Moment)


class SpecialDay(Base):
    """A day off, or a weekend day worked in exchange (放假安排), as the office entered it."""

    __tablename__ = "special_day"
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[DayKind] = mapped_column(codes(DayKind))
    name: Mapped[str] = mapped_column(sa.String(20))


class Organization(Base):
    """机构. `authority` is the office in charge of it (管理权限): the region, or one league; an office is its own."""

    __tablename__ = "organization"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    kind: Mapped[OrganizationKind] = mapped_column(codes(OrganizationKind))
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    authority: Mapped[Organization] = relationship(remote_side=[id], post_update=True)

    @property
    def league(self) -> str | None:
        """The league (盟市) whose notices hold here, by the authority in charge; None: the region's."""
        office = self if self.kind in AUTHORITIES else self.authority
        return league_of(office.kind, office.name)


def leagues(session: Session) -> dict[int, str | None]:
    """Leagues (盟市) by the id of their office, as notices call them; the region's own office has None."""
    query = sa.select(Organization.id, Organization.kind, Organization.name)
    offices = session.execute(query.where(Organization.kind.in_(AUTHORITIES)))
    return {office_id: league_of(kind, name) for office_id, kind, name in offices}


class ColumnChoice(Base):
    """认列: what an organization's files of one kind call a column, as a clerk has said it once."""

    __tablename__ = "column_choice"
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    """The kind of table, by its `Listing`'s code."""
    label: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    """The heading as the file has it, groups over it included."""
    column_key: Mapped[str] = mapped_column(sa.String(60))
    """"" where the column is not used (不用)."""
    chosen_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    chosen_at: Mapped[datetime] = mapped_column(Moment)


class Account(Base):
    """Who may sign in, in which role, for which organization."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    role: Mapped[Role] = mapped_column(codes(Role))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    password_hash: Mapped[str] = mapped_column(sa.String(80))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    first_until: Mapped[datetime | None] = mapped_column(Moment)
    """Until when a first password (初始密码) lets in; None: without end, or one's own password."""
    active: Mapped[bool] = mapped_column(default=True)
    large_type: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether its pages are drawn large (大字显示), on whatever machine it signs in."""
    organization: Mapped[Organization] = relationship()


class Unsaved(Base):
    """What an account has typed into a form and not saved yet (未保存的改动); nobody else's to see."""

    __tablename__ = "unsaved"
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    place: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    """The kind and the record: "plan:12", "plan:new"."""
    version: Mapped[int]
    """A number that stands for what the record had when it was typed over."""
    typed: Mapped[str] = mapped_column(EncryptedText("unsaved.typed"))
    """The fields that differ from the record, by name, JSON."""
    at: Mapped[datetime] = mapped_column(Moment)


class UnsavedFile(Base):
    """A file that an account has chosen in a form and not saved yet (已选、尚未保存的文件); nobody else's to see.

    Its bytes lie where attachments' do, under their SHA-256.
    """

    __tablename__ = "unsaved_file"
    __table_args__ = (sa.UniqueConstraint("account_id", "place", "field", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    place: Mapped[str] = mapped_column(sa.String(60))
    """The form, as `Unsaved.place` has it."""
    field: Mapped[str] = mapped_column(sa.String(40))
    filename: Mapped[str] = mapped_column(EncryptedText("unsaved_file.filename"))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    """Bytes before encryption."""
    at: Mapped[datetime] = mapped_column(Moment)


class SavedView(Base):
    """Filters of the desk that an account saved under a name (常用视图); nobody else's to see."""

    __tablename__ = "saved_view"
    __table_args__ = (sa.UniqueConstraint("account_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(sa.String(20))
    wanted: Mapped[str] = mapped_column(EncryptedText("saved_view.wanted"))
    """The filters as JSON."""


class SignIn(Base):
    """One signed-in browser. Only the digest of its token is kept."""

    __tablename__ = "sign_in"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    idles_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it ends by itself unless something is done before (闲置退出)."""
    awaits: Mapped[str | None] = mapped_column(sa.String(5))
    """What it lacks: "code", that of a second factor, until which nobody is signed in; "enrol", having one."""


class SecondFactor(Base):
    """An account's second factor (动态口令): its app's secret, the step its last code was of, digests of codes."""

    __tablename__ = "second_factor"
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(EncryptedText("second_factor.secret"))
    last_step: Mapped[int]
    recovery: Mapped[str] = mapped_column(sa.Text)
    """Digests of the recovery codes not used yet, a JSON list."""
    enrolled_at: Mapped[datetime] = mapped_column(Moment)


class ActivationCode(Base):
    """开通码: lets a person open an account of one's own, once; the code is on a slip, here is its keyed digest."""

    __tablename__ = "activation_code"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    expires_at: Mapped[datetime] = mapped_column(Moment)
    wrong: Mapped[int]
    """Wrong tries at it."""
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class SignInTry(Base):
    """Wrong tries to sign in, by what they are counted by: an account's name, a browser, an address; as a digest."""

    __tablename__ = "sign_in_try"
    key: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    wrong: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment, index=True)
