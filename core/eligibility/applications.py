"""Applications (申报) as offices write them: a file or a form in, facts and every problem out. Decides nothing."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from core.eligibility.ownership import ownership, to_verify
from core.ground import names, resident_id, typed
from core.ground.access import OFFICERS, Refused, Role
from core.law import notices
from core.law.applicants import Applicant
from core.law.notices import EDUCATIONS, EVERY_NOTICE, LEVELS, Fact, Policy, Window
from core.tables import reading, sheets, values
from core.tables.mending import Made, Mended
from core.tables.problems import LEAVE_OUT, STRIKE, Problem
from core.tables.reading import NOTHING_MENDED, Listing, Understood
from core.tables.values import Unclear

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "申报人", "申报人姓名", "名字"),
    "id_number": resident_id.HEADINGS,
    "year": ("申报年度", "申报年份", "评审年度", "年度"),
    "route": ("申报方式", "申报类型", "评审方式", "申报途径"),
    "level": ("申报级别", "申报等级", "申报层级", "拟申报级别", "级别"),
    "series": ("职称系列", "申报系列", "系列"),
    "education": ("学历", "最高学历"),
    "non_public": ("单位性质", "单位类型", "单位类别", "所有制"),
    "front_line": ("基层一线", "是否基层一线", "苏木乡镇基层一线", "苏木乡镇一线"),
    "transferred_on": ("转任日期", "转任时间", "党政机关转任日期", "调入日期"),
    "in_post_since": ("任现职日期", "任现职时间", "现职称取得日期", "现任专业技术职务日期"),
    "recognition_years": ("认定年限", "考核认定年限", "认定要求年限"),
    "postdoc_funded": ("博士后资助或省部级项目", "博士后资助", "博士后资助或省部级课题"),
    "stays_in_region": ("出站留区", "出站后留区", "是否出站留区", "出站留区工作"),
    "epidemic_years": ("抗疫年度", "抗疫一线年度", "疫情防控一线年度", "疫情防控年度"),
}
"""Each column of every notice with its heading first and then the synonyms offices write."""
HEADINGS = {name: words[0] for name, words in COLUMNS.items()}
REQUIRED = ("name", "id_number", "year")
SOMETIMES = ("series", "education", *resident_id.SAID_AGAIN)
"""Columns that files may have and mostly have not."""


OWNERSHIPS = ("公有制", "非公有制", "非公有制（待核验）")
"""What the template offers of 单位性质; other words of it are understood as well, see `ownership`."""


def columns() -> dict[str, tuple[str, ...]]:
    """Columns of an applications file (申报名单): every notice's, then the facts that notices on file ask for."""
    own: dict[str, tuple[str, ...]] = {}
    for filed in notices.filed():
        for fact in filed.policy.facts if filed.policy else ():
            own[fact.code] = tuple(dict.fromkeys((*own.get(fact.code, ()), fact.heading, *fact.also)))
    return COLUMNS | own | resident_id.SAID_AGAIN


def headings() -> dict[str, str]:
    """The heading (表头) of each of `columns`."""
    return {name: words[0] for name, words in columns().items()}


def template() -> bytes:
    """Template (空白申报名单) as an .xlsx, with lists of routes, levels and what else is chosen."""
    rules = [each.policy for each in notices.filed() if each.policy]
    routes = dict.fromkeys(window.route for rule in rules for window in rule.windows)
    words = [rule.vocabulary for rule in rules]
    series = tuple(dict.fromkeys(each for known in words for each in known["series"]))
    said: dict[str, tuple[str, ...]] = {"route": tuple(routes), "level": LEVELS, "sex": ("男", "女")}
    said |= {"education": EDUCATIONS} | ({"series": series} if series else {})
    for fact in (*EVERY_NOTICE, *(fact for rule in rules for fact in rule.facts)):
        if fact.type == "flag":
            said[fact.code] = OWNERSHIPS if fact.code == "non_public" else ("是", "否", "待核验")
        elif fact.choices:
            said[fact.code] = tuple(fact.choices)
    return sheets.marked(headings(), [], [], title="申报名单", choices=said)


