"""The addresses of leads, first reports and transfers."""

from django.urls import path

from pipeline.views import first_reports, leads, transfers

urlpatterns = [
    path("leads/", leads.lead_list, name="lead_list"),
    path("leads/new/", leads.new, name="lead_new"),
    path("leads/check/", leads.check, name="lead_check"),
    path("leads/reports/<int:pk>/", first_reports.first_report, name="first_report"),
    path("leads/reports/<int:pk>/extend/", first_reports.extend, name="first_report_extend"),
    path("leads/reports/<int:pk>/ask/", first_reports.ask, name="first_report_ask"),
    path("leads/reports/<int:pk>/release/", first_reports.release, name="first_report_release"),
    path("leads/reports/<int:pk>/again/", first_reports.again, name="first_report_again"),
    path("leads/reports/<int:pk>/dispute/", first_reports.new_dispute, name="dispute_new"),
    path("leads/disputes/<int:pk>/", first_reports.dispute, name="dispute"),
    path("leads/disputes/<int:pk>/decide/", first_reports.decide, name="dispute_decide"),
    path("projects/<int:pk>/transfer/", transfers.transfer, name="project_transfer"),
]
