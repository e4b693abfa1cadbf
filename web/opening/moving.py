"""Moving in by workbook (批量导入) on screen: template, check, repair where it stands, bring in, take back."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor, Refused
from core.people import moving, slips
from core.people.moving import Preview, Table
from core.people.slips import Slip
from core.tables.reading import Asked
from core.trail import choices
from core.trail.files import Upload
from web import context, deeds, drafts, shell, tables
from web.deeds import Who
from web.words import md

NEXT = {
    Table.ORGANIZATIONS: "接着导入账号。",
    Table.ACCOUNTS: "初始密码只在这里出现一次，请下载初始密码条。",
    Table.PEOPLE: "他们的单位经办人现在就能看到他们。",
}


THEN: dict[Table, tuple[str, str, dict[str, str]]] = {
    Table.ORGANIZATIONS: ("moving_in", "接着导入账号", {"view": Table.ACCOUNTS.label}),
    Table.ACCOUNTS: ("moving_in", "接着导入人员", {"view": Table.PEOPLE.label}),
    Table.PEOPLE: ("credit_import", "接着导入往年学时", {}),
}
"""What comes next, and where."""
FIRST = 10
"""Rows shown of a file that was checked."""


def bring_in(table: Table, actor: Actor) -> None:
    """One workbook (导入): its template, the file, what it would do, the deed."""
    code = table.value
    tables.download(
        f"下载{table.label}模板",
        lambda session, **who: moving.template(session, table, who["actor"]),
        f"{table.label}模板.xlsx",
        unmarked=tables.Unmarked.BLANK,
        key=f"template-{code}",
    )
    given = drafts.Sheet(code, actor)
    given.ask(
        "文件（表头：" + "、".join(moving.LISTINGS[table].headings.values()) + "）",
        ["xlsx", "xls", "et", "csv"],
        help="表头顺序不限，上方可有标题；重复导入不会重复建立。",
    )
    handed: list[Slip] = st.session_state.get("moving-slips", [])
    if handed and table is Table.ACCOUNTS:
        password_slips(handed)
    if (upload := given.upload) is None:
        name, label, query = THEN[table]
        shell.link(name, label, **query)
        return
    try:
        _checked(table, given, upload, actor)
    except Asked as asked:
        st.error(md(asked.words))
        tables.columns(asked.understood, moving.LISTINGS[table], key=_key(table, upload), then=lambda: None)
    except Refused as refused:
        st.error(md(refused.words))


def _key(table: Table, upload: Upload) -> str:
    return f"moving-{table.value}-{upload.digest[:16]}"


def _checked(table: Table, given: drafts.Sheet, upload: Upload, actor: Actor) -> None:
    key = _key(table, upload)
    mended = tables.held(key).mended
    with st.spinner("正在检查……"), db.reading() as session:
        known = choices.chosen(session, actor.organization_id, moving.LISTINGS[table].code)
        preview = moving.read(session, table, upload, actor, today=context.today(), chosen=known, mended=mended)
        words = moving.choices(session, table, actor)
    _told(table, preview)
    _rows(table, preview)
    tables.account(preview.checked.account)
    headings = moving.LISTINGS[table].headings
    tables.mend_file(key, preview.checked.rows, preview.problems, headings=headings, choices=words)
    if hints := [each for each in preview.problems if not each.blocking]:
        tables.problems(hints, headings)

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, list[Slip]]:
        intake, done, handed = moving.bring_in(session, table, upload, chosen=known, mended=mended, **who)
        if not done.faulty:  # else what was left out stays in the sheet
            given.drop(session, who["actor"])
        rest = f"，其余{done.faulty}行有问题没有导入，可改正后再导入" if done.faulty else ""
        filled = f"，补全{len(done.filled)}人的信息" if done.filled else ""
        made = f"新建{len(done.new)}{_unit(table)}" if done.new else ""
        words = f"{made}{filled}".removeprefix("，")
        return f"第{intake.id}批导入：{words}{rest}。{NEXT[table]}", handed

    def bring() -> None:
        if handed := deeds.deed(act, "moving", table.value, hash(upload.content), repr(mended)):
            st.session_state["moving-slips"] = handed

    count = len(preview.new) + len(preview.filled)
    st.button(f"导入{count}行", type="primary", key=f"bring-{key}", on_click=bring, disabled=not count)


def _unit(table: Table) -> str:
    return "人" if table is Table.PEOPLE else f"个{table.label}"


def _told(table: Table, preview: Preview) -> None:
    """What bringing it in would do (检查结果), in one sentence."""
    told = [f"新建{len(preview.new)}{_unit(table)}"]
    told += [f"补全{len(preview.filled)}人空白的信息"] if preview.filled else []
    told += [f"{preview.same}行已在册，不重复建立"] if preview.same else []
    told += [f"{preview.faulty}行有问题，不导入，可在下面逐格改正"] if preview.faulty else []
    (st.warning if preview.faulty else st.info)(f"检查结果：{'；'.join(told)}。")


def _rows(table: Table, preview: Preview) -> None:
    """The first rows that would come in, as the file has them (将导入的各行)."""
    headings = moving.LISTINGS[table].headings
    new = {row for row, _ in preview.new}
    coming = [row for row, _ in preview.checked.lines if row in new or row in preview.filled]
    told = []
    for row in coming[:FIRST]:
        cells = {headings[name]: cell for name, cell in preview.checked.rows[row].items() if name in headings}
        number = cells.get(headings.get("id_number", ""))
        masked = {headings["id_number"]: resident_id.mask(resident_id.normalise(number))} if number else {}
        told.append({"file_row": row, "办理": "新建" if row in new else "补全空白"} | cells | masked)
    if told:
        frame = pd.DataFrame(told).astype(object)
        tables.table(frame.where(frame.notna(), None), list(frame.columns), empty="")
        if len(coming) > FIRST:
            st.caption(f"以上是前{FIRST}行，共{len(coming):,}行将导入。")


def password_slips(handed: list[Slip]) -> None:
    """First passwords just made (初始密码): shown and printed now, or never; leaving the page they are gone."""
    with st.container(border=True):
        st.markdown(f"**初始密码**　:gray[{len(handed)}个账号，点“已下载”或退出登录后不再显示；遗失的可以重置]")
        frame = pd.DataFrame([vars(each) for each in handed])
        frame = frame.rename(columns={"password": "first_password", "until": "first_until"})
        tables.table(frame, ["organization", "name", "username", "first_password", "first_until"], empty="")
        office, whose = context.known().address, context.known().whose.letterhead
        with st.container(horizontal=True):
            tables.download(
                "下载初始密码条（PDF）",
                lambda _, **who: slips.printed(handed, address=office, now=who["now"], by=whose),
                "初始密码条.pdf",
                mime="application/pdf",
                type="primary",
                icon=":material/print:",
            )
            st.button("已下载，不再显示", on_click=lambda: st.session_state.pop("moving-slips", None))
        if not office:
            shell.without_address("初始密码条")


def batches(actor: Actor) -> None:
    """Batches that were brought in (导入批次), and how one is taken back."""
    with db.reading() as session:
        frame = moving.listing(session, actor)
    frame = frame.assign(
        batch=frame["id"], workbook=frame["filename"], brought_in=[Table(code).label for code in frame["code"]]
    )
    empty = "还没有导入过。先下载模板，填好后在上面各栏导入。"
    columns = ["batch", "brought_in", "workbook", "rows_in", "rows_left", "account_name", "at"]
    chosen = tables.pick(frame, columns, name="intake", empty=empty, what="第{}批")
    known = frame[frame["id"] == chosen]
    if known.empty:
        return
    one, intake_id = known.iloc[0], int(known.iloc[0]["id"])
    if not one["rows_left"]:
        st.info(f"第{chosen}批已全部撤销。")
        return

    def act(session: Session, **who: Unpack[Who]) -> str:
        done = moving.take_back(session, intake_id, reason=st.session_state[f"back-{chosen}"], **who)
        if not done.stays:
            return f"第{chosen}批的{done.gone}行已全部撤销。"
        named = "、".join(f"{name}（{why}）" for name, why in done.stays[:5])
        rest = "等" if len(done.stays) > 5 else ""
        return f"第{chosen}批已撤销{done.gone}行，保留{len(done.stays)}行：{named}{rest}。这些不再使用后可再撤销一次。"

    with db.reading() as session:
        told = moving.rows(session, intake_id, actor)
    stays = told["stays"] != ""
    goes, kept = int((~told["undone"] & ~stays).sum()), int(stays.sum())
    with st.container(border=True):
        st.markdown(f"**第{chosen}批　{md(one['filename'])}**")
        states = zip(told["undone"], told["stays"], strict=True)
        told["told"] = ["已撤销" if undone else f"保留：{why}" if why else "可撤销" for undone, why in states]
        told["办理"] = ["新建" if made else "补全空白" for made in told["made"]]
        tables.table(told.rename(columns={"row": "file_row"}), ["file_row", "name", "办理", "told"], empty="")
        words = f"撤销将移去{goes}行" + (f"，另有{kept}行已被使用，保留" if kept else "")
        st.caption(f"{words}。补全的改回空白。" if goes else f"{kept}行都已被使用，现在不能撤销。")
        st.text_input("撤销的原因（必填，记入审计日志）", key=f"back-{chosen}")
        st.button(
            f"撤销这一批（{goes}行）",
            disabled=not goes,
            key=f"take-back-{chosen}-{one['rows_left']}",
            on_click=lambda: deeds.deed(act, "take-back", intake_id, int(one["rows_left"])),
        )
