"""Opening an office (开办) on screen: the list of what is to be seen to, its name, the workbooks it moves in with."""

__all__ = ["accounts", "checklist", "correcting", "identity", "moving"]
