"""What pages share: the guard, one way to do a deed and say what happened, tables, choices in the URL, downloads."""

from __future__ import annotations

import math
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.ground import db, sheets
from core.ground.access import Actor, Labelled, OrganizationKind, Refused, Role
from core.ground.hours import hours_text
from core.ground.problems import Problem
from core.law import notices
from core.ledger import statements
from core.ledger.standing import Standing
from core.models import Answer, Change, Mode, Plan, Report, Source, State, Submission
from core.office import dashboards
from core.people import accounts, setup
from core.submissions import queues, workflow
from core.trail import audit
from routes.session import COOKIE

Word = TypeVar("Word", bound=Labelled)

PAGE_ROWS = 20

# --- who is here ----------------------------------------------------------------------------------------------------


def token() -> str | None:
    """The sign-in this browser holds: from the cookie, or from this very session until the cookie is set."""
    given = st.session_state.get("token") or st.context.cookies.get(COOKIE)
    return str(given) if given else None


def actor() -> Actor | None:
    """Who is signed in, asked of the database at every run, so that a closed account is out at its next click."""
    with db.reading() as session:
        return accounts.actor_of(session, token(), datetime.now(UTC))


def require(*roles: Role) -> Actor:
    """The guard, first statement of every page: nobody else's script goes on below it."""
    here = actor()
    if here is None:
        st.info("请先登录。登录后会回到本页。")
        st.markdown("[去登录](/)")
        st.stop()
    if here.must_change_password:
        st.warning("首次登录须先修改密码。")
        st.stop()
    if roles and here.role not in roles:
        st.error(f"本页由{'、'.join(role.label for role in roles)}使用，您当前的角色是{here.role.label}。")
        link("home", "回到首页")
        st.stop()
    return here


def page_file(name: str) -> str:
    """Where a page's script lies."""
    return str(db.ROOT / "pages" / f"{name}.py")


def link(name: str, label: str) -> None:
    """A link to a page."""
    st.page_link(page_file(name), label=label, icon=":material/arrow_forward:")


def now() -> datetime:
    """The office's moment: the real one, or the demonstration's."""
    with db.reading() as session:
        return setup.moment(session, datetime.now(UTC))


def today() -> date:
    return db.office_day(now())


def origin() -> str:
    """Scheme and host this browser reached the office by."""
    parts = urlsplit(st.context.url or "http://127.0.0.1:8501")
    return f"{parts.scheme}://{parts.netloc}"


# --- deeds ----------------------------------------------------------------------------------------------------------


AGAIN = 10.0
"""Seconds within which the same deed clicked again is the same click."""


@dataclass
class _Hand:
    """What this browser did last and has still to be told.

    One object in the session's state, taken up before a deed: the next click starts a run beside the one before, which
    is stopped when it touches the session's state next, although its deed is done or being done.
    """

    busy: threading.Lock = field(default_factory=threading.Lock)
    """Held while a deed is being done, so that the second click finds it done."""

    run: threading.Thread | None = None
    """The run that did something last. Whatever comes after another deed is meant, however alike."""
    done: dict[tuple[Any, ...], tuple[float, str | None, Any]] = field(default_factory=dict)
    """What that run did, by its `once`: when it ended (monotonic seconds), its words, what it made."""
    messages: list[tuple[str, str, bool]] = field(default_factory=list)
    """Kind, words, and whether whoever is told works far below the head of the page."""

    def say(self, kind: str, words: str, below: bool = False) -> None:
        if (kind, words, below) not in self.messages:
            self.messages.append((kind, words, below))


def _hand() -> _Hand:
    hand: _Hand = st.session_state.setdefault("hand", _Hand())
    return hand


def say(kind: str, words: str, *, below: bool = False) -> None:
    """Keep a message for the top of the page as it is drawn next, once. `kind`: success, error, warning.

    `below`: who is told works below the top and does not see it, so that it floats into view as well.
    """
    _hand().say(kind, words, below)


