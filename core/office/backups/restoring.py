"""Back out of a backup (恢复): over a living office by two people, before an upgrade, and in a drill beside it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses
from core.eligibility import drafts
from core.ground import db, names, resident_id, typed
from core.ground.access import Actor, Refused, Role
from core.ground.deeds import deed
from core.models import Account, AuditEntry, CreditBatch, Organization
from core.office.backups.archive import (
    SUFFIX,
    Manifest,
    describe,
    heads,
    make,
    manifest_in,
    openable,
    opened,
    stamp,
    unpack,
    verify,
)
from core.office.backups.place import folder, kept, require_keeper
from core.people import accounts, setup
from core.trail import audit


def restore(source: Path, *, over: bool = False, passphrase: str = "", now: datetime) -> Path | None:
    """Put an office back from a backup (恢复): its database, its files and, with a passphrase, its secret.

    Nobody may be using the office meanwhile. Over a living office (`over`) the former one is put aside first, as a
    backup of its own, whose place is answered. Refused codes: "backup", "key", "passphrase", "open" (there is an
    office, and `over` was not said), "database" (a backup of the other kind of database), "tools".
    """
    with opened(source) as outer:
        manifest = manifest_in(outer, source)  # what it holds is checked as it is opened, before anything changes
    if manifest.database != db.dialect():
        raise Refused(
            "database",
            f"这份备份来自 {manifest.database}，现用的数据库是 {db.dialect()}，两种数据库的备份不能互相恢复。",
        )
    sound, living = _living()
    if living and not over:
        raise Refused(
            "open",
            "这里已有一个系统，恢复会用备份换掉它。确要恢复的，请先停止服务，再加 --over（原有的会先另存一份）。"
            "(there is an office here: stop it, then say --over)",
        )
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=db.home()) as scratch:
        folder = Path(scratch)
        place = db.home() / "aside" / f"{stamp(now)}{SUFFIX if sound else '-damaged'}"
        with contextlib.nullcontext() if sound else _damaged_aside(place):
            unpack(source, folder, passphrase=passphrase)
        aside = place if living else None
        if aside and sound:
            aside.parent.mkdir(exist_ok=True)
            make(aside, now=now)
            db.close()
        _files_back(folder / "home")  # first: under their digests they harm nobody, and the database needs them
        if (folder / "secret.key").exists():
            _use_secret(folder / "secret.key", place)
        db.put_back(folder / "database")
    db.keys()
    db.upgrade()
    return aside


def over_living(
    name: str, *, said: str, dated: str, passphrase: str = "", actor: Actor, now: datetime, real: datetime
) -> Path:
    """Restore over the office while it serves (从网页恢复), asked twice; everybody has to sign in anew.

    `name`: one of the backups kept; `said` and `dated`: the two answers, 恢复 and the day of the backup. Nobody else of
    this process gets at the database meanwhile; where it fails, the office stands as before. Answers where the former
    office is. Where there is another administrator, four eyes: one asks (`ask_to_restore`), the other
    does it. Refused codes: "role", "missing", "asked" (nobody has asked for this one), "self", "confirm", "sick", those
    of `restore`.
    """
    require_keeper(actor)
    with db.reading() as session:
        found = [each.path for each in kept(folder(session)) if each.path.name == name]
        by = _agreed(session, name, actor, now)
    if not found:
        raise Refused("missing", f"备份位置里没有 {name}，请刷新页面。")
    manifest = verify(found[0], passphrase=passphrase)
    if (typed.text(said), typed.text(dated)) != (WORD, str(manifest.day)):
        raise Refused("confirm", f"请输入“{WORD}”，并输入备份的日期 {manifest.day}，什么也没有做。")
    with db.alone():
        aside = restore(found[0], over=True, passphrase=passphrase, now=real)
        with db.transaction() as session:
            restored(session, found[0], aside, now=now, by=by)
            setup.decide_setting(session, _ASKED, "")  # what was asked of the office as it was when the backup was made
            accounts.end_sign_ins(session, sa.true(), real)
            drafts.install(session)
    assert aside  # there was an office: somebody acts in it
    return aside


WORD = "恢复"
"""What has to be typed before an office is put aside."""
ASKED_FOR = timedelta(days=7)
"""So long what one administrator asked for can be done by another."""
_ASKED = "restore.asked"
"""The setting: what was asked for (`Asked`) as JSON, "" where nothing is."""


@dataclass(frozen=True)
class Asked:
    """That the office be put back from a backup (提请恢复): what one administrator has asked another to do."""

    file: str
    by: str
    account: int | None
    at: datetime
    reason: str


def asked(session: Session, actor: Actor, *, now: datetime) -> Asked | None:
    """What an administrator has asked for (提请的恢复), while it holds. Refused codes: "role"."""
    require_keeper(actor)
    if not (said := setup.setting(session, _ASKED)):
        return None
    told = json.loads(said)
    found = Asked(**told | {"at": datetime.fromisoformat(told["at"])})
    return found if abs(now - found.at) <= ASKED_FOR else None


def takes_two(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Whether there is another administrator to restore with (四只眼): another person, with an account of the region.

    One whose account the actor closed within a day counts as well: nobody is left alone by shutting the others out.
    """
    closed = sa.and_(
        AuditEntry.record == "account",
        AuditEntry.event == audit.Event.ACCOUNT_CLOSED.value,
        AuditEntry.account_id == actor.account_id,
    )
    shut = {account for account, _ in audit.lately(session, closed, now - accounts.TOO_NEW, now=now)}
    others = sa.select(Account.name).where(
        Account.role == Role.ADMIN,
        Account.organization_id == actor.organization_id,
        Account.id != actor.account_id,
        sa.or_(Account.active, Account.id.in_(shut)),
    )
    return any(not names.same(actor.name, name) for name in session.scalars(others))


