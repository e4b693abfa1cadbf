"""Nominations for a year of study (研修推荐, clauses 四 and 六): their fields, their checks, the kind of submission.

An employer puts forward a person of its own; the league ranks, the region selects. A region-level employer's go to the
region at once. Which programmes there are, and what is worth a look, the notice of the year says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import (
    Actor,
    Labelled,
    OrganizationKind,
    Refused,
    Role,
    refuse_faults,
    require,
)
from core.ground.deeds import deed
from core.law import notices
from core.law.notices import LEVELS, Policy, Programme
from core.ledger.consequences import Consequence
from core.models import (
    Attachment,
    MaskedNumber,
    Nomination,
    Organization,
    Person,
    Placement,
    PublicNotice,
    State,
    Submission,
)
from core.people import organizations, persons
from core.submissions import forms, workflow
from core.submissions.forms import Faults, figure, left_out, no_days, shown, too_long
from core.submissions.kinds import EDITABLE, REASONS, Action, Kind, Line, Mark, Stage, register
from core.submissions.programmes import marking, places
from core.tables import values
from core.tables.problems import Problem
from core.trail import audit, files
from core.trail.files import Upload

FILERS = (Role.EMPLOYER_CLERK,)
NONE = "无"
TITLE_LEVELS = (NONE, *LEVELS)
EDUCATIONS = ("中专及以下", "大专", "本科", "研究生")
DEGREES = (NONE, "学士", "硕士", "博士")


@audit.events
class Event(Labelled):
    """What is done to a nomination outside the workflow, as the trail has it."""

    DRAFTED = "nomination.drafted", "填写推荐"
    REVISED = "nomination.revised", "修改推荐"


@dataclass(frozen=True)
class NominationFields:
    """Fields of a nomination (推荐表): what an employer fills in. `grassroots_years` also as it was typed: 5年."""

    programme: str
    """A programme of study of the notice, by its code."""
    year: int
    education: str
    degree: str
    duty: str
    post: str
    level: str
    titled_on: date | None
    ethnicity: str
    phone: str
    specialty: str
    grassroots_years: int | str | None
    study_field: str
    host1: str
    host2: str
    host3: str
    supervisor: str
    topic: str
    opinion: str


WORDS = {
    "programme": "专项项目",
    "year": "推荐年度",
    "education": "学历",
    "degree": "学位",
    "level": "职称级别",
    "specialty": "从事专业",
    "study_field": "拟研修专业",
    "host1": "志愿单位1",
    "phone": "联系电话",
    "opinion": "单位意见",
}
"""What is to be filled in, by its name on the form."""
OPTIONAL = {
    "duty": "职务",
    "post": "职称",
    "titled_on": "职称取得时间",
    "ethnicity": "民族",
    "grassroots_years": "基层工作年限",
    "host2": "志愿单位2",
    "host3": "志愿单位3",
    "supervisor": "志愿导师",
    "topic": "研修课题",
}
LONGEST = {
    "education": 20,
    "degree": 20,
    "level": 10,
    "programme": 30,
    "duty": 40,
    "post": 40,
    "ethnicity": 20,
    "phone": 20,
    "specialty": 60,
    "study_field": 60,
    "host1": 100,
    "host2": 100,
    "host3": 100,
    "supervisor": 40,
    "topic": 200,
    "opinion": 1000,
}
"""Characters of a field."""
_ORDER = [*NominationFields.__dataclass_fields__]
FIELDS = {name: (WORDS | OPTIONAL)[name] for name in _ORDER}
_CHOICES = {"education": EDUCATIONS, "degree": DEGREES, "level": TITLE_LEVELS}
LONG_STUDY = 30
"""Days from which another certificate's study is a long one (长期培训), beside which a year away is asked about."""


def policy_of(nomination: Nomination) -> Policy:
    """Notice of a nomination (推荐适用的通知): that of its year where the employer belongs. Refused codes: "policy"."""
    return notices.in_force(date(nomination.year, 12, 31), nomination.authority.league)


