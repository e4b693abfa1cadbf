"""The authority in charge answers what persons and employers say against credit entries."""

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import decisions
from core.ground import db, typed
from core.ground.access import Actor, Refused, Role
from core.ground.hours import hours_text
from core.law import notices
from core.ledger import reliance, standing
from core.models import Answer
from core.people import persons
from core.records import disputes
from web import address, deeds, shell, tables
from web.credit import reversing
from web.deeds import Who
from web.facts import fact, facts
from web.words import md, moment_text

actor = shell.require(Role.REVIEWER, Role.ADMIN)
shell.page(
    "学时异议",
    "个人或用人单位对某一笔学时记录提出的异议，由核定该学时的人社部门答复；异议成立的，随答复冲销这笔学时。",
)
COLUMNS = "answer filed_at name id_mask employer year subject hours objection filed_by basis".split()
NAMES = {"words": "objection", "reason": "answer_reason", "completed_on": "studied_on"}

with st.container(horizontal=True, vertical_alignment="bottom"):
    state = address.filter_by("答复", Answer, key="answer", default=Answer.OPEN)
    own = not actor.oversees_region or st.toggle("只看由本机关答复的", True, key="own", bind="query-params")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = disputes.queue(session, who, state=state, own=own, **page)
        return found.rename(columns=NAMES), count

    shown = [*COLUMNS, "studied_on", "answer_reason", "answered_by", "answered_at", "authority"]
    tables.export(lambda session, who: asked(session, who, limit=None)[0], shown, name="学时异议")
frame, count = tables.listing(asked, actor, name="dispute")
st.caption(f"共{count}件")
empty = "没有等待答复的异议。" if state is Answer.OPEN else "没有符合条件的异议。可把“答复”换成“全部”。"
dispute_id = tables.pick(frame, COLUMNS, name="dispute", empty=empty)


def entry(line: dict[str, Any]) -> str:
    """The entry a dispute is about, in words."""
    hours = "视同完成" if line["deemed"] else f"{hours_text(line['hours'])}学时"
    subject = notices.subject_names().get(line["subject"], "")
    return f"{line['year']}年度{subject} {hours}（第{line['batch_id']}批第{line['line']}笔）"


def decide(dispute_id: int, version: int, upheld: bool) -> None:
    """Answer at once, but ask once more before hours are taken back."""
    reason = typed.prose(st.session_state[f"reason-{dispute_id}"])

    def question(session: Session, who: Actor) -> tuple[dict[str, Any], bool, int, int]:
        line = disputes.one(session, dispute_id, who)
        stands = line["line"] not in standing.reversed_lines(session, line["batch_id"])
        batch_id, only = line["batch_id"], [line["line"]]
        relied = len(decisions.relied(session, batch_id, who, only=only))
        return line, stands, reliance.at_stake(session, batch_id, only), relied

    args = (dispute_id, version, upheld, reason)
    if not upheld or not reason:  # without a reason it is refused, in core's words
        answer(*args)
    elif asked := deeds.answer(question):
        line, stands, gone, relied = asked
        if not stands:  # there is nothing left to take back
            answer(*args)
            return
        words = f"将冲销{md(line['name'])}（{md(line['id_mask'])}）{entry(line)}"
        words += f"，{gone}张已出具的审验卡失效" if gone else ""
        words += f"，{relied}项资格核验结论曾用到这些学时" if relied else ""
        reversing.ask_again(words, f"异议成立：{reason}", answer, args, key=f"uphold-{dispute_id}-{version}")


def answer(dispute_id: int, version: int, upheld: bool, reason: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        found = disputes.answer(session, dispute_id, upheld=upheld, version=version, reason=reason, **who)
        if found.reversal_id:
            gone = reliance.revoked(session, found.reversal_id)
            words = f"，{gone}张已出具的审验卡随之失效" if gone else ""
            words += reversing.to_look_at(
                len(decisions.relied(session, found.reversal_id, who["actor"])), found.reversal_id
            )
            return f"异议成立，这笔学时已冲销（第{found.reversal_id}批）{words}，提出人会看到答复。"
        return f"已答复：{found.state.label}，提出人会看到答复。"

    if deeds.deed(act, "dispute", dispute_id, version, upheld):
        address.choose("dispute", None)
        address.forget_choice()


def ways_on(line: dict[str, Any], seen: bool) -> None:
    """To all the person's entries, where the person is one's own to look up, and to the entry in its batch."""
    to: dict[str, tuple[str, dict[str, str]]] = {}
    if seen:
        to["查看此人的全部学时"] = "credit_lookup", {"person": str(line["person_id"]), "q": line["name"]}
    batch, at = line["batch_id"], line["line"]
    page = {f"line-{batch}-page": str(-(-at // tables.PAGE_ROWS))} if at > tables.PAGE_ROWS else {}
    to[f"查看第{batch}批入账"] = "ledger", {"batch": str(batch), f"line{batch}": str(at), **page}
    with st.container(horizontal=True):
        for label, (name, query) in to.items():
            icon = ":material/arrow_forward:"
            st.page_link(shell.page_file(name), label=label, icon=icon, query_params=query)


def record(line: dict[str, Any], seen: bool) -> None:
    """One dispute to read, and to answer where it is the own office's to answer."""
    st.markdown(f"#### {md(line['name'])}　:gray[{line['id_mask']}]")
    facts(
        [
            ("学时记录", entry(line)),
            ("学习日期", line["completed_on"]),
            ("依据", line["basis"]),
            ("提出", f"{line['filed_by']}，{moment_text(line['filed_at'])}"),
        ]
    )
    fact("异议内容", line["words"])
    ways_on(line, seen)
    if line["answer"] != Answer.OPEN:
        told = f"{line['reason']}（{line['answered_by']}，{moment_text(line['answered_at'])}）"
        fact(Answer(line["answer"]).label, told)
    elif line["authority_id"] != actor.organization_id:
        st.info(f"此异议由{line['authority']}答复，您可以查看。")
    else:
        st.text_area(
            "答复的理由（必填，提出人会看到）", key=f"reason-{line['id']}", height=70, max_chars=disputes.LONGEST_REASON
        )
        with st.container(horizontal=True):
            for label, upheld in (("异议成立，冲销这笔学时", True), ("异议不成立", False)):
                key = f"{upheld}-{line['id']}-{line['version']}"
                st.button(label, key=key, on_click=decide, args=(line["id"], line["version"], upheld))


if dispute_id is not None:
    try:
        with db.reading() as session:
            found = disputes.one(session, dispute_id, actor)
            seen = bool(persons.id_masks(session, actor, [found["person_id"]]))
        with st.container(border=True):
            record(found, seen)
    except Refused as refused:
        st.error(refused.words)
