"""The notices on file, the office's own and the shipped ones, and which one is in force (现行)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from core.ground import db
from core.ground.access import Refused
from core.law.notices.language import Policy, Subject
from core.law.notices.parsing import LARGEST, parse

FOLDER = db.ROOT / "data" / "policies"
"""The notices on file."""


def texts(folder: Path) -> dict[str, str]:
    """Read policy files as text.

    The policy files of a folder: id (the file's name) to text; what is not UTF-8 in them is left to `parse`.
    """
    return {path.stem: _text(path) for path in sorted(folder.glob("*.yaml")) if path.is_file()}


def _text(path: Path) -> str:
    """A file's text, no more of it than is needed to see that it is too large."""
    with path.open("rb") as file:
        return file.read(4 * LARGEST + 4).decode("utf-8", "surrogateescape")


def read(path: Path) -> Policy:
    """Load a policy file.

    A policy file, extending those of its own folder and those on file. OSError, or Malformed with every fault.
    """
    text = _text(path)
    parents = texts(FOLDER) | texts(path.parent) if "extends" in text else {}
    return parse(text, name=path.name, parents=parents)


def published() -> Path:
    """Folder of the office's own policies.

    Where the office's own published notices lie; there, an id that came with the program replaces it.
    """
    return db.home() / "policies"


def _on_file() -> tuple[Policy, ...]:
    office = published()
    return _loaded(tuple((path, path.stat().st_mtime_ns) for path in sorted(office.glob("*.yaml"))))


@functools.lru_cache(maxsize=4)
def _loaded(office: tuple[tuple[Path, int], ...]) -> tuple[Policy, ...]:
    paths = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))} | {path.stem: path for path, _ in office}
    return tuple(read(path) for path in paths.values())


def policies() -> tuple[Policy, ...]:
    """The region's policies: every policy of the region on file, by first year."""
    regional = (policy for policy in _on_file() if policy.league is None)
    return tuple(sorted(regional, key=lambda policy: policy.in_force.first))


def restored(text: str) -> Policy:
    """Deserialise a policy: A policy out of its `text`."""
    return Policy.model_validate_json(text)


def subject_names() -> dict[str, str]:
    """Names of subjects (科目名称).

    What each subject code is called: as the latest notice on file has it, the two subjects of rosters always.
    """
    on_file = sorted(_on_file(), key=lambda policy: policy.in_force.first)
    names = {subject.code: subject.name for policy in on_file for subject in policy.subjects}
    return {subject.value: subject.label for subject in Subject} | names


def in_force(year: int, on_file: Sequence[Policy] | None = None) -> Policy:
    """Policy in force (现行政策) for a credit year.

    The policy for a credit year: the year's own notice, else the latest before it where that one says it carries on.

    Who asks for many years at once asks for `policies` first (`on_file`). Refused codes: "policy" (no notice covers
    the year).
    """
    earlier = [policy for policy in (policies() if on_file is None else on_file) if policy.first_year <= year]
    if earlier:
        latest = earlier[-1]
        if year <= latest.last_year or latest.setting("until_next_notice", False):
            return latest
    raise Refused("policy", f"没有适用于{year}年度的政策文件，请管理员先载入该年度的通知。")
