"""Policy drafts (政策草稿): kept, read, published by a second administrator, laid on file.

The region's administrators draft and publish any notice, a league's those of their own league.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
import yaml
from sqlalchemy.orm import Session

from core.eligibility import replay
from core.ground import typed
from core.ground.access import Actor, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.law import notices
from core.law.notices import Malformed, Policy
from core.models import Account, PolicyDraft, leagues
from core.people import accounts
from core.trail import audit


def _administers(actor: Actor, league: str | None) -> bool:
    """Whether a league's notices, or the region's (None), are this administrator's to draft and publish."""
    return actor.oversees_region or (league is not None and league == actor.league)


def _require_administrator(actor: Actor, league: str | None) -> None:
    if _administers(actor, league):
        return
    whose = f"“{league}”的政策" if league else "没有写明盟市的政策"
    own = f"本盟市的请写明 league: {actor.league}。" if actor.league else ""
    raise Refused("jurisdiction", f"{whose}不由{actor.organization_name}起草和发布。{own}")


def source_text(policy_id: str) -> str:
    """Source text of a policy: the text of a policy on file, to begin a draft from. Refused codes: "missing"."""
    for place in (notices.published(), notices.FOLDER):
        path = place / f"{policy_id}.yaml"
        if path.exists():
            return path.read_text(encoding="utf-8", errors="replace")
    raise not_found("政策")


def read(text: str, leagues: Collection[str] | None = None) -> Policy:
    """Parse a draft (草稿).

    A draft's text as a policy to be put in force, extending those on file; `leagues` as `notices.parse` takes them.
    Raises policy.Malformed with every fault.
    """
    return notices.parse(text, name="草稿", parents=notices.parent_texts(), leagues=leagues, to_publish=True)


_HEADING = ("id", "league", "title", "document", "in_force")


