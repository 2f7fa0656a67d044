"""The addresses of companies and the people at them."""

from django.urls import path

from pipeline.views import attachments, contacts, merges, organizations

urlpatterns = [
    path("organizations/", organizations.organization_list, name="organization_list"),
    path("organizations/new/", organizations.new, name="organization_new"),
    path("organizations/options/", organizations.organization_options, name="organization_options"),
    path("organizations/<int:pk>/", organizations.organization, name="organization"),
    path("organizations/<int:pk>/edit/", organizations.edit, name="organization_edit"),
    path("organizations/<int:pk>/contacts/", contacts.contact_add, name="contact_add"),
    path("organizations/<int:pk>/attachments/", attachments.attachment_add, name="attachment_add"),
    path("contacts/", contacts.contact_list, name="contact_list"),
    path("contacts/<int:pk>/edit/", contacts.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/primary/", contacts.contact_primary, name="contact_primary"),
    path("contacts/<int:pk>/left/", contacts.contact_left, name="contact_left"),
    path("contacts/<int:pk>/back/", contacts.contact_back, name="contact_back"),
    path("attachments/<int:pk>/", attachments.attachment, name="attachment"),
    path(
        "attachments/<int:pk>/withdraw/",
        attachments.attachment_withdraw,
        name="attachment_withdraw",
    ),
    path(
        "attachments/<int:pk>/restore/", attachments.attachment_restore, name="attachment_restore"
    ),
    path(
        "organizations/duplicates/", merges.organization_duplicates, name="organization_duplicates"
    ),
    path("organizations/duplicates/all/", merges.duplicate_groups, name="duplicate_groups"),
    path("organizations/merge/", merges.organization_merge, name="organization_merge"),
    path("contacts/merge/", merges.contact_merge, name="contact_merge"),
    path("contacts/merges/<int:pk>/", merges.contact_merged, name="contact_merged"),
    path("contacts/merges/<int:pk>/undo/", merges.contact_merge_undo, name="contact_merge_undo"),
    path("merges/", merges.merge_list, name="merge_list"),
    path("merges/<int:pk>/", merges.merge, name="merge"),
    path("merges/<int:pk>/undo/", merges.merge_undo, name="merge_undo"),
]
