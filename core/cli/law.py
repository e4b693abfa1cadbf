"""Policy files (政策文件): checked, held against their worked cases, put in force by two administrators."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import console
from core.eligibility import drafts
from core.ground import db
from core.ground.access import Refused
from core.law import cases, notices
from core.law.cases import Case
from core.law.notices import Policy
from core.people import accounts, setup


@console.command
def check(options: argparse.Namespace) -> int:
    """Check a policy file as one to be put in force: each fault, each worked case decided otherwise is a line."""
    policy = _sound(Path(options.file))
    if policy is None:
        return 1
    console.say(f"{policy.id}: {policy.title}, {policy.in_force.first} to {policy.in_force.last}")
    return 0


@console.command
def run_cases(options: argparse.Namespace) -> int:
    """The worked cases of a policy file, each a line: 通过 or 不同, the case, what differs."""
    path = Path(options.file)
    try:
        policy = notices.read(path)
    except notices.Malformed as malformed:
        return _told(malformed)
    found = _decided(path, policy)
    if not found:
        raise Refused("cases", f"没有案例：请写在{path.parent / 'cases' / f'{policy.id}.yaml'}")
    for case, differs in found:
        console.line(["不同" if differs else "通过", case.sentence, *(["；".join(differs)] if differs else [])])
    different = sum(bool(differs) for _, differs in found)
    console.say(f"{len(found)} cases, {different} decided otherwise")
    return 1 if different else 0


@console.office_command
def publish(options: argparse.Namespace) -> int:
    """Put a policy file in force: drafted by one administrator and published by another, as on the page."""
    path = Path(options.file)
    if _sound(path) is None:
        return 1
    text = path.read_text(encoding="utf-8-sig")
    with db.transaction() as session:
        now = setup.moment(session, console.now())
        first, second = (accounts.actor_named(session, name) for name in (options.by, options.second))
        draft = drafts.save_draft(session, text, actor=first, now=now)
        session.flush()
        act = {"version": draft.version, "actor": second, "reason": options.reason, "now": now}
        _, changed = drafts.publish(session, draft.id, **act)
    with db.reading() as session:
        drafts.install(session)
    console.say(f"{draft.policy_id} is in force; {len(changed)} decisions of the year before would differ")
    return 0


def _sound(path: Path) -> Policy | None:
    """A policy without a fault and as its worked cases say; of another the faults are said."""
    try:
        policy = notices.read(path, setup.league_names(), to_publish=True)
    except notices.Malformed as malformed:
        _told(malformed)
        return None
    different = [(case, differs) for case, differs in _decided(path, policy) if differs]
    for case, differs in different:
        print(f"cases/{policy.id}.yaml: {case.sentence}: {'；'.join(differs)}")
    if different:
        console.say(f"{len(different)} worked cases decided otherwise")
    return None if different else policy


def _told(malformed: notices.Malformed) -> int:
    for fault in malformed.faults:
        print(fault)
    console.say(f"{len(malformed.faults)} faults")
    return 1


def _decided(path: Path, policy: Policy) -> list[tuple[Case, list[str]]]:
    """The worked cases of a policy with where its answers differ. Refused codes: "cases"."""
    file = cases.file_of(policy, path.parent)
    return [(case, cases.differences(policy, case)) for case in cases.cases(file)] if file else []
