"""Applications (申报) as offices write them: a file or a form in, facts and every problem out. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from core.ground import names, resident_id, sheets
from core.ground.access import Refused
from core.ground.problems import Problem
from core.law import notices, rules
from core.law.notices import EDUCATIONS, LEVELS, ROUTES, Policy, Window
from core.law.rules import ASSERTED, CONFIRMED, NO
from core.submissions import roster

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "申报人", "申报人姓名", "名字"),
    "id_number": roster.COLUMNS["id_number"],
    "year": ("申报年度", "申报年份", "评审年度", "年度"),
    "route": ("申报方式", "申报类型", "评审方式", "申报途径"),
    "level": ("申报级别", "申报等级", "申报层级", "拟申报级别", "级别"),
    "education": ("学历", "最高学历"),
    "non_public": ("单位性质", "单位类型", "所有制"),
    "front_line": ("基层一线", "是否基层一线", "苏木乡镇基层一线", "苏木乡镇一线"),
    "transferred_on": ("转任日期", "转任时间", "党政机关转任日期", "调入日期"),
    "in_post_since": ("任现职日期", "任现职时间", "现职称取得日期", "现任专业技术职务日期"),
    "recognition_years": ("认定年限", "考核认定年限", "认定要求年限"),
    "postdoc_funded": ("博士后资助或省部级项目", "博士后资助", "博士后资助或省部级课题"),
    "stays_in_region": ("出站留区", "出站后留区", "是否出站留区", "出站留区工作"),
    "epidemic_years": ("抗疫年度", "抗疫一线年度", "疫情防控一线年度", "疫情防控年度"),
}
"""Each column with its heading first and then the synonyms offices write. 学历 is asked for by some notices only."""
HEADINGS = {name: words[0] for name, words in COLUMNS.items()}
REQUIRED = ("name", "id_number", "year")


@dataclass(frozen=True)
class Application:
    """Application (申报): one row as written and as understood. `facts` is None where the row has problems."""

    row: int
    """The row number of the spreadsheet, as its user sees it."""
    name: str
    id_number: str
    """Normalised where it is valid, else as written."""
    cells: Mapping[str, object]
    """The cells as written, by column name of `COLUMNS`."""
    facts: rules.Applicant | None


@dataclass
class Batch:
    """Applications file (申报名单), parsed: A file of applications as read, with everything that is wrong in it."""

    applications: list[Application] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


# --- reading --------------------------------------------------------------------------------------------------------

_YES = ("是", "有", "√", "✓", "☑", "1", "y", "yes", "true", "对", "属实")
_NO = ("", "否", "无", "×", "0", "n", "no", "false", "-", "—", "/", "不是", "没有", "不属于")
_NON_PUBLIC = ("非公", "民营", "私营", "私企", "民企", "个体", "外资", "外商")
_PUBLIC = ("公有", "国有", "事业", "机关", "集体", "国企", "央企", "公立")
_ROUTE_WORDS = {"评审": "职称评审", "正常评审": "职称评审", "正常申报": "职称评审", "正常": "职称评审"} | {
    "破格": "破格评审",
    "破格申报": "破格评审",
    "认定": "考核认定",
    "考核": "考核认定",
}
_LEVEL_WORDS = {"副高": "高级", "正高": "高级", "副高级": "高级", "正高级": "高级", "助理级": "初级", "员级": "初级"}
_EDUCATION_WORDS = {"博士": "博士", "硕士": "硕士", "本科": "本科", "大专": "大专", "专科": "大专", "中专": "中专"}
_DAY = re.compile(r"(\d{4})(?:[-/.年](?:(\d{1,2})(?:[-/.月](?:(\d{1,2})日?)?)?)?)?(?: 00:00(?::00)?)?")
_FACT_COLUMNS = {"years_in_post": "in_post_since", "recognition_years": "recognition_years"}
ASSERTION_WORDS = {name: HEADINGS[name] for name in (*rules.ASSERTIONS, "epidemic_years")}


class _Unclear(Exception):
    """A cell that cannot be understood; the words say how to mend it."""


def read(content: bytes, filename: str, *, today: date | None = None) -> Batch:
    """Parse an applications file (申报名单).

    Read applications from .xlsx, .xls, .et or .csv under SPEC's headings, every problem named.

    Refused codes: "file" (unreadable, empty, too large), "headings" (no 姓名, 身份证号, 申报年度 in one row).
    """
    batch = Batch()
    for number, cells in sheets.read(content, filename, COLUMNS, REQUIRED).rows:
        words = [text for text in map(sheets.text, cells.values()) if text]
        signature = not sheets.text(cells.get("id_number")) and any("：" in text or ":" in text for text in words)
        if words and not signature and not roster.is_footing(cells):
            each, problems = understood(number, cells, today)
            batch.applications.append(each)
            batch.problems += problems
    if not batch.applications:
        raise Refused("file", "表头下面没有申报人员，请确认数据在同一张工作表内。")
    return batch


def understood(row: int, cells: Mapping[str, object], today: date | None) -> tuple[Application, list[Problem]]:
    """Parse one application (申报): A row as an application, or everything that is wrong with it."""
    problems: list[Problem] = []
    name = names.normalise(cells.get("name"))
    number = resident_id.normalise(cells.get("id_number"))

    def fault(column: str, code: str, words: str) -> None:
        problems.append(Problem(row, column, code, sheets.text(cells.get(column)), words))

    def take(column: str, understand: Callable[[object], Any]) -> Any:
        try:
            return understand(cells.get(column))
        except _Unclear as unclear:
            fault(column, f"{column.replace('_', '-')}-form", str(unclear))
            return None

    if not name:
        fault("name", "name-missing", "姓名为空，请补填")
    elif not names.is_name(name):
        fault("name", "name-form", names.FORM)
    code = resident_id.problem(cells.get("id_number"), today=today)
    if code:
        fault("id_number", code, resident_id.PROBLEMS[code])
    year, route, level = take("year", _year), take("route", _route), take("level", _level)
    education = take("education", _education)
    assertions = {
        column: take(column, _ownership if column == "non_public" else _assertion) for column in rules.ASSERTIONS
    }
    transferred_on, in_post_since = take("transferred_on", _day), take("in_post_since", _day)
    recognition_years = take("recognition_years", _count)
    epidemic_years, epidemic = take("epidemic_years", _years) or ((), NO)
    for column, on in (("transferred_on", transferred_on), ("in_post_since", in_post_since)):
        if on and year and on.year > year:
            fault(column, "date-order", f"晚于申报年度{year}，请核对{HEADINGS[column]}或申报年度")
        elif on and not code and on <= resident_id.birth_on(number):
            fault(column, "date-order", f"早于出生日期，请核对{HEADINGS[column]}")
    if year and route and level:
        for column, kind, words in policy_faults(
            year, route, level, education, recognition_years is not None, in_post_since is not None
        ):
            if not any(problem.column == column for problem in problems):
                fault(column, kind, words)
    facts = None
    if not problems:
        facts = rules.Applicant(
            sex=resident_id.sex(number),
            born_on=resident_id.birth_on(number),
            year=year,
            route=route,
            level=level,
            education=education,
            **assertions,
            transferred_on=transferred_on,
            in_post_since=in_post_since,
            recognition_years=recognition_years,
            epidemic_years=epidemic_years,
            epidemic=epidemic,
        )
    order = list(COLUMNS)
    problems.sort(key=lambda problem: order.index(problem.column))
    return Application(row, name, number, dict(cells), facts), problems


def in_words(problems: Iterable[Problem]) -> str:
    """Problems of one application in a sentence, each under the heading (表头) of its column."""
    return "；".join(f"{each.heading(HEADINGS)}：{each.words}" for each in problems)


def policy_faults(
    year: int, route: str, level: str, education: str | None, recognised: bool, in_post: bool
) -> Iterator[tuple[str, str, str]]:
    """Missing facts for a policy: why the policy of the year cannot decide such an application: column, code, words."""
    try:
        policy = notices.of_year(year)
    except Refused as refused:
        yield "year", "policy", refused.words
        return
    window = _window(policy, route, level, education)
    if window is None:
        if education is None and any(each.education for each in policy.windows if each.route == route):
            yield "education", "education-missing", f"{policy.document}按学历规定{route}的年度，请填写学历"
        else:
            yield (
                "route",
                "policy",
                f"{policy.document}没有规定{year}年度{route}{level}需完成哪些年度，请核对申报方式和级别",
            )
    elif window.years_from == "recognition_years" and not recognised:
        words = f"{route}须完成认定政策规定年限内的学时（{window.clause}），请填写认定年限，如3"
        yield "recognition_years", "recognition-years-missing", words
    elif window.years_from == "years_in_post" and not in_post:
        words = f"{route}须完成任现职以来各年度的学时（{window.clause}），请填写任现职日期，如2019-07-01"
        yield "in_post_since", "in-post-since-missing", words


def _window(policy: Policy, route: str, level: str, education: str | None) -> Window | None:
    """A window that fits; `rules` takes the most specific one, and all of one route ask for the same facts."""
    fitting = [
        window
        for window in policy.windows
        if window.route == route
        and (not window.level or level in window.level)
        and (not window.education or education in window.education)
    ]
    return max(fitting, key=lambda window: bool(window.level) + bool(window.education), default=None)


def _plain(cell: object) -> str:
    return sheets.text(cell).translate(sheets.HALF_WIDTH)


def _year(cell: object) -> int:
    text = str(cell.year) if isinstance(cell, date) else re.sub(r"年度?$", "", _plain(cell))
    if not re.fullmatch(r"(19|20)\d\d", text):
        raise _Unclear("请填写四位年份，如2024")
    return int(text)


def _route(cell: object) -> str:
    text = _plain(cell)
    text = _ROUTE_WORDS.get(text, text)
    if text not in ROUTES:
        raise _Unclear(f"请填“{'”“'.join(ROUTES)}”之一")
    return text


def _level(cell: object) -> str:
    text = _plain(cell).removesuffix("职称")
    text = _LEVEL_WORDS.get(text, text)
    if text not in LEVELS:
        raise _Unclear(f"请填“{'”“'.join(LEVELS)}”之一")
    return text


def _education(cell: object) -> str | None:
    text = _plain(cell)
    found = next((level for word, level in _EDUCATION_WORDS.items() if word in text), None)
    if text not in _NO and found is None:
        raise _Unclear(f"请填“{'”“'.join(EDUCATIONS)}”之一")
    return found


def _assertion(cell: object) -> int:
    """是, 否 or 待核验; 是（待核验） is an assertion as well; blank means no."""
    said, open_ = _said(cell)
    if said in _NO:
        return ASSERTED if open_ and not said else NO
    if said not in _YES:
        raise _Unclear("请填“是”“否”或“待核验”，空白表示否")
    return ASSERTED if open_ else CONFIRMED


def _ownership(cell: object) -> int:
    """单位性质: whether the employer is 非公有制."""
    said, open_ = _said(cell)
    if any(word in said for word in _NON_PUBLIC) or (open_ and not said):
        return ASSERTED if open_ else CONFIRMED
    if said in _NO or any(word in said for word in _PUBLIC):
        return NO
    raise _Unclear("请填“非公有制”或“公有制”，待核验的写“非公有制（待核验）”")


def _said(cell: object) -> tuple[str, bool]:
    """An assertion's words, and whether they are still to be verified."""
    text = _plain(cell).lower().replace(" ", "")
    said = re.sub(r"[(\[【]?(待核[验实查对]?|未核[验实])[)\]】]?", "", text)
    return said, said != text


