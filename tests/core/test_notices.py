"""Notices in plain words, drafted, tried over everybody, and published by a second administrator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.eligibility import answers, decisions, drafts, replay, trial
from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.law import notices, wording
from core.law.notices import Malformed, language, on_file
from core.models import Account, AuditEntry, PolicyDraft, leagues
from core.people import accounts, persons
from tests import cast as c
from tests import ready
from tests.cast import Cast

TEXT = drafts.source_text("nmg-2024")


def stricter(text: str = TEXT) -> str:
    """The 2024 notice, asking ten professional hours more."""
    changed = text.replace("professional: 60, total: 90", "professional: 70, total: 100")
    assert changed != text
    return changed


@pytest.fixture
def cast(office: Path) -> Iterator[Cast]:
    yield ready.office(two_administrators)
    on_file._loaded.cache_clear()


def two_administrators() -> Cast:
    """The usual office with a second administrator of the region, and five people with 30 + 60 hours of 2024."""
    cast = c.assemble()
    with db.transaction() as session:
        region = cast.places["region"]
        account = accounts.open_account(
            session,
            username="admin2",
            name="管理员admin2",
            role=Role.ADMIN,
            organization_id=region.id,
            password=c.PASSWORD,
            must_change_password=False,
            actor=cast["admin"],
            now=c.NOW - timedelta(days=2),
        )
        session.flush()
        cast.actors["admin2"] = Actor(account.id, account.name, Role.ADMIN, region.id, region.name, region.kind)
        for username, place in (("hohhot_admin2", "hohhot"), ("baotou_admin", "baotou")):
            home = cast.places[place]
            given = {"name": username, "role": Role.ADMIN, "organization_id": home.id, "password": c.PASSWORD}
            account = accounts.open_account(
                session, username=username, **given, actor=cast["admin"], now=c.NOW - timedelta(days=2)
            )
            account.must_change_password = False
            session.flush()
            cast.actors[username] = accounts.actor_named(session, username)
    return cast


def save(cast: Cast, text: str, by: str = "admin") -> PolicyDraft:
    with db.transaction() as session:
        return drafts.save_draft(session, text, actor=cast[by], now=c.NOW)


def publish(cast: Cast, draft: PolicyDraft, by: str = "admin2", reason: str = "内人社办发〔2024〕1号") -> int:
    with db.transaction() as session:
        _, changed = drafts.publish(session, draft.id, version=draft.version, actor=cast[by], reason=reason, now=c.NOW)
    return len(changed)


def test_a_policy_is_told_clause_by_clause_in_the_notices_order() -> None:
    rule = notices.of_year(2024)
    told_by_clause = wording.articles(rule)
    assert {article.clause for article in told_by_clause} == set(rule.clauses)
    places = [rule.clauses.index(article.clause) for article in told_by_clause]
    assert places == sorted(places)
    told = {article.words for article in told_by_clause}
    assert "年满55周岁的男性，申报职称评审、破格评审时不要求学时" in told
    assert "职称评审（中级、高级）：近3年，含申报当年" in told
    assert "培训开始前至少14天" in told
    assert "盟市人社部门和继续教育基地：与内蒙古人才信息库对接，持续归集学时信息（2月底前）" in told
    assert "从党政机关转任当年，申报职称评审、破格评审时不要求学时" in told
    assert "从党政机关转任的次年起，申报职称评审、破格评审时只要求转任后的各年度，最多3个年度" in told
    assert "非公有制经济领域的，2024年度申报职称评审、破格评审时不要求学时；学习经历作为评审参考" in told
    assert "技能培训按1:1折合，计入专业科目" in told
    assert "职称评审（初级）：申报当年" in told
    assert "计划2万人，1月31日前报计划，11月30日前报总结" in told
    assert [notices.day_of(duty.due, year) for year in (2024, 2025) for duty in rule.duties if duty.due] == [
        date(2024, 2, 29),
        date(2025, 2, 28),
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conversions", "进修考察每天折合6学时，计入专业科目，每项不超过30学时"),
        ("conversions", "论文国家级每项折合10学时，计入专业科目"),
        ("conversions", "技能培训每小时折合0.5学时，计入专业科目"),
        ("conversions", "专业科目可补学此前3个年度，每年3月1日至9月30日学习"),
        (
            "sum-before-the-year",
            "职称评审（初级）：申报的上一年，合计公需科目不少于20学时、专业科目不少于40学时、累计不少于60学时",
        ),
        ("sum-before-the-year", "职称评审（中级）：近3年，不含申报当年"),
        ("years-that-differ", "2022年度改为公需科目不作要求、累计不少于60学时"),
        ("league", "乌海市：每年2月1日至11月30日"),
    ],
)
def test_what_other_offices_say_is_told_in_words_too(name: str, words: str) -> None:
    rule = notices.read(db.ROOT / "tests" / "data" / "policies" / "good" / f"{name}.yaml")
    assert words in {article.words for article in wording.articles(rule)}


def test_nought_reads_as_words() -> None:
    text = TEXT.replace("route: 职称评审, level: [初级], years: 1", "route: 职称评审, level: [初级], years: 0")
    text = text.replace("days_before_start: 14", "days_before_start: 0").replace(
        "days_after_end: 14", "days_after_end: 0"
    )
    told = [article.words for article in wording.articles(notices.parse(text))]
    assert {"职称评审（初级）：不要求学时", "培训开始以前", "培训结束当天"} <= set(told)
    assert not any(words in each for each in told for words in ("近0", "0天", "0个年度", "近1年"))


OWN = """
id: own
title: 自设信息的通知
document: 示人社发〔2024〕1号
issuer: 示例市人力资源和社会保障局
in_force: {from: 2024-01-01, to: 2024-12-31}
clauses: [一, 二, 三]
routes: [聘任]
levels: [{name: 正高, within: 高级}]
series: [卫生]
silent_on: [deadlines, providers]
facts:
  - {code: arrived_on, heading: 到岗日期, type: day, clause: 二}
  - {code: unit_kind, heading: 单位类别, type: word, choices: [学校, 医院], clause: 二}
  - {code: away_years, heading: 援外年度, type: years, clause: 二}
  - {code: abroad, heading: 是否援外, type: flag, clause: 二}
  - {code: served, heading: 服务年数, type: count, clause: 二}
