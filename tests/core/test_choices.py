"""A choice of columns is made once, by an account that may send the file, and kept for its organization's next file."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import applications, decisions
from core.ground import db
from core.ground.access import Actor
from core.models import AuditEntry, Report, RosterRow
from core.records import imports
from core.submissions import reports, roster
from core.tables import mending
from core.tables.reading import Asked
from core.trail import choices
from tests import cast as c
from tests import ready

FORM = roster.form()
ROSTER = roster.listing(FORM)
ASKING = tuple("线上专业培训学时" if heading == "专业学时" else heading for heading in c.HEADINGS)
"""Hours under a heading that nobody knows, and which may be those of a subject."""
TWO = tuple({"考核结果": "上机考核", "备注": "笔试考核"}.get(heading, heading) for heading in c.HEADINGS)


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(c.assemble)


def chosen(actor: Actor, code: str = "roster") -> dict[str, str]:
    with db.reading() as session:
        return choices.chosen(session, actor.organization_id, code)


def choose(actor: Actor, **labels: str) -> dict[str, str]:
    with db.transaction() as session:
        return choices.choose(session, ROSTER, labels, actor=actor, now=c.AFTER)


def test_a_question_is_answered_once_and_the_next_file_of_the_same_base_is_read(cast: c.Cast) -> None:
    content = c.sheet([c.row(1), c.row(2)], ASKING)
    with pytest.raises(Asked) as asked:
        c.draft_report(cast, content)
    found = asked.value.understood
    assert found.doubtful == ("线上专业培训学时",)
    assert (found.columns["姓名"], found.columns["考核结果"]) == ("name", "assessment")
    assert asked.value.labels == ASKING
    choose(cast["base"], 线上专业培训学时="professional_hours")
    report = c.draft_report(cast, content)
    assert (report.people, report.hours, report.faults) == (2, 48, 0)
    with pytest.raises(Asked):
        c.draft_report(cast, content, by="hohhot_base", reviewer="hohhot_reviewer")
    assert chosen(cast["hohhot_base"]) == {}
    assert chosen(cast["base"], "credits") == {}


@ready.both
def test_a_later_choice_changes_no_stored_row_until_the_file_is_read_again(cast: c.Cast) -> None:
    content = c.sheet([c.row(1, phone="外语", note="李示甲")], (*TWO[:-3], "科室", "笔试考核", "学时年度"))
    choose(cast["base"], 科室="specialty", 从事专业="", 上机考核="assessment")
    report = c.draft_report(cast, content)
    posts = sa.select(RosterRow.specialty).where(RosterRow.report_id == report.id)
    assert "按本单位的选择不用的列：从事专业" in report.read_account
    assert "未识别的列：笔试考核" in report.read_account

    def stored() -> list[str]:
        with db.reading() as session:
            return list(session.scalars(posts))

    assert stored() == ["外语"]
    assert choose(cast["base"], 科室="", 从事专业="specialty")["科室"] == ""
    with db.transaction() as session:
        first = session.get_one(Report, report.id)
        reports.repair(
            session, report.id, [mending.Change(3, "post", "主治医师", "医师")], actor=cast["base"], now=c.AFTER
        )
        kept = first.roster_id
    assert stored() == ["外语"]  # what was read stays
    again = lambda s: reports.read_again(s, report.id, actor=cast["base"], now=c.AFTER)  # noqa: E731
    assert c.refusal(again).code == "repaired"
    with db.transaction() as session:
        again, problems = reports.read_again(session, report.id, replace=True, actor=cast["base"], now=c.AFTER)
        assert (again.roster_id != kept, reports.repaired(session, again)) == (True, 0)
        assert "heading-unknown" in {each.code for each in problems}
    assert stored() == ["临床医学"]


@ready.both
def test_what_is_chosen_can_be_changed_and_leaves_one_line_a_deed(cast: c.Cast) -> None:
    choose(cast["base"], 科室="specialty", 处室="")
    assert choose(cast["base"], 科室="employer", 处室="") == {"科室": "employer", "处室": ""}
    choose(cast["base"], 科室="employer")  # nothing new
    with db.reading() as session:
        query = sa.select(AuditEntry).where(AuditEntry.event == "columns.chosen").order_by(AuditEntry.id)
        first, second = session.scalars(query)
    assert (first.organization_id, first.account_name) == (cast["base"].organization_id, cast["base"].name)
    assert "处室" in first.after
    assert "不用" in first.after
    assert ("从事专业" in second.before, "工作单位" in second.after, "处室" in second.after) == (True, True, False)


def test_only_senders_choose_and_only_columns_of_that_table(cast: c.Cast) -> None:
    def deed(by: str, label: str = "科室", column: str = "specialty", listing=ROSTER):  # type: ignore[no-untyped-def]
        return lambda s: choices.choose(s, listing, {label: column}, actor=cast[by], now=c.AFTER)

    credit, listed = imports.LISTING, applications.listing()
    for by, listing in (
        ("reviewer", ROSTER),
        ("employer", ROSTER),
        ("base", credit),
        ("title", credit),
        ("base", listed),
    ):
        assert c.refusal(deed(by, column="name", listing=listing)).code == "role", (by, listing.name)
    for column in ("year", "origin", "code", "id_number; --", "nonsense"):
        assert c.refusal(deed("base", column=column)).code == "columns", column
    for label in ("", " \x00", "长" * (choices.LONGEST_LABEL + 1)):
        assert c.refusal(deed("base", label)).code in ("columns", "characters"), label
    many = {f"列{at}": "" for at in range(choices.MOST + 1)}
    assert c.refusal(lambda s: choices.choose(s, ROSTER, many, actor=cast["base"], now=c.AFTER)).code == "columns"
    assert choose(cast["base"], **{"长" * choices.LONGEST_LABEL: "note"})


def test_a_choice_that_is_no_column_of_this_notice_says_nothing() -> None:
    given = c.sheet([c.row(1)])
    told = roster.read(given, "花名册.xlsx", chosen={"姓名": "safety_hours", "备注": "", "性别": "sex"})
    assert (told.rows[0].name, told.rows[0].note, told.faulty_rows) == (c.row(1)[1], "", set())


def test_two_labels_said_to_be_the_same_are_asked_about_again() -> None:
    with pytest.raises(Asked) as asked:
        roster.read(c.sheet([c.row(1)], TWO), "花名册.xlsx", chosen=dict.fromkeys(TWO[-4:-2], "assessment"))
    assert set(asked.value.understood.doubtful) == set(TWO[-4:-2])


def test_rows_that_are_pasted_are_read_by_what_was_chosen(cast: c.Cast) -> None:
    text = "\n".join("\t".join(map(str, line)) for line in (ASKING, c.row(3)))
    report = c.draft_report(cast, c.sheet([c.row(1)]))
    paste = lambda s: reports.paste(s, report.id, text, actor=cast["base"], now=c.AFTER)  # noqa: E731
    assert c.refusal(paste).code == "headings"
    choose(cast["base"], 线上专业培训学时="professional_hours")
    with db.transaction() as session:
        assert paste(session)[0] == 1
        assert (session.get_one(Report, report.id).people, session.get_one(Report, report.id).faults) == (2, 0)


def test_recorded_decisions_are_read_by_the_columns_of_their_own_office(cast: c.Cast) -> None:
    content = c.sheet([["李示甲", c.id_number(1), "2024", "高级"]], ("姓名", "身份证号", "申报年度", "档次"))

    def levels(session: Session) -> str:
        run = decisions.decide_file(session, content, "申报.xlsx", actor=cast["title"], now=c.AFTER)
        return str(run.applications[0].cells.get("level"))

    with db.transaction() as session:
        assert levels(session) == "None"
        listing = applications.listing()
        choices.choose(session, listing, {"档次": "level"}, actor=cast["reviewer"], now=c.AFTER)
        with pytest.raises(RuntimeError, match="written or locked"):  # no file is read while others wait for it
            levels(session)
    with db.transaction() as session:
        assert levels(session) == "高级"


def test_the_account_of_a_roster_says_what_was_left_out(cast: c.Cast) -> None:
    rows = [c.row(1), ["合计", "", "", "", "", "", "", "", 24]]
    report = c.draft_report(cast, c.sheet(rows))
    assert report.read_account.split("\n") == ["读入1行，未读入1行", "第4行：表尾（合计）"]
