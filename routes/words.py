"""Localisation (界面汉化) of Streamlit's own few English words: /words.js, and the link to it in every page's head."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

WORDS = Path(__file__).parent / "words.js"

HEAD = b"""<style>[data-testid=stFileChip]{height:auto;max-width:100%;flex-wrap:wrap}
[data-testid=stFileChip]>[role=alert]{position:static;width:100%;height:auto;margin:0;clip:auto;clip-path:none;
white-space:normal;font-size:.875rem}</style>
<script src="/words.js" defer></script>"""
"""Added to the head of every page: the style that shows why a file was not taken (Streamlit tells screen readers only),
and the localisation script."""


def script(_request: Request) -> Response:
    """The localisation script; browsers may cache it for an hour."""
    return FileResponse(WORDS, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})
