"""The programmes on the dashboard (专项项目): how far each has come, of the region, of a league, of each office."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.office.dashboards import kept
from core.office.dashboards.asked import Wanted, as_of, scope
from core.office.dashboards.board import Board
from core.quotas import progress, targets
from core.quotas.progress import Progress


@dataclass(frozen=True)
class Line:
    """A programme as the dashboard has it (项目进度); amounts in `unit`, None where there is none."""

    code: str
    name: str
    unit: str
    done: int | None
    target: int | None
    expected: float | None
    """What would be done by the day, were it in pace with the calendar."""
    least: int | None
    most: int | None
    """Between these the year's end lies, four times in five."""
    sentence: str

    @property
    def share(self) -> float | None:
        return self.done / self.target if self.done is not None and self.target else None

    @property
    def behind(self) -> int:
        """How much is lacking to be in pace, in whole units as the sentence says it; 0 where there is no pace."""
        return max(round(self.expected) - self.done, 0) if self.expected and self.done is not None else 0


def lines(session: Session, actor: Actor, seen: Board) -> list[Line]:
    """Programmes of a year by a day (专项项目进度), of the chosen league where one is chosen; an employer has none."""
    if actor.role is Role.EMPLOYER_CLERK:
        return []
    wanted = seen.wanted
    key = ("programmes", db.url(), scope(actor), wanted.year, wanted.on)
    whole: list[Progress] = kept.once(session, key, lambda: progress.of_year(session, actor, wanted.year, wanted.on))
    if wanted.league is None or not actor.oversees_region:
        return [_whole(each) for each in whole]
    place = seen.places[wanted.league]
    name = place.name
    if place.kind is not OrganizationKind.REGION_HR:  # as its own account has it, its forecast too
        here = as_of(actor, place.id, place.full, place.kind)
        mine = ("programmes", db.url(), scope(here), wanted.year, wanted.on, name)
        own = kept.once(session, mine, lambda: progress.of_year(session, here, wanted.year, wanted.on, whose=name))
        return [_whole(each) for each in own]
    return [
        _of_office(each, offices(session, actor, wanted, each.programme.code), wanted.league, name) for each in whole
    ]


def offices(session: Session, actor: Actor, wanted: Wanted, code: str) -> pd.DataFrame:
    """Each office's part of a programme (各单位进度): see `progress.by_office`."""
    found = targets.programme(code, wanted.year)
    key = ("offices", db.url(), scope(actor), wanted.year, wanted.on, code)
    return kept.once(session, key, lambda: progress.by_office(session, actor, found, wanted.year, wanted.on))


def _whole(each: Progress) -> Line:
    forecast = each.forecast
    if forecast and forecast.least == forecast.most == each.done:  # nothing approved is to come: no band, but words
        forecast = None
    return Line(
        each.programme.code,
        each.programme.name,
        each.programme.unit,
        each.done,
        each.target,
        each.expected,
        forecast.least if forecast else None,
        forecast.most if forecast else None,
        each.sentence,
    )


def _of_office(each: Progress, frame: pd.DataFrame, office: int, name: str) -> Line:
    """What an office has done of its own share, in the words of the whole."""
    row = frame[frame["office_id"] == office].astype(object)
    told = row.where(row.notna(), None).iloc[0] if len(row) else {"done": 0, "visits": 0}
    done, visits = (None, None) if each.done is None else (told["done"], told["visits"])
    target, expected = told.get("target"), told.get("expected")
    sentence = progress.sentence(
        each.programme,
        targets.Split(target),
        None if done is None else (done, visits or done),
        expected,
        each.expected_by,
        "",
        whose=name,
    )
    found = each.programme
    return Line(found.code, found.name, found.unit, done, target, expected, None, None, sentence)
