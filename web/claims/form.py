"""The form of a claim (学时折合申报): its fields and evidence, and saving them before submitting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import Policy
from core.models import Claim
from core.submissions import claims
from core.submissions.claims import Activity
from core.submissions.workflow import Action
from core.trail.files import Upload
from web import address, context, deeds, submissions
from web.deeds import Who
from web.words import md


def form(claim: Claim | None, person_id: int, here: Actor) -> None:
    """The fields of a claim and its evidence (填写申报); what was typed stays when a save is refused."""
    key = f"claim-{claim.id if claim else f'new-{person_id}'}-"
    today = context.today()
    with db.reading() as session:
        league = claims.league_of(session, person_id, here)
    activity = _activity(claim, key, claim.completed_on if claim else today, league)
    with st.form(f"{key}form"):
        left, right = st.columns(2)
        left.text_input("证书（证明）名称", claim.title if claim else "", key=f"{key}title", max_chars=100)
        right.text_input("发证或主办单位", claim.issuer if claim else "", key=f"{key}issuer", max_chars=100)
        _study(claim, key, activity, today)
        for name, label, choices in (
            ("level", "级别", activity and activity.levels),
            ("rank", "等次", activity and activity.ranks),
        ):
            if choices:
                at = choices.index(getattr(claim, name)) if claim and getattr(claim, name) in choices else 0
                st.selectbox(label, choices, at, key=f"{key}{name}")
        st.text_area("说明", claim.note if claim else "", key=f"{key}note", height=70, max_chars=1000)
        st.file_uploader(
            "证书或证明材料（PDF、JPG、PNG）",
            ["pdf", "jpg", "jpeg", "png"],
            accept_multiple_files=True,
            key=f"{key}files-{st.session_state.get('round', 0)}",
            help="已上传的材料随申报保留；再次上传的会添加在后面。",
        )
        with st.container(horizontal=True):
            args = (claim.id if claim else None, claim.version if claim else 0, person_id, key)
            st.form_submit_button("保存并提交", type="primary", on_click=_save, args=(*args, True), key=f"{key}file")
            st.form_submit_button("只保存草稿", on_click=_save, args=(*args, False), key=f"{key}save")


def _activity(claim: Claim | None, key: str, on: date, league: str | None) -> Activity | None:
    """The kind of activity (类别), chosen outside the form: the fields below follow it."""
    policy = notices.in_force(on, league)
    offered = {each.name: each for each in claims.activities(policy)}
    names = [*offered, *([claim.activity] if claim and claim.activity not in offered else [])]
    st.selectbox(
        "类别",
        names,
        names.index(claim.activity) if claim else 0,
        key=f"{key}activity",
        help="\n\n".join(f"{each.name}：{each.words}" for each in offered.values()),
    )
    activity = offered.get(st.session_state.get(f"{key}activity") or names[0])
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


def _study(claim: Claim | None, key: str, activity: Activity | None, today: date) -> None:
    """The days of study and the hours of the certificate; a deemed year (视同完成) has the certificate's day only."""
    deemed = activity is not None and activity.deemed
    dates = iter(st.columns(3))
    if not deemed:
        next(dates).date_input(
            "开始日期", claim.start_on if claim else today, key=f"{key}start_on", format="YYYY-MM-DD"
        )
    next(dates).date_input(
        "取得证书日期" if deemed else "完成（发证）日期",
        claim.completed_on if claim else today,
        key=f"{key}completed_on",
        format="YYYY-MM-DD",
    )
    if not deemed:
        unit = activity.unit if activity else "学时"
        next(dates).number_input(
            f"证书所载{unit}数",
            0.0,
            1000.0,
            float(claim.amount) if claim else 0.0,
            0.5,
            format="%g",
            key=f"{key}amount",
        )


def _save(claim_id: int | None, version: int, person_id: int, key: str, then_submit: bool) -> None:
    """Save and submit (保存并提交): saved first; when submitting is refused, the draft is kept."""
    typed = {name: st.session_state.get(key + name, "") for name in claims.ClaimFields.__dataclass_fields__}
    given = st.session_state.get(f"{key}files-{st.session_state.get('round', 0)}") or []

    def keep(session: Session, **who: Unpack[Who]) -> tuple[str, Claim]:
        start_on = typed["start_on"] or typed["completed_on"]  # what is deemed done has but the day of its certificate
        fields = claims.ClaimFields(**typed | {"start_on": start_on, "amount": Decimal(str(typed["amount"] or 0))})
        evidence = [Upload(each.name, each.getvalue()) for each in given]
        if claim_id is None:
            claim = claims.draft(session, person_id, fields, evidence=evidence, **who)
        else:
            claim = claims.revise(session, claim_id, fields, evidence=evidence, version=version, **who)
        session.flush()
        return "" if then_submit else f"“{claim.title}”已保存为草稿。", claim

    kept: Claim | None = deeds.deed(
        keep, "claim", claim_id, version, person_id, *typed.values(), *(each.file_id for each in given)
    )
    if kept is None:
        return
    address.choose("claim", kept.id)
    address.choose("for", None)
    st.session_state.pop("claim-new", None)
    address.forget_choice()
    if then_submit and not submissions.moved(kept.id, Action.SUBMIT, kept.version, kept.title):
        deeds.say("warning", "填写的内容已保存为草稿，没有提交；改正后可再次提交，不必重新填写。")
