"""Old addresses (旧地址): pages that have become one are still found under the links people have kept; and what an
address of nothing is answered with."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.ground import db
from core.submissions import disputes
from routes import verify

PAGES: dict[str, list[tuple[str, str, dict[str, str], str]]] = {
    # once             parameter of the record, now, what it shows there, the parameter there
    "/home": [("", "/", {}, "")],  # by its file's name; to Streamlit that of the first page is no address
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


class _Ours(StringConvertor):
    """The first part of an address that is none of Streamlit's own folders."""

    regex = "(?!_stcore|static|media|component|app|auth|oauth2callback)[^/]+"


register_url_convertor("ours", _Ours())


def nowhere(request: Request) -> Response:
    """No such address (没有这个地址): Streamlit would answer with a page that stays empty. 404."""
    if not request.path_params["rest"]:
        return RedirectResponse(f"/{quote(request.path_params['first'], safe='')}", status_code=308)
    words = '<p>请核对地址；从别处的链接来的，链接可能已经过期。</p><p><a href="/">回到首页</a></p>'
    return HTMLResponse(verify.page("没有这个地址", words), status_code=404)


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
    if page == "/":
        query = dict(request.query_params)
    return RedirectResponse(f"{page}?{urlencode(query)}" if query else page, status_code=308)
