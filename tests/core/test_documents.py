"""What a file that was handed in says, without the program that wrote it, and without doing what it asks."""

from __future__ import annotations

import io
import zipfile

import pytest

from core.trail import documents


def packed(body: str, part: str = "word/document.xml") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(part, body)
    return buffer.getvalue()


def test_the_text_of_a_word_document_is_read_a_line_for_each_paragraph() -> None:
    body = '<w:p><w:r><w:t xml:space="preserve">关于举办 A&amp;B </w:t><w:t>培训班</w:t></w:r></w:p>'
    body += "<w:p><w:t>一</w:t><w:tab/><w:t>时间</w:t></w:p>"
    assert documents.text_of(packed(body)) == "关于举办 A&B 培训班\n一\t时间"
    assert documents.media_type(packed(body)) == ""


def test_what_a_document_declares_is_never_expanded_nor_fetched() -> None:
    bomb = '<!DOCTYPE w [<!ENTITY a "xxxx"><!ENTITY b SYSTEM "file:///etc/passwd">]><w:p><w:t>&a;&b;完</w:t></w:p>'
    assert documents.text_of(packed(bomb)) == "&a;&b;完"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4 synthetic", "application/pdf"),
        (b"\xff\xd8\xff\xe0 synthetic", "image/jpeg"),
        (b"\x89PNG\r\n", "image/png"),
        (b"PK\x03\x04 broken", ""),
        (packed("<workbook/>", "xl/workbook.xml"), ""),
        (packed("<w:t>" + "长" * documents.LARGEST_TEXT + "</w:t>"), ""),
        (b"<svg onload=alert(1)>", ""),
        (b"", ""),
    ],
)
def test_what_cannot_be_shown_safely_is_not(content: bytes, kind: str) -> None:
    assert documents.media_type(content) == kind
    assert kind or not documents.text_of(content)
