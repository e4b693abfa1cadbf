"""A policy in plain words (政策条文), clause by clause, with its worked examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.law import cases, notices
from core.law.notices import YEARS_SINCE, Condition, Conversion, Policy, Waiver, Window

_FACT_WORDS = {
    "non_public": "非公有制经济领域",
    "front_line": "苏木、乡镇等基层一线",
    "postdoc_funded": "在站期间获中国博士后科学基金资助或主持省部级以上科研项目",
    "stays_in_region": "出站后留在自治区工作",
    "epidemic_years": "符合疫情防控职称评审倾斜政策",
}
"""Of whom a fact holds, as it stands before 的."""
_SINCE_WORDS = {"years_since_transfer": "从党政机关转任", "years_in_post": "任现职"}
_UNITS = {"hour": "小时", "day": "天", "item": "项"}


@dataclass(frozen=True)
class Article:
    """Article (条文) of a policy in plain words: one thing a policy says, with the clause it comes from."""

    clause: str
    heading: str
    words: str


def articles(policy: Policy) -> list[Article]:
    """Policy in plain words (政策条文).

    A policy clause by clause, in the words an officer would use, in the notice's own order.
    """
    order = {clause: place for place, clause in enumerate(policy.clauses)}
    return sorted(_articles(policy), key=lambda article: order.get(article.clause, len(order)))


def _articles(policy: Policy) -> Iterator[Article]:
    names = {subject.code: subject.name for subject in policy.subjects} | {notices.TOTAL: notices.TOTAL_NAME}

    combine = {"each_year": "每年度", "sum": "各年度合计", "average": "各年度平均"}[policy.requirement.combine]
    yield Article(policy.requirement.clause, "学时要求", combine + _amounts(names, policy.requirement.hours))
    for change in policy.requirement.changes:
        years = "、".join(map(str, change.years))
        yield Article(change.clause, "个别年度", f"{years}年度改为{_amounts(names, change.hours)}")
    for words in _further(policy, names):
        yield Article(policy.requirement.clause, "学时要求", words)
    for subject in policy.subjects:
        if subject.providers:
            yield Article(
                subject.clause, subject.name, "由" + "、".join(kind.label for kind in subject.providers) + "组织"
            )
        if subject.modes:
            yield Article(subject.clause, subject.name, f"方式为{'、'.join(mode.label for mode in subject.modes)}")
        if subject.exam:
            yield Article(subject.clause, subject.name, "考试合格后才登记学时")
        if subject.part_of:
            yield Article(subject.clause, subject.name, f"计入{names[subject.part_of]}")
    for window in policy.windows:
        own = f"，合计{_amounts(names, window.hours)}" if window.hours else ""
        yield Article(window.clause, "申报要求", _window_words(policy, window) + own)
    for waiver in policy.waivers:
        yield Article(waiver.clause, waiver.name, _waiver_words(policy, waiver))
    for given in policy.conversions:
        rate = _rate_words(given)
        limits = "".join(
            f"，{words}不超过{amount.normalize():f}学时"
            for words, amount in (("每项", given.per_item), ("每年度", given.per_year))
            if amount is not None
        )
        which = "".join(part for part in (given.activity, given.level, given.rank) if part)
        yield Article(given.clause, "学时折合", f"{which}{rate}，计入{names[given.subject]}{limits}")
    for deemed in policy.deemed:
        yield Article(deemed.clause, "视同完成", f"{deemed.source}：取得证书年度的{names[deemed.subject]}视同完成")
    for cap in policy.caps:
        per = {"day": "每天", "item": "每项", "year": "每年度"}[cap.per]
        which = "、".join(filter(None, (cap.source, names.get(cap.subject or ""))))
        most = f"{per}最多计{cap.hours.normalize():f}学时" if cap.hours else "不计学时"
        yield Article(cap.clause, "上限", f"{which}{most}")
    if policy.makeup:
        which = policy.makeup.words if policy.makeup.years_back != 0 else ""
        what = f"可补学{which}" if which else "不补学以前年度"
        yield Article(policy.makeup.clause, "补学", f"{names[policy.makeup.subject]}{what}")
    for study in policy.study_windows:
        where = (study.league or "") + names.get(study.subject or "", "")
        where += "：" if where else ""
        yield Article(study.clause, "学习时间", f"{where}{study.words}")
    if policy.deadlines:
        before, after = policy.plan_days_before_start, policy.report_days_after_end
        unit = "个工作日" if policy.setting("deadline_days") == "working" else "天"
        told = f"培训开始前至少{before}{unit}" if before else "培训开始以前"
        yield Article(policy.plan_clause, "上报培训计划", told)
        told = f"培训结束后{after}{unit}内" if after else "培训结束当天"
        yield Article(policy.report_clause, "报送培训情况报告", told)
    yield from _programmes(policy)
    for duty in policy.duties:
        by = f"（{notices.month_day(duty.due)}前）" if duty.due else ""
        yield Article(duty.clause, duty.name, f"{duty.who}：{duty.words}{by}")


def _programmes(policy: Policy) -> Iterator[Article]:
    for programme in policy.programmes:
        target = ""
        if programme.target is not None:
            most = f"至{_count(programme.target_at_most)}" if programme.target_at_most else ""
            target = f"计划{_count(programme.target)}{most}{programme.unit}"
        dates = [
            f"{notices.month_day(day)}前{what}"
            for day, what in ((programme.plan_due, "报计划"), (programme.summary_due, "报总结"))
            if day
        ]
        yield Article(programme.clause, programme.name, "，".join(filter(None, [target, *dates, programme.note])))


def _count(number: int) -> str:
    """A target as a notice writes it: 20000 as 2万."""
    return f"{number // 10_000}万" if number and not number % 10_000 else str(number)


def _amounts(names: Mapping[str, str], hours: Mapping[str, Decimal]) -> str:
    return "、".join(
        f"{names[code]}不少于{amount.normalize():f}学时" if amount else f"{names[code]}不作要求"
        for code, amount in hours.items()
    )


def _rate_words(given: Conversion) -> str:
    if given.rate is None:
        return "由审核部门依据证书核定"
    if given.unit == "hour" and given.rate == 1:
        return "按1:1折合"
    return f"每{_UNITS[given.unit]}折合{given.rate.normalize():f}学时"


def _further(policy: Policy, names: Mapping[str, str]) -> Iterator[str]:
    """What a requirement asks beside its amounts."""
    requirement = policy.requirement
    for code, share in requirement.share.items():
        yield f"{names[code]}不少于所学总学时的{(share * 100).normalize():f}%"
    if requirement.each_year_at_least:
        yield f"其中每个年度{_amounts(names, requirement.each_year_at_least)}"
    if day := requirement.counted_from:
        yield f"只计{_heading(policy, day) if day in policy.asked else f'{_day_words(day)}及'}以后完成的学时"


def _heading(policy: Policy, fact: str) -> str:
    """What a fact is called on the form; the years since a day by that day's."""
    code = YEARS_SINCE.get(fact, fact)
    return policy.asked[code].heading if code in policy.asked else fact


