"""Files: known by their content, kept once, given only to who may see the project."""

import io
import zipfile
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.models import Park, User
from crm.refusals import NotAllowed
from pipeline.documents import AlreadyAttached, TooLarge, UnknownFormat, attach, type_of
from pipeline.models import Document, Load, Project
from tests.factories import LoadRowFactory, ProjectFactory, UserFactory, instant

NOW = instant("2026-03-05 10:00")
PDF = b"%PDF-1.7 a contract"


def archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return held.getvalue()


@pytest.fixture
def project(park: Park, officer: User) -> Project:
    return ProjectFactory(park=park, officer=officer)


def attached(project: Project, by: User, content: bytes = PDF, name: str = "合同.pdf") -> Document:
    file = SimpleUploadedFile(name, content)
    return attach(project, file=file, kind="contract", by=by, at=NOW)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"\xff\xd8\xff\xe0 photo", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n photo", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "application/x-ole-storage"),
        (
            archive("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            archive("[Content_Types].xml", "xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ],
)
def test_a_file_is_known_by_its_content(content: bytes, media_type: str) -> None:
    assert type_of(io.BytesIO(content)) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90\x00",
        b"PK\x03\x04 broken",
        archive("evil.js"),
        archive("[Content_Types].xml", "ppt/slides.xml"),
    ],
)
def test_a_file_of_another_format_is_refused_whatever_its_name(
    project: Project, officer: User, content: bytes
) -> None:
    with pytest.raises(UnknownFormat, match="不能作为证据"):
        attached(project, officer, content, "合同.pdf")


def test_an_empty_and_a_large_file_are_refused(
    project: Project, officer: User, settings: Any
) -> None:
    with pytest.raises(TooLarge, match="空文件"):
        attached(project, officer, b"")
    settings.UPLOAD_MAX_BYTES = 10
    with pytest.raises(TooLarge, match="超过"):
        attached(project, officer)


def test_the_same_file_is_not_attached_twice(project: Project, officer: User) -> None:
    attached(project, officer)
    with pytest.raises(AlreadyAttached):
        attached(project, officer, name="另一份.pdf")


def test_a_file_is_stored_once_under_its_digest(project: Project, officer: User) -> None:
    first = attached(project, officer)
    second = attached(ProjectFactory(park=project.park, officer=officer), officer)
    assert first.file.name == second.file.name
    assert first.file.name.endswith(first.sha256)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\合同\\正本.pdf", "正本.pdf"),
        ("长" * 200 + ".pdf", "长" * 156 + ".pdf"),
    ],
)
def test_a_name_is_only_shown(project: Project, officer: User, given: str, kept: str) -> None:
    file = ContentFile(PDF)
    file.name = given
    assert attach(project, file=file, kind="contract", by=officer, at=NOW).name == kept


def test_only_who_may_edit_the_project_attaches(
    project: Project, outsider: User, verifier: User
) -> None:
    for person in (outsider, verifier):
        with pytest.raises(NotAllowed):
            attached(project, person)


def test_a_download_is_saved_and_never_shown(
    client: Client, project: Project, officer: User
) -> None:
    document = attached(project, officer)
    client.force_login(officer)
    response = client.get(f"/documents/{document.pk}/")
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_of_another_park_is_not_there(
    client: Client, project: Project, officer: User, outsider: User
) -> None:
    document = attached(project, officer)
    client.force_login(outsider)
    assert client.get(f"/documents/{document.pk}/").status_code == 404


def test_a_page_uploads_a_file_and_names_why_it_does_not(
    client: Client, project: Project, officer: User
) -> None:
    client.force_login(officer)
    address = f"/projects/{project.pk}/documents/"
    given = {"documentform-kind": "contract", "documentform-file": SimpleUploadedFile("a.pdf", PDF)}
    assert client.post(address, given)["Location"] == f"/projects/{project.pk}/#documents"
    assert project.documents.get().media_type == "application/pdf"
    bad = SimpleUploadedFile("a.pdf", b"MZ")
    refused = client.post(address, {**given, "documentform-file": bad})
    assert refused.status_code == 422
    assert "不能作为证据" in refused.content.decode()


# --- Loads ----------------------------------------------------------------------------------
@pytest.fixture
def load(project: Project) -> Load:
    row = LoadRowFactory(project=project)
    load: Load = row.load
    LoadRowFactory(
        load=load,
        project=None,
        outcome="rejected",
        row=12,
        column="签约日期",
        value="2026年13月5日",
        code="bad_date",
        message="日历上没有这一天",
    )
    load.file.save("ledger.xlsx", ContentFile(b"PK"))
    return load


def test_a_load_shows_its_rejects_with_their_reasons(
    client: Client, load: Load, verifier: User
) -> None:
    client.force_login(verifier)
    assert load.name in client.get("/imports/").content.decode()
    page = client.get(f"/imports/{load.pk}/").content.decode()
    for shown in ("签约日期", "2026年13月5日", "日历上没有这一天", "整批撤销"):
        assert shown in page


def test_a_load_is_undone_from_its_page(client: Client, load: Load, verifier: User) -> None:
    client.force_login(verifier)
    response = client.post(f"/imports/{load.pk}/undo/", follow=True)
    assert "整批撤销" in response.content.decode()
    load.refresh_from_db()
    assert load.undone_by == verifier
    again = client.post(f"/imports/{load.pk}/undo/", follow=True)
    assert "已经撤销过" in again.content.decode()


def test_a_workbook_names_every_park_so_a_park_officer_does_not_get_it(
    client: Client, load: Load, officer: User
) -> None:
    client.force_login(officer)
    assert client.get(f"/loads/{load.pk}/workbook").status_code == 404
    assert load.name not in client.get("/imports/").content.decode()
    client.force_login(UserFactory(username="auditor", auditor=True))
    response = client.get(f"/loads/{load.pk}/workbook")
    assert response["Content-Disposition"].startswith("attachment")


def test_no_load_yet_says_how_to_begin(client: Client, verifier: User) -> None:
    client.force_login(verifier)
    assert "还没有导入过" in client.get("/imports/").content.decode()
