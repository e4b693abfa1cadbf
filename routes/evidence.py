"""Evidence (材料) under its own name: what a browser shows a PDF or an image by, and keeps it as."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from core.ground import db
from core.ground.access import Refused
from core.trail import documents, files
from routes import learner


def file(request: Request) -> Response:
    """A file that was handed out on a page a moment ago, for who is signed in there; only what a browser can show.

    It is not named by its address: the last part of that is for the reader. 409 once its ticket is too old.
    """
    number, ticket = request.path_params["number"], request.path_params["ticket"]
    try:
        with db.reading() as session:
            actor, now = learner.who(session, request)
            given = files.shown(session, number, ticket, actor=actor, now=now)
    except Refused as refused:
        return learner.told(refused)
    kind = documents.media_type(given.content)
    if not kind:
        return Response(status_code=404)
    name = f"inline; filename*=UTF-8''{quote(given.filename, safe='')}"
    return Response(given.content, media_type=kind, headers={"Content-Disposition": name})
