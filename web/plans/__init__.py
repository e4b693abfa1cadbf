"""Training plans (培训计划) on screen: the form, and a plan to read."""

__all__ = ["form", "reading"]
