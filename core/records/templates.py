"""Templates of cards (审验卡样式): what each authority prints on them, version by version; none is ever changed."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from core.ground import paper, typed
from core.ground.access import AUTHORITIES, Actor, Refused, Role, refuse_faults, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.ledger import years
from core.ledger.years import View
from core.models import Card, CardTemplate, Organization
from core.records import faces, tokens
from core.records.faces import Look, Size
from core.trail import audit
from core.trail.files import Upload

LARGEST = 2**20
"""Bytes of the largest image taken."""
PIXELS = 3000
"""On the longer side of an image that is taken; it is kept with `KEPT` at most."""
KEPT = 600
_FORMATS = ("PNG", "JPEG")
_UPRIGHT = re.compile("[\u1800-\u18af\u200c\u200d\u202f\\s0-9]*")
"""Traditional Mongolian: what else there is would lie on its side."""
LONGEST = {"title": 30, "wording": 200, "mongolian": 100}


@dataclass(frozen=True)
class TemplateFields:
    """What is typed for a template (样式)."""

    title: str
    wording: str
    mongolian: str
    sizes: list[Size]
    """Those offered, the usual one first."""
    seal_area: bool
    entries: bool


def fields_of(look: Look) -> TemplateFields:
    """A look as it is typed."""
    return TemplateFields(look.title, look.wording, look.mongolian, list(look.sizes), look.seal_area, look.entries)


def look(fields: TemplateFields, *, logo: bytes | None = None, seal: bytes | None = None) -> Look:
    """How cards look by what was typed (预览用), with images that were checked (`picture`).

    Refused codes: "fields" (each by its name: nothing typed, too long, no size), "glyph" (a character no font has, by
    name).
    """
    given = typed.filled(fields)
    faults = [("title", "请填写标题")] if not given.title else []
    names = {"title": "标题", "wording": "说明", "mongolian": "蒙古文"}
    faults += [
        (name, f"{names[name]}不超过{most}个字，现在是{len(getattr(given, name))}个")
        for name, most in LONGEST.items()
        if len(getattr(given, name)) > most
    ]
    faults += [] if given.sizes else [("sizes", "请至少选一种纸张")]
    for name, word in names.items():
        try:
            paper.printable(getattr(given, name))
        except Refused as refused:
            faults.append((name, f"{word}：{refused.words.rstrip('。')}"))
    if "mongolian" not in dict(faults) and not _UPRIGHT.fullmatch(given.mongolian):
        words = "蒙古文：请填写传统蒙古文，西里尔蒙古文、汉字和拉丁字母不能竖排在这里"
        faults.append(("mongolian", words))
    refuse_faults(faults, "请改正后再发布。")
    sizes = tuple(dict.fromkeys(given.sizes))
    return Look(
        given.title, given.wording, typed.text(given.mongolian), sizes, given.seal_area, given.entries, logo, seal
    )


def picture(upload: Upload) -> bytes:
    """Check an image (核对图片) and make a small PNG of it, of pixels alone: whatever else lay in the file is gone.

    Refused codes: "image" (not PNG or JPEG by what it holds, too large, damaged).
    """
    if len(upload.content) > LARGEST:
        raise Refused("image", f"图片“{upload.filename}”超过{LARGEST // 2**20}MB，请缩小后再上传。")
    large = Refused("image", f"图片“{upload.filename}”边长超过{PIXELS}像素，请缩小后再上传。")
    try:
        with Image.open(io.BytesIO(upload.content), formats=_FORMATS) as opened:
            if max(opened.size) > PIXELS:
                raise large
            shown = opened.convert("RGBA")
    except Image.DecompressionBombError as error:
        raise large from error
    except (OSError, ValueError, SyntaxError) as error:
        words = f"“{upload.filename}”不是可用的PNG或JPEG图片，请另存为PNG后再上传；SVG等其他格式不收。"
        raise Refused("image", words) from error
    shown.thumbnail((KEPT, KEPT))
    made = io.BytesIO()
    shown.save(made, "PNG", optimize=True)
    return made.getvalue()


@deed
def publish(
    session: Session,
    fields: TemplateFields,
    *,
    logo: bytes | None,
    seal: bytes | None,
    version: int,
    actor: Actor,
    now: datetime,
) -> CardTemplate:
    """Publish a further version of the own office's template (发布样式): cards issued from now on are printed with it.

    `version`: the one seen, 0 where there was none. `logo`, `seal`: as `picture` made them.
    Refused codes: "role", "stale", "fields".
    """
    require(actor, Role.ADMIN)
    office = session.get_one(Organization, actor.organization_id, with_for_update=True)
    if office.kind not in AUTHORITIES:
        raise Refused("role", "审验卡样式由核定机关的管理员设置。")
    last = _last(session, office.id)
    if (last.version if last else 0) != version:
        raise Refused("stale", "样式刚刚有了新的版本，您的没有发布。请刷新页面，核对后再发布。")
    made = look(fields, logo=logo, seal=seal)
    template = CardTemplate(
        authority_id=office.id,
        version=version + 1,
        title=made.title,
        wording=made.wording,
        mongolian=made.mongolian,
        sizes=",".join(size.value for size in made.sizes),
        seal_area=made.seal_area,
        entries=made.entries,
        logo=logo,
        seal=seal,
        account_id=actor.account_id,
        account_name=actor.name,
        made_at=now,
    )
    session.add(template)
    told = {"version": version + 1, "title": made.title}
    audit.record(session, audit.Event.CARD_TEMPLATE, template, actor=actor, after=told, now=now)
    return template


@dataclass(frozen=True)
class Current:
    """The template in force for an authority's people (现行样式)."""

    id: int | None
    version: int
    """Of the office's own; 0 where it has none, and prints with the region's or the program's."""
    look: Look


