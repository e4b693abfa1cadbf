"""What is done once a day (每日事务): reminders of deadlines, a mail with what waits, old messages removed."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import AUTHORITIES, OrganizationKind, Role
from core.law import deadlines, notices
from core.law.workdays import WorkDays
from core.models import Account, Message, MessageChoice, Organization, Plan, Report, State
from core.office import home, retention
from core.office.mail import Post
from core.office.messages import reaching
from core.people import accounts, holidays, setup
from core.submissions import plans
from core.submissions.kinds import EDITABLE, KINDS
from core.submissions.programmes import merged
from core.trail import messages
from core.trail.messages import Topic, Word

AHEAD = (7, 3, 1, 0)
"""Days before a deadline on which it is reminded of."""
PRESSED = 60
"""Days for which an office is pressed for a paper of the year that is late; after that the lists alone say it."""
AT_ONCE = 200
"""Mails of one round; the next one goes on."""
TITLES = 15
LONGEST_WAIT = timedelta(hours=16)
"""Until a mail that failed is tried again; what is put off for longer was so by a clock that was set back since."""
_WRITING = (State.DRAFT, State.RETURNED)
_ROLES = {OrganizationKind.DEPARTMENT: Role.EMPLOYER_CLERK} | dict.fromkeys(AUTHORITIES, Role.REVIEWER)
"""Who in an organization of a kind is reminded of a notice's own days; elsewhere its clerk of trainings."""


# --- reminders ------------------------------------------------------------------------------------------------------


def remind(session: Session, *, now: datetime) -> int:
    """Remind of deadlines (期限提醒) that are near or have passed, each once; end what is past its time (`retention`).

    A base hears of its plans and reports, its authority of reports that are overdue, and whom a day of the notice binds
    of that. Answers how many were reminded. Twice on one day is once.
    """
    db.lock(session, "daily")
    today = db.office_day(now)
    words = [*_of_reports(session, today), *_of_plans(session, today), *_of_days(session, today)]
    words += _of_tables(session, today)
    retention.carry_out(session, now=now)
    return messages.leave(session, words, now=now)


def _near(left: int) -> str:
    """How near a deadline is, in words; "" on a day on which nothing is said of it."""
    if left < 0:
        return f"已逾期{-left}天"
    step = min((each for each in AHEAD if left <= each), default=None)
    return "" if step is None else "今天到期" if not left else f"还有{left}天"


def _step(left: int) -> str:
    """Names the reminder: one for each step ahead, one when it has passed."""
    return "over" if left < 0 else str(min(each for each in AHEAD if left <= each))


def _of_reports(session: Session, today: date) -> Iterator[Word]:
    filed = sa.exists().where(Report.plan_id == Plan.id, Report.state.not_in(EDITABLE))
    query = (
        sa.select(Plan)
        .options(sa.orm.joinedload(Plan.authority), sa.orm.joinedload(Plan.organization))
        .where(Plan.state == State.APPROVED, Plan.end_on.between(today - timedelta(days=90), today), ~filed)
    )
    for plan in session.scalars(query):
        counted = plans.report_deadline(session, plan, plan.end_on)
        left = (counted.due_on - today).days
        if not (near := _near(left)):
            continue
        title, once = f"{counted.matter}{near}：{plan.title}", f"report-{plan.id}-{counted.due_on}-{_step(left)}"
        words = f"期限{counted.due_on}（{counted.clause}）。{counted.words}"
        to = {"record": "plan", "record_id": plan.id}
        yield Word(Topic.DEADLINE, title, words, plan.organization_id, Role.BASE_CLERK, once=once, **to)  # type: ignore[arg-type]
        if left < 0:
            office = 1 if plan.organization_id == plan.authority_id else plan.authority_id  # a league's own: the region
            told = f"{plan.organization.name}。{words}"
            yield Word(Topic.DEADLINE, title, told, office, Role.REVIEWER, once=f"{once}-below", **to)  # type: ignore[arg-type]


def _of_plans(session: Session, today: date) -> Iterator[Word]:
    query = (
        sa.select(Plan)
        .options(sa.orm.joinedload(Plan.authority))
        .where(Plan.state.in_(_WRITING), Plan.start_on > today, Plan.start_on < today + timedelta(days=120))
    )
    for plan in session.scalars(query):
        counted = KINDS["plan"].deadline(session, plan)
        left = (counted.due_on - today).days if counted else -1
        if counted and left >= 0 and (near := _near(left)):
            title, once = f"{counted.matter}{near}：{plan.title}", f"plan-{plan.id}-{counted.due_on}-{_step(left)}"
            words = f"期限{counted.due_on}（{counted.clause}）。{counted.words}"
            yield Word(Topic.DEADLINE, title, words, plan.organization_id, Role.BASE_CLERK, None, "plan", plan.id, once)


