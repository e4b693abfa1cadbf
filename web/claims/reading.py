"""A claim (学时折合申报) to read, as those who file it and those who decide it see it; the columns of their lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law import notices
from core.ledger.standing import Standing
from core.models import Attachment, Claim, CreditBatch, State
from core.submissions import claims, plans, workflow
from core.trail import files
from web import submissions, tables
from web.deeds import Who
from web.facts import fact, facts
from web.words import chip, md, moment_text

NAMES = {
    "title": "certificate",
    "organization": "employer",
    "amount": "amount_stated",
    "standing": "hours_standing",
}
COLUMNS = (
    "state hours_standing name id_mask activity certificate completed_on amount_stated granted submitted_at".split()
)
"""The columns of a list of claims: core's queue by the names it has here."""


def caption(today: date, league: str | None) -> str:
    """What may be claimed (折合类别), as the notice of a day has it, in words. Refused codes: "policy"."""
    policy = notices.in_force(today, league)
    offered = claims.activities(policy)
    by_subject: dict[str, list[str]] = {}
    for each in offered:
        if not each.deemed:
            by_subject.setdefault(each.subject_name, []).append(each.name)
    told = [f"{'、'.join(names)}的证书折合{subject}学时" for subject, names in by_subject.items()]
    told += [f"取得{each.name}证书的年度{each.subject_name}视同完成" for each in offered if each.deemed]
    if not told:
        return md(f"{policy.document}没有规定学时折合。")
    clauses = "、".join(dict.fromkeys(each.clause for each in offered))
    return md(f"{'，'.join(told)}（{clauses}）；由主管的人社部门依据证书核定，计入证书年度。")


@dataclass(frozen=True)
class ClaimRead:
    """A claim and what is shown with it, read in one snapshot."""

    claim: Claim
    activity: claims.Activity
    taken_back: CreditBatch | None
    hints: list[str]
    evidence: list[Attachment]
    steps: pd.DataFrame


def read(session: Session, claim_id: int, actor: Actor, steps: pd.DataFrame) -> ClaimRead:
    """A claim of the actor's jurisdiction, with its evidence and its `steps`. Refused codes: "missing"."""
    claim = workflow.one(session, claim_id, actor, kind="claim")
    assert isinstance(claim, Claim)
    return ClaimRead(
        claim,
        claims.activity_of(claim),
        claims.taken_back(session, claim),
        [] if claim.state in (State.APPROVED, State.REJECTED) else claims.hints(session, claim),
        claims.evidence(session, claim.id, actor),
        steps,
    )


def own(claim: Claim, actor: Actor, steps: pd.DataFrame) -> None:
    """A claim of one's own that is not to be edited."""
    with db.reading() as session:
        found = read(session, claim.id, actor, steps)
    with st.container(border=True):
        show(found, actor)


def show(found: ClaimRead, here: Actor) -> None:
    """A claim to read, with its history; its evidence stands above it."""
    claim, back = found.claim, found.taken_back
    badge = f"　{chip(Standing.REVERSED)}" if back else ""
    st.markdown(f"#### {md(claim.title)}　:gray[:small[第{claim.id}号]]　{chip(claim.state)}{badge}")
    if found.hints:
        st.warning("\n\n".join(map(md, found.hints)))
    if back:
        told = f"{moment_text(back.posted_at)}由{back.posted_by}{back.basis.rstrip('。')}"
        then = "证书仍应折合的，请在“申报”中另填一份，用同一证书重新申报。" if here.role in claims.FILERS else ""
        st.warning(md(f"这份申报的学时已经冲销，不再计入。{told}。{then}"))
    said(claim)()
    if not found.evidence:
        st.warning("还没有上传证书或证明材料。")
    submissions.history(found.steps)


def said(claim: Claim) -> Callable[[], None]:
    """What a claim says (申报内容), read at once; answers what draws it."""
    activity = claims.activity_of(claim)
    granted = (
        "视同完成" if activity.deemed else "待核定" if claim.granted is None else f"{hours_text(claim.granted)}学时"
    )
    note, short = (
        claim.note,
        [
            ("申报人", claim.person.name if claim.person else ""),
            ("工作单位", claim.person.employer_name if claim.person else ""),
            ("管理权限", claim.authority.name),
            ("类别", "　".join(filter(None, (claim.activity, claim.level, claim.rank)))),
            ("发证或主办单位", claim.issuer),
            ("取得证书日期", claim.completed_on) if activity.deemed else ("起止日期", _days(claim)),
            ("证书所载数量", f"{hours_text(claim.amount)}{activity.unit}" if claim.amount else "—"),
            ("核定", granted),
            ("计入", f"{claim.completed_on.year}年度{activity.subject_name}"),
        ],
    )

    def draw() -> None:
        facts(short)
        if note:
            fact("说明", note)

    return draw


def _days(claim: Claim) -> str:
    """Start and end of the study, and how many days."""
    days = plans.days_of(claim.start_on, claim.completed_on)
    return f"{claim.start_on} 至 {claim.completed_on}（{days}天）" if days > 1 else f"{claim.completed_on}（1天）"


def evidence(kept: Attachment) -> None:
    """Evidence download (证明材料): handing a file out is logged."""

    def taken(session: Session, **who: Unpack[Who]) -> bytes:
        return files.handed_out(session, kept.id, **who).content

    tables.download(
        kept.filename,
        taken,
        kept.filename,
        opened=db.transaction,
        unmarked=tables.Unmarked.AS_KEPT,
        key=f"file-{kept.id}",
        icon=":material/attach_file:",
    )
