"""Administrators try a policy over everybody before it holds, and a second one publishes it."""

from typing import Any

import pandas as pd
import streamlit as st
import yaml
from sqlalchemy.orm import Session

from core import db, decision_sheet, decisions, eligibility, notices, policy, rules
from core.access import Refused, Role
from core.ledger import hours_text
from core.policy import LEVELS
from web import ui

actor = ui.require(Role.ADMIN)
ui.page("政策试算与发布", "改动草稿的学时、年龄、年限或减免，立即看到谁的结论会变；发布须由另一名管理员办理。")
OUTCOMES = {outcome.value: outcome.label for outcome in rules.OUTCOMES}


def draft_of(policy_id: str) -> str:
    """The draft as it stands on screen: the policy it began from with the numbers changed beside it."""
    raw: dict[str, Any] = yaml.load(notices.source_text(policy_id), Loader=yaml.BaseLoader)  # noqa: S506  text only
    st.markdown("**学时**")
    names = {subject["code"]: subject["name"] for subject in raw["subjects"]} | {policy.TOTAL: "累计"}
    for place, (code, amount) in zip(st.columns(3), raw["requirement"]["hours"].items(), strict=False):
        typed = place.number_input(names[code], 0.0, 1000.0, float(amount), 0.5, format="%g", key=f"{policy_id}-{code}")
        raw["requirement"]["hours"][code] = f"{typed:g}"
    st.markdown("**年限**")
    for at, window in enumerate(raw.get("windows", [])):
        if "years" in window:
            words = f"{window['route']}（{'、'.join(window.get('level', LEVELS))}）近几年"
            window["years"] = str(st.number_input(words, 0, 10, int(window["years"]), key=f"{policy_id}-window-{at}"))
    st.markdown("**减免**")
    kept = []
    for waiver in raw.get("waivers", []):
        on, number = st.columns([3, 2], vertical_alignment="center")
        if on.checkbox(f"{waiver['name']}　{waiver['clause']}", True, key=f"{policy_id}-{waiver['name']}"):
            kept.append(waiver)
        for condition in waiver["when"]:
            if condition["fact"] == "age" and "at_least" in condition:
                age = number.number_input(
                    "满几周岁", 16, 80, int(condition["at_least"]), key=f"{policy_id}-{waiver['name']}-age"
                )
                condition["at_least"] = str(age)
    raw["waivers"] = kept
    return yaml.safe_dump(raw, allow_unicode=True, sort_keys=False)