def programme_of(nomination: Nomination) -> Programme:
    """Programme of a nomination (专项项目), as its notice has it. Refused codes: "policy"."""
    return policy_of(nomination).programme(nomination.programme)


def check_fields(fields: NominationFields, league: str | None, today: date) -> None:
    """Validate a nomination: every fault named at once, by field. Refused codes: "fields", "policy"."""
    fields = _figures(fields)
    faults = [*left_out(fields, WORDS), *too_long(fields, LONGEST, FIELDS), *no_days(fields, FIELDS)]
    for name, choices in _CHOICES.items():
        if (value := getattr(fields, name)) and value not in choices:
            faults.append((name, f"{FIELDS[name]}请从列出的选项中选择"))
    if type(fields.year) is not int or not today.year - 1 <= fields.year <= today.year + 1:
        faults.append(("year", f"推荐年度应为{today.year}年前后一年以内"))
    elif fields.programme and fields.programme not in [
        each.code for each in places.study_programmes(fields.year, league)
    ]:
        faults.append(("programme", f"{fields.year}年度的通知没有这个研修项目，请从列出的选项中选择"))
    refuse_faults([*faults, *_other_faults(fields, today)])


def _other_faults(fields: NominationFields, today: date) -> Faults:
    faults: Faults = []
    years = fields.grassroots_years
    if years is not None and not (isinstance(years, int) and not isinstance(years, bool) and 0 <= years <= 60):
        faults.append(("grassroots_years", f"基层工作年限应为0至60的整数，“{shown(years)}”不是，如5"))
    if isinstance(fields.titled_on, date) and fields.titled_on > today:
        faults.append(("titled_on", f"职称取得时间晚于今天{today}"))
    if fields.level not in ("", NONE) and not typed.text(fields.post):
        faults.append(("post", "职称未填，没有职称的职称级别请选“无”"))
    if not re.fullmatch(r"[\d+()\- ]{5,20}|", typed.text(fields.phone)):
        faults.append(("phone", "联系电话请填手机号码，或带区号的固定电话，如0471-1000000"))
    return faults


def _years(cell: object) -> int | None:
    return 0 if typed.plain(cell) in ("0", "0年") else values.count(cell)


def _figures(fields: NominationFields) -> NominationFields:
    return replace(fields, grassroots_years=figure(_years, fields.grassroots_years))


def _filled(fields: NominationFields) -> NominationFields:
    return _figures(replace(typed.filled(fields), phone=typed.narrow(fields.phone)))


@deed
def draft(
    session: Session,
    person_id: int,
    fields: NominationFields,
    *,
    evidence: Sequence[Upload] = (),
    actor: Actor,
    now: datetime,
) -> Nomination:
    """Draft a nomination (填写推荐) of a person of the clerk's own employer.

    Refused codes: "role", "missing" (nobody of the own employer), "fields", "policy", "file".
    """
    require(actor, *FILERS)
    person = persons.one(session, person_id, actor)
    home = session.get_one(Organization, actor.organization_id)
    fields = _filled(fields)
    check_fields(fields, home.league, db.office_day(now))
    made = Nomination(
        **asdict(fields),
        title=_title(fields),
        person_id=person.id,
        person=person,
        organization_id=home.id,
        organization=home,
        authority_id=home.authority_id,
        authority=session.get_one(Organization, home.authority_id),
        created_by_id=actor.account_id,
        created_at=now,
    )
    session.add(made)
    session.flush()
    forms.attach(session, made, evidence, now=now)
    audit.record(session, Event.DRAFTED, made, actor=actor, after=summary(made), now=now)
    return made