ICONS = {"success": ":material/check_circle:", "error": ":material/error:", "warning": ":material/warning:"}


def told() -> None:
    """Show what was said since the page was drawn last."""
    messages = _hand().messages
    for kind, words, below in list(messages):
        getattr(st, kind)(words)
        if below:
            st.toast(words, icon=ICONS[kind], duration="short" if kind == "success" else "long")
        del messages[:1]


def page(title: str, caption: str = "") -> None:
    """The head of a page: title, what it is for, what just happened."""
    st.title(title, anchor=False)
    if caption:
        st.caption(caption)
    told()


def deed(act: Callable[..., Any], *once: Any, below: bool = False) -> Any:
    """Do one deed in one transaction, then say what happened; a refusal changes nothing and says what to do.

    `act(session, actor=, now=)` answers the words of success, or those and what it made. Answers what was made (True
    where nothing is), None where it was refused. The actor is asked for anew: between drawing a button and clicking it
    a sign-in may have ended.

    `once` names the deed and all it was done with: the record, the version seen, what was typed. Clicked twice, a deed
    is done once and told of again, instead of being done twice or refused for having been faster than oneself.
    `below`: see `say`.
    """
    hand = _hand()
    with hand.busy:
        ended, words, made = hand.done.get(once, (-math.inf, None, None))
        if time.monotonic() - ended > AGAIN:
            try:
                words, made = _done(act)
            except Refused as refused:
                hand.say("error", refused.words, below)
                return None
            if hand.run is not threading.current_thread():
                hand.run, hand.done = threading.current_thread(), {}
            hand.done[once] = time.monotonic(), words, made
    if words:
        hand.say("success", words, below)
    return made


def _signed_in() -> Actor:
    """Who acts by now: between drawing a button and clicking it a sign-in may have ended."""
    here = actor()
    if here is None:
        raise Refused("role", "登录已失效，操作没有执行。请重新登录后再试。")
    return here


def _done(act: Callable[..., Any]) -> tuple[str | None, Any]:
    here = _signed_in()
    try:
        with db.transaction() as session:
            answer = act(session, actor=here, now=setup.moment(session, datetime.now(UTC)))
    except StaleDataError as stale:
        raise Refused("stale", "这条记录刚刚被他人处理，您的操作没有执行，请查看最新状态。") from stale
    return answer if isinstance(answer, tuple) else (answer, True)


def answer(question: Callable[[Session, Actor], Any]) -> Any:
    """Ask core something in a button's callback, where a page has no place for a refusal: it is told at the top.

    Answers what `question(session, actor)` answers, None where it was refused.
    """
    try:
        with db.reading() as session:
            return question(session, _signed_in())
    except Refused as refused:
        say("error", refused.words, below=True)
        return None


@st.dialog("冲销学时")
def ask_again(words: str, reason: str, reverse: Callable[..., None], args: tuple[Any, ...], *, key: str) -> None:
    """What a reversal would take back, in figures, and the button that does it."""
    st.markdown(f"**{words}。**")
    fact("冲销原因", reason)
    st.caption("冲销不能撤回；冲错的，须重新登记正确的学时。")
    with st.container(horizontal=True):
        done = st.button("确认冲销", type="primary", on_click=reverse, args=args, key=f"{key}-confirmed")
        if st.button("不冲销", key=f"{key}-kept") or done:
            st.rerun()


def to_look_at(relied: int, reversal_id: int) -> str:
    """How many decisions had relied on what a reversal took back, and where they are listed."""
    return f"，{relied}项资格核验结论曾用到这些学时，请到“入账批次与冲销”第{reversal_id}批查看并复核" if relied else ""


def moved(submission_id: int, action: workflow.Action, version: int, title: str, reason_key: str | None = None) -> bool:
    """Take one step in a submission's life, with the reason typed beside the button; answers whether it was taken."""

    def act(session: Session, **who: Any) -> str:
        reason = st.session_state.get(reason_key, "") if reason_key else ""
        _, done = workflow.move(session, submission_id, action, version=version, reason=reason, **who)
        return f"“{title}”{action.done}。{done}{'。' if done else ''}"

    if not deed(act, action, submission_id, version):
        return False
    forget_choice()
    return True


