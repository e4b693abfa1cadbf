"""Learners who sit an exam, in a process that is killed: says what it was told is kept, the moment it is told so.

A line of its input is an order; the first is done here, so that what is read and compiled once is there for all, each
further one in a fork, reaped at the next line. It says "ready PID", "saved …" and "handed …", "done", "ended".
"""

import json
import os
import random
import sys
import threading
from datetime import datetime
from typing import Any

from core.exams import answers, papers
from core.exams.answers import Given, Outcome
from core.ground import db
from core.ground.access import Refused
from core.people import accounts
from tests import sat  # noqa: F401  loaded before the fork
from tests.core import doer  # noqa: F401


def say(*words: object) -> None:
    """One write, so that a kill leaves a line whole or not at all."""
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


def learner(token: str, course_id: int, now: datetime, chance: random.Random) -> None:
    """One learner: begins or goes on, answers at random and again, hands in."""
    with db.reading() as session:
        actor = accounts.actor_of(session, token, now)
    assert actor
    try:
        with db.transaction() as session:
            paper = papers.start(session, course_id, seed=chance.randrange(2**30), actor=actor, now=now)
    except Refused as refused:
        say("refused", refused.code)
        return
    with db.reading() as session:
        sheet = papers.sheet(session, paper.id, actor)
    sequence = sheet.sequence
    for _ in range(3):
        for question in sheet.questions:
            sequence += 1
            chosen = 1 << chance.randrange(len(question.options))
            given = Given(token, paper.id, question.place, chosen, sequence, now)
            if answers.LINE.put(given).result(30) is Outcome.SAVED:
                say("saved", paper.id, question.place, chosen, sequence)
    with db.transaction() as session:
        done = papers.hand_in(session, paper.id, actor=actor, now=now)
    say("handed", done.id, int(bool(done.passed)))


def work(order: dict[str, Any]) -> None:
    chance, now = random.Random(order["seed"]), datetime.fromisoformat(order["now"])
    threads = [
        threading.Thread(target=learner, args=(token, order["course"], now, random.Random(chance.random())))
        for token in order["tokens"]
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    say("done")


def main() -> None:
    work(json.loads(sys.stdin.readline()))
    while line := sys.stdin.readline():
        order = json.loads(line)
        db.close()
        child = os.fork()
        if not child:
            answers.LINE = answers.Line()  # no thread is forked with its process
            try:
                work(order)
            finally:
                os._exit(0)
        say("ready", child)
        sys.stdin.readline()  # until then it can be killed, also where it has ended by itself
        _, status = os.waitpid(child, 0)
        say("ended", status)


if __name__ == "__main__":
    main()
