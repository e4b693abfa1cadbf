"""What a class of an institute (办班) adds to the form of its plan: occupation, direction, level, hours of both."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Refused
from core.ground.hours import hours_text
from core.law.notices import Way
from core.models import ClassLevel, Mode
from core.submissions.programmes import marking, occupations
from core.submissions.programmes.occupations import ClassFields
from web import drafts
from web.words import md

FIELDS = tuple(ClassFields.__dataclass_fields__)


def typed(fields: ClassFields | None) -> dict[str, Any]:
    """The fields of a class as the widgets have them; blank for a plan of none."""
    if fields is None:
        return dict.fromkeys(FIELDS, "")
    hours = {name: hours_text(getattr(fields, name)) for name in ("online_hours", "offline_hours")}
    return {"occupation": fields.occupation, "direction": fields.direction, "level": str(fields.level)} | hours


def begun(start: date, actor: Actor) -> dict[str, Any]:
    """What a new plan begins with (专项项目): an institute's is a class, in both ways; anybody else's is of none."""
    found = typed(None) | {"programme": ""}
    if actor.organization_kind is not OrganizationKind.INSTITUTE:
        return found
    code = next((each.code for each in marking.of_plans(start, actor.league) if each.way is Way.CLASSES), "")
    return found | ({"programme": code, "mode": Mode.BLENDED.value, "hours_each": ""} if code else {})


def hours(draft: drafts.Form, start: date, league: str | None) -> bool:
    """Whether the hours of a plan are the sum of a class's, which then stand in their field (每人学时)."""
    if not _is_one(draft, start, league):
        return False
    total = _fields(draft).hours
    st.session_state[draft.key("hours_each")] = hours_text(total) if total else ""
    return True


def taken(draft: drafts.Form, actor: Actor) -> dict[str, Any]:
    """What saving the form takes of a class: the class and the hours of the plan as their sum; of any other, none."""
    start = draft.value("start_on")
    if start is None or not _is_one(draft, start, actor.league):
        return {"course": None}
    fields = _fields(draft)
    return {"course": fields} | ({"hours_each": fields.hours} if fields.hours else {})


def _is_one(draft: drafts.Form, start: date, league: str | None) -> bool:
    """Whether the plan is of a programme that is carried out by classes, by the notice of its first day."""
    try:
        offered = marking.of_plans(start, league)
    except Refused:
        return False
    return any(each.code == draft.value("programme") and each.way is Way.CLASSES for each in offered)


def _fields(draft: drafts.Form) -> ClassFields:
    """What is typed, without the direction where the level takes none."""
    said = occupations.filled(ClassFields(**{name: draft.value(name) or "" for name in FIELDS}))
    try:
        if isinstance(said.level, ClassLevel) and not occupations.directions_of(said.occupation, said.level).taken:
            return ClassFields(said.occupation, "", said.level, said.online_hours, said.offline_hours)
    except Refused:
        pass
    return said


def draw(draft: drafts.Form, start: date, actor: Actor) -> None:
    """The fields of a class (职业、方向、等级、学时), for a plan of such a programme alone."""
    if not _is_one(draft, start, actor.league):
        return
    try:
        _draw(draft, start, actor)
    except Refused as refused:
        st.error(md(refused.words))


def _draw(draft: drafts.Form, start: date, actor: Actor) -> None:
    end = draft.value("end_on") or start
    with db.reading() as session:
        may = occupations.trainable(session, actor.organization_id, start, end)
    if not may:
        st.warning(f"本机构在{start}至{end}没有核准且在有效期内的职业，不能办班；核准职业由自治区登记。")
    places = st.columns([2, 1, 2])
    chosen = str(draft.value("occupation"))
    names = list(dict.fromkeys(["", *may, chosen]))
    draft.ask(places[0].selectbox, "occupation", "职业 *", names, format_func=lambda name: name or "请选择")
    levels = {level.value: level.label for level in occupations.levels_of(chosen)}
    said = str(draft.value("level"))
    options = list(dict.fromkeys(["", *levels, said]))
    words = {level.value: level.label for level in ClassLevel} | {"": "请选择"}
    draft.ask(places[1].selectbox, "level", "等级 *", options, format_func=lambda code: words.get(code, code))
    if said in levels:
        _direction(draft, places[2], chosen, ClassLevel(said))
    left, right, _ = st.columns([1, 1, 2])
    draft.ask(left.text_input, "online_hours", "线上学时 *", max_chars=10, help="没有的填0")
    draft.ask(right.text_input, "offline_hours", "线下学时 *", max_chars=10, help="没有的填0")
    if said in levels:
        least = occupations.least_hours(chosen, ClassLevel(said), str(draft.value("direction")))
        told = f"不少于{hours_text(least)}学时" if least is not None else "职业目录没有载明，以批准的计划为准"
        st.caption(f"标准学时：{told}。学时在报告通过后一次记入培训结束当年，取得证书不另计。")


def _direction(draft: drafts.Form, place: Any, occupation: str, level: ClassLevel) -> None:
    """The direction (职业方向) as the level takes it: none, one of those known, or as it is written."""
    known = occupations.directions_of(occupation, level)
    said = str(draft.value("direction"))
    if not known.taken:
        place.text_input("职业方向", "不分方向", disabled=True)
    elif known.open:
        told = "、".join(known.names) or "职业目录没有载明方向，有的请填写，没有的留空"
        draft.ask(place.text_input, "direction", "职业方向", max_chars=occupations.LONGEST, help=md(told))
    else:
        options = list(dict.fromkeys(["", *known.names, said]))
        draft.ask(place.selectbox, "direction", "职业方向 *", options, format_func=lambda name: name or "请选择")
