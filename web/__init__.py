"""What pages share: page table and sign-in, and what they have in common.

The main script lives here and not beside `pages/`, because Streamlit serves a neighbouring `pages/` folder by URL
without running the main script first; from here it cannot.
"""

__all__ = [
    "application_form",
    "claims",
    "decision",
    "draft_form",
    "people",
    "proofs",
    "repair",
    "report_form",
    "screens",
    "trial",
    "ui",
]
