"""Duplicate records (重复记录) of one human: merged, listed, separated again."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law.notices import Subject
from core.models import Person
from core.people import acts, persons
from core.trail import files
from core.trail.files import Upload
from web import deeds, shell, tables
from web.deeds import Who
from web.words import md

SUBJECTS = {subject.value: subject.label for subject in Subject}


def merge(person: Person, _offices: dict[int, str]) -> None:
    """Merge duplicates (合并重复人员): find the other record of this human, compare, merge."""
    key = f"merge-{person.id}-{person.version}-"
    text = st.text_input("重复记录的姓名或完整身份证号", person.name, key=f"{key}text", width=300)
    actor = shell.require(*acts.KEEPERS)
    with db.reading() as session:
        found, _ = persons.find(session, actor, text=text, limit=50)
        others = {int(one): persons.one(session, int(one), actor) for one in found["id"] if one != person.id}
        others = {one: other for one, other in others.items() if other.authority_id == person.authority_id}
    if not others:
        st.info("没有找到另一条由本机关管理的记录。可换一个姓名，或输入另一条记录的完整身份证号。")
        return

    def told(one: int) -> str:
        return f"{others[one].name}　{resident_id.mask(others[one].id_number)}　{others[one].employer_name}"

    one = st.selectbox("重复的记录（将并入当前人员）", list(others), format_func=told, key=f"{key}other", required=True)
    apart = acts.contradiction(person, others[one])
    if apart:
        st.warning(f"{apart}，很可能不是同一人。确为同一人的，须上传证明材料。")
    with db.reading() as session:
        twice = acts.doubled(session, person.id, actor, with_id=one)
    if not twice.empty:
        st.warning(
            f"两条记录有{len(twice)}处学时可能是同一次学习，合并后会合计在一起；确属重复的，请在“入账批次与冲销”中冲销一笔。"
        )
        _twice(twice)
    with st.form(f"{key}form"):
        st.caption(
            f"保留{md(person.name)}（{resident_id.mask(person.id_number)}）的姓名和号码；两条记录的学时合在一起计算，"
            "学时明细原样不动，合并可以撤销。"
        )
        if apart:
            kinds, what = [end[1:] for end in files.DOCUMENT_ENDINGS], "证明材料（必填，如户籍证明）"
            st.file_uploader(what, kinds, key=f"{key}evidence-{one}")
        st.text_input("合并的原因（必填）", key=f"{key}reason")

        def merged() -> None:
            other = others[one]

            def act(session: Session, **who: Unpack[Who]) -> str:
                given = st.session_state.get(f"{key}evidence-{one}")
                acts.merge(
                    session,
                    person.id,
                    other.id,
                    version=person.version,
                    duplicate_version=other.version,
                    evidence=Upload(given.name, given.getvalue()) if given else None,
                    reason=st.session_state[f"{key}reason"],
                    **who,
                )
                return f"{other.name}的另一条记录已并入{person.name}，学时合并计算；需要时可以撤销。"

            if deeds.deed(act, key, other.id, other.version):
                st.session_state[f"act-{person.id}-{person.version}"] = None

        st.form_submit_button("合并", type="primary", on_click=merged, key=f"{key}do")


def listed(person: Person, actor: Actor) -> None:
    """Merged records (已并入的重复记录) of this person, and how to separate them again."""
    with db.reading() as session:
        found = acts.duplicates(session, person.id, actor)
    if found.empty:
        return
    st.markdown("**已并入的重复记录**")
    tables.table(found, ["name", "id_mask", "employer"], empty="")
    with db.reading() as session:
        twice = acts.doubled(session, person.id, actor)
    if not twice.empty:
        st.warning(
            f"合并的记录有{len(twice)}处学时可能是同一次学习，现在合计在一起；确属重复的，请在“入账批次与冲销”中冲销一笔。"
        )
        _twice(twice)
    if not acts.may_keep(person, actor):
        return
    for line in found.to_dict("records"):
        key = f"separate-{line['id']}-{line['version']}"

        def separate(line: dict[Any, Any] = line, key: str = key) -> None:
            def act(session: Session, **who: Unpack[Who]) -> str:
                reason = st.session_state[f"{key}-reason"]
                acts.separate(session, line["id"], version=line["version"], reason=reason, **who)
                return f"已撤销合并，{line['name']}（{line['id_mask']}）恢复为单独的记录，学时分开计算。"

            deeds.deed(act, key)

        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = f"撤销与{line['name']}（{line['id_mask']}）合并的原因（必填）"
            st.text_input(label, key=f"{key}-reason", width=420)
            st.button("撤销合并", key=key, on_click=separate)


def _twice(found: pd.DataFrame) -> None:
    """Entries that may be one study posted to two records, side by side, with the batch and line to reverse."""

    def side(line: dict[Any, Any], of: str) -> str:
        hours = "视同完成" if line[f"{of}deemed"] else f"{hours_text(line[f'{of}hours'])}学时"
        where = f"第{line[f'{of}batch_id']}批第{line[f'{of}line']}笔"
        return f"{md(line[f'{of}name'])}　{hours}　{line[f'{of}completed_on']}　{md(line[f'{of}basis'])}（{where}）"

    lines = [
        (
            line["why"],
            f"{line['year']}年度{SUBJECTS.get(line['subject'], line['subject'])}",
            side(line, ""),
            side(line, "other_"),
        )
        for line in found.to_dict("records")
    ]
    tables.prose(lines, ("可能重复", "年度与科目", "一笔", "另一笔"))
