"""Occupations (数字技术职业, clause 五): the catalogue an office can correct, and which of them an institute may train.

The catalogue is a data file: `data/occupations.csv`, or the office's corrected copy of it in CE_HOME, read instead.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import (
    OFFICERS,
    Actor,
    Labelled,
    OrganizationKind,
    Refused,
    Role,
    not_found,
    refuse_faults,
    require,
    visible,
)
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law.notices import Policy, Programme
from core.models import ClassLevel, OccupationApproval, Organization, Plan, TrainingClass
from core.submissions.forms import Faults, figure, shown
from core.tables import values
from core.tables.declared import Declared
from core.tables.problems import Problem, problem_lines
from core.tables.reading import Listing
from core.trail import audit

FILE = db.ROOT / "data" / "occupations.csv"
NO_DIRECTION = "无"
"""In the catalogue: a level that takes no direction. A blank is not known: what the approved plan says."""
LEVELS = {level.label: level for level in ClassLevel}
LONGEST = 60
MOST_HOURS = 1000


@audit.events
class Event(Labelled):
    """What the region keeps of institutes, as the trail has it; it is a line of the institute."""

    APPROVED = "organization.occupation", "核准培训职业"
    CHANGED = "organization.occupation_until", "变更核准职业有效期"


# --- the catalogue --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standard:
    """One line of the catalogue (职业目录): a level of an occupation, in one direction, with its hours."""

    occupation: str
    code: str
    """On the national standard."""
    code_2022: str
    """Of the dictionary of 2022."""
    level: str
    direction: str
    hours: Decimal | None
    """标准学时: the least a class has; None: what the approved plan says."""
    active: bool
    source: str
    """Where it is from, and how sure that is."""


COLUMNS = {
    "occupation": ("职业名称", "职业", "职业工种名称"),
    "code": ("标准职业编码", "职业编码"),
    "code_2022": ("2022年版编码", "职业分类大典编码"),
    "level": ("等级", "专业技术等级"),
    "direction": ("职业方向", "方向"),
    "hours": ("标准学时", "学时", "最低学时"),
    "active": ("启用",),
    "source": ("来源", "依据"),
}


def _consistent(lines: Sequence[tuple[int, Standard]]) -> Iterable[Problem]:
    """A line is there once; a level either takes no direction or has some; an occupation is active as a whole."""
    seen: dict[tuple[str, str, str], int] = {}
    by_level: dict[tuple[str, str], set[str]] = {}
    active: dict[str, bool] = {}
    for row, each in lines:
        key = each.occupation, each.level, each.direction
        if (first := seen.setdefault(key, row)) != row:
            yield Problem(row, "direction", "twice", each.direction, f"与第{first}行重复，请删去一行")
        told = by_level.setdefault(key[:2], set())
        told.add(each.direction)
        if NO_DIRECTION in told and len(told) > 1:
            words = f"{each.occupation}{each.level}既写“{NO_DIRECTION}”又有方向，请只留一种"
            yield Problem(row, "direction", "direction-mixed", each.direction, words)
        if active.setdefault(each.occupation, each.active) != each.active:
            yield Problem(row, "active", "active-mixed", "", f"{each.occupation}的各行是否启用不一致，请改为一致")
        if each.hours is not None and not 0 < each.hours <= MOST_HOURS:
            said = hours_text(each.hours)
            yield Problem(row, "hours", "hours-range", said, f"标准学时应大于0、不超过{MOST_HOURS}")


TABLE = Declared(
    Listing("职业目录", COLUMNS, ["occupation", "level"], identity=["occupation", "level"], several=True),
    becomes=Standard,
    values={
        "level": partial(values.word, words=tuple(LEVELS)),
        "hours": values.hours,
        "active": values.yes_no,
    },
    needed=["occupation", "level"],
    checks=[_consistent],
)


def own_file() -> Path:
    """Where an office puts its corrected copy (更正的职业目录)."""
    return db.home() / FILE.name


def catalogue() -> list[Standard]:
    """The catalogue of occupations (职业目录): the office's corrected copy if there is one, else the shipped one.

    Refused codes: "occupations" (the copy has faults: each is named by its line).
    """
    path = own_file() if own_file().exists() else FILE
    stat = path.stat()
    found, faults = _read(path, stat.st_mtime_ns, stat.st_size)
    if faults:
        raise Refused("occupations", f"职业目录{path.name}有错误，改正后才能使用：{'；'.join(faults)}。")
    return found


@functools.lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> tuple[list[Standard], list[str]]:
    """What a file says, and its faults in words; read once for each state of the file."""
    try:
        checked = TABLE.read(path.read_bytes(), path.name, ours=True)
    except Refused as refused:
        return [], [refused.words.rstrip("。")]
    faults = [
        f"第{each.row}行{each.heading(TABLE.listing.headings)}：{each.words}"
        for each in checked.problems
        if each.blocking
    ]
    return [line for _, line in checked.lines], faults


def active_names() -> list[str]:
    """Names of the occupations in use (启用的职业), in the catalogue's order. Refused codes: "occupations"."""
    return list(dict.fromkeys(each.occupation for each in catalogue() if each.active))


