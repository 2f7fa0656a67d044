"""The addresses of pressing what is overdue, and of the clocks of leads."""

from django.urls import path

from pipeline.views import escalations

urlpatterns = [
    path("ledgers/escalations/", escalations.escalation_list, name="escalation_list"),
    path(
        "ledgers/escalations/<int:pk>/decide/",
        escalations.escalation_decide,
        name="escalation_decide",
    ),
]
