"""What Streamlit keeps of uploaded files (上传的文件): how much for a browser session, and gone when that ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFileRec

from core.ground.access import Refused
from routes.session import COOKIE

KEPT = 120.0
"""Seconds for which the files of a browser that has lost its connection are kept: so long it may come back."""


def holding(session_id: str) -> tuple[int, int]:
    """How many files and how many bytes are kept for a browser session."""
    kept = _kept().get(session_id, {})
    return len(kept), sum(len(each.data) for each in tuple(kept.values()))


def whose(session_id: str) -> str | None:
    """The token of the sign-in by which the page of a browser session was opened; None where no page is connected."""
    client = runtime.get_instance().get_client(session_id) if runtime.exists() else None
    return client.client_context.cookies.get(COOKIE) if client and client.client_context else None


class NotHeld(DeletedFile):
    """A file that a browser names and that did not arrive (没有传到的文件), in place of one that did."""

    name: str

    def __new__(cls, file_id: str, name: str = "") -> NotHeld:
        """It passes for Streamlit's own stand-in, which a page's field never answers, and copies of it are made."""
        made = super().__new__(cls, file_id)
        made.name = name
        return made

    def getvalue(self) -> NoReturn:
        """Its content. Refused codes: "missing"."""
        raise Refused("missing", f"文件“{self.name}”没有传到。请检查网络，重新选择这个文件。")


def forget_mine() -> None:
    """Let go of the files of the browser session whose script is running (释放上传的文件)."""
    if (here := get_script_run_ctx()) and runtime.exists():
        runtime.get_instance().uploaded_file_mgr.remove_session_files(here.session_id)


def forget(file_ids: Iterable[str]) -> None:
    """Let go of some files of the browser session whose script is running: they are kept elsewhere by now."""
    if (here := get_script_run_ctx()) and (keeper := _keeper()):
        for file_id in file_ids:
            keeper.remove_file(here.session_id, file_id)


def _keeper() -> MemoryUploadedFileManager | None:
    keeper = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    return keeper if isinstance(keeper, MemoryUploadedFileManager) else None


def _kept() -> dict[str, dict[str, UploadedFileRec]]:
    keeper = _keeper()
    return keeper.file_storage if keeper else {}


class Sweeper:
    """Frees what was uploaded in browser sessions that are over.

    Streamlit (seen in 1.67) forgets a lost session two minutes later, but only when another one is lost; until then
    its files stay in memory.
    """

    def __init__(self) -> None:
        self._lost: dict[str, float] = {}
        """Browser sessions with files and without a connection, and since when (monotonic seconds)."""

    def sweep(self, now: float) -> None:
        """Free the files of those that have been without a connection for `KEPT` seconds."""
        if not runtime.exists():
            return
        here = runtime.get_instance()
        lost = [each for each in tuple(_kept()) if not here.is_active_session(each)]
        self._lost = {each: self._lost.get(each, now) for each in lost}
        for each, since in self._lost.items():
            if now - since >= KEPT:
                here.uploaded_file_mgr.remove_session_files(each)
