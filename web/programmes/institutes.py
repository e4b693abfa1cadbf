"""What institutes may train (核准职业), as the region keeps it, and the catalogue of occupations (职业目录)."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.people import organizations
from core.submissions.programmes import occupations
from core.tables import sheets
from core.tables.problems import PROBLEM_HEADINGS
from web import context, deeds, drafts, tables
from web.deeds import Who
from web.words import md

WHAT = "第{}号核准"
APPROVED = "organization occupation batch from_on to_on validity".split()
CATALOGUE = "occupation occupation_code code_2022 class_level direction least_hours active catalogue_source".split()


def draw(actor: Actor, _year: int) -> None:
    """The institutes with what they may train; the region adds to it and changes until when."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        return occupations.approvals(session, who, today=context.today())

    with db.reading() as session:
        frame = asked(session, actor)
    keeps = actor.oversees_region and actor.role in (Role.ADMIN, Role.REVIEWER)
    told = "在“新增核准”中登记。" if keeps else "由自治区登记，请与自治区人社厅联系。"
    tables.export(asked, APPROVED, name="核准职业")
    if keeps:
        chosen = tables.pick(frame, APPROVED, name="approval", empty=f"还没有核准的职业，{told}", what=WHAT)
        known = frame[frame["id"] == chosen]
        if len(known):
            _change(known.iloc[0])
        _add(actor)
    else:
        tables.table(frame, APPROVED, empty=f"还没有核准的职业，{told}")
        tables.named(frame["id"], name="approval", what=WHAT)


def _add(actor: Actor) -> None:
    """What an institute may train from now on (新增核准)."""
    with db.reading() as session:
        found = organizations.listing(session, actor, kind=OrganizationKind.INSTITUTE)
    names = dict(zip(found["id"], found["name"], strict=True))
    if not names:
        st.info("还没有培训机构。请管理员先在“机构与账号”中新增类别为“数字技术工程师培训机构”的机构。")
        return
    with st.expander("新增核准"), st.form("approval", clear_on_submit=False):
        left, right = st.columns(2)
        left.selectbox(
            "培训机构 *",
            list(names),
            None,
            format_func=names.__getitem__,
            key="approval-institute",
            placeholder="请选择",
        )
        right.selectbox("职业 *", occupations.active_names(), None, key="approval-occupation", placeholder="请选择")
        places = st.columns(3)
        places[0].text_input("批次 *", max_chars=40, key="approval-batch", placeholder="如：第二批")
        places[1].date_input("有效期起 *", None, key="approval-from", **drafts.DAYS)
        places[2].date_input("有效期止 *", None, key="approval-to", **drafts.DAYS)
        st.form_submit_button("登记核准", type="primary", on_click=_approve, args=(names,))


def _approve(names: dict[int, str]) -> None:
    number, occupation, batch, first, last = (
        st.session_state[f"approval-{name}"] for name in ("institute", "occupation", "batch", "from", "to")
    )

    def act(session: Session, **who: Unpack[Who]) -> str:
        added = occupations.approve(session, number or 0, occupation or "", batch, first, last, **who)
        return f"“{names.get(number, '')}”可办{added.occupation}，{added.from_on}至{added.to_on}有效。"

    if number is None:
        deeds.say("error", "请选择培训机构。")
    else:
        deeds.deed(act, "approve", number, occupation, batch, first, last)


def _change(known: pd.Series) -> None:
    """Until when it holds (变更有效期), later or earlier."""
    number, name = int(known["id"]), str(known["organization"])
    with st.container(border=True), st.form(f"until-{number}", border=False):
        st.markdown(f"**{md(name)}**　{md(known['occupation'])}　:gray[{md(known['batch'])}]")
        left, right = st.columns([1, 3])
        left.date_input("有效期止", known["to_on"], key=f"until-{number}-day", **drafts.DAYS)
        right.text_input("变更的原因或文件（必填）", max_chars=200, key=f"until-{number}-why")
        st.form_submit_button("变更有效期", on_click=_changed, args=(number, name))


def _changed(number: int, name: str) -> None:
    day, why = st.session_state[f"until-{number}-day"], st.session_state[f"until-{number}-why"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        kept = occupations.change_until(session, number, day, reason=why, **who)
        return f"“{name}”{kept.occupation}的有效期改为至{kept.to_on}。"

    deeds.deed(act, "until", number, day, why)


def catalogue(actor: Actor, _year: int) -> None:
    """The catalogue of occupations (职业目录): to read, to take away, to check a corrected copy of."""
    own = occupations.own_file().exists()
    place = "本单位更正的目录" if own else "系统自带的目录"
    st.caption(
        md(
            f"现用{place}。标准学时空白的，以批准的培训计划为准；填写后作为下限检查。方向空白的尚未查到，可按批准的计划填写。"
        )
    )
    frame = occupations.listing()
    tables.export(lambda _session, _who: occupations.listing(), CATALOGUE, name="职业目录")
    tables.table(frame, CATALOGUE, empty="")
    if actor.oversees_region and actor.role is Role.ADMIN:
        _check()


def _check() -> None:
    """A corrected copy checked before it is laid where it is read (检查更正的目录)."""
    name = occupations.FILE.name
    with st.expander("更正职业目录"):
        st.markdown(
            md(
                f"下载原目录改正后，先在这里检查，没有错误的由管理员放在系统数据文件夹（CE_HOME）中，文件名{name}，即时生效。"
            )
        )
        content = occupations.FILE.read_bytes()
        tables.download("下载自带的目录（CSV）", content, name, unmarked=tables.Unmarked.BLANK)
        given = st.file_uploader("检查更正的目录", ["csv", "xlsx", "xls"], key="catalogue-check")
        if given is None:
            return
        good, faults = occupations.faults_of(given.getvalue(), given.name)
        if not faults:
            st.success(f"{good}行没有错误，可以使用。")
            return
        st.error(f"{len(faults)}处需要核对，无误的{good}行。")
        tables.table(pd.DataFrame(faults, columns=list(PROBLEM_HEADINGS)), PROBLEM_HEADINGS, empty="")
        lines = [tuple(line) for line in faults]
        tables.download(
            "下载问题清单",
            lambda _, **__: sheets.workbook(PROBLEM_HEADINGS, lines, sheet="问题"),
            "职业目录问题.xlsx",
        )
