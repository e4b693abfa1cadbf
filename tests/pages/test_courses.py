"""A course made on screen by its clerk and published by a reviewer; what each of them and an employer sees of it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.courses import courses, figures
from core.ground import db
from core.models import Course, CourseState, State, StudyAppeal
from core.submissions import appeals, workflow
from core.submissions.workflow import Action
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, open_page, sign_in, uploader


def the_course() -> Course:
    with db.reading() as session:
        course = session.query(Course).one()
        assert course.lessons is not None
        return course


def fill(app: AppTest, prefix: str, **fields: str) -> None:
    """Type into the fields of a form, by their names."""
    for name, text in fields.items():
        widget = app.text_area if name in ("body", "about", "checks") else app.text_input
        widget(key=f"{prefix}{name}").set_value(text)
    app.run()


def test_a_course_is_made_on_screen_by_its_clerk_and_published_by_a_reviewer(cast: Cast) -> None:
    clerk = open_page("courses", sign_in("exam"), new="1")
    fill(clerk, "course-new-", title="年度课程", hours="30")
    clerk.button(key="save-course").click().run()
    assert boxes(clerk, "success") == ["“年度课程”已保存。"]
    course = the_course()
    fill(clerk, f"lesson-new-{course.id}-", title="第一讲", hours="20", body="正文", checks="哪项正确？\n*甲\n乙")
    clerk.button(key=f"lesson-new-{course.id}-save").click().run()
    assert boxes(clerk, "success") == ["第1节“第一讲”已保存。"]
    clerk.button(key="offer").click().run()
    assert boxes(clerk, "error") == ["各节学时合计20，课程写的是30学时，请改为一致。"]
    (lesson,) = the_course().lessons
    (prefix,) = {each.key.removesuffix("hours") for each in clerk.text_input if each.value == "20"}
    fill(clerk, prefix, hours="30")
    clerk.button(key=f"{prefix}save").click().run()
    clerk.button(key="offer").click().run()
    assert boxes(clerk, "success") == ["“年度课程”已报请发布，由内蒙古自治区人力资源和社会保障厅的审核员发布。"]
    with db.reading() as session:
        assert courses.as_typed(courses.questions(session, lesson.id)) == "哪项正确？\n*甲\n乙"

    reviewer = open_page("courses", sign_in("reviewer"), course=str(course.id))
    reviewer.button(key="send-back").click().run()
    assert boxes(reviewer, "error") == ["退回须写明哪里要改，经办人会看到。"]
    reviewer.button(key="publish").click().run()
    assert boxes(reviewer, "success") == ["“年度课程”已发布，管理权限内的人员现在可以学习。"]
    assert the_course().state is CourseState.PUBLISHED


def test_the_file_of_a_lesson_is_there_again_in_another_browser_until_the_lesson_is_saved(cast: Cast) -> None:
    clerk = open_page("courses", sign_in("exam"), new="1")
    fill(clerk, "course-new-", title="年度课程", hours="30")
    clerk.button(key="save-course").click().run()
    prefix = f"lesson-new-{the_course().id}-"
    clerk.selectbox(key=f"{prefix}kind").select("video").run()
    uploader(clerk, f"{prefix}upload").upload("第一讲.mp4", b"\0\0\0\x18ftypmp42", "video/mp4").run()
    clerk = open_page("courses", sign_in("exam"), course=str(the_course().id))
    assert any("已选、尚未保存：第一讲.mp4" in each.value for each in clerk.markdown)
    fill(clerk, prefix, title="第一讲", hours="30")
    clerk.button(key=f"{prefix}save").click().run()
    assert boxes(clerk, "success") == ["第1节“第一讲”已保存。"]
    (lesson,) = the_course().lessons
    assert lesson.file.endswith(".mp4")
    assert not any("尚未保存" in each.value for each in open_page("courses", sign_in("exam")).markdown)


def test_an_office_sees_who_has_not_begun_and_an_employer_its_own_people(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.posted(cast, people.sheet([people.row(1), people.row(2)]))
    learner = people.give_account(cast, 1, "person")
    course = people.publish_course(cast)
    people.study_for(learner, course, 20)
    monkeypatch.setattr(figures, "TOGETHER", 1)  # so that there is a hint
    for by, views in (("exam", ("学员", "公平提示")), ("employer", ("学习情况", "学员", "未开始", "课程内容"))):
        for view in views:
            app = open_page("courses", sign_in(by), course=str(course.id), view=view)
            assert not app.exception
            assert boxes(app, "error") == []
    app = open_page("learning", sign_in("person"))
    assert any("铸牢中华民族共同体意识" in each.value for each in app.markdown)


def test_time_that_was_not_counted_is_appealed_and_its_answer_stands_beside_it(cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(1)]))
    learner = people.give_account(cast, 1, "person")
    people.study_for(learner, people.publish_course(cast), 2, hidden=True)
    person = str(learner.person_id)
    app = open_page("credit_lookup", sign_in("person"))
    app.text_area(key=f"appeal-{person}-words").set_value("在看打印的讲义")
    next(each for each in app.button if each.label == "提出申诉").click().run()
    assert boxes(app, "success") == ["申诉已提出，由课程主管的人社部门答复；答复会显示在上面的表里。"]
    (filed,) = appealed()
    with db.transaction() as session:
        said = {"version": filed.version, "actor": cast["reviewer"], "now": people.AFTER}
        workflow.move(session, filed.id, Action.RETURN, reason="请写明时间", **said)
    app = open_page("credit_lookup", sign_in("employer"), study_appeal=str(filed.id))
    assert app.query_params["person"] == person
    with db.reading() as session:
        (lost,) = appeals.lost(session, int(person), cast["employer"])
    assert (lost.state, lost.open) == ("待补充（答复：请写明时间）", True)
    app.text_area(key=f"appeal-{person}-words").set_value("上午九点起在看打印的讲义")
    next(each for each in app.button if each.label == "提出申诉").click().run()
    assert [each.state for each in appealed()] == [State.SUBMITTED]


def appealed() -> list[StudyAppeal]:
    with db.reading() as session:
        return session.query(StudyAppeal).all()
