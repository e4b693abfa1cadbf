"""The trail: one line for each deed, chained by hash. Nothing here decides who may act."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Any, TypeVar

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Labelled, Refused, Role, require, visible
from core.ground.deeds import deed
from core.models import (
    Account,
    AuditEntry,
    BankItem,
    Base,
    Card,
    CardTemplate,
    Comment,
    Course,
    CreditBatch,
    DecisionRun,
    Exam,
    ExamPaper,
    FiledFigures,
    Intake,
    Organization,
    Parcel,
    Person,
    PolicyDraft,
    PrintRun,
    PublicNotice,
    Quota,
    ResultBatch,
    StatementSource,
    Submission,
)
from core.trail import messages

EVENTS: dict[str, Labelled] = {}
"""Every event (事项) that may leave a line, by its code."""

_Vocabulary = TypeVar("_Vocabulary", bound=type[Labelled])


def events(vocabulary: _Vocabulary) -> _Vocabulary:
    """Class decorator: make a vocabulary of events known to the trail. Each kind of submission has one of its own."""
    EVENTS.update({event.value: event for event in vocabulary})
    return vocabulary


_CALLED: dict[tuple[str, str], str] = {}


def call(event: Labelled, record: str, word: str) -> None:
    """Let an event be called otherwise where it is about one kind of record: filing a plan is 上报."""
    _CALLED[event.value, record] = word


def called(event: str, record: str) -> str:
    """What an event is called (事项) in the trail of a kind of record."""
    return _CALLED.get((event, record)) or EVENTS[event].label


@events
class Event(Labelled):
    """What leaves a line, apart from the events that a kind of submission brings along."""

    OFFICE_OPENED = "office.opened", "建立系统"
    CLOCK_SHIFTED = "office.clock", "推进演示日期"
    OFFICE_NAMED = "office.name", "设置单位名称和标志"
    OFFICE_ADDRESSED = "office.address", "设置对外网址"
    MAIL_SET = "office.mail", "设置邮件服务器"
    MOVED_IN = "intake.made", "批量导入"
    MOVED_OUT = "intake.undone", "撤销导入"
    STEP_SET_ASIDE = "office.step", "开办清单"
    BACKED_UP = "office.backup", "备份"
    BACKUP_DRILLED = "office.drill", "恢复演练"
    BACKUP_PLACED = "office.backup_folder", "更换备份位置"
    RESTORED = "office.restored", "从备份恢复"
    RESTORE_ASKED = "office.restore_asked", "提请恢复备份"
    RESTORE_DROPPED = "office.restore_dropped", "撤回恢复备份"
    KEY_PRINTED = "office.key_sheet", "打印密钥恢复单"
    KEY_ROTATED = "office.key", "更换密钥"
    KEY_DOUBTED = "office.key_doubted", "提请作废密钥"
    KEY_VOID = "office.key_void", "作废密钥"
    KEY_BELIEVED = "office.key_believed", "撤回作废密钥"
    HOLIDAYS_CHANGED = "office.holidays", "修改放假安排"
    CALENDAR_LINKED = "calendar.linked", "更换日历订阅地址"
    CALENDAR_UNLINKED = "calendar.unlinked", "停用日历订阅地址"
    ORGANIZATION_ADDED = "organization.added", "新增机构"
    ORGANIZATION_CHANGED = "organization.changed", "修改机构"
    ACCOUNT_OPENED = "account.opened", "开通账号"
    ACCOUNT_CORRECTED = "account.corrected", "更正账号"
    ACCOUNT_CLOSED = "account.closed", "停用账号"
    ACCOUNT_REOPENED = "account.reopened", "启用账号"
    CODE_GIVEN = "person.code", "发放开通码"
    ACCOUNT_CLAIMED = "account.claimed", "本人开通账号"
    WRONG_CODE = "account.wrong_code", "开通码不符"
    PASSWORD_CHANGED = "account.password", "修改密码"
    READING_SIZE = "account.reading", "设置大字显示"
    PASSWORD_RESET = "account.reset", "重置密码"
    SIGNED_IN = "account.signed_in", "登录"
    SIGNED_OUT = "account.signed_out", "退出登录"
    LOCKED = "account.locked", "登录锁定"  # of earlier releases: now a wrong try makes the next one wait
    WRONG_PASSWORD = "account.wrong", "登录失败"
    SECOND_FACTOR_ON = "account.second_factor", "启用动态口令"
    SECOND_FACTOR_OFF = "account.second_factor_off", "停用动态口令"
    RECOVERY_CODES = "account.recovery_codes", "更换恢复码"
    RECOVERY_USED = "account.recovery", "使用恢复码"
    SIGN_IN_RULES = "office.sign_in", "修改登录规则"
    RETENTION = "office.retention", "修改保存期限"
    SUBMIT = "submission.submit", "提交"
    WITHDRAW = "submission.withdraw", "撤回"
    RETURN = "submission.return", "退回"
    APPROVE = "submission.approve", "通过"
    REJECT = "submission.reject", "不予通过"
    UNDO = "submission.undo", "撤销"
    CREDIT_POSTED = "credit.posted", "学时入账"
    CREDITS_IMPORTED = "credits.imported", "导入学时"
    COLUMNS_CHOSEN = "columns.chosen", "认列"
    CREDIT_REVERSED = "credit.reversed", "冲销学时"
    TOTALS_REBUILT = "totals.rebuilt", "重建学时合计"
    ELIGIBILITY_DECIDED = "eligibility.decided", "核验资格"
    POLICY_DRAFTED = "policy.drafted", "起草政策"
    POLICY_PUT_AWAY = "policy.put_away", "收起政策草稿"
    POLICY_PUBLISHED = "policy.published", "发布政策"
    CARD_ISSUED = "card.issued", "出具审验卡"
    CARD_PRINTED = "card.printed", "再次打印审验卡"
    CARD_REVOKED = "card.revoked", "注销审验卡"
    CARD_TEMPLATE = "card_template.published", "发布审验卡样式"
    CARDS_PRINTED = "cards.printed", "批量打印审验卡"
    PROOF_ISSUED = "proof.issued", "出具入账证明"
    PERSON_CORRECTED = "person.corrected", "更正人员信息"
    PERSON_MOVED = "person.moved", "人员调动"
    PEOPLE_PLACED = "person.placed", "批量设置工作单位"
    PERSON_MERGED = "person.merged", "合并人员"
    PERSON_SEPARATED = "person.separated", "撤销合并"
    ID_REVEALED = "person.revealed", "查看完整证件号"
    FILE_HANDED_OUT = "file.handed_out", "下载附件"


@deed
def record(
    session: Session,
    event: Labelled,
    touched: Base,
    *,
    actor: Actor,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add a line for a deed to the trail (审计日志), in the deed's own transaction. Never put a full ID number into it.

    Whom the deed concerns hears of it in the same transaction (`messages.about`).

    The line takes its place in the chain as the last thing before the commit: the chain has one lock, and a deed that
    goes on for seconds after this call must not hold it while others sign in or take a file away.
    """
    session.flush()
    organization_id, authority_id = place(session, touched)
    record_of = touched.__tablename__ if not isinstance(touched, Submission) else touched.kind
    messages.tell(session, messages.Deed(event.value, touched, actor, reason, now), record_of, touched.id)  # type: ignore[attr-defined]
    line = AuditEntry(
        at=now.replace(microsecond=0),
        event=EVENTS[event.value].value,
        account_id=actor.account_id,
        account_name=actor.name,
        role=actor.role.value,
        organization_id=organization_id,
        authority_id=authority_id,
        record=record_of,
        record_id=touched.id,  # type: ignore[attr-defined]
        before=db.canonical(before or {}),
        after=db.canonical(after or {}),
        reason=reason,
    )
    db.at_the_end(session, lambda last: _append(last, line))


