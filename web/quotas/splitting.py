"""The region splits a target over its offices (指标分解): typed, pasted or proposed, then published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.law.notices import Programme
from core.models import Organization
from core.office import dashboards, unsaved
from core.quotas import splitting, targets
from core.quotas.targets import Draft, Split, Targets
from web import bar, deeds, drafts, tables
from web.deeds import Act, Who
from web.words import md, moment_text

_SHARE = "本次指标"


@dataclass(frozen=True)
class _Desk:
    """What the page works on: a programme of a year, its draft, and the form over it."""

    found: Programme
    year: int
    drafted: Draft
    draft: drafts.Form

    @property
    def shares(self) -> dict[int, int]:
        """The shares as they are typed, by organization."""
        return {int(office): int(share) for office, share in (each.split(":") for each in self.draft.value("shares"))}

    @property
    def split(self) -> Split:
        return Split(self.draft.value("target"), self.draft.value("most"), self.shares)

    def put(self, shares: Mapping[int, int]) -> None:
        """Other shares in the form, kept as typed."""
        st.session_state[self.draft.key("shares")] = _listed(shares)
        self.draft.keep()


def _listed(shares: Mapping[int, int]) -> list[str]:
    return [f"{office}:{shares[office]}" for office in sorted(shares)]


def split(found: Programme, year: int, here: Actor) -> None:
    """Split and publish the target of a programme (分解与下达)."""
    with db.reading() as session:
        drafted = targets.draft(session, here, found.code, year)
        standing = targets.in_force(session, here, found.code, year)
        before = targets.in_force(session, here, found.code, year - 1)
        offices = targets.offices(session, found)
    base = {"target": drafted.split.target, "most": drafted.split.most, "shares": _listed(drafted.split.shares)}
    place = f"quota:{found.code.replace('_', '-')}:{year}"
    draft = drafts.form(place, base | {"reason": ""}, version=drafted.version, actor=here)
    desk = _Desk(found, year, drafted, draft)
    st.caption(_said(desk, standing))
    whole, upper, _ = st.columns([1, 1, 2])
    amount: dict[str, Any] = {"min_value": 0, "max_value": targets.MOST, "step": 1, "value": None}
    draft.ask(whole.number_input, "target", f"全区指标（{found.unit}）", **amount, placeholder="未定")
    if found.target_at_most is not None or draft.value("most") is not None:
        draft.ask(upper.number_input, "most", f"指标上限（{found.unit}）", **amount, placeholder="不是一个范围的留空")
    _table(desk, offices, standing, before)
    if fault := draft.fault("shares"):
        st.markdown(f":red[:material/error: {md(fault)}]")
    _problems(desk)
    _foot(desk)


def _said(desk: _Desk, standing: Targets) -> str:
    """How the target stands: what the notice says, what was published, whose draft is open."""
    asked = targets.written(targets.of_notice(desk.found), desk.found.unit)
    parts = [f"通知（{desk.found.clause}）：{asked}"]
    if standing.number:
        when = moment_text(standing.at)
        parts.append(f"现行第{standing.number}版：{targets.written(standing.split, desk.found.unit)}（{when}下达）")
    else:
        parts.append("尚未下达")
    if desk.drafted.open:
        parts.append(f"草稿由{desk.drafted.by}于{moment_text(desk.drafted.at)}保存，尚未下达，各单位看不到")
    return md("；".join(parts) + "。")


# --- the table --------------------------------------------------------------------------------------------------------


def _table(desk: _Desk, offices: Mapping[int, Organization], standing: Targets, before: Targets) -> None:
    """The editable table (分解表). It is mounted anew where something else than the hand changed the shares."""
    mounted, number = f"{desk.draft.prefix}mounted", f"{desk.draft.prefix}round"
    at, shares = st.session_state.get(number, 0), desk.shares
    ids = list(offices)
    key = f"{desk.draft.prefix}table-{at}"
    if _typed(st.session_state.get(mounted, {}), st.session_state.get(key), ids) != shares:
        key = f"{desk.draft.prefix}table-{at + 1}"
        st.session_state[number], st.session_state[mounted] = at + 1, shares
    earlier = {f"{desk.year - 1}年指标": before.split.shares, "现行指标": standing.split.shares}
    shown = pd.DataFrame(
        {
            "office": [_name(office) for office in offices.values()],
            **{name: _column(given, ids) for name, given in earlier.items() if given},
            _SHARE: _column(st.session_state.get(mounted, {}), ids),
        }
    )
    figure: dict[str, Any] = {"format": "localized", "width": "small"}
    config: dict[str, Any] = {name: st.column_config.NumberColumn(name, **figure) for name in shown.columns[1:-1]}
    config["office"] = st.column_config.TextColumn("分解对象", width=165)
    config[_SHARE] = st.column_config.NumberColumn(
        f"{_SHARE}（{desk.found.unit}）", min_value=0, max_value=targets.MOST, step=1, format="localized", width=130
    )
    st.data_editor(
        shown,
        hide_index=True,
        disabled=list(shown.columns[:-1]),
        column_order=["office", _SHARE, *reversed(shown.columns[1:-1])],  # what is typed is in view on a phone too
        column_config=config,
        key=key,
        on_change=_edited,
        args=(desk, key, ids),
        height=min(36 * (len(ids) + 1) + 2, 620),
        placeholder="",
    )


def _name(office: Organization) -> str:
    short = dashboards.short(office.name)
    return f"{short}（未单列的单位）" if short != office.name and "自治区" in short else short


def _column(shares: Mapping[int, int], ids: list[int]) -> pd.Series[Any]:
    return pd.Series([shares.get(each) for each in ids], dtype="Int64")


def _typed(mounted: Mapping[int, int], state: Any, ids: list[int]) -> dict[int, int]:
    """What stands in the table: what it was mounted with, and what was typed over it since."""
    found = dict(mounted)
    for at, cells in (state or {}).get("edited_rows", {}).items():
        if _SHARE in cells and 0 <= at < len(ids) and not isinstance(cells[_SHARE], str):
            found.pop(ids[at], None)
            if cells[_SHARE] is not None:
                found[ids[at]] = int(cells[_SHARE])
    return found


def _edited(desk: _Desk, key: str, ids: list[int]) -> None:
    desk.put(_typed(st.session_state.get(f"{desk.draft.prefix}mounted", {}), st.session_state[key], ids))


# --- proposed, pasted -------------------------------------------------------------------------------------------------


def _propose(desk: _Desk) -> None:
    total = desk.draft.value("target")
    given = {"typed_so_far": desk.shares}
    made = deeds.answer(lambda session, who: splitting.proposal(session, who, desk.found, desk.year, total, **given))
    if made is not None:
        desk.put(made.shares)
        words = f"已按{made.basis}的比例分解，合计{sum(made.shares.values()):,}{desk.found.unit}，请核对后保存或下达。"
        words += f"{made.kept}个单位没有可参照的数，保留原填的指标。" if made.kept else ""
        deeds.say("success", words)


def _paste(desk: _Desk, key: str) -> None:
    text = st.session_state[key]
    read = deeds.answer(lambda session, who: splitting.pasted(session, desk.found, text))
    if read is None:
        return
    desk.put(desk.shares | read.shares)
    st.session_state[f"{desk.draft.prefix}problems"] = read.problems
    left = len({each.row for each in read.problems if each.blocking})
    words = f"已填入{len(read.shares)}个单位的指标"
    deeds.say("warning" if left else "success", words + (f"，{left}行没有填入，原因列在表下。" if left else "。"))
    st.session_state[key] = ""
    st.session_state[f"{key}-open"] = False


def _problems(desk: _Desk) -> None:
    """What of the last paste was not taken, and why."""
    if found := st.session_state.get(f"{desk.draft.prefix}problems"):
        st.caption("粘贴的内容中没有填入或需要核对的：")
        tables.problems(found, splitting.SHARES.listing.headings)


# --- saved, published -------------------------------------------------------------------------------------------------


def _foot(desk: _Desk) -> None:
    draft = desk.draft
    total = targets.held(desk.split, desk.found.unit)
    even = "一致" in total or "之内" in total
    with bar.bar(keep=True), st.container(horizontal=True, vertical_alignment="center", gap="small"):
        opened: dict[str, Any] = {"on_change": "rerun"}  # so that the deed closes it, and its message is seen
        with st.popover(
            "下达", type="primary", icon=":material/campaign:", key=f"{draft.prefix}publish-open", **opened
        ):
            st.write(f"下达后成为第{desk.drafted.number + 1}版，有指标的单位即可看到并收到消息；以前各版仍可查看。")
            st.write(f"{total}。")
            words = "依据或原因（必填，有指标的单位都能看到）"
            draft.ask(st.text_area, "reason", words, height=80, max_chars=targets.LONGEST_REASON)
            st.button("确认下达", type="primary", key=f"{draft.prefix}publish", on_click=_publish, args=(desk,))
        st.button("保存草稿", key=f"{draft.prefix}save", on_click=_save, args=(desk,), disabled=not draft.changed)
        st.button(
            "按比例建议",
            key=f"{draft.prefix}propose",
            icon=":material/percent:",
            on_click=_propose,
            args=(desk,),
            help="按上年各单位的指标把全区指标分到各单位（最大余数法，合计等于全区指标）；没有上年指标的按在库人员人数。",
        )
        key = f"{draft.prefix}paste"
        with st.popover("粘贴", icon=":material/content_paste:", key=f"{key}-open", **opened):
            st.text_area("从WPS或Excel复制“单位”“指标”两列", key=key, height=160, placeholder="呼和浩特市\t1500")
            st.button("填入表中", key=f"{key}-in", on_click=_paste, args=(desk, key))
        st.markdown(f":{'green' if even else 'orange'}-badge[{total}]", width="content")
        draft.mark()


def _save(desk: _Desk) -> None:
    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        given, version = desk.split, desk.draft.version
        kept = targets.save(session, desk.found.code, desk.year, given, version=version, **who)
        return "草稿已保存，只有自治区人社厅看得到；下达后各单位才会看到。", _kept(session, desk, kept.version, who)

    _done(desk, act, "draft")


def _publish(desk: _Desk) -> None:
    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        given, version, reason = desk.split, desk.draft.version, desk.draft.value("reason")
        made = targets.publish(session, desk.found.code, desk.year, given, version=version, reason=reason, **who)
        session.flush()
        words = f"{desk.year}年度{desk.found.name}指标第{made.number}版已下达，{len(given.shares)}个单位有分解的指标。"
        kept = targets.draft(session, who["actor"], desk.found.code, desk.year).version
        return words, _kept(session, desk, kept, who)

    if _done(desk, act, "publish"):
        st.session_state[f"{desk.draft.prefix}publish-open"] = False


def _kept(session: Session, desk: _Desk, version: int, who: Who) -> int:
    """What was typed is on record now."""
    unsaved.drop(session, desk.draft.place, actor=who["actor"])
    return version


def _done(desk: _Desk, act: Act[Any], what: str) -> bool:
    """Whether it was done."""
    draft = desk.draft
    version = deeds.deed(draft.blaming(act), what, draft.place, draft.version, *map(str, draft.values.values()))
    if version is not None:
        draft.saved(draft.place, version)
        st.session_state.pop(f"{draft.prefix}problems", None)
    return version is not None
