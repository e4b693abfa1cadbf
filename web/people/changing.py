"""Changes to a person on file (人员信息变更): correction, move, merge and separation of duplicates."""

from __future__ import annotations

from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import resident_id
from core.ground.access import Refused
from core.models import Person
from core.people import acts
from core.trail import files
from core.trail.files import Upload
from web import address, deeds
from web.deeds import Who


def correction(person: Person, _offices: dict[int, str]) -> None:
    """Correct name or ID number (更正), with evidence and a reason."""
    key = f"correct-{person.id}-{person.version}-"

    def correct() -> None:
        deeds.deed(act, key)

    def act(session: Session, **who: Unpack[Who]) -> str:
        given = st.session_state[f"{key}evidence"]
        found = acts.correct(
            session,
            person.id,
            name=st.session_state[f"{key}name"],
            id_number=st.session_state[f"{key}number"],
            evidence=Upload(given.name, given.getvalue()) if given else None,
            version=person.version,
            reason=st.session_state[f"{key}reason"],
            **who,
        )
        return f"已更正为{found.name}（{resident_id.mask(found.id_number)}），此前出具的审验卡在核验时会注明。"

    with st.form(f"{key}form"):
        left, right = st.columns(2)
        left.text_input("姓名", person.name, key=f"{key}name", max_chars=20)
        right.text_input("身份证号", key=f"{key}number", placeholder="不变的可不填", max_chars=40)
        st.file_uploader(
            "证明材料（必填，如身份证或户籍证明）", [end[1:] for end in files.DOCUMENT_ENDINGS], key=f"{key}evidence"
        )
        st.text_input("更正的原因（必填）", key=f"{key}reason")
        st.form_submit_button("更正", type="primary", on_click=correct, key=f"{key}do")


def employer_of_many(asked: Any, count: int) -> None:
    """Set the employer of everybody listed (批量设置工作单位), by the filters above the list.

    `asked(session, actor, limit=None)` answers the list; where it has changed since it was drawn, nothing is done.
    """
    with st.popover(f"设置工作单位（{count:,}人）"):
        if count > acts.MOST_PLACED:
            st.caption(f"一次最多{acts.MOST_PLACED}人，请先按姓名或工作单位筛选。")
            return
        st.text_input("新的工作单位（全称）", key="many-employer", max_chars=80)
        st.text_input("原因（必填）", key="many-reason", placeholder="如：单位更名、补登单位")

        def act(session: Session, **who: Unpack[Who]) -> str:
            ids = [int(each) for each in asked(session, who["actor"], limit=None)[0]["id"]]
            if len(ids) != count:
                raise Refused("stale", "名单刚刚有变化，没有设置。请核对最新的名单。")
            employer, reason = st.session_state["many-employer"], st.session_state["many-reason"]
            changed = acts.place(session, ids, employer=employer, reason=reason, **who)
            rest = f"，其余{count - changed}人原来就是" if changed < count else ""
            return f"已把{changed}人的工作单位设为“{employer}”{rest}；各人的变更记录里有原来的单位。"

        def place() -> None:
            deeds.deed(act, "place-many", count, st.session_state["many-employer"])

        st.button(f"设置{count:,}人", key="many-do", on_click=place)


def move(person: Person, offices: dict[int, str]) -> None:
    """Change of employer or authority (调动), with a reason."""
    key = f"move-{person.id}-{person.version}-"

    def moved() -> None:
        def act(session: Session, **who: Unpack[Who]) -> tuple[str, bool]:
            found = acts.move(
                session,
                person.id,
                employer=st.session_state[f"{key}employer"],
                authority_id=st.session_state[f"{key}authority"],
                version=person.version,
                reason=st.session_state[f"{key}reason"],
                **who,
            )
            actor = who["actor"]
            if found.authority_id != actor.organization_id and not actor.oversees_region:
                return f"{found.name}已移交{offices[found.authority_id]}，今后由其管理；已有学时继续有效。", False
            goes_to = f"{found.employer_name}，由{offices[found.authority_id]}管理"
            return f"{found.name}已调动到{goes_to}；已有学时继续有效。", True

        if deeds.deed(act, key) is False:  # no longer this office's: not to be shown here
            address.choose("person", None)

    with st.form(f"{key}form"):
        left, right = st.columns(2)
        left.text_input("调入单位", person.employer_name, key=f"{key}employer", max_chars=80)
        places = list(offices)
        right.selectbox(
            "管理权限",
            places,
            places.index(person.authority_id),
            format_func=offices.__getitem__,
            key=f"{key}authority",
            help="调入单位已在本系统建立的，随该单位的管理权限，此处所选不起作用",
            required=True,
        )
        st.text_input("调动的原因（必填）", key=f"{key}reason")
        st.form_submit_button("办理调动", type="primary", on_click=moved, key=f"{key}do")
