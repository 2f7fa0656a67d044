from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class Organization(models.Model):
    """An investor or local company (投资方 / 企业), known by its USCC where it has one.

    ``name_key`` is the name as it is compared (``crm.names.normalise``); two codes under
    one name are two organizations, but only one organization of a name has no code.
    """

    name = models.CharField(_("名称"), max_length=120)
    name_key = models.CharField(_("规范名"), max_length=120, db_index=True, editable=False)
    matching_key = models.CharField(_("查重名"), max_length=120, db_index=True, editable=False)
    pinyin = models.CharField(_("拼音"), max_length=600, editable=False)
    initials = models.CharField(_("拼音首字母"), max_length=120, db_index=True, editable=False)
    uscc = models.CharField(  # noqa: DJ001 (null is "has none": codes are unique)
        _("统一社会信用代码"), max_length=18, null=True, blank=True
    )
    origin = models.CharField(_("所在地"), max_length=80, blank=True)
    is_local = models.BooleanField(_("县内企业"), default=False)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subsidiaries",
        verbose_name=_("上级企业"),
    )
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("企业")
        ordering = ["pinyin", "id"]
        constraints = [
            models.UniqueConstraint(
                name="organization_uscc_once",
                fields=["uscc"],
                condition=Q(uscc__isnull=False),
                violation_error_message=_("这个统一社会信用代码已经登记过"),
            ),
            models.UniqueConstraint(
                name="organization_name_once_without_uscc",
                fields=["name_key"],
                condition=Q(uscc__isnull=True),
                violation_error_message=_("同名且未填信用代码的企业已经登记过"),
            ),
            models.CheckConstraint(
                name="organization_uscc_not_blank",
                condition=Q(uscc__isnull=True) | ~Q(uscc=""),
                violation_error_message=_("没有信用代码时请留空"),
            ),
            models.CheckConstraint(
                name="organization_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=models.F("id")),
                violation_error_message=_("企业不能是自己的上级"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person at an organization (联系人)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="contacts", verbose_name=_("企业")
    )
    name = models.CharField(_("姓名"), max_length=40)
    initials = models.CharField(_("拼音首字母"), max_length=40, db_index=True, editable=False)
    title = models.CharField(_("职务"), max_length=60, blank=True)
    phone = models.CharField(_("电话"), max_length=30, blank=True)
    wechat = models.CharField(_("微信"), max_length=60, blank=True)
    is_primary = models.BooleanField(_("主要联系人"), default=False)
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("联系人")
        ordering = ["organization_id", "-is_primary", "id"]
        constraints = [
            models.UniqueConstraint(
                name="contact_one_primary",
                fields=["organization"],
                condition=Q(is_primary=True),
                violation_error_message=_("一家企业只有一位主要联系人"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
