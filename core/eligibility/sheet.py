"""The decision sheet (结论) of one application: every step that led there. Nothing is worked out a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from core.eligibility import answers
from core.eligibility.applications import Application, identified, in_words, missing, understood
from core.ground import db, resident_id
from core.ground.access import Actor, Refused, not_found
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices, rules, wording
from core.law.notices import Interpretation, Policy, Waiver
from core.law.rules import OUTCOMES, UNDECIDED
from core.ledger import balances, statements, years
from core.ledger.balances import Lines
from core.ledger.years import SubjectLine
from core.models import Person, leagues
from core.people import persons


@dataclass(frozen=True)
class YearLine:
    """Year line (学时年度): one credit year. `required`: the rule that won asks for it."""

    year: int
    required: bool
    complete: bool
    subjects: tuple[SubjectLine, ...]


@dataclass(frozen=True)
class Way:
    """Way to meet the requirement.

    One way to meet the requirement: the ordinary rule first, then every waiver of the policy.
    """

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

    @property
    def asks(self) -> str:
        """What it asks for and whether that is met, in words; "" where it does not apply."""
        if not self.applies:
            return ""
        met = "" if self.years == "无" else "，已完成" if self.met else f"，共缺{hours_text(self.gap)}学时"
        return wording.years_words(self.years) + met


@dataclass(frozen=True)
class DecisionSheet:
    """Decision sheet (核验结论): 结论 with everything that led there. Hours are exact Decimals."""

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
    interpretations: tuple[Interpretation, ...]
    """Those the decision stood on."""
    entries: pd.DataFrame
    """The credit entries behind the balances, columns of `statements.entries`."""
    digest: str
    """Keyed, over policy, facts and balances: facts are few enough to be guessed from a plain digest."""
    decision_number: int | None = None
    decided_at: datetime | None = None
    decided_by: str = ""

    @property
    def headline(self) -> str:
        """The decision in one sentence."""
        asked = f"{self.facts.year}年度{self.facts.route}{self.facts.level}"
        lack = f"；{wording.gap_words(self.gap)}" if self.gap != "无" else ""
        cited = self.clauses.replace(";", "、")
        return f"{self.name}申报{asked}：{self.outcome.label}。{wording.years_words(self.years)}{lack}（{cited}）。"


@deed
def sheet(session: Session, application: Application, *, actor: Actor, policy: Policy | None = None) -> DecisionSheet:
    """Make a decision sheet (核验结论).

    One application decided with all its steps, by the policy in force or by another one; records nothing.

    Refused codes: "role", "password", "missing" (not the actor's to see), "name" (another name on file),
    "application" (faults), "policy".
    """
    persons.visible_to(actor)
    if application.year is None or application.doubtful:
        _, problems = identified(application.row, application.cells, None)
        raise Refused("application", in_words(problems) or "与名单中另一行重复或矛盾，请先核对名单。")
    on_file = answers.people_on_file(session, actor, [application]).get(application.id_number)
    problem = answers.scope_problem(actor, application, on_file)
    if problem:
        raise not_found("人员记录") if problem.code == "jurisdiction" else Refused("name", problem.words + "。")
    if policy is None:
        league = leagues(session).get(on_file.authority_id if on_file else actor.organization_id)
        policy = notices.of_year(application.year, league)
    each, problems = understood(application, policy)
    if each.facts is None or problems:
        raise Refused("application", in_words(problems))
    person_id, facts = on_file.person_id if on_file else None, each.facts
    applicants = rules.columns([facts])
    reach, since = rules.depth(policy, applicants), rules.counted_from(policy, applicants)
    lines = balances.of(session, np.array([person_id or 0]), facts.year - reach + 1, facts.year, since)
    return drawn(session, each, policy, person_id, lines)


def drawn(
    session: Session,
    each: Application,
    policy: Policy,
    person_id: int | None,
    lines: Lines,
    *,
    until: datetime | None = None,
) -> DecisionSheet:
    """Draw a decision sheet from given balances.

    The sheet of an application that is the caller's to see, from these balances; with the entries known `until`.
    Refused codes: "policy" (the policy cannot decide it: what is missing).
    """
    facts = each.facts
    assert facts is not None
    applicants = rules.columns([facts])
    depth = rules.depth(policy, applicants)
    had = lines.counted(policy, facts.year, depth, 1)
    decisions = rules.decide(policy, applicants, had, steps=True)
    place, won = int(decisions.window[0]), int(decisions.winner[0])
    window = policy.windows[place] if place >= 0 else None
    if window is None or decisions.outcome[0] == UNDECIDED:
        raise Refused("policy", missing(policy, facts, window)[2] + "。")
    outcome, waiver = OUTCOMES[decisions.outcome[0]], rules.waiver_name(policy, won)
    entries = statements.entries(session, person_id or 0)
    entries = entries[entries["year"].between(facts.year - depth + 1, facts.year)]
    if until is not None:
        entries = entries[entries["posted_at"] <= until]
    person = session.get(Person, person_id) if person_id else None
    stood_on = {
        "policy": policy.digest,
        "facts": vars(facts) | {"open": sorted(facts.open), "name": each.name, "id_number": each.id_number},
        "balances": lines.told(0),
        "outcome": outcome.value,
        "waiver": waiver,
    }
    ways = tuple(_ways(policy, facts, decisions))
    return DecisionSheet(
        application=each,
        facts=facts,
        policy=policy,
        person_id=person_id,
        name=each.name,
        id_mask=resident_id.mask(each.id_number),
        employer=person.employer_name if person else "",
        outcome=outcome,
        years=rules.years_text(decisions, 0),
        gap=rules.gap_text(decisions, 0),
        clauses=rules.clauses_text(decisions, 0),
        note=answers.note(policy, facts, outcome, won, window, person_id is not None),
        waiver=waiver,
        any_one=bool(decisions.any_one[0]),
        year_lines=tuple(_year_lines(policy, facts, decisions, had)),
        ways=ways,
        interpretations=tuple(_stood_on(policy, facts, ways)),
        entries=entries.reset_index(drop=True),
        digest=db.blind_index(db.canonical(stood_on)).hex(),
    )


def _year_lines(
    policy: Policy, facts: rules.Applicant, decisions: rules.Decisions, had: rules.Balances
) -> Iterator[YearLine]:
    """What every year that was looked at has and lacks, as everywhere else (`years.counted`).

    What all years together lack stands with the latest of those required.
    """
    held = years.counted(policy, facts.year, had)
    if not held.alone:
        held = replace(held, lacking=decisions.missing)
    for back in range(had.hours.shape[0]):
        lines = held.subjects(0, facts.year - back)
        asked = bool(int(decisions.required[0]) >> back & 1)
        yield YearLine(facts.year - back, asked, not any(each.lacks for each in lines), lines)


def _ways(policy: Policy, facts: rules.Applicant, decisions: rules.Decisions) -> Iterator[Way]:
    options = decisions.options
    assert options is not None
    window, won = policy.windows[int(decisions.window[0])], int(decisions.winner[0])
    reasons = ["", *_reasons(policy, facts)]
    for way in range(len(policy.waivers) + 1):
        waiver = policy.waivers[way - 1] if way else None
        applies = bool(options.applies[way, 0])
        this = replace(decisions, required=options.required[way], any_one=options.any_one[way : way + 1])
        why = reasons[way] if waiver else f"{facts.route}{facts.level}的一般规定"
        asked = [condition.fact for condition in waiver.when] if waiver else [window.years_from, window.since]
        open_ = answers.to_verify(policy, facts, asked)
        if open_:
            why += f"；{'、'.join(open_)}尚待核验"
        yield Way(
            name=waiver.name if waiver else "一般规定",
            clause=waiver.clause if waiver else window.clause,
            applies=applies,
            why=why,
            years=rules.years_text(this, 0) if applies else "",
            met=applies and bool(options.met[way, 0]),
            gap=Decimal(int(options.gap[way, 0])) / 100 if applies else Decimal(),
            won=way - 1 == won,
            note=waiver.note if waiver else "",
        )
    if options.applies[-1, 0]:
        removing = [way for way, each in enumerate(policy.waivers) if each.effect in rules.REMOVING]
        held = [way for way in removing if options.applies[way + 1, 0]]
        this = replace(decisions, required=options.required[-1], any_one=options.any_one[-1:])
        names = "、".join(policy.waivers[way].name for way in held)
        best = policy.setting("best_waiver_wins", True)
        yield Way(
            name=rules.waiver_name(policy, rules.TOGETHER),
            clause=";".join(dict.fromkeys(policy.waivers[way].clause for way in held)),
            applies=True,
            why=f"{names}同时减去年度" + ("；按取最有利的一项办理，此处只供比较" if best else ""),
            years=rules.years_text(this, 0),
            met=bool(options.met[-1, 0]),
            gap=Decimal(int(options.gap[-1, 0])) / 100,
            won=won == rules.TOGETHER,
        )


def _reasons(policy: Policy, facts: rules.Applicant) -> list[str]:
    """For each waiver every condition in words and whether it holds (✓ or ✗).

    The engine itself is asked, so that the sheet never explains a rule differently from how it was decided:
    Step 1: every limit and every condition becomes a probe, a waiver of its own with that one thing in it.
    Step 2: a policy made of these probes alone decides the applicant, with every assertion taken for true and no hours.
    Step 3: whether a probe applies is whether its condition holds; the marks go back beside the words in their order.
    """
    probes: list[Waiver] = []
    words: list[list[str]] = []
    for waiver in policy.waivers:
        free = {"routes": (), "levels": (), "series": (), "application_years": ()}
        parts = []
        for limit, word in (
            ("routes", "申报方式限{}".format("、".join(waiver.routes))),
            ("levels", "申报级别限{}".format("、".join(waiver.levels))),
            ("series", "职称系列限{}".format("、".join(waiver.series))),
            ("application_years", "申报年度限{}".format("、".join(map(str, waiver.application_years)))),
        ):
            if getattr(waiver, limit):
                probes.append(_anybody(waiver, free | {limit: getattr(waiver, limit)}))
                parts.append(word)
        for condition in waiver.when:
            probes.append(waiver.model_copy(update=free | {"when": (condition,)}))
            parts.append(_condition_words(policy, condition, facts))
        words.append(parts)
    believed = replace(facts, open=frozenset())
    asked = policy.model_copy(update={"waivers": tuple(probes)})
    applicants = rules.columns([believed])
    codes = rules.subject_codes(policy)
    nothing = np.zeros((rules.depth(asked, applicants), len(codes), 1), np.int32)
    options = rules.decide(asked, applicants, rules.Balances(nothing, nothing > 0), steps=True).options
    assert options is not None
    held = iter(options.applies[1:, 0])
    return ["；".join(f"{part}{'✓' if next(held) else '✗'}" for part in parts) for parts in words]


def _anybody(waiver: Waiver, limits: Mapping[str, object]) -> Waiver:
    """A waiver with these limits and no other condition than one that holds of every human."""
    born = notices.Condition.model_validate({"fact": "age", "at_least": 0})
    return waiver.model_copy(update={**limits, "when": (born,)})


_SINCE_WORDS = {"years_since_transfer": "转任", "years_in_post": "任现职"}


def _condition_words(policy: Policy, condition: notices.Condition, facts: rules.Applicant) -> str:
    """A condition with what the applicant has, e.g. 任现职满5个年度（2019年任现职，至2024年5个年度）.

    Of the age, whether it holds."""
    asked = condition.fact
    code = notices.YEARS_SINCE.get(asked, asked)
    if asked == "sex":
        return f"性别{condition.is_}（{facts.sex}）"
    counted = condition.at_least is not None or condition.at_most is not None
    limit = f"满{condition.at_least}" if condition.at_least is not None else f"不超过{condition.at_most}"
    if asked == "age":
        return f"年龄{limit}周岁（{_age_words(policy, condition, facts)}）"
    fact, has = policy.asked[code], facts.facts.get(code)
    name = fact.heading
    if counted and fact.type == "day":
        event = _SINCE_WORDS.get(asked, name.removesuffix("日期"))
        told = f"{has.year}年{event}，至{facts.year}年{facts.year - has.year}个年度" if has else "未填"
        return f"{event}当年（{told}）" if condition.at_most == 0 else f"{event}{limit}个年度（{told}）"
    if counted:
        limit = limit.replace("满", "不少于")
        return f"{name}{limit}（{'未填' if has is None else has}）"
    if fact.type == "day":
        inside = {True: "在需完成的年度内", False: "不在需完成的年度内"}
        asks = inside.get(condition.in_window) if condition.in_window is not None else None
        asks = asks or (f"不早于{condition.first}" if condition.first else f"不晚于{condition.last}")
        return f"{name}{asks}（{has or '未填'}）"
    if fact.type == "years":
        return f"{name}（{'、'.join(map(str, has or ())) or '无'}）"
    if fact.type == "word":
        return f"{name}为{condition.is_}（{has or '未填'}）"
    value = "待核验" if code in facts.open else "是" if has else "否"
    return f"{'非公有制' if code == 'non_public' else name}（{value}）"


def _age_words(policy: Policy, condition: notices.Condition, facts: rules.Applicant) -> str:
    """On which side of the notice's age somebody is on its day; the age itself would leave 33 numbers to the mask."""
    day = str(policy.setting("age_on", "12-31"))
    age = facts.year - facts.born_on.year - (f"{facts.born_on:%m-%d}" > day)
    if condition.at_least is not None:
        return f"{facts.year}-{day}{'已满' if age >= condition.at_least else '未满'}"
    return f"{facts.year}-{day}{'未超过' if age <= (condition.at_most or 0) else '已超过'}"


def _stood_on(policy: Policy, facts: rules.Applicant, ways: Sequence[Way]) -> Iterator[Interpretation]:
    """The interpretations that bear on this application."""
    applying = sum(way.applies for way in ways)
    won = next(way for way in ways if way.won)
    events = [code for code in facts.facts if policy.asked.get(code) and policy.asked[code].type == "day"]
    bears = {
        "include_application_year": facts.route != "考核认定",
        "age_on": any("年龄" in way.why for way in ways if way.applies),
        "waiver_window": won.years.endswith("任一"),
        "review_routes": facts.route == "破格评审",
        "best_waiver_wins": applying > 2,
        "years_counted_from_next": bool(events),
        "transfer_limit": any(way.applies for way in ways[1:] if way.name in _limited(policy)),
        "amounts_of_earlier_years": won.years not in ("无", str(facts.year)),
        "until_next_notice": policy.carried(facts.year),
    }
    yield from (each for each in policy.interpretations if bears.get(each.setting))


def _limited(policy: Policy) -> list[str]:
    """The waivers that ask for no more than so many of the latest years."""
    return [waiver.name for waiver in policy.waivers if waiver.effect == "last_years"]
