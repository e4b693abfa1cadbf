"""What the one who signed in must do: each line opens its record; the most urgent first."""

import streamlit as st

from core.ground import db
from core.ground.access import Role
from core.ledger.years import Held
from core.office import dashboards, home
from core.office.home import Done, Item, Part
from core.submissions.kinds import KINDS
from web import context, links, shell
from web.words import days_left, md, moment_text

actor = shell.require()
with db.reading() as session:
    now = context.moment(session)
    here = home.home(session, actor, now=now)
today = db.office_day(now)
shell.page("首页", f"今天是{today}，以下是需要您办理的事项，点开即可办理。")


def line(item: Item) -> None:
    """One thing to do, as a link to its record: what, whose, why, how urgent."""
    kind = KINDS[item.kind].short if item.kind in KINDS else ""
    told = [f":gray[{kind}]　" if kind else "", f"**{md(item.title)}**"]
    if item.who:
        told.append(f"　:gray[{md(item.who)}]")
    if item.left is not None:
        colour = "red" if item.left < 0 else "orange" if item.left <= home.SOON else "gray"
        told.append(f"　:{colour}-badge[{_urgency(item)}]")
    elif item.days:
        told.append(f"　:gray[已等{item.days}天]" if item.since and item.who else f"　:gray[{item.days}天前]")
    if item.words:
        told.append(f"　{md(item.words[:40])}{'…' if len(item.words) > 40 else ''}")
    where = links.place(item, actor)
    if where is None:
        st.markdown("".join(told))
    else:
        st.page_link(shell.page_file(where[0]), label="".join(told), query_params=where[1] or None, width="stretch")


def _urgency(item: Item) -> str:
    assert item.left is not None
    if actor.role in (Role.REVIEWER, Role.ADMIN) and here.waiting is not None and item.since:
        return f"距开始{item.left}天" if item.left >= 0 else "已到开始日期"
    return f"{item.due_on} {days_left(item.left)}"


def part(title: str, found: Part | None, *, empty: str = "", more: tuple[str, str] | None = None) -> None:
    """A list with its count; an empty one says why, where there is anything to say."""
    if found is None or not (found.count or empty):
        return
    with st.container(border=True, gap=None):
        st.markdown(f"**{title}**" + (f"　:gray-badge[{found.count}]" if found.count else ""))
        for item in found.items:
            line(item)
        if not found.count:
            st.caption(empty)
        if found.count > len(found.items):
            if more:
                shell.link(more[0], f"还有{found.count - len(found.items)}件，{more[1]}")
            else:
                st.caption(f"还有{found.count - len(found.items)}件")


def done(lines: tuple[Done, ...]) -> None:
    """What the account did last, each a link where it has a record to open."""
    with st.container(border=True, gap=None):
        st.markdown("**最近办理**")
        for each in lines:
            words = f":gray[{moment_text(each.at)[5:]}]　{each.event}" + (f"　{md(each.title)}" if each.title else "")
            where = links.place(Item(each.kind, each.id, each.title), actor) if each.kind in KINDS else None
            if where:
                st.page_link(shell.page_file(where[0]), label=words, query_params=where[1], width="stretch")
            else:
                st.markdown(words)
        if not lines:
            st.caption("还没有办理记录。")


def own_years(held: Held) -> None:
    """A person's years: hours against what is required, what is missing, the cards."""
    with st.container(border=True):
        st.markdown("**我的学时**")
        for year in held.years[:3]:
            told = "　".join(f"{each.name} {each.words}" for each in year.subjects)
            lack = "" if not year.words else f"　:{'green' if year.complete else 'orange'}-badge[{md(year.words)}]"
            st.markdown(f"**{year.year}年度**　{md(told)}{lack}")
        if not held.years:
            st.caption("还没有已审核的学时。培训情况报告审核通过后，学时会登记在这里。")
        if here.cards:
            st.caption("已出具的审验卡：" + "、".join(f"{year}年度（{code}）" for year, code in here.cards[:3]))
        shell.link("credit_lookup", "查看每一笔学时，打印审验卡")


def figures(amounts: dict[str, float]) -> None:
    """The dashboard's headline of the year."""
    with st.container(border=True):
        st.markdown(f"**{today.year}年度办理情况**")
        with st.container(horizontal=True):
            for name, amount in amounts.items():
                st.metric(dashboards.headline(name), f"{amount:,.0f}")
        shell.link("quota_dashboard", "按盟市和月份查看")


if here.held is not None:
    own_years(here.held)
if here.figures is not None:
    figures(here.figures)
left, right = st.columns([2, 1])
with left:
    officer = here.waiting is not None
    part("本周内须办" if officer else "逾期和本周到期", here.soon)
    part("退回待改", here.returned)
    part(
        "等待本机关办理",
        here.waiting,
        empty="没有等待办理的申报。有新的上报时会出现在这里，也可在左侧各栏查看已办理的。",
    )
    part("待填写、待报送", here.owed, empty="" if here.soon.count else "没有待填写、待报送的事项。可从左侧新填一份。")
    part("下级逾期未报", here.below)
    if here.filed:
        st.caption(f"另有{here.filed}件已上报，正在等待人社部门审核。")
with right:
    done(here.done)
