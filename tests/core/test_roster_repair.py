"""Rosters repaired on the screen: what is proposed, what is changed, by whom; good rows do not wait for the others."""

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, resident_id
from core.ledger import books, checks
from core.ledger.standing import Standing
from core.models import AuditEntry, CreditBatch, Mode, Report, RosterProblem, RosterRepair, RosterRow, State
from core.people import acts
from core.submissions import disputes, queues, reports, roster, workflow
from core.submissions.workflow import Action
from core.tables import mending
from core.tables.problems import LEAVE_OUT, Problem
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c
from tests import faults

HEADINGS = c.FORM.headings
RUINED = c.id_number(2)[:15] + "000"


def found(cast: c.Cast, report: Report, by: str = "base") -> list[Problem]:
    with db.reading() as session:
        return reports.problems(session, report.id, cast[by], now=c.AFTER)


def codes(cast: c.Cast, report: Report) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in found(cast, report)]


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def repairing(
    cast: c.Cast, report: Report, *changes: tuple[int, str, str, str], by: str = "base"
) -> Callable[..., Any]:
    given = [mending.Change(*change) for change in changes]
    return lambda s: reports.repair(s, report.id, given, actor=cast[by], now=c.AFTER)


def accepting(cast: c.Cast, report: Report, *rows: int, by: str = "base") -> Callable[..., Any]:
    return lambda s: reports.accept(s, report.id, rows, actor=cast[by], now=c.AFTER)


@c.elsewhere
def current(cast: c.Cast, report: Report) -> Report:
    with db.reading() as session:
        return reports.one(session, report.id, cast["admin"])


def move(cast: c.Cast, report: Report, action: Action, by: str, reason: str = "") -> str:
    version = current(cast, report).version

    def deed(s: Session) -> str:
        _, told = workflow.move(s, report.id, action, version=version, actor=cast[by], reason=reason, now=c.AFTER)
        return told.words

    return done(deed)


def known(cast: c.Cast, *rows: list[Any], **changes: Any) -> None:
    """People trained before, on other days."""
    days = {"start_on": date(2024, 6, 17), "end_on": date(2024, 6, 19)}
    c.posted(cast, c.sheet(list(rows)), title="上一期", **(days | changes))


# --- a large roster -------------------------------------------------------------------------------------------------


def test_sixty_faults_of_twenty_one_kinds_among_five_hundred_people_are_found_and_none_besides(office: Path) -> None:
    cast = c.assemble()
    faults.earlier(cast)
    report = c.draft_report(cast, c.sheet(faults.rows()))
    assert (len(faults.FAULTS), len(set(faults.FAULTS.values()))) == (60, 21)
    assert codes(cast, report) == [(serial + 2, code) for serial, code in faults.FAULTS.items()]
    assert (report.people, report.faults) == (440, 60)
    offers = {problem.code for problem in found(cast, report) if problem.offer}
    mendable = {"name-known", "id-ruined", "id-character", "sex-date", "hours-subject", "duplicate", "row-shifted"}
    assert offers == mendable


def test_every_seeded_fault_is_repaired_by_what_the_person_really_is(database: str) -> None:
    cast = c.assemble()
    faults.earlier(cast)
    report = c.draft_report(cast, c.sheet(faults.rows()))
    offered = sorted({problem.row for problem in found(cast, report) if problem.offer})
    assert (done(accepting(cast, report, *offered)), len(offered)) == ((17, 2), 19)
    true = {serial + 2: dict(zip(c.FORM.columns, c.row(serial), strict=True)) for serial in faults.FAULTS}
    changes = [
        (problem.row, problem.column, problem.value, str(true[problem.row][problem.column]))
        for problem in found(cast, report)
        if problem.code != "assessment-failed"
    ]
    changes += [
        (row, "assessment", "不合格", "合格") for row, code in codes(cast, report) if code == "assessment-failed"
    ]
    assert done(repairing(cast, report, *changes)) == []
    after = current(cast, report)
    assert (after.people, after.faults) == (498, 0)  # two stood in it twice
    assert "审核通过后为498人登记11952学时" in move(cast, report, Action.SUBMIT, "base")
    with db.reading() as session:
        numbers = set(session.scalars(sa.select(RosterRow.id_number).where(RosterRow.report_id == report.id)))
    twice = {serial for serial, code in faults.FAULTS.items() if code == "duplicate"}
    assert numbers == {c.id_number(serial) for serial in range(1, 501) if serial not in twice}


# --- by hand --------------------------------------------------------------------------------------------------------


def test_a_cell_is_repaired_and_everything_is_checked_again(office: Path) -> None:
    cast = c.assemble()
    content = c.sheet([c.row(1), c.row(2, id_number=c.id_number(1)), c.row(3, sex="m", professional_hours=25)])
    report = c.draft_report(cast, content)
    assert codes(cast, report) == [(4, "sex-id"), (4, "duplicate"), (5, "sex-form"), (5, "hours-plan")]
    problems = done(repairing(cast, report, (4, "id_number", c.id_number(1), f" {c.id_number(2).lower()}")))
    assert [(each.row, each.code) for each in problems] == [(5, "sex-form"), (5, "hours-plan")]
    done(repairing(cast, report, (5, "professional_hours", "25", "24"), (5, "sex", "m", "男")))
    assert codes(cast, report) == []
    assert (current(cast, report).people, current(cast, report).hours) == (3, 72)
    with db.reading() as session:
        frame = reports.rows(session, report.id, cast["admin"])
        assert list(frame["repaired"]) == ["", "身份证号", "专业学时、性别"]
        made = reports.repairs(session, report.id, cast["admin"])
        assert list(made["row"]) == [4, 5, 5]
        assert made.loc[0, "before"] == resident_id.mask(c.id_number(1))
        assert (made.loc[1, "before"], made.loc[1, "after"], made.loc[1, "how"]) == ("25", "24", "网上改正")
        assert set(made["account_name"]) == {cast["base"].name}
        lines = session.scalars(sa.select(AuditEntry).where(AuditEntry.event == "report.repaired")).all()
        assert [line.account_name for line in lines] == [cast["base"].name] * 2
        assert not any(c.id_number(serial) in line.after + line.before for line in lines for serial in (1, 2))
        assert audit.faults(session) == []


def test_what_was_repaired_stays_when_the_report_is_saved_again_and_goes_with_a_new_file(database: str) -> None:
    cast = c.assemble()
    given = Upload("花名册.xlsx", c.sheet([c.row(1), c.row(2, sex="m")]))
    report = c.draft_report(cast, given.content)
    done(repairing(cast, report, (4, "sex", "m", "女")))
    fields = reports.ReportFields(report.start_on, report.end_on, "又改了总结")
    for roster_file in (None, given):  # the browser still holds the file, and hands it in again
        kept = {"roster_file": roster_file, "actor": cast["base"], "now": c.AFTER}
        done(lambda s, kept=kept: reports.save(s, report.plan_id, fields, **kept))
        assert current(cast, report).faults == 0
    new = Upload("花名册.xlsx", c.sheet([c.row(3, sex="m")]))
    kept = {"roster_file": new, "actor": cast["base"], "now": c.AFTER}
    refused = c.refusal(lambda s: reports.save(s, report.plan_id, fields, **kept))
    assert (refused.code, "此前在网上改正的1处作废" in refused.words) == ("repaired", True)
    assert current(cast, report).faults == 0
    done(lambda s: reports.save(s, report.plan_id, fields, replace=True, **kept))
    assert codes(cast, report) == [(3, "sex-form")]
    with db.reading() as session:
        assert reports.repairs(session, report.id, cast["base"]).empty  # they were another file's
        assert session.scalar(sa.select(sa.func.count()).select_from(RosterRepair)) == 1