def move(*step: Any) -> None:
    """`moved` as a button's callback."""
    moved(*step)


def password_form() -> None:
    """Change one's own password; afterwards every browser signs in anew."""
    with st.form("password", clear_on_submit=False):
        st.text_input("原密码", type="password", key="old-password", autocomplete="current-password")
        st.text_input(
            "新密码",
            type="password",
            key="new-password",
            autocomplete="new-password",
            help=f"至少{accounts.PASSWORD_LENGTH}位，同时使用字母和数字",
        )
        st.text_input("再次输入新密码", type="password", key="new-password-again", autocomplete="new-password")
        st.form_submit_button("修改密码", type="primary", on_click=change_password_typed)


def change_password_typed() -> None:
    old, new, again = (st.session_state[key] for key in ("old-password", "new-password", "new-password-again"))
    if new != again:
        say("error", "两次输入的新密码不一致，请重新输入。")
        return
    if deed(
        lambda session, **who: accounts.change_password(session, new, old=old, **who), "password", hash((old, new))
    ):
        st.session_state.clear()
        say("success", "密码已修改，请用新密码重新登录。")


# --- choices kept in the address bar --------------------------------------------------------------------------------


def chosen(name: str) -> int | None:
    """The record named in the address bar."""
    text = str(st.query_params.get(name, ""))
    return int(text) if text.isdigit() and len(text) < 15 else None


def choose(name: str, record_id: int | None) -> None:
    """Name a record in the address bar, or none."""
    if record_id is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(record_id)


def forget_choice() -> None:
    """After a deed: no row stays chosen, so that the next click cannot hit what moved into its place."""
    st.session_state["round"] = st.session_state.get("round", 0) + 1


def filter_by(label: str, words: type[Word], *, key: str, default: Word | None = None) -> Word | None:
    """A filter over a vocabulary, "全部" for none, kept in the address bar under its key."""
    options: list[Word | None] = [None, *words]
    return st.selectbox(
        label,
        options,
        options.index(default),
        format_func=lambda word: word.label if word else "全部",
        key=key,
        bind="query-params",
        width=180,
    )


# --- tables ---------------------------------------------------------------------------------------------------------

LABELS = {
    "account": "办理人",
    "accounts": "账号数",
    "account_name": "办理人",
    "action": "操作",
    "active": "启用",
    "activity": "类别",
    "amount": "数量",
    "answer": "答复",
    "answered_at": "答复时间",
    "answered_by": "答复人",
    "assessment": "考核结果",
    "after": "现信息",
    "at": "时间",
    "audience": "培训人员范围",
    "authority": "管理权限",
    "base": "培训机构",
    "before": "原信息",
    "basis": "依据",
    "change": "事项",
    "code": "代码",
    "completed_on": "完成日期",
    "days_left": "期限",
    "credit_year": "学时年度",
    "decided_at": "审核时间",
    "due_on": "报送期限",
    "dispute": "异议",
    "employer": "工作单位",
    "end_on": "结束日期",
    "event": "事项",
    "faults": "问题行",
    "faulty": "有问题",
    "granted": "核定学时",
    "headcount": "计划人数",
    "filed_at": "提出时间",
    "filed_by": "提出人",
    "filename": "证明材料",
    "heading": "列",
    "hours": "学时",
    "hours_each": "每人学时",
    "id_mask": "身份证号",
    "id_number": "身份证号",
    "kind": "类别",
    "lacks": "结果",
    "lacks_professional": "专业差",
    "lacks_public": "公需差",
    "lacks_total": "累计差",
    "late": "逾期",
    "locked_until": "锁定至",
    "name": "姓名",
    "note": "备注",
    "organization": "机构",
    "people": "人数",
    "plan": "培训名称",
    "posted_at": "入账时间",
    "posted_by": "审核人",
    "professional": "专业",
    "professional_hours": "专业学时",
    "public": "公需",
    "public_hours": "公需学时",
    "reason": "原因",
    "record": "记录",
    "record_id": "编号",
    "role": "角色",
    "roster_row": "花名册行",
    "row": "行",
    "sex": "性别",
    "source": "来源",
    "specialty": "从事专业",
    "start_on": "开始日期",
    "state": "状态",
    "subject": "科目",
    "submitted_at": "提交时间",
    "title": "培训名称",
    "to_state": "状态",
    "total": "累计",
    "username": "用户名",
    "value": "原值",
    "words": "说明",
    "year": "年度",
    "content": "培训内容",
    "days_ahead": "推进天数",
    "entries": "笔数",
    "mode": "方式",
    "place": "地点",
    "root": "校验值",
    "summary": "培训总结",
    "teachers": "师资情况",
}
"""Each column by the one word it has on every screen and in every export."""

