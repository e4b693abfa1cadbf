"""The bar of the desk (审核操作栏): what approval leads to, the opinion, a button for each move; then the next item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.ledger.consequences import Consequence
from core.models import State, Submission
from core.office import unsaved
from core.submissions import kinds, workflow
from core.submissions.workflow import Action, Remark
from web import address, autosave, bar, deeds, submissions
from web.deeds import Who
from web.desk import readings, remarking
from web.words import md, moment_text


def decide(found: Submission, here: Actor) -> None:
    """The decision (审核) in the bar that never scrolls away, with the message of the last deed beside its buttons."""
    moves, reading, kind = workflow.moves_for(found, here), readings.of(found), kinds.of(found)
    with bar.bar(keep=True, of=_stands(found)):
        if not moves:
            _not_mine(found, here)
            back_to_last(found.id)
            return
        given, asked, asks = remarking.given(found), "", bool(reading.ask) and Action.APPROVE in moves
        with st.container(horizontal=True, gap="small", key="foretold"):
            above = st.container(gap="xsmall")
            back_to_last(found.id)
        row = _buttons(asks=asks)
        if reading.ask and asks:  # what is proposed beside the opinion is what is foretold above it
            with row:
                reading.ask(found)
        with above:
            if Action.APPROVE in moves:
                word = kind.word_for(Action.APPROVE)
                asked = _consequence(word, _foretold(found, given), f"{word}后，")
            if Action.UNDO in moves:
                word = kind.word_for(Action.UNDO)
                _consequence(word, _foretold_undoing(found), f"“{word}”的后果：")
            if asked:
                st.checkbox(
                    f"{workflow.CONFIRM}:red[{md(asked)}]（{kind.word_for(Action.APPROVE)}前须勾选）",
                    key=_box(found, asked),
                )
            if note := reading.note(found):
                st.caption(note)
            if Action.RETURN in moves:
                remarking.ticks(found, here)
        with row:
            required = [kind.word_for(action) for action in moves if workflow.needs_reason(kind, action)]
            when = "" if len(required) == len(moves) else f"{'、'.join(required)}时"
            whose = f"{when}必填，{kind.filer}会看到" if required else f"{kind.filer}会看到"
            autosave.words(
                st.text_area,
                "审核意见",
                key=_opinion(found),
                place=_place(found),
                actor=here,
                height=68,
                placeholder=f"审核意见（{whose}）",
                label_visibility="collapsed",
            )
            if Action.RETURN in moves:
                remarking.draw(found, here)
            for action in moves:
                st.button(
                    kind.word_for(action),
                    type="primary" if action is Action.APPROVE else "secondary",
                    key=f"{action}-{found.id}-{found.version}",
                    on_click=_decided,
                    args=(found, action, asked, remarking.rows_back(given)),
                )


def _buttons(*, asks: bool) -> Any:
    """The opinion and the buttons, from one height on: what opens above a button leaves the opinion to be read.

    `asks`: beside a field with a label above it they stand at the foot.
    """
    at: Any = "bottom" if asks else "top"
    return st.container(horizontal=True, vertical_alignment=at, gap="small", key="decisions")


def _stands(found: Submission) -> object:
    """What a refusal was said of (被拒时的内容): once anything else is written, or open, it goes."""
    opinion = st.session_state.get(_opinion(found), "")
    return (found.id, opinion, remarking.given(found), remarking.bare(found)) if bar.refused() else None


def _not_mine(found: Submission, here: Actor) -> None:
    """Why nothing can be decided here: whose it is, or who was faster; what one wrote meanwhile is not lost."""
    kind = kinds.of(found)
    if found.state is State.SUBMITTED and here.role in workflow.deciders(kind):
        with db.reading() as session:
            office = workflow.decider(session, found).name
        st.caption(f"该{kind.short}由{md(office)}{workflow.stage_of(found).word}，您可以查看。")
    else:
        st.caption(f"{kind.word_for(found.state)}{_by_whom(found, here)}，不需要在这里办理。")
    _unsent(found, here)


def _by_whom(found: Submission, here: Actor) -> str:
    """Who brought it into its state and when (何时由谁办理), as it stands behind the state's word."""
    with db.reading() as session:
        steps = workflow.standing_steps(workflow.trail(session, found.id, here))
    if steps.empty:
        return ""
    last = steps.iloc[-1]
    return f"（{md(last['account_name'])}，{moment_text(last['at'])}）"


def _unsent(found: Submission, here: Actor) -> None:
    """The opinion and remarks that were written and not sent (没有发出的意见), to be copied."""
    with db.reading() as session:
        opinion = unsaved.kept(session, _place(found), actor=here)
        lines = [opinion.values.get("words", "")] if opinion else []
        lines += remarking.unsent(session, found, here)
    if words := "\n".join(filter(None, lines)):
        st.caption("您在这里写的意见没有发出，可以复制到留言里：")
        st.code(words, language=None, wrap_lines=True)
        st.button("不再保留", key=f"unsent-{found.id}", type="tertiary", on_click=_discard, args=(found,))


def _discard(found: Submission) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        unsaved.drop(session, _place(found), actor=who["actor"])
        remarking.drop(session, found, who["actor"])
        return ""

    deeds.deed(act, "discard", found.id)
    st.session_state.pop(_opinion(found), None)


