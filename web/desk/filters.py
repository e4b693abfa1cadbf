"""The filters of the desk (筛选): they live in the address bar, and a count stands beside each kind and state.

An account's own views (常用视图) are filters under a name; opening one puts them into the address bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import resident_id
from core.ground.access import Actor
from core.models import State
from core.office import views
from core.office.views import View
from core.submissions import workflow
from core.submissions.kinds import Kind
from core.submissions.queues import Urgency, Wanted
from web import address, deeds
from web.deeds import Who
from web.words import md

ALL = "all"
_TYPED = {"q": "查找框", "org": "报送机构"}
"""The filters that are typed."""
NAMES = ("kind", "own", "state", "urgency", "q", "org")
"""The query parameters, in the order in which they are drawn."""


def wanted(here: Actor, offered: Sequence[Kind[Any]]) -> Wanted:
    """What the address bar asks for (筛选条件), as far as the actor may ask for it; what it does not say is usual."""
    there = st.query_params.to_dict()
    asked = {name: there.get(name, "") for name in NAMES}
    asked |= {name: address.text(name, label) for name, label in _TYPED.items()}
    codes = [kind.code for kind in offered]
    named = dict.fromkeys(filter(None, asked["kind"].split(",")))
    chosen = tuple(code for code in codes if code in named)
    if wrong := [code for code in named if code not in codes]:
        known = "、".join(kind.short for kind in offered if kind.code in chosen)
        address.unknown("kind", "类别", "、".join(wrong), known or address.ALL)
        if chosen:
            st.query_params["kind"] = ",".join(chosen)
    state = usual_state(here, offered)
    return Wanted(
        kinds=chosen or tuple(codes),
        state=None if asked["state"] == ALL else _member("state", "状态", workflow.states_for(here), asked, state),
        urgency=_member("urgency", "紧急程度", Urgency, asked, None),
        organization=asked["org"],
        text=asked["q"],
        own=here.oversees_region and asked["own"] != "0",
    )


def usual_state(here: Actor, offered: Sequence[Kind[Any]]) -> State:
    """What somebody comes for: what waits for a decision, or, who decides nothing, what may need an extension."""
    decides = any(here.role in workflow.deciders(kind) for kind in offered)
    return State.SUBMITTED if decides else State.DRAFT


def _member(name: str, label: str, words: Iterable[Any], asked: Mapping[str, str], usual: Any) -> Any:
    """The member of a vocabulary that the address names; what it does not have is said."""
    found = next((member for member in words if member.value == asked[name]), None)
    if asked[name] and found is None:
        address.unknown(name, label, asked[name], usual.label if usual else "不限")
    return found or usual


def draw(
    here: Actor,
    offered: Sequence[Kind[Any]],
    asked: Wanted,
    counts: Mapping[tuple[str, State], int],
    saved: Sequence[View],
) -> None:
    """The filters in one row: kinds, states and text; the rest behind a button that says what of it is chosen."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="desk-filters"):
        if len(offered) > 1:
            _kinds(offered, asked, counts)
        only = offered[0] if len(offered) == 1 else next((k for k in offered if asked.kinds == (k.code,)), None)
        of_state = {state: _sum(counts, asked.kinds, state) for state in workflow.states_for(here)}
        words: dict[Any, str] = {
            state: f"{only.word_for(state) if only else state.label} {of_state[state]}" for state in of_state
        }
        words[ALL] = f"全部 {_sum(counts, asked.kinds, None)}"
        _pills("state", "状态", words, asked.state or ALL, str, required=True)
        placeholder = "培训、证书、人员或机构"
        _field(st.text_input, "q", placeholder, asked.text, placeholder=placeholder, width=190)
        _more(here, asked)
        _views(here, offered, asked, saved)


def _kinds(offered: Sequence[Kind[Any]], asked: Wanted, counts: Mapping[tuple[str, State], int]) -> None:
    """Which kinds (类别), one or several, each with its count; those chosen stand on the button."""
    words = {kind.code: kind.short for kind in offered}
    chosen = list(asked.kinds) if len(asked.kinds) < len(words) else []
    label = "、".join(words[code] for code in chosen[:2]) + (f"等{len(chosen)}类" if len(chosen) > 2 else "")
    with st.popover(f"类别：{label or '全部'}", key="desk-kinds"):
        shown = {code: f"{word} {_sum(counts, [code], asked.state)}" for code, word in words.items()}
        st.caption("可选几类；再点一次取消，都不选即全部。")
        _pills("kind", "类别", shown, chosen, ",".join, selection_mode="multi")


def _more(here: Actor, asked: Wanted) -> None:
    """What is asked for less often (更多条件): urgency, who filed, whose to decide."""
    chosen = [asked.urgency.label] if asked.urgency else []
    chosen += [asked.organization] if asked.organization else []
    chosen += ["含其他机关的"] if here.oversees_region and not asked.own else []
    label = f"筛选：{'、'.join(chosen)}" if chosen else "更多筛选"
    with st.popover(md(label), key="desk-more"):
        pressing = {"": "不限"} | {each.value: each.label for each in Urgency}
        urgent = asked.urgency.value if asked.urgency else ""
        given: dict[str, Any] = {"format_func": pressing.get, "label_visibility": "visible"}
        _field(st.selectbox, "urgency", "紧急程度", urgent, list(pressing), **given)
        _field(
            st.text_input,
            "org",
            "报送机构",
            asked.organization,
            label_visibility="visible",
            placeholder="名称中的几个字",
        )
        if here.oversees_region:
            _field(st.toggle, "own", "只看由本机关审核的", asked.own)


