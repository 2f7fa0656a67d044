from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class ChainPosition(models.TextChoices):
    """Where a company stands on its industrial chain (链上位置)."""

    LEADER = "leader", _("链主")
    UPSTREAM = "upstream", _("上游")
    MIDSTREAM = "midstream", _("中游")
    DOWNSTREAM = "downstream", _("下游")
    SUPPORTING = "supporting", _("配套")


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def current(self) -> OrganizationQuerySet:
        """Without those that were merged into another or withdrawn with their load."""
        return self.filter(merged_into__isnull=True, withdrawn_at__isnull=True)


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
    industry = models.ForeignKey(
        "crm.Industry",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("行业"),
    )
    chain = models.ForeignKey(
        "crm.Chain",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="organizations",
        verbose_name=_("产业链"),
    )
    chain_position = models.CharField(
        _("链上位置"), max_length=12, choices=ChainPosition, blank=True
    )
    tags = models.ManyToManyField(
        "crm.Tag", blank=True, related_name="organizations", verbose_name=_("标签")
    )
    address = models.CharField(_("地址"), max_length=160, blank=True)
    website = models.URLField(_("网址"), blank=True)
    note = models.TextField(_("备注"), blank=True)
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_from",
        verbose_name=_("已合并到"),
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, editable=False)

    history = HistoricalRecords()

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("企业")
        ordering = ["pinyin", "id"]
        constraints = [
            models.UniqueConstraint(
                name="organization_uscc_once",
                fields=["uscc"],
                condition=Q(uscc__isnull=False, merged_into__isnull=True),
                violation_error_message=_("这个统一社会信用代码已经登记过"),
            ),
            models.UniqueConstraint(
                name="organization_name_once_without_uscc",
                fields=["name_key"],
                condition=Q(uscc__isnull=True, merged_into__isnull=True),
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
            models.CheckConstraint(
                name="organization_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=models.F("id")),
                violation_error_message=_("企业不能合并到自己"),
            ),
            models.CheckConstraint(
                name="organization_chain_position_known",
                condition=Q(chain_position="") | Q(chain_position__in=ChainPosition.values),
                violation_error_message=_("没有这种链上位置"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContactQuerySet(models.QuerySet["Contact"]):
    def current(self) -> ContactQuerySet:
        """Without those that were merged into another or withdrawn with their load."""
        return self.filter(merged_into__isnull=True, withdrawn_at__isnull=True)


class Contact(models.Model):
    """A person at an organization (联系人)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="contacts", verbose_name=_("企业")
    )
    name = models.CharField(_("姓名"), max_length=40)
    pinyin = models.CharField(_("拼音"), max_length=200, default="", editable=False)
    initials = models.CharField(_("拼音首字母"), max_length=40, db_index=True, editable=False)
    title = models.CharField(_("职务"), max_length=60, blank=True)
    phone = models.CharField(_("电话"), max_length=30, blank=True)
    wechat = models.CharField(_("微信"), max_length=60, blank=True)
    email = models.EmailField(_("邮箱"), blank=True)
    note = models.CharField(_("备注"), max_length=200, blank=True)
    left_on = models.DateField(
        _("离职日"), null=True, blank=True, help_text=_("不再在这家企业任职时填写")
    )
    is_primary = models.BooleanField(_("主要联系人"), default=False)
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )

    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_from",
        verbose_name=_("已合并到"),
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, editable=False)

    history = HistoricalRecords()

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("联系人")
        ordering = ["organization_id", "-is_primary", "id"]
        indexes = [models.Index(fields=["phone"], name="contact_phone")]
        constraints = [
            models.CheckConstraint(
                name="contact_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=models.F("id")),
                violation_error_message=_("联系人不能合并到自己"),
            ),
            models.UniqueConstraint(
                name="contact_one_primary",
                fields=["organization"],
                condition=Q(is_primary=True),
                violation_error_message=_("一家企业只有一位主要联系人"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Merge(models.Model):
    """Two rows that turned out to be one: what was moved, what was overwritten, and undoing.

    ``before`` holds the fields of both rows as they were, ``moved`` what pointed at the
    merged row and now points at the kept one, as ``{"app.Model.field": [ids]}``: enough to
    take the merge back.
    """

    before = models.JSONField(_("合并前"), default=dict)
    moved = models.JSONField(_("转移的关联"), default=dict)
    merged_at = models.DateTimeField(_("合并时间"))
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("合并人")
    )
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("撤销人"),
    )

    class Meta:
        abstract = True


class OrganizationMerge(Merge):
    """One company registered twice, made one (合并)."""

    kept = models.ForeignKey(
        Organization, models.PROTECT, related_name="merges", verbose_name=_("保留")
    )
    merged = models.ForeignKey(
        Organization, models.PROTECT, related_name="merged_by", verbose_name=_("并入")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("企业合并")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="organization_merge_of_two",
                condition=~Q(kept=models.F("merged")),
                violation_error_message=_("请选两家不同的企业"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.kept_id}"


class ContactMerge(Merge):
    """One person registered twice, made one (合并)."""

    kept = models.ForeignKey(Contact, models.PROTECT, related_name="merges", verbose_name=_("保留"))
    merged = models.ForeignKey(
        Contact, models.PROTECT, related_name="merged_by", verbose_name=_("并入")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("联系人合并")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="contact_merge_of_two",
                condition=~Q(kept=models.F("merged")),
                violation_error_message=_("请选两位不同的联系人"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.kept_id}"


def attachment_path(attachment: Attachment, filename: str) -> str:
    """Where an upload is kept: named by its content, never by what the client called it."""
    return f"attachments/{attachment.sha256[:2]}/{attachment.sha256}"


class Attachment(models.Model):
    """A file about a company: a brochure, a licence, the photos of a visit.

    Kept outside the static tree under its SHA-256; ``media_type`` is found from the
    content. What was attached by mistake is withdrawn, never deleted.
    """

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="attachments", verbose_name=_("企业")
    )
    name = models.CharField(_("文件名"), max_length=160)
    file = models.FileField(_("文件"), upload_to=attachment_path, max_length=200)
    media_type = models.CharField(_("格式"), max_length=80)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    uploaded_at = models.DateTimeField(_("上传时间"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("企业附件")
        ordering = ["organization_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="attachment_not_empty",
                condition=Q(size__gt=0),
                violation_error_message=_("文件是空的"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
