"""Posted hours for the talent database: each entry in one parcel, sent once, reversals as lines of their own."""

import io
from datetime import timedelta

import openpyxl
import pytest

from core.ground import db
from core.ground.access import Actor, Refused
from core.ledger import books
from core.records import exchange
from core.records.exchange import Event
from core.trail import audit
from tests import cast as c


def lines(parcel_id: int, by: Actor) -> list[dict[str, object]]:
    """What the file of a parcel says, line by line."""
    with db.transaction() as session:
        content = exchange.workbook(session, parcel_id, actor=by, now=c.AFTER)
    head, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_each_entry_is_in_one_parcel_and_a_reversal_is_a_line_of_the_next(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    office, league = cast["reviewer"], cast["hohhot_reviewer"]
    who = {"actor": office, "now": c.AFTER}
    with db.transaction() as session:
        first = exchange.prepare(session, 2024, **who)
        assert exchange.prepare(session, 2024, **who).version == first.version  # pressed twice it is one
        here = exchange.standing(session, 2024, office)
        assert (here.sent, here.waiting, first.entries) == (0, 0, 2)
        assert (here.late(c.AFTER), here.late(c.AFTER + timedelta(hours=25))) == (False, True)
        for by, code in (("base", "role"), ("admin", "role"), ("hohhot_reviewer", "missing")):
            with pytest.raises(Refused, match=rf"^{code}:"):
                exchange.mark_sent(session, first.id, version=1, actor=cast[by], now=c.AFTER)
    sent = lines(first.id, office)
    assert [each["身份证号"] for each in sent] == [c.id_number(1), c.id_number(2)]
    assert {(each["操作"], each["区划代码"]) for each in sent} == {("新增", "150000")}
    c.posted(cast, c.sheet([c.row(3)]))
    with db.transaction() as session:  # an open parcel is refreshed; an outdated file is refused as sent
        again = exchange.prepare(session, 2024, **who)
        assert (again.id, again.number, again.entries) == (first.id, 1, 3)
        with pytest.raises(Refused, match=r"^stale:"):
            exchange.mark_sent(session, first.id, version=1, **who)
        exchange.mark_sent(session, again.id, version=again.version, **who)
        with pytest.raises(Refused, match=r"^move:"):
            exchange.mark_sent(session, again.id, version=again.version, **who)
        with pytest.raises(Refused, match=r"^none:"):
            exchange.prepare(session, 2024, **who)
        batch = int(str(sent[0]["流水号"]).partition("-")[0])
        books.reverse(session, batch, lines=[1], reason="登记有误", **who)
        second = exchange.prepare(session, 2024, **who)
    (back,) = lines(second.id, office)
    assert (back["操作"], back["冲销原号"], back["学时"]) == ("冲销", sent[0]["流水号"], -float(str(sent[0]["学时"])))
    assert lines(first.id, office)[:2] == sent
    with db.transaction() as session:
        assert exchange.prepare(session, 2024, actor=league, now=c.AFTER).entries == 1
        assert list(exchange.listing(session, 2024, league)["number"]) == [1]
        found, _ = audit.history(session, office, event=Event.TAKEN)
        assert len(found) == 3  # full ID numbers are taken away as a logged act
