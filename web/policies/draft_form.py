"""The form that changes a policy's numbers: what it is called, hours, windows, waivers, and the whole text below."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import streamlit as st
import yaml

from core.eligibility import drafts
from core.ground.access import Actor, Refused
from core.law import notices
from core.law.notices import Filed, Policy
from core.people import setup
from web import address
from web.policies import faults
from web.words import clause, md

LARGEST = 1_000_000
"""Bytes of a file that is taken: far beyond any notice."""


def text(actor: Actor) -> tuple[str, Any]:
    """Draft text (草稿全文) as it stands on screen: a file just uploaded, or the policy it begins from, as changed.

    And the place below its hours, None where no field stands for them.

    Refused codes: "file" (no text in UTF-8).
    """
    if given := st.file_uploader("上传写好的政策文件，或从现有的政策改起", ["yaml", "yml"], key="lab-file"):
        st.caption("以下是上传的文件，可直接修改；移去文件即回到现有的政策。")
        return _whole(_decoded(given.getvalue())), None
    on_file = _on_file(actor)
    asked = str(st.query_params.get("file", ""))
    if asked and asked not in on_file:
        address.unknown("file", "政策文件", asked, "")
    elif asked and asked != st.session_state.get("lab-asked"):
        st.session_state["lab-policy"] = st.session_state["lab-asked"] = asked
    begun = st.selectbox(
        "从哪份政策开始",
        list(on_file),
        format_func=lambda each: _name(on_file[each]),
        key="lab-policy",
        required=True,
    )
    rule = on_file[begun].policy
    if rule is None:
        st.caption("这份文件有误，请在全文里改正；错误列在旁边。")
        return _whole(drafts.source_text(begun)), None
    return _changed(begun, rule, actor)


def _on_file(actor: Actor) -> dict[str, Filed]:
    """Files to begin from: an administrator's own league's first, then the latest; faulty ones last."""
    here = [each for each in notices.filed() if each.league in (None, actor.league) or actor.oversees_region]

    def order(each: Filed) -> tuple[bool, bool, int]:
        first = each.in_force.first.toordinal() if each.in_force else 0
        return each.policy is None, each.league != actor.league, -first

    return {each.id: each for each in sorted(here, key=order)}


def _name(each: Filed) -> str:
    if each.policy is None:
        return f"{each.id}（有误）"
    return f"{each.policy.document}（{f'{each.league}，' if each.league else ''}{each.policy.first_year}年度）"


def _decoded(content: bytes) -> str:
    try:
        if len(content) > LARGEST:
            raise Refused("file", "文件太大，不是政策文件。请选择一份通知的.yaml文件。")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("file", "文件不是UTF-8编码，请用记事本另存为UTF-8后再上传。") from error


def _whole(text: str) -> str:
    """The whole text, to be changed by hand."""
    return st.text_area("草稿全文", text, key=f"yaml-{hash(text)}", height=480)


def _changed(begun: str, rule: Policy, actor: Actor) -> tuple[str, Any]:
    """The text of a policy with the numbers changed on the form, those it takes over from another included."""
    source, parents = drafts.source_text(begun), notices.parent_texts()
    own, before, after = notices.written_out(source), *(notices.written_out(source, parents) for _ in range(2))
    league = _league(after, rule, actor)
    with st.expander("标题、文号和适用时间"):
        _heading(after, rule, league)
    over = own.get("extends")
    if over:
        above = next((each.policy.title for each in notices.filed() if each.id == over and each.policy), over)
        st.caption(f"这份通知沿用“{md(above)}”，下面列出的包括沿用的数值；改动的写进草稿，其余继续沿用。")
    beside = _amounts(after, rule)
    _windows(after, rule)
    after["waivers"] = _waivers(after.get("waivers") or [], rule)
    draft = drafts.rewritten(own, before, after)
    if over and "extends" not in draft:
        st.info("沿用的减免不能只删去一项或改名：草稿已改为全文写出，不再沿用另一份通知。")
    with st.expander("草稿全文（可直接修改）"):
        st.caption("上面的数值一改，全文随之重新生成；科目、折合、补学等其他规定在全文里改。")
        whole = yaml.safe_dump(draft, allow_unicode=True, sort_keys=False)
        typed = st.text_area("草稿全文", whole, key=f"yaml-{hash(whole)}", height=320, label_visibility="collapsed")
    return typed, beside


def asked(draft: Policy, place: Any, beside: Any) -> None:
    """What a draft may not have been meant to say (请核对): it takes the place of one in force; its sums do not fit.

    The latter stands `beside` the hours, where there are fields for them.
    """
    on_file = {each.id: each for each in notices.filed()}
    if (known := on_file.get(draft.id)) and known.policy:
        same = known.policy.in_force == draft.in_force
        days = "适用时间也相同，" if same else ""
        place.warning(
            f"编号“{draft.id}”与现有的{md(known.policy.document)}相同，{days}发布后会取代它。"
            "要作为新的通知，请在“标题、文号和适用时间”中改编号和日期。"
        )
    for year in sorted({draft.in_force.first.year, draft.in_force.last.year}):
        hours = draft.requirement.in_year(year)
        whole = {each.code for each in draft.subjects if not each.part_of}
        parts, total = sum(hours.get(code, 0) for code in whole), hours.get(notices.TOTAL, 0)
        if 0 < total < parts:
            names = {each.code: each.name for each in draft.subjects}
            said = "、".join(f"{names[code]}{hours[code]:f}" for code in names if code in whole and hours.get(code))
            (beside or place).warning(
                f"{year}年度{said}，合计{parts:f}，多于{notices.TOTAL_NAME}{total:f}："
                f"{notices.TOTAL_NAME}是否应改为{parts:f}？按现在的写法，各科目够了，{notices.TOTAL_NAME}必然也够。"
            )
            return


def _league(raw: dict[str, Any], rule: Policy, actor: Actor) -> str | None:
    """Whose notice it is to be (适用范围): the region's or a league's; a league's administrators' own."""
    own = [actor.league] if actor.league else [faults.REGION, *setup.league_names()]
    at = own.index(faults.place(rule.league)) if faults.place(rule.league) in own else 0
    chosen = st.selectbox("适用范围", own, at, key=f"{rule.id}-league", required=True)
    raw.pop("league", None)
    if chosen == faults.REGION:
        return None
    raw["league"] = chosen
    return chosen


def _heading(raw: dict[str, Any], rule: Policy, league: str | None) -> None:
    """Title, number and period of validity (标题、文号和适用时间). With a new id it is a further notice."""
    raw["title"] = st.text_input("标题", rule.title, key=f"{rule.id}-title")
    raw["document"] = st.text_input("文号", rule.document, key=f"{rule.id}-document")
    first, last = st.columns(2)
    raw["in_force"] = {
        name: str(place.date_input(label, day, key=f"{rule.id}-{name}", format="YYYY-MM-DD"))
        for place, name, label, day in (
            (first, "from", "自何日起适用", rule.in_force.first),
            (last, "to", "至何日止", rule.in_force.last),
        )
    }
    hint = "用新编号（小写字母、数字和连字符，如 nmg-2027）即为另一份通知；沿用原编号则替换原来的内容。"
    new = rule.id if league == rule.league else f"{rule.id}-{setup.league_names().index(league) + 1 if league else 0}"
    raw["id"] = st.text_input("编号", new, key=f"{rule.id}-id{'' if league == rule.league else league}", help=hint)


def _amounts(raw: dict[str, Any], rule: Policy) -> Any:
    """Required hours (学时要求) by subject, three beside each other; answers the place below them."""
    combine = {"each_year": "每年度学时", "sum": "各年度合计学时", "average": "各年度平均学时"}
    st.markdown(f"**{combine[rule.requirement.combine]}**　:gray[不少于]")
    names = {subject.code: subject.name for subject in rule.subjects} | {notices.TOTAL: notices.TOTAL_NAME}
    hours = raw["requirement"]["hours"]
    places = [place for _ in range(0, len(hours), 3) for place in st.columns(3)]
    for place, (code, amount) in zip(places, list(hours.items()), strict=False):
        typed = place.number_input(names[code], 0.0, 1000.0, float(amount), 0.5, format="%g", key=f"{rule.id}-{code}")
        if typed != float(amount):
            hours[code] = f"{typed:g}"
    return st.container()


def _windows(raw: dict[str, Any], rule: Policy) -> None:
    """Years to complete (需完成的年度), by route, level and education."""
    st.markdown("**需完成的年度**　:gray[近几年]")
    for at, window in enumerate(raw.get("windows") or []):
        if "years" in window:
            who = "、".join((window["route"], *window.get("level", []), *window.get("education", [])))
            typed = st.number_input(who, 0, 40, int(window["years"]), key=f"{rule.id}-window-{at}")
            if typed != int(window["years"]):
                window["years"] = str(typed)


def _waivers(found: list[dict[str, Any]], rule: Policy) -> list[dict[str, Any]]:
    """Waivers (减免) that are kept, with their ages as typed; a name that states the age follows it."""
    st.markdown("**减免**　:gray[取消勾选即删去；数字为周岁]")
    kept = []
    for where, group in groupby(found, key=lambda waiver: str(waiver["clause"])):
        st.markdown(clause(where))
        for waiver in group:
            name = waiver["name"]
            ages = [each for each in waiver["when"] if each["fact"] == "age" and "at_least" in each]
            on, number = st.columns([3, 2], vertical_alignment="center") if ages else (st, st)
            if on.checkbox(name, True, key=f"{rule.id}-{name}"):
                kept.append(waiver)
            for each in ages:
                was, key = each["at_least"], f"{rule.id}-{name}-age"
                age = number.number_input(f"{name}：周岁", 16, 80, int(was), key=key, label_visibility="collapsed")
                each["at_least"] = str(age)
                waiver["name"] = name.replace(f"{was}周岁", f"{age}周岁")
    return kept
