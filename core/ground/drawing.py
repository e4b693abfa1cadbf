"""Pages of a PDF as images (PDF各页), drawn in a process of its own, so that a hostile file harms nobody else.

PDFium is fed whatever somebody uploads. So this very file, run as a program, reads one PDF from its standard input and
answers with its pages: its memory, its time and the size of a page are bounded, and what it does not survive is a file
that cannot be opened. It knows nothing of the office and imports nothing of it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator

import pypdfium2

MEMORY = 2 * 2**30
SECONDS = 60
MOST_PAGES = 300
LONGEST_SIDE = 4000
"""Pixels of a page's longer side: a page of ten metres is drawn smaller, not whole."""

_turns = threading.BoundedSemaphore(1)
"""One at a time: PDFium draws for one thread of a process, and nobody's memory is taken by several."""


class NoPdf(Exception):
    """Bytes that cannot be opened as a PDF, or are too much of one."""


def pages(content: bytes, *, dots: float) -> list[bytes]:
    """The pages of a PDF as images (PNG), to be looked at on screen; `dots` an inch. Raises NoPdf in `SECONDS`."""
    try:
        with _turns:
            done = subprocess.run(
                [sys.executable, "-P", __file__, str(dots)],
                input=content,
                capture_output=True,
                timeout=SECONDS,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
    except subprocess.TimeoutExpired as error:
        raise NoPdf from error
    if done.returncode == 2:  # how Python ends without its program: no file leads there
        raise RuntimeError(f"pages are not drawn: {done.stderr.decode(errors='replace')}")
    if done.returncode:
        raise NoPdf
    return list(_taken_apart(done.stdout))


def of_ours(content: bytes, *, dots: float) -> list[bytes]:
    """The pages of a PDF that this program made itself (样张), drawn at once: it harms nobody."""
    with _turns:
        return list(_draw(content, dots))


def _taken_apart(answer: bytes) -> Iterator[bytes]:
    """The images of an answer, each after its length."""
    at = 0
    while at < len(answer):
        (length,) = struct.unpack_from(">I", answer, at)
        yield answer[at + 4 : at + 4 + length]
        at += 4 + length


# --- in the process of its own ---------------------------------------------------------------------------------------


def _bound() -> None:
    """Never more than our memory, and no life of its own if the office ends; Windows has the clock alone."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    with contextlib.suppress(ImportError, ValueError, OSError):  # ValueError: the limit is lower already
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _draw(content: bytes, dots: float) -> Iterator[bytes]:
    """Each page as it is drawn."""
    with pypdfium2.PdfDocument(content) as document:
        if len(document) > MOST_PAGES:
            raise ValueError("too many pages")
        for page in document:
            made = io.BytesIO()
            scale = min(dots / 72, LONGEST_SIDE / max(*page.get_size(), 1.0))
            page.render(scale=scale).to_pil().save(made, "PNG")
            page.close()
            yield made.getvalue()


if __name__ == "__main__":
    _bound()
    for one in _draw(sys.stdin.buffer.read(), float(sys.argv[1])):
        sys.stdout.buffer.write(struct.pack(">I", len(one)) + one)
    sys.stdout.flush()
