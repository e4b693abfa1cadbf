"""Whatever somebody is called or writes is drawn as nothing but text, on every page and on those beside the screens."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.exams import platforms, results
from core.exams.items import Item, judged
from core.ground import db
from core.models import (
    Account,
    Card,
    Completion,
    Difficulty,
    ExamPaper,
    ItemKind,
    Lesson,
    Organization,
    Person,
    Report,
    ResultSource,
    Submission,
)
from core.office import views
from core.people import setup
from core.records import cards, completions, exchange, templates
from core.records.faces import Size
from core.submissions import comments, disputes, workflow
from core.submissions.programmes import publicity, summaries
from core.submissions.queues import Wanted
from core.submissions.workflow import Action
from tests import cast as c
from tests import ready, sat
from tests.cast import Cast
from tests.core.test_classes import BIG_DATA, approving, finish, held, recording, who
from tests.core.test_completions import OWN
from tests.core.test_exam_pages import ask
from tests.core.test_results import line, table
from tests.core.test_study_year import conclude, place
from tests.pages.conftest import open_page, sign_in
from web import context

SAID = "[a](javascript:1)**b**$x$:red[c]<img src=x>=1+1"
"""What HTML, Markdown, formulas, badges and spreadsheets each read in their own way."""
LONG = f"{SAID}\n# h\n> q\n- i\n:material/home:"
MARKED = re.compile(r"(?m)(?<!\\)(\[a\]|\*\*b|\$x|:red\[c|<img|:material/home)|^(# h|> q)")
"""What would be read as more than text, where it stood as it was written."""


def _done(deed: Any) -> Any:
    with db.transaction() as session:
        return deed(session)


def furnished() -> Cast:
    """An office in which whoever could write something wrote that, and whoever has a name is called so."""
    cast = c.assemble()
    c.open_institutes(cast)
    _done(approving(cast, BIG_DATA, batch=SAID[:40]))
    written = {"title": SAID, "place": SAID, "content": LONG, "teachers": LONG, "audience": LONG}
    for _ in range(2):
        report = c.file_report(cast, *_approved(cast, written))
        if not _:
            c.approve(cast, report.id, now=c.AFTER)
    _studied(cast)
    _submitted(cast)
    _done(
        recording(
            cast, held(cast), finish([*who(1), "合格", "示培20240001", "2024-07-01"], [*who(2), "不合格", "", ""])
        )
    )
    _done(lambda s: _renamed(s, cast))
    now = {"now": c.AFTER}
    office, person = cast["reviewer"], replace(cast["person1"], name=SAID[:40])
    look = templates.TemplateFields(SAID[:30], LONG, "", [Size.HALF], True, True)
    _done(lambda s: templates.publish(s, look, logo=None, seal=None, version=0, actor=cast["admin"], **now))
    _done(lambda s: cards.issue(s, c.person_id(1), 2024, actor=office, **now))
    c.lay_notice("with-certificates", OWN)
    _done(lambda s: completions.issue(s, 1, actor=person, **now))
    parcel = _done(lambda s: exchange.prepare(s, 2024, actor=office, **now))
    _done(lambda s: exchange.mark_sent(s, parcel.id, version=parcel.version, actor=office, **now))
    _done(lambda s: views.save(s, SAID[:20], Wanted(text=SAID), actor=office))
    return cast


def _approved(cast: Cast, written: dict[str, str]) -> tuple[Any, bytes]:
    plan = c.file_plan(cast, **written)
    c.approve(cast, plan.id)
    _done(lambda s: comments.write(s, plan.id, LONG, actor=cast["reviewer"], now=c.AFTER))
    return plan, c.sheet([c.row(serial, post=SAID[:40], note=SAID) for serial in range(1, 5)])


def _renamed(session: Any, cast: Cast) -> None:
    session.execute(sa.update(Person).values(name=sa.literal(SAID[:36]) + sa.cast(Person.id, sa.String)))
    for account in session.scalars(sa.select(Account)):
        account.name = f"{SAID[:36]}{account.id}"
    called = ("base", "hospital", "hohhot_base", "hohhot_school", "exam", "department", "institute", "other")
    for name in called:
        session.get_one(Organization, cast.places[name].id).name = f"{SAID}{name}"
    session.execute(sa.update(Report).values(summary=LONG))
    setup.decide_setting(session, "name", SAID[:20])


def _studied(cast: Cast) -> None:
    """A course, its exam, somebody who passed and somebody who is about to, results and a platform from elsewhere."""
    lesson = replace(c.LESSON, title=SAID, body=LONG, checks=f"{SAID}？\n*{SAID}\n乙")
    course = c.publish_course(cast, lesson, title=SAID, about=LONG)
    for serial in (1, 2):
        c.give_account(cast, serial, f"person{serial}")
        sat.studied(course.id, serial)
    told = {"difficulty": Difficulty.EASY, "topic": SAID[:30], "explanation": LONG}
    options = ((SAID, True), (f"{SAID}2", False), ("丙", False))
    items = [Item(ItemKind.SINGLE, f"{SAID}{n}", options, **told) for n in range(3)]
    items += [
        Item(ItemKind.MULTIPLE, f"{SAID}m", ((SAID, True), ("乙", True), ("丙", False)), **told),
        judged(SAID, True),
    ]
    exam = sat.opened(cast, course.id, given=items)
    sat.sat(cast)
    sat.start(cast, "person2", seed=3)
    form = results.ResultForm(course.id, ResultSource.TABLE, Decimal(60), date(2024, 5, 6), SAID)
    upload = replace(table(line(3, 85, "", ""), line(4, 40, "", "")), filename=f"{SAID.replace('/', '')}.csv")
    _done(lambda s: results.bring_in(s, upload, form, actor=cast["exam"], now=c.NOW))
    fields = platforms.PlatformFields(course.id, SAID, "https://example.org/c", Decimal(60))
    _done(lambda s: platforms.open_source(s, fields, actor=cast["reviewer"], now=c.NOW))
    assert exam


def _submitted(cast: Cast) -> None:
    """One of each kind of submission, returned ones and answered ones among them."""
    c.file_claim(cast, 1, title=SAID, issuer=SAID, note=LONG)
    back = c.file_claim(cast, 2, title=f"{SAID}2", issuer=SAID)
    said: Any = {"version": back.version, "reason": LONG, "actor": cast["reviewer"], "now": c.AFTER}
    _done(lambda s: workflow.move(s, back.id, Action.RETURN, **said))
    by: Any = {"actor": cast["employer"], "now": c.AFTER}
    _done(lambda s: disputes.file(s, c.person_id(1), 1, 1, words=LONG, **by))
    c.file_seminar(
        cast, title=SAID, host=SAID, organiser=SAID, contact=SAID[:20], place=SAID, audience=SAID, reason=LONG
    )
    lines = [{**each, "name": SAID, "organizer": SAID} for each in c.LINES]
    c.file_table(cast, rows=lines)
    year = summaries.SummaryFields(LONG, LONG)
    by = {"actor": cast["department"], "now": c.NOW}
    made = _done(lambda s: summaries.draft(s, "capability", 2024, year, **by))
    _done(lambda s: workflow.move(s, made.id, Action.SUBMIT, version=made.version, **by))
    hosts = {"study_field": SAID, "host1": SAID, "host2": SAID, "supervisor": SAID[:20], "topic": SAID, "opinion": LONG}
    for serial in (1, 2):
        nomination = c.nominate(cast, serial, **hosts)
        c.grant(cast, nomination.id, reason=LONG)
    c.publish(cast)
    by = {"actor": cast["employer"], "now": c.AFTER}
    with db.transaction() as session:
        objection = publicity.object_to(session, nomination.id, words=LONG, **by)
    answered: Any = {"version": objection.version, "reason": LONG, "actor": cast["reviewer"], "now": c.AFTER}
    _done(lambda s: workflow.move(s, objection.id, Action.REJECT, **answered))
    conclude(cast)
    place(cast, 1, host=SAID, department=SAID, supervisor=SAID[:30])


@pytest.fixture
def cast(office: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The furnished office, on the Monday on which all of it was done."""
    context.renew()
    cast = ready.office(furnished)
    monkeypatch.setattr(setup, "moment", lambda *_: c.AFTER)
    return cast


