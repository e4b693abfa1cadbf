"""The bank of items of those who hold exams: entered, changed, imported, exported; a wrong one is voided."""

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.exams import bank
from core.exams.bank import Wanted
from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.models import Difficulty, ItemKind, ItemState
from web import address, context, shell, tables
from web.exams import bringing, items
from web.words import md

actor = shell.require(Role.BASE_CLERK, Role.REVIEWER)
COLUMNS = "item_number stem item_kind item_topic item_difficulty item_state edition".split()


def rows(found: pd.DataFrame) -> pd.DataFrame:
    words = {"kind": "item_kind", "topic": "item_topic", "difficulty": "item_difficulty", "state": "item_state"}
    named = found.rename(columns=words).assign(item_number=found["id"])
    for name, vocabulary in (("item_kind", ItemKind), ("item_difficulty", Difficulty), ("item_state", ItemState)):
        labels = {each.value: each.label for each in vocabulary}  # a table has them as plain text
        named[name] = [labels.get(each, "") for each in named[name]]
    return named


def wanted() -> Wanted:
    """Which items are listed: the filters, kept in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = address.searched("题干", key="q", placeholder="题干中的文字", width=160)
        kind = address.filter_by("题型", ItemKind, key="kind")
        hard = address.filter_by("难度", Difficulty, key="hard")
        state = address.filter_by("状态", ItemState, key="state")
        with db.reading() as session:
            topics = {each: each for each in filter(None, bank.topics(session, actor))}
        topic = address.choice("知识点", {"": address.ALL} | topics, key="topic", width=150)
    return Wanted(text, kind, topic or None, hard, state)


def listing(makes: bool) -> None:
    which = wanted()

    def asked(session: Session, who: Actor, **page: int) -> tuple[pd.DataFrame, int]:
        return bank.listing(session, who, which, **page)

    with tables.above():
        found, count = tables.listing(asked, actor, name="items")
        st.caption(f"共{count:,}道试题", width="content")
    empty = (
        "没有符合条件的试题。"
        if which != Wanted()
        else "题库还是空的，" + ("请录入，或从文件导入。" if makes else "由考试机构或盟市人社部门的经办人录入、导入。")
    )
    chosen = tables.pick(rows(found), COLUMNS, name="item", empty=empty, what="")
    with st.container():  # there without its button, too: the item below stays in the hand
        if makes and count:
            bringing.export(which)
    if chosen:
        opened(chosen, makes)


def opened(number: int, makes: bool) -> None:
    """The item that was chosen: to read, to change, to pause or void."""
    with db.reading() as session:
        found = bank.one(session, number, actor)
    with st.container(border=True):
        items.show(found)
        items.acts(found, actor)
        items.editions(found, actor)
        if makes and found.state is not ItemState.VOID:
            with st.expander("修改"):
                items.form(found, actor)


def draw() -> None:
    makes = actor.role is Role.BASE_CLERK
    shell.page("题库", "考试用的试题：录入、导入、修改，停用不再抽到；题目有误的由审核员作废，重新评阅。")
    if makes and not bank.keeps(actor, context.today().year):
        st.info("题库由组织网络考试的单位管理，本单位没有这项职责。")
        return
    view = address.view(["试题", "录入", "从文件导入"]) if makes else "试题"
    if view == "录入":
        items.form(None, actor)
    elif view == "从文件导入":
        bringing.draw(actor)
    else:
        listing(makes)


try:
    draw()
except Refused as refused:
    st.error(md(refused.words))
