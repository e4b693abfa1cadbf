"""What follows from posted hours: cards, proofs, hours of earlier years, shortfalls."""

__all__ = [
    "cards",
    "checking",
    "faces",
    "imports",
    "offline",
    "printing",
    "privacy",
    "proofs",
    "recognition",
    "shortfalls",
    "templates",
    "tokens",
]
