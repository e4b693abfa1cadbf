"""The notices on file, the office's own and the shipped ones, and which one is in force (现行) on a day and where."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from core.ground import db
from core.ground.access import Refused
from core.law.notices.language import TOTAL, InForce, Policy, Subject, YearChange
from core.law.notices.parsing import LARGEST, Fault, Malformed, outline, parse

FOLDER = db.ROOT / "data" / "policies"
"""The shipped notices."""


@dataclass(frozen=True, eq=False)
class Filed:
    """A policy file on file (政策文件): what it says, or what is wrong with it."""

    id: str
    """The file's name."""
    own: bool
    """The office's own, not a shipped one."""
    policy: Policy | None
    """None where the file is faulty: `faults` lists the errors, and a request for the policy is refused."""
    faults: tuple[Fault, ...]
    league: str | None
    in_force: InForce | None
    """None where the file is so faulty that it does not even say when it holds: then it holds nowhere."""

    @property
    def carries_on(self) -> bool:
        """Whether it holds until the next notice; of a faulty one nobody knows, so that it does."""
        return self.policy is None or bool(self.policy.setting("until_next_notice", False))

    def needed(self) -> Policy:
        """The policy. Refused codes: "policy" (the file is faulty)."""
        if self.policy is None:
            words = f"政策文件“{self.id}”有误，改正之前不能按它办理（{self.faults[0]}）。请管理员改正。"
            raise Refused("policy", words)
        return self.policy


class NoNotice(Refused):
    """No notice (没有政策文件) on file holds for a day and a place: refused as "policy", like a faulty one."""


def texts(folder: Path) -> dict[str, str]:
    """Texts of the policy files of a folder, by id (the file's name); what is not UTF-8 in them is left to `parse`."""
    return {path.stem: _text(path) for path in sorted(folder.glob("*.yaml")) if path.is_file()}


def _text(path: Path) -> str:
    """A file's text, no more of it than is needed to see that it is too large."""
    with path.open("rb") as file:
        return file.read(4 * LARGEST + 4).decode("utf-8", "surrogateescape")


def read(path: Path, leagues: Collection[str] | None = None, *, to_publish: bool = False) -> Policy:
    """Load a policy file, which may extend those of its own folder and those on file.

    `leagues` and `to_publish` as `parse` takes them. OSError, or Malformed with every fault.
    """
    text = _text(path)
    parents = parent_texts() | texts(path.parent) if "extends" in text else {}
    return parse(text, name=path.name, parents=parents, leagues=leagues, to_publish=to_publish)


def parent_texts() -> dict[str, str]:
    """Texts of the policies on file by id, for files that extend them; the office's own in place of shipped ones."""
    return texts(FOLDER) | texts(published())


def published() -> Path:
    """Folder of the office's own policies; one with a shipped one's id takes its place."""
    return db.home() / "policies"


def filed() -> tuple[Filed, ...]:
    """Policy files (政策文件) on file, faulty ones included; an office's own in place of its like."""
    paths: list[str] = []
    with suppress(FileNotFoundError), os.scandir(published()) as office:  # asked many times in every run
        paths = sorted(each.path for each in office if each.name.endswith(".yaml"))
    return _loaded(tuple((path, os.stat(path).st_mtime_ns) for path in paths))  # noqa: PTH116


@functools.lru_cache(maxsize=4)
def _loaded(office: tuple[tuple[str, int], ...]) -> tuple[Filed, ...]:
    own = {path.stem: path for path in (Path(each) for each, _ in office)}
    paths = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))} | own
    parents = {each: _text(path) for each, path in paths.items()}
    return tuple(_filed(each, text, parents, own=each in own) for each, text in parents.items())


def _filed(policy_id: str, text: str, parents: dict[str, str], *, own: bool) -> Filed:
    name = f"{policy_id}.yaml"
    try:
        policy = parse(text, name=name, parents=parents)
    except Malformed as malformed:
        league, days = outline(text, name=name, parents=parents)
        shipped = FOLDER / name
        if days is None and own and shipped.is_file():  # it took that one's place, and holds up what that one held
            league, days = outline(_text(shipped), name=name, parents=parents)
        return Filed(policy_id, own, None, tuple(malformed.faults), league, days)
    return Filed(policy_id, own, policy, (), policy.league, policy.in_force)


def policies(league: str | None = None) -> tuple[Policy, ...]:
    """Policies of the region, and those of a league (盟市) where one is named, by first day; faulty files apart."""
    here = [each.policy for each in filed() if each.policy and each.league in (None, league)]
    return tuple(sorted(here, key=lambda policy: (policy.in_force.first, policy.league or "", policy.id)))


def restored(text: str) -> Policy:
    """A policy out of its `text`."""
    return Policy.model_validate_json(text)


def subject_names() -> dict[str, str]:
    """Names of subjects (科目名称) by code, as the latest notice on file has them; those of `Subject` always."""
    held = [each.policy for each in filed() if each.policy]
    held.sort(key=lambda policy: (policy.league is None, policy.in_force.first))
    names = {subject.code: subject.name for policy in held for subject in policy.subjects}
    return {subject.value: subject.label for subject in Subject} | names


def programme_names() -> dict[str, str]:
    """Names of programmes (专项项目名称) by code, as the latest notice on file has them."""
    held = [each.policy for each in filed() if each.policy]
    held.sort(key=lambda policy: (policy.league is None, policy.in_force.first))
    return {programme.code: programme.name for policy in held for programme in policy.programmes}


# --- which one is in force ------------------------------------------------------------------------------------------