@deed
def revise(
    session: Session,
    nomination_id: int,
    fields: NominationFields,
    *,
    evidence: Sequence[Upload] = (),
    version: int,
    actor: Actor,
    now: datetime,
) -> Nomination:
    """Revise a nomination (修改推荐) that is not before an office; files given are added to those there.

    Refused codes: "role", "missing", "state", "stale", "fields", "policy", "file".
    """
    require(actor, *FILERS)
    found = one(session, nomination_id, actor, lock=True)
    if found.state not in EDITABLE:
        raise Refused("state", f"该推荐的状态是“{KIND.word_for(found.state)}”，不能修改；待审的请先撤回。")
    if found.version != version:
        raise audit.overtaken(session, found)
    fields = _filled(fields)
    check_fields(fields, found.authority.league, db.office_day(now))
    before = summary(found)
    for name, value in asdict(fields).items():
        setattr(found, name, value)
    found.title = _title(fields)
    forms.attach(session, found, evidence, now=now)
    audit.record(session, Event.REVISED, found, actor=actor, before=before, after=summary(found), now=now)
    return found


def one(session: Session, nomination_id: int, actor: Actor, *, lock: bool = False) -> Nomination:
    """A nomination of the actor's jurisdiction; `lock`: for change. Refused codes: "missing"."""
    if lock:
        session.get(Nomination, nomination_id, with_for_update=True)
    found = workflow.one(session, nomination_id, actor, kind=NominationKind.code)
    assert isinstance(found, Nomination)
    return found


def people(session: Session, actor: Actor, *, text: str = "") -> Any:
    """Whom an employer may nominate (可推荐的人员), at most 20; columns as `persons.find`. Refused codes: "role"."""
    require(actor, *FILERS)
    return persons.find(session, actor, text=text)[0]


def on_file(session: Session, person_id: int, actor: Actor) -> dict[str, str]:
    """What a nomination begins with of what is on file of a person (在库信息). Refused codes: "role", "missing"."""
    person = persons.one(session, person_id, actor)
    return {"post": person.post, "specialty": person.specialty}


def of_person(session: Session, actor: Actor) -> list[Nomination]:
    """The nominations of a person who signed in (本人的推荐), the latest first; drafts of the employer left out."""
    require(actor, Role.PERSON)
    query = sa.select(Nomination).where(workflow.visible_to(actor), Nomination.submitted_at.is_not(None))
    shown = (Nomination.organization, Nomination.authority, Nomination.person)
    loads = (*NominationKind.loads, *map(sa.orm.joinedload, shown))
    return list(session.scalars(query.options(*loads).order_by(Nomination.id.desc())))


def person_of(session: Session, nomination: Nomination) -> Person:
    """The person who is nominated, as currently on file."""
    assert nomination.human_id is not None
    return session.get_one(Person, nomination.human_id)


def evidence(session: Session, nomination_id: int, actor: Actor) -> list[Attachment]:
    """The files of a nomination (附件), as they were added. Refused codes: "missing"."""
    return files.of(session, one(session, nomination_id, actor).id, actor)


def _title(fields: NominationFields) -> str:
    return f"{fields.study_field}：{fields.year}年{marking.name_of(fields.programme)}推荐"[:100]


def summary(nomination: Nomination) -> dict[str, Any]:
    """A nomination's fields for the trail, without the telephone number."""
    return {name: str(getattr(nomination, name)) for name in _ORDER if name != "phone"}


def fields_of(nomination: Nomination) -> NominationFields:
    return NominationFields(**{name: getattr(nomination, name) for name in _ORDER})


# --- what is worth a look, and what stands in the way -----------------------------------------------------------------


def hints(session: Session, nomination: Nomination) -> list[str]:
    """What is worth a look in a nomination (提示), in words, for who files it and for who decides."""
    return [words for _, _, _, words in _concerns(session, nomination)]


_Concern = tuple[str, str, str, str]
"""Code, field, value, words."""


