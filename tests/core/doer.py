"""A process that does deeds and may be killed at any moment; `test_kill` starts it. No test lives here.

It imports everything once and forks for every deed. Standard input takes one line of JSON for each: the environment,
the deed's name, the file with the cast. Standard output tells: "ready PID" right before the deed, a dot for each
statement the database has answered, "done" once the deed is over, "ended STATUS" when asked to look ("reap").
"""

import json
import os
import pickle
import secrets
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import bcrypt
import sqlalchemy as sa

from core.eligibility import decisions
from core.ground import db
from core.ground.access import Role
from core.ground.db import bulk
from core.ledger import books
from core.models import AuditEntry, Course, Person, Plan, State, Submission
from core.office import backups, unsaved
from core.people import accounts, acts, keys, organizations
from core.quotas import targets
from core.records import cards, imports
from core.submissions import comments, disputes, workflow
from core.submissions.programmes import seminars
from core.submissions.workflow import Action
from core.tables import reader
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c

PEOPLE = 200
books.LARGE = bulk.MANY = 15  # what writes so many rows is reckoned first, as the roster of thousands is,
bulk._PART = 15  # and on SQLite follows its deed in parts
LATER = c.AFTER + timedelta(days=1)


def furnished() -> c.Cast:
    """An office in which every deed of `DEEDS` can be done: what waits, what is posted, a backup of yesterday."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(serial) for serial in range(1, 31)]), title="已入账的培训班")
    report_plan, other = c.file_plan(cast, title="待报的培训班"), c.file_plan(cast, title="待编的培训班")
    for plan in (report_plan, other):
        c.approve(cast, plan.id)
    c.file_report(cast, report_plan, c.sheet([c.row(serial) for serial in range(1, PEOPLE + 1)]))
    c.file_plan(cast, title="待审的培训班")
    c.file_claim(cast, 1, activity="技能培训")
    c.nominate(cast, 2)
    c.publish_course(cast)
    c.give_account(cast, 3, "learner")
    c.file_seminar(cast)
    backups.routine(now=c.AFTER)
    c.file_plan(cast, title="备份以后的培训班")
    return cast


def _waiting(title_or_kind: str) -> Submission:
    """What waits by this title, or of this kind."""
    with db.reading() as session:
        which = sa.or_(Submission.title == title_or_kind, Submission.kind == title_or_kind)
        query = sa.select(Submission).where(which, Submission.state.in_((State.SUBMITTED, State.APPROVED)))
        return session.scalars(query.order_by(Submission.id.desc())).first() or sys.exit(f"no {title_or_kind}")


def _moved(cast: c.Cast, which: str, action: Action, by: str = "reviewer", **more: Any) -> None:
    found = _waiting(which)
    with db.transaction() as session:
        act = {"version": found.version, "actor": cast[by], "now": c.NOW if found.kind == "plan" else c.AFTER}
        workflow.move(session, found.id, action, **act, **more)


def _report_filed(cast: c.Cast) -> None:
    with db.reading() as session:
        plan = session.scalars(sa.select(Plan).where(Plan.title == "待编的培训班")).one()
    c.file_report(cast, plan, c.sheet([c.row(serial) for serial in range(20, 60)]))


def _reversed(cast: c.Cast) -> None:
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["reviewer"], reason="登记有误", now=LATER, lines=range(2, 20))


def _imported(cast: c.Cast) -> None:
    rows = [
        [c.id_number(n), f"赵示{chr(0x4E00 + n)}", 2023, "专业科目", 60, "培训", "继续教育证书", "2023-06-28"]
        for n in range(300, 340)
    ]
    upload = Upload("学时.xlsx", c.sheet(rows, tuple(imports.HEADINGS.values())))
    with db.transaction() as session:
        imports.bring_in(session, upload, actor=cast["reviewer"], reason="补登", now=LATER)


def _decided(cast: c.Cast) -> None:
    headings = ("姓名", "身份证号", "申报年度", "申报方式", "申报级别")
    rows = [[c.row(n)[1], c.id_number(n), 2024, "职称评审", "初级"] for n in range(1, 20)]
    with db.transaction() as session:
        decisions.decide_file(session, c.sheet(rows, headings), "申报.xlsx", actor=cast["title"], now=LATER)


def _disputed(cast: c.Cast) -> None:
    person = c.person_id(3)
    with db.transaction() as session:
        disputes.file(session, person, 1, 3, words="学时有误", actor=cast["employer"], now=LATER)


def _account_opened(cast: c.Cast) -> None:
    new: dict[str, Any] = {"username": "fresh", "name": "新来的", "role": Role.LEADER, "password": c.PASSWORD}
    with db.transaction() as session:
        organizations.add(
            session,
            name="新单位",
            kind=cast.places["hospital"].kind,
            authority_id=1,
            actor=cast["admin"],
            now=LATER,
        )
        accounts.open_account(session, organization_id=1, actor=cast["admin"], now=LATER, **new)


def _password_reset(cast: c.Cast) -> None:
    with db.transaction() as session:
        account_id = cast["leader"].account_id or 0
        accounts.reset_password(session, account_id, "Other-horse-24", actor=cast["admin"], now=LATER)


def _signed_in(_cast: c.Cast) -> None:
    with db.transaction() as session:
        accounts.sign_in(session, "leader", fits=True, now=LATER)


def _merged(cast: c.Cast) -> None:
    one, other = c.person_id(4), c.person_id(6)
    with db.transaction() as session:
        versions = [session.get_one(Person, each).version for each in (one, other)]
        acts.merge(
            session,
            one,
            other,
            version=versions[0],
            duplicate_version=versions[1],
            actor=cast["reviewer"],
            reason="同一人",
            now=LATER,
            evidence=c.CERTIFICATE,
        )


def _card_issued(cast: c.Cast) -> None:
    person = c.person_id(5)
    with db.transaction() as session:
        cards.issue(session, person, 2024, actor=cast["reviewer"], now=LATER)


def _targets_published(cast: c.Cast) -> None:
    with db.transaction() as session:
        split = targets.Split(20_000)
        act: dict[str, Any] = {"version": 0, "actor": cast["reviewer"], "reason": "年度指标", "now": LATER}
        targets.publish(session, "capability", 2024, split, **act)


def _key_rotated(cast: c.Cast) -> None:
    with db.transaction() as session:
        keys.rotate(session, actor=cast["admin"], reason="例行更换", now=LATER)


def _backed_up(cast: c.Cast) -> None:
    path = backups.routine(now=LATER)
    with db.transaction() as session:
        backups.record(session, path, actor=cast["admin"], now=LATER)


def _restored(cast: c.Cast) -> None:
    (kept,) = backups.kept(db.home() / "backups")
    day = str(db.office_day(c.AFTER))
    backups.over_living(kept.path.name, said="恢复", dated=day, actor=cast["admin"], now=LATER, real=LATER)


def _file_chosen(cast: c.Cast) -> None:
    with db.transaction() as session:
        unsaved.choose(session, "claim:new", "files", c.CERTIFICATE, actor=cast["employer"], now=LATER)


def _typing_kept(cast: c.Cast) -> None:
    with db.transaction() as session:
        unsaved.keep(session, "plan:new", {"title": "没有写完"}, version=0, actor=cast["base"], now=LATER)


def _commented(cast: c.Cast) -> None:
    plan = _waiting("待审的培训班").id
    with db.transaction() as session:
        comments.write(session, plan, "请补培训通知。", actor=cast["reviewer"], now=LATER)


def _scored(cast: c.Cast) -> None:
    seminar = _waiting("seminar").id
    with db.transaction() as session:
        seminars.score(session, seminar, 80, "内容充实", actor=cast["reviewer"], now=c.AFTER)


def _studied(cast: c.Cast) -> None:
    with db.reading() as session:
        course = session.scalars(sa.select(Course)).one()
        assert course.lessons
    secrets.randbelow = lambda _most: 0  # when a question comes is drawn; a deed done twice must come out the same
    c.study_for(cast["learner"], course, 3)


DEEDS: dict[str, Callable[[c.Cast], object]] = {
    "approve a report": lambda cast: _moved(cast, "待报的培训班", Action.APPROVE),
    "file a plan": lambda cast: c.file_plan(cast, title="新报的培训班"),
    "approve a plan": lambda cast: _moved(cast, "待审的培训班", Action.APPROVE),
    "return a report": lambda cast: _moved(cast, "待报的培训班", Action.RETURN, reason="请核对"),
    "withdraw a plan": lambda cast: _moved(cast, "待审的培训班", Action.WITHDRAW, "base"),
    "undo an approval": lambda cast: _moved(cast, "已入账的培训班", Action.UNDO, reason="看错了"),
    "file a report": _report_filed,
    "reverse hours": _reversed,
    "import hours": _imported,
    "file a claim": lambda cast: c.file_claim(cast, 7, title="另一份证书"),
    "grant a claim": lambda cast: _moved(cast, "claim", Action.APPROVE, reason="属实"),
    "decide applications": _decided,
    "nominate": lambda cast: c.nominate(cast, 8),
    "select a nominee": lambda cast: _moved(cast, "nomination", Action.APPROVE, reason="综合条件靠前"),
    "dispute hours": _disputed,
    "open an account": _account_opened,
    "reset a password": _password_reset,
    "sign in": _signed_in,
    "merge two people": _merged,
    "issue a card": _card_issued,
    "choose a file": _file_chosen,
    "keep what was typed": _typing_kept,
    "comment": _commented,
    "score a seminar": _scored,
    "file a seminar": lambda cast: c.file_seminar(cast, by="base", title="另一期研修班"),
    "study": _studied,
    "publish targets": _targets_published,
    "rotate the key": _key_rotated,
    "back up": _backed_up,
    "restore": _restored,
}
SEVERAL = {"back up", "restore"}
"""Deeds of more than one transaction: what they put in place is there whole or not at all, and then told."""


def restored_alone() -> bool:
    """Whether the office is the one that was backed up, before it was told of."""
    with db.reading() as session:
        last = session.scalars(sa.select(AuditEntry.event).order_by(AuditEntry.id.desc())).first()
        there = session.scalar(sa.select(Submission.id).where(Submission.title == "备份以后的培训班"))
        return there is None and last != audit.Event.RESTORED.value


def say(words: str) -> None:
    os.write(1, words.encode())


def do(order: dict[str, Any]) -> None:
    os.environ.update(order["environment"])
    cast = pickle.loads(Path(order["cast"]).read_bytes())
    sa.event.listen(db.engine(), "after_cursor_execute", lambda *_: say("."))
    say(f"ready {os.getpid()}\n")
    try:
        DEEDS[order["deed"]](cast)
    except BaseException:
        traceback.print_exc()
        raise
    say("done")


def main() -> None:
    real = bcrypt.gensalt
    bcrypt.gensalt = lambda *_: real(4)  # type: ignore[assignment]
    reader.read = lambda content: reader.understood(reader.answered(content))  # as `conftest` has it
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                do(json.loads(line))
            finally:
                os._exit(0)
        sys.stdin.readline()  # not before: a process that was not waited for keeps its number
        say(f"ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")


if __name__ == "__main__":
    main()
