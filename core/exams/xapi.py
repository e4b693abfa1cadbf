"""Statements of xAPI 1.0.3 (学习记录): whether one is well formed, what it says of an exam. Pure; keeps nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.ground import typed

VERSION = "1.0.3"
MOST, LARGEST, LONGEST, DEEPEST = 500, 2**20, 500, 20
"""Statements of one request, its bytes, characters of an id, how deep one is nested."""
VERBS = "http://adlnet.gov/expapi/verbs/"
PASSED, FAILED, COMPLETED, VOIDED = (VERBS + word for word in ("passed", "failed", "completed", "voided"))
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f]+")
_MAILBOX = re.compile(r"mailto:[^@\s<>\"]+@[^@\s<>\"]+")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(\.\d+)?([Zz]|[+-]\d\d(?::?\d\d)?)?")
_DURATION = re.compile(
    r"P(?!$)(\d+(\.\d+)?Y)?(\d+(\.\d+)?M)?(\d+(\.\d+)?W)?(\d+(\.\d+)?D)?(T(?=\d)(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?"
)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")

Json = Mapping[str, Any]


class Wrong(Exception):
    """A statement that is not one of the standard: where in it, and why."""


def parsed(body: bytes) -> Any:
    """The JSON of a request. Raises Wrong."""
    try:
        text = body.decode("utf-8")
        if "\\u0000" in text:
            raise Wrong("内容中有看不见的控制字符")
        found = json.loads(text, parse_constant=_no_number, parse_float=Decimal, object_pairs_hook=_once)
        json.dumps(found, default=str, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Wrong("内容不是UTF-8编码的JSON") from error
    return found


def _no_number(_name: str) -> Any:
    raise ValueError("no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def written(statement: object) -> str:
    """A statement as JSON; numbers as they came."""
    return json.dumps(statement, default=_number, ensure_ascii=False)


def _number(value: object) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) and abs(value) < 10**15 else float(value)
    raise TypeError


# --- well formed ------------------------------------------------------------------------------------------------------


def check(statement: object, where: str = "statement") -> None:
    """Hold a statement against the standard (格式核对), 2.2 to 2.5 of its data part. Raises Wrong."""
    _no_nulls(statement, where, 0)
    keys = {"id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version"}
    given = _object(statement, where, keys | {"attachments"}, ("actor", "verb", "object"))
    if "attachments" in given:
        _attachments(given["attachments"], f"{where}.attachments")
    if "id" in given:
        is_uuid(given["id"], f"{where}.id")
    if "version" in given and not re.fullmatch(r"1\.0(\.\d{1,3})?", str(given["version"])):
        raise Wrong(f"{where}.version：应为1.0.x")
    for name in ("timestamp", "stored"):
        if name in given:
            moment(given[name], f"{where}.{name}")
    _actor(given["actor"], f"{where}.actor")
    if "authority" in given:
        _actor(given["authority"], f"{where}.authority")
    _verb(given["verb"], f"{where}.verb")
    _thing(given["object"], f"{where}.object")
    if "result" in given:
        _result(given["result"], f"{where}.result")
    if "context" in given:
        _context(given["context"], f"{where}.context")
    if given["verb"]["id"] == VOIDED and given["object"].get("objectType") != "StatementRef":
        raise Wrong(f"{where}.object：作废（voided）的对象应为StatementRef")


def _no_nulls(value: object, where: str, depth: int) -> None:
    if depth > DEEPEST:
        raise Wrong(f"{where}：嵌套太深")
    if value is None:
        raise Wrong(f"{where}：不能为null")
    if isinstance(value, dict):
        for key, each in value.items():
            if key != "extensions":
                _no_nulls(each, f"{where}.{key}"[:300], depth + 1)
    elif isinstance(value, list):
        for at, each in enumerate(value):
            _no_nulls(each, f"{where}[{at}]"[:300], depth + 1)


def _object(value: object, where: str, keys: set[str], needed: tuple[str, ...] = ()) -> Json:
    if not isinstance(value, dict):
        raise Wrong(f"{where}：应为对象")
    if unknown := sorted(value.keys() - keys):
        raise Wrong(f"{where}.{unknown[0][:40]}：标准中没有这一项")
    for name in needed:
        if name not in value:
            raise Wrong(f"{where}.{name}：缺少这一项")
    return value


def _text(value: object, where: str, form: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or (form and not form.fullmatch(value)):
        raise Wrong(f"{where}：写法不对，或超过{LONGEST}个字符")
    return value


def is_uuid(value: object, where: str) -> str:
    """A UUID in its usual form, in small letters. Raises Wrong."""
    try:
        if not isinstance(value, str) or len(value) != 36:
            raise ValueError
        return str(uuid.UUID(value))
    except ValueError as error:
        raise Wrong(f"{where}：应为UUID") from error


def moment(value: object, where: str) -> datetime:
    """A moment of ISO 8601; one without a zone is UTC's. Raises Wrong."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None or re.search(r"-00(:?00)?$", found[4] or ""):
        raise Wrong(f"{where}：应为ISO 8601的时间，如2024-06-28T10:30:00+08:00")
    zone = (found[4] or "Z").upper()
    zone = "+00:00" if zone == "Z" else zone if ":" in zone else f"{zone[:3]}:{zone[3:] or '00'}"
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '')[:7]}{zone}")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Wrong(f"{where}：没有这个时间") from error


