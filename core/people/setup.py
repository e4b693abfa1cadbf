"""The office itself: opened once, its settings, its clock."""

from __future__ import annotations

import csv
import functools
import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Refused, Role, league_of
from core.ground.deeds import deed
from core.models import AuditEntry, Organization, Setting
from core.tables import values
from core.tables.declared import Declared
from core.tables.reading import Listing
from core.trail import audit
from core.trail.files import Upload


def setting(session: Session, name: str) -> str | None:
    """Read a setting (设置)."""
    found = session.get(Setting, name)
    return found.value if found else None


def settings(session: Session) -> dict[str, str]:
    """All settings (设置) by name; there are a few."""
    return {each.name: each.value for each in db.plain(session, _ALL)}


_ALL = sa.select(Setting.__table__.c.name, Setting.__table__.c.value)


def decide_setting(session: Session, name: str, value: str) -> None:
    """Write a setting (设置)."""
    session.merge(Setting(name=name, value=value))


def address(told: Mapping[str, str]) -> str:
    """The office's public address (对外网址): what is printed and sent leads there; "" where unset.

    `CE_ADDRESS` where the server has it, else as the office decided it (`identity.decide_address`); told: `settings`.
    """
    return (address_of_server() or told.get("address", "")).rstrip("/")


def address_of_server() -> str:
    """The public address that the server was given (`CE_ADDRESS`), which no screen changes; "" where it has none."""
    return os.environ.get("CE_ADDRESS", "")


def is_demo(session: Session) -> bool:
    """Whether this is the demonstration (演示), whose people are made up."""
    return setting(session, "office") == "demo"


def is_open(session: Session) -> bool:
    """Office opened (已建立): whether somebody has already chosen a demonstration or an empty office."""
    return setting(session, "office") is not None


def opened_on(session: Session) -> date:
    """The day on which the office was opened (建立之日): before it nobody could file anything here."""
    opening = sa.select(sa.func.min(AuditEntry.at)).where(AuditEntry.event == audit.Event.OFFICE_OPENED)
    at = session.scalar(opening)
    return db.office_day(at) if at else date.min


def open_office(session: Session, *, kind: str, now: datetime) -> Actor:
    """Open the office (建立系统).

    Enter the region, its leagues and the exam authority, and answer the actor that sets the office up.

    `kind` is "empty" or "demo". Refused codes: "open" (it was opened before).
    """
    if is_open(session):
        raise Refused("open", "系统已经建立，不能重复初始化。请直接登录。")
    rows = _regions()
    region = Organization(id=1, name=rows[0]["name"], kind=OrganizationKind(rows[0]["kind"]), authority_id=1)
    session.add(region)
    session.flush()
    for number, row in enumerate(rows[1:], start=2):
        organization_kind = OrganizationKind(row["kind"])
        authority_id = number if organization_kind is OrganizationKind.LEAGUE_HR else region.id
        session.add(Organization(id=number, name=row["name"], kind=organization_kind, authority_id=authority_id))
    db.make_key()
    decide_setting(session, "office", kind)
    remember_keys(session)
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT setval('organization_id_seq', (SELECT max(id) FROM organization))"))
    founder = system_actor(session)
    audit.record(session, audit.Event.OFFICE_OPENED, region, actor=founder, after={"kind": kind}, now=now)
    return founder


def remember_keys(session: Session) -> None:
    """Keep the fingerprints of the office's keys (登记密钥指纹), the newest first, as `db.unfit` reads them."""
    decide_setting(session, "keys", " ".join(db.keys().fingerprints))