def rewritten(own: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A changed policy as a file (草稿): what it says itself, and of what it extends only that which was changed.

    `own`, `before`: its text as it was, by itself and with all it extends (`notices.written_out`); `after`: `before`
    as changed in its heading, hours, windows and waivers. Where a change cannot be said on top of what it extends,
    as an inherited waiver left out, the whole is written out and extends nothing any more.
    """
    whole = {name: value for name, value in after.items() if name != "extends"}
    if not own.get("extends"):
        return whole
    short = {name: value for name, value in own.items() if name not in _HEADING}
    short = {name: after[name] for name in _HEADING if name in after} | short
    asked = own.get("requirement") or {}
    hours, was, said = after["requirement"]["hours"], before["requirement"]["hours"], asked.get("hours") or {}
    if said := {code: amount for code, amount in hours.items() if code in said or amount != was[code]}:
        short["requirement"] = {**asked, "hours": said}
    for section in ("windows", "waivers"):
        said_here, was_there = own.get(section) or [], before.get(section) or []
        there = after.get(section) or []
        mine = [each for each in there if each in said_here or each not in was_there]
        if mine or section in own:
            short[section] = mine
    again = notices.written_out(yaml.safe_dump(short, allow_unicode=True, sort_keys=False), notices.parent_texts())
    return short if _numbers(again) == _numbers(after) else whole


def _numbers(raw: dict[str, Any]) -> tuple[Any, ...]:
    """Hours, windows and waivers of a file, whatever their order."""
    sections = (sorted(map(repr, raw.get(section) or ())) for section in ("windows", "waivers"))
    return (raw.get("requirement") or {}).get("hours"), *sections


def _lawful(session: Session, text: str, actor: Actor) -> Policy:
    """What a draft says, after everything that speaks against it: its faults, whose it is, its id, its children."""
    rule = read(text, [name for name in leagues(session).values() if name])
    _require_administrator(actor, rule.league)
    for each in notices.filed():
        unknown = each.policy is None and each.in_force is None  # so faulty that nobody can say whose it is
        if each.id == rule.id and each.league != rule.league and not (unknown and actor.oversees_region):
            words = f"编号“{rule.id}”已是{each.league or '自治区'}的政策文件，请换一个编号。"
            raise Refused("id", words)
    if faults := _faults_of_children(rule, text):
        raise Refused(
            "children", "按此发布，扩展它的政策文件会有误，请先改正草稿或这些文件：" + "；".join(faults) + "。"
        )
    return rule


def _faults_of_children(rule: Policy, text: str) -> list[str]:
    """What becomes faulty of the sound files that extend a policy, once its new text is on file."""
    parents = notices.parent_texts() | {rule.id: text}
    found: list[str] = []
    for each in notices.filed():
        if each.policy and each.policy.extends and each.id != rule.id:
            try:
                notices.parse(parents[each.id], name=f"{each.id}.yaml", parents=parents)
            except Malformed as malformed:
                found += map(str, malformed.faults)
    return found


LONGEST_NAME = 40


@functools.lru_cache(maxsize=256)
def _league_of(text: str) -> str | None:
    """The league a draft is for, however faulty it has become since."""
    return notices.outline(text, parents=notices.parent_texts())[0]


@deed
def save_draft(session: Session, text: str, *, actor: Actor, now: datetime, name: str = "") -> PolicyDraft:
    """Save a draft (起草政策): keep a well-formed policy as a draft that a second administrator may publish.

    `name`: what its writer calls it. Refused codes: "role", "name" (too long), "malformed", "jurisdiction", "id"
    (another office's file has it), "children" (files that extend it would become faulty).
    """
    require(actor, Role.ADMIN)
    if len(name := typed.text(name)) > LONGEST_NAME:
        raise Refused("name", f"草稿的名称请写在{LONGEST_NAME}个字以内。")
    rule = _lawful(session, text, actor)
    draft = PolicyDraft(
        policy_id=rule.id,
        text=text,
        digest=rule.digest,
        drafted_by_id=actor.account_id,
        drafted_at=now,
        name=name or rule.title[:LONGEST_NAME],
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
    """List drafts (政策草稿): those the actor may publish and what became of them, the newest first. Refused: "role".

    Columns: id, policy_id, drafted_by, drafted_at, published_by, published_at, reason, version, name, put_away_at,
    league (None: the region's).
    """
    require(actor, Role.ADMIN)
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
            PolicyDraft.name,
            PolicyDraft.put_away_at,
            PolicyDraft.text.label("league"),
        )
        .join(writer, writer.id == PolicyDraft.drafted_by_id)
        .outerjoin(publisher, publisher.id == PolicyDraft.published_by_id)
        .order_by(PolicyDraft.id.desc())
    )
    found = [{**row, "league": _league_of(row["league"])} for row in session.execute(query).mappings()]
    mine = [row for row in found if _administers(actor, row["league"])]
    return pd.DataFrame(mine, columns=query.selected_columns.keys()).astype({"league": object})


def _unpublished(session: Session, draft_id: int, version: int, actor: Actor, *, otherwise: str) -> PolicyDraft:
    """A draft to be changed, as it was seen; `otherwise` is what is said of one that was published."""
    require(actor, Role.ADMIN)
    draft = session.get(PolicyDraft, draft_id, with_for_update=True)
    if draft is None:
        raise not_found("政策草稿")
    _require_administrator(actor, _league_of(draft.text))
    if draft.published_at is not None:
        raise Refused("published", otherwise)
    if draft.version != version:
        raise Refused("stale", "该草稿刚刚被他人处理，请查看最新状态。")
    return draft


@deed
def put_away(
    session: Session, draft_id: int, away: bool, *, version: int, actor: Actor, reason: str, now: datetime
) -> PolicyDraft:
    """Put a draft away (收起草稿) that is not to be published, or take it out again; its text stays.

    Refused codes: "role", "missing", "jurisdiction", "stale", "published", "reason".
    """
    draft = _unpublished(
        session, draft_id, version, actor, otherwise="该草稿已经发布，不能收起；有误的请另起草一份改正。"
    )
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写原因，如“改由新的草稿代替”。")
    draft.put_away_at = now.replace(microsecond=0) if away else None
    event, told = audit.Event.POLICY_PUT_AWAY, {"policy": draft.policy_id, "put_away": away}
    audit.record(session, event, draft, actor=actor, after=told, reason=reason, now=now)
    return draft


def why_not(session: Session, draft_id: int, actor: Actor, *, now: datetime) -> str:
    """Why this actor cannot publish a draft (不能发布的原因), in words; "" where the deed would not refuse for that.

    What draws the button asks, so that nobody is offered one that will refuse. Refused codes: "role", "missing".
    """
    text = draft_text(session, draft_id, actor)
    draft = session.get_one(PolicyDraft, draft_id)
    try:
        accounts.two_people(session, actor, draft.drafted_by_id, now=now, what="发布政策")
        _lawful(session, text, actor)
    except Refused as refused:
        return refused.words
    return ""


def draft_text(session: Session, draft_id: int, actor: Actor) -> str:
    """Text of a draft: A draft's text. Refused codes: "role", "missing" (or another office's)."""
    require(actor, Role.ADMIN)
    draft = session.get(PolicyDraft, draft_id)
    if draft is None or not _administers(actor, _league_of(draft.text)):
        raise not_found("政策草稿")
    return draft.text


@deed
def publish(
    session: Session, draft_id: int, *, version: int, actor: Actor, reason: str, now: datetime
) -> tuple[PolicyDraft, pd.DataFrame]:
    """Publish a draft (发布政策), four eyes.

    Put a draft into force: a second administrator's deed, which first replays the decisions of the year before.

    Answers the draft and the differences (as `replay.replay`). The policy holds once `install` has run, which the
    caller asks for after the transaction and every start of the program repeats.
    Refused codes: "role", "missing", "jurisdiction", "stale", "published", "self", "reason", and those of `save_draft`.
    """
    draft = _unpublished(session, draft_id, version, actor, otherwise="该草稿已经发布，不会重复发布。")
    accounts.two_people(session, actor, draft.drafted_by_id, now=now, what="发布政策")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写发布依据，如通知文号和印发日期。")
    rule = _lawful(session, draft.text, actor)
    changed = replay.replay(session, rule, actor=actor)
    draft.published_by_id, draft.published_at, draft.reason = actor.account_id, now, reason
    audit.record(
        session,
        audit.Event.POLICY_PUBLISHED,
        draft,
        actor=actor,
        after={"policy": rule.id, "digest": rule.digest, "decisions_that_would_differ": len(changed)},
        reason=reason,
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
