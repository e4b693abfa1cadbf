"""The form of a yearly plan table (年度计划表, 附件2): a file or pasted rows, and every line on the screen."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Refused
from core.law import deadlines
from core.models import Organization, PlanTable, YearSummary
from core.submissions.programmes import capability, lines
from core.tables.mending import Change
from core.tables.problems import Problem
from core.tables.reading import Asked
from core.trail import choices
from core.trail.files import Upload
from web import address, context, deeds, drafts, papers, submissions, tables
from web.deeds import Act, Who
from web.desk import evidence
from web.papers import Paper
from web.programmes import reading
from web.words import days_left, md


def form(found: PlanTable | None, actor: Actor) -> Paper:
    """The form of a plan table (填写计划表), open while it may be edited; its lines stand below once it is begun."""
    base = begun(found, actor) | {"note": found.note if found else "", "pasted": ""}
    place, version = (f"plan_table:{found.id}", found.version) if found else ("plan_table:new", 0)
    draft = drafts.form(place, base, version=version, actor=actor, notes=papers.notes(found, actor))
    paper = Paper(
        capability.TABLE,
        draft,
        partial(_keep, draft),
        found=found,
        given=partial(draft.given_table, "file"),
        taken=partial(_taken, draft),
        unread=partial(_unread, draft),
        reads=_as_read,
    )
    which(draft, found, actor, "plan_due")
    evidence.filed(found, actor)
    _files(draft, paper, found, actor)
    if found:
        _room(found, actor, st.session_state.get(_round(draft), 0))
    most = capability.LONGEST_NOTE
    draft.ask(st.text_area, "note", "编制说明", height=80, max_chars=most, help="可不填；审核机关会看到")
    st.caption(drafts.LEGEND)
    return paper


def _as_read(_session: Session, found: PlanTable, _actor: Actor) -> Callable[[], None]:
    """A table with its lines as its reviewer reads it; answers what draws it."""
    said, frame, columns = submissions.said(found), reading.frame(found), reading.columns(found)

    def draw() -> None:
        said()
        tables.table(frame, columns, empty="还没有一项计划。")

    return draw


def begun(found: PlanTable | YearSummary | None, actor: Actor) -> dict[str, Any]:
    """Programme and year of what is filed; of a new one the first of the year of the address, or of this one."""
    if found:
        return {"year": found.year, "programme": found.programme}
    year = address.chosen("year") or context.today().year
    with db.reading() as session:
        offered = capability.offered(session.get_one(Organization, actor.organization_id), year)
    return {"year": year, "programme": offered[0].code if offered else ""}


def which(draft: drafts.Form, found: PlanTable | YearSummary | None, actor: Actor, what: str) -> None:
    """Year and programme, chosen when it is begun, and by when it is to be filed (报送期限)."""
    today = context.today()
    if found is None:
        left, right = st.columns([1, 3])
        years = sorted({today.year + 1, today.year, today.year - 1, draft.value("year")}, reverse=True)
        draft.ask(left.selectbox, "year", "年度 *", years)
        with db.reading() as session:
            home = session.get_one(Organization, actor.organization_id)
            offered = {each.code: each.name for each in capability.offered(home, draft.value("year"))}
        if not offered:
            st.info(f"{draft.value('year')}年度的通知没有由本单位报送计划表的项目。请换一个年度。")
        if draft.value("programme") not in offered and offered:
            st.session_state[draft.key("programme")] = next(iter(offered))
        draft.ask(right.selectbox, "programme", "项目 *", list(offered), format_func=offered.__getitem__)
    year, code = draft.value("year"), draft.value("programme")
    try:
        with db.reading() as session:
            home = session.get_one(Organization, actor.organization_id)
            deadline = capability.due(session, home, code, year, what) if code else None
            taken_late = capability.policy_of_year(home, year).setting("capability_late", True)
    except Refused as refused:
        st.warning(md(refused.words))
        return
    if deadline:
        told = (
            f"应于{deadlines.by(deadline.due_on)}报送（{deadline.clause}），{days_left((deadline.due_on - today).days)}"
        )
        way = "逾期的照常受理，注明逾期。" if taken_late else "逾期的不再受理。"
        late = f"。{way}" if deadline.due_on < today else f"。{deadline.words}"
        (st.warning if deadline.due_on < today else st.caption)(md(told + late))


# --- files and pasted rows --------------------------------------------------------------------------------------------


def _files(draft: drafts.Form, paper: Paper, found: PlanTable | None, actor: Actor) -> None:
    """A file as the office has it, rows pasted instead of one, and the question a file left open (认列)."""
    there = len(found.lines) if found else 0
    left, right = st.columns([3, 2], vertical_alignment="center")
    draft.ask_files(left, "file", "计划表文件（Excel、WPS或CSV，按原样上传）", ["xlsx", "xls", "et", "csv"])
    if there and draft.chosen:
        right.checkbox(
            f"替换原有各项（{there}项）", key=draft.replace_key("file"), help="不勾选不会替换；粘贴的各项加在后面"
        )
    with right:
        blank, made = tables.Unmarked.BLANK, _blank(draft.value("year"), actor.organization_id)
        tables.download("下载空白计划表（附件2）", made, "计划表.xlsx", unmarked=blank)
    with st.expander("不上传文件，从WPS或Excel复制后粘贴", expanded=bool(draft.value("pasted"))):
        label = "粘贴各项（加在现有各项之后）" if there else "粘贴各项（可带表头；不带表头的按附件2的列序）"
        draft.ask(st.text_area, "pasted", label, height=120)
    st.button("保存并检查计划表", key=f"{draft.prefix}check", on_click=papers.save_now, args=(paper,))
    if words := draft.fault("lines"):
        st.markdown(f":red[:material/error: {md(words)}]")
    before, asked = st.session_state.get(f"{draft.prefix}asked", (None, None))
    if asked and before == _asked_of(draft):
        st.error(md(asked.words))
        key = f"{draft.prefix}{before[0]}"
        tables.columns(asked.understood, lines.LISTING, key=key, then=lambda: papers.save(paper))


@functools.cache
def _blank(year: int, organization_id: int) -> Act[bytes]:
    """An empty table to fill in (空白计划表), made when it is first asked for."""

    def made(session: Session, **_: Unpack[Who]) -> bytes:
        home = session.get_one(Organization, organization_id)
        return lines.template(capability.policy_of_year(home, year), year)

    return made


def _round(draft: drafts.Form) -> str:
    """The key of how many files and pasted rows were taken."""
    return f"{draft.prefix}round"


def _taken(draft: drafts.Form) -> None:
    st.session_state[draft.key("pasted")] = ""
    st.session_state.pop(f"{draft.prefix}asked", None)
    st.session_state[_round(draft)] = st.session_state.get(_round(draft), 0) + 1


def _asked_of(draft: drafts.Form) -> tuple[str, str]:
    """The file and the rows on the form: what a question about columns was asked of."""
    return "-".join(draft.given()), str(draft.value("pasted"))


def _unread(draft: drafts.Form) -> bool:
    """Whether lines come in with the click: they are looked at before they are filed."""
    return any(each.startswith(("file", "pasted")) for each in draft.given_table("file"))


def _keep(draft: drafts.Form, session: Session, **who: Unpack[Who]) -> tuple[str, PlanTable]:
    """What saving the form does (保存并检查): a table begun or changed; a question a file leaves stays there."""
    try:
        return _kept(draft, session, **who)
    except Asked as asked:
        st.session_state[f"{draft.prefix}asked"] = (_asked_of(draft), asked)
        raise


def _kept(draft: drafts.Form, session: Session, **who: Unpack[Who]) -> tuple[str, PlanTable]:
    values, version = draft.values, draft.version
    file = draft.file(session, "file", who["actor"])
    number = draft.record
    with drafts.reads("pasted"):
        pasted = _pasted(session, values["pasted"], who["actor"])
    uploads = [each for each in (file, pasted) if each is not None]
    for upload in uploads:  # before anything is saved: others would wait for it
        with drafts.reads("file" if upload is file else "pasted"):
            capability.look_into(session, upload, actor=who["actor"])
    if number is None:
        fields = capability.TableFields(values["programme"] or "", values["year"], values["note"])
        begun = capability.draft(session, fields, **who)
        session.flush()
        number, version = begun.id, begun.version
        if file is None and not typed.text(values["pasted"]):
            return f"“{begun.title}”已保存，请添加各项。", begun
    told = ""
    for upload in uploads:
        over, adds = "replace" in draft.given_table("file"), upload is not file
        act: dict[str, Any] = {"note": values["note"], "given": upload, "adds": adds, "replaces": over}
        kept = capability.revise(session, number, version=version, **act, **who)
        session.flush()
        version, told = kept.version, kept.read_account.split("\n")[0] + "。"
    if not told:
        kept = capability.revise(session, number, note=values["note"], version=version, **who)
        session.flush()
    found = f"共{kept.items}项，计划{capability.headcount(kept)}"
    wrong = f"，{kept.faults}项待改正" if kept.faults else ""
    return f"已保存。{told}{found}{wrong}。", kept


def _pasted(session: Session, text: str, actor: Actor) -> Upload | None:
    if not typed.text(text):
        return None
    return lines.pasted(text, choices.chosen(session, actor.organization_id, lines.LISTING.code))


# --- the lines --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mending:
    """One's own table as the repair sheet mends it (`tables.Mending`)."""

    found: PlanTable
    taken: int
    """How many files and pasted rows were taken: what was mended of an earlier one is no line of this one."""

    @property
    def key(self) -> str:
        return f"plan-table-{self.found.id}-{self.taken}"

    @property
    def unit(self) -> str:
        return "项"

    @property
    def headings(self) -> Mapping[str, str]:
        return {name: lines.HEADINGS[name] for name in lines.FILLED}

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        return {}

    def rows(self, numbers: Collection[int]) -> Mapping[int, Mapping[str, str]]:
        return {each.number: _cells(each) for each in self.found.lines if each.number in numbers}

    def beside(self, problems: Sequence[Problem], cells: Mapping[str, str]) -> Sequence[str]:
        return ["end"] if any(each.column == "start" for each in problems) and cells.get("end") else []

    def repair(self, changes: Sequence[Change]) -> object:
        return self._done(capability.repair, changes)

    def accept(self, rows: Sequence[int]) -> object:
        return self._done(capability.accept, rows)

    def strike(self, row: int) -> object:
        cells, done = self.rows([row]), self._done(capability.strike, row)
        self._struck().update(cells)
        return done

    def put_back(self, row: int) -> object:
        if row not in self._struck():
            raise Refused("rows", f"第{row}项不是在这里删去的，不能恢复；可点“添加一项”重新填写。")
        cells = self._struck()[row]
        return deeds.attempt(lambda session, **who: capability.put_back(session, self.found.id, row, cells, **who))

    def _struck(self) -> dict[int, Mapping[str, str]]:
        """The lines that this browser session has struck, as they were."""
        kept: dict[int, Mapping[str, str]] = st.session_state.setdefault(f"{self.key}-struck", {})
        return kept

    def open(self, row: int) -> None:
        _opened(self.found, row)

    def _done(self, act: Callable[..., Any], what: object) -> object:
        return deeds.attempt(lambda session, **who: act(session, self.found.id, what, **who))


