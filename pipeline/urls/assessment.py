"""The addresses of score cards."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
