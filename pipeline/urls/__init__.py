"""The addresses of the pipeline's pages, by what they are about."""

from pipeline.urls import (
    board,
    dossier,
    figures,
    imports,
    interactions,
    leads,
    organizations,
    projects,
    reports,
    search,
    targets,
    verification,
)

urlpatterns = [
    *board.urlpatterns,
    *dossier.urlpatterns,
    *figures.urlpatterns,
    *imports.urlpatterns,
    *interactions.urlpatterns,
    *leads.urlpatterns,
    *organizations.urlpatterns,
    *projects.urlpatterns,
    *reports.urlpatterns,
    *search.urlpatterns,
    *targets.urlpatterns,
    *verification.urlpatterns,
]
