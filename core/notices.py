"""Notices as officers handle them: in plain words, drafted, tried over everybody, published by a second admin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit, decisions, eligibility, policy, policy_cases, rules
from core.access import Actor, OrganizationKind, Refused, Role, not_found, require
from core.models import Account, PolicyDraft
from core.policy import Condition, Policy, Waiver, Window

# --- in plain words -------------------------------------------------------------------------------------------------

_FACT_WORDS = {
    "non_public": "非公有制经济领域",
    "front_line": "苏木、乡镇等基层一线",
    "postdoc_funded": "在站期间获中国博士后科学基金资助或主持省部级以上科研项目",
    "stays_in_region": "出站后留在自治区工作",
    "epidemic_years": "符合疫情防控职称评审倾斜政策",
}
_COUNT_WORDS = {
    "age": "年满{n}周岁",
    "years_since_transfer": "从党政机关转任满{n}个年度",
    "years_in_post": "任现职满{n}个年度",
    "recognition_years": "认定年限{n}年",
}


@dataclass(frozen=True)
class Article:
    """One thing a policy says, with the clause it comes from."""

    clause: str
    heading: str
    words: str


def articles(rule: Policy) -> list[Article]:
    """A policy clause by clause, in the words an officer would use, in the notice's own order."""
    order = {clause: place for place, clause in enumerate(rule.clauses)}
    return sorted(_articles(rule), key=lambda article: order.get(article.clause, len(order)))


def _articles(rule: Policy) -> Iterator[Article]:
    names = {subject.code: subject.name for subject in rule.subjects} | {policy.TOTAL: "累计"}

    def amounts(hours: dict[str, object]) -> str:
        return "、".join(f"{names[code]}不少于{amount}学时" for code, amount in hours.items())

    combine = {"each_year": "每年度", "sum": "各年度合计", "average": "各年度平均"}[rule.requirement.combine]
    yield Article(rule.requirement.clause, "学时要求", combine + amounts(dict(rule.requirement.hours)))
    for change in rule.requirement.changes:
        years = "、".join(map(str, change.years))
        yield Article(change.clause, "个别年度", f"{years}年度改为{amounts(dict(change.hours))}")
    for subject in rule.subjects:
        if subject.providers:
            yield Article(
                subject.clause, subject.name, "由" + "、".join(kind.label for kind in subject.providers) + "组织"
            )
        if subject.part_of:
            yield Article(subject.clause, subject.name, f"计入{names[subject.part_of]}")
    for window in rule.windows:
        yield Article(window.clause, "申报要求", _window_words(rule, window))
    for waiver in rule.waivers:
        yield Article(waiver.clause, waiver.name, _waiver_words(rule, waiver))
    for given in rule.conversions:
        rate = f"按1:{given.rate.normalize():f}折合" if given.rate is not None else "由审核部门依据证书核定"
        limits = "".join(
            f"，{words}不超过{amount.normalize():f}学时"
            for words, amount in (("每项", given.per_item), ("每年度", given.per_year))
            if amount is not None
        )
        which = "".join(part for part in (given.activity, given.level, given.rank) if part)
        yield Article(given.clause, "学时折合", f"{which}{rate}，计入{names[given.subject]}{limits}")
    for deemed in rule.deemed:
        yield Article(deemed.clause, "视同完成", f"{deemed.source}：取得证书年度的{names[deemed.subject]}视同完成")
    for cap in rule.caps:
        per = {"day": "每天", "item": "每项", "year": "每年度"}[cap.per]
        which = cap.source or names[cap.subject or policy.TOTAL]
        yield Article(cap.clause, "上限", f"{which}{per}最多计{cap.hours.normalize():f}学时")
    if rule.makeup:
        words = f"{names[rule.makeup.subject]}可补学此前{rule.makeup.years_back}个年度"
        yield Article(rule.makeup.clause, "补学", words)
    for study in rule.study_windows:
        where = f"{study.league}：" if study.league else ""
        yield Article(study.clause, "学习时间", f"{where}每年{study.first}至{study.last}")
    if rule.deadlines:
        yield Article(rule.plan_clause, "上报培训计划", f"培训开始前至少{rule.plan_days_before_start}天")
        yield Article(rule.report_clause, "报送培训情况报告", f"培训结束后{rule.report_days_after_end}天内")
    for programme in rule.programmes:
        target = ""
        if programme.target is not None:
            most = f"至{programme.target_at_most}" if programme.target_at_most else ""
            target = f"计划{programme.target}{most}{programme.unit}"
        dates = [
            f"{day}前{what}" for day, what in ((programme.plan_due, "报计划"), (programme.summary_due, "报总结")) if day
        ]
        yield Article(programme.clause, programme.name, "，".join(filter(None, [target, *dates, programme.note])))


