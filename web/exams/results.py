"""Results of an exam on screen (考试成绩), and how its items did (试题分析)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.exams import papers, statistics
from core.exams.statistics import Statistics
from core.ground import db
from core.ground.access import Actor, Role
from core.ground.hours import hours_text
from core.models import Exam, ExamPaper, ItemState
from core.submissions import appeals
from web import deeds, shell, tables
from web.deeds import Who
from web.words import md, moment_text, plain

PEOPLE = "name employer attempts score exam_result at unposted".split()
ITEMS = "item_number stem item_right item_flags item_tells item_papers item_kind".split()


def people(exam: Exam, actor: Actor) -> None:
    """Who sat it, the best attempt of each (成绩); a paper can be opened, and hours that were refused asked again."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        frame = statistics.people(session, exam.id, who)
        if frame.empty:
            return pd.DataFrame(columns=["paper_id", *PEOPLE])
        result = frame["passed"].map({True: "及格", False: "不及格"})
        return frame.assign(exam_result=result, score=frame["score"].astype(float))

    with db.reading() as session:
        frame = asked(session, actor)
        count = statistics.count(session, exam.id, actor)
    figures = [("已考", count.sat), ("及格", count.passed), ("正在考", count.writing), ("及格未记学时", count.unposted)]
    for place, (label, value) in zip(st.columns(4), figures, strict=True):
        place.metric(label, f"{value}人")
    if count.refused and actor.role is Role.REVIEWER:
        st.button("补记学时", type="primary", key="credit-again", on_click=_again, args=(exam,))
    shown = [each for each in PEOPLE if each != "unposted" or (len(frame) and frame["unposted"].any())]
    if not frame.empty:
        tables.export(asked, PEOPLE, name="考试成绩")
    chosen = tables.pick(frame, shown, name="answers", by="paper_id", empty="还没有人交卷。", what="第{}号答卷")
    if chosen is not None:
        one = frame[frame["paper_id"] == chosen].iloc[0]
        with db.reading() as session:
            every = statistics.attempts(session, exam.id, int(one["person_id"]), actor)
        st.markdown(f"{md(one['name'])}的答卷，在新窗口打开")
        st.markdown("\n".join(f"- {_attempt(each)}" for each in every))
        if one["unposted"] and actor.role is Role.REVIEWER:
            st.caption(md(f"{one['name']}考试及格，学时没有记着：{one['unposted']}"))
            st.button("补记这个人的学时", key="credit-one", on_click=_again, args=(exam, int(chosen)))


def _attempt(paper: ExamPaper) -> str:
    """One attempt in a line (一次答卷), with the way to its paper."""
    how = "及格" if paper.passed else "不及格"
    spared = "，申诉成立，不计次数" if paper.spared_at else ""
    said = f"{hours_text(paper.score or Decimal())}分，{how}{spared}"
    return f"[第{paper.number}次](/learn/paper/{paper.id})　{moment_text(paper.handed_in_at)}，{said}"


def paper(result: papers.Result) -> None:
    """A paper that was handed in, as its office reads it (答卷): each question, what was chosen, what is right."""
    done, score = result.paper, hours_text(result.paper.score or Decimal())
    said = f"{len(result.questions)}题，得{score}分，满分{hours_text(result.full)}分，"
    with st.expander(f"第{done.number}次答卷（{said}{hours_text(done.pass_mark)}分及格）"):
        begun, ended = moment_text(done.started_at), moment_text(done.handed_in_at)
        st.caption(f"{begun}开始，{ended}{'到时自动交卷' if done.by_time else '交卷'}")
        st.markdown(f"[在新窗口打开整份答卷，有各选项和解析](/learn/paper/{done.id})")
        rows = []
        for each in result.questions:
            options = each.asked.options
            given = _options(options, each.asked.chosen) if each.answered_at else "未作答"
            if each.late:
                given += (
                    f"；送到过迟、没有计入的：{_options(options, each.late_chosen)}，{appeals.late_words(each.late)}"
                )
            right = "作废" if each.void else _options(options, each.right)
            earned = f"{hours_text(each.earned)}/{hours_text(each.asked.points)}"
            moment = moment_text(each.answered_at)
            rows.append([f"{each.asked.place}. {md(each.asked.stem)}", md(given), md(right), earned, moment])
        tables.prose(rows, ["题目", "学员选的", "正确答案", "得分", "作答时间"])


def _options(options: Sequence[str], which: Iterable[int]) -> str:
    return "、".join(options[at] for at in sorted(which)) or "没有选"


def _again(exam: Exam, paper_id: int | None = None) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        posted, left = papers.credit_again(session, exam.id, paper_id, **who)
        return f"补记{posted}人的学时" + (f"，还有{left}人没有记上，原因见下表。" if left else "。")

    deeds.deed(act, "credit-again", exam.id, paper_id)


def items(exam: Exam, actor: Actor) -> None:
    """How each item did (试题分析): how hard, whether it tells who knows, which wrong options are taken."""

    def frame_of(found: list[Statistics]) -> pd.DataFrame:
        rows = [
            {
                "edition_id": each.edition_id,
                "item_number": each.item_id,
                "item_kind": each.kind,
                "item_papers": each.papers,
                "item_right": round(each.difficulty * 100, 1),
                "item_tells": None if each.discrimination is None else round(each.discrimination, 2),
                "item_flags": "；".join(each.flags) if each.state is not ItemState.VOID else "已作废",
                "stem": each.stem,
            }
            for each in found
        ]
        return pd.DataFrame(rows, columns=["edition_id", *ITEMS])

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        return frame_of(statistics.of_exam(session, exam.id, who))

    with db.reading() as session:
        found = statistics.of_exam(session, exam.id, actor)
    doubtful = sum(bool(each.flags) for each in found)
    words = f"答卷满{statistics.ENOUGH}份的试题才作判断。" + (f"{doubtful}道需要核对，排在前面。" if doubtful else "")
    st.caption(f"得分率是得分占满分的比例；区分度是得分最高和最低的各27%的人得分率之差，低于0.2的区分度低。{words}")
    if found:
        tables.export(asked, ITEMS, name="试题分析")
    chosen = tables.pick(frame_of(found), ITEMS, name="asked", by="edition_id", empty="还没有人交卷。", what="这道试题")
    for each in found:
        if each.edition_id == chosen:
            _one(each)


def _one(each: Statistics) -> None:
    """An item's options and who took them."""
    with st.container(border=True):
        st.markdown(f"**{plain(each.stem)}**")
        rows = [
            ("✓" if option.right else "", md(option.text), option.chosen, option.upper, option.lower)
            for option in each.options
        ]
        tables.prose([[str(cell) for cell in row] for row in rows], ["正确", "选项", "选的人", "其中高分组", "低分组"])
        shell.link("exam_bank", "在题库中打开", item=str(each.item_id))