def levels_of(occupation: str) -> list[ClassLevel]:
    """The levels of an occupation (等级). Refused codes: "occupations"."""
    return list(dict.fromkeys(LEVELS[each.level] for each in catalogue() if each.occupation == occupation))


@dataclass(frozen=True)
class Directions:
    """What a level takes as direction (职业方向): none, one of these, or whatever the plan says."""

    names: tuple[str, ...]
    taken: bool
    """Whether the level takes any direction at all."""
    open: bool
    """Whether others than these may be written, because not all of them are known."""


def directions_of(occupation: str, level: ClassLevel) -> Directions:
    """The directions of a level of an occupation (职业方向). Refused codes: "occupations"."""
    said = [each.direction for each in _of(occupation, level)]
    names = tuple(word for word in said if word not in ("", NO_DIRECTION))
    return Directions(names, NO_DIRECTION not in said, "" in said)


def least_hours(occupation: str, level: ClassLevel, direction: str) -> Decimal | None:
    """The least hours of a class (标准学时) by the catalogue; None where it is blank. Refused codes: "occupations"."""
    lines = {each.direction: each.hours for each in _of(occupation, level)}
    for name in (direction, "", NO_DIRECTION):
        if lines.get(name) is not None:
            return lines[name]
    return None


def _of(occupation: str, level: ClassLevel) -> list[Standard]:
    return [each for each in catalogue() if each.occupation == occupation and LEVELS[each.level] is level]


def listing() -> pd.DataFrame:
    """The catalogue as a table to read and to take away (职业目录).

    Columns: occupation, occupation_code, code_2022, class_level, direction, least_hours, active, catalogue_source.
    Refused codes: "occupations".
    """
    columns = "occupation code code_2022 level direction hours active source".split()
    lines = [{name: getattr(each, name) for name in columns} for each in catalogue()]
    names = {"hours": "least_hours", "code": "occupation_code", "source": "catalogue_source", "level": "class_level"}
    return pd.DataFrame(lines, columns=columns).rename(columns=names)


def faults_of(content: bytes, filename: str) -> tuple[int, list[list[str]]]:
    """Check a corrected catalogue before it is used (检查职业目录): its good lines, its problems as lines.

    Refused codes: "file", "headings".
    """
    checked = TABLE.read(content, filename)
    return len(checked.lines), [
        list(map(str, line)) for line in problem_lines(checked.problems, TABLE.listing.headings)
    ]


# --- what an institute may train ------------------------------------------------------------------------------------


def _require_region(actor: Actor) -> None:
    require(actor, Role.ADMIN, Role.REVIEWER)
    if not actor.oversees_region:
        raise Refused("jurisdiction", "培训机构的核准职业由自治区登记，请与自治区人社厅联系。")


