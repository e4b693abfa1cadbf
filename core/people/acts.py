"""What is done to a person on file: correct, move, merge with a duplicate, separate again. Each act keeps what was.

A merge moves no hours: entries stay with whom they were posted to, the duplicate only says whom it was merged into
(`Person.merged_into_id`), and the totals are summed under that one (`human_id`). The other way would be to reverse the
duplicate's entries and to post them anew for the other person. But then a training that is taken back later would no
longer reach the hours it gave, a file could be imported a second time since its entries no longer stood, and the way
back would be a third posting of each. So a reversal, a revoked card and a dispute reach a merged person as before, and
to separate is to sum up the same entries apart. A merge is flat: nobody is merged into a duplicate, and who has
duplicates is not merged away.

The history is append-only and encrypted, since it holds former ID numbers; the trail is told without them. Every act
first takes the lock under which hours are posted: a look-up by number finds the one or the other state.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, names, resident_id, typed
from core.ground.access import Actor, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.ledger import books, totals
from core.ledger.standing import STANDS
from core.models import (
    Account,
    Attachment,
    Change,
    Claim,
    CreditBatch,
    CreditEntry,
    Mode,
    Organization,
    Person,
    PersonChange,
    Plan,
    Report,
    under,
)
from core.people import organizations, persons
from core.trail import audit, files
from core.trail.files import Upload

KEEPERS = (Role.REVIEWER, Role.ADMIN)
"""Who may, in the office that is the person's authority."""


def may_keep(person: Person, actor: Actor) -> bool:
    """Permission to change a person on file.

    Whether this actor may correct, move or merge a person; what the screen draws by.
    """
    return actor.role in KEEPERS and actor.organization_id == person.authority_id


