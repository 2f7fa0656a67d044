"""Administration of targets and of the county's settings: each change is a new version.

Projects, milestones and receipts are not here: they change by the pipeline's verbs only.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms.models import model_to_dict
from django.http import HttpRequest
from django.utils import timezone

from crm.admin_site import AddOnly, Deletable, site
from pipeline.models import ContractTerm, CountySettings, ReturnReason, Target

RECORDED = ("recorded_at", "recorded_by")


class Versions(AddOnly):
    """Who recorded a version and when is not asked."""

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return RECORDED if obj is None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.recorded_at, obj.recorded_by = timezone.now(), request.user
        super().save_model(request, obj, form, change)


@admin.register(CountySettings, site=site)
class CountySettingsAdmin(Versions):
    """A new version starts from the one in force."""

    list_display = ("county", "recorded_at", "recorded_by", "reason")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        now = CountySettings.objects.known_at(timezone.now())
        return model_to_dict(now, exclude=["id", "reason", *RECORDED])


@admin.register(Target, site=site)
class TargetAdmin(Versions):
    """The version recorded last counts; figures as of earlier instants keep the one before."""

    list_display = (
        *("year", "metric", "holder", "park", "unit", "officer", "value"),
        *("is_example", "recorded_at", "recorded_by", "reason"),
    )
    list_filter = ("year", "metric", "holder")
    list_select_related = ("park", "officer", "recorded_by")


@admin.register(ContractTerm, site=site)
class ContractTermAdmin(Deletable):
    list_display = ("term", "kind")
    list_filter = ("kind",)


@admin.register(ReturnReason, site=site)
class ReturnReasonAdmin(Deletable):
    """What verifiers choose from; a claim that was returned keeps its words."""

    list_display = ("text", "position")