def _of_days(session: Session, today: date) -> Iterator[Word]:
    """The notice's own days, for the organizations it names by kind."""
    days = holidays.work_days(session)
    query = sa.select(Organization).where(Organization.active).options(sa.orm.joinedload(Organization.authority))
    by_league: dict[str | None, list[deadlines.Deadline]] = {}
    filed = merged.day_codes()
    for office in session.scalars(query):
        if office.league not in by_league:
            by_league[office.league] = list(_named(today, office.league, days))
        for each in by_league[office.league]:
            left = (each.due_on - today).days
            if each.code in filed or office.kind not in each.offices or left < 0:
                continue
            if near := _near(left):
                role = _ROLES.get(office.kind, Role.BASE_CLERK)
                once = f"day-{office.id}-{each.code}-{each.due_on}-{_step(left)}"
                words = f"期限{each.due_on}（{each.clause}）。{each.words}"
                yield Word(
                    Topic.DEADLINE,
                    f"{each.matter}{near}",
                    words,
                    office.id,
                    role,
                    None,
                    "organization",
                    office.id,
                    once,
                )


def _of_tables(session: Session, today: date) -> Iterator[Word]:
    """Plan tables and summaries of the year, for each office that has not filed; for the region how many are late.

    Of those alone that were due since this office was opened (`setup.opened_on`).
    """
    begun = setup.opened_on(session)
    for kind, (model, what) in merged.KINDS.items():
        late: dict[str, int] = {}
        for each in merged.owing(session, today.year, today, model, what):
            left, office, deadline = -each.days_late, each.organization, each.deadline
            if left < -PRESSED or not (near := _near(left)):
                continue
            late[each.name] = late.get(each.name, 0) + (left < 0 and deadline.due_on >= begun)
            once = f"{kind}-{office.id}-{each.programme}-{deadline.due_on}-{_step(left)}"
            words = f"期限{deadline.due_on}（{deadline.clause}），{each.words}。{deadline.words}"
            for role in sorted({Role.BASE_CLERK, _ROLES.get(office.kind, Role.BASE_CLERK)}):
                title = f"{deadline.matter}{near}"
                record, number = (kind, each.item) if role is Role.BASE_CLERK else ("organization", office.id)
                to = office.id, role, None, record, number, f"{once}-{role.value}"
                yield Word(Topic.DEADLINE, title, words, *to)
        for name, number in late.items():
            if number:
                title = f"{today.year}年{name}{KINDS[kind].short}：有{number}个单位逾期未报"
                once = f"{kind}-{today.year}-{name}-late"
                yield Word(Topic.DEADLINE, title, "名单见“计划表与总结”。", 1, Role.REVIEWER, None, kind, 0, once)


def _named(today: date, league: str | None, days: WorkDays) -> Iterator[deadlines.Deadline]:
    for year in sorted({today.year, (today + timedelta(days=max(AHEAD))).year}):
        try:
            policy = notices.in_force(date(year, 1, 1), league)
        except notices.NoNotice:
            continue
        yield from deadlines.of_year(policy, year, league, days)


# --- the mail -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Round:
    """What came of a round of mails (每日邮件): sent, with nothing to say, failed."""

    sent: int = 0
    silent: int = 0
    failed: int = 0


Send = Callable[[str, str, str], None]


def mails(post: Post, *, now: Callable[[], datetime], send: Send | None = None) -> Round:
    """Send the daily mails (每日邮件) that are due: to each account that asked for one, once a day, counts and titles.

    Each is claimed in a transaction of its own before it goes, so that two processes send it once; one that fails is
    tried again after half an hour, then after twice that, up to a day, and its failure is kept with the account.
    """
    send = send or post.send
    sent = silent = failed = 0
    for _ in range(AT_ONCE):
        with db.transaction() as session:
            claimed = _claimed(session, post, setup.moment(session, now()))
        if claimed is None:
            break
        account_id, to, subject, body, up_to = claimed
        failure = ""
        if body:
            try:
                send(to, subject, body)
            except (OSError, smtplib.SMTPException) as error:
                failure = _failure(error, to)
        with db.transaction() as session:
            _settled(session, account_id, failure, up_to, setup.moment(session, now()))
        sent, silent, failed = sent + bool(body and not failure), silent + (not body), failed + bool(failure)
    return Round(sent, silent, failed)


