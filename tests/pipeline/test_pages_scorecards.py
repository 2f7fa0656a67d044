"""The pages of score cards: what they show, where each number leads, and what forms do."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from crm.models import User
from pipeline.models import Falsehood, Indicator, ScoreAppeal, ScoreScheme
from tests import ledger_factories as ledgers
from tests.factories import ParkFactory, ProjectFactory, TargetFactory, UserFactory, instant
from tests.pipeline.scorecards import less, one, table

pytestmark = pytest.mark.django_db
WINDOW = "year=2026&as_of=2026-09-30"


@pytest.fixture
def county() -> None:
    """Three parks, two of them alike; the first's committee was late once."""
    for slug, signed in (("a", 2), ("b", 2), ("c", 1)):
        park = ParkFactory(slug=slug)
        ProjectFactory.create_batch(signed, park=park, signed=True)
        TargetFactory(holder="park", park=park, value=Decimal(4))
    unit = ledgers.UnitFactory(name="甲管委会", park=ParkFactory(slug="a"))
    ledgers.EscalationFactory(item=ledgers.LedgerItemFactory(active=True, unit=unit))
    table("park", one("signed_projects", 80), one("groundbreakings", 20), less("named"))
    table("unit", one("closed_items", 100, 2), less("overdue"))


def signed_in(client: Client, person: User) -> Client:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def leader(client: Client) -> Client:
    return signed_in(client, UserFactory(username="leader", leader=True))


@pytest.fixture
def supervisor(client: Client) -> Client:
    return signed_in(client, ledgers.the_supervisor())


@pytest.mark.usefixtures("county")
def test_the_ranking_shows_totals_shares_and_ties(leader: Client) -> None:
    page = leader.get(f"/scorecards/?{WINDOW}")
    cards = page.context["assessment"].cards
    assert [(card.rank, card.total, card.weight) for card in cards] == [
        (1, 40, 80),
        (1, 40, 80),
        (3, 20, 80),
    ]
    text = page.content.decode()
    assert "50.0 %" in text
    assert f"/scorecards/park/a/?{WINDOW}#signed_projects".replace("&", "&amp;") in text


@pytest.mark.usefixtures("county")
def test_each_line_of_a_card_writes_its_sum_out_and_leads_to_what_it_is_made_of(
    leader: Client,
) -> None:
    text = leader.get(f"/scorecards/park/a/?{WINDOW}").content.decode()
    assert "2/4 × 80 = 40.00" in text
    assert "没有目标，不计分" in text
    assert "第 1 名 / 共 3 个" in text
    link = f"/figures/signed_projects/?{WINDOW}&by=park&key=a"
    assert link.replace("&", "&amp;") in text
    figure = leader.get(link)
    assert figure.context["sums"].parts == 2


@pytest.mark.usefixtures("county")
def test_a_deduction_leads_to_its_items(leader: Client) -> None:
    item = ledgers.LedgerItem.objects.get()
    card = leader.get(f"/scorecards/unit/{item.unit_id}/?{WINDOW}").content.decode()
    link = f"/scorecards/evidence/unit/{item.unit_id}/overdue/?{WINDOW}"
    assert link.replace("&", "&amp;") in card
    assert "1 件 × 2 = 2.00" in card
    text = leader.get(link).content.decode()
    assert item.goal in text
    assert "催办 2026-09-24" in text


@pytest.mark.usefixtures("county")
def test_a_card_as_known_before_leads_to_figures_as_known_then(leader: Client) -> None:
    text = leader.get(f"/scorecards/park/a/?{WINDOW}&known_at=2026-03-06T15:30").content.decode()
    assert "known_at=2026-03-06T15%3A30%3A00%2B08%3A00" in text
    assert "按 2026-03-06 15:30 时掌握的情况" in text


