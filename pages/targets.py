"""Targets of the programmes: the region splits and publishes them, each office reads its own."""

import streamlit as st

from core.ground.access import Refused
from core.quotas import targets
from web import address, bar, context, quotas, shell
from web.words import md

actor = shell.require(*targets.READERS)
changes = targets.may_change(actor)
shell.page(
    "指标分解",
    "各专项项目的年度指标，按盟市和区直单位分解后下达；每次下达留一版，写明原因。"
    if actor.oversees_region
    else "自治区下达给本单位的各专项项目年度指标，每次调整都留有原因。",
)
views = ["现行指标", "分解与下达", "历次下达"] if changes else ["现行指标", "历次下达"]
row = st.container(horizontal=True, vertical_alignment="bottom")
with row:
    year = address.year(context.today().year, ahead=1, back=3)
    view = address.view(views)
    try:
        names = {each.code: each.name for each in targets.programmes(year)}
    except Refused as refused:
        st.error(md(refused.words))
        bar.end()
if not names:
    st.info(f"{year}年度的通知没有专项项目。")
    bar.end()
if view == "现行指标":
    quotas.in_force(year, actor)
    if not actor.oversees_region:
        bar.end()
    row = st.container()
with row:
    code = address.programme(names, label="各单位的进度" if view == "现行指标" else "专项项目") or ""
if view == "分解与下达":
    quotas.split(targets.programme(code, year), year, actor)
elif view == "历次下达":
    quotas.versions(targets.programme(code, year), year, actor)
else:
    quotas.shares(targets.programme(code, year), year, actor)
