"""The edge rules of docs/domain.md, chapter 4: a test for each, named for the rule."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crm.models import Park, User
from pipeline import attribution, funds, milestones, statuses
from pipeline.milestones import GateClosed
from pipeline.models import CountySettings, DocumentKind, Milestone, Project
from pipeline.rollups import Row, Window, behind, cohort, not_started_counts, rollup
from pipeline.stages import ContractKind, MilestoneKind, Precision
from tests import factories as make
from tests.factories import ProjectFactory, after, instant

pytestmark = pytest.mark.django_db

NOW = instant("2027-06-30 12:00")
YEAR_END = dt.date(2026, 12, 31)
GROUNDBREAKING = MilestoneKind.GROUNDBREAKING


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def figures(
    year: int = 2026, as_of: dt.date | None = None, known_at: dt.datetime = NOW, **kwargs: Any
) -> Row:
    """The county's figures of a year, at its end unless said otherwise."""
    window = Window(year, as_of or dt.date(year, 12, 31), known_at)
    return rollup(window, **kwargs).total


def of_park(slug: str, year: int = 2026, known_at: dt.datetime = NOW) -> Row:
    window = Window(year, dt.date(year, 12, 31), known_at)
    return next(row for row in rollup(window).rows if row.key == slug)


def signing(project: Project) -> Milestone:
    return project.milestones.effective().get(contract_kind=ContractKind.FORMAL)


def settings(**rules: Any) -> None:
    CountySettings.objects.create(recorded_at=NOW, reason="口径", **rules)


# --- the year's end -----------------------------------------------------------------------
def test_signed_on_the_last_day_and_started_on_the_first_is_in_no_year_s_rate() -> None:
    ProjectFactory(started=True, signed_on=day("2025-12-31"), started_on=day("2026-01-01"))
    then, now = figures(2025), figures(2026)
    assert (then.signed_projects, then.started_same_year, then.groundbreakings) == (1, 0, 0)
    assert (now.signed_projects, now.started_same_year, now.groundbreakings) == (0, 0, 1)
    assert (then.start_rate, now.start_rate) == (Decimal(0), None)


def test_signed_on_the_last_day_and_started_on_the_first_is_in_the_cohort_rate() -> None:
    ProjectFactory(started=True, signed_on=day("2025-12-31"), started_on=day("2026-01-01"))
    cohorts = [cohort(Window(2025, day(at), NOW)) for at in ("2025-12-31", "2026-01-01")]
    assert [c.start_rate for c in cohorts] == [Decimal(0), Decimal(1)]


def test_first_and_last_day_of_the_year_belong_to_it() -> None:
    ProjectFactory(started=True, signed_on=day("2026-01-01"), started_on=day("2026-12-31"))
    row = figures()
    assert (row.signed_projects, row.started_same_year, row.start_rate) == (1, 1, Decimal(1))


def test_nothing_after_the_as_of_day_counts() -> None:
    ProjectFactory(started=True, signed_on=day("2026-03-05"), started_on=day("2026-06-20"))
    row = figures(as_of=day("2026-06-19"))
    assert (row.signed_projects, row.started_same_year, row.groundbreakings) == (1, 0, 0)
    assert figures(as_of=day("2026-06-20")).started_same_year == 1
    assert figures(as_of=day("2026-03-04")).signed_projects == 0


def test_before_the_year_there_is_nothing_and_after_it_the_whole_year() -> None:
    ProjectFactory(signed=True, signed_on=day("2026-12-31"))
    assert figures(2026, as_of=day("2025-12-31")).signed_projects == 0
    assert figures(2026, as_of=day("2027-02-01")).signed_projects == 1


def test_started_before_signed_is_refused() -> None:
    project = ProjectFactory(ready_to_start=True, signed_on=day("2026-03-05"))
    with pytest.raises(GateClosed) as caught:
        make.claim(project, GROUNDBREAKING, on=day("2026-03-04"), at=NOW)
    assert [need.code for need in caught.value.details] == ["after_signing"]


# --- terminated ---------------------------------------------------------------------------
def _terminated(on: str = "2026-08-01") -> Project:
    project = ProjectFactory(started=True)
    _status(project, "terminated", on)
    return project


def _status(project: Project, to: str, on: str, at: dt.datetime | None = None) -> None:
    statuses.change(
        project,
        to=to,
        on=day(on),
        reason="资金断裂",
        by=project.officer,
        approved_by=make.UserFactory(username="leader", leader=True),
        at=at or after(day(on), 9),
    )


def test_a_terminated_project_stays_in_numerator_and_denominator() -> None:
    _terminated()
    row = figures()
    assert (row.signed_projects, row.started_same_year, row.start_rate) == (1, 1, Decimal(1))


