"""Former addresses (旧地址): pages that went, so that a link in a mail or a bookmark still arrives at its record."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

FORMER: dict[str, dict[str, tuple[str, dict[str, str], str]]] = {
    "plan_filing": {"plan": ("paper", {}, "item")},
    "report_filing": {"report": ("paper", {}, "item"), "plan": ("paper", {"kind": "report"}, "plan")},
    "credit_claims": {"claim": ("paper", {}, "item")},
}
"""Of each page that went: what named a record in its address, and where that is now. Without one, the list."""


def moved(request: Request) -> Response:
    """Where a page that went has moved to (已移动): the record it named, else the list of one's own."""
    for name, (page, query, now) in FORMER[request.url.path.strip("/")].items():
        number = request.query_params.get(name, "")
        if number.isascii() and number.isdigit():
            return RedirectResponse(f"/{page}?{urlencode(query | {now: number})}", status_code=301)
    return RedirectResponse("/filing", status_code=301)
