"""The addresses of bulletins."""

from django.urls import path

from pipeline.views import report_prints, reports, shared_reports

urlpatterns = [
    path("reports/", reports.report_list, name="report_list"),
    path("reports/<int:pk>/", reports.report, name="report"),
    path("reports/<int:pk>/words/", reports.report_write, name="report_write"),
    path("reports/<int:pk>/submit/", reports.report_submit, name="report_submit"),
    path("reports/<int:pk>/back/", reports.report_back, name="report_back"),
    path("reports/<int:pk>/approve/", reports.report_approve, name="report_approve"),
    path("reports/<int:pk>/freeze/", reports.report_freeze, name="report_freeze"),
    path("reports/<int:pk>/correct/", reports.report_correct, name="report_correct"),
    path("reports/<int:pk>/changes/", reports.report_changes, name="report_changes"),
    path("reports/<int:pk>/share/", reports.report_share, name="report_share"),
    path(
        "reports/<int:pk>/share/<int:share>/close/", reports.report_unshare, name="report_unshare"
    ),
    path("reports/<int:pk>/print/", report_prints.report_print, name="report_print"),
    path("reports/<int:pk>/file.<slug:kind>", reports.report_file, name="report_file"),
    path("reports/shared/<str:token>/", shared_reports.shared, name="report_shared"),
    path(
        "reports/shared/<str:token>/file.<slug:kind>",
        shared_reports.shared_file,
        name="report_shared_file",
    ),
]