def check_agent(value: object, where: str) -> None:
    """Hold an agent against the standard. Raises Wrong."""
    _actor(value, where)


def _actor(value: object, where: str) -> None:
    keys = {"objectType", "name", "member", *_IDENTIFIERS}
    given = _object(value, where, keys)
    kind = given.get("objectType", "Agent")
    if kind not in ("Agent", "Group"):
        raise Wrong(f"{where}.objectType：应为Agent或Group")
    named = [name for name in _IDENTIFIERS if name in given]
    if len(named) > 1 or (kind == "Agent" and (not named or "member" in given)):
        raise Wrong(f"{where}：应有且只有一种标识（mbox、mbox_sha1sum、openid、account）")
    if "name" in given:
        _text(given["name"], f"{where}.name")
    if "mbox" in given:
        _text(given["mbox"], f"{where}.mbox", _MAILBOX)
    if "mbox_sha1sum" in given:
        _text(given["mbox_sha1sum"], f"{where}.mbox_sha1sum", _SHA1)
    if "openid" in given:
        _text(given["openid"], f"{where}.openid", _IRI)
    if "account" in given:
        account = _object(given["account"], f"{where}.account", {"homePage", "name"}, ("homePage", "name"))
        _text(account["homePage"], f"{where}.account.homePage", _IRI)
        _text(account["name"], f"{where}.account.name")
    members = given.get("member")
    if kind == "Group" and not named and not members:
        raise Wrong(f"{where}.member：没有标识的Group应列出成员")
    if members is not None:
        if not isinstance(members, list):
            raise Wrong(f"{where}.member：应为列表")
        for at, member in enumerate(members):
            if isinstance(member, dict) and member.get("objectType") == "Group":
                raise Wrong(f"{where}.member[{at}]：成员不能是Group")
            _actor(member, f"{where}.member[{at}]")


def _words(value: object, where: str) -> None:
    if not isinstance(value, dict):
        raise Wrong(f"{where}：应为各语言的文字")
    for language, words in value.items():
        _text(language, f"{where}的语言", _LANGUAGE)
        if not isinstance(words, str):
            raise Wrong(f"{where}.{language}：应为文字")


def _verb(value: object, where: str) -> None:
    given = _object(value, where, {"id", "display"}, ("id",))
    _text(given["id"], f"{where}.id", _IRI)
    if "display" in given:
        _words(given["display"], f"{where}.display")


_DEFINED = {"name", "description", "type", "moreInfo", "interactionType", "correctResponsesPattern", "choices", "scale"}
_DEFINED |= {"source", "target", "steps", "extensions"}


def _thing(value: object, where: str) -> None:
    kind = value.get("objectType", "Activity") if isinstance(value, dict) else ""
    if kind in ("Agent", "Group"):
        _actor(value, where)
    elif kind == "StatementRef":
        given = _object(value, where, {"objectType", "id"}, ("objectType", "id"))
        is_uuid(given["id"], f"{where}.id")
    elif kind == "SubStatement":
        keys = {"objectType", "actor", "verb", "object", "result", "context", "timestamp"}
        given = _object(value, where, keys, ("actor", "verb", "object"))
        if isinstance(given["object"], dict) and given["object"].get("objectType") == "SubStatement":
            raise Wrong(f"{where}.object：SubStatement不能再含SubStatement")
        check({name: each for name, each in given.items() if name != "objectType"}, where)
    elif kind == "Activity":
        _activity(value, where)
    else:
        raise Wrong(f"{where}.objectType：不认识的类型")


