"""The addresses of background work."""

from django.urls import path

from crm.views import jobs

urlpatterns = [
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/schedules/", jobs.schedule_list, name="schedule_list"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("jobs/<int:pk>/cancel/", jobs.job_cancel, name="job_cancel"),
    path("jobs/<int:pk>/retry/", jobs.job_retry, name="job_retry"),
    path("jobs/<int:pk>/file", jobs.job_download, name="job_download"),
]
