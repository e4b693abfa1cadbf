"""The office's keys (密钥): sealing texts and files, and finding a sealed value without reading it (blind index)."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.ground.access import Refused
from core.ground.db.place import command, home, key_path, open_as_it_lies, url
from core.ground.db.sickness import told

Ring = tuple[bytes, ...]
"""Keys of one purpose, the newest first: what is sealed takes that, what is opened tries each."""


@dataclass(frozen=True)
class Keys:
    """What is derived from the office's secrets (HKDF, RFC 5869): a key for each purpose.

    What can be sealed or signed anew has a ring of keys; the index stays that of the first secret.
    """

    text: Ring
    files: Ring
    index: bytes
    signature: Ring
    fingerprints: tuple[str, ...]
    """Which secrets these are (密钥指纹), the newest first; the database keeps them too (`unfit`)."""
    backup: bytes
    """What backups of this office are locked with."""


def keys() -> Keys:
    """The office's keys, from `CE_KEY_FILE`, by default `CE_HOME/secret.key`, readable by the owner only.

    A line of 64 hexadecimal digits a secret, the newest first. It is kept apart from the database, and asking makes
    none (`make_key`): without the secret every ID number and attachment is lost.
    Refused codes: "key" (missing, damaged, or not the one this database was sealed with).
    """
    path = key_path()
    try:
        changed = _stat(path).st_mtime_ns  # asked for each encrypted value: no more than this one call to the disk
    except FileNotFoundError:
        if _kept():
            lost = "没有它，身份证号和附件都打不开，所以没有另造新的。"
            raise Refused("key", f"找不到密钥文件 {path}。{lost}{_PUT_BACK} (the office's key is missing)") from None
        raise Refused("key", f"找不到密钥文件 {path}。{_NONE_YET} (no key yet)") from None
    return _ours(path, changed, os.environ.get("DATABASE_URL"))


def make_key() -> None:
    """The first secret (初始密钥), for an office that is not open yet; where one is in place or has been, nothing."""
    if not has_keys() and not _kept():
        _make_secret(key_path())


_PUT_BACK = (
    "请把原来的密钥文件放回原处（或用 CE_KEY_FILE 指明所在），"
    f"或用密钥恢复单，在程序文件夹中执行 {command('key restore')}。"
)
_NONE_YET = (
    f"新建系统的，请先执行 {command('init')}；从备份恢复的，请先把原来的密钥文件放到这里（或用 CE_KEY_FILE 指明所在），"
    f"或用密钥恢复单，在程序文件夹中执行 {command('key restore')}；备份设有口令的，也可以用备份口令恢复。"
)


def _stat(path: Path) -> os.stat_result:
    """A key file, as the disk has it. Refused codes: "key" (it is a folder, or nobody here may read it)."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Refused(
            "key",
            f"密钥的位置 {path} 是一个文件夹，应是密钥文件本身。请把 CE_KEY_FILE 写到文件名，"
            f"如 {path / 'secret.key'} 。(CE_KEY_FILE names a folder)",
        )
    return found


def _read(path: Path) -> list[bytes]:
    try:
        return _secrets(path.read_text("ascii", "replace"), str(path))
    except PermissionError as error:
        raise Refused(
            "key",
            f"密钥文件 {path} 读不了：请让运行本系统的账户能读它（CE_KEY_FILE）。(the key file cannot be read)",
        ) from error


def has_keys() -> bool:
    """Whether there is an office's secret here; asking makes none."""
    return key_path().exists()


_LEFT = 60
"""Seconds after which nobody is still writing a file of secrets."""


def use_secrets(held: Sequence[bytes]) -> None:
    """Put these secrets in the key file's place (更换密钥文件), the newest first; all or nothing, the owner's alone."""
    path = key_path()
    with contextlib.suppress(FileNotFoundError):
        _stat(path)
    partial = _written(path, held)
    partial.replace(path)
    for left in path.parent.glob(f"{path.name}.*"):  # by a process that was killed before its file was in place
        is_ours = re.fullmatch("[0-9a-f]{16}", left.suffix[1:])
        if is_ours and left.stat().st_mtime < path.stat().st_mtime - _LEFT:
            left.unlink(missing_ok=True)
    _ours.cache_clear()


def held_secrets() -> list[bytes]:
    """The secrets in the key file (密钥), the newest first. Refused codes: "key"."""
    _stat(path := key_path())
    return _read(path)


def fingerprint(secret: bytes) -> str:
    """Which secret this is (密钥指纹), in 16 hexadecimal digits that tell nothing else of it."""
    return _derived(secret, "fingerprint")[:8].hex()


def _make_secret(path: Path) -> None:
    """Put a new secret in place whole, or leave the one that another process was faster to put there."""
    home()
    partial = _written(path, [secrets.token_bytes(32)])
    with contextlib.suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()


def _written(path: Path, held: Sequence[bytes]) -> Path:
    """A file beside the key file with these secrets, on the disk."""
    if not path.parent.is_dir():
        raise Refused(
            "key",
            f"放密钥文件的文件夹 {path.parent} 不存在。请接好它所在的磁盘，或改正 CE_KEY_FILE。(no folder for the key)",
        )
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(secret.hex() for secret in held))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        partial.unlink()
        raise
    return partial


