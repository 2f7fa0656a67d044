"""``import_workbook KIND FILE``: as ``import_ledger``, in the name of a person."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm.models import Organization, Role, User
from pipeline.models import Load
from tests.factories import UserFactory
from tests.pipeline.loading.workbooks import write


@pytest.fixture
def officer(db: None, tmp_path: Path, settings: Any) -> User:
    settings.MEDIA_ROOT = tmp_path / "media"
    return UserFactory(username="asks", role=Role.OFFICER)


def run(path: Path, *arguments: str, kind: str = "organizations") -> tuple[int, dict[str, Any]]:
    out, status = io.StringIO(), 0
    try:
        call_command("import_workbook", kind, str(path), "--json", *arguments, stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    return status, json.loads(out.getvalue())


def names(folder: Path, *rows: list[Any]) -> Path:
    return write(folder / "名单.xlsx", ["企业名称", "联系人", "电话"], *rows)


def test_rows_are_loaded_in_the_name_of_a_person(officer: User, tmp_path: Path) -> None:
    status, found = run(names(tmp_path, ["晨虹公司", "王建国", "13800000001"]), "--as", "asks")
    assert (status, found["created"], found["rejects"]) == (0, 1, [])
    assert Organization.objects.get().created_by == officer


def test_rejects_are_written_and_end_with_1(officer: User, tmp_path: Path) -> None:
    to = tmp_path / "rejects.xlsx"
    rows = (["晨虹公司", "", ""], ["另一家", "王", "问办公室"])
    status, found = run(names(tmp_path, *rows), "--as", "asks", "--rejects", str(to))
    assert (status, found["loaded"], found["rejected"]) == (1, 1, 1)
    assert found["rejects"][0]["code"] == "bad_phone"
    assert to.exists()


def test_a_dry_run_changes_nothing(officer: User, tmp_path: Path) -> None:
    status, found = run(names(tmp_path, ["晨虹公司", "", ""]), "--as", "asks", "--dry-run")
    assert (status, found["created"]) == (0, 1)
    assert not Load.objects.exists()


@pytest.mark.parametrize(
    ("headers", "kind", "code"),
    [
        (["甲", "乙"], "organizations", "no_table"),
        (["项目名称", "到位时间"], "funds", "not_allowed"),
        (["联系人", "电话"], "organizations", "missing_column"),
    ],
)
def test_what_cannot_be_loaded_ends_with_2_and_says_why(
    officer: User, tmp_path: Path, headers: list[str], kind: str, code: str
) -> None:
    path = write(tmp_path / "x.xlsx", headers, ["1", "2"])
    status, found = run(path, "--as", "asks", kind=kind)
    assert (status, found["error"]["code"]) == (2, code)


def test_it_needs_somebody_who_is_there(officer: User, tmp_path: Path) -> None:
    path = names(tmp_path, ["晨虹公司", "", ""])
    with pytest.raises(CommandError, match="nobody"):
        call_command("import_workbook", "organizations", str(path), "--as", "nobody")
