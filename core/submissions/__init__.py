"""Everything submitted (申报事项): one workflow, one queue, and a module for each kind."""

__all__ = ["claims", "plans", "queues", "reports", "roster", "workflow"]