VOCABULARIES: dict[str, type[Labelled]] = {
    "action": workflow.Action,
    "answer": Answer,
    "change": Change,
    "event": audit.Event,
    "kind": OrganizationKind,
    "mode": Mode,
    "origin": statements.Origin,
    "role": Role,
    "source": Source,
    "standing": Standing,
    "state": State,
    "to_state": State,
}

NOT_BEGUN = "未填写"
_OF_DEEMED = {"amount": "—", "granted": "视同完成"}
"""What stands for the noughts of a claim that deems its year done."""

CHIPS = {
    State.DRAFT: "gray",
    State.SUBMITTED: "blue",
    State.RETURNED: "orange",
    State.APPROVED: "green",
    State.REJECTED: "red",
    State.WITHDRAWN: "gray",
}

RECORDS = {
    "account": "账号",
    "card": "审验卡",
    "claim": "折合申报",
    "credit_batch": "入账批次",
    "dispute": "异议",
    "organization": "机构",
    "person": "人员",
    "plan": "计划",
    "report": "报告",
}


def chip(state: State) -> str:
    """A state as the coloured chip it wears everywhere, in Markdown."""
    return f":{CHIPS[state]}-badge[{state.label}]"


def worded(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The named columns with codes as words and moments as office time; column names stay codes."""
    shown = frame.loc[:, list(columns)].copy()
    for name in columns:
        if name == "subject":
            names = notices.subject_names() | {"": NOT_BEGUN}
            shown[name] = [names.get(code, "") for code in frame[name]]
        elif name == "source" and "reverses_id" in frame:
            shown[name] = [
                _source_words(code, back) for code, back in zip(frame[name], frame["reverses_id"], strict=True)
            ]
        elif name == "hours" and "deemed" in frame and frame["deemed"].any():
            shown[name] = [
                "视同完成" if deemed > 0 else "撤销视同完成" if deemed < 0 else hours_text(hours)
                for hours, deemed in zip(frame[name], frame["deemed"], strict=True)
            ]
        elif name in _OF_DEEMED and (frame[name] == 0).any():
            told = {0: _OF_DEEMED[name]}
            shown[name] = ["" if pd.isna(value) else told.get(value) or hours_text(value) for value in frame[name]]
        elif name in VOCABULARIES:
            words = {member.value: member.label for member in VOCABULARIES[name]}
            words |= {"": NOT_BEGUN} if name == "state" else {}
            shown[name] = [words.get(code, "") for code in frame[name]]
        elif name == "authority":
            shown[name] = [dashboards.short(office) for office in frame[name]]
        elif name == "days_left":
            shown[name] = [days_left(days) for days in frame[name]]
        elif name == "record":
            shown[name] = [RECORDS.get(code, code) for code in frame[name]]
        elif name == "faulty" or name == "late" or name == "active":
            shown[name] = ["是" if flag else "否" for flag in frame[name]]
        elif name.endswith("_at") or name in ("at", "locked_until"):
            shown[name] = [moment_text(moment) for moment in frame[name]]
        elif frame[name].map(lambda value: isinstance(value, Decimal)).any():
            shown[name] = frame[name].astype(float)
    return shown


def _source_words(code: str, reverses: Any) -> str:
    """Where hours come from; a reversal names the batch it takes back."""
    return Source(code).label if pd.isna(reverses) else f"冲销第{int(reverses)}批"


def days_left(days: int) -> str:
    """How a deadline stands, in words."""
    return f"还有{days}天" if days > 0 else "今天到期" if days == 0 else f"逾期{-days}天"


def moment_text(moment: Any) -> str:
    """A moment as office time, to the minute; nothing where there is none."""
    if moment is None or moment is pd.NaT:
        return ""
    return f"{moment.astimezone(db.OFFICE_ZONE):%Y-%m-%d %H:%M}"


def _column_config(shown: pd.DataFrame, labels: dict[str, str]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name in shown.columns:
        label = labels.get(name) or LABELS[name]
        if name in ("state", "to_state"):
            config[name] = st.column_config.MultiselectColumn(
                label,
                options=[*(state.label for state in State), NOT_BEGUN],
                color=[*CHIPS.values(), "gray"],
                width="small",
            )
        elif name.endswith("_on"):
            config[name] = st.column_config.DateColumn(label, format="YYYY-MM-DD")
        elif name in ("year", "credit_year", "row", "roster_row", "record_id"):
            config[name] = st.column_config.NumberColumn(label, format="%d", width="small")
        elif pd.api.types.is_numeric_dtype(shown[name]):
            config[name] = st.column_config.NumberColumn(label, format="%g")
        elif name in ("years", "gap"):
            config[name] = st.column_config.TextColumn(label, width=190)
        else:
            width = _width(name, [label, *map(str, shown[name])]) if name != shown.columns[-1] else None
            figures = name in ("hours", *_OF_DEEMED)
            config[name] = st.column_config.TextColumn(label, width=width, alignment="right" if figures else None)
    return config


def _width(name: str, texts: Iterable[str]) -> int | None:
    """Pixels for the longest of a column's words; none for sentences, which take the room that is left.

    A table left to itself measures ten rows, and takes a cell twice as long as the others for a slip.
    """
    longest = max(sum(map(_pixels, text)) for text in set(texts))
    if name == "dispute":  # begins with the answer; what was said stands in full elsewhere
        return min(longest + 18, 200)
    return longest + 18 if longest < 300 else None


def _pixels(letter: str) -> int:
    """The room a letter takes in a table, a little more rather than less."""
    return 14 if unicodedata.east_asian_width(letter) in "WFA" else 8 if letter.isalnum() else 6


def table(
    frame: pd.DataFrame, columns: Sequence[str], *, empty: str, labels: dict[str, str] | None = None, height: int = 0
) -> None:
    """A table to read. `empty` says why there is nothing and what to do next."""
    if frame.empty:
        st.info(empty)
        return
    shown = _chips(worded(frame, columns))
    options: dict[str, Any] = {"height": height} if height and 36 * (len(shown) + 1) > height else {}
    st.dataframe(shown, hide_index=True, column_config=_column_config(shown, labels or {}), placeholder="", **options)


def prose(lines: Iterable[Sequence[str]], heads: Iterable[str]) -> None:
    """A table of sentences in Markdown: nothing is cut off, long cells wrap, on a telephone too."""
    frame = pd.DataFrame(list(lines), columns=list(heads))
    st.table(frame, hide_index=True, border="horizontal", width="content")


def pick(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    name: str,
    empty: str,
    labels: dict[str, str] | None = None,
    by: str = "id",
) -> int | None:
    """A table to choose a row from; the choice lives in the address bar under `name`. Answers the chosen id."""
    if frame.empty:
        st.info(empty)
        return chosen(name)
    shown = _chips(worded(frame, columns))
    ids = [int(value) for value in frame[by]]
    # Named by its rows: a mark on the third row must not stay on the third row of another list.
    key = f"{name}-table-{st.session_state.get('round', 0)}-{hash(tuple(ids))}"

    def picked() -> None:
        rows = st.session_state[key].selection.rows
        choose(name, ids[rows[0]] if rows and rows[0] < len(ids) else None)

    options: dict[str, Any] = {}
    if chosen(name) in ids:
        options["selection_default"] = {
            "selection": {"rows": [ids.index(chosen(name) or 0)], "columns": [], "cells": []}
        }
    st.dataframe(
        shown,
        hide_index=True,
        column_config=_column_config(shown, labels or {}),
        placeholder="",
        on_select=picked,
        selection_mode="single-row",
        key=key,
        **options,
    )
    return chosen(name)


def _chips(shown: pd.DataFrame) -> pd.DataFrame:
    for name in ("state", "to_state"):
        if name in shown:
            shown[name] = shown[name].map(lambda label: [label] if label else [])
    return shown


def listing(ask: Callable[..., tuple[pd.DataFrame, int]], here: Actor, *, name: str) -> tuple[pd.DataFrame, int]:
    """One page of a long list, with the page number in the address bar; answers its rows and how many there are in all.

    `ask(session, actor, offset=, limit=)` is one of core's paged questions.
    """
    with db.reading() as session:
        _, count = ask(session, here, offset=0, limit=0)
        total = max(1, math.ceil(count / PAGE_ROWS))
        number = st.pagination(total, key=f"{name}-page", bind="query-params") if total > 1 else 1
        rows, _ = ask(session, here, offset=(min(number, total) - 1) * PAGE_ROWS, limit=PAGE_ROWS)
    return rows, count


def deferred(
    make: Callable[[Session, Actor], bytes], opened: Callable[[], AbstractContextManager[Session]]
) -> Callable[[], bytes]:
    """Content for a download button, made at the click for whoever is signed in by then. `opened`: a db session."""
    here = token()

    def content() -> bytes:
        with opened() as session:
            asking = accounts.actor_of(session, here, datetime.now(UTC))
            if asking is None:
                raise Refused("signed-out", "登录已失效，请重新登录后再下载。")
            return make(session, asking)

    return content


def export(
    make: Callable[[Session, Actor], pd.DataFrame],
    columns: Sequence[str],
    *,
    name: str,
    labels: dict[str, str] | None = None,
) -> None:
    """A button that gives everything listed, not only the page shown, as .xlsx: ID numbers masked, formulas defused."""

    def content(session: Session, who: Actor) -> bytes:
        shown = worded(make(session, who), columns)
        heads = [(labels or {}).get(column) or LABELS[column] for column in columns]
        rows = shown.astype(object).where(shown.notna(), None)
        return sheets.workbook(heads, rows.itertuples(index=False, name=None))

    st.download_button(
        "导出 Excel",
        deferred(content, db.reading),
        f"{name}-{today():%Y%m%d}.xlsx",
        key=f"export-{name}",
        icon=":material/download:",
        on_click="ignore",
    )


def problems(found: Sequence[Problem]) -> None:
    """A file's problems, errors and hints, each with where it is, what stands there and how to mend it."""
    frame = pd.DataFrame([vars(problem) for problem in found])
    frame["row"] = ["全表" if row == 0 else str(row) for row in frame["row"]]
    frame["kind"] = ["错误" if blocking else "提示" for blocking in frame["blocking"]]
    st.dataframe(
        frame[["row", "kind", "heading", "value", "words"]],
        hide_index=True,
        column_config={
            "row": st.column_config.TextColumn("行号", width=60),
            "kind": st.column_config.TextColumn("类别", width=60),
            "heading": st.column_config.TextColumn("列", width=110),
            "value": st.column_config.TextColumn("原值", width=180),
            "words": st.column_config.TextColumn("说明", width="large"),
        },
        height=280 if len(frame) > 7 else "content",
    )


# --- what several pages show ----------------------------------------------------------------------------------------


def facts(pairs: Iterable[tuple[str, object]], columns: int = 3) -> None:
    """Labelled facts in columns, as on a form."""
    places = st.columns(columns)
    for at, (label, value) in enumerate(pairs):
        fact(label, value, places[at % columns])


def fact(label: str, value: object, place: Any = st) -> None:
    """One labelled fact; line breaks in it are kept."""
    lines = [md(line) for line in str(value if value not in (None, "") else "—").splitlines()]
    place.markdown(f":gray[:small[{label}]]  \n" + "  \n".join(lines))


def plan_facts(plan: Plan) -> None:
    """A plan as its approver reads it, clause 一(五)1."""
    st.markdown(f"#### {md(plan.title)}　{chip(plan.state)}")
    facts(
        [
            ("培训机构", plan.organization.name),
            ("管理权限", plan.authority.name),
            ("科目", plan.subject.label),
            ("培训时间", f"{plan.start_on} 至 {plan.end_on}（{(plan.end_on - plan.start_on).days + 1}天）"),
            ("地点", plan.place),
            ("方式", plan.mode.label),
            ("计划人数", f"{plan.headcount}人"),
            ("每人学时", hours_text(plan.hours_each)),
            ("提交时间", moment_text(plan.submitted_at) or "尚未提交"),
        ]
    )
    for label, text in (("培训内容", plan.content), ("师资情况", plan.teachers), ("培训人员范围", plan.audience)):
        fact(label, text)
    if plan.credit_years:
        years = "、".join(map(str, plan.credit_years))
        made_up = any(year < plan.start_on.year for year in plan.credit_years)
        st.info(f"学时计入{years}年度" + ("（补学，七(二)）" if made_up else ""))
    if plan.extension_start_on:
        st.info(f"已准予延期上报（{plan.extension_start_on}开始）：{md(plan.extension_reason)}")


def decide(found: Submission, here: Actor) -> None:
    """The reviewer's buttons: one filled, the reason above them."""
    reason = f"reason-{found.id}"
    st.text_area("审核意见（退回、不予通过时必填，基地会看到）", key=reason, height=70)
    with st.container(horizontal=True):
        for action in workflow.moves_for(found, here):
            st.button(
                action.label,
                type="primary" if action is workflow.Action.APPROVE else "secondary",
                key=f"{action}-{found.id}-{found.version}",
                on_click=move,
                args=(found.id, action, found.version, found.title, reason),
            )


def submission(session: Session, found: Submission, here: Actor) -> None:
    """A plan or a report to read, with the steps it has taken."""
    if isinstance(found, Report):
        st.markdown(f"#### {md(found.title)}　{chip(found.state)}")
        facts(
            [
                ("培训机构", found.organization.name),
                ("实际培训时间", f"{found.start_on} 至 {found.end_on}"),
                ("登记", f"{found.people}人，共{hours_text(found.hours)}学时"),
                ("报送期限", f"{found.due_on}" + ("，逾期报送" if found.late else "")),
                ("提交时间", moment_text(found.submitted_at)),
                ("审核时间", moment_text(found.decided_at)),
            ]
        )
        fact("培训总结", found.summary)
    elif isinstance(found, Plan):
        plan_facts(found)
    steps(session, found, here)


def steps(session: Session, submission: Submission, here: Actor) -> None:
    """The steps a submission has taken, with who and why."""
    frame = queues.trail(session, submission.id, here)
    if not frame.empty:
        st.caption("办理过程")
        table(frame, ["at", "account_name", "action", "to_state", "reason"], empty="")


def clause(text: str) -> str:
    """A clause as the small grey label it wears in prose, in Markdown; it is never broken over two lines."""
    return f":gray-badge[{md(text)}]"


def md(text: str) -> str:
    """Somebody's words, safe inside Markdown."""
    for letter in "\\`*_{}[]()<>#+-!|$~:":
        text = text.replace(letter, "\\" + letter)
    return text.replace("\n", " ")
