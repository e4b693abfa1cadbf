"""Attachments: encrypted bytes in `CE_HOME/files`, named by digest; the table says whose they are. Knows no formats."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from core import audit, db
from core.access import Actor, Refused, not_found, visible
from core.models import Attachment, Submission

LARGEST = 20 * 2**20
"""Bytes of the largest file taken."""

NOTICE_ENDINGS = (".pdf", ".doc", ".docx", ".wps", ".ofd", ".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Upload:
    """A file as a person handed it in."""

    filename: str
    content: bytes


def attach(session: Session, submission: Submission, upload: Upload, *, purpose: str, now: datetime) -> Attachment:
    """Keep a file for a submission. The bytes are on disk before the row is committed; a digest is written once.

    Refused codes: "file" (empty, too large).
    """
    if not upload.content:
        raise Refused("file", f"文件“{upload.filename}”是空的，请重新选择。")
    if len(upload.content) > LARGEST:
        raise Refused(
            "file", f"文件“{upload.filename}”超过{LARGEST // 2**20}MB，请压缩图片或另存为较小的文件后再上传。"
        )
    digest = hashlib.sha256(upload.content).hexdigest()
    path = _path(digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        partial.write_bytes(db.seal(upload.content, key=db.keys().files, purpose=digest))
        partial.replace(path)
    kept = Attachment(
        submission_id=submission.id,
        purpose=purpose,
        filename=upload.filename[-200:],
        sha256=digest,
        size=len(upload.content),
        added_at=now,
    )
    session.add(kept)
    session.flush()
    return kept


def handed_out(session: Session, attachment_id: int, *, actor: Actor, now: datetime) -> Upload:
    """A file to take away: a logged act, since rosters hold full ID numbers. Refused codes: "missing"."""
    given = opened(session, attachment_id, actor)
    submission = session.get_one(Submission, session.get_one(Attachment, attachment_id).submission_id)
    audit.record(
        session, audit.Event.FILE_HANDED_OUT, submission, actor=actor, after={"filename": given.filename}, now=now
    )
    return given


def opened(session: Session, attachment_id: int, actor: Actor) -> Upload:
    """A file as the program itself reads it, for those who may see its submission. Refused codes: "missing"."""
    row = (
        session.query(Attachment)
        .join(Submission, Submission.id == Attachment.submission_id)
        .where(
            Attachment.id == attachment_id,
            visible(actor, organization=Submission.organization_id, authority=Submission.authority_id),
        )
        .one_or_none()
    )
    if row is None:
        raise not_found("附件")
    sealed = _path(row.sha256).read_bytes()
    return Upload(row.filename, db.unseal(sealed, key=db.keys().files, purpose=row.sha256))


def _path(digest: str) -> Path:
    return db.home() / "files" / digest[:2] / digest
