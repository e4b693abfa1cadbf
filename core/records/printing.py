"""Printing in bulk (批量打印): the cards of a training, a unit or a filter as one file, made beside the pages.

A run keeps whose cards it makes; a process of its own (`python -m core cards`) works it off in small transactions, so
that nobody waits for it, and goes on where it was killed. The file is its maker's alone, sealed, and kept for a week.
"""

from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import Actor, Labelled, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.ground.taken import Taken
from core.models import (
    Account,
    Card,
    CreditBatch,
    CreditEntry,
    Organization,
    Person,
    PrintRun,
    PrintRunPerson,
    Report,
    Submission,
)
from core.people import accounts, persons, setup
from core.records import cards, faces, shortfalls, templates, tokens
from core.records.cards import Prepared
from core.records.faces import Look, Size
from core.records.shortfalls import Lack
from core.trail import audit, kept

PRINTERS = (Role.BASE_CLERK, Role.EMPLOYER_CLERK, Role.REVIEWER, Role.TITLE_OFFICER)
MOST = 5000
"""People in one run."""
AT_ONCE = 20
"""Cards issued in one transaction."""
SILENT = timedelta(minutes=1)
"""After so long without a word from the process that works on a run, another takes it over."""
ATTEMPTS = 5
"""Times that a run is taken up before it is given up."""
KEPT = timedelta(days=7)
"""For so long the file is kept unless the office decides otherwise; then it can be made once more."""


class Form(Labelled):
    """What is made (成品)."""

    PDF = "pdf", "一份PDF"
    SHEETS = "sheets", "一份PDF，A4纸拼版裁开"
    ZIP = "zip", "压缩包，每人一份PDF"


@dataclass(frozen=True)
class Scope:
    """Whose cards (范围): those of a training, or by name and unit; in which years."""

    year: int
    since: int | None = None
    report_id: int | None = None
    text: str = ""
    employer: str = ""
    complete: bool = False
    """Only those who lack nothing in `year`."""
    hours: bool = True
    """Only those with hours in its years: nobody else has a card, but anybody may want an account."""


def reach(actor: Actor) -> sa.ColumnElement[bool]:
    """Whose cards an actor may print in bulk: those it may look up; a base, those it taught. Refused codes: "role"."""
    require(actor, *PRINTERS)
    return persons.taught(actor) if actor.role is Role.BASE_CLERK else persons.visible_to(actor)


def trainings(session: Session, actor: Actor, year: int) -> pd.DataFrame:
    """Trainings whose hours count for a year (可选的培训), the latest first, of people within reach.

    Columns: id, title, organization, people. Refused codes: "role".
    """
    require(actor, *PRINTERS)
    query = (
        sa.select(
            Submission.id,
            Submission.title,
            Organization.name.label("organization"),
            sa.func.count(sa.distinct(CreditEntry.person_id)).label("people"),
        )
        .join(CreditBatch, CreditBatch.submission_id == Submission.id)
        .join(CreditEntry, CreditEntry.batch_id == CreditBatch.id)
        .join(Organization, Organization.id == Submission.organization_id)
        .where(Submission.kind == Report.__mapper__.polymorphic_identity, CreditEntry.year == year)
        .group_by(Submission.id, Submission.title, Organization.name)
        .order_by(Submission.id.desc())
        .limit(200)
    )
    if actor.role is Role.EMPLOYER_CLERK:
        query = query.join(Person, Person.id == CreditEntry.person_id).where(persons.visible_to(actor))
    else:
        query = query.where(visible(actor, organization=Submission.organization_id, authority=Submission.authority_id))
    return pd.DataFrame(session.execute(query).mappings().all(), columns=["id", "title", "organization", "people"])


def whose(session: Session, actor: Actor, scope: Scope) -> list[int]:
    """Whom a scope means (范围内的人员) within the actor's reach. Refused codes: "role"."""
    own = sa.select(Person.id).where(reach(actor))
    if scope.report_id is not None:
        there = (
            sa.select(Person.human_id)
            .join(CreditEntry, CreditEntry.person_id == Person.id)
            .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
            .where(CreditBatch.submission_id == scope.report_id)
        )
        if actor.role is Role.BASE_CLERK:
            there = there.join(Submission, Submission.id == CreditBatch.submission_id)
            there = there.where(Submission.organization_id == actor.organization_id)
        own = own.where(Person.id.in_(there))
    if resident_id.problem(scope.text) is None:
        own = own.where(Person.id == persons.holder(db.blind_index(resident_id.normalise(scope.text))))
    else:
        own = own.where(db.holding(scope.text, Person.name))
    own = own.where(db.holding(scope.employer, Person.employer_name))
    record = sa.orm.aliased(Person)
    first = scope.year if scope.since is None else scope.since
    has = (
        sa.select(CreditEntry.person_id)
        .join(record, record.id == CreditEntry.person_id)
        .where(record.human_id == Person.id, CreditEntry.year.between(first, scope.year))
    )
    own = own.where(has.exists()) if scope.hours else own
    found = list(session.scalars(own.order_by(Person.employer_name, Person.id)))
    if scope.complete and found and actor.role is not Role.BASE_CLERK:
        lacking, _ = shortfalls.shortfalls(
            session, actor, scope.year, text=scope.text, employer=scope.employer, lack=Lack.YEAR, limit=None
        )
        short = set(lacking["id"])
        found = [each for each in found if each not in short]
    return found


