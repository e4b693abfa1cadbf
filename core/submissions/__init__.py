"""Everything submitted (申报事项): one workflow, one queue, and a module for each kind.

The modules of the kinds are imported here, so that they are registered wherever the workflow is asked for.
"""

from core.submissions import claims, plans, reports

__all__ = ["claims", "kinds", "plans", "queues", "reports", "roster", "workflow"]