@deed
def approve(
    session: Session,
    organization_id: int,
    occupation: str,
    batch: str,
    from_on: date | None,
    to_on: date | None,
    *,
    actor: Actor,
    now: datetime,
) -> OccupationApproval:
    """Put on record that an institute may train an occupation (核准职业): in which batch, from when until when.

    Refused codes: "role", "jurisdiction" (the region's alone), "missing", "kind" (no institute), "fields", "twice"
    (approved for some of these days already), "occupations".
    """
    _require_region(actor)
    institute = session.get(Organization, organization_id, with_for_update=True)
    if institute is None:
        raise not_found("机构")
    if institute.kind is not OrganizationKind.INSTITUTE:
        raise Refused("kind", f"“{institute.name}”不是{OrganizationKind.INSTITUTE.label}，不能核准职业。")
    batch = typed.text(batch)
    faults: Faults = []
    if occupation not in active_names():
        faults.append(("occupation", f"职业目录中没有启用“{shown(occupation)}”，请从列出的职业中选择"))
    if not 1 <= len(batch) <= 40:
        faults.append(("batch", "批次应为1至40个字，如第二批"))
    faults += [
        (name, f"{word}未填")
        for name, word, day in (("from_on", "有效期起", from_on), ("to_on", "有效期止", to_on))
        if day is None
    ]
    if from_on and to_on and to_on < from_on:
        faults.append(("to_on", "有效期止早于有效期起"))
    refuse_faults(faults)
    assert from_on
    assert to_on
    same = sa.select(OccupationApproval).where(
        OccupationApproval.organization_id == institute.id, OccupationApproval.occupation == occupation
    )
    met = session.scalar(same.where(OccupationApproval.from_on <= to_on, OccupationApproval.to_on >= from_on).limit(1))
    if met is not None:
        raise Refused("twice", f"{occupation}在{met.from_on}至{met.to_on}已经核准，请变更它的有效期，或从其后一天起。")
    added = OccupationApproval(
        organization_id=institute.id, occupation=occupation, batch=batch, from_on=from_on, to_on=to_on
    )
    session.add(added)
    after = {"occupation": occupation, "batch": batch, "from_on": str(from_on), "to_on": str(to_on)}
    audit.record(session, Event.APPROVED, institute, actor=actor, after=after, now=now)
    return added


@deed
def change_until(
    session: Session, approval_id: int, to_on: date | None, *, actor: Actor, reason: str, now: datetime
) -> OccupationApproval:
    """Change until when an institute may train an occupation (变更有效期), later or earlier, with a reason.

    Refused codes: "role", "jurisdiction", "missing", "fields", "reason", "twice".
    """
    _require_region(actor)
    found = session.get(OccupationApproval, approval_id, with_for_update=True)
    if found is None:
        raise not_found("核准职业")
    if to_on is None or to_on < found.from_on:
        refuse_faults([("to_on", f"有效期止应为{found.from_on}或以后")])
        raise AssertionError
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写变更有效期的原因或文件。")
    later = sa.select(OccupationApproval.id).where(
        OccupationApproval.organization_id == found.organization_id,
        OccupationApproval.occupation == found.occupation,
        OccupationApproval.from_on.between(found.from_on, to_on),
        OccupationApproval.id != found.id,
    )
    if session.scalar(later.limit(1)):
        raise Refused("twice", f"{found.occupation}在{to_on}以前另有一次核准，有效期不能重叠。")
    before, found.to_on = {"occupation": found.occupation, "to_on": str(found.to_on)}, to_on
    institute = session.get_one(Organization, found.organization_id)
    after = {"occupation": found.occupation, "to_on": str(to_on)}
    audit.record(session, Event.CHANGED, institute, actor=actor, before=before, after=after, reason=reason, now=now)
    return found


