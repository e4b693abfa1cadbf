"""The machine stops while many answer: what a browser was told is kept is kept, no hour doubles, the books stand.

`KILLS=50 LEARNERS=100` for many, on each database.
"""

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.__main__ import main
from core.ground import db
from core.models import CreditEntry, Exam, ExamPaper, ExamQuestion, Source
from core.people import accounts
from tests import sat

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")
KILLS, LEARNERS = int(os.environ.get("KILLS", 2)), int(os.environ.get("LEARNERS", 5))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"] if "KILLS" in os.environ else ["sqlite"], indirect=True)
def test_kills_while_learners_answer_lose_nothing_that_was_told_to_be_kept(database: str) -> None:
    assert database
    cast = sat.office(LEARNERS)
    assert cast
    with db.transaction() as session:  # few pass by guessing, so that to the last kill there are some who answer
        exam = session.scalars(sa.select(Exam)).one()
        exam.pass_mark, exam.wait_minutes, course_id = 40 if KILLS < 10 else 80, 0, exam.course_id
    db.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.core.answerer"],
        cwd=db.ROOT,
        env=os.environ | {"PYTHONPATH": str(db.ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout

    def order(number: int, learners: int) -> None:
        now = sat.NOW + timedelta(hours=2 * number)
        with db.transaction() as session:
            tokens = [accounts.sign_in(session, f"person{each}", fits=True, now=now) for each in range(1, learners + 1)]
        asked = {"tokens": tokens, "course": course_id, "now": now.isoformat(), "seed": number}
        tell(json.dumps(asked))

    def tell(line: str) -> None:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()

    def told(most: float) -> list[list[str]]:
        """Read up to `most` acknowledgements from the learners' process; fewer when all learners are done."""
        found: list[list[str]] = []
        while len(found) < most and (line := process.stdout.readline().split()) != ["done"]:
            assert line
            found.append(line)
        return found

    chance, seen, number, passed = random.Random(20240603), Counter[str](), 1, 0
    order(0, 1)
    holds(told(math.inf))
    while seen["ended 9"] < KILLS and number < 3 * KILLS:  # one that was done before it was killed is no kill
        order(number, LEARNERS)
        number += 1
        child = int(process.stdout.readline().split()[1])
        # by what it has told, not by the clock: of fifteen answers a learner, one to twelve; then at any moment
        heard = told(chance.randrange(12 * (LEARNERS - passed) + 1))
        time.sleep(chance.uniform(0, 0.01))
        os.kill(child, signal.SIGKILL)
        tell("reap")
        while not (line := process.stdout.readline()).startswith("ended"):
            heard.append(line.split())
        seen[line.strip()] += 1
        passed = holds(heard)
        if KILLS < 10 or not seen["ended 9"] % 5:  # nothing is ever mended: what is wrong now is found then
            assert main(["check"]) == 0
        db.close()
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()
    assert seen["ended 9"] == KILLS, seen
    assert passed or KILLS < 10


def holds(told: list[list[str]]) -> int:
    """Assert that acknowledged answers are stored and hours posted exactly once; return how many passed."""
    with db.reading() as session:
        kept = {
            (str(paper), str(place)): (chosen, sequence)
            for paper, place, chosen, sequence in session.execute(
                sa.select(ExamQuestion.paper_id, ExamQuestion.place, ExamQuestion.chosen, ExamQuestion.sequence)
            )
        }
        for what, *rest in told:
            if what == "saved":
                paper, place, chosen, sequence = rest
                assert kept[paper, place][1] >= int(sequence), f"paper {paper}, question {place} was lost"
                if kept[paper, place][1] == int(sequence):
                    assert kept[paper, place][0] == int(chosen)
            elif what == "handed":
                assert session.get_one(ExamPaper, int(rest[0])).handed_in_at is not None
        posted = Counter(
            session.scalars(sa.select(CreditEntry.person_id).where(CreditEntry.source == Source.PUBLIC_EXAM))
        )
        passed = set(session.scalars(sa.select(ExamPaper.person_id).where(ExamPaper.passed.is_(True))))
    assert set(posted.values()) <= {1}
    assert set(posted) == passed
    return len(passed)