@dataclass(frozen=True)
class Application:
    """Application (申报): one row as written, and once a notice was asked as understood."""

    row: int
    """The row number of the spreadsheet, as its user sees it."""
    name: str
    id_number: str
    """Normalised where it is valid, else as written."""
    cells: Mapping[str, object]
    """The cells as written, by column name of `columns`."""
    year: int | None
    """None where it cannot be read."""
    doubtful: bool = False
    """Whether nobody knows who applies for which year: the batch's problems say why, and nothing is answered."""
    rival: str = ""
    """Which other row of the file has this number under another name, in words; the name on file decides."""
    facts: Applicant | None = None
    """None until `understood`, and where the row has problems."""


@dataclass
class Batch:
    """Applications file (申报名单), parsed: A file of applications as read, with everything that is wrong in it."""

    applications: list[Application] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    account: list[str] = field(default_factory=list)
    """What of the file was read and what was not (读入说明), in words."""
    understood: Understood | None = None
    """Which of the file's columns is which."""
    made: list[Made] = field(default_factory=list)
    """What was changed on the screen since the file came (改正处)."""


# --- reading --------------------------------------------------------------------------------------------------------

_ROUTE_WORDS = {"评审": "职称评审", "正常评审": "职称评审", "正常申报": "职称评审", "正常": "职称评审"} | {
    "破格": "破格评审",
    "破格申报": "破格评审",
    "认定": "考核认定",
    "考核": "考核认定",
}
_LEVEL_WORDS = {"副高": "高级", "正高": "高级", "助理": "初级", "员": "初级"}
"""By the word without its 级; where a notice tells 副高 from 正高 it says so, see `Policy.levels`."""
_EDUCATION_WORDS = {each: each for each in EDUCATIONS} | {"专科": "大专", "高职": "大专", "专升本": "本科"}
_STUDY = re.compile(
    r"非?全日制|在职|函授|自考|自学考试|成人高?等?教?育?|成教|电大|夜大|网络教?育?|远程教?育?|国民教育|党校|普通|统招|高等|大学"
    r"|(?:第一|最高)?学历|学位|研究生|毕业生?|[()\[\]【】:,、/]"
)
"""What is said beside a level of education and leaves it what it is."""


def read(
    content: bytes,
    filename: str,
    *,
    today: date | None = None,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
) -> Batch:
    """Parse an applications file (申报名单).

    Read applications from .xlsx, .xls, .et or .csv under SPEC's headings and those of the notices on file: who applies
    for which year, with every problem in that. What else they say is `understood` by the notice of each. `mended` is
    what was changed in it on the screen.

    Refused codes: "file" (unreadable, empty, too large), "headings" (no 姓名, 身份证号, 申报年度 in one row).
    """
    batch = Batch()
    table = reading.read(content, filename, listing(), chosen=chosen, mended=mended)
    batch.made = mended.made(table.written)
    batch.problems += table.problems
    batch.account, batch.understood = reading.account(table), table.understood
    asked = {problem.row for problem in table.problems if problem.blocking}
    for number, cells in table.rows:
        each, problems = identified(number, cells, today)
        batch.applications.append(replace(each, doubtful=each.doubtful or number in asked))
        batch.problems += problems
    if not batch.applications:
        raise Refused("file", "表头下面没有申报人员，请确认数据在同一张工作表内。")
    _check_repeated(batch)
    return batch


def listing() -> Listing:
    """Applications as a kind of table (申报名单表样): a line is a person's application for a year."""
    known = columns()
    facts = {name: words for name, words in known.items() if name not in (*REQUIRED, *SOMETIMES, "route", "level")}
    facts["non_public"] += ("非公有制", "民营企业", "私营企业")
    pairs = {name: set().union(*map(_pairs, words)) - _COMMON for name, words in facts.items()}

    def near(label: str) -> list[str]:
        """The fact that a heading nobody knows may mean: it shares two characters in a row with its headings, which
        those of other things do not have."""
        return [name for name, own in pairs.items() if own & _pairs(label)][:1]

    senders = (*OFFICERS, Role.EMPLOYER_CLERK)
    return Listing("申报名单", known, REQUIRED, near=near, near_by_row=True, code="applications", senders=senders)