def _secrets(text: str, where: str) -> list[bytes]:
    try:
        found = [bytes.fromhex(line) for line in text.split()]
    except ValueError:
        found = []
    if not found or {len(secret) for secret in found} != {32}:
        raise Refused("key", f"{where} 不是密钥文件：每行应为64个十六进制数字。{_PUT_BACK} (not an office key)")
    return found


@functools.lru_cache(maxsize=8)
def _ours(path: Path, _changed: int, _database_given: str | None) -> Keys:
    """The keys in a file, once they are known to be those of the database in use."""
    held = _derive(tuple(_read(path)))
    if words := unfit(held.fingerprints):
        raise Refused("key", f"{path} {words}{_PUT_BACK} (not this office's key)")
    return held


def unfit(held: Sequence[str]) -> str:
    """Why secrets of these fingerprints are not those of the office in the database (与本库不符); "" where they are.

    1. They have to be all that the office had, and in their order: the newest seals, the others open what they sealed,
       and by the oldest people are found.
    2. Newer ones may stand before them, of a rotation that never committed, or one after the backup that was restored:
       they have sealed since, and the next rotation makes them the office's own.
    """
    kept = _kept()
    ours = kept.get("keys", kept.get("key", "")).split()
    lacking = [each for each in ours if each not in held]
    if ours and lacking == ours:
        return f"不是建立本系统时的密钥：指纹{held[0]}，应为{ours[0]}。"
    if lacking:
        return f"里缺{len(lacking)}组密钥（指纹{'、'.join(lacking)}）：曾用的也要，以前加密的内容靠它们打开。"
    if "keys" in kept and ours != [*held][-len(ours) :]:
        return f"里各组密钥的次序不对，应为（最新的在前）：{'、'.join(ours)}。"
    return ""


def _kept() -> dict[str, str]:
    """What the database keeps of its office and its keys; nothing before it was opened.

    `keys`: the fingerprints, the newest first; of an earlier release, until `init` has seen it, `key`: of the newest.
    Read on a separate connection, once a process and key file: the caller usually has a transaction open already.
    """
    address = sa.make_url(url())
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return {}  # nothing is sealed there yet, and asking would make the file
    asked = sa.create_engine(address, poolclass=sa.NullPool)
    if address.get_backend_name() == "sqlite":
        sa.event.listen(asked, "do_connect", open_as_it_lies)
    with told(), asked.connect() as connection:
        if not sa.inspect(connection).has_table("setting"):
            return {}
        rows = connection.execute(sa.text("SELECT name, value FROM setting WHERE name IN ('office', 'keys', 'key')"))
        return {str(name): str(value) for name, value in rows}


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ce/{purpose}".encode()).derive(secret)


@functools.lru_cache(maxsize=8)
def _derive(held: Ring) -> Keys:
    first = held[-1]
    return Keys(
        text=tuple(_derived(secret, "text") for secret in held),
        files=tuple(_derived(secret, "files") for secret in held),
        index=_derived(first, "index"),
        signature=tuple(_derived(secret, "signature") for secret in held),
        fingerprints=tuple(map(fingerprint, held)),
        backup=_derived(first, "backup"),
    )


def seal(plain: bytes, *, key: Ring, purpose: str) -> bytes:
    """Encrypt (加密, AES-256-GCM): a random 12-byte nonce, then the ciphertext bound to its purpose."""
    return seal_each([plain], key=key, purpose=purpose)[0]


def seal_each(plains: Sequence[bytes], *, key: Ring, purpose: str) -> list[bytes]:
    """Batch of `seal`: each of many, their nonces drawn in one go."""
    encrypt, bound_to = _cipher(key[0]).encrypt, purpose.encode()
    drawn = secrets.token_bytes(12 * len(plains))
    nonces = [drawn[at : at + 12] for at in range(0, len(drawn), 12)]
    return [nonce + encrypt(nonce, plain, bound_to) for nonce, plain in zip(nonces, plains, strict=True)]


def unseal(sealed: bytes, *, key: Ring, purpose: str) -> bytes:
    """The inverse of `seal`; raises InvalidTag where the bytes or the purpose were changed."""
    for older in key[:-1]:
        with contextlib.suppress(InvalidTag):
            return _cipher(older).decrypt(sealed[:12], sealed[12:], purpose.encode())
    return _cipher(key[-1]).decrypt(sealed[:12], sealed[12:], purpose.encode())


_cipher = functools.lru_cache(maxsize=8)(AESGCM)


def blind_index(text: str) -> bytes:
    """Blind index (盲索引, HMAC-SHA256): a keyed digest by which an encrypted value is found without being readable."""
    return next(blind_indexes([text]))


def blind_indexes(texts: Iterable[str]) -> Iterator[bytes]:
    """Batch of `blind_index`: each of many texts, with one look at the key."""
    keyed = hmac.new(keys().index, digestmod=hashlib.sha256)
    for text in texts:
        one = keyed.copy()
        one.update(text.encode())
        yield one.digest()