def tried(text: str) -> None:
    """Who changes side, by league, level and employer; both sheets of any of them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        year = st.number_input("申报年度", 2022, 2100, ui.today().year, key="lab-year", width=140)
        level = st.selectbox("申报级别", LEVELS, 2, key="lab-level", width=140)
    draft = notices.read(text)
    with db.reading() as session:
        population = eligibility.everybody(session, actor, int(year), level=level)
        trial = notices.trial(population, policy.in_force(int(year)), draft)
        changed = trial.changed.merge(
            eligibility.described(session, actor, trial.changed["person_id"].tolist()), on="person_id"
        )
    for place, (code, label) in zip(st.columns(3), OUTCOMES.items(), strict=True):
        change = trial.after[code] - trial.before[code]
        place.metric(label, f"{trial.after[code]:,}", f"{change:+,}" if change else None, border=True)
    st.markdown(f"**结论改变的{len(changed):,}人**　:gray[共{len(population):,}人，按{year}年度{level}职称评审试算]")
    if changed.empty:
        st.info("这份草稿不改变任何人的结论。改动左侧的数值再看。")
        return
    changed["turn"] = [
        f"{OUTCOMES[a]} → {OUTCOMES[b]}" for a, b in zip(changed["before"], changed["after"], strict=True)
    ]
    by = st.segmented_control("按", ["盟市", "单位", "职务"], default="盟市", required=True, key="lab-by")
    column = {"盟市": "authority", "单位": "employer", "职务": "title"}[by or "盟市"]
    counts = changed.groupby([column, "turn"]).size().reset_index(name="people").sort_values("people", ascending=False)
    labels = {"turn": "结论变化", "title": "专业技术职务"}
    ui.table(counts, [column, "turn", "people"], empty="", labels=labels, height=240)
    shown = ["person_id", "authority", "employer", "title", "turn"]
    chosen = ui.pick(
        changed.head(500), shown, name="who", by="person_id", empty="", labels=labels | {"person_id": "人员编号"}
    )
    ui.export(lambda _session, _who: changed, shown, name="政策试算", labels=labels | {"person_id": "人员编号"})
    if chosen is not None:
        facts = {"year": int(year), "route": "职称评审", "level": level}
        with db.reading() as session:
            one = eligibility.application(session, chosen, facts, actor=actor)
            for place, words, notice in zip(st.columns(2), ("现行政策", "草稿"), (None, draft), strict=True):
                sheet = decision_sheet.sheet(session, one, actor=actor, notice=notice)
                with place.container(border=True):
                    st.caption(words)
                    st.markdown(f"**{ui.md(sheet.headline)}**")
                    rows = [
                        {"year": line.year, "complete": "完成" if line.complete else "未完成"}
                        | {each.name: f"{hours_text(each.has)} / {hours_text(each.required)}" for each in line.subjects}
                        for line in sheet.year_lines
                    ]
                    heads = {"complete": "结果"} | {each.name: each.name for each in sheet.year_lines[0].subjects}
                    ui.table(pd.DataFrame(rows), ["year", *heads], empty="", labels=heads)


def keep(text: str) -> None:
    def act(session: Session, **who: Any) -> str:
        draft = notices.save_draft(session, text, **who)
        return f"政策草稿“{draft.policy_id}”已保存，请另一名管理员核对后发布。"

    ui.deed(act)


def publish(draft_id: int, version: int) -> None:
    def act(session: Session, **who: Any) -> str:
        draft, changed = notices.publish(
            session, draft_id, version=version, reason=st.session_state[f"why-{draft_id}"], **who
        )
        return f"政策“{draft.policy_id}”已发布；重算上一年度的核验，{len(changed)}份结论会不同。"

    if ui.deed(act):
        with db.reading() as session:
            notices.install(session)


def drafts() -> None:
    """Drafts waiting for a second administrator, with last year's decisions replayed."""
    with db.reading() as session:
        frame = notices.drafts(session, actor)
    labels = {"policy_id": "政策", "drafted_by": "起草人", "drafted_at": "起草时间", "published_by": "发布人"}
    labels |= {"published_at": "发布时间", "reason": "发布依据"}
    chosen = ui.pick(frame, list(labels), name="draft", labels=labels, empty="还没有政策草稿。在“试算”中保存一份。")
    if chosen is None or chosen not in set(frame["id"]):
        return
    one = frame.set_index("id").loc[chosen]
    with db.reading() as session:
        text = notices.draft_text(session, chosen, actor)
        changed = decisions.replay(session, notices.read(text), actor=actor)
    with st.expander("草稿全文"):
        st.code(text, language="yaml")
    st.markdown(f"**重算上一年度的核验：{len(changed)}份结论会不同**")
    changed = changed.assign(**{name: changed[name].map(OUTCOMES) for name in ("before", "after")})
    heads = {"number": "结论编号", "organization": "核验机关", "before": "原结论", "after": "按草稿"}
    ui.table(changed, ["year", *heads], empty="上一年度没有存档的核验，或结论都不变。", labels=heads, height=240)
    if one["published_by"] is None or pd.isna(one["published_by"]):
        st.text_input("发布依据（必填，如通知文号和印发日期）", key=f"why-{chosen}")
        st.button(
            "发布", type="primary", key=f"publish-{chosen}", on_click=publish, args=(chosen, int(str(one["version"])))
        )


view = st.segmented_control(
    "内容", ["试算", "草稿与发布"], default="试算", required=True, key="view", bind="query-params"
)
try:
    if view == "草稿与发布":
        drafts()
    else:
        left, right = st.columns([2, 3])
        with left, st.container(border=True):
            ids = [rule.id for rule in reversed(policy.policies())]
            text = draft_of(st.selectbox("从哪份政策开始", ids, key="lab-policy"))
            with st.expander("草稿全文（可直接修改）"):
                text = st.text_area("YAML", text, key=f"yaml-{hash(text)}", height=320, label_visibility="collapsed")
            st.button("保存为草稿", key="keep-draft", on_click=keep, args=(text,))
        with right:
            tried(text)
except Refused as refused:
    st.error(refused.words.replace("\n", "  \n"))
