"""Rows that a deed owes (后续写入): a redo log, since SQLite has one writer at a time, whom all others wait for.

The rows of a large deed are laid down in parts before it, a short transaction each (`stage`); the deed's own
transaction only says that they are due (`owe`), and that is what commits; then they are written where they belong, a
part at a time (`write_one`). Whoever writes and asks for one of their tables meanwhile has the rest written first, in
the same transaction (`asked_for`): for a deed nothing is ever half there. Whoever only reads may see some parts and not
yet others; what has one key stands in one part. Here are raw connections of SQLite; who opens them: `sessions`.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.ground.access import Refused
from core.ground.db import sickness

OWED = "tables of which rows are owed"
"""Where a connection's `info` keeps their names while it may write."""


@dataclass(frozen=True)
class Piece:
    """Rows of one table in a part (同一份中的一张表): by column, a list of values or one that stands in every row."""

    table: str
    columns: Mapping[str, Any]
    adds: Sequence[Sequence[str]] = ()
    """Which columns are the key, which amounts are added to the row of that key where there is one."""

    def statement(self, same: Collection[str]) -> str:
        """The INSERT that takes a row of these, and then of `same`."""
        names = ", ".join(f'"{each}"' for each in (*self.columns, *same))
        given = ", ".join("?" * (len(self.columns) + len(same)))
        return f'INSERT INTO "{self.table}" ({names}) VALUES ({given}){otherwise(self.table, self.adds)}'  # noqa: S608


def otherwise(table: str, adds: Sequence[Sequence[str]]) -> str:
    """What an INSERT does where its row is there already: the amounts are added; "" where that is a fault."""
    if not adds:
        return ""
    keys, amounts = adds
    sums = ", ".join(f'{each} = "{table}".{each} + excluded.{each}' for each in amounts)
    return f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"


def packed(pieces: Iterable[Piece]) -> bytes:
    """A part as it is kept (打包): its plain values as JSON, compressed; what is sealed behind that as it is."""
    told: list[Any] = []
    raw: list[bytes | memoryview] = []
    for piece in pieces:
        columns: dict[str, Any] = {}
        for name, given in piece.columns.items():
            if isinstance(given, list) and any(isinstance(each, bytes | memoryview) for each in given):
                columns[name] = {"bytes": [-1 if each is None else len(each) for each in given]}
                raw += [each for each in given if each is not None]
            else:
                columns[name] = given if isinstance(given, list) else {"same": given}
        told.append([piece.table, columns, piece.adds])
    head = zlib.compress(json.dumps(told, ensure_ascii=False).encode(), 1)
    return b"".join([len(head).to_bytes(8, "big"), head, *raw])


def unpacked(part: bytes) -> Iterator[Piece]:
    """The pieces of a part, in their order."""
    at = 8 + int.from_bytes(part[:8], "big")
    for table, columns, adds in json.loads(zlib.decompress(part[8:at])):
        for name, given in columns.items():
            if isinstance(given, dict) and "bytes" in given:
                ends = list(itertools.accumulate((max(each, 0) for each in given["bytes"]), initial=at))
                columns[name] = [
                    None if size < 0 else part[start : start + size]
                    for start, size in zip(ends, given["bytes"], strict=False)
                ]
                at = ends[-1]
            elif isinstance(given, dict):
                columns[name] = given["same"]
        yield Piece(table, columns, adds)


def cut(pieces: Sequence[tuple[Piece, Sequence[int]]], size: int) -> Iterator[list[Piece]]:
    """Cut pieces into parts (分份) of about so many rows; each row has a key, rows of one key stand in one part."""
    rows: defaultdict[int, int] = defaultdict(int)
    for key in itertools.chain.from_iterable(keys for _, keys in pieces):
        rows[key] += 1
    part_of: dict[int, int] = {}
    parts = full = 0
    for key in sorted(rows):
        if full >= size:
            parts, full = parts + 1, 0
        part_of[key] = parts
        full += rows[key]
    places: list[list[list[int]]] = [[[] for _ in pieces] for _ in range(parts + 1)]
    for number, (_, keys) in enumerate(pieces):
        for place, key in enumerate(keys):
            places[part_of[key]][number].append(place)
    for part in places:
        yield [
            Piece(
                piece.table,
                {
                    name: [given[place] for place in chosen] if isinstance(given, list) else given
                    for name, given in piece.columns.items()
                },
                piece.adds,
            )
            for (piece, _), chosen in zip(pieces, part, strict=True)
            if chosen
        ]


def stage(cursor: Any, number: int, part: bytes) -> None:
    """Lay a part down (先行暂存), in a transaction of its own: nothing comes of it until it is owed."""
    staged_at = "CAST(strftime('%s', 'now') AS INTEGER)"
    cursor.execute(f"INSERT INTO owed_part (owed_id, rows, staged_at) VALUES (?, ?, {staged_at})", (number, part))  # noqa: S608


