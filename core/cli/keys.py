"""The office's key: which one it is, a new one, the recovery sheet, and back from its words."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from core.cli import console
from core.ground import db
from core.people import keys, setup


@console.command
def show(_options: argparse.Namespace) -> int:
    """The fingerprints of the secrets, the newest first, a line each."""
    for fingerprint in db.keys().fingerprints:
        console.line([fingerprint])
    console.say(f"密钥文件 {db.key_path()} (the key file)")
    return 0


@console.office_command
def rotate(options: argparse.Namespace) -> int:
    """A new secret for what is sealed from now on."""
    with db.transaction() as session:
        actor, now = setup.system_actor(session), setup.moment(session, console.now())
        fingerprint = keys.rotate(session, actor=actor, reason=options.reason, now=now)
    console.line([fingerprint])
    console.say(
        f"已更换。请重新打印密钥恢复单并销毁旧单：{db.command('key sheet 恢复单.pdf')} (print a new recovery sheet)"
    )
    return 0


@console.office_command
def sheet(options: argparse.Namespace) -> int:
    """The recovery sheet as a PDF that only its owner may read."""
    with db.transaction() as session:
        now = setup.moment(session, console.now())
        content = keys.recovery_sheet(session, actor=setup.system_actor(session), now=now)
    descriptor = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    console.say(f"{Path(options.file)}：打印后请删除此文件 (print it, then delete the file)")
    return 0


@console.command
def restore(_options: argparse.Namespace) -> int:
    """The key file from the words on stdin."""
    if sys.stdin.isatty():
        console.say(
            "请按恢复单的编号输入各组的24个字（或扫入各组的二维码），输完另起一行按 Ctrl+D（Windows：Ctrl+Z 回车）："
        )
    fingerprint = keys.recovered(sys.stdin.read())
    console.say(f"密钥已放回 {db.key_path()}，指纹 {fingerprint}。请再执行 {db.command('check')} (the key is back)")
    return 0
