"""What the one who signed in must do: each line opens its record; the most urgent first."""

from contextlib import suppress

import streamlit as st

from core.ground import db
from core.ground.access import Refused, Role
from core.ledger.years import Held
from core.office import dashboards, home
from core.office.home import Done, Item, Part
from core.records.shortfalls import Lack
from core.submissions.kinds import KINDS, Action
from web import address, bar, context, links, shell
from web.opening import checklist
from web.words import days_left, md, moment_text, whole

actor = shell.require()
today = context.today()
of, below = str(st.query_params.get("below", "")), None
with db.reading() as session:
    here = home.home(session, actor, now=context.now())
    with suppress(Refused):
        below = home.below(session, actor, now=context.now(), of=of) if of and here.below is not None else None
if of and below is None:
    address.unknown("below", "下级机构", of, "首页")
deciding, filing, oneself = here.waiting is not None, here.owed is not None, actor.role is Role.PERSON
shell.page("首页", f"今天是{today}" + ("，以下是需要您办理的事项，点开即可办理。" if deciding or filing else "。"))


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
    if item.kind == "league":
        where = "home", {"below": item.title}
    links.line("　".join(filter(None, told)), where)


def part(
    title: str, found: Part | None, *, name: str, deciding: bool = False, all_in: links.Place | None = None
) -> None:
    """A list with its count; where there are more than its lines, a link to where all of them are."""
    if found is None or not found.count:
        return
    with links.lines(name):
        st.markdown(f"**{title}**" + (f"　:blue-badge[{found.count}]" if found.count else ""))
        for item in found.items:
            line(item, deciding=deciding)
        if found.more > 0:
            links.line(f":gray[还有{found.more}件]" + ("　:blue[查看全部]" if all_in else ""), all_in)


def done(lines: tuple[Done, ...]) -> None:
    """What the account did last, each a link where it has a record to open."""
    with links.lines("done"):
        st.markdown("**最近办理**")
        for each in lines:
            words = f":gray[{moment_text(each.at)}]　{each.event}" + (f"　{md(each.title)}" if each.title else "")
            links.line(words, links.record(each.kind, each.id, actor) if each.still else None)


def own_years(held: Held) -> None:
    """A person's years: hours against what is required, what is missing, the cards."""
    with links.lines("years"):
        st.markdown("**我的学时**　:gray[已学 / 要求，学时]")
        for year in held.years[:3]:
            told = "　".join(whole(f"{each.name} {each.words}") for each in year.subjects)
            lack = "" if not year.words else f":{'green' if year.complete else 'orange'}-badge[{md(year.words)}]　"
            links.line(f"{lack}**{year.year}年度**　{told}", ("credit_lookup", {}))
        if not held.years:
            st.caption("还没有已审核的学时。培训情况报告审核通过后，学时会登记在这里。")
        for years, words in here.void[:3]:
            links.line(f":orange-badge[审验卡已失效]　{years}　{md(words)}　可重新打印", ("credit_lookup", {}))
        if here.cards:
            st.caption("已出具的审验卡：" + "、".join(f"{year}年度（{code}）" for year, code in here.cards[:3]))
        shell.link("credit_lookup", "查看每一笔学时，打印审验卡")


def staff(everybody: int, short: int) -> None:
    """An employer's people: how many of them are short of hours, and who."""
    with links.lines("people"):
        st.markdown(f"**本单位人员**　:gray[{today.year}年度]")
        badge = f":orange-badge[{short:,}人短缺]" if short else ":green-badge[无人短缺]"
        links.line(
            f"{badge}　**共{everybody:,}人**　:blue[查看谁还差多少学时]",
            ("credit_lookup", {"lack": Lack.YEAR.label} if short else {}),
        )


def figures(amounts: dict[dashboards.Measure, float]) -> None:
    """The dashboard's headline of the year."""
    with st.container(border=True):
        st.markdown(f"**{today.year}年度办理情况**")
        with st.container(horizontal=True):
            for measure, amount in amounts.items():
                st.metric(measure.headline, dashboards.told(amount, measure))
        shell.link("quota_dashboard", "按盟市和月份查看")


if below is not None:
    shell.link("home", "返回首页", icon=shell.BACK)
    part("下级逾期未报" if of == home.ALL else f"{md(of)}：下级逾期未报", below, name="below-all")
    if not below.count:
        shell.empty("没有逾期未报的。", "clear")
    bar.end()
if here.steps:
    checklist.draw(here.steps)
first_backup = any(step.code == "backup" and not step.settled for step in here.steps)  # said in the list above
if here.backup is not None and here.backup.silent:
    st.warning(md(here.backup.silent))
    shell.link("backups", "备份与恢复")
elif here.backup is not None and here.backup.stale(context.now()) and not first_backup:
    when = f"最近一次成功的备份是{moment_text(here.backup.last)}。" if here.backup.last else "备份位置里没有备份。"
    st.warning(f"{when}{md(here.backup.trouble)}")
    shell.link("backups", "备份与恢复")
elif here.backup is not None and here.backup.last:
    st.caption(f"最近一次成功的备份：{moment_text(here.backup.last)}")
if here.held is not None:
    own_years(here.held)
if here.figures is not None:
    figures(here.figures)
if here.people is not None and here.people[0]:
    staff(*here.people)
waiting = (here.soon, here.returned, here.waiting, here.owed, here.below)
left, right = st.columns([5, 2]) if here.done else (st.container(), None)
with left:
    if deciding:
        part(f"{home.SOON}天内须办", here.soon, name="soon", deciding=True, all_in=("review", {}))
    else:
        part(f"逾期和{home.SOON}天内到期", here.soon, name="late", all_in=("filing", {}) if filing else None)
    part("退回待改", here.returned, name="returned", all_in=("filing", {}))
    part("等待本机关办理", here.waiting, name="waiting", deciding=True, all_in=("review", {}))
    part("待学习、待填写" if oneself else "待填写、待报送", here.owed, name="owed", all_in=("filing", {}))
    part("下级逾期未报", here.below, name="below", all_in=("home", {"below": home.ALL}))
    if not any(found.count for found in waiting if found):
        if deciding:
            shell.empty("没有等待办理的申报。有新的上报时会列在这里；办理过的，在“审核”中选“全部”查看。", "clear")
        elif filing:
            shell.empty("没有待填写、待报送的事项。要新填一份，请从“申报”进入。", "clear")
        else:
            shell.empty("您没有需要办理的事项。", "clear")
    if here.filed:
        words = dict.fromkeys(kind.word_for(Action.SUBMIT) for kind in KINDS.values() if kind.filed_by(actor))
        *more, last = words
        filed = f"已{'、'.join(more)}{'或' if more else ''}{last}"
        links.line(f":gray[{filed}、等待人社部门审核的有{here.filed}件]　:blue[查看]", ("filing", {}))
if right:
    with right:
        done(here.done)
