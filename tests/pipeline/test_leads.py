"""Leads: registered whole or not at all, protected however a project comes, masked for others."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crm import first_reports
from crm.first_reports import Protected
from crm.models import FirstReport, Organization, Park, User
from crm.organizations import AnotherName
from crm.refusals import NotAllowed
from pipeline import activity, attribution, interactions, leads, projects
from pipeline.leads import DuplicatesUnanswered, Masked
from pipeline.models import CountySettings, FollowUp, Project
from pipeline.protection import taken
from tests.factories import OrganizationFactory, ProjectFactory, UserFactory, instant
from tests.pipeline.refusing import refused

NOW = instant("2026-05-01 10:00")
TODAY = dt.date(2026, 5, 1)
CODE = "91140829EKWM7PHUQ2"
INVESTOR = "恒龙储能有限公司"


def registered(by: User, at: dt.datetime = NOW, **more: Any) -> Project:
    given = {
        "name": INVESTOR,
        "code": CODE,
        "project_name": "年产 2GWh 储能电池项目",
        "contact_name": "王经理",
        "phone": "13800000000",
        "park": by.park,
        "officer": by,
        **more,
    }
    return leads.register_lead(**given, by=by, at=at)


def holder(project: Project, today: dt.date = TODAY) -> FirstReport | None:
    return first_reports.protection(project.investor_id, today=today, idle_days=90)


# --- registering -----------------------------------------------------------------------------
def test_a_lead_leaves_investor_report_project_contact_and_next_step(
    officer: User, park: Park
) -> None:
    project = registered(
        officer,
        investment=Decimal(50_000_000),
        remark="展会上认识",
        next_step="约见面",
        next_on=dt.date(2026, 5, 4),
    )
    assert (project.stage, project.officer, project.park) == ("lead", officer, park)
    assert project.agreed_investment == Decimal(50_000_000)
    assert project.investor.uscc == CODE
    assert project.investor.contacts.get().phone == "13800000000"
    step = project.follow_ups.get()
    assert (step.what, step.due_on, step.assignee) == ("约见面", dt.date(2026, 5, 4), officer)
    report = holder(project)
    assert report is not None
    assert (report.park, report.officer) == (park, officer)
    assert report.protected_until == dt.date(2026, 11, 1)


def test_where_nothing_is_like_it_the_check_for_duplicates_answers_itself(officer: User) -> None:
    project = registered(officer)
    assert "没有相同或近似" in project.duplicates_answer
    assert project.duplicates_answered_at == NOW


def test_what_is_much_like_it_has_to_be_answered(officer: User) -> None:
    registered(officer)
    with pytest.raises(DuplicatesUnanswered) as caught:
        registered(officer, name="恒龙储能（运城）集团", code="")
    assert [row.name for row in caught.value.details] == [INVESTOR]
    assert not Organization.objects.filter(name="恒龙储能（运城）集团").exists()
    project = registered(
        officer, name="恒龙储能（运城）集团", code="", duplicates_answer="不是一家，已核对执照"
    )
    assert project.duplicates_answer == "不是一家，已核对执照"


def test_a_second_project_of_the_investor_is_no_duplicate_and_joins_the_report(
    officer: User, park: Park
) -> None:
    first = registered(officer)
    second = registered(UserFactory(park=park), project_name="二期项目")
    assert second.investor == first.investor
    assert first.investor.first_reports.count() == 1
    assert first.investor.contacts.count() == 1


def test_a_refused_lead_leaves_nothing(officer: User, outsider: User) -> None:
    registered(officer)
    with refused(Protected):
        registered(outsider, project_name="另一个项目", next_step="约", next_on=TODAY)
    with refused(AnotherName):
        registered(officer, name="别家公司")
    assert FirstReport.objects.count() == 1


def test_officers_and_managers_register_leads_in_their_own_park(
    officer: User, manager: User, verifier: User, other_park: Park
) -> None:
    registered(manager)
    for by, more in ((verifier, {}), (officer, {"park": other_park})):
        with pytest.raises(NotAllowed):
            registered(by, name="别家公司", code="", **more)


# --- every way to a project -------------------------------------------------------------------
def test_registering_a_project_by_its_form_meets_the_same_refusal(
    officer: User, outsider: User
) -> None:
    investor = registered(officer).investor
    with refused(Protected):
        projects.register(
            investor=investor,
            fields={"name": "丙", "park": outsider.park, "officer": outsider},
            by=outsider,
            at=NOW,
        )


def test_giving_a_project_another_investor_meets_it_too(officer: User, outsider: User) -> None:
    investor = registered(officer).investor
    theirs = registered(outsider, name="别家公司", code="", project_name="丙")
    with refused(Protected):
        projects.edit(theirs, fields={}, investor=investor, by=outsider, at=NOW)
    free = OrganizationFactory()
    changed = projects.edit(theirs, fields={}, investor=free, by=outsider, at=NOW)
    report = holder(changed)
    assert report is not None
    assert report.park == outsider.park


def test_once_it_lapsed_another_unit_may_register(officer: User, outsider: User) -> None:
    registered(officer)
    project = registered(outsider, at=instant("2026-07-31 10:00"), project_name="另一个项目")
    report = holder(project, dt.date(2026, 7, 31))
    assert report is not None
    assert report.park == outsider.park


def test_the_county_s_settings_say_how_long(officer: User) -> None:
    CountySettings.objects.create(recorded_at=NOW, reason="试点", protection_months=12)
    report = holder(registered(officer))
    assert report is not None
    assert report.protected_until == dt.date(2027, 5, 1)


def test_a_project_without_a_park_is_its_officer_s_unit_s(officer: User, park: Park) -> None:
    report = holder(registered(officer, park=None))
    assert report is not None
    assert report.park == park


def test_to_a_unit_s_own_expansion_another_s_report_is_no_obstacle(
    officer: User, outsider: User, park: Park
) -> None:
    parent = ProjectFactory(park=park, officer=officer)
    report_of_others = projects.register(
        investor=parent.investor,
        fields={"name": "乙", "park": outsider.park, "officer": outsider},
        by=outsider,
        at=NOW,
    )
    expansion = {"name": "扩产", "park": park, "officer": officer, "is_expansion": True}
    project = projects.register(
        investor=parent.investor, fields={**expansion, "parent": parent}, by=officer, at=NOW
    )
    report = holder(project)
    assert report is not None
    assert report.park == report_of_others.park
    with refused(Protected):
        projects.register(
            investor=parent.investor, fields={**expansion, "name": "新项目"}, by=officer, at=NOW
        )


def test_the_protection_goes_along_with_a_transfer(
    officer: User, outsider: User, manager: User, other_park: Park
) -> None:
    project = registered(officer)
    attribution.transfer(
        project, to=other_park, on=TODAY, reason="换园", officer=outsider, by=manager, at=NOW
    )
    report = holder(project)
    assert report is not None
    assert (report.park, report.officer) == (other_park, outsider)
    assert report.protected_until == dt.date(2026, 11, 1)


def test_another_unit_s_protection_stays_when_a_project_moves(
    officer: User, outsider: User, manager: User, other_park: Park
) -> None:
    old = ProjectFactory(park=officer.park, officer=officer)
    projects.register(
        investor=old.investor,
        fields={"name": "乙", "park": other_park, "officer": outsider},
        by=outsider,
        at=NOW,
    )
    before = holder(old)
    attribution.transfer(old, to=None, on=TODAY, reason="收回县级", by=manager, at=NOW)
    assert holder(old) == before


def test_moving_to_a_park_by_editing_takes_the_protection_along(park: Park) -> None:
    county = UserFactory(username="county-officer")
    project = registered(county, park=None)
    projects.edit(project, fields={"park": park}, by=county, at=NOW)
    report = holder(project)
    assert report is not None
    assert report.park == park


# --- staying alive ------------------------------------------------------------------------------
def test_genuine_activity_of_the_unit_keeps_its_protection(
    officer: User, outsider: User, other_park: Park
) -> None:
    project = registered(officer)
    later = dt.date(2026, 7, 1)
    other = ProjectFactory(investor=project.investor, park=other_park, officer=outsider)
    activity.touch(other, on=later)
    assert (
        first_reports.days_left(project.investor.first_reports.get(), today=later, idle_days=90)
        == 29
    )
    activity.touch(project, on=later)
    assert (
        first_reports.days_left(project.investor.first_reports.get(), today=later, idle_days=90)
        == 90
    )


def test_a_meeting_before_there_is_a_project_keeps_it_for_the_unit_that_met(
    officer: User, outsider: User
) -> None:
    investor = registered(officer).investor
    at = instant("2026-06-01 10:00")
    interactions.record(
        organization=investor,
        kind="call",
        occurred_on=at.date(),
        summary="电话沟通用地",
        by=officer,
        at=at,
    )
    assert investor.first_reports.get().active_on == at.date()
    activity.touch_organization(investor, on=dt.date(2026, 6, 9), by=outsider)
    assert investor.first_reports.get().active_on == at.date()


def test_a_unit_reports_anew_what_lapsed_if_no_other_was_quicker(
    officer: User, outsider: User
) -> None:
    project = registered(officer)
    old = project.investor.first_reports.get()
    at = instant("2026-08-01 10:00")
    new = leads.report_again(old, by=officer, at=at)
    assert (new.pk != old.pk, new.reported_on) == (True, at.date())
    registered(outsider, at=instant("2026-11-15 10:00"), project_name="乙")
    with pytest.raises(Protected):
        leads.report_again(new, by=officer, at=instant("2026-11-16 10:00"))


# --- masked --------------------------------------------------------------------------------------
def test_another_unit_learns_that_it_is_taken_by_whom_and_until_when_and_no_more(
    officer: User, outsider: User, park: Park
) -> None:
    project = registered(officer)
    (known,) = leads.masked([project.investor], outsider, TODAY)
    assert known == Masked(
        name=INVESTOR,
        unit=park.name,
        until=dt.date(2026, 11, 1),
        is_visible=False,
        key=None,
        report=project.investor.first_reports.get().pk,
    )


def test_the_unit_itself_sees_its_own_and_disputes_nothing(officer: User) -> None:
    project = registered(officer)
    (known,) = leads.masked([project.investor], officer, TODAY)
    assert (known.is_visible, known.key) == (True, project.investor_id)
    assert known.report is None


def test_an_investor_from_the_county_s_history_is_somebody_s_and_not_protected(
    outsider: User, park: Park
) -> None:
    project = ProjectFactory(park=park)
    (known,) = leads.masked([project.investor], outsider, TODAY)
    assert (known.unit, known.until, known.is_visible) == (park.name, None, False)
    ProjectFactory(investor=project.investor, without_park=True)
    assert set(taken([project.investor])[project.investor_id].split("、")) == {park.name, "县级"}


def test_nobody_s_investor_is_free(outsider: User) -> None:
    row = OrganizationFactory()
    assert leads.masked([row], outsider, TODAY) == [Masked(row.name, "", None, True, row.pk)]


def test_masking_asks_as_many_questions_for_one_as_for_twenty(
    officer: User, outsider: User, django_assert_num_queries: Any
) -> None:
    rows = [
        registered(officer, name=f"第{n}号矿业", code="", duplicates_answer="无").investor
        for n in range(20)
    ]
    for some in (rows[:1], rows):
        with django_assert_num_queries(4):
            leads.masked(some, outsider, TODAY)


def test_a_look_up_finds_by_name_and_by_code(officer: User, outsider: User) -> None:
    registered(officer)
    for name, code in ((INVESTOR, ""), ("恒龙储能", ""), (CODE, CODE)):
        assert [row.name for row in leads.look_up(name, code, outsider, TODAY)] == [INVESTOR]
    assert leads.look_up("恒", "", outsider, TODAY) == []


# --- the list ------------------------------------------------------------------------------------
def listed(user: User, today: dt.date = TODAY, **more: Any) -> list[str]:
    given = {"show": "unit", "today": today, "idle_days": 90, **more}
    return [row.organization.name for row in leads.first_report_list(user, **given)]


def test_the_list_shows_the_own_the_unit_s_what_lapses_soon_and_what_lapsed(
    officer: User, manager: User, outsider: User, leader: User
) -> None:
    registered(officer, name="甲公司", code="", duplicates_answer="无")
    late = instant("2026-06-20 10:00")
    registered(manager, at=late, name="乙公司", code="", duplicates_answer="无")
    registered(outsider, at=late, name="丙公司", code="", duplicates_answer="无")
    assert listed(officer, show="mine") == ["甲公司"]
    day = dt.date(2026, 7, 20)
    assert listed(officer, day) == ["甲公司", "乙公司"]
    assert listed(leader, day) == ["甲公司", "丙公司", "乙公司"]
    assert listed(officer, day, show="lapsing") == ["甲公司"]
    assert listed(officer, dt.date(2026, 8, 1), show="lapsed") == ["甲公司"]
    assert listed(outsider, day, show="lapsing") == []


@pytest.mark.parametrize("sort", ["investor", "officer", "reported", "active", "until"])
def test_the_list_is_sorted_both_ways(officer: User, sort: str) -> None:
    names = ["阿尔法公司", "贝塔公司", "伽马公司"]
    for n, name in enumerate(names):
        by = UserFactory(full_name=f"专员{n}", park=officer.park)
        registered(
            by, at=instant(f"2026-05-0{n + 1} 10:00"), name=name, code="", duplicates_answer="无"
        )
    day = dt.date(2026, 5, 9)
    assert listed(officer, day, sort=sort) == (
        names if sort != "investor" else sorted_by_sound(names)
    )
    assert listed(officer, day, sort=f"-{sort}") == listed(officer, day, sort=sort)[::-1]


def sorted_by_sound(names: list[str]) -> list[str]:
    sounds = {"阿尔法公司": "aerfa", "贝塔公司": "beita", "伽马公司": "jiama"}
    return sorted(names, key=lambda name: sounds[name])


def test_the_list_is_narrowed_by_name_sound_and_park(
    officer: User, outsider: User, leader: User
) -> None:
    registered(officer)
    registered(outsider, name="别家公司", code="", duplicates_answer="无")
    assert listed(leader, text="龙储") == [INVESTOR]
    assert listed(leader, text="hlcn") == [INVESTOR]
    assert listed(leader, park=outsider.park) == ["别家公司"]


def test_lines_name_the_unit_s_project_by_as_many_questions_for_one_as_for_twenty(
    officer: User, django_assert_num_queries: Any
) -> None:
    made = [
        registered(
            officer, name=f"第{n}号矿业", code="", duplicates_answer="无", project_name=f"p{n}"
        )
        for n in range(20)
    ]
    keys = list(FirstReport.objects.order_by("pk").values_list("pk", flat=True))
    for some in (keys[:1], keys):
        with django_assert_num_queries(3):
            found = leads.lines(some, user=officer, today=TODAY, idle_days=90)
        assert [line.project for line in found] == made[: len(some)]
    assert FollowUp.objects.count() == 0
