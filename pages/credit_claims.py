"""A person, or the employer's clerk for the own people, files certificates that count as study."""

from decimal import Decimal
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.law import notices
from core.models import Claim, State
from core.submissions import claims, queues, workflow
from core.submissions.workflow import Action
from core.trail.files import Upload
from web import address, context, deeds, shell, submissions, tables
from web.claims import reading as shown
from web.deeds import Who
from web.words import md

actor = shell.require(*claims.FILERS)
oneself = actor.role is Role.PERSON
shell.page("学时折合申报", shown.CAPTION)
COLUMNS = [name for name in shown.COLUMNS if not (oneself and name in ("name", "id_mask"))]


def form(claim: Claim | None, person_id: int) -> None:
    """The claim's fields and its evidence; what was typed stays when a save is refused."""
    key = f"claim-{claim.id if claim else f'new-{person_id}'}-"
    today = context.today()
    offered = {each.name: each for each in claims.activities(today.year)}
    names = [*offered, *([claim.activity] if claim and claim.activity not in offered else [])]
    st.selectbox(
        "类别",
        names,
        names.index(claim.activity) if claim else 0,
        key=f"{key}activity",
        help="\n\n".join(f"{each.name}：{each.words}" for each in offered.values()),
    )
    activity = offered.get(st.session_state.get(f"{key}activity") or names[0])
    deemed = activity is not None and activity.deemed
    if activity:
        a_day = notices.in_force(today.year).hours_per_day
        held = f"每天至多{a_day:f}学时，请按实际学习的日期填写起止日期；跨年度的只计完成日期所在年度的各天（一(一)）。"
        st.caption(f"{activity.words}。{'' if deemed else held}")
    with st.form(f"{key}form"):
        left, right = st.columns(2)
        left.text_input("证书（证明）名称", claim.title if claim else "", key=f"{key}title", max_chars=100)
        right.text_input("发证或主办单位", claim.issuer if claim else "", key=f"{key}issuer", max_chars=100)
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
            st.form_submit_button("保存并提交", type="primary", on_click=save, args=(*args, True), key=f"{key}file")
            st.form_submit_button("只保存草稿", on_click=save, args=(*args, False), key=f"{key}save")


def save(claim_id: int | None, version: int, person_id: int, key: str, then_submit: bool) -> None:
    """Save first and submit second: when submitting is refused, the draft is kept."""
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


def begin() -> None:
    address.choose("claim", None)
    address.forget_choice()
    st.session_state["claim-new"] = True


def for_whom() -> int | None:
    """The person a new claim is about: oneself, or one of the clerk's own people."""
    if oneself:
        return actor.person_id
    text = st.text_input("为谁申报：姓名或完整身份证号（至多列出20人）", key="for-q", width=300)
    with db.reading() as session:
        found = claims.people(session, actor, text=text)
    columns = ["name", "id_mask", "employer", "post"]
    empty = "本单位没有这样的人员。请核对姓名或身份证号；人员在本系统有学时记录后才能申报。"
    person_id = tables.pick(found, columns, name="for", empty=empty)
    for name in found.loc[found["id"] == person_id, "name"]:
        st.markdown(f"为**{md(name)}**申报")
    return person_id


writing = st.session_state.get("claim-new") and address.chosen("claim") is None
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = address.filter_by("状态", State, key="state")
    text = "" if oneself else st.text_input("姓名或证书", key="q", bind="query-params", width=240)
    st.button("填写新申报", icon=":material/add:", on_click=begin, type="secondary" if writing else "primary")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        return queues.queue(session, who, kinds=("claim",), state=state, text=text, **page)

    tables.export(
        lambda session, who: asked(session, who, limit=None)[0], COLUMNS, name="学时折合申报", labels=shown.LABELS
    )
frame, _count = tables.listing(asked, actor, name="claim")
empty = "还没有这样的申报。点击“填写新申报”，附上证书，提交给主管的人社部门核定。"
claim_id = tables.pick(frame, COLUMNS, name="claim", empty=empty, labels=shown.LABELS)
try:
    if claim_id is not None:
        with db.reading() as session:
            found = shown.read(session, claim_id, actor)
        claim, moves = found.claim, workflow.moves_for(found.claim, actor)
        with st.container(border=True):
            shown.show(found, actor)
            with st.container(horizontal=True):
                for action in moves:
                    st.button(
                        action.label,
                        type="primary" if action is Action.SUBMIT else "secondary",
                        key=f"{action}-{claim.id}-{claim.version}",
                        on_click=submissions.move,
                        args=(claim.id, action, claim.version, claim.title),
                    )
        if Action.SUBMIT in moves:
            with st.expander("修改申报"):
                form(claim, claim.person_id or 0)
    elif writing:
        st.subheader("填写新申报", anchor=False)
        person_id = for_whom()
        if person_id is not None:
            form(None, person_id)
except Refused as refused:
    st.error(refused.words)
