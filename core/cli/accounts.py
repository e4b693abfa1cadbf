"""Accounts: a new first password for who is locked out, such as the only administrator."""

from __future__ import annotations

import argparse

from core.cli import console
from core.ground import db
from core.people import accounts, passwords, second_factor, setup


@console.office_command
def reset(options: argparse.Namespace) -> int:
    """A new first password for an account, on stdout, once; its second factor, if it has one, is taken off."""
    password = passwords.drawn()
    with db.transaction() as session:
        account_id = accounts.actor_named(session, options.name).account_id
        assert account_id is not None
        actor, now = setup.system_actor(session), setup.moment(session, console.now())
        if second_factor.of(session, account_id):
            accounts.drop_second_factor(session, account_id, actor=actor, reason="命令行重置密码", now=now)
        accounts.reset_password(session, account_id, password, actor=actor, now=now)
    print(password)
    console.say(
        f"{options.name}：请用此初始密码登录，登录后须修改 (signs in with this first password, has to change it)"
    )
    return 0
