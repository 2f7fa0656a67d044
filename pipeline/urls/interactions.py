"""The addresses of meetings, follow-ups, the calendar and notices."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
