"""What the routes answer over HTTP, asked in this process without a server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from starlette.applications import Starlette


def answered(
    app: Starlette, method: str, path: str, *, cookies: dict[str, str] | None = None, **sent: Any
) -> httpx.Response:
    """One request to an app, in a thread of its own: a browser test before it leaves its event loop in this one."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
            return await client.request(method, path, **sent)

    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, asked()).result()
