"""The form of a claim (学时折合申报): for whom, its fields and evidence; they follow activity and day as typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import Policy
from core.models import Claim
from core.submissions import claims, forms
from core.submissions.claims import Activity
from core.submissions.kinds import KINDS
from core.submissions.programmes import placements
from web import address, context, drafts, papers, tables
from web.claims import reading
from web.deeds import Who
from web.papers import Paper
from web.words import md

CLAIM = KINDS["claim"]


def for_whom(actor: Actor) -> int | None:
    """The person a new claim is about (为谁申报): oneself, or one of the clerk's own people."""
    if actor.role is Role.PERSON:
        return actor.person_id
    text = st.text_input("为谁申报：姓名或完整身份证号（至多列出20人）", key="for-q", width=300)
    with db.reading() as session:
        found = claims.people(session, actor, text=text)
    columns = ["name", "id_mask", "employer", "post"]
    empty = "本单位没有这样的人员。请核对姓名或身份证号；人员在本系统有学时记录后才能申报。"
    person_id = tables.pick(found, columns, name="for", empty=empty, what="")
    for name in found.loc[found["id"] == person_id, "name"]:
        st.markdown(f"为**{md(name)}**申报")
    return person_id


def _as_read(_session: Session, found: Claim, _actor: Actor) -> Callable[[], None]:
    """A claim as its reviewer will read it (预览); answers what draws it."""
    return reading.said(found)


def form(claim: Claim | None, person_id: int, actor: Actor) -> Paper:
    """The fields of a claim and its evidence (填写申报), open while it may be edited."""
    today = context.today()
    with db.reading() as session:
        league = claims.league_of(session, person_id, actor)
        kept = claims.evidence(session, claim.id, actor) if claim else []
        begun = _of_study(session, person_id, actor) if claim is None else {}
    place = f"claim:{claim.id}" if claim else f"claim:new-{person_id}"
    base = _fields(claim, today, league) | begun
    version, notes = claim.version if claim else 0, papers.notes(claim, actor)
    draft = drafts.form(place, base, version=version, actor=actor, notes=notes)
    keep, to_file = partial(_keep, draft, person_id), partial(_keep, draft, person_id, to_file=True)
    more: dict[str, Any] = {"given": draft.given, "keep_to_file": to_file, "reads": _as_read}
    paper = Paper(CLAIM, draft, keep, found=claim, **more)
    if claim:
        _hints(claim)
    activity = _activity(draft, today, league)
    left, right = st.columns(2)
    draft.ask(left.text_input, "title", "证书（证明）名称 *", max_chars=claims.LONGEST["title"])
    draft.ask(right.text_input, "issuer", "发证或主办单位 *", max_chars=claims.LONGEST["issuer"])
    _study(draft, activity)
    for name, label, choices in (
        (("level", "级别", activity.levels), ("rank", "等次", activity.ranks)) if activity else ()
    ):
        if choices:
            options = list(dict.fromkeys([*choices, draft.value(name) or choices[0]]))
            draft.ask(st.selectbox, name, f"{label} *", options)
    draft.ask(st.text_area, "note", "说明", height=80, max_chars=claims.LONGEST["note"])
    for each in kept:
        reading.evidence(each)
    label, told = "证书或证明材料（PDF、JPG、PNG） *", "已上传的材料随申报保留；再次上传的会添加在后面。"
    draft.ask_files(st, "files", label, forms.EVIDENCE, accept_multiple_files=True, help=told)
    st.caption(drafts.LEGEND)
    return paper


def _hints(claim: Claim) -> None:
    """What is to be known of the claim as it was saved (提示), as its reviewer will be told."""
    try:
        with db.reading() as session:
            told = claims.hints(session, claim)
    except Refused as refused:  # a notice that was changed since
        told = [refused.words]
    if told:
        st.warning("\n\n".join(map(md, told)))


def _of_study(session: Session, person_id: int, actor: Actor) -> dict[str, Any]:
    """What a claim begins with that is opened from a completed year of study (进修证书), which the address names."""
    number = address.chosen("study")
    return placements.certificate(session, number, person_id, actor) if number is not None else {}


