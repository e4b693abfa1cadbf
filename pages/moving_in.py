"""Administrators move an office in: organizations, accounts and people by workbook."""

from core.ground.access import Role
from core.people.moving import Table
from web import address, shell
from web.opening import moving

actor = shell.require(Role.ADMIN)
shell.page("批量导入", "依次导入机构、账号和人员：下载模板，填好上传，逐格改正，整批导入；导错了可以整批撤销。")

BATCHES = "导入批次"
names = {table.label: table for table in Table}
view = address.view([*names, BATCHES])
if view == BATCHES:
    moving.batches(actor)
else:
    moving.bring_in(names[view], actor)