def _kept(session: Session, person_id: int, actor: Actor, *, version: int, reason: str) -> tuple[Person, str]:
    """A person to act on, as the actor saw it, with the reason; nobody else posts or acts until this act is done."""
    require(actor, *KEEPERS)
    session.flush()
    books.hold(session)
    found = session.scalar(
        sa.select(Person)
        .where(Person.id == person_id, persons.visible_to(actor))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise _gone(session, person_id, actor)
    access.in_charge(actor, found.authority_id)
    _check_seen(found, version)
    return found, _stated(reason)


def _check_seen(person: Person, version: int) -> None:
    if person.version != version:
        raise Refused("stale", f"{person.name}的信息刚刚被他人更改，您的操作没有执行，请查看最新信息后再办理。")


def _stated(reason: str) -> str:
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写原因，它会留在人员变更记录里。")
    return reason


def _accounts(person: Person) -> sa.ColumnElement[bool]:
    """The accounts of a person, opened under whichever record."""
    return Account.person_id.in_(sa.select(Person.id).where(under(Person, person.id)))


def _gone(session: Session, person_id: int, actor: Actor) -> Refused:
    """Why a person is not there: to the office whose it was it is said that somebody merged it meanwhile."""
    there = session.get(Person, person_id)
    if there and there.merged_into_id and there.authority_id == actor.organization_id:
        return Refused("stale", f"{there.name}的这条记录刚刚被他人合并，您的操作没有执行，请查看最新信息。")
    return not_found("人员记录")


@deed
def correct(
    session: Session,
    person_id: int,
    *,
    name: str,
    id_number: str,
    evidence: Upload | None,
    version: int,
    actor: Actor,
    reason: str,
    now: datetime,
) -> Person:
    """Correct a person (更正): put a name or ID number right on evidence; sex and birth date follow the number.

    An empty number stays as it is, so that nobody need see it to correct a name.
    Hours stay where they are, and cards issued before say on their page that the data was corrected since.
    Refused codes: "role", "missing", "jurisdiction", "stale", "reason", "name", "number" (not a valid one), "taken" (it
    is another person's: merge the two), "same" (nothing to correct), "file" (no evidence, or none of the usual kinds).
    """
    found, reason = _kept(session, person_id, actor, version=version, reason=reason)
    name, number = names.normalise(name), resident_id.normalise(id_number) or found.id_number
    if wrong := names.fault(name):
        raise Refused("name", f"{wrong[1]}。")
    if problem := resident_id.problem(number, today=db.office_day(now)):
        raise Refused("number", f"{resident_id.words(problem, id_number)}。")
    if (name, number) == (found.name, found.id_number):
        raise Refused("same", "姓名和身份证号与现有信息相同，没有需要更正的。")
    _check_free(session, found, number, actor)
    kept = _evidence(session, evidence, now)
    before = {"name": found.name, "id_number": found.id_number}
    found.name, found.id_number, found.id_index = name, number, db.blind_index(number)
    found.sex, found.birth_on = resident_id.sex(number), resident_id.birth_on(number)
    session.execute(sa.update(Account).where(_accounts(found)).values(name=name))
    after = {"name": name, "id_number": number}
    _record(session, [found], Change.CORRECTED, before, after, actor=actor, reason=reason, now=now, attachment=kept)
    return found


def _evidence(session: Session, given: Upload | None, now: datetime, why: str = "") -> Attachment:
    """The evidence of an act, kept. Refused codes: "file" (none, or none of the usual kinds)."""
    if given is None or not files.is_document(given):
        raise Refused("file", f"{why}请上传证明材料，可用{'、'.join(files.DOCUMENT_ENDINGS)}文件。")
    return files.attach(session, None, given, purpose="evidence", now=now)


def _check_free(session: Session, person: Person, number: str, actor: Actor) -> None:
    """Refuse (`taken`) a number that is another person's; who it is, only those hear who may look that person up."""
    query = sa.select(Person, persons.visible_to(actor)).where(
        Person.id_index == db.blind_index(number), Person.id != person.id
    )
    taken = session.execute(query).one_or_none()
    if taken is None:
        return
    other, seen = taken
    if other.merged_into_id is not None:
        raise Refused("taken", "此身份证号属于一条已合并的重复记录。要改以它为准，请先撤销那次合并，再反过来合并。")
    if not seen:
        raise Refused("taken", "此身份证号已登记在其他人社部门主管的人员名下，请核对号码，或与其主管部门联系。")
    raise Refused(
        "taken",
        f"此身份证号已登记在{other.name}（{other.employer_name or '单位不详'}）名下，不能重复登记。"
        "若为同一人，请办理合并，以号码正确的一条为准。",
    )


@deed
def move(
    session: Session,
    person_id: int,
    *,
    employer: str,
    authority_id: int,
    version: int,
    actor: Actor,
    reason: str,
    now: datetime,
) -> Person:
    """Move a person (调动) to another employer, and with it to the authority in charge of that employer.

    The office that currently has the person acts.

    An employer on file is under its own authority, whatever was chosen; one that is not on file is kept as written.
    Hours stay as they are: what one authority confirmed counts everywhere in the region, clause 一(一). The person's
    account goes along. Refused codes: "role", "missing", "jurisdiction", "stale", "reason", "employer" (none, too long,
    closed), "authority" (no such office), "same".
    """
    found, reason = _kept(session, person_id, actor, version=version, reason=reason)
    employer = typed.text(employer)
    if not 2 <= len(employer) <= 80:
        raise Refused("employer", "工作单位应为2至80个字，请填写全称。")
    home = session.scalar(sa.select(Organization).where(Organization.name == employer))
    if home and not home.active:
        raise Refused("employer", f"“{employer}”已停用，请核对单位名称。")
    offices = organizations.authorities(session)
    goes_to = home.authority_id if home else authority_id
    if goes_to not in offices:
        raise Refused("authority", "请选择调入地的人社部门。")
    before = {"employer": found.employer_name, "authority": offices[found.authority_id]}
    after = {"employer": employer, "authority": offices[goes_to]}
    if before == after and found.employer_id == (home.id if home else None):
        raise Refused("same", "工作单位和管理权限与现有信息相同，没有需要变更的。")
    # Before the change: the trail of an act is with the office that acted.
    _record(session, [found], Change.MOVED, before, after, actor=actor, reason=reason, now=now)
    found.employer_id, found.employer_name, found.authority_id = home.id if home else None, employer, goes_to
    account_home = found.employer_id or found.authority_id
    session.execute(sa.update(Account).where(_accounts(found)).values(organization_id=account_home))
    session.flush()
    return found


MOST_PLACED = 5000
"""People whose employer is set at once."""


@deed
def place(session: Session, person_ids: list[int], *, employer: str, actor: Actor, reason: str, now: datetime) -> int:
    """Set the employer of many at once (批量设置工作单位): of people in the own office's charge; how many were changed.

    One line in the trail, one in each record's history. Who goes to an employer of another authority moves singly.
    Refused codes: "role", "missing" (one is not the actor's to see), "jurisdiction", "reason", "employer" (none,
    too long, closed, in another authority's charge), "many", "same" (nobody would change).
    """
    require(actor, *KEEPERS)
    reason, employer = _stated(reason), typed.text(employer)
    if not 2 <= len(employer) <= 80:
        raise Refused("employer", "工作单位应为2至80个字，请填写全称。")
    if len(person_ids) > MOST_PLACED:
        raise Refused("many", f"一次最多设置{MOST_PLACED}人，请再加筛选。")
    home = session.scalar(sa.select(Organization).where(Organization.name == employer))
    if home and not home.active:
        raise Refused("employer", f"“{employer}”已停用，请核对单位名称。")
    if home and home.authority_id != actor.organization_id:
        raise Refused("employer", f"“{employer}”由其他人社部门管理，请逐人办理调动。")
    session.flush()
    books.hold(session)
    seen = sa.select(Person).where(Person.id.in_(person_ids), persons.visible_to(actor))
    found = list(session.scalars(seen.execution_options(populate_existing=True)))
    if len(found) != len(set(person_ids)):
        raise not_found("人员记录")
    for person in found:
        access.in_charge(actor, person.authority_id)
    home_id = home.id if home else None
    changed = [each for each in found if (each.employer_name, each.employer_id) != (employer, home_id)]
    if not changed:
        raise Refused("same", f"这些人的工作单位都已是“{employer}”。")
    for person in changed:
        session.add(
            PersonChange(
                person_id=person.id,
                kind=Change.MOVED,
                before=db.canonical({"employer": person.employer_name}),
                after=db.canonical({"employer": employer}),
                reason=reason,
                account_id=actor.account_id,
                account_name=actor.name,
                organization_id=actor.organization_id,
                at=now,
            )
        )
        person.employer_name, person.employer_id = employer, home_id
    session.flush()
    whose = Account.person_id.in_([each.id for each in changed])
    session.execute(sa.update(Account).where(whose).values(organization_id=home_id or actor.organization_id))
    office, told = session.get_one(Organization, actor.organization_id), {"people": len(changed), "employer": employer}
    audit.record(session, audit.Event.PEOPLE_PLACED, office, actor=actor, after=told, reason=reason, now=now)
    return len(changed)


@deed
def merge(
    session: Session,
    person_id: int,
    duplicate_id: int,
    *,
    version: int,
    duplicate_version: int,
    actor: Actor,
    reason: str,
    now: datetime,
    evidence: Upload | None = None,
) -> Person:
    """Merge a duplicate (合并): it is found, shown and counted as the person who stays.

    Every entry stays where it was posted, and every total is theirs together. Two who were born on different days, or
    are not of one sex, are merged on evidence only, as a number is corrected: one of the numbers was wrong, or they are
    two. Refused codes: "role", "missing", "jurisdiction" (of either), "stale" (somebody changed or merged one of them
    meanwhile), "reason", "self" (with oneself), "chain" (the duplicate has duplicates of its own), "file" (no evidence,
    or none of the usual kinds).
    """
    stays, reason = _kept(session, person_id, actor, version=version, reason=reason)
    duplicate, _ = _kept(session, duplicate_id, actor, version=duplicate_version, reason=reason)
    if stays.id == duplicate.id:
        raise Refused("self", "不能把一个人与其本人合并，请选择另一条重复的记录。")
    if session.scalar(sa.select(Person.id).where(Person.merged_into_id == duplicate.id).limit(1)):
        raise Refused("chain", f"{duplicate.name}的这条记录下已并入其他记录，请反过来合并，或先撤销那次合并。")
    apart, kept = contradiction(stays, duplicate), None
    if apart or evidence:
        kept = _evidence(session, evidence, now, f"{apart}，很可能不是同一人。确为同一人的，" if apart else "")
    duplicate.merged_into_id = stays.id
    totals.add_up(session, (stays.id, duplicate.id))
    _join(session, stays, duplicate, Change.MERGED, actor=actor, reason=reason, now=now, attachment=kept)
    return stays


def contradiction(stays: Person, duplicate: Person) -> str:
    """Contradiction between two records.

    What speaks against two records being one human, in words; nothing where birth date and sex agree.
    """
    told = ["出生日期不同"] if stays.birth_on != duplicate.birth_on else []
    told += [f"性别不同（{stays.sex}、{duplicate.sex}）"] if stays.sex != duplicate.sex else []
    return f"两条记录{'，'.join(told)}" if told else ""


@deed
def separate(session: Session, duplicate_id: int, *, version: int, actor: Actor, reason: str, now: datetime) -> Person:
    """Separate a merge (撤销合并): the two are two again, each with the entries posted to it and with the data it had.

    Refused codes: "role", "missing" (no duplicate), "jurisdiction", "stale", "reason".
    """
    require(actor, *KEEPERS)
    session.flush()
    books.hold(session)
    found = session.get(Person, duplicate_id, populate_existing=True)
    if found is None or found.merged_into_id is None:
        raise not_found("合并记录")
    stays = persons.one(session, duplicate_id, actor)
    access.in_charge(actor, stays.authority_id)
    _check_seen(found, version)
    reason = _stated(reason)
    found.merged_into_id = None
    home = found.employer_id or found.authority_id  # what was done to the other meanwhile had reached its account too
    session.execute(
        sa.update(Account).where(Account.person_id == found.id).values(name=found.name, organization_id=home)
    )
    totals.add_up(session, (stays.id, found.id))
    _join(session, stays, found, Change.SEPARATED, actor=actor, reason=reason, now=now)
    return found


def duplicates(session: Session, person_id: int, actor: Actor) -> pd.DataFrame:
    """Merged duplicates (重复记录).

    The records merged into a person. Columns: id, name, id_mask, employer, version. Refused: "role", "missing".
    """
    person = persons.one(session, person_id, actor)
    query = sa.select(Person).where(Person.merged_into_id == person.id).order_by(Person.id)
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "id_mask": resident_id.mask(each.id_number),
            "employer": each.employer_name,
            "version": each.version,
        }
        for each in session.scalars(query)
    ]
    return pd.DataFrame(rows, columns=["id", "name", "id_mask", "employer", "version"])


