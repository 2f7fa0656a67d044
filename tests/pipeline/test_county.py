import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm.models import (
    CalendarDay,
    Chain,
    Channel,
    Industry,
    Park,
    Role,
    Tag,
    TagGroup,
    Team,
    User,
)
from crm.refusals import NotAllowed
from pipeline import county, countyfile
from pipeline.countyfile import CountyFileError
from pipeline.models import (
    ContractTerm,
    CountySettings,
    HolderKind,
    Metric,
    ReturnReason,
    Target,
)
from pipeline.targets import Targets

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)

COUNTY = """
[county]
name = "甲县"

[[parks]]
slug = "east"
name = "东区产业园"
aliases = ["东区"]

[[targets]]
year = 2026
values = { signed_projects = 10 }
"""


@pytest.fixture
def operator(db: None) -> User:
    return county.operator()


def apply(text: str, operator: User, at: dt.datetime = AT) -> county.Applied:
    return county.apply(countyfile.parse(text), by=operator, at=at)


def state() -> dict[str, Any]:
    models = (
        *(Park, Channel, Industry, Team, Chain, Tag, ReturnReason),
        *(CalendarDay, CountySettings, ContractTerm, Target),
    )
    return {m.__name__: list(m._default_manager.order_by("pk").values()) for m in models}


# --- Pinglu ------------------------------------------------------------------------------
def test_migrations_alone_load_no_county(db: None) -> None:
    assert not any(state().values())


def test_without_a_file_pinglu_is_set_up(operator: User) -> None:
    call_command("setup_county", stdout=io.StringIO(), stderr=io.StringIO())
    assert list(Park.objects.values_list("slug", "name")) == [
        ("rare-metals", "稀有金属绿色科技产业园"),
        ("auto-materials", "汽车新材料产业园"),
        ("modern-agriculture", "现代农业产业园"),
    ]
    assert set(Park.objects.get(slug="rare-metals").aliases) >= {"稀有金属产业园", "稀有金属园区"}
    assert Industry.objects.count() == 97
    assert Channel.objects.count() == 9
    kinds = dict(ContractTerm.objects.values_list("term", "kind"))
    assert kinds["入园协议"] == "formal"
    assert kinds["备忘录"] == "framework"
    assert kinds["扩建"] == "expansion"
    assert [chain.name for chain in Chain.objects.all()] == ["稀有金属", "汽车新材料", "现代农业"]
    assert ReturnReason.objects.count() == 8


def test_pinglus_advantages_are_the_articles_and_no_list_is_invented(operator: User) -> None:
    county.apply(countyfile.read(countyfile.PINGLU), by=operator, at=AT)
    assert list(Tag.objects.values_list("group", "name")) == [
        (TagGroup.ADVANTAGES, name)
        for name in ("自然资源", "农副产品", "生态文化", "清洁能源", "交通便利")
    ]


def test_pinglu_protects_a_first_report_for_six_months(operator: User) -> None:
    county.apply(countyfile.read(countyfile.PINGLU), by=operator, at=AT)
    now = CountySettings.objects.known_at(AT)
    assert (now.protection_months, now.protection_idle_days) == (6, 90)
    assert (now.protection_extension_months, now.quiet_after_days) == (3, 30)


def test_pinglus_targets_are_the_articles_and_go_on_in_later_years(operator: User) -> None:
    county.apply(countyfile.read(countyfile.PINGLU), by=operator, at=AT)
    targets = Targets(2026, AT)
    found = {m: targets.own(m) for m in Metric}
    assert {m.value: v.value for m, v in found.items() if v} == {
        "signed_projects": 50,
        "signed_amount_yuan": Decimal("20000000000.00"),
        "start_rate": Decimal("0.6"),
        "funds_growth": Decimal("0.1"),
        "under_way_projects": 110,
        "under_way_investment_yuan": Decimal("40709000000.00"),
        "policy_funded_projects": 46,
    }
    assert targets.repeated_from == 2023


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        ((2024, 2, 12), False),
        ((2024, 10, 12), True),
        ((2025, 10, 8), False),
        ((2026, 2, 14), True),
        ((2026, 10, 7), False),
    ],
)
def test_the_calendar_knows_days_off_and_make_up_days(
    operator: User, day: tuple[int, int, int], is_working: bool
) -> None:
    county.apply(countyfile.read(countyfile.PINGLU), by=operator, at=AT)
    assert CalendarDay.objects.get(day=dt.date(*day)).is_working is is_working


def test_a_year_without_holidays_is_named_and_not_guessed(operator: User) -> None:
    county.apply(countyfile.read(countyfile.PINGLU), by=operator, at=AT)
    assert county.missing_calendar_years([2025, 2026, 2031]) == [2031]


# --- Applying again ----------------------------------------------------------------------
def test_applying_a_file_again_changes_nothing(operator: User) -> None:
    file = countyfile.read(countyfile.PINGLU)
    county.apply(file, by=operator, at=AT)
    before = state()
    again = county.apply(file, by=operator, at=LATER)
    assert state() == before
    assert again.changes == []
    assert not again.counts["created"] + again.counts["updated"]


