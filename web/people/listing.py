"""The list of people (人员名单): who is short of what in which year, by filters in the address; one of them chosen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.people import acts
from core.records import shortfalls
from core.records.shortfalls import Lack
from core.trail import kept
from web import address, context, tables
from web.people import changing


def chosen(actor: Actor) -> int | None:
    """The people an actor may look up (人员名单), with what each lacks; answers the one that is opened."""
    clerk = actor.role is Role.EMPLOYER_CLERK
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = address.searched("姓名或身份证号", key="q", placeholder="姓名可只输一部分，身份证号须完整", width=280)
        employer = "" if clerk else address.searched("工作单位", key="employer", width=240)
        offered = shortfalls.offered(context.today().year, actor.league)
        year = address.choice("年度", {each: str(each) for each in offered}, key="year", width=110)
        lack = address.filter_by("短缺", Lack, key="lack")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = shortfalls.shortfalls(session, who, year, text=text, employer=employer, lack=lack, **page)
        named = {name: tables.in_hours(str(name)) for name in found if name not in shortfalls.FACTS}
        return found.rename(columns=named), count

    with tables.above():
        usual = None if text else (year, employer, lack)  # a text may be an ID number
        frame, count = tables.listing(asked, actor, name="person", asked=usual)
        told = ["id_mask", "post", "level"] if clerk else ["id_mask", "employer", "post", "level"]
        by_notice = [name for name in frame.columns if name not in shortfalls.FACTS]
        shown = [name for name in by_notice if not name.endswith(tables.in_hours("差"))]
        with db.reading() as session:
            everybody, short = kept.once(
                session,
                (db.url(), "people", actor.role, actor.organization_id, actor.person_id, year),
                lambda: [shortfalls.shortfalls(session, actor, year, lack=of, limit=0)[1] for of in (None, Lack.YEAR)],
            )
        listed = f"，以下列出{count:,}人" if count != everybody else ""
        st.caption(f"共{everybody:,}人，{year}年度短缺{short:,}人{listed}", width="content")
        tables.export(
            lambda session, who: asked(session, who, limit=None)[0],
            ["name", *told, *by_notice],
            name=f"{year}年度人员学时",
        )
        if actor.role in acts.KEEPERS and count:
            changing.employer_of_many(asked, count)
    if lack and not count and everybody:
        empty = "没有人短缺。可把“短缺”换成“全部”查看所有人员。"
    else:
        empty = "没有符合条件的人员。请核对姓名或完整身份证号；人员随花名册和导入的学时入库，且须在您的管理权限内。"
    return tables.pick(frame, ["name", *shown, *told], name="person", empty=empty, what="")
