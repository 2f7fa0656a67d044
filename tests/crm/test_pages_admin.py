"""The administrators' site configures the county and walks around no gate."""

from typing import Any

import pytest
from django.contrib.admin import site as djangos_own
from django.test import Client
from django.utils import timezone

from crm.admin_site import site
from crm.models import Tag, User
from pipeline.models import CountySettings, Milestone, Project, ReturnReason, Target
from tests.factories import ParkFactory, TargetFactory, UserFactory


@pytest.fixture
def admin(db: None, client: Client) -> User:
    admin = UserFactory(username="admin", admin=True)
    client.force_login(admin)
    return admin


def test_nothing_that_has_a_verb_is_registered() -> None:
    registered = {model._meta.label for model in site._registry}
    assert Project not in site._registry
    assert Milestone not in site._registry
    assert registered == {
        *("crm.User", "crm.Park", "crm.Area", "crm.Unit", "crm.Channel", "crm.Team"),
        "crm.Industry",
        *("crm.CalendarDay", "crm.Chain", "crm.Tag", "axes.AccessAttempt"),
        *("pipeline.Target", "pipeline.CountySettings", "pipeline.ContractTerm"),
        "pipeline.ReturnReason",
    }
    # What was merged or withdrawn is told by rows that the site does not have.
    assert not registered & {"crm.Organization", "crm.Contact", "crm.OrganizationMerge"}
    assert site is not djangos_own


def test_an_administrator_creates_a_person_with_role_and_park(client: Client, admin: User) -> None:
    park = ParkFactory(slug="rare-metals")
    client.post(
        "/admin/crm/user/add/",
        {
            "username": "zhang",
            "full_name": "张三",
            "role": "manager",
            "park": park.pk,
            "usable_password": "true",
            "password1": "right-horse-9",
            "password2": "right-horse-9",
        },
    )
    person = User.objects.get(username="zhang")
    assert (person.role, person.park, person.is_staff) == ("manager", park, False)
    assert person.check_password("right-horse-9")


def test_a_manager_without_a_park_is_refused_in_words(client: Client, admin: User) -> None:
    response = client.post(
        "/admin/crm/user/add/",
        {"username": "zhang", "full_name": "张三", "role": "manager", "usable_password": "false"},
    )
    assert "园区负责人必须指定园区" in response.content.decode()


def test_system_users_are_not_people(client: Client, admin: User) -> None:
    system = UserFactory(username="history", role="system")
    assert "history" not in client.get("/admin/crm/user/").content.decode()
    assert client.get(f"/admin/crm/user/{system.pk}/change/").status_code == 302
    assert 'value="system"' not in client.get("/admin/crm/user/add/").content.decode()


def test_a_target_is_added_as_a_version_and_never_edited(client: Client, admin: User) -> None:
    old = TargetFactory(value=50)
    client.post(
        "/admin/pipeline/target/add/",
        {
            "metric": "signed_projects",
            "year": "2026",
            "holder": "county",
            "value": "55",
            "unit": "",
            "reason": "县政府常务会议",
        },
    )
    new = Target.objects.latest("id")
    assert (new.value, new.recorded_by, new.reason) == (55, admin, "县政府常务会议")
    client.post(f"/admin/pipeline/target/{old.pk}/change/", {"value": "1"})
    old.refresh_from_db()
    assert old.value == 50


def test_new_settings_start_from_those_in_force(client: Client, admin: User) -> None:
    CountySettings.objects.create(
        county="某县", permit_required=True, recorded_at=timezone.now(), reason="启用"
    )
    page: Any = client.get("/admin/pipeline/countysettings/add/")
    initial = page.context["adminform"].form.initial
    assert (initial["county"], initial["permit_required"]) == ("某县", True)
    assert "reason" not in initial
    assert (initial["protection_months"], initial["quiet_after_days"]) == (6, 30)


def test_new_spans_are_a_new_version_and_none_is_zero(client: Client, admin: User) -> None:
    given = {
        "county": "某县",
        "minimum_investment": "0",
        "reason": "常务会议",
        "protection_months": "3",
        "protection_idle_days": "60",
        "protection_extension_months": "1",
        "quiet_after_days": "0",
        "near_month_days": "3",
        "near_seven_days": "2",
        "near_three_days": "1",
        "near_same_day_hours": "4",
        "inspection_after_days": "10",
        "inspection_deadline_days": "15",
        "monthly_reminder_days": "5",
        "lead_answer_days": "1",
        "lead_judge_days": "3",
        "lead_feedback_days": "7",
        "lead_report_days": "14",
        "statistics_after_months": "3",
    }
    refused = client.post("/admin/pipeline/countysettings/add/", given)
    assert "期限必须大于 0" in refused.content.decode()
    client.post("/admin/pipeline/countysettings/add/", {**given, "quiet_after_days": "15"})
    now = CountySettings.objects.get()
    assert (now.protection_months, now.quiet_after_days, now.recorded_by) == (3, 15, admin)


def test_a_word_is_renamed_and_never_deleted_while_a_reason_may_go(
    client: Client, admin: User
) -> None:
    tag = Tag.objects.create(name="上市")
    reason = ReturnReason.objects.create(text="合同未盖章")
    given = {"name": "上市公司", "group": "general", "position": "1"}
    client.post(f"/admin/crm/tag/{tag.pk}/change/", given)
    tag.refresh_from_db()
    assert tag.name == "上市公司"
    assert client.post(f"/admin/crm/tag/{tag.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"/admin/pipeline/returnreason/{reason.pk}/delete/", {"post": "yes"})
    assert not ReturnReason.objects.exists()


def test_the_password_is_changed_on_everybody_s_page(client: Client, admin: User) -> None:
    response = client.get("/admin/password_change/")
    assert response["Location"] == "/accounts/password/change/"
