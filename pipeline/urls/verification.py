"""The addresses of the verifier's desk."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