def back_to_last(opened: int | None = None) -> None:
    """The way back to the item decided last (刚办的一件), where one's own decision can be undone."""
    last = st.session_state.get("desk-last")
    if last and last != opened:
        help_ = "打开后可撤销自己刚才的决定"
        st.button(
            "回到刚办的", key=f"back-{last}", type="tertiary", help=help_, on_click=address.choose, args=("item", last)
        )


def _opinion(found: Submission) -> str:
    return f"opinion-{found.id}"


def _place(found: Submission) -> str:
    """Where an opinion that was not sent yet is kept."""
    return f"opinion:{found.id}"


def _box(found: Submission, to_confirm: str) -> str:
    """The box that confirms these words and no others (确认)."""
    return f"confirm-{found.id}-{to_confirm}"


def _foretold(found: Submission, given: tuple[Remark, ...]) -> Consequence | Refused:
    """What approval would lead to (通过的后果) as things stand, or why it would be refused."""
    reading = readings.of(found)
    typed = reading.typed(found)
    key = found.id, found.version, typed, given

    def act(session: Session, **who: Unpack[Who]) -> Consequence:
        version = found.version
        if reading.before and typed:
            version = reading.before(session, found, typed, **who)
        return workflow.foreseen(session, found.id, Action.APPROVE, version=version, remarks=given, **who)

    return deeds.foretold(act, "approve", *key, large=workflow.is_large(found))


def _foretold_undoing(found: Submission) -> Consequence | Refused:
    """What taking the decision back would lead to (撤销的后果), or why it would be refused."""

    def act(session: Session, **who: Unpack[Who]) -> Consequence:
        return workflow.foreseen(session, found.id, Action.UNDO, version=found.version, **who)

    return deeds.foretold(act, "undo", found.id, found.version, large=workflow.is_large(found))


def _consequence(word: str, told: Consequence | Refused, lead: str) -> str:
    """Say what approval or undoing, by its kind's word, leads to; answers what is to be confirmed before it."""
    if isinstance(told, Refused):
        st.markdown(f":orange[:small[现在还不能“{word}”：{md(told.words)}]]")
        return ""
    if told.words:
        st.markdown(f":small[{lead}{md(told.words)}。]")
    return told.confirm


def _decided(found: Submission, action: Action, asked: str, back: frozenset[int]) -> None:
    """One decision on the item and version that were on the screen; the next item opens when it is done.

    `back`: the rows whose going back was announced there; nothing else is done than what was announced.
    """
    reading = readings.of(found)
    typed = reading.typed(found) if action is Action.APPROVE else None
    reason = st.session_state.get(_opinion(found), "")
    confirmed = asked if st.session_state.get(_box(found, asked)) else ""
    remarks = remarking.given(found) if action is not Action.UNDO else ()
    if action is Action.APPROVE and remarking.rows_back(remarks) != back:
        deeds.say("error", "退回改正的行刚刚变了，还没有办理。请看过现在列出的后果再按一次。")
        return
    if action is not Action.UNDO and (why := remarking.unfinished(found)):
        deeds.say("error", why)
        return

    def act(session: Session, **who: Unpack[Who]) -> str | tuple[str, str]:
        version = found.version
        if action is Action.UNDO:
            opinion, given = workflow.last_said(session, found.id, who["actor"])
        if action is Action.APPROVE and reading.before:
            version = reading.before(session, found, typed, **who)
        said = {"version": version, "reason": reason, "confirmed": confirmed, "remarks": remarks}
        moved, done = workflow.move(session, found.id, action, **said, **who)
        unsaved.drop(session, _place(found), actor=who["actor"])
        remarking.drop(session, found, who["actor"])
        if action is not Action.UNDO:
            return submissions.told(moved, action, done)
        unsaved.keep(session, _place(found), {"words": opinion} if opinion else {}, version=0, **who)
        remarking.bring_back(session, moved, given, **who)
        return submissions.told(moved, action, done), opinion

    # What is refused for want of an opinion takes the hand there; any other refusal leaves it on the keys.
    once = action, found.id, found.version, confirmed, reason, typed, remarks
    made = deeds.deed(act, *once, at=lambda refused: [_opinion(found)] if refused.code == "reason" else [])
    if made is None:
        return
    st.session_state["desk-last"] = found.id
    if action is Action.UNDO:  # who takes a decision back means to decide this one again, with the same words
        autosave.put(_opinion(found), made)
    else:
        st.session_state["desk-after"] = found.id


NONE = 0
"""No item: a batch was decided from the list."""


def go_on(ids: Sequence[int]) -> None:
    """After a decision the next item of the list opens by itself (自动打开下一件), in the order of before.

    After `NONE`, where none was open, the first that is left.
    """
    decided = st.session_state.get("desk-after")
    if decided is not None:
        before: list[Any] = st.session_state.get("desk-ids", [])
        at = before.index(decided) if decided in before else -1
        onward = [each for each in (*before[at + 1 :], *ids) if each in ids and each != decided]
        address.choose("item", onward[0] if onward else None)
        del st.session_state["desk-after"]
    st.session_state["desk-ids"] = list(ids)
