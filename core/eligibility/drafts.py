"""Policy drafts (政策草稿): kept, read, published by a second administrator, laid on file."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import replay
from core.ground.access import Actor, OrganizationKind, Refused, Role, not_found, require
from core.law import notices
from core.law.notices import Policy
from core.models import Account, PolicyDraft
from core.trail import audit


def _require_region_admin(actor: Actor) -> None:
    require(actor, Role.ADMIN)
    if actor.organization_kind is not OrganizationKind.REGION_HR:
        raise Refused("jurisdiction", "政策由自治区人社厅的管理员起草和发布。")


def source_text(policy_id: str) -> str:
    """Source text of a policy: the text of a policy on file, to begin a draft from. Refused codes: "missing"."""
    for place in (notices.published(), notices.FOLDER):
        path = place / f"{policy_id}.yaml"
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise not_found("政策")


def read(text: str) -> Policy:
    """Parse a draft (草稿).

    A draft's text as a policy, extending those on file. Raises policy.Malformed with every fault.
    """
    parents = notices.texts(notices.FOLDER) | notices.texts(notices.published())
    return notices.parse(text, name="草稿", parents=parents)


def save_draft(session: Session, text: str, *, actor: Actor, now: datetime) -> PolicyDraft:
    """Save a draft (起草政策): keep a well-formed policy as a draft that a second administrator may publish.

    Refused codes: "role", "jurisdiction", "malformed".
    """
    _require_region_admin(actor)
    rule = read(text)
    draft = PolicyDraft(
        policy_id=rule.id, text=text, digest=rule.digest, drafted_by_id=actor.account_id, drafted_at=now
    )
    session.add(draft)
    audit.record(
        session,
        audit.Event.POLICY_DRAFTED,
        draft,
        actor=actor,
        after={"policy": rule.id, "title": rule.title, "digest": rule.digest},
        now=now,
    )
    return draft


def listing(session: Session, actor: Actor) -> pd.DataFrame:
    """List drafts (政策草稿): drafts and what became of them, the newest first. Refused codes: "role", "jurisdiction".

    Columns: id, policy_id, drafted_by, drafted_at, published_by, published_at, reason, version.
    """
    _require_region_admin(actor)
    writer, publisher = sa.orm.aliased(Account), sa.orm.aliased(Account)
    query = (
        sa.select(
            PolicyDraft.id,
            PolicyDraft.policy_id,
            writer.name.label("drafted_by"),
            PolicyDraft.drafted_at,
            publisher.name.label("published_by"),
            PolicyDraft.published_at,
            PolicyDraft.reason,
            PolicyDraft.version,
        )
        .join(writer, writer.id == PolicyDraft.drafted_by_id)
        .outerjoin(publisher, publisher.id == PolicyDraft.published_by_id)
        .order_by(PolicyDraft.id.desc())
    )
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


def draft_text(session: Session, draft_id: int, actor: Actor) -> str:
    """Text of a draft: A draft's text. Refused codes: "role", "jurisdiction", "missing"."""
    _require_region_admin(actor)
    draft = session.get(PolicyDraft, draft_id)
    if draft is None:
        raise not_found("政策草稿")
    return draft.text


def publish(
    session: Session, draft_id: int, *, version: int, actor: Actor, reason: str, now: datetime
) -> tuple[PolicyDraft, pd.DataFrame]:
    """Publish a draft (发布政策), four eyes.

    Put a draft into force: a second administrator's deed, which first replays the decisions of the year before.

    Answers the draft and the differences (as `replay.replay`). The policy holds once `install` has run, which the
    caller asks for after the transaction and every start of the program repeats.
    Refused codes: "role", "jurisdiction", "missing", "stale", "published", "self", "reason", "malformed".
    """
    _require_region_admin(actor)
    draft = session.get(PolicyDraft, draft_id, with_for_update=True)
    if draft is None:
        raise not_found("政策草稿")
    if draft.published_at is not None:
        raise Refused("published", "该草稿已经发布，不会重复发布。")
    if draft.version != version:
        raise Refused("stale", "该草稿刚刚被他人处理，请查看最新状态。")
    if draft.drafted_by_id == actor.account_id:
        raise Refused("self", "政策须由起草人以外的另一名管理员发布。")
    if not reason.strip():
        raise Refused("reason", "请填写发布依据，如通知文号和印发日期。")
    rule = read(draft.text)
    changed = replay.replay(session, rule, actor=actor)
    draft.published_by_id, draft.published_at, draft.reason = actor.account_id, now, reason.strip()
    audit.record(
        session,
        audit.Event.POLICY_PUBLISHED,
        draft,
        actor=actor,
        after={"policy": rule.id, "digest": rule.digest, "decisions_that_would_differ": len(changed)},
        reason=reason.strip(),
        now=now,
    )
    return draft, changed


def install(session: Session) -> int:
    """Install published policies (idempotent).

    Lay every published policy where `policy` reads it, the latest of each id; answers how many were written.
    """
    written = 0
    latest: dict[str, str] = {}
    query = sa.select(PolicyDraft).where(PolicyDraft.published_at.is_not(None))
    for draft in session.scalars(query.order_by(PolicyDraft.published_at, PolicyDraft.id)):
        latest[draft.policy_id] = draft.text
    for policy_id, text in latest.items():
        path = notices.published() / f"{policy_id}.yaml"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".new")
            partial.write_text(text, encoding="utf-8", newline="\n")
            partial.replace(path)
            written += 1
    return written
