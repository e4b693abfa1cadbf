"""The accounts a visitor may sign in with. Shown on the sign-in page of a demonstration office only."""

from __future__ import annotations

from dataclasses import dataclass

from core.ground.access import Role

PASSWORD = "Demo-2024-office"  # noqa: S105  it is meant to be read
"""The same for every account of `ACCOUNTS`."""


@dataclass(frozen=True)
class DemoAccount:
    """One account to sign in with, and what is worth seeing there."""

    username: str
    role: Role
    organization: str
    name: str
    shows: str


_REGION = "内蒙古自治区人力资源和社会保障厅"
_HOHHOT = "呼和浩特市人力资源和社会保障局"
_ALXA = "阿拉善盟人力资源和社会保障局"
_FARMING = "内蒙古自治区农牧厅（示例）"

ACCOUNTS = (
    DemoAccount("admin", Role.ADMIN, _REGION, "韩志远", "开通账号和机构，准予个别计划延期上报，查看全部操作记录"),
    DemoAccount("admin2", Role.ADMIN, _REGION, "苏日娜", "第二名管理员：发布政策须两人，一人起草，一人发布"),
    DemoAccount(
        "reviewer", Role.REVIEWER, _REGION, "乌云其木格", "审核自治区级基地的培训计划和培训情况报告，通过后学时入账"
    ),
    DemoAccount(
        "reviewer2", Role.REVIEWER, _REGION, "郭建军", "同一处室的第二位审核员：两人同时办理一件时只有一人办成"
    ),
    DemoAccount("league_reviewer", Role.REVIEWER, _HOHHOT, "朝鲁", "盟市审核员只看到、只办理本盟市管理权限内的事项"),
    DemoAccount(
        "base", Role.BASE_CLERK, "示例继续教育基地", "田雨桐", "上报计划、报送报告和花名册；有一期600人的培训待报送"
    ),
    DemoAccount(
        "league_base",
        Role.BASE_CLERK,
        "呼和浩特市示例专业技术人员继续教育基地",
        "云海峰",
        "盟市级基地：计划和报告由呼和浩特市人社局审核",
    ),
    DemoAccount(
        "league_clerk", Role.BASE_CLERK, _ALXA, "娜仁花", "盟市经办人：报送附件2；阿拉善盟今年的计划表还没有报"
    ),
    DemoAccount(
        "department", Role.BASE_CLERK, _FARMING, "贺永刚", "主管部门经办人：报送附件2和总结，今年的总结还没有报"
    ),
    DemoAccount(
        "exam",
        Role.BASE_CLERK,
        "内蒙古自治区人事考试院",
        "沈慧敏",
        "组织自治区本级公需科目网络培训，考试合格后报送学时",
    ),
    DemoAccount("employer", Role.EMPLOYER_CLERK, "示例市第一医院", "白淑芬", "查看本单位人员近三年学时，打印审验卡"),
    DemoAccount("title", Role.TITLE_OFFICER, _REGION, "任景瑞", "职称评审前查询申报人近三年学时是否达标"),
    DemoAccount("leader", Role.LEADER, _REGION, "巴特尔", "按管理权限和月份查看培训进展，点开每一份计划和报告"),
    DemoAccount("person", Role.PERSON, "示例职业技术学院", "萨仁·其木格", "个人查询三年学时，并打印审验卡"),
)