def offered(cast: c.Cast, report: Report, by: str) -> dict[int, str]:
    """The struck rows that somebody is offered to put back."""
    with db.reading() as session:
        return reports.struck(session, report.id, cast[by])


def test_a_row_is_left_out_but_never_the_last_one(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]))

    def striking(row: int) -> Callable[[Session], Any]:
        return lambda s: reports.strike(s, report.id, row, actor=cast["base"], now=c.AFTER)

    done(striking(4))
    assert (current(cast, report).people, current(cast, report).faults) == (1, 0)
    assert c.refusal(striking(4)).code == "rows"
    assert c.refusal(striking(3)).code == "file"
    with db.reading() as session:
        (line,) = reports.repairs(session, report.id, cast["admin"]).to_dict("records")
    assert (line["row"], line["column"], line["before"], line["after"]) == (4, "", c.row(2)[1], "删去")
    assert (offered(cast, report, "base"), offered(cast, report, "admin")) == ({4: c.row(2)[1]}, {})

    def back(row: int) -> Callable[[Session], Any]:
        return lambda s: reports.put_back(s, report.id, row, actor=cast["base"], now=c.AFTER)

    assert [c.refusal(back(row)).code for row in (3, 9)] == ["rows", "rows"]
    done(back(4))
    assert offered(cast, report, "base") == {}
    assert codes(cast, report) == [(4, "sex-form")]  # as it was, with what is wrong in it
    assert c.refusal(back(4)).code == "rows"
    done(striking(3))
    done(back(3))
    with db.reading() as session:
        assert reports.rows(session, report.id, cast["base"])["row"].tolist() == [3, 4]
        made = reports.repairs(session, report.id, cast["base"])
    assert made["how"].tolist() == ["网上改正", "恢复删去"] * 2


def test_a_row_put_back_keeps_its_base_from_the_number_that_was_filled_in(office: str) -> None:
    cast = c.assemble()
    known(cast, c.row(2))
    report = c.draft_report(cast, c.sheet([c.row(2, id_number="1.5E+17"), c.row(3)]))
    done(accepting(cast, report, 3))
    for deed in (reports.strike, reports.put_back):
        done(lambda s, deed=deed: deed(s, report.id, 3, actor=cast["base"], now=c.AFTER))
    with db.reading() as session:
        shown = reports.cells(session, report.id, 3, cast["base"])["id_number"]
    assert shown == resident_id.mask_of_found(c.id_number(2))


def test_who_may_not_repair_a_roster_changes_nothing(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]))
    change = (4, "sex", "m", "女")
    for deed, code in (
        (repairing(cast, report, change, by="reviewer"), "role"),
        (repairing(cast, report, change, by="hohhot_base"), "missing"),
        (repairing(cast, report, (9, "sex", "m", "女")), "rows"),
        (repairing(cast, report, (4, "colour", "m", "女")), "rows"),
        (repairing(cast, report, (4, "sex", "男", "女")), "stale"),
        (accepting(cast, report, 4), "rows"),
        (lambda s: reports.strike(s, report.id, 4, actor=cast["employer"], now=c.AFTER), "role"),
        (lambda s: reports.paste(s, report.id, "x", actor=cast["hohhot_base"], now=c.AFTER), "missing"),
        (lambda s: reports.cells(s, report.id, 4, cast["reviewer"]), "missing"),
        (lambda s: reports.open_rows(s, report.id, actor=cast["reviewer"], now=c.AFTER), "missing"),
    ):
        assert c.refusal(deed).code == code
    move(cast, report, Action.SUBMIT, "base")
    for deed in (repairing(cast, report, change), accepting(cast, report, 4)):
        assert c.refusal(deed).code == "state"
    move(cast, report, Action.WITHDRAW, "base")
    done(repairing(cast, report, change))
    assert current(cast, report).faults == 0


def test_two_clerks_who_repair_at_once_both_succeed_and_the_slower_of_one_cell_is_told(database: str) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1, sex="m"), c.row(2, sex="m"), c.row(3, sex="m")]))
    answers = c.at_once(
        repairing(cast, report, (3, "sex", "m", "男")),
        repairing(cast, report, (4, "sex", "m", "女")),
        repairing(cast, report, (5, "sex", "m", "男")),
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert (current(cast, report).people, current(cast, report).faults) == (3, 0)
    slower = c.at_once(*[repairing(cast, report, (3, "note", "", words)) for words in ("甲", "乙")])
    assert sorted(getattr(answer, "code", "") for answer in slower) == ["", "stale"]


# --- proposals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database", "written"),
    [("sqlite", RUINED), ("sqlite", int(RUINED)), ("sqlite", "1.50199198503040E+17"), ("postgresql", RUINED)],
    indirect=["database"],
)
def test_the_true_number_of_a_ruined_one_is_filled_in_by_the_program(database: str, written: Any) -> None:
    cast = c.assemble()
    known(cast, c.row(1), c.row(2), by="hohhot_base", reviewer="hohhot_reviewer")
    report = c.draft_report(cast, c.sheet([c.row(2, id_number=written), c.row(3)]))
    (problem,) = found(cast, report)
    assert problem.code == "id-ruined"
    assert "采纳" in problem.offer
    assert c.id_number(2)[-3:] not in problem.offer + problem.words + str(problem.value) + str(problem.mend)
    with db.reading() as session:
        raw = str(session.execute(sa.text("SELECT * FROM roster_problem")).all())
        assert c.id_number(2) not in raw
    done(accepting(cast, report, 3))
    with db.reading() as session:
        row = session.scalars(sa.select(RosterRow).where(RosterRow.report_id == report.id, RosterRow.row == 3)).one()
        assert (row.id_number, row.faulty) == (c.id_number(2), False)
        line = session.scalars(sa.select(AuditEntry).where(AuditEntry.event == "report.repaired")).one()
        assert '"how":"proposal"' in line.after
    hidden = resident_id.mask_of_found(c.id_number(2))
    done(repairing(cast, report, (3, "name", c.row(2)[1], "甲")))  # spoilt again, the row goes out once more
    with db.reading() as session:
        told = str(reports.rows(session, report.id, cast["base"]).to_dict())
        told += str(reports.cells(session, report.id, 3, cast["base"]))
        told += str(reports.repairs(session, report.id, cast["base"]).to_dict())
    told += str(found(cast, report))
    book = openpyxl.load_workbook(io.BytesIO(out := marked(cast, report)))
    told += str([cell.value for line in book.worksheets[0].iter_rows() for cell in line])
    assert hidden in told
    assert c.id_number(2)[-4:] not in told
    given = Upload("待改正花名册.xlsx", out)
    fields = reports.ReportFields(report.start_on, report.end_on, "完成")
    done(lambda s: reports.save(s, report.plan_id, fields, roster_file=given, actor=cast["base"], now=c.AFTER))
    typed = (3, "id_number", hidden, c.id_number(4))
    done(repairing(cast, report, (3, "name", "甲", c.row(2)[1])))
    with db.reading() as session:
        number = sa.select(RosterRow.id_number).where(RosterRow.report_id == report.id, RosterRow.row == 3)
        assert session.scalar(number) == c.id_number(2)
    done(repairing(cast, report, typed))
    with db.reading() as session:
        assert (
            session.scalar(number) == reports.cells(session, report.id, 3, cast["base"])["id_number"] == c.id_number(4)
        )


