"""HTTP without Streamlit: health check, session cookie, public verification, former addresses, the middleware.

Each handler is a few lines over `core`; nothing here knows a screen.
"""

from starlette.convertors import IntegerConvertor, register_url_convertor


class _Record(IntegerConvertor):
    """The number of a record in an address (编号): no longer than a database takes; a longer one is no address."""

    regex = "[0-9]{1,9}"


register_url_convertor("int", _Record())

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
