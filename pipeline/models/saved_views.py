from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Role, User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> SavedViewQuerySet:
        """One's own, and those that are shared with one's role or park."""
        shared = Q(shared_role=user.role)
        if user.park_id is not None:
            shared |= Q(shared_park=user.park_id)
        return self.filter(Q(owner=user) | shared)


class SavedView(models.Model):
    """A way to look at the list of projects that somebody wants again (视图).

    ``query`` is the list's own query string: filters, order, columns.
    """

    name = models.CharField(_("名称"), max_length=40)
    query = models.TextField(_("条件"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="saved_views",
        verbose_name=_("所有人"),
    )
    shared_role = models.CharField(_("共享给角色"), max_length=12, choices=Role, blank=True)
    shared_park = models.ForeignKey(
        "crm.Park",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("共享给园区"),
    )
    created_at = models.DateTimeField(_("保存时间"))

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("视图")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                name="saved_view_name_once_per_owner",
                fields=["owner", "name"],
                violation_error_message=_("您已有同名视图"),
            ),
            models.CheckConstraint(
                name="saved_view_role_known",
                condition=Q(shared_role="") | Q(shared_role__in=Role.values),
                violation_error_message=_("没有这个角色"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
