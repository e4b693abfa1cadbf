"""What follows from posted hours: cards, proofs, hours of earlier years, shortfalls."""

__all__ = ["cards", "faces", "imports", "privacy", "proofs", "recognition", "shortfalls"]
