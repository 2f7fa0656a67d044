"""The addresses of meetings whose decisions became items."""

from django.urls import path

from pipeline.views import meetings

urlpatterns = [
    path("ledgers/meetings/", meetings.meeting_list, name="meeting_list"),
    path("ledgers/meetings/new/", meetings.meeting_new, name="meeting_new"),
    path("ledgers/meetings/<int:pk>/", meetings.meeting, name="meeting"),
    path("ledgers/meetings/<int:pk>/edit/", meetings.meeting_edit, name="meeting_edit"),
    path("ledgers/meetings/<int:pk>/split/", meetings.meeting_split, name="meeting_split"),
]
