"""The addresses of the nightly check of the figures."""

from django.urls import path

from pipeline.views import checks

urlpatterns = [
    path("jobs/checks/", checks.check_list, name="check_list"),
    path("jobs/checks/<int:pk>/", checks.check, name="check"),
]
