from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.Model):
    """How an investor was won (招商方式): the article's four, and others a county adds."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    aliases = models.JSONField(_("别名"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("招商方式")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Industry(models.Model):
    """A division (大类) of GB/T 4754—2017, with its section (门类) and sector (三次产业)."""

    code = models.CharField(_("大类代码"), max_length=2, unique=True)
    name = models.CharField(_("大类名称"), max_length=60)
    section = models.CharField(_("门类代码"), max_length=1)
    section_name = models.CharField(_("门类名称"), max_length=60)
    sector = models.CharField(_("三次产业"), max_length=4)

    class Meta:
        verbose_name = verbose_name_plural = _("行业（GB/T 4754）")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Team(models.Model):
    """A promotion team of the county's mechanism ("9+3"); the county names its own."""

    name = models.CharField(_("名称"), max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("招商专班")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name
