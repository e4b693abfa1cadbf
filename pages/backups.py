"""The administrator looks after the backups: the last one, where they lie, a drill."""

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused, Role
from core.office import backups
from web import context, deeds, restoring, shell, tables
from web.deeds import Who
from web.words import md, moment_text

actor = shell.require(Role.ADMIN)
shell.page("备份与恢复", "每天自动备份一次，每周自动演练恢复一次。备份是加密的，只有本单位的密钥或备份口令能打开。")


def beside(words: str, do: Callable[[], tuple[Path, list[str] | None]], told: str) -> None:
    """What takes its time, done outside any transaction; then its one line in the trail."""
    with st.spinner(words):
        try:
            with db.reading() as session:
                backups.standing(session, context.actor_now(session) or actor, now=context.now())
            path, found = do()
        except Refused as refused:
            deeds.say("error", refused.words)
            st.rerun()

    def act(session: Session, **who: Unpack[Who]) -> str:
        backups.record(session, path, found=found, **who)
        if found:
            return f"{path.name} 演练恢复后核对出{len(found)}处问题，请保留备份并告知技术人员：{found[0]}"
        return told.format(path)

    deeds.deed(act, "backup", path.name, found is None, str(context.now()))
    st.rerun()


def choose_folder() -> None:
    place = st.session_state["folder"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        return f"备份位置已改为 {backups.choose_folder(session, place, **who)}。"

    deeds.deed(act, "folder", place)


def choose_lessons() -> None:
    included = bool(st.session_state["lessons"])

    def act(session: Session, **who: Unpack[Who]) -> str:
        backups.choose_lessons(session, included, **who)
        return f"今后的备份{'包括' if included else '不包括'}课件。"

    deeds.deed(act, "lessons", included)


def lessons(here: backups.Standing) -> None:
    """Whether the files of lessons, which may be many gigabytes, go into each backup."""
    count, size = backups.lessons_size()
    told = f"课件（视频、PDF）现有{count}个文件，{size / 2**20:,.0f} MB。"
    told += "每份备份都带一份，很大的可以不带。" if here.lessons else "不在备份里，请另行复制保存；恢复后放回原处。"
    st.checkbox("备份包括课件", here.lessons, key="lessons", on_change=choose_lessons)
    st.caption(told)


def draw(here: backups.Standing) -> None:
    """How the office stands, what can be done about it, and what there is."""
    if here.silent:
        st.warning(md(here.silent))
    elif here.last is None:
        st.warning(f"备份位置里没有备份。请现在备份一次，并打印密钥恢复单放入保险柜。{md(here.trouble)}")
    elif here.stale(context.now()):
        st.warning(f"最近一次成功的备份是{moment_text(here.last)}，已超过两天。{md(here.trouble)}")
    else:
        st.success(f"最近一次成功的备份：{moment_text(here.last)}。")
    if here.seen.beside:
        st.warning(
            "备份和系统在同一块硬盘上，硬盘坏了会一起丢。请在下面改放到共享文件夹、U盘或另一块硬盘；"
            "本系统作为服务运行的，先按程序文件夹里的 `docs/windows.md` 或 `deploy` 中的说明，让服务能写那里。"
        )
    if here.drilled is None:
        st.info("还没有演练过恢复：没有恢复过的备份，不能算备份。")
    elif here.faults:
        st.error(f"{moment_text(here.drilled)}演练恢复，核对出{here.faults}处问题。请保留全部备份，告知技术人员。")
    else:
        st.caption(f"最近一次演练恢复：{moment_text(here.drilled)}，核对无误。")

    with st.container(horizontal=True):
        if st.button("立即备份", icon=":material/backup:", type="primary"):
            beside("正在备份并核对……", lambda: (backups.routine(now=context.now()), None), "已备份并核对：{}。")
        last = here.seen.last
        if last and st.button("演练恢复最近一份", icon=":material/restore_page:"):
            beside(
                "正在另一处恢复并核对，不影响使用……",
                lambda: (last.path, backups.drill(last.path)),
                "{} 已在另一处恢复，账目、审计日志、附件和加密内容核对无误。",
            )

    below(here, list(here.seen.kept))


def below(here: backups.Standing, kept: list[backups.Kept]) -> None:
    """The backups there are, where they lie, and how an office is put back."""
    st.subheader("已有的备份", anchor=False)
    st.caption(
        f"保留最近{backups.DAILY}天每天、{backups.WEEKLY}周每周、{backups.MONTHLY}个月每月的最后一份。位置：{md(str(here.folder))}"
    )
    if kept:
        columns = ["文件", "备份时间", "大小（MB）"]
        rows = [(each.path.name, moment_text(each.made_at), round(each.size / 2**20, 1)) for each in kept]
        tables.table(pd.DataFrame(rows, columns=columns), columns, empty="")
    else:
        st.caption("这个位置还没有备份文件。")

    left, right = st.columns(2)
    with left:
        with st.form("place"):
            st.text_input(
                "备份位置",
                str(here.folder),
                key="folder",
                help="服务器上的完整路径：硬盘、共享文件夹（\\\\服务器\\备份）或U盘。",
            )
            st.form_submit_button("改用这个位置", on_click=choose_folder)
        lessons(here)
    with right, st.container(border=True):
        st.markdown("**密钥恢复单**")
        st.caption("备份是用密钥加密的：密钥丢了，备份也打不开。恢复单打印后入保险柜，与备份分开。")
        shell.link("keys", "打印恢复单、更换密钥", icon=":material/key:")
    if kept:
        with st.expander("用备份换掉现在的系统"):
            restoring.draw(kept, actor)
    with st.expander("在命令行恢复，换了电脑的也用这个办法"):
        st.markdown(
            "1. 停止服务（在运行窗口按 Ctrl+C）。\n"
            f"2. 在程序文件夹（这台电脑上是 `{db.ROOT}`）打开命令行，执行下面的命令。\n"
            f"3. 换了电脑的：先装好系统，把密钥文件放回原处，或执行 `{db.command('key restore')}` 输入恢复单上的字。\n"
            f"4. 执行 `{db.command('restore 备份文件')}`；已有系统的在后面加 `--over`，会问两次，原有的另存一份。\n"
            f"5. 执行 `{db.command('check')}`，核对无误后再启动。\n\n"
            "服务运行时不要直接复制 office.db：最近的改动还在旁边的 -wal 文件里，复制出来的不完整。"
        )


try:
    with db.reading() as session:
        standing = backups.standing(session, actor, now=context.now())
except Refused as refused:
    st.error(md(refused.words))
else:
    draw(standing)
