"""A draft tried over everybody (政策试算): who would change side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.eligibility import answers, replay
from core.ground.access import Refused
from core.law import notices, rules
from core.law.notices import Policy

UNDECIDED = "undecided"
"""The code of those whom a policy cannot decide: it says nothing of their kind of application."""


@dataclass(frozen=True)
class Trial:
    """Trial of a draft (政策试算).

    What a draft would change over everybody: who changes side, and the counts on both sides by outcome code, UNDECIDED
    among them.
    """

    person_ids: NDArray[np.int64]
    """Those for whom the draft would hold."""
    changed: pd.DataFrame
    """person_id, and `before` and `after` as codes."""
    before: dict[str, int]
    after: dict[str, int]


def tried(population: answers.Population, draft: Policy, leagues: Mapping[int, str | None]) -> Trial:
    """Try a draft over a population (政策试算): each by the notice in force in their league, and by the draft.

    A league's draft is tried over its own people; the region's over those of leagues without a notice of their own.
    """
    found = []
    faulty = {each.league for each in notices.filed() if each.faults} - {None}
    league_of = np.array([leagues.get(int(each)) or "" for each in population.authority_ids], object)
    for league in sorted(set(league_of)):
        if draft.league not in (None, league or None):
            continue
        try:
            today = notices.of_year(population.applicants.year, league or None)
        except Refused:  # its file is missing or faulty: whatever the draft says would be new
            today = None
        if draft.league is None and (league in faulty or (today and today.league)):
            continue
        rows = np.flatnonzero(league_of == league)
        found.append(compared(population.take(rows), today, draft))
    return _together(found)


def _together(trials: list[Trial]) -> Trial:
    """Trials over different people as one."""
    if not trials:
        none = dict.fromkeys(_CODES, 0)
        changed = pd.DataFrame({"person_id": np.zeros(0, np.int64), "before": [], "after": []})
        return Trial(np.zeros(0, np.int64), changed, none, none)
    return Trial(
        np.concatenate([each.person_ids for each in trials]),
        pd.concat([each.changed for each in trials], ignore_index=True),
        *(
            {code: sum(side[code] for side in sides) for code in _CODES}
            for sides in ([each.before for each in trials], [each.after for each in trials])
        ),
    )


_CODES = (*(outcome.value for outcome in rules.OUTCOMES), UNDECIDED)


def compared(population: answers.Population, today: Policy | None, draft: Policy) -> Trial:
    """Compare a draft with the policy in force (政策试算).

    Decide a population by the policy in force (None: there is none) and by a draft, and say who changes side.
    """
    codes = np.array(_CODES)
    before, after = (_places(population, rule) for rule in (today, draft))
    differs = before != after
    changed = {"person_id": population.person_ids[differs], "before": codes[before[differs]]}
    counts = [
        dict(zip(_CODES, np.bincount(side, minlength=len(codes)).tolist(), strict=True)) for side in (before, after)
    ]
    return Trial(population.person_ids, pd.DataFrame(changed | {"after": codes[after[differs]]}), *counts)


def _places(population: answers.Population, policy: Policy | None) -> NDArray[np.intp]:
    """What a policy says of each, as places in `_CODES`."""
    if policy is None:
        return np.full(len(population), len(_CODES) - 1)
    found = replay.outcomes(policy, population.applicants, population.lines).astype(np.intp)
    return np.where((found < 0) | (found >= len(_CODES)), len(_CODES) - 1, found)
