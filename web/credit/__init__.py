"""Posted hours (学时) on screen: cards, disputes, entry proofs, reversals."""

__all__ = ["answering", "bulk", "carding", "checked", "disputing", "importing", "proving", "reversing", "together"]