def read(app: AppTest, kind: str) -> list[str]:
    """All texts of a page, its menu's too, that are drawn as Markdown, or as HTML."""
    found = []
    for part in (app.main, app.sidebar):
        for node in part:
            proto = getattr(node, "proto", None)
            if (node.type == "html") is not (kind == "html") or node.type == "text":
                continue
            for inner in (proto, *(getattr(proto, name, None) for name in ("expandable", "popover", "tab"))):
                found += [str(getattr(inner, name, "")) for name in ("body", "label", "help")]
            found += [each.caption for each in getattr(proto, "imgs", ())]
            if node.type in ("button_group", "radio"):
                found += [str(getattr(each, "content", each)) for each in proto.options]
    return found


PAGES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("admin", "organizations", {}),
    ("admin", "audit", {}),
    ("reviewer", "home", {}),
    ("reviewer", "ledger", {"batch": "1"}),
    ("reviewer", "people", {"person": "1"}),
    ("reviewer", "courses", {"course": "1"}),
    ("reviewer", "courses", {"course": "1", "view": "学员"}),
    ("exam", "courses", {"course": "1", "view": "课程内容"}),
    ("exam", "exam_bank", {"item": "1"}),
    ("exam", "exams", {"course": "1"}),
    ("reviewer", "results", {"batch": "1", "platform": "1"}),
    ("reviewer", "messages", {}),
    ("reviewer", "study", {"view": "公示"}),
    ("reviewer", "study", {"view": "培养"}),
    ("person1", "public_notice", {}),
    ("employer", "credit_lookup", {"person": "1"}),
    ("person1", "credit_lookup", {}),
    ("person1", "learning", {}),
    ("base", "filing", {}),
    ("base", "paper", {"item": "1"}),
)
"""Where words of people are drawn, by whoever reads most of them there; every submission is opened besides."""


