"""Who may: every account of the office, every deed and question, at the region's records and at a league's."""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import decisions, drafts
from core.ground import db
from core.ground.access import ROLE_HOMES, Actor, OrganizationKind, Refused, Role
from core.law.workdays import DayKind
from core.ledger import books, checks, statements
from core.models import Base, Dispute, Organization, Person, PolicyDraft, State, leagues
from core.office import dashboards, search, views
from core.people import accounts, acts, holidays, organizations, persons
from core.records import cards, proofs, shortfalls
from core.submissions import claims, comments, disputes, plans, queues, reports, roster, workflow
from core.submissions.kinds import KINDS
from core.submissions.workflow import Action
from core.tables import mending
from core.trail import audit, choices, files
from tests import cast as c
from tests import ready

REGION = "admin reviewer reviewer2 leader title"
HOHHOT = "hohhot_admin hohhot_reviewer hohhot_leader hohhot_title"
REVEALERS = "reviewer reviewer2 title"


@dataclass(frozen=True)
class Records:
    """One base's and one authority's records: a draft, a plan and a report waiting, a plan to report on, a person."""

    draft: int
    waiting_plan: int
    open_plan: int
    report: int
    person: int
    serial: int
    place: int
    account: int
    authority: int
    authority_name: str
    batch: int
    claim: int
    draft_claim: int
    dispute: int
    """About the hours of another person, who works at the base."""
    notice: str
    """A notice of the place, as it would be drafted."""
    notice_draft: int
    """Drafted by somebody who may not publish."""


Question = Callable[[Session, Actor, Records], Any]


def seen(ids: Any, wanted: int) -> None:
    if wanted not in [int(one) for one in ids]:
        raise Refused("unseen", "")


def move(action: Action, which: str, how: Callable[..., Any] = workflow.move) -> Question:
    def deed(s: Session, actor: Actor, at: Records) -> None:
        submission_id = getattr(at, which)
        version = s.scalar(sa.text("SELECT version FROM submission WHERE id = :id"), {"id": submission_id})
        now = c.NOW if action is Action.SUBMIT else c.AFTER_PLAN
        how(s, submission_id, action, version=version, actor=actor, reason="有原因", now=now)

    return deed


def queue(kind: str, which: str) -> Question:
    return lambda s, actor, at: seen(queues.queue(s, actor, kinds=(kind,), limit=None)[0]["id"], getattr(at, which))


def trail_line(s: Session, actor: Actor, at: Records) -> None:
    seen(audit.history(s, actor, record="report", record_id=at.report, limit=None)[0]["record_id"], at.report)


def report(s: Session, actor: Actor, at: Records) -> None:
    fields = reports.ReportFields(c.PLAN.start_on, c.PLAN.end_on, "完成")
    reports.save(s, at.open_plan, fields, roster_file=None, announcement=c.ANNOUNCEMENT, actor=actor, now=c.AFTER)


def open_account(s: Session, actor: Actor, at: Records) -> None:
    accounts.open_account(
        s,
        username="fresh",
        name="赵示一",
        role=Role.BASE_CLERK,
        organization_id=at.place,
        password=c.PASSWORD,
        actor=actor,
        now=c.AFTER,
    )


def open_person_account(s: Session, actor: Actor, at: Records) -> None:
    accounts.open_person_account(
        s, username="fresh", id_number=c.id_number(at.serial), password=c.PASSWORD, actor=actor, now=c.AFTER
    )


def add_organization(s: Session, actor: Actor, at: Records) -> None:
    organizations.add(
        s, name="示例新单位", kind=OrganizationKind.EMPLOYER, authority_id=at.authority, actor=actor, now=c.AFTER
    )


def enter_holidays(s: Session, actor: Actor, at: Records) -> None:
    holidays.enter(s, c.TODAY, c.TODAY, DayKind.REST, "示例假日", actor=actor, now=c.AFTER)
    holidays.take_back(s, c.TODAY, c.TODAY, actor=actor, now=c.AFTER)


def close_place(s: Session, actor: Actor, at: Records) -> None:
    organizations.set_active(s, at.place, False, actor=actor, reason="撤销", now=c.AFTER)


