"""The office as its leaders see it, and as each of its people left it: dashboards, unsaved changes."""

__all__ = ["dashboards", "unsaved"]