def _activity(value: object, where: str) -> None:
    given = _object(value, where, {"objectType", "id", "definition"}, ("id",))
    _text(given["id"], f"{where}.id", _IRI)
    if given.get("objectType", "Activity") != "Activity":
        raise Wrong(f"{where}.objectType：应为Activity")
    if "definition" in given:
        definition = _object(given["definition"], f"{where}.definition", _DEFINED)
        for name in ("name", "description"):
            if name in definition:
                _words(definition[name], f"{where}.definition.{name}")
        for name in ("type", "moreInfo"):
            if name in definition:
                _text(definition[name], f"{where}.definition.{name}", _IRI)
        _extensions(definition, f"{where}.definition")


def _extensions(given: Json, where: str) -> None:
    if "extensions" in given:
        if not isinstance(given["extensions"], dict):
            raise Wrong(f"{where}.extensions：应为对象")
        for key in given["extensions"]:
            _text(key, f"{where}.extensions的键", _IRI)


def _result(value: object, where: str) -> None:
    given = _object(value, where, {"score", "success", "completion", "response", "duration", "extensions"})
    for name in ("success", "completion"):
        if name in given and not isinstance(given[name], bool):
            raise Wrong(f"{where}.{name}：应为true或false")
    if "response" in given and not isinstance(given["response"], str):
        raise Wrong(f"{where}.response：应为文字")
    if "duration" in given:
        _text(given["duration"], f"{where}.duration", _DURATION)
    _extensions(given, where)
    if "score" not in given:
        return
    score = _object(given["score"], f"{where}.score", {"scaled", "raw", "min", "max"})
    for name, each in score.items():
        if isinstance(each, bool) or not isinstance(each, int | Decimal) or not -(10**9) <= each <= 10**9:
            raise Wrong(f"{where}.score.{name}：应为数字")
    if not -1 <= Decimal(score.get("scaled", 0)) <= 1:
        raise Wrong(f"{where}.score.scaled：应在-1和1之间")
    raw, least, most = (Decimal(score[name]) if name in score else None for name in ("raw", "min", "max"))
    if least is not None and most is not None and least >= most:
        raise Wrong(f"{where}.score：min应小于max")
    if raw is not None and ((least is not None and raw < least) or (most is not None and raw > most)):
        raise Wrong(f"{where}.score.raw：应在min和max之间")


def _context(value: object, where: str) -> None:
    keys = {"registration", "instructor", "team", "contextActivities", "revision", "platform", "language"}
    given = _object(value, where, keys | {"statement", "extensions"})
    if "registration" in given:
        is_uuid(given["registration"], f"{where}.registration")
    for name in ("instructor", "team"):
        if name in given:
            _actor(given[name], f"{where}.{name}")
    for name in ("revision", "platform"):
        if name in given:
            _text(given[name], f"{where}.{name}")
    if "language" in given:
        _text(given["language"], f"{where}.language", _LANGUAGE)
    if "statement" in given:
        _thing(given["statement"], f"{where}.statement")
        if given["statement"].get("objectType") != "StatementRef":
            raise Wrong(f"{where}.statement：应为StatementRef")
    if "contextActivities" in given:
        kinds = {"parent", "grouping", "category", "other"}
        for kind, some in _object(given["contextActivities"], f"{where}.contextActivities", kinds).items():
            for each in some if isinstance(some, list) else [some]:
                _activity(each, f"{where}.contextActivities.{kind}")
    _extensions(given, where)


def _attachments(value: object, where: str) -> None:
    """Attachments that lie elsewhere (2.4.11): each with its address; their bytes are not taken."""
    if not isinstance(value, list):
        raise Wrong(f"{where}：应为列表")
    keys = {"usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"}
    for at, each in enumerate(value):
        here = f"{where}[{at}]"
        given = _object(each, here, keys, ("usageType", "display", "contentType", "length", "sha2"))
        if "fileUrl" not in given:
            raise Wrong(f"{here}：只接收有fileUrl的附件，不接收附件内容")
        for name in ("usageType", "fileUrl"):
            _text(given[name], f"{here}.{name}", _IRI)
        for name in ("display", "description"):
            if name in given:
                _words(given[name], f"{here}.{name}")
        for name in ("contentType", "sha2"):
            _text(given[name], f"{here}.{name}")
        length = given["length"]
        if isinstance(length, bool) or not isinstance(length, int) or length < 0:
            raise Wrong(f"{here}.length：应为不小于0的整数")


