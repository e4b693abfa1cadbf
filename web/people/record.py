"""One person on file (人员): who it is, what was done to the record, and the ways on."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor
from core.people import acts, organizations, persons
from core.trail import files
from web import shell, tables
from web.deeds import Who
from web.facts import facts
from web.people import changing, duplicates
from web.words import md, moment_text


def one(person_id: int, actor: Actor) -> None:
    """A person's record (人员): facts, links, history, and the deeds of the authority in charge."""
    with db.reading() as session:
        person = persons.one(session, person_id, actor)
        offices = organizations.authorities(session)
    with st.container(border=True):
        st.markdown(f"#### {md(person.name)}　:gray[{resident_id.mask(person.id_number)}]")
        facts(
            [
                ("性别与出生日期", f"{person.sex}，{person.birth_on}"),
                ("工作单位", person.employer_name),
                ("管理权限", offices[person.authority_id]),
                ("专业技术职务", person.post),
                ("从事专业", person.specialty),
                ("入库时间", moment_text(person.added_at)),
            ]
        )
        st.page_link(
            shell.page_file("credit_lookup"),
            label="查看学时明细、打印审验卡",
            icon=":material/arrow_forward:",
            query_params={"person": str(person.id)},
        )
        changes(person.id, actor)
        duplicates.listed(person, actor)
        if acts.may_keep(person, actor):
            offered = {
                "更正姓名或身份证号": changing.correction,
                "调动": changing.move,
                "合并重复人员": duplicates.merge,
            }
            chosen = st.segmented_control("办理", list(offered), key=f"act-{person.id}-{person.version}")
            if chosen:
                offered[chosen](person, offices)
        elif actor.role in acts.KEEPERS:
            st.caption(f"更正、调动和合并由{md(offices[person.authority_id])}办理，您可以查看。")


def changes(person_id: int, actor: Actor) -> None:
    """Change history (变更记录) of a person, with the evidence for those who may take it."""
    with db.reading() as session:
        history = acts.history(session, person_id, actor)
    if history.empty:
        return
    st.markdown("**人员信息变更记录**")
    columns = ["at", "change", "before", "after", "reason", "filename", "account_name", "office_in_charge"]
    tables.table(history.rename(columns={"organization": "office_in_charge"}), columns, empty="")
    if actor.role in acts.KEEPERS:
        for line in history[history["attachment_id"].notna()].to_dict("records"):
            _evidence(int(line["attachment_id"]), f"{db.office_day(line['at'])} {line['filename']}")


def _evidence(attachment_id: int, label: str) -> None:
    """Evidence download (证明材料): handing a file out is logged."""

    def taken(session: Session, **who: Unpack[Who]) -> bytes:
        return files.handed_out(session, attachment_id, **who).content

    st.download_button(
        f"证明材料：{label}",
        tables.deferred(taken, db.transaction),
        label.partition(" ")[2],
        key=f"evidence-{attachment_id}",
        icon=":material/attach_file:",
        on_click="ignore",
    )
