"""Digital-technology engineers: institutes and what they may train, classes with their certificates, assessments."""

import streamlit as st

from core.ground.access import OFFICERS, OrganizationKind, Refused, Role
from web import address, context, shell
from web.programmes import assessments, courses, institutes
from web.words import md

actor = shell.require(*OFFICERS, Role.BASE_CLERK)
shell.page(
    "数字技术工程师",
    "培训机构核准的职业、办班和结业考核、考核结果与等级证书。学时随培训情况报告通过登记一次，证书不另计学时。",
)
institute = actor.organization_kind is OrganizationKind.INSTITUTE
views = {"办班与结业": courses.draw, "机构与职业": institutes.draw, "职业目录": institutes.catalogue}
if actor.role in OFFICERS:
    views = {"培育情况": courses.standing} | views | {"考核结果": assessments.draw}
with st.container(horizontal=True, vertical_alignment="bottom"):
    year = address.year(context.today().year, ahead=1, back=3)
    view = address.view(list(views))
try:
    if actor.role is Role.BASE_CLERK and not institute:
        st.info("本项目由数字技术工程师培训机构办班，本单位没有可办理的事项；职业目录可以查看。")
    views[view](actor, year)
except Refused as refused:
    st.error(md(refused.words))
