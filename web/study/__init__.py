"""Study away from the post (脱产研修) on screen: the nomination's form, how it is decided, the pages' parts."""

__all__ = ["form", "placing", "publishing", "reading", "reviewing", "selecting"]
