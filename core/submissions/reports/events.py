"""What is done to a report outside the workflow, as the trail has it."""

from __future__ import annotations

from core.ground.access import Labelled
from core.trail import audit


@audit.events
class Event(Labelled):
    """An event (事项) of a report or its roster."""

    DRAFTED = "report.drafted", "填写报告"
    REVISED = "report.revised", "修改报告"
    REPAIRED = "report.repaired", "改正花名册"
    SUPPLEMENTED = "report.supplemented", "补报花名册"