def _concerns(session: Session, nomination: Nomination) -> list[_Concern]:
    person, policy = person_of(session, nomination), policy_of(nomination)
    programme = policy.programme(nomination.programme)
    return [
        *_of_the_person(person, nomination, policy, programme),
        *_of_other_years(session, nomination),
        *_of_the_places(session, nomination),
    ]


def asked_of(policy: Policy, programme: Programme, setting: str) -> Any:
    """A setting as it is asked of a programme (推荐条件): its clause says of which; None where of another."""
    return policy.setting(setting) if policy.cites(setting) == programme.clause else None


def _of_the_person(person: Person, nomination: Nomination, policy: Policy, programme: Programme) -> list[_Concern]:
    found = []
    most = asked_of(policy, programme, "study_age")
    day = notices.day_of(str(policy.setting("study_age_on", "12-31")), nomination.year)
    born = person.birth_on
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if most is not None and age > int(most):
        clause = policy.cites("study_age")
        words = f"到{day}已超过{most}周岁（{clause}），请核对是否仍宜推荐"
        found.append(("age", "person", f"超过{most}", words))
    least = asked_of(policy, programme, "study_level")
    if least in TITLE_LEVELS and TITLE_LEVELS.index(nomination.level or NONE) < TITLE_LEVELS.index(least):
        clause, has = policy.cites("study_level"), nomination.level or NONE
        found.append(("level", "level", has, f"职称级别为{has}，低于{least}（{clause}），请核对是否仍宜推荐"))
    return found


def others_of(session: Session, nomination: Nomination) -> list[Nomination]:
    """The same person's other nominations that wait or were approved (其他推荐), and were not dropped since."""
    query = sa.select(Nomination).where(
        Nomination.human_id == nomination.human_id,
        Nomination.id != nomination.id,
        Nomination.state.in_((State.SUBMITTED, State.APPROVED)),
    )
    return list(session.scalars(query.order_by(Nomination.year.desc(), Nomination.id)))


def _of_other_years(session: Session, nomination: Nomination) -> list[_Concern]:
    found = []
    for other in others_of(session, nomination):
        name = marking.name_of(other.programme)
        selected = other.state is State.APPROVED and other.reserve is None
        if other.year < nomination.year and selected:
            ended = f"，{other.dropped_on}退出" if other.dropped_on else ""
            words = f"此人{other.year}年度已入选{name}{ended}，请核对是否再次推荐"
            found.append(("earlier", "person", str(other.year), words))
        elif other.year == nomination.year and other.dropped_on is None:
            how = status(other)
            found.append(("two-programmes", "programme", name, f"此人同一年度还被推荐到{name}（{how}），只能入选一个"))
        placed = other.placement
        if placed and not other.dropped_on and placed.end_on.year >= nomination.year > other.year:
            stretch = f"{placed.start_on}至{placed.end_on}"
            found.append(("long-study", "year", stretch, f"此人的{name}研修到{placed.end_on}，请核对时间是否重叠"))
    return found


def _of_the_places(session: Session, nomination: Nomination) -> list[_Concern]:
    """Of a region-level employer's, which no league holds back: more than the region's own units have places for."""
    if nomination.authority.kind is not OrganizationKind.REGION_HR:
        return []
    most = places.of_office(session, nomination.programme, nomination.year, nomination.authority_id)
    number = _handed_on(session, nomination) + 1
    if most is None or number <= most:
        return []
    words = f"自治区直属单位的名额为{most}人，连同本件已推荐{number}人"
    return [("places", "programme", str(number), words)]


def _handed_on(session: Session, nomination: Nomination) -> int:
    """How many others of the same office, programme and year lie before the region, or were approved there."""
    query = sa.select(sa.func.count(Nomination.id)).where(
        Nomination.id != nomination.id,
        Nomination.programme == nomination.programme,
        Nomination.year == nomination.year,
        Nomination.authority_id == nomination.authority_id,
        Nomination.dropped_on.is_(None),
        sa.or_(Nomination.state == State.APPROVED, sa.and_(Nomination.state == State.SUBMITTED, Nomination.stage > 0)),
    )
    return session.scalar(query) or 0