def close_account(s: Session, actor: Actor, at: Records) -> None:
    accounts.set_active(s, at.account, False, actor=actor, reason="调离", now=c.AFTER)


def amounts(s: Session, actor: Actor, at: Records) -> None:
    wanted = dashboards.Wanted(2024, c.TODAY)
    seen(dashboards.board(s, actor, wanted, now=c.AFTER).plans()["league"], at.authority)


def amounts_rows(s: Session, actor: Actor, at: Records) -> None:
    wanted = dashboards.Wanted(2024, c.TODAY)
    seen(dashboards.board(s, actor, wanted, now=c.AFTER).rows(dashboards.Measure.PLANS)["id"], at.open_plan)


def attachment(s: Session, actor: Actor, at: Records) -> None:
    files.opened(s, s.scalar(sa.text("SELECT roster_id FROM report WHERE id = :id"), {"id": at.report}), actor)


def see_problems(s: Session, actor: Actor, at: Records) -> None:
    reports.problems(s, at.report, actor, now=c.AFTER)


def take_file(s: Session, actor: Actor, at: Records) -> None:
    roster_id = s.scalar(sa.text("SELECT roster_id FROM report WHERE id = :id"), {"id": at.report})
    files.handed_out(s, roster_id, actor=actor, now=c.AFTER)


def repair(s: Session, actor: Actor, at: Records) -> None:
    s.execute(sa.text("UPDATE submission SET state = 'withdrawn' WHERE id = :id"), {"id": at.report})
    reports.repair(s, at.report, [mending.Change(3, "note", "", "更正")], actor=actor, now=c.AFTER)


def strike(s: Session, actor: Actor, at: Records) -> None:
    s.execute(sa.text("UPDATE submission SET state = 'withdrawn' WHERE id = :id"), {"id": at.report})
    reports.paste(s, at.report, "\t".join(map(str, c.row(31))), actor=actor, now=c.AFTER)
    reports.strike(s, at.report, 3, actor=actor, now=c.AFTER)


def put_back(s: Session, actor: Actor, at: Records) -> None:
    strike(s, actor, at)
    reports.put_back(s, at.report, 3, actor=actor, now=c.AFTER)


def restart(s: Session, actor: Actor, at: Records) -> None:
    strike(s, actor, at)
    reports.restart(s, at.report, actor=actor, now=c.AFTER)


def choose_columns(s: Session, actor: Actor, at: Records) -> None:
    choices.choose(s, roster.listing(c.FORM), {"科室": "specialty"}, actor=actor, now=c.AFTER)


def read_again(s: Session, actor: Actor, at: Records) -> None:
    s.execute(sa.text("UPDATE submission SET state = 'withdrawn' WHERE id = :id"), {"id": at.report})
    reports.understood(s, at.report, actor)
    reports.read_again(s, at.report, replace=True, actor=actor, now=c.AFTER)


def supplement(s: Session, actor: Actor, at: Records) -> None:
    s.execute(sa.text("UPDATE submission SET state = 'approved' WHERE id = :id"), {"id": at.report})
    s.execute(sa.text("UPDATE report SET faults = 1 WHERE id = :id"), {"id": at.report})
    s.execute(sa.text("UPDATE roster_row SET faulty = true WHERE report_id = :id"), {"id": at.report})
    reports.supplement(s, at.report, actor=actor, now=c.AFTER)


def due_reports(s: Session, actor: Actor, at: Records) -> None:
    seen(reports.open_plans(s, actor, now=c.AFTER)["plan_id"], at.open_plan)


def find_person(s: Session, actor: Actor, at: Records) -> None:
    seen(persons.find(s, actor, limit=None)[0]["id"], at.person)


def see_shortfalls(s: Session, actor: Actor, at: Records) -> None:
    seen(shortfalls.shortfalls(s, actor, 2024, limit=None)[0]["id"], at.person)


