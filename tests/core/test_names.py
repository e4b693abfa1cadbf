"""Names of people: the form that is kept and shown, who is the same, and what is no name."""

import pytest

from core.ground import names

DOTS = "·•‧∙⋅・･．●▪﹒᛫ꞏ․\u0387⸱.。"


@pytest.mark.parametrize("dot", DOTS)
def test_whatever_stands_for_the_middle_dot_is_one(dot: str) -> None:
    for written in (f"阿依古丽{dot}买买提", f"阿依古丽 {dot} 买 买提", f"ᠠᠶᠢ{dot}ᠪᠠᠢ"):
        assert names.normalise(written) in ("阿依古丽·买买提", "ᠠᠶᠢ·ᠪᠠᠢ")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("J. R. Smith", "J. R. Smith"),
        ("Б. Эрдэнэ", "Б. Эрдэнэ"),
        ("José  García", "José García"),
        ("Jose\u0301 Garci\u0301a", "José García"),
        ("Бат\u3000Эрдэнэ", "Бат Эрдэнэ"),
        ("ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ", "ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ"),
        ("ᠪᠠᠲᠤ\u202fᠶᠢᠨ", "ᠪᠠᠲᠤ\u202fᠶᠢᠨ"),
        ("ᠰᠠᠷᠠ\u180eᠠ", "ᠰᠠᠷᠠ\u180eᠠ"),
        ("赵　示", "赵示"),
        ("赵 示 Baatar", "赵示Baatar"),
        ("\uf9e1明", "李明"),
        ("⾦海", "金海"),
        ("⻢示", "马示"),
        ("\ue863云", "䶮云"),
        ("\u202d赵\u200b示\u202c", "赵示"),
    ],
)
def test_a_name_is_shown_as_it_was_written(written: str, shown: str) -> None:
    assert names.normalise(written) == shown
    assert names.is_name(shown)
    assert names.fault(shown) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José García", "JoséGarcía"),
        ("José García", "JOSÉ GARCÍA"),
        ("Бат Эрдэнэ", "БатЭрдэнэ"),
        ("阿依古丽·买买提", "阿依古丽.买买提"),
        ("⾦海", "金海"),
        ("葛\U000e0100示", "葛示"),
        ("ᠰᠠᠷᠠ\u180eᠠ", "ᠰᠠᠷᠠᠠ"),
        ("Ｊ. Smith", "J.Smith"),
    ],
)
def test_one_name_written_in_two_ways_is_the_same(one: str, other: str) -> None:
    assert names.same(one, other)
    assert names.same(other, "赵示", one)


def test_different_names_are_not_the_same() -> None:
    assert not names.same("李明", "李名")
    assert not names.same("阿依古丽·买买提", "阿依古丽买买提")


@pytest.mark.parametrize("nothing", ["NULL", "None", "nan", "NaN", "N/A", "#N/A", "无", "空", "不详", "(null)"])
def test_what_stands_for_no_name_is_none_and_the_name_is_asked_for(nothing: str) -> None:
    assert not names.is_name(names.normalise(nothing))
    code, words = names.fault(names.normalise(nothing)) or ("", "")
    assert (code, "请补填" in words) == ("name-missing", True)


@pytest.mark.parametrize("form", ["JoséGarcía", "阿依古丽·买买提"])
def test_a_name_on_file_in_an_older_form_is_looked_for(form: str) -> None:
    assert form in names.forms(names.normalise(form.replace("éG", "é G")))
