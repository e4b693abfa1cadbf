"""Sick places (故障): a full or read-only disk, a damaged database, one that is away: told in words, once for all."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from core.ground.access import Refused
from core.ground.db.place import command, home_path, low, url

_NOTHING = "刚才的操作没有办理，已有的数据没有受影响。"
FULL = f"磁盘已满。{_NOTHING}请清理服务器的磁盘后重试。(the disk is full)"
READ_ONLY = (
    f"数据文件夹不能写入。{_NOTHING}请检查磁盘是否只读、运行本系统的账户有没有写入权限。(the data folder is read-only)"
)
DAMAGED = (
    "数据库文件已损坏，不能办理。请停止服务，原样保留现有文件，再用最近的备份恢复，在程序文件夹中执行："
    f"{command('restore 备份文件 --over')} (the database is damaged)"
)
AWAY = f"连接不上数据库。{_NOTHING}请确认数据库服务已启动、网络正常，再重试。(the database cannot be reached)"
BUSY = f"数据库正忙。{_NOTHING}请稍后重试。(the database is busy)"
RESTORING = "系统正在从备份恢复，请过几分钟再打开，用恢复后的账号登录。(being restored)"
FAILING = f"磁盘读写出错。{_NOTHING}请检查磁盘和备份。(the disk is failing)"

_OF_FILES = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.EIO: FAILING,
}
_OF_SQLITE = {
    "disk is full": FULL,
    "readonly database": READ_ONLY,
    "unable to open database file": READ_ONLY,
    "attempt to write a readonly": READ_ONLY,
    "malformed": DAMAGED,
    "is not a database": DAMAGED,
    "disk I/O error": FAILING,
    "database is locked": BUSY,
}
_NO_ROOM = ("disk I/O error", "unable to open database file", "readonly database")
"""What SQLite says too where the disk has no room for the files that it opens beside the database."""
_OF_POSTGRESQL = {"53100": FULL, "25006": READ_ONLY, "XX001": DAMAGED, "XX002": DAMAGED, "58030": FAILING}
"""By SQLSTATE; that of a connection begins with 08, of a server that stops with 57P, of too many who ask with 53."""


def sickness(error: BaseException) -> str:
    """What ails the place where the office lives (故障), in words; "" where an error is another matter: a bug."""
    match error:
        case sa.exc.TimeoutError():
            return BUSY
        case sa.exc.DBAPIError(orig=BaseException() as told):
            said, state = str(told), getattr(told, "sqlstate", "") or ""
            if state or type(told).__module__.startswith("psycopg"):
                if not state or state.startswith(("08", "57P")):
                    return AWAY if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) else ""
                return _OF_POSTGRESQL.get(state, BUSY if state.startswith("53") else "")
            return _of_sqlite(said)
        case sqlite3.Error():
            return _of_sqlite(str(error))
        case OSError(errno=int() as number):
            return _OF_FILES.get(number, "")
    return ""


def _of_sqlite(said: str) -> str:
    if any(part in said for part in _NO_ROOM) and _full():
        return FULL
    return next((words for part, words in _OF_SQLITE.items() if part in said), "")


def _full() -> bool:
    """Whether the disk that the database lies on has no room left; False where it cannot be asked."""
    with contextlib.suppress(OSError, Refused):
        database = sa.make_url(url()).database
        place = Path(database).parent if database else home_path()
        return os.access(place, os.W_OK) and low(place)  # a CD is full, too
    return False


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Have what ails the place refused in words. Refused codes: "sick"."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, OSError) as error:
        if words := sickness(error):
            raise Refused("sick", words) from error
        raise
