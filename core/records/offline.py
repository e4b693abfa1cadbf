"""Cards verified without a network (离线核验): the signed list of keys and revoked cards, the file that reads both."""

from __future__ import annotations

import base64
import hashlib
import threading
from datetime import date, datetime

import cbor2
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, signing
from core.ledger import reliance
from core.models import AuditEntry, Card, Organization
from core.people import keys
from core.records import tokens

_FOLDER = db.ROOT / "data" / "offline"
_DAY_0 = date(1970, 1, 1)
_one_at_a_time = threading.Lock()
_reckoned: dict[tuple[str, int | None], list[tuple[bytes, int]]] = {}


def status(session: Session, *, now: datetime) -> bytes:
    """Status list (注销名单) as COSE_Sign1 in CBOR, open to everybody, signed anew each time it is asked for.

    A map: 1 as of when (office time, to the minute), 2 the office, 3 its public keys, the newest first, each [id, raw
    Ed25519], 4 the revoked cards, eight bytes each of SHA-512 of a code's ten bytes, so that nobody learns a code from
    it, 5 the day each is revoked since (days since 1970-01-01), 6 the keys that were declared void, each [id, day]:
    whatever one of them signed may be anybody's.
    """
    held, gone, void = signing.public_keys(), _revoked(session), keys.void(session)
    content = {
        1: db.office_minute(now),
        2: session.get_one(Organization, 1).name,
        3: [[each.id, each.raw] for each in held],
        4: b"".join(digest for digest, _ in gone),
        5: [day for _, day in gone],
        6: [[each.id, (void[each.fingerprint] - _DAY_0).days] for each in held if each.fingerprint in void],
    }
    return signing.signed(cbor2.dumps(content, canonical=True))


def _revoked(session: Session) -> list[tuple[bytes, int]]:
    """Every revoked card by its digest, with the day; reckoned once for each state of the office, one asker at a time.

    Whatever revokes a card leaves a line in the trail.
    """
    with _one_at_a_time:
        state = str(session.get_bind().engine.url), session.scalar(sa.func.max(AuditEntry.id))
        if state not in _reckoned:
            found = _reckon(session)
            _reckoned.clear()
            _reckoned[state] = found
        return _reckoned[state]


def _reckon(session: Session) -> list[tuple[bytes, int]]:
    gone = reliance.revocations(session, sa.true())
    found = []
    ids = list(gone)
    for some in (ids[at : at + 5000] for at in range(0, len(ids), 5000)):
        for card_id, code in session.execute(sa.select(Card.id, Card.code).where(Card.id.in_(some))):
            digest = hashlib.sha512(tokens.packed(code)).digest()[:8]
            found.append((digest, (gone[card_id].on - _DAY_0).days))
    return sorted(found)


def verifier(session: Session, *, now: datetime) -> bytes:
    """The file that verifies cards without a network (离线核验工具): one web page with all it needs in it.

    Camera, picture, PDF or pasted text; it asks no server, and needs no cryptography of the browser's.
    """
    page = (_FOLDER / "offline.html").read_text("utf-8")
    parts = {
        "jsQR": "/* jsQR 1.4.0, Apache-2.0, github.com/cozmo/jsQR */\n" + (_FOLDER / "jsQR.js").read_text("utf-8"),
        "nacl": "/* TweetNaCl.js 1.0.3, public domain, github.com/dchest/tweetnacl-js */\n"
        + (_FOLDER / "nacl-fast.min.js").read_text("utf-8"),
        "bundle": base64.b64encode(status(session, now=now)).decode(),
    }
    for name, content in parts.items():
        page = page.replace(f"/*{name}*/", content, 1)
    return page.encode()
