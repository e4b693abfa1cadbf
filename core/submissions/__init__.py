"""Everything submitted (申报事项): one workflow, one queue, and a module for each kind.

The modules of the kinds are imported here, so that they are registered wherever the workflow is asked for, in the order
in which screens show them.
"""

# isort: off
from core.submissions import plans
from core.submissions import reports
from core.submissions import claims
from core.submissions import disputes
from core.submissions.programmes import (  # noqa: F401  their kinds, and what hears of deeds
    capability,
    summaries,
    study,
    selection,
    publicity,
    placements,
    seminars,
    classes,
    nomination_table,
)
from core.submissions import appeals
# isort: on

__all__ = [
    "appeals",
    "claims",
    "comments",
    "contents",
    "disputes",
    "forms",
    "kinds",
    "plans",
    "programmes",
    "queues",
    "remarking",
    "reports",
    "roster",
    "workflow",
]
