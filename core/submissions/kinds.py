"""A kind of submission (申报事项) as a plug-in: what the one workflow and the one queue ask of each kind.

A kind is one module: a class that implements `Kind`, registered by `register`. Nothing outside that module branches on
the kind. `core.submissions` imports the modules of its own kinds, so that asking for the workflow brings them all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from core.ground.access import Actor, Labelled, Refused, Role
from core.law.deadlines import Deadline
from core.ledger.consequences import Consequence
from core.ledger.statements import Origin
from core.models import State, Submission
from core.tables.problems import Problem
from core.trail import audit
from core.trail.files import Upload

S = TypeVar("S", bound=Submission)


class Action(Labelled):
    """A move (操作) in a submission's life."""

    SUBMIT = "submit", "提交"
    """Each kind has a word of its own for it: `Kind.word_for`."""
    WITHDRAW = "withdraw", "撤回"
    APPROVE = "approve", "通过"
    RETURN = "return", "退回"
    REJECT = "reject", "不予通过"
    UNDO = "undo", "撤销"

    @property
    def done(self) -> str:
        """The action in the past tense."""
        return self.label if self is Action.REJECT else f"已{self.label}"


EDITABLE = (State.DRAFT, State.RETURNED, State.WITHDRAWN)
"""States in which the submitter may still edit a submission (可修改的状态); see `workflow` for the transitions."""

Rows = Mapping[int, Mapping[str, str]]
"""Rows of a table by their number, their cells as text by column."""


@dataclass(frozen=True)
class Kept:
    """Fields and rows of a submission as they stood when they were returned."""

    fields: Mapping[str, str]
    rows: Rows


_FILES = ("evidence", "papers")
"""What the files of a record are called among its `fields`, where not as the form's field."""

Office = Callable[[Session, Any], int | None]
"""Which office decides a submission at a stage: answers the id of an organization; None leaves the stage out, which the
last one never is."""


def in_charge(_session: Session, submission: Submission) -> int:
    """The authority in charge (管理权限), which follows from jurisdiction and never from the form."""
    return submission.authority_id


ROWS = "rows"
"""The place of a remark on rows of the record's table, where a field is named else."""

REASONS = {
    "missing": "内容不完整",
    "unclear": "表述不清",
    "mismatch": "前后不一致",
    "evidence": "材料不清晰或不齐",
    "against": "不符合通知要求",
    "other": "其他",
}
"""Reasons that fit every kind; a kind puts its own before them."""


@dataclass(frozen=True)
class Given:
    """A remark (意见) that a move gives: `code` is a reason of the kind (`Kind.reasons`)."""

    code: str
    place: str | int = ""
    """A field of the kind (`Kind.fields`), the number of a roster's row, or "" for the whole."""
    words: str = ""


@dataclass(frozen=True)
class Stage:
    """A stage of review (审核环节): which office decides, in which roles. Approval at the last one is the kind's."""

    code: str
    word: str
    office: Office = in_charge
    roles: tuple[Role, ...] = (Role.REVIEWER,)


DECISION = (Stage("decision", "审核"),)
"""One stage, decided by the authority in charge: what most kinds have."""


@dataclass(frozen=True)
class Uploads:
    """The files that one field of a form takes (上传栏)."""

    check: Callable[[Upload], None]
    """Refuses a file when it is chosen, in the words in which saving it would be refused."""
    most: int = 1
    """How many; another one takes the place of the only one. Of several fields of a sort, of each ("papers:决算")."""


@dataclass(frozen=True)
class Mark:
    """A mark on a line of a list (标记): 延期, 超计划, 错误3."""

    word: str
    grave: bool = False
    """Whether it speaks against approval, rather than asking for a look."""


@dataclass(frozen=True)
class Line:
    """A submission as one line of a list (列表行): what decides at a glance, beside title, organization and state."""

    when: str = ""
    size: str = ""
    hours: str = ""
    marks: tuple[Mark, ...] = ()
    by: date | None = None
    """The day by which it should be decided; see `Kind.decide_by`."""


