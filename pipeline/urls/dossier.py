"""The addresses of what a project's page collects: plans, tags, statuses, aftercare."""

from django.urls import path

from pipeline.views import aftercare, project_acts, timeline

urlpatterns = [
    path("projects/<int:pk>/timeline/", timeline.project_timeline, name="project_timeline"),
    path("projects/<int:pk>/tags/", project_acts.tags, name="project_tags"),
    path("projects/<int:pk>/tasks/", project_acts.task_new, name="project_task_new"),
    path("projects/<int:pk>/status/", project_acts.status_new, name="status_new"),
    path("projects/<int:pk>/funds-plans/", project_acts.funds_plan_new, name="funds_plan_new"),
    path("projects/<int:pk>/issues/", project_acts.issue_new, name="issue_new"),
    path("projects/<int:pk>/expansions/", project_acts.expansion_new, name="expansion_new"),
    path(
        "funds-plans/<int:pk>/withdraw/",
        project_acts.funds_plan_withdraw,
        name="funds_plan_withdraw",
    ),
    path("factors/<int:pk>/edit/", project_acts.factor_edit, name="factor_edit"),
    path("factors/<int:pk>/unmeet/", project_acts.factor_unmeet, name="factor_unmeet"),
    path("status-requests/<int:pk>/approve/", project_acts.status_approve, name="status_approve"),
    path("status-requests/<int:pk>/refuse/", project_acts.status_refuse, name="status_refuse"),
    path(
        "status-requests/<int:pk>/withdraw/", project_acts.status_withdraw, name="status_withdraw"
    ),
    path("issues/<int:pk>/solve/", project_acts.issue_solve, name="issue_solve"),
    path("issues/<int:pk>/reopen/", project_acts.issue_reopen, name="issue_reopen"),
    path("aftercare/", aftercare.aftercare, name="aftercare"),
]
