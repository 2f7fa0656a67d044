"""Two officers edit the same project at the same time, each at their own desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


Desk = Callable[[], BrowserContext]


def at_desk(new_context: Desk, county: Any, user: Any, address: str) -> Page:
    """Somebody's own browser, with the page open; how one logs in, other journeys show."""
    from django.test import Client

    session = Client()
    session.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    context = new_context()
    cookie = session.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": county.url}])
    page = context.new_page()
    page.goto(county.url + address)
    return page


def save(page: Page) -> None:
    page.get_by_role("button", name="保存").click()


def test_two_officers_edit_one_project_and_neither_loses_anything(
    new_context: Desk, county: Any
) -> None:
    from pipeline.models import Project
    from tests.factories import UserFactory

    project = Project.objects.get(name="苹果浓缩汁项目")
    address = f"/projects/{project.pk}/edit/"
    zhang, li = (
        at_desk(
            new_context,
            county,
            UserFactory(username=name, full_name=name, park=project.park),
            address,
        )
        for name in ("张三", "李四")
    )

    zhang.get_by_label("责任单位").fill("县发改局")
    zhang.get_by_label("包联领导").fill("王县长")
    save(zhang)
    expect(zhang.get_by_role("status")).to_contain_text("已保存")

    li.get_by_label("责任单位").fill("县商务局")
    li.get_by_label("联系电话").fill("0359-1234567")
    save(li)
    alert = li.get_by_role("alert")
    expect(li.locator("#div_id_lead_unit")).to_contain_text(
        re.compile(r"张三在 \d\d:\d\d 改成了“县发改局”，您填的是“县商务局”")
    )
    expect(li.get_by_label("联系电话")).to_have_value("0359-1234567")
    alert.get_by_label("用张三").check()
    save(li)
    expect(li.get_by_role("status")).to_contain_text("已保存")

    project.refresh_from_db()
    kept = (project.lead_unit, project.patron_leader, project.phone)
    assert kept == ("县发改局", "王县长", "0359-1234567")
