"""The office's signature (Ed25519) on cards and proofs."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.ground import db


def signer() -> Ed25519PrivateKey:
    """The office's own key, under which cards and proofs are signed."""
    return Ed25519PrivateKey.from_private_bytes(db.keys().signature)
