"""Programmes (专项项目, clauses 二 to 六) as plans carry them out: which line a plan names, and who may name it."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import AUTHORITIES, OrganizationKind, refuse_faults
from core.law import notices
from core.law.notices import Programme, Way
from core.models import Organization, Plan, ProgrammeLine, State, Submission

OF_PLANS = (Way.SEMINARS, Way.LINES, Way.CLASSES)
"""Ways of carrying out a programme in which trainings are held, each with a plan and a report."""
BY_LINES = (Way.SEMINARS, Way.LINES)
"""Of these, the ones in which a plan carries out a line that was approved before."""


class Marked(Protocol):
    """What names a programme and a line: the fields of a plan."""

    @property
    def programme(self) -> str: ...
    @property
    def line_id(self) -> int | None: ...
    @property
    def start_on(self) -> date: ...


def of_plans(on: date, league: str | None) -> list[Programme]:
    """Programmes that a plan may carry out (可落实的专项项目), by the notice in force on a day in a league."""
    return [each for each in notices.in_force(on, league).programmes if each.way in OF_PLANS]


def name_of(code: str) -> str:
    """Name of a programme (项目名称) by its code; "" for none."""
    return notices.programme_names().get(code, code)


def lines_for(session: Session, organization: Organization, programme: str, year: int) -> list[ProgrammeLine]:
    """Approved lines (项目任务) of a programme and a year that an organization's plans may carry out, in their order.

    Its own; those its authority filed; and those that departments filed under the same authority.
    """
    owner = sa.orm.aliased(Organization)
    mine = (owner.id == organization.id) | (owner.id == organization.authority_id)
    department = (owner.kind == OrganizationKind.DEPARTMENT) & (owner.authority_id == organization.authority_id)
    query = (
        sa.select(ProgrammeLine)
        .join(Submission, Submission.id == ProgrammeLine.submission_id)
        .join(owner, owner.id == Submission.organization_id)
        .where(ProgrammeLine.programme == programme, ProgrammeLine.year == year)
        .where(Submission.state == State.APPROVED, mine | department)
        .order_by(owner.kind.in_(AUTHORITIES), owner.id, ProgrammeLine.submission_id, ProgrammeLine.number)
    )
    return list(session.scalars(query))


def check_plan(session: Session, fields: Marked, organization: Organization) -> None:
    """Hold a plan's programme and line against the notice of its first day, and against what was approved.

    Refused codes: "fields".
    """
    if not fields.programme and fields.line_id is None:
        return
    league = organization.authority.league
    programme = next((each for each in of_plans(fields.start_on, league) if each.code == fields.programme), None)
    if programme is None:
        document = notices.in_force(fields.start_on, league).document
        refuse_faults([("programme", f"专项项目请从{document}的项目中选择")])
        return
    if programme.way not in BY_LINES:
        if fields.line_id is not None:
            refuse_faults([("line_id", f"{programme.name}不按任务举办，项目任务请留空")])
        return
    year = fields.start_on.year
    if fields.line_id is None:
        refuse_faults([("line_id", f"{programme.name}的培训须写明落实哪一项已批准的任务（{programme.clause}）")])
    elif fields.line_id not in [each.id for each in lines_for(session, organization, programme.code, year)]:
        refuse_faults([("line_id", f"{year}年度没有可由本单位落实的这项任务，请从列出的项目任务中选择")])


def label(line: ProgrammeLine) -> str:
    """A line in words (项目任务): what it is called, whose, and where in what was filed it stands."""
    return f"{line.name}（{line.submission.organization.name}{line.year}年第{line.number}项）"


def facts(plan: Plan) -> list[tuple[str, object]]:
    """What a plan carries out (落实的项目任务), to read; nothing where it is of no programme."""
    if not plan.programme:
        return []
    told: list[tuple[str, object]] = [("专项项目", name_of(plan.programme))]
    if plan.line:
        told.append(("项目任务", label(plan.line)))
    return told
