"""Posted hours (学时) on screen: disputes, entry proofs, reversals."""

__all__ = ["answering", "checked", "disputing", "importing", "proving", "reversing"]