def test_the_setting_turns_that_round() -> None:
    _terminated()
    ProjectFactory(signed=True)
    settings(exclude_terminated=True)
    row = figures()
    assert (row.signed_projects, row.started_same_year, row.start_rate) == (1, 0, Decimal(0))


def test_with_the_setting_a_project_counts_until_it_is_terminated_and_again_when_reopened() -> None:
    project = _terminated("2026-08-01")
    settings(exclude_terminated=True)
    assert figures(as_of=day("2026-07-31")).signed_projects == 1
    assert figures(as_of=day("2026-08-01")).signed_projects == 0
    _status(project, "active", "2026-10-01")
    assert figures(as_of=day("2026-09-30")).signed_projects == 0
    assert figures(as_of=day("2026-10-01")).signed_projects == 1


def test_a_termination_is_known_only_from_when_it_was_recorded() -> None:
    project = ProjectFactory(started=True)
    _status(project, "terminated", "2026-08-01", at=NOW + dt.timedelta(days=9))
    settings(exclude_terminated=True)
    assert figures().signed_projects == 1
    assert figures(known_at=NOW + dt.timedelta(days=9)).signed_projects == 0


def test_a_suspended_project_counts() -> None:
    project = ProjectFactory(signed=True)
    _status(project, "suspended", "2026-08-01")
    settings(exclude_terminated=True)
    assert figures().signed_projects == 1


# --- transfer and shares ------------------------------------------------------------------
def _transfer(project: Project, to: Park | None, on: str, **shares: Any) -> None:
    attribution.transfer(
        project,
        to=to,
        on=day(on),
        reason="流转",
        by=make.UserFactory(username="leader", leader=True),
        at=after(day(on), 9),
        **shares,
    )
    project.refresh_from_db()


def test_after_a_transfer_the_effective_milestones_keep_their_park(other_park: Park) -> None:
    project = ProjectFactory(ready_to_start=True, signed_on=day("2026-03-05"))
    _transfer(project, other_park, "2026-05-01")
    make.reach(project, GROUNDBREAKING, on=day("2026-06-20"))
    old, new = of_park("rare-metals"), of_park("auto-materials")
    assert (old.signed_projects, old.groundbreakings) == (1, 0)
    assert (new.signed_projects, new.groundbreakings) == (0, 1)
    assert figures().signed_projects == 1


def test_a_start_in_the_same_year_is_the_park_s_that_signed(other_park: Park) -> None:
    project = ProjectFactory(ready_to_start=True, signed_on=day("2026-03-05"))
    _transfer(project, other_park, "2026-05-01")
    make.reach(project, GROUNDBREAKING, on=day("2026-06-20"))
    assert of_park("rare-metals").started_same_year == 1
    assert of_park("auto-materials").started_same_year == 0


def test_what_happened_before_a_transfer_and_is_verified_after_it_goes_to_the_old_park(
    other_park: Park,
) -> None:
    project = ProjectFactory(ready_to_sign=True)
    _transfer(project, other_park, "2026-05-01")
    make.sign(project, on=day("2026-04-30"), at=instant("2026-05-10 10:00"))
    assert of_park("rare-metals").signed_projects == 1


def test_a_transfer_dated_back_moves_nothing_that_was_verified(other_park: Park) -> None:
    project = ProjectFactory(signed=True, signed_on=day("2026-03-05"))
    _transfer(project, other_park, "2026-01-01")
    assert of_park("rare-metals").signed_projects == 1


def test_shares_are_counted_per_park_and_once_by_the_county(park: Park, other_park: Park) -> None:
    project = ProjectFactory(ready_to_sign=True)
    make.prepare_start(project)
    shares = {park: Decimal("33.33"), other_park: Decimal("66.67")}
    _transfer(project, other_park, "2026-01-01", shares=shares)
    make.sign(project, on=day("2026-03-05"), amount=Decimal("0.05"))
    make.reach(project, GROUNDBREAKING, on=day("2026-06-20"))
    old, new, county = of_park("rare-metals"), of_park("auto-materials"), figures()
    assert (old.signed_projects, new.signed_projects) == (Decimal("0.3333"), Decimal("0.6667"))
    assert (old.signed_amount_yuan, new.signed_amount_yuan) == (Decimal("0.02"), Decimal("0.03"))
    assert (old.started_same_year, old.groundbreakings) == (Decimal("0.3333"), Decimal("0.3333"))
    assert old.start_rate == new.start_rate == Decimal(1)
    assert (county.signed_projects, county.groundbreakings) == (1, 1)
    assert county.signed_amount_yuan == Decimal("0.05")
    assert figures(by="channel").signed_projects == 1


