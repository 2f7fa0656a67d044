"""The addresses of the pipeline's pages."""

from django.urls import path

from pipeline.views import cockpit, dossier, figures, loads, milestones, projects

urlpatterns = [
    path("cockpit/", cockpit.cockpit, name="cockpit"),
    path("figures/<slug:name>/", figures.figure, name="figure"),
    path("projects/new/", projects.new, name="project_new"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("projects/<int:pk>/edit/", projects.edit, name="project_edit"),
    path("projects/<int:pk>/claim/", milestones.claim, name="milestone_claim"),
    path("projects/<int:pk>/documents/", dossier.add_document, name="document_new"),
    path("projects/<int:pk>/interactions/", dossier.add_interaction, name="interaction_new"),
    path("projects/<int:pk>/reviews/", dossier.add_review, name="review_new"),
    path("projects/<int:pk>/factors/", dossier.add_factor, name="factor_new"),
    path("projects/<int:pk>/contacts/", dossier.add_contact_of, name="contact_new"),
    path("projects/<int:pk>/funds/", dossier.add_funds, name="funds_new"),
    path("receipts/<int:pk>/verify/", dossier.verify_funds, name="funds_verify"),
    path("factors/<int:pk>/met/", dossier.meet_factor, name="factor_met"),
    path("milestones/<int:pk>/verify/", milestones.verify, name="milestone_verify"),
    path("milestones/<int:pk>/return/", milestones.return_, name="milestone_return"),
    path("milestones/<int:pk>/revoke/", milestones.revoke, name="milestone_revoke"),
    path("milestones/<int:pk>/correct/", milestones.correct, name="milestone_correct"),
    path("documents/<int:pk>/", dossier.document, name="document"),
    path("imports/", loads.load_list, name="load_list"),
    path("imports/<int:pk>/", loads.load, name="load"),
    path("imports/<int:pk>/undo/", loads.load_undo, name="load_undo"),
    path("loads/<int:pk>/workbook", loads.load_workbook, name="load_workbook"),
]