def total(counts: Mapping[tuple[str, State], int], asked: Wanted) -> int:
    """How many are listed."""
    return _sum(counts, asked.kinds, asked.state)


def _sum(counts: Mapping[tuple[str, State], int], kinds: Iterable[str], state: State | None) -> int:
    return sum(counts.get((kind, each), 0) for kind in kinds for each in State if state in (None, each))


def _pills(
    name: str, label: str, words: dict[Any, str], value: Any, written: Callable[[Any], str], **more: Any
) -> None:
    st.session_state[_key(name)] = value  # the address bar is what holds, whatever was clicked before
    st.pills(
        label,
        list(words),
        format_func=words.__getitem__,
        key=_key(name),
        on_change=_changed,
        args=(name, written),
        label_visibility="collapsed",
        **more,
    )


def _field(draw: Callable[..., Any], name: str, label: str, value: Any, *given: Any, **more: Any) -> None:
    st.session_state[_key(name)] = value
    folded = {} if draw is st.toggle else {"label_visibility": "collapsed"}
    draw(label, *given, key=_key(name), on_change=_changed, args=(name, WRITTEN.get(name, str)), **folded | more)


WRITTEN: dict[str, Callable[[Any], str]] = {
    "own": lambda own: "" if own else "0",
    "q": resident_id.masked,
    "org": resident_id.masked,
}
"""How a value is written into the address bar, where it is not as it is."""


def _key(name: str) -> str:
    return f"desk-{name}"


def _changed(name: str, written: Callable[[Any], str]) -> None:
    """Put what was chosen into the address bar; the list begins anew."""
    chosen = st.session_state[_key(name)]
    if name in _TYPED and not address.fits(_TYPED[name], str(chosen)):
        return
    if value := written(chosen):
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)
    st.query_params.pop("page", None)


# --- views of one's own -----------------------------------------------------------------------------------------------


def _views(here: Actor, offered: Sequence[Kind[Any]], asked: Wanted, saved: Sequence[View]) -> None:
    """The views (常用视图), the one that is shown marked; clicked again, it makes way for the usual filters.

    They are drawn once their button is open. The filters' are there always: Streamlit (1.67) shuts what is drawn so as
    soon as its label says something else.
    """
    written = {view.name: _written(here, offered, view.wanted) for view in saved}
    now = _written(here, offered, asked)
    shown = next((name for name, filters in written.items() if filters == now), None)
    label = f"视图：{md(shown)}" if shown else "视图"
    own = st.popover(label, icon=":material/bookmark:", key="desk-views", on_change="rerun")
    if not own.open:
        return
    with own:
        if written:
            st.session_state["desk-view"] = shown
            st.pills("常用视图", list(written), format_func=md, key="desk-view", on_change=_open, args=(written,))
        st.caption("把现在的筛选条件存为常用视图，以后点一下就打开，只有您看得到。用已有的名称保存，即改为现在的条件。")
        st.text_input("名称", key="desk-view-name", max_chars=views.LONGEST, placeholder="如：本周到期")
        st.button("存为常用视图", key="desk-view-save", type="primary", on_click=_save, args=(offered, asked))
        if written:
            st.selectbox("已有的视图", list(written), key="desk-view-old", required=True)
            st.button("删除这个视图", key="desk-view-remove", on_click=_remove)


def _written(here: Actor, offered: Sequence[Kind[Any]], wanted: Wanted) -> dict[str, str]:
    """Filters as the address bar says them."""
    codes = [kind.code for kind in offered if kind.code in wanted.kinds]
    said = {
        "kind": ",".join(codes) if len(codes) < len(offered) else "",
        "state": wanted.state.value if wanted.state else ALL,
        "urgency": wanted.urgency.value if wanted.urgency else "",
        "org": wanted.organization,
        "q": wanted.text,
        "own": "0" if here.oversees_region and not wanted.own else "",
    }
    return {name: value for name, value in said.items() if value}


def _open(written: Mapping[str, Mapping[str, str]]) -> None:
    """Put a view's filters into the address bar, or the usual ones where none is chosen any more."""
    for name in (*NAMES, "page"):
        st.query_params.pop(name, None)
    for name, value in written.get(st.session_state["desk-view"], {}).items():
        st.query_params[name] = value


def _save(offered: Sequence[Kind[Any]], asked: Wanted) -> None:
    """Save what is shown under the name typed; of all kinds there are, it is of all there will be."""
    name = st.session_state["desk-view-name"]
    wanted = replace(asked, kinds=()) if len(asked.kinds) == len(offered) else asked

    def act(session: Session, **who: Unpack[Who]) -> str:
        return f"筛选条件已存为常用视图“{views.save(session, name, wanted, actor=who['actor']).name}”。"

    if deeds.deed(act, "view", name, wanted):
        st.session_state["desk-view-name"] = ""


def _remove() -> None:
    name = st.session_state["desk-view-old"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        views.remove(session, name, actor=who["actor"])
        return f"常用视图“{name}”已删除。"

    deeds.deed(act, "view-remove", name)
