"""Column headings (列名): one word for each column, on every screen and in every export; the words of codes."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pandas as pd

from core.ground.access import Labelled, OrganizationKind, Role
from core.law.workdays import DayKind
from core.ledger.standing import Standing
from core.models import Change, Mode, Outcome, ResultSource, ResultState, SeminarLevel, Source, State
from core.submissions import kinds, workflow
from core.trail import audit

LABELS = {
    "account": "办理人",
    "account_name": "办理人",
    "agreed": "姓名和后四位",
    "accounts": "账号（个）",
    "action": "操作",
    "active": "启用",
    "second_factor": "动态口令",
    "activity": "类别",
    "after": "现信息",
    "after_deed": "变更后",
    "amount": "数量",
    "amount_stated": "证书所载数量",
    "application_level": "申报级别",
    "application_route": "申报方式",
    "application_year": "申报年度",
    "approved_plan": "批准的计划",
    "article": "规定",
    "assess_outcome": "考核结果",
    "assessed": "考核人次",
    "assessment": "考核结果",
    "at": "时间",
    "audience": "培训人员范围",
    "authority": "管理权限",
    "base": "培训机构",
    "basis": "依据",
    "batch": "批次",
    "batch_id": "批次",
    "batch_line": "笔",
    "became": "现指标",
    "before": "原信息",
    "before_deed": "变更前",
    "brought_at": "导入时间",
    "brought_by": "导入人",
    "card_code": "验证码",
    "card_follows": "换发自（原卡）",
    "card_number": "编号",
    "card_state": "状态",
    "card_years": "年度",
    "cards_issued": "已出具张数",
    "left_out_because": "原因",
    "template_title": "标题",
    "template_version": "版本",
    "catalogue_source": "来源",
    "cell_after": "改后",
    "cell_before": "改前",
    "brought_in": "内容",
    "certificate": "证书（证明）名称",
    "certificate_number": "证书编号",
    "change": "事项",
    "check_answer": "核验结论",
    "checked": "核对项",
    "checked_at": "核验时间",
    "class_level": "等级",
    "classes": "班数",
    "clause": "条款",
    "clauses": "依据",
    "closed_at": "停用时间",
    "code": "代码",
    "code_2022": "2022年版编码",
    "completed": "结业考核",
    "completed_on": "完成日期",
    "confirmed": "确认事项",
    "content": "培训内容",
    "counted_on": "数字截至",
    "credit_year": "学时年度",
    "day_kind": "安排",
    "days": "天数",
    "days_ahead": "推进天数",
    "days_left": "期限",
    "decided_at": "审核时间",
    "decided_by": "核验人",
    "decided_for_record_at": "核验时间",
    "deciding_office": "核验机关",
    "decision_number": "结论编号",
    "difference": "核对",
    "direction": "职业方向",
    "dispute": "异议",
    "done": "已完成",
    "draft_name": "草稿",
    "drafted_at": "起草时间",
    "drafted_by": "起草人",
    "due_on": "报送期限",
    "employer": "工作单位",
    "end_on": "结束日期",
    "entries": "笔数",
    "entry_number": "序号",
    "event": "事项",
    "expected": "序时应完成",
    "faults": "问题行数",
    "faulty": "有问题",
    "file_row": "行号",
    "filed_at": "提出时间",
    "filed_by": "提出人",
    "filed_on": "报送日期",
    "filename": "证明材料",
    "first_password": "初始密码",
    "first_until": "有效至",
    "filename_read": "文件",
    "finish_outcome": "结业考核",
    "finished": "结业人数",
    "from_on": "有效期起",
    "gap": "缺口",
    "grade_certificates": "等级证书（本）",
    "granted": "核定学时",
    "headcount": "计划人数",
    "heading": "列",
    "held_on": "考核日期",
    "holiday": "节日",
    "host": "培养单位",
    "host1": "志愿单位1",
    "hours": "学时",
    "hours_each": "每人学时",
    "hours_standing": "学时状态",
    "how": "方式",
    "id_mask": "身份证号",
    "id_number": "身份证号",
    "issued_at": "出具时间",
    "issued_on": "发证日期",
    "items": "项数",
    "kind": "类别",
    "lacks": "结果（学时）",
    "late": "逾期",
    "large_type": "大字显示",
    "league": "适用范围",
    "least_hours": "标准学时",
    "listed_people": "名单人数（不含有错误的行）",
    "level": "职称级别",
    "made_at": "开通时间",
    "matter": "事项",
    "midterm": "中期考核",
    "mode": "方式",
    "moved": "增减",
    "name": "姓名",
    "nominated": "推荐（人）",
    "nomination_id": "推荐编号",
    "not_selected": "未入选（人）",
    "note": "备注",
    "objection": "异议内容",
    "passed_on": "考试日期",
    "platform_activity": "课程标识",
    "platform_key": "编号",
    "platform_name": "学习平台",
    "receipt": "回执",
    "receipt_words": "回执说明",
    "receipts": "回执统计",
    "result_batch": "成绩批次",
    "result_said": "成绩",
    "result_source": "来源",
    "result_state": "状态",
    "seconds": "秒数",
    "occupation": "职业",
    "occupation_code": "标准职业编码",
    "office": "分解对象",
    "office_in_charge": "办理机关",
    "opinion": "盟市意见",
    "organization": "机构",
    "organization_name": "机构名称",
    "organization_touched": "涉及机构",
    "origin": "类别",
    "outcome": "结论",
    "outcome_before": "原结论",
    "outcome_by_draft": "按草稿",
    "over_plan": "超出计划",
    "overdue": "已过期限",
    "passed": "合格人次",
    "people": "人数",
    "place": "培训地点",
    "places": "名额（人）",
    "plan": "培训名称",
    "plan_id": "计划编号",
    "points": "平均分（分）",
    "policy_id": "政策编号",
    "post": "专业技术职务",
    "posted_at": "入账时间",
    "posted_by": "审核人",
    "practice": "专业能力（分）",
    "programme": "专项项目",
    "progress": "办理进度",
    "published_at": "发布时间",
    "published_because": "发布依据",
    "published_by": "发布人",
    "quota": "全区指标",
    "quota_number": "版次",
    "quota_target": "指标",
    "rank": "盟市排名",
    "reason": "原因",
    "recognised_by": "认可依据",
    "record": "记录",
    "record_id": "编号",
    "relied_years": "涉及学时年度",
    "repaired": "改正",
    "repaired_by": "方式",
    "report_id": "报告编号",
    "report_state": "报告",
    "reported_on": "报到",
    "reserve": "备选顺序",
    "reserves": "备选（人）",
    "reversed_at": "冲销时间",
    "revoked_because": "失效原因",
    "revoked_on": "失效日期",
    "role": "角色",
    "root": "校验值",
    "roster_row": "花名册行",
    "row": "行",
    "rows_good": "行数",
    "rows_in": "导入行数",
    "rows_left": "未撤销行数",
    "scores": "评分（份）",
    "seen_by": "查看人",
    "seen_from": "查看人单位",
    "selected": "入选（人）",
    "seminar_level": "级别",
    "seminar_rank": "排名",
    "severity": "类别",
    "sex": "性别",
    "share": "完成率（%）",
    "since_on": "起始日期",
    "site": "考核站点",
    "source": "来源",
    "specialty": "从事专业",
    "standing": "状态",
    "start_on": "开始日期",
    "state": "状态",
    "statements": "推送记录（条）",
    "status": "办理情况",
    "studied_on": "学习日期",
    "study_field": "拟研修专业",
    "subject": "科目",
    "submitted_at": "提交时间",
    "summary": "培训总结",
    "teachers": "师资情况",
    "theory": "理论知识（分）",
    "title": "培训名称",
    "told": "办理情况",
    "to_on": "有效期止",
    "to_state": "状态",
    "took_place": "实际",
    "topic": "选题",
    "training_certificates": "培训合格证书（本）",
    "turn": "结论变化",
    "username": "用户名",
    "workbook": "文件",
    "validity": "有效情况",
    "value": "原值",
    "visits": "人次",
    "waiting_here": "待办（件）",
    "waiver": "适用减免",
    "was": "原指标",
    "where": "卡在",
    "words": "说明",
    "year": "年度",
    "item_number": "题号",
    "item_kind": "题型",
    "item_topic": "知识点",
    "item_difficulty": "难度",
    "item_state": "状态",
    "stem": "题干",
    "item_papers": "答卷（份）",
    "item_right": "得分率（%）",
    "item_tells": "区分度",
    "item_flags": "需要核对",
    "exam_state": "考试状态",
    "exam_sat": "已考（人）",
    "attempts": "考试次数",
    "score": "得分（分）",
    "exam_result": "结果",
    "unposted": "没有记学时的原因",
    "years_required": "需完成年度",
    "course_state": "状态",
    "course_title": "课程",
    "lessons": "节数",
    "begun": "已开始（人）",
    "studied": "已学完（人）",
    "edition": "版次",
    "position": "节次",
    "lesson_title": "课节",
    "lesson_kind": "形式",
    "minutes": "分钟",
    "assigned": "应学（人）",
    "has_account": "账号",
    "begun_at": "开始时间",
    "studied_at": "学完时间",
    "exam_passed": "考试合格（人）",
    "passed_at": "合格时间",
    "sent_at": "报送时间",
    "sent_by": "报送人",
    "parcel_number": "第几次",
    "prepared_at": "生成时间",
    "prepared_by": "生成人",
    "course_count": "课程（门）",
    "hint_kind": "提示",
    "hint_people": "涉及人员",
    "hint_words": "说明",
}
"""Each column by the one word it has on every screen and in every export. Where a question of core gives one column two
meanings, the page renames it on its way into the table. A column named in Chinese (a year, a group) heads itself."""


def heading(name: str) -> str:
    """Column heading (列名) of a column, by its name."""
    return LABELS[name] if name.isascii() else name


def in_hours(name: str) -> str:
    """The heading of a column that says hours (学时), for one that is named in Chinese."""
    return f"{name}（学时）"


def says_done(name: str) -> bool:
    """Whether a column says what is lacking (短缺), or in the colour of a state that nothing is."""
    return name == "lacks" or name.endswith(in_hours("年度"))


VOCABULARIES: dict[str, Iterable[Labelled]] = {
    "action": workflow.Action,
    "change": Change,
    "day_kind": DayKind,
    "event": audit.EVENTS.values(),
    "hours_standing": Standing,
    "kind": OrganizationKind,
    "mode": Mode,
    "origin": kinds.origins(),
    "receipt": Outcome,
    "result_source": ResultSource,
    "result_state": ResultState,
    "role": Role,
    "seminar_level": SeminarLevel,
    "source": Source,
    "standing": Standing,
    "state": State,
    "to_state": State,
}

RECORDS = {
    "account": "账号",
    "bank_item": "试题",
    "exam": "考试",
    "exam_paper": "试卷",
    "card": "审验卡",
    "card_template": "审验卡样式",
    "print_run": "批量打印",
    "credit_batch": "入账批次",
    "comment": "留言",
    "dispute": "异议",
    "filed_figures": "已报数据",
    "intake": "导入批次",
    "opinion": "盟市意见",
    "organization": "机构",
    "person": "人员",
    "quota": "指标",
    "result_batch": "外来成绩",
    "statement_source": "学习平台",
} | {kind.code: kind.short for kind in kinds.KINDS.values()}


# --- kinds of columns -------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What stands in a column (列的种类): how it is written, where it stands, whether its lines break."""

    WORDS = "words"
    YEAR = "year"
    NUMBERED = "numbered"
    """The number of a record or a row: no amount, so without separators and on the left."""
    NUMBER = "number"
    """An amount, its unit in the heading or the caption: with thousands separators, on the right."""
    SHARE = "share"
    """A percentage, with a bar."""
    DAY = "day"
    MOMENT = "moment"
    STATE = "state"


