"""What everything stands on: access, deeds, the database, names and numbers, typed text, paper. No rule lives here."""

__all__ = [
    "access",
    "certificates",
    "db",
    "deeds",
    "drawing",
    "hours",
    "merkle",
    "names",
    "paper",
    "resident_id",
    "signing",
    "taken",
    "typed",
]
