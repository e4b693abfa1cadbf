"""The way of a course (看完 → 考试 → 记学时 → 送人才库) in one line: each step with its moment, or what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.courses.passing import Step
from core.ground.hours import hours_text
from core.models import Course
from web.words import md, moment_text


def draw(way: Sequence[Step]) -> None:
    """The steps side by side, below each other on a telephone."""
    for place, step in zip(st.columns(len(way)), way, strict=True):
        mark = ":green[:material/check_circle:]" if step.at else ":gray[:material/radio_button_unchecked:]"
        when = f"{moment_text(step.at)}　" if step.at else ""
        place.markdown(f"{mark} **{step.word}**  \n:gray[:small[{md(when + step.words)}]]")


def of_person(found: Sequence[tuple[Course, Sequence[Step]]]) -> None:
    """The courses of a person's year (网络课程), each in one line."""
    if found:
        st.markdown("**网络课程**")
    for course, way in found:
        st.markdown(f"{md(course.title)}　:gray[{course.year}年度 · {hours_text(course.hours)}学时]")
        draw(way)
