"""A card is carried and refused with words why; by the keyboard it is claimed and marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


def carry(page: Page, card: Locator, column: Locator) -> None:
    """Drag as a hand does: Sortable wants to see the way, and a moment at its end."""
    page.evaluate("window.scrollTo(0, document.querySelector('.board').offsetTop)")
    # On a phone: the column's right edge beside the card's.
    column.evaluate(
        "column => { const board = column.closest('.board');"
        " board.scrollLeft = column.parentElement.offsetLeft + column.offsetWidth - 110; }"
    )
    start, end = card.bounding_box(), column.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 60, start["y"] + 44)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 60, steps=3)
    page.mouse.move(max(end["x"], 0) + 50, end["y"] + 40, steps=8)
    page.wait_for_timeout(200)
    page.mouse.up()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_drag_is_refused_with_words_and_the_keyboard_leads_to_a_claim(
    log_in: Callable[[str], Page], county: Any, size: Any
) -> None:
    page = log_in("officer-rare-metals")
    page.set_viewport_size(size)
    page.goto(f"{county.url}/board/")
    columns = page.locator(".board-cards")
    started = columns.nth(3).locator(".board-card").filter(has_text="年产3000吨高纯镓项目")
    carry(page, started, columns.nth(2))
    dialog = page.locator("#gate-dialog")
    expect(dialog).to_contain_text("要退回阶段，请核验员撤销里程碑")
    expect(page.locator("#board-says")).to_contain_text("请核验员撤销里程碑")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(started).to_be_visible()  # it is back in its column
    expect(started.locator(".board-name")).to_be_focused()

    page.keyboard.press("ArrowLeft")
    card = columns.nth(1).locator(".board-card").filter(has_text="苹果浓缩汁项目")
    expect(card.locator(".board-name")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("申报进入“签约”")
    expect(dialog).to_contain_text("准入评审通过")
    dialog.get_by_label("协议总投资（万元）").fill("50000")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("还不能申报")
    day = dialog.get_by_label("发生日")
    expect(day).to_be_focused()
    expect(dialog.get_by_label("协议总投资（万元）")).to_have_value("50000")
    day.fill("2026-03-05")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(card).to_contain_text("待核验：签约")
    expect(page.locator("#board-says")).to_contain_text("等核验员核验")
    expect(card.locator(".board-name")).to_be_focused()
