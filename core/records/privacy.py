"""What a person is told about the own data (个人信息): who has seen the number, and why. Reads only."""

from __future__ import annotations

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.models import Account, AuditEntry, Nomination, Organization, Person, RosterRow, under
from core.people import persons
from core.submissions.programmes import marking, nomination_table
from core.trail import audit

_HANDED, _REVEALED = audit.Event.FILE_HANDED_OUT.value, audit.Event.ID_REVEALED.value
_TAKEN = nomination_table.Event.TAKEN.value
HOW = {_REVEALED: "查看完整身份证号", _HANDED: "下载载有本人的花名册或证明", _TAKEN: "下载载有本人的推荐汇总表"}


def seen_by(session: Session, person_id: int, actor: Actor) -> pd.DataFrame:
    """Who has seen the full ID number (谁看过我), newest first: shown to the person, and to who keeps the person.

    Every deed of the trail that gave the full number away: it was revealed, or a file with it was handed out. What the
    person did is not among them. Columns: at, account_name, organization (the one who saw it was of), how, reason.
    Refused codes: "role", "missing".
    """
    person = persons.one(session, person_id, actor)
    own = session.execute(sa.select(Person.id, Person.id_index).where(under(Person, person.id))).all()
    ids, indexes = [each.id for each in own], [each.id_index for each in own]
    rosters = sa.select(RosterRow.report_id).where(RosterRow.id_index.in_(indexes))
    ways = [
        sa.and_(AuditEntry.event == _REVEALED, AuditEntry.record == "person", AuditEntry.record_id.in_(ids)),
        sa.and_(AuditEntry.event == _HANDED, AuditEntry.record == "report", AuditEntry.record_id.in_(rosters)),
        sa.and_(AuditEntry.event == _HANDED, AuditEntry.record == "person", AuditEntry.record_id.in_(ids)),
    ]
    nominated = sa.select(Nomination.programme, Nomination.year, Nomination.submitted_at)
    for programme, year, since in session.execute(nominated.where(Nomination.human_id == person.id)):
        after = {"programme": marking.name_of(programme), "year": year}
        told = (
            AuditEntry.after.contains(db.canonical({name: value})[1:-1], autoescape=True)
            for name, value in after.items()
        )
        ways.append(sa.and_(AuditEntry.event == _TAKEN, AuditEntry.at >= since, *told))
    account = sa.orm.aliased(Account)
    query = (
        sa.select(AuditEntry.at, AuditEntry.account_name, Organization.name, AuditEntry.event, AuditEntry.reason)
        .outerjoin(account, account.id == AuditEntry.account_id)
        .outerjoin(Organization, Organization.id == account.organization_id)
        .where(sa.or_(*ways), sa.or_(account.id.is_(None), account.role != Role.PERSON))
        .order_by(AuditEntry.id.desc())
    )
    lines = [(at, name, office or "", HOW[event], reason) for at, name, office, event, reason in session.execute(query)]
    return pd.DataFrame(lines, columns=["at", "account_name", "organization", "how", "reason"])
