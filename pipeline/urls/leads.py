"""The addresses of leads, first reports and transfers."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
