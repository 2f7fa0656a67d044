"""The addresses of the monthly loop: progress, analysis, instructions."""

from django.urls import path, register_converter

from pipeline.months import MonthConverter
from pipeline.views import monthly_progress

register_converter(MonthConverter, "month")

urlpatterns = [
    path("ledgers/monthly/", monthly_progress.this_month, name="monthly_progress"),
    path("ledgers/monthly/<month:month>/", monthly_progress.month_page, name="monthly_month"),
    path("ledgers/monthly/<month:month>/items/", monthly_progress.items, name="monthly_items"),
    path("ledgers/monthly/<month:month>/file/", monthly_progress.save, name="monthly_file"),
    path(
        "ledgers/monthly/<month:month>/workbook", monthly_progress.workbook, name="monthly_workbook"
    ),
]
