"""Item banks come in five formats: what can be taken is taken, all else is named, and what goes out comes in again."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Sequence
from decimal import Decimal

import pytest
import xlsxwriter

from core.exams import formats
from core.exams.formats import Form, Found
from core.exams.items import Item, judged
from core.ground import db
from core.ground.access import Refused
from core.models import Difficulty, ItemKind
from core.tables import reading
from core.tables.mending import Change, Mended

SINGLE, MULTIPLE, TRUE_FALSE = ItemKind
FILES = db.ROOT / "tests" / "data" / "items"
BANK = [
    Item(
        SINGLE,
        "若 a=b 且 {x: 1}，则 c ~ d #几？\\n\n第二行 <b>不是标记</b> & 也不是 &lt;",
        (("%25%的人", False), ("=2", True), ("a\nb", False), ("1/2", False)),
        "解析 #1: 见书\n第二行",
        Difficulty.HARD,
        "公需/法律",
        Decimal("1.5"),
        "GX-1",
    ),
    Item(MULTIPLE, "// 哪些？", (("甲", True), ("乙", True), ("丙", False), ("丁", True)), "", Difficulty.EASY, "生态"),
    judged("地球是圆的。", True, explanation="是", points=Decimal(2)),
    judged("[html] 是方的？", False, topic="生态"),
    Item(MULTIPLE, "$CATEGORY: 只有一个对的", (("甲", True), ("乙", False))),
    Item(SINGLE, "负责人（ ）应当全面负责", tuple((f"{n}.0", n == 9) for n in range(10)), reference="::名::"),
]


def read(text: str | bytes, name: str = "题库.txt") -> Found:
    return formats.read(text.encode() if isinstance(text, str) else text, name)


def codes(found: Found) -> list[tuple[int, str]]:
    return [(each.row, each.code) for each in found.problems]


def package(files: dict[str, str | bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def book(pages: dict[str, Sequence[Sequence[object]]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        for name, rows in pages.items():
            page = made.add_worksheet(name)
            for at, row in enumerate(rows):
                page.write_row(at, 0, row)
    return buffer.getvalue()


# --- out and in again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [Form.WORKBOOK, Form.GIFT, Form.MOODLE, Form.QTI])
def test_a_bank_that_goes_out_comes_in_as_it_was(form: Form) -> None:
    written = formats.write(form, BANK)
    found = formats.read(written.content, f"题库{written.ending}")
    assert (found.form, found.items, written.told) == (form, BANK, ())
    assert not [each for each in found.problems if each.blocking]
    assert [formats.digest(item) for item in found.items] == [formats.digest(item) for item in BANK]
    if form is not Form.WORKBOOK:  # which holds the moment it was made
        assert formats.write(form, found.items).content == written.content


def test_aiken_says_what_it_cannot_say() -> None:
    bank = [Item(SINGLE, "一加一？", (("1", False), ("2", True)), topic="算术"), judged("对吗", True)]
    written = formats.write(Form.AIKEN, bank)
    assert [each.split("：")[0] for each in written.told] == [
        "1道题没有写出",
        "1道题的解析、难度、知识点、分值或编号没有写出",
    ]
    assert read(written.content).items == [Item(SINGLE, "一加一？", (("1", False), ("2", True)))]


def test_a_gift_file_like_those_of_the_platform_comes_in_whole() -> None:
    found = read((FILES / "examples.gift").read_bytes(), "examples.txt")
    assert found.form is Form.GIFT
    assert not [each for each in found.problems if each.blocking]
    hours, gap, posted, sun, technology, formula, water = found.items
    assert [text for text, right in hours.options if right] == ["90"]
    assert hours.reference == "继续教育学时"
    assert hours.explanation.splitlines()[1] == "“90”：对，其中公需不少于30，专业不少于60"
    assert gap.stem == "草原生态补奖政策的目的是 _____ 并增加牧民收入。"
    assert (posted.kind, posted.right, posted.explanation) == (TRUE_FALSE, (1,), "要经过主管部门审核。\n对，须经审核。")
    assert sun == judged("太阳从东方升起。", True, topic="公需科目")
    assert technology == Item(
        MULTIPLE,
        "下列哪些属于新一代信息技术？",
        (("物联网", True), ("大数据", True), ("人工智能", True), ("蒸汽机车", False)),
        "战略性新兴产业之一。",
        Difficulty.HARD,
        "公需科目/数字技术",
        reference="dt-07",
    )
    assert formula.stem == "若 x=3，则 2x~y 中 {x: 3} 的 x 是几？"
    assert formula.options[2] == ("#3", False)
    assert water.options == (("H₂O", True), ("CO₂", False))
    assert water.stem == "水的分子式是\n下列哪一个？"
    assert read(formats.write(Form.GIFT, found.items).content).items == found.items


def test_a_moodle_file_like_those_of_the_platform_comes_in_whole() -> None:
    found = read((FILES / "examples.xml").read_bytes(), "examples.xml")
    assert found.form is Form.MOODLE
    assert codes(found) == []
    hours, both, grazing = found.items
    assert hours == Item(
        SINGLE,
        "专业技术人员每年的学时要求是多少？",
        (("60学时", False), ("90学时", True), ("72学时", False)),
        "公需不少于30，专业不少于60。\n“72学时”：这是别处的旧规定",
        Difficulty.EASY,
        "公需科目",
        Decimal("1.5"),
        "gx-001",
    )
    assert (both.kind, both.right, both.stem) == (MULTIPLE, (0, 1), "下列哪些是公需科目的特点？ （多选）")
    assert (grazing.right, grazing.topic, grazing.reference) == (
        (1,),
        "公需科目/生态",
        "",
    )  # a name like the stem is none
    assert "少选怎样计分由考试的设置决定" in found.parts[0].account[1]
    for form in (Form.MOODLE, Form.GIFT, Form.QTI, Form.WORKBOOK):
        written = formats.write(form, found.items)
        assert formats.read(written.content, f"a{written.ending}").items == found.items


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_may_be_in_any_of_the_encodings_in_use(encoding: str) -> None:
    assert read("草原在哪里？\nA. 锡林郭勒\nB. 海上\nANSWER: A\n".encode(encoding)).items[0].options[0] == (
        "锡林郭勒",
        True,
    )
    xml = '<?xml version="1.0" encoding="GBK"?><quiz><question type="truefalse"><questiontext><text>草原绿</text>'
    xml += '</questiontext><answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text>'
    xml += "</answer>"
    assert read(f"{xml}</question></quiz>".encode(encoding)).items == [judged("草原绿", True)]


# --- tables ---------------------------------------------------------------------------------------------------------


def test_each_shape_of_table_in_circulation_is_read() -> None:
    """Five shapes: by sheet, by code, by must-marks, with tags, with a mark beside each option."""
    one = Item(SINGLE, "一加一等于几？", (("1", False), ("2", True)))
    two = Item(MULTIPLE, "哪些是偶数？", (("2", True), ("3", False), ("4", True)))
    true = judged("水往低处流。", True)
    heads = [
        "序号",
        "题目分类",
        "题目难度",
        "所属范围",
        "试题",
        "选项A",
        "选项B",
        "选项C",
        "选项D",
        "答案",
        "知识点名称",
    ]
    a = {
        "单选题": [heads, [1, "常识", "容易", "全体", one.stem, 1, 2, "", "", "B", "算术"]],
        "多选题": [heads, [1, "常识", "容易", "全体", two.stem, 2, 3, 4, "", "AC", "算术"]],
        "判断题": [heads, [1, "常识", "容易", "全体", true.stem, "", "", "", "", "√", "自然"]],
        "简答题": [heads, [1, "常识", "容易", "全体", "谈谈看法", "", "", "", "", "略", "自然"]],
        "说明": [["每张工作表一种题型"]],
    }
    found = formats.read(book(a), "a.xlsx")
    assert [(item.kind, item.options, item.difficulty, item.topic) for item in found.items] == [
        (SINGLE, one.options, Difficulty.EASY, "算术"),
        (MULTIPLE, two.options, Difficulty.EASY, "算术"),
        (TRUE_FALSE, true.options, Difficulty.EASY, "自然"),
    ]
    assert [part.name for part in found.parts] == ["单选题", "多选题", "判断题", "简答题"]
    assert [each.words for each in found.problems if each.code == "sheet-kind"] == [
        "工作表“简答题”的题不是单选、多选、判断，1行没有读入"
    ]
    b = f"问题,题型,人员类型,选项A,选项B,选项C,选项D,答案\n{one.stem},0,医护,1,2,,,B\n{true.stem},1,医护,,,,,1\n"
    b += f'{two.stem},2,医护,2,3,4,,"A,C"\n'
    read_b = read(b, "b.csv")
    assert read_b.items == [one, true, two]
    assert "题型写的是数字" in read_b.parts[0].account[-1]
    c = "题目（必填）,选项A（必填）,选项B（必填）,选项C,选项D,正确选项（必填）,解析\n"
    assert read(f"{c}{one.stem},1,2,,,b,很简单\n", "c.csv").items[0].explanation == "很简单"
    d = "题目类型,题目内容,难度,分类,标签,选项A,选项B,选项C,选项D,正确答案,解析\n"
    d += f"单选题,{one.stem},中等,算术,小学,1,2,,,B,\n多选题,{two.stem},困难,算术,,2,3,4,,A、C,\n"
    d += f"判断题,{true.stem},简单,自然,,正确,错误,,,A,\n问答题,谈谈看法,,,,,,,,略,\n"
    found = read(d, "d.csv")
    assert [(item.right, item.difficulty, item.topic) for item in found.items] == [
        ((1,), Difficulty.MIDDLE, "算术"),
        ((0, 2), Difficulty.HARD, "算术"),
        ((0,), Difficulty.EASY, "自然"),
    ]
    assert codes(found) == [(0, "heading-unknown"), (5, "kind-other")]
    e = "content,type,option1,isCorrect1,option2,isCorrect2,option3,isCorrect3,correctAnswer,explanation\n"
    e += (
        f"{one.stem},single,1,FALSE,2,TRUE,,,,\n{two.stem},multiple,2,true,3,false,4,true,,\n{true.stem},tf,,,,,,,对,\n"
    )
    assert read(e, "e.csv").items == [one, two, true]
    assert read(e.replace("correctAnswer", "x").replace("对", ""), "e.csv").items == [one, two]


@pytest.mark.parametrize("answer", ["ABD", "A,B,D", "A、B、D", "a;b;d", "Ａ Ｂ Ｄ", "DBA"])
def test_the_answer_may_be_written_in_many_ways(answer: str) -> None:
    found = read(f'题干,选项A,选项B,选项C,选项D,答案\n哪些？,1,2,3,4,"{answer}"\n', "题.csv")
    assert (found.items[0].kind, found.items[0].right) == (MULTIPLE, (0, 1, 3))
    assert "1题没有写题型" in found.parts[0].account[-1]


@pytest.mark.parametrize("answer", ["错", "错误", "×", "F", "false", "0", "B"])
def test_right_and_wrong_may_be_written_in_many_ways(answer: str) -> None:
    assert read(f"题型,题干,答案\n判断,天圆地方,{answer}\n", "题.csv").items == [judged("天圆地方", False)]


def test_a_row_that_begins_as_a_signature_does_is_an_item_all_the_same() -> None:
    text = "题干,选项A,选项B,答案\n负责人（ ）应当签字,是,否,A\n备注：下列说法对的是,甲,乙,B\n"
    assert len(read(text, "题.csv").items) == 2


def test_faults_of_a_table_are_mended_where_they_stand() -> None:
    text = "题型,题干,选项A,选项B,选项C,答案,难度,分值\n"
    text += "单选题,一,1,2,,2,,\n单选题,二,1,,3,A,,\n多选题,三,1,2,,AE,,\n单选题,四,1,1,,A,较易,0.3\n单选题,,1,2,,A,,\n"
    text += "连线题,六,1,2,,A,,\n单选题,七,1,2,,AB,,\n判断题,八,,,,也许,极难,\n单选题,九,1,2,,A,,\n单选题,九,2,1,,B,,\n"
    found = read(text, "题.csv")
    assert codes(found) == [
        (2, "answer-form"),
        (3, "option-gap"),
        (4, "answer-beyond"),
        (5, "points-form"),
        (6, "stem-missing"),
        (7, "kind-other"),
        (8, "answer-item"),
        (9, "difficulty-form"),
        (11, "item-twice"),
    ]
    assert [item.stem for item in found.items] == ["九"]
    assert found.problems[0].offer == "与选项B的文字相同，改为B"
    part = found.parts[0]
    headings = formats.workbook.HEADINGS
    mended = Mended().accepted(part.cells, found.problems, [2, 11], headings)
    mended = mended.changed(
        part.cells, [Change(8, "kind", "单选题", "多选题"), Change(5, "points", "0.3", "1.5")], headings
    )
    again = formats.read(text.encode(), "题.csv", mended={"": mended})
    assert [(item.stem, item.right) for item in again.items] == [("一", (1,)), ("七", (0, 1)), ("九", (0,))]
    assert (5, "option_b-item") not in codes(again)
    assert (5, "options-item") in codes(again)


def test_the_template_is_read_as_it_was_handed_out() -> None:
    filled = formats.template()
    with pytest.raises(Refused, match="没有题目"):
        formats.read(filled, "模板.xlsx")
    table = reading.read_each(filled, "模板.xlsx", formats.workbook.LISTING)[0]
    assert list(table.columns.values())[:3] == ["题型", "题干", "选项A"]
    assert table.unread == ()


def test_a_column_that_may_be_two_things_is_asked_about() -> None:
    text = "题干,题目,选项A,选项B,答案\n短,长,1,2,A\n"
    assert read(text, "题.csv").items[0].stem == "短"
    with pytest.raises(reading.Asked, match="试题"):
        read(text.replace("题干", "试题"), "题.csv")
    found = formats.read(text.replace("题干", "试题").encode(), "题.csv", chosen={"题目": "stem", "试题": ""})
    assert found.items[0].stem == "长"


# --- what cannot be taken -------------------------------------------------------------------------------------------

GOOD = "::好题:: 一加一？ {=2 ~3}\n\n"
AIKEN = "一加一？\nA. 2\nB. 3\nANSWER: A\n\n"
MOODLE = '<question type="multichoice"><name><text>好题</text></name><questiontext format="html"><text>一加一？</text>'
MOODLE += '</questiontext><single>true</single><answer fraction="100"><text>2</text></answer><answer fraction="0">'
MOODLE += "<text>3</text></answer></question>"


def moodle(inside: str) -> str:
    return f"<quiz>{MOODLE}\n{inside}</quiz>"


def choice(**parts: str) -> str:
    said = {"kind": "multichoice", "single": "true", "text": "二？", "right": "100", "wrong": "0"} | parts
    return (
        f'<question type="{said["kind"]}"><questiontext format="html"><text>{said["text"]}</text></questiontext>'
        f'<single>{said["single"]}</single><answer fraction="{said["right"]}"><text>甲</text></answer>'
        f'<answer fraction="{said["wrong"]}"><text>乙</text></answer></question>'
    )


def qti(body: str = "", **parts: str) -> str:
    said = {"right": "<value>A</value>", "cardinality": "single", "name": "assessmentItem"} | parts
    body = body or (
        '<choiceInteraction responseIdentifier="R"><prompt>一加一？</prompt>'
        '<simpleChoice identifier="A">2</simpleChoice><simpleChoice identifier="B">3</simpleChoice></choiceInteraction>'
    )
    return (
        f'<{said["name"]} title="好题"><responseDeclaration identifier="R" cardinality="{said["cardinality"]}">'
        f"<correctResponse>{said['right']}</correctResponse></responseDeclaration><itemBody>{body}</itemBody>"
        f"</{said['name']}>"
    )


BROKEN: list[tuple[str, str | bytes, str, str]] = [
    # In each of these one good item stands beside a bad one.
    ("题.txt", GOOD + "二加二等于四。", "braces-none", "不是一道题"),
    ("题.txt", GOOD + "二加二？ {=4 ~5", "braces", "花括号不成对"),
    ("题.txt", GOOD + "二加二？ {\n=4\n\n~5\n}", "braces", "选项之间不能有空行"),
    ("题.txt", GOOD + "{=1 ~2} 和 {=3 ~4}", "braces-many", "一题里有几对花括号"),
    ("题.txt", GOOD + "::没有名称的结尾 {=1 ~2}", "name-open", "题目名称后面缺少"),
    ("题.txt", GOOD + "谈谈看法 {}", "kind-other", "问答题"),
    ("题.txt", GOOD + "哪年？ {#1949:1}", "kind-other", "数值题"),
    ("题.txt", GOOD + "配一配 {=甲 -> 1 =乙 -> 2}", "kind-other", "配对题"),
    ("题.txt", GOOD + "首府是？ {=呼和浩特 =青城}", "kind-other", "填空题"),
    ("题.txt", GOOD + "二加二？ {四 =4 ~5}", "option-sign", "应以“=”或“~”开头"),
    ("题.txt", GOOD + "二加二？ {=4 =四 ~5}", "answer-item", "只能有一个正确答案"),
    ("题.txt", GOOD + "二加二？ {~4 ~5}", "answer-item", "没有写明哪个选项是正确答案"),
    ("题.txt", GOOD + "二加二？ {=4 ~}", "options-item", "有选项是空的"),
    ("题.txt", GOOD + "二加二？ {=4 ~4}", "options-item", "写了两遍"),
    ("题.txt", GOOD + "{=4 ~5}", "stem-item", "题干是空的"),
    ("题.txt", GOOD + "[html]看图 <img src='a.png'> {=4 ~5}", "media", "图片"),
    ("题.txt", GOOD + GOOD, "item-twice", "与第1行的题重复"),
    ("题.txt", GOOD + "题" * 2001 + "{=1 ~2}", "stem-item", "题干有2001个字"),
    ("题.txt", AIKEN + "二？\nA. 1\nB. 2\n\n", "answer-missing", "选项后面没有"),
    ("题.txt", AIKEN + "只有一句话\n", "answer-missing", "下面没有选项"),
    ("题.txt", AIKEN + "二？\nA. 1\nB. 2\nANSWER: C\n", "answer-form", "不是选项的字母A至B"),
    ("题.txt", AIKEN + "二？\nA. 1\nB. 2\nANSWER: A, B\n", "answer-several", "只能写单选题"),
    ("题.txt", AIKEN + "二？\nA. 1\nC. 2\nANSWER: A\n", "letters", "从A起依次排列"),
    ("题.txt", AIKEN + "上一行\n二？\nA. 1\nB. 2\nANSWER: A\n", "stem-lines", "题干写了2行"),
    ("题.txt", AIKEN + "ANSWER: A\n", "stem-missing", "答案上面没有题干"),
    ("题.txt", AIKEN + "二？\nA. 1\nANSWER: A\n", "options-item", "有1个选项"),
    ("题.txt", AIKEN + "二？\nANSWER: A\n", "answer-form", "没有选项"),
    ("题.xml", moodle(choice(kind="essay")), "kind-other", "问答题"),
    ("题.xml", moodle(choice(kind="新题")), "kind-other", "“新题”类型"),
    ("题.xml", moodle(choice(right="全对")), "fraction", "不是百分数"),
    ("题.xml", moodle(choice(right="50")), "answer-partial", "没有一个选项是100分"),
    ("题.xml", moodle(choice(wrong="100")), "answer-item", "只能有一个正确答案"),
    ("题.xml", moodle(choice(single="false", right="0")), "answer-item", "没有写明"),
    ("题.xml", moodle(choice(kind="truefalse")), "judged", "true和false两个答案"),
    ("题.xml", moodle(choice(text="听 &lt;audio src='a'&gt;")), "media", "音频"),
    ("题.xml", moodle(choice(text="&lt;p&gt;&lt;/p&gt;")), "stem-item", "题干是空的"),
    ("题.xml", moodle(choice())[:-30], "xml", "没有读入"),
    ("题.xml", moodle(choice().replace("二？", "二&？")), "xml", "不合 XML 的写法"),
    ("题.zip", package({"a.xml": qti(), "b.xml": qti(right="")}), "answer-missing", "没有写明正确答案"),
    ("题.zip", package({"a.xml": qti(), "b.xml": qti(right="<value>C</value>")}), "answer-form", "不是选项的标识"),
    ("题.zip", package({"a.xml": qti(), "b.xml": qti("<p>看</p>")}), "kind-other", "没有作答的部分"),
    ("题.zip", package({"a.xml": qti(), "b.xml": qti("<textEntryInteraction/>")}), "kind-other", "不是选择题"),
    ("题.zip", package({"a.xml": qti(), "b.xml": qti()[:-9]}), "xml", "这一题没有读入"),
    ("题.zip", package({"a.xml": qti(), "b.xml": qti(name="assessmentTest")}), "root", "是一份试卷"),
    ("题.zip", package({"a.xml": qti(), "b.xml": b"\x00\xff\xfe\x00" * 99}), "encoding", "不是文字"),
    ("题.zip", package({"a.xml": qti(), "b.xml": "<a>" + " " * 2**20}), "long", "超过1MB"),
    ("题.zip", package({"a.xml": qti(), "b.xml": "<!DOCTYPE a><a/>"}), "xml", "DOCTYPE"),
]


@pytest.mark.parametrize(("name", "content", "code", "words"), BROKEN, ids=lambda each: str(each)[:20])
def test_a_bad_item_is_named_and_loses_no_other(name: str, content: str | bytes, code: str, words: str) -> None:
    found = read(content, name)
    wrong = [each for each in found.problems if each.blocking]
    assert [each.code for each in wrong] == [code]
    assert words in wrong[0].words
    assert [item.stem for item in found.items] == ["一加一？"]


UNREADABLE: list[tuple[str, str | bytes, str]] = [
    ("题.txt", "", "是空的"),
    ("题.txt", "随便写的一段话", "看不出这是哪一种题库文件"),
    ("题.pdf", b"%PDF-1.7 \x01\x02\x03\x04\x05\x06", "看不出这是哪一种题库文件"),
    ("题.xml", "<html><body>题库</body></html>", "这是网页"),
    ("题.xml", "<questestinterop><item/></questestinterop>", "QTI 1.2"),
    ("题.xml", "<qti-assessment-item/>", "QTI 3.0"),
    ("题.xml", "<manifest/>", "整个题库包"),
    ("题.xml", "<rss/>", "不是 Moodle 题库"),
    ("题.xml", "<quiz></quiz>", "没有题目"),
    ("题.xml", "<", "不是完整的 XML"),
    ("题.txt", "$CATEGORY: 空的\n", "没有题目"),
    ("题.txt", "::一:: {=1 ~2}\n\n" * 5001, "超过5000道"),
    ("题.zip", package({"a.xml": qti()}, zipfile.ZIP_LZMA), "少见的压缩方法"),
    ("题.zip", package({"readme.xml": "<a/>"})[:-30], "损坏"),
    ("题.csv", "姓名,学时\n甲,3\n", "没有找到表头"),
    ("题.xlsx", b"PK\x03\x04 nothing of a workbook", "无法读取"),
]


@pytest.mark.parametrize(("name", "content", "words"), UNREADABLE, ids=lambda each: str(each)[:20])
def test_a_file_that_holds_no_bank_is_refused_in_words(name: str, content: str | bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read(content, name)


LAUGHS = '<!DOCTYPE quiz [<!ENTITY a "哈哈哈哈">' + "".join(f'<!ENTITY b{n} "{"&a;" * 99}">' for n in range(9)) + "]>"


def test_hostile_files_are_refused_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.exams.formats.xml.MOST_NODES", 1000)
    monkeypatch.setattr("core.exams.formats.qti.LARGEST_UNPACKED", 2**21)
    began = time.process_time()
    for content, words in (
        (f"{LAUGHS}<quiz>&b8;</quiz>".encode(), "DOCTYPE"),
        (b'<!DOCTYPE quiz SYSTEM "file:///etc/passwd"><quiz/>', "DOCTYPE"),
        (b"<quiz>" + b"<a>" * 5000, "嵌套异常深"),
        (b"<quiz>" + b"<a/>" * 1001 + b"</quiz>", "异常多"),
        (package({f"{n}.xml": b"<a>" + b" " * (2**20 - 9) for n in range(3)}), "解压后异常大"),
        (b"{" * (10 * 2**20 + 1), "超过10MB"),
    ):
        with pytest.raises(Refused, match=words):
            read(content, "题")
    line = read(GOOD + "{" * (8 * 2**20))
    assert [item.stem for item in line.items] == ["一加一？"]
    assert "太长" in line.problems[0].words
    for hard in (
        "<" * 19_000,
        "<!--" * 4_000,
        "&" * 19_000,
        "<sup>" * 3_000,
        "\\" * 19_000,
        "[" * 19_000,
        "::" * 9_000,
    ):
        read(f"{GOOD}[html]{hard}{{=1 ~2}}")
    assert time.process_time() - began < 3


def test_what_shares_and_markup_said_is_told_when_it_cannot_be_kept() -> None:
    found = read("[html]<b>哪</b>个？ {=甲 ~%50%乙 ~丙}\n\n// [tag:期末]\n哪些？ {~%70%甲 ~%30%乙 ~%-50%丙}\n")
    assert [(each.row, each.code, each.blocking) for each in found.problems] == [
        (1, "shares", False),
        (1, "flattened", False),
        (4, "shares", False),
    ]
    assert "100%、50%、0%" in found.problems[0].words
    assert "70%、30%、-50%" in found.problems[2].words
    assert found.parts[0].account[1:] == ["标签“期末”没有读入（1题）"]
    mapped = qti().replace("</responseDeclaration>", "<mapping><mapEntry/></mapping></responseDeclaration>")
    assert codes(read(mapped, "a.xml")) == [(1, "shares")]
    graded = moodle(choice().replace("<single>", "<defaultgrade>0.33</defaultgrade><single>"))
    assert [(each.code, each.blocking) for each in read(graded).problems] == [("points-form", False)]


def test_a_name_that_several_items_have_tells_none_of_them_apart() -> None:
    found = read("::题:: 一？ {=1 ~2}\n\n::题:: 二？ {=1 ~2}\n\n::丙:: 三？ {=1 ~2}\n")
    assert [item.reference for item in found.items] == ["", "", "丙"]
    assert [each.code for each in found.problems] == ["reference-shared"] * 2
    again = read("::题:: 二？ {=1 ~2}\n\n::题:: 一？ {=1 ~2}\n")
    assert {item.key for item in again.items} == {item.key for item in found.items[:2]}


def test_a_package_says_of_its_items_what_they_do_not() -> None:
    listed = '<manifest><resources><resource type="imsqti_item_xmlv2p1" href="in/a%20b.xml"><metadata><lom><difficulty>'
    listed += (
        "<value>very easy</value></difficulty><keyword><string>生态</string></keyword></lom></metadata></resource>"
    )
    listed += '<resource type="imsqti_item_xmlv2p1" href="gone.xml"/><resource type="webcontent" href="x.png"/>'
    content = package(
        {"p/imsmanifest.xml": f"{listed}</resources></manifest>", "p/in/a b.xml": qti(), "p/c.xml": qti()}
    )
    found = read(content, "题.zip")
    assert [(item.topic, item.difficulty) for item in found.items] == [("生态", Difficulty.EASY)]
    assert codes(found) == [(2, "file-missing")]
    assert found.unit == "题"


def test_what_a_table_cannot_take_back_is_not_written_to_one() -> None:
    written = formats.write(Form.WORKBOOK, [judged("长" * 1001, True), *BANK])
    assert written.told == ("1道题没有写出：题干或解析超过1000字，导入时读不回来，请改用 GIFT 或 Moodle XML",)
    assert formats.read(written.content, "题.xlsx").items == BANK