def _window_words(rule: Policy, window: Window) -> str:
    who = f"{window.route}" + (f"（{'、'.join(window.level)}）" if window.level else "")
    if window.education:
        who += f"，学历{'、'.join(window.education)}"
    if window.years_from:
        asked = {"years_in_post": "任现职以来各年度", "recognition_years": "考核认定要求的年限"}[window.years_from]
        return f"{who}：{asked}"
    includes = window.include_application_year and rule.setting("include_application_year", True)
    return f"{who}：近{window.years}年，{'含' if includes else '不含'}申报当年"


def _waiver_words(rule: Policy, waiver: Waiver) -> str:
    who = "且".join(_condition_words(condition) for condition in waiver.when)
    if waiver.levels:
        who += f"，申报{'、'.join(waiver.levels)}"
    when = f"{'、'.join(map(str, waiver.application_years))}年度" if waiver.application_years else ""
    where = f"{'、'.join(waiver.routes)}时" if waiver.routes else ""
    most = f"，最多{waiver.at_most}个年度" if waiver.at_most is not None else ""
    effect = {
        "none_required": "不要求学时",
        "any_one_year": f"完成近{rule.setting('waiver_window', 3)}年中任一年度即可",
        "without_years": "不要求疫情防控当年度的学时",
        "last_years": f"只要求转任后的年度{most}",
    }[waiver.effect]
    return f"{who}，{when}{where}{effect}" + (f"；{waiver.note}" if waiver.note else "")


def _condition_words(condition: Condition) -> str:
    if condition.fact == "sex":
        return f"{condition.is_}性"
    if condition.fact in _FACT_WORDS:
        return ("" if condition.is_ in (True, "true") else "非") + _FACT_WORDS[condition.fact]
    number = condition.at_least if condition.at_least is not None else condition.at_most
    words = _COUNT_WORDS[condition.fact].format(n=number)
    return words if condition.at_least is not None else f"{words.replace('满', '不超过')}"


def examples(rule: Policy) -> list[str]:
    """Worked examples of a policy with the answers the rules give; one that they answer wrongly is left out."""
    told = []
    for case in policy_cases.worked_cases(rule):
        if case.show and not policy_cases.differences(rule, case):
            given = policy_cases.answer(rule, case)
            lack = "" if given["缺口"] == "无" else f"，缺{given['缺口'].replace(';', '、')}"
            cited = given["依据"].replace(";", "、")
            told.append(f"{case.sentence}：{given['结论']}，需完成年度{given['需完成年度']}{lack}（{cited}）")
    return told


# --- drafts and publishing ------------------------------------------------------------------------------------------


def _require_region_admin(actor: Actor) -> None:
    require(actor, Role.ADMIN)
    if actor.organization_kind is not OrganizationKind.REGION_HR:
        raise Refused("jurisdiction", "政策由自治区人社厅的管理员起草和发布。")


def source_text(policy_id: str) -> str:
    """The text of a policy on file, to begin a draft from. Refused codes: "missing"."""
    for place in (policy.published(), policy.FOLDER):
        path = place / f"{policy_id}.yaml"
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise not_found("政策")


def read(text: str) -> Policy:
    """A draft's text as a policy, extending those on file. Raises policy.Malformed with every fault."""
    parents = policy.texts(policy.FOLDER) | policy.texts(policy.published())
    return policy.parse(text, name="草稿", parents=parents)


def save_draft(session: Session, text: str, *, actor: Actor, now: datetime) -> PolicyDraft:
    """Keep a well-formed policy as a draft that a second administrator may publish.

    Refused codes: "role", "jurisdiction", "malformed".
    """
    _require_region_admin(actor)
    rule = read(text)
    draft = PolicyDraft(
        policy_id=rule.id, text=text, digest=rule.digest, drafted_by_id=actor.account_id, drafted_at=now
    )
    session.add(draft)
    audit.record(
        session,
        audit.Event.POLICY_DRAFTED,
        draft,
        actor=actor,
        after={"policy": rule.id, "title": rule.title, "digest": rule.digest},
        now=now,
    )
    return draft


