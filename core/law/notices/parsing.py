"""Reads a policy file, extends its parents, and names every fault by file and line."""

from __future__ import annotations

import difflib
import functools
import re
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from core.ground.access import Refused
from core.law.notices.language import (
    EDUCATIONS,
    EVERY_NOTICE,
    LEVELS,
    ROUTES,
    TOTAL,
    TOTAL_NAME,
    YEARS_SINCE,
    Cap,
    Cited,
    Condition,
    Conversion,
    Deemed,
    Duty,
    Fact,
    InForce,
    Interpretation,
    Level,
    Part,
    Policy,
    Programme,
    Reading,
    StudyWindow,
    SubjectRule,
    Waiver,
    Window,
    settled,
)


@dataclass(frozen=True)
class Fault:
    """Fault in a policy file.

    One thing wrong with a policy file: the file, the line (1 is the first), where in it, and in words what.
    """

    file: str
    line: int
    path: str
    words: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}: {where}{self.words}"


class Malformed(Refused):
    """Malformed policy file: A policy file with faults; all of them, in order of line."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("malformed", "政策文件有误：\n" + "\n".join(map(str, faults)))
        self.faults = faults


_SECTIONS: dict[str, tuple[type[Part], tuple[str, ...]]] = {
    "levels": (Level, ("name",)),
    "facts": (Fact, ("code",)),
    "subjects": (SubjectRule, ("code",)),
    "windows": (Window, ("route", "level", "education", "series")),
    "waivers": (Waiver, ("name",)),
    "conversions": (Conversion, ("activity", "level", "rank")),
    "deemed": (Deemed, ("source", "subject")),
    "caps": (Cap, ("per", "source", "subject")),
    "study_windows": (StudyWindow, ("league", "subject")),
    "programmes": (Programme, ("code",)),
    "duties": (Duty, ("name",)),
    "interpretations": (Interpretation, ("setting",)),
    "readings": (Reading, ("question",)),
}
"""The lists of a policy, and by what the rules in them are distinguished: no two alike in one file, and a file that
extends another replaces its like."""

_WORD_LISTS = ("clauses", "routes", "series")
"""Lists of words: a file that extends another adds to them."""

LARGEST, _DEEPEST, _LONGEST = 300_000, 20, 1_000
"""Characters in a file, levels in one another, entries on one level: far beyond any notice."""


class _Composer(yaml.SafeLoader):
    """YAML without what makes a small file endless: no aliases, no bottomless nesting."""

    level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise yaml.MarkedYAMLError(problem="不能用 & 和 * 引用，请把内容直接写出", problem_mark=event.start_mark)
        if self.level == _DEEPEST:
            raise yaml.MarkedYAMLError(problem="层次太深", problem_mark=event.start_mark)
        self.level += 1
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


@functools.lru_cache(maxsize=32)  # the same few files are read again for each draft, and composing is all that costs
def _composed(text: str) -> yaml.Node | None:
    composer = _Composer(text)
    try:
        return composer.get_single_node()
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode
        mark = composer.get_mark()
        raise yaml.MarkedYAMLError(problem="转义字符不对", problem_mark=mark) from error


_YAML_WORDS = (
    (r"character '\\t'", "缩进不能用制表符（Tab），请用空格"),
    (r"expected ',' or '[\]}]'", "方括号或花括号没有闭合，或者缺少逗号"),
    (r"expected the node content, but found '<stream end>'", "方括号或花括号没有闭合"),
    (r"unexpected end of stream", "引号没有闭合"),
    (r"mapping values are not allowed", "冒号或缩进的位置不对"),
    (r"expected <block end>", "缩进与上文不一致"),
    (r"could not find expected ':'", "缺少冒号"),
    (r"another document", "一个文件只能写一份政策，中间不能有 ---"),
    (r"that cannot start any token", "值以特殊符号开头，请加上引号"),
)


class _Located:
    """Plain data out of YAML that still knows the line each value stands on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[tuple[int, Any], tuple[str, int]] = {}
        self.faults: list[Fault] = []
        self.kept: list[Any] = []  # keeps every container alive, since lines are found by its identity

    def read(self, text: str | bytes) -> dict[str, Any]:
        """The file as plain data. Malformed where it is no YAML; lesser faults are collected in `faults`."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        text = text.removeprefix("\ufeff")
        if strange := re.search(r"[\ud800-\udfff]", text):
            raise self._unreadable(text.count("\n", 0, strange.start()), "不是UTF-8编码，请另存为UTF-8后再用")
        if len(text) > LARGEST:
            raise self._unreadable(0, f"文件太大，不能超过{LARGEST}字")
        try:
            node = _composed(text)
        except yaml.MarkedYAMLError as error:
            raise self._unreadable(*_said(error)) from error
        except yaml.reader.ReaderError as error:
            raise self._unreadable(text.count("\n", 0, error.position), "有不能显示的字符，不是文本文件") from error
        if not isinstance(node, yaml.MappingNode):
            line = node.start_mark.line if node else 0
            raise self._unreadable(line, "政策文件应是一组“名称: 值”" if node else "文件是空的")
        found: dict[str, Any] = self._plain(node)
        self.faults += _repeated(found, self)
        return found

    def _unreadable(self, line: int, words: str) -> Malformed:
        return Malformed([Fault(self.name, line + 1, "", words)])

    def _fault(self, node: yaml.Node, path: str, words: str) -> None:
        self.faults.append(Fault(self.name, node.start_mark.line + 1, path, words))

    def _plain(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", node.value):
                self._fault(node, "", "有不能显示的字符")
                return re.sub(r"[^\w\s]", "?", node.value)[:40].encode("ascii", "replace").decode()
            return None if node.tag == "tag:yaml.org,2002:null" else node.value
        if len(node.value) > _LONGEST:
            self._fault(node, "", f"同一层里不能超过{_LONGEST}项")
        entries = node.value[:_LONGEST]
        if isinstance(node, yaml.MappingNode):
            mapping: dict[str, Any] = {}
            self.kept.append(mapping)
            for key, value in entries:
                name = self._plain(key)
                if not isinstance(name, str):
                    self._fault(key, "", "名称应是文字")
                    continue
                if name in mapping:
                    self._fault(key, name, "同一层里写了两次")
                mapping[name] = self._plain(value)
                self.lines[id(mapping), name] = (self.name, key.start_mark.line + 1)
            return mapping
        items: list[Any] = []
        self.kept.append(items)
        for at, item in enumerate(entries):
            items.append(self._plain(item))
            self.lines[id(items), at] = (self.name, item.start_mark.line + 1)
        return items

    def line(self, raw: Any, path: Sequence[Any]) -> tuple[str, int]:
        """The file and line of the deepest part of a path that exists."""
        found = (self.name, 1)
        for step in path:
            found = self.lines.get((id(raw), step), found)
            if not _within(raw, step):
                break
            raw = raw[step]
        return found

    def fault(self, raw: Any, path: Sequence[Any], words: str) -> Fault:
        return Fault(*self.line(raw, path), ".".join(map(str, path)), words)


def _within(raw: Any, step: Any) -> bool:
    if isinstance(raw, list):
        return isinstance(step, int) and step < len(raw)
    return isinstance(raw, dict) and step in raw


def _said(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line (0 is the first) and in words what is no YAML; of something left open, the line where it opens."""
    problem = str(error.problem)
    words = next((said for pattern, said in _YAML_WORDS if re.search(pattern, problem)), None)
    opened = str(error.context).startswith(("while parsing a flow", "while scanning a quoted"))
    mark = (error.context_mark if opened else error.problem_mark) or error.problem_mark or error.context_mark
    if not problem.isascii():
        words = problem
    return mark.line if mark else 0, f"不是有效的YAML：{words or '请检查缩进、引号和符号'}"


