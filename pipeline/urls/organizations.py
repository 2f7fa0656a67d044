"""The addresses of companies and the people at them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
