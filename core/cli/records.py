"""Hours of earlier years brought in, cards printed in bulk, and the proof of one entry checked."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import console
from core.ground import db
from core.people import setup
from core.records import imports, printing, proofs
from core.tables.problems import problem_lines
from core.trail.files import Upload


@console.command
def proof(options: argparse.Namespace) -> int:
    """Check an entry's proof without the database."""
    content = console.content(Path(options.file))
    proof, found = proofs.read(content), proofs.faults(content, key=options.key)
    for fields in [*proof.facts(), ("依据", proof.basis), ("出具时间", proof.issued)]:
        console.line(fields)
    for words in found:
        console.say(words)
    console.say("does not hold" if found else f"holds, signed under the key {options.key or proofs.public_key()}")
    return 1 if found else 0


@console.office_command
def print_cards(_options: argparse.Namespace) -> int:
    """Work off the print runs that wait or were left unfinished."""
    console.say(f"print runs finished: {printing.work(console.now)}")
    return 0


@console.office_command
def import_hours(options: argparse.Namespace) -> int:
    """Post hours of earlier years as one batch; rows with problems are named and left out."""
    path = Path(options.file)
    upload = Upload(path.name, console.content(path))
    with db.transaction() as session:
        now = setup.moment(session, console.now())
        actor = setup.system_actor(session)
        batch, preview = imports.bring_in(session, upload, actor=actor, reason=options.reason, now=now)
    for problem in preview.problems:
        posted = "" if problem.row in preview.faulty_rows else "（已入账，请核对）"
        for *fields, words in problem_lines([problem], imports.HEADINGS):
            console.line((*fields, f"{words}{posted}"))
    console.tell(preview.account, (), imports.HEADINGS)
    told = f"batch {batch.id}: {batch.entries} entries" if batch else "nothing posted"
    console.say(f"{told}, {len(preview.rows)} rows, {len(preview.faulty_rows)} left out")
    return 1 if preview.faulty_rows else 0
