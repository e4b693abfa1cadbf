"""Cards of many people at once: of a training, a unit or a filter; made beside the pages, taken away when done."""

import streamlit as st

from core.ground import db
from core.ground.access import Refused
from core.office import retention
from core.people import activation
from core.records import printing
from web import address, shell
from web.credit import bulk
from web.words import md

actor = shell.require(*printing.PRINTERS)
with db.reading() as session:
    days = retention.terms(session)["printed"]
kept = f"文件保存{days}日" if days else "文件一直保存"
shell.page(
    "批量打印和开通码" if actor.role in activation.GIVERS else "批量打印审验卡",
    f"一次打印一批人的审验卡，在后台办理，{kept}，只有您能下载；没有账号的人，发开通码由本人开通。"
    if actor.role in activation.GIVERS
    else f"一次打印一个培训、一个单位或一批人的审验卡。在后台办理，不影响其他操作；{kept}，只有您能下载。",
)
view = "打印审验卡"
if actor.role in activation.GIVERS:
    view = address.view(["打印审验卡", "发放开通码"])
try:
    if view == "发放开通码":
        bulk.codes(actor)
    else:
        bulk.starting(actor)
        bulk.under_way(actor)
except Refused as refused:
    st.error(md(refused.words))
