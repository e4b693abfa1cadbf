"""Certificates of completion: where the notice has them, of hours that stand, verified by anybody who holds one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy as sa

from core.courses import passing
from core.ground import db
from core.ground.access import Refused
from core.models import Completion
from core.records import completions
from tests import cast as c
from tests import ready, sat
from tests.core.test_exam_pages import ask

OWN = """id: with-certificates
extends: nmg-2024
title: 2024年度通知（试验）
document: 试验〔2024〕1号
in_force: {from: 2024-01-01, to: 2024-12-31}
interpretations:
  - {setting: course_certificate, value: true, clause: 一(五)3, reason: 本单位另发结业证书。}
"""


def test_a_certificate_is_of_hours_that_stand_and_anybody_may_ask_whether_they_still_do(office: Path) -> None:
    assert office
    cast = ready.office(sat.office)
    sat.sat(cast)
    who = {"actor": cast["person1"], "now": sat.NOW}
    with db.transaction() as session, pytest.raises(Refused, match=r"^policy:"):
        completions.issue(session, 1, **who)
    c.lay_notice("with-certificates", OWN)
    with db.transaction() as session:
        for by, code in (("person2", "hours"), ("reviewer", "role")):
            with pytest.raises(Refused, match=rf"^{code}:"):
                completions.issue(session, 1, actor=cast[by], now=sat.NOW)
        made = completions.issue(session, 1, **who)
        assert completions.issue(session, 1, **who).id == made.id  # asked for again it is the same
    with pypdfium2.PdfDocument(completions.pdf(made, verify_url=f"https://example.cn/verify/{made.code}")) as document:
        text = document[0].get_textpage().get_text_bounded()
    assert sat.COURSE.title in "".join(text.split())
    assert "https://example.cn/verify" in text
    with pypdfium2.PdfDocument(completions.pdf(made, verify_url="")) as document:  # an office without an address
        assert "扫描二维码" not in document[0].get_textpage().get_text_bounded()
    assert c.id_number(1) not in text
    mine = sat.token_of("person1", now=datetime.now(UTC))
    taken = ask(mine, "POST", "/learn/certificate/1")
    assert (taken.headers["content-type"], taken.content[:5]) == ("application/pdf", b"%PDF-")
    assert ask("", "POST", "/learn/certificate/1").status_code == 401
    assert "下载结业证书" in ask(mine, "GET", "/learn").text
    shown = ask("", "GET", f"/verify/{made.code}").text
    assert "现在仍然有效" in shown
    assert c.row(1)[1] not in shown
    with db.transaction() as session:
        passing.take_back(session, 1, [c.person_id(1)], reason="试题作废", now=sat.NOW)
    assert "已经冲销" in ask("", "GET", f"/verify/{made.code}").text
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Completion.id))) == 1
        assert completions.verification(session, "A" * 16) is None
