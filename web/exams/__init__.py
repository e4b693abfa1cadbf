"""Exams (考试) on screen: the bank of items, how an exam is made, results and how items did."""

__all__ = ["bringing", "items", "making", "results"]
