"""The review desk (审核台): reviewers read and decide submissions of every kind; the next item opens by itself."""

import math

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role, not_found
from core.office import views
from core.submissions import comments as said
from core.submissions import queues, workflow
from core.trail import files, kept
from web import address, comments, context, shell, tables
from web.desk import batch, deciding, evidence, filters, listing, readings, remarking
from web.words import md

actor = shell.require(Role.REVIEWER, Role.ADMIN)
shell.style(listing.STYLE)
shell.page("审核")
offered = readings.offered(actor)
asked, now = filters.wanted(actor, offered), context.now()
page, size = address.paged(), listing.PAGE_ROWS
with db.reading() as session:
    whose = actor.role, actor.organization_id, asked
    counts = context.counted(whose, lambda: queues.counts(session, asked, actor=actor, now=now))
    count = filters.total(counts, asked)
    page = max(1, min(page, math.ceil(count / size)))
    unread, saved = said.unread(session, actor), views.saved(session, actor)
    when = now.replace(second=0, microsecond=0) if asked.urgency else context.today()
    rows = kept.once(
        session,
        (db.url(), "desk", actor.role, actor.organization_id, asked, page, when),
        lambda: queues.hinted(
            session,
            queues.listed(session, asked, actor=actor, now=now, offset=(page - 1) * size, limit=size),
            actor,
            now,
        ),
    )
deciding.go_on([row.submission.id for row in rows])


opened, single = address.chosen("item"), asked.kinds[0] if len(asked.kinds) == 1 else ""


def exported(session: Session, who: Actor) -> pd.DataFrame:
    """All that is listed, not the page shown alone."""
    narrowed = asked, context.moment(session)
    found, _ = queues.queue(
        session, who, kinds=asked.kinds, state=asked.state, own=asked.own, narrowed=narrowed, limit=None
    )
    return found.rename(columns=readings.names(single))


def item(submission_id: int) -> None:
    """The open item: what it is, and the bar that decides it."""
    with db.reading() as session:
        found = workflow.one(session, submission_id, actor)
        steps = workflow.trail(session, submission_id, actor)
        papers = files.of(session, submission_id, actor)
        record = readings.record(session, found, actor)
        before = readings.before(session, found, steps, actor)
        heard = said.of(session, submission_id, actor)
    if found.kind not in {kind.code for kind in offered}:
        raise not_found("申请")
    remarking.restore(found, actor)
    with st.container(border=True, key="item"):
        if record:
            st.caption(record)
        readings.earlier(found, before)
        evidence.evidence(papers)
        readings.of(found).show(found, actor, steps)
        comments.comment(found, actor, heard)
    deciding.decide(found, actor)


filters.draw(actor, offered, asked, counts, saved)
left, right = st.columns([35, 65], gap="small")
with left, st.container(key="desk-left"):
    listing.listing(rows, count, opened, unread, one_kind=bool(single), one_state=asked.state is not None)
    with st.container(horizontal=True, vertical_alignment="center"):
        batch.offer(rows, asked, actor)
        tables.export(exported, readings.columns(single), name="审核")
        address.page(math.ceil(count / size))
with right:
    if opened is None:
        st.info("从列表中选一件打开。" if rows else "列表是空的。可换一个状态，或清空筛选条件。")
        deciding.back_to_last()
    else:
        try:
            item(opened)
        except Refused as refused:
            st.error(md(refused.words))