def _pairs(word: str) -> set[str]:
    word = typed.plain(word)
    return {word[at : at + 2] for at in range(len(word) - 1)}


_OTHERS = (
    "专业技术职务 现专业技术职务 现任专业技术职务 任职资格 现职称 职称 现任职务 任职时间 工作单位 所在单位 单位名称 "
    "单位类别 联系电话 取得时间 取得日期 参加工作时间 毕业时间 出生日期 年度考核 工作年限 认定结果 是否通过 申报专业 "
    "项目 课题 省级 地区 企业 情况 级别 类型 类别 年度 年限 日期 时间"
).split()
_COMMON = set().union(*map(_pairs, _OTHERS))
"""Pairs of characters that headings of many other things have."""


def _check_repeated(batch: Batch) -> None:
    """Tell one number under two names, and one application twice, which is answered once."""
    by_number: dict[str, list[Application]] = defaultdict(list)
    for each in batch.applications:
        if not each.doubtful:
            by_number[each.id_number].append(each)
    asked = [name for name in columns() if name not in ("name", "id_number")]
    rivals: dict[int, str] = {}
    twice: dict[int, Problem] = {}
    for alike in by_number.values():
        first = alike[0]
        for place, each in enumerate(alike[1:], start=1):
            if not names.same(each.name, first.name):
                words = "与第{}行“{}”的号码相同而姓名不同，请核对两行的姓名和号码"
                rivals[each.row] = words.format(first.row, first.name)
                rivals.setdefault(first.row, words.format(each.row, each.name))
                continue
            for earlier in alike[:place]:
                if all(typed.text(each.cells.get(name)) == typed.text(earlier.cells.get(name)) for name in asked):
                    words, mend = f"与第{earlier.row}行重复，请删去一行", {STRIKE: ""}
                    twice[each.row] = Problem(
                        each.row, "id_number", "row-twice", each.id_number, words, True, LEAVE_OUT, mend
                    )
                    break
    batch.problems += twice.values()
    batch.applications = [
        replace(each, doubtful=each.doubtful or each.row in twice, rival=rivals.get(each.row, ""))
        for each in batch.applications
    ]


def identified(row: int, cells: Mapping[str, object], today: date | None) -> tuple[Application, list[Problem]]:
    """Who applies for which year: a row as an application, and everything that is wrong with that much of it."""
    problems: list[Problem] = []
    name = names.normalise(cells.get("name"))
    number = resident_id.normalise(cells.get("id_number"))

    def fault(column: str, code: str, words: str, offer: str = "", mended: str = "") -> None:
        mend = {column: mended} if offer else {}
        problems.append(Problem(row, column, code, typed.text(cells.get(column)), words, True, offer, mend))

    if wrong := names.fault(name):
        fault("name", *wrong)
    code = resident_id.problem(cells.get("id_number"), today=today)
    if code:
        offer, meant = resident_id.proposed(cells.get("id_number"))
        fault("id_number", code, resident_id.words(code, cells.get("id_number")), offer, meant)
    year = None
    try:
        year = values.year(cells.get("year"), dated=True)
        if year is None:
            raise Unclear("请填写四位年份，如2024")
    except Unclear as unclear:
        right, offered = values.meant(cells.get("year"), values.year)
        fault("year", "year-form", str(unclear), offered, right)
    if not code:
        for column, words in values.contradictions(number, cells).items():
            fault(column, "id-contradicted", words)
    return Application(row, name, number, dict(cells), year, bool(problems)), problems


