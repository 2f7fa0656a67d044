from django.db import models
from django.utils.translation import gettext_lazy as _


class Park(models.Model):
    """An industrial park (园区): holder of targets, and whose credit a milestone is."""

    slug = models.SlugField(_("标识"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=80, unique=True)
    short_name = models.CharField(_("简称"), max_length=20)
    aliases = models.JSONField(
        _("别名"),
        default=list,
        blank=True,
        help_text=_("台账里出现过的其他写法；空格和换行不影响识别"),
    )
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("园区")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name
