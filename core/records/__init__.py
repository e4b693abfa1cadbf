"""What follows from posted hours: cards, proofs, hours of earlier years, shortfalls, what is sent on."""

__all__ = [
    "cards",
    "checking",
    "completions",
    "exchange",
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