def correct_person(s: Session, actor: Actor, at: Records) -> None:
    proof = files.Upload("身份证.pdf", b"%PDF-1.4 synthetic")
    acts.correct(
        s, at.person, name="赵别名", id_number="", evidence=proof, version=1, actor=actor, reason="有误", now=c.AFTER
    )


def merge_persons(s: Session, actor: Actor, at: Records) -> None:
    again = c.person_id(at.serial + 60)
    versions = {"version": 1, "duplicate_version": 1}
    proof = files.Upload("身份证.pdf", b"%PDF-1.4 synthetic")
    acts.merge(s, at.person, again, **versions, evidence=proof, actor=actor, reason="重复", now=c.AFTER)
    acts.separate(s, again, version=2, actor=actor, reason="不是", now=c.AFTER)


def dispute(s: Session, actor: Actor, at: Records) -> None:
    line = s.execute(sa.text("SELECT batch_id, line FROM credit_entry WHERE person_id = :id"), {"id": at.person}).one()
    disputes.file(s, at.person, *line, words="学时有误", actor=actor, now=c.AFTER)


def answer_dispute(s: Session, actor: Actor, at: Records) -> None:
    version = s.scalar(sa.text("SELECT version FROM submission WHERE id = :id"), {"id": at.dispute})
    act = {"version": version, "actor": actor, "reason": "属实", "now": c.AFTER}
    workflow.move(s, at.dispute, Action.APPROVE, **act)


def finds(kind: str, which: str, called: Callable[[Session, Records], str] | None = None) -> Question:
    """The search finds this record by its number, or by what it is called."""

    def deed(s: Session, actor: Actor, at: Records) -> None:
        found = search.search(s, actor, called(s, at) if called else str(getattr(at, which)))
        seen([hit.id for hits in found for hit in hits.hits if hit.kind == kind], getattr(at, which))

    return deed


def disputed(s: Session, actor: Actor, at: Records) -> None:
    seen([each.id for each in disputes.open_about(s, c.person_id(at.serial + 20), actor)], at.dispute)


def amend_dispute(s: Session, actor: Actor, at: Records) -> None:
    s.execute(sa.text("UPDATE submission SET state = 'returned' WHERE id = :id"), {"id": at.dispute})
    version = s.scalar(sa.text("SELECT version FROM submission WHERE id = :id"), {"id": at.dispute})
    disputes.amend(s, at.dispute, words="写明是哪一天", version=version, actor=actor, now=c.AFTER)


def move_person(s: Session, actor: Actor, at: Records) -> None:
    goes_to = at.authority
    acts.move(
        s, at.person, employer="示例新单位", authority_id=goes_to, version=1, actor=actor, reason="调动", now=c.AFTER
    )


def file_claim(s: Session, actor: Actor, at: Records) -> None:
    claims.draft(s, at.person, c.CLAIM, evidence=[c.CERTIFICATE], actor=actor, now=c.AFTER)


def revise_claim(s: Session, actor: Actor, at: Records) -> None:
    claims.revise(s, at.draft_claim, c.CLAIM, version=1, actor=actor, now=c.AFTER)


def grant_hours(s: Session, actor: Actor, at: Records) -> None:
    version = s.scalar(sa.text("SELECT version FROM submission WHERE id = :id"), {"id": at.claim})
    claims.grant(s, at.claim, c.Decimal(8), version=version, actor=actor, now=c.AFTER)


def take_evidence(s: Session, actor: Actor, at: Records) -> None:
    attachment_id = s.scalar(sa.text("SELECT id FROM attachment WHERE submission_id = :id"), {"id": at.claim})
    files.handed_out(s, attachment_id, actor=actor, now=c.AFTER)


def revise(s: Session, actor: Actor, at: Records) -> None:
    plans.revise(s, at.draft, replace(c.PLAN, headcount=5), version=1, actor=actor, now=c.NOW)


def extend(s: Session, actor: Actor, at: Records) -> None:
    plans.grant_extension(s, at.draft, actor=actor, reason="急", now=c.AFTER_PLAN)


def reset(s: Session, actor: Actor, at: Records) -> None:
    accounts.reset_password(s, at.account, "Fresh-start-1", actor=actor, now=c.AFTER)


