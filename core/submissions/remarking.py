"""Remarks (审核意见逐条): why something goes back, each a reason of its kind bound to a field or to a roster's row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import resident_id, typed
from core.ground.access import Refused
from core.models import Movement, State, Submission
from core.models import Remark as Line
from core.submissions import contents, kinds
from core.submissions.kinds import Kept

LONGEST, MOST = 300, 500
"""Characters of one remark's own words, and remarks of one move."""
OTHER = "other"
"""The reason that must be put into words."""
_TOLD = 10
"""So many are written out where a move's reason is made of its remarks."""


Remark = kinds.Given
"""One remark (意见) of a move: `kinds.Given`."""


@dataclass(frozen=True)
class OpenRemark:
    """A remark to work off (待办意见), for the base's list and for who looks at it again."""

    code: str
    place: str | int
    words: str
    reason: str
    """The reason in words, e.g. 表述不清."""
    label: str
    """Where: the field's word, 第12行 with the name, or 整体."""
    changed: bool
    """Whether the field, the row, or for the whole anything, is not as it was returned."""


def checked(session: Session, submission: Submission, given: Sequence[Remark]) -> tuple[Remark, ...]:
    """Remarks as they are kept: tidy, masked, each once. Refused codes: "remark" (anything a page would not send)."""
    if not isinstance(given, list | tuple) or len(given) > MOST:
        raise Refused("remark", f"审核意见应为至多{MOST}条，请合并后再办理。")
    kind = kinds.of(submission)
    found = [_tidy(kind, each) for each in given]
    rows = {each.place for each in found if isinstance(each.place, int)}
    if unknown := rows - dict(kind.rows(session, submission, rows)).keys() if rows else set():
        raise Refused("remark", f"花名册没有第{'、'.join(map(str, sorted(unknown)))}行，请重新选择要说明的行。")
    return tuple(dict.fromkeys(found))


def _tidy(kind: kinds.Kind[Any], given: Remark) -> Remark:
    code, place, words = (getattr(given, name, None) for name in ("code", "place", "words"))
    texts = isinstance(code, str) and isinstance(words, str)
    if not texts or isinstance(place, bool) or not isinstance(place, str | int):
        raise Refused("remark", "审核意见的格式不对，请刷新页面后重新填写。")
    if given.code not in kind.reasons:
        raise Refused("remark", "请从列出的原因中选择一项。")
    if isinstance(given.place, str) and given.place and given.place not in kind.fields:
        raise Refused("remark", f"{kind.word}没有这一项，请重新选择要说明的项目。")
    words = resident_id.masked(typed.prose(given.words))
    if len(words) > LONGEST:
        raise Refused("remark", f"每条审核意见不超过{LONGEST}个字，“{words[:10]}…”有{len(words)}个字。")
    if given.code == OTHER and not words:
        raise Refused("remark", f"原因选“{kind.reasons[OTHER]}”的，请写明。")
    return Remark(given.code, given.place, words)


def told(kind: kinds.Kind[Any], given: Sequence[Remark]) -> list[str]:
    """Remarks as the trail has them, a text each: where, and why."""
    return [
        f"{_label(kind, each.place)}：{kind.reasons[each.code]}" + (f"，{each.words}" if each.words else "")
        for each in given
    ]


def composed(kind: kinds.Kind[Any], given: Sequence[Remark]) -> str:
    """A move's reason, made of its remarks where none is written; "" of none."""
    return "；".join(told(kind, given[:_TOLD])) + (f"等{len(given)}条" if len(given) > _TOLD else "")


def _label(kind: kinds.Kind[Any], place: str | int, name: str = "") -> str:
    if isinstance(place, int):
        return f"第{place}行" + (f" {name}" if name else "")
    return kind.fields.get(place, place) if place else "整体"


def keep(session: Session, submission: Submission, movement_id: int, given: Sequence[Remark]) -> None:
    """Keep the remarks of a move, which stand from then on."""
    for each in given:
        row = each.place if isinstance(each.place, int) else None
        field = each.place if isinstance(each.place, str) else ""
        line = Line(submission_id=submission.id, movement_id=movement_id, code=each.code, row=row, field=field)
        line.words = each.words
        session.add(line)


def given_with(session: Session, movement_id: int) -> tuple[Remark, ...]:
    """The remarks of a move as they were given with it, in their order."""
    lines = session.scalars(sa.select(Line).where(Line.movement_id == movement_id).order_by(Line.id))
    return tuple(Remark(each.code, each.field if each.row is None else each.row, each.words) for each in lines)


def rows_of_last(session: Session, submission: Submission) -> int:
    """How many rows of its table the remarks of its last move are on (部分退回的行)."""
    last = sa.select(sa.func.max(Movement.id)).where(Movement.submission_id == submission.id).scalar_subquery()
    return session.scalars(sa.select(sa.func.count(Line.row.distinct())).where(Line.movement_id == last)).one()


def _differs(was: Kept, now: Kept, place: str | int) -> bool:
    """Whether a field or a row is not as it was; for the whole whether any field is not."""
    if isinstance(place, int):
        return was.rows.get(place) != now.rows.get(place)
    return was.fields.get(place) != now.fields.get(place) if place else was.fields != now.fields


def unmended(session: Session, submission: Submission) -> list[str]:
    """Of what was filed again after it went back: the remarks whose place is as it was (未改的意见), in words."""
    return [f"{each.label}，{each.reason}" for each in open_ones(session, submission) if not each.changed]


def open_ones(session: Session, submission: Submission) -> list[OpenRemark]:
    """The remarks of the last return or rejection, in their order, each with whether its place was changed since.

    Of a supplement that was not returned itself: those by which its rows went back (`Kind.remarked`).
    """
    movement_id = contents.last_sent(session, submission, State.RETURNED, State.REJECTED)
    kind = kinds.of(submission)
    if movement_id is None:
        given, was = kind.remarked(session, submission)
    else:
        given, was = given_with(session, movement_id), contents.kept(session, movement_id)
    if not given:
        return []
    there = [each.place for each in given if isinstance(each.place, int)]
    now = Kept(kind.content(session, submission), kind.rows(session, submission, there) if there else {})
    found = []
    for each in given:
        place = each.place
        changed = was is not None and _differs(was, now, place)
        if was is not None and not place and not changed:
            changed = was.rows != kind.rows(session, submission)
        name = was.rows.get(place, {}).get("name", "") if was and isinstance(place, int) else ""
        label, reason = _label(kind, place, resident_id.masked(name)), kind.reasons.get(each.code, each.code)
        found.append(OpenRemark(each.code, place, each.words, reason, label, changed))
    return found