def approvals(session: Session, actor: Actor, *, today: date) -> pd.DataFrame:
    """What institutes may train (核准职业), for officers all that they see, for an institute its own.

    Columns: id, organization, occupation, batch, from_on, to_on, validity (words, as of today). Refused codes: "role".
    """
    require(actor, *OFFICERS, Role.BASE_CLERK)
    query = (
        sa.select(OccupationApproval, Organization.name)
        .join(Organization, Organization.id == OccupationApproval.organization_id)
        .where(visible(actor, organization=Organization.id, authority=Organization.authority_id))
        .order_by(Organization.name, OccupationApproval.occupation, OccupationApproval.from_on)
    )
    lines = [
        {
            "id": each.id,
            "organization": name,
            "occupation": each.occupation,
            "batch": each.batch,
            "from_on": each.from_on,
            "to_on": each.to_on,
            "validity": "尚未生效" if each.from_on > today else "有效" if each.to_on >= today else "已到期",
        }
        for each, name in session.execute(query)
    ]
    columns = "id organization occupation batch from_on to_on validity".split()
    return pd.DataFrame(lines, columns=columns)


def trainable(session: Session, organization_id: int, start_on: date, end_on: date) -> list[str]:
    """Occupations an institute may train throughout some days (可办职业): approved, valid, in use, in order.

    Refused codes: "occupations".
    """
    query = sa.select(OccupationApproval.occupation).where(
        OccupationApproval.organization_id == organization_id,
        OccupationApproval.from_on <= start_on,
        OccupationApproval.to_on >= end_on,
    )
    approved = set(session.scalars(query))
    return [name for name in active_names() if name in approved]


# --- a class beside its plan ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassFields:
    """What a class adds to its plan (办班): occupation, direction or none, level, hours online and offline."""

    occupation: str = ""
    direction: str = ""
    level: ClassLevel | str = ""
    online_hours: Decimal | str = ""
    offline_hours: Decimal | str = ""

    @property
    def hours(self) -> Decimal | None:
        """Hours online and offline together (线上+线下); None where either is no figure."""
        online, offline = self.online_hours, self.offline_hours
        return online + offline if isinstance(online, Decimal) and isinstance(offline, Decimal) else None


WORDS = {
    "occupation": "职业",
    "direction": "职业方向",
    "level": "等级",
    "online_hours": "线上学时",
    "offline_hours": "线下学时",
}
"""What is to be filled in of a class, by its name on the form."""


def filled(fields: ClassFields) -> ClassFields:
    """The fields of a class with figures as numbers, where what was typed is; what is none stays. Blank hours are 0."""
    hours = {name: figure(values.hours, getattr(fields, name)) for name in ("online_hours", "offline_hours")}
    hours = {name: Decimal() if value is None else value for name, value in hours.items()}
    level = ClassLevel(fields.level) if fields.level in list(ClassLevel) else fields.level
    return ClassFields(typed.text(fields.occupation), typed.text(fields.direction), level, **hours)


def check(
    session: Session,
    fields: ClassFields,
    institute: Organization,
    programme: Programme,
    policy: Policy,
    *,
    start_on: date,
    end_on: date,
    hours_each: Decimal | str,
    credit_years: Sequence[int],
) -> None:
    """Hold a class against the catalogue and against what its institute may train.

    `hours_each`: of the plan, what is posted once, the sum of both; `credit_years`: a class makes up none.
    Refused codes: "fields", "occupations".
    """
    fields = filled(fields)
    if institute.kind is not OrganizationKind.INSTITUTE:
        words = f"{programme.name}由{OrganizationKind.INSTITUTE.label}办班（{programme.clause}），本单位请选其他项目"
        refuse_faults([("programme", words)])
    faults: Faults = _hours_faults(fields)
    may = trainable(session, institute.id, start_on, end_on)
    level = fields.level
    if not fields.occupation:
        faults.append(("occupation", "职业未填"))
    elif fields.occupation not in may:
        words = f"本机构在{start_on}至{end_on}没有核准“{shown(fields.occupation)}”，只能开办核准且在有效期内的职业"
        faults.append(("occupation", words))
    elif not isinstance(level, ClassLevel) or level not in levels_of(fields.occupation):
        faults.append(("level", "等级请从列出的选项中选择"))
    else:
        faults += _direction_faults(fields, level)
        least = least_hours(fields.occupation, level, fields.direction)
        if least is not None and fields.hours is not None and fields.hours < least:
            words = f"线上与线下共{hours_text(fields.hours)}学时，少于标准学时{hours_text(least)}（职业目录）"
            faults.append(("offline_hours", words))
    if fields.hours and isinstance(hours_each, Decimal) and hours_each != fields.hours:
        faults.append(("hours_each", f"每人学时应为线上与线下学时之和{hours_text(fields.hours)}"))
    if policy.setting("class_hours", "year_of_end") == "year_of_end" and tuple(credit_years) not in (
        (),
        (end_on.year,),
    ):
        faults.append(
            ("credit_years", f"办班的学时只记入结束当年（{policy.cites('class_hours') or programme.clause}）")
        )
    refuse_faults(faults)


