"""Backups: made, put back, drilled."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

import sqlalchemy as sa

from core.cli import console
from core.ground import db
from core.ground.access import Refused
from core.office import backups
from core.people import accounts, setup


def _passphrase(options: argparse.Namespace, *, twice: bool = False) -> str:
    """The passphrase: out of the environment for scripts, else asked for where `--passphrase` says so."""
    given = os.environ.get("CE_BACKUP_PASSPHRASE", "")
    if given or not options.passphrase:
        return given
    typed = getpass.getpass("备份口令 (passphrase): ")
    if twice and getpass.getpass("再输一次 (again): ") != typed:
        raise Refused("passphrase", "两次输入的备份口令不一致，什么也没有做。")
    return typed


@console.office_command
def make(options: argparse.Namespace) -> int:
    """A backup into a new file, while the office is in use."""
    target, now = Path(options.file), console.now()
    manifest = backups.make(target, now=now, passphrase=_passphrase(options, twice=True))
    try:
        with db.transaction() as session:
            backups.record(session, target, actor=setup.system_actor(session), now=setup.moment(session, now))
    except Refused as refused:
        if refused.code != "sick":
            raise
        console.say(f"这次备份没有记入审计日志。(no line of it in the trail) {refused.words}")
    console.line([target, target.stat().st_size, manifest.batches, manifest.lines, manifest.files])
    how = "口令或本单位的密钥" if manifest.passphrase else "本单位的密钥（恢复时须有密钥文件或密钥恢复单）"
    console.say(f"已备份并核对。打开它需要{how}。(made and verified)")
    return 0


@console.command
def restore(options: argparse.Namespace) -> int:
    """The office out of a backup; over a living one only after two answers."""
    source, now = Path(options.file), console.now()
    manifest = backups.describe(source)
    if options.over:
        told = f"{manifest.day}的备份，审计日志{manifest.lines}条"
        console.say(f"{source}：{told}。恢复会换掉现有的系统（先另存一份）。(puts the present office aside)")
        _answer("确要恢复请输入“恢复”", "恢复")
        _answer(f"再确认：请输入备份的日期，即 {manifest.day}", str(manifest.day))
    passphrase = _passphrase(options)
    with db.alone():
        aside = backups.restore(source, over=options.over, passphrase=passphrase, now=now)
        with db.transaction() as session:
            backups.restored(session, source, aside, now=setup.moment(session, now))
            accounts.end_sign_ins(session, sa.true(), now)
    if aside:
        console.say(f"原有的系统另存在 {aside} (the former office)")
    console.say(f"已恢复。请执行 {db.command('check')} 核对后再启动 (restored; check it, then start)")
    return 0


def _answer(question: str, wanted: str) -> None:
    console.say(f"{question}：")
    if sys.stdin.readline().rstrip("\r\n") != wanted:
        raise Refused("confirm", "没有确认，什么也没有做。(not confirmed, nothing was done)")


@console.office_command
def drill(options: argparse.Namespace) -> int:
    """A backup restored and checked beside the office."""
    source = Path(options.file)
    found = backups.drill(source, passphrase=_passphrase(options))
    with db.transaction() as session:
        now = setup.moment(session, console.now())
        backups.record(session, source, actor=setup.system_actor(session), now=now, found=found)
    for words in found:
        print(words)
    console.say(
        f"faults: {len(found)}" if found else "演练恢复成功，核对无误 (restored in a scratch place, and it stands)"
    )
    return 1 if found else 0
