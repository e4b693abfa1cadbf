"""The dashboard of an account (指标看板): every figure out of the same rows, narrowed by the same filters.

A chart that is broken down by something is not narrowed by that same something, so that another mark can be chosen; all
else narrows it. Figures and the rows behind them are answered here; `charts` draws, `exports` hands out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor, Role
from core.law import notices
from core.law.notices import TOTAL, short_name
from core.models import Person, State
from core.office.dashboards import asked, groups, kept, trainings
from core.office.dashboards.asked import Measure, Per, Place, Wanted
from core.office.dashboards.people import Flags, People
from core.office.dashboards.trainings import SOON
from core.people import persons

STAGES = ("报送计划", "批准计划", "完成培训", "报送报告", "学时入账")
"""The way of a training (办理环节), from what is planned to what is credited."""
GROUPS = {"league": "管理权限", "sector": "单位类别", "level": "职称级别", "age": "年龄段", "employer": "工作单位"}
"""By what completion is broken down."""
MOST_MADE = 100
"""So many figures are kept of what was read together."""
Made = TypeVar("Made")
NO_BEFORE = "上年无可比"
MANY = 15
"""So many bars are drawn; the rest is in the table."""


@dataclass(frozen=True)
class Tile:
    """A headline figure (指标): what, how much, the same of last year on the same day."""

    measure: Measure
    value: float | None
    before: float | None

    @property
    def text(self) -> str:
        return told(self.value, self.measure)

    @property
    def change(self) -> str:
        """Against last year on the same day, in words; `NO_BEFORE` where there is nothing to compare."""
        if self.value is None or self.before is None:
            return NO_BEFORE
        if not self.measure.adds_up:
            return f"{(self.value - self.before) * 100:+.1f}个百分点"
        if not self.before:
            return NO_BEFORE
        if not 0.2 < self.value / self.before < 5:  # too far apart for a part of a hundred
            return f"上年同日{self.before:,.0f}"
        return f"{self.value / self.before - 1:+.0%}"


def told(value: float | None, measure: Measure) -> str:
    """A figure as it is read."""
    if value is None or np.isnan(value):
        return "—"
    return f"{value:,.0f}" if measure.adds_up else f"{value:.1%}"


class Board:
    """All figures of one question; made by `board`."""

    def __init__(
        self,
        actor: Actor,
        wanted: Wanted,
        today: date,
        plans: pd.DataFrame,
        before: pd.DataFrame,
        waits: pd.DataFrame,
        papers: pd.DataFrame,
        people: tuple[People, People],
        shares: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
        places: dict[int, Place],
        made: dict[Any, Any],
    ) -> None:
        self.actor, self.wanted, self.today = actor, wanted, today
        (self.people, self._people_before), self.places = people, places  # this year's, and last year's
        self._plans, self._before, self._waits, self._shares = plans, before, waits, shares
        self._papers = papers
        self._left: dict[tuple[Wanted, bool], pd.DataFrame] = {}
        """What filters left, asked once for a board, also by those copied from it."""
        self._made = made
        """What was made of the very parts that this one is of, by question; shared with other boards of them."""

    def once(self, what: Hashable, make: Callable[[], Made]) -> Made:
        """What follows from this question alone (推得), such as a figure: made once until a part of it is read anew."""
        key = self.wanted, what
        made: Made | None = self._made.get(key)
        if made is None:
            made = make()
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            self._made[key] = made
        return made

    # --- what the filters leave ---

    @property
    def has_trainings(self) -> bool:
        """An employer's clerk sees the own people only."""
        return self.actor.role is not Role.EMPLOYER_CLERK

    @property
    def by(self) -> str:
        """What figures are grouped by (分组): leagues, or the training bases of one league."""
        return "league" if self.actor.oversees_region and self.wanted.league is None else "base"

    @property
    def place_word(self) -> str:
        return "盟市" if self.by == "league" else "培训机构"

    def _called(self, place: int) -> str:
        """A place as it is ranked: a league by its short name, among bases its office by the full one."""
        return self.places[place].name if self.by == "league" else self.places[place].full

    def plans(self, *without: str, year_before: bool = False) -> pd.DataFrame:
        """Trainings that the filters leave (培训), but for those named; see `trainings.plans` for the columns.

        Narrowed to some people, `credited` and `hours` are theirs, and trainings without any of them are left out.
        """
        key = self.wanted.without(*without), year_before
        if key not in self._left:
            self._left[key] = self._narrowed(*key)
        return self._left[key]

    def _narrowed(self, wanted: Wanted, year_before: bool) -> pd.DataFrame:
        frame = self._before if year_before else self._plans
        if wanted.of_people:
            frame = self._of_people(frame, wanted, year_before)
        keep = np.ones(len(frame), bool)
        for name in ("league", "base", "kind", "subject", "month"):
            if value := getattr(wanted, name):
                keep &= (frame[name] == value).to_numpy()
        return frame[keep]

    def _of_people(self, frame: pd.DataFrame, wanted: Wanted, year_before: bool) -> pd.DataFrame:
        """Trainings by what was credited to some people alone, of whichever league these are."""
        assert self._shares is not None
        plan, at, hours, count = self._shares[year_before]
        chosen = self.whom(wanted, "league", year_before=year_before)[at]
        ids, of = frame["id"].to_numpy(), plan[chosen]
        most = max(ids.max(initial=0), of.max(initial=0)) + 1
        credited, summed = (np.bincount(of, each[chosen], minlength=most)[ids] for each in (count, hours))
        frame = frame.assign(credited=credited.astype(np.int64), hours=summed.astype(np.int64))
        return frame[frame["credited"] > 0]

    def whom(self, wanted: Wanted, *without: str, year_before: bool = False) -> Flags:
        """Which people the filters leave, but for those named; of last year's as they were then."""
        wanted, people = wanted.without(*without), self._people_before if year_before else self.people
        keep = np.ones(len(people), bool)
        for name, column, values in (
            ("sector", people.sector, groups.sectors()),
            ("level", people.level, groups.levels()),
            ("age", people.age, groups.ages()),
        ):
            if value := getattr(wanted, name):
                keep &= column == values.index(value)
        if wanted.league:
            keep &= people.authority == wanted.league
        if wanted.employer:
            keep &= people.employer == wanted.employer
        return keep

    # --- headline figures ---

    def tiles(self) -> list[Tile]:
        """Headline figures (指标), each beside last year's of the same day where there is one."""
        return self.once("tiles", self._tiles)

    def _tiles(self) -> list[Tile]:
        tiles = []
        for measure in Measure:
            if measure is Measure.DONE:
                tiles.append(Tile(measure, self._done(), self._done(year_before=True)))
            elif self.has_trainings:
                before = self._amount(self.plans(year_before=True), measure)
                tiles.append(Tile(measure, self._amount(self.plans(), measure), before))
        return tiles

    def _amount(self, frame: pd.DataFrame, measure: Measure) -> float | None:
        match measure:
            case Measure.PEOPLE:
                return float(frame["credited"].sum())
            case Measure.HOURS:
                return float(frame["hours"].sum()) / 100
            case Measure.PLANS:
                return float((frame["state"] == State.APPROVED).sum())
            case Measure.REPORTS:
                return float(frame["approved"].sum())
            case Measure.ON_TIME:
                due, kept_to = reports_due(frame)
                return float(kept_to.sum() / due.sum()) if due.any() else None
        raise ValueError(measure)

    @property
    def _code(self) -> str:
        """The subject that completion is asked for; all of them where none is chosen."""
        return self.wanted.subject if self.wanted.subject in self.people.met else TOTAL

    def _done(self, *, year_before: bool = False) -> float | None:
        people = self._people_before if year_before else self.people
        whose = self.whom(self.wanted, year_before=year_before) & people.judged
        met = people.met.get(self._code)
        return float(met[whose].mean()) if met is not None and whose.any() else None

    # --- by place and month ---

    def by_place(self, measure: Measure, per: Per = Per.WHOLE) -> pd.DataFrame:
        """A measure by league, or by base where one league is seen (按地区), the largest first.

        Columns: place (id), name, value, share of the whole where figures add up; only what has a figure.
        """
        if measure is Measure.DONE:
            frame = self._done_by_place()
        else:
            rows = self.plans(self.by)
            by = rows.groupby(self.by, sort=False)
            frame = pd.DataFrame(
                [(place, self._amount(some, measure)) for place, some in by], columns=["place", "value"]
            )
        if per is Per.HEAD and measure.adds_up and self.by == "league":
            whose = self.whom(self.wanted, "league")
            heads = pd.Series(self.people.authority[whose]).value_counts()
            frame["value"] = frame["value"] / frame["place"].map(heads) * 100
        frame = frame.dropna()
        if measure.adds_up:
            frame = frame[frame["value"] > 0]
        frame["name"] = [self._called(place) for place in frame["place"]]
        order = frame.sort_values(["value", "name"], ascending=[False, True]).reset_index(drop=True)
        return pd.DataFrame(order, columns=["place", "name", "value"])

    def _done_by_place(self) -> pd.DataFrame:
        by = "league" if self.by == "league" else "employer"
        column = self.people.authority if by == "league" else self.people.employer
        whose = self.whom(self.wanted, by) & self.people.judged & (column > 0)
        met = self.people.met.get(self._code, np.zeros(len(whose), bool))
        found, which = np.unique(column[whose], return_inverse=True)
        return pd.DataFrame({"place": found, "value": np.bincount(which, met[whose]) / np.bincount(which)})

    def months(self, measure: Measure) -> pd.DataFrame:
        """A measure by month of training (按月), this year and last: columns month (1-12), year (text), value."""
        lines = []
        for year_before in (True, False):
            rows = self.plans("month", year_before=year_before)
            of_month = dict(iter(rows.groupby("month")))
            year = self.wanted.year - year_before
            for month in range(1, 13):
                some = of_month.get(month)
                value = 0.0 if some is None else self._amount(some, measure) or 0.0
                lines.append((month, str(year), value))
        return pd.DataFrame(lines, columns=["month", "year", "value"])

    def of_region(self) -> Board:
        """The same question, of all leagues (全区): what the map is coloured by, whichever league is chosen."""
        wide = copy.copy(self)
        wide.wanted = self.wanted.without("league", "base")
        return wide

    # --- the way of a training ---

    def funnel(self) -> pd.DataFrame:
        """From planned to credited (办理漏斗): columns stage, trainings, people.

        With a filter on people only the last stage is returned: plans and reports do not name their people.
        """
        frame = self.plans()
        approved = frame["state"] == State.APPROVED
        reported = approved & (frame["report_id"] > 0) & (frame["report_state"] != State.REJECTED)
        stages: list[tuple[Any, str]] = [
            (frame["state"].notna(), "headcount"),
            (approved, "headcount"),
            (approved & (frame["end_on"] <= self._day), "headcount"),
            (reported, "reported"),
            (frame["credited"] > 0, "credited"),
        ]
        lines = [
            (name, int(of_it.sum()), int(frame.loc[of_it, column].sum()))
            for name, (of_it, column) in zip(STAGES, stages, strict=True)
        ]
        if self.wanted.of_people:
            lines = lines[-1:]
        return pd.DataFrame(lines, columns=["stage", "trainings", "people"])

    def stuck(self) -> pd.DataFrame:
        """What does not go on (卡在哪里), the longest first.

        Columns: id (0: no report yet), kind, plan_id, title, organization, authority, where (卡在), since_on, days,
        people, overdue (bool).
        """
        return self.once("stuck", self._stuck)

    def _stuck(self) -> pd.DataFrame:
        frame, day = self.plans(), self._day
        state, report = frame["state"], frame["report_state"]
        approved, begun = state == State.APPROVED, frame["report_id"] > 0
        late, never = frame["report_due_on"] < day, pd.Series(False, index=frame.index)
        stops = (  # where, which trainings, of what kind, since when, how many people, what is over its day
            ("计划等待审批", state == State.SUBMITTED, "plan", "since_on", "headcount", frame["start_on"] <= day),
            ("计划退回待改", state == State.RETURNED, "plan", "since_on", "headcount", frame["start_on"] <= day),
            ("尚未报送报告", approved & ~begun & (frame["end_on"] < day), "report", "end_on", "headcount", late),
            ("报告等待审核", report == State.SUBMITTED, "report", "report_since_on", "reported", never),
            ("报告退回待改", report == State.RETURNED, "report", "report_since_on", "reported", late),
            (
                "学时已冲销待补报",
                (report == State.APPROVED) & (frame["undone"] > 0) & (frame["credited"] < frame["reported"]),
                "report",
                "report_since_on",
                "undone",
                never,
            ),
        )
        parts = []
        for where, which, kind, since, people, overdue in stops:
            some = frame[which]
            told_of = {
                "id": some["id"] if kind == "plan" else some["report_id"],
                "kind": kind,
                "plan_id": some["id"],
                "title": some["title"],
                "base": some["base"],
                "league": some["league"],
                "where": where,
                "since_on": some[since],
                "people": some[people],
                "overdue": overdue[some.index],
            }
            parts.append(pd.DataFrame(told_of))
        whole = pd.concat(parts)
        whole["days"] = (day - whole["since_on"]).dt.days.clip(lower=0).astype(np.int64)
        whole = self._offices(whole)
        return whole.sort_values(["days", "plan_id"], ascending=[False, True]).reset_index(drop=True)

    @property
    def _day(self) -> pd.Timestamp:
        return pd.Timestamp(self.wanted.on)

    # --- completion ---

    def completion(self, by: str) -> pd.DataFrame:
        """Who has done the year's hours (学时完成), by a group of `GROUPS`.

        Columns: group, key (what the filter takes), people, and by subject code and `total` how many lack none.
        """
        people = self.people
        columns: dict[str, tuple[NDArray[Any], Sequence[str]]] = {
            "sector": (people.sector, groups.sectors()),
            "level": (people.level, groups.levels()),
            "age": (people.age, groups.ages()),
        }
        whose = np.flatnonzero(self.whom(self.wanted, by) & people.judged)
        if by in columns:
            values, names = columns[by]
            keys: list[Any] = list(names)
            which = values[whose].astype(np.int64)
        else:
            ids = (people.authority if by == "league" else people.employer)[whose]
            found, which = np.unique(ids, return_inverse=True)
            keys = found.tolist()
            words = {each: place.full if by == "employer" else place.name for each, place in self.places.items()}
            names = [words[each] if each else "未登记单位" for each in keys]
        told_of = {"group": list(names), "key": keys, "people": np.bincount(which, minlength=len(keys))}
        for code, met in people.met.items():
            told_of[code] = np.bincount(which, met[whose], minlength=len(keys)).astype(np.int64)
        frame = pd.DataFrame(told_of)
        frame = frame[frame["people"] > 0].reset_index(drop=True)
        if by in ("league", "employer"):
            frame = frame.sort_values(["people", "key"], ascending=[False, True]).reset_index(drop=True)
        return frame

    def codes(self) -> dict[str, str]:
        """Subjects in the completion chart by code, the total last; the chosen one alone where there is a filter."""
        names = dict(self.people.names)
        return {self._code: names[self._code]} if self.wanted.subject and self._code in names else names

    def lacking(self) -> NDArray[np.int64]:
        """The people that the filters leave who have not done their hours (未完成人员), by id."""
        return self.once("lacking", self._lacking)

    def _lacking(self) -> NDArray[np.int64]:
        met = self.people.met.get(self._code, np.ones(len(self.people), bool))
        return self.people.ids[self.whom(self.wanted) & self.people.judged & ~met]

    # --- in time ---

    def in_time(self) -> pd.DataFrame:
        """Plans and reports filed in time (按时报送), by place: columns place, name, matter, due, kept, late, share.

        Of plan tables and summaries those whose day is over; see `due_now` for the others.
        """
        frame = self.plans(self.by)
        plans_due = frame["due_on"].notna()
        matters = (("培训计划", plans_due, frame["filed_on"] <= frame["due_on"]), ("培训情况报告", *reports_due(frame)))
        lines = []
        for matter, owed, done in matters:
            for place, of_it in owed[owed].groupby(frame[self.by]):
                lines.append((place, self._called(place), matter, len(of_it), int(done[of_it.index].sum())))
        papers = self._papers_over(self.by)
        in_time = papers["filed_on"] <= papers["due_on"]
        for matter, place in dict.fromkeys(zip(papers["matter"], papers[self.by].tolist(), strict=True)):
            of_it = (papers["matter"] == matter) & (papers[self.by] == place)
            kept_to = int((of_it & in_time).sum())
            lines.append((place, self._called(place), matter, int(of_it.sum()), kept_to))
        told_of = pd.DataFrame(lines, columns=["place", "name", "matter", "due", "kept"])
        told_of["late"] = told_of["due"] - told_of["kept"]
        told_of["share"] = told_of["kept"] / told_of["due"]
        return told_of

    def late(self) -> pd.DataFrame:
        """Trainings whose plan or report was not in time (未按时): as `rows`, and matter, due_on, filed_on, plan_id."""
        return self.once("late", self._late)

    def _late(self) -> pd.DataFrame:
        frame = self.plans()
        due, kept_to = reports_due(frame)
        plans = frame[frame["filed_on"] > frame["due_on"]]
        reports = frame[due & ~kept_to]
        of_report = {"id": "report_id", "filed_on": "report_filed_on", "due_on": "report_due_on"}
        parts = [
            plans.assign(matter="培训计划", kind="plan", plan_id=plans["id"]),
            reports.assign(
                matter="培训情况报告",
                kind="report",
                plan_id=reports["id"],
                **{a: reports[b] for a, b in of_report.items()},
            ),
        ]
        papers = self._papers_over()
        owed = papers[~(papers["filed_on"] <= papers["due_on"])]
        return pd.concat([self._named(pd.concat(parts)), self._offices(owed)]).reset_index(drop=True)

    def due_now(self) -> tuple[str, ...]:
        """Plan tables and summaries whose day is not over (即将截止), in words: they are in no rate yet."""
        papers = self._papers_left()
        papers = papers[(papers["due_on"] >= self._day) & (papers["due_on"] <= self._day + pd.Timedelta(days=SOON))]
        words = []
        for matter, day in dict.fromkeys(zip(papers["matter"], papers["due_on"], strict=True)):
            some = papers[(papers["matter"] == matter) & (papers["due_on"] == day)]
            until = "今日" if day == pd.Timestamp(self.today) else f"{day.month}月{day.day}日"
            words.append(f"{matter}{len(some)}个应报，已报{some['filed_on'].notna().sum()}个（{until}截止）")
        return tuple(words)

    def _papers_over(self, *without: str) -> pd.DataFrame:
        papers = self._papers_left(*without)
        return papers[papers["due_on"] < self._day]

    def _papers_left(self, *without: str) -> pd.DataFrame:
        """Plan tables and summaries of programmes that the filters leave; no training's subject, month or people."""
        wanted, frame = self.wanted.without(*without), self._papers
        if wanted.subject or wanted.month or wanted.of_people:
            return frame[:0]
        keep = frame["due_on"].notna().to_numpy(copy=True)
        for name in ("league", "base"):
            if value := getattr(wanted, name):
                keep &= (frame[name] == value).to_numpy()
        if wanted.kind:
            keep &= np.array([self.places[each].kind == wanted.kind for each in frame["base"]], bool)
        return frame[keep]

    def waiting(self) -> pd.DataFrame:
        """How long things wait before each authority (审核用时).

        Columns: place, name, decided (how often), median, p90 (days), open (how many wait now), longest (days).
        """
        frame = self._waits_left("league")
        lines = []
        for place in frame["league"].unique().tolist():
            some = frame[frame["league"] == place]
            done = some["days"][some["decided_at"].notna()].to_numpy(float)
            still = some["days"][some["decided_at"].isna()].to_numpy(float)
            median, p90 = np.percentile(done, [50, 90]) if len(done) else (np.nan, np.nan)
            longest = still.max() if len(still) else np.nan
            lines.append((place, self.places[place].name, len(done), median, p90, len(still), longest))
        columns = ["place", "name", "decided", "median", "p90", "open", "longest"]
        told_of = pd.DataFrame(lines, columns=columns)
        return told_of.sort_values(["median", "name"], ascending=[False, True]).reset_index(drop=True)

    def waits(self) -> pd.DataFrame:
        """The cases behind `waiting` (审核用时明细), the longest first."""
        return self.once("waits", self._waited)

    def _waited(self) -> pd.DataFrame:
        frame = self._waits_left()
        frame = self._offices(frame).assign(days=frame["days"].round(1))
        return frame.sort_values("days", ascending=False).reset_index(drop=True)

    def _waits_left(self, *without: str) -> pd.DataFrame:
        wanted, frame = self.wanted.without(*without), self._waits
        keep = np.ones(len(frame), bool)
        for name in ("league", "base"):
            if value := getattr(wanted, name):
                keep &= (frame[name] == value).to_numpy()
        if wanted.kind:
            keep &= np.array([self.places[each].kind == wanted.kind for each in frame["base"]], bool)
        if wanted.subject or wanted.month or wanted.of_people:  # of trainings alone
            rows = self.plans(*without)
            for kind, ids in (("plan", rows["id"]), ("report", rows["report_id"])):
                keep &= ~(frame["kind"].eq(kind) & ~frame["id"].isin(ids)).to_numpy()
            keep &= frame["kind"].isin(["plan", "report"]).to_numpy()
        return frame[keep]

    # --- the rows behind figures ---

    def rows(self, measure: Measure) -> pd.DataFrame:
        """The trainings behind a figure (明细), the newest first.

        Columns: id (of the plan, or of its report), kind, title, organization, authority, start_on, end_on, subject,
        headcount, people, hours, state.
        """
        return self.once(("rows", measure), lambda: self._rows(measure))

    def _rows(self, measure: Measure) -> pd.DataFrame:
        frame = self.plans()
        match measure:
            case Measure.PLANS:
                frame = frame[frame["state"] == State.APPROVED]
            case Measure.REPORTS:
                frame = frame[frame["approved"] > 0]
            case Measure.ON_TIME:
                frame = frame[reports_due(frame)[0]]
            case _:
                frame = frame[frame["credited"] > 0]
        return self._named(frame).sort_values(["start_on", "id"], ascending=False).reset_index(drop=True)

    def _named(self, frame: pd.DataFrame) -> pd.DataFrame:
        return self._offices(frame).assign(people=frame["credited"], hours=frame["hours"] / 100)

    def _offices(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(
            organization=[self.places[each].full for each in frame["base"]],
            authority=[self.places[each].full for each in frame["league"]],
        )

    # --- sentences ---

    @property
    def where(self) -> str:
        """What the filters leave, in words: "包头市、专业科目、3月"; "" where nothing is narrowed."""
        wanted = self.wanted
        names = [self.places[wanted.league].name] if wanted.league else []
        names += [self.places[each].full for each in (wanted.base, wanted.employer) if each]
        if wanted.kind:
            names.append(wanted.kind.label)
        if wanted.subject:
            names.append(short_name(notices.subject_names().get(wanted.subject, wanted.subject)) + "科目")
        if wanted.month:
            names.append(f"{wanted.month}月")
        return "、".join(filter(None, [*names, wanted.sector, wanted.level, wanted.age]))


def board(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> Board:
    """The dashboard of an account (指标看板): what it may see of a year as of a day, narrowed by its filters.

    Refused codes: "role", "password", "missing" (an organization that is not the actor's to see).
    """
    asked.check(session, actor, wanted)
    today = db.office_day(now)
    last, whom = wanted.last_year, (db.url(), asked.scope(actor))

    def trained(year: int, on: date) -> pd.DataFrame:
        return kept.once(session, ("plans", *whom, year, on), lambda: trainings.plans(session, actor, year, on))

    nobody = actor.role is Role.EMPLOYER_CLERK
    on, to = (None if day >= today else day for day in (wanted.on, asked.last_day(wanted)))
    span = (*whom, wanted.year, wanted.on)
    people = kept.everybody(session, actor, wanted.year, on, to)
    then = kept.earlier(session, actor, last.year, last.on, asked.last_day(last))

    def placed(year: int, day: date, whose: People) -> NDArray[np.int64]:
        read = kept.once(session, ("shares", *whom, year, day), lambda: trainings.shares(session, actor, year, day))
        key = ("placed", *whom, year, day, on, to)
        found: NDArray[np.int64] = kept.derived(key, (read, whose.ids), lambda: _placed(read, whose.ids))
        return found

    shares = None
    if wanted.of_people and not nobody:
        shares = placed(wanted.year, wanted.on, people), placed(last.year, last.on, then)
    plans = trainings.none() if nobody else trained(wanted.year, wanted.on)
    before = trainings.none() if nobody else trained(last.year, last.on)
    waits = kept.once(session, ("waits", *span), lambda: trainings.waits(session, actor, wanted.year, wanted.on))
    papers = (
        trainings.none()[["id", "kind", "title", "base", "league", "due_on", "filed_on"]].assign(matter="")
        if nobody
        else kept.once(
            session, ("papers", *span), lambda: trainings.programme_papers(session, actor, wanted.year, wanted.on)
        )
    )
    places = kept.once(session, ("places", db.url()), lambda: asked.places(session))
    parts = plans, before, waits, papers, people, then, places
    made: dict[Any, Any] = kept.derived(("figures", *span, on, to, today), parts, dict)
    return Board(actor, wanted, today, plans, before, waits, papers, (people, then), shares, places, made)


def _placed(shares: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shares (`trainings.shares`) with each human as a place among the people's ids; those of nobody on file go."""
    at = np.searchsorted(ids, shares[1])
    known = np.append(ids, -1)[at] == shares[1]
    plan, _, hours, count = shares[:, known]
    return np.stack([plan, at[known], hours, count])


def reports_due(frame: pd.DataFrame) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Which trainings' reports were filed or due by the day (应报), and which of those were filed in time.

    `over`, whether the day to report is over, stands in the frame.
    """
    filed = frame["report_filed_on"].notna()
    due = (frame["state"] == State.APPROVED) & frame["report_due_on"].notna() & (filed | frame["over"])
    return due, due & filed & (frame["report_filed_on"] <= frame["report_due_on"])


def people_rows(session: Session, seen: Board, ids: NDArray[np.int64]) -> pd.DataFrame:
    """People by id (人员明细), numbers masked: columns id, name, id_mask, employer, post, authority."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), 5_000):
        some = Person.id.in_(ids[start : start + 5_000].tolist())
        query = sa.select(
            Person.id, Person.name, Person.id_number, Person.employer_name, Person.post, Person.authority_id
        )
        for row in session.execute(query.where(persons.visible_to(seen.actor), some).order_by(Person.id)):
            mask, office = resident_id.mask(row.id_number), seen.places[row.authority_id].full
            found.append(
                {
                    "id": row.id,
                    "name": row.name,
                    "id_mask": mask,
                    "employer": row.employer_name,
                    "post": row.post,
                    "authority": office,
                }
            )
    return pd.DataFrame(found, columns=["id", "name", "id_mask", "employer", "post", "authority"])


def totals(session: Session, actor: Actor, year: int, *, now: datetime) -> dict[Measure, float]:
    """Headline figures of a year (年度合计) as of now, those that add up; the same as the dashboard's."""
    seen = board(session, actor, Wanted(year, db.office_day(now)), now=now)
    return {tile.measure: tile.value or 0.0 for tile in seen.tiles() if tile.measure.adds_up}
