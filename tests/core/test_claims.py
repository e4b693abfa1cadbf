"""Claims on certificates: who files, who sees, what the notice gives, what the reviewer grants, and what is posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused, Role
from core.law import notices
from core.ledger import books, checks, statements
from core.models import Account, Claim, Person, State
from core.people import acts
from core.records import imports
from core.submissions import claims, queues, workflow
from core.submissions.workflow import Action
from core.tables import sheets
from core.trail import audit, files
from core.trail.files import Upload
from tests import cast as c
from tests import ready

ONE, OTHER, AT_BASE = 1, 2, 3


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(three_people)


def three_people() -> c.Cast:
    """A person of the hospital and one of a league's school, each with an account, and one who works at the base."""
    made = c.assemble()
    employers = {ONE: "示例市第一医院", OTHER: "示例旗蒙古族中学", AT_BASE: "示例继续教育基地"}
    c.posted(made, c.sheet([c.row(serial, employer=name) for serial, name in employers.items()]))
    c.give_account(made, ONE, "person")
    c.give_account(made, OTHER, "hohhot_person")
    return made


def entries(serial: int = ONE) -> list[dict[str, Any]]:
    """What was posted beside the training, newest first."""
    with db.reading() as session:
        frame = statements.entries(session, c.person_id(serial))
    return [line for line in frame.to_dict("records") if line["source"] != "training"]


def drafting(cast: c.Cast, by: str = "person", serial: int = ONE, **changes: Any) -> Callable[[Session], Claim]:
    beside = {"evidence": [c.CERTIFICATE], "to_file": False}
    beside |= {name: changes.pop(name) for name in beside.keys() & changes.keys()}
    fields = replace(c.CLAIM, **changes)
    return lambda s: claims.draft(s, c.person_id(serial), fields, **beside, actor=cast[by], now=c.AFTER)


def moving(cast: c.Cast, claim: Claim, action: Action, by: str, reason: str = "") -> Callable[[Session], Any]:
    def act(session: Session) -> Any:
        version = session.scalar(sa.select(Claim.version).where(Claim.id == claim.id))
        return workflow.move(session, claim.id, action, version=version, actor=cast[by], reason=reason, now=c.AFTER)

    return act


def granting(cast: c.Cast, claim: Claim, hours: Any, by: str = "reviewer", **more: Any) -> Callable[[Session], Claim]:
    act = {"version": claim.version, "actor": cast[by], "now": c.AFTER} | more
    return lambda s: claims.grant(s, claim.id, Decimal(hours), **act)


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


# --- what is posted -------------------------------------------------------------------------------------------------


def test_a_certificate_without_a_rate_is_granted_hours_on_evidence_and_posted_with_its_basis(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE, by="person")
    assert claim.granted is None
    with db.reading() as session:
        found = workflow.one(session, claim.id, cast["reviewer"])
    assert c.refusal(moving(cast, claim, Action.APPROVE, "reviewer", "证书属实")).code == "hours"
    assert c.grant(cast, claim.id, "24.5") == f"{found.person.name}登记2024年度专业科目24.5学时"
    (line,) = entries()
    assert (line["year"], line["subject"], line["source"]) == (2024, "professional", "conversion")
    assert line["hours"] == Decimal("24.5")
    assert line["basis"] == "高研班：新一代信息技术高级研修班结业证书（示例大学）"
    assert (line["completed_on"], line["standing"]) == (date(2024, 5, 10), "stands")
    assert pd.isna(line["plan"])  # the certificate is no training
    with db.reading() as session:
        frame, _ = statements.batches(session, cast["reviewer"], origin="claim")
        assert list(frame["basis"]) == ["学时折合：高研班 新一代信息技术高级研修班结业证书"]
        assert checks.faults(session) == []
        trail = audit.history(session, cast["reviewer"], record="claim", limit=None)[0]
    assert list(trail["event"]) == ["submission.approve", "claim.granted", "submission.submit", "claim.drafted"]
    assert trail["reason"][0] == "证书属实"
    assert c.id_number(ONE) not in str(trail.to_dict())


