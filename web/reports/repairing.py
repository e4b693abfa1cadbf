"""Roster repair (花名册改正) on screen: what is wrong beside its cell, proposals to accept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.ground.hours import hours_text
from core.models import Report
from core.submissions import reports, roster, workflow
from core.submissions.roster import Form
from core.tables.mending import Change
from core.tables.problems import LEAVE_OUT, Problem
from core.trail.files import Upload
from web import bar, context, deeds, tables
from web.deeds import Act, Who
from web.reports import trail
from web.reports.reading import roster_columns
from web.words import md

MOST = 500
"""Rows in the list of those to choose from; a name finds the others."""


def room(report: Report, actor: Actor) -> None:
    """Roster repair (花名册改正) of one's own report: totals, the rows with faults, the hints."""
    with db.reading() as session:
        problems = reports.problems(session, report.id, actor, now=context.now())
        warnings = reports.warnings(session, report.id, actor)
        (here, _), earning = reports.headcount(session, report), reports.expected(session, report)
        rows, registered = reports.counted_rows(session, report)
        made, struck = reports.repairs(session, report.id, actor), reports.struck(session, report.id, actor)
    places = st.columns(4)
    places[0].metric("花名册人数" if report.part == 1 else "本次补报人数", here)
    places[1].metric("可登记人数", earning.people)
    places[2].metric("合计学时", hours_text(earning.hours))
    places[3].metric("待改正的行", report.faults)
    st.caption(_adds_up(rows, registered, report.faults, sum(each.blocking for each in problems)))
    tables.account(filter(None, report.read_account.split("\n")))
    faults, mending = [each for each in problems if each.blocking], _Mending(report, reports.form_of(report), actor)
    if said := _refused(report):
        why = "" if bar.says(said[1]) else md(said[1])
        st.error(f"“{md(said[0])}”没有读入，下面仍是先前的花名册，没有改动。{why}")
    if faults:
        words = f"{report.faults}行有错误，不登记学时。可在下面逐格改正，改后立即重新检查；其余各行不受影响，可先报送。"
        st.warning(words)
    elif not _refused(report):
        st.success("花名册没有错误。")
    bring = bool(st.session_state.pop(f"{_BRING}-{report.plan_id}", False))
    if tables.is_mended(mending, faults):
        _repair(mending, faults, bring=bring)
    if hints := [problem for problem in (*problems, *warnings) if not problem.blocking]:
        offered = [hint for hint in hints if hint.offer]
        with st.expander(f"提示（{len(hints)}处），不影响登记，审核机关会看到", expanded=bool(offered)):
            tables.problems(hints, reports.form_of(report).headings)
            for hint in offered:
                words, key = f"采纳第{hint.row}行的建议：{hint.offer}", f"accept-{hint.row}-{hint.column}"
                st.button(words, key=key, on_click=_accept, args=(report.id, [hint.row]))
    if report.part == 1:
        _columns(report, actor)
    _others(report, actor)
    trail.trail(report, actor, made, struck)


def _adds_up(rows: int, registered: int, faulty: int, faults: int) -> str:
    """How the figures of a roster add up (行数怎样合计): rows that register hours, rows with faults, the others."""
    told = [f"可登记学时的{registered}行"]
    told += [f"有错误的{faulty}行（共{faults}处，一行可有几处）"] if faulty else []
    others = rows - registered - faulty
    told += [f"无误而不登记学时的{others}行（不合格或学时为0）"] if others else []
    return f"花名册共{rows}行：{'，'.join(told)}。一人占几行的，人数只算一人。"


def sent_back(report: Report, actor: Actor) -> None:
    """Rows that a reviewer remarked on (退回意见所指的行), each with the way into it, until it was changed: on top."""
    with db.reading() as session:
        remarks = workflow.remarks(session, report.id, actor)
    form = reports.form_of(report)
    said: dict[int, list[str]] = {}
    for each in remarks:
        if isinstance(each.place, int) and not each.changed:
            said.setdefault(each.place, []).append("，".join(filter(None, (each.reason, each.words))))
    for row, words in said.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(f"改正第{row}行", key=f"remarked-{row}", on_click=_whole, args=(report.id, form, row))
            st.markdown(f":orange[:material/reply: {md('；'.join(words))}]", width="stretch")


@contextmanager
def judged(report: Report | None, given: Upload | None) -> Iterator[None]:
    """While a roster's file is being taken: one that is refused is told of in the room (未读入的文件) until another is.

    What the room shows below it is of the former file, and no word of that may pass for the new one's.
    """
    try:
        yield
    except Refused as refused:
        if given and not refused.fields:
            st.session_state[f"roster-refused-{report.id if report else 0}"] = (given.filename, refused.words)
        raise