def _append(session: Session, line: AuditEntry) -> None:
    """Chain a line to the last one and write it; nobody else appends until this transaction ends."""
    db.lock(session, "audit")
    last = session.execute(
        sa.select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)
    ).one_or_none()
    line.id = last.id + 1 if last else 1
    line.digest = _digest(line, last.digest if last else "")
    session.add(line)
    session.flush()


def lately(
    session: Session, which: sa.ColumnElement[bool], since: datetime, *, now: datetime
) -> list[tuple[int, datetime]]:
    """Lines of the trail written after a moment (近来的记录): the record each is about, and when it was written.

    `since` is a moment of the past. A line that the clock dates ahead of now is taken for as old as it may be.
    """
    query = sa.select(AuditEntry.id, AuditEntry.record_id, AuditEntry.at).where(which, AuditEntry.at > since)
    found = [(about, _at_the_latest(session, line, at, now)) for line, about, at in session.execute(query)]
    return [(about, at) for about, at in found if at > since]


def _at_the_latest(session: Session, line: int, at: datetime, now: datetime) -> datetime:
    """When a line of the trail was written at the latest (最迟时间), which is when it says, unless that lies ahead.

    Then the clock ran ahead and was set back since: it was written before the first line after it that does not lie
    ahead, else before now. A wait of a day is a day then, and neither years nor nothing.
    """
    if at <= now:
        return at
    after = sa.select(AuditEntry.at).where(AuditEntry.id > line, AuditEntry.at <= now).order_by(AuditEntry.id)
    return session.scalar(after.limit(1)) or now