@pytest.mark.usefixtures("county")
def test_the_files_hold_what_the_page_shows(leader: Client) -> None:
    found = leader.get(f"/scorecards/export/?{WINDOW}&level=park&ending=csv")
    rows = list(csv.reader(io.StringIO(found.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["名次", "对象"]
    assert rows[1][0] == "1"
    assert rows[1][2:6] == ["40.00", "80.00", "50.0", "40.00"]
    found = leader.get(f"/scorecards/export/?{WINDOW}&level=park&ending=xlsx")
    sheet: Any = load_workbook(io.BytesIO(found.content)).active
    assert sheet["C2"].value == 40
    assert sheet["G2"].value is None  # no target: nothing, not zero
    assert leader.get(f"/scorecards/export/?{WINDOW}&ending=exe").status_code == 404


@pytest.mark.usefixtures("county")
def test_whoever_sees_a_park_only_sees_no_other_card_in_any_form(client: Client) -> None:
    manager = UserFactory(username="boss", manager=True, park=ParkFactory(slug="c"))
    signed_in(client, manager)
    text = client.get(f"/scorecards/?{WINDOW}&level=park").content.decode()
    assert "c产业园区" in text
    assert "a产业园区" not in text
    assert "/ 3</span>" in text
    assert client.get(f"/scorecards/park/a/?{WINDOW}").status_code == 404
    csv_text = client.get(f"/scorecards/export/?{WINDOW}&level=park&ending=csv").content.decode()
    assert "a产业园区" not in csv_text


@pytest.mark.parametrize("level", ["park", "unit", "officer"])
@pytest.mark.usefixtures("county")
def test_the_ranking_asks_as_often_for_one_holder_as_for_many(leader: Client, level: str) -> None:
    table("officer", one("interactions", 100, 4))

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert leader.get(f"/scorecards/?{WINDOW}&level={level}").status_code == 200
        return len(found)

    few = queries()
    for _ in range(6):
        park = ParkFactory()
        unit = ledgers.UnitFactory(park=park)
        UserFactory(park=park)
        ledgers.EscalationFactory(item=ledgers.LedgerItemFactory(active=True, unit=unit))
    assert queries() == few


@pytest.mark.usefixtures("county")
def test_an_appeal_is_made_and_answered_on_the_card(client: Client) -> None:
    item = ledgers.LedgerItem.objects.get()
    manager = UserFactory(username="boss", manager=True, park=item.unit.park)
    path = f"/scorecards/unit/{item.unit_id}/"
    signed_in(client, manager)
    given = {"measure": "overdue", "text": "批复晚"}
    assert client.post(f"{path}appeal/?{WINDOW}", given).status_code == 302
    assert client.post(f"{path}appeal/?{WINDOW}", given).status_code == 422  # it waits already
    row = ScoreAppeal.objects.get()
    signed_in(client, ledgers.the_supervisor())
    assert f"answer-{row.pk}-points" in client.get(f"{path}?{WINDOW}").content.decode()
    answer = f"/scorecards/appeals/{row.pk}/answer/"
    name = f"answer-{row.pk}-"
    wrong = {f"{name}decision": "granted", f"{name}text": "属实", f"{name}points": "9"}
    assert client.post(answer, wrong).status_code == 422
    assert client.post(answer, {**wrong, f"{name}points": "2"}).status_code == 302
    row.refresh_from_db()
    assert row.points == 2
    assert "申诉退回 2.00" in client.get(f"{path}?{WINDOW}").content.decode()


def test_a_table_is_edited_in_its_units_and_kept_in_versions(supervisor: Client) -> None:
    given = {
        "signed_projects-weight": "60",
        "signed_amount_yuan-weight": "40",
        "signed_amount_yuan-target": "12.5",
        "overdue-weight": "10",
        "overdue-per_case": "1.5",
        "reason": "平办发〔2026〕3号",
    }
    path = "/scorecards/schemes/?level=park&year=2026"
    assert supervisor.post(path, given).status_code == 302
    lines = Indicator.objects.values_list("measure", "weight", "target", "per_case")
    assert list(lines) == [
        ("signed_projects", 60, None, None),
        ("signed_amount_yuan", 40, 1_250_000_000, None),
        ("overdue", 10, None, Decimal("1.5")),
    ]
    text = supervisor.get(path).content.decode()
    assert 'value="12.5"' in text
    assert "平办发〔2026〕3号" in text
    refused = supervisor.post(path, {**given, "signed_projects-weight": "50"})
    assert refused.status_code == 422
    assert "90" in refused.content.decode()
    assert ScoreScheme.objects.count() == 1


def test_who_may_not_set_a_table_reads_it(leader: Client) -> None:
    table("park", one("signed_projects"))
    page = leader.get("/scorecards/schemes/?level=park&year=2026")
    assert "signed_projects-weight" not in page.content.decode()
    answered = leader.post("/scorecards/schemes/?level=park&year=2026", {"reason": "x"})
    assert answered.status_code == 200
    assert ScoreScheme.objects.count() == 1


def test_a_year_that_has_no_table_says_whose_it_follows(leader: Client) -> None:
    table("park", one("signed_projects"), year=2024, at=instant("2024-01-02 09:00"))
    ProjectFactory(signed=True)
    assert "沿用 2024 年的" in leader.get(f"/scorecards/?{WINDOW}").content.decode()


def test_a_falsehood_is_found_from_an_item(supervisor: Client) -> None:
    item = ledgers.LedgerItemFactory(active=True)
    path = f"/scorecards/falsehoods/items/{item.pk}/"
    assert supervisor.post(path, {"found_on": "2026-09-25", "reason": ""}).status_code == 422
    given = {"found_on": "2026-09-25", "reason": "虚报办结"}
    assert supervisor.post(path, given).status_code == 302
    assert Falsehood.objects.get().unit_id == item.unit_id
    assert supervisor.post(path, given).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/scorecards/?level=moon",
        "/scorecards/moon/a/",
        "/scorecards/park/nowhere/",
        "/scorecards/evidence/park/a/signed_projects/",  # a figure's list is elsewhere
        "/scorecards/evidence/park/a/nothing/",
        "/scorecards/schemes/?level=moon",
    ],
)
@pytest.mark.usefixtures("county")
def test_what_there_is_not_is_not_found(leader: Client, path: str) -> None:
    assert leader.get(path).status_code == 404
