"""Policy files (政策文件) checked."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import console
from core.law import notices


@console.command
def check(options: argparse.Namespace) -> int:
    """Check a policy file; every fault is a line, file:line: where: words."""
    try:
        policy = notices.read(Path(options.file))
    except notices.Malformed as malformed:
        for fault in malformed.faults:
            print(fault)
        console.say(f"{len(malformed.faults)} faults")
        return 1
    console.say(f"{policy.id}: {policy.title}, {policy.in_force.first} to {policy.in_force.last}")
    return 0
