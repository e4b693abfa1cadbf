"""One person on file (人员): who it is, what was done to the record, and the ways on."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor
from core.models import Person
from core.people import acts, organizations, persons
from core.records import privacy
from core.trail import files
from web import deeds, shell, tables
from web.deeds import Who
from web.facts import facts
from web.people import changing, duplicates
from web.words import md, moment_text


def one(person_id: int, actor: Actor, *, below_hours: bool = False) -> None:
    """A person's record (人员): facts, history, and the deeds of the authority in charge.

    `below_hours`: the page says above who it is, where the person works and what was studied.
    """
    with db.reading() as session:
        person = persons.one(session, person_id, actor)
        offices = organizations.authorities(session)
    with st.container(border=True):
        if below_hours:
            st.markdown("**人员信息**")
        else:
            st.markdown(f"#### {md(person.name)}　:gray[{resident_id.mask(person.id_number)}]")
        facts(
            [
                ("性别与出生年代", f"{person.sex}，{resident_id.about(person.birth_on)}"),
                ("管理权限", offices[person.authority_id]),
                ("入库时间", moment_text(person.added_at)),
                *(() if below_hours else work(person)),
            ]
        )
        if not below_hours:
            shell.link("credit_lookup", "查看学时明细、打印审验卡", person=str(person.id))
        _kept(person, offices, actor)


def work(person: Person) -> list[tuple[str, str]]:
    """Where somebody works and as what (单位和职务); of a level that nobody stated, that the post's name says so."""
    level = persons.title_level(person)
    told = level if person.level or not level else f"{level}（按职务名称）"
    named = ("工作单位", person.employer_name), ("专业技术职务", person.post)
    return [*named, ("职称级别", told), ("从事专业", person.specialty)]


def _kept(person: Person, offices: dict[int, str], actor: Actor) -> None:
    """How a record is kept (人员信息): its history, its duplicates, and the deeds of the authority in charge."""
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


def revealing(person_id: int) -> None:
    """The way to the full ID number (查看完整身份证号): for a reason, which the person sees with who and when."""
    with st.popover("查看完整身份证号", icon=":material/visibility:"):
        key = f"reveal-reason-{person_id}"
        st.text_input("事由", key=key, max_chars=persons.LONGEST_REASON, placeholder="如：核对纸质证书")
        st.button("查看", key=f"reveal-{person_id}", on_click=_reveal, args=(person_id, key))
        st.caption("查看会记入审计日志，本人可以看到谁在何时因何查看。")


def _reveal(person_id: int, reason_key: str) -> None:
    reason = st.session_state[reason_key]

    def act(session: Session, **who: Unpack[Who]) -> str:
        number = persons.reveal_id(session, person_id, reason=reason, **who)
        return f"完整身份证号：{number}（本次查看及事由已记入审计日志，本人可以看到）"

    deeds.deed(act, "reveal", person_id, reason)


def seen(person_id: int, actor: Actor) -> None:
    """Who has seen the full ID number (谁看过我), with the reason that was given."""
    with db.reading() as session:
        found = privacy.seen_by(session, person_id, actor)
    st.markdown("**谁看过我的完整身份证号**")
    empty = "还没有人查看过。页面和导出里的号码都是脱敏的，查看全号须填事由并记入日志。"
    named = {"organization": "seen_from", "account_name": "seen_by"}
    tables.table(found.rename(columns=named), ["at", "seen_by", "seen_from", "how", "reason"], empty=empty)
    st.markdown("**我的个人信息**")
    st.caption("认为学时有误，在上面“提出异议”；姓名、身份证号有误，请带证件到管理权限所在的人社部门更正。")
    tables.download(
        "下载我的全部信息",
        privacy.own_data,
        "我的个人信息.json",
        unmarked=tables.Unmarked.OWN,
        mime="application/json",
        key="own-data",
    )


def _evidence(attachment_id: int, label: str) -> None:
    """Evidence download (证明材料): handing a file out is logged."""

    def taken(session: Session, **who: Unpack[Who]) -> bytes:
        return files.handed_out(session, attachment_id, **who).content

    tables.download(
        f"证明材料：{label}",
        taken,
        label.partition(" ")[2],
        opened=db.transaction,
        unmarked=tables.Unmarked.AS_KEPT,
        key=f"evidence-{attachment_id}",
        icon=":material/attach_file:",
    )
