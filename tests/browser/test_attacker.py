"""A scripted attacker at the running product: a bare WebSocket client and bare requests."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from core.ground import db
from core.people import accounts
from tests import cast as people
from tests.cast import Cast

STREAM = "/_stcore/stream"
TITLE = "SeenByTheOfficeAlone"


@contextlib.contextmanager
def knock(server: str, host: str = "", **headers: str) -> Iterator[ClientConnection]:
    """A WebSocket to the product, asked for by this name, with these headers."""
    there = server.rpartition("/")[2]
    address, _, port = there.rpartition(":")
    given = {name.capitalize(): value for name, value in headers.items()}
    with (
        socket.create_connection((address, int(port))) as line,
        connect(f"ws://{host or there}{STREAM}", sock=line, additional_headers=given) as client,
    ):
        yield client


def drawn(client: ClientConnection) -> bytes:
    """All that a run of the home page sends to who asks for it."""
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    client.send(asked.SerializeToString())
    told = b""
    while True:
        message, sent = ForwardMsg(), client.recv(timeout=20)
        assert isinstance(sent, bytes)
        message.ParseFromString(sent)
        told += sent
        if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY and message.HasField("script_finished"):
            return told


def request(server: str, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(http.client.HTTPConnection(server.rpartition("/")[2], timeout=20)) as connection:
        connection.request(method, path, body, given)
        return connection.getresponse().status


def test_an_attacker_with_a_bare_socket_gains_nothing(server: str, cast: Cast) -> None:
    people.file_plan(cast, title=TITLE)
    here = server.rpartition("/")[2]
    port = here.rpartition(":")[2]
    for origin, host in (
        ("https://evil.example", here),
        (f"http://localhost:{port}", here),  # another name of this machine is another site
        ("http://127.0.0.1:1", here),
        ("null", here),
        (f"http://evil.example:{port}", f"evil.example:{port}"),  # a name that its owner points here (rebinding)
        ("", here),
    ):
        with pytest.raises(InvalidStatus) as refused, knock(server, host, **({"origin": origin} if origin else {})):
            pass
        assert refused.value.response.status_code == 403, origin
    with knock(server, origin=server) as stranger:
        told = drawn(stranger)
        assert "用户名".encode() in told
        assert TITLE.encode() not in told
    with db.transaction() as session:
        token = accounts.sign_in(session, "reviewer", fits=True, now=datetime.now(UTC))
    with knock(server, origin=server, cookie=f"ce_session={token}") as reviewer:
        assert TITLE.encode() in drawn(reviewer)  # so it would have been seen
    upload = "/_stcore/upload_file/any/any"
    assert request(server, "PUT", upload, b"x" * 100) == 401
    assert request(server, "PUT", upload, b"x" * 100, Cookie="ce_session=made-up") == 401
    assert request(server, "GET", "/media/any.pdf") == 401
    assert {request(server, "GET", path) for path in ("/_stcore/metrics", "/_stcore/agent/mcp", "/component/x")} == {
        404
    }
    assert request(server, "GET", "/", Host="evil.example") == 421
    stolen = json.dumps({"token": token}).encode()
    json_type = {"Content_Type": "application/json"}
    assert request(server, "POST", "/session", stolen, Origin="https://evil.example", **json_type) == 403
    assert request(server, "POST", "/session", stolen, Origin=server, **json_type) == 200
