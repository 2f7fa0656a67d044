from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FixedPointField
from crm.models import Role, User
from pipeline.models.targets import HolderKind


class ScoreLevel(models.TextChoices):
    """Who is assessed."""

    PARK = HolderKind.PARK.value, _("园区")
    UNIT = HolderKind.UNIT.value, _("单位")
    OFFICER = HolderKind.OFFICER.value, _("个人")


class ScoreScheme(models.Model):
    """How parks, units or officers are scored in a year: one version of the table (考核办法).

    The version in force at an instant is the one recorded last before it.
    """

    level = models.CharField(_("对象"), max_length=8, choices=ScoreLevel)
    year = models.PositiveSmallIntegerField(_("年度"))
    recorded_at = models.DateTimeField(_("生效时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("制定人")
    )
    reason = models.CharField(_("原因"), max_length=200)
    is_example = models.BooleanField(
        _("示例"), default=False, help_text=_("随软件给出的样子，不是县里制定的办法")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("考核办法")
        ordering = ["-year", "level", "-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="score_scheme_level_known",
                condition=Q(level__in=ScoreLevel.values),
                violation_error_message=_("没有这种考核对象"),
            ),
            models.CheckConstraint(
                name="score_scheme_reason_given",
                condition=~Q(reason=""),
                violation_error_message=_("请写明原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.level}"


class Indicator(models.Model):
    """One line of a scheme: a measure with its weight, or a deduction (考核指标).

    A measure scores min(weight, done / target × weight); ``target`` empty takes the holder's
    own target; of a rate it is in per cent. A deduction takes ``per_case`` points for each
    case, at most ``weight``. ``measure`` names an entry of ``pipeline.assessment_measures``.
    """

    scheme = models.ForeignKey(
        ScoreScheme, models.PROTECT, related_name="indicators", verbose_name=_("考核办法")
    )
    measure = models.CharField(_("指标"), max_length=40)
    name = models.CharField(_("名称"), max_length=60, blank=True)
    is_deduction = models.BooleanField(_("扣分项"), default=False)
    weight = FixedPointField(_("分值"), places=2, db_column="weight_hundredths")
    target = FixedPointField(
        _("目标值"), places=2, null=True, blank=True, db_column="target_hundredths"
    )
    per_case = FixedPointField(
        _("每件扣分"), places=2, null=True, blank=True, db_column="per_case_hundredths"
    )
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("考核指标")
        ordering = ["scheme_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                name="indicator_once_per_scheme",
                fields=["scheme", "measure"],
                violation_error_message=_("同一指标只能列一次"),
            ),
            models.CheckConstraint(
                name="indicator_weight_positive",
                condition=Q(weight__gt=0),
                violation_error_message=_("分值必须大于 0"),
            ),
            models.CheckConstraint(
                name="indicator_deduction_per_case",
                condition=Q(is_deduction=False, per_case__isnull=True)
                | Q(
                    is_deduction=True,
                    per_case__isnull=False,
                    per_case__gt=0,
                    target__isnull=True,
                ),
                violation_error_message=_("扣分项要写每件扣几分，不设目标值"),
            ),
            models.CheckConstraint(
                name="indicator_target_positive",
                condition=Q(target__isnull=True) | Q(target__gt=0),
                violation_error_message=_("目标值必须大于 0"),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.measure


class Falsehood(models.Model):
    """A finding that something was falsely reported (弄虚作假认定): it costs points.

    Names who answers for it; the claim or item is the evidence.
    """

    milestone = models.ForeignKey(
        "pipeline.Milestone",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="falsehoods",
        verbose_name=_("里程碑"),
    )
    item = models.ForeignKey(
        "pipeline.LedgerItem",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="falsehoods",
        verbose_name=_("台账事项"),
    )
    park = models.ForeignKey(
        "crm.Park", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("园区")
    )
    unit = models.ForeignKey(
        "crm.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("单位")
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("个人"),
    )
    found_on = models.DateField(_("认定日"))
    reason = models.CharField(_("认定事由"), max_length=200)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("认定人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("弄虚作假认定")
        ordering = ["-found_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="falsehood_of_one_thing",
                condition=Q(milestone__isnull=False, item__isnull=True)
                | Q(milestone__isnull=True, item__isnull=False),
                violation_error_message=_("请指明是哪个里程碑或台账事项"),
            ),
            models.CheckConstraint(
                name="falsehood_with_reason",
                condition=~Q(reason=""),
                violation_error_message=_("请写明认定事由"),
            ),
            models.UniqueConstraint(
                name="falsehood_once_per_milestone",
                fields=["milestone"],
                condition=Q(milestone__isnull=False),
                violation_error_message=_("这个里程碑已经认定过"),
            ),
            models.UniqueConstraint(
                name="falsehood_once_per_item",
                fields=["item"],
                condition=Q(item__isnull=False),
                violation_error_message=_("这个事项已经认定过"),
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class ScoreAppealQuerySet(models.QuerySet["ScoreAppeal"]):
    def visible_to(self, user: User) -> ScoreAppealQuerySet:
        """All for who sees the county; else those of the cards that the person may see."""
        if user.is_county_wide:
            return self
        theirs = Q(officer=user) | Q(appealed_by=user)
        if user.unit_id:
            theirs |= Q(unit=user.unit_id)
        if user.park_id:
            theirs |= Q(park=user.park_id) | Q(unit__park=user.park_id)
            if user.role != Role.OFFICER:
                theirs |= Q(officer__park=user.park_id)
        return self.filter(theirs)

    def open(self) -> ScoreAppealQuerySet:
        """Not answered yet."""
        return self.filter(answered_at__isnull=True)


class ScoreAppeal(models.Model):
    """An objection to points of a score card, and the answer (考核申诉).

    ``as_of`` is the day of the card. Granted, ``points`` are added from ``answered_at`` on,
    for cards of that day and later in the same year.
    """

    level = models.CharField(_("对象"), max_length=8, choices=ScoreLevel)
    park = models.ForeignKey(
        "crm.Park", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("园区")
    )
    unit = models.ForeignKey(
        "crm.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("单位")
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("个人"),
    )
    year = models.PositiveSmallIntegerField(_("年度"))
    as_of = models.DateField(_("截止日"))
    measure = models.CharField(_("指标"), max_length=40)
    text = models.CharField(_("申诉理由"), max_length=500)
    appealed_at = models.DateTimeField(_("申诉时间"))
    appealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申诉人")
    )
    is_granted = models.BooleanField(_("成立"), null=True, blank=True)
    points = FixedPointField(
        _("调整分"), places=2, null=True, blank=True, db_column="points_hundredths"
    )
    answer = models.CharField(_("答复"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("答复人"),
    )

    objects = ScoreAppealQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("考核申诉")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["level", "year", "measure"], name="score_appeal_of_level"),
            models.Index(
                fields=["id"], condition=Q(answered_at__isnull=True), name="score_appeal_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="score_appeal_of_its_level",
                condition=Q(
                    level=ScoreLevel.PARK,
                    park__isnull=False,
                    unit__isnull=True,
                    officer__isnull=True,
                )
                | Q(
                    level=ScoreLevel.UNIT,
                    park__isnull=True,
                    unit__isnull=False,
                    officer__isnull=True,
                )
                | Q(
                    level=ScoreLevel.OFFICER,
                    park__isnull=True,
                    unit__isnull=True,
                    officer__isnull=False,
                ),
                violation_error_message=_("申诉要指明园区、单位或个人"),
            ),
            models.CheckConstraint(
                name="score_appeal_text_given",
                condition=~Q(text=""),
                violation_error_message=_("请写明申诉理由"),
            ),
            models.CheckConstraint(
                name="score_appeal_answered_whole",
                condition=Q(
                    is_granted__isnull=True,
                    answer="",
                    answered_at__isnull=True,
                    answered_by__isnull=True,
                    points__isnull=True,
                )
                | (
                    Q(
                        is_granted__isnull=False,
                        answered_at__isnull=False,
                        answered_by__isnull=False,
                    )
                    & ~Q(answer="")
                ),
                violation_error_message=_("答复要有结论、理由和答复人"),
            ),
            models.CheckConstraint(
                name="score_appeal_granted_with_points",
                condition=Q(is_granted=True, points__isnull=False)
                | Q(is_granted=False, points__isnull=True)
                | Q(is_granted__isnull=True),
                violation_error_message=_("申诉成立要写明调整几分"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.measure}"
