from core import db, ledger, audit
from tests import cast as c
def test_way(database):
    cast=c.assemble()
    r=c.posted(cast,c.sheet([c.row(i) for i in range(1,6)]))
    with db.reading() as s:
        assert ledger.faults(s)==[] and audit.faults(s)==[]
