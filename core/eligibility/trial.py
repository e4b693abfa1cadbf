"""A draft tried over everybody (政策试算): who would change side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.eligibility import answers
from core.law import rules
from core.law.notices import Policy


@dataclass(frozen=True)
class Trial:
    """Trial of a draft (政策试算).

    What a draft would change over everybody: who changes side, and the counts on both sides by outcome code.
    """

    changed: pd.DataFrame
    """person_id, and `before` and `after` as outcome codes."""
    before: dict[str, int]
    after: dict[str, int]


def compared(population: answers.Population, today: Policy, draft: Policy) -> Trial:
    """Compare a draft with the policy in force (政策试算).

    Decide a population by the policy in force and by a draft, and say who changes side.
    """
    codes = np.array([outcome.value for outcome in rules.OUTCOMES])
    before, after = (population.decided(rule).outcome for rule in (today, draft))
    differs = before != after
    changed = {"person_id": population.person_ids[differs], "before": codes[before[differs]]}
    counts = [
        dict(zip(codes.tolist(), np.bincount(side, minlength=len(codes)).tolist(), strict=True))
        for side in (before, after)
    ]
    return Trial(pd.DataFrame(changed | {"after": codes[after[differs]]}), *counts)
