"""Programmes (专项项目) on screen: the application for a seminar and what becomes of it."""

__all__ = ["seminar_form", "seminars"]