# --- extension


def _extended(
    raw: dict[str, Any], located: _Located, parents: Mapping[str, str | bytes]
) -> tuple[dict[str, Any], bool]:
    """A file merged into all it extends, and whether the whole line of parents was found."""
    whole = True
    extends, line = raw.get("extends"), located.line(raw, ("extends",))
    seen = {str(raw.get("id"))}
    while whole and (wanted := raw.get("extends")):
        above = _Located(f"{wanted}.yaml")
        try:
            if not isinstance(wanted, str) or wanted not in parents:
                raise Malformed([located.fault(raw, ("extends",), f"没有找到要扩展的政策“{wanted}”")])
            if wanted in seen:
                raise Malformed([located.fault(raw, ("extends",), "政策文件互相扩展，成了一圈")])
            seen.add(wanted)
            parent = above.read(parents[wanted])
        except Malformed as error:
            located.faults += error.faults
            whole = False
        else:
            located.lines |= above.lines
            located.kept += [raw, *above.kept]
            located.faults += above.faults
            del raw["extends"]
            raw = _merged(parent, raw, located)
    if extends:
        raw["extends"] = extends
        located.lines[id(raw), "extends"] = line
    return raw, whole


def _merged(parent: dict[str, Any], child: dict[str, Any], located: _Located) -> dict[str, Any]:
    """The parent with the child's parts in place of their like; lists of rules are merged rule by rule."""
    mixed: dict[str, Any] = {}
    located.kept.append(mixed)
    for source in (parent, child):
        for name, value in source.items():
            before = mixed.get(name)
            if isinstance(value, dict) and isinstance(before, dict):
                mixed[name] = _merged(before, value, located)
            elif isinstance(value, list) and isinstance(before, list) and name in _SECTIONS:
                if name == "windows":
                    before = _yielding(before, value, located)
                mixed[name] = _merged_rules(before, value, _SECTIONS[name][1], located)
            elif isinstance(value, list) and isinstance(before, list) and name in _WORD_LISTS:
                mixed[name] = [*before, *(clause for clause in value if clause not in before)]
            else:
                mixed[name] = value
            if (id(source), name) in located.lines:
                located.lines[id(mixed), name] = located.lines[id(source), name]
    return mixed


