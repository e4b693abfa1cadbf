"""Column types for moments, hours, years and encrypted text, and the one spelling that digests are taken over."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from core.ground.db.place import OFFICE_ZONE
from core.ground.db.sealing import keys, seal, seal_each, unseal


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware moment, kept in UTC. A naive one is a bug and raises ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its time zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class office_day_of(sa.sql.functions.FunctionElement[date]):  # noqa: N801  written as a function in statements
    """The day at the office of a column of moments (办公日期), in SQL: what `office_day` answers of each."""

    type = sa.Date()
    inherit_cache = True


@compiles(office_day_of, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    moment = compiler.process(element.clauses, **given)  # to the second: SQLite would round the last of a day up
    return f"date(substr({moment}, 1, 19), '+{_HOURS_AHEAD} hours')"


@compiles(office_day_of, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    moment = compiler.process(element.clauses, **given)
    return f"CAST({moment} AT TIME ZONE 'UTC' + INTERVAL '{_HOURS_AHEAD} hours' AS DATE)"


_HOURS_AHEAD = int(OFFICE_ZONE.utcoffset(None).total_seconds()) // 3600


class Hours(sa.types.TypeDecorator[Decimal]):
    """Credit hours, exact to a hundredth; kept as whole hundredths, since SQLite has no decimal type."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else hundredths(Decimal(value))

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else _in_hours(value)


@functools.lru_cache(maxsize=2**12)
def _in_hours(whole: int) -> Decimal:
    return Decimal(whole) / 100


def hundredths(hours: Decimal) -> int:
    """Hours as whole hundredths; ValueError where that would lose something."""
    scaled = hours * 100
    if scaled != int(scaled):
        raise ValueError(f"hours finer than a hundredth: {hours}")
    return int(scaled)


class Years(sa.types.TypeDecorator[tuple[int, ...]]):
    """Calendar years in order, kept as 2022;2023."""

    impl = sa.String(60)
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else ";".join(str(year) for year in sorted(set(value)))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> tuple[int, ...] | None:
        return None if value is None else tuple(int(year) for year in value.split(";") if year)


class EncryptedText(sa.types.TypeDecorator[str]):
    """Encrypted text (加密字段): AES-GCM under the office's key, bound to its column's purpose."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else seal(value.encode(), key=keys().text, purpose=self.purpose)

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else unseal(bytes(value), key=keys().text, purpose=self.purpose).decode()

    def opened(self, values: Iterable[bytes]) -> Iterator[str]:
        """The inverse of `sealed`."""
        key = keys().text
        return (unseal(bytes(value), key=key, purpose=self.purpose).decode() for value in values)

    def sealed(self, values: Iterable[str]) -> list[bytes]:
        """Batch: many values as they are kept, with one look at the key."""
        return seal_each([value.encode() for value in values], key=keys().text, purpose=self.purpose)


def as_kept(column: Any) -> sa.ColumnElement[Any]:
    """A column as the database has it, whatever somebody put there that its type would refuse to read."""
    return sa.type_coerce(column, sa.types.NULLTYPE)


def moment_text(kept: Any) -> Any:
    """A moment in its one spelling, from a moment or from what SQLite keeps; what is none stays what it is."""
    with contextlib.suppress(ValueError):
        kept = datetime.fromisoformat(kept).replace(tzinfo=UTC) if isinstance(kept, str) else kept
    return kept.astimezone(UTC).isoformat() if isinstance(kept, datetime) else kept


def canonical(value: Any) -> str:
    """Canonical JSON (规范化JSON): one spelling for each value, so that equal contents have equal digests."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def canonical_rows(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """`canonical` of each row of some columns of plain values."""
    return json_rows({name: columns[name] for name in sorted(columns)})


def json_rows(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Each row of some columns as a JSON object, its keys in the order of the columns.

    A column is encoded in one go and taken apart at the line breaks, which JSON never has inside a value.
    """
    encoder = json.JSONEncoder(ensure_ascii=False, separators=("\n", ":"), default=str)
    row, encoded = [], []
    for name, column in columns.items():
        row.append(canonical(name).replace("%", "%%") + ":%s")
        if one_throughout(column):
            encoded.append([encoder.encode(column[:1])[1:-1]] * len(column))
        else:
            encoded.append(encoder.encode(column)[1:-1].split("\n") if column else [])
    whole = "{" + ",".join(row) + "}"
    return [whole % cells for cells in zip(*encoded, strict=True)]


def one_throughout(column: Sequence[Any]) -> bool:
    """Whether one and the same object stands in every row of a column, as in most of what a roster's hours are."""
    return bool(column) and all(map(operator.is_, column, itertools.repeat(column[0])))
