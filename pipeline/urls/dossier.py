"""The addresses of what a project's page collects: plans, tags, statuses, aftercare."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
