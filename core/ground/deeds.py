"""Deeds (办理): core's door, where every value a deed is given is held against its annotation before anything is done.

A page hands on what a widget answered, and a forged message can make that anything. A wrong type is let in nowhere:
`"7"` for a number finds the same row, is kept as 7, and was hashed into the trail as "7".
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import functools
import inspect
import math
import types
import typing
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from core.ground.access import Refused

Deed = TypeVar("Deed", bound=Callable[..., Any])

LARGEST = 2**31 - 1
"""The largest number a column of numbers holds."""
LONGEST = 2_000_000
"""Characters of the longest text taken: a notice, a pasted table. How long a column may be, the database asks."""


def deed(function: Deed) -> Deed:
    """Decorator of everything that is done for somebody (types at the door, 参数类型核对).

    Refused codes: "type" (a value that is not what the annotation says), "characters" (a NUL, half a character).
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*given: Any, **named: Any) -> Any:
        hints = _hints(function)
        for name, value in signature.bind(*given, **named).arguments.items():
            if not isinstance(value, Session):
                _hold(value, hints.get(name, Any), name)
        return function(*given, **named)

    checked.__deed__ = True  # type: ignore[attr-defined]
    return typing.cast(Deed, checked)


@functools.cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    return typing.get_type_hints(function)


@functools.cache
def fields(kind: Any) -> dict[str, Any]:
    """The fields of a form (表单), which is a frozen dataclass; what core itself read off a file is left alone."""
    if not getattr(getattr(kind, "__dataclass_params__", None), "frozen", False):
        return {}
    names = [each.name for each in dataclasses.fields(kind)]
    return {name: hint for name, hint in typing.get_type_hints(kind).items() if name in names}


def _hold(value: Any, hint: Any, name: str) -> None:
    if fits(value, hint):
        return
    wrong = wrong_fields(value)
    words = f"收到的内容不是这里能填的（{'、'.join(wrong) or name}），没有办理。请刷新页面后重新填写。"
    raise Refused("type", words, dict.fromkeys(wrong, "收到的内容不是这里能填的，请重新填写"))


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is what an annotation says, through forms and lists.

    Stricter than Python: True is no number, a day with a clock is no day, no number is beyond what a column holds, and
    none is infinite. Refused codes: "characters".
    """
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in inside)
    if origin is typing.Literal:
        return any(type(value) is type(each) and value == each for each in inside)
    if isinstance(hint, TypeVar):
        return fits(value, hint.__bound__ or Any)
    if origin is collections.abc.Callable:
        return callable(value)
    if origin is not None:
        return isinstance(origin, type) and isinstance(value, origin) and _holds(value, origin, inside)
    if hint is None or hint is types.NoneType:
        return value is None
    if hint in (Any, object):
        return _plain(value)
    return not isinstance(hint, type) or _is(value, hint)


def _holds(value: Any, origin: type, inside: tuple[Any, ...]) -> bool:
    """Whether everything in a container is what its annotation says; what can be read only once is left alone."""
    if isinstance(value, str | bytes):
        return False
    if isinstance(value, collections.abc.Mapping) and len(inside) == 2:
        return all(fits(key, inside[0]) and fits(kept, inside[1]) for key, kept in value.items())
    if not isinstance(value, collections.abc.Collection) or not inside:
        return True
    if origin is tuple and inside[-1] is not Ellipsis:
        return len(value) == len(inside) and all(map(fits, value, inside))
    return all(fits(each, inside[0]) for each in value)


def _is(value: Any, kind: type) -> bool:
    if issubclass(kind, enum.Enum):
        return isinstance(value, kind)
    if kind is int:
        return type(value) is int and -LARGEST <= value <= LARGEST
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    if kind is date:
        return type(value) is date
    if not isinstance(value, kind):
        return False
    match value:
        case str():
            return _text(value)
        case datetime():
            return value.tzinfo is not None
        case Decimal():
            return value.is_finite()
    return not wrong_fields(value)


def wrong_fields(value: Any) -> list[str]:
    """The fields of a form (表单) that hold what nobody can have typed.

    `…Fields` is handed on as it was typed, a text or nothing where a number should be, and core's own check of the form
    says all of that at once, by field; what is kept in the end, the database's door asks.
    """
    form: Any = type(value)
    as_typed = form.__name__.endswith("Fields")

    def may(given: Any, hint: Any) -> bool:
        return (as_typed and (given is None or (isinstance(given, str) and _text(given)))) or fits(given, hint)

    return [name for name, hint in fields(form).items() if not may(getattr(value, name), hint)]


def _plain(value: Any) -> bool:
    """What an annotation leaves open: any value, but every text in it whole and every number finite."""
    match value:
        case str():
            return _text(value)
        case float():
            return math.isfinite(value)
        case dict():
            return all(_plain(key) and _plain(kept) for key, kept in value.items())
        case list() | tuple():
            return all(map(_plain, value))
    return True


def _text(value: str) -> bool:
    """Not longer than anything taken; refuses a NUL, and half a character (UTF-16), with their own words."""
    if "\x00" in value:
        raise with_nul()
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise with_nul() from error
    return len(value) <= LONGEST


def with_nul() -> Refused:
    """What is said of characters that nobody types (控制字符)."""
    return Refused("characters", "填写的内容中有看不见的控制字符，无法保存。请重新输入这些内容，不要粘贴。")
