"""A seminar's own papers (高研班报告材料, clause 二): what its report may have beside the three, and who came to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import typed
from core.ground.access import Actor, Refused, refuse_faults
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law.notices import Policy, Way
from core.models import Attachment, Report, RosterRow, SeminarFeedback
from core.people import titles
from core.submissions import plans, roster
from core.submissions.forms import Faults, figure
from core.submissions.reports.events import Event
from core.submissions.reports.keeping import own_open
from core.tables import values
from core.tables.problems import Problem
from core.trail import audit, files
from core.trail.files import Upload

_HOLDERS = ("高级", "中级")
"""中高层次: whose part the setting asks for."""
MOST_ANSWERS = 1000
PAPER_ENDINGS = (*files.DOCUMENT_ENDINGS, ".xlsx", ".xls")
"""What the papers may be."""


@dataclass(frozen=True)
class Attended:
    """Who came to a seminar (研修情况): figures of its roster, what the learners said, its papers by name."""

    people: int
    """实到人数: rows without a fault, each person once."""
    holders: int
    """Of these, how many hold a title of 中级 or higher, as far as the roster's words tell."""
    unknown: int
    """Of these, how many of whose title the roster's words do not tell the level."""
    finished: int
    """结业人数: of these, whose assessment was passed."""
    feedback: SeminarFeedback | None
    papers: Mapping[str, Attachment | None]

    @property
    def share(self) -> Decimal | None:
        """Per cent of 中级 and higher; None where nobody came."""
        return Decimal(self.holders * 100) / self.people if self.people else None

    @property
    def facts(self) -> list[tuple[str, object]]:
        """Labels and values, to read (研修情况)."""
        told = "，".join(filter(None, (f"{self.share:.0f}%" if self.share is not None else "", self._unknown)))
        said = self.feedback
        answered = f"{hours_text(said.satisfied)}%（回收{said.answers}份）" if said else ""
        return [
            ("实到人数", f"{self.people}人"),
            ("其中中级以上", f"{self.holders}人（{told}）" if told else f"{self.holders}人"),
            ("结业人数", f"{self.finished}人"),
            ("满意率", answered),
            *((name, paper.filename if paper else "未附") for name, paper in self.papers.items()),
        ]

    @property
    def _unknown(self) -> str:
        return f"另有{self.unknown}人的职称看不出层次" if self.unknown else ""


def is_of_seminar(report: Report) -> bool:
    """Whether a report is of a seminar (高研班报告), by the programme its plan carries out."""
    plan = report.plan
    if not plan.programme or report.part != 1:
        return False
    try:
        policy = plans.policy_of(plan)
        return policy.programme(plan.programme).way is Way.SEMINARS
    except Refused:  # a notice that was changed since
        return False


def paper_names(policy: Policy) -> list[str]:
    """Papers a seminar's report may have (可附材料), as its notice's setting names them."""
    return [name for name in typed.plain(policy.setting("seminar_papers", "")).split("、") if name]


def attended(session: Session, report: Report) -> Attended | None:
    """Who came to a seminar and what its report has (研修情况); None for a report of anything else."""
    if not is_of_seminar(report):
        return None
    query = sa.select(RosterRow.id_index, RosterRow.post, RosterRow.assessment)
    rows = session.execute(query.where(RosterRow.report_id == report.id, ~RosterRow.faulty)).all()
    people = {bytes(index): (post, result) for index, post, result in rows if index is not None}
    levels = [titles.level_of(post) for post, _ in people.values()]
    kept = session.scalars(sa.select(Attachment).where(Attachment.submission_id == report.id).order_by(Attachment.id))
    latest = {each.purpose: each for each in kept}
    return Attended(
        people=len(people),
        holders=sum(level in _HOLDERS for level in levels),
        unknown=levels.count(""),
        finished=sum(result in roster.PASSED for _, result in people.values()),
        feedback=session.get(SeminarFeedback, report.id),
        papers={name: latest.get(name) for name in paper_names(plans.policy_of(report.plan))},
    )


