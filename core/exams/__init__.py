"""Public-subject exams (公需考试, clause 一(二)1): the bank of items, exams of courses, papers, answers, results.

`bank` keeps items, `exams` the exam of a course, `papers` one person's attempt; `answers` saves what is chosen, many at
once; `regrading` is what a void item leads to, `statistics` how items and people did. `results` come from elsewhere.
"""

__all__ = [
    "answers",
    "bank",
    "blueprints",
    "exams",
    "formats",
    "items",
    "papers",
    "platforms",
    "regrading",
    "results",
    "statistics",
    "xapi",
]
