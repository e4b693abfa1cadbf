"""Backups (备份): one encrypted file with everything the office is, verified, kept by rule, restored and drilled.

The file is a tar archive of an open manifest, of `payload.age` (database and `CE_HOME`'s files, age-encryption.org/v1)
and of the key to it: sealed (AES-GCM) under the office's own secret, and where one was asked for under a passphrase
too. Only a file with a passphrase holds the office's secret itself.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import pyrage  # type: ignore[import-untyped]
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy.orm import Session

from core.courses import courses
from core.eligibility import drafts
from core.ground import db, names, resident_id, typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Account, AuditEntry, CreditBatch, Organization
from core.people import accounts, setup
from core.trail import audit

FORMAT = 1
SUFFIX = ".cebak"
DAILY, WEEKLY, MONTHLY = 14, 8, 12
"""How many backups are kept: the last of so many days, weeks and months."""
STALE = timedelta(days=2)
"""A last good backup older than this is warned of."""
SHORTEST = 12
"""Characters of a passphrase."""
_APART = ("office.db", "secret.key", "backups", "aside")
"""What of `CE_HOME` is no file of the payload: the database goes in as a copy, the secret only under a passphrase."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself without a key (备份说明)."""

    made_at: str
    database: str
    """"sqlite" or "postgresql"; a backup goes back into the same kind."""
    key: str
    """Fingerprint of the secret it was made under."""
    passphrase: bool
    batches: int
    ledger: str
    """Head of the ledger: the last batch's chain value."""
    lines: int
    trail: str
    """Head of the trail: the last line's digest."""
    files: int
    payload: str
    """SHA-256 of the encrypted payload."""
    format: int = FORMAT
    lessons: bool = True
    """Whether the files of lessons (课件) are in it; see `with_lessons`."""

    @property
    def day(self) -> date:
        """The office's day on which it was made (备份日期), which a restore asks for."""
        return db.office_day(datetime.fromisoformat(self.made_at))


@dataclass(frozen=True)
class Kept:
    """A backup on the disk (已有的备份)."""

    path: Path
    made_at: datetime
    size: int


def heads(session: Session) -> dict[str, Any]:
    """The heads of ledger and trail (账目和日志的末端): what a restored office must have come by again."""
    batch = session.execute(
        sa.select(CreditBatch.id, CreditBatch.chain).order_by(CreditBatch.id.desc()).limit(1)
    ).first()
    line = session.execute(sa.select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)).first()
    told = dict(zip(("batches", "ledger"), batch or (0, ""), strict=True))
    return told | dict(zip(("lines", "trail"), line or (0, ""), strict=True))


def make(target: Path, *, now: datetime, passphrase: str = "") -> Manifest:
    """Make a backup (备份) while the office is in use, verify it, and only then give it its name.

    No folder is made for it: one that is not there is most often a stick or a share that is not connected, and the
    backup would lie on the office's own disk. Refused codes: "folder", "exists", "passphrase" (too short), "key",
    "tools", "backup" (nothing is left behind then).
    """
    if not target.parent.is_dir():
        raise Refused(
            "folder",
            f"没有文件夹 {target.parent}，没有备份。请接好移动硬盘、连上共享文件夹，或先建好它。(no such folder)",
        )
    if target.exists():
        raise Refused("exists", f"{target} 已经存在，备份不覆盖任何文件，请换一个文件名。(it exists)")
    if passphrase and len(passphrase) < SHORTEST:
        raise Refused("passphrase", f"备份口令至少{SHORTEST}个字：拿到文件的人可以无限次地猜。")
    keys = db.keys()
    with db.reading() as session:  # before the copy: what it has may go on from here, and must have come by it
        told = heads(session) | {"lessons": with_lessons(session)}
    identity, whole = pyrage.x25519.Identity.generate(), target.with_name(f".{target.name}.partial")
    try:
        with _copied() as database:
            pack = partial(_pack, database=database, secret=bool(passphrase), lessons=told["lessons"])
            count = _sealed(whole, pack, identity)
        with tarfile.open(whole) as outer, _part(outer, _PAYLOAD) as payload:
            digest = hashlib.file_digest(payload, "sha256").hexdigest()
        manifest = Manifest(
            made_at=now.astimezone(UTC).isoformat(),
            database=db.dialect(),
            key=keys.fingerprints[0],
            passphrase=bool(passphrase),
            files=count,
            payload=digest,
            **told,
        )
        with tarfile.open(whole, "a") as outer:
            _add(outer, _MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode())
            _add(outer, "key-office", db.seal(str(identity).encode(), key=(keys.backup,), purpose="backup"))
            if passphrase:
                _add(outer, "key-passphrase", _locked(identity, passphrase))
        with whole.open("rb+") as file:
            os.fsync(file.fileno())
        verify(whole, passphrase=passphrase)  # as it lies there, on the stick or the share
        whole.rename(target)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Refused(
                "folder",
                f"{target.parent} 放不下这份备份（{error.strerror}），没有备份。请清理或另选一处。(no room for it)",
            ) from error
        raise
    finally:
        whole.unlink(missing_ok=True)
    return manifest