def _check_same(session: Session, nomination: Nomination) -> None:
    """Somebody is nominated for a programme and a year once. Refused codes: "twice"."""
    for other in others_of(session, nomination):
        if (other.programme, other.year) == (nomination.programme, nomination.year) and other.dropped_on is None:
            raise Refused(
                "twice", f"此人{other.year}年度已推荐到这个项目（第{other.id}号，{status(other)}），不必重复推荐。"
            )


def status(nomination: Nomination) -> str:
    """How a nomination stands (办理情况), in one word, from its filing to the end of the study."""
    if nomination.state is not State.APPROVED:
        if nomination.state is State.SUBMITTED:
            return f"待{workflow.stage_of(nomination).word}"
        return KIND.word_for(nomination.state)
    if nomination.dropped_on:
        return "退出" if nomination.final_on else "取消入选"
    if nomination.reserve is not None:
        return f"备选第{nomination.reserve}位"
    if nomination.final_on is None:
        return "公示中" if nomination.notice_id else "入选，待公示"
    placed = nomination.placement
    if placed is None:
        return "入选，待安排"
    if placed.completed:
        return f"结业（{placed.completed}）"
    return "研修中" if placed.reported_on else "入选，待报到"


# --- the nomination as a kind of submission ---------------------------------------------------------------------------

_TABLE = sa.inspect(Nomination).local_table


def _its_league(_session: Session, nomination: Nomination) -> int | None:
    """The league that ranks; a region-level employer has none."""
    return nomination.authority_id if nomination.authority.kind is OrganizationKind.LEAGUE_HR else None


def _the_region(session: Session, _nomination: Nomination) -> int:
    return organizations.region(session).id


RANKING, SELECTION = Stage("ranking", "盟市排名", _its_league), Stage("selection", "自治区遴选", _the_region)


def _line(nomination: Nomination) -> Line:
    marks = [Mark(f"排名{nomination.rank}")] * (nomination.rank is not None)
    if nomination.state is State.APPROVED:
        marks.append(Mark(status(nomination)))
    return Line(size=nomination.post, marks=tuple(marks))


def _of_the_year(placed: Placement) -> list[tuple[str, object]]:
    """Where somebody studies, and how far it is (培养情况), as far as it was entered."""
    told: list[tuple[str, object]] = [
        ("培养单位", "，".join(filter(None, (placed.host, placed.department)))),
        ("导师", placed.supervisor),
        ("培养时间", f"{placed.start_on} 至 {placed.end_on}"),
        ("报到", placed.reported_on),
        ("培养计划", placed.planned_on),
        ("中期考核", f"{placed.midterm_on} {placed.midterm}" if placed.midterm_on else ""),
        ("结业考核", f"{placed.completed_on} {placed.completed}" if placed.completed_on else ""),
    ]
    if placed.signed_on:
        years = f"，服务{placed.service_years}年" if placed.service_years else ""
        told.append(("培养协议", f"{placed.signed_on}签订{years}"))
    return told


