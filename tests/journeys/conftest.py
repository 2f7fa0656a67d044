"""A browser at a desk or a phone, before a county with projects in every state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "right-horse-9"
FIRST_PAGES = re.compile("招商引资进展|我的一天")  # an officer's own day, the others' cockpit
EXPECTED = ("status of 4", "net::ERR_INTERNET_DISCONNECTED")
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def county(live_server: Any, transactional_db: None) -> Any:
    """Two parks with projects in several states; a leader, a verifier and an officer."""
    import datetime as dt
    from decimal import Decimal

    from tests.factories import (
        ParkFactory,
        ProjectFactory,
        TargetFactory,
        UserFactory,
        claim,
        prepare_start,
    )

    yi = Decimal(100_000_000)
    park = ParkFactory(slug="rare-metals", name="稀有金属绿色科技产业园", short_name="稀有金属")
    other = ParkFactory(slug="auto-materials", name="汽车新材料产业园", short_name="汽车新材料")
    TargetFactory(metric="signed_projects", value=Decimal(50))
    TargetFactory(metric="signed_amount_yuan", value=200 * yi)
    TargetFactory(metric="start_rate", value=Decimal("0.6"))
    for holder in (park, other):
        TargetFactory(holder="park", park=holder, value=Decimal(20), is_example=True)
    ProjectFactory(name="年产3000吨高纯镓项目", started=True, park=park, amount=8 * yi)
    waiting = ProjectFactory(name="年产10万套铝轮毂项目", signed=True, park=other, amount=5 * yi)
    prepare_start(waiting)

    claim(
        waiting,
        "groundbreaking",
        on=dt.date(2026, 6, 1),
        documents=list(waiting.documents.filter(milestone=None)),
    )
    ProjectFactory(name="苹果浓缩汁项目", ready_to_sign=True, park=park)
    for username, role in (("leader", "leader"), ("checker", "verifier")):
        _with_password(UserFactory(username=username, full_name=username, role=role))
    _with_password(UserFactory(username="officer-rare-metals", park=park))
    return live_server


def _with_password(user: Any) -> None:
    user.set_password(PASSWORD)
    user.save()


def watch(page: Page) -> list[str]:
    """What goes wrong on a page from now on: a script's error, anything that the browser
    complains of (a refused resource among it), an address outside of the site.

    That a form was refused (a status of 400 and above) is an answer, not a complaint, nor is
    that there is no line where a test cut it.
    """
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            wrong.append(message.text)
            if message.type == "error" and not any(said in message.text for said in EXPECTED)
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://localhost", "http://127.0.0.1", "data:"))
            else wrong.append(f"left the site: {request.url}")
        ),
    )
    return wrong


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A page that fails the test for whatever went wrong on it."""
    wrong = watch(page)
    yield page
    assert wrong == []


@pytest.fixture
def log_in(watched: Page, county: Any) -> Callable[[str], Page]:
    """Log in by the form, as a person does."""

    def as_person(username: str) -> Page:
        watched.goto(county.url)
        watched.get_by_label("用户名").fill(username)
        watched.get_by_label("密码").fill(PASSWORD)
        watched.get_by_role("button", name="登录").click()
        watched.get_by_role("heading", name=FIRST_PAGES, level=1).wait_for()
        return watched

    return as_person