class Kind(Protocol[S]):
    """What a kind of submission (申报事项) brings along; the defaults fit a kind that is decided once.

    `S` is the kind's model. Methods never commit and read no clock; what a person can put right is `Refused`.
    """

    code: ClassVar[str]
    """In the database (`Submission.kind`), in addresses and in the trail: "plan"."""
    word: ClassVar[str]
    """As the notice calls it: 培训计划."""
    short: ClassVar[str]
    """In a narrow column, such as the trail's: 计划."""
    model: type[S]
    """Its table, a subclass of `Submission`."""
    filers: ClassVar[tuple[Role, ...]]
    """Who drafts, submits and withdraws: clerks of the own organization, or a person on the own behalf."""
    filer: ClassVar[str] = "报送单位"
    """What those are called (报送的一方), to who decides."""
    stages: ClassVar[tuple[Stage, ...]] = DECISION
    """Who decides, in their order: approval at one stage hands it to the next, and at the last one it is approved."""
    approval_needs_reason: ClassVar[bool] = False
    """Whether approval, too, must state its reason."""
    posts: ClassVar[str] = ""
    """What its approval posts to the ledger, as batches name their origin (入账类别); "" where it posts nothing."""
    action_words: ClassVar[dict[str, str]] = {}
    """What its moves are called (操作用语) where not as everything's: by `Action`, such as {"submit": "上报"}."""
    done_words: ClassVar[dict[str, str]] = {}
    """The same in the past tense, where it is not 已 and the word."""
    state_words: ClassVar[dict[str, str]] = {}
    """What its states are called (状态用语) where not as everything's: by `State`."""
    events: ClassVar[dict[str, Labelled]] = {}
    """What its moves leave in the trail where not everything's events: by `Action`."""
    words: ClassVar[dict[str, str]] = {}
    """What its own columns are called, by column; what all kinds share is called alike everywhere."""

    columns: Sequence[sa.SQLColumnExpression[Any]] = ()
    """Its own columns in a queue of this kind alone, labelled; see `source`."""
    decide_by: sa.SQLColumnExpression[Any] = sa.null()
    """The last day on which it can still be decided as it stands, of `Submission`, as SQL; NULL: any day will do."""
    decide_by_word: ClassVar[str] = ""
    """What happens on that day: 开始."""
    search: Sequence[sa.SQLColumnExpression[str]] = ()
    """What a queue's text is looked for in, beside title and organization."""
    loads: Sequence[ExecutableOption] = ()
    """Loader options for what is read together with one submission, beyond its organization, authority and person."""

    marked: ClassVar[tuple[str, ...]] = ("late",)
    """Codes of `warnings` that have a mark of their own in `lines`."""
    fields: ClassVar[dict[str, str]] = {"title": "名称"}
    """What is filled in, by key and word: what a remark can be bound to, and what is compared after a return."""
    uploads: ClassVar[Mapping[str, Uploads]] = {}
    """The files that its form takes, by the form's field."""
    stands_on: ClassVar[str] = ""
    """The kind whose record its form is named by, where that is not its own: a report's is its plan's."""
    reasons: ClassVar[dict[str, str]] = REASONS
    """Why one goes back (退回原因), by code and word; `other` must be put into words."""
    fits: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The `fields`, or `ROWS`, that a reason of its own fits, by its code; one that is not named here fits all."""

    def filed_by(self, actor: Actor, /) -> bool:
        """Whether somebody files such submissions at all (可申报): in the role, in an office it names."""
        return actor.role in self.filers

    def fields_of(self, submission: S, /) -> dict[str, str]:
        """Which of `fields` one has (所指): what a remark on it is offered to be bound to."""
        return self.fields

    def reasons_on(self, place: str, /) -> dict[str, str]:
        """Which of `reasons` are offered on a field, or on `ROWS`; on the whole ("") every one.

        A day is not put unclearly; only files, and what rows are proved by, are hard to read.
        """
        unfit = {code for code, places in self.fits.items() if place not in places}
        unfit |= {"unclear"} if place.endswith("_on") else set()
        unfit |= set() if place in {*self.uploads, *_FILES, ROWS} else {"evidence"}
        return {code: word for code, word in self.reasons.items() if not place or code not in unfit}

    def word_for(self, code: Labelled, /) -> str:
        """What a move (`Action`) or a `State` of this kind is called: on buttons, in lists, in its history."""
        own = self.action_words if isinstance(code, Action) else self.state_words
        return own.get(code, code.label)

    def done_word(self, action: Action, /) -> str:
        """A move of this kind in the past tense."""
        own = f"已{self.action_words[action]}" if action in self.action_words else action.done
        return self.done_words.get(action, own)

    def source(self, submissions: sa.FromClause, /) -> sa.FromClause:
        """The submissions joined with whatever `columns` and `search` ask: the kind's own table, and others.

        Of each exactly one row: a queue is counted without them.
        """
        return submissions

    def facts(self, submission: S, /) -> list[tuple[str, object]]:
        """How one is shown to read: labels and short values in the notice's words, in order."""
        return []

    def texts(self, submission: S, /) -> list[tuple[str, str]]:
        """What is written at length in it, shown below `facts`."""
        return []

    def lines(self, session: Session, submissions: Sequence[S], /) -> dict[int, Line]:
        """One line of a list for each of these, by id; all in as few statements as one."""
        return {each.id: Line() for each in submissions}

    def content(self, session: Session, submission: S, /) -> dict[str, str]:
        """What is filled in, as text by key of `fields`."""
        return {"title": submission.title}

    def rows(self, session: Session, submission: S, only: Collection[int] | None = None, /) -> Rows:
        """The rows of its table, or some of them: by number, their cells as text by column, ID numbers in full."""
        return {}

    def headings(self, submission: S, /) -> dict[str, str]:
        """What the columns of its table are called, by key, in their order."""
        return {}

    def remarked(self, session: Session, submission: S, /) -> tuple[Sequence[Given], Kept | None]:
        """Remarks on another submission that this one answers, by their places in it, and what stood there then."""
        return (), None

    def deadline(self, session: Session, submission: S, /) -> Deadline | None:
        """The last day to submit it in time, with its working (期限); None where the notice sets none."""
        return None

    def warnings(self, session: Session, submission: S, actor: Actor, /) -> list[Problem]:
        """What is worth a look before it is decided (审核提示), row 0 for the whole; what the actor may see of it."""
        return []

    def check_submit(self, session: Session, submission: S, /, *, actor: Actor, reason: str, now: datetime) -> None:
        """Refuse what cannot be filed as it stands; may settle what follows from filing (late, granted)."""
        return

    def send_back(self, session: Session, submission: S, given: Sequence[Given], /) -> None:
        """Send the rows named by remarks back, just before the rest is approved (部分通过). Refused codes: "remark"."""
        raise Refused("remark", f"{self.word}不能只通过一部分，请通过或退回。")

    def check_approve(self, session: Session, submission: S, /, *, now: datetime) -> None:
        """Refuse what cannot be approved as it stands; asked at every stage."""
        return

    def to_confirm(self, session: Session, submission: S, /) -> str:
        """What approval must confirm in so many words, with its figures; "" where nothing. Asked at every stage."""
        return ""

    def on_approve(self, session: Session, submission: S, /, *, actor: Actor, now: datetime) -> str:
        """What approval means, done in the same transaction; answers it in words that fit before and after it."""
        return ""

    def undo(self, session: Session, submission: S, /, *, now: datetime) -> None:
        """Refuse to undo a decision that something has relied on; put back what it did beside the ledger.

        Refused codes: "relied".
        """
        return

    def size(self, submission: S, /) -> int:
        """How many rows its approval writes (件的大小): a large one is reckoned first, see `books.LARGE`."""
        return 1

    def consequence(self, session: Session, submission: S, action: Action, counted: Consequence, /) -> Consequence:
        """What a move has led to (后果), just after it was made: what the ledger counted, and what the kind adds."""
        return counted

    def summary(self, submission: S, /) -> dict[str, Any]:
        """Its fields for the trail; never a full ID number."""
        return {"title": submission.title}


