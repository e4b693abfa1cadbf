"""Training plans (培训计划) on screen."""

__all__ = ["reading"]
