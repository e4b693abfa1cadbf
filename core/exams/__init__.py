"""Public-subject exams (公需考试): the bank of items; papers, answers and results."""

__all__ = ["formats", "items", "results"]
