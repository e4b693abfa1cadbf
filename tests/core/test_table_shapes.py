"""Every table is read as its sender meant it, or asked about: none is read otherwise, and nobody is lost from one.

`tests/tables.py` builds the tables. `TABLES=20000` takes so many, other ones each time. `SURVEY=1`, with `-s -k fares`,
says for every shape how the reader fares with it, without stopping at the first failure.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from core.eligibility import applications
from core.ground.access import Refused
from core.law import notices
from core.records import imports
from core.submissions import roster
from tests import tables as t

SHARE = {"roster": 0.55, "credits": 0.25, "applications": 0.2}
"""Of the tables: rosters come most often."""
READ_AT_LEAST = 0.9
"""Of all tables, those with shapes that may be asked about among them."""
MANY = int(os.environ.get("TABLES", "1000"))
"""Of which about 800 are different ones."""


def many(count: float, **more: Any) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    fixed = "TABLES" not in os.environ
    usual = {"derandomize": fixed, "database": None, "deadline": None, "suppress_health_check": checks}
    usual["phases"] = [Phase.generate, Phase.shrink]
    return settings(max_examples=int(count), **usual | more)


class Misread(AssertionError):
    """A table was read otherwise than meant, and nothing was said."""


# --- what was read --------------------------------------------------------------------------------------------------

Said = tuple[tuple[str, object], ...]
"""What a line says, as it is compared."""


def with_lines(preview: Any, values: Callable[[Any], dict[str, object]]) -> tuple[Any, list[tuple[int, Said]]]:
    """A preview, and what each of its good rows says."""
    return preview, [(row.row, said(row.name, row.id_number, **values(row))) for row in preview.good_rows]


def of_roster(table: t.Table) -> tuple[Any, list[tuple[int, Said]]]:
    return with_lines(
        roster.read(table.content, table.filename, today=t.TODAY),
        lambda row: {
            "employer": row.employer,
            "public": t.hours(row.hours["public"]),
            "professional": t.hours(row.hours["professional"]),
            "result": row.assessment,
            "year": row.credit_year,
        },
    )


def of_credits(table: t.Table) -> tuple[Any, list[tuple[int, Said]]]:
    return with_lines(
        imports.read(table.content, table.filename, today=t.TODAY),
        lambda row: {
            "year": row.year,
            "subject": row.subject,
            "hours": t.hours(row.hours),
            "source": row.source.label if row.source else "",
            "basis": row.basis,
            "day": row.completed_on if row.dated else None,
        },
    )


FACTS = ("non_public", "front_line", "in_post_since")


def of_applications(table: t.Table) -> tuple[Any, list[tuple[int, Said]]]:
    batch = applications.read(table.content, table.filename, today=t.TODAY)
    policy = notices.policies()[-1]
    lines = []
    for each in batch.applications:
        if each.doubtful:
            continue
        each, problems = applications.understood(each, policy)
        batch.problems += problems
        if each.facts is None:
            continue
        facts = {code: each.facts.facts.get(code) or None for code in FACTS}
        year, route, level = each.year, each.facts.route, each.facts.level
        lines.append((each.row, said(each.name, each.id_number, year=year, route=route, level=level, **facts)))
    return batch, lines


READ: Mapping[str, Callable[[t.Table], tuple[Any, list[tuple[int, Said]]]]] = {
    "roster": of_roster,
    "credits": of_credits,
    "applications": of_applications,
}


def said(name: str, id_number: str, **values: object) -> Said:
    """A line as it is compared: names and words by what they are, not by how they are spaced."""
    plain = {key: re.sub(r"\s", "", value) if isinstance(value, str) else value for key, value in values.items()}
    return (("name", t.plain_name(name)), ("id", id_number), *plain.items())


def meant(each: t.Meant) -> Said:
    values = {
        key: t.hours(value) if key in ("public", "professional", "hours") else value or None
        for key, value in each.said.items()
    }
    return said(each.name, each.id_number, **values)


def agree(wanted: Said, found: Said, left_open: Iterable[str]) -> bool:
    """Whether a line was read as it was meant; a year that nobody meant may be read out of a group or a title."""
    loose = {"year"} if dict(wanted)["year"] is None else set()
    both = dict(found)
    return all(said == both[key] or key in loose or (key in left_open and not both[key]) for key, said in wanted)


def question(table: t.Table) -> str:
    """What the reader asks about a table, "" where it read it without a question.

    Raises Misread where something was read otherwise than meant, or not read, and nothing was said about it.
    """
    try:
        outcome, lines = READ[table.kind](table)
    except Refused as refused:
        return f"refused: {refused.words}"
    blocking = [each for each in outcome.problems if each.blocking]
    asked = {each.row for each in blocking}
    words = "; ".join(f"row {each.row} {each.column} {each.code} {each.value!r}" for each in blocking)
    if 0 in asked:
        return words
    told = everything_told(outcome)
    left_open = {key for heading, key in table.open.items() if heading in told}
    missing = list(range(len(table.meant)))
    for row, found in lines:
        right = next((at for at in missing if agree(meant(table.meant[at]), found, left_open)), None)
        if right is None:
            raise Misread(f"row {row} was read as {dict(found)}, which nobody meant")
        missing.remove(right)
    for at in missing:
        if not table.rows_of[at] & asked:
            raise Misread(f"{meant(table.meant[at])} was not read, and nothing said (problems: {words or 'none'})")
    for heading in table.unread:
        if heading not in told:
            raise Misread(f"“{heading}” was not read, and nothing said")
    for row, why in table.told:
        if row not in rows_told(outcome):
            raise Misread(f"nothing was said about row {row}: {why}")
    return words


def everything_told(outcome: Any) -> str:
    """All that an outcome says beside what was read: its problems, and what else it has of its own."""
    own = {each.name: getattr(outcome, each.name) for each in dataclasses.fields(outcome)}
    rest = [value for name, value in own.items() if name not in ("rows", "applications", "form", "indexes")]
    return re.sub(r"\s|\\[nrt]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}", "", repr(rest))


def rows_told(outcome: Any) -> set[int]:
    """The rows of which an outcome says something: 4, 第4行, 4至6."""
    told = everything_told(outcome)
    ranges = (
        range(int(first), int(last) + 1) for first, last in re.findall(r"(\d{1,3})(?:-|–|~|至|到)(\d{1,3})", told)
    )
    return {int(found) for found in re.findall(r"\d+", told)}.union(*ranges)


# --- the sentences --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", t.KINDS)
def test_no_table_is_read_otherwise_than_meant_without_a_question(kind: str) -> None:
    asked: Counter[str] = Counter()
    tables = 0

    @given(table=t.tables(kind))
    @many(MANY * SHARE[kind])
    def read(table: t.Table) -> None:
        nonlocal tables
        tables += 1
        words = question(table)
        assert table.may_ask or not words, f"asked about a table that says all there is to say: {words}"
        asked.update(table.shapes if words else ())
        asked["any"] += bool(words)

    read()
    assert asked["any"] <= (1 - READ_AT_LEAST) * tables, f"asked about {asked['any']} of {tables}: {asked}"


@pytest.mark.parametrize("kind", t.KINDS)
def test_a_table_that_may_be_asked_about_is_read_as_meant_or_asked_about(kind: str) -> None:
    @given(table=t.tables(kind, doubtful=True))
    @many(MANY / 5 * SHARE[kind])
    def read(table: t.Table) -> None:
        question(table)

    read()


@pytest.mark.parametrize("kind", t.KINDS)
def test_every_row_is_somebody_or_is_named(kind: str) -> None:
    @given(table=t.tables(kind, doubtful=False))
    @many(MANY / 10 * SHARE[kind])
    def read(table: t.Table) -> None:
        outcome, _ = READ[kind](table)
        assert set(table.nobody) <= rows_told(outcome)

    read()


OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not on this machine")
@pytest.mark.parametrize("ending", ["xls", "ods", "xlsx"])
def test_what_libreoffice_saves_is_read_as_meant(ending: str, tmp_path: Path) -> None:
    tables: list[t.Table] = []

    @given(table=t.tables("roster", doubtful=False).filter(lambda each: each.content.startswith(b"PK")))
    @many(8, derandomize=True, phases=[Phase.generate])
    def draw(table: t.Table) -> None:
        tables.append(table)

    draw()
    for at, table in enumerate(tables):
        (tmp_path / f"{at}.xlsx").write_bytes(table.content)
    given_files = [str(tmp_path / f"{at}.xlsx") for at in range(len(tables))]
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    converted = [str(OFFICE), profile, "--headless", "--convert-to", ending, "--outdir", str(tmp_path / "out")]
    subprocess.run([*converted, *given_files], check=True, capture_output=True, timeout=300)
    for at, table in enumerate(tables):
        content = (tmp_path / "out" / f"{at}.{ending}").read_bytes()
        assert question(dataclasses.replace(table, content=content, filename=f"表.{ending}")) == ""


# --- how the reader fares -------------------------------------------------------------------------------------------


@pytest.mark.skipif("SURVEY" not in os.environ, reason="a report for developers of the reader: SURVEY=1, with -s")
def test_how_the_reader_fares_with_each_shape() -> None:
    """In tables that have no other: how many were read, misread and asked about; with SURVEY=2 the smallest of them."""
    ends: dict[str, list[tuple[t.Table, str]]] = defaultdict(list)
    for kind, name in ((kind, name) for kind in t.KINDS for name, each in t.SHAPES.items() if kind in each.kinds):
        ends.clear()

        @given(table=t.tables(kind, only=name))
        @many(max(MANY / 50, 20), phases=[Phase.generate])
        def look(table: t.Table) -> None:
            try:
                words = question(table)
            except AssertionError as error:
                ends["misread"].append((table, str(error)))
            else:
                ends["asked" if words else "read"].append((table, words))

        look()
        found = ", ".join(f"{what} {len(tables)}" for what, tables in sorted(ends.items()))
        print(f"{kind:13}{name:32}{'may ask' if t.SHAPES[name].may_ask else '':9}{found}")
        for what in ("misread", "asked") if os.environ["SURVEY"] == "2" else ():
            for table, words in sorted(ends[what], key=lambda each: len(each[0].picture))[:1]:
                print(f"  {what}: {words}\n{table!r}\n")