def reveal(s: Session, actor: Actor, at: Records) -> None:
    persons.reveal_id(s, at.person, actor=actor, reason="核对证书", now=c.AFTER)


def card(s: Session, actor: Actor, at: Records) -> None:
    cards.issue(s, at.person, 2024, actor=actor, now=c.AFTER)


def reverse(s: Session, actor: Actor, at: Records) -> None:
    books.reverse(s, at.batch, actor=actor, reason="重复", now=c.AFTER)


def foresee_reversal(s: Session, actor: Actor, at: Records) -> None:
    books.foreseen(s, at.batch, actor=actor, now=c.AFTER)


def comment(**more: bool) -> Question:
    return lambda s, a, at: comments.write(s, at.report, "请补充", actor=a, now=c.AFTER, **more)


def list_places(s: Session, actor: Actor, at: Records) -> None:
    seen(organizations.listing(s, actor)["id"], at.place)


def list_accounts(s: Session, actor: Actor, at: Records) -> None:
    seen(accounts.listing(s, actor)["id"], at.account)


def draft_notice(s: Session, actor: Actor, at: Records) -> None:
    drafts.save_draft(s, at.notice, actor=actor, now=c.AFTER)


def publish_notice(s: Session, actor: Actor, at: Records) -> None:
    drafts.publish(s, at.notice_draft, version=1, actor=actor, reason="示例〔2024〕1号", now=c.AFTER)


SEE = (f"{REGION} base", f"{REGION} {HOHHOT} hohhot_base")
LOOK_UP = (f"{REGION} employer person", f"{REGION} {HOHHOT} hohhot_employer hohhot_person")
REVEAL = (
    f"{REVEALERS} employer person",
    f"{REVEALERS} hohhot_reviewer hohhot_title hohhot_employer hohhot_person",
)
DISPUTED = (f"{REGION} base_person", f"{REGION} {HOHHOT}")
CLAIMANTS = ("employer person", "hohhot_employer hohhot_person")
BATCH = ("admin reviewer reviewer2", "admin reviewer reviewer2 hohhot_admin hohhot_reviewer")
OFFICERS = (REGION, f"{REGION} {HOHHOT}")
DECIDE = ("reviewer reviewer2", "hohhot_reviewer")
FILE = ("base", "hohhot_base")
ADMINISTER = ("admin", "admin hohhot_admin")
KEEP = ("admin reviewer reviewer2", "hohhot_admin hohhot_reviewer")

DESK = (" ".join((*KEEP, "baotou_reviewer")),) * 2
SIDES = ("admin reviewer reviewer2 base", "hohhot_admin hohhot_reviewer hohhot_base")