def test_receipts_are_shared_as_milestones_are(park: Park, other_park: Park) -> None:
    project = ProjectFactory(signed=True)
    shares = {park: Decimal(50), other_park: Decimal(50)}
    _transfer(project, park, "2026-05-01", shares=shares)
    for amount in ("0.03", "-0.01"):
        _receive(project, amount, "2026-06-01")
    assert of_park("rare-metals").funds_received_yuan == Decimal("0.01")
    assert of_park("auto-materials").funds_received_yuan == Decimal("0.01")
    assert figures().funds_received_yuan == Decimal("0.02")


def test_a_project_without_a_park_counts_for_the_county() -> None:
    ProjectFactory(signed=True, without_park=True)
    assert (of_park("none").signed_projects, figures().signed_projects) == (1, 1)


# --- expansions and frameworks --------------------------------------------------------------
def _expand(project: Project, on: str, amount: int = 3) -> Milestone:
    make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    return make.sign(project, on=day(on), amount=amount, contract_kind=ContractKind.EXPANSION)


def test_an_expansion_on_its_project_adds_its_amount_and_no_project() -> None:
    project = ProjectFactory(signed=True, signed_on=day("2025-03-05"), amount=5)
    _expand(project, "2026-03-05")
    row = figures()
    assert (row.signed_projects, row.signed_amount_yuan, row.start_rate) == (0, Decimal(3), None)
    assert figures(2025).signed_amount_yuan == Decimal(5)


def test_an_expansion_s_own_groundbreaking_counts_and_never_as_started_in_the_year() -> None:
    project = ProjectFactory(signed=True, signed_on=day("2026-02-01"))
    contract = _expand(project, "2026-03-05")
    make.prepare_start(project)
    make.reach(project, GROUNDBREAKING, on=day("2026-06-20"), expansion=contract)
    row = figures()
    assert (row.groundbreakings, row.signed_projects, row.started_same_year) == (1, 1, 0)
    assert not_started_counts(Window(2026, YEAR_END, NOW)) == {project.park_id: Decimal(1)}


def test_an_expansion_with_a_row_of_its_own_counts_its_amount_and_its_groundbreaking() -> None:
    parent = ProjectFactory(signed=True, signed_on=day("2025-03-05"))
    project = ProjectFactory(ready_to_sign=True, is_expansion=True, parent=parent)
    make.sign(project, on=day("2026-03-05"), amount=3, contract_kind=ContractKind.EXPANSION)
    make.prepare_start(project)
    make.reach(project, GROUNDBREAKING, on=day("2026-06-20"))
    row = figures()
    assert (row.signed_projects, row.signed_amount_yuan) == (0, Decimal(3))
    assert (row.groundbreakings, row.started_same_year) == (1, 0)
    project.refresh_from_db()
    assert project.stage == "started"


def _framework(project: Project, on: str) -> Milestone:
    make.DocumentFactory(project=project, kind=DocumentKind.FRAMEWORK)
    return make.sign(project, on=day(on), contract_kind=ContractKind.FRAMEWORK)


def test_a_framework_agreement_leaves_the_project_in_contact_and_counts_apart() -> None:
    project = ProjectFactory(in_contact=True)
    _framework(project, "2026-03-05")
    project.refresh_from_db()
    row = figures()
    assert (project.stage, row.signed_projects, row.signed_amount_yuan) == ("contact", 0, 0)
    assert row.framework_agreements == 1


def test_a_framework_upgraded_to_formal_counts_once_on_the_formal_contract_s_day() -> None:
    project = ProjectFactory(ready_to_sign=True)
    _framework(project, "2025-11-05")
    make.sign(project, on=day("2026-02-05"))
    then, now = figures(2025), figures(2026)
    assert (then.signed_projects, then.framework_agreements) == (0, 0)
    assert (now.signed_projects, now.framework_agreements) == (1, 0)
    assert figures(2025, known_at=instant("2026-01-01 00:00")).framework_agreements == 1


def test_an_investor_replaced_the_old_signing_is_revoked_and_the_new_counts_on_its_own_day(
    verifier: User,
) -> None:
    project = ProjectFactory(signed=True, signed_on=day("2025-03-05"), amount=5)
    at = instant("2026-04-01 09:00")
    milestones.revoke(signing(project), reason="投资方更换", by=verifier, at=at)
    make.DocumentFactory(project=project, kind=DocumentKind.CONTRACT)
    make.sign(project, on=day("2026-04-10"), amount=7)
    assert (figures(2025).signed_projects, figures(2026).signed_projects) == (0, 1)
    assert figures(2026).signed_amount_yuan == Decimal(7)
    assert figures(2025, known_at=at - dt.timedelta(microseconds=1)).signed_projects == 1


