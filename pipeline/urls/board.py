"""The addresses of the board, saved views, bulk acts and exports."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
