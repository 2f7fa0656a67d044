"""A workbook that still knows two companies meets the one that they were merged into."""

import datetime as dt

import pytest

from crm.merging import merge
from crm.models import Organization, User
from pipeline.models import Project
from pipeline.spreadsheets.undoing import undo
from tests.factories import the_verifier
from tests.pipeline.loading.ledgers import LOADED_AT, Book, line

AFTER = LOADED_AT + dt.timedelta(hours=1)
CODE, OTHER = "91140829EKWM7PHUQ2", "91140829T938Q6BD80"
KEPT, MERGED = "山西晨虹新材料有限公司", "晨虹新材料"


@pytest.fixture
def verifier(county: None) -> User:
    return the_verifier()


def merged(verifier: User, **options: object) -> Organization:
    kept, other = Organization.objects.get(name=KEPT), Organization.objects.get(name=MERGED)
    merge(kept, other, by=verifier, at=AFTER, **options)  # type: ignore[arg-type]
    return Organization.objects.get(pk=kept.pk)


@pytest.mark.parametrize("code", ["", CODE])
def test_the_old_workbook_neither_splits_nor_doubles(book: Book, verifier: User, code: str) -> None:
    rows = [
        line(投资方=KEPT),
        line(投资方=MERGED, 统一社会信用代码=code, 项目名称="二期"),
    ]
    book.load(*rows)
    kept = merged(verifier)
    for changed in ("", "另有说明"):
        outcome = book.load(*({**row, "备注": changed} for row in rows))
        assert outcome.counts["rejected"] == outcome.counts["created"] == 0
        assert set(Project.objects.values_list("investor", flat=True)) == {kept.pk}
    assert (Organization.objects.count(), Project.objects.count()) == (2, 2)


def test_the_name_and_code_that_were_given_up_are_still_known(book: Book, verifier: User) -> None:
    rows = [
        line(投资方=KEPT, 统一社会信用代码=CODE),
        line(投资方=MERGED, 统一社会信用代码=OTHER, 项目名称="二期"),
    ]
    book.load(*rows)
    choose = {"name": "merged", "uscc": "merged"}
    kept = merged(verifier, choose=choose, two_codes=True)
    assert (kept.name, kept.uscc) == (MERGED, OTHER)
    book.load(*({**row, "备注": "另有说明"} for row in rows))
    book.load(line(投资方=KEPT, 项目名称="三期"))
    assert Organization.objects.count() == 2
    assert set(Project.objects.values_list("investor", flat=True)) == {kept.pk}


def test_undoing_a_load_gives_back_no_investor_that_is_merged(book: Book, verifier: User) -> None:
    book.load(line(投资方=KEPT, 项目名称="别的项目"), line(投资方=MERGED, 统一社会信用代码=CODE))
    project = Project.objects.get(investor__name=MERGED)
    outcome = book.load(line(投资方="新名有限公司", 统一社会信用代码=CODE))
    kept = merged(verifier)
    undo(outcome.load, by=verifier, at=AFTER + dt.timedelta(days=2))
    project.refresh_from_db()
    assert project.investor == kept


def test_a_company_that_was_withdrawn_stands_again(book: Book) -> None:
    book.load(line())
    Organization.objects.update(withdrawn_at=LOADED_AT)
    book.load(line(备注="另有说明"))
    assert Organization.objects.current().count() == 1
