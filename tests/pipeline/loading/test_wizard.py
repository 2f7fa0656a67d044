"""The import wizard: upload, columns, preview, load; refusals that lose nothing."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crm import jobs
from crm.models import Contact, Job, JobState, Organization, Role, User
from pipeline import imports
from pipeline.models import Load, LoadKind, Project
from pipeline.spreadsheets.blank import blank_workbook
from pipeline.spreadsheets.kinds import KINDS
from pipeline.spreadsheets.showing import look_at
from tests.factories import UserFactory
from tests.pipeline.loading.ledgers import HEADERS, line
from tests.pipeline.loading.workbooks import write

COMPANIES = ["企业名称", "联系人", "电话", "备注"]


@pytest.fixture(autouse=True)
def kept_here(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    caches["jobs"].clear()


@pytest.fixture
def officer(db: None) -> User:
    return UserFactory(username="asks", role=Role.OFFICER)


@pytest.fixture
def desk(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture
def verifier(county: None) -> User:
    return UserFactory(username="loads", role=Role.VERIFIER)


def book(folder: Path, headers: list[str], *rows: list[Any]) -> SimpleUploadedFile:
    content = write(folder / "book.xlsx", headers, *rows).read_bytes()
    return SimpleUploadedFile("名单.xlsx", content)


def upload(client: Client, file: Any, kind: str = "organizations") -> Any:
    return client.post("/imports/new/", {"kind": kind, "file": file}, follow=True)


def choose(client: Client, page: Any, *, follow: bool = True, **changed: str) -> Any:
    """Send the second step with the columns as they were guessed, but for those changed."""
    form = page.context["form"]
    said = {name: form[name].value() for name in form.fields} | changed
    return client.post(page.request["PATH_INFO"], said, follow=follow)


def text(page: Any) -> str:
    return page.content.decode()


def run_all() -> None:
    for job in Job.objects.filter(state=JobState.QUEUED):
        jobs.run(job.pk, clock=timezone.now)


# --- all the way -------------------------------------------------------------------------
def test_a_workbook_goes_from_upload_to_load(desk: Client, tmp_path: Path) -> None:
    page = upload(desk, book(tmp_path, COMPANIES, ["晨虹公司", "王建国", "13800000001", ""]))
    assert page.status_code == 200
    assert "表头在第 1 行，下面 1 行" in text(page)
    assert "13800000001" in text(page)  # a sample
    preview = choose(desk, page)
    assert "导入 1 行" in text(preview)
    assert "晨虹公司" in text(preview)
    assert not Organization.objects.exists()
    tried = Job.objects.latest("pk")
    loading = desk.post(f"/imports/preview/{tried.pk}/load/", follow=True)
    assert "可以离开这个页面" in text(loading)
    run_all()
    assert Organization.objects.get().name == "晨虹公司"
    assert Contact.objects.get().phone == "13800000001"
    load = Load.objects.get()
    assert (load.kind, load.name) == (LoadKind.ORGANIZATIONS, "名单.xlsx")
    done = text(desk.get(loading.request["PATH_INFO"]))
    assert f"/imports/{load.pk}/" in done
    assert "整批撤销" in text(desk.get(f"/imports/{load.pk}/"))
    desk.post(f"/imports/{load.pk}/undo/")
    assert not Organization.objects.current().exists()


def test_a_ledger_is_loaded_by_a_verifier(client: Client, verifier: User, tmp_path: Path) -> None:
    client.force_login(verifier)
    file = book(tmp_path, HEADERS, [line().get(header, "") for header in HEADERS])
    preview = choose(client, upload(client, file, "ledger"))
    assert "2.5 亿元" in text(preview)
    client.post(f"/imports/preview/{Job.objects.latest('pk').pk}/load/")
    run_all()
    assert Project.objects.get().stage == "started"


# --- columns -----------------------------------------------------------------------------
def test_a_column_that_is_not_understood_is_corrected_and_shown_missing(
    desk: Client, tmp_path: Path
) -> None:
    file = book(tmp_path, ["老板们", "联系人", "备注"], ["晨虹公司", "王建国", "好"])
    page = upload(desk, file)
    assert "还缺必需的列：企业名称" in text(page)
    refused = choose(desk, page, follow=False)
    assert refused.status_code == 422
    assert "工作表“Sheet1”还缺：企业名称" in text(refused)
    preview = choose(desk, page, **{"c0-0": "name", "c0-2": ""})
    assert "导入 1 行" in text(preview)
    assert Job.objects.latest("pk").arguments["header_map"] == {"老板们": "name", "备注": "ignore"}


def test_a_refused_choice_of_columns_loses_nothing(desk: Client, tmp_path: Path) -> None:
    page = upload(desk, book(tmp_path, COMPANIES, ["晨虹公司", "王建国", "138", ""]))
    refused = choose(desk, page, follow=False, **{"c0-3": "name", "c0-2": ""})
    assert refused.status_code == 422
    assert "几列都选了“企业名称”：企业名称、备注" in text(refused)
    form = refused.context["form"]
    assert (form["c0-3"].value(), form["c0-2"].value()) == ("name", "")


def test_what_was_said_of_columns_is_there_on_the_way_back_and_the_next_time(
    desk: Client, tmp_path: Path
) -> None:
    rows = (["老板们", "联系人"], ["晨虹公司", "王建国"])
    page = upload(desk, book(tmp_path, *rows))
    preview = choose(desk, page, **{"c0-0": "name"})
    back = f"{page.request['PATH_INFO']}?from={Job.objects.latest('pk').pk}"
    assert back in text(preview)
    assert desk.get(back).context["form"]["c0-0"].value() == "name"
    again = upload(desk, book(tmp_path, *rows))
    assert again.context["form"]["c0-0"].value() == "name"


def test_the_unit_of_money_is_said(client: Client, verifier: User, tmp_path: Path) -> None:
    client.force_login(verifier)
    headers = ["项目名称", "到位时间", "到位金额（万元）"]
    page = upload(client, book(tmp_path, headers, ["项目", "2026-03-05", 12]), "funds")
    assert 'data-label="金额单位">万元</td>' in text(page)


def test_a_header_in_two_lines_is_corrected(client: Client, verifier: User, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "two.xlsx"))
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 0, 5, "台账（单位：亿元）")
    for column, header in ((0, "项目名称"), (1, "老板")):
        sheet.merge_range(1, column, 2, column, header)
    sheet.merge_range(1, 2, 1, 3, "投资")
    sheet.merge_range(1, 4, 1, 5, "日子")
    sheet.write_row(2, 2, ["总投资", "到位", "签", "开"])
    sheet.write_row(3, 0, ["高纯镓", "晨虹公司", 2.5, 1, "2026-03-05", "2026-06-01"])
    book.close()
    client.force_login(verifier)
    file = SimpleUploadedFile("two.xlsx", (tmp_path / "two.xlsx").read_bytes())
    page = upload(client, file, "ledger")
    assert "还缺必需的列：投资方、签约时间" in text(page)
    said = {"c0-1": "investor_name", "c0-4": "sign_date", "c0-5": "start_date"}
    preview = text(choose(client, page, **said))
    assert "导入 1 行" in preview
    assert "2.5 亿元" in preview
    assert "2026-06-01" in preview


# --- the preview -------------------------------------------------------------------------
def test_a_reject_names_row_column_value_and_reason_and_marks_the_cell(
    desk: Client, tmp_path: Path
) -> None:
    rows = [["晨虹公司", "王建国", "问办公室", ""], ["另一家", "", "", ""]]
    preview = choose(desk, upload(desk, book(tmp_path, COMPANIES, *rows)))
    assert "第 2 行“电话”为“问办公室”：不是一个电话号码" in text(preview)
    assert "<mark>问办公室</mark>" in text(preview)
    assert "导入 1 行" in text(preview)
    tried = Job.objects.latest("pk")
    assert desk.get(f"/jobs/{tried.pk}/file").status_code == 200


def test_a_workbook_of_which_nothing_can_be_loaded_is_not_loaded(
    desk: Client, tmp_path: Path
) -> None:
    preview = choose(desk, upload(desk, book(tmp_path, COMPANIES, ["晨虹", "王", "号码", ""])))
    assert "没有可以导入的行" in text(preview)
    tried = Job.objects.latest("pk")
    answer = desk.post(f"/imports/preview/{tried.pk}/load/", follow=True)
    assert "没有可以导入的行，请更正后重新上传" in text(answer)
    assert not Load.objects.exists()


def test_a_large_workbook_is_tried_in_the_background(
    desk: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 1)
    rows = [["晨虹公司", "", "", ""], ["另一家", "", "", ""]]
    waiting = choose(desk, upload(desk, book(tmp_path, COMPANIES, *rows)))
    address = waiting.request["PATH_INFO"]
    assert 'hx-trigger="every 2s"' in text(waiting)
    fragment = desk.get(address, headers={"hx-request": "true"})
    assert 'id="import-waiting"' in text(fragment)
    assert "<html" not in text(fragment)
    run_all()
    assert "导入 2 行" in text(desk.get(address))


def test_a_large_file_is_looked_at_in_the_background(
    desk: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BYTES_AT_ONCE", 10)
    waiting = upload(desk, book(tmp_path, COMPANIES, ["晨虹公司", "", "", ""]))
    address = waiting.request["PATH_INFO"]
    assert "正在读取表头" in text(waiting)
    run_all()
    assert desk.get(address, headers={"hx-request": "true"})["HX-Refresh"] == "true"
    assert "导入为" in text(desk.get(address))


def test_a_background_job_that_failed_says_why(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BYTES_AT_ONCE", 1)
    waiting = upload(desk, SimpleUploadedFile("x.xlsx", b"nothing"))
    run_all()
    assert "这不是 Excel 工作簿" in text(desk.get(waiting.request["PATH_INFO"]))


# --- bad files ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("名单.xlsx", b"", "文件是空的"),
        ("名单.xlsx", b"%PDF-1.7", "这不是 Excel 工作簿"),
        ("名单.xlsx", b"PK\x03\x04broken", "文件已损坏"),
        ("名单.csv", "重点企业名单\n1,2\n".encode(), "没有找到表头"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_with_a_reason(
    desk: Client, name: str, content: bytes, why: str
) -> None:
    answer = upload(desk, SimpleUploadedFile(name, content))
    assert answer.status_code == 422
    assert why in text(answer)
    assert not Job.objects.exists()


def test_a_file_that_is_too_large_is_refused(desk: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 2**20
    answer = upload(desk, SimpleUploadedFile("x.xlsx", b"PK" + b"0" * 2**20))
    assert answer.status_code == 422
    assert "文件超过 1 MB" in text(answer)


def test_without_a_file_the_kind_stays_chosen(desk: Client) -> None:
    answer = desk.post("/imports/new/", {"kind": "interactions"})
    assert answer.status_code == 422
    assert "请选择文件" in text(answer)
    assert answer.context["form"].chosen == "interactions"


@pytest.mark.parametrize("kind", ["ledger", "funds", "nothing"])
def test_a_kind_that_is_not_the_persons_is_refused(desk: Client, tmp_path: Path, kind: str) -> None:
    assert f'value="{kind}"' not in text(desk.get("/imports/new/"))
    answer = upload(desk, book(tmp_path, COMPANIES, ["晨虹公司", "", "", ""]), kind)
    assert answer.status_code == 422
    assert desk.get(f"/imports/template/{kind}.xlsx").status_code == 404


# --- whose -------------------------------------------------------------------------------
def test_another_persons_upload_is_not_there(desk: Client, tmp_path: Path) -> None:
    page = upload(desk, book(tmp_path, COMPANIES, ["晨虹公司", "", "", ""]))
    looked = page.request["PATH_INFO"]
    preview = choose(desk, page).request["PATH_INFO"]
    for role in (Role.OFFICER, Role.ADMIN):
        desk.force_login(UserFactory(role=role))
        assert desk.get(looked).status_code == 404
        assert desk.get(preview).status_code == 404
        assert desk.post(f"{preview}load/").status_code == 404


def test_a_job_of_another_kind_is_no_step_of_the_wizard(desk: Client, officer: User) -> None:
    job = Job.objects.create(
        kind="organizations.import", asked_by=officer, created_at=timezone.now()
    )
    assert desk.get(f"/imports/new/{job.pk}/").status_code == 404
    assert desk.get(f"/imports/preview/{job.pk}/").status_code == 404


# --- templates and history ---------------------------------------------------------------
@pytest.mark.parametrize("kind", LoadKind.values)
def test_a_template_has_every_needed_column(county: None, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "blank.xlsx"
    path.write_bytes(blank_workbook(kind))
    (sheet,) = look_at(path, KINDS[kind].table).sheets
    assert (sheet.missing, sheet.rows) == ([], 0)
    assert all(column.field for column in sheet.columns)


def test_a_template_is_a_workbook_to_save(desk: Client) -> None:
    answer = desk.get("/imports/template/organizations.xlsx")
    assert answer["Content-Disposition"].startswith("attachment")
    assert io.BytesIO(answer.content).read(2) == b"PK"


def test_the_history_says_what_was_loaded_and_is_narrowed_to_a_kind(
    desk: Client, officer: User
) -> None:
    for kind in (LoadKind.FUNDS, LoadKind.ORGANIZATIONS):
        Load.objects.create(
            kind=kind,
            name=f"{kind}.xlsx",
            size=1,
            today=dt.date(2026, 9, 30),
            loaded_at=timezone.now(),
            loaded_by=officer,
        )
    assert "funds.xlsx" in text(desk.get("/imports/"))
    narrowed = text(desk.get("/imports/?kind=organizations"))
    assert "organizations.xlsx" in narrowed
    assert "funds.xlsx" not in narrowed
