"""Old addresses (旧地址): pages that have become one are still found under the links people have kept."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.ground import db
from core.submissions import disputes

PAGES: dict[str, list[tuple[str, str, dict[str, str], str]]] = {
    # once             parameter of the record, now, what it shows there, the parameter there
    "/plan_approval": [("plan", "/review", {"kind": "plan"}, "item")],
    "/report_review": [("report", "/review", {"kind": "report"}, "item")],
    "/claim_review": [("claim", "/review", {"kind": "claim"}, "item")],
    "/disputes": [("dispute", "/review", {"kind": "dispute"}, "item")],
    "/plan_filing": [("plan", "/paper", {}, "item"), ("", "/filing", {}, "")],
    "/report_filing": [
        ("report", "/paper", {}, "item"),
        ("plan", "/paper", {"kind": "report"}, "plan"),
        ("", "/filing", {}, ""),
    ],
    "/credit_claims": [("claim", "/paper", {}, "item"), ("", "/filing", {}, "")],
}
"""Of each page that went where its records are now, by what named one in its address; the last line is without one."""


def moved(request: Request) -> Response:
    """The page that took an old one's place, with the same record open."""
    ways = PAGES[request.url.path]
    for record, page, query, name in ways:
        if (number := request.query_params.get(record, "")).isdecimal() and number.isascii() and len(number) < 10:
            if record == "dispute":
                with db.reading() as session:
                    number = str(disputes.renumbered(session, int(number)))
            return RedirectResponse(f"{page}?{urlencode(query | {name: number})}", status_code=308)
    _, page, query, _ = ways[-1]
    return RedirectResponse(f"{page}?{urlencode(query)}" if query else page, status_code=308)
