"""The addresses of the figures beside the cockpit."""

from django.urls import path

from pipeline.views import comparison

urlpatterns = [path("compare/", comparison.comparison, name="comparison")]
