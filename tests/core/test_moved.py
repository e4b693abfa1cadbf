"""Old addresses lead to where their records are now."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from core.ground import db
from core.submissions import disputes
from routes import addresses, moved
from tests import cast as c


def leads(path: str) -> str:
    """Where the application sends who asks for an address."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=addresses.ROUTES))
        async with httpx.AsyncClient(transport=transport, base_url="http://office") as client:
            return await client.get(path)

    with ThreadPoolExecutor(1) as thread:  # a browser's test may have left a loop in this one
        found = thread.submit(asyncio.run, asked()).result()
    assert found.status_code == 308
    return found.headers["location"]


@pytest.mark.parametrize(
    ("once", "now"),
    [
        ("/plan_approval?plan=7", "/review?kind=plan&item=7"),
        ("/report_review?report=7", "/review?kind=report&item=7"),
        ("/claim_review?claim=7", "/review?kind=claim&item=7"),
        ("/plan_approval", "/review?kind=plan"),
        ("/plan_approval?plan=x%0d%0aSet-Cookie:a", "/review?kind=plan"),
        ("/plan_approval?plan=" + "9" * 15, "/review?kind=plan"),
        ("/plan_filing?plan=7", "/paper?item=7"),
        ("/plan_filing", "/filing"),
        ("/report_filing?report=7", "/paper?item=7"),
        ("/report_filing?plan=7", "/paper?kind=report&plan=7"),
        ("/credit_claims?claim=7", "/paper?item=7"),
        ("/credit_claims?other=7", "/filing"),
        ("/home", "/"),
        ("/home?below=all", "/?below=all"),
        ("/review/", "/review"),
        ("/%5Cevil.example/", "/%5Cevil.example"),
    ],
)
def test_an_old_address_leads_to_the_page_that_took_its_place_with_its_record(once: str, now: str) -> None:
    assert leads(once) == now
    assert once.partition("?")[0] in moved.PAGES or once.endswith("/")


def test_a_dispute_is_found_under_the_number_it_had_before_it_was_a_submission(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c.assemble()
    monkeypatch.setattr(disputes, "renumbered", lambda _session, number: number + 100)
    assert leads("/disputes?dispute=7") == "/review?kind=dispute&item=107"
    assert leads("/disputes") == "/review?kind=dispute"
    db.close()
