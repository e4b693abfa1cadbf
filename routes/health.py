"""Health check (健康检查) for monitoring and load balancers: /healthz."""

from __future__ import annotations

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.ground import db
from core.ground.access import Refused


def health(_request: Request) -> Response:
    """Health check: 200 while the database answers, 503 while it does not."""
    try:
        with db.reading() as session:
            session.execute(sa.select(sa.literal(1)))
    except (sa.exc.SQLAlchemyError, Refused):
        return JSONResponse({"status": "database unavailable"}, status_code=503)
    return JSONResponse({"status": "ok"})
