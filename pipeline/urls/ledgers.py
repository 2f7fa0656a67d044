"""The addresses of the ledgers, their items and meetings."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
