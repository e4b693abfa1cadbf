"""The command line, one file a field: the office's deeds without a screen. Data on stdout, messages on stderr."""

__all__ = [
    "accounts",
    "backups",
    "certificates",
    "console",
    "daily",
    "eligibility",
    "keys",
    "law",
    "ledger",
    "records",
    "rosters",
    "setup",
]
