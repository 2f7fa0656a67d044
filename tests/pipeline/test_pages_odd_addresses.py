"""What nobody of ours writes into an address or a form: answered, and never an error of ours."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User
from pipeline.listing import Wanted
from pipeline.timeline.entries import Place
from tests.factories import ProjectFactory

ENDLESS = "9" * 5000  # more digits than Python makes a number of
MANY = "&".join(["q=1"] * 150)


@pytest.mark.parametrize(
    "address",
    [
        f"/projects/?size={ENDLESS}",
        f"/projects/?{MANY}",
        f"/organizations/?size={ENDLESS}",
        f"/targets/?year={ENDLESS}",
        f"/targets/?from={ENDLESS}",
        "/compare/?before=0001-01-01",
        "/compare/?after=9999-12-31",
        "/compare/?after=0001-03-01&before_known=0001-01-01T00:00",
        "/cockpit/?known_at=0001-01-01T00:00",
        "/board/signed/?by=amount&after=NaN~1",
        "/board/signed/?by=amount&after=sNaN~1",
        "/board/signed/?by=amount&after=Infinity~1",
        "/board/signed/?by=amount&after=1e-400~1",
        f"/board/signed/?by=amount&after=1~{ENDLESS}",
        "/board/signed/?by=since&after=2026-02-30~1",
    ],
)
def test_a_page_leaves_out_what_it_cannot_read(client: Client, officer: User, address: str) -> None:
    client.force_login(officer)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        f"/follow-ups/new/?project={ENDLESS}",
        f"/interactions/new/?project={ENDLESS}",
        f"/interactions/new/?organization={ENDLESS}",
    ],
)
def test_a_key_that_no_row_can_have_is_not_found(
    client: Client, officer: User, address: str
) -> None:
    client.force_login(officer)
    assert client.get(address).status_code == 404


def test_keys_that_no_row_can_have_are_ticked_in_vain(client: Client, officer: User) -> None:
    client.force_login(officer)
    assert client.post(reverse("notices_read"), {"notice": ENDLESS}).status_code == 302
    ticked = {"pk": ENDLESS, "act": "assign", "officer": officer.pk, "which": "picked"}
    assert client.post(reverse("project_bulk"), ticked).status_code == 422


@pytest.mark.parametrize(
    "address", ["/calendar/a%00b.ics", "/reports/shared/a%00b/", "/aftercare/?park=a%00b"]
)
def test_a_nul_in_an_address_is_refused_before_anything_reads_it(
    client: Client, officer: User, address: str
) -> None:
    assert client.get(address).status_code == 400
    client.force_login(officer)
    assert client.get(address).status_code == 400


def test_a_place_at_the_ends_of_time_is_no_place(client: Client, officer: User) -> None:
    for day in ("00010101", "99991231"):
        text = f"{day}_{day}T000000.000000_1_1"
        assert Place.read(text) is None
        client.force_login(officer)
        address = reverse("project_timeline", args=[ProjectFactory(officer=officer).pk])
        assert client.get(address, {"before": text}).status_code == 200


def test_a_list_reads_so_many_parameters_and_no_more() -> None:
    assert Wanted.of(MANY + "&stage=signed").given == {"q": "1"}
