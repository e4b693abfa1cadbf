"""What a file that was handed in says (文件内容), as far as it can be shown without the program that wrote it."""

from __future__ import annotations

import html
import io
import re
import zipfile

LARGEST_TEXT = 8 * 2**20
"""Bytes of a document's text that are unpacked; beyond that it is read in its own program."""
_PARTS = re.compile(rb"<w:t(?:\s[^>]*)?>([^<]*)</w:t>|<w:(tab|br|cr)(?:\s[^>]*)?/>|</w:(p)>")


_SHOWN = {b"%PDF": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


def media_type(content: bytes) -> str:
    """Media type (文件类型) of what a browser shows by itself, a PDF or an image, by how it begins; "" of all else."""
    return next((kind for sign, kind in _SHOWN.items() if content.startswith(sign)), "")


def text_of(content: bytes) -> str:
    """The text of a .docx (Word document), a line for each paragraph; "" where it is none, empty, or too large.

    Its XML is read by pattern and never parsed, so that it can neither expand entities nor fetch anything.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed, packed.open("word/document.xml") as part:
            written = part.read(LARGEST_TEXT + 1)
    except (KeyError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return ""
    if len(written) > LARGEST_TEXT:
        return ""
    lines = [""]
    for said, gap, paragraph in _PARTS.findall(written):
        if paragraph or gap in (b"br", b"cr"):
            lines.append("")
        else:
            lines[-1] += "\t" if gap else html.unescape(said.decode("utf-8", "replace"))
    return "\n".join(lines if lines[-1] else lines[:-1])