def _fields(claim: Claim | None, today: date, league: str | None) -> dict[str, Any]:
    """What a claim has, field by field, as the widgets show it; of a new one what it begins with."""
    names = list(claims.ClaimFields.__dataclass_fields__)
    if claim:
        amount = hours_text(claim.amount) if claim.amount else ""
        return {name: getattr(claim, name) for name in names} | {"amount": amount}
    offered = claims.activities(notices.in_force(today, league))
    begun = {"activity": offered[0].name if offered else "", "start_on": today, "completed_on": today}
    return dict.fromkeys(names, "") | begun


def _activity(draft: drafts.Form, today: date, league: str | None) -> Activity | None:
    """The kind of activity (类别), of the notice that holds on the certificate's day; the fields below follow it."""
    try:
        policy = notices.in_force(draft.value("completed_on") or today, league)
    except Refused as refused:
        st.warning(md(refused.words))
        policy = notices.in_force(today, league)
    offered = {each.name: each for each in claims.activities(policy)}
    names = list(dict.fromkeys([*offered, *filter(None, [draft.value("activity")])]))
    told = "\n\n".join(f"{each.name}：{each.words}" for each in offered.values())
    if not names:
        st.info(md(f"{policy.document}没有规定学时折合。"))
        return None
    activity = offered.get(draft.ask(st.selectbox, "activity", "类别 *", names, help=told))
    if activity:
        st.caption(md(f"{activity.words}。{'' if activity.deemed else _held(policy, activity, league)}"))
    return activity


def _held(policy: Policy, activity: Activity, league: str | None) -> str:
    """What the notice says of the days of study, in words."""
    told = f"每天至多{hours_text(policy.hours_per_day)}学时，请按实际学习的日期填写起止日期"
    if policy.within_one_year:
        clause = policy.cites("within_one_year")
        told += "；跨年度的只计完成日期所在年度的各天" + (f"（{clause}）" if clause else "")
    window = policy.study_window(league, activity.subject)
    if window and not window.whole_year:
        told += f"；{activity.subject_name}的学习时间为每年{window.first}至{window.last}（{window.clause}）"
    return f"{told}。"


def _study(draft: drafts.Form, activity: Activity | None) -> None:
    """The days of study and the hours of the certificate; a deemed year (视同完成) has the certificate's day only."""
    places = iter(st.columns(3))
    if activity is not None and activity.deemed:
        draft.ask(next(places).date_input, "completed_on", "取得证书日期 *", **drafts.DAYS)
        return
    draft.ask(next(places).date_input, "start_on", "开始日期 *", **drafts.DAYS)
    draft.ask(next(places).date_input, "completed_on", "完成（发证）日期 *", **drafts.DAYS)
    unit = activity.unit if activity else "学时"
    told = f"证书上写明的{unit}数，以0.5为最小单位，如8或7.5"
    draft.ask(next(places).text_input, "amount", f"证书所载{unit}数 *", help=told, max_chars=20)


def _keep(
    draft: drafts.Form, person_id: int, session: Session, *, to_file: bool = False, **who: Unpack[Who]
) -> tuple[str, Claim]:
    """What saving the form does: a new claim, or a revised one, with the files that were chosen."""
    typed = draft.values
    activity = _of_day(session, person_id, typed, who["actor"])
    if activity is None or activity.deemed:  # what is deemed done has but the day of its certificate
        typed |= {"start_on": typed["completed_on"], "amount": ""}
    for name, choices in (("level", activity and activity.levels), ("rank", activity and activity.ranks)):
        typed[name] = (typed[name] or choices[0]) if choices else ""
    fields = claims.ClaimFields(**typed)
    sent: dict[str, Any] = {"evidence": draft.files(session, "files", who["actor"]), "to_file": to_file}
    if draft.record is None:
        claim = claims.draft(session, person_id, fields, **sent, **who)
    else:
        claim = claims.revise(session, draft.record, fields, **sent, version=draft.version, **who)
    return f"“{claim.title}”已保存。", claim


def _of_day(session: Session, person_id: int, typed: dict[str, Any], actor: Actor) -> Activity | None:
    """The activity as the notice of the certificate's day has it; None where it has none such."""
    if not typed["completed_on"]:
        return None
    policy = notices.in_force(typed["completed_on"], claims.league_of(session, person_id, actor))
    return next((each for each in claims.activities(policy) if each.name == typed["activity"]), None)
