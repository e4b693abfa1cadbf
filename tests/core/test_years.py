"""What a year requires and has: one answer on sheet, card, look-up, people list and shortfalls, whatever the notice."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import applications, sheet
from core.ground import db
from core.law import notices
from core.ledger import books, years
from core.ledger.books import Posting
from core.ledger.years import Held, SubjectLine
from core.models import Organization, Source
from core.people import persons
from core.people.persons import PersonFacts
from core.records import cards
from core.records.shortfalls import TOGETHER, Lack, shortfalls
from tests import cast as c

GOOD = Path(__file__).resolve().parent.parent / "data" / "policies" / "good"
OFFICES = sorted(GOOD.glob("*.yaml"))
LEAGUE = "呼和浩特市"


def name_of(serial: int) -> str:
    return f"赵示{chr(0x4E00 + serial)}"


@dataclass
class Applicant:
    """Somebody on file, and what of."""

    serial: int
    person_id: int
    level: str
    education: str | None

    @property
    def application(self) -> applications.Application:
        cells = {"name": name_of(self.serial), "id_number": c.id_number(self.serial), "year": 2024}
        cells |= {"route": "职称评审", "level": self.level, "education": self.education}
        found, problems = applications.identified(2, cells, None)
        assert problems == []
        return found


def on_file(authority: int, serials: range) -> dict[int, int]:
    """People of an authority by serial."""
    with db.transaction() as session:
        facts = [PersonFacts(name_of(serial), c.id_number(serial)) for serial in serials]
        persons.match_or_add(session, facts, authority_id=authority, now=c.NOW)
    return {serial: c.person_id(serial) for serial in serials}


def earned(person_id: int, year: int, subject: str, hours: Any, source: Source = Source.TRAINING) -> Posting:
    deemed = source is Source.QUALIFICATION
    return Posting(person_id, year, subject, Decimal(hours), date(year, 5, 6), source=source, deemed=deemed)


def posted(cast: c.Cast, *line: Any) -> None:
    with db.transaction() as session:
        books.post(session, [earned(*line)], basis="示例", actor=cast["reviewer"], now=c.NOW)


def amounts(policy: notices.Policy, year: int) -> Iterator[tuple[str, Decimal]]:
    """Hours to post that are exactly what a year asks for: a sub-subject's count for the whole."""
    asked = policy.requirement.in_year(year)
    left = asked.get(notices.TOTAL, Decimal())
    for subject in policy.subjects:
        parts = [each.code for each in policy.subjects if each.part_of == subject.code]
        own = asked.get(subject.code, Decimal()) - sum((asked.get(part, Decimal()) for part in parts), Decimal())
        left -= own
        yield subject.code, own
    if left > 0:  # the total asks for more than the subjects do
        yield policy.subjects[-1].code, left


