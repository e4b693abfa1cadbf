"""Organizations, accounts, sign-ins and persons: add, find, open, close. Hours and workflow live elsewhere."""

from __future__ import annotations

import csv
import functools
import hashlib
import itertools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import bcrypt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, audit, db, resident_id, sheets
from core.access import ROLE_HOMES, Actor, OrganizationKind, Refused, Role, not_found, require, visible
from core.models import Account, Organization, Person, PersonChange, Setting, SignIn

SIGN_IN_LASTS = timedelta(hours=12)
TRIES_BEFORE_LOCK = 5
LOCK_LASTS = timedelta(minutes=15)
PASSWORD_LENGTH = 10

_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･．●▪﹒᛫ꞏ", "·"))
_UNTIDY = re.compile(rf"[\s\x00-\x1f\x7f{sheets.INVISIBLE}{''.join(map(chr, _DOTS))}]")
_RARE = "\ue000-\uf8ff\U000f0000-\U0010ffff\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""What rare characters (生僻字) are written with: private use, and variation selectors."""
_NO_LETTERS = re.compile(rf"\d|_|[^\w·. \-’{_RARE}]")
NAME_FORM = "姓名应为2至20个字，不含数字和符号，请核对"


def normalise_name(raw: object) -> str:
    """A name as it is compared: no spaces around Chinese characters, one kind of middle dot."""
    if isinstance(raw, str) and not _UNTIDY.search(raw):
        return raw  # as most are
    text = re.sub(f"[{sheets.INVISIBLE}]+", "", str(raw if raw is not None else "")).translate(_DOTS)
    text = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()  # PostgreSQL keeps no NUL, which a cell may hold
    text = re.sub(r"\s*·\s*", "·", text)
    return re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", text)


def is_name(name: str) -> bool:
    """Whether a normalised name can be a person's: 2 to 20 characters, no digits, no signs (`NAME_FORM` says so)."""
    return 2 <= len(name) <= 20 and not _NO_LETTERS.search(name) and all(name.split("·"))


# --- the office -----------------------------------------------------------------------------------------------------


def setting(session: Session, name: str) -> str | None:
    found = session.get(Setting, name)
    return found.value if found else None


def decide_setting(session: Session, name: str, value: str) -> None:
    session.merge(Setting(name=name, value=value))


def is_open(session: Session) -> bool:
    """Whether somebody has already chosen a demonstration or an empty office."""
    return setting(session, "office") is not None