def understood(each: Application, policy: Policy) -> tuple[Application, list[Problem]]:
    """Understand an application by the notice it is decided by: its facts, or everything that is wrong with them.

    A fact that the notice hangs the answer on may still be missing: `rules` says whether it does, `missing` what it is.
    """
    problems: list[Problem] = []
    assert each.year is not None
    facts: dict[str, Any] = {}
    unverified: set[str] = set()

    def fault(column: str, code: str, words: str) -> None:
        problems.append(Problem(each.row, column, code, typed.text(each.cells.get(column)), words))

    def take(column: str, understand: Callable[[object], Any]) -> Any:
        try:
            return understand(each.cells.get(column))
        except Unclear as unclear:
            fault(column, f"{column.replace('_', '-')}-form", str(unclear))
            return None

    words = policy.vocabulary
    route = take("route", lambda cell: _word(cell, words["route"], _ROUTE_WORDS))
    level = take("level", lambda cell: _word(cell, words["level"], _LEVEL_WORDS))
    facts["education"] = take("education", _education)
    facts["series"] = _series(each.cells.get("series"), policy.series)
    for fact in policy.asked.values():
        facts[fact.code], open_ = take(fact.code, partial(_fact, fact)) or (None, False)
        if open_:
            unverified.add(fact.code)
        if fact.type == "years" and max(facts[fact.code] or (0,)) > each.year:
            fault(fact.code, "date-order", f"晚于申报年度{each.year}，请核对{fact.heading}或申报年度")
        if fact.type == "day" and facts[fact.code] and (wrong := _misplaced(facts[fact.code], each, fact)):
            fault(fact.code, "date-order", wrong)
    if problems or each.doubtful:
        return each, problems
    who = (resident_id.sex(each.id_number), resident_id.birth_on(each.id_number), each.year, route, level)
    known = {name: value for name, value in facts.items() if value}
    return replace(each, facts=Applicant(*who, known, frozenset(unverified))), []


def _misplaced(day: date, each: Application, fact: Fact) -> str:
    """What is wrong with a day that lies after the application year or before the applicant's birth."""
    if resident_id.problem(each.id_number):
        return ""
    if day.year > (each.year or day.year) and fact in EVERY_NOTICE:
        return f"晚于申报年度{each.year}，请核对{fact.heading}或申报年度"
    return f"早于出生日期，请核对{fact.heading}" if day <= resident_id.birth_on(each.id_number) else ""


def in_words(problems: Iterable[Problem], of: Mapping[str, str] | None = None) -> str:
    """Problems of one application in a sentence, each under the heading (表头) of its column (`of`, see `headings`)."""
    of = of or headings()
    return "；".join(f"{each.heading(of)}：{each.words}" for each in problems)


def missing(policy: Policy, facts: Applicant, window: Window | None) -> tuple[str, str, str]:
    """What a notice lacks to decide an application (缺少的情况): column, code, words.

    `window`: the one that fits the applicant; None where none does.
    """
    year, route = facts.year, facts.route
    if window is None:
        for name, word in (("education", "学历"), ("series", "职称系列")):
            told = dict.fromkeys(
                each for other in policy.windows if other.route == route for each in getattr(other, name)
            )
            if name not in facts.facts and told:
                words = f"{policy.document}按{word}规定{route}的年度，请填写{word}，其中写明的有{'、'.join(told)}"
                return name, f"{name}-missing", words
        words = f"{policy.document}没有规定{year}年度{route}{facts.level}需完成哪些年度，请核对申报方式和级别"
        return "route", "policy", words
    code = notices.YEARS_SINCE.get(window.years_from or "", window.years_from or "")
    fact = policy.asked[code]
    if code == "recognition_years":
        asked = f"{route}须完成认定政策规定年限内的学时"
    elif code == "in_post_since":
        asked = f"{route}须完成任现职以来各年度的学时"
    else:
        asked = f"{route}需完成的年度按{fact.heading}确定"
    example = "3" if fact.type == "count" else "2019-07-01"
    return code, f"{code.replace('_', '-')}-missing", f"{asked}（{window.clause}），请填写{fact.heading}，如{example}"


