"""Items: what keeps one from being asked is said at once and by field; the same one is known again."""

from decimal import Decimal

from core.exams import items
from core.exams.items import Item
from core.models import ItemKind

WHOLE = Item(ItemKind.SINGLE, "继续教育学时在哪一天截止？", (("6月30日", False), ("12月31日", True)))


def test_every_fault_of_an_item_is_said_at_once_with_its_field() -> None:
    assert list(items.faults(WHOLE)) == []
    assert list(items.faults(items.judged("学时可以跨年度使用。", False))) == []
    broken = Item(ItemKind.SINGLE, "", (("同", True), ("同", True), ("", False)), points=Decimal("0.3"))
    assert [field for field, _ in items.faults(broken)] == ["stem", "options", "options", "answer", "points"]
    assert [field for field, _ in items.faults(Item(ItemKind.TRUE_FALSE, "问", (("对", True),)))] == ["options"]
    assert "没有写明" in dict(items.faults(Item(ItemKind.MULTIPLE, "问", (("甲", False), ("乙", False)))))["answer"]


def test_an_item_imported_again_is_the_same_one_by_its_reference_or_by_what_it_says() -> None:
    other = Item(ItemKind.SINGLE, " 继续教育学时在哪一天截止？", (("12月31日", True), ("6月30日", False)))
    assert other.key == WHOLE.key
    assert Item(ItemKind.MULTIPLE, WHOLE.stem, WHOLE.options).key != WHOLE.key
    named = Item(ItemKind.SINGLE, "改过的题干", WHOLE.options, reference="Q 7")
    assert named.key == Item(ItemKind.SINGLE, "原来的题干", WHOLE.options, reference="q7").key
