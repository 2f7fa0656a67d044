"""Every page passes axe (WCAG 2.2 AA) in both colours and languages, and fits its screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SMALLEST = {"width": 360, "height": 780}


def pages() -> list[str]:
    from pipeline.models import Project

    keys = Project.objects.order_by("pk").values_list("pk", flat=True)
    return [
        "/?year=2026&as_of=2026-12-31",
        "/?year=2026&as_of=2026-12-31&known_at=2026-04-01T08:00",
        "/figures/signed_projects/?year=2026&as_of=2026-12-31",
        "/figures/signed_not_started/?year=2026&as_of=2026-12-31",
        "/figures/funds_received_yuan/?year=2026&as_of=2026-12-31",
        "/board/",
        "/projects/",
        "/projects/?q=nothing",
        *(f"/projects/{key}/" for key in keys),
        "/imports/",
        "/interactions/",
        "/my-day/",
        "/calendar/",
        "/aftercare/",
        f"/projects/{keys[0]}/timeline/",
        "/accounts/password/change/",
        "/accounts/2fa/",
    ]


def violations(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds; only by ``rules`` where some are named."""
    options = RULES if rules is None else {"runOnly": {"type": "rule", "values": rules}}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]


@pytest.mark.parametrize(
    ("size", "colours"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_every_page_passes_axe(
    log_in: Callable[[str], Page], county: Any, colours: Any, size: Any
) -> None:
    page = log_in("checker")
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    wrong = {}
    for address in pages():
        page.goto(county.url + address)
        if found := violations(page):
            wrong[address] = found
    assert wrong == {}


def test_the_forms_of_an_officer_pass_axe_opened(
    log_in: Callable[[str], Page], county: Any
) -> None:
    _write_down_what_is_due()
    page = log_in("officer-rare-metals")
    wrong = {}
    for address in (
        "/projects/new/",
        "/projects/1/",
        "/board/1/gate/",
        "/",
        "/interactions/new/",
        "/interactions/new/?project=1",
        "/follow-ups/",
        "/follow-ups/new/",
        "/calendar/",
        "/calendar/link/",
        "/notices/",
    ):
        page.goto(county.url + address.replace("1", _own_project()))
        page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
        if found := violations(page):
            wrong[address] = found
    for address in ("/imports/new/", *_steps_of_an_import()):
        page.goto(county.url + address)
        if found := violations(page):
            wrong[address] = found
    assert wrong == {}


def _steps_of_an_import() -> tuple[str, str]:
    """The columns and the preview of a workbook with a row to load and one that is refused."""
    from django.core.files.base import ContentFile
    from django.utils import timezone

    from crm.models import User
    from pipeline import imports

    officer = User.objects.get(username="officer-rare-metals")
    rows = "企业名称,联系人,电话,看法\n甲公司,王建国,13800000001,好\n乙公司,李秀英,问办公室,好\n"
    upload = ContentFile(rows.encode(), name="名单.csv")
    clock = timezone.now
    looked = imports.begin(upload, kind="organizations", by=officer, clock=clock)
    tried = imports.try_out(looked, header_map={}, by=officer, clock=clock)
    return f"/imports/new/{looked.pk}/", f"/imports/preview/{tried.pk}/"


def _write_down_what_is_due() -> None:
    """A step that is late and one that is due, so that their lines are looked at."""
    from django.utils import timezone

    from crm.models import User
    from pipeline import follow_ups

    officer, now = User.objects.get(username="officer-rare-metals"), timezone.now()
    for days in (-2, 0):
        due_on = timezone.localdate() + timedelta(days=days)
        follow_ups.add(what="送合同", due_on=due_on, assignee=officer, by=officer, at=now)


def _own_project() -> str:
    from pipeline.models import Project

    return str(Project.objects.get(name="苹果浓缩汁项目").pk)


def test_who_is_not_logged_in_meets_accessible_pages(watched: Page, county: Any) -> None:
    wrong = {}
    for address in ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"):
        watched.goto(county.url + address)
        if found := violations(watched):
            wrong[address] = found
    assert wrong == {}


def test_no_page_is_wider_than_the_smallest_phone(
    log_in: Callable[[str], Page], county: Any
) -> None:
    page = log_in("checker")
    page.set_viewport_size(SMALLEST)
    wide = []
    for address in [*pages(), "/no-such-page/"]:
        page.goto(county.url + address)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(address)
    assert wide == []


def test_english_passes_axe_and_leaves_no_chinese_in_what_the_pages_say(
    log_in: Callable[[str], Page], county: Any
) -> None:
    page = log_in("checker")
    page.locator(".top-tools details.menu summary").click()
    page.get_by_role("button", name="English").click()
    wrong = {}
    for address in ("/?year=2026&as_of=2026-12-31", "/projects/", "/imports/"):
        page.goto(county.url + address)
        if found := violations(page):
            wrong[address] = found
        labels = page.locator("th[scope=col], label, h1, h2, button, nav a").all_inner_texts()
        if left := [text for text in labels if _is_chinese(text)]:
            wrong.setdefault(address, []).extend(left)
    assert wrong == {}


def _is_chinese(text: str) -> bool:
    return text.strip() != "中文" and any("\u4e00" <= letter <= "\u9fff" for letter in text)
