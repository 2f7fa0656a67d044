"""Investors: suggestions while a name is typed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.http import SignedIn, allowed
from crm.models import Organization
from crm.organizations import similar

SUGGESTED = 10


@require_safe
@allowed("project.edit")
def suggest(request: SignedIn) -> HttpResponse:
    """Options for a list of names, once two characters are typed."""
    text = request.GET.get("investor_name", "").strip()
    found = similar(text)[:SUGGESTED] if len(text) >= 2 else Organization.objects.none()
    return render(request, "crm/organization_options.html", {"organizations": found})
