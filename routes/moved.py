"""Old addresses (旧地址): pages that have become one are still found under the links people have kept."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.ground import db
from core.submissions import disputes

PAGES = {
    # once             now       what it shows there   the parameter of the record
    "/plan_approval": ("/review", {"kind": "plan"}, "plan"),
    "/report_review": ("/review", {"kind": "report"}, "report"),
    "/claim_review": ("/review", {"kind": "claim"}, "claim"),
    "/disputes": ("/review", {"kind": "dispute"}, "dispute"),
}


def moved(request: Request) -> Response:
    """The page that took an old one's place, with the same record open."""
    page, query, record = PAGES[request.url.path]
    if (number := request.query_params.get(record, "")).isdecimal() and len(number) < 15:
        if record == "dispute":
            with db.reading() as session:
                number = str(disputes.renumbered(session, int(number)))
        query = query | {"item": number}
    return RedirectResponse(f"{page}?{urlencode(query)}", status_code=308)
