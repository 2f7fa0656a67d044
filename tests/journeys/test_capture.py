"""A visit recorded on a phone: the line drops, the tab is closed, nothing is lost or doubled."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_draft_outlives_the_line_and_the_tab_and_is_sent_once(
    log_in: Callable[[str], Page], county: Any
) -> None:
    from pipeline.models import Interaction

    before = Interaction.objects.count()
    page = log_in("officer-rare-metals")
    page.set_viewport_size(PHONE)
    page.locator("#content").get_by_role("link", name="记接洽", exact=True).click()

    # Whom, by one tap; what was typed before stays.
    page.get_by_label("谈了什么").fill("看了二期厂房，谈到用地")
    page.get_by_role("link", name="苹果浓缩汁项目").click()
    expect(page.locator("[data-draft-label]")).to_have_text("苹果浓缩汁项目")
    page.get_by_text("请进来").click()
    page.get_by_label("王经理").check()
    page.get_by_label("选照片").set_input_files(
        {"name": "厂区.png", "mimeType": "image/png", "buffer": PICTURE}
    )
    expect(page.get_by_role("img", name="厂区.png")).to_be_visible()
    page.get_by_label("下一步办什么").fill("送合同文本")
    page.get_by_role("button", name="明天").click()

    # The line drops: sending fails and says where the entry is.
    context = page.context
    context.set_offline(True)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已离线，保存在本机")).to_be_visible()
    page.close()
    assert Interaction.objects.count() == before

    # Another day, another tab: everything is there.
    context.set_offline(False)
    page = context.new_page()
    page.set_viewport_size(PHONE)
    page.goto(f"{county.url}/interactions/new/")
    expect(page.get_by_text("已恢复草稿")).to_be_visible()
    expect(page.locator("[data-draft-label]")).to_have_text("苹果浓缩汁项目")
    expect(page.get_by_label("谈了什么")).to_have_value("看了二期厂房，谈到用地")
    expect(page.get_by_label("请进来")).to_be_checked()
    expect(page.get_by_label("王经理")).to_be_checked()
    expect(page.get_by_role("img", name="厂区.png")).to_be_visible()

    # The answer to the first sending is lost; the second finds the entry that it made.
    page.route("**/interactions/new/", _lose_the_answer, times=1)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已离线，保存在本机")).to_be_visible()
    page.get_by_role("button", name="保存").click()
    page.get_by_text("这条记录之前已经送达").wait_for()
    (row,) = Interaction.objects.filter(summary__startswith="看了二期")
    assert Interaction.objects.count() == before + 1
    assert (row.kind, row.photos.count()) == ("visit_in", 1)
    assert (row.contacts.get().name, row.follow_ups.get().what) == ("王经理", "送合同文本")
    image = page.get_by_role("img", name="厂区.png")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1

    # What was sent is no draft any more.
    page.goto(f"{county.url}/interactions/new/")
    expect(page.get_by_label("谈了什么")).to_have_value("")
    expect(page.get_by_text("已恢复草稿")).to_be_hidden()


def _lose_the_answer(route: Any) -> None:
    """The server gets what is sent, and what it answers never arrives."""
    route.fetch()
    route.abort("connectionreset")
