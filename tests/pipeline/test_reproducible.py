"""Histories drawn at random: the figures are the reference's, and stay what they were."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from crm.models import Channel, Industry, Park, User
from pipeline import recheck
from pipeline.recheck import Asked
from pipeline.rollups import (
    DIMENSIONS,
    FIGURES,
    Window,
    behind,
    not_started_counts,
    rollup,
)
from tests.pipeline import reference
from tests.pipeline.histories import DAYS, KINDS, Step, Story, days, numbers, steps

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

asked = st.tuples(
    st.integers(2022, 2026),  # year
    st.one_of(st.sampled_from(DAYS), st.dates(dt.date(2022, 6, 1), dt.date(2026, 12, 31))),
    numbers,  # which instant of the history
    st.sampled_from([-1, 0, 0, 1]),  # microseconds off it
)
KEYS: dict[str, tuple[Any, str]] = {
    "park": (Park, "slug"),
    "channel": (Channel, "code"),
    "industry": (Industry, "code"),
    "officer": (User, "username"),
}
SUMMED = [name for name in reference.FIGURES if name != "signed_not_started"]
MONEY = {"signed_amount_yuan", "funds_received_yuan", "funds_last_year_yuan"}
HISTORIES = settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

Figures = dict[str | None, dict[str, Fraction]]


@contextmanager
def _taken_back() -> Iterator[None]:
    """Each example starts from an empty county."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _told(window: Window, by: str) -> Figures:
    """What ``pipeline.rollups`` says, in the reference's form; ``total`` under that key."""
    found = rollup(window, by=by)
    figures: Figures = defaultdict(lambda: dict.fromkeys(reference.FIGURES, Fraction(0)))
    for row in [*found.rows, found.total]:
        key = None if row.key == "none" else row.key
        for name in SUMMED:
            figures[key][name] = Fraction(getattr(row, name))
    model, slug = KEYS[by]
    keys: dict[int | None, str] = dict(model.objects.values_list("pk", slug))
    for pk, waiting in not_started_counts(window, by=by).items():
        figures[keys.get(pk)]["signed_not_started"] = Fraction(waiting)
        figures["total"]["signed_not_started"] += Fraction(waiting)
    return dict(figures)


def _expected(story: Story, window: Window, by: str) -> Figures:
    sums = reference.rollup(story.world, window.year, window.as_of, window.known_at, by)
    return {**sums, "total": reference.total(sums)}  # type: ignore[dict-item]


def _recounted(window: Window) -> dict[str, Figures]:
    """What the nightly check counts by hand, by each dimension."""
    asked = [Asked(window.year, window.as_of, window.known_at, by) for by in DIMENSIONS]
    found: dict[str, Figures] = {}
    for by, sums in zip(DIMENSIONS, recheck.count(asked), strict=True):
        model, slug = KEYS[by]
        keys: dict[int | None, str] = dict(model.objects.values_list("pk", slug))
        found[by] = {
            keys.get(pk): {
                name: Fraction(units, recheck.HUNDRED if name in recheck.COUNTED else 100)
                for name, units in figures.items()
            }
            for pk, figures in sums.items()
        }
        found[by]["total"] = {
            name: sum((row[name] for row in found[by].values()), Fraction(0))
            for name in reference.FIGURES
        }
    return found


def _compare(told: Figures, expected: Figures) -> None:
    nothing = dict.fromkeys(reference.FIGURES, Fraction(0))
    for key in told.keys() | expected.keys():
        if told.get(key, nothing) != expected.get(key, nothing):
            print(
                "DIFF",
                key,
                {
                    k: (v, expected.get(key, nothing)[k])
                    for k, v in told.get(key, nothing).items()
                    if v != expected.get(key, nothing)[k]
                },
            )
        assert told.get(key, nothing) == expected.get(key, nothing), key


def _listed(window: Window, by: str) -> Figures:
    """The same figures again, from the lists that they open."""
    figures: Figures = {}
    for name in reference.FIGURES:
        if name == "funds_last_year_yuan":
            continue
        for fact in behind(name, window, by=by):
            part: Any = fact.money if name in MONEY else fact.part / 100
            key = figures.setdefault(fact.credit, {})
            key[name] = key.get(name, Fraction(0)) + Fraction(part)
    return figures


def _check_lists(window: Window, by: str) -> None:
    found = rollup(window, by=by)
    listed = _listed(window, by)
    for row in found.rows:
        for name in (*FIGURES, "funds_received_yuan"):
            told = Fraction(getattr(row, name))
            assert listed.get(row.id, {}).get(name, Fraction(0)) == told, (row.key, name)