class NominationKind(Kind[Nomination]):
    """The nomination (研修推荐) as a kind of submission: the league ranks, the region selects, clauses 四 and 六."""

    code = "nomination"
    word, short = "研修推荐", "推荐"
    model = Nomination
    filer = "推荐单位"
    filers = FILERS
    stages = (RANKING, SELECTION)
    approval_needs_reason = True
    action_words: ClassVar = {"submit": "上报", "reject": "不予入选"}
    done_words: ClassVar = {"reject": "未入选"}
    state_words: ClassVar = {"approved": "通过遴选", "rejected": "未入选"}
    words: ClassVar = {"title": "推荐", "organization": "推荐单位"}
    fields: ClassVar = {"person": "推荐人选"} | FIELDS | {"evidence": "附件"}
    uploads: ClassVar = {"files": forms.taking(forms.check_evidence)}
    reasons: ClassVar = {
        "conditions": "不符合推荐条件",
        "field": "研修专业或志愿单位不妥",
        "papers": "单位意见不明确",
    } | REASONS
    fits: ClassVar = {"field": ("study_field", "host1", "host2", "host3"), "papers": ("opinion", "evidence")}
    columns = (
        Person.name,
        sa.type_coerce(Person.id_number, MaskedNumber("person.id_number")).label("id_mask"),
        *(_TABLE.c[name] for name in ("programme", "year", "post", "study_field", "rank", "reserve")),
    )
    search = (Person.name, _TABLE.c.study_field, _TABLE.c.host1)
    loads = (sa.orm.joinedload(Nomination.placement), sa.orm.joinedload(Nomination.notice))

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id).join(Person, Person.id == Submission.human_id)

    def facts(self, nomination: Nomination) -> list[tuple[str, object]]:
        person = nomination.person
        level = nomination.level if nomination.level != NONE else ""
        hosts = (nomination.host1, nomination.host2, nomination.host3)
        told: list[tuple[str, object]] = [
            ("推荐人选", person.name if person else ""),
            ("专项项目", f"{marking.name_of(nomination.programme)}（{nomination.year}年度）"),
            ("办理情况", status(nomination)),
            ("工作单位", nomination.organization.name),
            ("管理权限", nomination.authority.name),
            ("性别、出生年代", f"{person.sex}，{resident_id.about(person.birth_on)}" if person else ""),
            ("民族", nomination.ethnicity),
            ("学历、学位", f"{nomination.education}，{nomination.degree}"),
            ("职务", nomination.duty),
            ("职称", "，".join(filter(None, (nomination.post, level))) or NONE),
            ("职称取得时间", nomination.titled_on),
            ("从事专业", nomination.specialty),
            ("基层工作年限", "" if nomination.grassroots_years is None else f"{nomination.grassroots_years}年"),
            ("拟研修专业", nomination.study_field),
            ("志愿单位", "；".join(filter(None, hosts))),
            ("志愿导师", nomination.supervisor),
            ("联系电话", nomination.phone),
        ]
        if nomination.rank is not None:
            told.append(("盟市排名", nomination.rank))
        return told + (_of_the_year(nomination.placement) if nomination.placement else [])

    def texts(self, nomination: Nomination) -> list[tuple[str, str]]:
        told = [("研修课题", nomination.topic), ("单位意见", nomination.opinion)]
        if nomination.dropped_on:
            told.append((f"{nomination.dropped_on}{status(nomination)}", nomination.dropped_reason))
        return [(label, text) for label, text in told if text]

    def lines(self, session: Session, found: Sequence[Nomination]) -> dict[int, Line]:
        return {each.id: _line(each) for each in found}

    def content(self, session: Session, nomination: Nomination) -> dict[str, str]:
        said = {name: "" if (value := getattr(nomination, name)) is None else str(value) for name in FIELDS}
        said |= {"person": nomination.person.name if nomination.person else ""}
        said |= {"programme": marking.name_of(nomination.programme)}
        query = sa.select(Attachment).where(Attachment.submission_id == nomination.id).order_by(Attachment.id)
        return said | {"evidence": "、".join(map(files.named, session.scalars(query)))}

    def warnings(self, session: Session, nomination: Nomination, actor: Actor) -> list[Problem]:
        """Selected before, two programmes at once, over the age or under the title asked for, beyond the places."""
        found = _concerns(session, nomination)
        return [Problem(0, column, code, value, words, blocking=False) for code, column, value, words in found]

    def check_submit(
        self, session: Session, nomination: Nomination, *, actor: Actor, reason: str, now: datetime
    ) -> None:
        """A person of the own employer, for one programme once. Refused codes: "fields", "policy", "twice"."""
        person = person_of(session, nomination)
        home = session.get_one(Organization, person.employer_id or nomination.organization_id)
        nomination.organization_id, nomination.organization = home.id, home
        nomination.authority_id = home.authority_id
        nomination.authority = session.get_one(Organization, home.authority_id)
        check_fields(fields_of(nomination), nomination.authority.league, db.office_day(now))
        _check_same(session, nomination)
        nomination.rank = nomination.reserve = None

    def check_approve(self, session: Session, nomination: Nomination, *, now: datetime) -> None:
        """A league hands on whom it has ranked, within its places; the region selects somebody for one programme.

        Refused codes: "jurisdiction", "rank", "places", "twice", "reserve".
        """
        db.lock(session, "nominations")
        if person_of(session, nomination).employer_id != nomination.organization_id:
            words = "此人已不在推荐单位管理之下，推荐单位无权推荐。请退回，由现工作单位重新推荐。"
            raise Refused("jurisdiction", words)
        if workflow.stage_of(nomination) is RANKING:
            _check_ranked(session, nomination)
        else:
            _check_selected(session, nomination)

    def on_approve(self, session: Session, nomination: Nomination, *, actor: Actor, now: datetime) -> str:
        """Selected, or a reserve in its order; nothing is final before the public notice."""
        programme, name = programme_of(nomination), person_of(session, nomination).name
        if nomination.reserve is not None:
            return f"{name}列为{programme.name}备选第{nomination.reserve}位"
        number = selected_beside(session, nomination) + 1
        target = f"，计划{programme.target}{programme.unit}" if programme.target is not None else ""
        return f"{name}入选{programme.name}，已入选{number}{programme.unit}{target}，公示无异议后确定"

    def undo(self, session: Session, nomination: Nomination, *, now: datetime) -> None:
        """What was published stands. Refused codes: "relied"."""
        if nomination.notice_id is not None:
            raise Refused("relied", "遴选结果已经公示，不能再撤销；公示期间有异议的，在“审核”中答复异议。")

    def consequence(
        self, session: Session, nomination: Nomination, action: Action, counted: Consequence
    ) -> Consequence:
        if action is not Action.SUBMIT:
            return counted
        office = session.get_one(Organization, nomination.decider_id).name
        return replace(counted, done=f"由{office}{workflow.stage_of(nomination).word}")

    def summary(self, nomination: Nomination) -> dict[str, Any]:
        return summary(nomination)


