"""Officers bring in hours of earlier years from a file: checked first, then posted as one batch."""

from contextlib import nullcontext
from decimal import Decimal
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused, Role
from core.ground.hours import hours_text
from core.law import notices
from core.records import imports
from core.tables import sheets
from core.tables.problems import PROBLEM_HEADINGS, Problem, problem_lines
from core.tables.reading import Asked, Understood
from core.trail import choices
from core.trail.files import Upload
from web import address, context, deeds, drafts, shell, tables
from web.deeds import Who
from web.words import md

actor = shell.require(Role.REVIEWER, Role.ADMIN)
shell.page(
    "导入学时",
    "把往年或纸质台账的学时从WPS、Excel文件导入个人账户。先检查，再导入；有问题的行逐行列出，没有问题的行照常入账。",
)


def key_of(upload: Upload) -> str:
    return f"credits-{upload.digest[:16]}"


def checked(upload: Upload) -> imports.Preview:
    """The file as it was checked last; read again only when file, day, columns, cells or books have changed."""
    with db.reading() as session:
        known = choices.chosen(session, actor.organization_id, imports.LISTING.code)
    seen = (upload.digest, context.today(), known, tables.held(key_of(upload)).mended)
    place = st.empty()  # drawn or not, what stands below keeps its place
    if st.session_state.get("credits-seen") != seen:
        with place, nullcontext() if seen[3] else st.spinner("正在检查……"), db.reading() as session:
            found = imports.read(
                upload.content,
                upload.filename,
                today=seen[1],
                known=session,
                authority_id=actor.organization_id,
                chosen=known,
                mended=seen[3],
            )
        st.session_state["credits-preview"], st.session_state["credits-seen"] = found, seen
    preview: imports.Preview = st.session_state["credits-preview"]
    return preview


def bring_in() -> None:
    given = drafts.Sheet("credits", actor)
    upload, reason = given.upload, st.session_state.get("credits-reason", "")
    if upload is None:
        deeds.say("error", "请先选择文件。")
        return
    known, mended = st.session_state["credits-seen"][2:]  # as the officer saw it

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        batch, preview = imports.bring_in(session, upload, reason=reason, chosen=known, mended=mended, **who)
        if batch is None:
            raise Refused("rows", "没有一行可以入账，请在表中改正后再导入。")
        rest = len(preview.faulty_rows - preview.recorded_rows)
        if not rest:
            given.drop(session, who["actor"])
        left = f"，其余{rest}行有问题没有入账，可在下面改正后再次导入，已入账的不会重复" if rest else ""
        return f"已导入{batch.entries}笔学时（第{batch.id}批）{left}。", rest

    left_out = deeds.deed(act, "import", upload.filename, hash(upload.content), reason, repr(mended))
    if left_out is None:
        return
    st.session_state.pop("credits-seen", None)
    st.session_state["credits-posted"], st.session_state["credits-why"] = key_of(upload), reason
    if not left_out:
        address.forget_choice()
        st.session_state["credits-reason"] = ""


def problems_of(shown: list[Problem], every: list[Problem]) -> None:
    if shown:
        tables.problems(shown, imports.HEADINGS)
    tables.download(
        "下载问题清单",
        lambda _, **__: sheets.workbook(PROBLEM_HEADINGS, problem_lines(every, imports.HEADINGS), sheet="问题"),
        "导入学时问题.xlsx",
    )


def choose(found: Understood, upload: Upload, *, border: bool = True) -> None:
    """Which column is which (认列): the run after it reads the file again, since what is chosen has changed."""
    tables.columns(found, imports.LISTING, key=key_of(upload), then=lambda: None, border=border)


def written(preview: imports.Preview) -> dict[str, str]:
    """The columns that can be mended: those of every such file, and what else this one has."""
    has = {column for cells in list(preview.cells.values())[:1] for column in cells}
    return {name: word for name, word in imports.HEADINGS.items() if name in has or name in imports.COLUMNS}


def preview_of(upload: Upload) -> None:
    """What the import would do, and the import itself; once some of its rows are in, what is left to mend."""
    preview, key = checked(upload), key_of(upload)
    done = preview.recorded_rows if st.session_state.get("credits-posted") == key else set()
    problems = [problem for problem in preview.problems if problem.row not in done]
    good, faulty = preview.good_rows, len(preview.faulty_rows - done)
    people, hours = len({row.id_number for row in good}), hours_text(sum((row.hours for row in good), Decimal()))
    words = f"共{len(preview.rows)}行：" + (f"{len(done)}行已经入账；" if done else "")
    words += f"{len(good)}行可以入账，{people}人{hours}学时"
    words += f"；{faulty}行有问题，不入账，可在下面逐格改正" if faulty else ""
    hints = sum(not problem.blocking for problem in problems)
    words += f"；{hints}处提示，不影响入账，请核对" if hints else ""
    (st.warning if problems else st.info)(f"{words}。")
    tables.account(preview.account)
    choices = {"source": tuple(imports.SOURCES), "subject": tuple(notices.subject_names().values())}
    tables.mend_file(key, preview.cells, problems, headings=written(preview), choices=choices)
    if good:
        names = ("year", "subject", "source", "hours", "deemed", "id_number")
        frame = pd.DataFrame([{name: getattr(row, name) for name in names} for row in good])
        groups = frame.groupby(["year", "subject", "source", "deemed"], as_index=False)
        counts = groups.agg(rows_good=("hours", "size"), people=("id_number", "nunique"), hours=("hours", "sum"))
        counts = counts.sort_values(["year", "subject"], ascending=[False, False])
        tables.table(counts, ["year", "subject", "source", "rows_good", "people", "hours"], empty="")
        if new := list(preview.new_people.values()):
            some = "、".join(new[:10]) + ("等" if len(new) > 10 else "")
            st.caption(md(f"其中{len(new):,}人不在库中，导入时新建：{some}。"))
    if problems:
        problems_of([problem for problem in problems if not problem.blocking], problems)
    if preview.understood:
        with st.expander(tables.FOLDED):
            choose(preview.understood, upload, border=False)
    if good:
        if done:  # the rest goes in for the same reason, unless another is written
            st.session_state.setdefault("credits-reason", st.session_state["credits-why"])
        st.text_input(
            "导入原因（必填，记入审计日志）", key="credits-reason", placeholder="如：补登2021至2023年度纸质台账"
        )
        st.button(f"导入{len(good)}笔学时", type="primary", on_click=bring_in, key="credits-import")


tables.template("学时表", imports.template, key="credits-template")
sheet = drafts.Sheet("credits", actor)
sheet.ask(
    "学时文件（表头：" + "、".join(words[0] for words in imports.COLUMNS.values()) + "）",
    ["xlsx", "xls", "et", "csv"],
    help=f"来源为{'、'.join(imports.SOURCES)}之一；职业资格不填学时；完成日期可空。表头顺序不限，上方可有标题。",
)
try:
    if sheet.upload:
        try:
            preview_of(sheet.upload)
        except Asked as asked:
            st.error(md(asked.words))
            choose(asked.understood, sheet.upload)
except Refused as refused:
    st.error(md(refused.words))

shell.link("ledger", "查看入账批次、冲销")
