"""Disputes: filed by the person or the employer about one standing entry, answered once by the authority in charge."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import models
from core.ground import db
from core.ground.access import Refused
from core.ledger import books, checks, statements
from core.models import Dispute, State
from core.people import acts
from core.submissions import disputes, queues, workflow
from core.submissions.disputes import Event
from core.submissions.kinds import KINDS
from core.submissions.workflow import Action
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c
from tests import ready


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def stands() -> None:
    with db.reading() as session:
        assert [*checks.faults(session), *audit.faults(session)] == []


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(three_people)


def three_people() -> c.Cast:
    """Two of the hospital and one of the school, each with one entry; the first and the last have accounts."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    c.give_account(cast, 1, "person")
    c.give_account(cast, 5, "hohhot_person")
    return cast


def entry(serial: int) -> tuple[int, int, int]:
    """The person, the batch and the line of somebody's only entry."""
    person_id = c.person_id(serial)
    with db.reading() as session:
        line = statements.entries(session, person_id).iloc[-1]
    return person_id, int(line["batch_id"]), int(line["line"])


def file(
    cast: c.Cast, by: str, serial: int = 1, words: str = "只参加了两天，应为16学时"
) -> Callable[[Session], Dispute]:
    where = entry(serial)
    return lambda s: disputes.file(s, *where, words=words, actor=cast[by], now=c.AFTER)


def step(
    cast: c.Cast, dispute: Dispute, by: str, action: Action, reason: str = "签到表只有两天", version: int = 0
) -> Callable[[Session], Dispute]:
    version = version or dispute.version

    def deed(session: Session) -> Dispute:
        act = {"version": version, "actor": cast[by], "reason": reason, "now": c.AFTER}
        found, _ = workflow.move(session, dispute.id, action, **act)
        assert isinstance(found, Dispute)
        return found

    return deed


def answer(
    cast: c.Cast, dispute: Dispute, by: str, *, upheld: bool, reason: str = "签到表只有两天", version: int = 0
) -> Callable[[Session], Dispute]:
    return step(cast, dispute, by, Action.APPROVE if upheld else Action.REJECT, reason, version)


def listed(session: Session, by: Any, state: State | None = State.SUBMITTED, **filters: Any) -> tuple[Any, int]:
    return queues.queue(session, by, kinds=("dispute",), state=state, **filters)


def beside(serial: int) -> list[str]:
    with db.reading() as session:
        return list(disputes.beside(session, statements.entries(session, c.person_id(serial)))["dispute"])


def hours(serial: int) -> Any:
    with db.reading() as session:
        return c.totals(session, c.person_id(serial)).loc[0, "professional"]


@ready.both
def test_a_dispute_upheld_takes_the_entry_back_in_the_same_act(cast: c.Cast) -> None:
    filed = done(file(cast, "person"))
    assert beside(1) == ["待答复：只参加了两天，应为16学时"]
    with db.reading() as session:
        frame, count = listed(session, cast["reviewer"])
    assert count == 1
    assert (frame.loc[0, "name"], frame.loc[0, "hours"], frame.loc[0, "state"]) == (c.row(1)[1], 24, State.SUBMITTED)
    assert c.id_number(1) not in frame.to_csv()
    found = done(answer(cast, filed, "reviewer", upheld=True))
    assert found.state is State.APPROVED
    assert hours(1) == 0
    assert hours(2) == 24
    assert sorted(beside(1)) == ["", "异议成立：只参加了两天，应为16学时（答复：签到表只有两天）"]
    with db.reading() as session:
        assert [listed(session, cast["reviewer"], state)[1] for state in (State.SUBMITTED, None)] == [0, 1]
        reversal = session.get_one(models.CreditBatch, found.reversal_id)
        assert reversal.basis.endswith("异议成立：签到表只有两天")
        trail, _ = audit.history(session, cast["admin"], limit=None)
    assert {"dispute.filed", "dispute.upheld", "credit.reversed"} <= set(trail["event"])
    stands()


@ready.both
def test_a_deemed_year_is_disputed_as_such_and_one_dispute_is_read_by_those_who_oversee_it(cast: c.Cast) -> None:
    claim = c.file_claim(cast, 1, activity="职业资格", title="一级建造师", amount=Decimal(0))
    c.grant(cast, claim.id)
    person_id = c.person_id(1)
    with db.reading() as session:
        batch = int(statements.entries(session, person_id)["batch_id"].max())
    filed = done(lambda s: disputes.file(s, person_id, batch, 1, words="不是我考的", actor=cast["person"], now=c.AFTER))
    with db.reading() as session:
        frame, _ = listed(session, cast["reviewer"])
        assert frame[["hours", "deemed"]].to_numpy().tolist() == [[0, 1]]
        for by in ("admin", "leader", "person", "employer"):
            seen = workflow.one(session, filed.id, cast[by], kind="dispute")
            assert dict(KINDS["dispute"].texts(seen)) == {"异议内容": "不是我考的"}
            assert "视同完成" in str(KINDS["dispute"].facts(seen)[0])
        for by, dispute_id in (("hohhot_reviewer", filed.id), ("base", filed.id), ("reviewer", 999)):
            with pytest.raises(Refused, match="missing"):
                workflow.one(session, dispute_id, cast[by], kind="dispute")


