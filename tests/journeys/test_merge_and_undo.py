"""A company that was registered twice: seen while typing, merged with a preview, taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def twice(county: Any) -> None:
    """One company under two names, each with a project, a contact and a meeting."""
    import datetime as dt

    from pipeline.models import Interaction
    from tests.factories import (
        LONG_AGO,
        ContactFactory,
        ParkFactory,
        ProjectFactory,
        named_organization,
    )

    for name, project, person in (
        ("山西恒龙储能有限公司", "储能电池一期", "王建国"),
        ("恒龙储能（平陆）", "储能电池二期", "李敏"),
    ):
        company = named_organization(name, address=f"{person}填的地址")
        ContactFactory(organization=company, name=person, is_primary=True)
        made = ProjectFactory(
            investor=company, name=project, name_key=project, park=ParkFactory(slug="rare-metals")
        )
        Interaction.objects.create(
            project=made,
            organization=company,
            kind="call",
            occurred_on=dt.date(2026, 3, 1),
            summary=f"与{person}谈用电",
            recorded_at=LONG_AGO,
            recorded_by=made.officer,
        )


def test_a_duplicate_is_seen_merged_with_a_preview_and_the_merge_undone(
    log_in: Callable[[str], Page], county: Any, twice: None
) -> None:
    page = log_in("checker")
    page.set_viewport_size(DESK)
    page.goto(f"{county.url}/organizations/duplicates/")
    page.get_by_label("企业名称").press_sequentially("运城恒龙储能集团")
    found = page.locator("#found")
    expect(found.get_by_role("listitem")).to_have_count(2)
    found.get_by_role("link", name="山西恒龙储能有限公司").click()

    page.get_by_role("link", name="合并重复").click()
    page.get_by_role("listitem").filter(has_text="恒龙储能（平陆）").get_by_role(
        "link", name="把它并入"
    ).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("合并预览")
    for relation in ("项目", "接洽记录", "联系人"):
        expect(page.get_by_text(re.compile(rf"^{relation} 1$"))).to_be_visible()
    page.get_by_label("地址：李敏填的地址").check()
    page.get_by_role("button", name="确认合并").click()
    expect(page.get_by_text("已合并；合错了可以在这里撤销。")).to_be_visible()
    merged_at = page.url

    page.get_by_role("link", name="山西恒龙储能有限公司").click()
    content = page.locator("#content")
    for text in ("储能电池一期", "储能电池二期", "王建国", "李敏", "与李敏谈用电", "李敏填的地址"):
        expect(content).to_contain_text(text)

    page.set_viewport_size(PHONE)
    page.goto(merged_at)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="撤销合并").click()
    expect(page.get_by_text("已撤销合并：两条记录各归各位。")).to_be_visible()
    page.get_by_role("link", name="恒龙储能（平陆）").click()
    for text in ("储能电池二期", "李敏", "与李敏谈用电", "李敏填的地址"):
        expect(content).to_contain_text(text)
    expect(content).not_to_contain_text("储能电池一期")
