"""Forged values: whatever a widget is made to answer, no deed begins with it, and nothing of it reaches the trail."""

import collections.abc
import dataclasses
import enum
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import core
from core.__main__ import main
from core.ground import db, deeds
from core.ground.access import Actor, OrganizationKind, Refused, Role
from core.people import accounts, activation, organizations
from core.trail import audit
from tests import cast as c

Deed = Callable[..., Any]


BEFORE_ANYBODY = (accounts.sign_in, accounts.may_try, accounts.second_step, accounts.open_first)
BEFORE_ANYBODY += (activation.may_claim, activation.claim)


def _deeds() -> Iterator[tuple[str, Deed]]:
    """Everything done for somebody: public, `session` first, `actor` by its name; and those before anybody is."""
    for found in pkgutil.walk_packages(core.__path__, "core."):
        if found.name.startswith(("core.cli", "core.__main__")):
            continue
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == found.name and not name.startswith("_"):
                given = inspect.signature(function).parameters
                by_name = "actor" in given and given["actor"].kind is inspect.Parameter.KEYWORD_ONLY
                if next(iter(given), "") == "session" and (by_name or function in BEFORE_ANYBODY):
                    yield f"{found.name}.{name}", function


DEEDS = dict(_deeds())
ABSENT = dataclasses.make_dataclass("ABSENT", [])
SENT = {
    int: ["7", True, 2**31, -(2**70), 1.0, float("nan"), b"7", [7], None],
    str: [7, True, b"x", ["x"], None, "half \ud800", "a\x00b", "x" * (deeds.LONGEST + 1)],
    bool: [0, 1, "true", None],
    bytes: ["x", 7, None],
    float: [float("nan"), float("inf"), "1", True, None],
    date: ["2024-06-03", c.NOW, 20240603, None],
    datetime: [datetime(2024, 6, 3), c.TODAY, "2024-06-03", None],  # noqa: DTZ001  that is what is forged
    Decimal: [Decimal("NaN"), Decimal("Infinity"), 1.5, "1", None],
}
USUAL = {int: 1, str: "x", bool: False, bytes: b"x", float: 1.0, date: c.TODAY, datetime: c.NOW, Decimal: Decimal(1)}


def usual(hint: Any, *, actor: Actor, session: Session) -> Any:
    """A value of the right type, of no further meaning."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    again = {"actor": actor, "session": session}
    if origin in (typing.Union, types.UnionType):
        return usual(inside[0], **again)
    if origin is collections.abc.Callable:
        return print
    if origin is tuple:
        return tuple(usual(each, **again) for each in inside if each is not Ellipsis)
    if origin is not None and issubclass(origin, collections.abc.Mapping):
        return {usual(inside[0], **again): usual(inside[1], **again)}
    if origin is not None and issubclass(origin, collections.abc.Iterable):
        return (origin if origin in (set, frozenset) else list)([usual(inside[0], **again)])
    if origin is not None:
        return Mock(spec=origin)
    if hint in USUAL:
        return USUAL[hint]
    if hint in (Actor, Session):
        return actor if hint is Actor else session
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next(iter(hint), audit.Event.BACKED_UP)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        of = typing.get_type_hints(hint)
        return hint(**{each.name: usual(of[each.name], **again) for each in dataclasses.fields(hint)})
    return Mock(spec=hint) if isinstance(hint, type) else "x"


def forged(hint: Any, like: Any) -> Iterator[Any]:
    """Values that are not what an annotation says, through forms and lists; `like` is one that is."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        some = set(inside) - {types.NoneType}
        yield object()
        yield from (each for each in forged(inside[0], like) if each is not None and len(some) == 1)
    elif hint in (Any, object):
        yield from ("half \ud800", "a\x00b", float("nan"), [{"x": float("inf")}])
    elif hint in SENT:
        yield from SENT[hint]
    elif origin is not None and issubclass(origin, collections.abc.Mapping):
        yield from ("x", 7, None, [1])
        yield from ({key: bad} for key, value in like.items() for bad in forged(inside[1], value))
    elif origin is not None and issubclass(origin, collections.abc.Iterable):
        yield from ("x", 7, None)
        yield from ([each] for each in forged(inside[0], next(iter(like))))
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield from (like.value, "x", None, 7)
    elif isinstance(hint, type):
        yield from ("x", 7, None, {"role": "admin"})
        for name, each in deeds.fields(hint).items():
            code = getattr(getattr(like, name, None), "value", "")
            for bad in forged(each, getattr(like, name, None)):
                if hint.__name__.endswith("Fields") and (
                    bad is None or bad in ("7", "1", "x", "true", "2024-06-03", code)
                ):
                    continue  # as it was typed: the form's own check says so, and the database's door
                changed = object.__new__(hint)
                changed.__dict__.update(like.__dict__ | {name: bad})
                yield changed


def test_every_deed_holds_what_it_is_given_against_its_types() -> None:
    assert len(DEEDS) > 110
    assert [name for name, function in DEEDS.items() if not hasattr(function, "__deed__")] == []


def test_no_deed_begins_with_a_forged_value(office: Path) -> None:
    cast = c.assemble()
    actor = dataclasses.replace(cast["admin"], must_change_password=True)  # nothing real comes of the true values
    tried, let_in = 0, []
    with db.rehearsal() as session:
        lines = session.scalar(sa.text("SELECT count(*) FROM audit_entry"))
        for called, function in DEEDS.items():
            hints = {name: hint for name, hint in typing.get_type_hints(function).items() if name != "return"}
            right = {name: usual(hint, actor=actor, session=session) for name, hint in hints.items()}
            with db.rehearsed(session):
                assert begun(function, right), f"{called} refuses what is right"
            for name, hint in hints.items():
                for bad in forged(hint, right[name]) if name != "session" else ():
                    tried += 1
                    if begun(function, right | {name: bad}):
                        let_in.append(f"{called} {name} {repr(bad)[-110:]}")
        assert session.scalar(sa.text("SELECT count(*) FROM audit_entry")) == lines
    assert let_in == []
    assert tried > 4000
    assert main(["check"]) == 0


def begun(function: Deed, given: dict[str, Any]) -> bool:
    """Whether a deed came past the door, whatever became of it."""
    try:
        function(**given)
    except Refused as refused:
        return refused.code not in ("type", "characters")
    except Exception:  # noqa: BLE001  what mock values lead to inside is not asked here
        return True
    return True


def test_an_authority_that_is_a_text_is_refused_before_the_trail_and_a_long_name_by_its_length(office: Path) -> None:
    cast = c.assemble()
    home, who = cast.places["region"].id, {"actor": cast["admin"], "now": c.NOW}
    account = {"username": "fresh", "role": Role.LEADER, "organization_id": home, "password": c.PASSWORD}

    def add(authority_id: Any, name: str) -> None:
        with db.transaction() as session:
            kind = OrganizationKind.EMPLOYER
            organizations.add(session, name="示例新单位", kind=kind, authority_id=authority_id, **who)
            accounts.open_account(session, name=name, **account, **who)

    for authority_id, name, code in ((str(home), "赵示一", "type"), (home, "长" * 200, "length")):
        with pytest.raises(Refused) as refused:
            add(authority_id, name)
        assert refused.value.code == code
    add(home, "赵示一")
    assert main(["check"]) == 0
