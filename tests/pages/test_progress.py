"""Long work beside its progress bar: answered, refused, or stopped with nothing kept."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from core.ground import db
from core.ground.access import Refused
from core.people import setup
from web import progress
from web.progress import Progress, Stopped, watched


class StoppedRun(BaseException):
    """As Streamlit's own: a run asked to stop is stopped when it draws next."""


class Bar:
    """A bar that keeps what it was shown, or stops the run at the first drawing."""

    def __init__(self, stops: bool) -> None:
        self.stops, self.drawn, self.gone = stops, list[str](), False

    def progress(self, _share: float, words: str) -> None:
        self.drawn.append(words)
        if self.stops:
            raise StoppedRun

    def empty(self) -> None:
        self.gone = True


def drawn_on(monkeypatch: pytest.MonkeyPatch, *, stops: bool = False) -> Bar:
    bar = Bar(stops)
    monkeypatch.setattr(st, "progress", lambda *_: bar)
    monkeypatch.setattr(progress, "EVERY", 0.01)
    return bar


def test_what_the_work_makes_is_answered_and_how_far_it_is_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    bar, seen = drawn_on(monkeypatch), threading.Event()

    def work(told: Progress) -> str:
        told(1_000, 2_000)
        assert seen.wait(10)
        return "done"

    draw = bar.progress
    monkeypatch.setattr(bar, "progress", lambda *given: (draw(*given), seen.set()))
    assert watched(work, "正在核验……", "已核验{:,} / {:,}") == "done"
    assert set(bar.drawn) == {"已核验1,000 / 2,000"}
    assert bar.gone


def test_a_refusal_of_the_work_is_raised_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = drawn_on(monkeypatch)

    def work(_told: Progress) -> Any:
        raise Refused("rows", "没有可以核验的申报。")

    with pytest.raises(Refused, match="rows"):
        watched(work, "正在核验……", "{} / {}")
    assert bar.gone


def test_a_run_that_is_stopped_stops_the_work_and_nothing_of_it_is_kept(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, ended = drawn_on(monkeypatch, stops=True), []

    def work(told: Progress) -> None:
        try:
            with db.transaction() as session:
                setup.decide_setting(session, "half", "done")
                while True:
                    told(1, 2)
        except Stopped:
            ended.append("rolled back")
            raise

    with pytest.raises(StoppedRun):
        watched(work, "正在核验……", "{} / {}")
    assert ended == ["rolled back"]
    assert bar.gone
    with db.reading() as session:
        assert setup.setting(session, "half") is None