@deed
def start(
    session: Session, scope: Scope, *, size: Size, form: Form, words: str, actor: Actor, now: datetime
) -> PrintRun:
    """Start a run (开始批量打印); `wake` or the next round takes it up. `words`: whose cards, as the page says it.

    Its cards name the office's public address of now, if it has one. Refused codes: "role", "empty", "many", "busy"
    (the actor has three under way).
    """
    require(actor, *PRINTERS)
    under_way = sa.select(sa.func.count(PrintRun.id)).where(PrintRun.account_id == actor.account_id, _OPEN)
    if actor.account_id is None or (session.scalar(under_way) or 0) >= 3:
        raise Refused("busy", "您已有三批在打印，请等其中一批完成或停止后再开始。")
    found = whose(session, actor, scope)
    if not found:
        raise Refused("empty", "范围内没有可以打印审验卡的人员：学时入账后才能打印。请换一个年度或范围。")
    if len(found) > MOST:
        raise Refused("many", f"范围内有{len(found):,}人，一批最多{MOST:,}人，请按单位或培训分批打印。")
    run = PrintRun(
        account_id=actor.account_id,
        organization_id=actor.organization_id,
        words=typed.text(words)[:200],
        year=scope.year,
        since=scope.since,
        size=size.value,
        form=form.value,
        origin=setup.address(setup.settings(session))[:200],
        people=len(found),
        made_at=now,
    )
    session.add(run)
    session.flush()
    places = list(range(1, len(found) + 1))
    db.insert(session, PrintRunPerson, {"run_id": run.id, "place": places, "person_id": found})
    told = {"year": scope.year, "people": len(found)}
    audit.record(session, audit.Event.CARDS_PRINTED, run, actor=actor, after=told, now=now)
    return run


_OPEN = sa.and_(PrintRun.finished_at.is_(None), PrintRun.stopped_at.is_(None), PrintRun.failed == "")


class State(Labelled):
    """How it stands with a run (打印进度)."""

    WAITING = "waiting", "排队"
    ISSUING = "issuing", "正在出具"
    DRAWING = "drawing", "正在生成文件"
    DONE = "done", "已完成"
    STALE = "stale", "有卡已失效，须重新生成"
    EXPIRED = "expired", "文件已过期"
    STOPPED = "stopped", "已停止"
    FAILED = "failed", "出错停止"


def runs(session: Session, actor: Actor, *, now: datetime) -> pd.DataFrame:
    """The actor's own runs (我的批量打印), the newest first.

    Columns: id, words, year, since, size, form, people, done (with a card), left_out, state (a `State`), made_at,
    failed.
    """
    require(actor, *PRINTERS)
    of = sa.select(
        PrintRunPerson.run_id,
        sa.func.count(PrintRunPerson.card_id).label("done"),
        sa.func.count(PrintRunPerson.problem).label("left_out"),
    ).group_by(PrintRunPerson.run_id)
    of = of.join(PrintRun, PrintRun.id == PrintRunPerson.run_id).where(PrintRun.account_id == actor.account_id)
    counts = {run_id: (done, out) for run_id, done, out in session.execute(of)}
    mine = sa.select(PrintRun).where(PrintRun.account_id == actor.account_id).order_by(PrintRun.id.desc()).limit(30)
    lines = []
    for run in session.scalars(mine):
        done, out = counts.get(run.id, (0, 0))
        lines.append(
            {
                "id": run.id,
                "words": run.words,
                "year": run.year,
                "since": run.since,
                "size": Size(run.size).label,
                "form": Form(run.form).label,
                "people": run.people,
                "done": done,
                "left_out": out,
                "state": _standing(session, run, done + out),
                "made_at": run.made_at,
                "failed": run.failed,
            }
        )
    columns = "id words year since size form people done left_out state made_at failed".split()
    return pd.DataFrame(lines, columns=columns)


