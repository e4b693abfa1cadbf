"""The office's keys (密钥): sealing texts and files, and finding a sealed value without reading it (blind index)."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.ground.db.place import home, home_path


@dataclass(frozen=True)
class Keys:
    """What is derived from the office's one secret (HKDF, RFC 5869): a key for each purpose."""

    text: bytes
    index: bytes
    files: bytes
    signature: bytes


def keys() -> Keys:
    """The office's keys, from `CE_HOME/secret.key`; made on first use, readable by the owner only.

    Without this file every ID number and attachment is lost: it belongs in the backup, apart from the database.
    """
    path = _secret_path(os.environ.get("CE_HOME"))
    try:
        changed = path.stat().st_mtime_ns  # asked for each encrypted value: no more than this one call to the disk
    except FileNotFoundError:
        _make_secret(home() / path.name)
        changed = path.stat().st_mtime_ns
    return _derive(_read_secret(path, changed))


@functools.lru_cache(maxsize=8)
def _secret_path(_home_given: str | None) -> Path:
    return home_path() / "secret.key"


def has_keys() -> bool:
    """Whether there is an office's secret here; asking makes none."""
    return _secret_path(os.environ.get("CE_HOME")).exists()


def _make_secret(path: Path) -> None:
    """Put a new secret in place whole, or leave the one that another process was faster to put there."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    with contextlib.suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()


@functools.lru_cache(maxsize=8)
def _read_secret(path: Path, _changed: int) -> bytes:
    text = path.read_text(encoding="ascii").strip()
    if len(text) != 64:
        raise RuntimeError(f"{path} is not an office key: 64 hexadecimal digits expected")
    return bytes.fromhex(text)


@functools.lru_cache(maxsize=8)
def _derive(secret: bytes) -> Keys:
    def key(purpose: str) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ce/{purpose}".encode()).derive(secret)

    return Keys(text=key("text"), index=key("index"), files=key("files"), signature=key("signature"))


def seal(plain: bytes, *, key: bytes, purpose: str) -> bytes:
    """Encrypt (加密, AES-256-GCM): a random 12-byte nonce, then the ciphertext bound to its purpose."""
    return seal_each([plain], key=key, purpose=purpose)[0]


def seal_each(plains: Sequence[bytes], *, key: bytes, purpose: str) -> list[bytes]:
    """Batch of `seal`: each of many, their nonces drawn in one go."""
    encrypt, bound_to = _cipher(key).encrypt, purpose.encode()
    drawn = secrets.token_bytes(12 * len(plains))
    nonces = [drawn[at : at + 12] for at in range(0, len(drawn), 12)]
    return [nonce + encrypt(nonce, plain, bound_to) for nonce, plain in zip(nonces, plains, strict=True)]


def unseal(sealed: bytes, *, key: bytes, purpose: str) -> bytes:
    """The inverse of `seal`; raises InvalidTag where the bytes or the purpose were changed."""
    return _cipher(key).decrypt(sealed[:12], sealed[12:], purpose.encode())


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