def doubled(session: Session, person_id: int, actor: Actor, *, with_id: int | None = None) -> pd.DataFrame:
    """Possibly doubled hours (疑似重复学时).

    Entries of two records of one human that may be one study posted twice; to be looked at, then reversed.

    The records are the person's and those merged into it, `with_id` one that is about to be. Two standing entries of
    one year and subject are listed where they are of one training, of one certificate, or both of a classroom on the
    same days. Columns: why, year, subject, and of each side name (the record's), hours, deemed, completed_on, basis,
    batch_id, line; those of the second with `other_` before. Refused codes: "role", "missing".
    """
    person = persons.one(session, person_id, actor)
    other = persons.one(session, with_id, actor) if with_id else person
    found = session.execute(_STUDIES.where(under(Person, [person.id, other.id]))).mappings().all()
    lines = [
        {"why": why, "year": one["year"], "subject": one["subject"]}
        | {name: one[name] for name in _SIDE}
        | {f"other_{name}": two[name] for name in _SIDE}
        for one, two in itertools.combinations(found, 2)
        if one["record"] != two["record"] and (why := _one_study(one, two))
    ]
    columns = ["why", "year", "subject", *_SIDE, *(f"other_{name}" for name in _SIDE)]
    return pd.DataFrame(lines, columns=columns)