@pytest.mark.parametrize(("activity", "source"), [("三科", "three_subjects"), ("技能培训", "skills_training")])
def test_what_the_notice_converts_one_to_one_needs_no_grant_but_may_be_cut(
    cast: c.Cast, activity: str, source: str
) -> None:
    claim = c.file_claim(cast, ONE, activity=activity, amount=Decimal("16.5"))
    assert claim.granted == Decimal("16.5")
    c.grant(cast, claim.id)
    (line,) = entries()
    assert (line["source"], line["hours"]) == (source, Decimal("16.5"))
    later = {"start_on": date(2024, 5, 13), "completed_on": date(2024, 5, 17)}
    second = c.file_claim(cast, ONE, activity=activity, title="另一份证书", amount=Decimal(40), **later)
    c.grant(cast, second.id, 8)
    assert sorted(each["hours"] for each in entries()) == [8, Decimal("16.5")]


@pytest.mark.parametrize(("activity", "clause"), [("三科", "一(四)5"), ("技能培训", "一(四)8")])
def test_no_more_is_granted_than_the_certificate_gives_by_the_notices_rate(
    cast: c.Cast, activity: str, clause: str
) -> None:
    claim = c.file_claim(cast, ONE, activity=activity, amount=Decimal("16.5"))
    for hours in ("17", "60"):
        refused = c.refusal(granting(cast, claim, hours))
        assert refused.code == "hours"
        told = f"证书所载16.5学时，每学时折合专业科目1学时（{clause}），至多核定16.5学时。"
        assert refused.words == told
    assert done(granting(cast, claim, "16.5")).granted == Decimal("16.5")


@ready.both
def test_no_day_between_the_certificates_dates_holds_more_than_eight_hours(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE)  # five days
    held = "每天至多8学时，2024-05-06至2024-05-10共5天至多40学时；"
    assert c.refusal(granting(cast, claim, "40.5")).words == f"{held}起止日期有误的，请退回改正。"
    assert done(granting(cast, claim, 40)).granted == 40


@ready.both
@pytest.mark.parametrize("activity", ["三科", "技能培训"])
def test_more_hours_by_the_rate_than_the_days_hold_are_told_to_who_saves_and_files(cast: c.Cast, activity: str) -> None:
    short = {"activity": activity, "completed_on": date(2024, 5, 6)}  # 40 hours, and so by the rate, in one day
    refused = c.refusal(drafting(cast, **short))
    assert refused.code == "hours"
    assert refused.words.startswith("每天至多8学时，2024-05-06一天至多8学时；起止日期有误的请改正")
    draft = done(drafting(cast, activity=activity))
    fields = replace(c.CLAIM, **short)
    act = {"version": draft.version, "actor": cast["person"], "now": c.AFTER}
    assert c.refusal(lambda s: claims.revise(s, draft.id, fields, **act)).code == "hours"
    c.grant(cast, c.file_claim(cast, ONE, title="护理论坛").id, 8)  # meanwhile some of the days are taken
    refused = c.refusal(moving(cast, draft, Action.SUBMIT, "person"))
    assert (refused.code, "至多再核定32学时" in refused.words) == ("hours", True)
    c.file_claim(cast, ONE, activity="论坛", title="日程只有一天的论坛", completed_on=date(2024, 5, 6))  # no rate


@ready.both
def test_eight_hours_a_day_hold_over_all_certificates_of_a_person_together(cast: c.Cast) -> None:
    def filed(title: str, first: int, last: int, serial: int = ONE) -> Claim:
        days = {"start_on": date(2024, 5, first), "completed_on": date(2024, 5, last)}
        return c.file_claim(cast, serial, title=title, by="person" if serial == ONE else "hohhot_person", **days)

    one, two, three, four = (
        filed("护理论坛", 6, 8),
        filed("急救年会", 8, 10),
        filed("影像学会议", 8, 8),
        filed("检验交流", 13, 14),
    )
    c.grant(cast, one.id, 20)
    refused = c.refusal(granting(cast, two, "20.5"))  # five days hold 40
    held = "每天至多8学时，2024-05-06至2024-05-10共5天至多40学时，其中已核定“护理论坛”20学时，至多再核定20学时"
    assert refused.words == f"{held}；起止日期有误的，请退回改正。"
    c.grant(cast, two.id, 20)
    refused = c.refusal(granting(cast, three, "0.5"))  # its one day is full, although both could have left it free
    assert "“护理论坛”20学时、“急救年会”20学时，至多再核定0学时；没有学时可以折合" in refused.words
    c.grant(cast, four.id, 16)  # days of its own
    c.grant(cast, filed("别人的论坛", 6, 8, OTHER).id, 24, by="hohhot_reviewer")
    done(lambda s: books.reverse(s, 3, actor=cast["reviewer"], reason="有误", now=c.AFTER))  # 急救年会
    assert c.refusal(granting(cast, three, "4.5")).code == "hours"
    trained = {"activity": "技能培训", "title": "院前急救合格证", "start_on": date(2024, 5, 6)}
    refused = c.refusal(drafting(cast, completed_on=date(2024, 5, 8), amount=Decimal("4.5"), **trained))
    mend = "起止日期有误的请改正，无误的请按能折合的数量填写，并在说明中写明"
    assert refused.words.endswith(f"其中已核定“护理论坛”20学时，至多再核定4学时；{mend}。")
    c.grant(cast, three.id, 4)
    refused = c.refusal(drafting(cast, completed_on=date(2024, 5, 8), amount=Decimal("0.5"), **trained))
    assert refused.words.endswith("至多再核定0学时；没有学时可以折合，起止日期有误的请改正或退回改正。")
    days = {"start_on": date(2024, 5, 13), "completed_on": date(2024, 5, 14)}
    assert c.refusal(drafting(cast, title="同期的论坛", **days)).code == "hours"  # nothing is left to be granted