_BRING = "roster-bring"


def bring(plan_id: int) -> None:
    """The page drawn next shows the faults (带到改正表), if there are any, where the eye is and the hand can begin."""
    st.session_state[f"{_BRING}-{plan_id}"] = True


def taken(report: Report | None) -> None:
    """The report was saved: what was refused before is no longer told of."""
    st.session_state.pop(f"roster-refused-{report.id if report else 0}", None)


def _refused(report: Report) -> tuple[str, str] | None:
    """The file that was refused last and why, where none was taken since."""
    said: tuple[str, str] | None = st.session_state.get(f"roster-refused-{report.id}")
    return said


def _columns(report: Report, actor: Actor) -> None:
    """Which column of the roster's file is which (认列), and the file read again by it."""
    key = f"columns-{report.id}-{report.roster_id}"
    opened = st.expander(tables.FOLDED, key=key, on_change="rerun")  # the file is read only where it is open
    if not opened.open:
        return
    with db.reading() as session:
        found = reports.understood(session, report.id, actor)
        made = reports.repaired(session, report)
    with opened:
        if made:
            st.checkbox(f"重新读入，此前在网上改正的{made}处作废", key=f"{key}-replace")
        then = partial(_read_again, report.id, f"{key}-replace")
        tables.columns(found, roster.listing(reports.form_of(report)), key=key, then=then, border=False)


def _read_again(report_id: int, replace: str) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        over = st.session_state.get(replace, False)
        report, _ = reports.read_again(session, report_id, replace=over, **who)
        rows = report.people + report.faults
        return f"已按所选的列重新读入，花名册{rows}行，{report.faults}行有错误。"

    deeds.deed(act, "read-again", report_id)


def _others(report: Report, actor: Actor) -> None:
    """Edit any row (改正其他行): one without a fault may be wrong all the same."""
    with st.expander("查看花名册各行，改正或删去其中一行"):
        text = st.text_input("姓名或工作单位", key=f"find-{report.id}", width=260)
        with db.reading() as session:
            rows = reports.rows(session, report.id, actor, text=text, limit=MOST)
        form, named = reports.form_of(report), roster_columns(report)
        rows = rows.rename(columns=named)
        if len(rows) == MOST:
            st.caption(f"只列出前{MOST}行，其余请按姓名或工作单位查找。")
        columns = ["file_row", "name", "id_mask", "employer", named["hours"], "credit_year", "assessment", "faulty"]
        if not report.plan.credit_years:
            columns.remove("credit_year")
        row = tables.pick(
            rows, columns, name="row", by="file_row", empty="没有这样的行，请换一个姓名或单位。", what="第{}行"
        )
        if row is not None:
            with st.container(horizontal=True):
                st.button(f"改正第{row}行", key=f"other-{row}", on_click=_whole, args=(report.id, form, row))
                _strike(report.id, row, f"删去第{row}行", "secondary")


@dataclass(frozen=True)
class _Mending:
    """A base's own roster as the repair sheet mends it (`tables.Mending`)."""

    report: Report
    form: Form
    actor: Actor

    @property
    def key(self) -> str:
        return f"roster-{self.report.id}-{self.report.roster_id}"

    @property
    def unit(self) -> str:
        return "行"

    @property
    def headings(self) -> Mapping[str, str]:
        return self.form.headings

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        return roster.CHOICES

    def rows(self, numbers: Collection[int]) -> Mapping[int, Mapping[str, str]]:
        with db.reading() as session:
            return reports.cells_of_rows(session, self.report.id, numbers, self.actor)

    def beside(self, problems: Sequence[Problem], cells: Mapping[str, str]) -> Sequence[str]:
        if not any(problem.code == "assessment-failed" for problem in problems):
            return []
        return [column for column in self.form.hours if cells[column] not in ("", "0")]

    def repair(self, changes: Sequence[Change]) -> object:
        return self._done(reports.repair, changes)

    def accept(self, rows: Sequence[int]) -> object:
        return self._done(reports.accept, rows)

    def strike(self, row: int) -> object:
        return self._done(reports.strike, row)

    def put_back(self, row: int) -> object:
        return self._done(reports.put_back, row)

    def open(self, row: int) -> None:
        with db.reading() as session:
            cells = reports.cells(session, self.report.id, row, self.actor)
        _opened(self.report.id, self.form, row, cells)

    def _done(self, act: Callable[..., Any], what: object) -> object:
        return deeds.attempt(lambda session, **who: act(session, self.report.id, what, **who))