def _window_words(policy: Policy, window: Window) -> str:
    who = f"{window.route}" + (f"（{'、'.join(window.level)}）" if window.level else "")
    for what, only in (("学历为", window.education), ("系列为", window.series)):
        who += f"，{what}{'、'.join(only)}" if only else ""
    since = f"，{_heading(policy, window.since)}以前的年度不计" if window.since else ""
    return f"{who}：{_years_words(policy, window)}{since}"


def _years_words(policy: Policy, window: Window) -> str:
    if window.years_from:
        usual = {"years_in_post": "任现职以来各年度", "recognition_years": "按认定要求的年限"}
        heading = _heading(policy, window.years_from)
        since = window.years_from in YEARS_SINCE or policy.asked[window.years_from].type == "day"
        return usual.get(window.years_from, f"{heading}以来各年度" if since else f"{heading}所写的年数")
    includes = window.include_application_year and policy.setting("include_application_year", True)
    if window.cycle:
        current = "" if includes else "，不含申报当年"
        return f"每{window.cycle.years}年为一个周期（自{window.cycle.first}年起），本周期内各年度{current}"
    if not window.years:
        return "不要求学时"
    if window.years == 1:
        return "申报当年" if includes else "申报的上一年"
    return f"近{window.years}年，{'含' if includes else '不含'}申报当年"


def _waiver_words(policy: Policy, waiver: Waiver) -> str:
    """A waiver as one sentence: of whom, applying for what, what is asked."""
    applying = f"{'、'.join(map(str, waiver.application_years))}年度" if waiver.application_years else ""
    if waiver.routes or waiver.levels:
        applying += f"申报{'、'.join(waiver.levels)}{'、'.join(waiver.routes)}时"
    most = f"，最多{waiver.at_most}个年度" if waiver.at_most is not None else ""
    whose = _heading(policy, waiver.fact or "")
    left = "转任后的各年度" if waiver.fact == "years_since_transfer" else f"{whose}以后的各年度"
    spared = "疫情防控当年度" if waiver.fact == "epidemic_years" else f"“{whose}”各年度"
    effect = {
        "none_required": "不要求学时",
        "any_one_year": f"完成近{policy.setting('waiver_window', 3)}年中任一年度即可",
        "without_years": f"不要求{spared}的学时",
        "last_years": "不要求学时" if waiver.at_most == 0 else f"只要求{left}{most}",
    }[waiver.effect]
    return f"{_whom(policy, waiver)}，{applying}{effect}" + (f"；{waiver.note}" if waiver.note else "")


