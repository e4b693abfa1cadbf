"""Applications (申报) answered in bulk; nothing is recorded."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import console
from core.eligibility import answers, applications
from core.ground import db
from core.people import setup


@console.command
def answer(options: argparse.Namespace) -> int:
    """Answer a file of applications into a file of decisions."""
    content = Path(options.file).read_bytes()
    batch = applications.read(content, Path(options.file).name, today=db.office_day(console.now()))
    with db.reading() as session:
        if not setup.is_open(session):
            console.say("系统还没有建立，请先运行 python -m core init (no office yet)")
            return console.REFUSED
        run = answers.answer(session, batch, actor=setup.system_actor(session))
    options.out.write_bytes(console.WRITERS[options.out.suffix.lower()](run.headings(), run.lines()))
    console.say("，".join(f"{word}{count}" for word, count in run.counts.items()))
    return 1 if run.problems else 0
