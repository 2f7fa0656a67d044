"""The files about a company: uploading, reading, taking back."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import organizations
from crm.http import SignedIn, allowed
from crm.models import Attachment
from crm.refusals import Refused
from pipeline.forms.organizations import AttachmentForm
from pipeline.reach import attachments_visible_to, files_of, organizations_visible_to
from pipeline.views.dossier import download
from pipeline.views.organization_page import organization_page


@require_POST
@allowed("organization.edit")
def attachment_add(request: SignedIn, pk: int) -> HttpResponse:
    """Keep a file with a company."""
    row = get_object_or_404(organizations_visible_to(request.user), pk=pk)
    form = AttachmentForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            organizations.attach(
                row, file=form.cleaned_data["file"], by=request.user, at=timezone.now()
            )
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect(reverse("organization", args=[pk]) + "#attachments")
    return organization_page(request, row, bound={"attachment": form})


@require_safe
@allowed("organization.view")
def attachment(request: SignedIn, pk: int) -> FileResponse:
    """A company's file, to who may see the company or the visit it belongs to."""
    row = get_object_or_404(attachments_visible_to(request.user), pk=pk)
    return download(row.file, name=row.name, media_type=row.media_type)


@require_POST
@allowed("organization.edit")
def attachment_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    """Take back a file that was attached by mistake."""
    row = get_object_or_404(
        attachments_visible_to(request.user).filter(
            organization__in=organizations_visible_to(request.user)
        ),
        pk=pk,
    )
    organizations.withdraw_attachment(row, by=request.user, at=timezone.now())
    messages.success(request, _("“%(name)s”已撤回，不再显示。") % {"name": row.name})
    return redirect(reverse("organization", args=[row.organization_id]) + "#attachments")


@require_POST
@allowed("organization.edit")
def attachment_restore(request: SignedIn, pk: int) -> HttpResponse:
    """Take a withdrawal back."""
    rows = Attachment.objects.filter(
        withdrawn_at__isnull=False, organization__in=organizations_visible_to(request.user)
    )
    row = get_object_or_404(rows.select_related("organization"), pk=pk)
    if not files_of(row.organization, request.user).filter(pk=pk).exists():
        raise Http404  # a photo of another unit's visit
    organizations.restore_attachment(row, by=request.user, at=timezone.now())
    messages.success(request, _("“%(name)s”又显示了。") % {"name": row.name})
    return redirect(reverse("organization", args=[row.organization_id]) + "#attachments")
