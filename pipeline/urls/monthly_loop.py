"""The addresses of the monthly loop: progress, analysis, instructions."""

from django.urls import path, register_converter

from pipeline.months import MonthConverter
from pipeline.views import area_reviews, monthly_progress, promises

register_converter(MonthConverter, "month")

MONTHLY = "ledgers/monthly/<month:month>/"
AREA = "ledgers/areas/<int:pk>/<month:month>/"

urlpatterns = [
    path("ledgers/monthly/", monthly_progress.this_month, name="monthly_progress"),
    path(MONTHLY, monthly_progress.month_page, name="monthly_month"),
    path(f"{MONTHLY}items/", monthly_progress.items, name="monthly_items"),
    path(f"{MONTHLY}file/", monthly_progress.save, name="monthly_file"),
    path(f"{MONTHLY}workbook", monthly_progress.workbook, name="monthly_workbook"),
    path(f"{MONTHLY}promises/", promises.promise_list, name="promise_list"),
    path("ledgers/areas/", area_reviews.area_list, name="area_list"),
    path(AREA, area_reviews.area_review, name="area_review"),
    path(f"{AREA}words/", area_reviews.area_write, name="area_write"),
    path(f"{AREA}instruct/", area_reviews.area_instruct, name="area_instruct"),
    path(f"{AREA}file/", area_reviews.area_file, name="area_file"),
]
