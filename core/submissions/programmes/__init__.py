"""Programmes (专项项目, clauses 二 to 六): what is filed for them, each kind a module, and which plans carry them out.

A module that counts towards a target answers `done(programme, year)`: a statement with a row for all that counts or
ever did, its columns `authority_id`, `organization_id` (who did it), `key` (what is counted once: a person's id, a
plan's), `on` (the day it took place), `known` (the day it was approved or settled: no earlier day knows of it), `until`
(the day it was taken back; None while it stands) and `item` (the submission behind it), for `core.quotas` to sum.
"""

__all__ = [
    "capability",
    "classes",
    "lines",
    "marking",
    "merged",
    "nomination_table",
    "occupations",
    "placements",
    "places",
    "publicity",
    "selection",
    "seminars",
    "study",
    "summaries",
]