@ready.both
def test_two_certificates_of_the_same_days_approved_at_once_fill_them_once(cast: c.Cast) -> None:
    titles = ("护理论坛", "急救年会")
    both = [c.file_claim(cast, ONE, activity="技能培训", title=title) for title in titles]  # 40 hours of five days each
    found = c.at_once(*(moving(cast, each, Action.APPROVE, "reviewer", "属实") for each in both))
    (refused,) = (each for each in found if isinstance(each, Refused))
    assert (refused.code, "请核减后再通过" in refused.words) == ("hours", False)  # nothing is left to cut it to
    assert [each["hours"] for each in entries()] == [40]


def test_a_certificate_counts_for_the_year_it_was_completed_in_and_only_that_years_days_hold_hours(
    cast: c.Cast,
) -> None:
    claim = c.file_claim(cast, ONE, start_on=date(2023, 12, 20), completed_on=date(2024, 1, 3))
    with db.reading() as session:
        told, *more = claims.hints(session, claim)
    assert told.endswith("计入完成日期所在的2024年度（一(一)），只有2024-01-01至2024-01-03的3天可以折合学时。")
    assert more == ["证书所载多于起止日期所能计的学时：每天至多8学时，2024-01-01至2024-01-03共3天至多24学时。"]
    assert c.refusal(granting(cast, claim, "24.5")).code == "hours"
    c.grant(cast, claim.id, 24)
    assert [(each["year"], each["hours"]) for each in entries()] == [(2024, 24)]


def test_few_hours_over_many_days_are_asked_about(cast: c.Cast) -> None:
    def hints(**days: date) -> list[str]:
        claim = done(drafting(cast, **days))
        with db.reading() as session:
            return claims.hints(session, claim)

    assert hints() == []
    assert hints(start_on=date(2024, 4, 21)) == []  # 20 days
    told = "起止日期共21天，40学时按每天8学时只需5天，请核对实际学习的日期。"
    assert hints(start_on=date(2024, 4, 20)) == [told]


def test_more_than_the_certificate_says_is_told_to_the_reviewer_where_the_notice_has_no_rate(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE, amount=Decimal(24))
    assert claims.beyond(claim, Decimal(24)) == ""
    assert "核定的24.5学时多于证书所载的24学时" in claims.beyond(claim, Decimal("24.5"))
    assert done(granting(cast, claim, 40)).granted == 40


def test_an_examination_passed_makes_the_years_professional_subject_count_as_done(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE, activity="职业资格", title="一级建造师", amount=Decimal(0))
    assert c.refusal(granting(cast, claim, 8)).code == "hours"
    assert c.grant(cast, claim.id).endswith("的2024年度专业科目视同完成")
    (line,) = entries()
    assert (line["source"], line["hours"], line["deemed"]) == ("qualification", 0, 1)
    with db.reading() as session:
        assert c.totals(session, c.person_id(ONE), [2024]).loc[0, "deemed"] == ["professional"]


def test_the_activities_are_those_of_the_notice() -> None:
    found = {each.name: each for each in claims.activities(notices.of_year(2024))}
    assert list(found) == ["三科", "高研班", "论坛", "学术交流", "进修考察", "技能培训", "职业资格"]
    assert found["技能培训"].words == "每学时折合专业科目1学时（一(四)8）"
    assert found["论坛"].words == "由审核部门依据证书核定专业科目学时（一(四)6）"
    assert found["职业资格"].words == "取得证书的年度专业科目视同完成（一(四)6）"


