"""What the stages are, and the stage that a project's milestones give.

Nothing else decides a stage: :func:`stage_given_by` is asked whenever a milestone takes
effect or loses it, and the database refuses a stage that no ``StageChange`` explains.
"""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """Where a project stands, in the order of its life."""

    LEAD = "lead", _("线索")
    CONTACT = "contact", _("在谈")
    SIGNED = "signed", _("签约")
    STARTED = "started", _("开工")
    PRODUCING = "producing", _("投产")

    @property
    def rank(self) -> int:
        """0 for a lead to 4 for a producing project."""
        return list(Stage).index(self)


class Status(models.TextChoices):
    """Whether a project is alive; orthogonal to its stage."""

    ACTIVE = "active", _("推进中")
    SUSPENDED = "suspended", _("搁置")
    LOST = "lost", _("流失")
    TERMINATED = "terminated", _("终止")


class MilestoneKind(models.TextChoices):
    """What can be claimed to have happened to a project."""

    CONTACT = "contact", _("接洽")
    SIGNING = "signing", _("签约")
    FILING = "filing", _("备案")
    GROUNDBREAKING = "groundbreaking", _("开工")
    STATISTICS = "statistics", _("入统")
    PRODUCTION = "production", _("投产")


class ContractKind(models.TextChoices):
    """What was signed. Only a formal contract makes a signed project; an expansion adds
    its amount; a framework agreement counts for nothing and is listed apart."""

    FORMAL = "formal", _("正式合同")
    FRAMEWORK = "framework", _("框架协议")
    EXPANSION = "expansion", _("增资")


class Precision(models.TextChoices):
    """How exactly a day is known. A month is kept as its last day."""

    DAY = "day", _("日")
    MONTH = "month", _("月")


def stage_reached(kind: str, contract_kind: str = "") -> Stage:
    """The stage that one effective milestone is enough for.

    A framework agreement leaves a project in contact; a filing or an entry in the
    statistics moves nothing.
    """
    match kind, contract_kind:
        case MilestoneKind.CONTACT, _:
            return Stage.CONTACT
        case MilestoneKind.SIGNING, ContractKind.FRAMEWORK:
            return Stage.CONTACT
        case MilestoneKind.SIGNING, _:
            return Stage.SIGNED
        case MilestoneKind.GROUNDBREAKING, _:
            return Stage.STARTED
        case MilestoneKind.PRODUCTION, _:
            return Stage.PRODUCING
        case _:
            return Stage.LEAD


def stage_given_by(effective: Iterable[tuple[str, str]]) -> Stage:
    """The furthest stage among effective milestones, given as (kind, contract kind)."""
    return max(
        (stage_reached(kind, contract_kind) for kind, contract_kind in effective),
        key=lambda stage: stage.rank,
        default=Stage.LEAD,
    )


KIND_THAT_REACHES: dict[Stage, MilestoneKind] = {
    Stage.CONTACT: MilestoneKind.CONTACT,
    Stage.SIGNED: MilestoneKind.SIGNING,
    Stage.STARTED: MilestoneKind.GROUNDBREAKING,
    Stage.PRODUCING: MilestoneKind.PRODUCTION,
}
