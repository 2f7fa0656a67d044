"""Two officers edit one project at once, and neither loses anything."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client

from crm.models import User
from pipeline.models import Project
from tests.factories import ProjectFactory, UserFactory, sign

pytestmark = pytest.mark.django_db

OPENING = re.compile(r'type="hidden" name="(initial-[^"]+)" value="([^"]*)"')


class Editor:
    """A person with the form open: ``sent`` is what their browser would send."""

    def __init__(self, user: User, project: Project) -> None:
        self.client, self.address = Client(), f"/projects/{project.pk}/edit/"
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        self.open()

    def open(self) -> None:
        response = self.client.get(self.address)
        self._read(response)

    def _read(self, response: Any) -> None:
        self.page = html.unescape(response.content.decode())
        self.sent: dict[str, Any] = {}
        for bound in response.context["form"]:
            value = bound.value()
            if value not in (None, False) and not bound.field.disabled:
                self.sent[bound.html_name] = value
        for name, value in re.findall(
            r'type="hidden" name="(initial-[^"]+)" value="([^"]*)"', self.page
        ):
            self.sent[name] = value

    def write(self, **fields: Any) -> int:
        """Fill in and save; the page's answer is kept."""
        for name, value in fields.items():
            if value is None:
                self.sent.pop(name, None)
            else:
                self.sent[name.replace("__", "-")] = value
        response = self.client.post(self.address, self.sent)
        status = response.status_code
        if status == 302:
            response = self.client.get(response["Location"])
            self.page = html.unescape(response.content.decode())
        else:
            self._read(response)
        return status


@pytest.fixture
def project(officer: User) -> Project:
    return ProjectFactory(in_contact=True, lead_unit="县工信局", phone="1")


@pytest.fixture
def both(project: Project, officer: User) -> tuple[Editor, Editor]:
    """张三 and 李四 with the same form open."""
    people = [
        UserFactory(username=name, full_name=name, park=project.park) for name in ("张三", "李四")
    ]
    return Editor(people[0], project), Editor(people[1], project)


def test_what_each_changed_survives_and_the_page_says_so(
    project: Project, both: tuple[Editor, Editor]
) -> None:
    zhang, li = both
    assert zhang.write(lead_unit="县发改局") == 302
    assert li.write(phone="2") == 302
    project.refresh_from_db()
    assert (project.lead_unit, project.phone) == ("县发改局", "2")
    assert "张三把“责任单位”改成了“县发改局”，已一并保留" in li.page
    assert "已一并保留" not in zhang.page


def test_a_field_that_both_changed_comes_back_with_who_when_and_both_values(
    project: Project, both: tuple[Editor, Editor]
) -> None:
    zhang, li = both
    zhang.write(lead_unit="县发改局")
    assert li.write(lead_unit="县商务局", phone="2") == 422
    assert re.search(r"张三在 \d\d:\d\d 改成了“县发改局”，您填的是“县商务局”", li.page)
    assert li.sent["lead_unit"] == "县商务局"
    assert li.sent["phone"] == "2"
    project.refresh_from_db()
    assert (project.lead_unit, project.phone) == ("县发改局", "1")


@pytest.mark.parametrize(("choice", "unit"), [("theirs", "县发改局"), ("mine", "县商务局")])
def test_the_person_chooses_which_value_stays(
    project: Project, both: tuple[Editor, Editor], choice: str, unit: str
) -> None:
    zhang, li = both
    zhang.write(lead_unit="县发改局")
    li.write(lead_unit="县商务局", phone="2")
    assert 'name="keep-lead_unit" value="theirs"' in li.page
    assert li.write(**{"keep-lead_unit": choice}) == 302
    project.refresh_from_db()
    assert (project.lead_unit, project.phone) == (unit, "2")


def test_who_changes_it_a_third_time_meanwhile_is_not_overwritten(
    project: Project, both: tuple[Editor, Editor]
) -> None:
    zhang, li = both
    zhang.write(lead_unit="县发改局")
    li.write(lead_unit="县商务局")
    zhang.open()
    zhang.write(lead_unit="县能源局")
    assert li.write() == 422
    assert "改成了“县能源局”，您填的是“县商务局”" in li.page


def test_both_to_the_same_value_is_no_conflict(
    project: Project, both: tuple[Editor, Editor]
) -> None:
    zhang, li = both
    zhang.write(lead_unit="县发改局")
    assert li.write(lead_unit="县发改局") == 302
    assert (
        project.history.filter(lead_unit="县发改局").earliest("history_id").history_user.username
        == "张三"
    )


def test_ticks_days_amounts_and_choices_are_compared_as_well(
    project: Project, both: tuple[Editor, Editor]
) -> None:
    zhang, li = both
    zhang.write(is_productive="on", planned_start_on="2027-03-01", investment="12000", channel="")
    assert li.write(remark="甲", planned_start_on="2027-04-01", investment="13000") == 422
    assert "改成了“2027-03-01”，您填的是“2027-04-01”" in li.page
    assert "改成了“12000”，您填的是“13000”" in li.page
    assert li.write(**{"keep-planned_start_on": "theirs"}) == 302
    project.refresh_from_db()
    assert project.is_productive
    assert project.planned_start_on == dt.date(2027, 3, 1)
    assert project.agreed_investment == 130_000_000
    assert project.remark == "甲"


def test_a_tick_taken_away_by_another_stays_away(
    project: Project, both: tuple[Editor, Editor]
) -> None:
    zhang, li = both
    zhang.write(is_productive="on")
    zhang.open()
    li.open()
    zhang.write(is_productive=None)
    assert li.write(remark="甲") == 302
    project.refresh_from_db()
    assert (project.is_productive, project.remark) == (False, "甲")


def test_what_a_verification_fixed_meanwhile_is_said_not_swallowed(officer: User) -> None:
    project = ProjectFactory(ready_to_sign=True)
    editor = Editor(officer, project)
    sign(project, on=dt.date(2026, 3, 5), amount=100_000_000)
    assert editor.write(investment="20000") == 422
    assert "“协议总投资（万元）”在您填写时已经确定，不能再改；您填的是“20000”" in editor.page
    assert editor.write() == 302
    project.refresh_from_db()
    assert project.agreed_investment == 100_000_000


def test_a_program_that_sends_no_opening_values_writes_what_differs(
    project: Project, officer: User, client: Client
) -> None:
    client.force_login(officer)
    data = {
        "name": project.name,
        "investor_name": project.investor.name,
        "park": project.park_id,
        "officer": officer.pk,
        "fund_source": "social",
        "lead_unit": "县商务局",
    }
    assert client.post(f"/projects/{project.pk}/edit/", data).status_code == 302
    project.refresh_from_db()
    assert (project.lead_unit, project.phone) == ("县商务局", "")


def test_moving_a_missed_plan_asks_why_beside_the_day(project: Project, officer: User) -> None:
    Project.objects.filter(pk=project.pk).update(planned_start_on=dt.date(2026, 1, 1))
    editor = Editor(officer, project)
    assert editor.write(planned_start_on="2099-01-01") == 422
    assert "计划开工 2026-01-01 已经错过，改期请写明原因" in editor.page
    assert editor.write(plan_reason="用地未落实") == 302
    assert project.plan_changes.get().reason == "用地未落实"
