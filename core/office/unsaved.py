"""Unsaved changes (未保存的改动): what somebody has typed into a form, and the files chosen in it, not saved yet.

Kept so that they survive F5, another record and a new browser; sealed, since they may hold ID numbers. They are their
writer's alone, and no deed: the trail knows nothing of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OFFICERS, Actor, Refused, Role, not_found, require
from core.ground.deeds import LARGEST, deed
from core.models import Account, Submission, Unsaved, UnsavedFile
from core.submissions import workflow
from core.submissions.kinds import KINDS, Uploads
from core.trail import files
from core.trail.files import Upload

LONGEST = 400_000
"""Characters of a form's values as JSON."""
MOST = 50
"""Forms of one account that may lie unsaved at once."""

MOST_FILES = 50
"""Files of one account that may lie unsaved at once."""
MOST_BYTES = 200 * 2**20
"""How large they may be together."""

_FIELD = 40
"""Characters of a field's name."""
SHEET = "sheet"
"""The places of tables that a page brings in (导入的表格), one file each: "sheet:credits"."""
OTHERS = {SHEET: "file", "lesson": "upload"}
"""Forms that belong to no submission, by the beginning of their place, each with the one field that takes a file."""
BRINGERS = (*OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)
"""Who has pages with such a form; which of them, its own deed decides."""
_ANY = Uploads(files.check)
"""Checked as a file alone; the page that imports it checks its contents."""
_PLACE = re.compile(r"[a-z_]+(:[a-z0-9-]+){1,3}")
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Kept:
    """What was typed into one form: the fields that differ from the record, by name, and when."""

    values: dict[str, Any]
    version: int
    """Which version of the record it was typed over: a number that its form knows it by."""
    at: datetime


@dataclass(frozen=True)
class Chosen:
    """A file that was chosen in a field of a form and is not saved yet (已选、尚未保存的文件)."""

    id: int
    field: str
    filename: str
    size: int
    sha256: str
    at: datetime


@deed
def kept(session: Session, place: str, *, actor: Actor) -> Kept | None:
    """What the actor typed into a form and did not save (未保存的改动); None where there is nothing."""
    found = session.get(Unsaved, (actor.account_id, place)) if actor.account_id else None
    return Kept(json.loads(found.typed), found.version, found.at) if found else None


def places(session: Session, actor: Actor) -> list[str]:
    """The forms in which the actor has something unsaved (未保存的表单), the latest first: "plan:12", "plan:new"."""
    own = (sa.select(each.place, each.at).where(each.account_id == actor.account_id) for each in (Unsaved, UnsavedFile))
    found = sa.union_all(*own).subquery()
    return list(
        session.scalars(sa.select(found.c.place).group_by(found.c.place).order_by(sa.func.max(found.c.at).desc()))
    )


