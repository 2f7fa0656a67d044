"""What the county tries to land."""

from pipeline.models.documents import Document, DocumentKind
from pipeline.models.factors import FactorKind, FactorNeed, Review, ReviewKind
from pipeline.models.funds import FundsReceipt, FundsShare
from pipeline.models.interactions import Interaction, InteractionKind
from pipeline.models.loads import Load, LoadRow, RowOutcome
from pipeline.models.milestones import Milestone, MilestoneShare
from pipeline.models.projects import (
    Attribution,
    AttributionShare,
    FundSource,
    Project,
    StageChange,
    StatusChange,
)
from pipeline.models.settings import ContractTerm, CountySettings
from pipeline.models.targets import HolderKind, Metric, Target

__all__ = [
    "Attribution",
    "AttributionShare",
    "ContractTerm",
    "CountySettings",
    "Document",
    "DocumentKind",
    "FactorKind",
    "FactorNeed",
    "FundSource",
    "FundsReceipt",
    "FundsShare",
    "HolderKind",
    "Interaction",
    "InteractionKind",
    "Load",
    "LoadRow",
    "Metric",
    "Milestone",
    "MilestoneShare",
    "Project",
    "Review",
    "ReviewKind",
    "RowOutcome",
    "StageChange",
    "StatusChange",
    "Target",
]
