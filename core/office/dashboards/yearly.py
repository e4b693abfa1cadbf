"""The yearly statistics table (年度统计表): one line for the region's own units and each league, of what is on file.

No official form was found; a column of which nothing is kept stays blank, and the notes below the table say so.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import AUTHORITIES, OFFICERS, Actor, OrganizationKind, Refused, require
from core.law import notices
from core.law.notices import TOTAL, short_name
from core.models import Assessment, CreditTotal, Mode, Organization, Person, Plan
from core.office.dashboards import groups
from core.office.dashboards.asked import Wanted
from core.office.dashboards.board import Board, board
from core.people import persons
from core.quotas import progress
from core.tables import sheets

PLACE, SHARE, TOGETHER, CERTIFIED = "单位/盟市", "达标率（%）", "合计", "数字技术取证人数"
BLANK = ("减免人数（按条款）", "备注")
"""Columns that the form has and nothing is kept of."""
NOTES = (
    "本表各项由系统中的人员、培训计划、报告和学时登记直接计算；官方统计报表下发后以官方口径为准。",
    "线上学时只计方式为线上的培训，线上线下结合的没有分开登记，不计入。",
    "减免按条款的人数没有登记，留空；有减免的在备注中填写。",
    "专项项目同一人在两个单位培训的，各单位分别计，不相加为全区人数，合计留空。",
)


def table(session: Session, actor: Actor, year: int, *, now: datetime) -> pd.DataFrame:
    """The yearly table (年度统计表) as the office stands now; for a league its own line.

    Columns in Chinese, in the form's order: people and their title levels, who took part, who has done the hours by
    subject and all together, trainings, visits, hours, bases, each programme. Amounts are whole numbers or hours.
    Refused codes: "role", "password", "fields" (no such year).
    """
    require(actor, *OFFICERS)
    today = db.office_day(now)
    if type(year) is not int or not 2000 <= year <= today.year:
        raise Refused("fields", f"年度应为2000至{today.year}年。")
    seen = board(session, actor, Wanted(year, today), now=now)
    names = {
        each.id: "自治区直属单位" if each.kind is OrganizationKind.REGION_HR else each.name
        for each in seen.places.values()
        if each.kind in AUTHORITIES and (actor.oversees_region or each.id == actor.organization_id)
    }
    found = pd.DataFrame({PLACE: names}).rename_axis("id")
    found = found.join(_people(session, actor, seen, year)).join(_trainings(session, seen))
    amounts = [name for name in found.columns if name != PLACE]
    found[amounts] = found[amounts].fillna(0)
    bases = sa.select(Organization.authority_id, sa.func.count()).where(
        Organization.kind == OrganizationKind.BASE, Organization.active
    )
    found["基地数"] = found.index.map(dict(session.execute(bases.group_by(Organization.authority_id)).all())).fillna(0)
    if len(found) > 1:
        found.loc[0] = [TOGETHER, *found.drop(columns=PLACE).sum()]
    whole = found["专业技术人员总数"].to_numpy(float)
    done = found["全部达标"].to_numpy(float)
    share = np.divide(done * 100, whole, out=np.full(len(found), np.nan), where=whole > 0)
    found.insert(list(found.columns).index("全部达标") + 1, SHARE, share.round(1))
    for name, by_office in _programmes(session, actor, seen, year, today):
        found[name] = found.index.map(by_office)
    found[CERTIFIED] = found.index.map(_certified(session, actor, year)).fillna(0)
    if 0 in found.index:
        found.loc[0, CERTIFIED] = found[CERTIFIED].sum()
    for name in BLANK:
        found[name] = None
    return found.reset_index(drop=True)


def xlsx(session: Session, actor: Actor, year: int, *, now: datetime) -> bytes:
    """The yearly table as a workbook (.xlsx), its notes below it."""
    found = table(session, actor, year, now=now)
    rows = [list(row) for row in found.astype(object).where(found.notna(), None).itertuples(index=False, name=None)]
    notes = [f"{year}年度，数据截至{db.office_day(now)}，{actor.organization_name}。", *NOTES]
    rows += [[], *([f"说明{number}：{words}"] for number, words in enumerate(notes, 1))]
    return sheets.workbook(list(found.columns), rows, sheet=f"{year}年度统计表", persons=False)


def _people(session: Session, actor: Actor, seen: Board, year: int) -> pd.DataFrame:
    """Who is on file, by title level; who has hours of the year; who lacks none, by subject and all together."""
    people = seen.people
    columns: dict[str, Any] = {"专业技术人员总数": np.ones(len(people), bool)}
    for place, level in enumerate(groups.levels()):
        columns[f"其中{level}"] = people.level == place
    frame = pd.DataFrame(columns)
    took_part = (
        sa.select(CreditTotal.person_id)
        .join(Person, Person.id == CreditTotal.person_id)
        .where(CreditTotal.year == year, sa.or_(CreditTotal.hours > 0, CreditTotal.deemed > 0))
        .where(persons.visible_to(actor))
        .distinct()
    )
    frame["参加继续教育人数"] = np.isin(people.ids, np.array(list(session.scalars(took_part)), np.int64))
    for code, name in people.names.items():
        label = "全部达标" if code == TOTAL else f"{short_name(name)}达标"
        frame[label] = people.met.get(code, np.zeros(len(people), bool)) & people.judged
    if "全部达标" not in frame:
        frame["全部达标"] = False
    return frame.groupby(people.authority).sum().astype(np.int64)


def _trainings(session: Session, seen: Board) -> pd.DataFrame:
    """Trainings with hours on record, visits and hours, and of those the hours of trainings online."""
    frame = seen.plans()
    online = set(session.scalars(sa.select(Plan.id).where(Plan.mode == Mode.ONLINE)))
    frame = frame.assign(
        held=frame["credited"] > 0, whole=frame["hours"] / 100, apart=frame["hours"] / 100 * frame["id"].isin(online)
    )
    names = {"held": "培训班数", "credited": "培训人次", "whole": "学时合计", "apart": "线上学时"}
    return frame.groupby("league")[list(names)].sum().rename(columns=names)


def _certified(session: Session, actor: Actor, year: int) -> dict[int, int]:
    """Who was given a certificate of a level of digital technology in a year, by their authority."""
    query = (
        sa.select(Person.authority_id, sa.func.count(Assessment.person_id.distinct()))
        .join(Person, Person.id == Assessment.person_id)
        .where(Assessment.number.is_not(None), Assessment.issued_on.between(date(year, 1, 1), date(year, 12, 31)))
        .where(persons.visible_to(actor))
    )
    return dict(session.execute(query.group_by(Person.authority_id)).all())


def _programmes(session: Session, actor: Actor, seen: Board, year: int, on: date) -> list[tuple[str, dict[Any, Any]]]:
    """What each programme came to by authority: of the offices that count for themselves, under their authority's."""
    try:
        found = notices.in_force(date(year, 12, 31)).programmes
    except Refused:  # no notice of that year is on file
        return []
    told: list[tuple[str, dict[Any, Any]]] = []
    for each in found:
        if progress.counted(each, year) is None:  # nothing is kept of it, which is not nothing done
            told.append((f"{each.name}（{each.unit}）", {}))
            continue
        frame = progress.by_office(session, actor, each, year, on).dropna(subset=["done"])
        authority = [seen.places[number].authority_id for number in frame["office_id"]]
        told.append(
            (
                f"{each.name}（{each.unit}）",
                dict.fromkeys(seen.places, 0) | frame["done"].groupby(authority).sum().to_dict(),
            )
        )
    return told
