"""The form of a submission (申报表单) of any kind: why it came back, its bar, saving and filing what is on screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Refused, Role
from core.models import State, Submission
from core.office import unsaved
from core.submissions import kinds, workflow
from core.submissions.kinds import KINDS, Action, Kind
from core.submissions.remarking import OpenRemark
from core.trail import files
from web import address, bar, context, deeds, drafts, shell, submissions
from web.deeds import Act, Who
from web.desk import evidence
from web.words import chip, md, moment_text

FILERS = tuple(dict.fromkeys(role for kind in KINDS.values() for role in kind.filers))
"""Who files anything."""


@dataclass
class Paper:
    """One form of a submission, as its kind draws it and the bar sends it."""

    kind: Kind[Any]
    draft: drafts.Form
    keep: Act[tuple[str, Submission]]
    """Saves what is on the screen; answers the words of success and the record."""
    found: Submission | None = None
    """The record, as it is drawn; None for a new one."""
    keep_to_file: Act[tuple[str, Submission]] | None = None
    """`keep` where it is filed by the same click: a refusal names what filing asks for, too."""
    given: Callable[[], tuple[str, ...]] = tuple
    """What is sent beside the fields: the files chosen, each by its field and id."""
    taken: Callable[[], None] = lambda: None
    """What the form forgets once it was saved: a file that was taken, rows that were pasted."""
    unread: Callable[[], bool] = lambda: False
    """Whether what is given is read only when it is saved, so that the bar cannot say yet what filing it leads to."""
    wants: Callable[[Session, Any], tuple[str, ...] | None] = lambda _session, _kept: None
    """The fields that what was saved still waits for, () where it is something else; None where nothing is wanting."""
    reason: str = ""
    """The field whose text goes along as the reason of filing."""
    reads: Callable[[Session, Any, Actor], Callable[[], None]] = submissions.as_read
    """Reads the record as its reviewer will; answers what draws it, by the functions that draw it at the desk."""
    hinted: bool = False
    """Whether that shows what is worth a look as well, which else stands above it."""

    def __post_init__(self) -> None:
        self.drawn = self.draft.place, self.draft.version
        self._sent: tuple[bool, tuple[str, ...]] | None = None
        self.announced: str | None = None
        """What the bar said filing leads to, where that does not count what is on the screen; None where it does."""
        self.said = ""
        """What saving it last said."""

    @property
    def sent(self) -> tuple[bool, tuple[str, ...]]:
        """Whether anything is to be saved, and what is given beside the fields: as of the first click on what is drawn.

        A second click on it must find the same, although the first one's deed has taken it.
        """
        if self._sent is None:
            given = self.given()
            self._sent = self.found is None or bool(self.draft.changed or given), given
        return self._sent

    @property
    def reason_typed(self) -> str:
        return str(self.draft.value(self.reason)) if self.reason else ""

    @property
    def filing(self) -> str:
        """What filing it is called: 上报, 报送, 提交."""
        return self.kind.word_for(Action.SUBMIT)


def open_places(session: Session, places: Iterable[str], actor: Actor) -> list[tuple[str, dict[str, str]]]:
    """Forms with something unsaved (未保存的表单), each in words and by the query of its address; five at most.

    What is no longer to be edited, or no longer there, is left out; its own page says so.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for place in places:
        code, _, rest = place.partition(":")
        kind, number = KINDS.get(code), rest.partition("-")[0]
        if kind is None or len(found) == 5:
            continue
        if number == "new":
            draft = unsaved.kept(session, place, actor=actor)
            title = str(draft.values.get("title", "")) if draft else ""
            named = f"“{title}”（{kind.word}）" if typed.text(title) else f"新的{kind.word}"
            query = {"kind": code}
            for part in rest.split("-")[1:]:
                aside = part.removeprefix("d") if part.startswith("d") else ""
                query |= {drafts.DRAFT: aside} if aside else {WITH[code]: part} if code in WITH else {}
            found.append((named, query))
            continue
        with suppress(Refused, ValueError):
            on = kind.stands_on
            record = workflow.one(session, int(number), actor, kind=on or code)
            query = {"kind": code, on: number} if on else {"item": number}
            found += [(f"“{record.title}”", query)] if query not in [each for _, each in found] else []
    return found


WITH = {"plan": "copy", "claim": "for", "nomination": "for"}
"""What a new form's address names beside the kind: the plan it copies, the person it is about."""


def on_the_desk(here: Actor) -> None:
    """The way to a record for who decides and files nothing (在审核中打开); core says there whether it may be seen."""
    item = address.chosen("item")
    if item is not None and here.role in (Role.REVIEWER, Role.ADMIN):
        shell.link("review", "在“审核”中打开这一件", item=str(item))


