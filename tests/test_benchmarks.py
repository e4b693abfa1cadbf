"""The benchmark runs and its answers are right; how fast is never tested."""

import pytest

from benchmarks import eligibility, roster


def test_the_benchmark_runs_without_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    eligibility.main(["--count", "1000", "--no-openfisca"])
    printed = capsys.readouterr().out
    for line in ("decisions/s, answers only", "decisions/s, steps kept", "one applicant with steps", "store"):
        assert line in printed


def test_the_roster_benchmark_runs_without_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    roster.main(["--count", "300", "--rounds", "1", "--no-peer"])
    printed = capsys.readouterr().out
    assert "9 faulty" in printed
    assert "291 entries" in printed
    for line in ("checked preview", "report saved", "whole, to posted entries", "peak memory"):
        assert line in printed
