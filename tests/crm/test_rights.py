"""Who may do what: the table by role, the scope by park, and what nobody wrote down."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from crm.models import Park, Role, User
from crm.refusals import NotAllowed
from crm.rights import ACTS, PEOPLE, in_scope, may, require

HERE, THERE = Park(pk=1), Park(pk=2)


@dataclass
class Row:
    """A row of a park, looked after by somebody."""

    park_id: int | None
    officer_id: int | None = None


def _user(role: str, park: Park | None = None, pk: int = 7) -> User:
    return User(pk=pk, role=role, park=park)


READING = {act for act in ACTS if act.endswith(".view")} - {"schedule.view"}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", Role.values)
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: str, act: str) -> None:
    assert may(_user(role), act) is (role in ACTS[act])


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    assert {act for act, roles in ACTS.items() if Role.AUDITOR in roles} == READING


def test_an_administrator_keeps_the_county_and_moves_no_project() -> None:
    acts = {act.split(".")[0] for act in ACTS if Role.ADMIN in ACTS[act] and act not in READING}
    assert not acts & {"project", "milestone", "attribution", "status", "funds"}


def test_who_claims_is_not_who_verifies() -> None:
    claiming = ACTS["milestone.claim"] | ACTS["funds.record"]
    deciding = {
        role
        for act in ("verify", "return", "revoke", "correct")
        for role in ACTS[f"milestone.{act}"]
    }
    assert not claiming & (deciding | ACTS["funds.verify"])


def test_only_a_manager_overrides() -> None:
    assert ACTS["milestone.override"] == {Role.MANAGER}


def test_everybody_who_logs_in_sees_figures_projects_and_files() -> None:
    assert set(Role) - {Role.SYSTEM, Role.UNIT} == PEOPLE
    assert {"figures.view", "project.view", "document.view"} <= {
        act for act, roles in ACTS.items() if roles == PEOPLE
    }


def test_an_act_that_nobody_wrote_down_is_a_mistake_not_a_permission() -> None:
    with pytest.raises(KeyError):
        may(_user(Role.ADMIN), "project.delete")


@pytest.mark.parametrize(
    ("park", "row", "inside"),
    [
        (None, Row(1), True),
        (None, Row(None), True),
        (HERE, Row(1), True),
        (HERE, Row(2), False),
        (HERE, Row(None), False),
        (HERE, Row(2, officer_id=7), True),
        (HERE, Row(2, officer_id=8), False),
        (HERE, Row(None, officer_id=7), True),
    ],
)
def test_the_scope_is_the_county_the_park_or_one_s_own(
    park: Park | None, row: Row, inside: bool
) -> None:
    user = _user(Role.OFFICER, park)
    assert in_scope(user, row) is inside
    assert may(user, "milestone.claim", row) is inside


def test_the_role_alone_is_not_enough_nor_is_the_scope() -> None:
    assert not may(_user(Role.OFFICER, THERE), "milestone.claim", Row(1))
    assert not may(_user(Role.AUDITOR), "milestone.claim", Row(1))


def test_who_may_not_is_told_in_chinese_whom_to_ask() -> None:
    with pytest.raises(NotAllowed, match="管理员"):
        require(_user(Role.AUDITOR), "milestone.claim", Row(1))
    require(_user(Role.OFFICER, HERE), "milestone.claim", Row(1))