def _check_scopes(story: Story, window: Window) -> None:
    """A park's person sees in total what the county's table shows in the park's row."""
    county = {row.key: row for row in rollup(window).rows}
    for manager in story.managers:
        assert manager.park is not None
        own = county[manager.park.slug]
        for by in ("park", "channel"):
            total = rollup(window, by=by, user=manager).total
            for name in (*FIGURES, "funds_received_yuan", "funds_last_year_yuan"):
                assert getattr(total, name) == getattr(own, name), (by, name)


@HISTORIES
@given(
    opening=st.lists(days, max_size=4),
    history=st.lists(steps, min_size=15, max_size=45),
    questions=st.lists(asked, min_size=3, max_size=3),
)
def test_figures_are_the_reference_s_and_stay_what_they_were(
    opening: list[dt.date], history: list[Step], questions: list[tuple[int, dt.date, int, int]]
) -> None:
    with _taken_back():
        story = Story()
        story.open_with(opening)
        remembered: list[tuple[Window, str, Figures]] = []
        for number, step in enumerate(history):
            story.tell(step)
            if number % 9 == 8:
                year, as_of, which, _off = questions[number % len(questions)]
                # Known before now: what happens at this very instant may still be to come.
                past = [at for at in story.instants if at < story.at]
                if past:
                    window = Window(year, as_of, past[which % len(past)])
                    by = DIMENSIONS[number % len(DIMENSIONS)]
                    remembered.append((window, by, _told(window, by)))
        leap = Window(2024, dt.date(2024, 2, 29), story.at)
        _compare(_told(leap, "park"), _expected(story, leap, "park"))
        for year, as_of, which, off in questions:
            instant = story.instants[which % len(story.instants)]
            window = Window(year, as_of, instant + dt.timedelta(microseconds=off))
            recounted = _recounted(window)
            for by in DIMENSIONS:
                expected = _expected(story, window, by)
                _compare(_told(window, by), expected)
                _compare(recounted[by], expected)
            _check_lists(window, DIMENSIONS[which % len(DIMENSIONS)])
            _check_scopes(story, window)
        for window, by, answer in remembered:
            assert _told(window, by) == answer
        for act in story.done:
            event(act)


def test_a_history_reaches_every_act_and_figure() -> None:
    """The steps of a long life, so that agreement is not agreement on nothing."""
    with _taken_back():
        story = Story()
        day = dt.date(2023, 12, 31)

        def tell(act: str, a: int = 0, b: int = 0, c: int = 0, on: dt.date = day) -> None:
            before = story.done.copy()
            story.tell(Step(act, "second", on, a, b, c, month=False))
            assert story.done - before == {act: 1}

        kinds = {name: KINDS.index(name) for name in KINDS}
        sign, framework, expand = (
            kinds["signing", kind] for kind in ("formal", "framework", "expansion")
        )
        tell("claim", a=0, b=framework, c=1)
        tell("verify")
        tell("claim", a=1, b=sign, c=5)
        tell("return")
        for project in range(4):
            tell("claim", a=project, b=sign, c=5)
            tell("verify")
        tell("transfer", a=1, b=2, c=2, on=dt.date(2023, 12, 1))
        tell("claim", a=1, b=expand, c=4)
        tell("verify")
        tell("claim", a=4, b=expand, c=3)
        tell("verify")
        for project in range(3):
            tell("claim", a=project, b=kinds["groundbreaking", ""])
            tell("verify")
        tell("claim", a=1, b=kinds["groundbreaking", "of expansion"])
        tell("verify")
        tell("claim", a=1, b=kinds["production", ""], on=dt.date(2024, 1, 1))
        tell("verify")
        for sign_ in (1, 0):
            tell("receive", a=1, b=5 - sign_, c=sign_)
            tell("verify receipt")
        tell("edit", a=0, b=1, c=1)
        window = Window(2023, dt.date(2023, 12, 31), story.at)
        total = rollup(window).total
        assert (total.signed_projects, total.started_same_year) == (4, 3)
        assert total.groundbreakings == 4
        assert total.signed_amount_yuan == Decimal("4000000000000000.00") - Decimal("0.04") + (
            Decimal("20000000000.00") + Decimal("100000000.01")
        )
        for by in DIMENSIONS:
            _compare(_told(window, by), _expected(story, window, by))
            _check_lists(window, by)
        _check_scopes(story, window)
        tell("status", a=3, b=0)
        tell("settings", a=0, b=0, c=4)
        narrowed = Window(2023, dt.date(2023, 12, 31), story.at)
        assert rollup(narrowed).total.signed_projects == 3
        assert rollup(window).total.signed_projects == 4