def _merged_rules(before: list[Any], after: list[Any], keys: tuple[str, ...], located: _Located) -> list[Any]:
    rules = [*before]
    located.kept.append(rules)
    located.lines |= {(id(rules), at): located.lines[id(before), at] for at in range(len(before))}
    places: dict[Any, int] = {key: at for at, rule in enumerate(before) if (key := _key(rule, keys))}
    for at, rule in enumerate(after):
        place = places.pop(_key(rule, keys), len(rules))  # a second of the same name in one file stays, as a fault
        rules[place : place + 1] = [rule]
        located.lines[id(rules), place] = located.lines[id(after), at]
    return rules


def _yielding(before: list[Any], after: list[Any], located: _Located) -> list[Any]:
    """The parent's windows without the levels for which the child has its own."""
    left: list[Any] = []
    located.kept.append(left)
    for at, window in enumerate(before):
        if isinstance(window, dict) and isinstance(window.get("level"), list):
            own = [
                mine["level"]
                for mine in after
                if isinstance(mine, dict)
                and isinstance(mine.get("level"), list)
                and all(mine.get(name) == window.get(name) for name in ("route", "education", "series"))
            ]
            levels = [level for level in window["level"] if not any(level in each for each in own)]
            if not levels:
                continue
            if levels != window["level"]:
                lines = {key: located.lines[id(window), key] for key in window}
                window = window | {"level": levels}
                located.kept.append(window)
                located.lines |= {(id(window), key): line for key, line in lines.items()}
        located.lines[id(left), len(left)] = located.lines[id(before), at]
        left.append(window)
    return left


