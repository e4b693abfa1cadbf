"""Cards in bulk on screen (批量打印): whose, which years, what paper; the runs with their progress and their files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.people import activation
from core.records import cards, printing
from core.records.faces import Size
from core.records.printing import Form, Scope, State
from web import address, context, deeds, shell, tables
from web.deeds import Who
from web.words import chip, md, moment_text


def scope(actor: Actor, year: int | None, *, name: str) -> tuple[Scope, str]:
    """Whose (范围): a training, or unit and name; answers it, and as words. Without a `year`: of a training it is asked
    for, and people by unit and name are meant with hours or without."""
    this = context.today().year
    ways = ["按培训", "按单位和姓名"] if actor.role is not Role.EMPLOYER_CLERK else ["按单位和姓名", "按培训"]
    way = address.view(ways, label="范围", key=f"{name}-way")
    if way == "按培训":
        year = year or address.year(this, back=5, label="培训学时的年度", width=160, key=f"{name}-year")
        with db.reading() as session:
            offered = printing.trainings(session, actor, year)
        if offered.empty:
            st.info(f"{year}年度还没有学时已入账的培训。请换一个年度，或按单位和姓名选择。")
            return Scope(year, report_id=0), ""
        lines = {
            int(each["id"]): f"{each['title']}（{each['organization']}，{each['people']}人）"
            for each in offered.to_dict("records")
        }
        asked = address.held(f"{name}-training", lines, next(iter(lines)), label="培训")
        chosen = st.selectbox("培训", list(lines), format_func=lines.__getitem__, required=True, **asked)
        return Scope(year, report_id=chosen), lines[chosen]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = address.searched("姓名或身份证号", key=f"{name}q", placeholder="不填为全部", width=260)
        clerk = actor.role is Role.EMPLOYER_CLERK
        employer = "" if clerk else address.searched("工作单位", key=f"{name}employer", width=280)
    words = "、".join(filter(None, (employer, text))) or ("本单位全部人员" if clerk else "全部人员")
    return Scope(year or this, text=text, employer=employer, hours=year is not None), words


def _nobody(actor: Actor, meant: Scope) -> str:
    """Why nobody is found (没有人的原因), in words."""
    with db.reading() as session:
        there = len(printing.whose(session, actor, replace(meant, hours=False, complete=False)))
    if not there:
        if actor.role is Role.EMPLOYER_CLERK and meant.text:
            return "本单位人员中没有这个姓名或身份证号的人，请核对。新来未登记的，请核定机关的管理员用“批量导入”登记。"
        if actor.role is Role.BASE_CLERK and meant.hours is False:
            return "本基地学员中没有这样的人，请核对。没有在本基地入账学时的，请所在单位发放开通码。"
        return "没有符合条件的人员，请核对姓名、身份证号和工作单位。"
    short = "，或学时都没有达到要求" if meant.complete else ""
    return f"符合条件的有{there:,}人，但所选年度还没有入账的学时{short}，没有可打印的审验卡。"


def starting(actor: Actor) -> None:
    """Choose whose cards, which years and what paper (开始批量打印), told how many that are before it begins."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        year = address.year(context.today().year, back=5, width=110, key="bulk-year")
        offered = [0, *range(year, year - cards.MOST_YEARS, -1)]
        since = address.choice(
            "学时范围",
            {first: cards.range_words(first or None, year) for first in offered},
            key=f"bulk-since-{year}",
            width=220,
        )
        size = address.choice("纸张", {each: each.label for each in Size}, key="bulk-size", width=240)
        form = address.choice("成品", {each: each.label for each in Form}, key="bulk-form", width=230)
    chosen, words = scope(actor, year, name="bulk")
    complete = False
    if actor.role is not Role.BASE_CLERK:
        complete = address.switch("只打印本年度学时达到要求的", key="bulk-complete", draw=st.checkbox)
    meant = Scope(year, since or None, chosen.report_id, chosen.text, chosen.employer, complete)
    with db.reading() as session:
        count = len(printing.whose(session, actor, meant))
    told = f"共{count:,}人有学时，将各打印一张；已有的卡仍有效且内容相同的，印原来那张。"
    st.caption(told if count else md(_nobody(actor, meant)))
    if not context.known().address:
        shell.without_address("审验卡")

    def start() -> None:
        def act(session: Session, **who: Unpack[Who]) -> str:
            run = printing.start(session, meant, size=size, form=form, words=words, **who)
            return f"第{run.id}批已开始打印，共{run.people:,}人。可以离开本页，完成后回来下载。"

        if deeds.deed(act, "print-run", str(meant), size, form):
            printing.wake()

    st.button("开始打印", type="primary", on_click=start, disabled=not count)


