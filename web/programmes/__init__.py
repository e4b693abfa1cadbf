"""Programmes (专项项目) on screen: plan tables and summaries, seminars, institutes with classes and certificates."""

from web.programmes import merging, reading, summary, table

__all__ = [
    "assessments",
    "courses",
    "institutes",
    "merging",
    "reading",
    "seminar_form",
    "seminars",
    "sending",
    "summary",
    "table",
]
