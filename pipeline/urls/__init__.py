"""The addresses of the pipeline's pages, by what they are about."""

from pipeline.urls import (
    assessment,
    board,
    dossier,
    figures,
    imports,
    interactions,
    leads,
    ledgers,
    monthly_loop,
    organizations,
    projects,
    reports,
    search,
    supervision,
    targets,
    verification,
)

urlpatterns = [
    *assessment.urlpatterns,
    *board.urlpatterns,
    *dossier.urlpatterns,
    *figures.urlpatterns,
    *imports.urlpatterns,
    *interactions.urlpatterns,
    *leads.urlpatterns,
    *ledgers.urlpatterns,
    *monthly_loop.urlpatterns,
    *organizations.urlpatterns,
    *projects.urlpatterns,
    *reports.urlpatterns,
    *search.urlpatterns,
    *supervision.urlpatterns,
    *targets.urlpatterns,
    *verification.urlpatterns,
]