# --- months ---------------------------------------------------------------------------------
def test_a_month_counts_as_its_last_day() -> None:
    project = ProjectFactory(ready_to_sign=True)
    make.sign(
        project, on=day("2026-03-01"), precision=Precision.MONTH, at=instant("2026-05-01 09:00")
    )
    assert figures(as_of=day("2026-03-30")).signed_projects == 0
    assert figures(as_of=day("2026-03-31")).signed_projects == 1


@pytest.mark.parametrize(("started", "open_"), [("2026-03-01", True), ("2026-02-28", False)])
def test_two_days_are_compared_at_the_coarser_precision(started: str, open_: bool) -> None:
    project = ProjectFactory(ready_to_sign=True)
    make.prepare_start(project)
    at = instant("2026-05-01 09:00")
    make.sign(project, on=day("2026-03-31"), precision=Precision.MONTH, at=at)
    if open_:
        assert make.reach(project, GROUNDBREAKING, on=day(started), at=at).is_effective
    else:
        with pytest.raises(GateClosed):
            make.claim(project, GROUNDBREAKING, on=day(started), at=at)


# --- what counts can be narrowed --------------------------------------------------------------
def test_projects_below_the_minimum_investment_are_left_out() -> None:
    ProjectFactory(started=True, amount=Decimal("9999999.99"))
    ProjectFactory(started=True, amount=Decimal("10000000.00"))
    settings(minimum_investment=Decimal(10_000_000))
    row = figures()
    assert (row.signed_projects, row.started_same_year, row.groundbreakings) == (1, 1, 1)
    assert row.signed_amount_yuan == Decimal("10000000.00")


@pytest.mark.parametrize(
    ("rule", "project"),
    [
        ("exclude_policy_funded", {"fund_source": "special_bond"}),
        ("exclude_real_estate", {"industry_code": "70"}),
        ("exclude_local_investors", {"local": True}),
    ],
)
def test_policy_money_real_estate_and_local_investors_can_be_left_out(
    rule: str, project: dict[str, Any]
) -> None:
    ProjectFactory(signed=True)
    other = ProjectFactory(
        ready_to_sign=True,
        fund_source=project.get("fund_source", "social"),
        investor=make.OrganizationFactory(is_local=project.get("local", False)),
    )
    if code := project.get("industry_code"):
        Project.objects.filter(pk=other.pk).update(industry=make.IndustryFactory(code=code))
    make.sign(other, on=day("2026-03-05"))
    _receive(other, "1.00", "2026-06-01")
    before = figures()
    assert (before.signed_projects, before.funds_received_yuan) == (2, 1)
    settings(**{rule: True})
    narrowed = figures()
    assert (narrowed.signed_projects, narrowed.funds_received_yuan) == (1, 0)


def test_settings_are_read_as_known_then() -> None:
    ProjectFactory(signed=True, amount=1)
    settings(minimum_investment=Decimal(2))
    assert figures(known_at=NOW - dt.timedelta(microseconds=1)).signed_projects == 1
    assert figures(known_at=NOW).signed_projects == 0


# --- reproducible -----------------------------------------------------------------------------
def test_the_same_question_gives_the_same_answer_whatever_is_corrected_afterwards(
    verifier: User, second_verifier: User, other_park: Park
) -> None:
    project = ProjectFactory(started=True, amount=5)
    asked = {"as_of": day("2026-09-30"), "known_at": instant("2026-09-30 18:00")}
    before = figures(**asked)
    later = instant("2026-10-08 09:00")
    changed = milestones.correct(
        signing(project),
        occurred_on=day("2026-01-05"),
        amount=Decimal(9),
        reason="写错",
        by=verifier,
        at=later,
    )
    milestones.verify(changed, by=second_verifier, at=later)
    _transfer(project, other_park, "2026-01-01")
    _status(project, "terminated", "2026-09-01", at=later)
    CountySettings.objects.create(recorded_at=later, exclude_terminated=True, reason="口径")
    assert figures(**asked) == before
    assert figures(as_of=day("2026-09-30")).signed_projects == 0


def test_a_claim_counts_from_the_instant_that_it_is_verified_to_that_it_is_revoked(
    verifier: User,
) -> None:
    project = ProjectFactory(signed=True)
    verified_at = signing(project).verified_at
    assert verified_at is not None
    milestones.revoke(signing(project), reason="不实", by=verifier, at=NOW)
    instants = [verified_at, NOW - dt.timedelta(microseconds=1), NOW]
    assert [figures(known_at=at).signed_projects for at in instants] == [1, 1, 0]
    moment_before = verified_at - dt.timedelta(microseconds=1)
    assert figures(known_at=moment_before).signed_projects == 0


