"""Remarks (分条意见) beside the opinion: each bound to a field or to ticked rows of the roster, with a reason.

They are noted one after another, and kept as they are written (自动暂存) until the decision takes them along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor
from core.models import Submission
from core.office import unsaved
from core.submissions import kinds, remarking, workflow
from core.submissions.kinds import ROWS, Kind
from core.submissions.remarking import Remark
from web import address, autosave, deeds, submissions
from web.words import md

WHOLE = ""
"""What a remark is on that is on no field and no rows."""


def restore(found: Submission, here: Actor) -> None:
    """What was written before F5, another item or another browser; call it before anything of the item is drawn."""
    if _key(found, "reason") in st.session_state:
        return
    with db.reading() as session:
        kept = unsaved.kept(session, _place(found), actor=here)
    autosave.look(_key(found), kept.values if kept else {})
    said = kept.values if kept and kept.version == found.version else {}
    columns = (said.get(name, []) for name in ("codes", "places", "words"))
    st.session_state[_key(found, "noted")] = [Remark(*each) for each in zip(*columns, strict=True)]
    if (rows := said.get("rows")) and not submissions.ticked(found):
        submissions.tick(found, set(rows))
    for name in ("reason", "said"):
        st.session_state[_key(found, name)] = said.get(name, "")
    if said.get("place") in _places(found):
        st.session_state[_where(found)] = said["place"]


def draw(found: Submission, here: Actor) -> None:
    """What to fill in (分条意见); rows named while approving go back, the rest is posted."""
    kind = kinds.of(found)
    if not kind.reasons:
        return
    count = len(given(found))
    with st.popover(f"分条意见 {count}" if count else "分条意见", width="content", key=_key(found)):
        part = kind.headings(found) and kind.posts
        rows = "；“通过”时只能指明花名册的行，这些行退回改正，其余登记" if part else ""
        sent = "、".join(map(kind.word_for, workflow.NEEDS_REASON))
        st.caption(f"逐条写明所指和原因，随{sent}发给{kind.filer}{rows}。按Tab到下一格，Esc收起。")
        _line(found, here)
        for at, each in enumerate(_noted(found)):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(md(remarking.told(kind, [each])[0]), width="stretch")
                st.button("取消", key=_key(found, f"drop-{at}"), on_click=_drop, args=(found, here, at))
    autosave.other_window(
        _key(found),
        "分条意见",
        lambda: _keep(found, here),
        lambda theirs: _lines(kind, theirs) or [f"勾选了{_named(theirs.get('rows', []))}"],
    )


def _line(found: Submission, here: Actor) -> None:
    """The one that is being written: what it is on, why, in what words; of rows, one for all that are ticked."""
    kind, places, at = kinds.of(found), _places(found), _where(found)
    if st.session_state.get(at) not in places:
        st.session_state[at] = _place_of(found)
    keep: dict[str, Any] = {"on_change": _keep, "args": (found, here)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox("所指", list(places), format_func=places.__getitem__, key=at, width=150, **keep, required=True)
        key, reasons = _key(found, "reason"), {"": "请选择"} | kind.reasons_on(_place_of(found))
        chosen = st.session_state.get(key)
        st.session_state[key] = chosen if chosen in reasons else ""  # one that does not fit there is chosen anew
        st.selectbox("原因", list(reasons), format_func=reasons.__getitem__, key=key, width=180, **keep, required=True)
        st.text_input("说明", key=_key(found, "said"), max_chars=remarking.LONGEST, width=230, **keep)
        st.button("记下", key=_key(found, "note"), on_click=_note, args=(found, here))
    autosave.watch(_key(found, "said"), _place(found), here.account_id)
    if _key(found, "blamed") in st.session_state and not st.session_state[key]:
        st.markdown(":red[:material/error: 请选择原因，这一条还没有记下。]")
    if kind.headings(found) and ROWS not in places:
        st.caption("要指明其中的行，先在表里勾选。")


def _places(found: Submission) -> dict[str, str]:
    """What the one that is being written can be on (所指), by key and word: the ticked rows first."""
    rows = submissions.ticked(found)
    return ({ROWS: _named(sorted(rows))} if rows else {}) | {WHOLE: "整体"} | kinds.of(found).fields_of(found)


def _where(found: Submission) -> str:
    """The key of the field that asks for it: one for each set of ticked rows.

    A folded field keeps in the browser what it said before, and sends that again: of other rows it would be no answer.
    """
    rows = sorted(submissions.ticked(found))
    return _key(found, "place") + (f"-{hash(tuple(rows)):x}" if rows else "")


def _place_of(found: Submission) -> str:
    """What it is on: as was chosen since these rows were ticked, else the rows; the whole where none is."""
    places = _places(found)
    chosen = st.session_state.get(_where(found))
    return chosen if chosen in places else next(iter(places))


def tick(found: Submission, here: Actor, rows: set[int]) -> None:
    """Let these rows be the ones that are ticked (勾选的行), and keep that as what is written is kept."""
    submissions.tick(found, rows)
    _keep(found, here)


def bare(found: Submission) -> list[int]:
    """The rows that are ticked and that no remark is on yet (勾选了没有写意见的行)."""
    on = {each.place for each in _written(found)}
    return sorted(submissions.ticked(found) - on)


def unfinished(found: Submission) -> str:
    """Why nothing can be decided yet (没有写完的意见): one without its reason, rows without one; "" of none."""
    if not kinds.of(found).reasons:
        return ""
    if st.session_state.get(_key(found, "said")) and not st.session_state.get(_key(found, "reason")):
        return "还没有办理：有一条分条意见写了说明，没有选原因。请打开“分条意见”，选好原因；不要这一条的，清空说明。"
    if rows := bare(found):
        return f"还没有办理：勾选了{_named(rows)}，没有写意见。请打开“分条意见”写明原因，或点“取消勾选”。"
    return ""


def ticks(found: Submission, here: Actor) -> None:
    """Say in the bar that nothing is written on rows that are ticked (勾选了没有写意见); the way to clear them."""
    if rows := bare(found):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":orange[:small[勾选了{_named(rows)}，还没有写意见]]", width="content")
            st.button("取消勾选", key=f"unticking-{found.id}", type="tertiary", on_click=_clear, args=(found, here))


def _clear(found: Submission, here: Actor) -> None:
    tick(found, here, set())
    address.forget_choice()


def _named(rows: list[int]) -> str:
    """Rows in few words."""
    return f"第{'、'.join(map(str, rows[:3]))}" + ("行" if len(rows) <= 3 else f"等{len(rows)}行")


def _noted(found: Submission) -> list[Remark]:
    noted: list[Remark] = st.session_state.setdefault(_key(found, "noted"), [])
    return noted


def _note(found: Submission, here: Actor) -> None:
    """Note the one that is being written, so that another can be."""
    said = _written(found)
    if not said:
        st.session_state[_key(found, "blamed")] = True
        return
    st.session_state.pop(_key(found, "blamed"), None)
    places = {each.place for each in said if isinstance(each.place, int)}  # a row has one
    _noted(found)[:] = [each for each in _noted(found) if each.place not in places] + said
    if places:
        submissions.tick(found, set())
        address.forget_choice()
    st.session_state[_key(found, "reason")] = st.session_state[_key(found, "said")] = ""
    _keep(found, here)


def _drop(found: Submission, here: Actor, at: int) -> None:
    del _noted(found)[at]
    _keep(found, here)


def _written(found: Submission) -> list[Remark]:
    """The one that is being written, once it has a reason: on the whole, on a field, on each row that is ticked."""
    code, words = (st.session_state.get(_key(found, name)) for name in ("reason", "said"))
    if not code:
        return []
    place = _place_of(found)
    places: list[Any] = sorted(submissions.ticked(found)) if place == ROWS else [place]
    return [Remark(code, each, typed.prose(words or "")) for each in places]


def given(found: Submission) -> tuple[Remark, ...]:
    """The remarks filled in so far; core judges them."""
    return (*_noted(found), *_written(found))


def noted(found: Submission) -> frozenset[int]:
    """The rows on which a remark is noted that was not sent yet (已记意见的行)."""
    return rows_back(st.session_state.get(_key(found, "noted"), ()))


def rows_back(remarks: Iterable[Remark]) -> frozenset[int]:
    """The rows that would go back with an approval (退回改正的行)."""
    return frozenset(each.place for each in remarks if isinstance(each.place, int))


def _keep(found: Submission, here: Actor) -> None:
    """Keep what is written (自动暂存): it is the page's own as well, and a deed says what is wrong with it."""
    noted, place = _noted(found), _place_of(found)
    values: dict[str, Any] = {"codes": [each.code for each in noted], "places": [each.place for each in noted]}
    values["words"] = [each.words for each in noted]
    values |= {name: st.session_state.get(_key(found, name), "") for name in ("reason", "said")}
    values |= {"place": place, "rows": sorted(submissions.ticked(found))}
    written = noted or values["reason"] or values["said"] or values["rows"]
    autosave.keep(_key(found), _place(found), values if written else {}, version=found.version, actor=here)


