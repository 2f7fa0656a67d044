"""The addresses of the pipeline's pages, by what they are about."""

from pipeline.urls import (
    assessment,
    board,
    checks,
    dossier,
    figures,
    imports,
    interactions,
    leads,
    ledgers,
    meetings,
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
    *checks.urlpatterns,
    *dossier.urlpatterns,
    *figures.urlpatterns,
    *imports.urlpatterns,
    *interactions.urlpatterns,
    *leads.urlpatterns,
    *organizations.urlpatterns,
    *projects.urlpatterns,
    *reports.urlpatterns,
    *search.urlpatterns,
    *monthly_loop.urlpatterns,
    *supervision.urlpatterns,
    *meetings.urlpatterns,
    *ledgers.urlpatterns,  # after these two: a ledger may have any name as its address
    *targets.urlpatterns,
    *verification.urlpatterns,
    *ledgers.by_slug,
]
