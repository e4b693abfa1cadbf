"""Applications in, decisions out: one person with steps, a million as arrays, the same rules.

A row with a fault is answered with its fault, never lost. What the rules do is in `rules`; what a notice says in `policy`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
from sqlalchemy.orm import Session

from core import roster, rules
from core.access import Actor, Role
from core.policy import Policy
from core.roster import Problem

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "申报人", "申报人姓名", "名字"),
    "id_number": roster.COLUMNS["id_number"],
    "year": ("申报年度", "申报年份", "评审年度", "年度"),
    "route": ("申报方式", "申报类型", "评审方式", "申报途径"),
    "level": ("申报级别", "申报等级", "申报层级", "拟申报级别", "级别"),
    "education": ("学历", "最高学历"),
    "non_public": ("单位性质", "单位类型", "所有制"),
    "front_line": ("基层一线", "是否基层一线", "苏木乡镇基层一线", "苏木乡镇一线"),
    "transferred_on": ("转任日期", "转任时间", "党政机关转任日期", "调入日期"),
    "in_post_since": ("任现职日期", "任现职时间", "现职称取得日期", "现任专业技术职务日期"),
    "recognition_years": ("认定年限", "考核认定年限", "认定要求年限"),
    "postdoc_funded": ("博士后资助或省部级项目", "博士后资助", "博士后资助或省部级课题"),
    "stays_in_region": ("出站留区", "出站后留区", "是否出站留区", "出站留区工作"),
    "epidemic_years": ("抗疫年度", "抗疫一线年度", "疫情防控一线年度", "疫情防控年度"),
}
"""Each column with its heading first and then the synonyms offices write. 学历 is asked for by some notices only."""
HEADINGS = {name: words[0] for name, words in COLUMNS.items()}
REQUIRED = ("name", "id_number", "year")
ANSWERS = ("结论", "需完成年度", "缺口", "依据", "说明")
"""The headings that an answer adds."""
FAULTY = "有误"
"""结论 of a row that could not be decided; 说明 says why and how to mend it."""

DECIDERS = (Role.TITLE_OFFICER, Role.REVIEWER)
"""Who decides for the record. Officers, employer clerks (their own people) and persons (themselves) may look ahead."""

Progress = Callable[[int, int], None]
"""Told how many applications are done, of how many."""


@dataclass(frozen=True)
class Application:
    """申报: one row as written and as understood. `facts` is None where the row has problems."""

    row: int
    """The row number of the spreadsheet, as its user sees it."""
    name: str
    id_number: str
    """Normalised where it is valid, else as written."""
    cells: Mapping[str, object]
    """The cells as written, by column name of `COLUMNS`."""
    facts: rules.Applicant | None


@dataclass
class Batch:
    """A file of applications as read, with everything that is wrong in it."""

    applications: list[Application] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Run:
    """Applications answered, in their order. Recorded decisions have the run's `id`; a look ahead has None."""

    id: str | None
    frame: pd.DataFrame
    """A line for each application: row, name, id_mask, year, route, level, outcome (符合, 不符合, 待核验, 有误), years, gap,
    clauses, note, waiver (name, "" for the ordinary rule), person_id (None: not on file), authority_id."""
    problems: list[Problem]
    applications: list[Application]

    @property
    def counts(self) -> dict[str, int]:
        """How many applications by outcome word, 有误 last; zeros included."""
        raise NotImplementedError

    def headings(self) -> tuple[str, ...]:
        """SPEC's input headings (学历 only where given) and `ANSWERS`."""
        raise NotImplementedError

    def lines(self) -> list[tuple[object, ...]]:
        """A line under `headings` for each application, the ID number in full as text: for the file of who sent it."""
        raise NotImplementedError


# --- one application, with its steps --------------------------------------------------------------------------------


@dataclass(frozen=True)
class SubjectLine:
    """What one year has of a subject. `name` is 公需, 专业, …, or 累计."""

    code: str
    name: str
    required: Decimal
    has: Decimal
    lacks: Decimal
    deemed: bool


@dataclass(frozen=True)
class YearLine:
    """One credit year. `required`: the rule that won asks for it."""

    year: int
    required: bool
    complete: bool
    subjects: tuple[SubjectLine, ...]


@dataclass(frozen=True)
class Way:
    """One way to meet the requirement: the ordinary rule first, then every waiver of the policy."""

    name: str
    clause: str
    applies: bool
    why: str
    """Why it applies or not: every condition, with what the applicant has."""
    years: str
    """需完成年度 under this way; "" where it does not apply."""
    met: bool
    gap: Decimal
    """Hours missing in all under this way."""
    won: bool
    note: str = ""


@dataclass(frozen=True)
class Used:
    """An interpretation that the decision stood on."""

    setting: str
    value: str
    reason: str
    clause: str


@dataclass(frozen=True)
class DecisionSheet:
    """结论 with everything that led there. Hours are exact Decimals."""

    application: Application
    facts: rules.Applicant
    policy: Policy
    person_id: int | None
    name: str
    id_mask: str
    employer: str
    outcome: rules.Outcome
    years: str
    gap: str
    clauses: str
    note: str
    waiver: str
    any_one: bool
    """One of the required years is enough."""
    year_lines: tuple[YearLine, ...]
    """Newest first: every year that was looked at."""
    ways: tuple[Way, ...]
    interpretations: tuple[Used, ...]
    entries: pd.DataFrame
    """The credit entries behind the balances, columns of `ledger.entries`."""
    digest: str
    decision_id: int | None = None
    decided_at: datetime | None = None
    decided_by: str = ""

    @property
    def headline(self) -> str:
        """The decision in one sentence."""
        raise NotImplementedError


