"""Credit hours (学时) as they are written."""

from __future__ import annotations

from decimal import Decimal


def hours_text(hours: Decimal | str) -> str:
    """Hours as they are written: 24 or 7.5; what somebody altered into no number as it is."""
    return f"{hours.normalize():f}" if isinstance(hours, Decimal) else hours
