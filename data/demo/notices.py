"""Notices of the demonstration's own years: made up, marked as such, so that no page has to say by which it goes on."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from core.eligibility import drafts
from core.ground import db
from core.ground.access import Actor
from core.law import notices
from data.demo.cast import Office

_TEXT = """\
id: demo-{year}
extends: {parent}
title: 关于做好{year}年全区专业技术人员继续教育工作的通知（演示用，虚构）
document: 演示〔{before}〕1号（虚构）
issuer: 演示用，虚构
issued_on: {before}-12-13
in_force: {{from: {year}-01-01, to: {year}-12-31}}
interpretations:
  - {{setting: course_certificate, value: true, clause: 一(五)3, reason: 演示结业证书的样子；没有写的，以审验卡为凭。}}
"""


def published(office: Office, second: Actor, *, now: datetime) -> None:
    """Publish a made-up notice for each of the last two years that no notice covers, drafted and published by two.

    It says nothing but what the last real one says, and that courses have certificates, so that one is seen. It is laid
    where policies are read; `cleared` takes it away again.
    """
    year, moment = db.office_day(office.now).year, now
    for each in (year - 1, year):
        latest = notices.in_force(date(each, 12, 31))
        if latest.in_force.first <= date(each, 12, 31) <= latest.in_force.last:
            continue
        parent = latest.id if not latest.extends else latest.extends
        text = _TEXT.format(year=each, before=each - 1, parent=parent)
        draft = drafts.save_draft(office.session, text, actor=office.admin, now=moment)
        office.session.flush()
        moment, reason = moment + timedelta(seconds=30), f"演示{each}年度"
        drafts.publish(office.session, draft.id, version=draft.version, actor=second, reason=reason, now=moment)
        office.session.flush()
    drafts.install(office.session)


def cleared() -> None:
    """Take the made-up notices away again, of a demonstration that was not opened in the end."""
    for path in notices.published().glob("demo-*.yaml"):
        path.unlink()
