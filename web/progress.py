"""Progress bar (进度条) over long work: the work in a thread of its own, the bar drawn here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import streamlit as st

Made = TypeVar("Made")
Progress = Callable[[int, int], None]
"""Called by the work with how much is done, and of how much."""

EVERY = 0.2
"""Seconds between two drawings of the bar."""


class Stopped(Exception):
    """Raised inside the work where its run of the page was stopped: its transaction is rolled back."""


def watched(work: Callable[[Progress], Made], before: str, words: str) -> Made:
    """Background work with a progress bar (后台办理): answers what `work(progress)` makes, or raises what it raises.

    The work holds its session in a thread of its own, so that nothing is drawn inside one; it must touch no widget. A
    run stopped meanwhile (another click, the page left) stops the work as well: nothing half done is kept.
    `before`: the words until the first progress; `words`: those after it, with two places for figures.
    """
    bar, stop, at = st.progress(0.0, before), threading.Event(), (0, 0)

    def progress(done: int, of: int) -> None:
        nonlocal at
        if stop.is_set():
            raise Stopped
        at = done, of

    try:
        with ThreadPoolExecutor(1) as thread:
            job = thread.submit(work, progress)
            try:
                while wait([job], EVERY).not_done:
                    if at[1]:
                        bar.progress(at[0] / at[1], words.format(*at))
            finally:
                stop.set()
        return job.result()
    finally:
        bar.empty()