def _claimed(session: Session, post: Post, now: datetime) -> tuple[int, str, str, str, int] | None:
    """The next mail that is due, put off for the others until it is known what came of it; None where there is none."""
    db.lock(session, "daily mail")
    today, put_off = db.office_day(now), MessageChoice.try_after
    query = (
        sa.select(MessageChoice, Account.username)
        .join(Account, Account.id == MessageChoice.account_id)
        .join(Organization, Organization.id == Account.organization_id)
        .where(Account.active, Organization.active, ~Account.must_change_password)
        .where(sa.or_(MessageChoice.mailed_on.is_(None), MessageChoice.mailed_on != today))
        .where(sa.or_(put_off.is_(None), put_off <= now, put_off > now + LONGEST_WAIT))
        .where(MessageChoice.mail.is_not(None))
        .order_by(MessageChoice.account_id)
    )
    for kept, username in session.execute(query):
        if not kept.mail:
            continue
        kept.try_after = now + timedelta(minutes=30)
        up_to = session.scalar(sa.select(sa.func.max(Message.id))) or 0
        subject, body = _composed(session, post, username, kept, now)
        return kept.account_id, kept.mail, subject, body, up_to
    return None


def _composed(session: Session, post: Post, username: str, kept: MessageChoice, now: datetime) -> tuple[str, str]:
    """Subject and text of an account's mail: counts and titles; no text where there is nothing to say."""
    actor = accounts.actor_named(session, username)
    here = home.home(session, actor, now=now)
    lists = [
        ("逾期和一周内到期", here.soon),
        ("退回待改", here.returned),
        ("等待办理", here.waiting),
        ("下级逾期未报", here.below),
    ]
    lines = [f"{name}：{part.count}件" for name, part in lists if part and part.count]
    quiet = kept.quiet.split(",")
    fresh = sa.select(Message.title).where(Message.id > kept.mailed_up_to, Message.at > now - timedelta(days=7))
    mine = reaching(actor)
    titles = list(session.scalars(fresh.where(mine, Message.topic.not_in(quiet)).order_by(Message.id.desc()).limit(50)))
    if not lines and not titles:
        return "", ""
    if titles:
        lines += ["", f"新消息{len(titles)}条：" if len(titles) < 50 else "新消息50条以上："]
        lines += [f"· {plain(title)}" for title in titles[:TITLES]]
    lines += ["", f"请登录系统办理：{post.address}" if post.address else "请登录系统办理。"]
    lines += ["不再需要每日邮件的，可在“消息”页面的“消息设置”中停用。"]
    waiting = sum(part.count for _, part in lists if part)
    return f"继续教育：{waiting}件待办，{len(titles)}条新消息", "\n".join(lines)


def plain(title: str) -> str:
    """A title as a mail may quote it: without what could be a number of somebody."""
    return re.sub(r"[0-9][0-9Xx]{10,}", "…", title)


def _failure(error: Exception, to: str) -> str:
    """Why a mail did not go, in words, without the address."""
    words = " ".join(str(error).split()).replace(to, "…")
    return plain(f"{type(error).__name__}: {words}")[:200]


def _settled(session: Session, account_id: int, failure: str, up_to: int, now: datetime) -> None:
    kept = session.get_one(MessageChoice, account_id, with_for_update=True)
    kept.failure = failure
    if failure:
        kept.tries += 1
        kept.try_after = now + min(timedelta(minutes=30) * 2 ** min(kept.tries - 1, 5), LONGEST_WAIT)
    else:
        kept.tries, kept.try_after, kept.mailed_on, kept.mailed_up_to = 0, None, db.office_day(now), up_to


def failures(session: Session) -> list[str]:
    """Daily mails that did not go (未送出的邮件), by user name, with why; they are tried again."""
    query = (
        sa.select(Account.username, MessageChoice.failure, MessageChoice.tries)
        .join(Account, Account.id == MessageChoice.account_id)
        .where(MessageChoice.tries > 0)
        .order_by(Account.username)
    )
    return [f"{username}: {why} ({tries})" for username, why, tries in session.execute(query)]
