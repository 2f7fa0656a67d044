"""Who answers for what, as a county's file says it."""

import datetime as dt
from collections.abc import Callable

import pytest

from crm.models import Area, Park, Role, Unit, User
from crm.units import UnitNames
from pipeline import county, countyfile
from pipeline.countyfile import CountyFileError
from pipeline.models import CountySettings, Ledger, LedgerKind

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FILE = """
[[parks]]
slug = "east"
name = "东区产业园"

[[areas]]
name = "工业"

[[units]]
name = "东区管委会"
park = "east"
area = "工业"

[[units]]
name = "县发展和改革局"
aliases = ["发改局"]

[[ledgers]]
slug = "decisions"
name = "议定事项"
kind = "decisions"
prefix = "议"
"""


@pytest.fixture
def apply(db: None) -> Callable[[str], county.Applied]:
    return lambda text: county.apply(countyfile.parse(text), by=county.operator(), at=AT)


def test_pinglu_has_the_five_ledgers_and_the_committees_of_its_parks(db: None) -> None:
    county.apply(countyfile.read(countyfile.PINGLU), by=county.operator(), at=AT)
    kinds = [LedgerKind(kind) for kind in Ledger.objects.values_list("kind", flat=True)]
    assert kinds == [kind for kind in LedgerKind if kind != LedgerKind.CUSTOM]
    assert not Park.objects.filter(unit__isnull=True).exists()
    assert not Area.objects.exists()  # who answers for what was not published
    known = UnitNames(Unit.objects.all())
    assert [str(known.find(name)) for name in ("发改局", "县 自然资源局", "审批局")] == [
        "县发展和改革局",
        "县自然资源局",
        "县行政审批服务管理局",
    ]


def test_applying_units_and_ledgers_again_changes_nothing(
    apply: Callable[[str], county.Applied],
) -> None:
    apply(FILE)
    again = apply(FILE)
    assert not again.changes
    assert not again.notes


def test_a_unit_is_of_its_park_and_its_area(apply: Callable[[str], county.Applied]) -> None:
    apply(FILE)
    unit = Unit.objects.get(name="东区管委会")
    assert (unit.park, unit.area) == (Park.objects.get(), Area.objects.get())


def test_what_the_county_entered_for_a_unit_stays(apply: Callable[[str], county.Applied]) -> None:
    apply(FILE)
    reform = Unit.objects.get(name="县发展和改革局")
    reform.area, reform.aliases = Area.objects.get(), ["发改局", "发改委"]
    reform.save()
    apply(FILE)
    reform.refresh_from_db()
    assert (reform.area, reform.aliases) == (Area.objects.get(), ["发改局", "发改委"])


def test_a_leader_is_named_by_the_user_name(apply: Callable[[str], county.Applied]) -> None:
    leader = User.objects.create(username="zhao", role=Role.LEADER)
    apply(FILE.replace('name = "工业"', 'name = "工业"\nleader = "zhao"', 1))
    assert Area.objects.get().leader == leader


def test_a_ledger_that_the_county_renamed_stays(apply: Callable[[str], county.Applied]) -> None:
    apply(FILE)
    Ledger.objects.update(name="县议定事项")
    again = apply(FILE)
    assert Ledger.objects.get().name == "县议定事项"
    assert "保留" in again.notes[0]


def test_the_clocks_are_set_by_the_file(apply: Callable[[str], county.Applied]) -> None:
    apply(
        "[county]\nclock_working_days = true\nnear_same_day_hours = 0\n"
        "inspection_after_days = 7\nlead_report_days = 30\n"
    )
    now = CountySettings.objects.known_at(AT)
    assert now.clock_working_days
    assert (now.near_same_day_hours, now.inspection_after_days, now.lead_report_days) == (0, 7, 30)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[[units]]\nname = '甲'\nslug = 'a'", "units[1].slug"),
        ("[[units]]\nname = ''", "units[1].name"),
        (
            "[[units]]\nname = '甲局'\naliases = ['乙']\n"
            "[[units]]\nname = '丙局'\naliases = ['乙 ']",
            "units",
        ),
        ("[[areas]]\nname = '甲'\n[[areas]]\nname = '甲'", "areas"),
        ("[[ledgers]]\nslug = 'a'\nname = '甲'\nprefix = '甲-'", "ledgers[1].prefix"),
        ("[[ledgers]]\nslug = 'a'\nname = '甲'\nprefix = '甲'\nkind = 'x'", "ledgers[1].kind"),
        ("[[ledgers]]\nslug = 'A'\nname = '甲'\nprefix = '甲'", "ledgers[1].slug"),
        (
            "[[ledgers]]\nslug = 'a'\nname = '甲'\nprefix = '甲'\n"
            "[[ledgers]]\nslug = 'b'\nname = '甲'\nprefix = '乙'",
            "ledgers",
        ),
        ("[county]\nnear_seven_days = -1", "county.near_seven_days"),
        ("[county]\nlead_judge_days = 0", "county.lead_judge_days"),
    ],
)
def test_a_mistake_is_named_by_its_key(text: str, where: str) -> None:
    with pytest.raises(CountyFileError) as refused:
        countyfile.parse(text)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[[areas]]\nname = '甲'\nleader = 'nobody'", "areas[1].leader"),
        ("[[units]]\nname = '甲'\narea = '乙'", "units[1].area"),
        ("[[units]]\nname = '甲'\npark = 'west'", "units[1].park"),
        ("[[ledgers]]\nslug = 'x'\nname = '议定事项'\nprefix = '甲'", "ledgers[1]"),
    ],
)
def test_what_does_not_fit_the_county_is_refused(
    apply: Callable[[str], county.Applied], text: str, where: str
) -> None:
    apply(FILE)
    with pytest.raises(CountyFileError) as refused:
        apply(text)
    assert refused.value.where == where
