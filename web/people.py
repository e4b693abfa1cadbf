"""One person on screen."""

from __future__ import annotations

import streamlit as st

from core import db, registry, resident_id
from core.access import Actor
from web import ui


def one(person_id: int, actor: Actor) -> None:
    """Who it is, and the ways on."""
    with db.reading() as session:
        person = registry.person(session, person_id, actor)
        authority = registry.authorities(session)[person.authority_id]
    with st.container(border=True):
        st.markdown(f"#### {ui.md(person.name)}　:gray[{resident_id.mask(person.id_number)}]")
        ui.facts(
            [
                ("性别与出生日期", f"{person.sex}，{person.birth_on}"),
                ("工作单位", person.employer_name),
                ("管理权限", authority),
                ("专业技术职务", person.title),
                ("从事专业", person.specialty),
                ("入库时间", ui.moment_text(person.added_at)),
            ]
        )
        st.page_link(
            ui.page_file("credit_lookup"),
            label="查看学时明细、打印审验卡",
            icon=":material/arrow_forward:",
            query_params={"person": str(person.id)},
        )