subjects:
  - {code: public, name: 公需科目, clause: 一}
  - {code: professional, name: 专业科目, clause: 一}
requirement:
  clause: 一
  hours: {public: 30, professional: 60}
  share: {professional: 0.5}
  counted_from: arrived_on
windows:
  - {clause: 二, route: 聘任, level: [正高], series: [卫生], cycle: {from: 2020, years: 5},
     include_application_year: false}
  - {clause: 二, route: 职称评审, years_from: arrived_on}
  - {clause: 二, route: 考核认定, years_from: served}
  - {clause: 二, route: 破格评审, years: 3, since: arrived_on}
waivers:
  - {name: 甲, clause: 三,
     when: [{fact: unit_kind, is: 医院}, {fact: arrived_on, from: 2023-01-01}], effect: none_required}
  - {name: 乙, clause: 三,
     when: [{fact: arrived_on, in_window: false}, {fact: abroad, is: false}], effect: any_one_year}
  - {name: 丙, clause: 三, when: [{fact: served, at_least: 2}, {fact: arrived_on, at_most: 1}], effect: none_required}
  - {name: 丁, clause: 三, when: [{fact: away_years, is: true}], effect: without_years, fact: away_years}
"""


def test_what_a_notice_asks_of_its_own_is_told_in_words() -> None:
    told = {article.words for article in wording.articles(notices.parse(OWN))}
    assert told >= {
        "专业科目不少于所学总学时的50%",
        "只计到岗日期以后完成的学时",
        "聘任（正高），系列为卫生：每5年为一个周期（自2020年起），本周期内各年度，不含申报当年",
        "职称评审：到岗日期以来各年度",
        "考核认定：服务年数所写的年数",
        "破格评审：近3年，含申报当年，到岗日期以前的年度不计",
        "单位类别为医院、到岗日期在2023年1月1日及以后的，不要求学时",
        "到岗日期不在需完成的年度内、“是否援外”为“否”的，完成近3年中任一年度即可",
        "服务年数不少于2、到岗不超过1个年度的，不要求学时",
        "填写“援外年度”的，不要求“援外年度”各年度的学时",
    }


def test_what_a_notice_leaves_open_reads_as_question_and_answer() -> None:
    told = {each.question: each.answer for each in notices.of_year(2024).interpretations}
    assert len(told) == len(notices.of_year(2024).interpretations)
    assert told["年龄计算到哪一天"] == "申报年度12月31日"
    assert told["完成一个年度即可的，在几年之内"] == "近3年"
    assert told["以前年度按哪份通知的学时"] == "按各年度自己的通知"
    assert told["近几年是否含申报当年"] == "含申报当年"
    assert told["每天最多计多少学时"] == "8学时"


@pytest.mark.parametrize(
    ("setting", "value", "answer"),
    [
        ("include_application_year", "false", "不含申报当年"),
        ("best_waiver_wins", "FALSE", "减去年度的几项合并计算"),
        ("transfer_limit", "0", "不要求学时"),
        ("makeup_years", "0", "不能补学"),
        ("makeup_years", "1", "1个年度"),
        ("age_on", "02-29", "申报年度2月底"),
        ("hours_per_day", "7.5", "7.5学时"),
        ("certificate_rate", "granted", "由审核部门核定"),
        ("certificate_rate", "1.5", "1.5"),
        ("review_routes", "职称评审、破格评审", "职称评审、破格评审"),
    ],
)
def test_each_value_of_a_silence_reads_as_words(setting: str, value: str, answer: str) -> None:
    given = {"setting": setting, "value": value, "clause": "一", "reason": "通知没有写明"}
    assert language.Interpretation.model_validate(given).answer == answer


def test_the_examples_shown_are_answered_as_written() -> None:
    examples = wording.examples(notices.of_year(2024))
    assert len(examples) >= 8
    assert any("满55周岁，没有学时：符合，不要求学时（" in example for example in examples)
    assert any("：不符合，需完成2022、2023、2024年度；2022年度缺公需30学时、专业60学时（" in each for each in examples)
    assert any("2022、2023、2024年度中完成任一年度即可" in each for each in examples)
    assert not any(";" in each or "|" in each for each in examples)
    assert wording.examples(notices.of_year(2022)) == []


LEAGUE = (
    c.HOHHOT_NOTICE
    + """issuer: 呼和浩特市人力资源和社会保障局
