"""Programmes (专项项目) on screen: the yearly plan table as its office fills it in and as it is read."""

from web.programmes import merging, reading, summary, table

__all__ = ["merging", "reading", "summary", "table"]
