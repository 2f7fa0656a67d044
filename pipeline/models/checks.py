from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RollupCheck(models.Model):
    """One nightly comparison of the roll-up with the naive way of counting (汇总核对).

    ``differences`` lists what did not agree: figure, holder, both values.
    """

    checked_at = models.DateTimeField(_("核对时间"))
    year = models.PositiveSmallIntegerField(_("年度"))
    as_of = models.DateField(_("截止日"))
    known_at = models.DateTimeField(_("掌握情况截至"))
    compared = models.PositiveIntegerField(_("比较的数"))
    differences = models.JSONField(_("差异"), default=list, blank=True)
    seconds = models.FloatField(_("用时（秒）"))

    class Meta:
        verbose_name = verbose_name_plural = _("汇总核对")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="rollup_check_compared_something",
                condition=Q(compared__gt=0),
                violation_error_message=_("没有比较任何数"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.as_of}"
