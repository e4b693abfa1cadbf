"""Public courses studied online (公需课程), clause 一(二)1: made, published, studied by the server's clock, credited.

`courses.load` reads one course; `passing.finished` tells whether a person's study of it is complete, `passing.credit`
posts its hours once the exam is passed, `passing.take_back` reverses them. Knows nothing of exams.
"""

__all__ = ["courses", "figures", "passing", "study"]
