"""The office, its organizations and accounts, the persons on file, and what is done to their records."""

__all__ = [
    "accounts",
    "activation",
    "acts",
    "holidays",
    "identity",
    "keys",
    "organizations",
    "passwords",
    "persons",
    "second_factor",
    "setup",
    "titles",
    "tries",
]
