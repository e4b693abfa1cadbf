"""Setting up: the database, the office, the demonstration office."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from sqlalchemy.orm import Session

from core.cli import console
from core.ground import db
from core.ground.access import Refused
from core.models import leagues
from core.office import backups
from core.people import accounts, keys, organizations, passwords, setup
from core.trail.files import Upload


@console.command
def init(options: argparse.Namespace) -> int:
    """Create or upgrade the database and open an empty office in it, so that every command works.

    `--demo`: the demonstration office instead, unless one was opened before. `--office` and `--admin`: with its first
    administrator. `--schema`: the database alone, and the first visit asks which office it is to be.
    `--regions`: the offices of another region, named by a table, instead of Inner Mongolia's.
    `--without-backup`: for who has made one by other means, where PostgreSQL's own programs are not at hand.
    """
    if bool(options.office) != bool(options.admin):
        raise Refused("options", "--office 和 --admin 要一起写 (give both of them)")
    db.make_key()
    db.keys()
    if options.without_backup:
        db.upgrade()
    elif aside := backups.upgrade(now=console.now()):
        console.say(f"升级前的系统另存在 {aside} (the office as it was before the upgrade)")
    console.say(f"database ready: {db.engine().url.render_as_string()}")
    with db.transaction() as session:
        if opened := setup.is_open(session):
            keys.adopt(session)
    if options.regions:
        path = Path(options.regions)
        with db.transaction() as session:
            named = setup.name_regions(session, Upload(path.name, console.content(path)))
        console.say(f"{len(named)} offices: {named[0]} and those below it")
    if options.schema:
        return 0
    if options.demo:
        return _demonstration(opened)
    with db.transaction() as session:
        if not opened:
            setup.open_office(session, kind="empty", now=console.now())
        password = _administrator(session, options.office, options.admin) if options.admin else ""
    if password:
        print(password)
        console.say(f"{options.admin} signs in with this first password, and has to change it")
    elif not opened:
        console.say("an empty office is open; the first visit asks for its administrator")
    return 0


def _demonstration(opened: bool) -> int:
    if opened:
        console.say("the office was opened before; it was left as it is")
        return 0
    from data.demo.office import open_demo

    with db.transaction() as session:
        open_demo(session, now=console.now(), progress=console.say)
    console.say("demonstration office ready")
    return 0


def _administrator(session: Session, office: str, username: str) -> str:
    """Open the first account, in the region's office or a league's, and answer its first password.

    Refused codes: "office" (there is none of this name), "open" (there are accounts), those of `open_account`.
    """
    offices = organizations.authorities(session)
    named = {name: office_id for office_id, name in offices.items()}
    named |= {league or "自治区": office_id for office_id, league in leagues(session).items()}
    if office not in named:
        near = difflib.get_close_matches(office, named, 1, 0.4) or list(offices.values())
        raise Refused("office", f"没有“{office}”，管理员所在的机构应为：{'、'.join(near)}。")
    password = passwords.drawn()
    accounts.open_first(
        session,
        username=username,
        name="管理员",
        organization_id=named[office],
        password=password,
        must_change_password=True,
        now=setup.moment(session, console.now()),
    )
    return password
