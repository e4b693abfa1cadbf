"""What everything stands on: access, the database, names and ID numbers, tables in files, paper. No rule lives here."""

__all__ = [
    "access",
    "db",
    "hours",
    "merkle",
    "names",
    "paper",
    "problems",
    "resident_id",
    "sheets",
    "signing",
    "workbooks",
]
