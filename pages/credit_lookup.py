"""Find a person; totals against the requirement, every entry down to its roster row; issue the card."""

from collections.abc import Iterable
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.courses import passing
from core.ground import db, resident_id
from core.ground.access import Actor, Refused, Role
from core.ledger import statements, years
from core.ledger.standing import Standing
from core.ledger.years import Held, SubjectLine
from core.models import Card, Person
from core.people import persons
from core.records import cards, recognition
from core.submissions import disputes, workflow
from web import address, context, deeds, shell, tables
from web.courses import steps
from web.credit import checked, disputing, proving
from web.deeds import Who
from web.facts import facts
from web.people import record
from web.words import md

actor = shell.require(*persons.LOOKERS)
oneself = actor.role is Role.PERSON
shell.page(
    "我的学时与审验卡" if oneself else "学时查询与审验卡",
    "各年度学时与当年通知的要求对照，每笔学时可追溯到培训计划、报告和花名册行。",
)


def search() -> int | None:
    """Look a person up by name, ID number or employer."""
    columns = ["name", "id_mask", "sex", "employer", "post", "specialty", "authority"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = address.searched("姓名或身份证号", key="q", placeholder="姓名可只输一部分，身份证号须完整", width=300)
        employer = address.searched("工作单位", key="employer", width=280)

        def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
            found, count = persons.find(session, who, text=text, employer=employer, **page)
            return found, count

        tables.export(
            lambda session, who: asked(session, who, limit=None)[0],
            columns,
            name="人员名单",
        )
    frame, count = tables.listing(asked, actor, name="person")
    st.caption(f"共{count:,}人")
    return tables.pick(
        frame,
        columns,
        name="person",
        empty="没有符合条件的人员。请核对姓名或完整身份证号；学时入账后人员才会出现，且须在您的管理权限内。",
    )


def issue(person_id: int, year_key: str) -> None:
    """Issue the card, then draw its PDF for the download button that follows: nobody's deed waits for the drawing."""
    year = st.session_state[year_key]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, Card]:
        card = cards.issue(session, person_id, year, **who)
        return f"审验卡已生成，验证码{cards.written(card.code)}，请下载打印。", card

    if card := deeds.deed(act, "card", person_id, year):
        content = cards.pdf(card, verify_url=f"{context.origin()}/verify/{card.code}")
        st.session_state["card"] = (person_id, card.code, card.year, content)


ENTRY = "credit_year subject hours studied_on source standing dispute posted_at basis".split()
ENTRY += "posted_by plan_id report_id roster_row plan base recognised_by".split()
ENTRY_NAMES = {"year": "credit_year", "completed_on": "studied_on"}


def person_page(person_id: int) -> None:
    """One person: the years against what is required, the cards, the entries, and what may be said against them."""
    with db.reading() as session:
        person = persons.one(session, person_id, actor)
        issued = cards.issued(session, person_id, actor)
        entries = disputes.beside(session, statements.entries(session, person_id))
        entries = recognition.beside(session, entries, person)
        year = db.office_day(context.moment(session)).year
        held = years.of(session, person_id, year)
        studied = passing.of_person(session, person, year)
    with st.container(border=True):
        st.markdown(f"#### {md(person.name)}　:gray[{resident_id.mask(person.id_number)}]")
        facts([("工作单位", person.employer_name), ("专业技术职务", person.post), ("从事专业", person.specialty)])
        if actor.role in (Role.REVIEWER, Role.TITLE_OFFICER, Role.EMPLOYER_CLERK):
            record.revealing(person_id)
        years_of(held)
        steps.of_person(studied)
        if entries.empty:
            return
        if actor.role in cards.ISSUERS:
            stands = entries[entries["standing"] == Standing.STANDS]
            if not stands.empty:
                card_of(person_id, sorted({int(year) for year in stands["year"]}, reverse=True))
        cards_of(issued)
        if oneself:
            checked.of(actor)
        entries_of(person, entries)
        if actor.role in cards.ISSUERS:
            proving.of(person_id, entries)
        if actor.role in disputes.FILERS:
            disputing.dispute(person_id, entries, actor)
        if oneself:
            record.changes(person_id, actor)


