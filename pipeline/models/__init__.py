"""What the county tries to land."""

from pipeline.models.documents import Document, DocumentKind
from pipeline.models.factors import FactorKind, FactorNeed, Review, ReviewKind
from pipeline.models.funds import FundsReceipt, FundsShare
from pipeline.models.interactions import (
    AftercareIssue,
    FollowUp,
    Interaction,
    InteractionKind,
)
from pipeline.models.loads import Load, LoadKind, LoadRow, RowOutcome
from pipeline.models.milestones import Milestone, MilestoneShare
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
)
from pipeline.models.saved_views import SavedView
from pipeline.models.settings import ContractTerm, CountySettings, ReturnReason
from pipeline.models.targets import HolderKind, Metric, Target, TargetProposal

__all__ = [
    "AftercareIssue",
    "Attribution",
    "AttributionShare",
    "ContractTerm",
    "CountySettings",
    "Document",
    "DocumentKind",
    "FactorKind",
    "FactorNeed",
    "FollowUp",
    "FundSource",
    "FundsPlan",
    "FundsReceipt",
    "FundsShare",
    "HolderKind",
    "Interaction",
    "InteractionKind",
    "Load",
    "LoadKind",
    "LoadRow",
    "Metric",
    "Milestone",
    "MilestoneShare",
    "PeriodKind",
    "PlanChange",
    "Planned",
    "Project",
    "ProjectTag",
    "Report",
    "ReportOpening",
    "ReportShare",
    "ReportState",
    "ReturnReason",
    "Review",
    "ReviewKind",
    "RowOutcome",
    "SavedView",
    "StageChange",
    "StatusChange",
    "StatusRequest",
    "Target",
    "TargetProposal",
]
