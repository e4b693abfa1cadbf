"""The 2024 notice and three leagues' own written for OpenFisca as its documentation teaches it.

Years reach three back, as in the benchmark's population. Nothing here is used by the program.
"""

from __future__ import annotations

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from core.law.applicants import ASSERTED, CONFIRMED, NO, Applicants
from core.law.rules import Balances

ASSERTIONS = ("non_public", "front_line", "postdoc_funded", "stays_in_region")
NUMBERS = ("years_since_transfer", "years_in_post", "recognition_years")

YEARS = 3
Applicant = build_entity(key="applicant", plural="applicants", label="申报人", is_person=True)


def _since_2000(value: int) -> dict[str, object]:
    return {"values": {"2000-01-01": {"value": value}}}


AMOUNTS = ((3000, 6000, 9000), (4000, 6000, 10000), (3000, 4200, 7200), (2400, 4800, 9000))
"""What the region's notice asks for, then what each of three leagues' own does: public, professional, in total."""
PARAMETERS = {
    "requirement": {
        f"notice_{place}": dict(zip(("public", "professional", "total"), map(_since_2000, amounts), strict=True))
        for place, amounts in enumerate(AMOUNTS)
    },
    "none_at": {"men": _since_2000(55), "women": _since_2000(50)},
    "one_at": {"men": _since_2000(50), "women": _since_2000(45)},
    "window": {"senior": _since_2000(3), "junior": _since_2000(1)},
}


def _variable(name: str, kind: type, formula: object = None) -> type[Variable]:
    body = {"value_type": kind, "entity": Applicant, "definition_period": DateUnit.YEAR}
    if formula:
        body["formula"] = formula
    return type(name, (Variable,), body)


FACTS = {
    "male": bool,
    "born": int,
    "route": int,
    "level": int,
    "years_since_transfer": int,
    "years_in_post": int,
    "recognition_years": int,
    "epidemic": int,
    "epidemic_assertion": int,
    "notice": int,
    **dict.fromkeys(ASSERTIONS, int),
}
YEARLY = {"public": int, "professional": int, "professional_deemed": bool}


def _required(subject: str):
    def formula(applicant, period, parameters):
        node = parameters(period).requirement
        amounts = [getattr(getattr(node, f"notice_{place}"), subject) for place in range(len(AMOUNTS))]
        return np.array(amounts, np.int32)[applicant("notice", period)]

    return formula


def credited(applicant, period):
    hours = applicant("professional", period)
    return np.where(
        applicant("professional_deemed", period), np.maximum(hours, applicant("asked_professional", period)), hours
    )


def short(applicant, period):
    public, professional = applicant("public", period), applicant("credited", period)
    subjects = np.maximum(applicant("asked_public", period) - public, 0)
    subjects += np.maximum(applicant("asked_professional", period) - professional, 0)
    return np.maximum(subjects, applicant("asked_total", period) - public - professional)


def age(applicant, period):
    return (period.start.year * 10000 + 1231 - applicant("born", period)) // 10000


def review(applicant, period):
    return applicant("route", period) < 2


def base(applicant, period, parameters):
    window, route = parameters(period).window, applicant("route", period)
    ordinary = np.where(applicant("level", period) >= 1, window.senior, window.junior)
    amount = np.where(
        route == 0,
        ordinary,
        np.where(route == 1, applicant("years_in_post", period), applicant("recognition_years", period)),
    )
    return (1 << amount) - 1


def _by_age(at: str, men: bool):
    def formula(applicant, period, parameters):
        ages = getattr(parameters(period), at)
        sex = applicant("male", period) == men
        return applicant("review", period) & sex & (applicant("age", period) >= (ages.men if men else ages.women))

    return formula


def _counts(applicant, period, name, trust):
    assertion = applicant(name, period)
    return assertion == CONFIRMED if trust == CONFIRMED else assertion != NO


def _by_claim(name: str, trust: int):
    def formula(applicant, period):
        return applicant("review", period) & _counts(applicant, period, name, trust)

    return formula


