"""The office, its organizations and accounts, the persons on file, and what is done to their records."""

__all__ = [
    "accounts",
    "activation",
    "acts",
    "holidays",
    "identity",
    "keys",
    "moving",
    "organizations",
    "passwords",
    "persons",
    "second_factor",
    "setup",
    "slips",
    "titles",
    "tries",
]
