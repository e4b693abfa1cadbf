"""Health check (健康检查) for monitoring and load balancers: /healthz."""

from __future__ import annotations

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.ground import db
from core.ground.access import Refused


def health(_request: Request) -> Response:
    """Health check: 200 while the database answers and the office's key opens it, 503 while they do not."""
    try:
        db.keys()
        with db.reading() as session:
            session.execute(sa.select(sa.literal(1)))
    except (sa.exc.SQLAlchemyError, Refused) as error:
        what = "key" if isinstance(error, Refused) and error.code == "key" else "database"
        return JSONResponse({"status": f"{what} unavailable"}, status_code=503)
    return JSONResponse({"status": "ok"})