def current(session: Session, authority_id: int) -> Current:
    """The template that an authority's cards are printed with: its own, else the region's, else the program's.

    Of the region's the words and the paper: its logo and its seal stand on no other authority's cards.
    """
    if own := _last(session, authority_id):
        return Current(own.id, own.version, _look_of(own))
    if theirs := _last(session, 1):
        return Current(theirs.id, 0, _inherited(_look_of(theirs)))
    return Current(None, 0, faces.BUILT_IN)


def of_card(session: Session, card: Card) -> Look:
    """How a card looks (此卡的样式): by the version it was issued with, whatever was published since."""
    if card.template_id is None:
        return faces.BUILT_IN
    template = session.get_one(CardTemplate, card.template_id)
    look, whose = _look_of(template), session.get_one(Organization, template.authority_id)
    return look if whose.name == json.loads(card.payload)["office"] else _inherited(look)


def version(session: Session, number: int, actor: Actor) -> Look:
    """One version of the own office's template (某一版样式). Refused codes: "role", "missing"."""
    require(actor, Role.ADMIN)
    query = sa.select(CardTemplate).where(
        CardTemplate.authority_id == actor.organization_id, CardTemplate.version == number
    )
    found = session.scalar(query)
    if found is None:
        raise Refused("missing", "没有这一版样式，请刷新页面。")
    return _look_of(found)


def versions(session: Session, actor: Actor) -> pd.DataFrame:
    """The versions of the own office's template (样式版本), the newest first. Refused codes: "role".

    Columns: version, title, account_name, at, cards (how many were issued with it).
    """
    require(actor, Role.ADMIN)
    issued = sa.select(sa.func.count(Card.id)).where(Card.template_id == CardTemplate.id).scalar_subquery()
    query = sa.select(
        CardTemplate.version,
        CardTemplate.title,
        CardTemplate.account_name,
        CardTemplate.made_at.label("at"),
        issued.label("cards"),
    ).where(CardTemplate.authority_id == actor.organization_id)
    rows = session.execute(query.order_by(CardTemplate.version.desc())).mappings().all()
    return pd.DataFrame(rows, columns=["version", "title", "account_name", "at", "cards"])


def _last(session: Session, authority_id: int) -> CardTemplate | None:
    query = sa.select(CardTemplate).where(CardTemplate.authority_id == authority_id)
    return session.scalar(query.order_by(CardTemplate.version.desc()).limit(1))


def _inherited(look: Look) -> Look:
    """As another authority's cards have it (沿用的样式): without logo and seal, which vouch for their owner alone."""
    return replace(look, logo=None, seal=None)


def _look_of(kept: CardTemplate) -> Look:
    return Look(
        title=kept.title,
        wording=kept.wording,
        mongolian=kept.mongolian,
        sizes=tuple(Size(code) for code in kept.sizes.split(",")),
        seal_area=kept.seal_area,
        entries=kept.entries,
        logo=kept.logo,
        seal=kept.seal,
    )


# --- a sample -------------------------------------------------------------------------------------------------------


def sample(look: Look, size: Size, *, office: str, league: str | None, year: int, verify_url: str) -> bytes:
    """A card with made-up data (样张), as a PDF: nobody's, its code answered nowhere.

    Refused codes: "glyph", "policy".
    """
    sheet = faces.Sheet(size)
    faces.draw(sheet, _made_up(office, years.view(year, league)), look, size, verify_url=verify_url)
    return bytes(sheet.page.output())


def _made_up(office: str, seen: View) -> dict[str, Any]:
    """What a made-up card says, by the keys of a card's payload: the subjects and hours that the notice asks for."""
    names, year = years.subject_names(seen.policy), seen.year
    hours = {code: hours_text(amount) for code, amount in seen.policy.requirement.in_year(year).items()}
    shown = {code: hours.get(code, "0") for code in names}
    line = {"hours": shown, "required": hours, "lacks": years.DONE}
    subject = seen.policy.subjects[-1]
    return {
        "code": tokens.SAMPLE,
        "number": f"000000-{year}-0000000",
        "name": "额尔敦·巴图（样张）",
        "id_mask": "150199********0000",
        "sex": "男",
        "employer": "示例市第一人民医院",
        "title": "主治医师",
        "year": year,
        "since": year,
        "office": office,
        "basis": seen.basis(year),
        "subjects": list(names.items()),
        "required": hours,
        "years": [{"year": each} | line for each in range(year - 2, year + 1)],
        "together": [],
        "entries": [
            {
                "year": year,
                "completed_on": f"{year}-06-26",
                "subject": subject.name,
                "hours": shown[subject.code],
                "basis": "示例继续教育基地：知识更新培训班",
            }
        ],
        "issued_on": f"{year}-12-31",
    }
