"""A backup's file (备份文件): packed, encrypted and verified; and opened again.

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
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import pyrage  # type: ignore[import-untyped]
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy.orm import Session

from core.courses import courses
from core.ground import db
from core.ground.access import Refused
from core.models import AuditEntry, CreditBatch
from core.people import setup

FORMAT = 1
SUFFIX = ".cebak"
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


def heads(session: Session) -> dict[str, Any]:
    """The heads of ledger and trail (账目和日志的末端): what a restored office must have come by again."""
    batch = session.execute(
        sa.select(CreditBatch.id, CreditBatch.chain).order_by(CreditBatch.id.desc()).limit(1)
    ).first()
    line = session.execute(sa.select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)).first()
    told = dict(zip(("batches", "ledger"), batch or (0, ""), strict=True))
    return told | dict(zip(("lines", "trail"), line or (0, ""), strict=True))


def with_lessons(session: Session) -> bool:
    """Whether backups have the files of lessons (课件是否随备份): they do, unless said otherwise or kept elsewhere."""
    return setup.setting(session, "backup.lessons") != "no" and courses.folder().is_relative_to(db.home())


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
        with tarfile.open(whole) as outer, _part(outer, PAYLOAD) as payload:
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
            _add(outer, MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode())
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


MANIFEST, PAYLOAD = "manifest.json", "payload.age"
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
    head = tarfile.TarInfo(PAYLOAD)
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
    with opened(source) as outer:
        told = manifest_in(outer, source)
        _check_payload(outer, told, source)
        return told


def openable(source: Path, *, passphrase: str = "") -> Manifest:
    """What a backup says of itself, and that it is opened here (备份能否打开), by the passphrase or the office's key.

    Refused codes: "backup", "key" (missing, or made under another), "passphrase".
    """
    told = describe(source)
    with opened(source) as outer:
        _identity(outer, told, passphrase)
    return told


def verify(source: Path, *, passphrase: str = "") -> Manifest:
    """Read a backup to its end (核对备份): it opens, every file in it is whole, and it is what its manifest says.

    Refused codes: "backup", "key" (made under another key, and no passphrase given), "passphrase" (a wrong one).
    """
    return unpack(source, None, passphrase=passphrase)


def stamp(now: datetime) -> str:
    """A moment in a file's name, by the office's time (文件名中的时间)."""
    return now.astimezone(db.OFFICE_ZONE).strftime("%Y-%m-%d_%H-%M-%S")


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


def unpack(source: Path, target: Path | None, *, passphrase: str) -> Manifest:
    """Open a backup, every file of it checked on the way, into an empty folder or into none. Refused codes: "sick"."""
    with opened(source) as outer:
        manifest = manifest_in(outer, source)
        _check_payload(outer, manifest, source)
        identity = _identity(outer, manifest, passphrase)
        found: list[str] = []
        try:
            with (
                _part(outer, PAYLOAD) as sealed,
                _piped(lambda out: pyrage.decrypt_io(sealed, out, [identity])) as (plain, decrypted),
            ):
                with tarfile.open(fileobj=plain, mode="r|") as inner:
                    for member in inner:
                        found += [member.name] * member.isfile()
                        if target:
                            inner.extract(member, target, filter="data")
                plain.read()
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
def opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source) as outer:
            yield outer
    except tarfile.TarError as error:
        raise _damaged(source) from error


def manifest_in(outer: tarfile.TarFile, source: Path) -> Manifest:
    with _part(outer, MANIFEST, source) as file:
        try:
            told = Manifest(**json.loads(file.read()))
        except (ValueError, TypeError) as error:
            raise _damaged(source) from error
    if told.format != FORMAT:
        raise Refused("backup", f"{source} 是另一版本的备份（格式{told.format}），请用当时的版本恢复。")
    return told


def _check_payload(outer: tarfile.TarFile, told: Manifest, source: Path) -> None:
    """The whole payload is what the manifest says: it is read to its end for this."""
    with _part(outer, PAYLOAD, source) as file:
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


def _damaged(source: Path) -> Refused:
    return Refused("backup", f"{source} 不是完整的备份文件，或已损坏，请换一份。(not a backup, or damaged)")


def _add(outer: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    outer.addfile(member, io.BytesIO(content))
