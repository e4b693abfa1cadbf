"""Whether applications meet the hours their notice asks for: a file of them, or one person with every step."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import answers, applications, decisions, replay, sheet
from core.eligibility.answers import Run
from core.eligibility.applications import SOMETIMES, Batch
from core.ground import db
from core.ground.access import OFFICERS, Actor, Refused, Role
from core.people import persons
from core.tables import sheets
from core.tables.reading import Asked
from core.trail import choices
from web import address, context, deeds, drafts, printed, shell, tables
from web.eligibility import decision, form, reading, rows
from web.progress import Progress, watched
from web.words import md, moment_text

actor = shell.require(*OFFICERS, Role.EMPLOYER_CLERK, Role.PERSON)
decides = actor.role in decisions.DECIDERS
shell.page("资格核验", "按申报年度的通知核验继续教育学时，每个结论都注明条款和过程。")


def by_file() -> None:
    """A file of applications: answered at once, recorded if the officer says so."""
    heads = applications.headings()
    usual, more = ("、".join(heads[name] for name in heads if (name in SOMETIMES) == rare) for rare in (False, True))
    st.caption(f"表头：{usual}；可以另有{more}。空白表示“否”；尚未核实的情形填“待核验”。")
    tables.template("申报名单", applications.template, key="applications-template")
    upload = drafts.Sheet("applications", actor).ask("申报名单", ["xlsx", "xls", "et", "csv"])
    if upload is None:
        return
    key, today, code = upload.digest[:16], context.today(), applications.listing().code
    held = tables.held(key)

    def read(session: Session) -> Batch:
        known = choices.chosen(session, actor.organization_id, code)
        return applications.read(upload.content, upload.filename, today=today, chosen=known, mended=held.mended)

    try:
        answering(read, key, held)
    except Asked as asked:
        st.session_state["asked"] = (key, asked)
    before, asked_of = st.session_state.get("asked", (None, None))
    if asked_of and before == key:
        st.error(md(asked_of.words))
        reading.choose(asked_of.understood, key)


def by_employer() -> None:
    """The same application of everybody of an employer, or of all in charge."""
    with st.container(border=True):
        employer = st.text_input("工作单位", key="employer", width=380, placeholder="单位名称；不填则为全部人员")
        facts = form.cells(actor.league)
    answering(lambda session: answers.applications_of(session, actor, facts, employer=employer), f"{employer}{facts}")


def answering(read: Callable[[Session], Batch], asked: str, held: tables.Held | None = None) -> None:
    """The deeds over some applications and the answers to what was `asked`: looked at, or decided for the record.

    Those of a file are mended on the screen (`held`), and answered again in the background.
    """
    what = asked, held and held.mended
    with st.container(horizontal=True):
        look = st.button("核验", type="primary", key="look")
        keep = decides and st.button("核验并存档", key="keep", disabled=st.session_state.get("recorded") == what)
    look, place = st.session_state.pop("again", None) == asked or look, st.container()
    before = st.session_state.get("run", (None,))[0]
    mended = before is not None and before != what and before[0] == asked
    if look or keep or mended:
        st.session_state.pop("asked", None)

        def work(progress: Progress) -> tuple[Batch, Run]:
            with db.reading() as session:  # nobody's deed waits while a file is read
                batch = read(session)
            with db.transaction() if keep else db.reading() as session:
                if keep:
                    now = context.moment(session)
                    return batch, decisions.decide(session, batch, actor=actor, now=now, progress=progress)
                return batch, answers.answer(session, batch, actor=actor, progress=progress)

        if mended and not (look or keep):
            made = work(lambda *_: None)  # no bar: what is below must not move while it is mended
        else:
            with place:
                made = watched(work, "正在核验……", "已核验{:,} / {:,}")
        st.session_state["run"] = (what, *made)
        if keep:
            st.session_state["recorded"], run = what, made[1]
            deeds.say("success", f"已存档{len(run.applications) - run.counts[answers.FAULTY]:,}份核验结论。")
            st.rerun()  # so that the button beside it cannot record the same again
    before, batch, answered = st.session_state.get("run", (None, None, None))
    if answered is not None and before == what:
        if held and not answered.id:
            reading.mend(answered, asked)
        reading.told(batch, asked)
        results(answered, of_file=held is not None)


def results(run: Run, *, of_file: bool) -> None:
    """Counts, filters, every row, the file to give back."""
    if run.id:
        st.caption("下列核验结论已存档，以后可在“已存档”中查看。")
    for place, (word, count) in zip(st.columns(4), run.counts.items(), strict=True):
        place.metric(word, f"{count:,}")
    reasons = run.frame.groupby("clauses").size().sort_values(ascending=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.selectbox("结论", [address.ALL, *run.counts], key="outcome", width=160, required=True)
        options = [address.ALL, *(f"{clauses}（{count:,}）" for clauses, count in reasons.items() if str(clauses))]
        reason = st.selectbox("依据", options, key="clauses", width=320, required=True)
    frame = run.frame if wanted == address.ALL else run.frame[run.frame["outcome"] == wanted]
    frame = frame if reason == address.ALL else frame[frame["clauses"] == reason.split("（")[0]]
    with tables.above():
        tables.download(
            "下载核验结果（Excel）",
            lambda _, **__: sheets.workbook(run.headings(), run.lines(), sheet="核验结果"),
            f"资格核验结果-{context.today():%Y%m%d}.xlsx",
        )
        printed.button("answers")
    row = rows.choose(frame.head(1000), of_file=of_file)
    if len(frame) > 1000:
        st.caption(f"页面列出前1,000行，共{len(frame):,}行；全部结果见下载的文件。")
    rows.opened(row, run, actor)


def by_person(person_id: int | None = None) -> None:
    """One person's application, from a form."""
    if person_id is None:
        hint = "姓名可只输一部分，身份证号须完整"
        text = address.searched("姓名或身份证号", key="q", width=300, placeholder=hint)

        def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
            return persons.find(session, who, text=text, **page)

        with tables.above():
            frame, count = tables.listing(asked, actor, name="person")
            st.caption(f"共{count:,}人" + ("，选中一人后填写申报情况" if count else ""), width="content")
        shown = ["name", "post", "level", "employer", "id_mask"]
        person_id = tables.pick(
            frame, shown, name="person", empty="没有符合条件的人员。请核对姓名或身份证号。", what=""
        )
    if person_id is None:
        return
    with db.reading() as session:
        league = persons.league(session, person_id, actor)
    with st.container(border=True):
        facts = form.cells(league)
    with db.reading() as session:
        asked_for = answers.application(session, person_id, facts, actor=actor)
        found = sheet.sheet(session, asked_for, actor=actor)
    decision.show(found, actor)


