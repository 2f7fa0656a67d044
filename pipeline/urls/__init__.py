"""The addresses of the pipeline's pages, by what they are about."""

from pipeline.urls import (
    board,
    dossier,
    imports,
    interactions,
    leads,
    organizations,
    projects,
    search,
    verification,
)

urlpatterns = [
    *board.urlpatterns,
    *dossier.urlpatterns,
    *imports.urlpatterns,
    *interactions.urlpatterns,
    *leads.urlpatterns,
    *organizations.urlpatterns,
    *projects.urlpatterns,
    *search.urlpatterns,
    *verification.urlpatterns,
]
