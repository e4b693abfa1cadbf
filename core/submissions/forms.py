"""Forms (表单) of submissions: figures as they are typed, and what is wrong with a field, by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import typed
from core.ground.access import Refused
from core.models import Attachment, Submission
from core.submissions.kinds import Uploads
from core.tables import reading, values
from core.trail import files
from core.trail.files import Upload

EVIDENCE = tuple(files.SIGNS)
"""The kinds of file that evidence (证明材料) may be in."""
MOST_FILES = 10

Faults = list[tuple[str, str]]
"""What is wrong with a form: a field's name and words, in the order of the form; `access.refuse_faults` refuses it."""


def figure(meant: Callable[[object], Any], cell: Any) -> Any:
    """A figure (数字) as it was typed, 50人 or 24学时, by one of `tables.values`; what is none stays as it is."""
    try:
        return meant(cell) if isinstance(cell, str) else cell
    except values.Unclear:
        return cell


def shown(value: object) -> str:
    """What somebody typed, short enough to be quoted in a message."""
    said = typed.text(value)
    return said if len(said) <= 20 else f"{said[:20]}…"


def left_out(fields: Any, words: Mapping[str, str]) -> Faults:
    """What is left out of the required fields (必填项) of a form: `words` has what each is called."""
    empty = [name for name in words if (value := getattr(fields, name)) is None or not typed.text(value)]
    return [(name, f"{words[name]}未填") for name in empty]


def too_long(fields: Any, longest: Mapping[str, int], words: Mapping[str, str]) -> Faults:
    """Texts with more characters than a field takes, or that are none, which only a forged form sends."""
    faults: Faults = []
    for name, most in longest.items():
        value, word = getattr(fields, name), words.get(name, "填写的内容")
        if not isinstance(value, str):
            faults.append((name, f"{word}应为文字"))
        elif len(value) > most:
            faults.append((name, f"{word}不超过{most}个字，现为{len(value)}个字"))
    return faults


def no_days(fields: Any, words: Mapping[str, str]) -> Faults:
    """Days (日期) that are none, of those a form has under names that end in `_on`."""
    days = {name: getattr(fields, name) for name in words if name.endswith("_on")}
    return [(name, f"{words[name]}应为日期") for name, day in days.items() if day and not isinstance(day, date)]


def is_day(value: object) -> bool:
    """Whether a field holds a day (日期), which only a forged form lets it not."""
    return isinstance(value, date)


def check_evidence(evidence: Sequence[Upload]) -> None:
    """Files that can be evidence (证明材料): PDF or pictures. Refused codes: "file"."""
    for upload in evidence:
        if not upload.filename.lower().endswith(EVIDENCE) or not files.is_as_named(upload):
            raise Refused("file", f"“{upload.filename}”不是PDF、JPG或PNG文件，请拍照、扫描或另存后再上传。")


def check_documents(given: Sequence[Upload]) -> None:
    """Files that can be papers (材料): PDF, Word, WPS, OFD or pictures. Refused codes: "file"."""
    for upload in given:
        if not files.is_document(upload):
            raise Refused("file", f"“{upload.filename}”请另存为{'、'.join(files.DOCUMENT_ENDINGS)}文件后再上传。")


def taking(check: Callable[[Sequence[Upload]], None], most: int = MOST_FILES) -> Uploads:
    """A field of a form that takes files (上传栏) of the kinds that `check` takes."""

    def checked(upload: Upload) -> None:
        check([upload])
        files.check(upload)

    return Uploads(checked, most)


def table(upload: Upload) -> None:
    """A file that may be a table (表格文件): what a field of a form that takes one checks. Refused codes: "file"."""
    reading.look_at(upload.content, upload.filename)


def attach(
    session: Session,
    submission: Submission,
    given: Sequence[Upload],
    *,
    check: Callable[[Sequence[Upload]], None] = check_evidence,
    word: str = "一项申报",
    now: datetime,
) -> None:
    """Add files (附件) to a submission, a few, each of a kind that `check` takes. Refused codes: "file"."""
    check(given)
    had = session.scalar(sa.select(sa.func.count(Attachment.id)).where(Attachment.submission_id == submission.id)) or 0
    if had + len(given) > MOST_FILES:
        raise Refused("file", f"{word}至多附{MOST_FILES}个文件，请把多页合成一个PDF。")
    for upload in given:
        files.attach(session, submission, upload, purpose="evidence", now=now)