def test_a_letter_put_right_is_masked_as_ever_and_what_was_changed_is_seen_in_the_log(office: Path) -> None:
    cast, number = c.assemble(), c.id_number(2)
    at = number.index("0", 8)
    year = c.id_number(4, date(1990, 5, 6))  # of the two letters every ten years would be left
    letters = f"{year[:6]}l{year[7:9]}O{year[10:]}", f"{year[:9]}O{year[10:]}"
    rows = [
        c.row(2, id_number=f"{number[:at]}O{number[at + 1 :]}"),
        c.row(3),
        *(c.row(4, id_number=n) for n in letters),
    ]
    report = c.draft_report(cast, c.sheet(rows))
    done(accepting(cast, report, 3))
    with db.reading() as session:
        rows = reports.rows(session, report.id, cast["base"])
        (made,) = reports.repairs(session, report.id, cast["base"]).itertuples()
        assert reports.cells(session, report.id, 3, cast["base"])["id_number"] == number  # its own file held it
    mask = resident_id.mask(number)
    assert rows["id_mask"][0] == mask
    assert (made.before, made.after) == (f"{mask[:at]}O{mask[at + 1 :]}", f"{mask[:at]}0{mask[at + 1 :]}")
    move(cast, report, Action.SUBMIT, "base")
    own, others = ({each.row: each for each in found(cast, report, by)} for by in ("base", "reviewer"))
    assert "第7位的“l”应为1" in own[5].words
    assert own[5].offer == f"改为{year[:6]}1**0****{year[14:]}，校验码相符"
    assert others[5].words == resident_id.PROBLEMS["id-character"]
    assert ("这里不显示" in others[5].offer, "*" in others[5].offer) == (True, False)
    assert (others[6].words, others[6].offer) == (own[6].words, own[6].offer), "which of ten years a decade holds"


@pytest.mark.parametrize(
    "row",
    [
        c.row(2, name="孙示某", id_number=RUINED),
        c.row(2, employer="示例旗蒙古族中学", id_number=RUINED),
        c.row(2, id_number=c.id_number(2, date(1985, 3, 5))[:15] + "000"),
        c.row(2, id_number="1.50199E+17"),  # too little is left, and this base never had the number
        c.row(2, id_number="1.5E+17"),
        c.row(2, id_number=""),
        c.row(2, id_number="150199"),
    ],
)
def test_no_number_is_proposed_to_whom_it_is_not_nearly_known(office: Path, row: list[Any]) -> None:
    cast = c.assemble()
    known(cast, c.row(1), c.row(2), by="hohhot_base", reviewer="hohhot_reviewer")
    report = c.draft_report(cast, c.sheet([row, c.row(3)]))
    assert [problem.offer for problem in found(cast, report)] == [""]
    assert c.refusal(accepting(cast, report, 3)).code == "rows"


def test_guesses_at_one_person_in_one_file_are_answered_with_nothing(office: Path) -> None:
    cast = c.assemble()
    known(cast, c.row(2))
    guesses = [c.id_number(2, date(1985, 3, day))[:15] + "000" for day in (3, 4, 5)]
    report = c.draft_report(cast, c.sheet([*[c.row(2, id_number=guess) for guess in guesses], c.row(3)]))
    assert [problem.offer for problem in found(cast, report)] == [""] * 3


def test_a_base_gets_back_the_number_of_somebody_it_trained(office: Path) -> None:
    cast = c.assemble()
    known(cast, c.row(2))
    report = c.draft_report(cast, c.sheet([c.row(2, id_number="1.5E+17"), c.row(3)]))
    assert "本机构报送过" in found(cast, report)[0].offer
    done(accepting(cast, report, 3))
    assert codes(cast, report) == []


@pytest.mark.parametrize(
    "slip", [lambda n: n[:16] + n[17] + n[16], lambda n: n[:5] + n[6:], lambda n: n[:12] + "5" + n[13:]]
)
def test_a_number_with_one_slip_is_known_by_name_and_employer(office: Path, slip: Callable[[str], str]) -> None:
    cast = c.assemble()
    known(cast, c.row(13))
    report = c.draft_report(cast, c.sheet([c.row(13, id_number=slip(c.id_number(13))), c.row(3)]))
    (problem,) = found(cast, report)
    assert problem.code in ("id-checksum", "id-length", "id-birth")
    done(accepting(cast, report, 3))
    assert codes(cast, report) == []


def test_the_right_name_is_told_only_to_who_nearly_had_it(office: Path) -> None:
    cast = c.assemble()
    known(cast, c.row(1, "额尔敦·巴图"), c.row(2, "王示末"), c.row(3, "李示"))
    rows = [
        c.row(1, "额尔敦·巴特"),
        c.row(2, "王示未", employer="另一单位"),
        c.row(3, "李某", employer="另一单位"),
        c.row(4),
    ]
    report = c.draft_report(cast, c.sheet(rows))
    told = {problem.row: problem for problem in found(cast, report)}
    assert {problem.code for problem in told.values()} == {"name-known"}
    assert [told[row].offer for row in (3, 4, 5)] == ["改为“额尔敦·巴图”", "改为“王示末”", ""]
    assert "李示" not in told[5].words
    done(accepting(cast, report, 3, 4))
    assert codes(cast, report) == [(5, "name-known")]


def renumbered(cast: c.Cast, serial: int, number: str) -> None:
    """The ID number of somebody on file is put right, on evidence."""
    person_id, proof = c.person_id(serial), Upload("户籍证明.pdf", b"%PDF-1.4 synthetic")
    name, act = c.row(serial)[1], {"version": 1, "reason": "号码录错", "evidence": proof, "now": c.AFTER}
    done(lambda s: acts.correct(s, person_id, name=name, id_number=number, actor=cast["reviewer"], **act))


def test_a_number_from_before_a_correction_is_put_right_with_one_click_by_who_has_the_name_too(office: Path) -> None:
    cast = c.assemble()
    known(cast, c.row(1), c.row(2))
    renumbered(cast, 1, c.id_number(31))
    renumbered(cast, 2, c.id_number(32))
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, "王另人"), c.row(3)]), title="第二期")
    mine, another = found(cast, report)
    assert [(each.row, each.column, each.code, each.blocking) for each in (mine, another)] == [
        (3, "id_number", "id-former", False),
        (4, "id_number", "id-former", False),
    ]
    assert (mine.offer, another.offer) == ("由系统填入更正后的号码，号码属个人信息，这里不显示", "")
    assert str(c.row(2)[1]) not in another.words
    assert c.id_number(31) not in repr([vars(each) for each in found(cast, report, "admin")])
    done(accepting(cast, report, 3))
    with db.reading() as session:
        number = sa.select(RosterRow.id_number).where(RosterRow.report_id == report.id, RosterRow.row == 3)
        assert session.scalar(number) == c.id_number(31)
    assert codes(cast, report) == [(4, "id-former")]


