"""Where the office lives: its folder (`CE_HOME`), its database, its calendar day."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OFFICE_ZONE = timezone(timedelta(hours=8), "UTC+8")
"""Days are counted in China Standard Time, which has had no summer time since 1991."""


def office_day(moment: datetime) -> date:
    """The calendar day at the office for an aware moment."""
    return moment.astimezone(OFFICE_ZONE).date()


def home() -> Path:
    """Where everything lives that is not code: database, keys, attachments (`CE_HOME`)."""
    path = home_path()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def home_path() -> Path:
    return Path(os.environ.get("CE_HOME") or ROOT / "data" / "local")


def url() -> str:
    """The database in use: `DATABASE_URL`, or SQLite in `CE_HOME`."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        return f"sqlite:///{home() / 'office.db'}"
    for scheme in ("postgres://", "postgresql://"):
        if given.startswith(scheme):
            return "postgresql+psycopg://" + given.removeprefix(scheme)
    return given