def test_a_changed_target_becomes_a_new_version_and_the_old_one_stays_known(
    operator: User,
) -> None:
    apply(COUNTY, operator)
    apply(COUNTY.replace("= 10", "= { value = 12, plan = [2, 5, 8] }"), operator, LATER)
    then, now = (Targets(2026, at).own(Metric.SIGNED_PROJECTS) for at in (AT, LATER))
    assert then is not None
    assert now is not None
    assert (then.value, now.value, now.plan) == (10, 12, (2, 5, 8, 12))


def test_a_target_that_a_person_changed_stays_until_the_file_changes_it(operator: User) -> None:
    apply(COUNTY, operator)
    leader = User.objects.create(username="leader", role=Role.LEADER)
    Target.objects.create(
        metric=Metric.SIGNED_PROJECTS,
        year=2026,
        holder=HolderKind.COUNTY,
        value=11,
        recorded_at=LATER,
        recorded_by=leader,
        reason="调整",
    )
    after = LATER + dt.timedelta(days=1)
    again = apply(COUNTY, operator, after)
    assert "保留" in again.notes[0]
    apply(COUNTY.replace("= 10", "= 13"), operator, after + dt.timedelta(days=1))
    values = Target.objects.order_by("id").values_list("value", flat=True)
    assert list(values) == [10, 11, 13]


def test_a_setting_that_a_person_changed_stays_until_the_file_changes_it(operator: User) -> None:
    text = COUNTY.replace("[[parks]]", "permit_required = false\n[[parks]]", 1)
    apply(text, operator)
    version = CountySettings.objects.get()
    version.pk, version.permit_required, version.recorded_at = None, True, LATER
    version.recorded_by = User.objects.create(username="admin", role=Role.ADMIN)
    version.save(force_insert=True)
    at = LATER + dt.timedelta(days=1)
    apply(text.replace("甲县", "乙县"), operator, at)
    now = CountySettings.objects.known_at(at)
    assert (now.county, now.permit_required) == ("乙县", True)
    apply(text.replace("甲县", "乙县"), operator, at)
    assert CountySettings.objects.count() == 3


def test_a_span_that_a_person_changed_stays_until_the_file_changes_it(operator: User) -> None:
    text = COUNTY.replace("[[parks]]", "protection_months = 6\n[[parks]]", 1)
    apply(text, operator)
    version = CountySettings.objects.get()
    version.pk, version.protection_months, version.recorded_at = None, 3, LATER
    version.recorded_by = User.objects.create(username="admin", role=Role.ADMIN)
    version.save(force_insert=True)
    at = LATER + dt.timedelta(days=1)
    apply(text, operator, at)
    assert CountySettings.objects.known_at(at).protection_months == 3
    apply(text.replace("months = 6", "months = 12"), operator, at)
    assert CountySettings.objects.known_at(at).protection_months == 12


def test_words_that_the_county_added_stay_after_the_files(operator: User) -> None:
    words = 'chains = ["铝"]\nreturn_reasons = ["未盖章"]\n[tags]\ngeneral = ["上市公司"]\n'
    apply(words, operator)
    Chain.objects.create(name="苹果", position=9)
    Tag.objects.create(name="上市公司", group=TagGroup.SIX_LISTS)
    changed = words.replace('["铝"]', '["镓", "铝"]')
    again = apply(changed, operator, LATER)
    assert [chain.name for chain in Chain.objects.all()] == ["镓", "铝", "苹果"]
    assert Tag.objects.count() == 2
    assert (again.counts["created"], again.counts["updated"]) == (1, 1)


def test_spellings_that_the_county_added_stay_and_one_given_to_another_park_moves(
    operator: User,
) -> None:
    apply(COUNTY, operator)
    park = Park.objects.get(slug="east")
    park.aliases = [*park.aliases, "东园", "老东区"]
    park.save()
    west = '\n[[parks]]\nslug = "west"\nname = "西区"\naliases = ["老 东区"]\n'
    apply(COUNTY + west, operator)
    park.refresh_from_db()
    assert park.aliases == ["东区", "东园"]
    assert Park.objects.get(slug="west").aliases == ["老 东区"]


def test_what_the_file_does_not_mention_stays(operator: User) -> None:
    county.apply(countyfile.read(countyfile.PINGLU), by=operator, at=AT)
    before = state()
    apply("", operator, LATER)
    assert state() == before


def test_only_an_administrator_or_the_system_sets_a_county_up(operator: User) -> None:
    officer = User.objects.create(username="officer", role=Role.OFFICER)
    with pytest.raises(NotAllowed):
        county.apply(countyfile.parse(COUNTY), by=officer, at=AT)