def test_a_shifted_row_is_moved_back_whole(office: Path) -> None:
    cast = c.assemble()
    right, left = c.row(5), c.row(6)
    rows = [
        [*right[:3], "", *right[3:-1]],
        [*left[:2], *left[3:], ""],
        [*left[1:], ""],
        c.row(7),
    ]
    report = c.draft_report(cast, c.sheet([rows[0], rows[1], rows[3]]))
    assert codes(cast, report) == [(3, "row-shifted"), (4, "row-shifted")]
    assert [problem.words for problem in found(cast, report)] == [
        "此行从“身份证号”起各格右移了一列，内容与表头对不上",
        "此行从“性别”起各格左移了一列，内容与表头对不上",
    ]
    done(accepting(cast, report, 3, 4))
    with db.reading() as session:
        assert reports.cells(session, report.id, 3, cast["base"]) == {
            column: str(cell) for column, cell in zip(c.FORM.columns, right, strict=True)
        }
        assert reports.cells(session, report.id, 4, cast["base"])["sex"] == ""
    other = c.draft_report(cast, c.sheet([rows[2]]), title="第二期")
    done(accepting(cast, other, 3))
    assert codes(cast, other) == []


def test_nobody_but_its_base_reads_an_id_number_in_whatever_column_it_stands(office: Path) -> None:
    cast = c.assemble()
    right, left = c.row(5), c.row(6)
    rows = [
        [*right[:3], "", *right[3:-1]],
        [*left[:2], *left[3:], ""],
        c.row(7, sex=c.id_number(7), note=f"原号{c.id_number(8)}"),
        c.row(9, name=f"王{c.id_number(9)}", post=c.id_number(9)),
    ]
    report = c.draft_report(cast, c.sheet(rows))
    numbers = [c.id_number(serial) for serial in (5, 6, 7, 8, 9)]

    def told() -> str:
        with db.reading() as session:
            roster_of, made = (ask(session, report.id, cast["admin"]) for ask in (reports.rows, reports.repairs))
            problems = reports.problems(session, report.id, cast["admin"], now=c.AFTER)
            return roster_of.to_csv() + made.to_csv() + str(problems)

    assert not [number for number in numbers if number in told()]
    done(accepting(cast, report, 3, 4))
    done(repairing(cast, report, (5, "sex", c.id_number(7), "男"), (6, "name", f"王{c.id_number(9)}", "王示九")))
    added = "\t".join(map(str, c.row(10, name=f"王{c.id_number(10)}")))
    done(lambda s: reports.paste(s, report.id, added, actor=cast["base"], now=c.AFTER))
    assert not [number for number in [*numbers, c.id_number(10)] if number in told()]
    assert "150199********" in told()


def test_a_birth_date_among_the_sexes_and_hours_in_the_wrong_column_are_put_right(office: Path) -> None:
    cast = c.assemble()
    rows = [
        c.row(1, sex="1985-03-04"),
        c.row(2, sex="19850304"),
        c.row(3, sex="1990.1.2"),
        c.row(4, public_hours=24, professional_hours=0),
        c.row(5),
        c.row(5, number=6),
    ]
    report = c.draft_report(cast, c.sheet(rows))
    offers = {problem.row: problem.offer for problem in found(cast, report)}
    assert offers == {
        3: "按身份证号填“男”",
        4: "按身份证号填“女”",
        5: "",  # another day than the number says: one of the two is wrong
        6: "移到“专业学时”列",
        8: "删去此行",
    }
    done(accepting(cast, report, 3, 4, 6, 8))
    assert codes(cast, report) == [(5, "sex-date")]
    assert current(cast, report).hours == 24 * 4


def test_a_number_beside_its_cell_goes_there_with_one_click(office: Path) -> None:
    cast = c.assemble()
    number, employer = c.row(1)[3:5]
    known(cast, c.row(2))  # whose number would be found by name and employer, but would stay in the note too
    rows = [c.row(1, id_number=employer, employer=number), c.row(2, id_number=RUINED, note=c.id_number(2)), c.row(3)]
    report = c.draft_report(cast, c.sheet(rows))
    assert codes(cast, report) == [(3, "id-character"), (3, "number-elsewhere"), (4, "id-ruined")]
    done(accepting(cast, report, 3, 4))
    assert codes(cast, report) == []
    with db.reading() as session:
        cells = [reports.cells(session, report.id, row, cast["base"]) for row in (3, 4)]
    assert [(each["id_number"], each["employer"], each["note"]) for each in cells] == [
        (number, employer, ""),
        (c.id_number(2), c.row(2)[4], ""),
    ]


def test_a_row_is_proposed_to_be_left_out_only_where_it_says_nothing_else_than_the_first(office: Path) -> None:
    cast = c.assemble()
    less = [c.row(1, professional_hours=8), c.row(2), c.row(3, employer="示例市第二医院")]
    more = [c.row(1), c.row(2, sex="", post="", note="重复"), c.row(3)]
    report = c.draft_report(cast, c.sheet([*less, *more, c.row(2, assessment="优秀")]), headcount=7)
    told = {problem.row: problem for problem in found(cast, report)}
    assert {problem.code for problem in told.values()} == {"duplicate"}
    assert {row: problem.offer for row, problem in told.items()} == {6: "", 7: LEAVE_OUT, 8: "", 9: ""}
    assert "专业学时（第3行“8”，本行“24”）不同，请核对后删去错的一行" in told[6].words
    assert "工作单位（第5行“示例市第二医院”，本行“示例市第一医院”）" in told[8].words
    assert done(accepting(cast, report, 6, 7, 8, 9)) == (0, 1)
    assert [row for row, _ in codes(cast, report)] == [6, 8, 9]
    with db.reading() as session:
        assert reports.cells(session, report.id, 6, cast["base"])["professional_hours"] == "24"


def test_a_row_left_out_as_proposed_is_not_mended_too(office: Path) -> None:
    cast = c.assemble()
    wrong = {"public_hours": 24, "professional_hours": 0}
    report = c.draft_report(cast, c.sheet([c.row(1, **wrong), c.row(1, **wrong), c.row(2)]))
    assert done(accepting(cast, report, 3, 4)) == (1, 1)
    assert codes(cast, report) == []


# --- files and pastes -----------------------------------------------------------------------------------------------


def marked(cast: c.Cast, report: Report) -> bytes:
    return done(lambda s: reports.open_rows(s, report.id, actor=cast["base"], now=c.AFTER))