def test_a_dispute_rejected_leaves_the_entry_and_says_why(cast: c.Cast) -> None:
    filed = done(file(cast, "employer"))
    done(answer(cast, filed, "admin", upheld=False, reason="签到表三天齐全"))
    assert hours(1) == 24
    assert beside(1) == ["异议不成立：只参加了两天，应为16学时（答复：签到表三天齐全）"]
    done(file(cast, "person", words="附上请假条"))  # somebody may know more afterwards
    assert beside(1) == ["待答复：附上请假条"]


def test_filing_is_refused_and_changes_nothing(cast: c.Cast) -> None:
    for by, serial, words, expected in (
        ("reviewer", 1, "有误", "role"),
        ("base", 1, "有误", "role"),
        ("person", 2, "有误", "missing"),
        ("hohhot_employer", 1, "有误", "missing"),
        ("person", 1, " ", "words"),
        ("person", 1, "字" * 501, "words"),
    ):
        assert c.refusal(file(cast, by, serial, words)).code == expected
    mine, theirs = entry(1), entry(2)
    astray = (mine[0], *theirs[1:])  # an entry that is not the person's
    assert (
        c.refusal(lambda s: disputes.file(s, *astray, words="有误", actor=cast["person"], now=c.AFTER)).code
        == "missing"
    )
    done(file(cast, "person"))
    assert c.refusal(file(cast, "employer")).code == "open"
    done(lambda s: books.reverse(s, theirs[1], lines=[theirs[2]], actor=cast["reviewer"], reason="有误", now=c.AFTER))
    for line in (theirs, entry(2)):
        gone = c.refusal(lambda s, at=line: disputes.file(s, *at, words="有误", actor=cast["employer"], now=c.AFTER))
        assert gone.code == "reversed"


@ready.both
def test_answering_is_refused_and_changes_nothing(cast: c.Cast) -> None:
    filed, other = done(file(cast, "person")), done(file(cast, "hohhot_person", 5))
    with db.reading() as session:  # the region oversees both, and answers its own
        assert [listed(session, cast["reviewer"], own=own)[1] for own in (False, True)] == [2, 1]
    for by, which, reason, version, expected in (
        ("person", filed, "理由", 0, "role"),
        ("title", filed, "理由", 0, "role"),
        ("hohhot_reviewer", filed, "理由", 0, "jurisdiction"),
        ("reviewer", other, "理由", 0, "jurisdiction"),
        ("reviewer", filed, "", 0, "reason"),
        ("reviewer", filed, "重" * (disputes.LONGEST_REASON + 1), 0, "reason"),
        ("reviewer", filed, "理由", 9, "stale"),
    ):
        deed = answer(cast, which, by, upheld=True, reason=reason, version=version)
        assert c.refusal(deed).code == expected
    assert c.refusal(answer(cast, filed, "reviewer", upheld=False, reason=" ")).code == "reason"


@ready.both
def test_an_entry_taken_back_meanwhile_is_not_taken_back_twice(cast: c.Cast) -> None:
    filed = done(file(cast, "person"))
    _, batch_id, line = entry(1)
    done(lambda s: books.reverse(s, batch_id, lines=[line], actor=cast["reviewer2"], reason="有误", now=c.AFTER))
    assert done(answer(cast, filed, "reviewer", upheld=True)).reversal_id is None
    assert hours(1) == 0
    stands()


def test_a_dispute_stands_under_whose_hours_they_are_by_now(cast: c.Cast) -> None:
    stays, duplicate = c.person_id(1), c.person_id(2)
    _, batch_id, line = entry(2)
    act = {"actor": cast["reviewer"], "reason": "同一人", "now": c.AFTER}

    def merge(version: int, duplicate_version: int) -> None:
        seen = {"version": version, "duplicate_version": duplicate_version}
        proof = Upload("户籍证明.pdf", b"%PDF-1.4 synthetic")
        done(lambda s: acts.merge(s, stays, duplicate, evidence=proof, **seen, **act))

    def whose() -> list[Any]:
        with db.reading() as session:
            frame, _ = listed(session, cast["reviewer"])
            found = workflow.one(session, int(frame.loc[0, "id"]), cast["reviewer"])
            assert isinstance(found, Dispute)
            assert disputes.whose(session, found).id == frame.loc[0, "person_id"]
        return frame.loc[0, ["name", "person_id"]].to_list()

    merge(1, 1)
    done(lambda s: disputes.file(s, stays, batch_id, line, words="不是我的", actor=cast["person"], now=c.AFTER))
    assert whose() == [c.row(1)[1], stays]
    done(lambda s: acts.separate(s, duplicate, version=2, **act))
    assert whose() == [c.row(2)[1], duplicate]
    merge(1, 3)
    assert whose() == [c.row(1)[1], stays]