@deed
def ask_to_restore(session: Session, name: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Ask that the office be put back from one of its backups (提请恢复); another administrator does it.

    What was asked for before is replaced. Refused codes: "role", "missing", "reason".
    """
    require_keeper(actor)
    if name not in {each.path.name for each in kept(folder(session))}:
        raise Refused("missing", f"备份位置里没有 {name}，请刷新页面。")
    if not (reason := resident_id.without(typed.prose(reason))):
        raise Refused("reason", "请填写恢复的原因，它会留在审计日志里。")
    told = {"file": name, "by": actor.name, "account": actor.account_id, "at": now.isoformat(), "reason": reason}
    setup.decide_setting(session, _ASKED, db.canonical(told))
    _told(session, audit.Event.RESTORE_ASKED, name, actor, reason, now)


@deed
def drop_restore(session: Session, *, actor: Actor, now: datetime) -> None:
    """Take back what was asked for (撤回提请). Refused codes: "role", "done" (nothing is asked for)."""
    found = asked(session, actor, now=now)
    if found is None:
        raise Refused("done", "没有待办的恢复申请，请刷新页面。")
    setup.decide_setting(session, _ASKED, "")
    _told(session, audit.Event.RESTORE_DROPPED, found.file, actor, found.reason, now)


def _told(session: Session, event: audit.Event, name: str, actor: Actor, reason: str, now: datetime) -> None:
    region = session.get_one(Organization, 1)
    audit.record(session, event, region, actor=actor, after={"file": name}, reason=reason, now=now)


def _agreed(session: Session, name: str, actor: Actor, now: datetime) -> str:
    """By whom the office is put back: the actor alone, or with who asked for it. Refused codes: "asked", "self"."""
    if not takes_two(session, actor, now=now):
        return actor.name
    found = asked(session, actor, now=now)
    if found is None or found.file != name:
        raise Refused("asked", f"恢复须由两名管理员办理：请一人先提请用 {name} 恢复，再由另一人恢复。")
    accounts.two_people(session, actor, found.account, now=now, what="恢复")
    return f"{found.by}、{actor.name}"


def restored(session: Session, source: Path, aside: Path | None, *, now: datetime, by: str = "") -> None:
    """The restored office's first line in its trail: from which backup, where the former office was put, by whom.

    `by` is a name: the restored office may know no such account.
    """
    told = {"file": source.name, "aside": aside.name if aside else ""} | ({"by": by} if by else {})
    region, actor = session.get_one(Organization, 1), setup.system_actor(session)
    audit.record(session, audit.Event.RESTORED, region, actor=actor, after=told, now=now)


def upgrade(*, now: datetime) -> Path | None:
    """Bring the database to this version (升级), with a backup of the office as it was, whose place is answered.

    Where it is of this version already, or empty, nothing is backed up. The way back: the former program, then its
    `restore` of that backup. Refused codes: those of `make`; nothing is upgraded then.
    """
    behind = False
    if is_installed():
        with db.reading() as session:
            behind = bool(db.outdated(session))
    elif words := lost():
        raise Refused("lost", words)
    aside = _before_upgrade(now) if behind else None
    db.upgrade()
    return aside


def _before_upgrade(now: datetime) -> Path:
    """The office as it was before an upgrade, once: one that fails is tried again at every start."""
    place = db.home() / "aside"
    place.mkdir(exist_ok=True)
    with db.reading() as session:
        present = heads(session)
    for last in sorted(place.glob(f"before-upgrade-*{SUFFIX}"), reverse=True)[:1]:
        with contextlib.suppress(Refused, OSError):
            told = asdict(describe(last))
            if told["key"] == db.keys().fingerprints[0] and all(told[name] == head for name, head in present.items()):
                return last
    aside = place / f"before-upgrade-{stamp(now)}{SUFFIX}"
    make(aside, now=now)
    return aside


def is_installed() -> bool:
    """Whether there is a database of ours here (已建库), of whatever version; asking makes none."""
    if not db.is_there():
        return False
    with db.reading() as session:
        return db.installed(session)


def lost() -> str:
    """That the database is gone or empty although its office's attachments are here (数据库不见了), in words, or ""."""
    if not any((db.home() / "files").glob("??/*")):
        return ""
    return (
        f"{db.home()} 里有附件，数据库却不见了或是空的，所以没有另建。请放回数据库，或从备份恢复："
        f"在程序文件夹中执行 {db.command('restore 备份文件')} (attachments without their database)"
    )


def drill(source: Path, *, passphrase: str = "") -> list[str]:
    """Restore a backup beside the office and check it there (恢复演练): what was found wrong; nothing where it stands.

    The very commands a restore takes, in a scratch folder and a scratch database: `restore`, then `check`; and ledger
    and trail must have come by the heads that the backup names. Refused codes: "backup", "key" (missing, or the backup
    was made under another), "passphrase", "scratch".
    """
    manifest = openable(source, passphrase=passphrase)
    with tempfile.TemporaryDirectory(prefix=".drill-", dir=db.home()) as scratch:
        folder = Path(scratch) / "office"
        folder.mkdir()
        with db.scratch(folder) as address:
            own = {
                "CE_HOME": str(folder),
                "DATABASE_URL": address,
                "PYTHONUTF8": "1",
                "CE_BACKUP_PASSPHRASE": passphrase,
            }
            own["CE_KEY_FILE"] = str(folder / "secret.key" if passphrase else db.key_path())
            if not manifest.lessons:
                own["CE_COURSES"] = str(courses.folder())
            for command in (["restore", str(source)], ["check"]):
                done = subprocess.run(
                    [sys.executable, "-m", "core", *command], cwd=db.ROOT, env=os.environ | own, **_CAUGHT
                )
                if done.returncode:
                    said = (done.stdout or done.stderr).splitlines()
                    return said or [f"{db.command(command[0])} ended with {done.returncode}"]
            return _apart(manifest, address)


_CAUGHT: Any = {"capture_output": True, "encoding": "utf-8", "errors": "replace", "check": False}


def _apart(manifest: Manifest, address: str) -> list[str]:
    """Where a restored ledger and trail did not come by the heads that a backup names."""
    asked = sa.create_engine(address, poolclass=sa.NullPool)
    with Session(asked) as session:
        chain = session.scalar(sa.select(CreditBatch.chain).where(CreditBatch.id == manifest.batches)) or ""
        digest = session.scalar(sa.select(AuditEntry.digest).where(AuditEntry.id == manifest.lines)) or ""
    found = [f"credit batch {manifest.batches} is not the one that the backup names"] * (chain != manifest.ledger)
    return found + [f"audit line {manifest.lines} is not the one that the backup names"] * (digest != manifest.trail)


def _living() -> tuple[bool, bool]:
    """Whether the database here can be read, and whether an office is in it that a restore would put away."""
    try:
        with db.reading() as session:
            return True, db.installed(session) and (bool(db.outdated(session)) or setup.is_open(session))
    except Refused:
        if db.dialect() != "sqlite":  # one that is away cannot be put away either
            raise
        return False, True


@contextlib.contextmanager
def _damaged_aside(aside: Path) -> Iterator[None]:
    """Put the files of a damaged database aside as they are, and back where the block fails: nothing is improved on."""
    place = Path(sa.make_url(db.url()).database or "")
    db.close()
    aside.mkdir(parents=True)
    for path in place.parent.glob(f"{place.name}*"):
        path.rename(aside / path.name)
    try:
        yield
    except BaseException:
        for path in aside.iterdir():
            path.rename(place.parent / path.name)
        aside.rmdir()
        raise


def _use_secret(given: Path, aside: Path) -> None:
    """Put the secret of a backup in place; the former one stays beside the former office, which opens with no other."""
    held = [bytes.fromhex(line) for line in given.read_text("ascii").split()]
    if db.has_keys() and db.held_secrets() != held:
        aside.parent.mkdir(parents=True, exist_ok=True)
        former = aside.with_name(f"{aside.name}.secret.key")
        former.touch(mode=0o600)
        shutil.copyfile(db.key_path(), former)
    db.use_secrets(held)


def _files_back(source: Path) -> None:
    """Put the files of a backup where they belong; one that is there already under its digest stays."""
    for path in sorted(source.rglob("*")) if source.exists() else ():
        if path.is_file():
            place = db.home() / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