def _day(cell: object) -> date | None:
    """A date cell, or text such as 2022-05-01, 2022/5/1, 2022年5月 or 2022; what is left out is the first."""
    if isinstance(cell, date):
        return cell.date() if isinstance(cell, datetime) else cell
    text = _plain(cell)
    if text in _NO:
        return None
    if re.fullmatch(r"[2-5]\d{4}", text):  # a date that a spreadsheet shows as its number of days
        return sheets.DAY_ZERO + timedelta(days=int(text))
    if re.fullmatch(r"\d{6}|\d{8}", text):
        text = "-".join(filter(None, (text[:4], text[4:6], text[6:])))
    found = _DAY.fullmatch(text)
    try:
        if found and 1940 <= int(found[1]) <= 2100:
            return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        pass
    raise _Unclear("不是有效的日期，请写成2022-05-01、2022年5月或2022")


def _count(cell: object) -> int | None:
    text = re.sub(r"个?年度?$", "", _plain(cell))
    if not text:
        return None
    if not re.fullmatch(r"\d{1,2}", text) or not 1 <= int(text) <= 40:
        raise _Unclear("请填写年数，1至40的整数，如3")
    return int(text)


def _years(cell: object) -> tuple[tuple[int, ...], int]:
    """Years joined by ; ； , ， 、 or a range 2020-2022, and whether they are confirmed."""
    said, open_ = _said(str(cell.year) if isinstance(cell, date) else re.sub(r"\s+", ";", _plain(cell)))
    if said in _NO and not open_:
        return (), NO
    found: set[int] = set()
    for part in filter(None, re.split(r"[;,、/|和]+", said.replace("年度", "").replace("年", ""))):
        years = re.fullmatch(r"(20\d\d)(?:[-~—至到]+(20\d\d))?", part)
        if years is None or int(years[2] or years[1]) < int(years[1]):
            raise _Unclear("请写明年度，几个年度用分号隔开，如2020;2022")
        found.update(range(int(years[1]), int(years[2] or years[1]) + 1))
    if not found:
        raise _Unclear("请写明年度，几个年度用分号隔开，如2020;2022")
    return tuple(sorted(found)), ASSERTED if open_ else CONFIRMED


def written(each: Application, column: str) -> object:
    """Cell for output.

    A cell as it goes back to who sent it: the ID number as text, dates as dates, the rest as written.
    """
    cell = each.cells.get(column)
    if column == "id_number":
        return each.id_number
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else sheets.text(cell)
