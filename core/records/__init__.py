"""What follows from posted hours: cards, proofs, hours of earlier years, disputes, shortfalls."""

__all__ = ["cards", "disputes", "imports", "proofs", "shortfalls"]