# --- A file with a mistake -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[county]\nnamee = 'x'", "county.namee"),
        ("[county]\nexclude_terminated = 1", "county.exclude_terminated"),
        ("[county]\nminimum_investment_yuan = -1", "county.minimum_investment_yuan"),
        ("[county]\nminimum_investment_yuan = 0.001", "county.minimum_investment_yuan"),
        ("[county]\nminimum_investment_yuan = inf", "county.minimum_investment_yuan"),
        ("[county]\nprotection_months = 0", "county.protection_months"),
        ("[county]\nquiet_after_days = 1.5", "county.quiet_after_days"),
        ("[county]\nprotection_idle_days = true", "county.protection_idle_days"),
        ("chains = ['铝', '铝']", "chains"),
        ("return_reasons = ['']", "return_reasons"),
        ("[tags]\ngeneral = ['甲', '甲']", "tags.general"),
        ("[tags]\nseven_lists = ['甲']", "tags.seven_lists"),
        ("park = 1", "park"),
        ("parks = 1", "parks"),
        ("[[parks]]\nslug = 'a'", "parks[1].name"),
        ("[[parks]]\nslug = 'A b'\nname = 'x'", "parks[1].slug"),
        ("[[parks]]\nslug = 'a'\nname = ''", "parks[1].name"),
        ("[[parks]]\nslug = 'a'\nname = 'x'\naliases = [1]", "parks[1].aliases"),
        ("[[parks]]\nslug='a'\nname='x'\n[[parks]]\nslug='a'\nname='y'", "parks"),
        ("[[parks]]\nslug='a'\nname='x'\n[[parks]]\nslug='b'\nname='X '", "parks"),
        ("[contracts]\nformal = ['甲']\nframework = ['甲 ']", "contracts.framework"),
        ("[contracts]\nsigned = ['甲']", "contracts.signed"),
        ("[[targets]]\nyear = 26", "targets[1].year"),
        ("[[targets]]\nyear = 2026\nvalues = { signed = 1 }", "targets[1].values.signed"),
        (
            "[[targets]]\nyear = 2026\nvalues = { signed_projects = 0 }",
            "targets[1].values.signed_projects",
        ),
        (
            "[[targets]]\nyear = 2026\nvalues = { signed_projects = 1.5 }",
            "targets[1].values.signed_projects",
        ),
        (
            "[[targets]]\nyear = 2026\nvalues = { signed_projects = true }",
            "targets[1].values.signed_projects",
        ),
        (
            "[[targets]]\nyear = 2026\nvalues.signed_projects = { value = 9, plan = [3, 2, 4] }",
            "targets[1].values.signed_projects.plan",
        ),
        (
            "[[targets]]\nyear = 2026\npark = 'a'\nunit = 'b'",
            "targets[1].unit",
        ),
        (
            "[[targets]]\nyear = 2026\nvalues.start_rate = 0.5\n"
            "[[targets]]\nyear = 2026\nvalues.start_rate = 0.6",
            "targets",
        ),
        (
            "[[calendar]]\nyear = 2026\nholidays = [{ name = 'x', from = 2025-01-01 }]",
            "calendar[1].holidays[1]",
        ),
        (
            "[[calendar]]\nyear = 2026\nholidays = [{ name = 'x', from = 2026-01-01 }]\n"
            "workdays = [{ name = 'x', from = 2026-01-01 }]",
            "calendar[1].workdays[1]",
        ),
        ("[[calendar]]\nyear = 2026\n[[calendar]]\nyear = 2026", "calendar[2].year"),
        ("[county", ""),
    ],
)
def test_a_mistake_in_the_file_is_named_by_its_key(text: str, where: str) -> None:
    with pytest.raises(CountyFileError) as refused:
        countyfile.parse(text)
    assert refused.value.where == where


def test_a_target_of_a_park_that_there_is_not_leaves_the_county_as_it_was(operator: User) -> None:
    text = COUNTY + "\n[[targets]]\nyear = 2026\npark = 'west'\nvalues.signed_projects = 1\n"
    with pytest.raises(CountyFileError) as refused:
        apply(text, operator)
    assert refused.value.where == "targets[2].values.signed_projects"
    assert not any(state().values())


def test_a_name_that_another_park_has_is_refused(operator: User) -> None:
    apply(COUNTY, operator)
    with pytest.raises(CountyFileError):
        apply(COUNTY.replace('slug = "east"', 'slug = "west"'), operator)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"#" * (countyfile.LARGEST_FILE + 1)])
def test_an_unreadable_file_ends_with_code_2_and_a_message(
    db: None, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "county.toml"
    if content is not None:
        file.write_bytes(content)
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("setup_county", str(file), "--json", stdout=out)
    assert refused.value.returncode == 2
    assert json.loads(out.getvalue())["error"]["code"] == "bad_county_file"
    assert not Park.objects.exists()


def test_a_file_saved_by_a_windows_editor_is_read(db: None, tmp_path: Path) -> None:
    file = tmp_path / "county.toml"
    file.write_bytes(b"\xef\xbb\xbf" + COUNTY.replace("\n", "\r\n").encode())
    out = io.StringIO()
    call_command("setup_county", str(file), "--json", stdout=out, stderr=io.StringIO())
    answer = json.loads(out.getvalue())
    assert answer["county"] == "甲县"
    assert answer["created"] == 1 + 1 + 97 + 1
