"""HTTP without Streamlit: health check, session cookie, public verification, former addresses, the middleware.

Each handler is a few lines over `core`; nothing here knows a screen.
"""

__all__ = [
    "addresses",
    "calendar",
    "certificate",
    "door",
    "health",
    "learn",
    "moved",
    "pace",
    "session",
    "shield",
    "uploads",
    "verify",
    "words",
]
