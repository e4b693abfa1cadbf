"""Bringing results in (导入外来成绩): what is filled in beside the file, what the file holds, mended in its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.exams import results
from core.exams.results import Checked, ResultForm
from core.ground import db
from core.ground.access import Actor
from core.models import Course, ResultSource
from core.tables.reading import Asked
from core.trail import choices
from core.trail.files import Upload
from web import address, context, deeds, drafts, tables
from web.deeds import Who
from web.words import md


def key_of(upload: Upload) -> str:
    return f"results-{upload.digest[:16]}"


def filled(course: Course) -> ResultForm:
    """What is filled in beside the file."""
    source = st.segmented_control(
        "文件种类",
        results.FILES,
        format_func=lambda each: each.label,
        default=ResultSource.TABLE,
        required=True,
        key="results-source",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mark = None
        if source is not ResultSource.COMPLETION:
            usual = results.usual_mark(course)
            mark = st.number_input(
                "及格线",
                min_value=0.5,
                max_value=float(results.MOST_SCORE),
                value=None if usual is None else float(usual),
                step=0.5,
                format="%g",
                key="results-mark",
                width=120,
                help="按文件里的分数；文件写明合格与否的，以文件为准。",
            )
        held = st.date_input(
            "考试日期",
            context.today(),
            max_value=context.today(),
            key="results-held",
            format="YYYY-MM-DD",
            width=160,
            help="文件里没有写日期的，用这一天。",
        )
        basis = st.text_input(
            "依据（必填）",
            key="results-basis",
            max_chars=150,
            placeholder="如：6月集中考试，由XX组织",
            width=420,
        )
    worth = None if mark is None else Decimal(str(mark))
    return ResultForm(course.id, source or ResultSource.TABLE, worth, held, basis)


def checked(upload: Upload, form: ResultForm, actor: Actor) -> Checked:
    with db.reading() as session:
        known = choices.chosen(session, actor.organization_id, results.LISTING.code)
        mended = tables.held(key_of(upload)).mended
        return results.check(session, actor, upload, form, today=context.today(), chosen=known, mended=mended)


def bring_in(form: ResultForm, actor: Actor) -> None:
    given = drafts.Sheet("results", actor)
    if (upload := given.upload) is None:
        deeds.say("error", "请先选择文件。")
        return
    mended = tables.held(key_of(upload)).mended

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        known = choices.chosen(session, who["actor"].organization_id, results.LISTING.code)
        batch = results.bring_in(session, upload, form, chosen=known, mended=mended, **who)
        given.drop(session, who["actor"])
        return f"已导入，成绩第{batch.id}批，待主管部门确认后记学时。", batch.id

    made = deeds.deed(act, "results", upload.filename, hash(upload.content), repr(form), repr(mended))
    if made is not None:
        address.forget_choice()
        address.choose("batch", made)


def importing(courses: list[Course], actor: Actor) -> None:
    """Choose the course, fill in, choose the file, see what it would do, bring it in."""
    if not courses:
        st.info("还没有已发布的课程。课程发布后，才能导入它的成绩。")
        return
    by_id = {each.id: each for each in courses}
    number = st.selectbox(
        "课程",
        list(by_id),
        format_func=lambda each: f"{by_id[each].year}年度　{by_id[each].title}　第{by_id[each].edition}版",
        key="results-course",
        required=True,
    )
    form = filled(by_id[number])
    given = drafts.Sheet("results", actor)
    given.ask(
        "成绩文件（身份证号、姓名、成绩或结果、考试日期）",
        ["xlsx", "xls", "et", "csv"],
        help="Moodle的成绩导出、课程完成情况导出（xlsx、csv）可原样上传，“ID号”一列须是身份证号。",
    )
    if (upload := given.upload) is None:
        return
    try:
        preview(upload, form, actor)
    except Asked as asked:
        st.error(md(asked.words))
        tables.columns(asked.understood, results.LISTING, key=key_of(upload), then=lambda: None)


def preview(upload: Upload, form: ResultForm, actor: Actor) -> None:
    found = checked(upload, form, actor)
    good, already = found.count(passed=True), found.count(passed=True, already=True)
    faulty = len({each.row for each in found.problems if each.blocking})
    words = f"{good}条合格待确认，{found.count(passed=False)}条未合格"
    words += f"，{already}条此前已记学时" if already else ""
    words += f"；{faulty}条有问题，可在下面改正，不改的作“未接收”留回执" if faulty else ""
    (st.warning if faulty else st.info)(f"{words}。")
    tables.account(found.account)
    tables.mend_file(key_of(upload), found.cells, found.problems, headings=results.HEADINGS, choices=results.CHOICES)
    if hints := [each for each in found.problems if not each.blocking]:
        tables.problems(hints, results.HEADINGS)
    if found.lines:
        st.button(
            f"导入{len(found.lines)}条成绩", type="primary", on_click=bring_in, args=(form, actor), key="results-bring"
        )
    if found.understood:
        with st.expander(tables.FOLDED):
            tables.columns(found.understood, results.LISTING, key=key_of(upload), then=lambda: None, border=False)