MAY: list[tuple[str, Question, tuple[str, str]]] = [
    # what               how                                                  who: the region's records, Hohhot's
    ("see a plan", lambda s, a, at: workflow.one(s, at.waiting_plan, a), SEE),
    ("see a draft", lambda s, a, at: workflow.one(s, at.draft, a), ("admin base", "admin hohhot_admin hohhot_base")),
    ("see its steps", lambda s, a, at: workflow.trail(s, at.report, a), SEE),
    ("see its remarks", lambda s, a, at: workflow.remarks(s, at.report, a), SEE),
    ("see what changed", lambda s, a, at: workflow.changes(s, at.report, a), SEE),
    ("see warnings of any kind", lambda s, a, at: workflow.warnings(s, at.waiting_plan, a), SEE),
    ("see a base's record", lambda s, a, at: reports.record_of(s, at.place, a), SEE),
    ("read comments", lambda s, a, at: comments.of(s, at.report, a), SEE),
    ("mark them as read", lambda s, a, at: comments.mark_read(s, at.report, actor=a, now=c.AFTER), SEE),
    ("comment on a report", comment(), SIDES),
    ("comment within the office", comment(internal=True), KEEP),
    ("foresee a move", move(Action.APPROVE, "waiting_plan", workflow.foreseen), DECIDE),
    ("undo a decision", move(Action.UNDO, "open_plan"), ("reviewer", "hohhot_reviewer")),
    ("foresee a reversal", foresee_reversal, KEEP),
    ("save a view", lambda s, a, at: views.save(s, "视图", queues.Wanted(), actor=a), DESK),
    ("list plans", queue("plan", "waiting_plan"), SEE),
    ("list reports", queue("report", "report"), SEE),
    ("see a report", lambda s, a, at: reports.one(s, at.report, a), SEE),
    ("see a roster", lambda s, a, at: reports.rows(s, at.report, a), SEE),
    ("see its problems", see_problems, SEE),
    ("see its warnings", lambda s, a, at: reports.warnings(s, at.report, a), SEE),
    ("see its repairs", lambda s, a, at: reports.repairs(s, at.report, a), SEE),
    ("see its struck rows", lambda s, a, at: reports.struck(s, at.report, a), SEE),
    ("see what was taken back", lambda s, a, at: reports.reversals(s, at.report, a), SEE),
    ("see own reports undone", lambda s, a, at: reports.to_supplement(s, a), ("base hohhot_base exam department",) * 2),
    ("see a row to repair", lambda s, a, at: reports.cells(s, at.report, 3, a), FILE),
    ("repair a roster", repair, FILE),
    ("add and leave out rows", strike, FILE),
    ("put a row back", put_back, FILE),
    ("go back to the roster's file", restart, FILE),
    ("read the roster's file again", read_again, FILE),
    ("say which column is which", choose_columns, ("base hohhot_base exam department",) * 2),
    ("supplement a report", supplement, FILE),
    ("open its file", attachment, SEE),
    ("take its file away", take_file, SEE),
    ("see due reports", due_reports, FILE),
    ("read the trail", trail_line, SEE),
    ("see the amounts", amounts, OFFICERS),
    ("see behind them", amounts_rows, OFFICERS),
    ("list organizations", list_places, SEE),
    ("list accounts", list_accounts, ADMINISTER),
    ("find a person", find_person, LOOK_UP),
    ("see who is short", see_shortfalls, LOOK_UP),
    ("see a person", lambda s, a, at: persons.one(s, at.person, a), LOOK_UP),
    ("see its history", lambda s, a, at: acts.history(s, at.person, a), LOOK_UP),
    ("correct a person", correct_person, KEEP),
    ("move a person", move_person, KEEP),
    ("merge and separate", merge_persons, KEEP),
    ("see duplicates", lambda s, a, at: acts.duplicates(s, at.person, a), LOOK_UP),
    ("dispute an entry", dispute, CLAIMANTS),
    ("find a plan", finds("plan", "waiting_plan"), SEE),
    ("find a dispute", finds("dispute", "dispute"), DISPUTED),
    ("find somebody", finds("person", "person", lambda s, at: s.get_one(Person, at.person).name), LOOK_UP),
    ("find a batch", finds("batch", "batch"), BATCH),
    (
        "find an organization",
        finds("organization", "place", lambda s, at: s.get_one(Organization, at.place).name),
        OFFICERS,
    ),
    ("list disputes", queue("dispute", "dispute"), DISPUTED),
    ("see what is disputed", disputed, (f"{REGION} base_person", REGION)),
    ("complete a dispute", amend_dispute, ("base_person", "")),
    ("withdraw a dispute", move(Action.WITHDRAW, "dispute"), ("base_person", "")),
    ("answer a dispute", answer_dispute, KEEP),
    ("reveal a number", reveal, REVEAL),
    ("claim a certificate", file_claim, CLAIMANTS),
    ("change a claim", revise_claim, CLAIMANTS),
    ("submit a claim", move(Action.SUBMIT, "draft_claim"), CLAIMANTS),
    ("withdraw a claim", move(Action.WITHDRAW, "claim"), CLAIMANTS),
    ("list claims", queue("claim", "claim"), LOOK_UP),
    ("see its evidence", lambda s, a, at: claims.evidence(s, at.claim, a), LOOK_UP),
    ("take its evidence away", take_evidence, LOOK_UP),
    ("grant hours", grant_hours, DECIDE),
    ("approve a claim", move(Action.APPROVE, "claim"), DECIDE),
    ("reject a claim", move(Action.REJECT, "claim"), DECIDE),
    ("print a proof", lambda s, a, at: proofs.issue(s, at.batch, 1, actor=a, now=c.AFTER), REVEAL),
    ("see the cards", lambda s, a, at: cards.issued(s, at.person, a), LOOK_UP),
    ("see a batch", lambda s, a, at: statements.lines(s, at.batch, a), BATCH),
    ("see who relied", lambda s, a, at: decisions.relied(s, at.batch, a), BATCH),
    ("reverse a batch", reverse, ("admin reviewer reviewer2", "hohhot_admin hohhot_reviewer")),
    ("rebuild totals", lambda s, a, at: checks.rebuild(s, actor=a, reason="核对", now=c.AFTER), ("admin", "admin")),
    ("print a card", card, REVEAL),
    ("change a draft", revise, FILE),
    ("extend a plan", extend, ADMINISTER),
    ("submit", move(Action.SUBMIT, "draft"), FILE),
    ("withdraw", move(Action.WITHDRAW, "waiting_plan"), FILE),
    ("approve a plan", move(Action.APPROVE, "waiting_plan"), DECIDE),
    ("return a plan", move(Action.RETURN, "waiting_plan"), DECIDE),
    ("reject a plan", move(Action.REJECT, "waiting_plan"), DECIDE),
    ("approve a report", move(Action.APPROVE, "report"), DECIDE),
    ("report", report, FILE),
    ("enter holidays", enter_holidays, ("admin", "admin")),
    ("add an organization", add_organization, ADMINISTER),
    ("close one", close_place, ADMINISTER),
    ("open an account", open_account, ADMINISTER),
    ("open a person's", open_person_account, ADMINISTER),
    ("close an account", close_account, ADMINISTER),
    ("reset a password", reset, ADMINISTER),
    ("draft a notice", draft_notice, ADMINISTER),
    ("see a notice's draft", lambda s, a, at: drafts.draft_text(s, at.notice_draft, a), ADMINISTER),
    ("list drafts", lambda s, a, at: seen(drafts.listing(s, a)["id"], at.notice_draft), ADMINISTER),
    ("publish a notice", publish_notice, ADMINISTER),
]
"""A person's own account sees the own record; a base never looks people up; to oversee is not to decide."""

