"""The least that a figure, a page or a list could take on the same data."""

import datetime as dt
from typing import Any

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from pipeline.models import Project
from pipeline.rollups import Window
from tests.bench import LAST_DAY, YEAR

# One row for each credited part of a milestone or receipt, with all that is summed; the
# index holds the rest, so that the table itself is never visited.
NARROW = """
CREATE TABLE bench_fact AS
SELECT m.occurred_on, m.kind::varchar(14) AS kind, m.contract_kind::varchar(9) AS contract_kind,
       m.project_id, coalesce(s.park_id, m.park_id) AS park_id,
       coalesce(s.percent, 10000) AS part, coalesce(s.amount_fen, m.amount_fen) AS fen,
       m.verified_at, m.revoked_at
FROM pipeline_milestone m LEFT JOIN pipeline_milestoneshare s ON s.milestone_id = m.id
WHERE m.verified_at IS NOT NULL AND m.expansion_id IS NULL;
CREATE INDEX bench_fact_rollup ON bench_fact (occurred_on)
INCLUDE (kind, contract_kind, project_id, park_id, part, fen, verified_at, revoked_at);
CREATE TABLE bench_receipt AS
SELECT r.received_on, coalesce(s.park_id, r.park_id) AS park_id,
       coalesce(s.amount_fen, r.amount_fen) AS fen, r.verified_at
FROM pipeline_fundsreceipt r LEFT JOIN pipeline_fundsshare s ON s.receipt_id = r.id
WHERE r.verified_at IS NOT NULL;
CREATE INDEX bench_receipt_rollup ON bench_receipt (received_on)
INCLUDE (park_id, fen, verified_at);
"""
MILESTONES = """
WITH known AS (
    SELECT kind, contract_kind, project_id, park_id, part, fen FROM bench_fact
    WHERE occurred_on BETWEEN %(since)s AND %(until)s AND verified_at <= %(known_at)s
      AND (revoked_at IS NULL OR revoked_at > %(known_at)s)
)
SELECT park_id,
    sum(part) FILTER (WHERE contract_kind = 'formal'),
    sum(fen) FILTER (WHERE contract_kind IN ('formal', 'expansion')),
    sum(part) FILTER (WHERE contract_kind = 'formal' AND project_id IN
        (SELECT project_id FROM known WHERE kind = 'groundbreaking')),
    sum(part) FILTER (WHERE kind = 'groundbreaking'),
    sum(part) FILTER (WHERE kind = 'production')
FROM known GROUP BY park_id
"""
RECEIPTS = """
SELECT park_id, sum(fen) FILTER (WHERE received_on >= %(since)s),
    sum(fen) FILTER (WHERE received_on <= %(until_before)s)
FROM bench_receipt
WHERE received_on BETWEEN %(since_before)s AND %(until)s AND verified_at <= %(known_at)s
GROUP BY park_id
"""


def build() -> None:
    """Make the narrow tables, with statistics and visibility maps as in a settled database."""
    with connection.cursor() as cursor:
        cursor.execute(NARROW)
        cursor.execute("VACUUM ANALYZE")


def rollup(window: Window) -> list[Any]:
    """The sums of a window by park, from the narrow tables."""
    since_before, until_before = window.a_year_earlier()
    values = {
        "since": window.since,
        "until": window.until,
        "since_before": since_before,
        "until_before": until_before,
        "known_at": window.known_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(MILESTONES, values)
        milestones = cursor.fetchall()
        cursor.execute(RECEIPTS, values)
        return [*milestones, *cursor.fetchall()]


def cockpit(request: HttpRequest) -> JsonResponse:
    window = Window(YEAR, LAST_DAY, dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    sums = [[str(value) for value in row] for row in rollup(window)]
    return JsonResponse({"user": request.user.get_username(), "sums": sums})


def project_list(request: HttpRequest) -> JsonResponse:
    found = Project.objects.current()
    page = found.order_by("-id").values("id", "name", "stage", "park__name", "investor__name")
    return JsonResponse(
        {"user": request.user.get_username(), "count": found.count(), "page": list(page[:25])}
    )


MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
urlpatterns = [
    path("bench/cockpit/", cockpit),
    path("bench/projects/", project_list),
    path("", include("config.urls")),
]