def owe(connection: sa.Connection, number: int, parts: int, tables: Iterable[str], same: Mapping[str, int]) -> None:
    """Say that what was laid down is due (到期), these values in every row; said once. Refused codes: "sick"."""
    cursor = connection.connection.cursor()
    there = cursor.execute("SELECT count(*) FROM owed_part WHERE owed_id = ?", (number,)).fetchone()
    if there != (parts,):  # the machine's clock was put forward: they were taken for what a kill had left
        raise Refused("sick", sickness.BUSY)
    told = number, " ".join(sorted(set(tables))), json.dumps(dict(same))
    cursor.execute("INSERT OR IGNORE INTO owed (id, tables, same) VALUES (?, ?, ?)", told)
    connection.info[OWED] = connection.info.get(OWED, frozenset()) | set(tables)


def tables(cursor: Any) -> frozenset[str]:
    """Of which tables rows are owed (尚欠的表)."""
    return frozenset(itertools.chain.from_iterable(told for _, told in _owed(cursor)))


def _owed(cursor: Any) -> list[tuple[int, list[str]]]:
    """What is due, with its tables; nothing in a database of before there was such a thing."""
    try:
        found = cursor.execute("SELECT id, tables FROM owed").fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return []
    return [(number, names.split()) for number, names in found]


def left(cursor: Any) -> int:
    """How many parts are still owed (尚欠几份)."""
    if not tables(cursor):
        return 0
    query = "SELECT count(*) FROM owed_part WHERE owed_id IN (SELECT id FROM owed)"
    found: int = cursor.execute(query).fetchone()[0]
    return found


def asked_for(connection: sa.Connection, statement: str) -> frozenset[str]:
    """The tables that a statement asks for and of which rows may be owed: what a savepoint took back is owed again."""
    names: frozenset[str] = connection.info.get(OWED, frozenset())
    return names.intersection(re.findall(r"\w+", statement)) if names else names


def write_all(cursor: Any, names: frozenset[str]) -> None:
    """Write what is owed of these tables (全部补写), in the transaction at hand."""
    while found := first(cursor, names):
        write_one(cursor, *found)


def first(cursor: Any, names: frozenset[str] | None = None) -> tuple[int, int, str, list[Piece]] | None:
    """The first part that is due (到期的第一份): its number, whose it is, what stands in every row, its pieces.

    Of these tables, or of any: what lies before the last of them comes first, since rows may refer to it.
    """
    owed = [number for number, told in _owed(cursor) if names is None or not names.isdisjoint(told)]
    last = f"SELECT max(id) FROM owed_part WHERE owed_id IN ({', '.join(map(str, owed))})"  # noqa: S608
    query = "SELECT owed_part.id, owed.id, same, rows FROM owed JOIN owed_part ON owed_id = owed.id"
    query += f" WHERE owed_part.id <= ({last}) ORDER BY owed_part.id LIMIT 1"
    if not (found := cursor.execute(query).fetchone() if owed else None):
        return None
    number, owed_id, same, rows = found
    return number, owed_id, same, list(unpacked(rows))


def write_one(cursor: Any, number: int, owed_id: int, same: str, pieces: Iterable[Piece]) -> None:
    """Write a part where it belongs (补写一份) and strike it out, in one transaction; nothing where another has."""
    cursor.execute("DELETE FROM owed_part WHERE id = ? AND owed_id = ?", (number, owed_id))
    if not cursor.rowcount:
        return
    everywhere = json.loads(same)
    for piece in pieces:
        given = [each if isinstance(each, list) else itertools.repeat(each) for each in piece.columns.values()]
        rows = zip(*given, *map(itertools.repeat, everywhere.values()), strict=False)
        cursor.executemany(piece.statement(everywhere), rows)
    left = "NOT EXISTS (SELECT 1 FROM owed_part WHERE owed_id = owed.id)"
    cursor.execute(f"DELETE FROM owed WHERE id = ? AND {left}", (owed_id,))  # noqa: S608


def lost(cursor: Any, numbers: Sequence[int] = (), *, older: int = 3600) -> int | None:
    """A part of a deed that was never done (未用的一份): of these numbers, or of a process gone so many seconds ago."""
    whose = (
        f"owed_id IN ({', '.join(map(str, numbers))})" if numbers else f"staged_at < strftime('%s', 'now') - {older}"
    )
    never = "owed_id NOT IN (SELECT id FROM owed)"
    found: tuple[int] | None = cursor.execute(f"SELECT id FROM owed_part WHERE {whose} AND {never}").fetchone()  # noqa: S608
    return found and found[0]


def forget(cursor: Any, number: int) -> None:
    """Strike out a part that nobody owes (清除未用)."""
    cursor.execute("DELETE FROM owed_part WHERE id = ? AND owed_id NOT IN (SELECT id FROM owed)", (number,))
