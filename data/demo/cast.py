"""What the lives of the demonstration office share: who acts, who studies, the dice, and when a deed is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from data.demo.people import Learner

OPENED_BEFORE = timedelta(days=830)
"""The office was opened before the first plan of the year before was drafted."""
PROGRAMMES_BEFORE = timedelta(days=760)
"""Programmes are kept here since so long ago."""


@dataclass
class Office:
    """What the year's events share: who acts, who studies, and the dice."""

    session: Session
    now: datetime
    rng: Random
    shown: str
    """The hash of the password that visitors are shown."""
    founder: Actor
    admin: Actor
    clerks: dict[str, Actor]
    """By organization."""
    reviewers: dict[str, list[Actor]]
    """By authority, as `short` names it."""
    learners: dict[str, list[Learner]]
    """By authority."""
    second: Actor | None = None
    """The administrator who publishes what the first has drafted."""
    title: Actor | None = None
    """The officer who checks who may apply for a title."""
    tasks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """What a training's plan says of the programme it carries out, by who gives it and its title."""

    nominated: set[int] = field(default_factory=set)
    """People (by id) who are nominated for a year of study."""
    waits: dict[str, Learner] = field(default_factory=dict)
    """By employer who was nominated last, and still waits for the league."""

    @property
    def opened_at(self) -> datetime:
        return self.now - OPENED_BEFORE


def moment(office: Office, day: int, *, after: datetime, rng: Random | None = None) -> datetime:
    """A moment in working hours so many days from today, later than another one; today means within the last hour."""
    rng = rng or office.rng
    if day == 0:
        found = office.now - timedelta(minutes=rng.randint(20, 55))
    else:
        on = db.office_day(office.now) + timedelta(days=day)
        found = datetime.combine(on, time(8, 30), db.OFFICE_ZONE) + timedelta(seconds=rng.randrange(9 * 3600))
    return max(found, after + timedelta(minutes=3))
