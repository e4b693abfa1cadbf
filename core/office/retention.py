"""Retention (保存期限): what the office keeps for how long, why, and what is removed when its time is over.

One list, `KINDS`. A term is a setting of the office in days; blank: kept for good. No law names one for what may go, so
none is law: each has a reason. The daily task carries them out (`core.office.daily`, and the serving process).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Message, MessageRead, Organization, SignIn, Unsaved, UnsavedFile
from core.people import setup, tries
from core.records import printing
from core.trail import audit, files

LONGEST = 36500
"""Days of the longest term; what is to be kept for longer is kept for good."""


@dataclass(frozen=True)
class Kind:
    """Something that is kept (一类资料), and for how long."""

    words: str
    reason: str
    code: str = ""
    """Names the office's setting; "" where no office sets the term."""
    days: int | None = None
    """Unless the office decides otherwise; None: for good."""
    least: int = 1
    """Days of the shortest term."""
    end: Callable[[Session, datetime], object] | None = None
    """Removes what is older than a moment; None where this task removes nothing."""
    at_end: str = "到期自动清除"
    term: str = ""
    """In words, where it is not counted in days."""
    on_disk: bool = False
    """Files on disk: aged by the system clock, and removed outside the write transaction."""

    @property
    def setting(self) -> str:
        return f"kept_{self.code}"


def _sign_ins(session: Session, before: datetime) -> None:
    session.execute(sa.delete(SignIn).where(SignIn.expires_at < before))


def _unsaved(session: Session, before: datetime) -> None:
    for each in (Unsaved, UnsavedFile):
        session.execute(sa.delete(each).where(each.at < before))


def _messages(session: Session, before: datetime) -> None:
    old = sa.select(Message.id).where(Message.at < before)
    session.execute(sa.delete(MessageRead).where(MessageRead.message_id.in_(old)))
    session.execute(sa.delete(Message).where(Message.at < before))


def _printed(_session: Session, before: datetime) -> None:
    printing.sweep(before)


def _uploads(session: Session, before: datetime) -> None:
    files.sweep(session, before=before)


KINDS = (
    Kind("登录记录", "没有规定年限；办理过的事项另在审计日志里。", "sign_ins", None, 30, _sign_ins),
    Kind("没有提交的填写内容和所选文件", "只有本人看得到，办理不依据它。", "unsaved", None, 30, _unsaved),
    Kind("消息", "只是提示，事项本身另有记录；太短了同一件事会再提醒。", "messages", 400, 180, _messages),
    Kind(
        "批量打印的文件",
        "含多人姓名，可随时重新生成。",
        "printed",
        printing.KEPT.days,
        1,
        _printed,
        "到期删除文件，批次记录保留",
        on_disk=True,
    ),
    Kind(
        "上传后没有办成的文件",
        "不属于任何材料；留一天以上，以免删掉正在办理的。",
        "uploads",
        files.ORPHANED.days,
        1,
        _uploads,
        "到期删除文件",
        on_disk=True,
    ),
    Kind("登录试错的次数", "只用来延长等待，不留存。", days=tries.FORGOTTEN.days, at_end="重新计数"),
    Kind("备份", "按天、周、月轮换，份数见“备份与恢复”。", at_end="由新的备份替换", term="按份数"),
    Kind("学时账", "职称评审的依据，按档案保存；有误的冲销，不删除。", at_end="不清除"),
    Kind("审验卡、作废记录、打印批次", "发出的卡随时可能拿来核验。", at_end="不清除"),
    Kind("核验记录（/verify）", "证明何时核验过、结果如何。", at_end="不清除"),
    Kind("资格审核结论", "有异议时要能按当时的依据重算。", at_end="不清除"),
    Kind("计划、报告、申报和所附文件", "记学时和作结论的依据。", at_end="不清除"),
    Kind("网络学习记录（xAPI）、成绩、试卷", "记学时的依据，收到后不能改动。", at_end="不清除"),
    Kind("审计日志", "前后相连，删去一条即无法核对。", at_end="不清除"),
)
"""All that is kept. A mail is no kind of its own: it is composed when it goes, out of messages, and not kept."""

SET = {kind.code: kind for kind in KINDS if kind.code}
"""The kinds whose term an office decides, by code."""


def terms(session: Session) -> dict[str, int | None]:
    """For how many days each kind of `SET` is kept (保存期限), by code; None: for good."""
    told = setup.settings(session)
    years = int(told.get("traces_years") or 0)  # of earlier releases, which had one term in years for these two
    found = {code: kind.days for code, kind in SET.items()}
    if years:
        found |= dict.fromkeys(("sign_ins", "unsaved"), years * 365)
    for code, kind in SET.items():
        if (said := told.get(kind.setting)) is not None:
            found[code] = int(said) if said else None
    return found


@deed
def decide(session: Session, days: Mapping[str, int | None], *, actor: Actor, now: datetime) -> None:
    """Decide for how long the kinds of `SET` are kept (确定保存期限), by code; None: for good. Those left out stay.

    Refused codes: "role" (the region's administrator), "kind", "days" (shorter or longer than it may be).
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "保存期限由自治区人社厅的管理员修改。")
    if set(days) - set(SET):
        raise Refused("kind", "没有这一类资料，请刷新页面后重新填写。")
    for code, number in days.items():
        kind = SET[code]
        if number is not None and not kind.least <= number <= LONGEST:
            raise Refused("days", f"{kind.words}的保存天数应为{kind.least}至{LONGEST}；一直保存的，留空。")
    was = terms(session)
    changed = {code: number for code, number in days.items() if number != was[code]}
    if not changed:
        return
    for code, number in changed.items():
        setup.decide_setting(session, SET[code].setting, "" if number is None else str(number))
    before, after = ({SET[code].setting: _said(told[code]) for code in changed} for told in (was, was | changed))
    office = session.get_one(Organization, actor.organization_id)
    audit.record(session, audit.Event.RETENTION, office, actor=actor, before=before, after=after, now=now)


def _said(days: int | None) -> str:
    return "一直保存" if days is None else f"{days}天"


def carry_out(session: Session, *, now: datetime, on_disk: bool = False) -> None:
    """Remove what is past its time (到期清除): rows, or files instead; `now`: the office's, for files the real one."""
    told = terms(session)
    for code, kind in SET.items():
        days = told[code]
        if kind.end and days is not None and kind.on_disk == on_disk:
            kind.end(session, now - timedelta(days=days))


def table(session: Session) -> list[tuple[str, str, str, str]]:
    """The table of retention (保存期限表): what, for how long, what happens then, why, each in words."""
    told = terms(session)
    lines = []
    for kind in KINDS:
        days = told[kind.code] if kind.code else kind.days
        end = "不清除" if kind.code and days is None else kind.at_end
        lines.append((kind.words, kind.term or _said(days), end, kind.reason))
    return lines
