"""The benchmark runs and its answers are right; how fast is never tested."""

import pytest

from benchmarks import eligibility


def test_the_benchmark_runs_without_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    eligibility.main(["--count", "1000", "--no-openfisca"])
    printed = capsys.readouterr().out
    for line in ("decisions/s, answers only", "decisions/s, steps kept", "one applicant with steps", "store"):
        assert line in printed
