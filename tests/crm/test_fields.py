"""Exact decimals: what goes in comes out, sums are exact, floats and roundings are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F, Max, Sum
from hypothesis import given
from hypothesis import strategies as st

from crm.fields import FixedPointField
from pipeline.models import Project
from tests.factories import ProjectFactory

FIELD = FixedPointField(places=2)
FEN = Decimal("0.01")


@given(st.integers(-(2**63), 2**63 - 1))
def test_what_goes_in_comes_out(fen: int) -> None:
    value = FIELD.from_db_value(fen, None, connection)
    assert value is not None
    assert FIELD.get_prep_value(value) == fen


@pytest.mark.parametrize("value", [Decimal("1.10"), "1.10", "1.1", 110 * FEN])
def test_decimals_and_text_are_kept_as_whole_fen(value: object) -> None:
    assert FIELD.get_prep_value(value) == 110


def test_a_whole_number_is_yuan_not_fen() -> None:
    assert FIELD.get_prep_value(20_000_000_000) == 2_000_000_000_000


@pytest.mark.parametrize("way", [FIELD.get_prep_value, FIELD.to_python])
def test_a_float_is_refused(way: object) -> None:
    with pytest.raises(TypeError, match="float"):
        way(0.1)  # type: ignore[operator]


@pytest.mark.parametrize("value", ["0.001", "0.005", Decimal("1E-3"), "NaN", "Infinity"])
def test_nothing_is_rounded_on_its_way_into_the_database(value: object) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        FIELD.get_prep_value(value)


@pytest.mark.parametrize("value", ["0.001", "NaN", "一亿"])
def test_a_form_is_told_so(value: str) -> None:
    with pytest.raises(ValidationError):
        FIELD.clean(value, None)


def test_amounts_larger_than_fen_would_allow_a_number_of_fen_are_no_trouble() -> None:
    assert FIELD.clean("92233720368547758.07", None) == Decimal("92233720368547758.07")


def test_rates_have_four_decimals() -> None:
    assert FixedPointField(places=4).get_prep_value(Decimal("0.6")) == 6000


def test_a_migration_remembers_the_places() -> None:
    assert FixedPointField(places=4).deconstruct()[3]["places"] == 4


@pytest.mark.django_db
def test_filters_sums_and_comparisons_are_in_yuan_and_exact() -> None:
    for fen in range(3):
        ProjectFactory(agreed_investment=Decimal("20000000000.00") + fen * FEN)
    rows = Project.objects.all()
    assert rows.get(agreed_investment=Decimal("20000000000.01"))
    assert rows.filter(agreed_investment__gt=Decimal("20000000000.01")).count() == 1
    assert rows.filter(agreed_investment__in=[20_000_000_000, "20000000000.02"]).count() == 2
    found = rows.aggregate(sum=Sum("agreed_investment"), most=Max("agreed_investment"))
    assert found == {"sum": Decimal("60000000000.03"), "most": Decimal("20000000000.02")}
    rows.update(agreed_investment=F("agreed_investment") + F("agreed_investment"))
    assert rows.latest("agreed_investment").agreed_investment == Decimal("40000000000.04")


@pytest.mark.django_db
def test_a_form_field_takes_yuan_with_two_decimals() -> None:
    field = Project._meta.get_field("agreed_investment").formfield()
    assert field is not None
    assert field.clean("20000000000.01") == Decimal("20000000000.01")
    with pytest.raises(ValidationError):
        field.clean("0.001")
