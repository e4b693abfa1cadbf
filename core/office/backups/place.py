"""Where backups lie (备份位置): the folder that the office chose, what is in it, and whether it answers."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from core.courses import courses
from core.ground import db, typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Organization
from core.office.backups.archive import MANIFEST, PAYLOAD, SUFFIX, opened, with_lessons
from core.people import setup
from core.trail import audit


@dataclass(frozen=True)
class Kept:
    """A backup on the disk (已有的备份)."""

    path: Path
    made_at: datetime
    size: int


def folder(session: Session) -> Path:
    """Where backups are kept (备份位置): the folder, share or stick that the office chose; by default in `CE_HOME`."""
    return Path(setup.setting(session, "backup.folder") or db.home() / "backups")


def lessons_size() -> tuple[int, int]:
    """How many files of lessons there are, and their bytes (课件数量和大小)."""
    sizes = [each.stat().st_size for each in courses.folder().rglob("*") if each.is_file()]
    return len(sizes), sum(sizes)


@deed
def choose_lessons(session: Session, included: bool, *, actor: Actor, now: datetime) -> None:
    """Choose whether backups have the files of lessons (课件是否随备份). Refused codes: "role"."""
    require_keeper(actor)
    before = with_lessons(session)
    setup.decide_setting(session, "backup.lessons", "yes" if included else "no")
    told = {"lessons": before}, {"lessons": included}
    region = session.get_one(Organization, 1)
    audit.record(session, audit.Event.BACKUP_PLACED, region, actor=actor, before=told[0], after=told[1], now=now)


@deed
def choose_folder(session: Session, place: str, *, actor: Actor, now: datetime) -> Path:
    """Choose where backups are kept (选择备份位置). Refused codes: "role", "folder" (not to be written)."""
    require_keeper(actor)
    chosen = Path(typed.text(place))
    if not chosen.is_absolute() or not chosen.is_dir() or not os.access(chosen, os.W_OK):
        raise Refused(
            "folder", f"“{place}”不是这台服务器上可以写入的文件夹，请填写完整路径，如 E:\\备份 或 /mnt/backup。"
        )
    before = folder(session)
    setup.decide_setting(session, "backup.folder", str(chosen))
    setup.decide_setting(session, "backup.apart", "no" if _disk(chosen) == _disk(db.home()) else "yes")
    told = {"folder": str(before)}, {"folder": str(chosen)}
    region = session.get_one(Organization, 1)
    audit.record(session, audit.Event.BACKUP_PLACED, region, actor=actor, before=told[0], after=told[1], now=now)
    return chosen


def require_keeper(actor: Actor) -> None:
    """Who looks after backups (备份管理): the region's administrator. Refused codes: "role"."""
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "备份由自治区人社厅的管理员办理。")


_NAMED = {"ce-%Y-%m-%d_%H-%M-%S": db.OFFICE_ZONE, "ce-%Y%m%d-%H%M%S": UTC}
"""How a backup is named by the office's time, and how earlier releases named theirs."""


def _named(path: Path) -> datetime | None:
    """The moment in a backup's name; None where it is none that the routine made."""
    for form, zone in _NAMED.items():
        with contextlib.suppress(ValueError):
            return datetime.strptime(path.stem, form).replace(tzinfo=zone).astimezone(UTC)
    return None


def kept(place: Path) -> list[Kept]:
    """The backups in a folder, the newest first; by the moment in their names. None where it cannot be read."""
    found = []
    with contextlib.suppress(OSError):  # a share that is away
        for path in place.glob(f"ce-*{SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # taken away meanwhile
                if made_at := _named(path):
                    found.append(Kept(path, made_at, path.stat().st_size))
    return sorted(found, key=lambda each: each.made_at, reverse=True)


def latest(place: Path, now: datetime) -> Kept | None:
    """The last good backup (最近一份): what lies there now and is not cut short, whatever was made or noted elsewhere.

    It was verified before it had its name. One of tomorrow was made before a clock was set back, and is as old as it is
    far ahead: it holds up nothing.
    """
    for each in sorted(kept(place), key=lambda each: abs(now - each.made_at)):
        with contextlib.suppress(Refused, OSError), opened(each.path) as outer:
            there = set(outer.getnames())  # which goes through the file to its end, but reads its heads alone
            if {PAYLOAD, MANIFEST} <= there:
                return each
    return None


@dataclass(frozen=True)
class Seen:
    """What lies where backups are kept (备份位置的情况), as it was read last."""

    kept: tuple[Kept, ...] = ()
    """The newest first."""
    last: Kept | None = None
    """The last good one."""
    beside: bool = False
    """Whether they lie on the office's own disk, and would be lost with it."""
    unread: datetime | None = None
    """Since when the place gives no answer; the rest is of the time before."""


PATIENCE = 1.0
"""Seconds that a place has to answer in; who asks after that does not wait at all."""


class _Look:
    """One look at a place, in a thread of its own: a share that hangs holds that, and nobody who asks."""

    def __init__(self, place: Path, now: datetime) -> None:
        self.began, self.late, self.seen = now, False, Seen()
        self._place, self._over = place, threading.Event()
        threading.Thread(target=self._read, name="backups", daemon=True).start()

    def _read(self) -> None:
        try:
            found = tuple(kept(self._place)), latest(self._place, self.began), _disk(self._place) == _disk(db.home())
            self.seen = Seen(*found)
        finally:
            self._over.set()

    def answered(self) -> bool:
        """Whether it is over, for which the first who asks waits a moment."""
        if not self._over.wait(0 if self.late else PATIENCE):
            self.late = True
        return self._over.is_set()


_looks: dict[Path, _Look] = {}
"""The look at each place that is not over."""

_last_seen: dict[Path, Seen] = {}


def seen(place: Path, now: datetime) -> Seen:
    """Look where backups are kept (查看备份位置); without an answer what was seen there last, and since when."""
    look = _looks.get(place)
    if look is None:
        look = _looks[place] = _Look(place, now)
    if not look.answered():
        return replace(_last_seen.get(place, Seen()), unread=look.began)
    _looks.pop(place, None)
    if look.late:  # it is of the time when the place hung
        return seen(place, now)
    _last_seen[place] = look.seen
    return look.seen


def answering(place: Path, now: datetime) -> Seen:
    """As `seen`. Refused codes: "folder" (it gives no answer)."""
    found = seen(place, now)
    if found.unread:
        raise Refused("folder", no_answer(place, found.unread))
    return found


def no_answer(place: Path, since: datetime) -> str:
    when = db.office_minute(since)
    return f"备份位置 {place} 从{when}起没有应答，读不出来。请检查移动硬盘、共享文件夹和网络，或另选一处。"


def _disk(place: Path) -> int:
    """On which disk or share a folder lies, or would, once it is made; 0 where nothing says."""
    with contextlib.suppress(OSError, StopIteration):
        return next(each for each in (place, *place.parents) if each.exists()).stat().st_dev
    return 0