# --- what cannot be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "fields"),
        ({"issuer": ""}, "fields"),
        ({"title": "长" * 101}, "fields"),
        ({"note": "长" * 1001}, "fields"),
        ({"completed_on": date(2024, 7, 2)}, "fields"),
        ({"start_on": date(2024, 5, 11)}, "fields"),
        ({"amount": Decimal(0)}, "fields"),
        ({"amount": Decimal("0.3")}, "fields"),
        ({"activity": "职业资格", "amount": Decimal(8)}, "fields"),
        ({"activity": "读书会"}, "activity"),
        ({"start_on": date(2001, 5, 6), "completed_on": date(2001, 5, 6)}, "policy"),
        ({"evidence": [Upload("证书.docx", b"PK")]}, "file"),
        ({"evidence": [Upload("证书.pdf", b"MZ")]}, "file"),
        ({"evidence": [Upload("证书.pdf", b"")]}, "file"),
        ({"evidence": [c.CERTIFICATE] * 11}, "file"),
    ],
)
def test_what_cannot_be_a_claim_is_refused_and_keeps_nothing(cast: c.Cast, changes: dict[str, Any], code: str) -> None:
    assert c.refusal(drafting(cast, **changes)).code == code


def test_a_refusal_names_the_field_as_the_form_does(cast: c.Cast) -> None:
    assert "证书所载学时数应为0.5的正倍数" in c.refusal(drafting(cast, amount=Decimal(0))).words
    claim = c.file_claim(cast, ONE)
    words = c.refusal(moving(cast, claim, Action.RETURN, "reviewer")).words
    assert words == "退回须填写审核意见，申报人会看到。"


@ready.both
def test_a_claim_filed_at_once_hears_of_its_missing_certificate_with_everything_else(cast: c.Cast) -> None:
    wrong: dict[str, Any] = {"title": "", "amount": "", "evidence": []}
    assert set(c.refusal(drafting(cast, **wrong)).fields) == {"title", "amount"}
    refused = c.refusal(drafting(cast, **wrong, to_file=True))
    assert list(refused.fields) == ["title", "amount", "files"]
    assert refused.fields["amount"] == "证书所载学时数未填"
    claim = done(drafting(cast, evidence=[], to_file=True))  # else sound, it is kept as a draft
    fields = replace(c.CLAIM, issuer="")
    act = {"version": claim.version, "to_file": True, "actor": cast["person"], "now": c.AFTER}
    assert set(c.refusal(lambda s: claims.revise(s, claim.id, fields, **act)).fields) == {"issuer", "files"}
    act["evidence"] = [c.CERTIFICATE]
    assert set(c.refusal(lambda s: claims.revise(s, claim.id, fields, **act)).fields) == {"issuer"}


def test_hours_left_empty_by_the_reviewer_are_called_that(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE)
    act = {"version": claim.version, "actor": cast["reviewer"], "now": c.AFTER}
    assert "核定学时未填" in c.refusal(lambda s: claims.grant(s, claim.id, None, **act)).words


def test_a_claim_is_not_filed_without_evidence_and_the_same_certificate_not_twice(cast: c.Cast) -> None:
    bare = done(drafting(cast, evidence=[]))
    assert c.refusal(moving(cast, bare, Action.SUBMIT, "person")).code == "fields"
    first = c.file_claim(cast, ONE)
    again = done(drafting(cast))
    assert c.refusal(moving(cast, again, Action.SUBMIT, "person")).code == "twice"
    c.grant(cast, first.id, 8)
    assert c.refusal(moving(cast, again, Action.SUBMIT, "person")).code == "twice"
    with db.transaction() as session:
        books.reverse(session, 2, actor=cast["reviewer"], reason="核定有误", now=c.AFTER)
    done(moving(cast, again, Action.SUBMIT, "person"))
    c.grant(cast, again.id, 16)
    assert sorted(each["hours"] for each in entries()) == [-8, 8, 16]
    with db.reading() as session:
        queue = queues.queue(session, cast["person"], kinds=("claim",))[0].set_index("id")
        assert queue["standing"].to_dict() == {bare.id: "", first.id: "reversed", again.id: "stands"}
        back = claims.taken_back(session, workflow.one(session, first.id, cast["person"]))
        assert back is not None
        assert back.basis == "冲销第2批：核定有误"
        assert claims.taken_back(session, workflow.one(session, again.id, cast["person"])) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "新一代信息技术 高级研修班 结业证书"},
        {"title": "《新一代信息技术高级研修班》结业证书。"},
        {"title": "新一代信息技术（高级研修班）结业证书"},
        {"activity": "论坛"},
        {"activity": "职业资格", "amount": Decimal(0), "title": "新一代信息技术高级研修班-结业证书"},
    ],
)
def test_the_same_certificate_is_the_same_however_it_is_written_and_whatever_it_is_filed_as(
    cast: c.Cast, changes: dict[str, Any]
) -> None:
    first = c.file_claim(cast, ONE)
    again = done(drafting(cast, **changes))
    refused = c.refusal(moving(cast, again, Action.SUBMIT, "person"))
    named = f"第{first.id}号“{first.title}”（高研班，待审）"
    assert (refused.code, named in refused.words) == ("twice", True)


