"""The addresses of targets."""

from django.urls import path

from pipeline.views import targets

urlpatterns = [
    path("targets/", targets.targets, name="targets"),
    path("targets/workbook", targets.target_workbook, name="target_workbook"),
    path("targets/read/", targets.target_read, name="target_read"),
    path("targets/proposals/<int:pk>/approve/", targets.target_approve, name="target_approve"),
    path("targets/proposals/<int:pk>/refuse/", targets.target_refuse, name="target_refuse"),
]
