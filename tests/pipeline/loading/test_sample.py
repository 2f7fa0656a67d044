"""The county's own messy workbook leads to exactly the expected figures."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from pipeline.models import LoadRow, Milestone, Project

DATA = Path(__file__).parents[2] / "data"
SAMPLE = DATA / "ledger-2026.xlsx"
EXPECTED = json.loads((DATA / "ledger-2026.expected.json").read_text())


def import_sample(*arguments: str) -> tuple[int, dict[str, Any]]:
    return import_workbook(SAMPLE, *arguments)


def import_workbook(path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    out, code = io.StringIO(), 0
    try:
        call_command(
            "import_ledger", str(path), "--today", "2026-09-30", "--json", *arguments, stdout=out
        )
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, json.loads(out.getvalue())


@pytest.fixture(autouse=True)
def kept_apart(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_rows_and_rejects_of_the_sample(county: None) -> None:
    code, found = import_sample()
    expected = EXPECTED["import"]
    assert code == 1
    assert {key: found[key] for key in ("rows", "loaded", "skipped", "rejected")} == {
        key: expected[key] for key in ("rows", "loaded", "skipped", "rejected")
    }
    assert [(r["row"], r["code"]) for r in found["rejects"]] == [
        (r["row"], r["code"]) for r in expected["rejects"]
    ]
    assert found["created"] == found["loaded"]


@pytest.mark.parametrize("expected", EXPECTED["rollups"], ids=lambda e: e["as_of"])
def test_rollups_of_the_sample(county: None, expected: dict[str, Any]) -> None:
    import_sample()
    out = io.StringIO()
    call_command(
        "rollup",
        "--year",
        str(expected["year"]),
        "--as-of",
        expected["as_of"],
        "--json",
        stdout=out,
    )
    document = json.loads(out.getvalue())
    rows = {row["key"]: row for row in [*document["rows"], document["total"]]}
    for key, figures in expected["rows"].items():
        assert {name: rows[key][name] for name in figures} == figures


def test_every_row_of_the_sample_is_kept_with_what_became_of_it(county: None) -> None:
    import_sample()
    assert LoadRow.objects.count() == EXPECTED["import"]["rows"]
    assert set(Milestone.objects.values_list("load_row__project_id", flat=True)) <= set(
        Project.objects.values_list("id", flat=True)
    )
    assert not Milestone.objects.filter(load_row__isnull=True).exists()


def test_loading_the_sample_again_changes_nothing(county: None) -> None:
    _code, first = import_sample()
    before = Milestone.objects.count()
    code, second = import_sample()
    assert code == 1
    assert second["unchanged"] == first["loaded"]
    assert (second["created"], second["updated"]) == (0, 0)
    assert Milestone.objects.count() == before


def test_a_dry_run_says_the_same_and_leaves_nothing(county: None, tmp_path: Path) -> None:
    _code, dry = import_sample("--dry-run")
    assert not Project.objects.exists()
    assert not LoadRow.objects.exists()
    assert not list(tmp_path.rglob("loads/*/*"))
    _code, real = import_sample()
    assert dry == real


def test_the_rejects_workbook_as_it_was_is_rejected_again(county: None, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.xlsx"
    _code, first = import_sample("--rejects", str(rejects))
    before = Milestone.objects.count()
    _code, second = import_workbook(rejects)
    assert (second["rows"], second["rejected"]) == (first["rejected"], first["rejected"])
    assert [r["code"] for r in second["rejects"]] == [r["code"] for r in first["rejects"]]
    assert Milestone.objects.count() == before