def test_the_open_rows_go_out_marked_and_come_back_corrected(office: Path) -> None:
    cast = c.assemble()
    rows = [c.row(1), c.row(2, sex="m"), c.row(3), c.row(4, id_number=150199198503040000), c.row(5, name="=1+1")]
    report = c.draft_report(cast, c.sheet(rows))
    book = openpyxl.load_workbook(io.BytesIO(marked(cast, report)))
    page = book.worksheets[0]
    assert [cell.value for cell in page[2]] == [roster.ORIGIN, roster.CODE, *HEADINGS.values()]
    assert [page.cell(at, 1).value for at in (3, 4, 5)] == [4, 6, 7]
    assert page["E3"].comment.text == "性别请填“男”或“女”"
    assert page["E3"].fill.fgColor.rgb.endswith("F8D7DA")
    assert page["F3"].comment is None
    assert (page["F4"].value, page["F4"].data_type) == ("150199198503040000", "s")
    assert page["D5"].data_type == "s"
    page["E3"], page["F4"], page["D5"] = "女", c.id_number(4), "王示五"
    buffer = io.BytesIO()
    book.save(buffer)
    back = Upload("待改正.xlsx", buffer.getvalue())
    fields = reports.ReportFields(report.start_on, report.end_on, "完成")
    _, problems = done(
        lambda s: reports.save(s, report.plan_id, fields, roster_file=back, actor=cast["base"], now=c.AFTER)
    )
    assert problems == []
    after = current(cast, report)
    assert (after.people, after.faults, after.roster_id) == (5, 0, report.roster_id)  # the file as it came is kept
    with db.reading() as session:
        made = reports.repairs(session, report.id, cast["admin"])
        assert list(zip(made["row"], made["column"], strict=True)) == [(4, "sex"), (6, "id_number"), (7, "name")]
        assert set(made["how"]) == {"上传改正"}
    page["A3"] = 99
    buffer = io.BytesIO()
    book.save(buffer)
    strange = Upload("待改正.xlsx", buffer.getvalue())
    deed = lambda s: reports.save(s, report.plan_id, fields, roster_file=strange, actor=cast["base"], now=c.AFTER)  # noqa: E731
    assert c.refusal(deed).code == "rows"
    assert c.refusal(lambda s: reports.open_rows(s, report.id, actor=cast["base"], now=c.AFTER)).code == "empty"


