"""What the one who signed in must do: each line opens its record; the most urgent first."""

import streamlit as st

from core.ground import db
from core.ledger.years import Held
from core.office import dashboards, home
from core.office.home import Done, Item, Part
from core.submissions.kinds import KINDS
from web import context, links, shell
from web.opening import checklist
from web.words import days_left, md, moment_text

actor = shell.require()
today = context.today()
with db.reading() as session:
    here = home.home(session, actor, now=context.now())
deciding, filing = here.waiting is not None, here.owed is not None
shell.page("首页", f"今天是{today}" + ("，以下是需要您办理的事项，点开即可办理。" if deciding or filing else "。"))
st.html(links.STYLE)


def urgency(item: Item, *, deciding: bool) -> str:
    """How urgent a thing is, as a badge: what waits for a decision by its start and its wait, else by its last day."""
    soon = item.left is not None and item.left <= home.SOON
    if item.left is not None and (soon or not deciding or item.since is None):
        colour = "red" if item.left < 0 else "orange" if soon else "gray"
        start = f"距开始{item.left}天" if item.left > 0 else "今天开始" if item.left == 0 else "已过开始日期"
        return f":{colour}-badge[{start if deciding else f'{item.due_on} {days_left(item.left)}'}]"
    waited = "今天" if not item.days else f"已等{item.days}天" if deciding else f"{item.days}天前"
    return f":gray-badge[{waited}]" if item.since else ""


def line(item: Item, *, deciding: bool) -> None:
    """One thing to do, as a link to its record: how urgent, what, whose, why."""
    kind = f":gray[{KINDS[item.kind].short}]" if item.kind in KINDS else ""
    who = f":gray[{md(item.who)}]" if item.who else ""
    words = md(item.words[:60]) + ("…" if len(item.words) > 60 else "")
    told = [urgency(item, deciding=deciding), kind, f"**{md(item.title)}**", who, words]
    where = links.place(item.kind, item.id, actor, plan_id=item.plan_id)
    links.line("　".join(filter(None, told)), where)


def part(title: str, found: Part | None, *, name: str, deciding: bool = False, empty: str = "") -> None:
    """A list with its count; an empty one says why, where there is anything to say."""
    if found is None or not (found.count or empty):
        return
    with links.lines(name):
        st.markdown(f"**{title}**" + (f"　:blue-badge[{found.count}]" if found.count else ""))
        for item in found.items:
            line(item, deciding=deciding)
        if not found.count:
            st.caption(empty)
        if found.count > len(found.items):
            left = found.count - len(found.items)
            where = "review" if deciding else ALL.get(name)
            links.line(
                f":gray[还有{left}件{'，查看全部' if where else '，办完上面的会接着列出'}]",
                (where, {}) if where else None,
            )


ALL = {"soon": "filing", "returned": "filing", "owed": "filing"}
"""Where the whole of a list stands that is not to be decided."""


def done(lines: tuple[Done, ...]) -> None:
    """What the account did last, each a link where it has a record to open."""
    with links.lines("done"):
        st.markdown("**最近办理**")
        for each in lines:
            words = f":gray[{moment_text(each.at)}]　{each.event}" + (f"　{md(each.title)}" if each.title else "")
            links.line(words, links.place(each.kind, each.id, actor) if each.kind in KINDS else None)
        if not lines:
            st.caption("还没有办理记录。")


def own_years(held: Held) -> None:
    """A person's years: hours against what is required, what is missing, the cards."""
    with links.lines("years"):
        st.markdown("**我的学时**　:gray[已学 / 要求]")
        for year in held.years[:3]:
            told = "　".join(f"{each.name} {each.words}" for each in year.subjects)
            lack = "" if not year.words else f":{'green' if year.complete else 'orange'}-badge[{md(year.words)}]　"
            links.line(f"{lack}**{year.year}年度**　{md(told)}", ("credit_lookup", {}))
        if not held.years:
            st.caption("还没有已审核的学时。培训情况报告审核通过后，学时会登记在这里。")
        if here.cards:
            st.caption("已出具的审验卡：" + "、".join(f"{year}年度（{code}）" for year, code in here.cards[:3]))
        shell.link("credit_lookup", "查看每一笔学时，打印审验卡")


def figures(amounts: dict[dashboards.Measure, float]) -> None:
    """The dashboard's headline of the year."""
    with st.container(border=True):
        st.markdown(f"**{today.year}年度办理情况**")
        with st.container(horizontal=True):
            for measure, amount in amounts.items():
                st.metric(measure.headline, dashboards.told(amount, measure))
        shell.link("quota_dashboard", "按盟市和月份查看")


if here.steps:
    checklist.draw(here.steps)
first_backup = any(step.code == "backup" and not step.settled for step in here.steps)  # said in the list above
if here.backup is not None and here.backup.stale(context.now()) and not first_backup:
    when = f"最近一次成功的备份是{moment_text(here.backup.last)}。" if here.backup.last else "还没有备份。"
    st.warning(f"{when}{md(here.backup.trouble)}")
    shell.link("backups", "备份与恢复")
elif here.backup is not None and here.backup.last:
    st.caption(f"最近一次成功的备份：{moment_text(here.backup.last)}")
if here.held is not None:
    own_years(here.held)
if here.figures is not None:
    figures(here.figures)
left, right = st.columns([5, 2])
with left:
    part("本周内须办" if deciding else "逾期和本周到期", here.soon, name="soon", deciding=deciding)
    part("退回待改", here.returned, name="returned")
    none = "没有等待办理的申报。有新的上报时会列在这里；办理过的，在“审核”中选“全部”查看。"
    part("等待本机关办理", here.waiting, name="waiting", deciding=True, empty=none)
    none = "" if here.soon.count else "没有待填写、待报送的事项。要新填一份，请从左侧进入。"
    part("待填写、待报送", here.owed, name="owed", empty=none)
    part("下级逾期未报", here.below, name="below", empty="管理权限内没有逾期未报的报告。")
    if here.filed:
        st.caption(f"另有{here.filed}件已上报，正在等待人社部门审核。")
    if not any((here.soon.count, deciding, here.owed, here.below)):
        st.info("您没有需要办理的事项。查询和核验，请从左侧进入。")
with right:
    done(here.done)
