"""One person on screen: who it is, what was done to the record, and what its authority may do to it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law.notices import Subject
from core.ledger.standing import Standing
from core.models import Person
from core.people import acts, organizations, persons
from core.records import disputes
from core.trail import files
from core.trail.files import Upload
from web import ui

SUBJECTS = {subject.value: subject.label for subject in Subject}


def one(person_id: int, actor: Actor) -> None:
    """The person, the ways on, the history, and the acts of the office in charge."""
    with db.reading() as session:
        person = persons.one(session, person_id, actor)
        offices = organizations.authorities(session)
    with st.container(border=True):
        st.markdown(f"#### {ui.md(person.name)}　:gray[{resident_id.mask(person.id_number)}]")
        ui.facts(
            [
                ("性别与出生日期", f"{person.sex}，{person.birth_on}"),
                ("工作单位", person.employer_name),
                ("管理权限", offices[person.authority_id]),
                ("专业技术职务", person.post),
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
        changes(person.id, actor)
        _duplicates(person, actor)
        if acts.may_keep(person, actor):
            offered = {"更正姓名或身份证号": _correction, "调动": _move, "合并重复人员": _merge}
            chosen = st.segmented_control("办理", list(offered), key=f"act-{person.id}-{person.version}")
            if chosen:
                offered[chosen](person, offices)
        elif actor.role in acts.KEEPERS:
            st.caption(f"更正、调动和合并由{offices[person.authority_id]}办理，您可以查看。")


def changes(person_id: int, actor: Actor) -> None:
    """What was done to the record, with the evidence for those who may take it; nothing where nothing was."""
    with db.reading() as session:
        history = acts.history(session, person_id, actor)
    if history.empty:
        return
    st.markdown("**人员信息变更记录**")
    columns = ["at", "change", "before", "after", "reason", "filename", "account_name", "organization"]
    ui.table(history, columns, empty="", labels={"organization": "办理机关"})
    if actor.role in acts.KEEPERS:
        for line in history[history["attachment_id"].notna()].to_dict("records"):
            _evidence(int(line["attachment_id"]), f"{db.office_day(line['at'])} {line['filename']}")


def _evidence(attachment_id: int, label: str) -> None:
    """A file to take away; taking it is logged."""

    def taken(session: Session, who: Actor) -> bytes:
        return files.handed_out(session, attachment_id, actor=who, now=ui.now()).content

    st.download_button(
        f"证明材料：{label}",
        ui.deferred(taken, db.transaction),
        label.partition(" ")[2],
        key=f"evidence-{attachment_id}",
        icon=":material/attach_file:",
        on_click="ignore",
    )


def _correction(person: Person, _offices: dict[int, str]) -> None:
    key = f"correct-{person.id}-{person.version}-"

    def correct() -> None:
        ui.deed(act, key)

    def act(session: Session, **who: Any) -> str:
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


def _move(person: Person, offices: dict[int, str]) -> None:
    key = f"move-{person.id}-{person.version}-"

    def move() -> None:
        def act(session: Session, *, actor: Actor, **when: Any) -> str:
            found = acts.move(
                session,
                person.id,
                employer=st.session_state[f"{key}employer"],
                authority_id=st.session_state[f"{key}authority"],
                version=person.version,
                reason=st.session_state[f"{key}reason"],
                actor=actor,
                **when,
            )
            if found.authority_id != actor.organization_id and not actor.oversees_region:
                ui.choose("person", None)
                return f"{found.name}已移交{offices[found.authority_id]}，今后由其管理；已有学时继续有效。"
            goes_to = f"{found.employer_name}，由{offices[found.authority_id]}管理"
            return f"{found.name}已调动到{goes_to}；已有学时继续有效。"

        ui.deed(act, key)

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
        )
        st.text_input("调动的原因（必填）", key=f"{key}reason")
        st.form_submit_button("办理调动", type="primary", on_click=move, key=f"{key}do")


def _merge(person: Person, _offices: dict[int, str]) -> None:
    """Find the other record of this human, see both side by side, merge."""
    key = f"merge-{person.id}-{person.version}-"
    text = st.text_input("重复记录的姓名或完整身份证号", person.name, key=f"{key}text", width=300)
    with db.reading() as session:
        actor = ui.require(*acts.KEEPERS)
        found, _ = persons.find(session, actor, text=text, limit=50)
        others = {int(one): persons.one(session, int(one), actor) for one in found["id"] if one != person.id}
        others = {one: other for one, other in others.items() if other.authority_id == person.authority_id}
    if not others:
        st.info("没有找到另一条由本机关管理的记录。可换一个姓名，或输入另一条记录的完整身份证号。")
        return

    def told(one: int) -> str:
        return f"{others[one].name}　{resident_id.mask(others[one].id_number)}　{others[one].employer_name}"

    one = st.selectbox("重复的记录（将并入当前人员）", list(others), format_func=told, key=f"{key}other")
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
            f"保留{ui.md(person.name)}（{resident_id.mask(person.id_number)}）的姓名和号码；两条记录的学时合在一起计算，"
            "学时明细原样不动，合并可以撤销。"
        )
        if apart:
            kinds, what = [end[1:] for end in files.DOCUMENT_ENDINGS], "证明材料（必填，如户籍证明）"
            st.file_uploader(what, kinds, key=f"{key}evidence-{one}")
        st.text_input("合并的原因（必填）", key=f"{key}reason")

        def merge() -> None:
            other = others[one]

            def act(session: Session, **who: Any) -> str:
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

            if ui.deed(act, key, other.id, other.version):
                st.session_state[f"act-{person.id}-{person.version}"] = None

        st.form_submit_button("合并", type="primary", on_click=merge, key=f"{key}do")


def _duplicates(person: Person, actor: Actor) -> None:
    """What was merged into this person, and the way back."""
    with db.reading() as session:
        found = acts.duplicates(session, person.id, actor)
    if found.empty:
        return
    st.markdown("**已并入的重复记录**")
    ui.table(found, ["name", "id_mask", "employer"], empty="")
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
            def act(session: Session, **who: Any) -> str:
                reason = st.session_state[f"{key}-reason"]
                acts.separate(session, line["id"], version=line["version"], reason=reason, **who)
                return f"已撤销合并，{line['name']}（{line['id_mask']}）恢复为单独的记录，学时分开计算。"

            ui.deed(act, key)

        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = f"撤销与{line['name']}（{line['id_mask']}）合并的原因（必填）"
            st.text_input(label, key=f"{key}-reason", width=420)
            st.button("撤销合并", key=key, on_click=separate)


def _twice(found: pd.DataFrame) -> None:
    """Entries that may be one study posted to two records, side by side, with the batch and line to reverse."""

    def side(line: dict[Any, Any], of: str) -> str:
        hours = "视同完成" if line[f"{of}deemed"] else f"{hours_text(line[f'{of}hours'])}学时"
        where = f"第{line[f'{of}batch_id']}批第{line[f'{of}line']}笔"
        return (
            f"{ui.md(line[f'{of}name'])}　{hours}　{line[f'{of}completed_on']}　{ui.md(line[f'{of}basis'])}（{where}）"
        )

    lines = [
        (
            line["why"],
            f"{line['year']}年度{SUBJECTS.get(line['subject'], line['subject'])}",
            side(line, ""),
            side(line, "other_"),
        )
        for line in found.to_dict("records")
    ]
    ui.prose(lines, ("可能重复", "年度与科目", "一笔", "另一笔"))


def dispute(person_id: int, entries: pd.DataFrame) -> None:
    """For the person and the employer's clerk: what was said against these entries and answered; a form for more."""
    st.markdown("**对学时记录有异议**")
    for line in entries[entries["dispute"] != ""].to_dict("records"):
        st.markdown(f"- {ui.md(_entry(line))}  \n  {ui.md(line['dispute'])}")
    standing = entries[entries["standing"] == Standing.STANDS].to_dict("records")
    if not standing:
        return
    key = f"dispute-{person_id}-"
    words = {(line["batch_id"], line["line"]): _entry(line) for line in standing}

    def file() -> None:
        (batch_id, line), typed = st.session_state[f"{key}entry"], st.session_state[f"{key}words"]

        def act(session: Session, **who: Any) -> str:
            disputes.file(session, person_id, batch_id, line, words=typed, **who)
            return "异议已提出，由核定这笔学时的人社部门答复；答复会显示在这笔学时旁。"

        if ui.deed(act, key, batch_id, line, typed):
            st.session_state[f"{key}words"] = ""

    with st.form(f"{key}form"):
        st.selectbox("哪一笔", list(words), format_func=words.__getitem__, key=f"{key}entry")
        st.text_area("哪里有误、应当是什么（必填）", key=f"{key}words", height=70, max_chars=disputes.LONGEST)
        st.form_submit_button("提出异议", on_click=file, key=f"{key}do")


def _entry(line: dict[Any, Any]) -> str:
    hours = "视同完成" if line["deemed"] else f"{hours_text(line['hours'])}学时"
    subject = SUBJECTS.get(line["subject"], line["subject"])
    return f"{line['year']}年度{subject}{hours}，{line['completed_on']}，{line['basis']}"