# --- whom and what it is about ----------------------------------------------------------------------------------------


def mentions(statement: Json) -> dict[str, bool]:
    """Whom and what a statement is about (筛选用的标识), 2.1.3 of the communication part: agents and activities by key.

    True where only a broad search (related_agents, related_activities) finds it by that.
    """
    found = dict.fromkeys(_broadly(statement), True)
    narrow = [*_agents(statement["actor"]), *_of_thing(statement["object"])]
    return found | dict.fromkeys(narrow, False)


def activity_key(number: str) -> str:
    """A digest of an activity's id."""
    return hashlib.sha256(f"activity {number}".encode()).hexdigest()


def _agents(actor: Json) -> Iterator[str]:
    if any(name in actor for name in _IDENTIFIERS):
        yield agent_key(actor)
    yield from (agent_key(each) for each in actor.get("member", ()))


def _of_thing(thing: Json) -> Iterator[str]:
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        yield activity_key(thing["id"])
    elif kind in ("Agent", "Group"):
        yield from _agents(thing)


def _broadly(statement: Json) -> Iterator[str]:
    context, thing = statement.get("context", {}), statement["object"]
    for name in ("instructor", "team"):
        if name in context:
            yield from _agents(context[name])
    if "authority" in statement:
        yield from _agents(statement["authority"])
    for some in context.get("contextActivities", {}).values():
        for each in some if isinstance(some, list) else [some]:
            yield activity_key(each["id"])
    if thing.get("objectType") == "SubStatement":
        yield from [*_agents(thing["actor"]), *_of_thing(thing["object"]), *_broadly(thing)]


# --- how it is shown --------------------------------------------------------------------------------------------------


def shown(statement: Json, form: str, languages: str = "") -> Json:
    """A statement as it is asked for (format): "exact", "ids" (whom and what only), "canonical" (one language each)."""
    if form == "exact":
        return statement
    agent, verb, thing = (_plain_agent, _plain_verb, _plain_thing) if form == "ids" else (_same, *_in(languages))
    found = dict(statement)
    found["verb"] = verb(found["verb"])
    for name in ("actor", "authority"):
        if name in found:
            found[name] = agent(found[name])
    target = found["object"]
    kind = target.get("objectType", "Activity")
    if kind == "SubStatement":
        found["object"] = {"objectType": kind} | dict(shown(target, form, languages))
    elif kind in ("Agent", "Group"):
        found["object"] = agent(target)
    elif kind == "Activity":
        found["object"] = thing(target)
    if "context" in found:
        context = dict(found["context"])
        for name in ("instructor", "team"):
            if name in context:
                context[name] = agent(context[name])
        if "contextActivities" in context:
            context["contextActivities"] = {
                name: [thing(each) for each in (some if isinstance(some, list) else [some])]
                for name, some in context["contextActivities"].items()
            }
        found["context"] = context
    return found


def _same(value: Json) -> Json:
    return value


def _plain_agent(value: Json) -> Json:
    kept = {name: value[name] for name in ("objectType", *_IDENTIFIERS) if name in value}
    if "member" in value and not any(name in value for name in _IDENTIFIERS):
        kept["member"] = [_plain_agent(each) for each in value["member"]]
    return kept


def _plain_verb(value: Json) -> Json:
    return {"id": value["id"]}


def _plain_thing(value: Json) -> Json:
    return {name: value[name] for name in ("objectType", "id") if name in value}


def _in(languages: str) -> tuple[Callable[[Json], Json], Callable[[Json], Json]]:
    """Verbs and activities with one language in each of their maps, as Accept-Language would have it."""
    wanted = _preferred(languages)

    def one(words: Json) -> Json:
        for each in wanted:
            for language in words:
                if language.casefold() == each or language.casefold().startswith(f"{each}-") or each == "*":
                    return {language: words[language]}
        return dict(list(words.items())[:1])

    def verb(value: Json) -> Json:
        return {**value, "display": one(value["display"])} if "display" in value else value

    def thing(value: Json) -> Json:
        if "definition" not in value:
            return value
        definition = dict(value["definition"])
        for name in ("name", "description"):
            if name in definition:
                definition[name] = one(definition[name])
        for name in ("choices", "scale", "source", "target", "steps"):
            if isinstance(definition.get(name), list):
                definition[name] = [
                    {**each, "description": one(each["description"])}
                    if isinstance(each, dict) and isinstance(each.get("description"), dict)
                    else each
                    for each in definition[name]
                ]
        return {**value, "definition": definition}

    return verb, thing


