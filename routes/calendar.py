"""The calendar of an organization as a subscription (日历订阅): /calendar/{token}.ics, open to who has the address."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.ground import db
from core.office import calendar
from core.people import setup

AT_ONCE, AGAIN = 60, 1.0
"""How often one client may ask at once, and after how many seconds once more."""
_CLIENTS = 10_000


class _Pace:
    """Rate limit (限速) by client: a bucket of `AT_ONCE` requests that fills by one every `AGAIN` seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str) -> bool:
        """Whether a client may ask now; the clients that asked longest ago are forgotten first."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.pop(client, (float(AT_ONCE), now))
            left = min(float(AT_ONCE), left + (now - then) / AGAIN)
            self._left[client] = max(left - 1, 0.0) if left >= 1 else left, now
            if len(self._left) > _CLIENTS:
                self._left.popitem(last=False)
        return left >= 1


_pace = _Pace()


def subscription(request: Request) -> Response:
    """Calendar subscription (日历订阅): the organization's deadlines and trainings as an iCalendar file.

    404 for any token that is none, always alike; 429 for who asks too often. Behind a reverse proxy all clients share
    one rate limit, unless the server trusts the proxy's forwarded headers.
    """
    if not _pace.allows(request.client.host if request.client else ""):
        return PlainTextResponse("too many requests", status_code=429, headers={"Retry-After": str(int(AGAIN))})
    real = datetime.now(UTC)
    with db.reading() as session:
        home = calendar.subscriber(session, request.path_params["token"])
        if home is None:
            return PlainTextResponse("not found", status_code=404)
        now = setup.moment(session, real)
        content = calendar.ics(home, calendar.of_organization(session, home, now=now), now=real)
    headers = {"Content-Disposition": 'inline; filename="calendar.ics"', "Cache-Control": "private, max-age=900"}
    headers["X-Robots-Tag"] = "noindex"
    return Response(content, media_type="text/calendar; charset=utf-8; method=PUBLISH", headers=headers)
