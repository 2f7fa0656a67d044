"""The tables of assessment: set, versioned, copied from an earlier year, and from the file."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm.models import User
from crm.refusals import NotAllowed, ReasonNeeded
from pipeline import county, countyfile
from pipeline.countyfile import CountyFileError
from pipeline.models import ScoreScheme
from pipeline.score_schemes import BadScheme, Entry, SchemeUnchanged, in_force, set_scheme
from tests.factories import ProjectFactory, TargetFactory, UserFactory, instant
from tests.ledger_factories import the_supervisor
from tests.pipeline.scorecards import asked, card_of, less, one, table

pytestmark = pytest.mark.django_db
AT = instant("2026-03-01 09:00")
LATER = instant("2026-06-01 09:00")


def test_a_change_is_a_version_and_earlier_instants_keep_the_one_before() -> None:
    table("unit", one("closed_items", 100, 4), at=AT)
    table("unit", one("closed_items", 100, 8), at=LATER)
    before, after = (in_force("unit", 2026, known_at=at) for at in (AT, LATER))
    assert before
    assert before.indicators[0].target == 4
    assert after
    assert after.indicators[0].target == 8
    assert in_force("unit", 2026, known_at=instant("2026-02-28 09:00")) is None


def test_a_year_without_a_table_follows_the_latest_earlier_one_s() -> None:
    for year, target in ((2024, 4), (2025, 8)):
        table("unit", one("closed_items", 100, target), year=year, at=AT)
    scheme = in_force("unit", 2026, known_at=LATER)
    assert scheme
    assert (scheme.set_for, scheme.is_repeated) == (2025, True)
    table("unit", one("closed_items", 100, 8), year=2026, at=LATER)
    own = in_force("unit", 2026, known_at=LATER)
    assert own
    assert not own.is_repeated


def test_a_table_set_later_does_not_change_a_card_as_known_before() -> None:
    project = ProjectFactory(signed=True)
    TargetFactory(holder="park", park=project.park, value=Decimal(4))
    table("park", one("signed_projects"), at=AT)
    known_at = instant("2026-05-01 09:00")
    before = card_of("rare-metals", known_at=known_at)
    table("park", one("signed_projects", 100, 1), at=LATER)
    assert card_of("rare-metals", known_at=known_at) == before
    assert (before.total, card_of("rare-metals").total) == (25, 100)


def test_without_a_table_there_are_no_cards() -> None:
    ProjectFactory(signed=True)
    assert (asked().scheme, asked().cards) == (None, ())


@pytest.mark.parametrize(
    "entries",
    [
        [one("closed_items", 90, 4)],  # not 100
        [one("closed_items", 50, 4), one("closed_items", 50, 4)],  # twice
        [one("signed_projects")],  # not of a unit
        [one("applause", 100, 4)],
        [one("closed_items")],  # nobody sets a target for it
        [one("closed_items", 100, 0)],
        [one("closed_items", 100, 4), Entry("overdue", Decimal(10))],  # each case costs what?
        [one("closed_items", 100, 4), Entry("overdue", Decimal(9), Decimal(1), Decimal(1))],
        [one("closed_items", 100, 4), less("overdue", 1, 0)],
        [Entry("closed_items", Decimal(100), Decimal(4), per_case=Decimal(1))],
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(entries: list[Entry]) -> None:
    with pytest.raises(BadScheme):
        table("unit", *entries)
    assert not ScoreScheme.objects.exists()


def test_the_same_table_again_is_no_version() -> None:
    table("unit", one("closed_items", 100, 4), at=AT)
    with pytest.raises(SchemeUnchanged):
        table("unit", one("closed_items", 100, 4), at=LATER)


def test_a_table_has_a_reason_and_is_the_supervision_office_s_to_set() -> None:
    lines = [one("closed_items", 100, 4)]
    with pytest.raises(ReasonNeeded):
        set_scheme("unit", 2026, lines, reason=" ", by=the_supervisor(), at=AT)
    leader: User = UserFactory(leader=True)
    with pytest.raises(NotAllowed):
        set_scheme("unit", 2026, lines, reason="办法", by=leader, at=AT)


# --- from the county's file ----------------------------------------------------------------
FILE = """
[[score_schemes]]
level = "unit"
year = 2026
example = true
reason = "示例，由县里制定"
indicators = [
  {{ measure = "closed_items", weight = 100, target = {target} }},
  {{ measure = "overdue", weight = 10, per_case = 1.5, name = "亮红灯" }},
]
"""


def apply(target: int, at: object = AT) -> county.Applied:
    file = countyfile.parse(FILE.format(target=target))
    return county.apply(file, by=county.operator(), at=at)  # type: ignore[arg-type]


def test_the_file_sets_a_table_that_is_marked_as_an_example_and_says_it_once() -> None:
    assert any("考核" in line for line in apply(4).changes)
    scheme = in_force("unit", 2026, known_at=AT)
    assert scheme
    assert scheme.row.is_example
    assert [str(i) for i in scheme.indicators] == ["closed_items", "亮红灯"]
    again = apply(4, LATER)
    assert ScoreScheme.objects.count() == 1
    assert not [line for line in again.changes if "考核" in line]


def test_a_table_that_somebody_changed_stays_theirs_until_the_file_changes() -> None:
    apply(4)
    table("unit", one("closed_items", 100, 9), at=instant("2026-04-01 09:00"))
    assert any("保留" in note for note in apply(4, LATER).notes)
    scheme = in_force("unit", 2026, known_at=LATER)
    assert scheme
    assert scheme.indicators[0].target == 9
    apply(5, instant("2026-07-01 09:00"))
    scheme = in_force("unit", 2026, known_at=instant("2026-07-01 09:00"))
    assert scheme
    assert scheme.indicators[0].target == 5


@pytest.mark.parametrize(
    "text",
    [
        "[[score_schemes]]\nlevel = 'moon'\nyear = 2026\nindicators = []",
        "[[score_schemes]]\nlevel = 'unit'\nyear = 2026\nindicators = []",
        "[[score_schemes]]\nlevel = 'unit'\nyear = 2026\nindicators = [{ measure = 'x' }]",
        "[[score_schemes]]\nlevel = 'unit'\nyear = 2026\nfoo = 1\nindicators = []",
    ],
)
def test_a_file_s_table_that_does_not_fit_is_named(text: str) -> None:
    with pytest.raises(CountyFileError, match="score_schemes"):
        county.apply(countyfile.parse(text), by=county.operator(), at=AT)


def test_the_county_s_examples_each_add_up_and_say_that_they_are_examples() -> None:
    file = countyfile.read(countyfile.PINGLU)
    assert {s.level for s in file.score_schemes} == {"park", "unit", "officer"}
    assert all(s.is_example and "示例" in s.reason for s in file.score_schemes)
    county.apply(file, by=county.operator(), at=AT)
    for level in ("park", "unit", "officer"):
        scheme = in_force(level, 2026, known_at=AT)
        assert scheme
        assert scheme.whole == 100
