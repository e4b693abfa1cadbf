"""The office's signature (Ed25519) on cards, proofs and lists: made under the newest key, read under each it ever had.

A key for each of the office's secrets (`db.keys`), so that a rotated secret signs anew and whatever was signed before
still holds. What leaves the office to be read by other programs is COSE_Sign1 (RFC 9052) in CBOR. A PDF file carries a
signature of another kind besides (`cms`), which readers of PDF show by themselves.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from core.ground import certificates, db
from core.ground.certificates import Signatory

_SIGN1 = 18
"""The CBOR tag of COSE_Sign1."""
_ALGORITHM, _KEY_ID, _EDDSA = 1, 4, -8
"""Header parameters `alg` and `kid` of COSE, and EdDSA as its number."""


@dataclass(frozen=True)
class PublicKey:
    """Public key (验证公钥) of the office: `id` is the first eight bytes of the key's SHA-256, as on the EU's codes."""

    id: bytes
    raw: bytes
    fingerprint: str
    """Of the secret that it was derived from: which key this is in the trail and on the recovery sheet."""

    def verifies(self, signature: bytes, content: bytes) -> bool:
        try:
            _public(self.raw).verify(signature, content)
        except InvalidSignature:
            return False
        return True

    @property
    def written(self) -> str:
        """公钥指纹: the `id` as people compare it, in groups of four digits; the same wherever it is shown."""
        return self.id.hex(" ", 2)

    @property
    def jwk(self) -> dict[str, str]:
        """As a JSON Web Key (RFC 8037), with the fingerprint that people compare it by."""
        id_, x = (base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (self.id, self.raw))
        told = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": id_, "x": x}
        return told | {"fingerprint": self.written}


def signer() -> Ed25519PrivateKey:
    """The office's own key, the newest, under which cards and proofs are signed."""
    return _private(db.keys().signature[0])


def public_keys() -> tuple[PublicKey, ...]:
    """The keys that what the office signed is read by (验证公钥), the newest first."""
    held = db.keys()
    return tuple(_public_key(*each) for each in zip(held.signature, held.fingerprints, strict=True))


def maker(signature: bytes, content: bytes) -> PublicKey | None:
    """Which of the office's keys signed this; None where none did."""
    return next((each for each in public_keys() if each.verifies(signature, content)), None)


def verifies(signature: bytes, content: bytes) -> bool:
    """Whether the office signed this, under any of its keys."""
    return maker(signature, content) is not None


def signature(text: str) -> str:
    """The office's signature of a text (签名), under the newest key, in hexadecimal digits."""
    return signer().sign(text.encode()).hex()


def holds(signature: str, text: str) -> bool:
    """Whether this is the office's signature of a text (验签), under any of its keys; what is no signature is not."""
    try:
        return verifies(bytes.fromhex(signature), text.encode())
    except ValueError:
        return False


def signed(content: bytes, *, by: PublicKey | None = None, sample: bool = False) -> bytes:
    """COSE_Sign1 of some bytes, which it carries, under the newest key, or `by` another that the office had; a `sample`
    looks like one, under nobody's."""
    at = public_keys().index(by) if by else 0
    key, id_ = (_NOBODYS, b"a sample") if sample else (_private(db.keys().signature[at]), public_keys()[at].id)
    head = cbor2.dumps({_ALGORITHM: _EDDSA, _KEY_ID: id_})
    return cbor2.dumps(cbor2.CBORTag(_SIGN1, [head, {}, content, key.sign(_to_sign(head, content))]))


def opened(token: bytes) -> bytes | None:
    """The bytes that a COSE_Sign1 carries; None where it is none, or none of the office's keys made it."""
    try:
        head, _, content, signature = cbor2.loads(token).value
        by = cbor2.loads(head)[_KEY_ID]
        told = _to_sign(head, content)
    except (cbor2.CBORDecodeError, ValueError, TypeError, KeyError, AttributeError):
        return None
    ours = [each for each in public_keys() if each.id == by]
    right = isinstance(content, bytes) and isinstance(signature, bytes)
    return content if right and any(each.verifies(signature, told) for each in ours) else None


def _to_sign(head: Any, content: Any) -> bytes:
    """What a COSE_Sign1 signs (`Sig_structure`)."""
    return cbor2.dumps(["Signature1", head, b"", content])


def cms(digest: bytes) -> bytes:
    """The signature of a PDF file (PAdES baseline B-B) over its SHA-256 `digest`, as CMS in DER; always of one length.

    pyHanko makes one signature for each certificate; for every further file its digest and its signature take the
    places of the first one's, which is a millisecond instead of ten.
    """
    by = certificates.signatory()
    attributes, whole, stand_in = _pattern(by)
    signature = by.key.sign(attributes.replace(_ANY, digest), PKCS1v15(), SHA256())
    return whole.replace(_ANY, digest).replace(stand_in, signature)


def cms_size() -> int:
    """How long a signature of a PDF file is in bytes."""
    return len(_pattern(certificates.signatory())[1])


_ANY = hashlib.sha256(b"any document").digest()
"""The digest in the pattern, which stands for that of each document."""


@functools.lru_cache(maxsize=2)
def _pattern(by: Signatory) -> tuple[bytes, bytes, bytes]:
    """Of one signature: the attributes that are signed, the whole, and the signature in it."""
    import asyncio

    from asn1crypto import algos, x509
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    stand_in = hashlib.shake_256(by.certificate.signature).digest(by.key.key_size // 8)

    class Pattern(SimpleSigner):
        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            return stand_in

    above = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    for each in by.above:
        above.register(x509.Certificate.load(each.public_bytes(Encoding.DER)))
    signer = Pattern(
        signing_cert=x509.Certificate.load(by.certificate.public_bytes(Encoding.DER)),
        signing_key=None,
        cert_registry=above,
        signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
    )
    with ThreadPoolExecutor(1) as thread:  # where no loop of anybody's runs
        made = thread.submit(asyncio.run, signer.async_sign(_ANY, "sha256", use_pades=True)).result()
    attributes = made["content"]["signer_infos"][0]["signed_attrs"].untag().dump()
    return attributes, made.dump(), stand_in


_private = functools.lru_cache(maxsize=8)(Ed25519PrivateKey.from_private_bytes)
_NOBODYS = _private(bytes(32))
_public = functools.lru_cache(maxsize=8)(Ed25519PublicKey.from_public_bytes)


@functools.lru_cache(maxsize=8)
def _public_key(secret: bytes, fingerprint: str) -> PublicKey:
    raw = _private(secret).public_key().public_bytes_raw()
    return PublicKey(hashlib.sha256(raw).digest()[:8], raw, fingerprint)
