"""Localisation (界面汉化) of Streamlit's own few English words: /words.js, and the link to it in every page's head."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Scope

WORDS = Path(__file__).parent / "words.js"
_DIGEST = hashlib.sha256(WORDS.read_bytes()).hexdigest()[:16].encode()

HEAD = (
    b"""<style>[data-testid=stFileChip]{height:auto;max-width:100%;flex-wrap:wrap}
[data-testid=stFileChip]>[role=alert]{position:static;width:100%;height:auto;margin:0;clip:auto;clip-path:none;
white-space:normal;font-size:.875rem}
[data-testid=stException] a{display:none}
[data-testid=stCaptionContainer],kbd{opacity:.85!important}
[role=radio][aria-checked=true] p,[data-selected=true] p{color:color-mix(in srgb,currentColor 45%,CanvasText)!important}
:is(a,button,summary,[role],[tabindex]):not(input,textarea,main,section,[role=dialog]):focus-visible{
outline:2px solid #3b78b8!important;outline-offset:1px}</style>
<script src="/words.js?"""
    + _DIGEST
    + b"""" defer></script>"""
)
"""Added to the head of every page: the localisation script, and a style that shows why a file was not taken (Streamlit
tells screen readers only), gives small print, keys and chosen buttons a contrast of 4.5:1 (WCAG 1.4.3), rings what the
keyboard is on (2.4.7), and takes the way to search engines out of an error."""


def script(_request: Request) -> Response:
    """The localisation script; its address changes with its content, so browsers may keep it."""
    return FileResponse(WORDS, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000, immutable"})


def is_hashed(scope: Scope) -> bool:
    """Whether the script is asked for by the address that changes with its content."""
    kept: bool = scope["path"] == "/words.js" and scope["query_string"] == _DIGEST
    return kept
