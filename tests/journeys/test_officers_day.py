"""From a visit to a counted signing: an officer on a phone, a verifier at a desk by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PASSWORD, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

PDF = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>\nendobj\n"
    b"trailer << /Size 4 /Root 1 0 R >>\n%%EOF\n"
)
COCKPIT = "/cockpit/?year=2026&as_of=2026-12-31"


@pytest.fixture
def lead(county: Any) -> Any:
    """A lead that lacks a meeting to be talked with, and a contract to be signed."""
    from crm.models import Park
    from pipeline.models import ReturnReason, ReviewKind
    from tests.factories import (
        ChannelFactory,
        ContactFactory,
        IndustryFactory,
        ProjectFactory,
        ReviewFactory,
    )

    ReturnReason.objects.create(text="合同缺页")
    project = ProjectFactory(
        name="果蔬冷链项目",
        park=Park.objects.get(slug="rare-metals"),
        industry=IndustryFactory(),
        channel=ChannelFactory(),
        duplicates_answer="无重复",
    )
    ContactFactory(organization=project.investor)
    for kind in ReviewKind.values:
        ReviewFactory(project=project, kind=kind)
    return project


def test_a_lead_is_visited_signed_returned_corrected_and_counted(
    log_in: Callable[[str], Page], county: Any, lead: Any, browser: Any
) -> None:
    phone = log_in("officer-rare-metals")
    phone.set_viewport_size(PHONE)
    context = browser.new_context(locale="zh-CN", viewport=DESK)
    desk = context.new_page()
    _log_in(desk, county.url, "checker")
    expect(_goal(desk, county, 0)).to_contain_text(re.compile(r"\b2\b"))
    expect(_goal(desk, county, 1)).to_contain_text("13.00")

    # A visit, on the phone; then the lead is claimed to be talked with.
    phone.goto(f"{county.url}/interactions/new/?project={lead.pk}")
    phone.get_by_text("请进来").click()
    phone.get_by_label("谈了什么").fill("看了冷库选址")
    phone.get_by_role("button", name="保存").click()
    expect(phone.get_by_text("看了冷库选址").first).to_be_visible()
    _claim(phone, county, lead, "contact", day="2026-03-01")
    _open_first(desk, county, "contact")
    desk.keyboard.press("v")
    expect(desk.get_by_text("已核验：果蔬冷链项目")).to_be_visible()

    # The contract, with its file; it comes back with a reason of the list.
    _claim(phone, county, lead, "signed", day="2026-03-06", amount="50000", file=True)
    _open_first(desk, county, "signing")
    expect(desk.locator(".desk-view iframe")).to_have_attribute("title", "正式合同：合同.pdf")
    desk.keyboard.press("r")
    expect(desk.get_by_label("合同缺页")).to_be_focused()
    desk.keyboard.press("Space")
    desk.get_by_role("button", name="确认退回").click()
    expect(desk.get_by_text("已退回：果蔬冷链项目")).to_be_visible()

    # The officer is told, follows the notice and claims again.
    phone.goto(f"{county.url}/notices/")
    phone.get_by_role("link", name=re.compile("^申报被退回：果蔬冷链项目")).click()
    expect(phone.locator("article:target")).to_contain_text("合同缺页")
    _claim(phone, county, lead, "signed", day="2026-03-06", amount="48000")

    # The verifier sees what changed, verifies by a key, and the cockpit counts it.
    _open_first(desk, county, "signing")
    expect(desk.get_by_text("50,000 → 48,000 万元")).to_be_visible()
    desk.keyboard.press("v")
    expect(desk.get_by_text("已核验：果蔬冷链项目")).to_be_visible()
    expect(_goal(desk, county, 0)).to_contain_text(re.compile(r"\b3\b"))
    expect(_goal(desk, county, 1)).to_contain_text("17.80")
    context.close()


def _log_in(page: Page, address: str, username: str) -> None:
    page.goto(address)
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("heading", level=1).first.wait_for()


def _goal(page: Page, county: Any, which: int) -> Any:
    page.goto(county.url + COCKPIT)
    return page.locator(".target").nth(which)


def _claim(
    page: Page,
    county: Any,
    project: Any,
    stage: str,
    *,
    day: str,
    amount: str = "",
    file: bool = False,
) -> None:
    """Through the gate's own page, which lists what is asked and takes it."""
    page.goto(f"{county.url}/board/{project.pk}/gate/?to={stage}")
    page.get_by_label("发生日").fill(day)
    if amount:
        page.get_by_label("协议总投资（万元）").fill(amount)
    if file:
        upload = {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": PDF}
        page.locator("input[type=file]").first.set_input_files(upload)
    page.get_by_role("button", name="申报").click()
    expect(page.get_by_text("等核验").first).to_be_visible()


def _open_first(page: Page, county: Any, kind: str) -> None:
    """By the keyboard: to the first row of the queue, and into it."""
    page.goto(f"{county.url}/verification/?kind={kind}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="果蔬冷链项目")).to_be_visible()
