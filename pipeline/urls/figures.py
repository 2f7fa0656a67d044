"""The addresses of the figures beside the cockpit."""

from django.urls import path

from pipeline.views import cockpit, comparison, forecast

urlpatterns = [
    path("cockpit/charts/", cockpit.cockpit_charts, name="cockpit_charts"),
    path("compare/", comparison.comparison, name="comparison"),
    path("forecast/", forecast.forecast, name="forecast"),
]