def _repair(mending: _Mending, problems: Sequence[Problem], *, bring: bool) -> None:
    """The faulty rows (待改正的行): proposals to accept at once, the file of open rows, the sheet to mend them in."""
    faulty: dict[int, list[Problem]] = {}
    for problem in problems:
        faulty.setdefault(problem.row, []).append(problem)
    report = mending.report
    offered = [row for row, found in faulty.items() if any(problem.offer for problem in found)]
    struck = [row for row in offered if any(problem.offer == LEAVE_OUT for problem in faulty[row])]
    with st.container(horizontal=True):
        if offered:
            _accept_all(report.id, offered, struck)
        tables.download(
            f"下载待改正的行（{len(faulty)}行）",
            lambda session, **who: reports.open_rows(session, report.id, **who),
            f"待改正花名册-{report.title}.xlsx",
            opened=db.transaction,
            key="open-rows",
            disabled=not faulty,
            help="错误单元格有颜色和批注；改好后在上面“培训花名册”处上传，只更新您在文件中改过的单元格",
        )
    tables.sheet(mending, problems, bring=bring)


def _accept_all(report_id: int, offered: list[int], struck: list[int]) -> None:
    """Accept all proposals (采纳全部建议); where some of them leave rows out, that is confirmed first."""
    label, icon, args = f"采纳全部建议（{len(offered)}行）", ":material/done_all:", (report_id, offered)
    if not struck:
        st.button(label, key="accept-all", icon=icon, on_click=_accept, args=args)
        return
    with st.popover(label, icon=icon):
        which = "、".join(f"第{row}行" for row in struck[:10]) + ("等" if len(struck) > 10 else "")
        others = len(offered) - len(struck)
        st.write(f"其中{len(struck)}行与别的行重复，将删去：{which}。" + (f"其余{others}行改正。" if others else ""))
        st.caption("花名册原件不变，删去的行在改正记录中可以恢复。")
        st.button(f"确认采纳并删去{len(struck)}行", key="accept-all", type="primary", on_click=_accept, args=args)


def _deed(act: Act[Any], words: str, *once: Any) -> None:
    """Do one repair and say what was done."""

    def done(session: Session, **who: Unpack[Who]) -> str:
        act(session, **who)
        return words

    deeds.deed(done, "repair", words, *once)


def _accept(report_id: int, rows: list[int]) -> None:
    """Accept the proposals for these rows (采纳建议)."""

    def done(session: Session, **who: Unpack[Who]) -> str:
        mended, struck = reports.accept(session, report_id, rows, **who)
        if len(rows) == 1:
            return f"第{rows[0]}行已按建议{'删去' if struck else '改正'}并重新检查。"
        deeds = [f"{mended}行已按建议改正"] if mended else []
        deeds += [f"{struck}行与别的行重复，已删去"] if struck else []
        return f"{'，'.join(deeds)}；花名册已重新检查。"

    deeds.deed(done, "accept", report_id, *rows)


def _strike(report_id: int, row: int, label: str, style: Any) -> None:
    """Leave a row out (删去此行), confirmed once more; the way back is in the log of repairs."""
    with st.popover(label, type=style):
        st.write("此人不登记学时；花名册原件不变，删去的行在改正记录中可以恢复。")
        st.button(
            f"确认删去第{row}行", key=f"strike-{row}-{label}", type="primary", on_click=_struck, args=(report_id, row)
        )


def _struck(report_id: int, row: int) -> None:
    """Leave the row out, as confirmed."""
    _deed(lambda session, **who: reports.strike(session, report_id, row, **who), f"第{row}行已删去。", report_id)


def _whole(report_id: int, form: Form, row: int) -> None:
    """Edit a whole row (改正整行) as it stands; a row struck meanwhile is refused."""
    cells = deeds.answer(lambda session, who: reports.cells(session, report_id, row, who))
    if cells is not None:
        _opened(report_id, form, row, cells)


def _opened(report_id: int, form: Form, row: int, cells: dict[str, str]) -> None:
    def save(row: int, changes: list[Change]) -> None:
        _deed(
            lambda session, **who: reports.repair(session, report_id, changes, **who),
            f"第{row}行已保存并重新检查。",
            report_id,
            *changes,
        )

    tables.whole_row(f"whole-{report_id}", row, cells, headings=form.headings, choices=roster.CHOICES, save=save)
