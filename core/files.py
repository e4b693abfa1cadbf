"""Attachments: encrypted bytes in `CE_HOME/files`, named by digest; the table says whose they are. Knows no formats."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
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


def one(session: Session, attachment_id: int, actor: Actor) -> tuple[Attachment, Submission]:
    """An attachment and its submission, for those who may see that; reads no bytes. Refused codes: "missing"."""
    found = session.execute(
        sa.select(Attachment, Submission)
        .join(Submission, Submission.id == Attachment.submission_id)
        .where(
            Attachment.id == attachment_id,
            visible(actor, organization=Submission.organization_id, authority=Submission.authority_id),
        )
    ).one_or_none()
    if found is None:
        raise not_found("附件")
    attachment, submission = found
    return attachment, submission


def handed_out(session: Session, attachment_id: int, *, actor: Actor, now: datetime) -> Upload:
    """A file to take away: a logged act, since rosters hold full ID numbers. Refused codes: "missing"."""
    attachment, submission = one(session, attachment_id, actor)
    audit.record(
        session, audit.Event.FILE_HANDED_OUT, submission, actor=actor, after={"filename": attachment.filename}, now=now
    )
    return _content(attachment)


def opened(session: Session, attachment_id: int, actor: Actor) -> Upload:
    """A file as the program itself reads it, for those who may see its submission. Refused codes: "missing"."""
    attachment, _ = one(session, attachment_id, actor)
    return _content(attachment)


def _content(attachment: Attachment) -> Upload:
    sealed = _path(attachment.sha256).read_bytes()
    return Upload(attachment.filename, db.unseal(sealed, key=db.keys().files, purpose=attachment.sha256))


def _path(digest: str) -> Path:
    return db.home() / "files" / digest[:2] / digest
