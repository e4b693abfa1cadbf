"""The office as its leaders see it: dashboards."""

__all__ = ["dashboards"]