def _postdoc(trust: int):
    def formula(applicant, period):
        senior_recognition = (applicant("route", period) == 2) & (applicant("level", period) == 2)
        return (
            senior_recognition
            & _counts(applicant, period, "postdoc_funded", trust)
            & _counts(applicant, period, "stays_in_region", trust)
        )

    return formula


def _epidemic(trust: int):
    def formula(applicant, period):
        return (applicant("epidemic", period) != 0) & _counts(applicant, period, "epidemic_assertion", trust)

    return formula


def transfer_now(applicant, period):
    return applicant("review", period) & (applicant("years_since_transfer", period) == 0)


def transfer_later(applicant, period):
    return applicant("review", period) & (applicant("years_since_transfer", period) >= 1)


def without_epidemic(applicant, period):
    return applicant("base", period) & ~applicant("epidemic", period)


def since_transfer(applicant, period):
    amount = np.clip(applicant("years_since_transfer", period), 0, 3)
    return applicant("base", period) & ((1 << amount) - 1)


def _gap_over(years: str):
    def formula(applicant, period):
        mask = applicant(years, period)
        return sum(applicant("short", period.offset(-back, "year")) * (mask >> back & 1) for back in range(YEARS))

    return formula


def gap_any(applicant, period):
    return np.minimum.reduce([applicant("short", period.offset(-back, "year")) for back in range(YEARS)])


WAYS = ("none", "none", "any", "any", "none", "none", "none", "without_epidemic", "none", "since_transfer")
"""What each waiver leaves to be done, in the order of the policy file."""


def _applying(trust: int) -> tuple[str, ...]:
    return (
        *("men_none", "women_none", "men_one", "women_one", f"non_public_{trust}", f"front_line_{trust}"),
        *(f"postdoc_{trust}", f"epidemic_{trust}", "transfer_now", "transfer_later"),
    )


def _best(trust: int):
    def formula(applicant, period):
        base_years = applicant("base", period)
        best = applicant("gap_base", period) * 64 + np.bitwise_count(base_years)
        winner = np.full(len(best), -1, np.int32)
        for place, (name, way) in enumerate(zip(_applying(trust), WAYS, strict=True)):
            applies = applicant(name, period)
            if way == "none":
                order = 0
            elif way == "any":
                order = applicant("gap_any", period) * 64 + 1
            else:
                order = applicant(f"gap_{way}", period) * 64 + np.bitwise_count(applicant(way, period))
            better = applies & (order < best)
            best = np.where(better, order, best)
            winner = np.where(better, place, winner)
        return (best.astype(np.int32) << 4) | (winner + 1)  # OpenFisca has one array a variable: both in one number

    return formula


def outcome(applicant, period):
    met = applicant(f"best_{CONFIRMED}", period) >> 4 < 64
    hopeful = applicant("best_2", period) >> 4 < 64
    return np.where(met, 0, np.where(hopeful, 2, 1))


def winner(applicant, period):
    to_verify = applicant("outcome", period) == 2
    best = np.where(to_verify, applicant("best_2", period), applicant(f"best_{CONFIRMED}", period))
    return (best & 15) - 1


def required(applicant, period):
    way = applicant("winner", period)
    left = [
        {"none": 0, "any": (1 << YEARS) - 1}[name] if name in ("none", "any") else applicant(name, period)
        for name in WAYS
    ]
    return np.select([way == place for place in range(len(WAYS))], left, applicant("base", period))


def nearest(applicant, period):
    short_of = np.stack([applicant("short", period.offset(-back, "year")) for back in range(YEARS)])
    return short_of.argmin(axis=0)


def _missing(subject: str, back: int):
    def formula(applicant, period):
        year = period.offset(-back, "year")
        public, professional = applicant("public", year), applicant("credited", year)
        has = {"public": public, "professional": professional, "total": public + professional}[subject]
        lacking = applicant(f"asked_{subject}", year) - has
        way = applicant("winner", period)
        any_one = (way == 2) | (way == 3)
        asked = (applicant("required", period) >> back & 1) & (applicant("outcome", period) == 1)
        asked &= ~any_one | (applicant("nearest", period) == back)
        return np.maximum(lacking, 0) * asked

    return formula


