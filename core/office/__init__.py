"""The office as those who work in it see it: what each must do, and what leaders watch."""

__all__ = ["dashboards", "home"]
