"""A process that approves reports and may be killed at any moment; `test_kill` starts it. No test lives here.

It imports everything once and forks for every approval. Standard input takes one line of JSON for each: the
environment, the actor and what to approve. Standard output tells: "ready PID" right before the deed, a dot for each
statement the database has answered, "done" once the transaction is closed, "ended STATUS" when asked to look ("reap").
"""

import json
import os
import sys
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.submissions import workflow


def say(words: str) -> None:
    os.write(1, words.encode())


def approve(order: dict[str, Any]) -> None:
    os.environ.update(order["environment"])
    fields = order["actor"]
    home, role = OrganizationKind(fields["organization_kind"]), Role(fields["role"])
    actor = Actor(**(fields | {"role": role, "organization_kind": home}))
    now = datetime.fromisoformat(order["now"])
    sa.event.listen(db.engine(), "after_cursor_execute", lambda *_: say("."))
    say(f"ready {os.getpid()}\n")
    with db.transaction() as session:
        workflow.move(session, order["id"], workflow.Action.APPROVE, version=order["version"], actor=actor, now=now)
    say("done")


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                approve(json.loads(line))
            finally:
                os._exit(0)
        sys.stdin.readline()  # not before: a process that was not waited for keeps its number
        say(f"ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")


if __name__ == "__main__":
    main()