def place(session: Session, touched: Base) -> tuple[int, int]:
    """The organization a record belongs to and the authority in charge of it."""
    match touched:
        case Submission():
            return touched.organization_id, touched.authority_id
        case Organization():
            return touched.id, touched.authority_id
        case Account():
            home = session.get_one(Organization, touched.organization_id)
            return home.id, home.authority_id
        case Person():
            return touched.employer_id or touched.authority_id, touched.authority_id
        case Card():
            return place(session, session.get_one(Person, touched.person_id))
        case DecisionRun():
            return touched.organization_id, touched.organization_id
        case Comment():  # what an office says to itself is nobody else's to see
            if touched.internal:
                return touched.organization_id, touched.organization_id
            return place(session, session.get_one(Submission, touched.submission_id))
        case CreditBatch():
            if touched.submission_id:
                return place(session, session.get_one(Submission, touched.submission_id))
            return touched.authority_id, touched.authority_id
        case BankItem() | Course() | Exam() | ResultBatch() | StatementSource():
            return touched.organization_id, touched.authority_id
        case ExamPaper():
            return place(session, session.get_one(Exam, touched.exam_id))
        case PublicNotice() | CardTemplate() | Parcel():
            return touched.authority_id, touched.authority_id
        case Quota() | FiledFigures() | Intake():
            return touched.organization_id, touched.organization_id
        case PrintRun():
            home = session.get_one(Organization, touched.organization_id)
            return home.id, home.authority_id
        case PolicyDraft():
            home = session.get_one(Organization, session.get_one(Account, touched.drafted_by_id).organization_id)
            return home.id, home.authority_id
    raise TypeError(f"the trail does not know whose a {type(touched).__name__} is")


_CHAINED = (
    "id at event account_id account_name role organization_id authority_id record record_id before after reason".split()
)


def _digest(entry: Any, previous: str) -> str:
    fields = {name: getattr(entry, name) for name in _CHAINED}
    fields["at"] = db.moment_text(entry.at)
    return hashlib.sha256((previous + db.canonical(fields)).encode()).hexdigest()


