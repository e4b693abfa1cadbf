"""Programmes (专项项目) on screen: the yearly plan table as its office fills it in and as it is read."""

__all__ = ["reading", "table"]
