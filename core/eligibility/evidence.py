"""Evidence beside a decision (佐证): grade certificates of digital-technology engineers; no decision hangs on them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.eligibility.sheet import DecisionSheet
from core.ground.access import Actor
from core.ground.deeds import deed
from core.law.notices import Way
from core.models import ClassLevel
from core.people import persons
from core.submissions.programmes import classes


@dataclass(frozen=True)
class Evidence:
    """A certificate of the applicant (证书), what it may serve as, and the clause it stands on."""

    words: str
    use: str
    clause: str


USES = {
    ClassLevel.JUNIOR: "可作认定初级职称的依据",
    ClassLevel.MIDDLE: "可作认定中级职称的依据",
    ClassLevel.SENIOR: "高级职称评审参考",
}


@deed
def of_sheet(session: Session, sheet: DecisionSheet, *, actor: Actor) -> list[Evidence]:
    """The grade certificates (等级证书) of whom a sheet is about, the latest first. Refused codes: "missing"."""
    clause = next((each.clause for each in sheet.policy.programmes if each.way is Way.CLASSES), "")
    if sheet.person_id is None or not clause:
        return []
    person = persons.one(session, sheet.person_id, actor)
    return [
        Evidence(
            f"{classes.called(each)}等级证书，编号{each.number}，{each.issued_on}发证，{each.held_on}在{each.site}考核",
            USES[each.level],
            clause,
        )
        for each in classes.certificates_of(session, person.human_id)
    ]
