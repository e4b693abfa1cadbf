"""Applications (申报) answered in bulk; nothing is recorded."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import console
from core.eligibility import answers, applications
from core.ground import db
from core.people import setup


@console.office_command
def answer(options: argparse.Namespace) -> int:
    """Answer a file of applications into a file of decisions."""
    content = console.content(Path(options.file))
    batch = applications.read(content, Path(options.file).name, today=db.office_day(console.now()))
    with db.reading() as session:
        run = answers.answer(session, batch, actor=setup.system_actor(session))
    options.out.write_bytes(console.WRITERS[options.out.suffix.lower()](run.headings(), run.lines()))
    hints = [each for each in run.problems if not each.blocking]
    console.tell(batch.account, hints, applications.headings())
    console.say("，".join(f"{word}{count}" for word, count in run.counts.items()))
    return 1 if len(hints) < len(run.problems) else 0
