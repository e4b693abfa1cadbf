"""Targets as they stand (现行指标), and their versions (历次下达), as far as the reader may see them."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.law.notices import Programme
from core.models import Organization
from core.quotas import targets
from web import tables
from web.words import clause, md, moment_text


def in_force(year: int, here: Actor) -> None:
    """The target of each programme of a year (现行指标): of the region, or of the own organization."""
    with db.reading() as session:
        found = targets.in_force_of(session, here, year)
    for each in found:
        if each.split.target is None and not here.oversees_region:
            continue
        with st.container(border=True):
            unit = each.programme.unit
            st.markdown(f"**{md(each.programme.name)}**　{clause(each.programme.clause)}")
            whose = "全区指标" if here.oversees_region else "本单位指标"
            st.markdown(f"{whose} **{targets.written(each.split, unit)}**")
            if each.number:
                st.caption(f"第{each.number}版，{moment_text(each.at)}下达：{md(each.reason)}")
            else:
                st.caption("尚未下达，以通知的数为准。")


def shares(found: Programme, year: int, here: Actor) -> None:
    """What each organization is given of a programme (分解情况), for those who oversee the region."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        return _shares(session, who, found, year)

    with db.reading() as session:
        frame = asked(session, here)
    columns = ["office", "quota_target"]
    tables.table(frame, columns, empty="这一项目的指标还没有分解下达。")
    tables.export(asked, columns, name=f"{year}年{found.name}指标")


def _shares(session: Session, who: Actor, found: Programme, year: int) -> pd.DataFrame:
    given = targets.in_force(session, who, found.code, year).split.shares
    names = {each: session.get_one(Organization, each).name for each in given}
    return pd.DataFrame({"office": list(names.values()), "quota_target": [given[each] for each in names]})


def versions(found: Programme, year: int, here: Actor) -> None:
    """Versions (历次下达), the latest first; one that is chosen shows what it changed."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        told = targets.history(session, who, found.code, year)
        return pd.DataFrame(
            {
                "quota_number": [each.number for each in told],
                "quota_target": [targets.written(each.split, found.unit) for each in told],
                "at": [each.at for each in told],
                "account": [each.by for each in told],
                "reason": [each.reason for each in told],
            }
        )

    with db.reading() as session:
        frame = asked(session, here)
    columns = ["quota_number", "quota_target", "at", "account", "reason"]
    empty = f"{year}年度{found.name}的指标还没有下达过。"
    number = tables.pick(frame, columns, name="version", by="quota_number", empty=empty)
    if frame.empty:
        return
    tables.export(asked, columns, name=f"{year}年{found.name}指标历次下达")
    if number in set(frame["quota_number"]):
        assert number
        with db.reading() as session:
            moved = targets.changes(session, here, found.code, year, number)
        st.markdown(f"**第{number}版与上一版相比**" if number > 1 else "**第1版的指标**")
        tables.table(moved, ["office", "was", "became", "moved"], empty="这一版没有改变本单位的指标。")