def _key(rule: Any, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """What tells a rule apart; None where it does not say."""
    if not isinstance(rule, dict) or not (rule.get(keys[0]) or keys[0] == "league"):
        return None
    told = (rule.get(name) or "" for name in keys)
    return tuple(";".join(sorted(map(str, value))) if isinstance(value, list) else str(value) for value in told)


# --- what is wrong

_WORDS = {
    "missing": "缺少这一项",
    "literal_error": "只能是 {expected}",
    "enum": "只能是 {expected}",
    "decimal_type": "应是数字，如 30 或 7.5",
    "int_parsing": "应是整数",
    "int_parsing_size": "数字太大",
    "int_from_float": "应是整数",
    "int_type": "应是整数",
    "bool_parsing": "应是 true 或 false",
    "bool_type": "应是 true 或 false",
    "date_from_datetime_parsing": "不是有效的日期，请写成 2024-01-31",
    "date_parsing": "不是有效的日期，请写成 2024-01-31",
    "multiple_of": "学时以0.5为最小单位",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "string_type": "应是文字",
    "string_too_short": "太短或为空",
    "string_too_long": "太长，最多{max_length}字",
    "too_short": "不能为空",
    "tuple_type": "应是一个列表",
    "dict_type": "应是一组“名称: 值”",
    "model_type": "应是一组“名称: 值”",
    "string_pattern_mismatch": "只能用小写字母、数字和连字符（或下划线）",
}
_UNCITED = "没有写明条款，请写出自通知哪一条"

_BEYOND = {
    ("fill_first", "shortage_first"): "先补齐上一周期的短缺",
    ("carry_over", "surplus"): "多学的学时结转到以后年度",
    ("committees", "committee"): "按评审委员会分别规定学时",
    ("counties", "county"): "按旗县分别规定（盟市可以有自己的文件）",
    ("school_year", "academic_year", "credit_year"): "自然年度以外的学时年度（如九月至次年八月）",
}
"""What offices ask for that a policy file cannot say, by the names they would write; README's list is this one."""
_INSTEAD = "目前不能表达{wish}；请删去此项，在 readings 中写明由审核部门怎样办理，需要系统办理的请告知系统维护人员"


def parse(
    text: str | bytes,
    *,
    name: str = "policy.yaml",
    parents: Mapping[str, str | bytes] | None = None,
    leagues: Collection[str] | None = None,
    to_publish: bool = False,
) -> Policy:
    """Read a policy from YAML text. `parents` gives the text of the files it may extend, by policy id, `leagues` the
    names of the leagues there are (None: whatever the file says). `to_publish`: with what a file on file may lack and
    one about to be put into force may not.

    Raises Malformed with every fault at once, each with its file and line; codes: "malformed".
    """
    located = _Located(name)
    raw, whole = _extended(located.read(text), located, parents or {})
    faults = {*located.faults}
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(raw)
    except ValidationError as error:
        faults |= {located.fault(raw, *said) for said in _ill_formed(error, raw)}
    faults |= {located.fault(raw, *said) for said in _strange_leagues(raw, leagues)}
    if policy and to_publish:
        faults |= {located.fault(raw, *said) for said in (*_left_out(policy), *_totals_left(policy))}
    parts, more = _parts(settled(raw))
    faults |= {located.fault(raw, *said) for said in more}
    if whole:
        faults |= {located.fault(raw, *said) for said in (*_strange_clauses(raw), *_meaning(raw, parts))}
    else:  # what a file leaves to its parents is not missing
        absent, lists = (_WORDS["missing"], _UNCITED), tuple(f"{section}." for section in _SECTIONS)
        faults = {each for each in faults if each.words not in absent or each.path.startswith(lists)}
    if faults or policy is None:
        raise Malformed(sorted(faults, key=lambda fault: (fault.file != name, fault.file, fault.line, fault.path)))
    return policy


def outline(
    text: str | bytes, *, name: str = "policy.yaml", parents: Mapping[str, str | bytes] | None = None
) -> tuple[str | None, InForce | None]:
    """What a faulty policy file still says of where and when it holds: its league, and its days; None where not even
    that can be read."""
    located = _Located(name)
    try:
        raw, _ = _extended(located.read(text), located, parents or {})
    except Malformed:
        raw = _plain_lines(text if isinstance(text, str) else text.decode("utf-8", "surrogateescape"))
    named = difflib.get_close_matches("league", map(str, raw), 1, 0.8)
    league = raw.get(named[0]) if named else None
    try:
        days = InForce.model_validate(raw.get("in_force"))
    except ValidationError:
        days = None
    return (league if isinstance(league, str) else None), days


def written_out(text: str, parents: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A policy file written out (全文写出) as plain data, with all it extends of `parents`; without them, what it says
    itself. Of parents that are not there nothing is taken. Malformed where it is no YAML.
    """
    located = _Located("policy.yaml")
    return _extended(located.read(text), located, parents or {})[0]


def _plain_lines(text: str) -> dict[str, Any]:
    """The league and the days of a file that is no YAML any more, out of the lines that still say them."""
    found: dict[str, Any] = {}
    if league := re.search(r"^league:\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE):
        found["league"] = league[1]
    if days := re.search(r"^in_force:\D*(\d{4}-\d\d-\d\d)\D*(\d{4}-\d\d-\d\d)", text, re.MULTILINE):
        found["in_force"] = {"from": days[1], "to": days[2]}
    return found


_Path = tuple[Any, ...]
_Said = tuple[_Path, str]
_Parts = dict[str, list[tuple[int, Any]]]


def _ill_formed(error: ValidationError, raw: Any, above: _Path = ()) -> Iterator[_Said]:
    """What the language cannot take, in the office's words."""
    for each in error.errors():
        path: list[Any] = []
        part = raw
        for step in each["loc"]:
            if not _within(part, step):
                if isinstance(part, dict) and each["type"] == "missing":
                    path.append(step)
                break
            path.append(step)
            part = part[step]
        if each["type"] == "too_short" and part:
            continue  # what is in the list is at fault, and said
        if each["type"] == "extra_forbidden":
            words = _unknown_key((*above, *each["loc"]))
        elif path and path[-1] == "clause" and each["type"] in ("missing", "string_type", "string_too_short"):
            words = _UNCITED
        elif each["type"] == "slip":
            words = each["msg"]
        else:
            given = {key: str(value) for key, value in each.get("ctx", {}).items()}
            if "expected" in given:
                given["expected"] = given["expected"].replace(" or ", ", ").replace("'", "").replace(", ", "、")
            words = _WORDS.get(each["type"], "写法不对").format_map(given)
        yield (*above, *path), words


def _unknown_key(path: _Path) -> str:
    """Of a key that the language has not: that it cannot be said, or which of those that may stand there was meant."""
    for names, wish in _BEYOND.items():
        if path[-1] in names:
            return _INSTEAD.format(wish=wish)
    part: Any = Policy
    for step in path[:-1]:
        if isinstance(step, str):
            fields = {field.alias or name: field.annotation for name, field in part.model_fields.items()}
            part = _part_in(fields.get(step)) or part
    allowed = [field.alias or name for name, field in part.model_fields.items()]
    near = difflib.get_close_matches(str(path[-1]), allowed, 1, 0.5)
    return f"没有这一项，是否为 {near[0]}" if near else f"没有这一项，这里只能写 {'、'.join(allowed)}"


def _part_in(kind: Any) -> Any:
    """The piece of the language that a field holds, alone, in a list or in a mapping."""
    if isinstance(kind, type) and issubclass(kind, Part):
        return kind
    return next(filter(None, map(_part_in, typing.get_args(kind))), None)


def _strange_leagues(raw: dict[str, Any], leagues: Collection[str] | None) -> Iterator[_Said]:
    """Leagues (盟市) there are not."""
    if leagues is None:
        return
    windows = raw.get("study_windows")
    named: list[tuple[_Path, Any]] = [(("league",), raw.get("league"))]
    for at, window in enumerate(windows if isinstance(windows, list) else ()):
        if isinstance(window, dict):
            named.append((("study_windows", at, "league"), window.get("league")))
    for path, league in named:
        if isinstance(league, str) and league not in leagues:
            near = difflib.get_close_matches(league, leagues, 1, 0.5)
            words = f"是否为 {near[0]}" if near else f"只能是 {'、'.join(leagues)}"
            yield path, f"没有盟市“{league}”，{words}"


def _left_out(policy: Policy) -> Iterator[_Said]:
    """What an office cannot work without, neither written nor said to be unknown."""
    there = {"deadlines": policy.deadlines, "providers": any(each.providers for each in policy.subjects)}
    words = {"deadlines": "计划和报告的期限（deadlines）", "providers": "任何科目由谁组织（providers）"}
    where: dict[str, _Path] = {"deadlines": ("deadlines",), "providers": ("subjects",)}
    for name, found in there.items():
        if not found and name not in policy.silent_on:
            yield where[name], f"没有写明{words[name]}；通知确未规定的，请写 silent_on: [{name}]"
        if found and name in policy.silent_on:
            yield ("silent_on",), f"已写明{words[name]}，请从 silent_on 中删去 {name}"


def _totals_left(policy: Policy) -> Iterator[_Said]:
    """What asks less of the subjects and leaves the total, so that nothing is dropped at all: in the amounts of every
    year a subject of none, or a change of single years."""
    requirement = policy.requirement
    usual = policy.of_subjects(requirement.hours)
    dropped = [each.name for each in policy.subjects if requirement.hours.get(each.code) == 0]
    if dropped and usual < requirement.hours.get(TOTAL, 0):
        words = (
            f"{'、'.join(dropped)}没有学时，各科目合计{usual:f}学时，而{TOTAL_NAME}为{requirement.hours[TOTAL]:f}学时，"
        )
        yield ("requirement", "hours"), f"{words}等于没有减；请写明相应的 total"
    for at, change in enumerate(requirement.changes):
        asked = requirement.hours | change.hours
        left = policy.of_subjects(asked)
        if TOTAL in requirement.hours and TOTAL not in change.hours and left < min(usual, asked[TOTAL]):
            words = f"改后各科目合计{left:f}学时，{TOTAL_NAME}仍为{asked[TOTAL]:f}学时，等于没有减；"
            words += "请写明该年度的 total"
            yield ("requirement", "changes", at, "hours"), words


def _parts(raw: dict[str, Any]) -> tuple[_Parts, list[_Said]]:
    """The rules of each list that are well formed, a missing citation apart, with their places; and what is not."""
    parts: _Parts = {}
    faults: list[_Said] = []
    for section, (model, _) in _SECTIONS.items():
        rules = raw.get(section)
        parts[section] = []
        for at, rule in enumerate(rules if isinstance(rules, list) else ()):
            try:
                cites = isinstance(rule, dict) and issubclass(model, Cited)
                cited = rule | {"clause": "?"} if cites else rule
                parts[section].append((at, model.model_validate(cited)))
            except ValidationError as error:
                faults += _ill_formed(error, cited, (section, at))
    return parts, faults


def _repeated(raw: dict[str, Any], located: _Located) -> Iterator[Fault]:
    for section, keys in {name: keys for name, (_, keys) in _SECTIONS.items()}.items() | {("clauses", ())}:
        seen: set[Any] = set()
        rules = raw.get(section)
        if section == "windows" or not isinstance(rules, list):
            continue  # windows that meet are found by what they say
        for at, rule in enumerate(rules):
            key = _key(rule, keys) if keys else str(rule)
            if key is not None and key in seen:
                yield located.fault(raw, (section, at), "与前面一条重复")
            seen.add(key)


def _strange_clauses(raw: dict[str, Any]) -> Iterator[_Said]:
    """Citations of clauses the notice does not have."""
    known = raw.get("clauses")

    def walk(part: Any, path: _Path) -> Iterator[_Said]:
        if isinstance(part, dict):
            cited = part.get("clause")
            if isinstance(known, list) and isinstance(cited, str) and cited and cited not in known:
                yield (*path, "clause"), f"通知里没有条款“{cited}”"
            for name, value in part.items():
                yield from walk(value, (*path, name))
        elif isinstance(part, list):
            for at, value in enumerate(part):
                yield from walk(value, (*path, at))

    return walk(raw, ())


def _meaning(raw: dict[str, Any], parts: _Parts) -> Iterator[_Said]:
    """What is well written and still cannot be meant."""
    codes = {str(each.get("code")): each.get("part_of") for _, each in _listed(raw.get("subjects")) if _is_part(each)}
    yield from _strange_subjects(raw, parts, codes)
    yield from _strange_words(raw, parts)
    yield from _strange_amounts(raw, parts, codes)
    for at, window in parts["study_windows"]:
        if window.last < window.first:
            yield ("study_windows", at), "截止日期早于起始日期"
    for at, programme in parts["programmes"]:
        if programme.target_at_most is not None and programme.target_at_most < (programme.target or 0):
            yield ("programmes", at), "target_at_most 小于 target"
    for at, cap in parts["caps"]:
        if cap.source is None and cap.subject is None:
            yield ("caps", at), "source 和 subject 至少写一个"
    yield from _overlaps(parts["windows"])


def _strange_subjects(raw: dict[str, Any], parts: _Parts, codes: Mapping[str, Any]) -> Iterator[_Said]:
    """Subjects there are not, and sub-subjects of nothing."""
    for at, subject in parts["subjects"]:
        if subject.part_of and (subject.part_of not in codes or subject.part_of == subject.code):
            yield ("subjects", at, "part_of"), f"没有科目“{subject.part_of}”"
        elif subject.part_of and codes[subject.part_of]:
            yield ("subjects", at, "part_of"), f"“{subject.part_of}”本身是分科目，不能再分"
        if subject.code == TOTAL:
            yield ("subjects", at, "code"), f"total 是{TOTAL_NAME}，不能作科目"
    for section in ("conversions", "deemed", "caps", "study_windows"):
        for at, rule in parts[section]:
            whole = section == "caps" and rule.subject == TOTAL and rule.per == "year" and rule.source is None
            if rule.subject and rule.subject not in codes and not whole:
                yield (section, at, "subject"), f"没有科目“{rule.subject}”"
    makeup = raw.get("makeup")
    if isinstance(makeup, dict) and str(makeup.get("subject")) not in {*codes, "None"}:
        yield ("makeup", "subject"), f"没有科目“{makeup['subject']}”"


def _strange_amounts(raw: dict[str, Any], parts: _Parts, codes: Collection[str]) -> Iterator[_Said]:
    """Amounts of hours of subjects there are not, or such as do not go with how the years are combined."""
    requirement = raw["requirement"] if _is_part(raw.get("requirement")) else {}
    combine, changes = requirement.get("combine", "each_year"), requirement.get("changes")

    def strangers(hours: Any, path: _Path) -> Iterator[_Said]:
        for code in hours if isinstance(hours, dict) else ():
            if code not in codes and code != TOTAL:
                yield (*path, code), f"没有科目“{code}”"

    for name in ("hours", "share", "each_year_at_least"):
        yield from strangers(requirement.get(name), ("requirement", name))
    changed: set[str] = set()
    for at, change in _listed(changes):
        if _is_part(change):
            yield from strangers(change.get("hours"), ("requirement", "changes", at, "hours"))
            years = {str(year) for _, year in _listed(change.get("years"))}
            if changed & years:
                yield ("requirement", "changes", at, "years"), f"{min(changed & years)}年度已在前面改过"
            changed |= years
    if requirement.get("share") and combine != "each_year":
        yield ("requirement", "share"), "占比只能用于逐年核验（combine: each_year）"
    if _is_part(requirement.get("share")) and TOTAL in requirement["share"]:
        yield ("requirement", "share", TOTAL), f"total 是{TOTAL_NAME}，没有占比"
    if requirement.get("each_year_at_least") and combine != "sum":
        yield ("requirement", "each_year_at_least"), "每年至少多少学时只用于按总和核验（combine: sum）"
    for at, window in parts["windows"]:
        yield from strangers(window.hours, ("windows", at, "hours"))
        if window.hours and combine != "sum":
            yield ("windows", at, "hours"), "各级别不同的学时只能用于按总和核验（combine: sum）"
    for at, waiver in parts["waivers"]:
        if waiver.effect == "any_one_year" and combine in ("sum", "average"):
            yield ("waivers", at, "effect"), "any_one_year 只能用于逐年核验（combine: each_year）"
    if combine == "sum" and raw.get("deemed"):
        yield ("deemed",), "按总和核验（combine: sum）时没有哪一年可以视同完成，请写成学时折合"
    if combine == "sum" and changes:
        yield ("requirement", "changes"), "按总和核验（combine: sum）时没有逐年的学时可改"


def _strange_words(raw: dict[str, Any], parts: _Parts) -> Iterator[_Said]:
    """Routes, levels, educations, series and facts that nobody can have."""
    vocabulary = {
        "route": (*ROUTES, *_texts(raw.get("routes"))),
        "level": (*LEVELS, *(level.name for _, level in parts["levels"])),
        "education": EDUCATIONS,
        "series": _texts(raw.get("series")),
    }
    facts = {fact.code: fact for fact in EVERY_NOTICE} | {fact.code: fact for _, fact in parts["facts"]}
    days = [code for code, fact in facts.items() if fact.type == "day"]
    counts = [code for code, fact in facts.items() if fact.type == "count"]
    since = [*YEARS_SINCE, *days]

    def strange(rule: Any, path: _Path, name: str, allowed: Collection[str]) -> Iterator[_Said]:
        said = rule.get(name) if isinstance(rule, dict) else None
        for step, word in [((at,), each) for at, each in enumerate(said)] if isinstance(said, list) else [((), said)]:
            if word is not None and not (isinstance(word, str) and word in allowed):
                yield (*path, name, *step), f"只能是 {'、'.join(allowed) or '（没有声明）'}"

    for at, window in _listed(raw.get("windows")):
        for name in ("route", "level", "education", "series"):
            yield from strange(window, ("windows", at), name, vocabulary[name])
        yield from strange(window, ("windows", at), "years_from", [*counts, *since])
        yield from strange(window, ("windows", at), "since", days)
    for at, waiver in _listed(settled(raw).get("waivers")):
        for name in ("route", "level", "series"):
            yield from strange(waiver, ("waivers", at), name if name == "series" else f"{name}s", vocabulary[name])
        several = [code for code, fact in facts.items() if fact.type == "years"]
        effects = {"without_years": several, "last_years": since}
        if (effect := str(waiver.get("effect") if isinstance(waiver, dict) else "")) in effects:
            for path, words in strange(waiver, ("waivers", at), "fact", effects[effect]):
                yield path, f"{effect} 的 fact {words}"
        for place, condition in _listed(waiver.get("when") if isinstance(waiver, dict) else None):
            path = ("waivers", at, "when", place)
            try:
                if misfit := Condition.model_validate(condition).misfit(facts):
                    yield (*path, "fact"), misfit
            except ValidationError:  # told where the rules are
                continue
    for at, fact in parts["facts"]:
        if fact.code in {each.code for each in EVERY_NOTICE} or fact.code in ("sex", "age", *YEARS_SINCE):
            yield ("facts", at, "code"), f"“{fact.code}”是每份申报都有的，请换一个名称"
    requirement = raw.get("requirement")
    said = requirement.get("counted_from") if isinstance(requirement, dict) else None
    if isinstance(said, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", said):
        yield from strange(requirement, ("requirement",), "counted_from", days)


def _is_part(raw: Any) -> bool:
    return isinstance(raw, dict)


def _listed(rules: Any) -> list[tuple[int, Any]]:
    """What stands in a list, each with its place; nothing where it is none."""
    return list(enumerate(rules)) if isinstance(rules, list) else []


def _texts(words: Any) -> list[str]:
    return [word for word in words if isinstance(word, str)] if isinstance(words, list) else []


def _overlaps(windows: list[tuple[int, Any]]) -> Iterator[_Said]:
    """Windows that say as specifically as an earlier one what applies to the same applicants."""
    for place, (at, window) in enumerate(windows):
        for _, earlier in windows[:place]:
            both = [(getattr(window, name), getattr(earlier, name)) for name in ("level", "education", "series")]
            meets = all(not mine or not theirs or set(mine) & set(theirs) for mine, theirs in both)
            if window.route == earlier.route and meets and window.specific == earlier.specific:
                yield ("windows", at), "与前面一条适用于同一方式、级别和学历，请写明区别"
                break
