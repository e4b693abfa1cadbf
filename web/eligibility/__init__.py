"""Eligibility (资格核验) on screen: the application form, decision sheets, the rows of a file."""

__all__ = ["decision", "form", "reading", "rows"]
