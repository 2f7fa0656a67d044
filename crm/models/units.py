from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Area(models.Model):
    """What a vice-county head answers for (分管领域): some of the county's units."""

    name = models.CharField(_("名称"), max_length=60, unique=True)
    leader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        limit_choices_to=Q(role="leader"),
        related_name="areas",
        verbose_name=_("分管副县长"),
    )
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("分管领域")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """A department or committee that answers for tasks (责任单位).

    ``park`` marks the committee of a park: the park's people speak for it.
    """

    name = models.CharField(_("名称"), max_length=80, unique=True)
    aliases = models.JSONField(
        _("别名"),
        default=list,
        blank=True,
        help_text=_("会议纪要和台账里出现过的其他写法；空格和换行不影响识别"),
    )
    area = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="units",
        verbose_name=_("分管领域"),
    )
    park = models.OneToOneField(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="unit",
        verbose_name=_("园区"),
        help_text=_("这个单位是哪个园区的管委会；不是园区的留空"),
    )
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("责任单位")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name