@deed
def keep(
    session: Session,
    place: str,
    values: Mapping[str, Any],
    *,
    version: int,
    actor: Actor,
    now: datetime,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Keep what is typed (自动暂存) into a form; answers what is kept of it now.

    `place`: the kind and the record, as "plan:12" or "plan:new". `values`: those that differ from the record, texts,
    numbers, yes or no, or lists of them. None left: nothing is kept any more.
    `seen`: what this window last saw kept (两个窗口). Only the fields that differ from it are written, so that what
    another window wrote meanwhile stays; a field that both changed stays as the other has it, and the answer says so.
    Without it `values` take the place of what was kept before.
    Refused codes: "role" (no account), "password", "form" (no such place or value), "long", "many", "gone" (what was
    seen was saved, moved or discarded elsewhere).
    """
    require(actor, *Role)
    if actor.account_id is None:
        raise Refused("role", "请先登录。")
    if not _is_place(place) or not _well_formed(values):
        raise Refused("form", "填写的内容不能自动暂存，请刷新页面后重新填写。")
    session.get_one(Account, actor.account_id, with_for_update=True)  # the same form in two windows
    found = session.get(Unsaved, (actor.account_id, place), populate_existing=True)
    if seen and found is None:
        raise Refused("gone", GONE)
    merged = dict(values) if seen is None else _merged(json.loads(found.typed) if found else {}, values, seen)
    written = json.dumps(merged, ensure_ascii=False)
    if len(written) > LONGEST:
        raise Refused("long", f"填写的内容超过{LONGEST // 10_000}万个字，没有自动暂存。请先保存，或改为上传文件。")
    if not merged:
        session.execute(sa.delete(Unsaved).where(*_own(Unsaved, place, actor)))
        return merged
    if found is None:
        count = sa.select(sa.func.count()).where(Unsaved.account_id == actor.account_id)
        if session.scalars(count).one() >= MOST:
            raise Refused("many", f"已有{MOST}处填写了没有保存的内容，这里没有自动暂存。请先保存或放弃其中一些。")
        found = Unsaved(account_id=actor.account_id, place=place)
        session.add(found)
    found.typed, found.version, found.at = written, version, now
    return merged


GONE = "这里填写的内容已在别的窗口保存、另存或放弃，屏幕上的还在。请核对：要保留的，再点一次“保存”；不要的，放弃改动。"

LOST = "选择的文件已在别的窗口保存或移除，请刷新页面，核对后再办理。"


def _merged(there: Mapping[str, Any], values: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a form once a window that saw this much of it adds what was changed there."""
    merged = dict(there)
    for name in {*values, *seen}:
        had, has, here = (each.get(name, _NOTHING) for each in (seen, there, values))
        if here == had or has != had:
            continue
        if here is _NOTHING:
            merged.pop(name, None)
        else:
            merged[name] = here
    return merged


_NOTHING = object()


@deed
def drop(session: Session, place: str, *, actor: Actor) -> None:
    """Discard what was typed and chosen (放弃改动) in a form, or forget it because it was saved; idempotent."""
    for each in (Unsaved, UnsavedFile):
        session.execute(sa.delete(each).where(*_own(each, place, actor)))


@deed
def move(session: Session, place: str, to: str, *, actor: Actor) -> None:
    """Give what is unsaved in a form another place of the same kind (另存草稿), where nothing is yet.

    Refused codes: "form", "gone" (nothing is there any more: it was saved, moved or discarded elsewhere).
    """
    same, there = to.partition(":")[0] == place.partition(":")[0], places(session, actor)
    if not (_is_place(to) and same) or to in there:
        raise Refused("form", "这份草稿不能另存，请刷新页面后重试。")
    if place not in there:
        raise Refused("gone", GONE)
    for each in (Unsaved, UnsavedFile):
        session.execute(sa.update(each).where(*_own(each, place, actor)).values(place=to))


# --- files ------------------------------------------------------------------------------------------------------------


@deed
def chosen(session: Session, place: str, *, actor: Actor) -> list[Chosen]:
    """The files that the actor chose in a form and did not save (已选、尚未保存的文件), in their order."""
    found = session.scalars(sa.select(UnsavedFile).where(*_own(UnsavedFile, place, actor)).order_by(UnsavedFile.id))
    return [_chosen(each) for each in found]


@deed
def choose(session: Session, place: str, field: str, given: Upload, *, actor: Actor, now: datetime) -> Chosen:
    """Keep a file that is chosen in a field of a form (选择文件), as long as it is not saved; one of the own forms.

    It is held against what the field takes, and refused in the words in which saving it would be. Where a field takes
    one file, another takes its place; the very same one is kept once.
    Refused codes: "role", "form" (no such form or field), "missing" (no such record of one's own), "file", "many".
    """
    takes = _takes(session, place, field, actor)
    with db.unlocked():  # others need not wait until it is looked at and sealed
        takes.check(given)
        digest = files.store(given)
    session.get_one(Account, actor.account_id, with_for_update=True)  # the same form in two windows
    there = list(session.scalars(sa.select(UnsavedFile).where(UnsavedFile.account_id == actor.account_id)))
    here = [each for each in there if (each.place, each.field) == (place, field)]
    found = next((each for each in here if each.sha256 == digest), None)
    replaced = here if takes.most == 1 else []
    left = [each for each in there if each not in replaced and each is not found]
    if takes.most > 1 and found is None and len(here) >= takes.most:
        raise Refused("many", f"这里至多选{takes.most}个文件，请把多页合成一个PDF。")
    if len(left) >= MOST_FILES or sum(each.size for each in left) + len(given.content) > MOST_BYTES:
        most = f"{MOST_FILES}个或{MOST_BYTES // 2**20}MB"
        raise Refused("many", f"已选而没有保存的文件超过{most}。请先保存、导入或移除其中一些。")
    for each in replaced:
        if each is not found:
            session.delete(each)
    if found is None:
        found = UnsavedFile(account_id=actor.account_id, place=place, field=field, sha256=digest)
        session.add(found)
    found.filename, found.size, found.at = given.filename[-200:], len(given.content), now
    session.flush()
    return _chosen(found)


@deed
def upload(session: Session, chosen_id: int, *, actor: Actor) -> Upload:
    """A file that the actor chose (所选文件), with its bytes. Refused codes: "missing"."""
    own = UnsavedFile.account_id == actor.account_id, UnsavedFile.id == chosen_id
    found = session.scalar(sa.select(UnsavedFile).where(*own))
    if found is None:
        raise Refused("missing", LOST)
    return files.stored(found)


@deed
def remove(session: Session, chosen_id: int, *, actor: Actor) -> None:
    """Take a chosen file out of its form again (移除); idempotent. Its bytes go with the next sweep."""
    own = UnsavedFile.account_id == actor.account_id, UnsavedFile.id == chosen_id
    session.execute(sa.delete(UnsavedFile).where(*own))


def _takes(session: Session, place: str, field: str, actor: Actor) -> Uploads:
    """What a field takes, of a form that is the actor's own. Refused codes: "role", "form", "missing"."""
    code, _, rest = place.partition(":")
    if _is_place(place) and field == OTHERS.get(code):
        require(actor, *BRINGERS)
        return _ANY
    kind = KINDS.get(code)
    takes = kind.uploads.get(field.partition(":")[0]) if kind and _is_place(place) and len(field) <= _FIELD else None
    if kind is None or takes is None:
        raise Refused("form", "这里不能上传文件，请刷新页面后重试。")
    require(actor, *kind.filers)
    if actor.account_id is None or not kind.filed_by(actor):
        raise Refused("role", f"{kind.word}不由您填报，不能上传文件。")
    if (number := rest.partition("-")[0]) != "new":
        record = _record(session, number, kind.stands_on or code, actor)
        if not workflow.files(record, actor):
            raise not_found(kind.word)
    return takes


def _chosen(found: UnsavedFile) -> Chosen:
    return Chosen(found.id, found.field, found.filename, found.size, found.sha256, found.at)


def _record(session: Session, number: str, code: str, actor: Actor) -> Submission:
    """The record by which a form is named. Refused codes: "form", "missing"."""
    if not re.fullmatch(r"[0-9]{1,10}", number) or int(number) > LARGEST:
        raise Refused("form", "这里不能上传文件，请刷新页面后重试。")
    return workflow.one(session, int(number), actor, kind=code)


def _own(table: type[Unsaved | UnsavedFile], place: str, actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return table.account_id == actor.account_id, table.place == place


def _is_place(place: str) -> bool:
    return _PLACE.fullmatch(place) is not None and len(place) <= 60


def _well_formed(values: Mapping[str, Any]) -> bool:
    """Whether these are values of a form: plain ones by name, or lists of plain ones."""
    return all(
        re.fullmatch(r"[a-z_]{1,40}", name)
        and all(isinstance(each, _PLAIN) for each in (value if isinstance(value, list) else [value]))
        for name, value in values.items()
    )
