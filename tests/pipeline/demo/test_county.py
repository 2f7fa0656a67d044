import datetime as dt
from collections.abc import Callable

import pytest
from django.core.files.storage import storages
from django.db.models import F

from pipeline.demo import county, people
from pipeline.models import (
    Document,
    FundsReceipt,
    Load,
    Milestone,
    Project,
    StatusChange,
    Target,
)
from pipeline.rollups import Window, rollup
from pipeline.stages import ContractKind, MilestoneKind, Stage, Status
from tests.pipeline.demo.conftest import AT, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def demonstration(media: None, make_once: Callable[[Callable[[], object]], None]) -> None:
    def fill() -> None:
        people.claim_database()
        county.load(today=TODAY, at=AT)

    make_once(fill)


def test_it_has_about_fifty_contracts_twenty_billion_and_six_in_ten_a_year() -> None:
    for year in (2024, 2025, 2026):
        total = rollup(Window(year, min(TODAY, dt.date(year, 12, 31)), AT)).total
        assert 40 <= total.signed_projects <= 60
        assert 16_000_000_000 <= total.signed_amount_yuan <= 26_000_000_000
        assert total.start_rate is not None
        assert 50 <= total.start_rate * 100 <= 70


def test_its_ledger_shows_rows_that_are_handed_back() -> None:
    last = Load.objects.latest("today")
    codes = set(last.rows.filter(outcome="rejected").values_list("code", flat=True))
    assert codes == {
        "bad_uscc", "unknown_park", "future_date", "start_before_signing", "ambiguous_date",
        "bad_amount", "duplicate_row",
    }  # fmt: skip
    assert last.rows.exclude(outcome__in=["rejected", "skipped"]).count() >= 150


def test_the_split_of_targets_over_the_parks_is_marked_as_an_example() -> None:
    of_parks = Target.objects.filter(holder="park")
    assert of_parks.exists()
    assert not of_parks.filter(is_example=False).exists()
    assert not Target.objects.filter(holder="county", is_example=True).exists()


def test_it_shows_what_waits_and_what_went_wrong() -> None:
    waiting = Milestone.objects.open().values_list("kind", "contract_kind")
    assert {(MilestoneKind.GROUNDBREAKING, ""), (MilestoneKind.SIGNING, ContractKind.FORMAL)} <= {
        (kind, contract) for kind, contract in waiting
    }
    assert Milestone.objects.filter(returned_at__isnull=False).exists()
    assert Milestone.objects.filter(corrects__isnull=False, is_historical=False).exists()
    assert Milestone.objects.filter(contract_kind=ContractKind.EXPANSION).exists()
    assert Milestone.objects.filter(shares__isnull=False).exists()
    assert StatusChange.objects.filter(status=Status.TERMINATED).exists()
    assert FundsReceipt.objects.filter(verified_at__isnull=True).exists()
    moved = Project.objects.filter(attributions__isnull=False).exclude(park=F("milestones__park"))
    assert moved.exists()
    assert set(Project.objects.values_list("stage", flat=True)) == set(Stage.values)


def test_its_evidence_can_be_opened() -> None:
    storage = storages["default"]
    for paper in Document.objects.all():
        with storage.open(paper.file.name) as file:
            start = file.read(4)
        assert start == (b"%PDF" if paper.media_type == "application/pdf" else b"\x89PNG")
    assert all(storage.exists(load.file.name) for load in Load.objects.all())


def test_the_articles_projects_are_in_it() -> None:
    names = " ".join(Project.objects.values_list("name", flat=True))
    for name in (
        "新型汽车内饰材料", "环保布袋", "万和年产10万吨食用醋", "中电神头100兆瓦", "杭泰100兆瓦",
        "恒龙调峰调频储能", "抽水蓄能电站", "部官扬水改扩建", "黄河流域平陆干流段水环境综合治理",
        "常乐垣灌区改扩建", "智慧城市平台",
    ):  # fmt: skip
        assert name in names