_SIDE = ("name", "hours", "deemed", "completed_on", "basis", "batch_id", "line")
_report, _plan, _claim = (kind.__table__.c for kind in (Report, Plan, Claim))
_STUDIES = (
    sa.select(
        CreditEntry.person_id.label("record"),
        Person.name,
        CreditEntry.year,
        CreditEntry.subject,
        CreditEntry.hours,
        CreditEntry.deemed,
        CreditEntry.completed_on,
        sa.func.coalesce(sa.func.nullif(CreditEntry.note, ""), CreditBatch.basis).label("basis"),
        CreditEntry.batch_id,
        CreditEntry.line,
        _report.plan_id,
        sa.case((_plan.mode == Mode.ONLINE, None), else_=sa.func.coalesce(_report.start_on, _claim.start_on)).label(
            "start_on"
        ),
    )
    .join_from(CreditEntry, Person, Person.id == CreditEntry.person_id)
    .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
    .outerjoin(_report.id.table, _report.id == CreditBatch.submission_id)
    .outerjoin(_plan.id.table, _plan.id == _report.plan_id)
    .outerjoin(_claim.id.table, _claim.id == CreditBatch.submission_id)
    .where(STANDS)
    .order_by(CreditEntry.year.desc(), CreditEntry.completed_on, CreditEntry.batch_id, CreditEntry.line)
)
"""What was studied, with the days where they are known and nobody could be elsewhere."""