def codes(actor: Actor) -> None:
    """One-time codes (开通码) for people without an account: whose, how many, and the slips to hand out, once.

    All of a unit's people, with hours or without: a new hire (新入职) needs an account too."""
    chosen, _ = scope(actor, None, name="codes")
    with db.reading() as session:
        found = printing.whose(session, actor, chosen)
        without = activation.without_account(session, found, actor)
        holding = activation.with_code(session, without, actor, now=context.moment(session))
    st.caption(
        f"共{len(found):,}人，其中{len(without):,}人还没有个人账号。开通码30日内有效，只能用一次；重新发放的，以前的作废。"
        if without
        else f"共{len(found):,}人，都已有个人账号，不用发放。忘记密码的，请管理员重置。"
        if found
        else md(_nobody(actor, chosen))
    )
    office, whom = context.known().address, without
    if holding and len(holding) < len(without):
        words = f"跳过开通码还有效的{len(holding):,}人，他们手里的开通码不作废"
        if st.checkbox(words, value=True, key="codes-skip"):
            whom = [each for each in without if each not in holding]
    elif holding:
        st.caption(f"这{len(holding):,}人手里的开通码都还有效，重新发放后作废。")

    def give() -> None:
        def act(session: Session, **who: Unpack[Who]) -> tuple[str, list[activation.Slip]]:
            slips = activation.give(session, whom, **who)
            return f"已为{len(slips):,}人发放开通码，请下载打印后裁开，交给本人。离开本页后不能再查看。", slips

        if slips := deeds.deed(act, "codes", str(chosen), len(whom)):
            content = activation.printed(slips, address=office, giver=actor.organization_name)
            st.session_state["slips"] = (actor.account_id, content, len(slips), chosen)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("发放开通码", type="primary", on_click=give, disabled=not whom)
        made = st.session_state.get("slips")
        if made and (made[0], made[3]) == (actor.account_id, chosen):  # of those who are chosen now, and of nobody else
            tables.download(
                f"下载开通码条（{made[2]:,}人，PDF）",
                made[1],
                f"开通码-{context.today():%Y%m%d}.pdf",
                unmarked=tables.Unmarked.OWN,
                mime="application/pdf",
            )
    if not office:
        shell.without_address("开通码条")


def under_way(actor: Actor) -> None:
    """The runs of this account (我的批量打印), drawn anew every few seconds while one is under way."""
    with db.reading() as session:
        found = printing.runs(session, actor, now=context.moment(session))
    moving = _moves(found)
    st.fragment(_runs, run_every=2.0 if moving else None)(actor, moving)


def _moves(found: pd.DataFrame) -> bool:
    return bool(found["state"].isin([State.WAITING, State.ISSUING, State.DRAWING]).any())


def _runs(actor: Actor, moving: bool) -> None:
    with db.reading() as session:
        found = printing.runs(session, actor, now=context.moment(session))
    if moving and not _moves(found):  # nothing is left to be looked at every few seconds
        st.rerun()
    if found.empty:
        st.info("还没有批量打印过。上面选好范围，点“开始打印”。")
        return
    for run in found.to_dict("records"):
        _run(run, actor)
    if moving:
        st.caption("打印中程序重新启动的，一两分钟内自动接着做，已出具的不会重复出具。")


def _run(run: dict[Any, Any], actor: Actor) -> None:
    state, number = State(run["state"]), int(run["id"])
    with st.container(border=True):
        years = cards.range_words(run["since"] if pd.notna(run["since"]) else None, run["year"])
        st.markdown(
            f"**第{number}批**　{md(run['words'])}　:gray[{years}　{run['size']}　{run['form']}　"
            f"{moment_text(run['made_at'])}]"
        )
        through = int(run["done"] + run["left_out"])
        if state in (State.WAITING, State.ISSUING, State.DRAWING):
            st.progress(through / max(1, run["people"]), f"{state.label}　{through:,} / {run['people']:,}人")
        else:
            out = f"，{run['left_out']:,}人没有打印" if run["left_out"] else ""
            st.markdown(f"{chip(state)}　{run['done']:,}张{out}　{md(run['failed'])}")
        done = False
        with st.container(horizontal=True):
            if state is State.DONE:
                _download(number, run)
            elif state in (State.WAITING, State.ISSUING, State.DRAWING):
                done = st.button("停止", key=f"run-stop-{number}", on_click=_stop, args=(number,))
            else:
                label = "重新生成文件" if state in (State.EXPIRED, State.STALE) else "继续"
                done = st.button(label, key=f"run-again-{number}", on_click=_again, args=(number,))
        if done:  # the whole page, which says what came of it and whether to look every few seconds
            st.rerun()
        if run["left_out"]:
            with st.expander(f"没有打印的（{run['left_out']:,}人）"):
                with db.reading() as session:
                    names = printing.left_out(session, number, actor)
                tables.table(
                    names.rename(columns={"reason": "left_out_because"}), ["name", "left_out_because"], empty=""
                )


def _download(number: int, run: dict[Any, Any]) -> None:
    def content(session: Session, **who: Unpack[Who]) -> bytes:
        return printing.taken(session, number, **who)

    packed = run["form"] == Form.ZIP.label
    tables.download(
        f"下载{'压缩包' if packed else 'PDF'}",
        content,
        f"审验卡-{run['year']}-第{number}批.{'zip' if packed else 'pdf'}",
        opened=db.transaction,
        unmarked=tables.Unmarked.OWN,
        mime="application/zip" if packed else "application/pdf",
        key=f"run-file-{number}",
    )


def _stop(number: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        printing.stop(session, number, **who)
        return f"第{number}批已停止，已出具的审验卡仍然有效。"

    deeds.deed(act, "run-stop", number)


def _again(number: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        printing.once_more(session, number, **who)
        return f"第{number}批继续打印，已出具的不会重复出具。"

    if deeds.deed(act, "run-again", number):
        printing.wake()
