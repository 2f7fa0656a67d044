"""The addresses of searching everywhere."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
