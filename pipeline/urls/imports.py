"""The addresses of loading workbooks."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