requirement:
  clause: 补一
  hours: {professional: 24, total: 54}
"""
)


def refused(cast: Cast, text: str, by: str) -> Refused:
    return c.refusal(lambda s: drafts.save_draft(s, text, actor=cast[by], now=c.NOW))


def test_a_leagues_administrators_draft_and_publish_their_own_leagues_notices_and_no_others(cast: Cast) -> None:
    for text, by, code in (
        (LEAGUE, "baotou_admin", "jurisdiction"),
        (LEAGUE.replace("league: 呼和浩特市\n", ""), "hohhot_admin", "jurisdiction"),
        (
            LEAGUE.replace("hohhot-2024", "nmg-2024").replace("extends: nmg-2024", "extends: nmg-2022"),
            "hohhot_admin",
            "id",
        ),
        (LEAGUE.replace("league: 呼和浩特市", "league: 呼和浩特"), "admin", "malformed"),
        (LEAGUE, "hohhot_reviewer", "role"),
    ):
        assert refused(cast, text, by).code == code, (by, code)
    draft = save(cast, LEAGUE, "hohhot_admin")
    publishing = {"version": draft.version, "reason": "已印发", "now": c.NOW}
    for by, code in (("hohhot_admin", "self"), ("baotou_admin", "jurisdiction")):
        refusal = c.refusal(lambda s, by=by: drafts.publish(s, draft.id, actor=cast[by], **publishing))
        assert refusal.code == code
    with db.reading() as session:
        seen = {
            by: list(drafts.listing(session, cast[by])["league"]) for by in ("admin", "hohhot_admin", "baotou_admin")
        }
        assert seen == {"admin": ["呼和浩特市"], "hohhot_admin": ["呼和浩特市"], "baotou_admin": []}
        assert drafts.draft_text(session, draft.id, cast["hohhot_admin2"]) == LEAGUE
        with pytest.raises(Refused, match="missing"):
            drafts.draft_text(session, draft.id, cast["baotou_admin"])
    assert publish(cast, draft, "hohhot_admin2") == 0
    with db.reading() as session:
        drafts.install(session)
    assert notices.of_year(2024, "呼和浩特市").requirement.hours["professional"] == 24
    assert notices.of_year(2024).requirement.hours["professional"] == 60
    taken = LEAGUE.replace("呼和浩特市", "包头市")
    assert (refused(cast, taken, "baotou_admin").code, refused(cast, taken, "admin").code) == ("id", "id")
    region = save(cast, LEAGUE.replace("professional: 24, total: 54", "professional: 30, total: 60"), "admin")
    assert (
        publish(cast, region, "hohhot_admin") == 0
    )  # the region's administrators for any league, four eyes all the same


def test_a_leagues_notice_replays_the_decisions_about_its_own_people(cast: Cast) -> None:
    c.posted(cast, c.sheet([c.row(1), c.row(3)]))
    c.posted(cast, c.sheet([c.row(2, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    rows = [[c.row(serial)[1], c.id_number(serial), 2024, "职称评审", "初级"] for serial in (1, 2, 3)]
    headings = ("姓名", "身份证号", "申报年度", "申报方式", "申报级别")
    with db.transaction() as session:
        decisions.decide_file(session, c.sheet(rows, headings), "申报.xlsx", actor=cast["title"], now=c.AFTER)
    text = LEAGUE.replace("extends: nmg-2024", "extends: nmg-2024\nin_force: {from: 2025-01-01, to: 2025-12-31}")
    text = text.replace("professional: 24, total: 54", "public: 0, professional: 24, total: 24")
    for by in ("admin", "hohhot_admin"):
        with db.reading() as session:
            changed = replay.replay(session, drafts.read(text), actor=cast[by])
        assert list(changed["person_id"]) == [c.person_id(2)]
    whole = text.replace("league: 呼和浩特市\n", "")
    with db.reading() as session:
        assert len(replay.replay(session, drafts.read(whole), actor=cast["admin"])) == 3
        for by, rule in (("hohhot_admin", whole), ("baotou_admin", text)):
            with pytest.raises(Refused, match="jurisdiction"):
                replay.replay(session, drafts.read(rule), actor=cast[by])


def test_a_parent_is_not_published_over_children_that_would_become_faulty(cast: Cast) -> None:
    c.lay_notice("hohhot-2024", LEAGUE + "makeup: {years_back: 3}\n")
    assert notices.of_year(2024, "呼和浩特市").makeup_years == 3
    without = TEXT.replace("makeup: {clause: 七(二), subject: professional}", "")
    waiting = save(cast, TEXT)
    refusal = refused(cast, without, "admin")
    assert refusal.code == "children"
    assert "hohhot-2024.yaml:12: makeup.clause: 没有写明条款" in refusal.words
    c.lay_notice("hohhot-2025", LEAGUE.replace("hohhot-2024", "hohhot-2025") + "requirement: 缺\n")  # faulty anyway
    assert publish(cast, waiting) == 0
    c.lay_notice("hohhot-2024", LEAGUE)
    draft = save(cast, without)
    c.lay_notice("hohhot-2024", LEAGUE + "makeup: {years_back: 3}\n")
    with pytest.raises(Refused, match="children"):
        publish(cast, draft)  # checked again at the moment it would hold


def test_a_faulty_file_may_be_mended_by_who_may_write_it_and_the_region_takes_over_what_nobody_can_read(
    cast: Cast,
) -> None:
    c.lay_notice("hohhot-2024", "]]]")
    assert refused(cast, LEAGUE, "hohhot_admin").code == "id"
    draft = save(cast, LEAGUE, "admin")
    c.lay_notice("hohhot-2024", LEAGUE.replace("hours:", "hour:"))
    draft = save(cast, LEAGUE, "hohhot_admin")
    publish(cast, draft, "hohhot_admin2")
    with db.reading() as session:
        drafts.install(session)
    assert not any(each.faults for each in notices.filed())


def test_only_administrators_of_the_region_draft_and_a_malformed_draft_is_refused_with_its_lines(cast: Cast) -> None:
    for by, code in (("reviewer", "role"), ("hohhot_admin", "jurisdiction")):
        assert refused(cast, TEXT, by).code == code
    malformed = refused(cast, TEXT.replace("2024-12-31", "2024-02-30"), "admin")
    assert isinstance(malformed, Malformed)
    assert "in_force.to" in str(malformed.faults[0])


@ready.both
def test_a_draft_is_published_by_a_second_administrator_once_and_then_holds(cast: Cast) -> None:
    draft = save(cast, stricter())
    refusals = (("admin", "有文号", "self"), ("admin2", " ", "reason"), ("hohhot_admin", "有", "jurisdiction"))
    for by, reason, code in refusals:
        refusal = c.refusal(
            lambda s, by=by, reason=reason: drafts.publish(
                s, draft.id, version=draft.version, actor=cast[by], reason=reason, now=c.NOW
            )
        )
        assert refusal.code == code
    assert notices.of_year(2024).requirement.hours["professional"] == 60
    publish(cast, draft)
    with db.reading() as session:
        assert drafts.install(session) == 1
        assert drafts.install(session) == 0
        trail = set(session.scalars(sa.select(AuditEntry.event)))
        assert drafts.listing(session, cast["admin"]).iloc[0]["published_by"] == "管理员admin2"
    assert {"policy.drafted", "policy.published"} <= trail
    assert notices.of_year(2024).requirement.hours["professional"] == 70
    with pytest.raises(Refused, match="published"):
        publish(cast, draft)


def test_publishing_replays_the_decisions_of_the_year_before(cast: Cast) -> None:
    c.posted(cast, c.sheet([c.row(1, professional_hours=24)]))
    row = {
        "姓名": "李示丁",
        "身份证号": c.id_number(1),
        "申报年度": 2024,
        "申报方式": "职称评审",
        "申报级别": "初级",
    }
    with db.transaction() as session:
        person = persons.one(session, c.person_id(1), cast["title"])
        content = c.sheet([list((row | {"姓名": person.name}).values())], tuple(row))
        run = decisions.decide_file(session, content, "申报.xlsx", actor=cast["title"], now=c.AFTER)
    assert list(run.frame["outcome"]) == ["不符合"]
    lenient = (
        TEXT.replace("id: nmg-2024", "id: nmg-2025")
        .replace("from: 2024-01-01, to: 2024-12-31", "from: 2025-01-01, to: 2025-12-31")
        .replace("public: 30, professional: 60, total: 90", "public: 0, professional: 24, total: 24")
    )
    draft = save(cast, lenient)
    with db.reading() as session:
        changed = replay.replay(session, drafts.read(lenient), actor=cast["admin2"])
    assert list(zip(changed["before"], changed["after"], strict=True)) == [("not_eligible", "eligible")]
    assert publish(cast, draft) == 1


def test_the_laboratory_says_who_changes_side(cast: Cast) -> None:
    c.posted(cast, c.sheet([c.row(serial) for serial in range(1, 6)]))
    with db.reading() as session:
        population = answers.everybody(session, cast["admin"], 2024, level="初级")
        of_authority = leagues(session)
    today = notices.of_year(2024)
    assert trial.tried(population, today, of_authority).changed.empty
    amounts = "public: 30, professional: 60, total: 90"
    draft = drafts.read(TEXT.replace(amounts, "public: 0, professional: 24, total: 24"))
    tried = trial.tried(population, draft, of_authority)
    assert (tried.before["eligible"], tried.after["eligible"]) == (0, 5)
    assert sorted(tried.changed["person_id"]) == sorted(c.person_id(serial) for serial in range(1, 6))
    assert date(2024, 1, 1) == draft.in_force.first


def test_whom_a_policy_cannot_decide_is_counted_and_a_leagues_draft_is_tried_over_its_own_people(cast: Cast) -> None:
    c.posted(cast, c.sheet([c.row(1), c.row(3)]))
    c.posted(cast, c.sheet([c.row(2, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    with db.reading() as session:
        of_authority = leagues(session)
        population = answers.everybody(session, cast["admin"], 2024, level="高级")
    other = TEXT.replace("level: [中级, 高级], years: 3", "level: [中级], years: 3")
    tried = trial.tried(population, drafts.read(other), of_authority)
    assert (tried.before["not_eligible"], tried.after[trial.UNDECIDED], tried.before[trial.UNDECIDED]) == (3, 3, 0)
    assert set(tried.changed["after"]) == {"undecided"}
    lenient = LEAGUE.replace("professional: 24, total: 54", "public: 0, professional: 24, total: 24")
    lenient += "windows:\n  - {clause: 补一, route: 职称评审, level: [高级], years: 1}\n"
    tried = trial.tried(population, drafts.read(lenient), of_authority)
    assert list(tried.person_ids) == list(tried.changed["person_id"]) == [c.person_id(2)]
    assert (tried.before["not_eligible"], tried.after["eligible"]) == (1, 1)
    c.lay_notice("hohhot-2024", lenient)
    region = trial.tried(population, drafts.read(other), of_authority)
    assert list(region.person_ids) == [c.person_id(1), c.person_id(3)]  # the league has its own
    c.lay_notice("hohhot-2024", lenient.replace("hours:", "hour:"))
    region = trial.tried(population, drafts.read(other), of_authority)
    assert list(region.person_ids) == [c.person_id(1), c.person_id(3)]  # however faulty
    mended = trial.tried(population, drafts.read(lenient), of_authority)
    assert (mended.before[trial.UNDECIDED], mended.after["eligible"]) == (1, 1)
    nobody = trial.tried(population, drafts.read(lenient.replace("呼和浩特市", "乌海市")), of_authority)
    assert (len(nobody.person_ids), nobody.changed.empty, nobody.after["eligible"]) == (0, True, 0)


@ready.both
def test_two_accounts_of_one_person_or_made_by_one_another_are_not_two_people(cast: Cast) -> None:
    draft = save(cast, LEAGUE, "hohhot_admin")
    publishing = {"version": draft.version, "reason": "已印发", "now": c.NOW}
    publish = lambda s: drafts.publish(s, draft.id, actor=cast["hohhot_admin2"], **publishing)  # noqa: E731

    def of(session: Any, username: str) -> Account:
        return session.scalars(sa.select(Account).where(Account.username == username)).one()

    with db.transaction() as session:
        of(session, "hohhot_admin2").name = of(session, "hohhot_admin").name
    assert "是同一人的账号" in c.refusal(publish).words
    with db.transaction() as session:
        second = of(session, "hohhot_admin2")
        second.name = "另一人"
        new = "Right-horse-25-new"
        accounts.reset_password(session, second.id, new, actor=cast["hohhot_admin"], now=c.NOW - timedelta(hours=23))
    assert "重置密码" in c.refusal(publish).words
    publishing["now"] = c.NOW + timedelta(hours=2)
    with db.transaction() as session:  # the server's clock runs ahead; the next line is written after it was set back
        accounts.reset_password(
            session, second.id, "Right-horse-26-new", actor=cast["hohhot_admin"], now=c.NOW + timedelta(days=900)
        )
    assert f"即{db.office_minute(c.NOW + timedelta(hours=26))}起" in c.refusal(publish).words
    with db.transaction() as session:
        accounts.read_large(session, True, actor=cast["base"], now=c.NOW + timedelta(hours=1))
    publishing["now"] = c.NOW + timedelta(hours=24)
    assert f"即{db.office_minute(c.NOW + timedelta(hours=25))}起" in c.refusal(publish).words
    publishing["now"] = c.NOW + timedelta(hours=26)
    with db.transaction() as session:
        publish(session)
