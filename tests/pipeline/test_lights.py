"""A project's light: of one row, and as a filter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lights import (
    Light,
    light_is,
    progress_light,
    project_light,
    statistics_light,
)
from pipeline.models import Project
from pipeline.stages import Stage
from tests.factories import ProjectFactory

TODAY = dt.date(2026, 11, 24)


def project(stage: str, **days: Any) -> Project:
    return Project(stage=stage, **days)


@pytest.mark.parametrize(
    ("planned", "light"),
    [
        (dt.date(2027, 1, 1), Light.GREEN),
        (dt.date(2026, 11, 1), Light.GREEN),  # this month is not over
        (dt.date(2026, 10, 31), Light.YELLOW),
        (dt.date(2026, 9, 1), Light.YELLOW),
        (dt.date(2026, 8, 31), Light.RED),  # September, October and November without a start
        (None, Light.NONE),
    ],
)
def test_a_signed_project_that_misses_its_month_turns_yellow_then_red(
    planned: dt.date | None, light: Light
) -> None:
    assert project_light(project(Stage.SIGNED, planned_start_on=planned), today=TODAY) == light
    assert project_light(project(Stage.STARTED, planned_finish_on=planned), today=TODAY) == light


def test_a_plan_that_was_moved_is_late_since_it_was_first_missed() -> None:
    row = project(
        Stage.SIGNED,
        planned_start_on=dt.date(2027, 3, 1),
        missed_start_since=dt.date(2026, 8, 1),
    )
    assert project_light(row, today=TODAY) == Light.RED


@pytest.mark.parametrize("stage", [Stage.LEAD, Stage.CONTACT, Stage.PRODUCING])
def test_in_other_stages_there_is_no_light(stage: Stage) -> None:
    day = dt.date(2020, 1, 1)
    row = project(stage, planned_start_on=day, planned_finish_on=day, missed_start_since=day)
    assert project_light(row, today=TODAY) == Light.NONE


days = st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31))
PLANS = ("planned_start_on", "planned_finish_on", "missed_start_since", "missed_finish_since")


@pytest.mark.django_db
def test_the_filter_finds_the_rows_of_each_light_and_no_other() -> None:
    signed = ProjectFactory(signed=True)
    started = ProjectFactory(started=True)

    @given(
        st.sampled_from([signed, started]),
        st.tuples(days, days, days, days),
        st.dates(dt.date(2026, 3, 1), dt.date(2027, 6, 30)),
    )
    def check(row: Project, plans: tuple[Any, ...], today: dt.date) -> None:
        Project.objects.filter(pk=row.pk).update(**dict(zip(PLANS, plans, strict=True)))
        row = Project.objects.get(pk=row.pk)
        found = [
            light
            for light in Light
            if Project.objects.filter(light_is(light, today=today), pk=row.pk).exists()
        ]
        assert found == [project_light(row, today=today)]

    check()


@pytest.mark.parametrize(
    ("received", "planned", "light"),
    [("50", "50", "green"), ("41", "50", "green"), ("40", "50", "yellow"), ("19", "50", "red")],
)
def test_progress_is_read_from_the_money_against_its_plan(
    received: str, planned: str, light: str
) -> None:
    found = progress_light(received=Decimal(received), planned=Decimal(planned), plan=Decimal(100))
    assert found == light
    assert progress_light(received=Decimal(0), planned=Decimal(0), plan=Decimal(0)) == "none"


@pytest.mark.parametrize(
    ("today", "light"),
    [
        ("2026-02-28", "green"),
        ("2026-03-01", "yellow"),
        ("2026-04-30", "yellow"),
        ("2026-05-01", "red"),
    ],
)
def test_a_started_project_is_entered_in_the_statistics_in_time(today: str, light: str) -> None:
    day = dt.date.fromisoformat(today)
    started = dt.date(2025, 11, 30)
    assert statistics_light(started, is_entered=False, today=day, after_months=3) == light
    assert statistics_light(started, is_entered=True, today=day, after_months=3) == "green"
    assert statistics_light(None, is_entered=False, today=day, after_months=3) == "none"
