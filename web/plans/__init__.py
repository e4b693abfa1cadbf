"""Training plans (培训计划) on screen: the form, a plan to read, its extension."""

__all__ = ["course", "extending", "form", "reading"]
