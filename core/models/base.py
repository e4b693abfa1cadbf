"""What all tables share: the metadata, the vocabularies that columns hold, which tables are append-only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from core.ground import resident_id, typed
from core.ground.access import Labelled
from core.ground.db import EncryptedText


def codes(kind: type[Labelled]) -> sa.Enum:
    """A vocabulary as its codes in a text column; the program refuses a code it does not know, in and out."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class State(Labelled):
    """The life of everything submitted."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待审"
    RETURNED = "returned", "退回"
    APPROVED = "approved", "通过"
    REJECTED = "rejected", "不予通过"
    WITHDRAWN = "withdrawn", "已撤回"


class Change(Labelled):
    """What was done to a person on file."""

    CORRECTED = "corrected", "更正"
    MOVED = "moved", "调动"
    MERGED = "merged", "合并"
    SEPARATED = "separated", "撤销合并"


class Source(Labelled):
    """Where hours come from."""

    TRAINING = "training", "培训"
    PUBLIC_EXAM = "public_exam", "公需考试"
    CONVERSION = "conversion", "折合"
    THREE_SUBJECTS = "three_subjects", "三科"
    SKILLS_TRAINING = "skills_training", "技能培训"
    QUALIFICATION = "qualification", "职业资格"
    MAKE_UP = "make_up", "补学"


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


@sa.event.listens_for(Base, "attribute_instrument", propagate=True)
def _without_numbers(_model: type[Base], _name: str, attribute: Any) -> None:
    """No ID number in clear (号码不入明文): whatever text is put into a plain column, valid numbers in it are masked.

    Reasons, titles, file names, the trail: they are read by people and copied into lists. It is done when the text is
    put there, not when it is written, so that a digest is taken over what is kept. Sealed columns keep what they get.
    And a short column (`String`) holds one line, unless it `HAS_LINES`: a title goes into lists, mails, file names.
    """
    columns: tuple[Any, ...] = tuple(getattr(getattr(attribute, "property", None), "columns", ()))
    if len(columns) == 1 and type(columns[0].type) in (sa.String, sa.Text):
        lines = isinstance(columns[0].type, sa.Text) or "lines" in columns[0].info

        @sa.event.listens_for(attribute, "set", retval=True)
        def masked(_record: Base, text: Any, _before: Any, _how: Any) -> Any:
            if not isinstance(text, str):
                return text
            return resident_id.without(text if lines else typed.one_line(text))


APPEND_ONLY = {"append_only": True}
HAS_LINES = {"lines": True}
"""A short column (`String`) whose text may have several lines."""


def sealed_columns() -> dict[sa.Column[Any], str]:
    """The columns whose values are sealed (加密字段), by the purpose each is bound to; see `db.seal`."""
    found: dict[sa.Column[Any], str] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, EncryptedText):
                found[column] = column.type.purpose
            elif "sealed" in column.info:
                found[column] = column.info["sealed"]
    return found


def append_only_tables() -> list[str]:
    """The tables whose rows are never changed or removed."""
    return sorted(table.name for table in Base.metadata.tables.values() if table.info.get("append_only"))
