"""Offices file the figures of a period, and see beside each filing what they are now and why."""

from core.office.dashboards import filed
from web import board, context, shell

actor = shell.require(*filed.READERS)
shell.page(
    "已报数据",
    "报送过的年度、季度、月度数据照原样保留，旁边列出现在的数据；两者不同的，逐笔列出原因：哪一批入账、哪一笔冲销、哪一份报告。",
)
if actor.role in filed.FILERS:
    board.file_figures(context.today())
board.filed_figures(actor)
board.yearly_table(context.today())
