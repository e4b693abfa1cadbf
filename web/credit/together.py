"""The batches of one course's exam (同一课程的各批), one for each who passed: looked over, several reversed at once."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import decisions
from core.ground import typed
from core.ground.access import Actor, Refused
from core.ledger import books, statements
from core.ledger.standing import Standing
from core.models import CreditBatch
from core.office import unsaved
from web import address, autosave, bar, deeds, tables
from web.credit import reversing
from web.deeds import Who
from web.words import md

COLUMNS = "batch_id standing name id_mask year subject hours posted_at".split()


def listed(batch: CreditBatch, many: int, actor: Actor, **within: Any) -> None:
    """Who has the hours of the course, each with the batch; those ticked are reversed. `within`: days of posting."""
    st.markdown(f"#### :gray[{md(batch.basis)}]　{many}批，每人一批")
    st.caption("看其中一批，请在上面输入批次号。")
    text = st.text_input("姓名或完整身份证号", key=f"together-q-{batch.id}", width=260)
    key = f"together-{batch.id}"
    chosen: set[int] = st.session_state.setdefault(f"{key}-chosen", set())

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        return statements.alike(session, batch.id, who, text=text, **within, **page)

    with tables.above():
        shown, count = tables.listing(asked, actor, name=key)
        st.caption(f"共{count:,}批", width="content")
        tables.export(lambda session, who: asked(session, who, limit=None)[0], COLUMNS, name="同一课程的各批")
    empty = "没有这样的人。"
    if batch.authority_id != actor.organization_id:
        tables.table(shown, COLUMNS, empty=empty)
        return

    def changed(batches: set[int]) -> None:
        st.session_state[f"{key}-chosen"] = batches

    stands = set(shown.loc[shown["standing"] == Standing.STANDS.value, "batch_id"])
    tables.tick(shown, COLUMNS, name=key, by="batch_id", empty=empty, ticked=chosen, changed=changed, only=stands)
    with bar.bar(keep=True):
        label = "冲销原因（必填，会显示在学时明细和失效的审验卡上）"
        place, most = _place(batch.id), books.LONGEST_REASON
        autosave.words(st.text_input, label, key=f"{key}-reason", place=place, actor=actor, max_chars=most)
        said = f"冲销所选{len(chosen)}批" if chosen else "冲销所选各批"
        st.button(said, on_click=_ask, args=(batch.id, key), key=f"{key}-some")


def _place(batch_id: int) -> str:
    """Where a reason that was not sent yet is kept."""
    return f"reverse:{batch_id}"


def _ask(batch_id: int, key: str) -> None:
    """Say what the reversal would take back; done once that is confirmed."""
    batches, reason = sorted(st.session_state[f"{key}-chosen"]), typed.prose(st.session_state[f"{key}-reason"])

    def act(session: Session, **who: Unpack[Who]) -> str:
        relied = sum(len(decisions.relied(session, each, who["actor"])) for each in batches)
        words = books.reverse_each(session, batches, reason=reason, **who).words
        return f"{words}；{relied}项资格核验结论曾用到这些学时，请复核" if relied else words

    try:
        words = deeds.rehearsed(act)
    except Refused as refused:
        deeds.say("error", refused.words)
        return
    reversing.ask_again(f"将{words}", reason, _reverse, (batch_id, batches, reason, key), key=key)


def _reverse(batch_id: int, batches: list[int], reason: str, key: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        done = books.reverse_each(session, batches, reason=reason, **who)
        unsaved.drop(session, _place(batch_id), actor=who["actor"])
        return f"已{done.words}。每批的冲销各记为一批。"

    if deeds.deed(act, "reverse-each", *batches):
        autosave.put(f"{key}-reason", "")
        st.session_state[f"{key}-chosen"] = set()
        address.forget_choice()
