"""The form of one application: what a notice asks of everybody, and what only some applicants have."""

from __future__ import annotations

import streamlit as st

from core.eligibility.applications import HEADINGS
from core.law import notices
from core.law.notices import EDUCATIONS, LEVELS, ROUTES
from web import context

ASSERTED = ["否", "是", "待核验"]


def cells() -> dict[str, object]:
    """The cells of one application (申报情况); what only some applicants have is folded away."""
    one, two, three, four = st.columns(4)
    first = notices.policies()[0].first_year
    year = one.number_input(HEADINGS["year"], first, 2100, context.today().year)
    route = two.selectbox(HEADINGS["route"], ROUTES)
    facts: dict[str, object] = {"year": year, "route": route}
    facts["level"] = three.selectbox(HEADINGS["level"], LEVELS, 2)
    notice = notices.of_year(year)
    windows = [window for window in notice.windows if window.route == route]
    wanted = {window.years_from for window in windows}
    wanted |= {condition.fact for waiver in notice.waivers for condition in waiver.when}
    if any(window.education for window in windows):
        facts["education"] = four.selectbox(HEADINGS["education"], ["", *EDUCATIONS])
    if "recognition_years" in wanted:
        facts["recognition_years"] = four.number_input("认定年限（年）", 1, 40, None)
    if "years_in_post" in wanted:
        facts["in_post_since"] = four.date_input(HEADINGS["in_post_since"], None, format="YYYY-MM-DD")
    with st.expander("有无减免情形（没有的不必填写）"):
        one, two, three = st.columns(3)
        facts["non_public"] = one.selectbox(HEADINGS["non_public"], ["公有制", "非公有制", "非公有制（待核验）"])
        facts["front_line"] = two.selectbox("苏木、乡镇等基层一线", ASSERTED)
        facts["transferred_on"] = three.date_input("从党政机关转任日期", None, format="YYYY-MM-DD")
        one, two, three = st.columns(3)
        facts["postdoc_funded"] = one.selectbox(HEADINGS["postdoc_funded"], ASSERTED)
        facts["stays_in_region"] = two.selectbox("博士后出站留区", ASSERTED)
        facts["epidemic_years"] = three.text_input(HEADINGS["epidemic_years"], placeholder="如2022；几个年度用分号隔开")
    return facts
