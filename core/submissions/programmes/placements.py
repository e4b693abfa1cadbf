"""Placements (培养): where somebody who was selected studies, the milestones on the way, the agreement, leaving it.

Hours of the year are claimed on its certificate like any other further study; nothing is posted from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Labelled, Refused, Role, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.law import notices
from core.models import Claim, Nomination, Placement, State
from core.submissions import claims, forms
from core.submissions.forms import Faults, left_out, no_days, shown, too_long
from core.submissions.programmes import marking, selection, study
from core.tables import values
from core.trail import audit, files, messages
from core.trail.files import Upload

LONGEST_REASON = 500
MOST_YEARS = 40


@audit.events
class Event(Labelled):
    """What is done while somebody studies, as the trail has it."""

    PLACED = "placement.placed", "安排培养"
    CHANGED = "placement.changed", "变更培养安排"
    REACHED = "placement.reached", "登记培养环节"
    AGREED = "placement.agreed", "登记培养协议"


class Step(Labelled):
    """A milestone (培养环节), in their order."""

    REPORTED = "reported", "报到"
    PLANNED = "planned", "培养计划"
    MIDTERM = "midterm", "中期考核"
    COMPLETED = "completed", "结业考核"


RESULTS: dict[Step, tuple[str, ...]] = {Step.MIDTERM: ("合格", "不合格"), Step.COMPLETED: (*study.PASSED, "不合格")}
"""What an assessment may come out as."""


@dataclass(frozen=True)
class PlacementFields:
    """Fields of a placement (培养安排). The two days may lie in different years."""

    host: str
    department: str
    supervisor: str
    start_on: date
    end_on: date


WORDS = {"host": "培养单位", "start_on": "开始日期", "end_on": "结束日期"}
FIELDS = {
    "host": "培养单位",
    "department": "科室、院系",
    "supervisor": "导师",
    "start_on": "开始日期",
    "end_on": "结束日期",
}
LONGEST = {"host": 100, "department": 100, "supervisor": 40}


def placed(session: Session, nomination_id: int) -> Placement | None:
    """The placement of a nomination (培养安排), as it is now; None where none was made."""
    return session.get(Placement, nomination_id)


@deed
def place(
    session: Session,
    nomination_id: int,
    fields: PlacementFields,
    *,
    version: int,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> Placement:
    """Place somebody who was finally selected (安排培养), or change where, with whom and when, which needs a reason.

    `version`: the placement's as it was seen, 0 for none. Refused codes: "role", "missing", "jurisdiction", "state"
    (not final, or over), "stale", "fields", "reason", "same".
    """
    nomination, found = _studying(session, nomination_id, version, actor)
    fields = typed.filled(fields)
    faults: Faults = [*left_out(fields, WORDS), *too_long(fields, LONGEST, FIELDS), *no_days(fields, FIELDS)]
    both = forms.is_day(fields.start_on) and forms.is_day(fields.end_on)
    if both and fields.end_on <= fields.start_on:
        faults.append(("end_on", "结束日期应晚于开始日期，跨年度的写到下一年"))
    if both and found and found.reported_on and found.reported_on < fields.start_on:
        faults.append(("start_on", f"{found.reported_on}已经报到，开始日期不能晚于报到"))
    refuse_faults(faults)
    after = {name: str(value) for name, value in asdict(fields).items()}
    before = {name: str(getattr(found, name)) for name in after} if found else {}
    if before == after:
        raise Refused("same", "培养安排没有改动，不必保存。")
    why = _why(reason, "变更培养安排") if found else typed.prose(reason)
    if found is None:
        found = Placement(nomination_id=nomination.id, **asdict(fields))
        session.add(found)
        nomination.placement = found
    else:
        for name, value in asdict(fields).items():
            setattr(found, name, value)
    event = Event.CHANGED if before else Event.PLACED
    audit.record(session, event, nomination, actor=actor, before=before, after=after, reason=why, now=now)
    return found


def overlaps(session: Session, nomination_id: int, start_on: date, end_on: date) -> list[str]:
    """What else of the person's long study lies within these days (时间重叠), in words; told, never refused."""
    nomination = session.get_one(Nomination, nomination_id)
    found = []
    for other in study.others_of(session, nomination):
        there = other.placement
        if there and not other.dropped_on and there.start_on <= end_on and there.end_on >= start_on:
            name = marking.name_of(other.programme)
            found.append(f"与{name}的研修（{there.start_on}至{there.end_on}）时间重叠")
    certificates = sa.select(Claim).where(
        Claim.human_id == nomination.human_id,
        Claim.state.in_((State.SUBMITTED, State.APPROVED)),
        Claim.start_on <= end_on,
        Claim.completed_on >= start_on,
    )
    return found + [
        f"与申报折合的“{claim.title}”（{claim.start_on}至{claim.completed_on}）时间重叠"
        for claim in session.scalars(certificates.order_by(Claim.start_on))
        if (claim.completed_on - claim.start_on).days + 1 >= study.LONG_STUDY
    ]