_MANIFEST, _PAYLOAD = "manifest.json", "payload.age"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The last of a stick formatted as FAT32, which takes no file of 4 GB."""
_LEFT = 2**26
"""Bytes that a copy of the database leaves free on a disk: others write there too."""


@contextlib.contextmanager
def _copied() -> Iterator[Path | bytes]:
    """A copy of the database as long as it is packed: on the office's disk or the system's, else in memory.

    On a full disk a backup to a stick is what is needed. Nothing but this lies open, and never on the stick.
    """
    places = [db.home()] * db.writable()
    with contextlib.suppress(FileNotFoundError):  # no room in any
        places.append(Path(tempfile.gettempdir()))
    for place in places:
        if shutil.disk_usage(place).free > db.size() + _LEFT:
            with tempfile.TemporaryDirectory(prefix=".backup-", dir=place) as scratch:
                db.dump(copy := Path(scratch) / "database")
                yield copy
            return
    try:
        content = db.dumped()
    except MemoryError as error:
        raise Refused("backup", "磁盘和内存都放不下数据库的副本，没有备份。请清理磁盘后再试。(no room)") from error
    yield content


Answer = TypeVar("Answer")


@contextlib.contextmanager
def _piped(write: Callable[[BinaryIO], Answer]) -> Iterator[tuple[BinaryIO, Future[Answer]]]:
    """What is written, to be read meanwhile, so that it lies nowhere; its end is that of who wrote."""
    reader, writer = os.pipe()

    def written() -> Answer:
        with os.fdopen(writer, "wb") as out:
            return write(out)

    with (
        ThreadPoolExecutor(1) as thread,
        os.fdopen(reader, "rb") as source,
    ):  # closed first: nobody writes on for nobody
        yield source, thread.submit(written)


class _Out:
    """A file that is written to, and how that failed: pyrage hands on the words alone."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failed: OSError | None = None

    def write(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            self.failed = error
            raise

    def flush(self) -> None:
        self._file.flush()


def _sealed(whole: Path, pack: Callable[[BinaryIO], int], identity: pyrage.x25519.Identity) -> int:
    """Begin a backup's file with its payload, packed and encrypted in one go; answers how many files are in it."""
    head = tarfile.TarInfo(_PAYLOAD)
    with whole.open("wb") as file:
        file.seek(tarfile.BLOCKSIZE)
        with _piped(pack) as (plain, packed):
            out = _Out(file)
            try:
                pyrage.encrypt_io(plain, out, [identity.to_public()])
            except pyrage.EncryptError as error:
                raise out.failed or error from error
            count = packed.result()
        head.size = file.tell() - tarfile.BLOCKSIZE
        file.write(bytes(-head.size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE))  # and an archive's end
        file.seek(0)
        file.write(head.tobuf(tarfile.GNU_FORMAT))  # one block, however large the payload
    return count


def describe(source: Path) -> Manifest:
    """What a backup says of itself (备份说明), without a key. Refused codes: "backup" (none of ours, damaged)."""
    with _outer(source) as outer:
        told = _manifest(outer, source)
        _check_payload(outer, told, source)
        return told


def verify(source: Path, *, passphrase: str = "") -> Manifest:
    """Read a backup to its end (核对备份): it opens, every file in it is whole, and it is what its manifest says.

    Refused codes: "backup", "key" (made under another key, and no passphrase given), "passphrase" (a wrong one).
    """
    return _unpack(source, None, passphrase=passphrase)


def restore(source: Path, *, over: bool = False, passphrase: str = "", now: datetime) -> Path | None:
    """Put an office back from a backup (恢复): its database, its files and, with a passphrase, its secret.

    Nobody may be using the office meanwhile. Over a living office (`over`) the former one is put aside first, as a
    backup of its own, whose place is answered. Refused codes: "backup", "key", "passphrase", "open" (there is an
    office, and `over` was not said), "database" (a backup of the other kind of database), "tools".
    """
    with _outer(source) as outer:
        manifest = _manifest(outer, source)  # what it holds is checked as it is opened, before anything changes
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
        place = db.home() / "aside" / f"{_stamp(now)}{SUFFIX if sound else '-damaged'}"
        with contextlib.nullcontext() if sound else _damaged_aside(place):
            _unpack(source, folder, passphrase=passphrase)
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
    closed = sa.select(AuditEntry.record_id, AuditEntry.id, AuditEntry.at).where(
        AuditEntry.record == "account",
        AuditEntry.event == audit.Event.ACCOUNT_CLOSED.value,
        AuditEntry.account_id == actor.account_id,
        AuditEntry.at > now - accounts.TOO_NEW,
    )
    shut = {
        account
        for account, line, at in session.execute(closed)
        if audit.at_the_latest(session, line, at, now=now) > now - accounts.TOO_NEW
    }
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
    aside = place / f"before-upgrade-{_stamp(now)}{SUFFIX}"
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
    and trail must have come by the heads that the backup names. Refused codes: "backup", "key", "passphrase",
    "scratch".
    """
    manifest = describe(source)
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


# --- kept by rule -----------------------------------------------------------------------------------------------------


def folder(session: Session) -> Path:
    """Where backups are kept (备份位置): the folder, share or stick that the office chose; by default in `CE_HOME`."""
    return Path(setup.setting(session, "backup.folder") or db.home() / "backups")


def with_lessons(session: Session) -> bool:
    """Whether backups have the files of lessons (课件是否随备份): they do, unless said otherwise or kept elsewhere."""
    return setup.setting(session, "backup.lessons") != "no" and courses.folder().is_relative_to(db.home())


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
        with contextlib.suppress(Refused, OSError), _outer(each.path) as outer:
            if {_PAYLOAD, _MANIFEST} <= set(
                outer.getnames()
            ):  # which goes through the file to its end, but reads its heads alone
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


def _answering(place: Path, now: datetime) -> Seen:
    """As `seen`. Refused codes: "folder" (it gives no answer)."""
    found = seen(place, now)
    if found.unread:
        raise Refused("folder", _no_answer(place, found.unread))
    return found


def _no_answer(place: Path, since: datetime) -> str:
    when = db.office_minute(since)
    return f"备份位置 {place} 从{when}起没有应答，读不出来。请检查移动硬盘、共享文件夹和网络，或另选一处。"


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
    if _answering(place, now).beside and apart:
        raise Refused("folder", f"备份位置 {place} 所在的移动硬盘或共享文件夹没有接上，没有备份。请接好，或另选一处。")
    target = place / f"ce-{_stamp(now)}{SUFFIX}"
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
        last = _answering(place, now).last
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


def restored(session: Session, source: Path, aside: Path | None, *, now: datetime, by: str = "") -> None:
    """The restored office's first line in its trail: from which backup, where the former office was put, by whom.

    `by` is a name: the restored office may know no such account.
    """
    told = {"file": source.name, "aside": aside.name if aside else ""} | ({"by": by} if by else {})
    region, actor = session.get_one(Organization, 1), setup.system_actor(session)
    audit.record(session, audit.Event.RESTORED, region, actor=actor, after=told, now=now)


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
    seen: Seen = Seen()
    """What lies there."""

    @property
    def silent(self) -> str:
        """That the place gives no answer, and since when (备份位置没有应答), in words; "" where it does."""
        return _no_answer(self.folder, self.seen.unread) if self.seen.unread else ""

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


def _disk(place: Path) -> int:
    """On which disk or share a folder lies, or would, once it is made; 0 where nothing says."""
    with contextlib.suppress(OSError, StopIteration):
        return next(each for each in (place, *place.parents) if each.exists()).stat().st_dev
    return 0


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


# --- the file ---------------------------------------------------------------------------------------------------------


def _stamp(now: datetime) -> str:
    """A moment in a file's name, by the office's time (文件名中的时间)."""
    return now.astimezone(db.OFFICE_ZONE).strftime("%Y-%m-%d_%H-%M-%S")


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


def _pack(plain: BinaryIO, database: Path | bytes, *, secret: bool, lessons: bool) -> int:
    """The payload: the copy of the database, everything else in `CE_HOME`, and the secret where it was asked for."""
    count, home = 0, db.home()
    with tarfile.open(fileobj=plain, mode="w|") as inner:
        if isinstance(database, Path):
            inner.add(database, "database")
        else:
            _add(inner, "database", database)
        if secret:
            inner.add(db.key_path(), "secret.key")
        for path in sorted(home.rglob("*")):
            told = path.relative_to(home)
            if told.parts[0].startswith((".", *_APART)) or path == db.key_path() or not path.is_file():
                continue
            if not lessons and path.is_relative_to(courses.folder()):
                continue
            with contextlib.suppress(FileNotFoundError):  # a partial upload that was put in place meanwhile
                inner.add(path, f"home/{told.as_posix()}")
                count += 1
    return count


def _unpack(source: Path, target: Path | None, *, passphrase: str) -> Manifest:
    """Open a backup, every file of it checked on the way, into an empty folder or into none. Refused codes: "sick"."""
    with _outer(source) as outer:
        manifest = _manifest(outer, source)
        _check_payload(outer, manifest, source)
        identity = _identity(outer, manifest, passphrase)
        found: list[str] = []
        try:
            with (
                _part(outer, _PAYLOAD) as sealed,
                _piped(lambda plain: pyrage.decrypt_io(sealed, plain, [identity])) as (opened, decrypted),
            ):
                with tarfile.open(fileobj=opened, mode="r|") as inner:
                    for member in inner:
                        found += [member.name] * member.isfile()
                        if target:
                            inner.extract(member, target, filter="data")
                opened.read()
                decrypted.result()
        except (pyrage.DecryptError, tarfile.TarError, OSError) as error:
            if words := db.sickness(error):
                raise Refused("sick", words) from error
            raise _damaged(source) from error
    if "database" not in found or sum(name.startswith("home/") for name in found) != manifest.files:
        raise _damaged(source)
    return manifest


def _identity(outer: tarfile.TarFile, manifest: Manifest, passphrase: str) -> pyrage.x25519.Identity:
    """The key of a payload, by a passphrase or by the office's own secret."""
    if passphrase:
        if not manifest.passphrase:
            raise Refused("passphrase", "这份备份没有设口令，只能用本单位的密钥打开。")
        wrong = Refused("passphrase", "备份口令不对。")
        with _part(outer, "key-passphrase") as file:
            sealed = file.read()
        sealed, ring = sealed[_SALT:], (_stretched(passphrase, sealed[:_SALT]),)
    else:
        keys = db.keys()
        wrong = Refused(
            "key",
            f"这份备份是在另一密钥（指纹{manifest.key}）下做的，现用密钥的指纹是{keys.fingerprints[0]}。请先用密钥恢复单放回"
            f"原来的密钥（在程序文件夹中执行 {db.command('key restore')}）"
            + ("，或输入备份口令。" if manifest.passphrase else "。"),
        )
        if manifest.key not in keys.fingerprints:
            raise wrong
        with _part(outer, "key-office") as file:
            sealed, ring = file.read(), (keys.backup,)
    try:
        return pyrage.x25519.Identity.from_str(db.unseal(sealed, key=ring, purpose="backup").decode())
    except (InvalidTag, ValueError, pyrage.IdentityError) as error:
        raise wrong from error


_SALT = 16
"""Bytes before what is sealed under a passphrase."""


def _locked(identity: pyrage.x25519.Identity, passphrase: str) -> bytes:
    salt = secrets.token_bytes(_SALT)
    return salt + db.seal(str(identity).encode(), key=(_stretched(passphrase, salt),), purpose="backup")


def _stretched(passphrase: str, salt: bytes) -> bytes:
    """A key out of a passphrase (scrypt, RFC 7914): the same cost on every machine, so that each can open it."""
    return Scrypt(salt=salt, length=32, n=2**17, r=8, p=1).derive(passphrase.encode())


@contextlib.contextmanager
def _outer(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source) as outer:
            yield outer
    except tarfile.TarError as error:
        raise _damaged(source) from error


def _manifest(outer: tarfile.TarFile, source: Path) -> Manifest:
    with _part(outer, _MANIFEST, source) as file:
        try:
            told = Manifest(**json.loads(file.read()))
        except (ValueError, TypeError) as error:
            raise _damaged(source) from error
    if told.format != FORMAT:
        raise Refused("backup", f"{source} 是另一版本的备份（格式{told.format}），请用当时的版本恢复。")
    return told


def _check_payload(outer: tarfile.TarFile, told: Manifest, source: Path) -> None:
    """The whole payload is what the manifest says: it is read to its end for this."""
    with _part(outer, _PAYLOAD, source) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != told.payload:
            raise _damaged(source)


def _part(outer: tarfile.TarFile, name: str, source: Path | None = None) -> Any:
    try:
        found = outer.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise _damaged(source or Path(str(outer.name)))
    return found


def _use_secret(given: Path, aside: Path) -> None:
    """Put the secret of a backup in place; the former one stays beside the former office, which opens with no other."""
    held = [bytes.fromhex(line) for line in given.read_text("ascii").split()]
    if db.has_keys() and db.held_secrets() != held:
        aside.parent.mkdir(parents=True, exist_ok=True)
        former = aside.with_name(f"{aside.name}.secret.key")
        former.touch(mode=0o600)
        shutil.copyfile(db.key_path(), former)
    db.use_secrets(held)


def _damaged(source: Path) -> Refused:
    return Refused("backup", f"{source} 不是完整的备份文件，或已损坏，请换一份。(not a backup, or damaged)")


def _add(outer: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    outer.addfile(member, io.BytesIO(content))


def _files_back(source: Path) -> None:
    """Put the files of a backup where they belong; one that is there already under its digest stays."""
    for path in sorted(source.rglob("*")) if source.exists() else ():
        if path.is_file():
            place = db.home() / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
