"""A file of items (题库文件), in whichever format it is: read by its content, written in the one asked for."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from core.exams.formats import aiken, gift, moodle, qti, workbook, xml
from core.exams.formats.found import LARGEST, Form, Found, Written
from core.exams.items import Item
from core.ground.access import Refused
from core.tables import delimited, reader
from core.tables.mending import Mended


def read(
    content: bytes,
    filename: str,
    *,
    chosen: Mapping[str, str] | None = None,
    mended: Mapping[str, Mended] = MappingProxyType({}),
) -> Found:
    """Read a file of items (读入题库), in whatever of the formats its content is.

    `chosen` and `mended` are of tables: which column is which, and what was changed on the screen, by sheet.
    Refused codes: "file" (none of the formats, damaged, too large, nothing in it), "headings" (or `reading.Asked`).
    """
    if not content:
        raise Refused("file", f"文件“{filename}”是空的，请重新选择。")
    if reader.is_workbook(content):
        if not _is_package(content):
            return workbook.read(content, filename, chosen=chosen, mended=mended)
        _refuse_large(content)
        return Found(Form.QTI, [qti.read(content)])
    if filename.lower().endswith((".csv", ".tsv")):
        return workbook.read(content, filename, chosen=chosen, mended=mended)
    _refuse_large(content)
    try:
        text = delimited.decoded(content)
    except reader.Unreadable as error:
        raise Refused("file", _NONE) from error
    if re.match(r"\s*<", text):
        return _marked(text)
    if aiken.is_aiken(text):
        return Found(Form.AIKEN, [aiken.read(text)])
    if "{" in text or "}" in text or re.search(r"^[ \t]*(?:::|\$CATEGORY:)", text, re.MULTILINE):
        return Found(Form.GIFT, [gift.read(text)])
    try:
        return workbook.read(content, filename, chosen=chosen, mended=mended)
    except Refused as refused:
        raise (Refused("file", _NONE) if type(refused) is Refused else refused) from refused


_KNOWN = "可以导入：Excel（.xlsx、.xls、.csv）、GIFT、Aiken（.txt）、Moodle XML（.xml）、QTI 2.1（.zip）。"
_NONE = f"看不出这是哪一种题库文件。{_KNOWN}"


def _marked(text: str) -> Found:
    """A file in XML, by its first element."""
    name = xml.root_name(text)
    if name == qti.ROOT:
        return Found(Form.QTI, [qti.read_one(text)])
    if words := qti.OTHERS.get(name):
        raise Refused("file", words)
    if name.lower() == "html":
        raise Refused("file", f"这是网页，不是题库文件。{_KNOWN}")
    return Found(Form.MOODLE, [moodle.read(text)])


def _is_package(content: bytes) -> bool:
    """Whether a packed file is a package of items and no workbook."""
    if content[:2] != b"PK":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = [name.lower() for name in package.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    books = any(name.startswith("xl/") or name in ("content.xml", "[content_types].xml") for name in names)
    return not books and any(name.endswith(".xml") for name in names)


def _refuse_large(content: bytes) -> None:
    if len(content) > LARGEST:
        raise Refused("file", f"文件超过{LARGEST // 2**20}MB，请分成几个文件导入。")


def write(form: Form, bank: Iterable[Item]) -> Written:
    """Write items to a file (导出题库): its bytes, and what the format could not say."""
    return _WRITERS[form](bank)


_WRITERS = {
    Form.WORKBOOK: workbook.write,
    Form.GIFT: gift.write,
    Form.AIKEN: aiken.write,
    Form.MOODLE: moodle.write,
    Form.QTI: qti.write,
}


def digest(item: Item) -> str:
    """A digest of all an item says (试题摘要): the same for the same item, whatever file it came from."""
    said = (item.kind, item.stem, item.options, item.explanation, item.difficulty, item.topic, item.reference)
    points = "" if item.points is None else f"{item.points.normalize():f}"
    return hashlib.sha256(repr([*map(_plainly, said), points]).encode()).hexdigest()


def _plainly(value: object) -> object:
    return None if value is None else [*value] if isinstance(value, tuple) else str(value)