# --- rates ------------------------------------------------------------------------------------
def test_without_signings_there_is_no_rate() -> None:
    ProjectFactory(started=True, signed_on=day("2025-03-05"), started_on=day("2026-01-05"))
    row = figures()
    assert (row.signed_projects, row.start_rate, row.start_rate_gap) == (0, None, None)


def test_the_county_s_rate_is_made_from_sums_not_from_the_parks_rates(other_park: Park) -> None:
    ProjectFactory(started=True)
    for _ in range(3):
        ProjectFactory(signed=True, park=other_park)
    rates = of_park("rare-metals").start_rate, of_park("auto-materials").start_rate
    assert rates == (Decimal(1), Decimal(0))
    assert figures().start_rate == Decimal("0.25")


def test_signed_and_not_started_is_of_any_year_and_leaves_out_the_terminated() -> None:
    waiting = ProjectFactory(signed=True, signed_on=day("2024-12-31"))
    ProjectFactory(started=True)
    _status(ProjectFactory(signed=True), "terminated", "2026-08-01")
    facts = behind("signed_not_started", Window(2026, YEAR_END, NOW))
    assert [fact.project for fact in facts] == [waiting]
    assert (YEAR_END - facts[0].occurred_on).days == 730


def test_cohort_rates_follow_a_window_s_signings_whatever_the_year() -> None:
    ProjectFactory(started=True, signed_on=day("2025-12-31"), started_on=day("2026-01-01"))
    kept = ProjectFactory(signed=True, signed_on=day("2025-06-01"), amount=100)
    lost = ProjectFactory(signed=True, signed_on=day("2025-07-01"), amount=100)
    _status(lost, "terminated", "2026-08-01")
    _receive(kept, "50.00", "2026-02-01")
    _receive(kept, "25.00", "2027-01-01")
    found = cohort(Window(2025, YEAR_END, NOW))
    assert (found.signed, found.started, found.alive) == (3, 1, 2)
    assert found.fulfilment_rate == Decimal(2) / 3
    assert found.funds_rate == Decimal(50) / (make.YUAN + 200)
    assert cohort(Window(2024, YEAR_END, NOW)).funds_rate is None


# --- funds ------------------------------------------------------------------------------------
def _receive(project: Project, amount: str, on: str) -> None:
    receipt = funds.record(
        project,
        amount=Decimal(amount),
        received_on=day(on),
        document=make.DocumentFactory(project=project),
        by=project.officer,
        at=after(day(on), 10),
    )
    funds.verify(receipt, by=make.the_verifier(), at=after(day(on), 15))


def test_a_correction_of_funds_is_a_negative_row() -> None:
    project = ProjectFactory(signed=True)
    _receive(project, "100.00", "2026-05-01")
    _receive(project, "-40.00", "2026-05-01")
    assert figures().funds_received_yuan == Decimal(60)


def test_funds_are_compared_with_the_same_window_of_last_year() -> None:
    project = ProjectFactory(signed=True)
    for amount, on in [("100.00", "2025-05-01"), ("7.00", "2025-05-02"), ("110.00", "2026-01-01")]:
        _receive(project, amount, on)
    row = figures(as_of=day("2026-05-01"))
    assert (row.funds_received_yuan, row.funds_last_year_yuan) == (110, 100)
    assert row.funds_growth == Decimal("0.1")


def test_without_funds_last_year_there_is_no_growth() -> None:
    _receive(ProjectFactory(signed=True), "1.00", "2026-05-01")
    assert figures().funds_growth is None


def test_the_29th_of_february_is_compared_with_the_28th() -> None:
    project = ProjectFactory(signed=True, signed_on=day("2022-03-05"))
    for on in ("2023-02-28", "2023-03-01", "2024-02-29"):
        _receive(project, "1.00", on)
    row = figures(2024, as_of=day("2024-02-29"))
    assert (row.funds_received_yuan, row.funds_last_year_yuan) == (1, 1)


def test_the_day_before_the_29th_leaves_it_out_a_year_later() -> None:
    project = ProjectFactory(signed=True, signed_on=day("2022-03-05"))
    for on in ("2024-02-28", "2024-02-29"):
        _receive(project, "1.00", on)
    assert figures(2025, as_of=day("2025-02-28")).funds_last_year_yuan == 1
    assert figures(2025, as_of=day("2025-03-01")).funds_last_year_yuan == 2
