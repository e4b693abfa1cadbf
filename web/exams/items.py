"""An item of the bank on screen (试题): its form, how it is read, what is done with it."""

from __future__ import annotations

from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.exams import bank, items, regrading
from core.exams.bank import Found
from core.exams.items import Item
from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.models import BankItem, Difficulty, ItemKind, ItemState
from core.office import unsaved
from web import address, context, deeds, drafts
from web.deeds import Who
from web.words import chip, md, moment_text, plain


def form(found: Found | None, actor: Actor) -> None:
    """The fields of an item (录入试题), new or to be changed."""
    item = found.item if found else Item(ItemKind.SINGLE, "", ())
    base: dict[str, Any] = {
        "kind": item.kind.value,
        "stem": item.stem,
        "options": "" if item.kind is ItemKind.TRUE_FALSE else items.as_typed(item.options),
        "truth": items.TRUE if not found or item.options[0][1] else items.FALSE,
        "explanation": item.explanation,
        "difficulty": item.difficulty.value if item.difficulty else "",
        "topic": item.topic,
        "reference": item.reference,
    }
    place = f"item:{found.id}" if found else "item:new"
    draft = drafts.form(place, base, version=found.version if found else 0, actor=actor)
    kinds = {each.value: each.label for each in ItemKind}
    hard = {"": "未定"} | {each.value: each.label for each in Difficulty}
    first, second, third, fourth = st.columns(4)
    draft.ask(first.selectbox, "kind", "题型 *", list(kinds), format_func=kinds.__getitem__)
    draft.ask(second.text_input, "topic", "知识点", max_chars=items.LONGEST_TOPIC)
    draft.ask(third.selectbox, "difficulty", "难度", list(hard), format_func=hard.__getitem__)
    help_ = "导入时凭它认出同一道题；没有的，凭题干和选项"
    draft.ask(fourth.text_input, "reference", "题目编号", max_chars=items.LONGEST_REFERENCE, help=help_)
    draft.ask(st.text_area, "stem", "题干 *", height=80, max_chars=items.LONGEST_STEM)
    if draft.value("kind") == ItemKind.TRUE_FALSE.value:
        draft.ask(st.selectbox, "truth", "答案 *", [items.TRUE, items.FALSE])
    else:
        draft.ask(st.text_area, "options", "选项 *（一行一个，正确的以星号开头）", height=140)
        if fault := draft.fault("answer"):
            st.markdown(f":red[:material/error: {md(fault)}]")
    draft.ask(st.text_area, "explanation", "解析", height=80, max_chars=items.LONGEST_EXPLANATION)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("保存", type="primary", key=f"{draft.prefix}save", on_click=_save, args=(draft, found))
        draft.mark()


def _save(draft: drafts.Form, found: Found | None) -> None:
    def act(session: Session, **who: Unpack[Who]) -> tuple[str, BankItem]:
        said = draft.values
        kind = ItemKind(said["kind"])
        truth = said["truth"] == items.TRUE
        judged = ((items.TRUE, truth), (items.FALSE, not truth))
        item = Item(
            kind,
            said["stem"],
            judged if kind is ItemKind.TRUE_FALSE else items.options_typed(said["options"]),
            said["explanation"],
            Difficulty(said["difficulty"]) if said["difficulty"] else None,
            said["topic"],
            found.item.points if found else None,
            said["reference"],
        )
        kept = bank.save(session, draft.record, item, version=draft.version, **who)
        unsaved.drop(session, draft.place, actor=who["actor"])
        return f"第{kept.id}号试题已保存（第{kept.edition}版）。", kept

    kept = deeds.deed(draft.blaming(act), "item", draft.place, draft.version, *map(str, draft.values.values()))
    if kept is not None:
        draft.saved(f"item:{kept.id}", kept.version)
        address.choose("item", kept.id)
        st.query_params.pop("new", None)


