"""Rosters (培训花名册) checked as files, by themselves."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import console
from core.ground import db
from core.submissions import roster
from core.tables.problems import PROBLEM_HEADINGS, problem_lines


@console.command
def check(options: argparse.Namespace) -> int:
    """Check a roster file; every problem is a tab-separated line, and with `--out` a row of a file."""
    content = console.content(Path(options.file))
    preview = roster.read(content, Path(options.file).name, today=db.office_day(console.now()))
    lines = problem_lines(preview.problems, preview.form.headings)
    for fields in lines:
        console.line(fields)
    if options.out:
        write = console.WRITERS[options.out.suffix.lower()]
        options.out.write_bytes(write(PROBLEM_HEADINGS, lines))
    console.tell(preview.account, (), preview.form.headings)
    faulty, hints = len(preview.faulty_rows), sum(not problem.blocking for problem in preview.problems)
    faults = len(preview.problems) - hints
    console.say(f"{len(preview.rows)}人，{faulty}行有错误，错误{faults}处，提示{hints}处")
    return 1 if faulty else 0
