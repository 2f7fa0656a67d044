"""The addresses of the monthly loop: progress, analysis, instructions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
