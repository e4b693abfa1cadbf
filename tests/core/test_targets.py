"""Targets of programmes: the region sets, splits and publishes them; each office sees its own, every version stays."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused
from core.models import Organization, QuotaVersion
from core.office import messages
from core.quotas import splitting, targets
from core.quotas.targets import Split
from core.trail import audit
from tests import cast as c
from tests import ready
from tests.core.test_two_at_once import kinds

CODE, YEAR = "capability", 2024


def with_a_department() -> c.Cast:
    """The usual office, one of whose departments files for itself."""
    return c.assemble()


@pytest.fixture
def cast(office: object) -> c.Cast:
    return ready.office(with_a_department)


def split(cast: c.Cast, target: int | None = 20000, most: int | None = None, **shares: int) -> Split:
    """A split by short names of places."""
    return Split(target, most, {cast.places[short].id: n for short, n in shares.items()})


def publish(cast: c.Cast, given: Split, *, by: str = "reviewer", code: str = CODE, reason: str = "年初分解") -> None:
    with db.transaction() as session:
        version = targets.draft(session, cast[by], code, YEAR).version
        targets.publish(session, code, YEAR, given, version=version, actor=cast[by], reason=reason, now=c.NOW)


def seen(cast: c.Cast, by: str, code: str = CODE) -> Split:
    with db.reading() as session:
        return targets.in_force(session, cast[by], code, YEAR).split


def refused(deed: Callable[[Session], Any]) -> Refused:
    """How a deed is refused, which leaves nothing behind."""
    with db.reading() as session:
        before = session.scalar(sa.text("SELECT count(*) FROM audit_entry"))
    with pytest.raises(Refused) as told, db.transaction() as session:
        deed(session)
    with db.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM audit_entry")) == before
        assert session.scalar(sa.text("SELECT count(*) FROM quota")) == 0
    return told.value


def test_before_anything_is_published_the_regions_target_is_the_notices_own(cast: c.Cast) -> None:
    assert seen(cast, "leader") == Split(20000)
    assert seen(cast, "leader", "advanced_seminars") == Split(5, 10)
    assert seen(cast, "hohhot_leader") == Split(None)
    with db.reading() as session:
        codes = [each.programme.code for each in targets.in_force_of(session, cast["leader"], YEAR)]
    assert len(codes) == 5


def test_each_office_sees_its_own_share_of_what_was_published(cast: c.Cast) -> None:
    publish(cast, split(cast, hohhot=1500, baotou=0, department=300))
    assert seen(cast, "leader").shares == {cast.places[each].id: n for each, n in OWN.items()}
    assert seen(cast, "hohhot_leader") == split(cast, 1500, hohhot=1500)
    assert seen(cast, "baotou_reviewer") == split(cast, 0, baotou=0)
    assert seen(cast, "department") == split(cast, 300, department=300)
    for none in ("base", "hohhot_base", "employer"):
        assert seen(cast, none) == Split(None)
    with db.reading() as session, pytest.raises(Refused) as told:
        targets.in_force(session, replace(cast["base"], role=c.Role.PERSON), CODE, YEAR)
    assert told.value.code == "role"


OWN = {"hohhot": 1500, "baotou": 0, "department": 300}


def test_a_draft_changes_nothing_that_others_see(cast: c.Cast) -> None:
    publish(cast, split(cast, hohhot=1500))
    with db.transaction() as session:
        found = targets.draft(session, cast["admin"], CODE, YEAR)
        assert not found.open
        given = split(cast, 21000, hohhot=1800)
        targets.save(session, CODE, YEAR, given, version=found.version, actor=cast["admin"], now=c.AFTER)
    assert seen(cast, "hohhot_leader").target == 1500
    assert seen(cast, "leader").target == 20000
    with db.reading() as session:
        found = targets.draft(session, cast["reviewer"], CODE, YEAR)
    assert (found.open, found.split, found.by, found.number) == (True, given, cast["admin"].name, 1)


def test_every_publication_is_a_version_with_its_reason_and_what_it_changed(cast: c.Cast) -> None:
    publish(cast, split(cast, hohhot=1500, baotou=900))
    publish(cast, split(cast, 21000, hohhot=1500, department=100), by="admin", reason="年中调整")
    with db.reading() as session:
        told = targets.history(session, cast["leader"], CODE, YEAR)
        assert [(each.number, each.reason, each.by) for each in told] == [
            (2, "年中调整", cast["admin"].name),
            (1, "年初分解", cast["reviewer"].name),
        ]
        first = targets.in_force(session, cast["leader"], CODE, YEAR, number=1).split
        assert first == split(cast, hohhot=1500, baotou=900)
        moved = targets.changes(session, cast["leader"], CODE, YEAR, 2)
        assert moved[["office", "was", "became", "moved"]].values.tolist() == [
            ["全区指标", "20,000人", "21,000人", 1000],
            [cast.places["baotou"].name, "900人", "", -900],
            [cast.places["department"].name, "", "100人", 100],
        ]
        for by, numbers in (("baotou_reviewer", [2, 1]), ("hohhot_leader", [1]), ("department", [2]), ("base", [])):
            assert [each.number for each in targets.history(session, cast[by], CODE, YEAR)] == numbers, by
        assert targets.in_force(session, cast["hohhot_leader"], CODE, YEAR).reason == "年初分解"
        assert targets.changes(session, cast["hohhot_leader"], CODE, YEAR, 1)["became"].tolist() == ["1,500人"]
        lines, _ = audit.history(session, cast["admin"], event=targets.Event.PUBLISHED)
    assert lines["reason"].tolist() == ["年中调整", "年初分解"]
    assert '"quota":"21,000人"' in lines["after"][0]
    assert cast.places["hohhot"].name not in lines["after"][0]


def test_a_published_version_cannot_be_changed(database: str) -> None:
    cast = ready.office(with_a_department)
    publish(cast, split(cast, hohhot=1500))
    for change in ("UPDATE quota_share SET target = 1", "DELETE FROM quota_version"):
        with pytest.raises(sa.exc.DBAPIError, match="append only"), db.transaction() as session:
            session.execute(sa.text(change))


def test_the_same_again_is_no_version_and_a_reason_is_asked_for(cast: c.Cast) -> None:
    for reason in ("", " \n ", "字" * 501):
        act = {"version": 0, "actor": cast["reviewer"], "now": c.NOW, "reason": reason}
        told = refused(lambda s, act=act: targets.publish(s, CODE, YEAR, split(cast, hohhot=1), **act))
        assert told.code == "reason"
    publish(cast, split(cast, hohhot=1500))
    with pytest.raises(Refused, match="same"):
        publish(cast, split(cast, hohhot=1500), reason="再来一次")


@pytest.mark.parametrize(
    ("target", "most", "shares", "field"),
    [
        ("20000", None, {"hohhot": 1}, "target"),
        (-1, None, {}, "target"),
        (True, None, {}, "target"),
        (20000.5, None, {}, "target"),
        (10**9, None, {}, "target"),
        (5, 4, {}, "most"),
        (None, 4, {}, "most"),
        (5, "10", {}, "most"),
        (20000, None, {"hohhot": -1}, "shares"),
        (20000, None, {"hohhot": "100"}, "shares"),
        (20000, None, {"hohhot": None}, "shares"),
        (20000, None, {"hospital": 1}, "shares"),
        (20000, None, {"hohhot_base": 1}, "shares"),
    ],
)
def test_forged_values_are_refused_by_field(cast: c.Cast, target: Any, most: Any, shares: Any, field: str) -> None:
    given = split(cast, target, most, **shares)
    act = {"version": 0, "actor": cast["reviewer"], "now": c.NOW}
    for deed in (
        lambda s: targets.save(s, CODE, YEAR, given, **act),
        lambda s: targets.publish(s, CODE, YEAR, given, reason="年初分解", **act),
    ):
        told = refused(deed)
        assert told.code in ("fields", "type")
        assert [*told.fields] == [field]


@pytest.mark.parametrize(("code", "year"), [("nonesuch", YEAR), (CODE, 1999), (CODE, 2101), (CODE, "2024"), ("", YEAR)])
def test_there_is_no_target_of_what_the_notice_does_not_name(cast: c.Cast, code: str, year: Any) -> None:
    act = {"version": 0, "actor": cast["reviewer"], "now": c.NOW}
    assert refused(lambda s: targets.save(s, code, year, Split(1), **act)).code in ("policy", "fields", "type")


@pytest.mark.parametrize("by", ["leader", "title", "hohhot_admin", "hohhot_reviewer", "base", "department", "employer"])
def test_only_reviewers_and_administrators_of_the_region_set_targets(cast: c.Cast, by: str) -> None:
    act = {"version": 0, "actor": cast[by], "now": c.NOW}
    given = split(cast, hohhot=1500)
    for deed in (
        lambda s: targets.draft(s, cast[by], CODE, YEAR),
        lambda s: targets.save(s, CODE, YEAR, given, **act),
        lambda s: targets.publish(s, CODE, YEAR, given, reason="年初分解", **act),
        lambda s: splitting.proposal(s, cast[by], targets.programme(CODE, YEAR), YEAR, 100, typed_so_far={}),
    ):
        assert refused(deed).code in ("role", "jurisdiction")
    assert not targets.may_change(cast[by])


def test_of_two_who_publish_at_once_one_is_told(database: str) -> None:
    cast = ready.office(with_a_department)

    def deed(by: str, n: int) -> Callable[[Session], object]:
        act = {"version": 0, "actor": cast[by], "reason": "年初分解", "now": c.NOW}
        return lambda s: targets.publish(s, CODE, YEAR, split(cast, hohhot=n), **act)

    found = c.at_once(deed("reviewer", 1), deed("reviewer2", 2), deed("admin", 3))
    assert kinds(found) == ["done", "stale", "stale"]
    with db.reading() as session:
        assert session.scalars(sa.select(QuotaVersion.number)).all() == [1]


def test_who_edits_what_another_has_saved_meanwhile_is_told_and_loses_nothing(cast: c.Cast) -> None:
    with db.transaction() as session:
        act = {"version": 0, "actor": cast["reviewer"], "now": c.NOW}
        targets.save(session, CODE, YEAR, split(cast, hohhot=1), **act)
    with pytest.raises(Refused) as told, db.transaction() as session:
        targets.save(session, CODE, YEAR, split(cast, hohhot=2), version=0, actor=cast["admin"], now=c.NOW)
    assert told.value.code == "stale"
    assert cast["reviewer"].name in told.value.words
    publish(cast, split(cast, hohhot=1))
    with pytest.raises(Refused, match="stale"), db.transaction() as session:
        targets.save(session, CODE, YEAR, split(cast, hohhot=2), version=1, actor=cast["admin"], now=c.NOW)


def test_offices_hear_of_their_own_share_alone(cast: c.Cast) -> None:
    publish(cast, split(cast, hohhot=1500, baotou=900))
    publish(cast, split(cast, hohhot=1800, baotou=900), reason="年中调整")
    with db.reading() as session:
        heard = {
            by: messages.listing(session, cast[by], now=c.AFTER)[0]
            for by in ("hohhot_reviewer", "baotou_reviewer", "base")
        }
    assert [line.title for line in heard["hohhot_reviewer"]] == [
        "2024年度知识更新能力提升项目指标已下达：1,800人",
        "2024年度知识更新能力提升项目指标已下达：1,500人",
    ]
    assert heard["hohhot_reviewer"][0].words == "年中调整，原为1,500人"
    assert len(heard["baotou_reviewer"]) == 1
    assert heard["base"] == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Split(100, None, {1: 60, 2: 40}), "分解合计100人，与全区指标一致"),
        (Split(100, None, {1: 60}), "分解合计60人，比全区指标少40人，还没有分完"),
        (Split(100, None, {1: 60, 2: 1041}), "分解合计1,101人，比全区指标多1,001人"),
        (Split(5, 10, {1: 7}), "分解合计7人，在5至10人之内"),
        (Split(5, 10, {1: 4}), "分解合计4人，比全区指标少1人，还没有分完"),
        (Split(5, 10, {1: 12}), "分解合计12人，比全区指标多2人"),
        (Split(None, None, {1: 3}), "分解合计3人，全区指标未定"),
    ],
)
def test_the_split_is_held_against_the_target_in_words(given: Split, words: str) -> None:
    assert targets.held(given, "人") == words


# --- proposals and pasted tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [0, 1, 7, 100, 20000, 9_999_999])
def test_a_proposal_sums_to_its_target_and_is_nowhere_a_whole_one_off(total: int) -> None:
    weights = {each: (each * 7919) % 101 for each in range(1, 40)}
    shares = splitting.apportioned(total, weights)
    assert sum(shares.values()) == total
    whole = sum(weights.values())
    assert all(abs(share - total * weights[each] / whole) < 1 for each, share in shares.items())


def test_of_equal_remainders_the_first_in_the_table_gets_what_is_left() -> None:
    assert splitting.apportioned(10, {1: 1, 2: 1, 3: 1}) == {1: 4, 2: 3, 3: 3}
    assert splitting.apportioned(10, {1: 0, 2: 0}) == {}


def test_a_proposal_goes_by_what_was_published_the_year_before(cast: c.Cast) -> None:
    publish(cast, split(cast, hohhot=2, baotou=1))
    with db.reading() as session:
        found = targets.programme(CODE, YEAR + 1)
        proposed = splitting.proposal(session, cast["admin"], found, YEAR + 1, 100, typed_so_far={})
        with pytest.raises(Refused) as told:
            splitting.proposal(session, cast["admin"], found, YEAR, 100, typed_so_far={})
        assert told.value.code == "fields"
        with pytest.raises(Refused):
            splitting.proposal(session, cast["admin"], found, YEAR + 1, True, typed_so_far={})
    assert proposed.shares == split(cast, hohhot=67, baotou=33).shares
    assert proposed.basis == "2024年度下达的指标"


def test_without_such_a_year_it_goes_by_the_people_on_file(cast: c.Cast) -> None:
    c.posted(cast, c.sheet([c.row(1), c.row(3)]))
    rows = [c.row(serial, employer="示例旗蒙古族中学") for serial in (5, 7, 9, 11)]
    c.posted(cast, c.sheet(rows), by="hohhot_base", reviewer="hohhot_reviewer")
    with db.reading() as session:
        proposed = splitting.proposal(session, cast["admin"], targets.programme(CODE, YEAR), YEAR, 100, typed_so_far={})
        given = {cast.places["department"].id: 10, cast.places["hohhot"].id: 50}
        found = targets.programme(CODE, YEAR)
        kept = splitting.proposal(session, cast["admin"], found, YEAR, 100, typed_so_far=given)
    assert proposed.shares == split(cast, hohhot=67, region=33).shares
    assert (kept.shares, kept.kept) == (split(cast, hohhot=60, region=30, department=10).shares, 1)


def test_shares_are_pasted_with_or_without_headings_and_a_bad_row_sinks_no_other(cast: c.Cast) -> None:
    def read(text: str) -> splitting.Pasted:
        with db.reading() as session:
            return splitting.pasted(session, targets.programme(CODE, YEAR), text)

    good = split(cast, hohhot=1500, baotou=900).shares
    assert read("呼和浩特市\t1,500\n包头\t900人").shares == good
    found = read(
        "2024年指标分解\n单位名称\t指标数\n呼和浩特市人力资源和社会保障局\t1500\n包头市\t九百\n赤峰市\t\n火星\t3\n合计\t2400\n"
    )
    assert found.shares == split(cast, hohhot=1500).shares
    assert [(each.row, each.code) for each in found.problems if each.blocking] == [
        (4, "target-form"),
        (6, "office-unknown"),
    ]
    twice = read("包头市\t3\n包头市\t4")
    assert twice.shares == split(cast, baotou=3).shares
    assert [each.code for each in twice.problems] == ["office-twice"]
    with db.reading() as session, pytest.raises(Refused):
        splitting.pasted(session, targets.programme(CODE, YEAR), "  ")


def test_a_programme_is_split_over_those_who_carry_it_out(cast: c.Cast) -> None:
    with db.reading() as session:
        over = {
            code: {place.kind.value for place in targets.offices(session, targets.programme(code, YEAR)).values()}
            for code in (CODE, "advanced_seminars", "digital_engineers")
        }
        names = [place.name for place in targets.offices(session, targets.programme(CODE, YEAR)).values()]
        leagues = session.scalars(sa.select(Organization.name).where(Organization.kind == "league_hr")).all()
    assert over == {
        CODE: {"league_hr", "department", "region_hr"},
        "advanced_seminars": {"league_hr", "department", "base", "region_hr"},
        "digital_engineers": {"region_hr"},
    }
    assert names == [*leagues, cast.places["department"].name, cast.places["region"].name]