def years_of(held: Held) -> None:
    """Each year's hours beside what its notice requires, and years that are judged together."""
    st.markdown("**各年度学时与要求**　:gray[已学 / 要求]")
    heads = held.names

    def cells(lines: Iterable[SubjectLine]) -> dict[str, str]:
        return {heads[each.code]: each.words for each in lines}

    told = [{"year": y.year, "lacks": y.words, "basis": y.basis} | cells(y.subjects) for y in held.years]
    frame = pd.DataFrame(told, columns=["year", "lacks", *heads.values(), "basis"]).fillna("")
    empty = "还没有已审核的学时。培训情况报告审核通过后，学时会登记在这里。"
    tables.table(frame, list(frame.columns), empty=empty)
    if held.together:
        window = [{"years_required": w.label, "lacks": w.words, "clause": w.clause} for w in held.together]
        cells_of = [cells(each.subjects) for each in held.together]
        frame = pd.DataFrame(window).join(pd.DataFrame(cells_of))
        tables.table(frame, ["years_required", "lacks", *heads.values(), "clause"], empty="")


def entries_of(person: Person, entries: pd.DataFrame) -> None:
    """Every entry of a person down to its roster row, and its export."""

    def everything(session: Session, who: Actor) -> pd.DataFrame:
        found = persons.one(session, person.id, who)
        mine = disputes.beside(session, statements.entries(session, found.id))
        return recognition.beside(session, mine, found).rename(columns=ENTRY_NAMES)

    st.markdown("**学时明细**")
    columns = [name for name in ENTRY if name != "recognised_by" or entries[name].any()]
    tables.table(entries.rename(columns=ENTRY_NAMES), columns, empty="")
    tables.export(everything, columns, name=f"学时明细-{person.name}")


def cards_of(issued: pd.DataFrame) -> None:
    """The cards issued so far, and which of them hold no more."""
    if issued.empty:
        return
    gone = int(issued["revoked_on"].notna().sum())
    with st.expander(
        f"已出具的审验卡（{len(issued)}张" + (f"，其中{gone}张已失效）" if gone else "）"), expanded=gone > 0
    ):
        shown = issued.rename(columns={"code": "card_code", "reason": "revoked_because"})
        tables.table(shown, ["year", "card_code", "issued_at", "revoked_on", "revoked_because"], empty="")


def card_of(person_id: int, offered: list[int]) -> None:
    """Choose the year, issue, download."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"card-year-{person_id}"
        st.selectbox("审验卡年度", offered, key=key, width=140)
        st.button("生成审验卡", type="primary", key=f"issue-{person_id}", on_click=issue, args=(person_id, key))
        made = st.session_state.get("card")
        if made and made[0] == person_id:
            _, code, year, content = made
            st.download_button(
                f"下载{year}年度审验卡（PDF）",
                content,
                f"审验卡-{year}-{code}.pdf",
                "application/pdf",
                icon=":material/download:",
                on_click="ignore",
            )
            st.link_button("核验此卡", f"{context.origin()}/verify/{code}", icon=":material/verified:")


def of_dispute(dispute_id: int) -> None:
    """From a dispute (学时异议) in the address to the person whose hours it is about."""
    address.choose("dispute", None)
    with db.reading() as session:
        address.choose("person", workflow.one(session, dispute_id, actor, kind="dispute").human_id)


try:
    if disputed := address.chosen("dispute"):
        of_dispute(disputed)
    chosen = actor.person_id if oneself else search()
    if chosen is not None:
        person_page(chosen)
        if oneself:
            record.seen(chosen, actor)
except Refused as refused:
    st.error(md(refused.words))
