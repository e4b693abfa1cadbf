"""The trail told (审计日志纪事): each line as a sentence of who did what to whom, found by person and by record.

Words only: the trail itself is `core.trail.audit`. A record is called as it is today where it still belongs to the
office that the line names; where it has gone to another, it is called as the line itself says, or by its number alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import Actor, Labelled, OrganizationKind, Role
from core.law import notices
from core.models import (
    Account,
    AuditEntry,
    BankItem,
    Base,
    Card,
    CardTemplate,
    Comment,
    Course,
    CourseState,
    CreditBatch,
    DecisionRun,
    Exam,
    ExamPaper,
    FiledFigures,
    Intake,
    ItemState,
    Mode,
    Organization,
    Parcel,
    Person,
    PolicyDraft,
    PrintRun,
    PublicNotice,
    Quota,
    ResultBatch,
    SeminarLevel,
    Source,
    State,
    StatementSource,
    Submission,
)
from core.people import persons
from core.submissions.kinds import KINDS
from core.trail import audit

SENTENCES = {
    "account.claimed": "本人开通了{what}",
    "account.closed": "停用了{what}",
    "account.corrected": "更正了{what}",
    "account.locked": "{what}连续输错密码，登录被锁定",
    "account.opened": "开通了{what}",
    "account.password": "修改了自己的密码",
    "account.reading": "设置了自己的大字显示",
    "account.recovery": "用恢复码登录了系统",
    "account.recovery_codes": "更换了恢复码",
    "account.reopened": "重新启用了{what}",
    "account.reset": "重置了{what}的密码",
    "account.second_factor": "为{what}启用了动态口令",
    "account.second_factor_off": "停用了{what}的动态口令",
    "account.signed_in": "登录了系统",
    "account.signed_out": "退出了系统",
    "account.wrong": "登录{what}时输错了密码",
    "account.wrong_code": "为{what}开通账号时开通码不符",
    "calendar.linked": "更换了{what}的日历订阅地址",
    "calendar.unlinked": "停用了{what}的日历订阅地址",
    "card.issued": "出具了{what}",
    "card.printed": "再次打印了{what}",
    "card.revoked": "注销了{what}",
    "card_template.published": "发布了{what}",
    "cards.printed": "批量打印审验卡：{what}",
    "claim.drafted": "填写了{what}",
    "claim.granted": "核定了{what}的学时",
    "claim.revised": "修改了{what}",
    "columns.chosen": "为{what}指定了表格中哪一列是什么",
    "comment.written": "在{what}下留言",
    "completion.issued": "出具了{what}的结业证书",
    "course.changed": "修改了{what}",
    "course.drafted": "编制了{what}",
    "course.offered": "把{what}报请发布",
    "course.published": "发布了{what}",
    "course.returned": "退回了{what}",
    "course.withdrawn": "停用了{what}",
    "credit.posted": "登记了{what}",
    "credit.reversed": "冲销学时，生成{what}",
    "credits.imported": "导入学时，生成{what}",
    "dispute.filed": "提出{what}",
    "dispute.rejected": "答复{what}：异议不成立",
    "dispute.upheld": "答复{what}：异议成立",
    "eligibility.decided": "核验资格并存档：{what}",
    "exam.changed": "修改了{what}",
    "exam.credited": "为{what}补记了学时",
    "exam.drafted": "编制了{what}",
    "exam.offered": "把{what}报请发布",
    "exam.published": "发布了{what}",
    "exam.returned": "退回了{what}",
    "exam.taken_down": "撤下了{what}",
    "figures.filed": "报送了{what}",
    "file.handed_out": "下载了{what}的附件",
    "intake.made": "批量导入：{what}",
    "intake.undone": "撤销了{what}",
    "item.added": "录入了{what}",
    "item.changed": "修改了{what}",
    "item.paused": "停用了{what}",
    "item.reinstated": "撤销了{what}的作废",
    "item.resumed": "恢复使用{what}",
    "item.voided": "作废了{what}",
    "items.exported": "导出了{what}的试题",
    "items.imported": "向{what}的题库导入了试题",
    "nomination.drafted": "填写了{what}",
    "nomination.dropped": "登记{what}退出",
    "nomination.moved_up": "将{what}递补入选",
    "nomination.ranked": "为{what}排定名次",
    "nomination.reserved": "为{what}排定备选顺序",
    "nomination.revised": "修改了{what}",
    "nominations.taken": "下载了{what}的推荐汇总表",
    "objection.filed": "提出{what}",
    "objection.rejected": "答复{what}：异议不成立",
    "objection.upheld": "答复{what}：异议成立",
    "office.address": "设置了{what}的对外网址",
    "office.backup": "备份了{what}的系统",
    "office.backup_folder": "更换了{what}的备份位置",
    "office.clock": "推进了{what}的演示日期",
    "office.drill": "为{what}做了恢复演练",
    "office.holidays": "修改了{what}的放假安排",
    "office.key": "更换了{what}的密钥",
    "office.key_believed": "撤回了作废{what}一把密钥的提请",
    "office.key_doubted": "提请作废{what}的一把密钥",
    "office.key_sheet": "打印了{what}的密钥恢复单",
    "office.key_void": "作废了{what}的一把密钥",
    "office.mail": "设置了{what}的邮件服务器",
    "office.name": "设置了{what}的单位名称和标志",
    "office.opened": "建立了{what}的系统",
    "office.restore_asked": "提请用备份恢复{what}",
    "office.restore_dropped": "撤回用备份恢复{what}的提请",
    "office.restored": "从备份恢复了{what}的系统",
    "office.retention": "修改了{what}的保存期限",
    "office.sign_in": "修改了{what}的登录规则",
    "office.step": "在{what}的开办清单上作了标记",
    "organization.added": "新增了{what}",
    "organization.assessed": "登记了{what}的考核结果",
    "organization.changed": "修改了{what}",
    "organization.occupation": "核准了{what}的培训职业",
    "organization.occupation_until": "变更了{what}核准职业的有效期",
    "paper.begun": "开始作答{what}",
    "paper.handed_in": "交了{what}",
    "paper.taken_in": "到时收了{what}",
    "parcel.prepared": "生成了{what}",
    "parcel.sent": "标记已报送{what}",
    "parcel.taken": "下载了{what}",
    "person.assessment_taken_back": "撤销了{what}的考核结果",
    "person.code": "向{what}发放了开通码",
    "person.corrected": "更正了{what}的信息",
    "person.merged": "合并了{what}",
    "person.moved": "为{what}办理了调动",
    "person.placed": "批量设置工作单位，改了{what}",
    "person.revealed": "查看了{what}的完整证件号",
    "person.separated": "撤销了{what}的合并",
    "placement.agreed": "登记了{what}的培养协议",
    "placement.changed": "变更了{what}的培养安排",
    "placement.placed": "安排了{what}的培养",
    "placement.reached": "登记了{what}的培养环节",
    "plan.drafted": "填写了{what}",
    "plan.extended": "准予延期上报{what}",
    "plan.finished": "登记了{what}的结业考核",
    "plan.revised": "修改了{what}",
    "plan.unfinished": "撤销了{what}的结业考核",
    "plan_table.drafted": "填写了{what}",
    "plan_table.revised": "修改了{what}",
    "platform.bound": "在{what}登记了平台账号",
    "platform.closed": "停用了{what}",
    "platform.opened": "开通了{what}",
    "platform.pushed": "从{what}推送了成绩",
    "policy.drafted": "起草了{what}",
    "policy.published": "发布了{what}",
    "policy.put_away": "收起了{what}",
    "proof.issued": "出具了{what}的入账证明",
    "public_notice.final": "确定入选：{what}",
    "public_notice.opened": "发布了{what}",
    "quota.drafted": "拟定了{what}",
    "quota.published": "下达了{what}",
    "report.drafted": "填写了{what}",
    "report.repaired": "改正了{what}的花名册",
    "report.revised": "修改了{what}",
    "report.supplemented": "补报了{what}的花名册",
    "results.brought": "导入了{what}",
    "results.confirmed": "确认了{what}",
    "results.returned": "不予确认{what}",
    "results.taken_back": "冲销了{what}",
    "seminar.answered": "登记了{what}的国家级批准结果",
    "seminar.drafted": "填写了{what}",
    "seminar.revised": "修改了{what}",
    "seminar.scored": "给{what}评审打分",
    "study_appeal.filed": "提出{what}",
    "study_appeal.rejected": "答复{what}：申诉不成立",
    "study_appeal.upheld": "答复{what}：申诉成立",
    "submission.approve": "审核通过了{what}",
    "submission.reject": "决定不予通过{what}",
    "submission.return": "退回了{what}",
    "submission.submit": "{word}了{what}",
    "submission.undo": "撤销了对{what}的决定",
    "submission.withdraw": "撤回了{what}",
    "totals.rebuilt": "重建了{what}的学时合计",
    "year_summary.drafted": "填写了{what}",
    "year_summary.revised": "修改了{what}",
}
"""What was done, after who did it (谁做了什么): `what` is the record, `word` what the deed is called of its kind."""

_OF_KIND = {
    ("submission.reject", "nomination"): "决定{what}不予入选",
    ("submission.return", "dispute"): "请补充说明：{what}",
    ("submission.return", "objection"): "请补充说明：{what}",
    ("submission.return", "study_appeal"): "请补充说明：{what}",
}

FIELDS = {
    "active": "在用",
    "added": "新增",
    "address": "地址",
    "amount": "数量",
    "answered": "已答题数",
    "answers": "答案校验值",
    "applications": "申报份数",
    "approved": "是否批准",
    "aside": "暂不办理",
    "attempt": "第几次",
    "attempts": "可考次数",
    "authority": "管理权限",
    "basis": "依据",
    "batch": "批次",
    "blueprint": "组卷办法",
    "by": "办理人",
    "certificates": "发证人数",
    "chain": "账本校验值",
    "changed": "更新",
    "closes_on": "停考日期",
    "code": "编号",
    "columns": "各列",
    "completed_on": "完成日期",
    "confirmed": "确认的事项",
    "course": "课程",
    "credit_years": "学时年度",
    "days_ahead": "比实际日期晚（天）",
    "decisions_that_would_differ": "结论将改变的份数",
    "department": "培养科室",
    "differences": "不一致的合计",
    "digest": "校验值",
    "document": "批准文号",
    "doubles": "重复",
    "dropped_on": "退出日期",
    "duplicate": "并入的记录",
    "edition": "版次",
    "edition_id": "题目版次编号",
    "eligible": "符合",
    "employer": "工作单位",
    "end_on": "结束日期",
    "entries": "笔数",
    "failing": "改为不合格",
    "faults": "有问题的行数",
    "faulty": "有误",
    "file": "文件",
    "filename": "文件名",
    "filled": "补填",
    "fingerprint": "密钥编号",
    "first_on": "开始日期",
    "folder": "位置",
    "form": "形式",
    "from_on": "有效期起",
    "full_id": "印完整身份证号",
    "granted": "核定学时",
    "half_marks": "多选题设部分分",
    "held_on": "考核日期",
    "host": "单位或服务器",
    "hours": "学时",
    "how": "方式",
    "id_mask": "身份证号",
    "id_number": "身份证号",
    "idle_minutes": "无操作退出（分钟）",
    "internal": "仅本机关可见",
    "issued_at": "出具时间",
    "items": "项数",
    "kind": "类别",
    "large_type": "大字显示",
    "last_on": "结束日期",
    "left": "剩余",
    "length": "字数",
    "lesson": "课节",
    "lessons": "节数",
    "level": "级别",
    "line": "笔",
    "lines": "各项内容",
    "made": "新增",
    "mark": "标志",
    "minutes": "时长（分钟）",
    "mode": "方式",
    "name": "姓名",
    "not_eligible": "不符合",
    "note": "说明",
    "number": "编号",
    "occupation": "职业",
    "of": "所属机构",
    "office": "机关",
    "on": "日期",
    "opens_on": "开考日期",
    "opinion": "意见",
    "options": "选项",
    "organization": "机构",
    "password": "改了密码",
    "paper_id": "试卷编号",
    "papers": "答卷数",
    "pass_mark": "及格线",
    "passed": "合格",
    "passing": "改为合格",
    "people": "人数",
    "period": "期间",
    "person": "人员",
    "person_id": "人员编号",
    "place": "地点",
    "points": "评分",
    "policies": "依据的通知",
    "policy": "通知编号",
    "position": "节次",
    "post": "专业技术职务",
    "posted": "已记学时",
    "practice": "专业能力",
    "programme": "专项项目",
    "put_away": "已收起",
    "questions": "题数",
    "quota": "全区指标",
    "rank": "名次",
    "reason": "原因",
    "refused": "未接收",
    "remarks": "审核意见",
    "report": "报告",
    "required": "要求学时",
    "reserve": "备选顺序",
    "result": "结果",
    "results": "条数",
    "role": "角色",
    "root": "校验值",
    "rows": "行数",
    "run": "批次",
    "run_id": "批次",
    "same": "无变化",
    "satisfied": "满意度（%）",
    "score": "得分",
    "second_factor_roles": "须用动态口令的角色",
    "kept_messages": "消息的保存期限",
    "kept_printed": "批量打印文件的保存期限",
    "kept_sign_ins": "登录记录的保存期限",
    "kept_unsaved": "没有提交的填写内容的保存期限",
    "kept_uploads": "没有办成的上传文件的保存期限",
    "traces_years": "登录痕迹保存年数（0为一直保存）",
    "seed": "抽题编号",
    "service_years": "服务年限",
    "sender": "发件地址",
    "sha256": "文件校验值",
    "shuffled": "选项乱序",
    "signature": "签名",
    "signed_on": "签订日期",
    "size": "大小",
    "source": "来源",
    "specialty": "从事专业",
    "stage": "审核环节",
    "standing": "状态",
    "start_on": "开始日期",
    "state": "状态",
    "statement": "学习记录编号",
    "stay": "保持不变",
    "stays": "保留的记录",
    "stem": "题干",
    "step": "环节",
    "subject": "科目",
    "subjects": "各科学时",
    "submission": "事项",
    "supervisor": "导师",
    "table": "表",
    "taken_back": "已撤销",
    "teachers": "授课教师",
    "theory": "理论知识",
    "title": "名称",
    "to_on": "有效期止",
    "to_verify": "待核验",
    "together": "合计",
    "topic": "选题",
    "totals": "合计数",
    "up_to": "截至",
    "user": "邮箱用户名",
    "username": "用户名",
    "version": "版次",
    "wait_minutes": "重考间隔（分钟）",
    "waiting": "待确认",
    "why": "原因",
    "words": "说明",
    "year": "年度",
    "years": "年度",
}
"""What a value of a line is called (字段), where its kind of submission has no own word for it."""

_CODES: dict[str, tuple[type[Labelled], ...]] = {
    "state": (State, CourseState, ItemState),
    "standing": (State,),
    "role": (Role,),
    "kind": (OrganizationKind,),
    "mode": (Mode,),
    "level": (SeminarLevel,),
    "source": (Source,),
    "second_factor_roles": (Role,),
}
_PLAIN = {"None": "—", "": "—", "True": "是", "False": "否", "demo": "演示", "empty": "正式"}

RECORDS: dict[str, tuple[str, type[Base]]] = {
    "account": ("账号", Account),
    "person": ("人员", Person),
    "organization": ("机构", Organization),
    "credit_batch": ("入账批次", CreditBatch),
    "card": ("审验卡", Card),
    "print_run": ("批量打印", PrintRun),
    "card_template": ("审验卡样式", CardTemplate),
    "comment": ("留言", Comment),
    "course": ("网络课程", Course),
    "exam": ("网络考试", Exam),
    "exam_paper": ("答卷", ExamPaper),
    "bank_item": ("试题", BankItem),
    "result_batch": ("外来成绩", ResultBatch),
    "statement_source": ("学习平台", StatementSource),
    "decision_run": ("资格核验", DecisionRun),
    "policy_draft": ("政策草稿", PolicyDraft),
    "quota": ("指标", Quota),
    "public_notice": ("公示", PublicNotice),
    "filed_figures": ("已报数据", FiledFigures),
    "intake": ("导入批次", Intake),
    "parcel": ("人才库报送文件", Parcel),
}
"""What a line can be about beside submissions: by its record, in a word."""


@dataclass(frozen=True)
class Change:
    """A value of a line (变更): what it is called, what it was, what it became; both in words."""

    field: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def word_of(record: str) -> str:
    """What a kind of record is called (对象): 人员, 培训计划."""
    return KINDS[record].word if record in KINDS else RECORDS[record][0] if record in RECORDS else record


def changes(record: str, before: str, after: str) -> list[Change]:
    """The values of a line (前后对照) in words, those that changed first; from its JSON."""
    was, became = json.loads(before), json.loads(after)
    found = [
        Change(field_word(record, name), _value(record, name, was.get(name)), _value(record, name, became.get(name)))
        for name in [*became, *(name for name in was if name not in became)]
    ]
    return sorted(found, key=lambda each: not each.changed)


def field_word(record: str, name: str) -> str:
    """What a value is called (字段名): by the form of its kind, else as everywhere; a name in Chinese is its own."""
    own = {**KINDS[record].fields, **KINDS[record].words} if record in KINDS else {}
    if record != "person" and record != "account" and name == "name":
        return "名称"
    return name if not name.isascii() else own.get(name) or FIELDS.get(name, name)


def _value(record: str, name: str, value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_value(record, name, each) for each in value) or "—"
    if isinstance(value, dict):
        return "、".join(f"{field_word(record, key)}{_value(record, key, each)}" for key, each in value.items()) or "—"
    said = "" if value is None else str(value)
    if name == "state" and record in KINDS and said in {state.value for state in State}:
        return KINDS[record].word_for(State(said))
    if name == "stage" and record in KINDS:
        return next((stage.word for stage in KINDS[record].stages if stage.code == said), said)
    if name == "programme":
        return notices.programme_names().get(said, said) or "—"
    if name == "subject":
        return notices.subject_names().get(said, said) or "—"
    for vocabulary in _CODES.get(name, ()):
        if said in {member.value for member in vocabulary}:
            return vocabulary(said).label
    return _PLAIN.get(said, said)


def history(session: Session, actor: Actor, *, about: str = "", **asked: Any) -> tuple[pd.DataFrame, int]:
    """Audit history in sentences (审计日志): the columns of `audit.history`; `told`, who did what to whom; `still`,
    whether what it was done to is still in charge of the same office.

    `about`: the name or full ID number of a person the actor may see, part of what a record is called, or its number.
    Refused codes: "password".
    """
    also = _about(actor, about) if typed.text(about) else None
    found, count = audit.history(session, actor, also=also, **asked)
    told = _told(session, actor, found)
    return found.assign(told=[words for words, _ in told], still=[still for _, still in told]), count


def _about(actor: Actor, about: str) -> sa.ColumnElement[bool]:
    """The lines about whom or what is called so, among those that may be seen at all."""
    text = typed.text(about)[:100]
    full = resident_id.problem(text) is None
    ways: list[sa.ColumnElement[bool]] = []

    def lines(records: Iterable[str], ids: sa.Select[Any]) -> None:
        ways.append(sa.and_(AuditEntry.record.in_(list(records)), AuditEntry.record_id.in_(ids)))

    if actor.role in persons.LOOKERS:
        people = sa.select(Person.id).where(*persons.matching(actor, text=text))
        lines(["person"], people)
        lines(["card"], sa.select(Card.id).where(Card.person_id.in_(people)))
        lines(["account"], sa.select(Account.id).where(Account.person_id.in_(people)))
        lines(KINDS, sa.select(Submission.id).where(Submission.person_id.in_(people)))
    if not full:
        named = sa.or_(db.holding(text, Account.name), db.holding(text, Account.username))
        lines(["account"], sa.select(Account.id).where(named, Account.person_id.is_(None)))
        lines(["organization"], sa.select(Organization.id).where(db.holding(text, Organization.name)))
        lines(KINDS, sa.select(Submission.id).where(db.holding(text, Submission.title)))
        lines(["credit_batch"], sa.select(CreditBatch.id).where(db.holding(text, CreditBatch.basis)))
        courses = sa.select(Course.id).where(db.holding(text, Course.title))
        lines(["course"], courses)
        lines(["exam"], sa.select(Exam.id).where(Exam.course_id.in_(courses)))
        if number := db.numbered(text):
            ways.append(AuditEntry.record_id == number)
    return sa.or_(sa.false(), *ways)


def _told(session: Session, actor: Actor, lines: pd.DataFrame) -> list[tuple[str, bool]]:
    """A sentence for each line, and whether what it is about still stands where the line found it."""
    rows: list[dict[str, Any]] = lines.to_dict("records")  # type: ignore[assignment]
    wanted: dict[str, set[int]] = defaultdict(set)
    for line in rows:
        wanted[line["record"]].add(int(line["record_id"]))
    names = {
        (record, each.id): (audit.place(session, each), _named(session, record, each))
        for record, ids in wanted.items()
        for each in _records(session, record, sorted(ids))
    }
    told = []
    for line in rows:
        record = line["record"]
        place, name = names.get((record, line["record_id"]), (None, ""))
        here = actor.oversees_region or place == (line["organization_id"], line["authority_id"])
        if not (still := bool(name) and here):
            name = _as_said(record, line["record_id"], line["after"], line["before"])
        told.append((sentence(line["event"], record, name, line["account"], line["role"]), still))
    return told


def _records(session: Session, record: str, ids: list[int]) -> Iterator[Any]:
    """The records themselves, those that are still there."""
    model: Any = KINDS[record].model if record in KINDS else RECORDS[record][1] if record in RECORDS else None
    if model is None:
        return
    for start in range(0, len(ids), 5000):
        yield from session.scalars(sa.select(model).where(model.id.in_(ids[start : start + 5000])))


def sentence(event: str, record: str, what: str, account: str, role: str) -> str:
    """A line as a sentence (一句话): 王敏（审核员）审核通过了培训计划“…”."""
    who = f"{account}（{Role(role).label}）" if role in {each.value for each in Role} else account
    template = _OF_KIND.get((event, record)) or SENTENCES.get(event) or f"{audit.called(event, record)}：{{what}}"
    return who + template.format(what=what, word=audit.called(event, record))


def _as_said(record: str, record_id: int, *values: str) -> str:
    """What the line itself calls its record; its number where it says nothing."""
    for said in map(json.loads, values):
        if isinstance(name := said.get("title") or said.get("name"), str):
            return f"{word_of(record)}“{name}”"
    return f"{word_of(record)}（编号{record_id}）"


def _named(session: Session, record: str, each: Any) -> str:
    """What a record is called, with the word of what it is."""
    word = word_of(record)
    match each:
        case Submission():
            return f"{word}“{each.title}”"
        case Person():
            return f"{each.name}（{resident_id.mask(each.id_number)}）"
        case Account():
            return f"{each.name}的账号（{each.username}）"
        case Organization():
            return each.name
        case CreditBatch():
            return f"第{each.id}批学时（{each.basis}）"
        case Card():
            owner = session.get_one(Person, each.person_id)
            return f"{owner.name}的审验卡（{each.number or each.code}）"
        case Comment():
            about = session.get_one(Submission, each.submission_id)
            return f"{word_of(about.kind)}“{about.title}”"
        case Course():
            return f"{word}“{each.title}”"
        case Exam():
            return f"“{session.get_one(Course, each.course_id).title}”的考试"
        case ExamPaper():
            course = session.get_one(Course, session.get_one(Exam, each.exam_id).course_id)
            return f"“{course.title}”的考试（{session.get_one(Person, each.person_id).name}，第{each.number}次）"
        case StatementSource():
            return f"{word}“{each.name}”"
        case PolicyDraft():
            return f"{word}“{each.name or each.policy_id}”"
        case Quota() | PublicNotice():
            programme = notices.programme_names().get(each.programme, each.programme)
            return f"{each.year}年{programme}的{word}"
        case Parcel():
            return f"{each.year}年度第{each.number}次{word}"
        case FiledFigures():
            return f"{each.period}期间的数据（第{each.number}次）"
    return (
        f"第{each.id}批{word}" if record in ("result_batch", "decision_run", "intake") else f"{word}（编号{each.id}）"
    )