def open_office(session: Session, *, kind: str, now: datetime) -> Actor:
    """Enter the region, its leagues and the exam authority, and answer the actor that sets the office up.

    `kind` is "empty" or "demo". Refused codes: "open" (it was opened before).
    """
    if is_open(session):
        raise Refused("open", "系统已经建立，不能重复初始化。请直接登录。")
    with (db.ROOT / "data" / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    region = Organization(id=1, name=rows[0]["name"], kind=OrganizationKind(rows[0]["kind"]), authority_id=1)
    session.add(region)
    session.flush()
    for number, row in enumerate(rows[1:], start=2):
        organization_kind = OrganizationKind(row["kind"])
        authority_id = number if organization_kind is OrganizationKind.LEAGUE_HR else region.id
        session.add(Organization(id=number, name=row["name"], kind=organization_kind, authority_id=authority_id))
    decide_setting(session, "office", kind)
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT setval('organization_id_seq', (SELECT max(id) FROM organization))"))
    founder = system_actor(session)
    audit.record(session, audit.Event.OFFICE_OPENED, region, actor=founder, after={"kind": kind}, now=now)
    return founder


def system_actor(session: Session) -> Actor:
    """The one who acts from the command line and at set-up: nobody's account, the region's administrator."""
    region = session.get_one(Organization, 1)
    return Actor(None, "系统", Role.ADMIN, region.id, region.name, region.kind)


def demo_days(session: Session) -> int:
    """By how many days the demonstration's date runs ahead of the real one."""
    return int(setting(session, "demo_days") or 0)


def shift_demo_clock(session: Session, days: int, *, actor: Actor, now: datetime) -> int:
    """Let the demonstration's date run ahead, so that a training can be taken from plan to card in one sitting.

    Refused codes: "demo" (a real office keeps real time), "days".
    """
    if setting(session, "office") != "demo":
        raise Refused("demo", "只有演示系统可以推进日期。")
    if not 1 <= days <= 366:
        raise Refused("days", "一次可推进1至366天。")
    ahead = demo_days(session) + days
    decide_setting(session, "demo_days", str(ahead))
    region = session.get_one(Organization, 1)
    audit.record(session, audit.Event.CLOCK_SHIFTED, region, actor=actor, after={"days_ahead": ahead}, now=now)
    return ahead


def moment(session: Session, real: datetime) -> datetime:
    """The office's now: the real moment, or the demonstration's."""
    return real + timedelta(days=demo_days(session))


# --- organizations --------------------------------------------------------------------------------------------------


def organizations(
    session: Session, actor: Actor, *, kind: OrganizationKind | None = None, text: str = ""
) -> pd.DataFrame:
    """Organizations of the actor's jurisdiction. Columns: id, name, kind, authority, active, accounts."""
    authority = sa.orm.aliased(Organization)
    accounts = sa.select(sa.func.count(Account.id)).where(Account.organization_id == Organization.id).scalar_subquery()
    query = (
        sa.select(
            Organization.id,
            Organization.name,
            Organization.kind,
            authority.name.label("authority"),
            Organization.active,
            accounts.label("accounts"),
        )
        .join(authority, authority.id == Organization.authority_id)
        .where(visible(actor, organization=Organization.id, authority=Organization.authority_id))
        .order_by(Organization.id)
    )
    if kind:
        query = query.where(Organization.kind == kind)
    if text:
        query = query.where(Organization.name.contains(text, autoescape=True))
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


def authorities(session: Session) -> dict[int, str]:
    """The region and the leagues: id to name."""
    query = sa.select(Organization.id, Organization.name).where(Organization.kind.in_(access.AUTHORITIES))
    return {row.id: row.name for row in session.execute(query.order_by(Organization.id))}


def add_organization(
    session: Session, *, name: str, kind: OrganizationKind, authority_id: int, actor: Actor, now: datetime
) -> Organization:
    """Enter an organization under the authority in charge of it.

    Refused codes: "role", "jurisdiction", "name", "kind".
    """
    require(actor, Role.ADMIN)
    _administers(actor, authority_id)
    name = name.strip()
    if not 2 <= len(name) <= 80:
        raise Refused("name", "机构名称应为2至80个字，请填写营业执照或法人证书上的全称。")
    if kind in access.AUTHORITIES:
        raise Refused("kind", "人社厅和盟市人社局由系统预置，不能新增。")
    if session.scalar(sa.select(Organization.id).where(Organization.name == name)):
        raise Refused("name", f"已有名为“{name}”的机构，请直接使用或核对全称。")
    added = Organization(name=name, kind=kind, authority_id=authority_id)
    session.add(added)
    audit.record(
        session, audit.Event.ORGANIZATION_ADDED, added, actor=actor, after={"name": name, "kind": kind.value}, now=now
    )
    return added


def set_organization_active(
    session: Session, organization_id: int, active: bool, *, actor: Actor, reason: str, now: datetime
) -> Organization:
    """Close an organization, which ends its accounts' sign-ins at once, or open it again.

    Refused codes: "role", "missing", "jurisdiction", "kind", "reason".
    """
    require(actor, Role.ADMIN)
    organization = session.get(Organization, organization_id)
    if organization is None:
        raise not_found("机构")
    _administers(actor, organization.authority_id)
    if organization.kind in access.AUTHORITIES:
        raise Refused("kind", "人社厅和盟市人社局不能停用。")
    if not reason.strip():
        raise Refused("reason", "请填写停用或启用的原因。")
    before = {"active": organization.active}
    organization.active = active
    if not active:
        _end_sign_ins(session, Account.organization_id == organization.id, now)
    audit.record(
        session,
        audit.Event.ORGANIZATION_CHANGED,
        organization,
        actor=actor,
        before=before,
        after={"active": active},
        reason=reason,
        now=now,
    )
    return organization


def _administers(actor: Actor, authority_id: int) -> None:
    if not actor.oversees_region:
        access.in_charge(actor, authority_id)


# --- accounts and sign-ins ------------------------------------------------------------------------------------------


def accounts(session: Session, actor: Actor, *, text: str = "") -> pd.DataFrame:
    """Accounts of the actor's jurisdiction, all or those with these words in user name, name or organization.

    Columns: id, username, name, role, organization, active, locked_until.
    """
    require(actor, Role.ADMIN)
    query = (
        sa.select(
            Account.id,
            Account.username,
            Account.name,
            Account.role,
            Organization.name.label("organization"),
            Account.active,
            Account.locked_until,
        )
        .join(Organization, Organization.id == Account.organization_id)
        .where(visible(actor, organization=Organization.id, authority=Organization.authority_id))
        .order_by(Organization.id, Account.id)
    )
    if needle := text.strip():
        fields = (Account.username, Account.name, Organization.name)
        query = query.where(sa.or_(*(field.contains(needle, autoescape=True) for field in fields)))
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


def check_password(password: str) -> None:
    """Refuse (`password`) what is too short, too long for bcrypt (72 bytes) or of one kind of character."""
    if len(password) < PASSWORD_LENGTH:
        raise Refused("password", f"密码至少{PASSWORD_LENGTH}位，请加长。")
    if len(password.encode()) > 72:
        raise Refused("password", "密码过长（超过72字节），请缩短。")
    if password.isdigit() or password.isalpha():
        raise Refused("password", "密码请同时使用字母和数字。")


def open_account(
    session: Session,
    *,
    username: str,
    name: str,
    role: Role,
    organization_id: int,
    password: str,
    actor: Actor,
    now: datetime,
    person_id: int | None = None,
    must_change_password: bool = True,
) -> Account:
    """Open an account; its first sign-in must change the password.

    Refused codes: "role", "missing", "jurisdiction", "username", "name", "password", "home", "person".
    """
    require(actor, Role.ADMIN)
    organization = session.get(Organization, organization_id)
    if organization is None:
        raise not_found("机构")
    _administers(actor, organization.authority_id)
    username = username.strip().casefold()
    if not re.fullmatch(r"[a-z0-9_.-]{3,40}", username):
        raise Refused("username", "用户名为3至40位小写字母、数字、点、横线或下划线。")
    if session.scalar(sa.select(Account.id).where(Account.username == username)):
        raise Refused("username", f"用户名“{username}”已被使用，请换一个。")
    if not name.strip():
        raise Refused("name", "请填写使用人姓名。")
    if organization.kind not in ROLE_HOMES[role]:
        homes = "、".join(kind.label for kind in ROLE_HOMES[role])
        raise Refused("home", f"{role.label}账号只能开在{homes}，“{organization.name}”是{organization.kind.label}。")
    if (role is Role.PERSON) != (person_id is not None):
        raise Refused("person", "个人账号须对应一名专业技术人员，其他账号不对应个人。")
    check_password(password)
    account = Account(
        username=username,
        name=name.strip(),
        role=role,
        organization_id=organization_id,
        person_id=person_id,
        password_hash=_hash(password),
        must_change_password=must_change_password,
    )
    session.add(account)
    audit.record(
        session,
        audit.Event.ACCOUNT_OPENED,
        account,
        actor=actor,
        after={"username": username, "role": role.value},
        now=now,
    )
    return account


def open_person_account(
    session: Session, *, username: str, id_number: str, password: str, actor: Actor, now: datetime
) -> Account:
    """Open an account for a person on file, by ID number. Refused codes: "person" and those of `open_account`."""
    require(actor, Role.ADMIN)  # before the look-up: nobody else learns who is on file
    person = session.scalar(
        sa.select(Person).where(Person.id == _holder(db.blind_index(resident_id.normalise(id_number))))
    )
    if person is None:
        raise Refused("person", "没有此身份证号的人员；人员在首次培训学时入账时建立，请核对号码。")
    return open_account(
        session,
        username=username,
        name=person.name,
        role=Role.PERSON,
        organization_id=person.employer_id or person.authority_id,
        password=password,
        person_id=person.id,
        actor=actor,
        now=now,
    )


def set_account_active(
    session: Session, account_id: int, active: bool, *, actor: Actor, reason: str, now: datetime
) -> Account:
    """Close an account, which ends its sign-ins at once, or open it again.

    Refused codes: "role", "missing", "jurisdiction", "self", "reason".
    """
    account = _administered(session, account_id, actor)
    if account.id == actor.account_id:
        raise Refused("self", "不能停用自己的账号。")
    if not reason.strip():
        raise Refused("reason", "请填写停用或启用的原因。")
    account.active = active
    if not active:
        _end_sign_ins(session, Account.id == account.id, now)
    event = audit.Event.ACCOUNT_REOPENED if active else audit.Event.ACCOUNT_CLOSED
    audit.record(session, event, account, actor=actor, after={"active": active}, reason=reason, now=now)
    return account


def reset_password(session: Session, account_id: int, password: str, *, actor: Actor, now: datetime) -> Account:
    """Give an account a new first password, unlock it and end its sign-ins.

    Refused codes: "role", "missing", "jurisdiction", "password".
    """
    account = _administered(session, account_id, actor)
    _set_password(session, account, password, must_change=True, now=now)
    audit.record(session, audit.Event.PASSWORD_RESET, account, actor=actor, now=now)
    return account


def change_password(session: Session, new: str, *, old: str, actor: Actor, now: datetime) -> None:
    """Change one's own password; every sign-in of the account ends, this one included.

    Refused codes: "old", "password", "same".
    """
    account = session.get_one(Account, actor.account_id)
    if not password_fits(old, account.password_hash):
        raise Refused("old", "原密码不正确，请重新输入。")
    if new == old:
        raise Refused("same", "新密码不能与原密码相同。")
    _set_password(session, account, new, must_change=False, now=now)
    audit.record(session, audit.Event.PASSWORD_CHANGED, account, actor=actor, now=now)


def _administered(session: Session, account_id: int, actor: Actor) -> Account:
    require(actor, Role.ADMIN)
    account = session.get(Account, account_id)
    if account is None:
        raise not_found("账号")
    _administers(actor, account.organization.authority_id)
    return account


def _set_password(session: Session, account: Account, password: str, *, must_change: bool, now: datetime) -> None:
    check_password(password)
    account.password_hash = _hash(password)
    account.must_change_password = must_change
    account.wrong_tries, account.locked_until = 0, None
    _end_sign_ins(session, Account.id == account.id, now)


def _end_sign_ins(session: Session, whose: sa.ColumnElement[bool], now: datetime) -> None:
    """End every sign-in of the accounts that fit, in every browser."""
    accounts = sa.select(Account.id).where(whose)
    session.execute(
        sa.update(SignIn).where(SignIn.account_id.in_(accounts), SignIn.ended_at.is_(None)).values(ended_at=now)
    )


def _hash(password: str) -> str:
    """bcrypt, as streamlit-authenticator's Hasher makes it; that package itself would bring the screens into core."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode()


@functools.lru_cache(maxsize=1)
def _nobody() -> str:
    """Checked against when the user name is unknown, so that the answer takes equally long."""
    return _hash(secrets.token_urlsafe())


def password_hash(session: Session, username: str) -> str:
    """What to check a password against; a stranger's name gets a hash that nothing fits."""
    found = session.scalar(sa.select(Account.password_hash).where(Account.username == username.strip().casefold()))
    return found or _nobody()


def password_fits(password: str, hashed: str) -> bool:
    """bcrypt, slow on purpose: call it with no transaction open."""
    return len(password.encode()) <= 72 and bcrypt.checkpw(password.encode(), hashed.encode())


def sign_in(session: Session, username: str, *, fits: bool, now: datetime) -> str | Refused:
    """Start a sign-in and answer its token, or count the wrong try and answer the refusal.

    `now` is the real moment, even in a demonstration whose date runs ahead; the trail gets the office's.
    The refusal is answered, not raised, because the wrong try must be kept. Codes: "credentials", "locked". After five
    wrong tries the account is locked for 15 minutes, even for the right password.
    """
    # key_share: a deed of this account that is just writing its line in the trail (a foreign key) does not wait for us,
    # while we wait for the trail: that would be a deadlock.
    account = session.scalar(
        sa.select(Account).where(Account.username == username.strip().casefold()).with_for_update(key_share=True)
    )
    wrong = Refused("credentials", "用户名或密码不正确，请核对后重试。连续5次错误将锁定15分钟。")
    if account is None:
        return wrong
    if account.locked_until and account.locked_until > now:
        left = -(-(account.locked_until - now).seconds // 60)
        return Refused("locked", f"该账号因连续输错密码已锁定，请约{left}分钟后再试，或请管理员重置密码。")
    if not fits or not account.active or not account.organization.active:
        account.wrong_tries += 1
        if account.wrong_tries >= TRIES_BEFORE_LOCK:
            account.wrong_tries, account.locked_until = 0, now + LOCK_LASTS
            audit.record(session, audit.Event.LOCKED, account, actor=_actor(account), now=moment(session, now))
            return Refused("locked", "连续5次输错密码，该账号已锁定15分钟。请稍后再试，或请管理员重置密码。")
        return wrong
    account.wrong_tries, account.locked_until = 0, None
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(token_digest=_token_digest(token), account_id=account.id, started_at=now, expires_at=now + SIGN_IN_LASTS)
    )
    audit.record(session, audit.Event.SIGNED_IN, account, actor=_actor(account), now=moment(session, now))
    return token


def actor_of(session: Session, token: str | None, now: datetime) -> Actor | None:
    """Who holds a token, while the sign-in, the account and its organization all stand."""
    if not token:
        return None
    account = session.scalar(
        sa.select(Account)
        .join(SignIn, SignIn.account_id == Account.id)
        .join(Organization, Organization.id == Account.organization_id)
        .options(sa.orm.contains_eager(Account.organization))
        .where(
            SignIn.token_digest == _token_digest(token),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            Account.active,
            Organization.active,
        )
    )
    if account is None:
        return None
    here = _actor(account)
    if here.person_id is None:
        return here
    return replace(here, person_id=session.scalar(sa.select(Person.human_id).where(Person.id == here.person_id)))


def sign_out(session: Session, *, actor: Actor, now: datetime) -> None:
    """End every sign-in of the account, in every browser."""
    account = session.get_one(Account, actor.account_id)
    _end_sign_ins(session, Account.id == account.id, now)
    audit.record(session, audit.Event.SIGNED_OUT, account, actor=actor, now=now)


def _actor(account: Account) -> Actor:
    home = account.organization
    return Actor(
        account.id,
        account.name,
        account.role,
        home.id,
        home.name,
        home.kind,
        account.person_id,
        account.must_change_password,
    )


def _token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# --- persons --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PersonFacts:
    """What a roster tells of a person. `id_number` is normalised and valid."""

    name: str
    id_number: str
    employer: str = ""
    title: str = ""
    specialty: str = ""
    id_index: bytes | None = None
    """The number's blind index, where it was taken before."""


class OnFile(NamedTuple):
    """The record that a number has."""

    id: int
    name: str
    human_id: int
    """Whom it counts for: for a duplicate, the one it was merged into."""
    known_as: str
    """The name of that one."""

    @property
    def names(self) -> tuple[str, str]:
        """The names that go with the number: a duplicate's own may be the one that was misspelt."""
        return self.known_as, self.name


def on_file(session: Session, id_indexes: Sequence[bytes]) -> dict[bytes, OnFile]:
    """The records on file under these blind indexes."""
    query = sa.select(Person.id_index, Person.id, Person.name, Person.human_id)
    wanted, many = set(id_indexes), session.scalar(sa.select(sa.func.max(Person.id))) or 0
    if many < 4 * len(wanted):  # reading everybody is faster than looking so many of them up
        asked = [query]
    else:
        chunks = (id_indexes[start : start + 5000] for start in range(0, len(id_indexes), 5000))
        asked = [query.where(Person.id_index.in_(chunk)) for chunk in chunks]
    people = itertools.chain.from_iterable(session.execute(each.execution_options(yield_per=5000)) for each in asked)
    found = {index: OnFile(record, name, human, name) for index, record, name, human in people if index in wanted}
    merged = {index: each for index, each in found.items() if each.human_id != each.id}
    humans = sorted({each.human_id for each in merged.values()})
    known_as: dict[int, str] = {}
    for start in range(0, len(humans), 5000):
        some = sa.select(Person.id, Person.name).where(Person.id.in_(humans[start : start + 5000]))
        known_as |= dict(session.execute(some).all())
    return found | {index: each._replace(known_as=known_as[each.human_id]) for index, each in merged.items()}


def match_or_add(
    session: Session, facts: Sequence[PersonFacts], *, authority_id: int, now: datetime
) -> dict[bytes, int]:
    """The id of the record that each ID number has (by blind index), adding those not on file yet.

    A duplicate's number finds the duplicate: its hours count for whom it was merged into, and stay its own where the
    two are separated again.
    A new person belongs to the employer on file under that name and to its authority, else to `authority_id`.
    Refused codes: "name" (a number on file under another name; nothing is added).
    """
    indexes = db.blind_indexes(fact.id_number for fact in facts if fact.id_index is None)
    by_index = {fact.id_index or next(indexes): fact for fact in facts}
    known = on_file(session, list(by_index))
    clashes = [
        f"{by_index[index].name}（{resident_id.mask(by_index[index].id_number)}，库中为{found.known_as}）"
        for index, found in known.items()
        if by_index[index].name not in found.names
    ]
    if clashes:
        raise Refused("name", "姓名与库中同一身份证号的人员不一致，请退回核对：" + "、".join(clashes[:10]))
    employers = {
        row.name: (row.id, row.authority_id)
        for row in session.execute(sa.select(Organization.id, Organization.name, Organization.authority_id))
    }
    ids = {index: found.id for index, found in known.items()}
    new = {index: fact for index, fact in by_index.items() if index not in known}
    if new:
        homes = [employers.get(fact.employer, (None, authority_id)) for fact in new.values()]
        columns = {
            "name": [fact.name for fact in new.values()],
            "id_number": [fact.id_number for fact in new.values()],
            "id_index": list(new),
            "sex": [resident_id.sex(fact.id_number) for fact in new.values()],
            "birth_on": [resident_id.birth_on(fact.id_number) for fact in new.values()],
            "employer_id": [employer_id for employer_id, _ in homes],
            "employer_name": [fact.employer[:80] for fact in new.values()],
            "authority_id": [office_id for _, office_id in homes],
            "title": [fact.title[:40] for fact in new.values()],
            "specialty": [fact.specialty[:40] for fact in new.values()],
            "added_at": now,
        }
        last = session.scalar(sa.select(sa.func.max(Person.id))) or 0
        db.insert(session, Person, columns)
        added = session.execute(sa.select(Person.id_index, Person.id).where(Person.id > last))
        ids |= {index: person_id for index, person_id in added if index in new}
    return ids


LOOKERS = (Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER, Role.EMPLOYER_CLERK, Role.PERSON)
"""Who may look persons up; a base sees the people of its own rosters there."""


def persons_visible(actor: Actor) -> sa.ColumnElement[bool]:
    """The persons an actor may look up: officers their jurisdiction's, employer clerks their own, a person oneself.

    A duplicate is nobody of its own.
    """
    require(actor, *LOOKERS)
    whose = visible(actor, organization=Person.employer_id, authority=Person.authority_id)
    if actor.role is Role.PERSON:
        whose = Person.id == actor.person_id
    return sa.and_(whose, Person.merged_into_id.is_(None))


def _holder(id_index: bytes) -> sa.ColumnElement[int]:
    """The id of whom a number finds: whose it is or was before a correction, or the one that record was merged into."""
    owner = sa.select(Person.human_id).where(Person.id_index == id_index).scalar_subquery()
    former = sa.select(Person.human_id).join(PersonChange, PersonChange.person_id == Person.id)
    former = former.where(PersonChange.former_index == id_index).order_by(PersonChange.id.desc()).limit(1)
    return sa.func.coalesce(owner, former.scalar_subquery())


def persons_matching(actor: Actor, *, text: str = "", employer: str = "") -> list[sa.ColumnElement[bool]]:
    """Conditions for the persons an actor may see, by name or part of it, or by exact ID number, and by employer."""
    conditions = [persons_visible(actor)]
    if text.strip() and resident_id.problem(text) is None:
        conditions.append(Person.id == _holder(db.blind_index(resident_id.normalise(text))))
    elif text.strip():
        conditions.append(Person.name.contains(normalise_name(text), autoescape=True))
    if employer.strip():
        conditions.append(Person.employer_name.contains(employer.strip(), autoescape=True))
    return conditions


def id_masks(session: Session, actor: Actor, person_ids: Sequence[int]) -> dict[int, str]:
    """The masked ID numbers of those of these persons whom the actor may see."""
    masks: dict[int, str] = {}
    for start in range(0, len(person_ids), 10_000):
        some = Person.id.in_(person_ids[start : start + 10_000])
        query = sa.select(Person.id, Person.id_number).where(persons_visible(actor), some)
        masks |= {person_id: resident_id.mask(number) for person_id, number in session.execute(query)}
    return masks


def find_persons(
    session: Session, actor: Actor, *, text: str = "", employer: str = "", offset: int = 0, limit: int | None = 20
) -> tuple[pd.DataFrame, int]:
    """Persons by name or part of it, or by exact ID number, and by employer; and how many fit in all.

    Columns: id, name, id_mask, sex, employer, title, specialty, authority. Full numbers never leave here.
    """
    conditions = persons_matching(actor, text=text, employer=employer)
    count = session.scalar(sa.select(sa.func.count(Person.id)).where(*conditions)) or 0
    query = (
        sa.select(Person, Organization.name)
        .join(Organization, Organization.id == Person.authority_id)
        .where(*conditions)
        .order_by(Person.id)
        .offset(offset)
        .limit(limit)
    )
    rows = [
        {
            "id": person.id,
            "name": person.name,
            "id_mask": resident_id.mask(person.id_number),
            "sex": person.sex,
            "employer": person.employer_name,
            "title": person.title,
            "specialty": person.specialty,
            "authority": authority,
        }
        for person, authority in session.execute(query)
    ]
    columns = ["id", "name", "id_mask", "sex", "employer", "title", "specialty", "authority"]
    return pd.DataFrame(rows, columns=columns), count


def person(session: Session, person_id: int, actor: Actor) -> Person:
    """One person, for those who may look them up; for a duplicate, whom it was merged into.

    Refused codes: "role", "missing".
    """
    human = sa.select(Person.human_id).where(Person.id == person_id).scalar_subquery()
    found = session.scalar(sa.select(Person).where(Person.id == human, persons_visible(actor)))
    if found is None:
        raise not_found("人员记录")
    return found


def reveal_id(session: Session, person_id: int, *, actor: Actor, now: datetime) -> str:
    """The full ID number, as a logged act. Refused codes: "role", "missing"."""
    require(actor, Role.REVIEWER, Role.TITLE_OFFICER, Role.EMPLOYER_CLERK, Role.PERSON)
    found = person(session, person_id, actor)
    audit.record(session, audit.Event.ID_REVEALED, found, actor=actor, after={"name": found.name}, now=now)
    return found.id_number
