"""Whatever a policy says, deciding keeps its promises: alone or in bulk, in any order, never worse for more."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.law import notices, rules
from core.law.applicants import Words
from core.law.notices import EDUCATIONS, LEVELS, ROUTES, Policy
from core.law.rules import ASSERTED, CONFIRMED, NO, Applicant, Balances, Decisions, Outcome

ASSERTIONS = ("non_public", "front_line", "postdoc_funded", "stays_in_region")

HEAD = """
title: 测试通知
document: 测试〔2024〕1号
issuer: 测试厅
in_force: {from: 2024-01-01, to: 2024-12-31}
clauses: [一, 二, 三, 四]
"""
WINDOWS = """
windows:
  - {clause: 二, route: 职称评审, years: 3}
  - {clause: 二, route: 职称评审, level: [初级], years: 1}
  - {clause: 二, route: 职称评审, level: [高级], education: [博士], years: 2, include_application_year: false}
  - {clause: 二, route: 考核认定, years_from: recognition_years}
  - {clause: 二, route: 破格评审, years_from: years_in_post}
"""
WAIVERS = """
waivers:
  - {name: 年长, clause: 三, when: [{fact: age, at_least: 55}], effect: none_required}
  - {name: 女性年轻, clause: 三, when: [{fact: sex, is: 女}, {fact: age, at_most: 30}], effect: none_required}
  - {name: 抗疫, clause: 三, when: [{fact: epidemic_years, is: true}], effect: without_years, fact: epidemic_years}
  - {name: 转任, clause: 三, when: [{fact: years_since_transfer, at_least: 0}],
     effect: last_years, fact: years_since_transfer, at_most: 2}
"""
ONE_YEAR = """
  - {name: 一线, clause: 三, when: [{fact: front_line, is: true}], effect: any_one_year}
"""
PARTS = """
subjects:
  - {code: public, name: 公需科目, clause: 一}
  - {code: professional, name: 专业科目, clause: 一}
  - {code: ethics, name: 职业道德, clause: 一, part_of: professional}
requirement:
  clause: 一
  hours: {public: 30, professional: 60, ethics: 10, total: 100}
  changes: [{clause: 一, years: [2023], hours: {public: 0, total: 60}}]
caps: [{clause: 一, per: year, source: 折合, subject: professional, hours: 40}]
deemed: [{clause: 四, source: 职业资格, subject: professional}]
interpretations: [{setting: waiver_window, value: 2, clause: 三, reason: 近两年即可。}]
"""
THREE = """
subjects:
  - {code: public, name: 公需科目, clause: 一}
  - {code: professional, name: 专业科目, clause: 一}
  - {code: safety, name: 安全科目, clause: 一}
