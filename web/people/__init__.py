"""People on file (人员) on screen: the record, its changes, duplicates."""

__all__ = ["changing", "duplicates", "listing", "record"]
