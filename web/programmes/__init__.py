"""Programmes (专项项目) on screen: the application for a seminar and what becomes of it."""

__all__ = ["assessments", "courses", "institutes", "seminar_form", "seminars", "sending"]