def _word(cell: object, words: tuple[str, ...], synonyms: Mapping[str, str]) -> str:
    """One of the notice's words, or one that offices write for it."""
    text = typed.plain(cell)
    short = text.removesuffix("职称").removesuffix("级")
    with contextlib.suppress(Unclear):
        return values.word(text, words, synonyms)
    with contextlib.suppress(Unclear):
        return values.word(text.removesuffix("职称"), words)
    return values.word(short, words, synonyms)


def _series(cell: object, series: tuple[str, ...]) -> str | None:
    """The title series where the notice tells it apart; any other is as good as none."""
    text = typed.plain(cell)
    return next((each for each in series if text.removesuffix("系列") == each.removesuffix("系列")), None)


def _fact(fact: Fact, cell: object) -> tuple[Any, bool]:
    """A fact and whether it is still to be verified (待核验)."""
    if fact.type == "flag":
        return ownership(cell) if fact.code == "non_public" else _assertion(cell)
    said, open_ = to_verify(typed.narrow(cell.year if isinstance(cell, date) and fact.type == "years" else cell))
    if fact.type == "years":
        return _years(said, open_=open_)
    value: object = None
    if fact.type == "day":
        value = _day(said if open_ else cell)
    elif fact.type == "count":
        value = values.count(said if open_ else cell)
    elif not values.is_nothing(said):
        value = values.word(said, fact.choices)
    if open_ and not value:
        raise Unclear("请写出内容，再注明待核验，如2019-07-01（待核验）")
    return value, open_


def _education(cell: object) -> str | None:
    """学历, by its word: 在读 and 肄业 are none, and what stands beside a word (全日制, 毕业) does not change it."""
    text = typed.plain(cell)
    if text.casefold() in values.NO:
        return None
    found = _EDUCATION_WORDS.get(text) or _EDUCATION_WORDS.get(_STUDY.sub("", text).removesuffix("生"))
    if found is None:
        raise Unclear(f"请填已经取得的学历，“{'”“'.join(EDUCATIONS)}”之一")
    return found


def _assertion(cell: object) -> tuple[bool, bool]:
    """是, 否 or 待核验; 是（待核验） is an assertion as well; blank means no."""
    said, open_ = to_verify(typed.narrow(cell))
    if open_ and not said:
        return True, True
    try:
        yes = values.yes_no(said)
    except Unclear as unclear:
        raise Unclear("请填“是”“否”或“待核验”，空白表示否") from unclear
    return yes, yes and open_


def _day(cell: object) -> date | None:
    """A date cell, or text such as 2022-05-01, 2022/5/1, 2022年5月 or 2022; what is left out is the first."""
    return None if typed.plain(cell).casefold() in values.NO else values.day(cell, whole=False)


def _years(said: str, *, open_: bool) -> tuple[tuple[int, ...], bool]:
    """Years joined by ; ； , ， 、 or a range 2020-2022."""
    if typed.plain(said).casefold() in values.NO and not open_:
        return (), False
    found: set[int] = set()
    for part in filter(None, re.split(r"[;,、/|和\s]+", said.replace("年度", "").replace("年", ""))):
        years = re.fullmatch(r"(20\d\d)(?:[-~—至到]+(20\d\d))?", part)
        if years is None or int(years[2] or years[1]) < int(years[1]):
            raise Unclear("请写明年度，几个年度用分号隔开，如2020;2022")
        found.update(range(int(years[1]), int(years[2] or years[1]) + 1))
    if not found:
        raise Unclear("请写明年度，几个年度用分号隔开，如2020;2022")
    return tuple(sorted(found)), open_


def written(each: Application, column: str) -> object:
    """Cell for output.

    A cell as it goes back to who sent it: the ID number as text, dates as dates, the rest as written.
    """
    cell = each.cells.get(column)
    if column == "id_number":
        return each.id_number
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else typed.text(cell)
