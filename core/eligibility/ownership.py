"""Ownership of an employer (单位性质) as offices write it: judged by its words, never by parts of them."""

from __future__ import annotations

import re

from core.ground import typed
from core.tables import values
from core.tables.values import Unclear

_STATE = "公有制?|国有|国营|国企|央企|公立|全民所有"
"""Whose contrary is non-public."""
_OTHER_PUBLIC = "事业|机关|集体|参公"
_PRIVATE = "民营|民企|私营|私企|私有|私立|个体|外资|外商|外企|港澳台|港资|台资"
_SHORT = r"公(?=$|[^\w]|制|经济|组织|企业|单位|公司|领域|性质|类|部门|机构|医|学校|院校|是|否|不是)"
"""非公, the short word, where it is one: 非公务员 is no word of it."""
_NOTS = "不属于?|不是|不为|不算|并非|非|没有|无"
_ONE = f"(?P<state>{_STATE}|(?<=非){_SHORT})|(?P<other>{_OTHER_PUBLIC})|(?P<private>{_PRIVATE})"
_WORD = re.compile(
    rf"(?P<nots>(?:{_NOTS}){{0,9}})(?:{_ONE})"
    rf"(?P<rest>(?:(?!{_STATE}|{_OTHER_PUBLIC}|{_PRIVATE}|{_NOTS})\w)*?)"
    r"(?:[:=(\[【,]?(?P<answer>不是|不属于|是|属于|否|√|×)[)\]】]?(?=$|[,;、/。)])"
    rf"|(?=$|\W|{_STATE}|{_OTHER_PUBLIC}|{_PRIVATE}|{_NOTS}))"
)
_NOT = re.compile(_NOTS)
_DOUBT = re.compile("[?]|或|可能|大概|不详|未知|合资|合作|合营|混合|参股|改制|转制|原|曾|拟|前身|非|不|无|未|否|没")
"""What leaves a statement open, or says no to something that is none of our words."""
MEND = "请填“非公有制”或“公有制”，待核验的写“非公有制（待核验）”"


def ownership(cell: object) -> tuple[bool, bool]:
    """Ownership (单位性质): whether the employer is 非公有制, and whether that is still to be verified (待核验).

    Blank means no. Every word of ownership is taken with the negations before it and the answer after it; all have to
    say the same, and nothing else may be left open. Refused (`Unclear`): what has no such word, or says both.
    """
    said, open_ = to_verify(typed.plain(cell))
    if open_ and not said:
        return True, True
    if said.casefold() in values.NO:
        return False, False
    statement = re.sub("是否(属于|为|是)?|是不是", "", said)
    found: set[bool] = set()
    left = statement
    for word in _WORD.finditer(statement):
        nots, no = _NOT.findall(word["nots"]), word["answer"] in ("不是", "不属于", "否", "×")
        if no and set(nots) - {"非"}:
            raise Unclear(MEND)
        denied = (len(nots) + no) % 2 == 1
        if word["state"]:
            found.add(denied)
        elif not denied:
            found.add(bool(word["private"]))
        left = left.replace(word[0], word["rest"], 1)
    if len(found) != 1 or _DOUBT.search(left):
        raise Unclear(MEND)
    non_public = found.pop()
    return non_public, non_public and open_


def to_verify(text: str) -> tuple[str, bool]:
    """A statement without its 待核验 (待核实, 未核实, in brackets or not), and whether it was there."""
    said = re.sub(r"\s?[(\[【]?\s?(待\s?核\s?[验实查对]?|未\s?核\s?[验实])\s?[)\]】]?", "", text)
    return said, said != text
