"""A draft policy tried over everybody, on screen: who changes side, and both sheets of anyone."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import answers, sheet, trial
from core.eligibility.answers import Population
from core.ground import db, typed
from core.ground.access import Actor, Refused
from core.law import notices, rules
from core.law.notices import LEVELS, Policy
from core.ledger import statements
from core.models import leagues
from core.office import dashboards
from core.people import persons
from web import context, shell, tables
from web.eligibility import decision
from web.words import md

OUTCOMES = {outcome.value: outcome.label for outcome in rules.OUTCOMES} | {trial.UNDECIDED: "无法核验"}
EVERY = "各级别"
GROUPS = {"盟市": "authority", "级别": "level", "单位": "employer", "职务": "post"}
ROUTE = "职称评审"


def _population(actor: Actor, year: int) -> tuple[Population, pd.DataFrame, dict[int, str | None]]:
    """Population cache (全部人员): read once for a year, and again when hours were posted."""
    with db.reading() as session:
        _, batches = statements.batches(session, actor, limit=0)
    now = (actor.account_id, year, batches)
    before, everybody, frame, of_authority = st.session_state.get("lab-population", (None, None, None, None))
    if before != now:
        with st.spinner("正在读取全部人员的学时……"), db.reading() as session:
            everybody = answers.everybody(session, actor, year)
            frame = answers.described(session, actor, everybody.person_ids.tolist())
            of_authority = leagues(session)
        st.session_state["lab-population"] = now, everybody, frame, of_authority
    return everybody, frame, of_authority


def show(draft: Policy, actor: Actor) -> tuple[int, int, str] | None:
    """Policy trial (政策试算): whose outcome changes; answers the chosen person, year and level."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = min(each.in_force.first.year for each in notices.filed() if each.in_force)
        year = int(st.number_input("申报年度", first, 2100, max(first, context.today().year), width=140))
        level = st.selectbox("申报级别", [*LEVELS, EVERY], 2, key="lab-level", width=140, required=True)
    levels = LEVELS if level == EVERY else (level,)
    everybody, frame, of_authority = _population(actor, year)
    if frame.empty:
        st.info("管理权限内还没有人员，试算没有对象。先导入人员和往年学时，再看谁的结论会变；草稿现在就可以保存。")
        shell.link("moving_in", "批量导入人员", view="人员")
        shell.link("credit_import", "导入往年学时")
        return None
    trials = {each: trial.tried(everybody.at_level(each), draft, of_authority) for each in levels}
    frame = frame[frame["person_id"].isin(next(iter(trials.values())).person_ids)]
    with st.container(horizontal=True):
        for code, label in OUTCOMES.items():
            before, after = (
                sum(each[code] for each in sides)
                for sides in zip(*((one.before, one.after) for one in trials.values()), strict=True)
            )
            if code == trial.UNDECIDED and not before + after:
                continue
            change = after - before
            colour: Any = {"eligible": "normal", "not_eligible": "inverse"}.get(code, "off")
            words = f"{change:+,}" if change else "不变"
            arrow: Any = "auto" if change else "off"
            st.metric(label, f"{after:,}", words, colour if change else "off", border=True, delta_arrow=arrow)
    _undecided(draft, [name for name, one in trials.items() if one.after[trial.UNDECIDED]])
    people = pd.concat([frame.assign(level=name) for name in levels])
    changed = pd.concat([one.changed.assign(level=name) for name, one in trials.items()]).merge(people)
    changed["turn"] = [f"{OUTCOMES[a]}→{OUTCOMES[b]}" for a, b in zip(changed["before"], changed["after"], strict=True)]
    unit = "人次" if level == EVERY else "人"
    st.markdown(
        f"**结论改变的{len(changed):,}{unit}**　:gray[共{len(people):,}{unit}，"
        f"按{year}年度{level}{ROUTE}、无特殊情形试算]"
    )
    if not changed.empty:
        _grouped(changed, people, unit)
    chosen = _anyone(changed, levels, actor)
    return None if chosen is None else (chosen // len(LEVELS), year, LEVELS[chosen % len(LEVELS)])


def _undecided(draft: Policy, levels: list[str]) -> None:
    """Why a draft decides nobody (无法核验): it has no window for this kind of application."""
    if levels:
        which = f"{ROUTE}{'、'.join(levels)}"
        st.warning(f"草稿没有写明{md(which)}需完成哪些年度，无法核验。请在全文的 windows 中补上，或换一个级别看。")


def _grouped(changed: pd.DataFrame, people: pd.DataFrame, unit: str) -> None:
    """Changed outcomes grouped (分组) by what they have in common, the most first."""
    by = st.segmented_control("分组", list(GROUPS), default="盟市", required=True, key="lab-by") or "盟市"
    column = GROUPS[by]
    turns = changed.groupby([column, "turn"]).size().unstack(fill_value=0)
    names = [str(turn) for turn in turns]
    most = turns.sum(axis=1).sort_values(ascending=False).index
    counts = turns.assign(people=people.groupby(column).size()).loc[most].reset_index()
    if column == "authority":
        counts[column] = [dashboards.short(office) for office in counts[column]]
    everybody = f"总{unit}数"
    counts = counts.rename(columns={column: by, "people": everybody})
    tables.table(counts, [by, *names, everybody], empty="")


def _anyone(changed: pd.DataFrame, levels: tuple[str, ...], actor: Actor) -> int | None:
    """The people whose outcome changes, or anybody by name, to choose from; answers person and level as one number."""
    text = st.text_input("查看某人", key="lab-who", placeholder="姓名或完整身份证号；不填则列出结论改变的人", width=380)
    names = {"level": "application_level"}
    turns = changed.set_index(["person_id", "level"])["turn"].to_dict()

    def asked(session: Session, who: Actor, *, offset: int = 0, limit: int | None = None) -> tuple[pd.DataFrame, int]:
        if typed.text(text):
            found, count = persons.find(session, who, text=text, offset=offset, limit=limit)
            found = pd.concat([found.assign(level=level, person_id=found["id"]) for level in levels])
            keys = zip(found["person_id"], found["level"], strict=True)
            found = found.assign(turn=[str(turns.get(key, "不变")) for key in keys])
            return found.rename(columns=names), count
        shown = changed.iloc[offset : None if limit is None else offset + limit]
        masks = persons.id_masks(session, who, shown["person_id"].tolist())
        return shown.assign(id_mask=shown["person_id"].map(masks)).rename(columns=names), len(changed)

    columns = ["name", "turn", "application_level", "post", "employer", "authority", "id_mask"]
    frame, _count = tables.listing(asked, actor, name="lab")
    place = pd.Series([LEVELS.index(level) for level in frame["application_level"]], frame.index, dtype=int)
    frame = frame.assign(id=frame["person_id"].astype(int) * len(LEVELS) + place)
    nobody = "没有人的结论改变。改动学时、年限或减免后再看，或填写姓名查看此人的两份结论。"
    empty = "没有符合条件的人员。" if typed.text(text) else nobody
    if not changed.empty and not typed.text(text):
        tables.export(lambda session, who: asked(session, who)[0], columns, name="政策试算")
    return tables.pick(frame, columns, name="who", empty=empty, what="")


def both(person_id: int, year: int, level: str, draft: Policy, actor: Actor) -> None:
    """Side by side (对照): one person by the policy in force and by the draft."""
    facts = {"year": year, "route": ROUTE, "level": level}
    sides: list[sheet.DecisionSheet | Refused] = []
    with db.reading() as session:
        one = answers.application(session, person_id, facts, actor=actor)
        for policy in (None, draft):
            try:
                sides.append(sheet.sheet(session, one, actor=actor, policy=policy))
            except Refused as refused:
                sides.append(refused)
    for place, words, found in zip(st.columns(2), ("现行政策", "草稿"), sides, strict=True):
        with place.container(border=True):
            st.caption(words)
            if isinstance(found, Refused):
                st.info(f"无法核验：{md(found.words)}")
            else:
                decision.brief(found)