def test_letters_and_figures_are_the_same_in_either_width_and_case(cast: c.Cast) -> None:
    c.file_claim(cast, ONE, title="ICU护理2024年会 A类")
    again = done(drafting(cast, title="ｉｃｕ护理２０２４年会Ａ类"))
    assert c.refusal(moving(cast, again, Action.SUBMIT, "person")).code == "twice"


@ready.both
def test_a_certificate_of_another_day_or_a_like_title_is_filed_and_shown_to_the_reviewer(cast: c.Cast) -> None:
    first = c.file_claim(cast, ONE)
    later = {"start_on": date(2024, 6, 3), "completed_on": date(2024, 6, 7)}
    c.file_claim(cast, ONE, **later)
    c.file_claim(cast, ONE, title="新一代信息技术高级研修班（第二期）结业证书")
    c.file_claim(cast, ONE, title="护理论坛证书", **later)
    with db.reading() as session:
        frame = claims.beside(session, first.id, cast["reviewer"])
    assert list(frame["concern"]) == [claims.Concern.CERTIFICATE] * 2
    assert list(frame["end_on"]) == [date(2024, 5, 10), date(2024, 6, 7)]


@ready.both
def test_hours_are_granted_by_the_reviewer_in_charge_while_it_waits(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE)
    for hours in ("0", "-8", "0.3", "1001"):
        assert c.refusal(granting(cast, claim, hours)).code == "hours"
    for by, code in (("person", "role"), ("leader", "role"), ("admin", "role"), ("hohhot_reviewer", "missing")):
        assert c.refusal(granting(cast, claim, 8, by)).code == code
    assert c.refusal(granting(cast, claim, 8, version=claim.version - 1)).code == "stale"
    league = c.file_claim(cast, OTHER, by="hohhot_person")
    assert c.refusal(granting(cast, league, 8)).code == "jurisdiction"  # the region oversees, and does not decide
    done(granting(cast, claim, 8))
    assert c.refusal(moving(cast, claim, Action.APPROVE, "reviewer", " ")).code == "reason"
    done(moving(cast, claim, Action.RETURN, "reviewer", "证书不清楚"))
    returned = done(lambda s: workflow.one(s, claim.id, cast["reviewer"]))
    told = f"“{claim.title}”当前状态为退回（{cast['reviewer'].name}：退回），您的操作没有执行，请查看最新状态。"
    assert c.refusal(granting(cast, returned, 8)).words == told


@ready.both
def test_a_claim_is_changed_until_it_is_filed_and_what_was_granted_before_is_forgotten(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE)
    done(granting(cast, claim, 8))

    def revising(by: str, **more: Any) -> Callable[[Session], Claim]:
        def act(session: Session) -> Claim:
            version = more.get("version") or session.scalar(sa.select(Claim.version).where(Claim.id == claim.id))
            fields = replace(c.CLAIM, amount=Decimal(32))
            photo = [Upload("证书.JPG", b"\xff\xd8\xff\xe0 synthetic")]
            return claims.revise(
                session, claim.id, fields, evidence=photo, version=version, actor=cast[by], now=c.AFTER
            )

        return act

    assert c.refusal(revising("person")).code == "state"
    done(moving(cast, claim, Action.RETURN, "reviewer", "请补照片"))
    assert c.refusal(revising("hohhot_person")).code == "missing"
    assert c.refusal(revising("reviewer")).code == "role"
    assert c.refusal(revising("person", version=1)).code == "stale"
    revised = done(revising("person"))
    assert (revised.amount, revised.granted) == (32, None)
    with db.reading() as session:
        kept = claims.evidence(session, claim.id, cast["reviewer"])
    assert [each.filename for each in kept] == ["证书.pdf", "证书.JPG"]