def filled(cast: c.Cast, policy: notices.Policy, people: dict[int, int]) -> list[Applicant]:
    """People on both sides: the first with what is asked for, the second with half an hour less, the others anyhow."""
    draw, made = random.Random(policy.id), []
    sources = (Source.TRAINING, Source.TRAINING, Source.CONVERSION, Source.SKILLS_TRAINING)
    for at, (serial, person_id) in enumerate(people.items()):
        level = notices.LEVELS[(at // 2 if at < 6 else at) % 3]
        education = draw.choice([None, "硕士", "博士"]) if at > 5 else "本科"
        made.append(Applicant(serial, person_id, level, education))
        lines = [earned(person_id, 2024, policy.subjects[0].code, "0.5")]  # so that there is a card
        together = policy.requirement.combine == "sum"  # of the one year then, or each would have all of it
        spread = 3 if policy.requirement.each_year_at_least else 1  # then no year may have all of it either
        for year in ((2022, 2023, 2024) if spread > 1 else (2023,)) if together else range(2019, 2025):
            for subject, hours in ((code, whole / spread) for code, whole in amounts(policy, year)):
                more = Decimal(at % 2 * -1) / 2 if at < 6 else draw.randrange(-3, 4) * Decimal(5)
                if year == 2024 and at < 6 and subject == policy.subjects[0].code:
                    more -= Decimal(1) / 2
                if hours + more > 0:
                    source = sources[0] if at < 6 else draw.choice(sources)
                    lines.append(earned(person_id, year, subject, hours + more, source))
        if at > 10:
            lines.append(earned(person_id, draw.choice([2022, 2024]), "professional", 0, Source.QUALIFICATION))
        with db.transaction() as session:
            books.post(session, lines, basis="示例", actor=cast["reviewer"], now=c.NOW)
    return made


def told(line: SubjectLine) -> tuple[str, Any, Decimal, Decimal, bool]:
    return line.code, line.required, line.has, line.lacks, line.deemed


@dataclass
class Answers:
    """What each of the screens says of one person."""

    sheet: sheet.DecisionSheet
    card: dict[str, Any]
    look_up: Held
    listed: pd.Series
    short: bool


def listed(cast: c.Cast) -> tuple[pd.DataFrame, set[int]]:
    """The people list, and who of it is short in the years that are asked for."""
    with db.reading() as session:
        frame, _ = shortfalls(session, cast["reviewer"], 2024, limit=None)
        short, _ = shortfalls(session, cast["reviewer"], 2024, lack=Lack.WINDOW, limit=None)
    return frame.set_index("id"), set(short["id"])


def asked(cast: c.Cast, each: Applicant, league: str | None, people: tuple[pd.DataFrame, set[int]]) -> Answers:
    with db.transaction() as session:
        card = json.loads(cards.issue(session, each.person_id, 2024, actor=cast["reviewer"], now=c.AFTER).payload)
    with db.reading() as session:
        policy = notices.of_year(2024, league)
        decided = sheet.sheet(session, each.application, actor=cast["title"], policy=policy)
        held = years.of(session, each.person_id, 2024)
    return Answers(decided, card, held, people[0].loc[each.person_id], each.person_id in people[1])


def agree(found: Answers, each: Applicant, league: str | None) -> bool:
    """Whether the ordinary rule is met, as everybody says it."""
    way = found.sheet.ways[0]
    asked = [int(year) for year in way.years.replace("无", "").split(";") if year]
    held = {year.year: year for year in found.look_up.years}
    card = {line["year"]: line for line in found.card["years"]}
    seen = years.view(2024, league)
    assert seen.usual is not None
    alone = found.sheet.policy.requirement.combine == "each_year"
    for line in found.sheet.year_lines:
        mine = held[line.year]
        if alone:
            assert [told(one) for one in line.subjects] == [told(one) for one in mine.subjects]
            assert line.complete == mine.complete
        assert [one.has for one in line.subjects] == [one.has for one in mine.subjects]
        assert card[line.year]["lacks"] == mine.words
        assert {code: Decimal(hours) for code, hours in card[line.year]["hours"].items()} == {
            one.code: one.has for one in mine.subjects
        }
        if f"{line.year}年度" in found.listed:
            assert found.listed[f"{line.year}年度"] == mine.words
    if alone:
        met = all(held[year].complete for year in asked)
        assert met == all(card[year]["lacks"] == "已完成" for year in asked)
        assert found.short == (not all(held[year].complete for year in seen.usual.years))
        return way.met == met and met
    windows = zip(seen.windows, found.look_up.together, found.card["together"], strict=True)
    ((said, of_card),) = [pair for one, *pair in windows if each.level in (one.window.level or [each.level])]
    assert list(said.years) == asked
    assert (of_card["label"], of_card["lacks"]) == (said.label, said.words)
    assert said.complete == way.met
    lacking = [[one.lacks for one in line.subjects] for line in found.sheet.year_lines if line.year in asked]
    assert [sum(of_year, Decimal()) for of_year in zip(*lacking, strict=True)] == [line.lacks for line in said.subjects]
    (usual,) = (other for other in found.look_up.together if other.years == seen.usual.years)
    assert found.listed[TOGETHER] == f"{usual.label}：{usual.words}"
    assert found.short == (not usual.complete)
    return way.met


@pytest.mark.parametrize("path", OFFICES, ids=lambda path: path.stem)
def test_whatever_the_notice_says_everybody_gives_one_answer(office: Any, path: Path) -> None:
    cast = c.assemble()
    text = re.sub("league: (乌海市|锡林郭勒盟)", f"league: {LEAGUE}", path.read_text(encoding="utf-8"))
    policy = notices.parse(text, name=path.name, parents=notices.parent_texts())
    authority = cast.places["hohhot" if policy.league else "region"].id
    people = filled(cast, policy, on_file(authority, range(1, 9)))
    c.lay_notice(path.stem, text)
    everybody = listed(cast)
    met = [agree(asked(cast, each, policy.league, everybody), each, policy.league) for each in people]
    assert set(met) == {True, False}


XILINGOL = """
id: xlgl-2020
league: 锡林郭勒盟
title: 锡林郭勒盟2020年继续教育工作通知
document: 锡署人社发〔2020〕1号
issuer: 锡林郭勒盟人力资源和社会保障局
in_force: {from: 2020-01-01, to: 2020-12-31}
clauses: [一]
subjects:
  - {code: public, name: 公需科目, clause: 一}
  - {code: professional, name: 专业科目, clause: 一}
requirement: {clause: 一, hours: {public: 30}}
windows:
  - {clause: 一, route: 职称评审, years: 1}
"""


def office_of(league: str) -> int:
    with db.reading() as session:
        name = f"{league}人力资源和社会保障局"
        return session.scalars(sa.select(Organization.id).where(Organization.name == name)).one()


def test_a_leagues_own_notice_judges_its_people_and_nobody_else(office: Path) -> None:
    cast = c.assemble()
    c.lay_notice("xlgl-2020", XILINGOL)
    mine = on_file(office_of("锡林郭勒盟"), range(1, 2))[1]
    other = on_file(office_of("包头市"), range(2, 3))[2]
    for person_id in (mine, other):
        posted(cast, person_id, 2020, "public", 30)
        posted(cast, person_id, 2024, "public", 30)
    with db.transaction() as session:
        card = cards.issue(session, mine, 2020, actor=cast["reviewer"], now=c.AFTER)
    assert json.loads(card.payload)["years"][-1]["lacks"] == "已完成"
    assert cards.pdf(card, verify_url="http://127.0.0.1/verify/x").startswith(b"%PDF")
    assert c.refusal(lambda s: cards.issue(s, other, 2020, actor=cast["reviewer"], now=c.AFTER)).code == "policy"
    with db.reading() as session:
        for seen_from in (2020, 2024):
            (year,) = years.of(session, mine, seen_from, [2020]).years
            assert (year.words, year.complete) == ("已完成", True)
            assert "锡署人社发〔2020〕1号" in year.basis
            assert [line.words for line in year.subjects] == ["30 / 30", "0 / 不要求", "30 / 不要求"]
        (year,) = years.of(session, other, 2024, [2020]).years
        assert (year.words, year.complete) == ("专业差60、累计差60", False)
        assert year.basis.startswith("2020年度没有载入可用的政策")
        (year,) = years.of(session, other, 2020, [2020]).years
        assert (year.words, year.complete) == ("", None)
        frame, _ = shortfalls(session, cast["reviewer"], 2020)
        assert list(frame["2020年度"]) == ["已完成", "无适用的通知"]
        assert shortfalls(session, cast["reviewer"], 2020, lack=Lack.YEAR)[1] == 0
        short, _ = shortfalls(session, cast["reviewer"], 2024, lack=Lack.YEAR)
        assert list(short["2024年度"]) == ["专业差60、累计差60"] * 2


def test_a_list_of_several_leagues_has_every_subject_and_year_that_one_of_them_asks_for(database: str) -> None:
    cast = c.assemble()
    c.lay_notice("three-subjects", (GOOD / "three-subjects.yaml").read_text(encoding="utf-8") + "league: 包头市\n")
    on_file(office_of("包头市"), range(1, 2))
    on_file(office_of("锡林郭勒盟"), range(2, 3))
    with db.reading() as session:
        frame, _ = shortfalls(session, cast["reviewer"], 2024)
        own, _ = shortfalls(session, cast["baotou_reviewer"], 2024)
    baotou = "公需差24、法律法规差8、专业差40、实践差12、累计差80"
    gaps = {"公需差", "法律法规差", "专业差", "实践差", "累计差"}
    assert gaps | {"2024年度", "2023年度", "2022年度"} == set(frame.columns[7:])
    assert list(frame["2024年度"]) == [baotou, "公需差30、专业差60、累计差90"]
    assert list(frame["实践差"]) == [12, 0]
    assert list(own.columns[7:])[-1] == "2024年度"  # its notice looks at the year alone
    assert list(own["2024年度"]) == [baotou]


def deed(work: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return work(session)


def test_a_card_shows_as_many_years_as_the_notice_looks_back_to_and_what_is_undone_there_revokes_it(
    office: Path,
) -> None:
    cast = c.assemble()
    text = (GOOD / "league.yaml").read_text(encoding="utf-8").replace("league: 乌海市", "league: 包头市")
    c.lay_notice("league", text)
    who = on_file(office_of("包头市"), range(1, 2))[1]
    for year in (2019, 2020, 2024):
        posted(cast, who, year, "public", 40)
    card = deed(lambda s: cards.issue(s, who, 2024, actor=cast["reviewer"], now=c.AFTER))
    assert [line["year"] for line in json.loads(card.payload)["years"]] == [2020, 2021, 2022, 2023, 2024]
    act = {"actor": cast["reviewer"], "reason": "重复登记", "now": c.AFTER}
    for batch, revoked in ((1, 0), (2, 1)):
        told = deed(lambda s, batch=batch: books.reverse(s, batch, **act)[1])
        assert told.cards_revoked == revoked
        with db.reading() as session:
            found = cards.verification(session, card.code)
        assert found is not None
        assert found.holds is not bool(revoked)
