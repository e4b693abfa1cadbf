"""Everything submitted (申报事项): one workflow, one queue, and a module for each kind.

The modules of the kinds are imported here, so that they are registered wherever the workflow is asked for, in the order
in which screens show them.
"""

# isort: off
from core.submissions import plans
from core.submissions import reports
from core.submissions import claims
from core.submissions import disputes
from core.submissions.programmes import capability  # noqa: F401  its kind comes after the others
from core.submissions.programmes import summaries  # noqa: F401
from core.submissions.programmes import study as study
from core.submissions.programmes import selection as selection
from core.submissions.programmes import publicity as publicity
from core.submissions.programmes import placements as placements
from core.submissions.programmes import seminars as seminars
from core.submissions.programmes import classes as classes
from core.submissions.programmes import summary as summary
# isort: on

__all__ = [
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
