"""Attachments: encrypted bytes in `CE_HOME/files`, named by digest; a table says whose they are. Knows no formats."""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role, not_found, visible
from core.ground.deeds import deed
from core.models import Attachment, CreditBatch, Person, PersonChange, Submission, UnsavedFile
from core.trail import audit

LARGEST = 20 * 2**20
"""Bytes of the largest file taken."""

DOCUMENT_ENDINGS = (".pdf", ".doc", ".docx", ".wps", ".ofd", ".jpg", ".jpeg", ".png")


SIGNS = {".pdf": b"%PDF", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff", ".png": b"\x89PNG"}
"""How files of these kinds begin."""


@dataclass(frozen=True)
class Upload:
    """Uploaded file: A file as a person handed it in."""

    filename: str
    content: bytes

    @functools.cached_property
    def digest(self) -> str:
        """Content digest: the SHA-256 under which a file is kept, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


def is_as_named(upload: Upload) -> bool:
    """File signature check (magic number).

    Whether a file begins as one of its ending does; an empty one, and a kind without such a sign, are let pass.
    """
    sign = next((sign for ending, sign in SIGNS.items() if upload.filename.lower().endswith(ending)), b"")
    return not upload.content or upload.content.startswith(sign)


def is_document(upload: Upload) -> bool:
    """Whether a file is one of the kinds that documents come in (材料的格式), and begins as one."""
    return upload.filename.lower().endswith(DOCUMENT_ENDINGS) and is_as_named(upload)


def attach(
    session: Session, submission: Submission | None, upload: Upload, *, purpose: str, now: datetime
) -> Attachment:
    """Keep an attachment (附件) of a submission, or of the batch or the change of a person about to be made from it.

    Refused codes: "file" (empty, too large).
    """
    digest = store(upload)
    kept = Attachment(
        submission_id=submission.id if submission else None,
        purpose=purpose,
        filename=upload.filename[-200:],
        sha256=digest,
        size=len(upload.content),
        added_at=now,
    )
    session.add(kept)
    session.flush()
    return kept


def check(upload: Upload) -> None:
    """What no file is taken with (空文件、过大). Refused codes: "file"."""
    if not upload.content:
        raise Refused("file", f"文件“{upload.filename}”是空的，请重新选择。")
    if len(upload.content) > LARGEST:
        raise Refused(
            "file", f"文件“{upload.filename}”超过{LARGEST // 2**20}MB，请压缩图片或另存为较小的文件后再上传。"
        )


def store(upload: Upload) -> str:
    """Put the bytes of a file on disk (存放文件), encrypted, under the digest it answers; a digest is written once.

    They are there before the row that says whose they are is committed; see `sweep`. A large one is put there before
    the lock (`db.unlocked`), so that to attach it then is only to look. Refused codes: "file".
    """
    check(upload)
    path = _path(digest := upload.digest)
    if path.exists():
        os.utime(path)  # of one that was nobody's: it is young again, and not swept before its row is committed
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        partial.write_bytes(db.seal(upload.content, key=db.keys().files, purpose=digest))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)  # of a disk that became full; else it is gone already
    return digest


ORPHANED = timedelta(days=1)
"""How long a file that belongs to nothing is left at least: its deed may be just about to be committed."""


def sweep(session: Session, *, before: datetime) -> int:
    """Remove older files that belong to nothing (无主文件), of deeds that were refused or killed; how many."""
    known = set(session.scalars(sa.union(sa.select(Attachment.sha256), sa.select(UnsavedFile.sha256))))
    count, place = 0, db.home() / "files"
    for path in place.glob("??/*"):
        if path.name not in known and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            count += 1
    return count


def named(attachment: Attachment) -> str:
    """An attachment in words that tell it from another of the same name: the file's name and its number."""
    return f"{attachment.filename}（第{attachment.id}号附件）"


def _seen(actor: Actor) -> sa.ColumnElement[bool]:
    """The submissions whose files an actor may have: those that the actor may see."""
    home, person = Submission.home_id, Submission.human_id
    filed_at = Submission.submitted_at
    return visible(actor, organization=home, authority=Submission.authority_id, person=person, filed_at=filed_at)


def one(session: Session, attachment_id: int, actor: Actor) -> tuple[Attachment, Submission | CreditBatch | Person]:
    """Attachment and its owner.

    A file and what it belongs to: a submission the actor sees, or an import or a person, which are officers' alone.

    Reads no bytes. Refused codes: "missing".
    """
    may = sa.and_(Submission.id.is_not(None), _seen(actor))
    if actor.role in (Role.ADMIN, Role.REVIEWER):
        for owner in (CreditBatch, Person):
            whose = visible(actor, organization=owner.authority_id, authority=owner.authority_id)
            may = sa.or_(may, sa.and_(owner.id.is_not(None), whose))
    rows: Iterable[tuple[Attachment, Submission | None, CreditBatch | None, Person | None]] = session.execute(
        sa.select(Attachment, Submission, CreditBatch, Person)
        .outerjoin(Submission, Submission.id == Attachment.submission_id)
        .outerjoin(CreditBatch, CreditBatch.attachment_id == Attachment.id)
        .outerjoin(PersonChange, PersonChange.attachment_id == Attachment.id)
        .outerjoin(Person, Person.id == PersonChange.person_id)
        .where(Attachment.id == attachment_id, may)
    )
    for kept, *owners in rows:
        for found in owners:
            if found is not None:
                return kept, found
    raise not_found("附件")


def of(session: Session, submission_id: int, actor: Actor) -> list[Attachment]:
    """The files of a submission (材料) that count, for those who may see it: of what was replaced, the latest alone."""
    query = sa.select(Attachment).join(Submission, Submission.id == Attachment.submission_id)
    kept = list(session.scalars(query.where(Submission.id == submission_id, _seen(actor)).order_by(Attachment.id)))
    latest = {each.purpose: each.id for each in kept}
    return [each for each in kept if each.purpose == "evidence" or latest[each.purpose] == each.id]


@deed
def handed_out(session: Session, attachment_id: int, *, actor: Actor, now: datetime) -> Upload:
    """Download an attachment (下载附件), logged.

    A file to take away: a logged act, since rosters hold full ID numbers. Refused codes: "missing".
    """
    kept, owner = one(session, attachment_id, actor)
    audit.record(session, audit.Event.FILE_HANDED_OUT, owner, actor=actor, after={"filename": kept.filename}, now=now)
    return stored(kept)


SHOWN_FOR = timedelta(minutes=10)
"""How long a file that was handed out may be fetched by the address it is shown under."""


def ticket(attachment_id: int, actor: Actor, now: datetime) -> str:
    """Signed, short-lived ticket (查看凭据), the account's alone, for a file that was `handed_out`, which is logged."""
    until = int((now + SHOWN_FOR).timestamp())
    return f"{until}-{_mark(attachment_id, until, actor)}"


@deed
def shown(session: Session, attachment_id: int, given: str, *, actor: Actor, now: datetime) -> Upload:
    """A file fetched to be shown (查看附件) by the `ticket` for it; not logged once more.

    Refused codes: "expired" (none of this account's tickets for it, or too old), "missing".
    """
    until, _, mark = given.partition("-")
    until = until if until.isascii() and until.isdecimal() and len(until) < 12 else "0"
    good = hmac.compare_digest(mark.encode(), _mark(attachment_id, int(until), actor).encode())
    if not good or not now.timestamp() <= int(until) <= (now + 2 * SHOWN_FOR).timestamp():  # or a clock ran ahead
        raise Refused("expired", "这个文件的查看时间已过，请回到记录中重新打开。")
    return opened(session, attachment_id, actor)


def _mark(attachment_id: int, until: int, actor: Actor) -> str:
    return db.blind_index(f"shown/{attachment_id}/{actor.account_id}/{until}").hex()[:32]


def opened(session: Session, attachment_id: int, actor: Actor) -> Upload:
    """Read an attachment inside the program.

    A file as the program itself reads it, for those who may see what it belongs to. Refused codes: "missing".
    """
    return stored(one(session, attachment_id, actor)[0])


def faults(session: Session) -> list[str]:
    """Files that are missing, altered or do not open with the key (附件核对), by number and whose they are.

    Attachments, and what is chosen in forms and not saved yet.
    """
    found = []
    db.keys()  # missing or foreign: said once, and not of each
    for said, kept in _all_kept(session):
        try:
            found_there = stored(kept)
        except FileNotFoundError:
            found.append(f"{said}: its file {_path(kept.sha256)} is missing")
        except OSError as error:
            found.append(f"{said}: its file cannot be read: {error.strerror}")
        except InvalidTag:
            found.append(f"{said}: its file {_path(kept.sha256)} was altered, or sealed with another key")
        else:
            if found_there.digest != kept.sha256 or len(found_there.content) != kept.size:
                found.append(f"{said}: its file is not the one that was handed in")
    return found


def _all_kept(session: Session) -> Iterator[tuple[str, Attachment | UnsavedFile]]:
    """Everything that has a file, each as `faults` names it."""
    for kept in session.scalars(sa.select(Attachment).order_by(Attachment.id).execution_options(yield_per=500)):
        whose = f"submission {kept.submission_id}" if kept.submission_id else "a batch"
        yield f"attachment {kept.id} of {whose}", kept
    for chosen in session.scalars(sa.select(UnsavedFile).order_by(UnsavedFile.id)):
        yield f"unsaved file {chosen.id} of account {chosen.account_id}", chosen


def stored(kept: Attachment | UnsavedFile) -> Upload:
    """A file with its bytes, opened; who may have it, the caller knows."""
    sealed = _path(kept.sha256).read_bytes()
    return Upload(kept.filename, db.unseal(sealed, key=db.keys().files, purpose=kept.sha256))


def _path(digest: str) -> Path:
    return db.home() / "files" / digest[:2] / digest