def _one_study(one: Mapping[Any, Any], two: Mapping[Any, Any]) -> str:
    """Why two entries may be one study, in a word; nothing where they are two."""
    if (one["year"], one["subject"]) != (two["year"], two["subject"]):
        return ""
    if one["plan_id"] and one["plan_id"] == two["plan_id"]:
        return "同一培训"
    if one["completed_on"] == two["completed_on"] and names.comparable(one["basis"]) == names.comparable(two["basis"]):
        return "同一证书或依据"
    if (
        one["start_on"]
        and two["start_on"]
        and max(one["start_on"], two["start_on"]) <= min(one["completed_on"], two["completed_on"])
    ):
        return "同一期间"
    return ""


# --- history --------------------------------------------------------------------------------------------------------

_EVENTS = {change: audit.Event(f"person.{change.value}") for change in Change}
_WORDS = {"name": "姓名", "id_number": "身份证号", "employer": "工作单位", "authority": "管理权限"}
_WORDS |= {"stays": "保留记录", "duplicate": "重复记录"}


def _join(
    session: Session,
    stays: Person,
    duplicate: Person,
    kind: Change,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    attachment: Attachment | None = None,
) -> None:
    """Keep a merge, or its undoing, in the history of both."""
    both = {"stays": _named(stays), "duplicate": _named(duplicate)}
    sides = ({}, both) if kind is Change.MERGED else (both, {})
    _record(session, [stays, duplicate], kind, *sides, actor=actor, reason=reason, now=now, attachment=attachment)


def _named(person: Person) -> str:
    return f"{person.name} {person.sex} {resident_id.mask(person.id_number)}（{resident_id.about(person.birth_on)}）"


