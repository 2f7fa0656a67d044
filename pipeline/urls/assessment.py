"""The addresses of score cards."""

from django.urls import path

from pipeline.views import score_acts, score_schemes, scorecards

urlpatterns = [
    path("scorecards/", scorecards.scorecards, name="scorecards"),
    path("scorecards/export/", scorecards.scorecard_export, name="scorecard_export"),
    path("scorecards/schemes/", score_schemes.score_schemes, name="score_schemes"),
    path("scorecards/appeals/", score_acts.score_appeals, name="score_appeals"),
    path("scorecards/appeals/<int:pk>/answer/", score_acts.score_answer, name="score_answer"),
    path(
        "scorecards/falsehoods/milestones/<int:pk>/",
        score_acts.falsehood_of_milestone,
        name="falsehood_of_milestone",
    ),
    path(
        "scorecards/falsehoods/items/<int:pk>/",
        score_acts.falsehood_of_item,
        name="falsehood_of_item",
    ),
    path(
        "scorecards/evidence/<str:level>/<str:key>/<slug:measure>/",
        scorecards.score_evidence,
        name="score_evidence",
    ),
    path("scorecards/<str:level>/<str:key>/", scorecards.scorecard, name="scorecard"),
    path("scorecards/<str:level>/<str:key>/appeal/", score_acts.score_appeal, name="score_appeal"),
]
