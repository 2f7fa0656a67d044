"""The addresses of the figures beside the cockpit."""

from django.urls import path

from pipeline.views import comparison, forecast

urlpatterns = [
    path("compare/", comparison.comparison, name="comparison"),
    path("forecast/", forecast.forecast, name="forecast"),
]
