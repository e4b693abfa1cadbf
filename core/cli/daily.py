"""What is done once a day, from the command line: where the office is not served, or to see it done."""

from __future__ import annotations

import argparse

from core.cli import console
from core.ground import db
from core.office import daily, retention
from core.office.mail import Post
from core.people import setup


@console.office_command
def run(_options: argparse.Namespace) -> int:
    """Leave the day's reminders and send the daily mails that are due; twice on a day is once."""
    with db.transaction() as session:
        left = daily.remind(session, now=setup.moment(session, console.now()))
        told = setup.settings(session)
    with db.reading() as session:
        retention.carry_out(session, now=console.now(), on_disk=True)
    console.say(f"reminders left: {left}")
    post = Post.office(told)
    if post is None:
        console.say("no mail server is set (CE_SMTP), no mail was sent")
        return 0
    done = daily.mails(post, now=console.now)
    console.say(f"mails sent: {done.sent}, nothing to say: {done.silent}, failed: {done.failed}")
    with db.reading() as session:
        for words in daily.failures(session):
            print(words)
    return 1 if done.failed else 0
