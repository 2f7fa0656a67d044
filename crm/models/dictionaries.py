from django.db import models
from django.db.models import Q
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


class Chain(models.Model):
    """An industrial chain that the county builds (产业链); the county names its own."""

    name = models.CharField(_("名称"), max_length=40, unique=True)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("产业链")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class TagGroup(models.TextChoices):
    """What a tag is about; the six lists and the five advantages are the article's."""

    GENERAL = "general", _("一般标签")
    SIX_LISTS = "six_lists", _("六张清单")
    ADVANTAGES = "advantages", _("五大优势")


class Tag(models.Model):
    """A word that companies and projects are sorted by."""

    group = models.CharField(_("类别"), max_length=12, choices=TagGroup, default=TagGroup.GENERAL)
    name = models.CharField(_("名称"), max_length=40)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("标签")
        ordering = ["group", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                name="tag_once_per_group",
                fields=["group", "name"],
                violation_error_message=_("这个标签已经有了"),
            ),
            models.CheckConstraint(
                name="tag_group_known",
                condition=Q(group__in=TagGroup.values),
                violation_error_message=_("没有这类标签"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
