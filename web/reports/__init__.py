"""Training reports (培训情况报告) on screen: the form, the roster"s repair, a filed report, its review."""

__all__ = ["form", "over_plan", "reading", "repairing", "reviewing", "seminar", "trail"]
