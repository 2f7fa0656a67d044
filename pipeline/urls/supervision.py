"""The addresses of pressing what is overdue, and of the clocks of leads."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
