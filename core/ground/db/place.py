"""Where the office lives: its folder (`CE_HOME`), its database, its calendar day."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from core.ground.access import Refused

ROOT = Path(__file__).resolve().parents[3]
OFFICE_ZONE = timezone(timedelta(hours=8), "UTC+8")
"""Days are counted in China Standard Time, which has had no summer time since 1991."""


def office_day(moment: datetime) -> date:
    """The calendar day at the office for an aware moment."""
    return moment.astimezone(OFFICE_ZONE).date()


def office_minute(moment: datetime) -> str:
    """A moment as the office writes it (办公时间), to the minute: 2024-06-28 09:30."""
    return f"{moment.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}"


def day_begins(day: date) -> datetime:
    """The moment at which a calendar day begins at the office."""
    return datetime.combine(day, time.min, OFFICE_ZONE)


def day_ends(day: date) -> datetime:
    """The last moment of a calendar day at the office."""
    return datetime.combine(day, time.max, OFFICE_ZONE)


def command(deed: str) -> str:
    """A command of the system (命令行) as it runs on this machine, in the program's folder: by our own Python."""
    python = Path(sys.executable)
    python = python.relative_to(ROOT) if python.is_relative_to(ROOT) else python
    return f'"{python}" -m core {deed}' if " " in str(python) else f"{python} -m core {deed}"


def home() -> Path:
    """Where everything lives that is not code: database, keys, attachments (`CE_HOME`). Refused codes: "sick"."""
    path = home_path()
    if not os.path.isdir(path):  # noqa: PTH112  asked at every question
        if path.exists():
            raise Refused(
                "sick",
                f"CE_HOME 写的 {path} 是一个文件，应是数据文件夹。请改为文件夹的路径再启动。(CE_HOME names a file)",
            )
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(
                "sick",
                f"数据文件夹 {path} 不存在，也建不了（{error.strerror}）。请把环境变量 CE_HOME 改为运行本系统的账户"
                "能写入的文件夹，接好所在的硬盘，再重新启动。(CE_HOME cannot be made)",
            ) from error
    return path


def home_path() -> Path:
    return _home_path(os.environ.get("CE_HOME"))


@functools.lru_cache(maxsize=8)
def _home_path(given: str | None) -> Path:
    return Path(given or ROOT / "data" / "local")


def key_path() -> Path:
    """Where the office's secret lies: `CE_KEY_FILE`, or `secret.key` in `CE_HOME`."""
    return _key_path(os.environ.get("CE_KEY_FILE"), os.environ.get("CE_HOME"))


@functools.lru_cache(maxsize=8)
def _key_path(given: str | None, _home_given: str | None) -> Path:
    return Path(given) if given else home_path() / "secret.key"


def writable() -> bool:
    """Whether the office's folder can be written (数据文件夹能否写入)."""
    return os.access(home(), os.W_OK)


_SHARED = 2**15
"""Bytes of what those who have a database open share, at the least: less was left by one that found no room for it."""
_NEEDED = 2**17
"""Bytes that the files that SQLite keeps beside a database take at the least."""


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def low(folder: Path) -> bool:
    """Whether a disk says that it has no room for what SQLite keeps beside a database (磁盘空间不足)."""
    return shutil.disk_usage(folder).free < _NEEDED


def full(folder: Path) -> bool:
    """Whether a disk has no room for what SQLite keeps beside a database (磁盘已满): where it says so, it is tried."""
    if not low(folder):
        return False
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_NEEDED))
    except OSError:
        return True
    return False


def as_it_lies(file: Path) -> str:
    """How SQLite opens a database whose folder cannot be written, or is full (只读打开), as its query; "" of any other.

    It could make none of the files that it keeps beside the database. Where there are none, nobody has it open, and it
    is read as it lies. Refused codes: "sick" (the last changes lie beside it, and cannot be read there).
    """
    log, shared = (file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))
    shut = not os.access(file.parent, os.W_OK)
    if not file.exists() or not (shut or (_size(shared) < _SHARED and full(file.parent))):
        return ""
    if not _size(log):
        return "mode=ro&immutable=1"
    if shut and shared.exists():
        return "mode=ro"
    ill = "不能写入" if shut else "所在的磁盘已满"
    raise Refused(
        "sick",
        f"数据文件夹 {file.parent} {ill}，最近的改动还在 {log.name} 里，在原处读不出来。请把整个数据文件夹"
        f"（{file.name} 和 {log.name} 须在一起）复制到能写入的地方，把 CE_HOME 改为那里，再执行一次。"
        "(copy the folder to where it can be written)",
    )


def open_as_it_lies(_dialect: Any, _record: Any, given: list[Any], named: dict[str, Any]) -> None:
    """Event of SQLAlchemy (do_connect): have SQLite open a database as `as_it_lies` says."""
    file = Path(given[0])
    if how := as_it_lies(file):
        given[0], named["uri"] = f"{file.absolute().as_uri()}?{how}", True


def url() -> str:
    """The database in use: `DATABASE_URL`, or SQLite in `CE_HOME`."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        return f"sqlite:///{home() / 'office.db'}"
    for scheme in ("postgres://", "postgresql://"):
        if given.startswith(scheme):
            return "postgresql+psycopg://" + given.removeprefix(scheme)
    return given
