"""The board's figures and cards."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crm.models import Park, User
from pipeline import board, follow_ups
from pipeline.board import Total
from pipeline.lights import Light
from pipeline.models import Project
from pipeline.rollups import Window, rollup
from pipeline.stages import Stage
from tests.factories import ProjectFactory, claim, instant, prepare_start

YI = Decimal(100_000_000)
NOW = instant("2026-11-24 10:00")


def current() -> Any:
    return Project.objects.current()


@pytest.mark.django_db
def test_a_column_counts_what_stands_there_now_within_the_filter() -> None:
    ProjectFactory.create_batch(2)
    signed = ProjectFactory(signed=True, amount=3 * YI)
    ProjectFactory(signed=True, amount=2 * YI)
    ProjectFactory(started=True, amount=5 * YI)
    found = board.totals(current())
    assert found[Stage.LEAD] == Total(2, Decimal(0))
    assert found[Stage.SIGNED] == Total(2, 5 * YI)
    assert found[Stage.STARTED] == Total(1, 5 * YI)
    assert found[Stage.PRODUCING] == Total()
    assert board.totals(current().filter(pk=signed.pk))[Stage.SIGNED] == Total(1, 3 * YI)


def test_the_totals_count_only_what_the_person_sees(officer: User, outsider: User) -> None:
    ProjectFactory(signed=True)
    assert board.totals(current().visible_to(officer))[Stage.SIGNED].count == 1
    assert board.totals(current().visible_to(outsider))[Stage.SIGNED].count == 0


def test_the_year_s_figures_are_the_roll_up_s(leader: User, park: Park, other_park: Park) -> None:
    ProjectFactory(started=True, amount=5 * YI)
    ProjectFactory(signed=True, park=other_park)
    whole = board.year_so_far(user=leader, at=NOW)
    assert whole is not None
    assert whole.is_total
    assert whole.row == rollup(Window(2026, dt.date(2026, 11, 24), NOW), user=leader).total
    assert whole.row.signed_projects == 2  # one of them stands in "started" by now
    own = board.year_so_far(park=park.slug, user=leader, at=NOW)
    assert own is not None
    assert (own.key, own.row.groundbreakings) == (park.slug, 1)


def test_the_year_of_a_park_out_of_sight_is_not_told(officer: User, other_park: Park) -> None:
    assert board.year_so_far(park=other_park.slug, user=officer, at=NOW) is None


def standing(rows: Any, order: str, **kwargs: Any) -> list[board.Column]:
    return board.columns(rows, board.totals(rows), order=board.order_of(order), at=NOW, **kwargs)


@pytest.mark.django_db
@pytest.mark.parametrize("few", [0, 2_000])
@pytest.mark.parametrize("order", [order.name for order in board.ORDERS])
def test_a_column_goes_on_where_it_ended_and_shows_each_card_once(
    order: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "CARDS", 2)
    monkeypatch.setattr(board, "FEW", few)
    for n, (day, yuan) in enumerate(
        [(None, None), (dt.date(2026, 5, 1), 5), (dt.date(2026, 5, 1), 5), (None, 7), (None, 7)]
    ):
        ProjectFactory(
            name=f"p{n}", active_on=day, agreed_investment=None if yuan is None else Decimal(yuan)
        )
    names: list[str] = []
    column = standing(current(), order)[0]
    while True:
        names += [card.project.name for card in column.cards]
        if not column.more:
            break
        column = board.column(
            current(), Stage.LEAD, order=board.order_of(order), at=NOW, after=column.more
        )
    assert (
        names
        == {
            "since": ["p0", "p1", "p2", "p3", "p4"],
            "active": ["p2", "p1", "p4", "p3", "p0"],
            "amount": ["p4", "p3", "p2", "p1", "p0"],
        }[order]
    )


@pytest.mark.django_db
def test_longest_in_stage_comes_first_and_a_broken_mark_begins_anew() -> None:
    late = ProjectFactory(signed=True, signed_on=dt.date(2026, 6, 1))
    early = ProjectFactory(signed=True, signed_on=dt.date(2026, 2, 1))
    order = board.order_of("nonsense")
    for mark in ("", "x", "x~1", "2026-13-01~2"):
        column = board.column(current(), Stage.SIGNED, order=order, at=NOW, after=mark)
        assert [card.project for card in column.cards] == [early, late]


@pytest.mark.django_db
def test_a_card_says_its_light_days_next_step_claim_and_silence() -> None:
    project = ProjectFactory(
        signed=True, signed_on=dt.date(2026, 3, 5), planned_start_on=dt.date(2026, 6, 1)
    )
    Project.objects.filter(pk=project.pk).update(active_on=dt.date(2026, 11, 20))
    for day in (dt.date(2026, 12, 1), dt.date(2026, 11, 1)):
        follow_ups.add(
            what=f"催办 {day}",
            due_on=day,
            assignee=project.officer,
            project=project,
            by=project.officer,
            at=NOW,
        )
    card = board.cards([project.pk], at=NOW)[project.pk]
    assert (card.light, card.days_in_stage, card.is_quiet) == (Light.RED, 264, False)
    assert card.next_step is not None
    assert card.next_step.what == "催办 2026-11-01"
    assert card.is_overdue
    assert card.next_stage is Stage.STARTED
    assert card.waiting == []
    prepare_start(project)
    claim(project, "groundbreaking", on=dt.date(2026, 11, 1))
    Project.objects.filter(pk=project.pk).update(active_on=dt.date(2026, 10, 1))
    card = board.cards([project.pk], at=NOW)[project.pk]
    assert [claimed.kind for claimed in card.waiting] == ["groundbreaking"]
    assert card.is_quiet


@pytest.mark.django_db
def test_what_is_not_pursued_stands_there_only_when_asked_for_and_does_not_move() -> None:
    lost = ProjectFactory(status="lost")
    assert not board.alive(current(), with_ended=False).exists()
    assert board.alive(current(), with_ended=True).get() == lost
    assert board.cards([lost.pk], at=NOW)[lost.pk].next_stage is None