def hints(session: Session, report: Report) -> Iterator[Problem]:
    """What is worth a look in a seminar's report (提示): too few of 中级 and higher, by the setting."""
    found = attended(session, report)
    if found is None or found.share is None:
        return
    policy = plans.policy_of(report.plan)
    least = policy.setting("seminar_titles", None)
    if least is not None and found.share < least:
        words = f"中级以上职称{found.holders}人，占{found.share:.0f}%，低于{least}%（{policy.cites('seminar_titles')}）"
        if found.unknown:
            words += f"；{found.unknown}人的职称看不出层次，请核对"
        yield Problem(0, "post", "seminar-titles", str(found.holders), words, blocking=False)


def check_papers(given: Sequence[Upload]) -> None:
    """Files that can be a seminar's papers (高研班材料). Refused codes: "file"."""
    for each in given:
        if not each.filename.lower().endswith(PAPER_ENDINGS) or not files.is_as_named(each):
            raise Refused("file", f"“{each.filename}”请另存为{'、'.join(PAPER_ENDINGS)}文件后再上传。")


@deed
def keep_papers(
    session: Session,
    report_id: int,
    papers: Mapping[str, Upload],
    *,
    answers: int | str = "",
    satisfied: Decimal | str = "",
    version: int,
    actor: Actor,
    now: datetime,
) -> Report:
    """Keep a seminar's own papers (保存高研班材料) with its report: files by name, what its learners said.

    `answers`: how many forms came back, `satisfied`: per cent, both or neither. Refused codes: "role", "missing",
    "state", "kind" (a report of something else), "stale", "fields", "file".
    """
    report = own_open(session, report_id, actor)
    if not is_of_seminar(report):
        raise Refused("kind", "这份报告不是高级研修项目的报告，没有这些材料。")
    if report.version != version:
        raise audit.overtaken(session, report)
    said = _feedback(answers, satisfied)
    known = paper_names(plans.policy_of(report.plan))
    for name, upload in papers.items():
        if name not in known:
            raise Refused("file", f"高研班报告没有“{typed.text(name)[:20]}”这项材料，请从列出的材料中选择。")
        check_papers([upload])
    had = session.get(SeminarFeedback, report.id)
    before = {"answers": had.answers, "satisfied": str(had.satisfied)} if had else {}
    if said is None:
        if had is not None:
            session.delete(had)
    else:
        session.merge(SeminarFeedback(report_id=report.id, answers=said[0], satisfied=said[1]))
    for name, upload in papers.items():
        files.attach(session, report, upload, purpose=name, now=now)
    after = {"answers": said[0], "satisfied": str(said[1])} if said else {}
    after |= {"papers": [f"{name}：{upload.filename}" for name, upload in papers.items()]}
    audit.record(session, Event.REVISED, report, actor=actor, before=before, after=after, now=now)
    return report


def _feedback(answers: int | str, satisfied: Decimal | str) -> tuple[int, Decimal] | None:
    """How many answered and how many per cent are satisfied; None where nothing is said. Refused codes: "fields"."""
    count = figure(values.people, str(answers).removesuffix("份")) if isinstance(answers, str) else answers
    share = figure(_per_cent, satisfied)
    if not count and share is None:
        return None
    faults: Faults = []
    if not isinstance(count, int) or not 1 <= count <= MOST_ANSWERS:
        faults.append(("answers", f"回收份数应为1至{MOST_ANSWERS}的整数"))
    if not isinstance(share, Decimal) or not 0 <= share <= 100:
        faults.append(("satisfied", "满意率应为0至100，如96.5"))
    refuse_faults(faults)
    assert isinstance(count, int)
    assert isinstance(share, Decimal)
    return count, share


def _per_cent(cell: object) -> Decimal | None:
    """Per cent as it was typed, exact to a hundredth: 96.5, 96.5%."""
    said = typed.plain(cell).removesuffix("%")
    if not said:
        return None
    whole, _, part = said.partition(".")
    if not (
        whole.isdecimal() and whole.isascii() and len(whole) < 4 and (not part or part.isdecimal()) and len(part) < 3
    ):
        raise values.Unclear("满意率应为0至100，如96.5")
    return Decimal(said)
