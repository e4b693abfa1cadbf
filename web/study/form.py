"""The form of a nomination (研修推荐表): who is put forward, for which programme, where to study what."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.models import Nomination
from core.submissions import forms
from core.submissions.kinds import KINDS
from core.submissions.programmes import marking, places, study
from web import context, drafts, papers, tables
from web.claims import reading as evidence
from web.deeds import Who
from web.papers import Paper
from web.words import md

NOMINATION = KINDS["nomination"]


def for_whom(actor: Actor) -> int | None:
    """The person a new nomination is about (推荐谁): one of the clerk's own people."""
    text = st.text_input("推荐谁：姓名或完整身份证号（至多列出20人）", key="for-q", width=300)
    with db.reading() as session:
        found = study.people(session, actor, text=text)
    empty = "本单位没有这样的人员。请核对姓名或身份证号；人员在本系统有学时记录后才能推荐。"
    person_id = tables.pick(found, ["name", "id_mask", "employer", "post"], name="for", empty=empty, what="")
    for name in found.loc[found["id"] == person_id, "name"]:
        st.markdown(f"推荐**{md(name)}**")
    return person_id


def form(found: Nomination | None, person_id: int, actor: Actor) -> Paper:
    """The fields of a nomination and its papers (填写推荐), open while it may be edited."""
    today = context.today()
    place = f"nomination:{found.id}" if found else f"nomination:new-{person_id}"
    with db.reading() as session:
        base = _fields(session, found, person_id, actor, today)
        kept = study.evidence(session, found.id, actor) if found else []
        told = study.hints(session, found) if found else []
    version, notes = found.version if found else 0, papers.notes(found, actor)
    draft = drafts.form(place, base, version=version, actor=actor, notes=notes)
    keep = partial(_keep, draft, person_id)
    paper = Paper(NOMINATION, draft, keep, found=found, given=draft.given)
    if found and found.person:
        st.markdown(f"推荐**{md(found.person.name)}**")
    if told:
        st.warning("\n".join(f"- {md(words)}" for words in told))
    _programme(draft, actor, today)
    _person(draft)
    _wish(draft)
    draft.ask(st.text_area, "opinion", "单位意见 *", height=100, max_chars=study.LONGEST["opinion"])
    with st.container(horizontal=True):
        for each in kept:
            evidence.evidence(each)
    label = "附件：推荐表、学历学位和职称证书等（PDF、JPG、PNG）"
    more = "已上传的附件随推荐保留；再次上传的会添加在后面。"
    draft.ask_files(st, "files", label, forms.EVIDENCE, accept_multiple_files=True, help=more)
    st.caption(drafts.LEGEND)
    return paper


def _programme(draft: drafts.Form, actor: Actor, today: date) -> None:
    """The programme and its year, and what its notice says of it."""
    left, right = st.columns([3, 1])
    years = sorted({today.year, today.year + 1, draft.value("year") or today.year})
    year = draft.ask(right.selectbox, "year", "推荐年度 *", years)
    try:
        offered = {each.code: each for each in places.study_programmes(int(year or today.year), actor.league)}
    except Refused as refused:
        st.warning(md(refused.words))
        offered = {}
    codes = list(dict.fromkeys(["", *offered, draft.value("programme")]))
    chosen = draft.ask(
        left.selectbox, "programme", "专项项目 *", codes, format_func=lambda code: marking.name_of(code) or "请选择"
    )
    if programme := offered.get(chosen):
        count = f"{year}年度{programme.target}{programme.unit}" if programme.target is not None else ""
        st.caption(md("，".join(filter(None, (programme.note, count))) + f"（{programme.clause}）"))


def _person(draft: drafts.Form) -> None:
    """What is said of the person: education, title, work."""
    first, second, third, fourth = st.columns(4)
    draft.ask(first.selectbox, "education", "学历 *", ["", *study.EDUCATIONS])
    draft.ask(second.selectbox, "degree", "学位 *", ["", *study.DEGREES])
    draft.ask(third.text_input, "ethnicity", "民族", max_chars=study.LONGEST["ethnicity"])
    draft.ask(fourth.text_input, "duty", "职务", max_chars=study.LONGEST["duty"])
    first, second, third, fourth = st.columns(4)
    draft.ask(first.selectbox, "level", "职称级别 *", ["", *study.TITLE_LEVELS])
    draft.ask(second.text_input, "post", "职称", max_chars=study.LONGEST["post"], placeholder="如主治医师")
    draft.ask(third.date_input, "titled_on", "职称取得时间", **drafts.DAYS)
    draft.ask(fourth.text_input, "grassroots_years", "基层工作年限", max_chars=10, placeholder="如5")
    left, right = st.columns(2)
    draft.ask(left.text_input, "specialty", "从事专业 *", max_chars=study.LONGEST["specialty"])
    draft.ask(right.text_input, "phone", "联系电话 *", max_chars=study.LONGEST["phone"])


def _wish(draft: drafts.Form) -> None:
    """What is to be studied, where and with whom."""
    left, right = st.columns(2)
    draft.ask(left.text_input, "study_field", "拟研修专业 *", max_chars=study.LONGEST["study_field"])
    draft.ask(right.text_input, "supervisor", "志愿导师", max_chars=study.LONGEST["supervisor"])
    for at, column in enumerate(st.columns(3), 1):
        label = f"志愿单位{at}{' *' if at == 1 else ''}"
        draft.ask(column.text_input, f"host{at}", label, max_chars=study.LONGEST["host1"])
    draft.ask(st.text_input, "topic", "研修课题", max_chars=study.LONGEST["topic"])


def _fields(session: Session, found: Nomination | None, person_id: int, actor: Actor, today: date) -> dict[str, Any]:
    """What a nomination has, field by field; of a new one what is on file of the person."""
    names = list(study.NominationFields.__dataclass_fields__)
    if found:
        years = "" if found.grassroots_years is None else str(found.grassroots_years)
        return {name: getattr(found, name) for name in names} | {"grassroots_years": years}
    begun = dict.fromkeys(names, "") | {"year": today.year, "titled_on": None}
    return begun | study.on_file(session, person_id, actor)


def _keep(draft: drafts.Form, person_id: int, session: Session, **who: Unpack[Who]) -> tuple[str, Nomination]:
    """What saving the form does: a new nomination, or a revised one, with the files that were chosen."""
    fields = study.NominationFields(**draft.values)
    evidence = draft.files(session, "files", who["actor"])
    if draft.record is None:
        kept = study.draft(session, person_id, fields, evidence=evidence, **who)
    else:
        kept = study.revise(session, draft.record, fields, evidence=evidence, version=draft.version, **who)
    return f"“{kept.title}”已保存。", kept