class Answered(Kind[S], Protocol[S]):
    """A kind that speaks against something and is answered with a reason (异议): it is upheld, or it is not."""

    filer: ClassVar[str] = "提出人"
    approval_needs_reason: ClassVar[bool] = True
    action_words: ClassVar[dict[str, str]] = {
        "submit": "提出",
        "approve": "异议成立",
        "return": "请补充说明",
        "reject": "异议不成立",
    }
    done_words: ClassVar[dict[str, str]] = {
        "approve": "异议成立",
        "return": "已请提出人补充说明",
        "reject": "异议不成立",
    }
    state_words: ClassVar[dict[str, str]] = {
        "submitted": "待答复",
        "returned": "待补充",
        "approved": "异议成立",
        "rejected": "异议不成立",
    }
    fields: ClassVar[dict[str, str]] = {"words": "异议内容"}


KINDS: dict[str, Kind[Any]] = {}
"""Every kind by its code, in the order in which they were registered."""


def register(kind: Kind[Any]) -> None:
    """Make a kind known to the workflow, the queue and the screens. One line in the kind's module."""
    KINDS[kind.code] = kind
    for action, word in kind.action_words.items():
        if action not in kind.events:
            audit.call(audit.Event(f"submission.{action}"), kind.code, word)


def of(submission: Submission) -> Kind[Any]:
    """The kind of a submission."""
    return KINDS[submission.kind]


def origins() -> type[Labelled]:
    """What batches come from (入账类别): each kind whose approval posts, then what the ledger itself does."""
    return _origins(tuple((kind.code, kind.posts) for kind in KINDS.values() if kind.posts))


@functools.cache
def _origins(posting: tuple[tuple[str, str], ...]) -> type[Labelled]:
    """One vocabulary for each set of kinds, so that its members stay the same from one call to the next."""
    words = [*posting, *((origin.value, origin.label) for origin in Origin)]
    return Labelled("Origin", [(code.upper(), (code, word)) for code, word in words])  # type: ignore[arg-type, return-value]