YEARS = {"year", "credit_year", "application_year", "年度"}
NUMBERED = {
    *("batch", "batch_id", "batch_line", "card_number", "edition", "entry_number", "file_row", "item_number"),
    *("nomination_id", "plan_id", "position", "quota_number", "rank", "record_id", "report_id", "reserve"),
    *("parcel_number", "result_batch", "roster_row", "row", "seminar_rank", "template_version", "序号", "第几次"),
}
STATES = {
    *("card_state", "check_answer", "course_state", "exam_result", "exam_state", "hours_standing", "item_state"),
    *("outcome", "outcome_before", "outcome_by_draft", "receipt", "report_state", "result_state", "severity"),
    *("standing", "state", "to_state", "状态", "进展"),
}
SHARES = {"share"}
AMOUNTS = {"hours", "amount_stated", "granted"}
"""Amounts of which some are words: 视同完成."""


def kind(name: str, values: pd.Series[Any] | list[str]) -> Kind:
    """What stands in a column (列的种类), by its name; of one that is named in Chinese by its values."""
    named = ((YEARS, Kind.YEAR), (NUMBERED, Kind.NUMBERED), (STATES, Kind.STATE), (SHARES, Kind.SHARE))
    for names, found in named:
        if name in names:
            return found
    if name.endswith("_on"):
        return Kind.DAY
    if name.endswith("_at") or name == "at":
        return Kind.MOMENT
    return Kind.NUMBER if name in AMOUNTS or numeric(values) else Kind.WORDS


def numeric(values: pd.Series[Any] | list[str]) -> bool:
    """Whether a column is numbers (数值列) throughout, and not words for them."""
    if isinstance(values, list):
        return False
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def written(value: Any, kind: Kind) -> str:
    """A cell as it is read (单元格文字): 1,234.5, 2024-06-28, "" where nothing stands."""
    if isinstance(value, str):
        return value
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if kind in (Kind.YEAR, Kind.NUMBERED):
        return str(int(value))
    if kind is Kind.SHARE:
        return f"{value:.1f}%"
    if isinstance(value, datetime.date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (numbers.Real, Decimal)):
        return f"{float(value):,.2f}".rstrip("0").rstrip(".")
    return str(value)