def _hours_faults(fields: ClassFields) -> Faults:
    faults: Faults = []
    for name in ("online_hours", "offline_hours"):
        hours = getattr(fields, name)
        if not isinstance(hours, Decimal) or not hours.is_finite():
            faults.append((name, f"{WORDS[name]}应为0.5的倍数，“{shown(hours)}”不是"))
        elif not 0 <= hours <= MOST_HOURS or hours * 2 % 1:
            faults.append((name, f"{WORDS[name]}应为0.5的倍数，0至{MOST_HOURS}"))
    if fields.hours == 0:
        faults.append(("offline_hours", "线上学时和线下学时至少填一项"))
    return faults


def _direction_faults(fields: ClassFields, level: ClassLevel) -> Faults:
    known, said = directions_of(fields.occupation, level), fields.direction
    if not known.taken:
        return [("direction", f"{fields.occupation}{level.label}不分职业方向，请留空")] if said else []
    if len(said) > LONGEST:
        return [("direction", f"职业方向不超过{LONGEST}个字")]
    if known.open:
        return []
    if said not in known.names:
        return [("direction", f"职业方向请从{'、'.join(known.names)}中选择")]
    return []


def keep(plan: Plan, fields: ClassFields | None) -> None:
    """Keep what a class adds to its plan, or take it away where the plan is of none; the plan's version goes up."""
    was = fields_of(plan)
    if fields is None:
        plan.course = None
    else:
        said = filled(fields)
        assert isinstance(said.level, ClassLevel)
        if plan.course is None:
            plan.course = TrainingClass()
        for name in ClassFields.__dataclass_fields__:
            setattr(plan.course, name, getattr(said, name))
    if was != fields_of(plan) and plan.id is not None:
        sa.orm.attributes.flag_modified(plan, "title")


def fields_of(plan: Plan) -> ClassFields | None:
    """What a class adds to its plan; None for a plan of none."""
    kept = plan.course
    return (
        None
        if kept is None
        else ClassFields(**{name: getattr(kept, name) for name in ClassFields.__dataclass_fields__})
    )


def content(plan: Plan) -> dict[str, str]:
    """What is filled in of a class, as text by key of `WORDS`; "" where the plan is of none."""
    kept = plan.course
    if kept is None:
        return dict.fromkeys(WORDS, "")
    return {
        "occupation": kept.occupation,
        "direction": kept.direction,
        "level": kept.level.label,
        "online_hours": hours_text(kept.online_hours),
        "offline_hours": hours_text(kept.offline_hours),
    }


def course_words(occupation: str, direction: str, level: ClassLevel) -> str:
    """A class in words (职业、方向、等级)."""
    return "　".join(filter(None, (occupation, direction, level.label)))


def facts(plan: Plan) -> list[tuple[str, object]]:
    """What a class adds to its plan, to read; nothing for a plan of none."""
    kept = plan.course
    if kept is None:
        return []
    hours = f"线上{hours_text(kept.online_hours)}，线下{hours_text(kept.offline_hours)}"
    return [("职业", course_words(kept.occupation, kept.direction, kept.level)), ("学时构成", hours)]