REFUSED = {"role", "missing", "jurisdiction", "unseen"}
NOTICE = "id: own-2024\nextends: nmg-2024\ntitle: 示例通知\n"


def records(cast: c.Cast, by: str, reviewer: str, serial: int, authority: str, employer: str) -> Records:
    content = c.sheet([c.row(serial, employer=employer), c.row(serial + 20, employer="示例继续教育基地")])
    posted = c.posted(cast, content, by=by, reviewer=reviewer, title="已入账")
    open_plan = c.file_plan(cast, by=by, title="待报告")
    c.approve(cast, open_plan.id, by=reviewer)
    reported = c.file_plan(cast, by=by, title="已报告")
    c.approve(cast, reported.id, by=reviewer)
    waiting = c.file_report(cast, reported, c.sheet([c.row(serial + 10)]), by=by)
    filed = c.file_plan(cast, by=by)
    with db.transaction() as session:
        draft = plans.draft(session, replace(c.PLAN, title="草稿"), actor=cast[by], now=c.NOW)
        league = leagues(session)[cast.places[authority].id]
        notice = NOTICE + (f"league: {league}\n" if league else "")
        written = {"policy_id": f"own-{league or 'region'}", "text": notice, "digest": "-", "drafted_at": c.NOW}
        notice_draft = PolicyDraft(**written, drafted_by_id=cast[reviewer].account_id)
        session.add(notice_draft)
    return Records(
        draft=draft.id,
        waiting_plan=filed.id,
        open_plan=open_plan.id,
        report=waiting.id,
        person=c.person_id(serial),
        serial=serial,
        place=cast[by].organization_id,
        account=cast[by].account_id or 0,
        authority=cast.places[authority].id,
        authority_name=cast.places[authority].name,
        batch=batch_of(posted.id),
        claim=0,
        draft_claim=0,
        dispute=0,
        notice=notice,
        notice_draft=notice_draft.id,
    )


