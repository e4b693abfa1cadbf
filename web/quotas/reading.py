"""Targets as they stand (现行指标), and their versions (历次下达), as far as the reader may see them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.law.notices import Programme
from core.office import dashboards
from core.quotas import progress, targets
from core.quotas.progress import Progress
from core.quotas.targets import Targets
from web import context, tables
from web.words import clause, md, moment_text


def in_force(year: int, here: Actor) -> None:
    """Target and progress of each programme of a year (现行指标): of the region, or of the own organization."""
    with db.reading() as session:
        standing = targets.in_force_of(session, here, year)
        found = progress.of_year(session, here, year, _by(year))
    mine = [
        each
        for each in zip(standing, found, strict=True)
        if here.oversees_region or each[0].split.target is not None or each[1].done
    ]
    if not mine:
        st.info(f"自治区还没有给本单位下达{year}年度的指标。下达后会列在这里，并发消息告知。")
    for target, reached in mine:
        with st.container(border=True, gap="small"):
            _one(target, reached, here)


def _by(year: int) -> date:
    """The day of a year by which it is asked: today, in another year its last or first."""
    return min(max(context.today(), date(year, 1, 1)), date(year, 12, 31))


def _one(target: Targets, reached: Progress, here: Actor) -> None:
    """One programme: its target, how far it has come as a bar and in a sentence, which version it is."""
    unit, region = target.programme.unit, here.oversees_region
    said = f"{'全区' if region else '本单位'}指标 **{targets.written(target.split, unit)}**"
    st.markdown(f"**{md(target.programme.name)}**　{clause(target.programme.clause)}　{said}")
    if reached.share is not None:
        st.progress(min(reached.share, 1.0), text=f"{reached.done:,}{unit}，占指标{reached.share:.1%}")
    st.markdown(md(reached.sentence) if reached.done is not None else ":gray[尚无完成情况的记录。]")
    if target.number:
        st.caption(f"第{target.number}版，{moment_text(target.at)}下达：{md(target.reason)}")
    elif region:
        st.caption("尚未下达，以通知的数为准。")


_OFFICES = ["office", "quota_target", "done", "visits", "share", "expected"]


def shares(found: Programme, year: int, here: Actor) -> None:
    """What each organization is given of a programme and has done (分解和进度), for those who oversee the region."""
    by = _by(year)

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        frame = progress.by_office(session, who, found, year, by)
        frame = frame.rename(columns={"target": "quota_target"})
        shown = {"expected": frame["expected"].round(), "share": (frame["share"] * 100).round(1)}
        return frame.assign(office=frame["office"].map(dashboards.short), **shown)

    with db.reading() as session:
        frame = asked(session, here)
    if frame.empty:
        st.info("这一项目的指标还没有分解下达，也还没有完成的记录。")
        return
    st.markdown(f"**{md(found.name)}：各单位指标与进度**　:gray[单位：{md(found.unit)}]")
    shown = [name for name in _OFFICES if name == "office" or frame[name].notna().any()]
    tables.export(asked, _OFFICES, name=f"{year}年{found.name}指标与进度")
    tables.table(frame, shown, empty="")
    st.caption("同一人在两个单位受训，两处各计一次，全区只计一次。")


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
    if not frame.empty:
        tables.export(asked, columns, name=f"{year}年{found.name}指标历次下达")
    number = tables.pick(frame, columns, name="version", by="quota_number", empty=empty, what="第{}版指标")
    if number is not None:
        with db.reading() as session:
            moved = targets.changes(session, here, found.code, year, number)
        told = f"第{number}版与上一版相比" if number > 1 else "第1版的指标"
        st.markdown(f"**{told}**　:gray[单位：{md(found.unit)}]")
        tables.table(moved, ["office", "was", "became", "moved"], empty="这一版没有改变本单位的指标。")
