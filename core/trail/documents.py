"""What a file that was handed in says (文件内容), as far as it can be shown without the program that wrote it."""

from __future__ import annotations

import html
import io
import re
import zipfile

LARGEST_TEXT = 8 * 2**20
"""Bytes of a document's text that are unpacked; beyond that it is read in its own program."""
_PARTS = re.compile(rb"<w:t(?:\s[^>]*)?>([^<]*)</w:t>|<w:(tab|br|cr)(?:\s[^>]*)?/>|</w:(p)>")


def shown_as(content: bytes) -> str:
    """How a file can be shown (能否直接查看), by how it begins: "pdf", "image", "docx", or "" where it cannot."""
    if content.startswith(b"%PDF"):
        return "pdf"
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG")):
        return "image"
    return "docx" if content.startswith(b"PK\x03\x04") and text_of(content) else ""


def text_of(content: bytes) -> str:
    """The text of a .docx (Word document), a line for each paragraph; "" where it is none, or too large.

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
