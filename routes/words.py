"""Localisation (界面汉化) of Streamlit's few English words, and its menu on a telephone: /words.js, in every head."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

_HERE = Path(__file__).parent
_SCRIPT = b"".join((_HERE / name).read_bytes() for name in ("words.js", "menu.js"))
_DIGEST = hashlib.sha256(_SCRIPT).hexdigest()[:16].encode()

HEAD = (
    b"""<style>[data-testid=stFileChip]{height:auto;max-width:100%;flex-wrap:wrap}
[data-testid=stFileChip]>[role=alert]{position:static;width:100%;height:auto;margin:0;clip:auto;clip-path:none;
white-space:normal;font-size:.875rem}
[data-testid=stException] a:not(.home){display:none}
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
    """The script of every page; its address changes with its content, so browsers may keep it."""
    return Response(_SCRIPT, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000, immutable"})


def is_hashed(scope: Scope) -> bool:
    """Whether the script is asked for by the address that changes with its content."""
    kept: bool = scope["path"] == "/words.js" and scope["query_string"] == _DIGEST
    return kept