def _cells(each: Any) -> dict[str, str]:
    return dict.fromkeys(lines.FILLED, "") | capability.cells(each)


def _room(found: PlanTable, actor: Actor, taken: int) -> None:
    """The lines of the table (各项计划): how many, what to put right, what is worth a look, each to be changed."""
    problems = capability.problems(found)
    faults, hints = ([each for each in problems if each.blocking is blocking] for blocking in (True, False))
    places = st.columns(3)
    places[0].metric("项目数", found.items)
    places[1].metric("计划人数", found.people)
    places[2].metric("待改正的项", found.faults)
    tables.account(filter(None, found.read_account.split("\n")))
    mending = _Mending(found, taken)
    if faults:
        st.error(f"{found.faults}项有错误，改正后才能报送。可在下面逐格改正，改后立即重新检查。")
    if tables.is_mended(mending, faults):
        tables.sheet(mending, faults)
    if hints:
        with st.expander(f"提示（{len(hints)}处），不影响报送，审核机关会看到"):
            st.markdown("\n".join(f"- 第{each.row}项：{md(each.words)}" for each in hints))
    name = f"line-{found.id}"
    empty = "还没有一项计划。上传或粘贴计划表，或点“添加一项”。"
    row = tables.pick(reading.frame(found), reading.columns(found), name=name, by="number", empty=empty, what="第{}项")
    with st.container(horizontal=True):
        st.button("添加一项", key=f"add-{found.id}", icon=":material/add:", on_click=_new, args=(found,))
        if row is not None:
            st.button(f"修改第{row}项", key=f"edit-{row}", on_click=_opened, args=(found, row))
            with st.popover(f"删去第{row}项"):
                st.write("删去后不再报送这一项。")
                args = (found.id, row)
                st.button(f"确认删去第{row}项", key=f"strike-{row}", type="primary", on_click=_struck, args=args)