def selected_beside(session: Session, nomination: Nomination) -> int:
    """How many others are selected for the same programme and year, and not dropped since (已入选)."""
    query = sa.select(sa.func.count(Nomination.id)).where(
        Nomination.id != nomination.id,
        Nomination.programme == nomination.programme,
        Nomination.year == nomination.year,
        Nomination.state == State.APPROVED,
        Nomination.reserve.is_(None),
        Nomination.dropped_on.is_(None),
    )
    return session.scalar(query) or 0


def _check_ranked(session: Session, nomination: Nomination) -> None:
    if nomination.rank is None:
        raise Refused("rank", "请先填写盟市排名，再上报自治区。")
    most = places.of_office(session, nomination.programme, nomination.year, nomination.authority_id)
    number = _handed_on(session, nomination) + 1
    if most is not None and number > most:
        name = marking.name_of(nomination.programme)
        words = f"{nomination.authority.name}{name}{nomination.year}年度的名额为{most}人，本件是第{number}人。"
        raise Refused("places", f"{words}请退回或不予入选；确需增加的，请自治区在“指标分解”中调整。")


def is_selected(nomination: Nomination) -> bool:
    """Whether somebody is selected (入选), and neither a reserve nor gone."""
    return nomination.state is State.APPROVED and nomination.reserve is None and nomination.dropped_on is None


