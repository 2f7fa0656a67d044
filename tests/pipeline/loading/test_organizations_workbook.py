"""Companies and the people at them are loaded from a workbook as strictly as a ledger."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Chain, Contact, Organization, Role, Tag, User
from crm.names import normalise
from crm.refusals import NotAllowed
from pipeline.models import Interaction, Load
from pipeline.spreadsheets.loading import load
from pipeline.spreadsheets.undoing import undo
from tests.factories import (
    ContactFactory,
    IndustryFactory,
    OrganizationFactory,
    ParkFactory,
    ProjectFactory,
    UserFactory,
)
from tests.pipeline.loading.workbooks import LOADED_AT, TODAY, Workbooks

GOOD = ("91140829MA0K123454", "91140829MA0K543213")
HEADERS = [
    *("企业名称", "统一社会信用代码", "所在地", "所属行业", "产业链", "链上位置", "标签"),
    *("联系人", "职务", "电话", "微信", "邮箱", "备注", "县内企业"),
]
NAME = "山西晨虹新材料有限公司"
LATER = LOADED_AT + dt.timedelta(days=60)


def line(name: str | None = NAME, **said: Any) -> list[Any]:
    cells = {"企业名称": name, **said}
    return [cells.get(header) for header in HEADERS]


def known(name: str = NAME, **said: Any) -> Organization:
    return OrganizationFactory(
        name=name, name_key=normalise(name), matching_key=normalise(name), **said
    )


@pytest.fixture
def words(db: None) -> None:
    IndustryFactory(code="32", name="有色金属冶炼和压延加工业")
    Chain.objects.create(name="稀有金属产业链")
    Tag.objects.create(name="专精特新")
    Tag.objects.create(name="上市公司")


@pytest.fixture
def officer(db: None) -> User:
    return UserFactory(username="loader", role=Role.OFFICER)


@pytest.fixture
def books(words: None, officer: User, tmp_path: Path, settings: Any) -> Workbooks:
    settings.MEDIA_ROOT = tmp_path / "media"
    return Workbooks(tmp_path, "organizations", HEADERS, officer)


def undo_last(by: User) -> Load:
    return undo(Load.objects.latest("id"), by=by, at=LATER)


# --- clean rows --------------------------------------------------------------------------
def test_a_row_registers_a_company_with_a_person(books: Workbooks, officer: User) -> None:
    outcome = books.load(
        line(
            统一社会信用代码=GOOD[0],
            所在地="山西太原",
            所属行业="32",
            产业链="稀有金属产业链",
            链上位置="链主企业",
            标签="专精特新、上市公司",
            联系人="王建国",
            职务="总经理",
            电话=13800000001,
            微信="wjg",
            邮箱="wang@example.com",
            县内企业="否",
        )
    )
    assert outcome.counts == {"created": 1}
    company = Organization.objects.get()
    assert (company.name, company.uscc, company.origin) == (NAME, GOOD[0], "山西太原")
    assert company.industry is not None
    assert company.chain is not None
    assert (company.industry.code, company.chain_position) == ("32", "leader")
    assert {tag.name for tag in company.tags.all()} == {"专精特新", "上市公司"}
    assert (company.created_by, company.created_at) == (officer, LOADED_AT)
    person = company.contacts.get()
    assert (person.name, person.title, person.phone) == ("王建国", "总经理", "13800000001")
    assert (person.wechat, person.email, person.is_primary) == ("wjg", "wang@example.com", True)
    row = Load.objects.get().rows.get()
    assert (row.organization, row.contact, row.outcome) == (company, person, "created")


def test_several_lines_of_a_company_add_people(books: Workbooks) -> None:
    outcome = books.load(line(联系人="王建国"), line(联系人="李秀英"), line("另一家公司"))
    assert outcome.counts == {"created": 3}
    assert Organization.objects.count() == 2
    people = Contact.objects.order_by("pk").values_list("name", "is_primary")
    assert list(people) == [("王建国", True), ("李秀英", False)]


def test_a_company_without_a_code_gets_it_from_the_workbook(books: Workbooks) -> None:
    company = known()
    assert books.load(line(统一社会信用代码=GOOD[0])).counts == {"updated": 1}
    company.refresh_from_db()
    assert company.uscc == GOOD[0]


def test_another_code_under_the_same_name_is_another_company_and_said(books: Workbooks) -> None:
    known(uscc=GOOD[0])
    outcome = books.load(line(统一社会信用代码=GOOD[1]))
    assert outcome.counts == {"created": 1}
    assert any(GOOD[0] in note for note in outcome.notes)


def test_an_empty_cell_changes_nothing_and_tags_are_only_added(books: Workbooks) -> None:
    company = known(origin="山西太原")
    company.tags.add(Tag.objects.get(name="上市公司"))
    person = ContactFactory(organization=company, name="王建国", phone="0359-3522000")
    books.load(line(标签="专精特新", 联系人="王建国", 职务="董事长"))
    company.refresh_from_db()
    person.refresh_from_db()
    assert company.origin == "山西太原"
    assert company.tags.count() == 2
    assert (person.phone, person.title) == ("0359-3522000", "董事长")


def test_a_company_that_was_merged_stands_for_the_one_it_was_merged_into(books: Workbooks) -> None:
    kept = known("晨虹集团")
    known(merged_into=kept)
    books.load(line(联系人="王建国"))
    assert kept.contacts.get().name == "王建国"


def test_a_person_is_told_from_another_of_the_same_name_by_telephone(books: Workbooks) -> None:
    company = known()
    one, other = (
        ContactFactory(organization=company, name="王建国", phone=phone)
        for phone in ("13800000001", "13800000002")
    )
    books.load(line(联系人="王建国", 电话="13800000002", 职务="总经理"))
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.title, other.title) == ("", "总经理")


def test_titles_totals_and_blank_lines_are_no_companies(books: Workbooks) -> None:
    headers = ["重点企业名单"]
    outcome = books.load(
        ["序号", "企业名称", "联系人"], [1, NAME, "王建国"], [], ["合计", "", "1"], headers=headers
    )
    assert outcome.counts == {"created": 1, "skipped": 1}


# --- loading again -----------------------------------------------------------------------
def test_loading_again_changes_nothing(books: Workbooks) -> None:
    rows = [line(联系人="王建国", 电话="13800000001", 标签="专精特新"), line(联系人="李秀英")]
    books.load(*rows)
    assert books.load(*rows).counts == {"unchanged": 2}
    assert (Organization.objects.count(), Contact.objects.count()) == (1, 2)


def test_the_same_cells_do_not_take_back_what_somebody_edited_since(books: Workbooks) -> None:
    books.load(line(所在地="太原"))
    Organization.objects.update(origin="北京")
    assert books.load(line(所在地="太原")).counts == {"unchanged": 1}
    assert Organization.objects.get().origin == "北京"


def test_a_changed_cell_corrects(books: Workbooks) -> None:
    books.load(line(所在地="太原", 联系人="王建国", 电话="13800000001"))
    outcome = books.load(line(所在地="北京", 联系人="王建国", 电话="13800000002"))
    assert outcome.counts == {"updated": 1}
    assert Organization.objects.get().origin == "北京"
    assert Contact.objects.get().phone == "13800000002"


# --- what is refused ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("missing_name", {"企业名称": None, "联系人": "王建国"}),
        ("formula_without_value", {"所在地": "=A1"}),
        ("bad_uscc", {"统一社会信用代码": "91140829"}),
        ("too_long", {"所在地": "山" * 81}),
        ("bad_is_local", {"县内企业": "看情况"}),
        ("unknown_industry", {"所属行业": "炼丹"}),
        ("unknown_chain", {"产业链": "丹药产业链"}),
        ("unknown_position", {"链上位置": "顶端"}),
        ("unknown_tags", {"标签": "专精特新、大企业"}),
        ("bad_phone", {"联系人": "王建国", "电话": "问办公室"}),
        ("bad_email", {"联系人": "王建国", "邮箱": "wang#example"}),
        ("missing_contact", {"电话": "13800000001"}),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused(
    books: Workbooks, code: str, said: dict[str, Any]
) -> None:
    assert books.code(line(**{"name": said.pop("企业名称", NAME), **said})) == code
    assert not Organization.objects.exists()


def test_a_code_of_another_company_is_refused(books: Workbooks) -> None:
    known("另一家公司", uscc=GOOD[0])
    assert books.code(line(统一社会信用代码=GOOD[0])) == "another_name"


def test_a_name_that_several_companies_have_is_refused(books: Workbooks) -> None:
    known(uscc=GOOD[0])
    known(uscc=GOOD[1])
    assert books.code(line()) == "several_of_that_name"


def test_a_person_of_whom_there_are_several_is_refused(books: Workbooks) -> None:
    ContactFactory.create_batch(2, organization=known(), name="王建国")
    assert books.code(line(联系人="王建国", 职务="总经理")) == "several_contacts"


def test_the_same_company_and_person_twice_is_refused(books: Workbooks) -> None:
    outcome = books.load(line(联系人="王建国"), line(联系人="王 建国"))
    assert [(r.code, r.row) for r in outcome.rejects] == [("duplicate_row", 3)]
    assert outcome.rejects[0].message.startswith("第 3 行“企业名称”为“")


def test_a_park_does_not_write_on_a_company_of_another_park(books: Workbooks) -> None:
    company = known()
    ProjectFactory(investor=company, park=ParkFactory(slug="auto-materials"))
    books.by = UserFactory(username="park", park=ParkFactory(slug="rare-metals"))
    outcome = books.load(line(联系人="王建国"), line("新来的公司"))
    assert [reject.code for reject in outcome.rejects] == ["outside_scope"]
    assert not company.contacts.exists()
    assert Organization.objects.filter(name="新来的公司", created_by=books.by).exists()


def test_rejected_rows_load_once_they_are_corrected(books: Workbooks, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.xlsx"
    books.load(line(产业链="稀土产业链", 联系人="王建国"), rejects_to=rejects)
    Chain.objects.create(name="稀土产业链")
    again = load(rejects, kind="organizations", today=TODAY, at=LATER, verified_by=books.by)
    assert again.counts == {"created": 1}


def test_who_may_not_load_is_refused(books: Workbooks) -> None:
    books.by = UserFactory(role=Role.AUDITOR)
    with pytest.raises(NotAllowed):
        books.load(line())


def test_a_dry_run_shows_the_rows_and_changes_nothing(books: Workbooks) -> None:
    outcome = books.load(line(联系人="王建国", 所属行业="32", 标签="专精特新"), dry_run=True)
    assert not Organization.objects.exists()
    assert not Load.objects.exists()
    (shown,) = outcome.shown
    assert (shown.row, shown.outcome) == (2, "created")
    assert shown.values == {
        "企业名称": NAME,
        "所属行业": "有色金属冶炼和压延加工业",
        "标签": "专精特新",
        "联系人": "王建国",
    }


# --- undoing -----------------------------------------------------------------------------
def test_an_undone_load_withdraws_companies_and_people(books: Workbooks, officer: User) -> None:
    books.load(line(联系人="王建国"), line("另一家公司"))
    undone = undo_last(officer)
    assert not Organization.objects.current().exists()
    assert not Contact.objects.current().exists()
    assert "stays" not in undone.summary


def test_the_same_workbook_loads_again_after_it_was_undone(books: Workbooks, officer: User) -> None:
    books.load(line(联系人="王建国"))
    undo_last(officer)
    books.loads = 70
    assert books.load(line(联系人="王建国")).counts == {"created": 1}
    assert Organization.objects.current().count() == Organization.objects.count() == 1
    assert Contact.objects.current().get().is_primary


def test_undoing_gives_changed_fields_their_old_values_back(
    books: Workbooks, officer: User
) -> None:
    company = known(origin="太原")
    person = ContactFactory(organization=company, name="王建国", phone="13800000001")
    books.load(
        line(
            所在地="北京",
            产业链="稀有金属产业链",
            统一社会信用代码=GOOD[0],
            标签="专精特新",
            联系人="王建国",
            电话="13800000002",
        )
    )
    undo_last(officer)
    company.refresh_from_db()
    person.refresh_from_db()
    assert (company.origin, company.chain, company.uscc) == ("太原", None, None)
    assert (person.phone, company.tags.count()) == ("13800000001", 0)
    assert company.withdrawn_at is None


def test_what_is_used_or_edited_since_stays_and_is_named(books: Workbooks, officer: User) -> None:
    books.load(
        line(联系人="王建国"), line("有了项目的公司"), line("改过的公司"), line("没人用的公司")
    )
    met = Contact.objects.get()
    Interaction.objects.create(
        organization=met.organization,
        kind="call",
        occurred_on=TODAY,
        summary="通话",
        recorded_at=LOADED_AT,
        recorded_by=officer,
    ).contacts.add(met)
    ProjectFactory(investor=Organization.objects.get(name="有了项目的公司"))
    edited = Organization.objects.get(name="改过的公司")
    edited.note = "改"
    edited._history_date = LOADED_AT + dt.timedelta(days=3)  # type: ignore[attr-defined]
    edited.save()
    undone = undo_last(officer)
    current = set(Organization.objects.current().values_list("name", flat=True))
    assert current == {NAME, "有了项目的公司", "改过的公司"}
    assert Contact.objects.current().count() == 1
    assert undone.summary["stay"] == 4
    assert "改过的公司：之后有人修改过" in undone.summary["stays"]
    assert "有了项目的公司：之后已被使用" in undone.summary["stays"]


def test_nobody_of_a_park_undoes_the_load_of_somebody_else(books: Workbooks) -> None:
    books.load(line())
    with pytest.raises(NotAllowed):
        undo_last(UserFactory(username="park", park=ParkFactory(slug="rare-metals")))


# --- how much it asks --------------------------------------------------------------------
def test_a_batch_asks_the_database_the_same_for_1_and_20_rows(books: Workbooks) -> None:
    def queries(count: int) -> int:
        rows = [line(f"公司{count}-{n}", 联系人="王建国", 标签="专精特新") for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            books.load(*rows)
        return len(asked)

    queries(2)
    assert queries(1) == queries(20)


def test_a_person_who_was_merged_stands_for_the_one_they_were_merged_into(
    books: Workbooks,
) -> None:
    organization = known()
    kept = ContactFactory(organization=organization, name="王建国")
    ContactFactory(organization=organization, name="王总", merged_into=kept)
    books.load(line(联系人="王总", 职务="总经理"))
    assert Contact.objects.count() == 2
    kept.refresh_from_db()
    assert kept.title == "总经理"