def show(found: Found) -> None:
    """An item to read (试题预览), with what is right."""
    item = found.item
    facts = [item.kind.label, item.topic, item.difficulty.label if item.difficulty else "", item.reference]
    facts += [f"第{found.edition}版", moment_text(found.changed_at)]
    told = md("　".join(filter(None, facts)))
    st.markdown(f"{chip(found.state)}　{told}")
    if found.remark:
        st.caption(md(f"原因：{found.remark}"))
    st.markdown(f"**{plain(item.stem)}**")
    for at, (text, is_right) in enumerate(item.options):
        letter = "" if item.kind is ItemKind.TRUE_FALSE else f"{'ABCDEFGHIJ'[at]}. "
        mark = "　:green-badge[:material/check: 正确答案]" if is_right else ""
        st.markdown(f"{letter}{plain(text)}{mark}")
    if item.explanation:
        st.caption(f"解析：{plain(item.explanation)}")


def editions(found: Found, actor: Actor) -> None:
    """What it was in earlier editions (历次修改), folded away."""
    if found.edition == 1:
        return
    with st.expander(f"历次修改（{found.edition}版）"):
        with db.reading() as session:
            every = bank.editions(session, found.id, actor)
        earlier = {each.number: bank.as_item(each) for each in every}
        for each in every:
            item, before = bank.as_item(each), earlier.get(each.number - 1)
            changed = f"　改了{'、'.join(items.changes(before, item))}" if before else ""
            st.markdown(f"**第{each.number}版**　{moment_text(each.made_at)}{changed}")
            st.text(f"{item.stem}\n{items.as_typed(item.options)}")
            hard = item.difficulty.label if item.difficulty else ""
            rest = {"知识点": item.topic, "难度": hard, "题目编号": item.reference, "解析": item.explanation}
            st.caption("　".join(f"{word}：{plain(said) if said else '未填'}" for word, said in rest.items()))


def acts(found: Found, actor: Actor) -> None:
    """What may be done with an item: its clerk pauses it, the reviewer voids it or takes that back."""
    if actor.role is Role.BASE_CLERK and found.state is not ItemState.VOID:
        pausing = found.state is ItemState.IN_USE
        with st.popover("停用" if pausing else "恢复使用"):
            st.write("今后组卷不再抽到；已经考过的不受影响。" if pausing else "今后组卷可以抽到。")
            st.text_input("原因 *", key=f"pause-why-{found.id}", max_chars=bank.LONGEST_REASON)
            st.button("确认", type="primary", key=f"pause-{found.id}", on_click=_pause, args=(found, pausing))
    elif actor.role is Role.REVIEWER:
        voiding = found.state is not ItemState.VOID
        with st.popover("试题作废" if voiding else "撤销作废"):
            _voiding(found, voiding)


def _voiding(found: Found, voiding: bool) -> None:
    """What voiding leads to, told before the click."""
    st.write("题目本身有误时作废：抽到过这道题的试卷一律重新评阅，学时随之登记或冲销。" if voiding else "恢复为停用。")
    if st.button("先看后果", key=f"foresee-{found.id}"):
        with db.rehearsal() as session:
            try:
                if (here := context.actor_now(session)) is None:
                    raise Refused("role", "登录已失效，请重新登录后再试。")
                who: Any = {"version": found.version, "actor": here, "now": context.moment(session)}
                told = regrading.foreseen(session, found.id, voiding, **who).words
            except Refused as refused:
                told = refused.words
        st.session_state[f"foreseen-{found.id}-{found.version}"] = told
    told = st.session_state.get(f"foreseen-{found.id}-{found.version}", "")
    if told:
        st.info(md(told))
    st.text_input("原因 *", key=f"void-why-{found.id}", max_chars=bank.LONGEST_REASON)
    label = "确认作废并重新评阅" if voiding else "确认撤销作废并重新评阅"
    act = partial(_void, found, voiding)
    st.button(label, type="primary", key=f"void-{found.id}", on_click=act, disabled=not told)


def _pause(found: Found, pausing: bool) -> None:
    reason = st.session_state.get(f"pause-why-{found.id}", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        bank.pause(session, found.id, pausing, version=found.version, reason=reason, **who)
        return f"第{found.id}号试题已{'停用' if pausing else '恢复使用'}。"

    deeds.deed(act, "pause", found.id, found.version, reason)


def _void(found: Found, voiding: bool) -> None:
    reason = st.session_state.get(f"void-why-{found.id}", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        done = regrading.void(session, found.id, voiding, version=found.version, reason=reason, **who)
        return f"第{found.id}号试题已{'作废' if voiding else '撤销作废'}。{done.words}"

    deeds.deed(act, "void", found.id, found.version, voiding, reason)