def _preferred(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    found = []
    for at, part in enumerate(header[:LONGEST].split(",")[:20]):
        language, _, weight = typed.plain(part).casefold().partition(";")
        share = re.fullmatch(r"q=([01](?:\.\d{1,3})?)", typed.plain(weight)) if weight else None
        if language and (not weight or share):
            found.append((-float(share[1]) if share else -1.0, at, typed.plain(language)))
    return [language for _, _, language in sorted(found)]


def person(agent: Json) -> Json:
    """All that is known of an agent (Person), 2.4 of the communication part: what was asked with, and no more."""
    said = {name: [agent[name]] for name in ("name", *_IDENTIFIERS) if name in agent}
    return {"objectType": "Person", **said}


# --- what it says -----------------------------------------------------------------------------------------------------


def digest(statement: Json) -> str:
    """A digest of what may not differ (不可更改的内容) when a statement is sent again, 2.3.1 of the data part."""
    free = ("id", "authority", "stored", "timestamp", "version")
    said = {name: each for name, each in statement.items() if name not in free}
    text = json.dumps(said, default=lambda value: f"{value.normalize():f}", sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def agent_key(actor: Json) -> str:
    """A digest of what identifies an agent (账号标识): its mailbox, its account; a group without any is nobody."""
    for name in _IDENTIFIERS:
        if name in actor:
            said = actor[name]
            text = f"{said['homePage']} {said['name']}" if name == "account" else str(said).casefold()
            return hashlib.sha256(f"{name} {text}".encode()).hexdigest()
    return hashlib.sha256(written(actor).encode()).hexdigest()


def agent_words(actor: Json) -> str:
    """An agent in words (账号): its account's name, its mailbox."""
    if "account" in actor:
        return str(actor["account"]["name"])[:200]
    return str(next((actor[name] for name in _IDENTIFIERS if name in actor), "")).removeprefix("mailto:")[:200]


@dataclass(frozen=True)
class Said:
    """What a statement says of an exam (考试结果)."""

    passed: bool
    score: Decimal | None
    """Of 100."""


def said(statement: Json, pass_mark: Decimal | None) -> Said | None:
    """What a statement says of an exam, None where it says neither passed nor failed.

    Step 1: passed and failed say so themselves. Step 2: completed says what `success` does. Step 3: else its score
    decides, where a pass mark was set.
    """
    verb, result = statement["verb"]["id"], statement.get("result", {})
    if verb not in (PASSED, FAILED, COMPLETED):
        return None
    score = _score(result.get("score", {}))
    if verb != COMPLETED:
        return Said(verb == PASSED, score)
    if "success" in result:
        return Said(result["success"], score)
    if score is not None and pass_mark is not None:
        return Said(score >= pass_mark, score)
    return None


def _score(score: Json) -> Decimal | None:
    if "scaled" in score:
        return Decimal(score["scaled"]) * 100
    if "raw" in score and score.get("max"):
        least = Decimal(score.get("min", 0))
        return (Decimal(score["raw"]) - least) * 100 / (Decimal(score["max"]) - least)
    return None


def credentials(header: str) -> tuple[str, str] | None:
    """Key and secret of a Basic authorization header; None where it is none."""
    kind, _, rest = header.partition(" ")
    if kind.casefold() != "basic" or len(rest) > 500:
        return None
    try:
        key, colon, secret = base64.b64decode(typed.text(rest), validate=True).decode().partition(":")
    except ValueError:
        return None
    return (key, secret) if colon else None


def each(found: Any) -> Iterator[tuple[str, Json]]:
    """The statements of a request, one or a list, each with where it stands. Raises Wrong."""
    if isinstance(found, list):
        if len(found) > MOST:
            raise Wrong(f"一次最多{MOST}条，这里有{len(found)}条，请分几次推送")
        yield from ((f"[{at}]", statement) for at, statement in enumerate(found))
    else:
        yield "statement", found
