"""What everything stands on: access, the database, names and ID numbers, typed text, paper. No rule lives here."""

__all__ = [
    "access",
    "db",
    "hours",
    "merkle",
    "names",
    "paper",
    "resident_id",
    "signing",
    "typed",
]