@dataclass(frozen=True)
class Changed:
    """An input that is not what it was: `kind` is policy, balance or fact."""

    kind: str
    name: str
    was: str
    is_now: str

    @property
    def words(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class Recomputation:
    """A stored decision held against its own inputs and against today's."""

    decision_id: int
    intact: bool
    """Its digest fits what is stored."""
    reproduced: bool | None
    """Its own policy, facts and balances give the same outcome again; None where its policy is no longer on file."""
    outcome: rules.Outcome
    outcome_now: rules.Outcome | None
    """None where today's policy cannot decide it."""
    changed: tuple[Changed, ...]

    @property
    def differs(self) -> bool:
        """Whether the application would be decided differently today."""
        return self.outcome_now is not self.outcome


@dataclass(frozen=True)
class Offer:
    """An approved plan that has not begun."""

    plan_id: int
    title: str
    base: str
    subject: str
    start_on: date
    end_on: date
    place: str
    mode: str
    hours_each: Decimal


@dataclass(frozen=True)
class Ways:
    """How a gap could still be closed."""

    closes: bool
    """Attending `offers` makes the application 符合."""
    offers: tuple[Offer, ...]
    """The fewest approved plans that close what the current credit year lacks; the most they can where not all."""
    words: tuple[str, ...]
    """What to do, also about what no plan closes."""


@dataclass
class Population:
    """Everybody of a jurisdiction as hypothetical applicants, N entries a column in one order."""

    person_ids: list[int]
    frame: pd.DataFrame
    """person_id, authority, employer, title."""
    applicants: rules.Applicants
    balances: rules.Balances
    """By the policy in force for the year."""

    def under(self, policy: Policy) -> rules.Balances:
        """The balances as another policy counts them (its subjects, caps and depth)."""
        raise NotImplementedError


def read(content: bytes, filename: str, *, today: date | None = None) -> Batch:
    """Read applications from .xlsx, .xls, .et or .csv under SPEC's headings, every problem named.

    Refused codes: "file" (unreadable, empty, too large), "headings" (no 姓名, 身份证号, 申报年度 in one row).
    """
    raise NotImplementedError


def application(session: Session, person_id: int, facts: Mapping[str, object], *, actor: Actor) -> Application:
    """One application of a person on file, from cells by column name as a form gives them.

    Refused codes: "role", "missing" (not on file or not the actor's to see), "application" (every fault in words).
    """
    raise NotImplementedError


def answer(
    session: Session,
    batch: Batch,
    *,
    actor: Actor,
    progress: Progress | None = None,
) -> Run:
    """Answer applications without recording anything; may run in `db.reading()`. Refused codes: "role", "password"."""
    raise NotImplementedError


def decide_applications(
    session: Session,
    batch: Batch,
    *,
    actor: Actor,
    now: datetime,
    progress: Progress | None = None,
) -> Run:
    """Decide for the record: every decision stored with all it stood on, one line in the trail.

    Rows with problems are answered and not stored. Refused codes: "role" (others than `DECIDERS`), "password".
    """
    raise NotImplementedError


def decide_file(
    session: Session,
    content: bytes,
    filename: str,
    *,
    actor: Actor,
    now: datetime,
    progress: Progress | None = None,
) -> Run:
    """`read` and `decide_applications`. Refused codes: theirs."""
    raise NotImplementedError


def runs(session: Session, actor: Actor, *, limit: int | None = 50) -> pd.DataFrame:
    """Recorded runs of the actor's jurisdiction, newest first.

    Columns: run_id, decided_at, decided_by, organization, applications, eligible, not_eligible, to_verify.
    """
    raise NotImplementedError


def decided(
    session: Session, actor: Actor, *, run_id: str | None = None, person_id: int | None = None, limit: int | None = 500
) -> pd.DataFrame:
    """Recorded decisions the actor may see, of a run (in row order) or of a person (newest first).

    Columns: id, run_id, row, person_id, name, year, outcome (word), waiver, policy_id, decided_at, decided_by.
    """
    raise NotImplementedError


def sheet(session: Session, application: Application, *, actor: Actor) -> DecisionSheet:
    """One application decided with all its steps; records nothing.

    Refused codes: "role", "password", "missing" (not the actor's to see), "application" (faults), "policy".
    """
    raise NotImplementedError


def stored_sheet(session: Session, decision_id: int, *, actor: Actor) -> DecisionSheet:
    """The sheet of a recorded decision, from its own policy, facts and balances.

    Refused codes: "missing", "policy" (its policy is no longer on file).
    """
    raise NotImplementedError


def recompute(session: Session, decision_id: int, *, actor: Actor) -> Recomputation:
    """Decide a recorded decision again, by its own inputs and by today's, and name every input that changed.

    Refused codes: "missing".
    """
    raise NotImplementedError


def sheet_pdf(sheet: DecisionSheet, *, now: datetime) -> bytes:
    """The sheet as an A4 PDF in Chinese, the ID number masked."""
    raise NotImplementedError


def ways_to_close(session: Session, sheet: DecisionSheet, *, actor: Actor, now: datetime) -> Ways:
    """For 不符合: the fewest approved plans, not begun yet, that close what the current credit year lacks.

    Earlier years have no plans: they are closed by make-up (补学, clause 七(二)) or a conversion only, and this says so.
    """
    raise NotImplementedError


def if_waiting(session: Session, sheet: DecisionSheet, *, actor: Actor) -> DecisionSheet:
    """The same application one year later with the same hours. Refused codes: "policy" and those of `sheet`."""
    raise NotImplementedError


def everybody(session: Session, actor: Actor, year: int, *, route: str = "职称评审", level: str = "高级") -> Population:
    """Everybody in the actor's scope as an applicant of a year with no claims, for trying policies out.

    Refused codes: "role", "password", "policy".
    """
    raise NotImplementedError
