"""Claims (学时折合申报): a certificate with its evidence; approval posts the hours granted, or the deemed year.

Which activities there are, at which rate and up to how much, the notice says that holds on the day of the certificate
where the person belongs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from math import ceil
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, names, typed
from core.ground.access import (
    Actor,
    Labelled,
    Refused,
    Role,
    not_found,
    refuse_faults,
    require,
    visible,
)
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import Conversion, Policy
from core.ledger import books, standing
from core.ledger.consequences import Consequence
from core.ledger.standing import STANDS, hours_taken_back
from core.models import (
    Account,
    Attachment,
    Claim,
    CreditBatch,
    CreditEntry,
    MaskedNumber,
    Organization,
    Person,
    Report,
    RosterRow,
    Source,
    State,
    Submission,
    under,
)
from core.people import persons
from core.submissions import forms, plans
from core.submissions.forms import Faults, figure, left_out, no_days, shown, too_long
from core.submissions.kinds import EDITABLE, REASONS, Action, Kind, Line, register
from core.tables import values
from core.tables.problems import Problem
from core.trail import audit, files
from core.trail.files import Upload

FILERS = (Role.PERSON, Role.EMPLOYER_CLERK)
UNITS = {"hour": "学时", "day": "天", "item": "项"}

_SOURCES = {source.label: source for source in Source}


@audit.events
class Event(Labelled):
    """What is done to a claim outside the workflow, as the trail has it."""

    DRAFTED = "claim.drafted", "填写折合申报"
    REVISED = "claim.revised", "修改折合申报"
    GRANTED = "claim.granted", "核定学时"


@dataclass(frozen=True)
class ClaimFields:
    """Fields of a claim (折合申报).

    What is filled in beside the evidence. `title` is the certificate's; `amount` in the unit of the activity, also as
    it was typed: 40学时.
    """

    activity: str
    title: str
    issuer: str
    start_on: date
    completed_on: date
    amount: Decimal | str
    level: str = ""
    rank: str = ""
    note: str = ""


WORDS = {
    "activity": "类别",
    "title": "证书（证明）名称",
    "issuer": "发证或主办单位",
    "start_on": "开始日期",
    "completed_on": "完成日期",
}
"""What is to be filled in, by its name on the form."""
LONGEST = {"title": 100, "issuer": 100, "note": 1000, "level": 40, "rank": 40}
"""Characters of a field."""
MOST = 1000
"""Of the hours, days or items of one certificate."""


@dataclass(frozen=True)
class Activity:
    """Activity (折合类别).

    What a notice lets count beside training: converted into hours, or deeming a subject done.
    """

    name: str
    subject: str
    subject_name: str
    source: Source
    clause: str
    conversions: tuple[Conversion, ...] = ()
    """Its lines of the conversion table, by level and rank; none where it deems the subject done."""

    @property
    def deemed(self) -> bool:
        return not self.conversions

    @property
    def levels(self) -> list[str]:
        return list(dict.fromkeys(each.level for each in self.conversions if each.level))

    @property
    def ranks(self) -> list[str]:
        return list(dict.fromkeys(each.rank for each in self.conversions if each.rank))

    @property
    def unit(self) -> str:
        """What its amount is counted in, as a word; nothing for what is deemed done."""
        return UNITS[self.conversions[0].unit] if self.conversions else ""

    @property
    def words(self) -> str:
        """How it counts, in words."""
        if self.deemed:
            return f"取得证书的年度{self.subject_name}视同完成（{self.clause}）"
        rates = {each.rate for each in self.conversions}
        if rates == {None}:
            return f"由审核部门依据证书核定{self.subject_name}学时（{self.clause}）"
        if len(self.conversions) == 1 and (rate := self.conversions[0].rate) is not None:
            return f"每{self.unit}折合{self.subject_name}{rate.normalize():f}学时（{self.clause}）"
        return f"按级别折合{self.subject_name}学时（{self.clause}）"


def policy_of(claim: Claim) -> Policy:
    """Notice of a claim (申报适用的通知): in force on the day of its certificate where the person belongs.

    Refused codes: "policy".
    """
    return notices.in_force(claim.completed_on, claim.authority.league)


def activities(policy: Policy) -> list[Activity]:
    """Activities (折合类别): what a notice lets count beside training, in its order."""
    names = {each.code: each.name for each in policy.subjects}
    lines: dict[str, list[Conversion]] = {}
    for line in policy.conversions:
        lines.setdefault(line.activity, []).append(line)
    found = [
        Activity(name, of[0].subject, names[of[0].subject], _SOURCES[of[0].source], of[0].clause, tuple(of))
        for name, of in lines.items()
    ]
    return found + [
        Activity(each.source, each.subject, names[each.subject], _SOURCES[each.source], each.clause)
        for each in policy.deemed
        if each.source not in lines
    ]


def activity_of(claim: Claim) -> Activity:
    """Activity of a claim: what it claims, by its notice. Refused codes: "policy", "activity" (it has none such)."""
    return _activity(claim, policy_of(claim))


def _activity(claim: ClaimFields | Claim, policy: Policy) -> Activity:
    year = claim.completed_on.year
    offered = activities(policy)
    for each in offered:
        if each.name == claim.activity:
            return each
    silent = f"{policy.document}没有规定“{claim.activity}”折合学时"
    ways = "请选其他类别" if offered else f"{year}年度的证书不能在此申报；当年已经认可的学时，请由主管的人社部门导入"
    raise Refused("activity", f"{silent}，{ways}。")


def worth(claim: Claim) -> Decimal | None:
    """Hours by the conversion rate (折合学时).

    The hours by the notice's own rate; 0 for what is deemed done, None where the reviewer grants them on evidence.

    Refused codes: "policy", "activity".
    """
    return _worth(claim, policy_of(claim))


def _worth(claim: ClaimFields | Claim, policy: Policy) -> Decimal | None:
    if _activity(claim, policy).deemed:
        return Decimal()
    line = policy.conversion(claim.activity, claim.level or None, claim.rank or None)
    if line is None:
        raise Refused("activity", f"{policy.document}没有规定此级别的“{claim.activity}”折合学时，请核对级别。")
    return line.hours(Decimal(claim.amount))


@dataclass(frozen=True)
class StudyCapacity:
    """Study capacity (可计学时): what a stretch of days holds at so many hours a day, and what was granted on it."""

    first_on: date
    last_on: date
    a_day: Decimal
    taken: tuple[Claim, ...] = ()

    @property
    def days(self) -> int:
        return plans.days_of(self.first_on, self.last_on)

    @property
    def holds(self) -> Decimal:
        return self.days * self.a_day

    @property
    def left(self) -> Decimal:
        return self.holds - sum((each.granted or Decimal() for each in self.taken), Decimal())

    @property
    def most(self) -> Decimal:
        """What may still be granted; more may be taken than there is where a duplicate's claims joined a person's."""
        return max(self.left, Decimal())

    @property
    def words(self) -> str:
        stretch = f"{self.first_on}至{self.last_on}共{self.days}天" if self.days > 1 else f"{self.last_on}一天"
        held = f"每天至多{self.a_day:f}学时，{stretch}至多{hours_text(self.holds)}学时"
        if not self.taken:
            return held
        of = "、".join(f"“{each.title}”{hours_text(each.granted or Decimal())}学时" for each in self.taken)
        return f"{held}，其中已核定{of}，至多再核定{hours_text(self.most)}学时"


def study_capacity(claim: ClaimFields | Claim, policy: Policy) -> StudyCapacity:
    """Study capacity (可计学时) of a certificate.

    What the days of a certificate hold: those within the year it was completed in, where the notice counts each year's
    study for itself (`within_one_year`), else all of them.
    """
    new_year = claim.completed_on.replace(month=1, day=1)
    first_on = max(claim.start_on, new_year) if policy.within_one_year else claim.start_on
    return StudyCapacity(first_on, claim.completed_on, policy.hours_per_day)


def capacity_left(session: Session, claim: Claim) -> StudyCapacity:
    """Remaining study capacity (剩余可计学时).

    What a claim's days still hold beside what was granted on the person's other certificates.

    The hours of a certificate may lie on any of its days. So every stretch of days that contains this one holds what
    was granted within it, and the stretch with the least left decides.
    """
    own = study_capacity(claim, policy_of(claim))
    others = [
        (study_capacity(each, policy_of(each)), each)
        for each in _others(session, claim)
        if each.state is State.APPROVED and each.granted
    ]
    first_on, last_on = own.first_on, own.last_on
    for _ in others:  # what meets it, what meets that, and so on
        met = [days for days, _ in others if days.first_on <= last_on and days.last_on >= first_on]
        first_on = min([first_on, *(days.first_on for days in met)])
        last_on = max([last_on, *(days.last_on for days in met)])
    starts = {own.first_on, *(days.first_on for days, _ in others if first_on <= days.first_on < own.first_on)}
    ends = {own.last_on, *(days.last_on for days, _ in others if own.last_on < days.last_on <= last_on)}

    def taken(first: date, last: date) -> tuple[Claim, ...]:
        return tuple(each for days, each in others if first <= days.first_on and days.last_on <= last)

    stretches = (replace(own, first_on=one, last_on=two, taken=taken(one, two)) for one in starts for two in ends)
    return min(stretches, key=lambda each: (each.left, each.days))


def hints(session: Session, claim: Claim) -> list[str]:
    """Hints on a claim (提示).

    What to know of a claim before it is decided, in words, for who files it and for who decides it.

    A certificate of many days for few hours is asked about where the hours are less than a quarter of what they hold.
    """
    told, authority_id = [], _person(session, claim).authority_id
    if claim.state is State.SUBMITTED and authority_id != claim.authority_id:
        office = session.get_one(Organization, authority_id).name
        told.append(f"此人现由{office}主管：请退回或撤回，由申报人重新提交，系统会送到那里。")
    policy = policy_of(claim)
    activity, given, held = _activity(claim, policy), _worth(claim, policy), study_capacity(claim, policy)
    if activity.deemed:
        return told
    if claim.start_on < held.first_on:
        cited = f"（{clause}）" if (clause := policy.cites("within_one_year")) else ""
        told.append(
            f"起止日期跨年度：学时计入完成日期所在的{claim.completed_on.year}年度{cited}，"
            f"只有{held.first_on}至{held.last_on}的{held.days}天可以折合学时。"
        )
    given = claim.amount if given is None and activity.unit == UNITS["hour"] else given
    if given and given > held.holds:
        told.append(f"证书所载多于起止日期所能计的学时：{held.words}。")
    elif given and given * 4 < held.holds:
        hours, enough = hours_text(given), ceil(given / held.a_day)
        told.append(
            f"起止日期共{held.days}天，{hours}学时按每天{held.a_day:f}学时只需{enough}天，请核对实际学习的日期。"
        )
    return told


def check_fields(fields: ClaimFields, league: str | None, today: date, also: Sequence[tuple[str, str]] = ()) -> None:
    """Validate a claim of somebody of a league (None: the region's).

    Refuse what cannot be a claim, every fault named at once; `also` are faults found elsewhere, named with its own and
    never by themselves. Refused codes: "fields", "policy", "activity".
    """
    fields = _figures(fields)
    faults = [*left_out(fields, WORDS), *too_long(fields, LONGEST, WORDS), *no_days(fields, WORDS)]
    faults += [(name, f"{WORDS[name]}未填") for name in ("title", "issuer") if _only_signs(getattr(fields, name))]
    if all(isinstance(getattr(fields, name), date) for name in ("start_on", "completed_on")):
        faults += _lawful_faults(fields, notices.in_force(fields.completed_on, league), league, today)
    refuse_faults([*faults, *also] if faults else [])
    _worth(fields, notices.in_force(fields.completed_on, league))


def _only_signs(text: object) -> bool:
    """Whether something is written, and no word in it."""
    return isinstance(text, str) and bool(typed.text(text)) and not names.comparable(text)


def _lawful_faults(fields: ClaimFields, policy: Policy, league: str | None, today: date) -> Faults:
    """What the notice of its day has against a claim."""
    faults: Faults = []
    if fields.completed_on > today:
        faults.append(("completed_on", f"完成日期晚于今天{today}"))
    if fields.start_on > fields.completed_on:
        faults.append(("start_on", "开始日期晚于完成日期"))
    activity = _activity(fields, policy)
    if not activity.deemed and fields.start_on <= fields.completed_on:  # an examination is no study
        held = study_capacity(fields, policy)
        windows = plans.study_faults(policy, league, activity.subject, held.first_on, held.last_on)
        faults += [("start_on", words) for words in windows]
    amount = fields.amount
    if activity.deemed:
        if amount:
            faults.append(("amount", f"{fields.activity}视同完成，不计学时，不填证书所载的数量"))
    elif amount == "":
        faults.append(("amount", f"证书所载{activity.unit}数未填"))
    elif not isinstance(amount, Decimal) or not amount.is_finite() or amount <= 0 or amount * 2 % 1:
        quoted = f"，“{shown(amount)}”不是" if isinstance(amount, str) and typed.text(amount) else ""
        faults.append(("amount", f"证书所载{activity.unit}数应为0.5的正倍数{quoted}"))
    elif amount > MOST:
        faults.append(("amount", f"证书所载{activity.unit}数不超过{MOST}"))
    return faults


def _figures(fields: ClaimFields) -> ClaimFields:
    """A claim's fields with its amount as a number, where what was typed is one; "" where nothing was."""
    amount = fields.amount
    if isinstance(amount, str):
        amount = figure(values.hours, re.sub("(天|日|项|个)$", "", typed.plain(amount)))
    return replace(fields, amount="" if amount is None else amount)


def _checked(fields: ClaimFields, league: str | None, today: date, also: Faults) -> ClaimFields:
    """The fields of a claim as they are kept, checked as they were typed; see `check_fields`."""
    fields = _figures(typed.filled(fields))
    check_fields(fields, league, today, also)
    return replace(fields, amount=fields.amount or Decimal())


def _unproved(session: Session, claim: Claim | None, given: Sequence[Upload] = ()) -> Faults:
    """What a claim lacks beside its fields when it is filed: its evidence (证书或证明材料)."""
    had = sa.select(sa.func.count(Attachment.id)).where(Attachment.submission_id == (claim.id if claim else None))
    return [] if given or session.scalar(had) else [("files", "没有上传证书或证明材料")]


@deed
def draft(
    session: Session,
    person_id: int,
    fields: ClaimFields,
    *,
    evidence: Sequence[Upload] = (),
    to_file: bool = False,
    actor: Actor,
    now: datetime,
) -> Claim:
    """Draft a claim (填写折合申报).

    Start a claim for oneself, or for a person of the clerk's own employer; the person's authority will decide.

    A person who signs in as a duplicate claims for that record: separated again, it keeps what it filed. `to_file`: it
    is to be filed at once, and a refusal names what filing asks for, too.
    Refused codes: "role", "missing", "fields", "policy", "activity", "hours" (more than its days hold), "file".
    """
    require(actor, *FILERS)
    person = persons.one(session, person_id, actor)
    authority = session.get_one(Organization, person.authority_id)
    also = _unproved(session, None, evidence) if to_file else []
    fields = _checked(fields, authority.league, db.office_day(now), also)
    mine = session.get_one(Account, actor.account_id).person_id if actor.role is Role.PERSON else None
    claim = Claim(
        **asdict(fields),
        person_id=mine or person.id,
        person=session.get_one(Person, mine or person.id),
        organization_id=person.employer_id or person.authority_id,
        authority_id=person.authority_id,
        authority=authority,
        created_by_id=actor.account_id,
        created_at=now,
    )
    session.add(claim)
    session.flush()
    _check_filed(session, claim)
    forms.attach(session, claim, evidence, now=now)
    audit.record(session, Event.DRAFTED, claim, actor=actor, after=summary(claim), now=now)
    return claim


@deed
def revise(
    session: Session,
    claim_id: int,
    fields: ClaimFields,
    *,
    evidence: Sequence[Upload] = (),
    to_file: bool = False,
    version: int,
    actor: Actor,
    now: datetime,
) -> Claim:
    """Revise a claim (修改折合申报), optimistic lock.

    Change a claim that is not before the authority; files given are added, those given before stay with it. `to_file`:
    see `draft`.

    Refused codes: "role", "missing", "state", "stale", "fields", "policy", "activity", "hours", "file".
    """
    require(actor, *FILERS)
    claim = _one(session, claim_id, actor, lock=True)
    if claim.state not in EDITABLE:
        raise Refused("state", f"该申报的状态是“{claim.state.label}”，不能修改；待审的请先撤回。")
    if claim.version != version:
        raise audit.overtaken(session, claim)
    also = _unproved(session, claim, evidence) if to_file else []
    fields = _checked(fields, claim.authority.league, db.office_day(now), also)
    before = summary(claim)
    for name, value in asdict(fields).items():
        setattr(claim, name, value)
    claim.granted = None
    _check_filed(session, claim)
    forms.attach(session, claim, evidence, now=now)
    audit.record(session, Event.REVISED, claim, actor=actor, before=before, after=summary(claim), now=now)
    return claim


@deed
def grant(
    session: Session, claim_id: int, hours: Decimal | None, *, version: int, actor: Actor, now: datetime
) -> Claim:
    """Grant hours (核定学时): set the hours that approval will post, where they are not those of the notice's own rate.

    What is deemed done has 0; None: nothing was filled in. Refused codes: "role", "missing", "jurisdiction", "state",
    "stale", "hours" (none, not a positive number of half hours, more than the notice's rate gives for the certificate,
    or than its days hold).
    """
    require(actor, Role.REVIEWER)
    claim = _one(session, claim_id, actor, lock=True)
    access.in_charge(actor, claim.authority_id)
    if claim.state is not State.SUBMITTED or claim.version != version:
        raise audit.overtaken(session, claim, "state" if claim.version == version else "stale")
    deemed = activity_of(claim).deemed
    if hours is None:
        raise Refused("hours", "核定学时未填，请依据证书填写；不予折合的请选“不予通过”。")
    if deemed != (hours == 0) or hours < 0 or hours * 2 % 1 or hours > 1000:
        what = "视同完成不计学时" if deemed else "核定学时应为0.5的正倍数，不予折合的请选“不予通过”"
        raise Refused("hours", f"{what}。")
    _check_most(session, claim, hours, "起止日期有误的，请退回改正")
    if hours != claim.granted:
        before = {"granted": str(claim.granted)}
        claim.granted = hours
        audit.record(
            session,
            Event.GRANTED,
            claim,
            actor=actor,
            before=before,
            after={"granted": str(hours), "title": claim.title},
            now=now,
        )
    return claim


def _check_most(session: Session, claim: Claim, hours: Decimal, mend: str) -> None:
    """The notice's rate may be cut and never exceeded; no day holds more than its study hours, all claims together.

    `mend` says what to do about the days. Refused codes: "hours".
    """
    activity, given = activity_of(claim), worth(claim)
    if activity.deemed:
        return
    if given is not None and hours > given:
        amount, most = hours_text(claim.amount), hours_text(given)
        raise Refused("hours", f"证书所载{amount}{activity.unit}，{activity.words}，至多核定{most}学时。")
    held = capacity_left(session, claim)
    if hours > held.most:
        none = "没有学时可以折合，起止日期有误的请改正或退回改正"
        raise Refused("hours", f"{held.words}；{mend if held.most else none}。")


def _check_filed(session: Session, claim: Claim) -> None:
    """What the rate gives fits into the days, or where the reviewer grants, half an hour. Refused codes: "hours"."""
    mend = "起止日期有误的请改正，无误的请按能折合的数量填写，并在说明中写明"
    _check_most(session, claim, worth(claim) or Decimal("0.5"), mend)


def beyond(claim: Claim, hours: Decimal) -> str:
    """Warning on hours granted.

    What the reviewer should know before granting so many hours, in words; nothing where there is nothing to tell.
    """
    activity = activity_of(claim)
    if activity.unit != UNITS["hour"] or hours <= claim.amount:
        return ""
    more, amount = hours_text(hours), hours_text(claim.amount)
    return f"核定的{more}学时多于证书所载的{amount}学时，请核对；确需多核的，请在审核意见中写明依据。"


def _seen(actor: Actor) -> sa.ColumnElement[bool]:
    home, person = Claim.home_id, Claim.human_id
    return visible(actor, organization=home, authority=Claim.authority_id, person=person, filed_at=Claim.submitted_at)


def _one(session: Session, claim_id: int, actor: Actor, *, lock: bool = False) -> Claim:
    """A claim of the actor's to see, with `lock` held for change. Refused codes: "missing"."""
    query = sa.select(Claim).where(Claim.id == claim_id, _seen(actor))
    claim = session.scalar(query.with_for_update(of=Submission) if lock else query)
    if claim is None:
        raise not_found("学时折合申报")
    return claim


def evidence(session: Session, claim_id: int, actor: Actor) -> list[Attachment]:
    """Evidence files (证明材料): the files of a claim, as they were added. Refused codes: "missing"."""
    claim = _one(session, claim_id, actor)
    return list(
        session.scalars(sa.select(Attachment).where(Attachment.submission_id == claim.id).order_by(Attachment.id))
    )


def taken_back(session: Session, claim: Claim) -> CreditBatch | None:
    """Reversal of a claim (冲销).

    The batch that took the hours, or the deemed year, of a claim back; what it posts is one entry.
    """
    if claim.state is not State.APPROVED:  # undone, it waits again
        return None
    posted = sa.select(sa.func.max(CreditBatch.id)).where(CreditBatch.submission_id == claim.id)
    return session.scalar(sa.select(CreditBatch).where(CreditBatch.reverses_id == posted.scalar_subquery()))


class Concern(Labelled):
    """Concern (审核提示): why something else of the same person is shown to who decides a claim, the gravest first."""

    CERTIFICATE = "certificate", "证书名称相同或相近，请核对是否同一证书"
    TRAINED = (
        "trained",
        "同一期间已登记培训学时。同一时间的学习不重复计学时，确属另外学习的（如网络学习）才折合，并在审核意见中写明依据",
    )
    DAYS = "days", "同一期间还有"
    YEAR = "year", "同一年度还有"


def beside(session: Session, claim_id: int, actor: Actor) -> pd.DataFrame:
    """Related claims and trainings (审核提示).

    What else of the same person to hold a claim against, by concern and then the earliest first.

    Other claims and rows of rosters, filed or approved, unless their hours were taken back: those alike in title, those
    of the same days (an examination is no study); where a claim deems its year done, all of that year, and what was
    imported as deemed. Columns: concern, kind (report, claim, credit_batch), id, activity, title, state, start_on,
    end_on, hours (for a claim not granted, what the certificate says). Refused codes: "role", "missing".
    """
    require(actor, Role.REVIEWER)
    claim = _one(session, claim_id, actor)
    found = [(_concern(claim, each), *_line(each)) for each in _others(session, claim)]
    found += _deemed_by_import(session, claim) if activity_of(claim).deemed else _trained(session, claim)
    columns = "concern kind id activity title state start_on end_on hours".split()
    frame = pd.DataFrame([each for each in found if each[0]], columns=columns)
    order = frame["concern"].map(list(Concern).index)
    return frame.assign(order=order).sort_values(["order", "start_on", "id"], ignore_index=True).drop(columns="order")


def _concern(claim: Claim, other: Claim) -> Concern | None:
    if _alike(claim.title, other.title):
        return Concern.CERTIFICATE
    if not claim.amount:
        return Concern.YEAR if claim.completed_on.year == other.completed_on.year else None
    meets = claim.start_on <= other.completed_on and other.start_on <= claim.completed_on
    return Concern.DAYS if meets and other.amount else None


def _line(claim: Claim) -> tuple[Any, ...]:
    hours = claim.amount if claim.granted is None else claim.granted
    return claim.kind, claim.id, claim.activity, claim.title, claim.state, claim.start_on, claim.completed_on, hours


def _trained(session: Session, claim: Claim) -> list[Any]:
    """Rows of rosters, filed or approved, that study on days of a claim."""
    mine = RosterRow.id_index.in_(sa.select(Person.id_index).where(under(Person, _person(session, claim).id)))
    query = (
        sa.select(Report.kind, Report.id, sa.literal(""), Report.title, Report.state)
        .add_columns(Report.start_on, Report.end_on, RosterRow.hours)
        .join(RosterRow, RosterRow.report_id == Report.id)
        .where(
            mine,
            Report.start_on <= claim.completed_on,
            Report.end_on >= claim.start_on,
            Report.state.in_((State.SUBMITTED, State.APPROVED)),
            ~RosterRow.faulty,
            ~hours_taken_back(sa.select(RosterRow.report_id).where(mine)),
            RosterRow.hours > 0,
        )
    )
    concerns = {State.APPROVED: Concern.TRAINED, State.SUBMITTED: Concern.DAYS}
    return [(concerns[row.state], *row) for row in session.execute(query)]


def _deemed_by_import(session: Session, claim: Claim) -> list[Any]:
    """What stands in the ledger as deemed in a claim's credit year and came from no claim."""
    basis = sa.func.coalesce(sa.func.nullif(CreditEntry.note, ""), CreditBatch.basis)
    query = (
        sa.select(CreditBatch.id, CreditEntry.source, basis, CreditEntry.completed_on)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(
            CreditEntry.person_id.in_(sa.select(Person.id).where(under(Person, _person(session, claim).id))),
            CreditEntry.year == claim.completed_on.year,
            CreditEntry.deemed > 0,
            STANDS,
            CreditBatch.submission_id.is_(None),
        )
    )
    return [
        (Concern.YEAR, "credit_batch", batch_id, source.label, words, State.APPROVED, day, day, Decimal())
        for batch_id, source, words, day in session.execute(query)
    ]


def people(session: Session, actor: Actor, *, text: str = "") -> pd.DataFrame:
    """Persons to claim for.

    For whom the actor may file a claim, at most 20. Columns as `persons.find`. Refused codes: "role".
    """
    require(actor, *FILERS)
    return persons.find(session, actor, text=text)[0]


def league_of(session: Session, person_id: int, actor: Actor) -> str | None:
    """League (盟市) by whose notices a person's claims go: the authority's in charge. Refused codes: "missing"."""
    return session.get_one(Organization, persons.one(session, person_id, actor).authority_id).league


def _check_twice(session: Session, claim: Claim) -> None:
    """One certificate counts once until its hours are taken back, whatever it is filed as and however it is written."""
    for other in _others(session, claim):
        if other.completed_on == claim.completed_on and names.comparable(other.title) == names.comparable(claim.title):
            same = f"第{other.id}号“{other.title}”（{other.activity}，{other.state.label}）"
            different = "确为另一份证书的，请把名称写完整，以示区别"
            raise Refused("twice", f"同一证书已有一份申报：{same}，不能重复折合。{different}。")


def _alike(one: str, other: str) -> bool:
    """Whether two titles may be one certificate's."""
    one, other = names.comparable(one), names.comparable(other)
    return one in other or other in one or SequenceMatcher(None, one, other).ratio() >= 0.8


def _others(session: Session, claim: Claim) -> list[Claim]:
    """The same person's other claims that wait or count: filed or approved, and not taken back."""
    query = sa.select(Claim).where(
        Claim.person_id.in_(sa.select(Person.id).where(under(Person, _person(session, claim).id))),
        Claim.id != claim.id,
        Claim.state.in_((State.SUBMITTED, State.APPROVED)),
    )
    return [each for each in session.scalars(query.order_by(Claim.id)) if taken_back(session, each) is None]


def _person(session: Session, claim: Claim) -> Person:
    """The person the claim is about, as currently on file."""
    return session.get_one(Person, session.get_one(Person, claim.person_id).human_id)


def _effect(claim: Claim, activity: Activity) -> str:
    year = f"{claim.completed_on.year}年度{activity.subject_name}"
    return f"的{year}视同完成" if activity.deemed else f"登记{year}{hours_text(claim.granted or Decimal())}学时"


def _fields_of(claim: Claim) -> ClaimFields:
    return ClaimFields(**{name: getattr(claim, name) for name in ClaimFields.__dataclass_fields__})


def summary(claim: Claim) -> dict[str, Any]:
    """A claim's fields for the trail."""
    return {name: str(value) for name, value in asdict(_fields_of(claim)).items()}


# --- the claim as a kind of submission --------------------------------------------------------------------------------

_TABLE = sa.inspect(Claim).local_table


def _listed(claim: Claim) -> Line:
    """A claim as one line of a list: the kind of activity instead of a size."""
    stated = "视同完成"
    if claim.amount:
        unit = ""
        with suppress(Refused):  # a notice that has no such activity any more: the list is drawn all the same
            unit = activity_of(claim).unit
        stated = f"所载{hours_text(claim.amount)}{unit}"
    granted = f"核定{hours_text(claim.granted)}学时" if claim.granted and claim.state is State.APPROVED else stated
    return Line(when=f"{claim.completed_on}", size=claim.activity, hours=granted)


class ClaimKind(Kind[Claim]):
    """The claim (学时折合申报) as a kind of submission: hours or a deemed year on a certificate, clause 一(四)5-8."""

    code = "claim"
    word, short, posts = "学时折合申报", "折合申报", "学时折合"
    model = Claim
    filer = "申报人"
    filers = FILERS
    approval_needs_reason = True
    words: ClassVar = {"title": "证书（证明）名称", "organization": "工作单位", "amount": "证书所载数量"}
    fields: ClassVar = WORDS | {
        "activity": "类别",
        "level": "级别",
        "rank": "等次",
        "start_on": "开始日期",
        "completed_on": "完成日期",
        "amount": "证书所载数量",
        "note": "说明",
        "evidence": "证明材料",
    }
    uploads: ClassVar = {"files": forms.taking(forms.check_evidence)}
    reasons: ClassVar = {"certificate": "证书无法核实", "hours": "学时或日期与证书不符", "twice": "重复申报"} | REASONS
    fits: ClassVar = {
        "certificate": ("activity", "title", "issuer", "level", "rank", "evidence"),
        "hours": ("start_on", "completed_on", "amount", "evidence"),
        "twice": ("title", "evidence"),
    }
    columns = (
        Person.name,
        sa.type_coerce(Person.id_number, MaskedNumber("person.id_number")).label("id_mask"),
        *(_TABLE.c[name] for name in ("activity", "completed_on", "amount", "granted")),
        standing.OF_SUBMISSION.label("standing"),
    )
    search = (Person.name,)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id).join(Person, Person.id == Submission.human_id)

    def facts(self, claim: Claim) -> list[tuple[str, object]]:
        activity = activity_of(claim)
        amount = "视同完成" if activity.deemed else f"{hours_text(claim.amount)}{activity.unit}"
        return [
            ("类别", "".join((claim.activity, claim.level, claim.rank))),
            ("发证或主办单位", claim.issuer),
            ("起止日期", f"{claim.start_on} 至 {claim.completed_on}"),
            ("证书所载", amount),
        ]

    def lines(self, session: Session, found: Sequence[Claim]) -> dict[int, Line]:
        return {each.id: _listed(each) for each in found}

    def content(self, session: Session, claim: Claim) -> dict[str, str]:
        said = {name: str(getattr(claim, name)) for name in self.fields if name != "evidence"}
        query = sa.select(Attachment).where(Attachment.submission_id == claim.id).order_by(Attachment.id)
        return said | {
            "amount": hours_text(claim.amount),
            "evidence": "、".join(map(files.named, session.scalars(query))),
        }

    def warnings(self, session: Session, claim: Claim, actor: Actor) -> list[Problem]:
        """What its days and figures give to think of; for who decides also what else there is of the same person."""
        found = [("hint", "", "", words) for words in hints(session, claim)]
        if actor.role is Role.REVIEWER:
            if claim.granted is None:
                found.append(("grant", "granted", "", "须依据证书填写核定学时"))
            elif words := beyond(claim, claim.granted):
                found.append(("beyond", "granted", str(claim.granted), words))
            for line in beside(session, claim.id, actor).to_dict("records"):
                words = f"{Concern(line['concern']).label}：“{line['title']}”（{line['start_on']}至{line['end_on']}）"
                found.append(("beside", "title", str(line["title"]), words))
        return [Problem(0, column, code, value, words, blocking=False) for code, column, value, words in found]

    def check_submit(self, session: Session, claim: Claim, *, actor: Actor, reason: str, now: datetime) -> None:
        """A claim has its evidence, goes to the person's present authority, and is filed once, clause 一(四)5-8.

        Refused codes: "fields", "twice", "hours", "policy", "activity".
        """
        person = _person(session, claim)
        claim.authority_id, claim.authority = person.authority_id, session.get_one(Organization, person.authority_id)
        unproved = _unproved(session, claim)
        check_fields(_fields_of(claim), claim.authority.league, db.office_day(now), unproved)
        refuse_faults(unproved, "请上传后再提交。")
        _check_twice(session, claim)
        _check_filed(session, claim)
        claim.organization_id = person.employer_id or person.authority_id
        claim.granted = worth(claim)

    def check_approve(self, session: Session, claim: Claim, *, now: datetime) -> None:
        """A claim is granted by the person's present authority. Refused codes: "jurisdiction", "hours", "twice"."""
        books.hold(session)  # what was granted beside it stays as it is until this is posted
        if _person(session, claim).authority_id != claim.authority_id:
            raise Refused(
                "jurisdiction", "此人已由其他人社部门主管。请退回，由申报人重新提交，系统会送到现在的主管部门。"
            )
        if claim.granted is None:
            raise Refused("hours", f"通知没有规定{claim.activity}的折合比例，请依据证书填写核定学时。")
        _check_most(session, claim, claim.granted, "请核减后再通过；起止日期有误的，请退回改正")
        _check_twice(session, claim)

    def on_approve(self, session: Session, claim: Claim, *, actor: Actor, now: datetime) -> str:
        """Post the hours granted, or the deemed year, with the certificate as basis.

        Refused codes: "posted", "cap".
        """
        activity, person = activity_of(claim), _person(session, claim)
        assert claim.granted is not None, "check_approve"
        assert claim.person_id is not None, "draft"
        kind = f"{claim.activity}{claim.level}{claim.rank}"
        posting = books.Posting(
            claim.person_id,
            claim.completed_on.year,
            activity.subject,
            claim.granted,
            claim.completed_on,
            source=activity.source,
            deemed=activity.deemed,
            note=f"{kind}：{claim.title}（{claim.issuer}）"[:200],
            days=study_capacity(claim, policy_of(claim)).days,
        )
        books.post(
            session, [posting], basis=f"学时折合：{kind} {claim.title}"[:200], actor=actor, now=now, submission=claim
        )
        return f"{person.name}{_effect(claim, activity)}"

    def consequence(self, session: Session, claim: Claim, action: Action, counted: Consequence) -> Consequence:
        if action is not Action.SUBMIT:
            return counted
        activity, whose = activity_of(claim), _person(session, claim).name
        effect = f"审核通过后，{whose}{_effect(claim, activity)}" if claim.granted is not None else activity.words
        return replace(counted, done=f"由{claim.authority.name}审核；{effect}")

    def summary(self, claim: Claim) -> dict[str, Any]:
        return summary(claim)


register(ClaimKind())
