"""``manage.py report`` writes a quarter's bulletin, and freezes it once."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from pipeline.models import Report
from tests.factories import ProjectFactory, TargetFactory

pytestmark = pytest.mark.django_db


def report(tmp_path: Path, *more: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(
        *("report", "--year", "2026", "--quarter", "3", "--out", str(tmp_path), "--json"),
        *("--formats", "html,xlsx"),
        *more,
        stdout=out,
    )
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


@time_machine.travel("2026-10-08 09:00+08:00", tick=False)
def test_it_writes_the_files_and_freezes_only_when_told(tmp_path: Path) -> None:
    TargetFactory(metric="signed_projects", value=Decimal(4))
    ProjectFactory(signed=True)
    said = report(tmp_path)
    assert [Path(file).name for file in said["files"]] == [
        "report-2026-q3.html",
        "report-2026-q3.xlsx",
    ]
    assert said["digest"] is None
    assert not Report.objects.exists()
    frozen = report(tmp_path, "--freeze")
    assert frozen["version"] == 1
    assert frozen["digest"] == Report.objects.get().digest
    before = Path(frozen["files"][0]).read_bytes()
    ProjectFactory(signed=True)
    assert report(tmp_path, "--freeze")["digest"] == frozen["digest"]
    assert Path(frozen["files"][0]).read_bytes() == before


@time_machine.travel("2026-09-20 09:00+08:00", tick=False)
def test_a_quarter_that_is_not_over_is_not_frozen(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        report(tmp_path, "--freeze")
    assert caught.value.returncode == 2
    assert "还没有结束" in str(caught.value)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        report(tmp_path, "--formats", "odt")
    assert caught.value.returncode == 2


def test_a_months_bulletin_on_promises_is_written_and_frozen(tmp_path: Path) -> None:
    said = io.StringIO()
    call_command(
        *("report", "--subject", "supervision", "--year", "2025", "--month", "9", "--freeze"),
        *("--formats", "html", "--out", str(tmp_path), "--json"),
        stdout=said,
    )
    assert json.loads(said.getvalue())["title"] == "关于平陆县2025年9月重点工作落实情况的通报"
    assert [file.name for file in tmp_path.iterdir()] == ["report-2025-m9.html"]
    assert Report.objects.get().subject == "supervision"


@pytest.mark.parametrize("subject", ["attraction", "supervision"])
def test_without_its_period_nothing_is_written(subject: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("report", "--subject", subject, "--year", "2025", "--out", str(tmp_path))