def unsent(session: Session, found: Submission, here: Actor) -> list[str]:
    """What was written on it and not sent (没有发出的分条意见), a text each; it may have changed since."""
    kept = unsaved.kept(session, _place(found), actor=here)
    return _lines(kinds.of(found), kept.values if kept else {})


def _lines(kind: Kind[Any], said: Mapping[str, Any]) -> list[str]:
    """What was kept of remarks, a text each."""
    columns = (said.get(name, []) for name in ("codes", "places", "words"))
    noted = [Remark(*each) for each in zip(*columns, strict=True)]
    lines = remarking.told(kind, [each for each in noted if each.code in kind.reasons])
    last = "，".join(filter(None, (kind.reasons.get(said.get("reason", ""), ""), said.get("said", ""))))
    return [*lines, last] if last else lines


def bring_back(session: Session, found: Submission, given: Iterable[Remark], **who: Unpack[deeds.Who]) -> None:
    """Let the remarks of a decision that was taken back be written again (意见回到原处)."""
    noted = list(given)
    values: dict[str, Any] = {"codes": [each.code for each in noted], "places": [each.place for each in noted]}
    values["words"] = [each.words for each in noted]
    unsaved.keep(session, _place(found), values if noted else {}, version=found.version, **who)


def drop(session: Session, found: Submission, actor: Actor) -> None:
    """Forget what was written: the decision has taken it along."""
    unsaved.drop(session, _place(found), actor=actor)


def _place(found: Submission) -> str:
    """Where remarks that were not sent yet are kept."""
    return f"remarks:{found.id}"


def _key(found: Submission, part: str = "") -> str:
    return f"remarks-{found.id}-{found.version}" + (f"-{part}" if part else "")