def _regions() -> list[dict[str, str]]:
    """The offices that this system has, the region's first: the office's own, else those that come with the program."""
    own = db.home() / "regions.csv"
    path = own if own.exists() else db.ROOT / "data" / "regions.csv"
    return _listed(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _listed(path: Path, _changed: int) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def name_regions(session: Session, upload: Upload) -> list[str]:
    """Name the offices of another region (设定行政区划), before the office is opened; answers their names.

    A table of 机构名称, 类别 (自治区人社厅, 盟市人社局, 人事考试院), and 行政区划代码 where it is known; it is kept in
    `CE_HOME`. Law is none of its business: such an office publishes a notice of its own. Refused codes: "open" (too
    late), "file", "headings", "regions" (every fault, with its row).
    """
    if is_open(session):
        raise Refused("open", "系统已经建立，行政区划不能再改。")
    found = _REGIONS.read(upload.content, upload.filename)
    rows = [line for _, line in found.lines]
    words = [f"第{each.row}行：{each.words}" for each in found.problems if each.blocking]
    if [row["kind"] for row in rows].count(OrganizationKind.REGION_HR.value) != 1 and not words:
        words = ["须有且只有一个省级人社部门（类别填“自治区人社厅”）"]
    if words:
        raise Refused("regions", f"{'；'.join(words)}。")
    rows.sort(key=lambda row: list(_OFFICES.values()).index(row["kind"]))
    with (db.home() / "regions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("name", "kind", "code"))
        writer.writeheader()
        writer.writerows(rows)
    return [row["name"] for row in rows]


_OFFICES = {
    "自治区人社厅": OrganizationKind.REGION_HR.value,
    "盟市人社局": OrganizationKind.LEAGUE_HR.value,
    "人事考试院": OrganizationKind.EXAM_AUTHORITY.value,
}
_REGIONS: Declared[dict[str, str]] = Declared(
    Listing(
        "行政区划表",
        {
            "name": ("机构名称", "名称"),
            "kind": ("类别",),
            "code": ("行政区划代码", "代码"),
        },
        ["name", "kind"],
        identity=["name"],
    ),
    becomes=lambda name, kind, code: {"name": name, "kind": kind, "code": code},
    values={
        "kind": lambda cell: _OFFICES[
            values.word(
                cell,
                tuple(_OFFICES),
                {"省人社厅": "自治区人社厅", "省级": "自治区人社厅", "市人社局": "盟市人社局", "市级": "盟市人社局"},
            )
        ]
    },
    needed=["name", "kind"],
)


def league_names() -> list[str]:
    """Names of the leagues (盟市) that every office has, as notices call them; no database is asked."""
    return [league for row in _regions() if (league := league_of(OrganizationKind(row["kind"]), row["name"]))]


def region_code(name: str) -> str:
    """Code of the region that an office is of (行政区划代码, GB/T 2260), which numbers of cards begin with."""
    rows = _regions()
    return next((row["code"] for row in rows if row["name"] == name and row["code"]), rows[0]["code"])


def system_actor(session: Session) -> Actor:
    """System actor.

    The one who acts from the command line and at set-up: nobody's account, the region's administrator.
    """
    region = session.get_one(Organization, 1)
    return Actor(None, "系统", Role.ADMIN, region.id, region.name, region.kind)


def demo_days(session: Session) -> int:
    """Demonstration clock offset in days: by how many days the demonstration's date runs ahead of the real one."""
    return days_ahead(settings(session))


def days_ahead(settings: dict[str, str]) -> int:
    """`demo_days`, out of settings that were read already."""
    return int(settings.get("demo_days", "0"))


@deed
def shift_demo_clock(session: Session, days: int, *, actor: Actor, now: datetime) -> int:
    """Shift the demonstration clock (推进演示日期).

    Let the demonstration's date run ahead, so that a training can be taken from plan to card in one sitting.

    Refused codes: "demo" (a real office keeps real time), "days".
    """
    if not is_demo(session):
        raise Refused("demo", "只有演示系统可以推进日期。")
    if not 1 <= days <= 366:
        raise Refused("days", "一次可推进1至366天。")
    ahead = demo_days(session) + days
    decide_setting(session, "demo_days", str(ahead))
    region = session.get_one(Organization, 1)
    audit.record(session, audit.Event.CLOCK_SHIFTED, region, actor=actor, after={"days_ahead": ahead}, now=now)
    return ahead


def moment(session: Session, real: datetime) -> datetime:
    """Office clock: the office's now: the real moment, or the demonstration's."""
    return real + timedelta(days=demo_days(session))
