"""Opening an office (开办) on screen: the list of what is to be seen to, its name and keys, what it moves in with."""

__all__ = ["accounts", "checklist", "correcting", "identity", "keeping", "moving"]