def _check_selected(session: Session, nomination: Nomination) -> None:
    for other in others_of(session, nomination):
        if nomination.reserve is None and is_selected(other) and other.year == nomination.year:
            name = marking.name_of(other.programme)
            raise Refused(
                "twice", f"此人{other.year}年度已入选{name}，同一年度只能入选一个项目，请列为备选或不予入选。"
            )
    if nomination.reserve is not None and nomination.id != _reserve_at(session, nomination, nomination.reserve):
        raise Refused("reserve", f"备选第{nomination.reserve}位已有人选，请另填顺序。")


def _reserve_at(session: Session, nomination: Nomination, number: int) -> int:
    """Who has a place in the order of reserves: its id, or this one's own where nobody else has it."""
    query = sa.select(Nomination.id).where(
        Nomination.id != nomination.id,
        Nomination.programme == nomination.programme,
        Nomination.year == nomination.year,
        Nomination.state == State.APPROVED,
        Nomination.reserve == number,
        Nomination.dropped_on.is_(None),
    )
    return session.scalar(query.limit(1)) or nomination.id


KIND = NominationKind()
register(KIND)


# --- what counts ------------------------------------------------------------------------------------------------------


def done(programme: Programme, year: int) -> sa.Select[*tuple[Any, ...]]:
    """Who was finally selected for a programme in a year (入选), once each, from the day it was final.

    Whoever withdrew counts no longer from the day that was entered; the reserve who moved up does.
    """
    return sa.select(
        Nomination.authority_id,
        Nomination.organization_id,
        Nomination.human_id.label("key"),
        Nomination.final_on.label("on"),
        Nomination.final_on.label("known"),
        Nomination.drop_known_on.label("until"),
        Nomination.id.label("item"),
    ).where(
        Nomination.programme == programme.code,
        Nomination.year == year,
        Nomination.state == State.APPROVED,
        Nomination.final_on.is_not(None),
    )


def standing(programme: Programme, year: int, on: date) -> sa.Select[*tuple[Any, ...]]:
    """How a programme stands by a day (研修情况) by the office in charge, a row for each that has anybody.

    Columns: authority_id, selected (finally, those who withdrew left out), in_study, completed, withdrawn.
    """
    there = sa.or_(Nomination.drop_known_on.is_(None), Nomination.drop_known_on > on)
    over = Placement.completed_on <= on
    not_yet = sa.or_(Placement.completed_on.is_(None), Placement.completed_on > on)
    sums: dict[str, Callable[[], sa.ColumnElement[bool]]] = {
        "selected": lambda: there,
        "in_study": lambda: sa.and_(there, Placement.reported_on <= on, not_yet),
        "completed": lambda: sa.and_(there, Placement.completed.in_(PASSED), over),
        "withdrawn": lambda: sa.not_(there),
    }
    counted = [sa.func.sum(sa.case((condition(), 1), else_=0)).label(name) for name, condition in sums.items()]
    return (
        sa.select(Nomination.authority_id, *counted)
        .outerjoin(Placement, Placement.nomination_id == Nomination.id)
        .where(Nomination.programme == programme.code, Nomination.year == year, Nomination.state == State.APPROVED)
        .where(Nomination.final_on <= on)
        .group_by(Nomination.authority_id)
    )


def announced(programme: Programme, year: int, on: date) -> sa.Select[*tuple[Any, ...]]:
    """Who stands in the public notice of a programme on a day (公示中), not yet final, a row each: authority_id."""
    return (
        sa.select(Nomination.authority_id)
        .join(PublicNotice, PublicNotice.id == Nomination.notice_id)
        .where(Nomination.programme == programme.code, Nomination.year == year, Nomination.state == State.APPROVED)
        .where(PublicNotice.first_on <= on, sa.or_(Nomination.final_on.is_(None), Nomination.final_on > on))
        .where(Nomination.reserve.is_(None), Nomination.dropped_on.is_(None))
    )


PASSED = ("优秀", "合格")
"""Results of the final assessment (结业考核) with which the study is completed."""
