"""Registering and editing a project: what a person may write, and what milestones fix."""

from decimal import Decimal
from typing import Any

import pytest

from crm.models import Park, User
from crm.refusals import NotAllowed
from pipeline import projects
from pipeline.models import Project
from tests.factories import OrganizationFactory, ProjectFactory, instant

NOW = instant("2026-05-01 10:00")


def registered(by: User, **fields: Any) -> Project:
    return projects.register(
        investor=OrganizationFactory(), fields={"name": "甲", **fields}, by=by, at=NOW
    )


def test_a_project_begins_as_a_lead_that_is_found_by_its_sound(officer: User, park: Park) -> None:
    project = registered(officer, name=" 铝轮毂项目 ", park=park)
    assert (project.stage, project.name) == ("lead", "铝轮毂项目")
    assert (project.pinyin, project.initials) == ("lvlunguxiangmu", "llgxm")


def test_an_officer_registers_in_the_own_park_only(
    officer: User, other_park: Park, verifier: User
) -> None:
    with pytest.raises(NotAllowed):
        registered(officer, park=other_park)
    with pytest.raises(NotAllowed):
        registered(verifier)


def test_an_officer_does_not_hand_a_project_to_another_park_by_editing(
    officer: User, park: Park, other_park: Park
) -> None:
    project = registered(officer, park=park)
    with pytest.raises(NotAllowed):
        projects.edit(project, fields={"park": other_park}, by=officer, at=NOW)


def test_a_second_project_of_the_same_investor_and_name_is_refused(
    officer: User, park: Park
) -> None:
    first = registered(officer, park=park)
    with pytest.raises(projects.AlreadyRegistered):
        projects.register(
            investor=first.investor, fields={"name": "甲 ", "park": park}, by=officer, at=NOW
        )


@pytest.mark.parametrize("field", ["stage", "status", "created_by", "withdrawn_at"])
def test_what_verbs_of_their_own_decide_is_not_written(
    officer: User, park: Park, field: str
) -> None:
    with pytest.raises(KeyError):
        registered(officer, park=park, **{field: None})


def test_a_verified_contract_fixes_amount_investor_and_park(
    officer: User, park: Park, other_park: Park
) -> None:
    project = ProjectFactory(signed=True, park=park, officer=officer)
    for fields, refusal in (
        ({"agreed_investment": Decimal(1)}, projects.InvestmentIsSigned),
        ({"park": other_park}, projects.ParkIsCredited),
    ):
        with pytest.raises(refusal):
            projects.edit(project, fields=fields, by=officer, at=NOW)
    with pytest.raises(projects.InvestmentIsSigned):
        projects.edit(project, fields={}, investor=OrganizationFactory(), by=officer, at=NOW)


def test_an_edit_is_kept_with_who_and_when(officer: User, park: Park) -> None:
    project = registered(officer, park=park)
    at = instant("2026-06-01 10:00")
    projects.edit(project, fields={"lead_unit": "县工信局"}, by=officer, at=at)
    version = project.history.latest()
    assert (version.history_user, version.history_date) == (officer, at)


def test_the_answer_to_duplicates_keeps_its_time(officer: User, park: Park) -> None:
    project = registered(officer, park=park, duplicates_answer="无重复")
    projects.edit(project, fields={"lead_unit": "x"}, by=officer, at=instant("2026-06-01 10:00"))
    project.refresh_from_db()
    assert project.duplicates_answered_at == NOW
