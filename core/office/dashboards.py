"""Questions of leaders, answered as frames and charts. Reads only, and only what the asker may see."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import altair as alt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import OFFICERS, Actor, require, visible
from core.models import Organization, Plan, Report, State, Submission
from core.submissions import queues

MEASURES = {"plans": "批准计划", "reports": "通过报告", "people": "培训人员", "hours": "登记学时"}
UNITS = {"plans": "份", "reports": "份", "people": "人次", "hours": "学时"}
PALETTE = ["#174E86", "#3F7F93", "#7BA05B", "#C98B2B", "#A8503F", "#6C5B7B", "#5F6B76"]

_ALL_LABELS = alt.Axis(labelLimit=160, labelOverlap=False, labelFlush=False, labelBound=False)


def activity(session: Session, actor: Actor, year: int) -> pd.DataFrame:
    """Activity by authority and month (办理情况).

    What was approved in a year by authority and month of training, one row for each of both that has something.

    Columns: authority_id, authority (short name), month (1-12), plans, reports, people, hours (float). A plan counts in
    the month it begins, a report with its people and hours in the month its training ended.
    """
    require(actor, *OFFICERS)
    scope = visible(actor, organization=Submission.organization_id, authority=Submission.authority_id)
    first, last = date(year, 1, 1), date(year, 12, 31)
    plans = sa.select(Plan.authority_id, Plan.start_on).where(
        scope, Plan.state == State.APPROVED, Plan.start_on.between(first, last)
    )
    reports = sa.select(Report.authority_id, Report.end_on, Report.people, Report.hours).where(
        scope, Report.state == State.APPROVED, Report.end_on.between(first, last)
    )
    cells: dict[tuple[int, int], dict[str, Decimal | int]] = {}

    def add(authority_id: int, month: int, **amounts: Decimal | int) -> None:
        cell = cells.setdefault((authority_id, month), dict.fromkeys(MEASURES, 0))
        for name, amount in amounts.items():
            cell[name] += amount

    for authority_id, start_on in session.execute(plans):
        add(authority_id, start_on.month, plans=1)
    for authority_id, end_on, people, hours in session.execute(reports):
        add(authority_id, end_on.month, reports=1, people=people, hours=hours)
    names = {row.id: short(row.name) for row in session.execute(sa.select(Organization.id, Organization.name))}
    lines = [
        {
            "authority_id": authority_id,
            "authority": names[authority_id],
            "month": month,
            **cell,
            "hours": float(cell["hours"]),
        }
        for (authority_id, month), cell in sorted(cells.items())
    ]
    return pd.DataFrame(lines, columns=["authority_id", "authority", "month", *MEASURES])


def totals(session: Session, actor: Actor, year: int) -> dict[str, float]:
    """Headline figures of a year (年度合计): what `activity` sums to, by measure, out of two statements."""
    require(actor, *OFFICERS)
    scope = visible(actor, organization=Submission.organization_id, authority=Submission.authority_id)
    span = date(year, 1, 1), date(year, 12, 31)
    plans = sa.select(sa.func.count()).select_from(Plan).where(scope, Plan.state == State.APPROVED)
    people, hours = sa.func.coalesce(sa.func.sum(Report.people), 0), sa.func.coalesce(sa.func.sum(Report.hours), 0)
    reports = sa.select(sa.func.count(), people, hours).select_from(Report)
    reports = reports.where(scope, Report.state == State.APPROVED, Report.end_on.between(*span))
    counts = (session.scalar(plans.where(Plan.start_on.between(*span))), *session.execute(reports).one())
    return {name: float(figure or 0) for name, figure in zip(MEASURES, counts, strict=True)}


def headline(measure: str) -> str:
    """Measure with its unit: A measure with its unit, as axes and metrics name it."""
    label, unit = MEASURES[measure], UNITS[measure]
    return label if label.endswith(unit) else f"{label}（{unit}）"


def short(name: str) -> str:
    """Short name of an authority: an authority's name without what every authority is called."""
    return "自治区本级" if name.endswith("保障厅") else name.removesuffix("人力资源和社会保障局")


def rows(
    session: Session, actor: Actor, year: int, measure: str, *, authority: str | None = None, month: int | None = None
) -> pd.DataFrame:
    """Rows behind a figure (明细): the plans (for `plans`) or reports behind a number. Columns as `queues.queue`."""
    require(actor, *OFFICERS)
    kind, day = ("plan", "start_on") if measure == "plans" else ("report", "end_on")
    frame, _ = queues.queue(session, actor, kinds=(kind,), state=State.APPROVED, limit=None)
    days = pd.to_datetime(frame[day])
    keep = days.dt.year == year
    if month:
        keep &= days.dt.month == month
    if authority:
        keep &= frame["authority"].map(short) == authority
    return frame[keep].reset_index(drop=True)


def bars(frame: pd.DataFrame, measure: str, by: str) -> alt.Chart:
    """Bar chart of a measure.

    One measure of `activity` as bars, by "authority" (the largest first) or by "month" (all twelve).

    The title says the finding, the axis its unit, from zero. A bar can be chosen: selection `by` with the field `by`.
    """
    amount = headline(measure)
    data = pd.DataFrame({measure: frame.groupby(by)[measure].sum()})
    if by == "month":
        data = data.reindex(range(1, 13), fill_value=0)
    data = data.reset_index()
    data["label"] = [str(name) for name in data[by]]
    zero = alt.Scale(zero=True)
    if by == "month":
        label = alt.X("label:N", sort=list(data["label"]), title="月", axis=alt.Axis(labelAngle=0, labelOverlap=False))
        places = {"x": label, "y": alt.Y(f"{measure}:Q", title=amount, scale=zero)}
    else:
        name = alt.Y("label:N", sort="-x", title=None, axis=_ALL_LABELS)
        places = {"y": name, "x": alt.X(f"{measure}:Q", title=amount, scale=zero)}
    chosen = alt.selection_point(name=by, fields=[by])
    chart: alt.Chart = (
        alt.Chart(data, title=_finding(data, measure, by))
        .mark_bar(color=PALETTE[0], cornerRadiusEnd=2)
        .encode(
            **places,
            opacity=alt.condition(chosen, alt.value(1.0), alt.value(0.35)),
            tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip(f"{measure}:Q", title=amount, format=",.1~f")],
        )
        .add_params(chosen)
        .properties(height=380)
    )
    return chart


def _finding(data: pd.DataFrame, measure: str, by: str) -> str:
    total = float(data[measure].sum())
    if not total:
        return f"还没有{MEASURES[measure]}"
    amount, name = max(zip(data[measure], data["label"], strict=True))
    return f"{name}{'月' if by == 'month' else ''}最多：{amount:,.0f}{UNITS[measure]}，占{amount / total:.0%}"
