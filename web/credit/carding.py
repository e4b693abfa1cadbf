"""The card (审验卡) of a person on screen: choose years and paper, issue, take away; those issued, and their life."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.models import Card
from core.records import cards, faces, templates, tokens
from core.records.cards import Life, Why
from core.records.faces import Look
from web import context, deeds, shell, tables
from web.deeds import Who
from web.words import md


def of(person_id: int, authority_id: int, offered: list[int], actor: Actor) -> None:
    """Choose years, paper and how the number is shown (生成审验卡); issue, download. `offered`: newest first."""
    key = f"card-{person_id}"
    with db.reading() as session:
        sizes = templates.current(session, authority_id).look.sizes
    oneself = actor.person_id == person_id
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}-form"):
        if oneself:  # on a telephone the button comes first, the choices wait behind another
            button = st.container(width="content")
            place: Any = st.popover("年度、范围和纸张", icon=":material/tune:")
        else:
            place = st.container(horizontal=True, vertical_alignment="bottom", width="content")
            button = st.container(width="content")
    with place:
        year = st.selectbox("审验卡年度", offered, key=f"{key}-year", width=120, required=True)
        st.selectbox(
            "学时范围",
            [0, *(since for since in range(year, year - cards.MOST_YEARS, -1) if since >= offered[-1])],
            format_func=lambda since: cards.range_words(since or None, year),
            key=f"{key}-since-{year}",
            width=220,
            required=True,
        )
        st.selectbox("纸张", sizes, format_func=lambda size: size.label, key=f"{key}-size", width=240, required=True)
        if oneself:
            st.checkbox("印完整身份证号", key=f"{key}-full", help="不勾选的，只印前6位和后4位")
    button.button("生成审验卡", type="primary", key=f"issue-{person_id}", on_click=_issue, args=(person_id, key, year))
    made = st.session_state.get("card")
    if made and made[0] == person_id:
        _, code, title, name, content = made
        with st.container(horizontal=True, vertical_alignment="center"):
            tables.download(
                f"下载{title}审验卡（PDF）", content, name, unmarked=tables.Unmarked.OWN, mime="application/pdf"
            )
            st.link_button("核验此卡", f"/verify/{code}", icon=":material/verified:")
        if not oneself and not context.known().address:
            shell.without_address("审验卡")


def _issue(person_id: int, key: str, year: int) -> None:
    """Issue the card, then draw its PDF for the download button that follows: nobody's deed waits for the drawing."""
    state = st.session_state
    since, size, full = state[f"{key}-since-{year}"] or None, state[f"{key}-size"], bool(state.get(f"{key}-full"))

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, tuple[Card, Look]]:
        card = cards.issue(session, person_id, year, since=since, size=size, full_id=full, **who)
        code = tokens.written(card.code)
        words = f"审验卡已生成，验证码{code}，请下载打印。"
        if full:
            words = f"审验卡已生成，印有完整身份证号，验证码{code}，请下载打印。"
        if card.issued_at < who["now"]:
            words = f"内容与{db.office_day(card.issued_at)}出具的那张相同，没有另出新卡，验证码{code}，请下载打印。"
        return words, (card, templates.of_card(session, card))

    if made := deeds.deed(act, "card", person_id, year, since, size, full):
        card, look = made
        title = faces.span(cards.said_by(card))
        if full:  # chosen for one card, not for the next
            state[f"{key}-full"] = False
        content = cards.pdf(card, look, verify_url=tokens.place(context.known().address, card.code))
        state["card"] = (person_id, card.code, title, cards.filename(card), content)


def issued(person_id: int, found: pd.DataFrame, actor: Actor) -> None:
    """Cards issued so far (已出具的审验卡) with their state; printed again, or revoked by the office in charge."""
    if found.empty:
        return
    gone = int(found["revoked_on"].notna().sum())
    title = f"已出具的审验卡（{len(found)}张" + (f"，其中{gone}张已失效）" if gone else "）")
    with st.expander(title, expanded=gone > 0):
        shown = found.rename(columns={"code": "card_code", "reason": "revoked_because", "state": "card_state"})
        shown["card_years"] = [
            str(year) if since == year else f"{since}—{year}"
            for since, year in zip(found["since"], found["year"], strict=True)
        ]
        columns = "card_years card_number card_state issued_at revoked_on revoked_because card_follows card_code"
        shown = shown.rename(columns={"number": "card_number", "follows": "card_follows"})
        tables.table(shown, columns.split(), empty="")
        holding = found[found["state"] != Life.REVOKED.label].to_dict("records")
        if not holding or actor.role not in cards.ISSUERS:
            return
        # What never changes of each: a list keeps the words of its chosen line, and its state is in the table.
        lines = {int(line["id"]): f"{line['number'] or line['code']}　{line['size']}" for line in holding}
        numbers = {int(line["id"]): str(line["number"] or line["code"]) for line in holding}
        newest = int(found["id"].max())
        just = st.session_state.get("card-revoked") == person_id  # then no other one is chosen in its place
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                "选一张",
                list(lines),
                None if just else 0,
                format_func=lines.__getitem__,
                key=f"cards-{person_id}-{newest}-{gone}",  # a new one is the one that is meant
                placeholder="请选择",
                width=330,
                required=True,
            )
            if chosen is None:
                return
            (line,) = (each for each in holding if each["id"] == chosen)
            if not line["full_id"] or actor.person_id == person_id:
                _again(chosen, cards.file_named(line["number"] or line["code"]))
            if actor.role is Role.REVIEWER:
                _revoking(chosen, numbers[chosen], person_id)
        if line["full_id"] and actor.person_id != person_id:
            st.caption("这张印有完整身份证号，只有本人可以再次打印；需要的，请重新生成一张。")


def _again(card_id: int, name: str) -> None:
    """Print it once more as it was issued (再次打印), a logged act."""
    office = context.known().address

    def content(session: Session, **who: Unpack[Who]) -> bytes:
        card = cards.printed_again(session, card_id, **who)
        return cards.pdf(card, templates.of_card(session, card), verify_url=tokens.place(office, card.code))

    tables.download(
        "再次打印（PDF）",
        content,
        name,
        opened=db.transaction,
        unmarked=tables.Unmarked.OWN,
        mime="application/pdf",
        key=f"again-{card_id}",
        icon=":material/print:",
    )


def _revoking(card_id: int, number: str, person_id: int) -> None:
    """Revoke a card by hand (注销), for a kind of reason that whoever verifies it is told."""

    def revoke() -> None:
        why, reason = st.session_state[f"why-{card_id}"], st.session_state[f"revoke-{card_id}"]

        def act(session: Session, **who: Unpack[Who]) -> str:
            cards.revoke(session, card_id, why=why, reason=reason, **who)
            return f"审验卡{number}已注销，核验时会显示失效；学时不变，可重新生成。"

        if deeds.deed(act, "revoke-card", card_id, why, reason):
            st.session_state["card-revoked"] = person_id

    with st.popover("注销", icon=":material/block:"):
        st.markdown(f"注销{md(number)}，不能撤回。学时不受影响。")
        st.selectbox("原因", list(Why), format_func=lambda why: why.label, key=f"why-{card_id}", required=True)
        st.text_input("说明（其他原因必填）", key=f"revoke-{card_id}", max_chars=cards.LONGEST_REASON)
        st.button("确认注销", key=f"revoke-do-{card_id}", on_click=revoke)