def overtaken(session: Session, submission: Submission, code: str = "stale", *, state: str = "") -> Refused:
    """Optimistic-lock refusal (已被他人处理).

    What those hear who act on a submission that is not as they saw it: who was faster, with what, and how it stands
    (`state`: in the words of its kind), unless only what it says was changed.
    """
    query = (
        sa.select(AuditEntry)
        .where(
            AuditEntry.record == submission.kind,
            AuditEntry.record_id == submission.id,
            AuditEntry.event != Event.FILE_HANDED_OUT.value,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    by = ""
    if last := session.scalar(query):
        deed = called(last.event, last.record)
        if code == "stale" and "state" not in json.loads(last.before):  # it stands as it stood before
            told = f"“{submission.title}”刚刚由{last.account_name}改过（{deed}）"
            return Refused(code, f"{told}，您的操作没有执行。请看过现在的内容，再点一次。")
        by = f"（{last.account_name}：{deed}）"
    what = f"“{submission.title}”当前状态为{state or submission.state.label}{by}"
    return Refused(code, f"{what}，您的操作没有执行，请查看最新状态。")


def faults(session: Session) -> list[str]:
    """Check the audit chain.

    Each line whose hash or number does not fit the one before; the line after a missing one has nothing to fit.
    """
    found: list[str] = []
    last, previous = 0, ""
    query = sa.select(*map(db.as_kept, AuditEntry.__table__.columns)).order_by(AuditEntry.id)
    with session.execute(
        query.execution_options(yield_per=2000)
    ) as lines:  # closed on every way out: PostgreSQL keeps a cursor for it
        for entry in lines:
            if entry.id != last + 1:
                found.append(missing("audit line", last + 1, entry.id - 1))
            elif entry.digest != _digest(entry, previous):
                found.append(
                    f"audit line {entry.id} was altered ({entry.event} of {str(db.moment_text(entry.at))[:10]})"
                )
            last, previous = entry.id, entry.digest
    return found


def missing(what: str, first: int, last: int) -> str:
    """Words for a gap in a chain: the fault of a chain in which the numbers from first to last are not there."""
    return f"{what} {first} is missing" if last <= first else f"{what}s {first} to {last} are missing"


def history(
    session: Session,
    actor: Actor,
    *,
    record: str | None = None,
    record_id: int | None = None,
    event: Labelled | None = None,
    account: str = "",
    first_on: date | None = None,
    last_on: date | None = None,
    also: sa.ColumnElement[bool] | None = None,
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[pd.DataFrame, int]:
    """Audit history (审计日志): the trail an actor may see, newest first, and how many lines there are in all.

    Columns: id, at, event, account, role, organization, organization_id, authority_id, record, record_id, before,
    after, reason. `role` is "" where nobody was signed in. `also`: a further condition.
    Refused codes: "password" (first password not changed yet).
    """
    require(actor, *Role)
    own = AuditEntry.account_id == actor.account_id
    conditions = [
        sa.or_(visible(actor, organization=AuditEntry.organization_id, authority=AuditEntry.authority_id), own)
    ]
    if record:
        conditions.append(AuditEntry.record == record)
    if record_id is not None:
        conditions.append(AuditEntry.record_id == record_id)
    if event:
        conditions.append(AuditEntry.event == event.value)
    if account:
        conditions.append(db.holding(account, AuditEntry.account_name))
    if also is not None:
        conditions.append(also)
    if first_on:
        conditions.append(AuditEntry.at >= db.day_begins(first_on))
    if last_on:
        conditions.append(AuditEntry.at <= db.day_ends(last_on))
    count = session.scalar(sa.select(sa.func.count()).select_from(AuditEntry).where(*conditions)) or 0
    query = (
        sa.select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.event,
            AuditEntry.account_name.label("account"),
            sa.case((AuditEntry.account_id.is_(None), ""), else_=AuditEntry.role).label("role"),
            Organization.name.label("organization"),
            AuditEntry.organization_id,
            AuditEntry.authority_id,
            AuditEntry.record,
            AuditEntry.record_id,
            AuditEntry.before,
            AuditEntry.after,
            AuditEntry.reason,
        )
        .join(Organization, Organization.id == AuditEntry.organization_id)
        .where(*conditions)
        .order_by(AuditEntry.id.desc())
        .offset(offset)
        .limit(limit)
    )
    found = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    for name in ("before", "after"):
        found[name] = found[name].str.replace(_BIRTH, "", regex=True)
    return found, count


_BIRTH = "（[0-9]{4}-[0-9]{2}-[0-9]{2}出生）"
"""What earlier releases wrote behind a masked number, and what completes it: it stays in the chain and is not shown."""