requirement: {clause: 一, combine: COMBINE, hours: {public: 30, professional: 60, safety: 10, total: 110}}
"""
DEEMED = "deemed: [{clause: 四, source: 职业资格, subject: safety}]"


def written(name: str, text: str) -> Policy:
    return notices.parse(f"id: {name}\n{HEAD}{text}", name=f"{name}.yaml")


NOTICE = next(each for each in notices.policies() if each.id == "nmg-2024")
POLICIES = {
    each.id: each
    for each in (
        NOTICE,
        written("parts", PARTS + WINDOWS + WAIVERS + ONE_YEAR),
        written("sum", THREE.replace("COMBINE", "sum") + WINDOWS + WAIVERS),
        written("average", THREE.replace("COMBINE", "average") + DEEMED + WINDOWS + WAIVERS),
        written("plain", THREE.replace("COMBINE", "each_year") + DEEMED + WINDOWS),
    )
}
every_policy = pytest.mark.parametrize("rule", POLICIES.values(), ids=POLICIES)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
RANK = {Outcome.NOT_ELIGIBLE: 0, Outcome.TO_VERIFY: 1, Outcome.ELIGIBLE: 2}
DEPTH = 5


def told(person: Applicant, fact: str, known: int, value: object = True) -> Applicant:
    """The applicant with a fact not stated (NO), confirmed, or still to be verified (ASSERTED)."""
    facts = {name: has for name, has in person.facts.items() if name != fact} | ({fact: value} if known else {})
    return dataclasses.replace(
        person, facts=facts, open=(person.open - {fact}) | ({fact} if known == ASSERTED else set())
    )


def stated(
    sex: str, born_on: date, year: int, route: str, level: str, epidemic: int = CONFIRMED, **facts: object
) -> Applicant:
    person = Applicant(sex, born_on, year, route, level)
    for fact, value in facts.items():
        known = value if fact in ASSERTIONS else epidemic if fact == "epidemic_years" else CONFIRMED
        if value:
            person = told(person, fact, int(str(known)), True if fact in ASSERTIONS else value)
    return person


assertions = st.sampled_from([NO, NO, NO, CONFIRMED, ASSERTED])
applicants = st.builds(
    stated,
    sex=st.sampled_from("男女"),
    born_on=st.one_of(
        st.dates(date(1960, 1, 1), date(2002, 1, 1)),
        st.builds(date, st.sampled_from([1969, 1974, 1979]), st.just(12), st.sampled_from([30, 31])),
    ),
    year=st.just(2024),
    route=st.sampled_from(ROUTES),
    level=st.sampled_from(LEVELS),
    education=st.none() | st.sampled_from(EDUCATIONS),
    **dict.fromkeys(ASSERTIONS, assertions),
    transferred_on=st.none() | st.dates(date(2020, 1, 1), date(2024, 12, 31)),
    in_post_since=st.dates(date(2019, 1, 1), date(2024, 12, 31)),
    recognition_years=st.integers(1, 4),
    epidemic_years=st.sets(st.integers(2018, 2024), max_size=2).map(lambda years: tuple(sorted(years))),
    epidemic=st.sampled_from([CONFIRMED, ASSERTED]),
)


@st.composite
def cases(draw: st.DrawFn, rule: Policy, most: int = 5) -> tuple[list[Applicant], np.ndarray, np.ndarray]:
    """Applicants, with hours from two sources (source x K x S x N) and the subjects deemed done (K x S x N)."""
    people = draw(st.lists(applicants, min_size=1, max_size=most))
    shape = (DEPTH, len(rule.subjects), len(people))
    cells = int(np.prod(shape))
    amounts = st.sampled_from([0, 1000, 2950, 3000, 6000, 6000, 9000, 11000])
    hours = draw(st.lists(amounts, min_size=2 * cells, max_size=2 * cells))
    done = draw(st.lists(st.sampled_from([False] * 9 + [True]), min_size=cells, max_size=cells))
    return people, np.array(hours, np.int32).reshape(2, *shape), np.array(done).reshape(shape)


def decided(rule: Policy, people: list[Applicant], hours: np.ndarray, deemed: np.ndarray) -> Decisions:
    balances = rules.counted(rule, {"培训": hours[0], "折合": hours[1]}, deemed)
    return rules.decide(rule, rules.columns(people), balances, steps=True)


def outcomes(decisions: Decisions) -> list[int]:
    return [RANK[rules.OUTCOMES[place]] for place in decisions.outcome]


def same(one: Decisions, row: int, other: Decisions, other_row: int) -> None:
    for name in ("outcome", "winner", "window", "required", "any_one", "complete"):
        assert getattr(one, name)[row] == getattr(other, name)[other_row], name
    assert (one.deemed[:, row] == other.deemed[:, other_row]).all()
    assert (one.missing[:, :, row] == other.missing[:, :, other_row]).all()
    if one.options and other.options:
        for name in ("applies", "required", "met", "gap"):
            assert (getattr(one.options, name)[:, row] == getattr(other.options, name)[:, other_row]).all(), name


@every_policy
@few
@given(data=st.data())
def test_an_applicant_alone_is_decided_as_among_others(rule: Policy, data: st.DataObject) -> None:
    people, hours, deemed = data.draw(cases(rule))
    together = decided(rule, people, hours, deemed)
    for row, person in enumerate(people):
        same(decided(rule, [person], hours[..., [row]], deemed[..., [row]]), 0, together, row)


@every_policy
@few
@given(data=st.data())
def test_the_order_of_the_applicants_changes_no_answer(rule: Policy, data: st.DataObject) -> None:
    people, hours, deemed = data.draw(cases(rule))
    order = data.draw(st.permutations(range(len(people))))
    straight = decided(rule, people, hours, deemed)
    shuffled = decided(rule, [people[row] for row in order], hours[..., order], deemed[..., order])
    for place, row in enumerate(order):
        same(shuffled, place, straight, row)


@every_policy
@few
@given(data=st.data())
def test_more_hours_never_make_a_decision_worse(rule: Policy, data: st.DataObject) -> None:
    people, hours, deemed = data.draw(cases(rule))
    place = tuple(data.draw(st.integers(0, size - 1)) for size in hours.shape)
    more = hours.copy()
    more[place] += data.draw(st.sampled_from([50, 3000, 20000]))
    before, after = decided(rule, people, hours, deemed), decided(rule, people, more, deemed)
    assert all(was <= now for was, now in zip(outcomes(before), outcomes(after), strict=True))


@every_policy
@few
@given(data=st.data())
def test_a_waiver_more_in_the_policy_never_makes_a_decision_worse(rule: Policy, data: st.DataObject) -> None:
    people, hours, deemed = data.draw(cases(rule))
    fewer = rule.model_copy(update={"waivers": rule.waivers[: data.draw(st.integers(0, len(rule.waivers)))]})
    before, after = decided(fewer, people, hours, deemed), decided(rule, people, hours, deemed)
    assert all(was <= now for was, now in zip(outcomes(before), outcomes(after), strict=True))


@every_policy
@few
@given(data=st.data())
def test_a_claim_helps_and_a_confirmed_one_helps_most(rule: Policy, data: st.DataObject) -> None:
    people, hours, deemed = data.draw(cases(rule))
    assertion = data.draw(st.sampled_from([*ASSERTIONS, "epidemic_years"]))
    value = (2023,) if assertion == "epidemic_years" else True
    answers = []
    for known in (NO, ASSERTED, CONFIRMED):
        known_so = [told(person, assertion, known, value) for person in people]
        answers.append(outcomes(decided(rule, known_so, hours, deemed)))
    for without, asserted, confirmed in zip(*answers, strict=True):
        assert without <= asserted <= confirmed


@every_policy
@few
@given(data=st.data())
def test_nothing_is_missing_exactly_where_the_answer_is_yes_or_yes_with_evidence(
    rule: Policy, data: st.DataObject
) -> None:
    people, hours, deemed = data.draw(cases(rule))
    made = decided(rule, people, hours, deemed)
    for row, outcome in enumerate(outcomes(made)):
        assert (made.missing[:, :, row] == 0).all() == (outcome > 0)
        assert (rules.gap_text(made, row) == "无") == (outcome > 0)


@every_policy
@few
@given(data=st.data())
def test_the_steps_lead_to_the_answer(rule: Policy, data: st.DataObject) -> None:
    people, hours, deemed = data.draw(cases(rule))
    made = decided(rule, people, hours, deemed)
    options = made.options
    assert options is not None
    assert options.applies[0].all()
    for row, outcome in enumerate(outcomes(made)):
        winner = made.winner[row] + 1
        assert options.applies[winner, row]
        assert options.met[winner, row] == (outcome > 0)
        assert options.required[winner, row] == made.required[row]
        assert options.any_one[winner] == made.any_one[row]
        applying = options.applies[:, row].copy()
        assert not options.met[~applying, row].any()
        assert ((options.gap[:, row] == 0) == options.met[:, row])[applying].all()
        applying[-1] = False  # all together are shown for comparison only
        assert options.gap[winner, row] == options.gap[applying, row].min()


def population(count: int) -> tuple[rules.Applicants, Balances]:
    """Many applicants at random; assertions and hours in every mixture."""
    draw = np.random.default_rng(7)
    words = {"route": (ROUTES, 0), "level": (LEVELS, 0), "education": (EDUCATIONS, -1)}
    return rules.Applicants(
        2024,
        draw.random(count) < 0.5,
        (draw.integers(1960, 2000, count) * 10000 + 615).astype(np.int32),
        {name: Words(draw.integers(least, len(of), count).astype(np.int8), of) for name, (of, least) in words.items()},
        {name: draw.integers(0, 3, count).astype(np.int8) for name in ASSERTIONS},
        {
            name: ((2024 - draw.integers(0, 4, count)) * 10000 + 701).astype(np.int32)
            for name in ("transferred_on", "in_post_since")
        },
        {"recognition_years": draw.integers(0, 4, count).astype(np.int16)},
        {"epidemic_years": draw.integers(0, 8, count).astype(np.uint64)},
        {"epidemic_years": draw.random(count) < 0.3},
    ), Balances((draw.integers(0, 4, (4, 2, count)) * 3000).astype(np.int32), draw.random((4, 2, count)) < 0.1)


@pytest.mark.parametrize("off", [-1, 0, 1, 1024])
def test_blocks_change_no_answer(off: int, monkeypatch: pytest.MonkeyPatch) -> None:
    people, balances = population(3 * 1024 + off)
    whole = rules.decide(NOTICE, people, balances, steps=True)
    monkeypatch.setattr(rules, "_CELLS", 1)  # blocks of 1024
    blocks = rules.decide(NOTICE, people, balances, steps=True)
    for name in ("outcome", "winner", "window", "required", "any_one", "complete", "deemed", "missing"):
        np.testing.assert_array_equal(getattr(blocks, name), getattr(whole, name))
    for name in ("applies", "required", "met", "gap"):
        np.testing.assert_array_equal(getattr(blocks.options, name), getattr(whole.options, name))
    sample = np.random.default_rng(1).choice(len(people), 20)
    for row in [0, 1023, 1024, 2047, 2048, len(people) - 1, *sample]:
        one = rules.decide(NOTICE, people.take(slice(row, row + 1)), balances.take(slice(row, row + 1)), steps=True)
        same(one, 0, blocks, row)


def test_more_years_than_a_byte_holds() -> None:
    person = Applicant("男", date(1980, 1, 1), 2024, "破格评审", "高级", {"in_post_since": date(2004, 5, 1)})
    columns = rules.columns([person])
    depth = rules.depth(NOTICE, columns)
    assert depth == 20
    hours = np.tile(np.array([3000, 6000], np.int32)[None, :, None], (depth, 1, 1))
    assert rules.decide(NOTICE, columns, Balances(hours, hours < 0)).outcome[0] == 0
    hours[19, 1] = 5000
    made = rules.decide(NOTICE, columns, Balances(hours, hours < 0))
    assert rules.gap_text(made, 0) == "2005专业10"
    with pytest.raises(ValueError, match="balances"):
        rules.decide(NOTICE, columns, Balances(hours[:19], hours[:19] < 0))


def test_an_applicant_no_window_fits_or_whose_years_in_post_are_unknown_is_undecided() -> None:
    hours = np.zeros((3, 2, 1), np.int32)
    unknown = Applicant("男", date(1980, 1, 1), 2024, "破格评审", "高级")
    assert rules.decide(NOTICE, rules.columns([unknown]), Balances(hours, hours > 0)).outcome[0] == rules.UNDECIDED
    windows = NOTICE.model_copy(update={"windows": NOTICE.windows[:1]})
    junior = Applicant("男", date(1980, 1, 1), 2024, "职称评审", "初级")
    assert rules.decide(windows, rules.columns([junior]), Balances(hours, hours > 0)).outcome[0] == rules.UNDECIDED


@pytest.mark.parametrize(
    ("professional", "deemed", "cites"),
    [(6000, True, False), (0, True, True), (0, False, False), (5950, True, True)],
)
def test_the_deemed_clause_is_cited_where_only_it_completes_a_required_year(
    professional: int, deemed: bool, cites: bool
) -> None:
    person = Applicant("女", date(1990, 1, 1), 2024, "职称评审", "初级")
    hours = np.array([[[3000], [professional]], [[0], [0]], [[0], [0]]], np.int32)
    done = np.zeros((3, 2, 1), bool)
    done[0, 1] = done[1, 1] = deemed
    made = rules.decide(NOTICE, rules.columns([person]), Balances(hours, done))
    assert ("一(四)6" in rules.clauses_text(made, 0)) == cites
    assert (rules.OUTCOMES[made.outcome[0]] is Outcome.ELIGIBLE) == (cites or professional == 6000)


def test_what_a_sum_lacks_is_said_once() -> None:
    person = Applicant("女", date(1990, 1, 1), 2024, "职称评审", "中级")
    hours = np.zeros((3, 3, 1), np.int32)
    hours[2, 0], hours[1, 1], hours[0, 2] = 2000, 6000, 1000
    made = rules.decide(POLICIES["sum"], rules.columns([person]), Balances(hours, hours < 0))
    assert rules.gap_text(made, 0) == "2024公需10;2024累计10"


@pytest.mark.parametrize(("born_on", "free"), [(date(1969, 12, 31), True), (date(1970, 1, 1), False)])
def test_who_turns_55_on_the_policy_s_day_is_55(born_on: date, free: bool) -> None:
    person = Applicant("男", born_on, 2024, "职称评审", "高级")
    hours = np.zeros((3, 2, 1), np.int32)
    made = rules.decide(NOTICE, rules.columns([person]), Balances(hours, hours > 0))
    assert (rules.years_text(made, 0) == "无") == free