def in_force(on: date, league: str | None = None) -> Policy:
    """Notice in force (现行通知) on a day for a league (盟市; None: the region's own units).

    Step 1: of the notices that cover the day a league's own comes before the region's, an office's own before a
    shipped one, one that began later before an earlier one.
    Step 2: where none covers it, the latest before it, where that one says that it holds until the next notice (the
    interpretation `until_next_notice`); a league's that does not leaves the region's.
    Refused codes: "policy" (none covers the day, or the file that does is faulty).
    """
    return _in_force(filed(), on, league).needed()


def _in_force(files: Iterable[Filed], on: date, league: str | None) -> Filed:
    here = [each for each in files if each.in_force and each.league in (None, league)]
    covering = [each for each in here if each.in_force and each.in_force.first <= on <= each.in_force.last]
    if covering:
        return max(covering, key=_precedence)
    latest: list[Filed] = []
    for scope in {None, league}:
        before = [each for each in here if each.league == scope and each.in_force and each.in_force.last < on]
        if before and (last := max(before, key=_latest)).carries_on:
            latest.append(last)
    if not latest:
        raise NoNotice("policy", f"没有适用于{on.year}年度的政策文件，请管理员先载入该年度的通知。")
    return max(latest, key=_latest)


def _precedence(each: Filed) -> tuple[bool, bool, date, str]:
    assert each.in_force
    return each.league is not None, each.own, each.in_force.first, each.id


def _latest(each: Filed) -> tuple[date, bool, bool, date, str]:
    assert each.in_force
    return (each.in_force.last, *_precedence(each))


def of_year(year: int, league: str | None = None) -> Policy:
    """Notice of a credit or application year (年度通知) for a league, with what each earlier year asked for.

    The notice in force on the year's last day (else on its latest day that one covers). Where it reads earlier years
    by their own notices (the interpretation `amounts_of_earlier_years`), their amounts are copied into its
    `requirement.changes`, each with its clause: the single source for what a year requires.
    Refused codes: "policy".
    """
    files = filed()
    return _of_year(files, year, league if any(each.league == league for each in files) else None)


@functools.lru_cache(maxsize=256)
def _of_year(files: tuple[Filed, ...], year: int, league: str | None) -> Policy:
    policy = _written(files, year, league).needed()
    requirement = policy.requirement
    if requirement.combine == "sum" or policy.setting("amounts_of_earlier_years") != OWN_YEAR:
        return policy
    subjects, changes = list(policy.subjects), []
    first = min(each.in_force.first.year for each in files if each.in_force)
    for earlier in range(first, year + 1):
        own = _asking(files, policy, earlier, league)
        if own is policy or own.requirement.combine == "sum":
            continue
        asked = own.requirement.in_year(earlier)
        if _alike(asked, requirement.in_year(earlier)):
            continue
        subjects += [each for each in own.subjects if each.code not in {known.code for known in subjects}]
        codes = [*(each.code for each in subjects), TOTAL]
        cited = own.requirement.clause_in(earlier)
        if own.document != policy.document:
            cited = f"{own.document} {cited}"[:40]
        hours = {code: asked.get(code, Decimal()) for code in codes}
        changes.append(YearChange(clause=cited, years=(earlier,), hours=hours))
    if not changes:
        return policy
    settled = {year for change in changes for year in change.years}
    kept = [
        change.model_copy(update={"years": years})
        for change in requirement.changes
        if (years := tuple(each for each in change.years if each not in settled))
    ]
    requirement = requirement.model_copy(update={"changes": (*kept, *changes)})
    return policy.model_copy(update={"subjects": tuple(subjects), "requirement": requirement})


class NoticesOfYears:
    """Cache of year notices (年度通知) by year and league, for one job: each is asked for once, also a refused one."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, str | None], Policy | Refused] = {}

    def of(self, year: int, league: str | None) -> Policy:
        """As `of_year`. Refused codes: "policy"."""
        key = year, league
        if key not in self._of:
            try:
                self._of[key] = of_year(*key)
            except Refused as refused:
                self._of[key] = refused
        found = self._of[key]
        if isinstance(found, Refused):
            raise found
        return found


OWN_YEAR = "own_year"
"""`amounts_of_earlier_years`: each earlier year by the notice of that year."""


def _written(files: tuple[Filed, ...], year: int, league: str | None) -> Filed:
    """The file of a year: in force on its last day, else on its latest day that any notice covers."""
    here = [each for each in files if each.in_force and each.league in (None, league)]
    lasts = [each.in_force.last for each in here if each.in_force and each.in_force.last.year == year]
    starts_before = [day for day in lasts if _covered(here, day)]
    end = date(year, 12, 31)
    return _in_force(files, end if _covered(here, end) else max(starts_before, default=end), league)


def _covered(here: list[Filed], day: date) -> bool:
    return any(each.in_force and each.in_force.first <= day <= each.in_force.last for each in here)


def _asking(files: tuple[Filed, ...], policy: Policy, year: int, league: str | None) -> Policy:
    """Who says what a year asked for: the latest notice that names the year, else the year's own, else the asking one.

    Where the year's own file is missing or faulty, the asking notice's amounts hold for it.
    """
    naming = [
        each.policy
        for each in files
        if each.policy
        and each.league in (None, league)
        and any(year in change.years for change in each.policy.requirement.changes)
    ]
    if naming:
        return max(naming, key=lambda each: (each.in_force.last, each.league is not None, each.id))
    try:
        return _written(files, year, league).needed()
    except Refused:
        return policy


def _alike(one: dict[str, Decimal], other: dict[str, Decimal]) -> bool:
    return {code: hours for code, hours in one.items() if hours} == {code: h for code, h in other.items() if h}