def corrected(content: bytes, **cells: str) -> Upload:
    """A file of open rows with these cells, by address, filled in."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for address, value in cells.items():
        book.worksheets[0][address] = value
    buffer = io.BytesIO()
    book.save(buffer)
    return Upload("待改正.xlsx", buffer.getvalue())


def uploading(cast: c.Cast, report: Report, given: Upload) -> Callable[[Session], Any]:
    fields = reports.ReportFields(report.start_on, report.end_on, "完成")
    return lambda s: reports.save(s, report.plan_id, fields, roster_file=given, actor=cast["base"], now=c.AFTER)


def test_a_file_of_open_rows_leaves_what_was_repaired_since_it_was_handed_out(office: Path) -> None:
    cast = c.assemble()
    rows = [c.row(1), c.row(2, "王示1"), c.row(3, sex="m"), c.row(4, sex="m")]
    report = c.draft_report(cast, c.sheet(rows))
    content = marked(cast, report)
    done(repairing(cast, report, (4, "name", "王示1", "王己成")))
    done(lambda s: reports.strike(s, report.id, 6, actor=cast["base"], now=c.AFTER))
    done(uploading(cast, report, corrected(content, E4="男")))
    with db.reading() as session:
        assert reports.cells(session, report.id, 4, cast["base"])["name"] == "王己成"
        assert reports.cells(session, report.id, 5, cast["base"])["sex"] == "男"
        assert reports.rows(session, report.id, cast["base"])["row"].tolist() == [3, 4, 5]
    # where both changed one cell, the whole file waits and both stay as they are
    for cells, words in (
        ({"D3": "孔强艳", "M4": "备注"}, "第4行的姓名已改过"),
        ({"E5": "女", "M4": "备注"}, "第6行已删去"),
        ({"E4": "女"}, "第5行的性别已改过"),
    ):
        found = c.refusal(uploading(cast, report, corrected(content, **cells)))
        assert (found.code, words in found.words, "重新下载" in found.words) == ("stale", True, True)
    done(uploading(cast, report, corrected(content, D3="王己成", E4="男", F3=c.id_number(2))))  # what stands already
    assert codes(cast, report) == []


def test_people_written_below_the_open_rows_are_added(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]))
    book = openpyxl.load_workbook(io.BytesIO(marked(cast, report)))
    page = book.worksheets[0]
    page["E3"] = "男" if c.row(2)[2] == "男" else "女"
    for at, cell in enumerate(c.row(3), start=3):
        page.cell(4, at, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    given = Upload("待改正.xlsx", buffer.getvalue())
    for _ in range(2):  # the second time it is taken already
        done(uploading(cast, report, given))
        after = current(cast, report)
        assert (after.people, after.faults) == (3, 0)
    with db.reading() as session:
        made = reports.repairs(session, report.id, cast["base"])
        assert made[["row", "column"]].values.tolist() == [[4, "sex"], [5, ""]]


def test_a_roster_goes_back_to_the_file_it_came_in_and_the_trail_stays(office: Path) -> None:
    cast = c.assemble()
    given = Upload("花名册.xlsx", c.sheet([c.row(1), c.row(2, sex="m"), c.row(3)]))
    report = c.draft_report(cast, given.content)
    restart = lambda s, by="base": reports.restart(s, report.id, actor=cast[by], now=c.AFTER)  # noqa: E731
    assert c.refusal(restart).code == "rows"  # nothing was changed
    done(repairing(cast, report, (4, "sex", "m", "女"), (3, "name", c.row(1)[1], "王己成")))
    done(lambda s: reports.strike(s, report.id, 5, actor=cast["base"], now=c.AFTER))
    done(lambda s: reports.paste(s, report.id, "\t".join(map(str, c.row(5))), actor=cast["base"], now=c.AFTER))
    assert c.refusal(lambda s: restart(s, "hohhot_base")).code == "missing"
    done(restart)
    with db.reading() as session:
        assert reports.rows(session, report.id, cast["base"])["row"].tolist() == [3, 4, 5]
        cells = [reports.cells(session, report.id, row, cast["base"]) for row in (3, 4)]
        made = reports.repairs(session, report.id, cast["base"])
    assert [each["name"] for each in cells] == [c.row(1)[1], c.row(2)[1]]
    assert cells[1]["sex"] == "m"
    assert made["how"].tolist()[:4] == ["网上改正"] * 3 + ["粘贴添加"]
    assert set(made["how"][4:]) == {"恢复原件"}
    assert codes(cast, report) == [(4, "sex-form")]


def test_a_file_of_another_rosters_open_rows_changes_nothing(database: str) -> None:
    cast = c.assemble()
    first, second = (c.draft_report(cast, c.sheet([c.row(1, sex="m"), c.row(n)]), title=f"{n}") for n in (2, 3))
    content = marked(cast, first)
    assert c.refusal(uploading(cast, second, corrected(content, E3="男"))).code == "rows"
    assert c.refusal(uploading(cast, first, corrected(content, E3="男", B3=""))).code == "rows"
    done(uploading(cast, first, Upload("新.xlsx", c.sheet([c.row(5), c.row(6)]))))  # nothing was repaired
    assert c.refusal(uploading(cast, first, corrected(content, E3="男"))).code == "rows"


def test_rows_are_pasted_out_of_a_spreadsheet(office: Path) -> None:
    cast = c.assemble()
    bare = "\r\n".join("\t".join(map(str, c.row(serial))) for serial in (1, 2)) + "\r\n"
    headed = f"姓名\t证件号码\t专业学时\t考核结果\n赵示三\t{c.id_number(3)}\t24\t合格"
    report = c.draft_report(cast, roster.pasted(bare, c.FORM).content)
    assert (report.people, report.faults) == (2, 0)
    done(lambda s: reports.paste(s, report.id, headed, actor=cast["base"], now=c.AFTER))
    after = current(cast, report)
    assert (after.people, after.faults) == (3, 0)
    with db.reading() as session:
        frame = reports.rows(session, report.id, cast["base"])
        assert list(frame["row"]) == [2, 3, 4]
        assert list(frame["repaired"]) == ["", "", "整行"]
    assert c.refusal(lambda s: reports.paste(s, report.id, " \n", actor=cast["base"], now=c.AFTER)).code == "file"
    for words in ("随便的一句话，不是表格", "第一句\t2024年\n3", "姓名\t身份证号\n\t"):
        found = c.refusal(lambda s, words=words: reports.paste(s, report.id, words, actor=cast["base"], now=c.AFTER))
        assert (found.code, "没有姓名或身份证号" in found.words) == ("file", True)
    signed = "\t".join(map(str, c.row(4))) + "\n填表人：\t\t\t\n"
    done(lambda s: reports.paste(s, report.id, signed, actor=cast["base"], now=c.AFTER))
    with db.reading() as session:
        made = reports.repairs(session, report.id, cast["base"])
    assert list(zip(made["row"], made["after"], strict=True)) == [(4, "赵示三"), (5, c.row(4)[1])]


def test_the_blank_form_cannot_go_wrong() -> None:
    page = openpyxl.load_workbook(io.BytesIO(roster.template(c.FORM))).worksheets[0]
    assert [cell.value for cell in page[2]] == list(HEADINGS.values())
    lists = {str(each.sqref): each.formula1 for each in page.data_validations.dataValidation}
    assert lists == {"C3:C2002": '"男,女"', "J3:J2002": '"合格,不合格"'}
    assert page.column_dimensions["D"].number_format == "@"  # what is typed there stays text
    filled = openpyxl.load_workbook(io.BytesIO(roster.template(c.FORM)))
    for place, cell in enumerate(c.row(1), start=1):
        filled.worksheets[0].cell(3, place).value = cell
    buffer = io.BytesIO()
    filled.save(buffer)
    preview = roster.read(buffer.getvalue(), "花名册.xlsx")
    assert (len(preview.rows), preview.problems) == (1, [])


# --- what a reviewer should see -------------------------------------------------------------------------------------


def warnings(cast: c.Cast, report: Report, by: str = "admin") -> list[Problem]:
    with db.reading() as session:
        return reports.warnings(session, report.id, cast[by])


def test_two_who_may_be_one_are_a_warning_and_block_nobody(database: str) -> None:
    cast = c.assemble()
    rows = [
        c.row(1, "赵示末"),
        c.row(11, "赵示未"),
        c.row(21, "钱示"),
        c.row(22, "钱示"),
        c.row(31, "孙示"),
        c.row(42, "孙示"),
    ]
    report = c.draft_report(cast, c.sheet(rows), headcount=6)
    assert report.faults == 0
    assert [(each.row, each.code, each.blocking) for each in found(cast, report)] == [
        (4, "twin-name", False),
        (6, "twin-number", False),
    ]
    assert "第3行的“赵示末”" in found(cast, report)[0].words


@pytest.mark.parametrize("names", [("阿拉坦·其其格", "阿拉坦其其格"), ("张伟", "张玮"), ("张玮", "张炜")])
def test_names_that_look_or_sound_alike_on_one_birthday_may_be_one_human(names: tuple[str, str]) -> None:
    content = c.sheet([c.row(1, names[0]), c.row(11, names[1]), c.row(3)])
    told = [(each.row, each.code, each.blocking) for each in roster.read(content, "花名册.xlsx").problems]
    assert told == [(4, "twin-name", False)]
    apart = c.sheet([c.row(1, names[0]), c.row(11, names[1], id_number=c.id_number(11, date(1986, 3, 4)))])
    assert roster.read(apart, "花名册.xlsx").problems == []


def test_a_person_in_two_places_on_one_day_is_named_without_telling_a_base_whose_roster(database: str) -> None:
    cast = c.assemble()
    other = c.file_plan(cast, by="hohhot_base", title="呼市班")
    c.approve(cast, other.id, by="hohhot_reviewer")
    c.file_report(cast, other, c.sheet([c.row(serial) for serial in (1, 2, 3)]), by="hohhot_base")
    absent = c.row(2, professional_hours=0, assessment="不合格")
    report = c.draft_report(cast, c.sheet([c.row(1), absent, *[c.row(serial) for serial in range(4, 8)]]), headcount=6)
    idle, told = warnings(cast, report, "base")
    assert (idle.row, idle.code, idle.words) == (0, "idle", "1行考核不合格或没有学时，不登记学时")
    assert (told.row, told.code, told.words) == (3, "two-places", "此人同日还在另一期培训的花名册中，请核实是否到场")
    _, named = warnings(cast, report)
    assert "示例呼和浩特培训基地“呼市班”（2024-06-24至2024-06-26）第3行" in named.words
    before, after = ({"start_on": date(2024, 6, day), "end_on": date(2024, 6, day + 2)} for day in (21, 27))
    for changes in ({"mode": Mode.ONLINE}, before, after):
        elsewhere = c.draft_report(cast, c.sheet([c.row(1)]), headcount=1, title="别的", **changes)
        assert warnings(cast, elsewhere) == []


def test_a_roster_another_base_filed_too_is_named_once(office: Path) -> None:
    cast = c.assemble()
    other = c.file_plan(cast, by="hohhot_base", title="呼市班", mode=Mode.ONLINE)
    c.approve(cast, other.id, by="hohhot_reviewer")
    c.file_report(cast, other, c.sheet([c.row(serial) for serial in range(1, 9)]), by="hohhot_base")
    most = c.draft_report(cast, c.sheet([c.row(serial) for serial in range(1, 11)]), headcount=10)
    (named,) = warnings(cast, most)
    assert (named.row, named.code, named.value) == (0, "same-roster", "8")
    assert "8人（80%）同一期间还在示例呼和浩特培训基地“呼市班”" in named.words
    (told,) = warnings(cast, most, "base")
    assert "呼和浩特" not in told.words
    fewer = c.draft_report(cast, c.sheet([c.row(serial) for serial in range(2, 12)]), headcount=10, title="第二期")
    assert [each.code for each in warnings(cast, fewer)] == []  # seven of ten, and the other was online


def test_a_roster_filed_for_other_days_too_is_named_where_people_and_hours_are_the_same(office: Path) -> None:
    cast = c.assemble()

    def filed_for(first: int, serials: range, *, by: str = "hohhot_base", **cells: Any) -> Report:
        days = {"start_on": date(2024, 6, first), "end_on": date(2024, 6, first + 2)}
        plan = c.file_plan(cast, by=by, title=f"{first}日班", now=c.NOW - timedelta(days=20), **days)
        c.approve(cast, plan.id, by="reviewer" if by == "base" else "hohhot_reviewer")
        content = c.sheet([c.row(serial, **cells) for serial in serials])
        return c.file_report(cast, plan, content, by=by, now=c.AFTER - timedelta(days=6))

    filed_for(17, range(1, 11))
    filed_for(14, range(1, 11), professional_hours=16)  # one hospital's staff at another training
    filed_for(11, range(1, 9))  # eight of ten
    filed_for(20, range(1, 11), by="base")
    same = c.draft_report(cast, c.sheet([c.row(serial) for serial in range(1, 11)]), headcount=10)
    told = [(each.code, each.value, each.words) for each in warnings(cast, same)]
    assert [each[:2] for each in told] == [("same-roster", "10")] * 2
    assert "同一年度以相同学时还在示例呼和浩特培训基地“17日班”（2024-06-17至2024-06-19）" in told[0][2]
    assert "示例继续教育基地“20日班”" in told[1][2]
    own = [each.words for each in warnings(cast, same, "base")]
    assert ["另一家机构" in words for words in own] == [True, False]
    assert "本机构“20日班”" in own[1]
    few = c.draft_report(cast, c.sheet([c.row(serial) for serial in range(1, 5)]), headcount=4, title="四人")
    assert warnings(cast, few) == []


def test_three_people_filed_by_two_for_the_same_days_are_one_roster(database: str) -> None:
    cast = c.assemble()
    other = c.file_plan(cast, by="hohhot_base", title="呼市班", mode=Mode.ONLINE)
    c.approve(cast, other.id, by="hohhot_reviewer")
    c.file_report(cast, other, c.sheet([c.row(serial) for serial in (1, 2, 3)]), by="hohhot_base")
    copy = c.draft_report(cast, c.sheet([c.row(serial) for serial in (3, 1, 2)]), headcount=3)
    (named,) = warnings(cast, copy)
    assert (named.code, named.value) == ("same-roster", "3")


def test_what_differs_from_the_plan_is_named(database: str) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1, professional_hours=16), c.row(2)]), headcount=2)
    assert [each.code for each in warnings(cast, report)] == ["drift-hours"]
    fields = reports.ReportFields(date(2024, 6, 24), date(2024, 6, 25), "短了一天", teachers="另请的教师")
    short = Upload("花名册.xlsx", c.sheet([c.row(1, professional_hours=16)]))
    done(lambda s: reports.save(s, report.plan_id, fields, roster_file=short, actor=cast["base"], now=c.AFTER))
    told = warnings(cast, report)
    assert [each.code for each in told] == ["drift-teachers", "drift-headcount", "drift-hours"]
    assert "另请的教师" in told[0].words
    assert not any(each.blocking for each in told)
    with pytest.raises(access.Refused, match="missing"):
        warnings(cast, report, "hohhot_reviewer")


# --- what stayed open -----------------------------------------------------------------------------------------------


def test_rows_that_stayed_open_are_filed_as_a_supplement_and_nobody_twice(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m"), c.row(3, professional_hours=25)]), headcount=3)

    def supplement(by: str = "base") -> Callable[[Session], Report]:
        return lambda s: reports.supplement(s, report.id, actor=cast[by], now=c.AFTER)

    assert c.refusal(supplement()).code == "state"
    move(cast, report, Action.SUBMIT, "base")
    assert "为1人登记24学时" in move(cast, report, Action.APPROVE, "reviewer")
    assert [c.refusal(supplement(by)).code for by in ("reviewer", "hohhot_base")] == ["role", "missing"]
    added = done(supplement())
    assert (added.part, added.state, added.people, added.faults) == (2, State.DRAFT, 0, 2)
    assert c.refusal(supplement()).code == "state"
    with db.reading() as session:
        (line,) = reports.open_plans(session, cast["base"], now=c.AFTER).to_dict("records")
        assert line["report_id"] == added.id
    done(repairing(cast, added, (4, "sex", "m", "女"), (5, "professional_hours", "25", "24")))
    move(cast, added, Action.SUBMIT, "base")
    assert "为2人登记48学时" in move(cast, added, Action.APPROVE, "reviewer")
    with db.reading() as session:
        assert checks.faults(session) == []
        assert c.totals(session, c.person_id(2)).loc[0, "professional"] == 24


def test_who_stands_in_an_earlier_report_of_the_plan_is_not_filed_again(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]), headcount=3)
    move(cast, report, Action.SUBMIT, "base")
    move(cast, report, Action.APPROVE, "reviewer")
    added = done(lambda s: reports.supplement(s, report.id, actor=cast["base"], now=c.AFTER))
    again = "\t".join(map(str, c.row(1)))
    done(lambda s: reports.paste(s, added.id, again, actor=cast["base"], now=c.AFTER))
    assert [code for _, code in codes(cast, added)] == ["sex-form", "duplicate-plan"]
    done(accepting(cast, added, 5))
    assert [code for _, code in codes(cast, added)] == ["sex-form"]


def filed(cast: c.Cast, report: Report) -> str:
    """A report goes its way; answers what its approval did, in words."""
    move(cast, report, Action.SUBMIT, "base")
    return move(cast, report, Action.APPROVE, "reviewer")


LATER = c.AFTER + timedelta(days=30)


def supplementing(cast: c.Cast, report: Report, now: datetime = LATER) -> Callable[[Session], Report]:
    return lambda s: reports.supplement(s, report.id, actor=cast["base"], now=now)


def undo(cast: c.Cast, report: Report, *lines: int, now: datetime = c.AFTER + timedelta(days=20)) -> None:
    with db.transaction() as session:
        batch_id = session.scalars(sa.select(CreditBatch.id).where(CreditBatch.submission_id == report.id)).one()
        books.reverse(session, batch_id, lines=lines or None, actor=cast["reviewer"], reason="学时有误", now=now)


def test_a_supplement_is_held_against_the_plan_with_the_reports_before_it(office: Path) -> None:
    cast = c.assemble()
    rows = [c.row(1), c.row(2), c.row(3, sex="m"), c.row(4, name="王示1")]
    report = c.draft_report(cast, c.sheet(rows), headcount=4)
    filed(cast, report)
    added = done(supplementing(cast, report))
    assert [code for _, code in codes(cast, added)] == ["sex-form", "name-form"]  # four of four
    strangers = "\n".join("\t".join(map(str, c.row(serial))) for serial in (5, 6))
    done(lambda s: reports.paste(s, added.id, strangers, actor=cast["base"], now=LATER))
    done(repairing(cast, added, (5, "sex", "m", "男"), (6, "name", "王示1", "王示四")))
    for by in ("base", "admin"):
        problems = found(cast, added, by)
        told = [(each.row, each.code, each.blocking) for each in problems]
        assert told == [(7, "supplement-new", False), (8, "supplement-new", False)]
    with db.reading() as session:
        people = reports.beyond_plan(session, added)[0]
        assert (people.words, people.far) == ("批准4人，连同先前的报告共6人", True)
        assert reports.headcount(session, added) == (4, 2)
        assert reports.headcount(session, report) == (4, 0)
    assert [each.code for each in warnings(cast, added)] == []  # neither fewer people than planned


def test_hours_that_were_taken_back_are_put_right_by_a_supplement(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2), c.row(3)]), headcount=3)
    filed(cast, report)
    assert c.refusal(supplementing(cast, report)).code == "state"
    undo(cast, report, 2)
    with db.reading() as session:
        assert reports.to_supplement(session, cast["base"]).to_dict("records") == [
            {"report_id": report.id, "title": report.title, "words": "有1人的学时已冲销，可补报更正"}
        ]
        assert reports.to_supplement(session, cast["hohhot_base"]).empty
    added = done(supplementing(cast, report))
    assert [(each.row, each.code) for each in found(cast, added)] == [(4, "hours-again")]
    with db.reading() as session:
        assert reports.to_supplement(session, cast["base"]).empty  # it is under way
        assert reports.headcount(session, added) == (1, 2)
    done(repairing(cast, added, (4, "professional_hours", "24", "16")))
    assert "为1人登记16学时" in filed(cast, added)
    with db.reading() as session:
        assert [reports.headcount(session, each) for each in (report, added)] == [(3, 0), (1, 2)]
        hours = [c.totals(session, c.person_id(serial)).loc[0, "professional"] for serial in (1, 2, 3)]
        assert hours == [24, 16, 24]
        assert checks.faults(session) == []
    again = "\t".join(map(str, c.row(2)))
    undo(cast, report, 1, now=LATER + timedelta(days=1))
    third = done(supplementing(cast, added, LATER + timedelta(days=2)))
    done(lambda s: reports.paste(s, third.id, again, actor=cast["base"], now=LATER))  # these hours stand by now
    assert [(each.row, each.code) for each in found(cast, third)] == [(3, "hours-again"), (4, "duplicate-plan")]
    assert third.title == "知识更新培训班（补报2）"


def test_lists_and_reports_say_what_is_left_of_their_hours(database: str) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2)]), headcount=2)

    def left(by: str) -> str:
        with db.reading() as session:
            return str(queues.queue(session, cast[by], kinds=("report",))[0].loc[0, "standing"])

    assert left("base") == ""
    filed(cast, report)
    assert left("base") == Standing.STANDS
    undo(cast, report, 2)
    assert [left(by) for by in ("base", "reviewer")] == [Standing.PARTLY] * 2
    undo(cast, report)
    assert [left(by) for by in ("base", "reviewer")] == [Standing.REVERSED] * 2
    with db.reading() as session:
        made = reports.reversals(session, report.id, cast["base"])
        assert [(row.entries, row.hours, row.reason) for row in made.itertuples()] == [
            (1, 24, "冲销第1批：学时有误")
        ] * 2
        with pytest.raises(access.Refused, match="missing"):
            reports.reversals(session, report.id, cast["hohhot_base"])
        frame = reports.rows(session, report.id, cast["base"])
        assert list(frame["standing"]) == [Standing.REVERSED] * 2


def test_a_dispute_that_was_upheld_opens_the_row_again(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2)]), headcount=2)
    filed(cast, report)
    me = c.give_account(cast, 2, "myself")
    entry = {"batch_id": 1, "line": 2, "words": "只上了两天"}
    dispute = done(lambda s: disputes.file(s, c.person_id(2), **entry, actor=me, now=c.AFTER))
    answer = {"version": dispute.version, "reason": "属实", "actor": cast["reviewer"], "now": c.AFTER}
    done(lambda s: workflow.move(s, dispute.id, Action.APPROVE, **answer))
    added = done(supplementing(cast, report))
    with db.reading() as session:
        assert reports.rows(session, added.id, cast["base"])["row"].tolist() == [4]


def test_all_of_a_reversed_report_is_filed_anew_with_what_stayed_open(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m"), c.row(3)]), headcount=3)
    filed(cast, report)
    added = done(supplementing(cast, report, c.AFTER + timedelta(days=1)))
    done(repairing(cast, added, (4, "sex", "m", "女")))
    filed(cast, added)
    undo(cast, added)
    undo(cast, report)
    third = done(supplementing(cast, report))
    with db.reading() as session:
        assert reports.rows(session, third.id, cast["base"])["row"].tolist() == [3, 4, 5]
    assert "为3人登记72学时" in filed(cast, third)
    with db.reading() as session:
        assert [c.totals(session, c.person_id(n)).loc[0, "professional"] for n in (1, 2, 3)] == [24] * 3
        assert reports.unregistered(session, current(cast, report)) == []


def test_who_was_added_to_a_supplement_by_hand_is_not_offered_again(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2), c.row(3, sex="m")]))
    filed(cast, report)
    added = done(supplementing(cast, report, c.AFTER + timedelta(days=1)))
    undo(cast, report, 2)
    again = "\t".join(map(str, c.row(2)))
    done(lambda s: reports.paste(s, added.id, again, actor=cast["base"], now=LATER))
    done(repairing(cast, added, (5, "sex", "m", "男")))
    filed(cast, added)
    with db.reading() as session:
        for asked in (report, added):
            assert reports.unregistered(session, current(cast, asked)) == []


def test_a_supplement_that_was_turned_down_is_told_with_its_people_and_the_reason(database: str) -> None:
    cast = c.assemble()
    rows = [c.row(1), c.row(2, sex="m"), c.row(3, sex="m")]
    report = c.draft_report(cast, c.sheet(rows))
    filed(cast, report)
    added = done(supplementing(cast, report, c.AFTER + timedelta(days=1)))

    def told() -> list[tuple[str, int, str]]:
        with db.reading() as session:
            return [(each.title, each.people, each.reason) for each in reports.turned_down(session, report)]

    done(repairing(cast, added, (4, "sex", "m", "女")))
    move(cast, added, Action.SUBMIT, "base")
    assert told() == []
    move(cast, added, Action.REJECT, "reviewer", "没有参加培训")
    assert told() == [("知识更新培训班（补报）", 2, "没有参加培训")]
    with db.reading() as session:
        assert reports.unregistered(session, current(cast, report)) == []


def test_two_who_begin_a_supplement_at_once_begin_one(database: str) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]))
    filed(cast, report)
    answers = c.at_once(*[supplementing(cast, report)] * 3)
    assert sorted(getattr(answer, "code", "") for answer in answers) == ["", "state", "state"]


def test_a_supplement_is_due_two_weeks_after_what_it_mends(database: str) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]))
    filed(cast, report)
    decided = c.AFTER.date()
    added = done(supplementing(cast, report, c.AFTER))
    assert (added.title, added.due_on) == ("知识更新培训班（补报）", decided + timedelta(14))
    fields = reports.ReportFields(added.start_on, added.end_on, "完成")
    done(lambda s: reports.save(s, added.plan_id, fields, actor=cast["base"], now=c.AFTER))
    with db.reading() as session:
        (line,) = reports.open_plans(session, cast["base"], now=c.AFTER).to_dict("records")
        assert (line["title"], line["due_on"], line["days_left"]) == (added.title, decided + timedelta(14), 14)
    done(repairing(cast, added, (4, "sex", "m", "女")))
    filed(cast, added)
    undone = c.AFTER + timedelta(days=20)
    undo(cast, report, now=undone)
    assert done(supplementing(cast, report)).due_on == undone.date() + timedelta(15)  # the fourteenth is a Sunday


def test_a_roster_of_the_first_release_is_read_from_its_file_until_it_is_saved_again(database: str) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]))
    with db.transaction() as session:
        session.execute(sa.update(RosterRow).values(cells=None))
        session.execute(sa.delete(RosterProblem))
    assert codes(cast, report) == [(4, "sex-form")]
    done(repairing(cast, report, (4, "sex", "m", "女")))
    assert codes(cast, report) == []