def drafts(session: Session, actor: Actor) -> pd.DataFrame:
    """Drafts and what became of them, the newest first. Refused codes: "role", "jurisdiction".

    Columns: id, policy_id, drafted_by, drafted_at, published_by, published_at, reason, version.
    """
    _require_region_admin(actor)
    writer, publisher = sa.orm.aliased(Account), sa.orm.aliased(Account)
    query = (
        sa.select(
            PolicyDraft.id,
            PolicyDraft.policy_id,
            writer.name.label("drafted_by"),
            PolicyDraft.drafted_at,
            publisher.name.label("published_by"),
            PolicyDraft.published_at,
            PolicyDraft.reason,
            PolicyDraft.version,
        )
        .join(writer, writer.id == PolicyDraft.drafted_by_id)
        .outerjoin(publisher, publisher.id == PolicyDraft.published_by_id)
        .order_by(PolicyDraft.id.desc())
    )
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


def draft_text(session: Session, draft_id: int, actor: Actor) -> str:
    """A draft's text. Refused codes: "role", "jurisdiction", "missing"."""
    _require_region_admin(actor)
    draft = session.get(PolicyDraft, draft_id)
    if draft is None:
        raise not_found("政策草稿")
    return draft.text


def publish(
    session: Session, draft_id: int, *, version: int, actor: Actor, reason: str, now: datetime
) -> tuple[PolicyDraft, pd.DataFrame]:
    """Put a draft into force: a second administrator's deed, which first replays the decisions of the year before.

    Answers the draft and the differences (as `decisions.replay`). The policy holds once `install` has run, which the
    caller asks for after the transaction and every start of the program repeats.
    Refused codes: "role", "jurisdiction", "missing", "stale", "published", "self", "reason", "malformed".
    """
    _require_region_admin(actor)
    draft = session.get(PolicyDraft, draft_id, with_for_update=True)
    if draft is None:
        raise not_found("政策草稿")
    if draft.published_at is not None:
        raise Refused("published", "该草稿已经发布，不会重复发布。")
    if draft.version != version:
        raise Refused("stale", "该草稿刚刚被他人处理，请查看最新状态。")
    if draft.drafted_by_id == actor.account_id:
        raise Refused("self", "政策须由起草人以外的另一名管理员发布。")
    if not reason.strip():
        raise Refused("reason", "请填写发布依据，如通知文号和印发日期。")
    rule = read(draft.text)
    changed = decisions.replay(session, rule, actor=actor)
    draft.published_by_id, draft.published_at, draft.reason = actor.account_id, now, reason.strip()
    audit.record(
        session,
        audit.Event.POLICY_PUBLISHED,
        draft,
        actor=actor,
        after={"policy": rule.id, "digest": rule.digest, "decisions_that_would_differ": len(changed)},
        reason=reason.strip(),
        now=now,
    )
    return draft, changed


def install(session: Session) -> int:
    """Lay every published policy where `policy` reads it, the latest of each id; answers how many were written."""
    written = 0
    latest: dict[str, str] = {}
    query = sa.select(PolicyDraft).where(PolicyDraft.published_at.is_not(None))
    for draft in session.scalars(query.order_by(PolicyDraft.published_at, PolicyDraft.id)):
        latest[draft.policy_id] = draft.text
    for policy_id, text in latest.items():
        path = policy.published() / f"{policy_id}.yaml"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".new")
            partial.write_text(text, encoding="utf-8", newline="\n")
            partial.replace(path)
            written += 1
    return written


# --- the laboratory -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """What a draft would change over everybody: who changes side, and the counts on both sides by outcome code."""

    changed: pd.DataFrame
    """person_id, and `before` and `after` as outcome codes."""
    before: dict[str, int]
    after: dict[str, int]


def trial(population: eligibility.Population, today: Policy, draft: Policy) -> Trial:
    """Decide a population by the policy in force and by a draft, and say who changes side."""
    codes = np.array([outcome.value for outcome in rules.OUTCOMES])
    before, after = (population.decided(rule).outcome for rule in (today, draft))
    differs = before != after
    changed = {"person_id": population.person_ids[differs], "before": codes[before[differs]]}
    counts = [
        dict(zip(codes.tolist(), np.bincount(side, minlength=len(codes)).tolist(), strict=True))
        for side in (before, after)
    ]
    return Trial(pd.DataFrame(changed | {"after": codes[after[differs]]}), *counts)
