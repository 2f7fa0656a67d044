"""Every page of the site, as somebody who opens it: axe in both colours, and 360 px.

The pages are those of ``tests/test_rights.py``: one that stands in neither table below
fails the first test, so a new page is looked at from its first day.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from crm.models import User
from tests.factories import UserFactory
from tests.journeys.test_accessible import SMALLEST, violations
from tests.ledger_factories import person_of
from tests.test_rights import (
    ADMIN,
    EDITORS,
    LEADER,
    MANAGER,
    OFFICER,
    PAGES,
    SUPERVISOR,
    UNIT,
    VERIFIER,
    Rule,
    World,
    address,
    world,
)

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]
__all__ = ["world"]  # the county of the rights' tests: a row for every address

AS: dict[str, tuple[str, ...]] = {
    OFFICER: (
        *("home", "my_day", "notice_list", "calendar", "calendar_link", "job_list", "job"),
        *("project_list", "project_new", "project", "project_edit", "project_timeline"),
        *("board", "board_gate", "view_list", "aftercare", "search"),
        *("organization_list", "organization_new", "organization", "organization_edit"),
        *("contact_list", "contact_edit", "lead_list", "lead_clock_list", "lead_new", "lead_check"),
        *("first_report", "dispute", "interaction_list", "capture", "interaction"),
        *("follow_up_list", "follow_up_new", "follow_up", "load_list", "import_new"),
    ),
    MANAGER: ("dispute_new", "project_transfer", "duplicate_groups"),
    VERIFIER: (
        *("verification", "verification_recent", "verification_claim", "verification_receipt"),
        *("merge_list", "merge", "contact_merged", "load", "check_list", "check"),
    ),
    LEADER: (
        *("cockpit", "cockpit_charts", "figure", "comparison", "forecast", "targets"),
        *("report_list", "report", "report_changes"),
    ),
    SUPERVISOR: (
        *("monthly_progress", "monthly_month", "monthly_items", "promise_list"),
        *("escalation_list", "area_list", "area_review"),
        *("meeting_list", "meeting_new", "meeting"),
        *("scorecards", "scorecard", "score_evidence", "score_appeals", "score_schemes"),
        *("falsehood_of_milestone", "falsehood_of_item"),
        *("ledger_overview", "ledger", "ledger_keep", "ledger_change"),
        *("item_list", "item_new", "item", "item_edit"),
    ),
    UNIT: (
        *("ledger_overview", "item_list", "item", "meeting_list", "meeting"),
        *("monthly_progress", "monthly_month", "scorecards", "scorecard", "score_evidence"),
        *("notice_list", "notice_settings", "job_list"),
    ),
    ADMIN: (
        *("schedule_list", "notice_settings", "notice_channel_list", "notice_channel"),
        "delivery_list",
    ),
}
# What is no page by itself, and pages that need more than this county has.
ELSEWHERE = {
    *("document", "document_view", "load_workbook", "attachment", "interaction_photo"),
    *("job_download", "import_template", "target_workbook", "report_file"),  # downloads
    *("monthly_workbook", "scorecard_export", "ledger_file"),
    *("board_column", "my_day_block", "organization_suggest", "organization_options"),
    *("organization_duplicates", "notice"),  # fragments, and what leads on
    *("organization_merge", "contact_merge"),  # test_merge_and_undo: a pair is chosen first
    *("meeting_edit", "meeting_split"),  # before a meeting's decisions are items
    *("import_mapping", "import_preview"),  # test_accessible: with a workbook of their own
}


def shown() -> set[str]:
    """The names of all addresses that answer a GET by themselves."""
    return {name for name, rule in PAGES.items() if isinstance(rule, Rule) and (rule.get != 405)}


def test_each_page_is_looked_at_here_or_said_to_be_elsewhere() -> None:
    looked_at = {name for names in AS.values() for name in names}
    assert looked_at | ELSEWHERE == shown()
    assert not looked_at & ELSEWHERE


def sign_in(context: BrowserContext, person: User, address_of_site: str) -> None:
    """A session without the log-in form, which other journeys go through."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": address_of_site}]
    )


def who(role: str, world: World) -> User:
    """Somebody of the role: of the park or its committee where a role has one."""
    if role == OFFICER:
        return User.objects.get(username="officer-rare-metals")
    if role == UNIT:
        return person_of(world.own.unit)
    return UserFactory(username=role, role=role, park=world.own if role in EDITORS else None)


@pytest.mark.parametrize("role", list(AS))
def test_pages_pass_axe_in_both_colours_and_fit_the_smallest_phone(
    role: str, live_server: Any, transactional_db: None, world: World, page: Page
) -> None:
    person = who(role, world)
    sign_in(page.context, person, live_server.url)
    page.emulate_media(reduced_motion="reduce")
    wrong: dict[str, list[str]] = {}
    for name in AS[role]:
        response = page.goto(live_server.url + address(name, world))
        found = [] if response and response.status in (200, 422) else ["no page"]
        found += violations(page)
        page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
        found += [f"dark: {v}" for v in violations(page, rules=["color-contrast"])]
        page.set_viewport_size(SMALLEST)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append("wider than 360 px")
        page.set_viewport_size({"width": 1440, "height": 900})
        if found:
            wrong[name] = found
    assert wrong == {}