def heading(found: Submission) -> None:
    """What a record is called, its number and its state (标题、编号、状态)."""
    state = chip(found.state, kinds.of(found).word_for(found.state))
    st.markdown(f"#### {md(found.title)}　:gray[:small[第{found.id}号]]　{state}")


def closed(found: Submission, actor: Actor) -> None:
    """The bar of a record that is not to be edited (操作栏): what its filer may still do, and the way back."""
    with bar.bar(keep=True), st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for action in workflow.moves_for(found, actor):
            if workflow.SIDES[action] is workflow.Side.FILER:
                key, args = f"{action}-{found.id}-{found.version}", (found.id, action, found.version, found.title)
                st.button(kinds.of(found).word_for(action), key=key, on_click=submissions.move, args=args)
        shell.link("filing", "返回列表", icon=shell.BACK)


def came_back(found: Submission, steps: pd.DataFrame, actor: Actor, typed: Mapping[str, Any]) -> None:
    """Why a record came back (退回原因), in full, on top of its form, and its remarks as a list to work off.

    `typed`: the fields that were changed on the screen and are not saved yet.
    """
    last = steps[steps["action"] == Action.RETURN.value].tail(1)
    if found.state is not State.RETURNED or last.empty:
        return
    step = last.iloc[0]
    back = kinds.of(found).word_for(Action.RETURN)
    lines = [f"**{moment_text(step['at'])} {md(step['account_name'])}{back}：**", *str(step["reason"]).splitlines()]
    told = "  \n".join([lines[0], *map(md, lines[1:])])
    with db.reading() as session:
        remarks = workflow.remarks(session, found.id, actor)
    marks = {True: ":green-badge[已改]", False: ":orange-badge[未改]"}
    listed = "".join(f"\n- {marks[_worked_off(each, typed)]} {md(_said(each))}" for each in remarks)
    left = sum(not _worked_off(each, typed) for each in remarks)
    more = f"\n\n逐条改正（{f'还有{left}处没有改动' if left else '都已改动'}）：\n{listed}" if remarks else ""
    st.warning(told + more)


def notes(found: Submission | None, actor: Actor) -> dict[str, tuple[str, bool]]:
    """What was remarked on each field (退回意见) when a record came back, by its name; whether it was changed since."""
    if found is None or found.state is not State.RETURNED:
        return {}
    with db.reading() as session:
        remarks = workflow.remarks(session, found.id, actor)
    told: dict[str, tuple[str, bool]] = {}
    for each in remarks:
        if isinstance(each.place, str):
            before = f"{told[each.place][0]}；" if each.place in told else ""
            told[each.place] = before + _said(each), each.changed
    return told


def _worked_off(remark: OpenRemark, typed: Mapping[str, Any]) -> bool:
    """Whether something was changed where a remark is (已改), in the record or on the screen."""
    return remark.changed or (bool(typed) if remark.place == "" else remark.place in typed)


def _said(remark: OpenRemark) -> str:
    return f"{remark.label}：{remark.reason}" + (f"，{remark.words}" if remark.words else "")


def foot(paper: Paper) -> None:
    """The bar of a form (操作栏): file, save, what is unsaved, what the reviewer will see, what filing leads to."""
    draft = paper.draft
    left = _not_worked_off(paper)
    version = paper.found.version if paper.found else 0
    stands = draft.place, version, *map(str, draft.values.values()), *paper.given()
    with bar.bar(keep=True, of=stands) as refused:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(paper.filing, type="primary", key=f"{draft.prefix}file", on_click=_file, args=(paper,))
            st.button("保存", key=f"{draft.prefix}save", on_click=save_now, args=(paper,))
            st.button("预览", key=f"{draft.prefix}preview", on_click=_preview, args=(paper,))
            shell.link("filing", "返回列表", icon=shell.BACK)
            draft.mark()
        if left:
            st.caption(f":orange[:material/reply: {md(left)}]")
        told = _foretold(paper)
        if told and not (refused and told.startswith(NOT_YET)):  # the message above has just said why
            st.caption(told)


NAMED = 5
"""Remarks that are named beside the button."""


def _not_worked_off(paper: Paper) -> str:
    """The remarks that nothing was changed for yet (未改动的意见), by their places; it may be filed so.

    Of a return, or, of a supplement, those by which its rows went back.
    """
    found, here = paper.found, context.actor()
    if found is None or here is None:
        return ""
    with db.reading() as session:
        remarks = workflow.remarks(session, found.id, here)
    typed = paper.draft.changed
    left = [each for each in remarks if not _worked_off(each, typed)]
    if not left:
        return ""
    named = "、".join(dict.fromkeys(each.label for each in left[:NAMED])) + ("等" if len(left) > NAMED else "")
    return f"退回意见还有{len(left)}处没有改动：{named}。可以{paper.filing}，审核员会看到没有改动。"