def batch_of(submission_id: int) -> int:
    with db.reading() as session:
        found = session.scalar(sa.text("SELECT id FROM credit_batch WHERE submission_id = :id"), {"id": submission_id})
        return int(found or 0)


@pytest.fixture
def prepared(database: str) -> tuple[c.Cast, list[Records]]:
    return ready.office(two_jurisdictions)


def two_jurisdictions() -> tuple[c.Cast, list[Records]]:
    """Everything there is to see, once below the region and once below a league."""
    cast = c.assemble()
    both = [
        records(cast, "base", "reviewer", 1, "region", "示例市第一医院"),
        records(cast, "hohhot_base", "hohhot_reviewer", 2, "hohhot", "示例旗蒙古族中学"),
    ]
    c.give_account(cast, 1, "person")
    c.give_account(cast, 2, "hohhot_person")
    c.give_account(cast, 21, "base_person")  # works at the base, and sees nothing of its affairs for that
    both = [replace(at, dispute=open_dispute(at)) for at in both]
    return cast, [with_claims(cast, at, by) for at, by in zip(both, ("employer", "hohhot_employer"), strict=True)]


def with_claims(cast: c.Cast, at: Records, by: str) -> Records:
    """A certificate of the person that waits for the authority, and another that is still a draft."""
    filed = c.file_claim(cast, at.serial, by=by, activity="技能培训")
    with db.transaction() as session:
        fields = replace(c.CLAIM, title="示例技能培训证书")
        draft = claims.draft(session, at.person, fields, evidence=[c.CERTIFICATE], actor=cast[by], now=c.AFTER)
    return replace(at, claim=filed.id, draft_claim=draft.id)


def open_dispute(at: Records) -> int:
    """Another one's dispute, waiting for the authority; and somebody who is on file with it twice."""
    other = c.person_id(at.serial + 20)
    with db.transaction() as session:
        entry = session.execute(sa.text("SELECT batch_id, line FROM credit_entry WHERE person_id = :id"), {"id": other})
        where = dict(entry.mappings().one()) | {"authority_id": at.authority}
        filed = {
            "words": "有误",
            "title": "学时",
            "state": State.SUBMITTED,
            "created_at": c.AFTER,
            "submitted_at": c.AFTER,
        }
        twice = persons.PersonFacts("赵示", c.id_number(at.serial + 60))
        persons.match_or_add(session, [twice], authority_id=at.authority, now=c.AFTER)
        dispute = Dispute(**where, **filed, organization_id=at.place, person_id=other)
        session.add(dispute)
    return dispute.id


_CHANGED = sa.text("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")


def changes(session: Session) -> int:
    """How many rows the connection has added, changed and removed so far; both databases count them anyway."""
    if session.get_bind().dialect.name == "postgresql":
        return int(session.scalar(_CHANGED) or 0)
    connection: Any = session.connection().connection.dbapi_connection
    return int(connection.total_changes)


_COUNTS = sa.text(
    " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in sorted(Base.metadata.tables))
)


def rows(session: Session) -> Any:
    """How many rows each table has."""
    return session.execute(_COUNTS).all()


def outcome(deed: Question, actor: Actor, at: Records) -> str:
    """How a deed ends for an actor, in a transaction that leaves nothing behind: "done" or the refusal's code."""
    with Session(db.engine()) as session:
        before = changes(session)
        try:
            deed(session, actor, at)
        except Refused as refused:
            assert not session.new
            assert not session.dirty
            if changes(session) != before:  # such as a row that was locked: none is there that was not before
                there = rows(session)
                session.rollback()
                assert there == rows(session)
            return refused.code
        finally:
            session.rollback()
    return "done"