@ready.both
def test_a_claim_follows_its_person_to_another_authority(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE)
    with db.transaction() as session:
        person = session.get_one(Person, c.person_id(ONE))
        person.authority_id, person.employer_id = cast.places["hohhot"].id, cast.places["hohhot_school"].id
    with pytest.raises(Refused, match="jurisdiction"):
        c.grant(cast, claim.id, 8)
    with db.reading() as session:
        told = claims.hints(session, workflow.one(session, claim.id, cast["reviewer"]))
    assert told == ["此人现由呼和浩特市人力资源和社会保障局主管：请退回或撤回，由申报人重新提交，系统会送到那里。"]
    done(moving(cast, claim, Action.RETURN, "reviewer", "请送现在的主管部门"))
    assert c.refusal(moving(cast, claim, Action.SUBMIT, "employer")).code == "missing"  # no longer its employer
    seen = done(lambda s: workflow.one(s, claim.id, cast["hohhot_employer"]))
    revised = {"version": seen.version, "actor": cast["hohhot_employer"], "now": c.AFTER}
    done(lambda s: claims.revise(s, claim.id, replace(c.CLAIM, note="已调动"), **revised))
    done(moving(cast, claim, Action.SUBMIT, "hohhot_employer"))
    c.grant(cast, claim.id, 8, by="hohhot_reviewer")
    assert [each["hours"] for each in entries()] == [8]


@ready.both
def test_somebody_can_put_a_returned_claim_right_or_the_reviewer_knows_that_nobody_can(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE)

    def filers() -> list[str]:
        with db.reading() as session:
            found = workflow.one(session, claim.id, cast["admin"])
            can = sorted(who.name for who in cast.actors.values() if Action.WITHDRAW in workflow.moves_for(found, who))
            assert sorted(workflow.filers(session, found)) == can
            return can

    own = cast["person"].name
    assert filers() == sorted([own, cast["employer"].name])
    with db.transaction() as session:
        session.get_one(Person, c.person_id(ONE)).employer_id = cast.places["hohhot_school"].id
    assert filers() == sorted([own, cast["hohhot_employer"].name])
    with db.transaction() as session:
        session.get_one(Person, c.person_id(ONE)).employer_id = None
    assert filers() == [own]
    with db.transaction() as session:
        session.get_one(Account, cast["person"].account_id).active = False
        assert workflow.filers(session, session.get_one(Claim, claim.id)) == []


@ready.both
def test_a_claim_of_a_duplicate_is_the_humans_who_stays(cast: c.Cast) -> None:
    c.posted(cast, c.sheet([c.row(9, c.row(ONE)[1])]), title="重复登记的人")
    claim = c.file_claim(cast, 9)
    merge(cast, 9)
    with db.reading() as session:
        assert list(queues.queue(session, cast["person"], kinds=("claim",))[0]["id"]) == [claim.id]
        found = workflow.one(session, claim.id, cast["person"])
        assert workflow.moves_for(found, cast["person"]) == [Action.WITHDRAW]
        assert files.opened(session, claims.evidence(session, claim.id, cast["person"])[0].id, cast["person"])
    again = done(drafting(cast))
    assert c.refusal(moving(cast, again, Action.SUBMIT, "person")).code == "twice"
    c.grant(cast, claim.id, 8)
    assert [each["hours"] for each in entries()] == [8]


def merge(cast: c.Cast, duplicate: int) -> None:
    with db.transaction() as session:
        one, other = (session.get_one(Person, c.person_id(serial)) for serial in (ONE, duplicate))
        seen = {"version": one.version, "duplicate_version": other.version}
        acts.merge(session, one.id, other.id, **seen, actor=cast["reviewer"], reason="同一人", now=c.AFTER)


def test_days_overfull_by_a_merge_take_nothing_from_the_days_beside_them(cast: c.Cast) -> None:
    c.posted(cast, c.sheet([c.row(9, c.row(ONE)[1])]), title="重复登记的人")
    for serial, title in ((ONE, "护理论坛"), (9, "急救年会")):
        c.grant(cast, c.file_claim(cast, serial, title=title).id, 40)
    merge(cast, 9)
    days = {"start_on": date(2024, 5, 11), "completed_on": date(2024, 5, 12)}
    claim = c.file_claim(cast, ONE, title="影像学会议", **days)
    c.grant(cast, claim.id, 16)
    assert c.refusal(drafting(cast, title="检验交流", start_on=date(2024, 5, 10))).code == "hours"


