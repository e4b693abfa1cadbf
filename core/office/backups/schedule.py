"""The day's backup (例行备份): made when it is due, kept by rule, drilled weekly, told to who looks after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.ground.deeds import deed
from core.models import Organization
from core.office.backups.archive import SUFFIX, make, stamp, with_lessons
from core.office.backups.place import Seen, answering, folder, kept, latest, no_answer, require_keeper, seen
from core.office.backups.restoring import drill
from core.people import setup
from core.trail import audit

DAILY, WEEKLY, MONTHLY = 14, 8, 12
"""How many backups are kept: the last of so many days, weeks and months."""
STALE = timedelta(days=2)
"""A last good backup older than this is warned of."""


def to_keep(moments: Sequence[datetime]) -> set[datetime]:
    """Which backups stay (保留规则): the last of each of 14 days, 8 weeks and 12 months that have any."""
    stay: set[datetime] = set()
    local = sorted((each.astimezone(db.OFFICE_ZONE) for each in moments), reverse=True)
    for form, most in (("%Y-%m-%d", DAILY), ("%G-%V", WEEKLY), ("%Y-%m", MONTHLY)):
        last_of: dict[str, datetime] = {}
        for each in local:
            last_of.setdefault(each.strftime(form), each)
        stay |= set(list(last_of.values())[:most])
    return {each.astimezone(UTC) for each in stay}


def routine(*, now: datetime) -> Path:
    """The day's backup (例行备份) into the office's folder, and away with what the rule no longer keeps.

    Refused codes: those of `make`; "folder" (it cannot be written).
    """
    with db.reading() as session:
        place, apart = folder(session), setup.setting(session, "backup.apart") == "yes"
    if answering(place, now).beside and apart:
        raise Refused("folder", f"备份位置 {place} 所在的移动硬盘或共享文件夹没有接上，没有备份。请接好，或另选一处。")
    target = place / f"ce-{stamp(now)}{SUFFIX}"
    try:
        if place == db.home() / "backups":
            place.mkdir(exist_ok=True)
        make(target, now=now)
        stay = to_keep([each.made_at for each in kept(place)])
        for each in kept(place):
            if each.made_at not in stay and each.path != target:  # whatever days a clock once gave the others
                each.path.unlink()
    except OSError as error:
        raise Refused(
            "folder", f"备份位置 {place} 写不进去：{error.strerror}。请接好移动硬盘、连上共享文件夹，或另选一处。"
        ) from error
    return target


def scheduled(*, now: datetime) -> None:
    """What is due today (定时备份): a backup where the last good one is a day old or gone, a drill weekly.

    What hinders it is kept for the administrator to read, and tried again at the next call. A demonstration is not
    backed up.
    """
    with db.reading() as session:
        told, place = setup.settings(session), folder(session)
        actor = setup.system_actor(session) if told.get("office") == "empty" else None
    if actor is None:
        return
    try:
        last = answering(place, now).last
        if last is None or abs(now - last.made_at) > DAY:
            path = routine(now=now)
            with db.transaction() as session:
                record(session, path, actor=actor, now=now)
            last = latest(place, now)
        if last and _age(told.get("backup.drill"), now) > WEEK:
            found = drill(last.path)
            with db.transaction() as session:
                record(session, last.path, actor=actor, now=now, found=found)
    except Refused as refused:
        with db.transaction() as session:
            setup.decide_setting(session, "backup.trouble", refused.words)


DAY, WEEK = timedelta(hours=22), timedelta(days=7)
"""How old the last backup and the last drill may be before the next is due; a full day would drift to noon."""


def _age(moment: str | None, now: datetime) -> timedelta:
    """How long ago something was remembered (`record`); for ever, where it never was.

    What lies ahead was remembered before the clock was set back, and is as old as it is far: it holds up nothing.
    """
    return abs(now - datetime.fromisoformat(moment.partition(" ")[0])) if moment else timedelta.max


@deed
def record(session: Session, path: Path, *, actor: Actor, now: datetime, found: Sequence[str] | None = None) -> None:
    """Remember a good backup, or what its drill found (`found`), in the trail.

    Of those that lie where backups are kept also for the home page: what was made elsewhere puts nothing off.
    """
    region = session.get_one(Organization, 1)
    told = {"file": path.name, "size": path.stat().st_size}
    ours = path.resolve().parent == folder(session).resolve()
    if found is None:
        if ours:
            setup.decide_setting(session, "backup.trouble", "")
        audit.record(session, audit.Event.BACKED_UP, region, actor=actor, after=told, now=now)
        return
    if ours:
        setup.decide_setting(session, "backup.drill", f"{now.astimezone(UTC).isoformat()} {len(found)}")
    told |= {"faults": len(found)}
    audit.record(session, audit.Event.BACKUP_DRILLED, region, actor=actor, after=told, now=now)


@dataclass(frozen=True)
class Standing:
    """Backup status (备份情况): where backups lie, when the last good one and the last drill were."""

    folder: Path
    last: datetime | None
    """When the last good one that still lies there was made."""
    drilled: datetime | None
    faults: int
    """What the last drill found wrong."""
    trouble: str = ""
    """Why the last routine did not come about, in words; "" where it did."""
    lessons: bool = True
    """Whether backups have the files of lessons."""
    seen: Seen = field(default_factory=Seen)
    """What lies there."""

    @property
    def silent(self) -> str:
        """That the place gives no answer, and since when (备份位置没有应答), in words; "" where it does."""
        return no_answer(self.folder, self.seen.unread) if self.seen.unread else ""

    def stale(self, now: datetime) -> bool:
        """Whether the last good backup is too old, or there is none; one of tomorrow says that a clock was wrong."""
        return self.last is None or abs(now - self.last) > STALE


def standing(session: Session, actor: Actor, *, now: datetime) -> Standing:
    """When the last good backup and the last drill were (备份情况). Refused codes: "role"."""
    require_keeper(actor)
    place = folder(session)
    found = seen(place, now)
    moment, _, faults = (setup.setting(session, "backup.drill") or "").partition(" ")
    return Standing(
        place,
        found.last.made_at if found.last else None,
        datetime.fromisoformat(moment) if moment else None,
        int(faults or 0),
        setup.setting(session, "backup.trouble") or "",
        with_lessons(session),
        found,
    )
