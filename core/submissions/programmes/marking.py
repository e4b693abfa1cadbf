"""Programmes (专项项目, clauses 二 to 六) as plans carry them out: which line a plan names, and who may name it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import AUTHORITIES, OrganizationKind, refuse_faults
from core.law import notices
from core.law.notices import Programme, Way
from core.models import Organization, Plan, ProgrammeLine, State, Submission
from core.submissions.programmes import occupations
from core.submissions.programmes.occupations import ClassFields

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
    @property
    def end_on(self) -> date: ...
    @property
    def hours_each(self) -> Decimal | str: ...
    @property
    def credit_years(self) -> tuple[int, ...]: ...
    @property
    def course(self) -> ClassFields | None: ...


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


def is_class(fields: Marked, organization: Organization) -> bool:
    """Whether a plan is a class of an institute (办班), by the way its programme is carried out."""
    offered = of_plans(fields.start_on, organization.authority.league)
    return any(each.code == fields.programme and each.way is Way.CLASSES for each in offered)


def check_plan(session: Session, fields: Marked, organization: Organization, plan_id: int | None = None) -> None:
    """Hold a plan's programme and line against the notice of its first day, and against what was approved.

    One seminar is carried out by one plan; `plan_id` is the plan's own, once it has one. Refused codes: "fields".
    """
    if fields.course is not None and not (fields.programme and is_class(fields, organization)):
        refuse_faults([("occupation", "只有数字技术工程师办班的计划才填写职业和等级")])
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
        occupations.check(
            session,
            fields.course or ClassFields(),
            organization,
            programme,
            notices.in_force(fields.start_on, league),
            start_on=fields.start_on,
            end_on=fields.end_on,
            hours_each=fields.hours_each,
            credit_years=fields.credit_years,
        )
        return
    year = fields.start_on.year
    if fields.line_id is None:
        refuse_faults([("line_id", f"{programme.name}的培训须写明落实哪一项已批准的任务（{programme.clause}）")])
    elif fields.line_id not in [each.id for each in lines_for(session, organization, programme.code, year)]:
        refuse_faults([("line_id", f"{year}年度没有可由本单位落实的这项任务，请从列出的项目任务中选择")])
    elif programme.way is Way.SEMINARS and (other := _carried_out(session, fields.line_id, plan_id)):
        words = f"这期高研班已由{other.organization.name}的培训计划“{other.title}”落实，一期只报一份计划"
        refuse_faults([("line_id", words)])


def _carried_out(session: Session, line_id: int, plan_id: int | None) -> Plan | None:
    """Another plan, filed or approved, that carries out a line."""
    query = sa.select(Plan).where(Plan.line_id == line_id, Plan.state.in_((State.SUBMITTED, State.APPROVED)))
    return session.scalar(query.where(Plan.id != (plan_id or 0)).limit(1))


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
    return [*told, *occupations.facts(plan)]