@ready.both
def test_two_reviewers_answer_at_once_and_one_answer_holds(cast: c.Cast) -> None:
    filed = done(file(cast, "person"))
    found = c.at_once(answer(cast, filed, "reviewer", upheld=True), answer(cast, filed, "reviewer2", upheld=False))
    assert sorted(getattr(one, "code", "done") for one in found) == ["done", "stale"]
    assert hours(1) == (0 if beside(1)[0].startswith("异议成立") or beside(1)[-1].startswith("异议成立") else 24)
    stands()


@ready.both
def test_the_person_and_the_clerk_dispute_one_entry_at_once_and_one_is_filed(cast: c.Cast) -> None:
    found = c.at_once(file(cast, "person"), file(cast, "employer"))
    assert sorted(getattr(one, "code", "done") for one in found) == ["done", "open"]


@ready.both
def test_a_dispute_is_withdrawn_or_completed_by_its_filer_and_filed_again(cast: c.Cast) -> None:
    filed = done(file(cast, "person"))
    assert c.refusal(step(cast, filed, "hohhot_person", Action.WITHDRAW)).code == "missing"
    gone = done(step(cast, filed, "person", Action.WITHDRAW, ""))
    assert beside(1) == [""]
    other = done(file(cast, "employer", words="应为16学时"))
    assert c.refusal(amending(cast, gone, "有误")).code == "open"  # one at a time, however it came to wait
    back = done(step(cast, other, "reviewer", Action.RETURN, "请写明哪两天"))
    assert beside(1) == ["待补充：应为16学时（答复：请写明哪两天）"]
    assert c.refusal(file(cast, "person")).code == "open"
    assert c.refusal(amending(cast, back, "短")).code == "words"
    assert c.refusal(amending(cast, back, "六月二十五日没有上课", version=1)).code == "stale"
    again = done(amending(cast, back, "六月二十五日没有上课"))  # the person's own, though the clerk filed it
    assert (again.state, beside(1)) == (State.SUBMITTED, ["待答复：六月二十五日没有上课"])
    with db.reading() as session:
        whose = [[each.id for each in disputes.open_about(session, c.person_id(n), cast["employer"])] for n in (1, 2)]
        assert whose == [[gone.id, again.id], []]
        steps = workflow.trail(session, again.id, cast["person"])
    assert list(steps["reason"]) == ["应为16学时", "请写明哪两天", "六月二十五日没有上课"]
    told = c.refusal(answer(cast, again, "reviewer", upheld=True, version=1)).words
    assert "当前状态为待答复" in told
    done(answer(cast, again, "reviewer", upheld=True))
    assert c.refusal(amending(cast, gone, "有误")).code == "reversed"
    stands()


def amending(cast: c.Cast, dispute: Dispute, words: str, version: int = 0) -> Callable[[Session], Dispute]:
    act = {"version": version or dispute.version, "actor": cast["person"], "now": c.AFTER}
    return lambda s: disputes.amend(s, dispute.id, words=words, **act)


def test_what_upholding_would_do_is_told_before_and_is_what_it_does(cast: c.Cast) -> None:
    filed = done(file(cast, "person"))
    act = {"version": filed.version, "actor": cast["reviewer"], "reason": "属实", "now": c.AFTER}
    with db.rehearsal() as session:
        told = workflow.foreseen(session, filed.id, Action.APPROVE, **act)
    assert hours(1) == 24
    happened = done(lambda s: workflow.move(s, filed.id, Action.APPROVE, **act))[1]
    assert told == happened
    assert (told.done, told.people, told.hours) == ("冲销第1批第1笔", 1, -24)


def test_the_trail_of_an_answer_is_read_where_it_was_filed(cast: c.Cast) -> None:
    filed = done(file(cast, "person"))
    done(answer(cast, filed, "reviewer", upheld=False))
    with db.reading() as session:
        line = audit.history(session, cast["hohhot_admin"], event=Event.REJECTED)[0]
        assert line.empty
        line = audit.history(session, cast["employer"], event=Event.REJECTED)[0]
        assert list(line["reason"]) == ["签到表只有两天"]
