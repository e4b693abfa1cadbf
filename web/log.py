"""The server's log (日志): one entry each, nobody's number in it, and not filled by one error again and again."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from types import TracebackType

from core.ground import resident_id

LONGEST = 20_000
"""Characters of one entry; of a longer one the end is left out."""
WINDOW = 60.0
"""Seconds in which errors of one kind are counted together."""
MOST = 3
"""Of one kind so many are written in that time."""
KINDS = 200
"""Kinds that are counted at once."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def keep() -> None:
    """Keep the log so (日志规则), from now on and for every logger of this process."""
    one_entry_each()
    handled = logging.Logger.handle

    def once(logger: logging.Logger, record: logging.LogRecord) -> None:
        if REPEATED.lets(record):
            handled(logger, record)

    logging.Logger.handle = once  # type: ignore[assignment, method-assign]


def one_entry_each() -> None:
    """Let nothing that somebody sent pass for an entry of the server's log (日志注入), or steer a terminal.

    Controls are written as escapes, and each further line of an entry, as of an error's way, begins with a bar. An ID
    number in it is masked, wherever it comes from. Our own entries say when they were made, as Streamlit's do.
    """
    written = logging.Formatter.format

    def one_entry(formatter: logging.Formatter, record: logging.LogRecord) -> str:
        entry = written(formatter, record)
        if len(entry) > LONGEST:
            entry = f"{entry[:LONGEST]}…… ({len(entry) - LONGEST} more characters)"
        entry = resident_id.without(resident_id.masked(entry))
        return "\n| ".join(_CONTROLS.sub(lambda found: ascii(found[0])[1:-1], entry).split("\n"))

    logging.Formatter.format = one_entry  # type: ignore[assignment, method-assign]
    if logging.lastResort:
        logging.lastResort.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))


class Repeated:
    """Repeated errors (重复的错误): the first few of a kind within a minute are written, the others counted.

    Whoever is signed in can have a page fail as often as he likes, and each time it is a whole traceback.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._seen: OrderedDict[Hashable, tuple[float, int, str]] = OrderedDict()
        """When a kind was first seen, how often since, and what it is called."""

    def lets(self, record: logging.LogRecord) -> bool:
        """Whether a record is written; the last one that is says so."""
        if record.levelno < logging.WARNING or record.name == __name__:
            return True
        kind, now = _kind(record), self._clock()
        with self._one_at_a_time:
            began, count, called = self._seen.get(kind, (now, 0, f"{record.name}, {record.filename}:{record.lineno}"))
            if now - began >= WINDOW and count <= MOST:  # of what was counted `tell` speaks first
                began, count = now, 0
            self._seen[kind] = began, count + 1, called
            if len(self._seen) > KINDS:
                self._seen.popitem(last=False)
        if count + 1 == MOST:
            record.msg, record.args = f"{record.getMessage()} （同样的错误一分钟内再发生，只计次数）", ()
        return count < MOST

    def tell(self) -> None:
        """Say how often each kind came again whose minute is over; asked every half minute."""
        now = self._clock()
        with self._one_at_a_time:
            over = [kind for kind, (began, _, _) in self._seen.items() if now - began >= WINDOW]
            told = [self._seen.pop(kind) for kind in over]
        for _, count, called in told:
            if count > MOST:
                logging.getLogger(__name__).warning("同样的错误（%s）再次发生%d次，没有逐条记录", called, count - MOST)


REPEATED = Repeated()


def _kind(record: logging.LogRecord) -> Hashable:
    """What makes errors the same: where it was logged, what was raised, and by which way."""
    raised = record.exc_info[1] if record.exc_info else None
    way, at = [], raised.__traceback__ if raised else None
    while isinstance(at, TracebackType):
        way.append((at.tb_frame.f_code.co_filename, at.tb_lineno))
        at = at.tb_next
    return record.name, record.pathname, record.lineno, type(raised).__name__, hash(tuple(way))