def _record(
    session: Session,
    people: Sequence[Person],
    kind: Change,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    attachment: Attachment | None = None,
) -> None:
    """Keep one act in the history of each, and tell the trail of the first of them without the ID numbers."""
    number = before.get("id_number", "")
    former = db.blind_index(number) if number != after.get("id_number", "") else None
    session.add_all(
        PersonChange(
            person_id=person.id,
            kind=kind,
            before=db.canonical(before),
            after=db.canonical(after),
            former_index=former,
            reason=reason,
            attachment_id=attachment.id if attachment else None,
            account_id=actor.account_id,
            account_name=actor.name,
            organization_id=actor.organization_id,
            at=now,
        )
        for person in people
    )
    session.flush()
    told = [_shown(side, before) for side in (before, after)]
    audit.record(session, _EVENTS[kind], people[0], actor=actor, before=told[0], after=told[1], reason=reason, now=now)


def _shown(side: dict[str, Any], before: dict[str, Any]) -> dict[str, str]:
    """What was, or what is since, as it may be shown: of a number that two masks show alike, what differs."""
    told = {key: str(value) for key, value in side.items()}
    if number := side.get("id_number"):
        told["id_number"] = resident_id.mask(number)
        if resident_id.birth_on(number) != resident_id.birth_on(before.get("id_number") or number):
            told["id_number"] += "（出生日期已改）"
    return told


def history(session: Session, person_id: int, actor: Actor) -> pd.DataFrame:
    """Change history of a person (人员变更记录).

    What was done to a person on file, newest first. Refused codes: "role", "missing".

    Columns: at, change, before, after (words, ID numbers masked, no birth date), reason, account_name, organization
    (the office), attachment_id (None without evidence), filename.
    """
    person = persons.one(session, person_id, actor)
    query = (
        sa.select(PersonChange, Organization.name, Attachment.filename)
        .join(Organization, Organization.id == PersonChange.organization_id)
        .outerjoin(Attachment, Attachment.id == PersonChange.attachment_id)
        .where(PersonChange.person_id == person.id)
        .order_by(PersonChange.id.desc())
    )
    lines = []
    for change, office, filename in session.execute(query):
        before, after = json.loads(change.before), json.loads(change.after)
        changed = [key for key in _WORDS if before.get(key) != after.get(key)]
        lines.append(
            {
                "at": change.at,
                "change": change.kind.value,
                "before": _told(_shown(before, before), changed),
                "after": _told(_shown(after, before), changed),
                "reason": change.reason,
                "account_name": change.account_name,
                "organization": office,
                "attachment_id": change.attachment_id,
                "filename": filename or "",
            }
        )
    columns = "at change before after reason account_name organization attachment_id filename".split()
    return pd.DataFrame(lines, columns=columns)


def _told(side: dict[str, str], keys: list[str]) -> str:
    if not side:
        return "—"
    return "；".join(f"{_WORDS[key]} {side.get(key) or '—'}" for key in keys)


def formerly(session: Session, id_indexes: Sequence[bytes]) -> dict[bytes, Person]:
    """Former ID numbers (更正前的号码).

    Whose each of these numbers was before it was corrected, where nobody is on file under it now, by blind index.

    The person is the one this human is on file as; of several the one corrected last.
    """
    owner, holder = sa.orm.aliased(Person), sa.orm.aliased(Person)
    query = (
        sa.select(PersonChange.former_index, owner.human_id)
        .join(owner, owner.id == PersonChange.person_id)
        .where(~sa.exists().where(holder.id_index == PersonChange.former_index))
        .order_by(PersonChange.id)
    )
    wanted = set(id_indexes)
    if len(wanted) <= 5000:
        query = query.where(PersonChange.former_index.in_(wanted))
    else:  # few were ever corrected: reading them all is faster than looking so many up
        query = query.where(PersonChange.former_index.is_not(None))
    humans = {index: human_id for index, human_id in session.execute(query) if index in wanted}
    return {index: session.get_one(Person, human_id) for index, human_id in humans.items()}
