"""Find a person; totals against the requirement, every entry down to its roster row; issue the card."""

from collections.abc import Iterable

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.courses import passing
from core.ground import db, resident_id
from core.ground.access import Actor, Refused, Role
from core.ledger import statements, years
from core.ledger.standing import Standing
from core.ledger.years import Held, SubjectLine
from core.models import Person
from core.people import persons
from core.records import cards, recognition
from core.submissions import appeals, disputes, workflow
from web import address, context, shell, tables
from web.courses import appealing, steps
from web.credit import carding, checked, disputing, proving
from web.facts import facts
from web.people import listing, record
from web.words import md

actor = shell.require(*persons.LOOKERS)
oneself = actor.role is Role.PERSON
shell.page(
    "我的学时与审验卡" if oneself else "学时查询与审验卡",
    "各年度学时与当年通知的要求对照，每笔学时可追溯到培训计划、报告和花名册行。"
    if oneself
    else "谁在哪个年度还差多少学时；点一人，看各年度学时、每一笔的来历和审验卡，更正信息。",
)

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
        lost = appeals.lost(session, person_id, actor)
    with st.container(border=True):
        st.markdown(f"#### {md(person.name)}　:gray[{resident_id.mask(person.id_number)}]")
        facts(record.work(person))
        if actor.role in (Role.REVIEWER, Role.TITLE_OFFICER, Role.EMPLOYER_CLERK):
            record.revealing(person_id)
        stands = entries[entries["standing"] == Standing.STANDS] if len(entries) else entries
        if oneself and not stands.empty:  # what is printed on a telephone comes first
            card_of(person, stands)
        years_of(held)
        steps.of_person(studied)
        appealing.lost(lost, person_id, actor)
        if entries.empty:
            return
        if not oneself and actor.role in cards.ISSUERS and not stands.empty:
            card_of(person, stands)
        carding.issued(person_id, issued, actor)
        if oneself:
            checked.of(actor)
        entries_of(person, entries)
        if actor.role in cards.ISSUERS:
            proving.of(person_id, entries)
        if actor.role in disputes.FILERS:
            disputing.dispute(person_id, entries, actor)
        if oneself:
            record.changes(person_id, actor)


def card_of(person: Person, stands: pd.DataFrame) -> None:
    """The card, for the years in which hours stand."""
    carding.of(person.id, person.authority_id, sorted({int(year) for year in stands["year"]}, reverse=True), actor)


def years_of(held: Held) -> None:
    """Each year's hours beside what its notice requires, and years that are judged together."""
    st.markdown("**各年度学时与要求**　:gray[已学 / 要求，学时]")
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
    tables.export(everything, columns, name=f"学时明细-{person.name}")
    tables.table(entries.rename(columns=ENTRY_NAMES), columns, empty="")


def of_dispute(kind: str, number: int) -> None:
    """From a dispute or an appeal (异议、申诉) in the address to the person whom it is about."""
    address.choose(kind, None)
    with db.reading() as session:
        address.choose("person", workflow.one(session, number, actor, kind=kind).human_id)


try:
    for kind in ("dispute", "study_appeal"):
        if number := address.chosen(kind):
            of_dispute(kind, number)
    chosen = actor.person_id if oneself else listing.chosen(actor)
    if chosen is not None:
        person_page(chosen)
        if oneself:
            record.seen(chosen, actor)
        else:
            record.one(chosen, actor, below_hours=True)
except Refused as refused:
    st.error(md(refused.words))
