"""Setting up: the database, the demonstration office."""

from __future__ import annotations

import argparse

from core.cli import console
from core.ground import db
from core.people import setup


@console.command
def init(options: argparse.Namespace) -> int:
    """Create or upgrade the database; with `--demo` open the demonstration office, unless one was opened before."""
    db.keys()
    db.upgrade()
    with db.reading() as session:
        opened = setup.is_open(session)
    if not options.demo:
        console.say(f"database ready: {db.engine().url.render_as_string()}")
        return 0
    if opened:
        console.say("the office was opened before; it was left as it is")
        return 0
    from data.demo.office import open_demo

    with db.transaction() as session:
        open_demo(session, now=console.now(), progress=console.say)
    console.say("demonstration office ready")
    return 0
