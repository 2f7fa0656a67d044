"""The list as a file: read back, it has the rows, columns and order of the page."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from crm import jobs
from crm.models import Job, JobState, Park, Tag, User
from crm.names import initials, pinyin
from pipeline import tagging
from pipeline.listing import Wanted
from pipeline.models import Project
from pipeline.spreadsheets import exports
from tests.factories import OrganizationFactory, ProjectFactory, instant

NOW = instant("2026-11-24 10:00")
YI = Decimal(100_000_000)


def named(name: str, **kwargs: Any) -> Project:
    return ProjectFactory(name=name, pinyin=pinyin(name), initials=initials(name), **kwargs)


def export(client: Client, ending: str, query: str = "") -> Any:
    response = client.post("/projects/export/", {"ending": ending, "query": query})
    assert response.status_code == 200
    return io.BytesIO(b"".join(response.streaming_content))  # type: ignore[attr-defined]


def page_rows(client: Client, query: str) -> list[list[str]]:
    """The cells as the page says them, with an empty one for a dash."""
    shown = client.get(f"/projects/?{query}").content.decode()
    body = shown[shown.index("<tbody>") : shown.index("</tbody>")]
    rows = []
    for row in body.split("<tr>")[1:]:
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        text = [re.sub(r"\s*<[^>]+>\s*", "", cell).strip() for cell in cells]
        rows.append([("" if cell == "—" else cell) for cell in text])
    return rows


@pytest.fixture
def county(officer: User, other_park: Park) -> None:
    a = named("甲项目", started=True, amount=Decimal("512345678.90"), is_productive=True)
    b = named("乙项目", signed=True, amount=2 * YI, planned_start_on=dt.date(2026, 8, 1))
    named("丙项目")
    named("外园区", park=other_park)
    for project in (a, b):
        tag = Tag.objects.get_or_create(name="重点")[0]
        tagging.add(project, tag, by=project.officer, at=NOW)


COLS = "amount,stage,light,signed,tags,since,park"


def test_a_workbook_has_what_the_page_shows_as_numbers_and_days(
    client: Client, leader: User, county: None
) -> None:
    client.force_login(leader)
    query = f"cols={COLS}&sort=-amount&park=rare-metals"
    book = openpyxl.load_workbook(export(client, "xlsx", query))
    sheet = book.active
    header, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert header[:3] == ["项目", "协议总投资（亿元）", "阶段"]
    assert sheet.freeze_panes == "B2"
    shown = page_rows(client, query)
    assert [row[0] for row in rows] == [row[0] for row in shown] == ["甲项目", "乙项目", "丙项目"]
    assert rows[0][1] == 5.123456789
    assert rows[1][1] == 2
    assert rows[0][4].date() == dt.date(2026, 3, 5)
    assert [row[3] for row in rows] == [None, "红灯", None]
    for ours, theirs in zip(rows, shown, strict=True):
        assert [str(cell or "") for cell in (ours[2], ours[3], ours[5], ours[6], ours[7])] == [
            theirs[2], theirs[3], theirs[5], theirs[6], theirs[7],
        ]  # fmt: skip


def test_a_text_file_has_the_same_rows_behind_a_byte_order_mark(
    client: Client, officer: User, county: None
) -> None:
    client.force_login(officer)
    file = export(client, "csv", f"cols={COLS}&sort=name")
    assert file.getvalue().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["项目", "丙项目", "甲项目", "乙项目"]  # bing, jia, yi
    assert "外园区" not in file.getvalue().decode()
    assert next(row for row in rows if row[0] == "甲项目")[1] == "5.123456789"


RISKY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


def test_no_text_is_a_formula(client: Client, officer: User) -> None:
    for start in RISKY:
        ProjectFactory(name=start, investor=OrganizationFactory(name=start))
    client.force_login(officer)
    query = "sort=-registered"
    sheet = openpyxl.load_workbook(export(client, "xlsx", query)).active
    for cell in (*sheet["A"][1:], *sheet["B"][1:]):
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
    text = export(client, "csv", query).getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert {row[0] for row in rows} == {row[1] for row in rows} == {f"'{s}" for s in RISKY}


def test_a_long_list_is_a_job_s_and_seen_as_who_asked_sees_it(
    client: Client, officer: User, county: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    monkeypatch.setattr(jobs, "_send", lambda job_id: None)
    client.force_login(officer)
    response = client.post("/projects/export/", {"ending": "xlsx", "query": "sort=name"})
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    jobs.run(job.pk, clock=lambda: NOW)
    job.refresh_from_db()
    assert (job.state, job.result["rows"]) == (JobState.DONE, 3)
    assert job.result["download_name"] == "项目清单-2026-11-24.xlsx"
    download = client.get(reverse("job_download", args=[job.pk]))
    body = b"".join(download.streaming_content)  # type: ignore[attr-defined]
    names = [row[0].value for row in openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows()]
    assert set(names) == {"项目", "甲项目", "乙项目", "丙项目"}


def test_every_column_is_written_in_chunks_with_the_same_number_of_queries(
    leader: User, county: None, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    from pipeline.columns import COLUMNS

    wanted = Wanted.of("cols=" + ",".join(column.name for column in COLUMNS))
    done: list[tuple[int, int]] = []
    with django_assert_max_num_queries(8):
        count = exports.write(
            tmp_path / "all.xlsx",
            wanted.rows(person=leader, at=NOW),
            wanted.columns,
            ending="xlsx",
            at=NOW,
            progress=lambda n, of: done.append((n, of)),
        )
    assert (count, done) == (4, [(4, 4)])
