"""The search box (查找) of every page: one dialog, its results as links; what is typed stays out of the address."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.ground import db
from core.ground.access import Actor, Role
from core.office import search
from web import context, links
from web.links import Place
from web.words import chip, md

KEYS = "Ctrl+K"
_FOCUS = st.components.v2.component("focus", js=(Path(__file__).parent / "focus.js").read_text(encoding="utf-8"))


def box() -> None:
    """The button that opens the search, by hand or by key."""
    label, help_text = "查找", "计划、报告、申报、异议、人员、机构、批次、审验卡"
    if st.button(label, icon=":material/search:", key="search-open", shortcut=KEYS, help=help_text):
        _dialog()


@st.dialog("查找", width="medium")
def _dialog() -> None:
    """What is looked for, and what is found: of each kind a few, each a link to where it opens."""
    text = st.text_input(
        "查找什么",
        key="search-text",
        max_chars=search.LONGEST,
        placeholder="名称、机构、姓名、完整身份证号、编号、验证码，回车查找",
        label_visibility="collapsed",
    )
    with db.reading() as session:
        here = context.actor_now(session)
        found = search.search(session, here, text) if here and text else []
    if here is None:
        st.info("登录已失效，请重新登录。")
    elif found:
        for number, hits in enumerate(found):
            _part(hits, here, number, text)
    elif text:
        st.info("没有找到您可以查看的内容。可只输名称的一部分；身份证号、验证码须完整；编号只输数字。")
    else:
        st.caption("回车查找；Tab移到结果，回车打开；Esc关闭。")
    _FOCUS(key="search-focus")


def _part(hits: search.Hits, here: Actor, number: int, text: str) -> None:
    with links.lines(f"found-{number}"):
        st.markdown(f"**{hits.word}**")
        for hit in hits.hits:
            told = [f"**{md(hit.title)}**", f":gray[{md(hit.words)}]" if hit.words else ""]
            told.append(chip(hit.state) if hit.state else "")
            links.line("　".join(filter(None, told)), _place(hit, here))
        every = _every(hits, here, text)
        if hits.more:
            st.caption(f"还有更多，只列出{len(hits.hits)}项。请输入得更完整{'，或：' if every else '。'}")
            if every:
                links.line(f"在审核列表中查看全部{hits.word}", every)


def _every(hits: search.Hits, here: Actor, text: str) -> Place | None:
    """Where all of a kind that were found are listed (查看全部): submissions on the desk."""
    page, asked = _place(hits.hits[0], here) or ("", {})
    return (page, {"kind": asked["kind"], "state": "all", "own": "0", "q": text}) if page == "review" else None


def _place(hit: search.Hit, here: Actor) -> Place | None:
    """Where a hit opens: a submission on the desk or form, anybody's hours, a batch, what an organization has filed."""
    match hit.kind:
        case search.PERSON | "card":
            return "credit_lookup", {"person": str(hit.id)}
        case search.BATCH:
            return "ledger", {"batch": str(hit.id)}
        case search.ORGANIZATION if here.role is Role.ADMIN:
            return "organizations", {"q": hit.title}
        case search.ORGANIZATION:
            return "credit_lookup", {"employer": hit.title}
    return links.place(hit.kind, hit.id, here)
