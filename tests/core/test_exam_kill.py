"""The machine stops while many answer: what a browser was told is kept is kept, no hour doubles, the books stand.

`KILLS=50 LEARNERS=100` for many, on each database.
"""

import json
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
from tests import sat

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")
KILLS, LEARNERS = int(os.environ.get("KILLS", 2)), int(os.environ.get("LEARNERS", 5))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"] if "KILLS" in os.environ else ["sqlite"], indirect=True)
def test_kills_while_learners_answer_lose_nothing_that_was_told_to_be_kept(database: str) -> None:
    assert database
    cast = sat.office(LEARNERS)
    assert cast
    with db.transaction() as session:  # one in three passes by guessing
        exam = session.scalars(sa.select(Exam)).one()
        exam.pass_mark, exam.wait_minutes, course_id = 40, 0, exam.course_id
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
    chance, usual, seen = random.Random(20240603), 0.0, Counter[str]()
    for number in range(KILLS + 1):
        now = sat.NOW + timedelta(hours=2 * number)
        tokens = [sat.token_of(f"person{serial}", now=now) for serial in range(1, LEARNERS + 1)]
        order = {"tokens": tokens, "course": course_id, "now": now.isoformat(), "seed": number}
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        child = int(process.stdout.readline().split()[1])
        began = time.perf_counter()
        if number:  # the first one is let go through, to see how long it takes
            time.sleep(chance.uniform(0.1, 1.1) * usual)
            os.kill(child, signal.SIGKILL)
        process.stdin.write("reap\n")
        process.stdin.flush()
        told = []
        while not (line := process.stdout.readline()).startswith("ended"):
            told.append(line.split())
        usual = usual or time.perf_counter() - began
        seen[line.strip()] += 1
        holds(told)
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()
    assert seen["ended 9"] >= 1, seen


def holds(told: list[list[str]]) -> None:
    """What was told is true, and everything else stands."""
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
    assert main(["check"]) == 0
    db.close()
