from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person does here; what each may do stands in ``crm/rights.py``."""

    OFFICER = "officer", _("招商专员")
    MANAGER = "manager", _("园区负责人")
    VERIFIER = "verifier", _("核验员")
    LEADER = "leader", _("县领导")
    SUPERVISOR = "supervisor", _("督查室")
    AUDITOR = "auditor", _("审计")
    UNIT = "unit", _("责任单位")
    ADMIN = "admin", _("管理员")
    SYSTEM = "system", _("系统")


class User(AbstractUser):
    """A person who logs in, or a system user that history is recorded under.

    ``park`` is the scope: with a park a person sees and acts there; without one, in the
    whole county. A park manager always has a park. ``unit`` is whom the person answers for
    in the ledgers; who is of a unit only (role ``unit``) sees nothing but its tasks.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    full_name = models.CharField(_("姓名"), max_length=40)
    role = models.CharField(_("角色"), max_length=12, choices=Role, default=Role.OFFICER)
    park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        verbose_name=_("园区"),
        help_text=_("留空即全县范围"),
    )
    unit = models.ForeignKey(
        "crm.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        verbose_name=_("责任单位"),
        help_text=_("督办事项由谁签收和反馈；园区的人不填即园区管委会"),
    )
    phone = models.CharField(_("电话"), max_length=30, blank=True)

    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta:
        verbose_name = verbose_name_plural = _("用户")
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                name="user_role_known",
                condition=Q(role__in=Role.values),
                violation_error_message=_("没有这个角色"),
            ),
            models.CheckConstraint(
                name="user_manager_has_park",
                condition=~Q(role=Role.MANAGER) | Q(park__isnull=False),
                violation_error_message=_("园区负责人必须指定园区"),
            ),
            models.CheckConstraint(
                name="user_of_unit_has_unit",
                condition=~Q(role=Role.UNIT) | Q(unit__isnull=False, park__isnull=True),
                violation_error_message=_("责任单位的用户必须指定单位，不指定园区"),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()

    @property
    def is_county_wide(self) -> bool:
        """Whether the person's scope is the whole county."""
        return self.park_id is None and self.role != Role.UNIT