def _choices(found: PlanTable) -> dict[str, Sequence[str]]:
    return {"area": capability.areas(found), "mode": lines.MODES}


def _opened(found: PlanTable, row: int) -> None:
    """Change a whole line (修改一项) in a dialog; one struck meanwhile is refused."""
    each = next((each for each in found.lines if each.number == row), None)
    if each is None:
        deeds.say("error", f"计划表中没有第{row}项，可能刚被删去，请查看最新的内容。")
        return

    def save(row: int, changes: list[Change]) -> None:
        def act(session: Session, **who: Unpack[Who]) -> str:
            capability.repair(session, found.id, changes, **who)
            return f"第{row}项已保存并重新检查。"

        deeds.deed(act, "line", found.id, *changes)

    headings = {name: lines.HEADINGS[name] for name in lines.FILLED}
    tables.whole_row(f"line-{found.id}", row, _cells(each), headings=headings, choices=_choices(found), save=save)


def _new(found: PlanTable) -> None:
    """Add a line on the screen (添加一项) in a dialog."""
    number = max((each.number for each in found.lines), default=0) + 1

    def save(row: int, changes: list[Change]) -> None:
        given = {each.column: each.after for each in changes}

        def act(session: Session, **who: Unpack[Who]) -> str:
            kept = capability.add(session, found.id, given, **who)
            return f"已添加一项，现有{kept.items}项。"

        deeds.deed(act, "new-line", found.id, found.version, *given.items())

    headings = {name: lines.HEADINGS[name] for name in lines.FILLED}
    empty = dict.fromkeys(lines.FILLED, "")
    tables.whole_row(f"new-line-{found.id}", number, empty, headings=headings, choices=_choices(found), save=save)


def _struck(table_id: int, row: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        capability.strike(session, table_id, row, **who)
        return f"第{row}项已删去。"

    deeds.deed(act, "strike-line", table_id, row)
