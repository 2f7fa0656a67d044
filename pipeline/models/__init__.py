"""What the county tries to land."""

from pipeline.models.assessment import (
    Falsehood,
    Indicator,
    ScoreAppeal,
    ScoreLevel,
    ScoreScheme,
)
from pipeline.models.checks import RollupCheck
from pipeline.models.documents import Document, DocumentKind
from pipeline.models.escalations import Escalation, EscalationState
from pipeline.models.factors import FactorKind, FactorNeed, Review, ReviewKind
from pipeline.models.funds import FundsReceipt, FundsShare
from pipeline.models.interactions import (
    AftercareIssue,
    FollowUp,
    Interaction,
    InteractionKind,
)
from pipeline.models.lead_steps import LeadClock, LeadStep, LeadStepKind
from pipeline.models.ledgers import (
    BEFORE_ISSUE,
    OPEN_STATES,
    UNDER_CLOCK,
    EventKind,
    ItemEvent,
    ItemState,
    Ledger,
    LedgerFile,
    LedgerItem,
    LedgerKind,
    Level,
    Meeting,
    Node,
)
from pipeline.models.loads import Load, LoadKind, LoadRow, RowOutcome
from pipeline.models.milestones import Milestone, MilestoneShare
from pipeline.models.monthly_loop import (
    AreaReview,
    Instruction,
    MonthlyProgress,
    ProgressState,
    ReviewState,
)
from pipeline.models.plans import FundsPlan, PlanChange, Planned, ProjectTag, StatusRequest
from pipeline.models.projects import (
    Attribution,
    AttributionShare,
    FundSource,
    Project,
    StageChange,
    StatusChange,
)
from pipeline.models.reports import (
    PeriodKind,
    Report,
    ReportOpening,
    ReportShare,
    ReportState,
    Subject,
)
from pipeline.models.saved_views import SavedView
from pipeline.models.settings import ContractTerm, CountySettings, ReturnReason
from pipeline.models.targets import HolderKind, Metric, Target, TargetProposal

__all__ = [
    "BEFORE_ISSUE",
    "OPEN_STATES",
    "UNDER_CLOCK",
    "AftercareIssue",
    "AreaReview",
    "Attribution",
    "AttributionShare",
    "ContractTerm",
    "CountySettings",
    "Document",
    "DocumentKind",
    "Escalation",
    "EscalationState",
    "EventKind",
    "FactorKind",
    "FactorNeed",
    "Falsehood",
    "FollowUp",
    "FundSource",
    "FundsPlan",
    "FundsReceipt",
    "FundsShare",
    "HolderKind",
    "Indicator",
    "Instruction",
    "Interaction",
    "InteractionKind",
    "ItemEvent",
    "ItemState",
    "LeadClock",
    "LeadStep",
    "LeadStepKind",
    "Ledger",
    "LedgerFile",
    "LedgerItem",
    "LedgerKind",
    "Level",
    "Load",
    "LoadKind",
    "LoadRow",
    "Meeting",
    "Metric",
    "Milestone",
    "MilestoneShare",
    "MonthlyProgress",
    "Node",
    "PeriodKind",
    "PlanChange",
    "Planned",
    "ProgressState",
    "Project",
    "ProjectTag",
    "Report",
    "ReportOpening",
    "ReportShare",
    "ReportState",
    "ReturnReason",
    "Review",
    "ReviewKind",
    "ReviewState",
    "RollupCheck",
    "RowOutcome",
    "SavedView",
    "ScoreAppeal",
    "ScoreLevel",
    "ScoreScheme",
    "StageChange",
    "StatusChange",
    "StatusRequest",
    "Subject",
    "Target",
    "TargetProposal",
]
