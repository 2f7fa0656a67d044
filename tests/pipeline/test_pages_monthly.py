"""The pages of a month: a unit's small forms, the county's table, the lists, the file."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.models import Unit
from pipeline import monthly_progress as progress
from pipeline.models import LedgerItem, MonthlyProgress
from pipeline.months import Month, month_at
from tests.factories import instant
from tests.ledger_factories import LedgerItemFactory, UnitFactory, person_of, the_supervisor

pytestmark = pytest.mark.django_db

SEPTEMBER = Month(2026, 9)
PAGE = "/ledgers/monthly/2026-09/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def unit() -> Unit:
    return UnitFactory(name="住建局")


@pytest.fixture
def own(client: Client, unit: Unit) -> Client:
    client.force_login(person_of(unit), backend=BACKEND)
    return client


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(the_supervisor(), backend=BACKEND)
    return client


def an_item(unit: Unit, **more: Any) -> LedgerItem:
    return LedgerItemFactory(active=True, unit=unit, issued_on=dt.date(2026, 9, 1), **more)


def written(*items: LedgerItem, **said: Any) -> dict[str, Any]:
    """What a browser sends for items of which each says the same."""
    sent: dict[str, Any] = {"item": [item.pk for item in items]}
    for item in items:
        for name, value in {"state": "on_track", "text": "", "obstacle": "", **said}.items():
            sent[f"item-{item.pk}-{name}"] = value
    return sent


def said(item: LedgerItem) -> list[str]:
    return [row.text for row in item.monthly_progress.order_by("pk")]


def test_a_unit_sees_its_own_items_with_last_months_words(own: Client, unit: Unit) -> None:
    item = LedgerItemFactory(active=True, unit=unit, issued_on=dt.date(2026, 8, 1), goal="修路")
    an_item(UnitFactory(name="水利局"), goal="修渠")
    progress.file(
        item,
        month=Month(2026, 8),
        state="on_track",
        text="路基完成",
        by=person_of(unit),
        at=instant("2026-08-30 10:00"),
    )
    page = own.get(PAGE).content.decode()
    assert "修路" in page
    assert "路基完成" in page
    assert "修渠" not in page


def test_all_are_saved_at_once_and_what_was_not_touched_is_not_filed(
    own: Client, unit: Unit
) -> None:
    first, second, untouched = (an_item(unit) for _ in range(3))
    sent = written(first, second, untouched, text="推进中")
    sent[f"item-{untouched.pk}-text"] = ""
    answer = own.post(f"{PAGE}file/", sent)
    assert answer.status_code == 302
    assert answer["Location"] == PAGE
    assert (said(first), said(second), said(untouched)) == (["推进中"], ["推进中"], [])


def test_one_is_saved_alone_and_what_else_was_written_is_not_lost(own: Client, unit: Unit) -> None:
    first, second = an_item(unit), an_item(unit)
    answer = own.post(f"{PAGE}file/", {**written(first, second, text="推进中"), "only": first.pk})
    assert (said(first), said(second)) == (["推进中"], [])
    assert answer.status_code == 200
    assert "推进中</textarea>" in answer.content.decode()
    assert "另有 1 项写了还没有保存" in answer.content.decode()


def test_bad_input_keeps_what_was_written_and_saves_the_rest(own: Client, unit: Unit) -> None:
    good, bad = an_item(unit), an_item(unit)
    sent = written(good, bad, text="推进中")
    sent[f"item-{bad.pk}-state"] = "difficult"
    answer = own.post(f"{PAGE}file/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert (said(good), said(bad)) == (["推进中"], [])
    assert "遇到困难的，请写明存在问题" in page
    assert page.count("推进中</textarea>") == 2


def test_what_was_closed_in_the_meantime_says_so_and_keeps_the_words(
    own: Client, unit: Unit
) -> None:
    item = an_item(unit)
    LedgerItem.objects.filter(pk=item.pk).update(
        state="closed", closed_at=instant("2026-09-02 10:00"), closed_by=the_supervisor()
    )
    answer = own.post(f"{PAGE}file/", written(item, text="推进中"))
    assert answer.status_code == 422
    assert "不用填报" in answer.content.decode()
    assert "推进中</textarea>" in answer.content.decode()


def test_another_units_item_is_not_filed(own: Client) -> None:
    item = an_item(UnitFactory(name="水利局"))
    assert own.post(f"{PAGE}file/", written(item, text="推进中")).status_code == 302
    assert said(item) == []


def test_the_office_sees_each_units_counts_that_lead_to_their_lists(
    office: Client, unit: Unit
) -> None:
    item = an_item(unit)
    page = office.get(PAGE).content.decode()
    link = f"{PAGE}items/?unit={unit.pk}&amp;show=missing"
    assert link in page
    assert "未报名单" in page
    assert item.goal in office.get(link.replace("&amp;", "&")).content.decode()
    assert item.goal not in office.get(f"{PAGE}items/?show=filed").content.decode()


def test_a_month_that_has_not_begun_has_no_page(office: Client) -> None:
    ahead = month_at(instant("2026-09-01 10:00")).later(1200 // 12 * 6)
    assert office.get(f"/ledgers/monthly/{ahead}/").status_code == 404


def test_the_month_that_runs_is_shown_without_its_name(office: Client) -> None:
    assert office.get("/ledgers/monthly/").status_code == 200


def test_the_workbook_has_the_counts_and_the_words_and_takes_no_formula(
    office: Client, unit: Unit
) -> None:
    item = an_item(unit, goal="=1+1")
    MonthlyProgress.objects.create(
        item=item,
        unit=unit,
        month=SEPTEMBER.first,
        state="on_track",
        text="=2+2",
        filed_at=instant("2026-10-02 10:00"),
        filed_by=person_of(unit),
    )
    answer = office.get(f"{PAGE}workbook")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert [c.value for c in book["单位"][2]] == ["住建局", 1, 1, 1, 0]
    row = [cell.value for cell in book["事项"][2]]
    assert row[3] == "=1+1"
    assert book["事项"].cell(2, 4).data_type == "s"
    assert row[5] == "补报"
    assert row[8] == "=2+2"


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}items/"])
@pytest.mark.parametrize("who", ["own", "office"])
def test_the_queries_do_not_grow_with_the_rows(
    address: str,
    who: str,
    client: Client,
    unit: Unit,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    person = person_of(unit) if who == "own" else the_supervisor()
    client.force_login(person, backend=BACKEND)
    an_item(unit)
    client.get(address)
    counts = []
    for more in (0, 19):
        for _ in range(more):
            item = an_item(unit if who == "own" else UnitFactory())
            progress.file(
                item,
                month=SEPTEMBER,
                state="on_track",
                text="推进",
                by=person_of(item.unit),
                at=instant("2026-09-20 10:00"),
            )
        with django_assert_max_num_queries(30) as asked:
            client.get(address)
        counts.append(len(asked))
    assert counts[0] == counts[1]
