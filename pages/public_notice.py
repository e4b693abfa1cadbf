"""Public notices that run, for everybody: who is to be selected; objections; a person's own nomination."""

from core.ground.access import Role
from web import shell
from web.study import placing, publishing

actor = shell.require()
shell.page("公示", "正在公示的研修人选。公示期内可提出异议，由自治区人社厅答复。")
publishing.running(actor)
publishing.own_objections(actor)
if actor.role is Role.PERSON:
    placing.mine(actor)
