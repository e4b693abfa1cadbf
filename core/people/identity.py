"""The office's own name and mark (单位名称、标志): what screens and paper show of whose system this is."""

from __future__ import annotations

import base64
import functools
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from core.ground import paper, typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Organization
from core.people import setup
from core.trail import audit
from core.trail.files import Upload

SYSTEM = "内蒙古自治区专业技术人员继续教育管理系统"
"""What the system is called where the office has not named it."""
LONGEST = 40
"""Characters of a name: it stands in one line."""
LARGEST = 1_000_000
"""Bytes of a file handed in as the mark."""
SIDE = 128
"""Pixels that the mark is made small to."""
MOST_PIXELS = 4000 * 4000
ENDINGS = ("png", "jpg", "jpeg")


@dataclass(frozen=True)
class Identity:
    """Whose system this is (单位名称、标志)."""

    name: str
    """As the office wants to be called, "" where it has not said."""
    mark: bytes | None
    """A PNG of `SIDE` pixels at most."""

    @property
    def called(self) -> str:
        """What stands on screens and paper: the office's name, else the system's."""
        return self.name or SYSTEM

    def picture(self, otherwise: Path) -> str:
        """The mark as a data URL, which needs no request of its own; without one a drawing (SVG) of the system's."""
        return f"data:image/png;base64,{base64.b64encode(self.mark).decode()}" if self.mark else data_url(otherwise)

    @property
    def letterhead(self) -> paper.Letterhead:
        """Name and mark as printed pages carry them (抬头)."""
        return paper.Letterhead(self.called, self.mark)


@functools.cache
def data_url(file: Path) -> str:
    """A drawing (SVG) of the system's as a data URL."""
    return f"data:image/svg+xml;base64,{base64.b64encode(file.read_bytes()).decode()}"


def identity(session: Session) -> Identity:
    """The office's own name and mark (单位名称、标志)."""
    return told(setup.settings(session))


def told(settings: Mapping[str, str]) -> Identity:
    """Name and mark, of settings that were read before (`setup.settings`)."""
    mark = settings.get("mark")
    return Identity(settings.get("name") or "", base64.b64decode(mark) if mark else None)


@deed
def decide(session: Session, *, name: str, mark: Upload | None, keep_mark: bool, actor: Actor, now: datetime) -> None:
    """Decide name and mark (设置单位名称和标志); without a new mark the one there is stays, or goes (`keep_mark`).

    Refused codes: "role" (the region's administrator), "name" (too short, too long), "mark" (no small PNG or JPEG).
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "单位名称和标志由自治区人社厅的管理员设置。")
    if not 2 <= len(name := typed.text(name)) <= LONGEST:
        raise Refused("name", f"名称应为2至{LONGEST}个字，会显示在页面和打印件上。")
    before = identity(session)
    image = _small(mark) if mark else before.mark if keep_mark else None
    setup.decide_setting(session, "name", name)
    setup.decide_setting(session, "mark", base64.b64encode(image).decode() if image else "")
    office = session.get_one(Organization, actor.organization_id)
    audit.record(
        session,
        audit.Event.OFFICE_NAMED,
        office,
        actor=actor,
        before={"name": before.name, "mark": bool(before.mark)},
        after={"name": name, "mark": bool(image)},
        now=now,
    )


@deed
def decide_address(session: Session, address: str, *, actor: Actor, now: datetime) -> str:
    """Decide the public address (设置对外网址) that cards, calendars and mails lead to, "" for none; as it is kept.

    Refused codes: "role" (the region's administrator), "server" (the server was given one: `CE_ADDRESS`), "address"
    (not http:// or https:// with a name, or more than that).
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "对外网址由自治区人社厅的管理员设置。")
    if setup.address_of_server():
        raise Refused("server", "对外网址已由服务器的 CE_ADDRESS 设定，请在服务器上修改。")
    written = typed.narrow(address).rstrip("/")
    if written and not _ADDRESS.fullmatch(written):
        raise Refused("address", "对外网址应写成 https://域名 或 https://域名:端口，后面不带别的内容。")
    before = setup.setting(session, "address") or ""
    setup.decide_setting(session, "address", written)
    office, told = session.get_one(Organization, actor.organization_id), {"address": written}
    event = audit.Event.OFFICE_ADDRESSED
    audit.record(session, event, office, actor=actor, before={"address": before}, after=told, now=now)
    return written


_ADDRESS = re.compile(r"https?://([a-z0-9-]{1,63}\.){0,8}[a-z0-9-]{1,63}(:\d{1,5})?", re.IGNORECASE)


def _small(given: Upload) -> bytes:
    """A picture handed in, as a small PNG made here: nothing else of the file is kept. Refused codes: "mark"."""
    from PIL import Image, UnidentifiedImageError

    if len(given.content) > LARGEST:
        raise Refused("mark", f"标志图片超过{LARGEST // 1000}KB，请缩小后再上传。")
    try:
        with Image.open(io.BytesIO(given.content), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refused("mark", "标志图片的像素太多，请缩小到4000×4000以内。")
            drawn = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refused("mark", "打不开这张图片，标志请用PNG或JPG图片。") from error
    drawn.thumbnail((SIDE, SIDE))
    kept = io.BytesIO()
    drawn.save(kept, "PNG", optimize=True)
    return kept.getvalue()
