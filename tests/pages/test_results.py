"""Results from elsewhere on the page: the clerk brings them in, the office in charge confirms and takes back."""

from decimal import Decimal

from core.courses import courses
from core.courses.courses import CourseFields, LessonFields
from core.ground import db
from core.models import LessonKind
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import SheetOf, boxes, open_page, sign_in
from tests.pages.test_deeds import NOW, press


def published(cast: Cast) -> None:
    fields = CourseFields(NOW.year, "公需科目示例", "", "public", Decimal(30), (NOW.year,))
    with db.transaction() as session:
        who = {"actor": cast["exam"], "now": NOW}
        made = courses.draft(session, fields, **who)
        lesson = LessonFields("第一讲", LessonKind.TEXT, 20, Decimal(30), body="正文")
        courses.put_lesson(session, made.id, None, lesson, version=made.version, **who)
        courses.offer(session, made.id, version=made.version, **who)
        courses.publish(session, made.id, version=made.version, actor=cast["reviewer"], now=NOW)


def test_a_clerk_brings_results_in_and_the_office_in_charge_confirms_and_takes_them_back(cast: Cast) -> None:
    published(cast)
    app = open_page("results", sign_in("base"))
    assert "由人事考试院、盟市人社局导入" in boxes(app, "info")[0]
    app = open_page("results", sign_in("exam"))
    given = ((1, 80), (2, "很好"))
    lines = [f"{people.id_number(serial)},赵示{chr(0x4E00 + serial)},{score}" for serial, score in given]
    content = "\n".join(["身份证号,姓名,成绩", *lines]).encode()
    app.number_input(key="results-mark").set_value(60.0)
    app.text_input(key="results-basis").set_value("公需科目集中考试").run()
    app.get("file_uploader")[0].upload("成绩.csv", content, "text/csv").run()
    assert not app.exception, app.exception[0].stack_trace
    assert "1条合格待确认，0条未合格；1条有问题" in boxes(app, "warning")[0]
    SheetOf(app).mend(3, "score", "40")
    assert "1条合格待确认，1条未合格。" in boxes(app, "info")[0]
    press(app, "导入2条成绩")
    assert "成绩第1批，待主管部门确认" in boxes(app, "success")[0]
    app = open_page("results", sign_in("reviewer"), batch="1")
    press(app, "确认1条，记学时")
    assert boxes(app, "success")[0] == "已确认，1人记入学时（入账第1批）。"
    on = open_page("exchange", sign_in("reviewer"))
    press(on, "生成报送文件")
    press(on, "标记为已报送")
    assert "第1次已标记为已报送" in boxes(on, "success")[0]
    assert [each.value for each in on.metric] == ["1笔", "0笔", "0笔"]
    press(app, "确认整批冲销")
    assert "请写明原因" in boxes(app, "error")[0]
    app.text_area(key="results-reason-1").set_value("考场纪律").run()
    press(app, "确认整批冲销")
    assert "已整批冲销" in boxes(app, "success")[0]
