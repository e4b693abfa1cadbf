"""Posted hours for the talent database: what waits, the file of a parcel, and that it was sent."""

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused, Role
from core.models import Parcel
from core.records import exchange
from web import address, context, deeds, shell, tables
from web.deeds import Who
from web.words import md, moment_text

actor = shell.require(Role.REVIEWER)
COLUMNS = "parcel_number entries prepared_at prepared_by sent_at sent_by".split()


def prepare(year: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        parcel = exchange.prepare(session, year, **who)
        return f"第{parcel.number}次的报送文件已生成，共{parcel.entries:,}笔，请下载。"

    deeds.deed(act, "prepare", year, str(context.now()))


def mark(parcel: Parcel) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        done = exchange.mark_sent(session, parcel.id, version=parcel.version, **who)
        return f"第{done.number}次已标记为已报送，学员可以看到报送时间。"

    deeds.deed(act, "sent", parcel.id, parcel.version)


def file(parcel_id: int, number: int, year: int) -> None:
    """The file of a parcel; it holds full ID numbers, so that to take it is a logged act."""

    def taken(session: Session, **who: Unpack[Who]) -> bytes:
        return exchange.workbook(session, parcel_id, **who)

    tables.download(
        f"下载第{number}次的文件（含身份证号，记入审计日志）",
        taken,
        f"{year}年度学时报送第{number}次.xlsx",
        opened=db.transaction,
        key=f"parcel-{parcel_id}",
        icon=":material/table_view:",
    )


def now(here: exchange.Standing, year: int) -> None:
    """What waits, and the one next thing to do about it."""
    open_ = here.open.entries if here.open else 0
    figures = (("已报送", here.sent), ("文件已生成、待报送", open_), ("尚未生成文件", here.waiting))
    for place, (label, count) in zip(st.columns(3), figures, strict=True):
        place.metric(label, f"{count:,}笔")
    if here.late(context.now()):
        hours = int(here.lag.total_seconds() // 3600)
        st.warning(f"最早的一笔{moment_text(here.oldest)}入账，已超过{hours}小时没有报送。")
    if here.open is None:
        if here.waiting:
            st.button("生成报送文件", type="primary", on_click=prepare, args=(year,), key="prepare")
        return
    with st.container(horizontal=True):
        file(here.open.id, here.open.number, year)
        st.button("标记为已报送", type="primary", on_click=mark, args=(here.open,), key="sent")
        if here.waiting:
            st.button(f"补入新入账的{here.waiting:,}笔", on_click=prepare, args=(year,), key="prepare")
    st.caption("把文件送到人才信息库以后，再标记为已报送。")


def draw() -> None:
    shell.page("报送人才库", "把本机关入账的学时报送内蒙古人才信息库：每一笔只报一次，冲销的另报一笔冲销。")
    year = address.year(context.today().year, back=4, label="学时年度")
    with db.reading() as session:
        here = exchange.standing(session, year, actor)
        found = exchange.listing(session, year, actor)
    now(here, year)
    st.markdown("**报送记录**")
    shown = found.rename(columns={"number": "parcel_number", "made_at": "prepared_at", "made_by": "prepared_by"})
    chosen = tables.pick(shown, COLUMNS, name="parcel", empty=f"{year}年度还没有报送过。", what="第{}号报送")
    numbers = dict(zip(found["id"], found["number"], strict=True))
    if chosen and chosen in numbers and (here.open is None or chosen != here.open.id):
        file(chosen, int(numbers[chosen]), year)
    st.caption(
        "人才信息库没有公布接口和文件格式，文件按能认定一笔学时的最少各列生成，流水号不变；库中没有登记统一社会信用代码，该列留空。"
    )


try:
    draw()
except Refused as refused:
    st.error(md(refused.words))
