from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DocumentKind(models.TextChoices):
    """What a file proves; the gates ask for these kinds."""

    CONTRACT = "contract", _("正式合同")
    FRAMEWORK = "framework", _("框架协议")
    FILING = "filing", _("备案证")
    CONSTRUCTION_CONTRACT = "construction_contract", _("施工合同")
    PURCHASE_CONTRACT = "purchase_contract", _("设备采购合同")
    SITE_PHOTO = "site_photo", _("现场照片")
    PERMIT = "permit", _("施工许可证")
    PRODUCTION_PROOF = "production_proof", _("投产证明")
    FUNDS_PROOF = "funds_proof", _("到资凭证")
    OTHER = "other", _("其他")


def document_path(document: "Document", filename: str) -> str:
    """Where an upload is kept: named by its content, never by what the client called it."""
    return f"documents/{document.sha256[:2]}/{document.sha256}"


class Document(models.Model):
    """A file of a project, and the evidence of a milestone where it names one (证据).

    Kept outside the static tree under its SHA-256; ``media_type`` is found from the
    content, not believed from the upload. Never edited, never deleted.
    """

    project = models.ForeignKey(
        "pipeline.Project", models.PROTECT, related_name="documents", verbose_name=_("项目")
    )
    milestone = models.ForeignKey(
        "pipeline.Milestone",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
        verbose_name=_("里程碑"),
    )
    kind = models.CharField(_("类型"), max_length=24, choices=DocumentKind)
    name = models.CharField(_("文件名"), max_length=160)
    file = models.FileField(_("文件"), upload_to=document_path, max_length=200)
    media_type = models.CharField(_("格式"), max_length=80)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    uploaded_at = models.DateTimeField(_("上传时间"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("文件")
        ordering = ["project_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="document_kind_known",
                condition=Q(kind__in=DocumentKind.values),
                violation_error_message=_("没有这种文件类型"),
            ),
            models.CheckConstraint(
                name="document_not_empty",
                condition=Q(size__gt=0),
                violation_error_message=_("文件是空的"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