@ready.both
def test_two_reviewers_at_once_post_once(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE, activity="技能培训")
    approve = [moving(cast, claim, Action.APPROVE, by, "属实") for by in ("reviewer", "reviewer2")]
    found = c.at_once(*approve)
    assert sorted(type(each).__name__ for each in found) == ["Refused", "tuple"]
    assert [each["hours"] for each in entries()] == [40]


def test_the_slower_reviewer_hears_who_was_faster_and_with_what(cast: c.Cast) -> None:
    claim = c.file_claim(cast, ONE)
    seen = done(lambda s: workflow.one(s, claim.id, cast["reviewer2"]))
    c.grant(cast, claim.id, 24)
    with db.transaction() as session:  # looking at the evidence afterwards is not deciding
        kept = claims.evidence(session, claim.id, cast["reviewer2"])[0]
        files.handed_out(session, kept.id, actor=cast["reviewer2"], now=c.AFTER)
    refused = c.refusal(granting(cast, seen, 16, "reviewer2"))
    told = f"“{claim.title}”当前状态为通过（{cast['reviewer'].name}：通过），您的操作没有执行，请查看最新状态。"
    assert (refused.code, refused.words) == ("stale", told)


def beside(cast: c.Cast, claim: Claim, by: str = "reviewer") -> list[list[Any]]:
    with db.reading() as session:
        frame = claims.beside(session, claim.id, cast[by])
    return frame[["concern", "activity", "title", "state", "hours"]].to_numpy().tolist()


def test_the_reviewer_learns_what_else_the_person_studied_on_the_same_days(cast: c.Cast) -> None:
    days = {"start_on": date(2024, 6, 26), "completed_on": date(2024, 6, 28)}  # the training ends on the first of them
    claim = c.file_claim(cast, ONE, **days, amount=Decimal(16))
    training = ["trained", "", "知识更新培训班", "approved", 24]
    assert beside(cast, claim) == [training]
    c.file_claim(cast, ONE, title="前一天结束的会议", start_on=date(2024, 6, 24), completed_on=date(2024, 6, 25))
    c.file_claim(cast, OTHER, by="hohhot_person", title="别人的会议", **days)
    c.file_claim(cast, ONE, activity="职业资格", title="一级建造师", amount=Decimal(0), **days)
    done(drafting(cast, title="没有提交的会议", **days))
    assert beside(cast, claim) == [training]
    late = date(2024, 6, 28)
    second = c.file_claim(cast, ONE, title="护理论坛", start_on=late, completed_on=date(2024, 6, 30))
    assert beside(cast, claim) == [training, ["days", "高研班", "护理论坛", "submitted", 40]]
    c.grant(cast, second.id, 8)
    assert beside(cast, claim) == [training, ["days", "高研班", "护理论坛", "approved", 8]]
    plan = c.file_plan(cast, title="同期的另一个班")
    c.approve(cast, plan.id)
    c.file_report(cast, plan, c.sheet([c.row(ONE)]))
    waiting = ["days", "", "同期的另一个班", "submitted", 24]
    assert beside(cast, claim) == [training, waiting, ["days", "高研班", "护理论坛", "approved", 8]]
    done(lambda s: books.reverse(s, 1, actor=cast["reviewer"], reason="有误", now=c.AFTER))
    done(lambda s: books.reverse(s, 2, actor=cast["reviewer"], reason="有误", now=c.AFTER))
    assert beside(cast, claim) == [waiting]
    for by, code in (("person", "role"), ("baotou_reviewer", "missing")):
        with pytest.raises(Refused, match=code):
            beside(cast, claim, by)


@ready.both
def test_who_decides_a_deemed_year_sees_what_else_of_that_year_was_claimed_or_deemed(cast: c.Cast) -> None:
    exam = {"activity": "职业资格", "amount": Decimal(0)}
    claim = c.file_claim(cast, ONE, title="一级建造师", **exam)
    assert beside(cast, claim) == []
    c.file_claim(cast, ONE, title="注册消防工程师", completed_on=date(2024, 6, 10), **exam)
    c.file_claim(cast, ONE, title="护理论坛证书", start_on=date(2024, 3, 4), completed_on=date(2024, 3, 8))
    rows = [
        [c.id_number(ONE), c.row(ONE)[1], year, "专业科目", "", "职业资格", f"{year}年台账"] for year in (2023, 2024)
    ]
    book = sheets.csv_file(["身份证号", "姓名", "年度", "科目", "学时", "来源", "依据"], rows)
    given = Upload("台账.csv", book)
    done(lambda s: imports.bring_in(s, given, actor=cast["reviewer"], reason="补登", now=c.AFTER))
    assert beside(cast, claim) == [
        ["year", "高研班", "护理论坛证书", "submitted", 40],
        ["year", "职业资格", "注册消防工程师", "submitted", 0],
        ["year", "职业资格", "2024年台账", "approved", 0],
    ]