def test_exactly_those_may_whom_the_table_names(database: str, prepared: tuple[c.Cast, list[Records]]) -> None:
    cast, both = prepared
    wrong = []
    for number, (name, deed, allowed) in enumerate(MAY):
        for at, usernames in zip(both, map(str.split, allowed), strict=True):
            one = usernames[number % len(usernames)] if usernames else ""
            for turn, (username, actor) in enumerate(cast.actors.items(), start=number):
                if database == "postgresql" and turn % 27 and username != one:
                    continue  # by the same conditions there: one of those who may and every 27th of all are asked
                found = outcome(deed, actor, at)
                if (found == "done") != (username in usernames) or found not in {"done", *REFUSED}:
                    wrong.append((name, at.authority_name, username, found))
    assert wrong == []


def test_before_the_first_password_is_changed_nobody_may_anything(
    database: str, prepared: tuple[c.Cast, list[Records]]
) -> None:
    cast, both = prepared
    wrong = []
    for name, deed, allowed in MAY if database == "sqlite" else MAY[::5]:
        for at, usernames in zip(both, allowed, strict=True):
            for username in usernames.split():
                found = outcome(deed, replace(cast[username], must_change_password=True), at)
                if found not in {"password", "missing", "unseen"}:
                    wrong.append((name, username, found))
    assert wrong == []
    fresh = replace(cast["base"], must_change_password=True)
    with Session(db.engine()) as session:
        with pytest.raises(Refused, match="password"):
            plans.draft(session, c.PLAN, actor=fresh, now=c.NOW)
        with pytest.raises(Refused, match="password"):
            audit.history(session, fresh)


def test_the_matrix_knows_every_role_and_every_deed_of_the_workflow() -> None:
    assert {role for _, role, _ in c.STAFF} | {Role.PERSON} == set(Role) == set(ROLE_HOMES)
    named = {name for name, *_ in MAY}
    assert len(named) == len(MAY)
    assert {"submit", "withdraw", "approve a plan", "return a plan", "reject a plan"} <= named


def test_each_starts_plans_for_the_own_organization_only(office: Path) -> None:
    cast = c.assemble()
    found = {}
    for username, actor in cast.actors.items():
        with Session(db.engine()) as session:
            try:
                plan = plans.draft(session, c.PLAN, actor=actor, now=c.NOW)
                found[username] = "own" if plan.organization_id == actor.organization_id else "another's"
            except Refused as refused:
                found[username] = refused.code
            session.rollback()
    exam = {"exam": "fields"}  # the exam authority gives the public subject only
    clerks = {"base": "own", "hohhot_base": "own", "department": "own"} | exam
    assert found == dict.fromkeys(cast.actors, "role") | clerks


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_seen_filed_and_decided_by_those_whom_jurisdiction_names(office: Path, kind: str) -> None:
    cast = c.assemble()
    waiting, filer = c.waiting(cast, kind), c.filer_of(kind)
    last = len(KINDS[kind].stages) - 1
    may = {
        "list": {*REGION.split(), filer},
        "open": {*REGION.split(), filer},
        "withdraw": {filer},
        "approve": set(c.deciders_of(kind)),
        "return": set(c.deciders_of(kind)),
    }
    moment = c.NOW if kind in ("plan", "seminar") else c.AFTER

    def step(action: Action, session: Session, actor: Actor) -> None:
        session.execute(sa.text("UPDATE submission SET stage = :last WHERE id = :id"), {"last": last, "id": waiting.id})
        version = session.scalar(sa.text("SELECT version FROM submission WHERE id = :id"), {"id": waiting.id})
        workflow.move(session, waiting.id, action, version=version, actor=actor, reason="有原因", now=moment)

    how: dict[str, Callable[[Session, Actor], Any]] = {
        "list": lambda s, a: seen(queues.queue(s, a, kinds=(kind,))[0]["id"], waiting.id),
        "open": lambda s, a: workflow.one(s, waiting.id, a, kind=kind),
        **{
            action.value: functools.partial(step, action) for action in (Action.WITHDRAW, Action.APPROVE, Action.RETURN)
        },
    }
    for what, deed in how.items():
        done = set()
        for username, actor in cast.actors.items():
            with Session(db.engine()) as session, contextlib.suppress(Refused):
                deed(session, actor)
                done.add(username)
        assert done == may[what], what
