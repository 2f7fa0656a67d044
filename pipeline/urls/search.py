"""The address of searching everywhere."""

from django.urls import path

from pipeline.views import search

urlpatterns = [path("search/", search.search, name="search")]