def _gone(session: Session, run_id: int) -> list[int]:
    """Places of a run whose card holds no more (此后失效的): revoked, its hours taken back, or its key void."""

    def read() -> list[int]:
        query = sa.select(PrintRunPerson.place, Card).join(Card, Card.id == PrintRunPerson.card_id)
        found = {
            card.id: (place, card) for place, card in session.execute(query.where(PrintRunPerson.run_id == run_id))
        }
        return sorted(found[each][0] for each in cards.gone(session, [card for _, card in found.values()]))

    return kept.once(session, ("print run", str(session.get_bind().engine.url), run_id), read)


def _standing(session: Session, run: PrintRun, through: int) -> State:
    """How it stands with a run whose cards may have been revoked since."""
    state = _state(run, through)
    return State.STALE if state is State.DONE and _gone(session, run.id) else state


def _state(run: PrintRun, through: int) -> State:
    if run.failed:
        return State.FAILED
    if run.stopped_at:
        return State.STOPPED
    if run.finished_at:
        return State.DONE if _place(run.id).exists() else State.EXPIRED
    if run.beat_at is None:
        return State.WAITING
    return State.DRAWING if through >= run.people else State.ISSUING


def left_out(session: Session, run_id: int, actor: Actor) -> pd.DataFrame:
    """Whose card a run did not make, and why (没有打印的). Columns: name, reason. Refused codes: "role", "missing"."""
    run = _own(session, run_id, actor)
    query = sa.select(Person.name, PrintRunPerson.problem).join(Person, Person.id == PrintRunPerson.person_id)
    query = query.where(PrintRunPerson.run_id == run.id, PrintRunPerson.problem.is_not(None))
    rows = session.execute(query.order_by(PrintRunPerson.place)).all()
    return pd.DataFrame(rows, columns=["name", "reason"])


@deed
def stop(session: Session, run_id: int, *, actor: Actor, now: datetime) -> PrintRun:
    """Stop a run (停止打印); cards that it has issued stay. Refused codes: "role", "missing", "done"."""
    run = _own(session, run_id, actor, lock=True)
    if run.finished_at or run.stopped_at:
        raise Refused("done", "这一批已经结束，不用停止。")
    run.stopped_at = now
    return run


@deed
def once_more(session: Session, run_id: int, *, actor: Actor, now: datetime) -> PrintRun:
    """Go on with a run that was stopped or failed, or make the file of one anew (继续打印、重新生成文件).

    No card is issued twice; in the place of one that holds no more another is issued. Refused codes: "role",
    "missing", "open" (it is under way).
    """
    run = _own(session, run_id, actor, lock=True)
    if not (run.finished_at or run.stopped_at or run.failed):
        raise Refused("open", "这一批正在打印，请稍候。")
    for place in _gone(session, run.id):
        session.get_one(PrintRunPerson, (run.id, place)).card_id = None
    run.finished_at = run.stopped_at = run.beat_at = None
    run.failed, run.attempts = "", 0
    run.origin = setup.address(setup.settings(session))[:200]
    return run


@deed
def taken(session: Session, run_id: int, *, actor: Actor, now: datetime) -> bytes:
    """Take the file of a run away (下载成品), a logged act.

    Refused codes: "role", "missing", "file" (not there), "void" (a card in it holds no more).
    """
    run = _own(session, run_id, actor)
    place = _place(run.id)
    if run.finished_at is None or not place.exists():
        raise Refused("file", "文件还没有生成，或已过保存期。请重新生成后再下载。")
    if gone := _gone(session, run.id):
        words = f"文件里有{len(gone)}张审验卡此后已失效，不能再下载。请点“重新生成文件”，失效的会重新出具。"
        raise Refused("void", words)
    with db.unlocked():
        content = db.unseal(place.read_bytes(), key=db.keys().files, purpose=f"print run {run_id}")
    told = {"filename": filename(_own(session, run_id, actor))}
    audit.record(session, audit.Event.FILE_HANDED_OUT, run, actor=actor, after=told, now=now)
    return content


def filename(run: PrintRun) -> str:
    """What the file of a run is called."""
    return f"审验卡-{run.year}-第{run.id}批.{'zip' if run.form == Form.ZIP.value else 'pdf'}"


