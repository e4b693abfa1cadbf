"""Streamlit screens (界面): page table and sign-in, and what pages share by what it does and by kind.

The main script lives here and not beside `pages/`, because Streamlit serves a neighbouring `pages/` folder by URL
without running the main script first; from here it cannot.
"""

__all__ = [
    "address",
    "bar",
    "board",
    "claims",
    "comments",
    "context",
    "courses",
    "credit",
    "deeds",
    "desk",
    "drafts",
    "eligibility",
    "exams",
    "facts",
    "first_visit",
    "links",
    "opening",
    "papers",
    "passwords",
    "people",
    "plans",
    "policies",
    "programmes",
    "progress",
    "quotas",
    "reports",
    "results",
    "screens",
    "search",
    "second_factor",
    "shell",
    "sign_in",
    "study",
    "submissions",
    "tables",
    "words",
]
