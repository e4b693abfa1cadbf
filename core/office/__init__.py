"""The office as those who work in it see it: what each must do, finds, watches; each form as it was left."""

__all__ = [
    "backups",
    "calendar",
    "checklist",
    "chronicle",
    "daily",
    "dashboards",
    "home",
    "mail",
    "messages",
    "phrases",
    "retention",
    "search",
    "unsaved",
    "views",
]