def save_now(paper: Paper) -> None:
    """`save` as a button's callback, which must answer nothing."""
    save(paper)


def save(paper: Paper, *, quiet: bool = False) -> Submission | None:
    """Save what is on the screen (保存); answers the record, None where it was refused. `quiet`: says so only then."""
    draft, keep = paper.draft, (quiet and paper.keep_to_file) or paper.keep

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, tuple[str, tuple[str, ...] | None, Submission]]:
        words, kept = keep(session, **who)
        session.flush()
        unsaved.drop(session, draft.place, actor=who["actor"])
        return "", (words, paper.wants(session, kept), kept)

    given = paper.sent[1]

    def instead(refused: Refused) -> bool:
        return not quiet and _kept_as_draft(paper, refused)

    sent = (*map(str, draft.values.values()), *given)
    once = paper.kind.code, *paper.drawn, quiet, *sent
    made: tuple[str, tuple[str, ...] | None, Submission] | None
    made = deeds.deed(draft.blaming(act), *once, instead=instead, at=draft.at)
    if made is None:
        return None
    paper.said, wanted, kept = made
    if not quiet:
        deeds.say("success" if wanted is None else "warning", paper.said, at=map(draft.key, wanted or ()))
    paper.taken()
    draft.saved(f"{paper.kind.code}:{kept.id}" if ":new" in draft.place else draft.place, kept.version)
    for name in ("kind", "plan", "copy", "for", "study", drafts.DRAFT):  # what named the form before there was a record
        address.choose(name, None)
    address.choose("item", kept.id)
    return kept


def _kept_as_draft(paper: Paper, refused: Refused) -> bool:
    """Keep what cannot be a record yet as a draft (草稿), as it was typed; says what is still to be filled in.

    False where that is not what is wrong, or nothing was typed or chosen. It is found again under 申报, in any browser.
    """
    draft = paper.draft
    if refused.code != "fields" or not refused.fields or not (draft.changed or draft.chosen):
        return False
    try:
        draft.set_aside()
    except Refused:
        return False
    draft.keep()
    if draft.told or draft.gone or draft.contested:
        return False
    left = "；".join(refused.fields.values())
    todo = f"{paper.filing}前还有{len(refused.fields)}处：{left}。"
    deeds.say("warning", f"已存为草稿，可随时从“申报”接着填。{todo}")
    return True


def _file(paper: Paper) -> None:
    """File what is on the screen (上报、报送、提交): saved first; where filing is refused, what was saved is kept.

    What it leads to stood in the bar before the click. Where that could not count what is on the screen, such as a
    roster just chosen, and comes out otherwise, it is said and asked for once more: nothing is filed unannounced.
    """
    draft, announced, unread = paper.draft, paper.announced, paper.unread()
    fresh, _ = paper.sent
    kept = save(paper, quiet=True) if fresh else paper.found
    if kept is None:
        return
    reason = paper.reason_typed

    def act(session: Session, **who: Unpack[Who]) -> str:
        filed, done = workflow.move(session, kept.id, Action.SUBMIT, version=kept.version, reason=reason, **who)
        if fresh and (unread or (announced is not None and done.words != announced)):
            raise Refused(_UNANNOUNCED, done.words)
        word = paper.kind.done_word(Action.SUBMIT)
        return f"“{filed.title}”{word}。{done.words}{'。' if done.words else ''}"

    def instead(refused: Refused) -> bool:
        if refused.code == _UNANNOUNCED:
            deeds.say("success", paper.said)
            filing = paper.filing
            then = f"{filing}后：{refused.words}。" if refused.words else ""
            deeds.say("warning", f"还没有{filing}。{then}请看过再点一次“{filing}”。")
        elif fresh:
            deeds.say("error", refused.words)
            words = f"填写的内容已保存，没有{paper.filing}；改正后可再次{paper.filing}，不必重新填写。"
            deeds.say("warning", words)
        return fresh

    deeds.deed(draft.blaming(act), Action.SUBMIT, kept.id, kept.version, reason, instead=instead, at=draft.at)


_UNANNOUNCED = "unannounced"


