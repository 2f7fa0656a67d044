"""From the log-in to the figures, and from a figure to its evidence, at a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@SIZES
def test_a_leader_drills_down_from_a_figure_to_its_evidence(
    log_in: Callable[[str], Page], county: Any, size: Any
) -> None:
    page = log_in("leader")
    page.set_viewport_size(size)
    page.goto(f"{county.url}/?year=2026&as_of=2026-12-31")
    goals = page.locator(".target")
    expect(goals.nth(0)).to_contain_text("目标 50 个")
    expect(goals.nth(2)).to_contain_text("50.0 %")
    row = page.get_by_role("row").filter(has_text="稀有金属绿色科技产业园")
    row.get_by_role("link", name="1", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("签约项目")
    page.get_by_role("row").filter(has_text="年产3000吨高纯镓项目").get_by_role(
        "link", name="证据文件"
    ).click()
    expect(page).to_have_url(re.compile(r"/projects/\d+/#milestone-\d+$"))
    signing = page.locator("article:target")
    expect(signing).to_contain_text("正式合同")
    expect(signing.get_by_role("link", name="contract.pdf")).to_be_visible()


@SIZES
def test_a_verifier_verifies_a_claim_and_the_figure_rises(
    log_in: Callable[[str], Page], county: Any, size: Any
) -> None:
    page = log_in("checker")
    page.set_viewport_size(size)
    page.get_by_role("link", name="项目", exact=True).click()
    page.get_by_role("link", name="年产10万套铝轮毂项目").click()
    expect(page.get_by_text("已申报，等核验。")).to_be_visible()
    page.get_by_role("button", name="核验通过").click()
    expect(page.get_by_text("已核验，从现在起计入统计。")).to_be_visible()
    page.goto(f"{county.url}/?year=2026&as_of=2026-12-31")
    expect(page.locator(".target").nth(2)).to_contain_text("100.0 %")


def test_an_officer_claims_and_is_told_what_is_missing(
    log_in: Callable[[str], Page], county: Any
) -> None:
    page = log_in("officer-rare-metals")
    page.goto(f"{county.url}/projects/")
    page.get_by_role("link", name="年产3000吨高纯镓项目").click()
    page.get_by_text("申报里程碑").click()
    form = page.locator("#claim form")
    form.get_by_label("里程碑").select_option("production")
    form.get_by_label("发生日").fill("2026-08-01")
    form.get_by_role("button", name="申报").click()
    expect(page.locator("#claim")).to_contain_text("还缺：投产证明")
    expect(form.get_by_label("发生日")).to_have_value("2026-08-01")


def test_typing_narrows_the_list_without_leaving_the_page(
    log_in: Callable[[str], Page], county: Any
) -> None:
    page = log_in("leader")
    page.goto(f"{county.url}/projects/")
    page.locator("#id_q").press_sequentially("高纯镓")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=%E9%AB%98"))
    page.locator("#id_stage").select_option("producing")
    expect(page.locator("#results")).to_contain_text("没有符合条件的项目")


def test_the_year_s_day_follows_the_year(log_in: Callable[[str], Page], county: Any) -> None:
    page = log_in("leader")
    page.goto(f"{county.url}/?year=2026&as_of=2026-06-30")
    page.get_by_label("年度").select_option("2025")
    expect(page.get_by_label("截止日")).to_have_value("2025-06-30")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2025年1—6月")


def test_the_colours_are_chosen_once_and_kept(log_in: Callable[[str], Page], county: Any) -> None:
    page = log_in("leader")
    page.locator(".top-tools details.menu summary").click()
    page.get_by_role("button", name="深色").click()
    page.goto(f"{county.url}/projects/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_keyboard_alone_reaches_a_figure(log_in: Callable[[str], Page], county: Any) -> None:
    page = log_in("leader")
    page.goto(f"{county.url}/?year=2026&as_of=2026-12-31")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    goal = page.locator(".target strong a").first
    for _ in range(40):
        page.keyboard.press("Tab")
        if goal.evaluate("link => link === document.activeElement"):
            break
    expect(goal).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("签约项目")


def test_the_pages_work_without_scripts(browser: Any, county: Any) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(county.url)
    page.get_by_label("用户名").fill("leader")
    page.get_by_label("密码").fill("right-horse-9")
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name="项目", exact=True).click()
    page.locator("#id_q").fill("高纯镓")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.locator("summary", has_text="leader").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    context.close()