# --- who ------------------------------------------------------------------------------------------------------------


def test_each_files_for_oneself_or_for_the_own_people(cast: c.Cast) -> None:
    may = {("person", ONE), ("employer", ONE), ("hohhot_person", OTHER), ("hohhot_employer", OTHER)}
    for by, actor in cast.actors.items():
        for serial in (ONE, OTHER, AT_BASE):
            if (by, serial) in may:
                claim = done(drafting(cast, by, serial))
                assert claim.authority_id == cast.places["hohhot" if serial == OTHER else "region"].id
            else:
                filer = actor.role in (Role.PERSON, Role.EMPLOYER_CLERK)
                assert c.refusal(drafting(cast, by, serial)).code == ("missing" if filer else "role"), by


def test_exactly_those_see_a_claim_its_evidence_and_its_steps_whom_it_concerns(cast: c.Cast) -> None:
    ours, theirs = c.file_claim(cast, ONE), c.file_claim(cast, OTHER, by="hohhot_person")
    c.give_account(cast, AT_BASE, "base_person")
    base = done(drafting(cast, "base_person", AT_BASE))
    region = {"admin", "reviewer", "reviewer2", "leader", "title"}
    wanted = {
        ours.id: region | {"employer", "person"},
        theirs.id: region
        | {"hohhot_admin", "hohhot_reviewer", "hohhot_leader", "hohhot_title", "hohhot_employer", "hohhot_person"},
        base.id: {"admin", "base_person"},  # not filed yet; and no clerk of the base, although it is the employer
    }
    with db.reading() as session:
        file_of = {claim_id: claims.evidence(session, claim_id, cast["admin"])[0].id for claim_id in wanted}
        for by, actor in cast.actors.items():
            listed = set(queues.queue(session, actor, kinds=("claim",), limit=None)[0]["id"])
            assert listed == {claim_id for claim_id, who in wanted.items() if by in who}, by
            for claim_id, who in wanted.items():
                for question in (
                    lambda claim_id=claim_id, actor=actor: workflow.one(session, claim_id, actor),
                    lambda claim_id=claim_id, actor=actor: workflow.trail(session, claim_id, actor),
                    lambda claim_id=claim_id, actor=actor: claims.evidence(session, claim_id, actor),
                    lambda claim_id=claim_id, actor=actor: files.opened(session, file_of[claim_id], actor),
                ):
                    if by in who:
                        question()
                    else:
                        with pytest.raises(Refused, match="missing"):
                            question()


@ready.both
def test_the_queue_finds_a_claim_by_its_person_and_shows_no_full_number(cast: c.Cast) -> None:
    c.file_claim(cast, ONE)
    with db.reading() as session:
        name = session.get_one(Person, c.person_id(ONE)).name
        for text, count in ((name, 1), ("结业证书", 1), ("第一医院", 1), ("无此人", 0)):
            frame, found = queues.queue(session, cast["reviewer"], kinds=("claim",), text=text, state=State.SUBMITTED)
            assert found == count, text
        frame, _ = queues.queue(session, cast["reviewer"], kinds=("claim",))
        assert list(frame["id_mask"]) == [f"150199********{c.id_number(ONE)[-4:]}"]
        assert moves(session, cast, int(frame["id"][0])) == {
            "person": [Action.WITHDRAW],
            "employer": [Action.WITHDRAW],
            "reviewer": [Action.APPROVE, Action.RETURN, Action.REJECT],
            "reviewer2": [Action.APPROVE, Action.RETURN, Action.REJECT],
        }


def moves(session: Session, cast: c.Cast, claim_id: int) -> dict[str, list[Action]]:
    claim = workflow.one(session, claim_id, cast["admin"])
    found = {by: workflow.moves_for(claim, actor) for by, actor in cast.actors.items()}
    return {by: actions for by, actions in found.items() if actions}
