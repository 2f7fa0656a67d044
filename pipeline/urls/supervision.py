"""The addresses of pressing what is overdue, and of the clocks of leads."""

from django.urls import path

from pipeline.views import escalations, lead_clocks

urlpatterns = [
    path("ledgers/escalations/", escalations.escalation_list, name="escalation_list"),
    path(
        "ledgers/escalations/<int:pk>/decide/",
        escalations.escalation_decide,
        name="escalation_decide",
    ),
    path("leads/clocks/", lead_clocks.lead_clock_list, name="lead_clock_list"),
    path("projects/<int:pk>/lead/", lead_clocks.lead_handle, name="lead_handle"),
]