@deed
def reach(
    session: Session,
    nomination_id: int,
    step: Step,
    *,
    on: date,
    result: str = "",
    version: int,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> Placement:
    """Enter a milestone (登记培养环节) with its day and, of an assessment, its result; to correct one needs a reason.

    Refused codes: "role", "missing", "jurisdiction", "state", "stale", "order" (something before it is missing),
    "fields", "reason".
    """
    nomination, found = _studying(session, nomination_id, version, actor, ended=True)
    if found is None:
        raise Refused("order", "还没有培养安排，请先填写培养单位和起止日期。")
    if type(step) is not Step:
        raise Refused("fields", "没有这个培养环节，请从列出的环节中选择。")
    if step is not Step.REPORTED and found.reported_on is None:
        raise Refused("order", f"还没有登记报到，不能登记{step.label}。")
    faults: Faults = []
    today = db.office_day(now)
    if not forms.is_day(on):
        faults.append(("on", f"{step.label}的日期未填"))
    elif on > today:
        faults.append(("on", f"{step.label}的日期晚于今天{today}"))
    elif step is Step.REPORTED and on < found.start_on:
        faults.append(("on", f"报到早于培养的开始日期{found.start_on}；提前报到的，请先变更培养安排"))
    elif step is not Step.REPORTED and found.reported_on and on < found.reported_on:
        faults.append(("on", f"{step.label}早于报到的日期{found.reported_on}"))
    results = RESULTS.get(step, ("",))
    if result not in results:
        faults.append(("result", f"{step.label}的结果请填{'、'.join(results)}之一"))
    refuse_faults(faults, "请改正后再登记。")
    day, outcome = f"{step.value}_on", step.value
    had = getattr(found, day)
    if had is None and found.completed_on is not None and step is not Step.COMPLETED:
        raise Refused("state", f"结业考核已于{found.completed_on}登记，不能再登记{step.label}。")
    why = _why(reason, f"更正{step.label}") if had else typed.prose(reason)
    before = {"step": step.label, "on": str(had), "result": getattr(found, outcome, "")} if had else {}
    setattr(found, day, on)
    if results != ("",):
        setattr(found, outcome, result)
    after = {"step": step.label, "on": str(on)} | ({"result": result} if result else {})
    audit.record(session, Event.REACHED, nomination, actor=actor, before=before, after=after, reason=why, now=now)
    return found


@deed
def agree(
    session: Session,
    nomination_id: int,
    *,
    signed_on: date,
    service_years: int | str | None = None,
    paper: Upload | None = None,
    version: int,
    actor: Actor,
    now: datetime,
) -> Placement:
    """Enter the agreement (培养协议): the day it was signed, the years of service it asks for, if any, and the paper.

    Refused codes: "role", "missing", "jurisdiction", "state", "stale", "order", "fields", "file".
    """
    nomination, found = _studying(session, nomination_id, version, actor, ended=True)
    if found is None:
        raise Refused("order", "还没有培养安排，请先填写培养单位和起止日期。")
    years = forms.figure(values.count, service_years)
    faults: Faults = []
    if not forms.is_day(signed_on):
        faults.append(("signed_on", "签订日期未填"))
    elif signed_on > db.office_day(now):
        faults.append(("signed_on", f"签订日期晚于今天{db.office_day(now)}"))
    if years is not None and (type(years) is not int or not 1 <= years <= MOST_YEARS):
        faults.append(("service_years", f"服务年限应为1至{MOST_YEARS}的整数，“{shown(years)}”不是；没有约定的请留空"))
    refuse_faults(faults, "请改正后再登记。")
    if paper is not None:
        forms.check_evidence([paper])
        files.attach(session, nomination, paper, purpose="agreement", now=now)
    before = {"signed_on": str(found.signed_on), "service_years": found.service_years} if found.signed_on else {}
    found.signed_on, found.service_years = signed_on, years
    after = {"signed_on": str(signed_on), "service_years": years} | ({"file": paper.filename} if paper else {})
    audit.record(session, Event.AGREED, nomination, actor=actor, before=before, after=after, now=now)
    return found


@deed
def withdraw(
    session: Session, nomination_id: int, *, on: date, reason: str, version: int, actor: Actor, now: datetime
) -> str:
    """Enter that somebody leaves (退出) before the end; the first reserve moves up. Answers what happened, in words.

    `version`: the nomination's as it was seen. Refused codes: "role", "missing", "jurisdiction", "state", "stale",
    "fields", "reason".
    """
    require(actor, Role.REVIEWER)
    nomination = study.one(session, nomination_id, actor, lock=True)
    _of_region(actor)
    if nomination.version != version:
        raise audit.overtaken(session, nomination, state=study.status(nomination))
    _standing(nomination)
    if nomination.placement and nomination.placement.completed_on:
        raise Refused("state", f"{nomination.placement.completed_on}已结业考核，不能再登记退出。")
    today = db.office_day(now)
    if not forms.is_day(on) or on > today or (nomination.final_on and on < nomination.final_on):
        refuse_faults([("on", f"退出的日期应在确定入选的{nomination.final_on}至今天{today}之间")])
    return selection.drop(session, nomination, on=on, reason=_why(reason, "退出"), actor=actor, now=now)


def _why(reason: str, what: str) -> str:
    said = typed.prose(str(reason))
    if not said or len(said) > LONGEST_REASON:
        raise Refused("reason", f"{what}须写明原因，不超过{LONGEST_REASON}个字。")
    return said


def _of_region(actor: Actor) -> None:
    if not actor.oversees_region:
        raise Refused("jurisdiction", "培养安排、环节和退出由自治区人社厅登记。")


def _standing(nomination: Nomination) -> None:
    if nomination.state is not State.APPROVED or nomination.final_on is None or nomination.dropped_on is not None:
        raise Refused("state", f"此人现在是“{study.status(nomination)}”，确定入选后才能办理。")


def _studying(
    session: Session, nomination_id: int, version: int, actor: Actor, *, ended: bool = False
) -> tuple[Nomination, Placement | None]:
    """Somebody who was finally selected and has not left, with the placement, both locked; `ended`: also afterwards."""
    require(actor, Role.REVIEWER)
    nomination = study.one(session, nomination_id, actor, lock=True)
    _of_region(actor)
    _standing(nomination)
    found = session.get(Placement, nomination_id, with_for_update=True)
    if (found.version if found else 0) != version:
        raise Refused("stale", "这份培养安排刚刚由他人办理，您的操作没有执行，请查看最新状态。")
    if found and found.completed_on and not ended:
        raise Refused("state", f"{found.completed_on}已结业考核，培养安排不能再变更。")
    return nomination, found


@messages.about(Event.PLACED, Event.CHANGED, Event.REACHED)
def _hear(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """The person, the employer and the league hear where and when, and of each milestone."""
    nomination: Nomination = deed.touched
    found = nomination.placement
    assert found
    word = audit.EVENTS[deed.event].label
    where = f"{found.host}，{found.start_on}至{found.end_on}"
    now = study.status(nomination)
    yield from selection.told_to_all(session, nomination, f"{word}：{nomination.title}", f"{now}；{where}")


ROLL = (
    "id version name organization authority status host department supervisor start_on end_on reported_on planned_on "
    "midterm midterm_on completed completed_on signed_on service_years"
).split()


def roll(session: Session, actor: Actor, programme: str, year: int) -> pd.DataFrame:
    """Everybody who was finally selected (培养名单), as far as an office sees them, by league; columns: `ROLL`.

    Refused codes: "role".
    """
    frame = selection.nominations(session, actor, programme, year)
    final = frame[frame["final_on"].notna()]
    query = sa.select(Placement).where(Placement.nomination_id.in_([int(each) for each in final["id"]]))
    found = {each.nomination_id: each for each in session.scalars(query)}
    rows = [
        {name: getattr(found.get(line["id"]), name, None) for name in ROLL} | {name: line[name] for name in ROLL[:6]}
        for line in final.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=ROLL)


# --- the certificate --------------------------------------------------------------------------------------------------


def certificate(session: Session, nomination_id: int, person_id: int, actor: Actor) -> dict[str, Any]:
    """What a claim on the year's certificate begins with (折合申报的预填): activity, host, days; the hours are granted.

    Refused codes: "missing", "state" (the study was not completed), "policy".
    """
    nomination = study.one(session, nomination_id, actor)
    found = nomination.placement
    if nomination.human_id != person_id:
        raise not_found("研修推荐")
    if found is None or found.completed not in study.PASSED or found.completed_on is None:
        raise Refused("state", "结业考核合格以后，凭结业证书申报学时折合。")
    completed_on = max(found.start_on, min(found.end_on, found.completed_on))
    offered = claims.activities(notices.in_force(completed_on, nomination.authority.league))
    further = [each.name for each in offered if "进修" in each.name]
    return {
        "title": f"{marking.name_of(nomination.programme)}结业证书"[:100],
        "issuer": found.host,
        "start_on": found.start_on,
        "completed_on": completed_on,
    } | ({"activity": further[0]} if further else {})