def test_no_word_of_anybodys_is_read_as_markdown_on_any_page(cast: Cast) -> None:
    with db.reading() as session:
        filed = {each.kind: str(each.id) for each in session.scalars(sa.select(Submission))}
    assert len(filed) >= 8
    tokens = {by: sign_in(by) for by in {by for by, *_ in PAGES}}
    drawn = 0
    for by, page, query in (*PAGES, *(("reviewer", "review", {"item": number}) for number in filed.values())):
        app = open_page(page, tokens[by], unfolded=["desk-views"], **query)
        assert not app.exception, (page, query, app.exception[0].stack_trace)
        texts = read(app, "markdown")
        for text in texts:
            assert MARKED.search(text) is None, (page, query, text)
        assert not [text for text in read(app, "html") if "img src=x" in text], page
        drawn += sum("javascript" in text for text in texts) > 2  # so often it stands in the head of every page
    assert drawn > 20


def test_no_word_of_anybodys_is_markup_on_the_pages_beside_the_screens(cast: Cast) -> None:
    one, two = (sat.token_of(name, now=datetime.now(UTC)) for name in ("person1", "person2"))
    with db.reading() as session:
        lesson, paper, open_paper = (
            session.scalars(query).first()
            for query in (
                sa.select(Lesson.id),
                sa.select(ExamPaper.id),
                sa.select(ExamPaper.id).order_by(ExamPaper.id.desc()),
            )
        )
        codes = [*session.scalars(sa.select(Card.code)), *session.scalars(sa.select(Completion.code))]
    asked = [(one, path) for path in ("/learn", f"/learn/{lesson}", "/learn/exam/1", f"/learn/paper/{paper}")]
    asked += [(two, f"/learn/paper/{open_paper}"), *(("", f"/verify/{code}") for code in codes)]
    for token, path in asked:
        answer = ask(token, "GET", path)
        assert answer.status_code == 200, path
        assert "<img src=x" not in answer.text, path
        assert path.startswith("/verify") or "&lt;img src=x" in answer.text, path
