"""What was returned (退回时的内容): kept sealed when it is returned, so that what changed since can be told."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.models import Movement, State, Submission, SubmissionContent
from core.submissions import kinds
from core.submissions.kinds import Kept, Rows

_PURPOSE = "submission_content.rows"


@dataclass(frozen=True)
class Changed:
    """One thing that differs from what was returned (退回后的修改): a field, or a cell of a row; ID numbers masked."""

    label: str
    """What the field or the column is called; of a whole row 添加 or 删去, with the name in it."""
    before: str
    after: str
    row: int | None = None
    """The row's number, None for a field."""
    place: str = ""
    """The field's or the column's key, "" for a whole row."""


def keep(session: Session, submission: Submission, movement_id: int) -> None:
    """Keep what a submission says at a move (存档). Of a roster of 100,000 rows some megabytes, sealed and packed."""
    kind = kinds.of(submission)
    rows = kind.rows(session, submission)
    packed = zlib.compress(json.dumps(rows, ensure_ascii=False).encode(), 1) if rows else None
    session.add(
        SubmissionContent(
            movement_id=movement_id,
            submission_id=submission.id,
            fields=json.dumps(kind.content(session, submission), ensure_ascii=False),
            rows=packed and db.seal(packed, key=db.keys().text, purpose=_PURPOSE),
        )
    )


_DECIDED = (State.APPROVED, State.RETURNED, State.REJECTED)


def last_sent(session: Session, submission: Submission, *states: State) -> int | None:
    """The move by which it was last brought to one of these states, leaving out what was undone since (撤销)."""
    steps = sa.select(Movement).where(Movement.submission_id == submission.id).order_by(Movement.id.desc())
    undone = 0
    for step in session.scalars(steps):
        if step.action == kinds.Action.UNDO:
            undone += 1
        elif undone and step.to_state in _DECIDED:
            undone -= 1
        elif step.to_state in states:
            return step.id
    return None


def kept(session: Session, movement_id: int | None) -> Kept | None:
    """What was kept at a move; None where it was no return, or one of before this was kept."""
    found = session.scalar(sa.select(SubmissionContent).where(SubmissionContent.movement_id == movement_id))
    if found is None:
        return None
    rows: dict[str, dict[str, str]] = {}
    if found.rows is not None:
        rows = json.loads(zlib.decompress(db.unseal(bytes(found.rows), key=db.keys().text, purpose=_PURPOSE)))
    return Kept(json.loads(found.fields), {int(number): cells for number, cells in rows.items()})


def changes(session: Session, submission: Submission) -> list[Changed]:
    """What differs from what was returned last: fields in their order, then rows in theirs. [] where nothing was.

    Of a roster every row is read, then and now: ask it when somebody looks, not while a list is drawn.
    """
    was = kept(session, last_sent(session, submission, State.RETURNED))
    if was is None:
        return []
    kind = kinds.of(submission)
    now = kind.content(session, submission)
    found = []
    for place, word in kind.fields.items():
        before, after = was.fields.get(place, ""), now.get(place, "")
        if before != after:
            found.append(Changed(word, resident_id.masked(before), resident_id.masked(after), None, place))
    headings = kind.headings(submission)
    return found + list(_rows_changed(was.rows, kind.rows(session, submission), headings))


def _rows_changed(was: Rows, now: Rows, headings: Mapping[str, str]) -> Iterator[Changed]:
    for row in sorted(was.keys() | now.keys()):
        before, after = was.get(row), now.get(row)
        if before is None or after is None:
            said = "添加" if before is None else "删去"
            yield Changed(said, _name(before), _name(after), row)
        elif before != after:
            for place in dict.fromkeys([*headings, *before, *after]):
                one, other = before.get(place, ""), after.get(place, "")
                if one != other:
                    yield Changed(headings.get(place, place), *_both(place, one, other), row, place)


def _name(cells: Mapping[str, str] | None) -> str:
    return resident_id.masked((cells or {}).get("name", ""))


def _both(column: str, before: str, after: str) -> tuple[str, str]:
    """A cell as anybody who may see the submission may see it, before and after.

    Where a spoilt ID number was put right, it may have been the program that knew it.
    """
    if column == "phone":
        return before[-4:].rjust(len(before), "*"), after[-4:].rjust(len(after), "*")
    if column == "id_number":
        mended = resident_id.problem(before) is not None and resident_id.problem(after) is None
        return resident_id.changed(before, after, found=mended)
    return resident_id.shown(column, before), resident_id.shown(column, after)