def _whom(policy: Policy, waiver: Waiver) -> str:
    """Whom a waiver is for: 年满55周岁的男性; when, where it is a year of the event: 从党政机关转任当年."""
    sexes = [f"{condition.is_}性" for condition in waiver.when if condition.fact == "sex"]
    told = [_condition_words(policy, condition) for condition in waiver.when if condition.fact != "sex"]
    told += [f"职称系列为{'、'.join(waiver.series)}"] if waiver.series else []
    whom = "、".join(told)
    if sexes:
        return f"{whom}的{sexes[0]}" if whom else sexes[0]
    return whom if whom.endswith(("当年", "起")) else f"{whom}的"


def _condition_words(policy: Policy, condition: Condition) -> str:
    """One condition as it stands before 的."""
    fact, is_, heading = condition.fact, condition.is_, _heading(policy, condition.fact)
    least, most = condition.at_least, condition.at_most
    if (number := least if least is not None else most) is not None:
        since = fact in YEARS_SINCE or (fact in policy.asked and policy.asked[fact].type == "day")
        if fact == "age":
            return f"年满{number}周岁" if most is None else f"年龄不超过{number}周岁"
        if not since:
            return f"{heading}不少于{number}" if most is None else f"{heading}不超过{number}"
        event = _SINCE_WORDS.get(fact, heading.removesuffix("日期"))
        if not number:
            return f"{event}当年" if most is not None else f"已{event}"
        if number == 1 and most is None and policy.setting("years_counted_from_next", True):
            return f"{event}的次年起"
        return f"{event}{'满' if most is None else '不超过'}{number}个年度"
    if condition.first or condition.last:
        day, side = (condition.first, "后") if condition.first else (condition.last, "前")
        return f"{heading}在{_day_words(day)}及以{side}"
    if condition.in_window is not None:
        return f"{heading}{'' if condition.in_window else '不'}在需完成的年度内"
    if not isinstance(is_, bool):
        return f"{heading}为{is_}"
    if fact in _FACT_WORDS:
        return ("" if is_ else "非") + _FACT_WORDS[fact]
    if fact in policy.asked and policy.asked[fact].type == "years":
        return f"{'' if is_ else '没有'}填写“{heading}”"
    return f"“{heading}”为“{'是' if is_ else '否'}”"


def _day_words(day: object) -> str:
    """A day in words: 2024年3月1日."""
    year, month, of_month = str(day).split("-")
    return f"{year}年{int(month)}月{int(of_month)}日"


def years_words(years: str) -> str:
    """Required years (需完成年度) as a decision writes them, in words: 需完成2022、2023、2024年度."""
    if years == "无":
        return "不要求学时"
    one = years.removesuffix("任一")
    told = "、".join(one.replace("|", ";").split(";")) + "年度"
    return f"{told}中完成任一年度即可" if one != years else f"需完成{told}"


def gap_words(gap: str) -> str:
    """Gap (缺口) as a decision writes it, in words by year: 2022年度缺公需30学时、专业60学时；2023年度缺专业5学时."""
    lacking: dict[str, list[str]] = {}
    for part in gap.split(";") if gap != "无" else []:
        subject = part[4:].rstrip("0123456789.")
        lacking.setdefault(part[:4], []).append(f"{subject}{part[4 + len(subject) :]}学时")
    return "；".join(f"{year}年度缺{'、'.join(parts)}" for year, parts in lacking.items())


def examples(policy: Policy) -> list[str]:
    """Worked examples (举例) in sentences.

    Worked examples of a policy with the answers the rules give; one that they answer wrongly is left out.
    """
    told = []
    for case in cases.worked_cases(policy):
        if case.show and not cases.differences(policy, case):
            given = cases.answer(policy, case)
            asked = "；".join(filter(None, (years_words(given["需完成年度"]), gap_words(given["缺口"]))))
            cited = given["依据"].replace(";", "、")
            told.append(f"{case.sentence}：{given['结论']}，{asked}（{cited}）")
    return told
