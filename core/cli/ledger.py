"""The books: every check that can be made, and the kept totals held against their entries."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from decimal import Decimal

from sqlalchemy.orm import Session

from core import models
from core.cli import console
from core.courses import courses
from core.eligibility import decisions
from core.exams import papers
from core.ground import db
from core.ground.access import Refused
from core.ground.hours import hours_text
from core.law import notices
from core.ledger import checks, totals
from core.office import backups, daily
from core.office.dashboards import filed
from core.people import keys, setup
from core.records import checking
from core.submissions import workflow
from core.trail import audit, files


def _asked(part: str, ask: Callable[[Session], list[str]]) -> list[str]:
    """The faults of one part, by itself: one that cannot be read at all hides nothing of the others."""
    try:
        with db.reading_whole() as session:
            return ask(session)
    except Refused as refused:
        part = "sealed values" if refused.code == "key" else part  # one key, asked for by several parts: said once
        return [f"the {part} cannot be read: {refused.words}"]
    except Exception as error:  # noqa: BLE001  whatever somebody wrote into the database
        return [f"the {part} cannot be read: {' '.join(str(error).split())}"]


def check(_options: argparse.Namespace) -> int:
    """Every check that can be made: a guard that fell hides no altered row. Another version's rows cannot be read."""
    parts: dict[str, Callable[[Session], list[str]]] = {
        "schema": lambda session: db.faults(session, models.append_only_tables()),
        "ledger": checks.faults,
        "decisions": decisions.faults,
        "audit trail": audit.faults,
        "sealed values": keys.faults,
        "cards": checking.faults,
        "attachments": files.faults,
        "lessons": courses.faults,
        "submissions": workflow.faults,
        "filed figures": filed.faults,
        "exams": lambda session: list(papers.faults(session)),
    }
    try:
        if not backups.is_installed():
            raise Refused("office", backups.lost() or console.NO_OFFICE)
        with db.reading() as session:
            if db.outdated(session):
                parts = {"schema": parts["schema"]}
    except Refused as refused:
        print(f"the database cannot be read: {refused.words}")
        console.say("faults: 1; nothing could be checked")
        return 1
    found = list(dict.fromkeys(words for part, ask in parts.items() for words in _asked(part, ask)))
    unsent = [] if parts.keys() == {"schema"} else _asked("daily mail", daily.failures)
    policy_files, there = notices.filed(), setup.league_names()
    found += [f"policy file {fault}" for each in policy_files for fault in each.faults]
    found += [
        f"policy file {each.id}.yaml: 没有盟市“{each.league}”，谁也不按它办理"
        for each in policy_files
        if each.league and each.league not in there
    ]
    for words in found:
        print(words)
    mend = "keep a copy of the database, and compare what is named with your last backup"
    console.say(f"faults: {len(found)}; {mend}" if found else "schema, guards, totals and chains stand")
    for words in unsent:
        console.say(f"a daily mail did not go, and is tried again: {words}")
    return 1 if found else 0


@console.office_command
def compare_totals(options: argparse.Namespace) -> int:
    """Totals held against their entries, or with `--rebuild` put right."""
    altered: list[str] = []
    if options.rebuild:
        with db.transaction() as session:
            now = setup.moment(session, console.now())
            actor = setup.system_actor(session)
            found = checks.rebuild(session, actor=actor, reason=options.reason, now=now)
    else:
        with db.reading_whole() as session:
            found = totals.differences(session)
            altered = checks.altered(session) if found else []
    for each in found:
        source = models.Source(each.source).label if each.source in list(models.Source) else each.source
        console.line((each.person_id, each.year, each.subject, source, _told(each.kept), _told(each.summed)))
    if options.rebuild:
        done = "put right"
    elif altered:
        done = f"but the entries were altered, so no rebuild: {altered[0]}; {db.command('check')} names them all"
    else:
        done = f"{db.command('totals --rebuild')} puts them right"
    console.say(
        f"{len(found)} totals differ from their entries; {done}" if found else "every total is the sum of its entries"
    )
    return 1 if found and not options.rebuild else 0


def _told(total: tuple[Decimal | str, int] | None) -> str:
    return "-" if total is None else hours_text(total[0]) + (" 视同完成" if total[1] else "")
