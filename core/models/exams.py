"""Exams of the public subject (公需考试, clause 一(二)1): what kinds of items there are, how hard they are."""

from __future__ import annotations

from core.ground.access import Labelled


class ItemKind(Labelled):
    """题型."""

    SINGLE = "single", "单选题"
    MULTIPLE = "multiple", "多选题"
    TRUE_FALSE = "true_false", "判断题"


class Difficulty(Labelled):
    """难度, as whoever wrote the item thinks of it; how hard it proved is counted from answers."""

    EASY = "easy", "易"
    MIDDLE = "middle", "中"
    HARD = "hard", "难"
