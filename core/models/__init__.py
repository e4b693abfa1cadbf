"""Every table, by field, with one metadata; no decisions."""

from core.law.notices import Mode
from core.models.base import APPEND_ONLY, Base, Change, Source, State, append_only_tables, sealed_columns
from core.models.cards import Card, CardPerson
from core.models.credit import CreditBatch, CreditEntry, CreditRepair, CreditTotal
from core.models.decisions import DecisionPart, DecisionPerson, DecisionPolicy, DecisionRun, PolicyDraft
from core.models.figures import FiledFigures
from core.models.messages import Message, MessageChoice, MessageRead
from core.models.offices import (
    Account,
    CalendarLink,
    ColumnChoice,
    Organization,
    SavedView,
    Setting,
    SignIn,
    SpecialDay,
    Unsaved,
    leagues,
)
from core.models.people import MaskedNumber, Person, PersonChange, under
from core.models.programmes import PlanTable, YearSummary
from core.models.quotas import Quota, QuotaShare, QuotaVersion
from core.models.study import Nomination, Objection, Placement, PublicNotice
from core.models.submissions import (
    Attachment,
    Claim,
    Comment,
    CommentRead,
    Dispute,
    Movement,
    Plan,
    ProgrammeLine,
    Remark,
    Report,
    RosterProblem,
    RosterRepair,
    RosterRow,
    Submission,
    SubmissionContent,
)
from core.models.trail import AuditEntry

__all__ = [
    "APPEND_ONLY",
    "Account",
    "Attachment",
    "AuditEntry",
    "Base",
    "CalendarLink",
    "Card",
    "CardPerson",
    "Change",
    "Claim",
    "ColumnChoice",
    "Comment",
    "CommentRead",
    "CreditBatch",
    "CreditEntry",
    "CreditRepair",
    "CreditTotal",
    "DecisionPart",
    "DecisionPerson",
    "DecisionPolicy",
    "DecisionRun",
    "Dispute",
    "FiledFigures",
    "MaskedNumber",
    "Message",
    "MessageChoice",
    "MessageRead",
    "Mode",
    "Movement",
    "Nomination",
    "Objection",
    "Organization",
    "Person",
    "PersonChange",
    "Placement",
    "Plan",
    "PlanTable",
    "PolicyDraft",
    "ProgrammeLine",
    "PublicNotice",
    "Quota",
    "QuotaShare",
    "QuotaVersion",
    "Remark",
    "Report",
    "RosterProblem",
    "RosterRepair",
    "RosterRow",
    "SavedView",
    "Setting",
    "SignIn",
    "Source",
    "SpecialDay",
    "State",
    "Submission",
    "SubmissionContent",
    "Unsaved",
    "YearSummary",
    "append_only_tables",
    "leagues",
    "sealed_columns",
    "under",
]
