"""The policy in force in a year, in plain words, each figure with its clause, and what is done where it is silent."""

import pandas as pd
import streamlit as st

from core import policy
from core.access import Refused
from web import ui

actor = ui.require()
ui.page("政策依据", "系统按下列通知计算；每个数值注明条款，通知没有写明之处列出系统的处理方式和理由。")

first = policy.policies()[0].first_year
years = list(range(ui.today().year + 1, first - 2, -1))
year = st.selectbox("年度", years, 1, key="year", bind="query-params", width=120)
try:
    rule = policy.in_force(year)
except Refused as refused:
    st.warning(refused.words)
    st.stop()

st.subheader(rule.title, anchor=False)
issued = f"，{rule.issued_on}印发" if rule.issued_on else ""
st.caption(f"{rule.document}，{rule.issuer}{issued}")
if rule.carried(year):
    st.info(f"{rule.note(year)}。")
need = rule.requirement
givers = {subject.code: "、".join(kind.label for kind in subject.providers) for subject in rule.subjects}
lines = [
    (
        need.clause,
        "年度学时",
        f"公需科目不少于{need.public}，专业科目不少于{need.professional}，累计不少于{need.total}",
    ),
    *((subject.clause, f"{subject.name}由谁组织", givers[subject.code] or "未载明") for subject in rule.subjects),
]
if rule.deadlines:
    lines += [
        (rule.plan_clause, "上报培训计划", f"培训开始前{rule.plan_days_before_start}天"),
        (rule.report_clause, "报送培训情况报告", f"培训结束后{rule.report_days_after_end}天内"),
    ]
frame = pd.DataFrame(lines, columns=["code", "heading", "words"])
ui.table(frame, ["code", "heading", "words"], empty="", labels={"code": "条款", "heading": "事项", "words": "规定"})

st.subheader("通知未写明之处", anchor=False)
for given in rule.interpretations:
    st.markdown(f"- {ui.md(given.reason)}（{given.clause}）")