def _own(session: Session, run_id: int, actor: Actor, *, lock: bool = False) -> PrintRun:
    require(actor, *PRINTERS)
    query = sa.select(PrintRun).where(PrintRun.id == run_id, PrintRun.account_id == actor.account_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise not_found("批量打印")
    return found


# --- the work, in a process of its own ------------------------------------------------------------------------------


_apart: list[subprocess.Popen[bytes]] = []


def wake() -> None:
    """Have a process of its own work off what waits, unless one of ours is at it already."""
    _apart[:] = [each for each in _apart if each.poll() is None]
    if not _apart:
        quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
        politely = ["nice", "-n", "10"] if shutil.which("nice") else []  # nobody at a page waits for it
        _apart.append(
            subprocess.Popen(
                [*politely, sys.executable, "-m", "core", "cards"],
                cwd=db.ROOT,
                creationflags=quiet,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )


def resume(now: datetime) -> None:
    """Take up what waits or was left by a process that is no more; asked every half minute (断点续打)."""
    with db.reading() as session:
        waits = session.scalar(sa.select(PrintRun.id).where(*_free(now)).limit(1))
    if waits is not None:
        wake()


def _free(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Print runs without a live worker, as SQL: no heartbeat, an old one, or one of the future (clock ahead)."""
    beat = PrintRun.beat_at
    return (_OPEN, sa.or_(beat.is_(None), beat < now - SILENT, beat > now + SILENT))


def work(clock: Callable[[], datetime]) -> int:
    """Work off the runs that wait (办理批量打印), one after the other; answers how many were finished."""
    finished = 0
    while (run_id := _claimed(clock())) is not None:
        try:
            while _issued_some(run_id, clock):
                pass
            finished += _finished(run_id, clock)
        except Exception:  # said in the log, and given up after some attempts
            logging.getLogger("printing").exception("run %s", run_id)
            _let_go(run_id)
    return finished


def _claimed(now: datetime) -> int | None:
    """A run that nobody works on, which is ours from here on."""
    with db.transaction() as session:
        db.lock(session, "print runs")
        run = session.scalar(sa.select(PrintRun).where(*_free(now)).order_by(PrintRun.id).limit(1))
        if run is None:
            return None
        run.beat_at, run.attempts = now, run.attempts + 1
        if run.attempts > ATTEMPTS:
            run.failed = "多次出错，已停止。请稍后点“继续”；仍不行的，请告诉系统管理员。"
        return run.id


def _let_go(run_id: int) -> None:
    with db.transaction() as session:
        run = session.get_one(PrintRun, run_id, with_for_update=True)
        run.beat_at = None


def _maker(session: Session, run: PrintRun) -> Actor:
    """Who made a run, with the rights of today. Refused codes: "account"."""
    return accounts.actor_named(session, session.get_one(Account, run.account_id).username)


def _issued_some(run_id: int, clock: Callable[[], datetime]) -> bool:
    """Issue the next few cards of a run; False where there is nothing left to issue.

    What takes time is asked first, without a lock; only then are they numbered, signed and kept, in one transaction.
    """
    with db.reading() as session:
        run = session.get_one(PrintRun, run_id)
        if run.stopped_at or run.failed:
            return False
        left = sa.select(PrintRunPerson.place, PrintRunPerson.person_id).where(
            PrintRunPerson.run_id == run_id, PrintRunPerson.card_id.is_(None), PrintRunPerson.problem.is_(None)
        )
        some = session.execute(left.order_by(PrintRunPerson.place).limit(AT_ONCE)).all()
        if not some:
            return False
        try:
            actor = _maker(session, run)
            may = set(
                session.scalars(sa.select(Person.id).where(reach(actor), Person.id.in_([who for _, who in some])))
            )
        except Refused as refused:
            actor, may, gone = None, set(), refused.words
        now = setup.moment(session, clock())
        ready: dict[int, Prepared | int | str] = {}
        for place, person_id in some:
            if person_id not in may:
                ready[place] = gone if actor is None else "已不在您的管理权限内，没有打印。"
                continue
            try:
                ready[place] = _ready(session, run, session.get_one(Person, person_id), now)
            except Refused as refused:
                ready[place] = refused.words
    with db.transaction() as session:
        run = session.get_one(PrintRun, run_id, with_for_update=True)
        if run.stopped_at or run.failed:
            return False
        for place, what in ready.items():
            line = session.get_one(PrintRunPerson, (run_id, place))
            if line.card_id or line.problem:  # another process was here
                continue
            if isinstance(what, str):
                line.problem = what
            elif isinstance(what, Prepared) and actor:
                line.card_id = cards.keep(session, what, actor, now).id
            elif isinstance(what, int) and actor:
                line.card_id = what
                told = {"run": run_id}
                card = session.get_one(Card, what)
                audit.record(session, audit.Event.CARD_PRINTED, card, actor=actor, after=told, now=now)
        run.beat_at = clock()
    return True


def _ready(session: Session, run: PrintRun, person: Person, now: datetime) -> Prepared | int:
    """A person's card to be issued; or the one that is alike, to be printed again."""
    ready = cards.prepared(session, person, run.year, since=run.since, size=Size(run.size), now=now)
    same = cards.alike(session, ready)
    return same.id if same else ready


def _finished(run_id: int, clock: Callable[[], datetime]) -> int:
    """Draw the cards of a run into its file, and say that it is done; 0 where it was stopped or makes none."""
    with db.reading() as session:
        run = session.get_one(PrintRun, run_id)
        if run.stopped_at or run.failed:
            return 0
        account = session.get_one(Account, run.account_id)
        office = session.get_one(Organization, account.organization_id)
        whose = Taken.named(account.name, office.name, account.role, run.made_at)
    content = _drawn(run, whose, clock)
    if content is not None:
        place = _place(run_id)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(f".{os.getpid()}")
        partial.write_bytes(db.seal(content, key=db.keys().files, purpose=f"print run {run_id}"))
        partial.replace(place)
    with db.transaction() as session:
        run = session.get_one(PrintRun, run_id, with_for_update=True)
        if content is None:
            run.failed = "没有一张卡可以打印，原因见“没有打印的”。"
            return 0
        run.finished_at = setup.moment(session, clock())
        return 1


def _drawn(run: PrintRun, whose: Taken, clock: Callable[[], datetime]) -> bytes | None:
    """The file of a run: one document with one font, or one for each person in a ZIP; None where there is no card.

    Each card is its holder's, and stays as it is; whose the file is stands beside them: a note, or its properties.
    """
    size, form = Size(run.size), Form(run.form)
    sheet, packed, drawn = faces.Sheet(size, together=form is Form.SHEETS), io.BytesIO(), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as folder:
        for some, looks in _cards_of(run.id):
            for name, card in some:
                look, address = looks[card.id], tokens.place(run.origin, card.code)
                if form is Form.ZIP:
                    number = card.number or card.code
                    folder.writestr(f"{_plain(name)}-{number}.pdf", cards.pdf(card, look, verify_url=address))
                else:
                    said, by = cards.said_by(card), cards.signed_by(card)
                    faces.draw(sheet, said, look, size, verify_url=address, by=by)
                drawn += 1
            with db.transaction() as session:
                session.get_one(PrintRun, run.id, with_for_update=True).beat_at = clock()
    if not drawn:
        return None
    if form is Form.ZIP:
        with zipfile.ZipFile(packed, "a", zipfile.ZIP_STORED) as folder:
            folder.writestr("打印说明.txt", _note(whose, drawn).encode("utf-8-sig"))
        return packed.getvalue()
    sheet.page.whose(whose)
    sheet.page.set_title(f"{run.year}年度审验卡（{drawn}张）")
    return sheet.page.signed(run.made_at, "批量打印审验卡")


def _note(whose: Taken, drawn: int) -> str:
    """What lies beside the cards of a ZIP (打印说明)."""
    return f"{whose.line}\r\n共{drawn}张审验卡，交给本人；不得转发，用后请妥善保管或删除。"


def _plain(name: str) -> str:
    """A name as part of a file's name, on Windows too: nothing in it that turns the line about or cannot be seen."""
    return "".join(char for char in name if char.isprintable() and char not in '\\/:*?"<>|')


def _cards_of(run_id: int) -> Iterator[tuple[Sequence[tuple[str, Card]], dict[int, Look]]]:
    """The cards of a run in its order, some at a time, with the looks they were issued with, by their ids."""
    after = 0
    while True:
        with db.reading() as session:
            query = (
                sa.select(PrintRunPerson.place, Person.name, Card)
                .join(Card, Card.id == PrintRunPerson.card_id)
                .join(Person, Person.id == PrintRunPerson.person_id)
                .where(PrintRunPerson.run_id == run_id, PrintRunPerson.place > after)
                .order_by(PrintRunPerson.place)
                .limit(100)
            )
            found = session.execute(query).all()
            looks = {card.id: templates.of_card(session, card) for _, _, card in found}
        if not found:
            return
        after = found[-1].place
        yield [(name, card) for _, name, card in found], looks


def sweep(before: datetime) -> int:
    """Remove the files of runs (过期成品) that were made before a moment; how many."""
    count = 0
    for path in (db.home() / "printed").glob("*"):
        if path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            count += 1
    return count


def _place(run_id: int) -> Path:
    return db.home() / "printed" / f"{run_id}.sealed"