MISSING = [(subject, back) for back in range(YEARS) for subject in ("public", "professional", "total")]


def system() -> TaxBenefitSystem:
    """The notice as OpenFisca holds it."""
    made = TaxBenefitSystem([Applicant])
    made.parameters = ParameterNode("", data=PARAMETERS)
    formulas = [
        *((name, int, formula) for name, formula in (("credited", credited), ("short", short), ("age", age))),
        *(("review", bool, review), ("base", int, base)),
        *(("men_none", bool, _by_age("none_at", True)), ("women_none", bool, _by_age("none_at", False))),
        *(("men_one", bool, _by_age("one_at", True)), ("women_one", bool, _by_age("one_at", False))),
        *(("transfer_now", bool, transfer_now), ("transfer_later", bool, transfer_later)),
        *(("without_epidemic", int, without_epidemic), ("since_transfer", int, since_transfer)),
        *((f"gap_{years}", int, _gap_over(years)) for years in ("base", "without_epidemic", "since_transfer")),
        *(("gap_any", int, gap_any), ("outcome", int, outcome), ("winner", int, winner), ("required", int, required)),
    ]
    formulas.append(("nearest", int, nearest))
    formulas += [(f"asked_{subject}", int, _required(subject)) for subject in ("public", "professional", "total")]
    formulas += [(f"missing_{subject}_{back}", int, _missing(subject, back)) for subject, back in MISSING]
    for trust in (1, 2):
        formulas += [
            (f"non_public_{trust}", bool, _by_claim("non_public", trust)),
            (f"front_line_{trust}", bool, _by_claim("front_line", trust)),
            (f"postdoc_{trust}", bool, _postdoc(trust)),
            (f"epidemic_{trust}", bool, _epidemic(trust)),
            (f"best_{trust}", int, _best(trust)),
        ]
    for name, kind in (FACTS | YEARLY).items():
        made.add_variable(_variable(name, kind))
    for name, kind, formula in formulas:
        made.add_variable(_variable(name, kind, formula))
    return made


def simulation(
    made: TaxBenefitSystem, applicants: Applicants, balances: Balances, notice: np.ndarray, *, trace: bool
) -> Simulation:
    """A simulation with the applicants' facts and hours as its input, nothing calculated yet."""
    builder = SimulationBuilder()
    builder.create_entities(made)
    builder.declare_person_entity("applicant", range(len(applicants)))
    ready = builder.build(made)
    ready.trace = trace
    year = applicants.year
    facts = {
        "male": applicants.male,
        "born": applicants.born,
        "route": applicants.words["route"].codes,
        "level": applicants.words["level"].codes,
        "epidemic": applicants.years["epidemic_years"],
        "epidemic_assertion": np.where(applicants.open["epidemic_years"], ASSERTED, CONFIRMED),
        **applicants.flags,
        **{name: applicants.number(name, ASSERTED) for name in NUMBERS},
    }
    for name, column in facts.items():
        ready.set_input(name, str(year), column)
    for back in range(YEARS):
        ready.set_input("notice", str(year - back), notice)
        ready.set_input("public", str(year - back), balances.hours[back, 0])
        ready.set_input("professional", str(year - back), balances.hours[back, 1])
        ready.set_input("professional_deemed", str(year - back), balances.deemed[back, 1])
    return ready


def calculate(ready: Simulation, year: int) -> dict[str, np.ndarray]:
    """The answers of a simulation: the outcome, by which waiver, the years required, the hours missing in them."""
    missing = [ready.calculate(f"missing_{subject}_{back}", str(year)) for subject, back in MISSING]
    answers = {name: ready.calculate(name, str(year)) for name in ("outcome", "winner", "required")}
    return answers | {"missing": np.stack(missing).reshape(YEARS, 3, -1)}
