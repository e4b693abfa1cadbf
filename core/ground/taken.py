"""What leaves says whose it was (带出标记): who takes a file away, and when, for whatever writes it to say so on it.

Whoever hands a file out says it once (`by`); the writers of workbooks, pages and slides ask (`of`). Knows no file.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.ground.access import Actor, Role
from core.ground.db import office_minute


@dataclass(frozen=True)
class Taken:
    """Who takes a file away (导出人), of which organization and in which role, and when."""

    who: str
    at: datetime

    @classmethod
    def named(cls, name: str, organization: str, role: Role, at: datetime) -> Taken:
        return cls(f"{name}（{organization}，{role.label}）", at)

    @property
    def minute(self) -> str:
        return office_minute(self.at)

    @property
    def line(self) -> str:
        """In one line, for the foot of a page and the properties of a file."""
        return f"导出人：{self.who}　导出时间：{self.minute}"

    def lines(self, rows: int, *, persons: bool = True) -> list[str]:
        """On a sheet of its own after a table (导出说明): passed on, the file says whose it was."""
        care = "含个人信息，仅限办理业务使用，不得转发；用后请妥善保管或删除。" if persons else ""
        return [
            f"导出人：{self.who}",
            f"导出时间：{self.minute}",
            f"共{rows}行。{care}",
        ]


_TAKEN: contextvars.ContextVar[Taken | None] = contextvars.ContextVar("ce_taken", default=None)


@contextlib.contextmanager
def by(actor: Actor, now: datetime) -> Iterator[None]:
    """Whatever is written in here is taken away by this actor now."""
    before = _TAKEN.set(Taken.named(actor.name, actor.organization_name, actor.role, now))
    try:
        yield
    finally:
        _TAKEN.reset(before)


def of() -> Taken | None:
    """Who takes away what is being written; None where it stays here, or is the console's."""
    return _TAKEN.get()