def recorded_runs() -> None:
    """What was decided before, and whether it would be decided the same today."""
    with db.reading() as session:
        runs = decisions.runs(session, actor)
    if runs.empty:
        st.info("还没有存档的核验。上传申报名单，选择“核验并存档”。")
        address.held("run-id", (), None, label="核验批次")
        tables.named((), name="decision", what="第{}份结论")
        return
    words = {
        line["run_id"]: f"{moment_text(line['decided_at'])}　{line['decided_by']}　{line['applications']:,}份"
        for line in runs.to_dict("records")
    }
    asked = address.held("run-id", words, next(iter(words)), label="核验批次")
    run_id = st.selectbox("核验批次", list(words), format_func=words.__getitem__, required=True, **asked)
    with db.reading() as session:
        frame = decisions.decided(session, actor, run_id=run_id).rename(columns=rows.NAMES)
    columns = ["file_row", "name", "application_year", "outcome", "waiver", "decided_by"]
    chosen = tables.pick(frame, columns, name="decision", by="number", empty="", what="")
    if chosen is not None:
        with db.reading() as session:
            again = replay.recompute(session, chosen, actor=actor)
            found = decisions.recorded_sheet(session, chosen, actor=actor)
        with st.container(border=True):
            if again.changed:
                same = "，结论将改变" if again.differs else "，结论不变"
                st.warning("核验之后有变化" + same + "：" + "；".join(md(change.words) for change in again.changed))
            decision.show(found, actor)


try:
    if actor.role is Role.PERSON:
        by_person(actor.person_id)
    else:
        views = {"按文件核验": by_file, "按单位核验": by_employer, "按人核验": by_person, "已存档": recorded_runs}
        views[address.view(list(views))]()
except Refused as refused:
    deeds.say("error", refused.words)  # of what was to be recorded, too
