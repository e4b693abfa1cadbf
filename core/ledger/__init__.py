"""The only door to credit (学时账): posting and reversing, what stands, statements, totals, caps, checks."""

__all__ = [
    "balances",
    "books",
    "caps",
    "chain",
    "checks",
    "consequences",
    "reliance",
    "standing",
    "statements",
    "totals",
    "years",
]
