"""Answers (作答) saved as they are given: what many learners send at once goes into the database together.

Each answer is committed before its browser hears so (group commit, 成组提交): while one transaction commits, further
answers wait in a line, and the next transaction takes all of them. A database writes one transaction about as fast as
another, however many rows it has; a thousand learners therefore wait for a few transactions and not for a thousand.
Who sends an answer, whether the paper is theirs and still open, is asked for all of them in the same transaction.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.exams.papers import LATE
from core.ground import db
from core.ground.access import Labelled
from core.models import ExamPaper, ExamQuestion, LateAnswer, Person
from core.people import accounts, setup

AT_ONCE = 500
"""Answers in one transaction."""
USED_EVERY = timedelta(minutes=1)
"""How often a sign-in is kept going by answers."""
LARGEST_SEQUENCE = 2**53
"""What a browser counts to."""


class Outcome(Labelled):
    """What became of an answer (作答结果)."""

    SAVED = "saved", "已保存"
    SIGNED_OUT = "signed_out", "登录已结束，请重新登录后回到本页，已保存的作答都在"
    OVER = "over", "考试时间已到或已经交卷，不再接受作答"
    OLDER = "older", "这道题在另一处已有更新的作答"
    MISSING = "missing", "没有找到这道题，请刷新页面"


@dataclass(frozen=True)
class Given:
    """One answer as a browser sends it (一次作答)."""

    token: str
    paper_id: int
    place: int
    chosen: int
    """Bits of the options chosen, by their places as shown; 0: the answer was taken away."""
    sequence: int
    """Goes up with each answer of a browser."""
    at: datetime
    """The real moment at which it came."""


def save(session: Session, given: Sequence[Given]) -> list[Outcome]:
    """Save answers (保存作答): what became of each, in their order.

    Idempotent. An answer with a lower sequence number than the one kept changes nothing and is answered as stale
    (`OLDER`): two devices may be open on one paper. All of a call come at about the same moment. One that comes once
    the paper is closed does not count; it is kept for its learner to see (`LateAnswer`).
    """
    if not given:
        return []
    now = max(each.at for each in given)
    people = accounts.people_of(session, {each.token for each in given}, now)
    ahead = timedelta(days=setup.demo_days(session))
    wanted = {(each.paper_id, each.place) for each in given}
    query = (
        sa.select(
            ExamQuestion.paper_id,
            ExamQuestion.place,
            sa.func.length(ExamQuestion.shuffled),
            Person.human_id,
            ExamPaper.ends_at,
            ExamPaper.handed_in_at,
            ExamQuestion.sequence,
            ExamQuestion.chosen,
            ExamPaper.started_at,
        )
        .join(ExamPaper, ExamPaper.id == ExamQuestion.paper_id)
        .join(Person, Person.id == ExamPaper.person_id)
        .where(sa.tuple_(ExamQuestion.paper_id, ExamQuestion.place).in_(sorted(wanted)))
        .with_for_update(
            read=True, of=ExamPaper
        )  # handing in waits for answers that are being written, and they for it
    )
    there = {(row[0], row[1]): row[2:] for row in session.execute(query)}
    outcomes: list[Outcome] = []
    rows: dict[tuple[int, int], Given] = {}
    late: dict[tuple[int, int], dict[str, Any]] = {}
    for each in given:
        found = there.get((each.paper_id, each.place))
        if each.token not in people:
            outcomes.append(Outcome.SIGNED_OUT)
        elif found is None or found[1] != people[each.token] or not 0 <= each.chosen < 1 << found[0]:
            outcomes.append(Outcome.MISSING)
        elif found[3] is not None or each.at + ahead > found[2] + LATE:
            again = (each.sequence, each.chosen) == (found[4], found[5])  # sent in time, and once more
            outcomes.append(Outcome.SAVED if again else Outcome.OVER)
            if each.chosen != found[5]:
                late.setdefault((each.paper_id, each.place), _too_late(each, ahead, begun=found[6]))
        elif each.sequence < found[4] or (each.sequence == found[4] and each.chosen != found[5]):
            outcomes.append(Outcome.OLDER)
        else:
            outcomes.append(Outcome.SAVED)
            key = (each.paper_id, each.place)
            if key not in rows or rows[key].sequence <= each.sequence:
                rows[key] = each
    if rows:
        session.connection().execute(
            _SAVE,
            [
                {"paper": paper, "nth": place, "bits": each.chosen, "nr": each.sequence, "at": each.at + ahead}
                for (paper, place), each in sorted(rows.items())
            ],
        )
    if late:
        session.execute(db.or_there(session, LateAnswer).on_conflict_do_nothing(), list(late.values()))
    return outcomes


def _too_late(given: Given, ahead: timedelta, *, begun: datetime) -> dict[str, Any]:
    """The row of an answer that came too late; its browser numbers answers by the clock, in milliseconds."""
    came, moment = given.at + ahead, None
    with contextlib.suppress(ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(given.sequence / 1000, UTC) + ahead
    row = {"paper_id": given.paper_id, "place": given.place, "chosen": given.chosen, "came_at": came}
    return row | {"given_at": moment if moment is not None and begun <= moment <= came else None}


_SAVE = (
    sa.update(ExamQuestion.__table__)  # type: ignore[arg-type]
    .where(
        ExamQuestion.paper_id == sa.bindparam("paper"),
        ExamQuestion.place == sa.bindparam("nth"),
        ExamQuestion.sequence < sa.bindparam("nr"),
    )
    .values(chosen=sa.bindparam("bits"), sequence=sa.bindparam("nr"), answered_at=sa.bindparam("at"))
)


class Line:
    """The line in which answers wait for the next transaction (作答队列), and the one thread that writes them."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Given, Future[Outcome]]] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None
        self._used: dict[str, datetime] = {}

    def put(self, given: Given) -> Future[Outcome]:
        """Put an answer into the line; what the future answers is committed, and it fails where nothing is."""
        if self._writer is None or not self._writer.is_alive():
            with self._starting:
                if self._writer is None or not self._writer.is_alive():
                    self._writer = threading.Thread(target=self._write, name="answers", daemon=True)
                    self._writer.start()
        done: Future[Outcome] = Future()
        self._waiting.put((given, done))
        return done

    def _write(self) -> None:
        while True:
            taken = [self._waiting.get()]
            while len(taken) < AT_ONCE:
                try:
                    taken.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            self._save(taken)

    def _save(self, taken: list[tuple[Given, Future[Outcome]]]) -> None:
        given = [each for each, _ in taken]
        try:
            with db.transaction() as session:
                outcomes = save(session, given)
                self._keep_signed_in(session, given)
        except Exception as error:  # noqa: BLE001  each waiting request fails, and its browser retries
            for _, done in taken:
                done.set_exception(error)
            return
        for (_, done), outcome in zip(taken, outcomes, strict=True):
            done.set_result(outcome)

    def _keep_signed_in(self, session: Session, given: Sequence[Given]) -> None:
        """Who answers is there (续期): now and then, not with each answer."""
        now = max(each.at for each in given)
        stale = {each.token for each in given if now - self._used.get(each.token, now - USED_EVERY) >= USED_EVERY}
        if stale:
            accounts.used(session, stale, now)
            self._used = {token: at for token, at in self._used.items() if now - at < USED_EVERY}
            self._used |= dict.fromkeys(stale, now)


LINE = Line()
"""The line of this process."""