def _preview(paper: Paper) -> None:
    """What the reviewer will see (预览) of what is on the screen, as if it were saved and filed; nothing of it is."""

    def act(session: Session, **who: Unpack[Who]) -> _Seen:
        _, kept = paper.keep(session, **who)
        session.flush()
        kind, here = kinds.of(kept), who["actor"]
        with suppress(Refused):  # what is still in the way stands beside the button; how late it is follows from filing
            kind.check_submit(session, kept, reason=paper.reason_typed, **who)
        session.flush()
        files_of = [evidence.named(each) for each in files.of(session, kept.id, here) if evidence.is_shown(each)]
        hints = [] if paper.hinted else [each.words for each in kind.warnings(session, kept, here)]
        return _Seen(kept.title, files_of, hints, paper.reads(session, kept, here))

    large = paper.unread() or (paper.found is not None and workflow.is_large(paper.found))
    try:
        seen = deeds.rehearsed(paper.draft.blaming(act, rehearsed=True), large=large)
    except Refused as refused:
        _not_seen(list(refused.fields.values()) or [refused.words])
    else:
        _shown(seen)


@dataclass(frozen=True)
class _Seen:
    """What the reviewer will see of a record."""

    title: str
    files: list[str]
    hints: list[str]
    draw: Callable[[], None]


@st.dialog("改正后可预览", width="large")
def _not_seen(faults: list[str]) -> None:
    """What is to be put right first, where nothing can be shown yet."""
    st.markdown("\n".join(f"- {md(words)}" for words in faults))


@st.dialog("预览：审核员看到的内容", width="large")
def _shown(seen: _Seen) -> None:
    """In the order in which it is read at the desk: what is worth a look and the files first, the rows last."""
    st.caption("按屏幕上的内容，选择而没有保存的文件、粘贴的行也算在内；预览不保存。")
    st.markdown(f"#### {md(seen.title)}")
    if seen.hints:
        st.warning("\n".join(f"- {md(words)}" for words in seen.hints))
    if seen.files:
        st.markdown("\n".join(f"- :material/attach_file: {words}" for words in seen.files))
    seen.draw()


NOT_YET = ":orange[现在还不能"


def _foretold(paper: Paper) -> str:
    """What filing leads to (后果) as the form is on the screen, or what still stands in its way; asked once a change.

    A large record is asked as it was saved; of a file that is only read when it is saved, nothing can be said yet.
    """
    draft, found, given, filing = paper.draft, paper.found, paper.given(), paper.filing
    typed, key = bool(draft.changed), f"{draft.prefix}foretold"
    if found is None and not (typed or given):
        return ""
    if paper.unread():
        return f"请先点“保存”读入选择的文件或粘贴的行，{filing}后的结果列在这里。"
    as_saved = found is not None and (not (typed or given) or workflow.is_large(found))
    asked: tuple[Any, ...] = found and (found.id, found.version), context.today(), paper.reason_typed
    asked += () if as_saved else (given, *map(str, draft.values.values()))
    before, told, words, faults = st.session_state.get(key, (None, "", "", {}))
    if before != asked:

        def act(session: Session, **who: Unpack[Who]) -> str:
            if found is not None and as_saved:
                kept = found
            else:
                _, kept = (paper.keep_to_file or paper.keep)(session, **who)
                session.flush()
            more: Any = {"version": kept.version, "reason": paper.reason_typed}
            return workflow.foreseen(session, kept.id, Action.SUBMIT, **more, **who).words

        try:
            words = deeds.rehearsed(act, large=found is not None and workflow.is_large(found))
            told, faults = f"{filing}后：{md(words)}。", {}
        except Refused as refused:
            told, words = f"{NOT_YET}{filing}：{md(_in_the_way(draft, refused))}]", ""
            faults = refused.fields
        st.session_state[key] = asked, told, words, faults
    draft.blame({name: fault for name, fault in faults.items() if _filled(draft, name)})
    if not as_saved or not (typed or given):
        return str(told)
    paper.announced = str(words)
    return f"{told}（按已保存的内容；填写的改动{filing}时一并送出，结果不同的会再问一次）"


def _filled(draft: drafts.Form, name: str) -> bool:
    """Whether something stands in a field (已填): what is wrong with that is said below it, what is left out is not."""
    value = draft.value(name) if name in draft.base else None
    return bool(typed.text(value) if isinstance(value, str) else value)


def _in_the_way(draft: drafts.Form, refused: Refused) -> str:
    """What must be put right before it can be filed, the first of many only."""
    faults = list(draft.in_order(refused.fields).values())
    if len(faults) <= FAULTS_TOLD:
        return refused.words
    return f"{'；'.join(faults[:FAULTS_TOLD])}等{len(faults)}处"


FAULTS_TOLD = 3
"""Faults that are told beside the button before it is pressed."""
