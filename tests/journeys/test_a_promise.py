"""A promise from the meeting that made it to its end, as each of those who have a part in it.

Two tests, as nobody can wait for a clock: the first begins today, the second with a promise
whose first days lie behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import DESK, PASSWORD, watch
from tests.journeys.test_accessible import SMALLEST, violations
from tests.journeys.test_officers_day import PDF

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

MINUTES = """会议议定以下事项：
一、完成标准厂房二期用地报批（责任单位：自然资源局；配合单位：发改局）
二、修通园区东环路（责任单位：交通委）"""
LAND = "完成标准厂房二期用地报批"
PROOF = {"name": "用地批复.pdf", "mimeType": "application/pdf", "buffer": PDF}
As = Callable[[str], Page]


@pytest.fixture
def office(live_server: Any, transactional_db: None, settings: Any, tmp_path: Any) -> Any:
    """A county's supervision office: a ledger, two units with their people, a leader."""
    from tests.factories import UserFactory
    from tests.ledger_factories import LedgerFactory, UnitFactory, person_of, the_supervisor

    settings.MEDIA_ROOT = tmp_path
    LedgerFactory(slug="decisions", name="议定事项")
    land = UnitFactory(name="县自然资源局", aliases=["自然资源局"])
    UnitFactory(name="县发展和改革局", aliases=["发改局"])
    roads = UnitFactory(name="县交通运输局")
    people = [
        the_supervisor(),
        UserFactory(username="leader", full_name="王县长", leader=True),
        person_of(land, "land"),
        person_of(roads, "roads"),
    ]
    for person in people:
        person.set_password(PASSWORD)
        person.save()
    return live_server


@pytest.fixture
def as_person(browser: Any, browser_context_args: dict[str, Any], office: Any) -> Iterator[As]:
    """A desk for each, who logs in by the form and stays; nothing may go wrong on any."""
    desks: dict[str, Page] = {}
    wrong: dict[str, list[str]] = {}
    contexts = []

    def at_desk(username: str) -> Page:
        if username not in desks:
            of_desk = {**browser_context_args, "viewport": DESK, "reduced_motion": "reduce"}
            context = browser.new_context(**of_desk)
            context.set_default_timeout(10_000)
            contexts.append(context)
            desks[username] = page = context.new_page()
            wrong[username] = watch(page)
            page.goto(office.url)
            page.get_by_label("用户名").fill(username)
            page.get_by_label("密码").fill(PASSWORD)
            page.get_by_role("button", name="登录").click()
            page.locator(".top-tools").wait_for()
        return desks[username]

    yield at_desk
    for context in contexts:
        context.close()
    assert {name: found for name, found in wrong.items() if found} == {}


def looks_right(page: Page) -> None:
    """Axe finds nothing, and the smallest phone shows all of it without scrolling sideways."""
    assert violations(page) == []
    page.set_viewport_size(SMALLEST)
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"]
    page.set_viewport_size(DESK)


def act(page: Page, name: str, said: str, **filled: str) -> None:
    """Do what a button of the item's page offers; ``filled`` are labels' beginnings."""
    fold = page.locator(f"#act-{name}")
    fold.locator("summary").click()
    if proof := filled.pop("proof", None):
        fold.locator("input[type=file]").set_input_files({**PROOF, "name": proof})
    for label, text in filled.items():
        fold.get_by_label(re.compile(rf"^\s*{label}")).fill(text)
    fold.locator("button[type=submit]").click()
    expect(page.get_by_text(said, exact=True)).to_be_visible()


def lights(page: Page) -> Locator:
    """The light of the item that the page is about."""
    return page.locator(".item-signs")


def test_minutes_become_a_promise_that_its_unit_signs_for_and_hands_in(
    office: Any, as_person: As
) -> None:
    from django.utils import timezone

    # The supervision office pastes a meeting's minutes and corrects what was not understood.
    desk = as_person("supervisor")
    desk.goto(f"{office.url}/ledgers/meetings/new/")
    desk.get_by_label("台账").select_option("议定事项")
    desk.locator("#id_title").fill("县政府专题会议")
    desk.get_by_label("召开日").fill(str(timezone.localdate()))
    desk.locator("#id_text").fill(MINUTES)
    desk.get_by_role("button", name="下一步").click()
    road = desk.locator("#row-2")
    expect(road).to_contain_text("不认识“交通委”")
    looks_right(desk)
    road.get_by_label("责任单位").select_option("县交通运输局")
    desk.get_by_role("button", name="建账", exact=True).click()
    expect(desk.get_by_text("已建账 2 项，等另一位审定。")).to_be_visible()
    looks_right(desk)
    meeting = desk.url

    # Another approves both at once; the office hands them over.
    leader = as_person("leader")
    leader.goto(meeting)
    leader.get_by_role("link", name="批量审定（2 项）").click()
    leader.get_by_label("选择本页全部").check()
    leader.get_by_role("button", name="审定").click()
    expect(leader.locator(".message, .alert, [role=status]").first).to_contain_text("2")
    desk.goto(meeting)
    desk.get_by_role("link", name=LAND).click()
    item = desk.url
    desk.get_by_role("button", name="交账").click()
    expect(desk.get_by_text("已交账，今天是第 0 天。")).to_be_visible()

    # Its unit finds it first thing, signs for it, names a person and says how it goes.
    unit = as_person("land")
    unit.get_by_role("link", name=LAND).first.click()
    expect(unit).to_have_url(item)
    unit.get_by_role("button", name="签收").click()
    expect(unit.get_by_text("已签收。")).to_be_visible()
    act(unit, "assign", "已明确责任人。", 姓名="张三")
    act(unit, "feed_back", "已反馈。", 情况="组卷材料已报市局")
    looks_right(unit)
    act(unit, "submit", "已报办结，等待核账。", 办理结果="批复已下", proof="用地批复.pdf")
    expect(unit.locator("#act-submit")).to_have_count(0)

    # The other unit sees nothing of it; the office reads the proof and sends it back.
    other = as_person("roads")
    answer = other.goto(item)
    assert answer is not None
    assert answer.status == 404
    desk.goto(item)
    with desk.expect_download() as file:
        desk.get_by_role("link", name="用地批复.pdf").click()
    assert file.value.suggested_filename == "用地批复.pdf"
    act(desk, "return_", "已退回责任单位。", 原因="批复缺第二宗地")
    looks_right(desk)

    # The unit is told why.
    unit.goto(f"{office.url}/notices/")
    unit.get_by_role("link", name=re.compile("批复缺第二宗地")).click()
    expect(unit).to_have_url(item)
    expect(unit.locator("#act-submit")).to_be_visible()
    expect(lights(unit)).to_contain_text("办理中")


@pytest.fixture
def overdue(office: Any) -> Any:
    """What its unit said a week ago it would do by yesterday; the unit's card counts delays."""
    from django.utils import timezone

    from crm.models import Unit, User
    from pipeline import ledgers
    from pipeline.models import Ledger
    from tests.pipeline.scorecards import less, one, table

    by = {user.username: user for user in User.objects.all()}
    ended = timezone.now()
    begun = ended - timedelta(days=8)
    item = ledgers.draft(
        Ledger.objects.get(slug="decisions"),
        goal=LAND,
        unit=Unit.objects.get(name="县自然资源局"),
        by=by["supervisor"],
        at=begun,
    )
    ledgers.approve(item, by=by["leader"], at=begun)
    ledgers.issue(item, by=by["supervisor"], at=begun)
    ledgers.accept(item, by=by["land"], at=begun)
    ledgers.assign(item, name="张三", by=by["land"], at=begun)
    ledgers.feed_back(item, text="组卷材料已报市局", by=by["land"], at=begun + timedelta(days=2))
    ledgers.submit(item, text="批复已下", by=by["land"], at=begun + timedelta(days=5))
    ledgers.return_(
        item, reason="批复缺第二宗地", by=by["supervisor"], at=begun + timedelta(days=6)
    )
    scored = (one("closed_on_time", target=1), less("overdue"), less("returned", 3))
    table("unit", *scored, year=timezone.localdate(ended).year)
    return item


def test_an_overdue_promise_is_pressed_kept_struck_off_and_scored(
    office: Any, overdue: Any, as_person: As
) -> None:
    from django.utils import timezone

    from pipeline.supervise import supervise

    # Red to who opens it, and pressed by the day's run; once, however often it runs.
    item = f"{office.url}/ledgers/items/{overdue.pk}/"
    unit = as_person("land")
    unit.goto(item)
    expect(lights(unit)).to_contain_text("逾期 1 天")
    for _run in range(2):
        supervise(at=timezone.now())
    unit.goto(f"{office.url}/notices/")
    unit.get_by_role("link", name=re.compile("^催办")).click()
    expect(unit).to_have_url(item)
    expect(unit.get_by_role("region", name="督办升级")).to_contain_text("催办")
    looks_right(unit)

    desk = as_person("supervisor")
    desk.goto(f"{office.url}/ledgers/escalations/")
    desk.get_by_role("link", name="已执行").click()
    desk.get_by_label("级别").select_option("催办")
    desk.get_by_role("button", name="筛选").click()
    expect(desk.get_by_role("row").filter(has_text=LAND)).to_have_count(1)
    looks_right(desk)
    desk.get_by_role("link", name=LAND).click()
    expect(desk).to_have_url(item)

    # The unit files the month, and hands in again; it is passed, and a leader strikes it off.
    unit.goto(f"{office.url}/ledgers/monthly/")
    looks_right(unit)
    unit.get_by_label("进展情况").fill("第二宗地批复今天拿到")
    unit.get_by_role("button", name="全部保存").click()
    expect(unit.get_by_text("已保存 1 项。")).to_be_visible()
    unit.goto(item)
    expect(unit.get_by_role("region", name="月度进展")).to_contain_text("第二宗地批复今天拿到")
    act(unit, "submit", "已报办结，等待核账。", 办理结果="两宗地批复齐", proof="用地批复.pdf")
    desk.reload()
    act(desk, "pass_", "核账通过。")
    leader = as_person("leader")
    leader.goto(item)
    act(leader, "close", "已销账。", 说明="办得扎实")

    # The track is whole; nobody can do anything more with it than take it up anew.
    unit.goto(item)
    track = unit.get_by_role("list", name="建账到销账")
    expect(track.get_by_text("已过")).to_have_count(6)
    expect(track.locator("[aria-current=step]")).to_contain_text("销账")
    expect(unit.get_by_role("region", name="办理", exact=True)).to_have_count(0)
    expect(unit.locator("main form")).to_have_count(0)
    record = unit.get_by_role("region", name="办理记录")
    for said in ("批复缺第二宗地", "两宗地批复齐", "用地批复.pdf", "办得扎实"):
        expect(record).to_contain_text(said)
    looks_right(unit)
    leader.reload()
    expect(leader.locator(".item-act")).to_have_count(1)
    expect(leader.locator("#act-reopen")).to_be_visible()

    # What the delay cost stands on the unit's card, and leads back to the promise.
    unit.get_by_text("更多").click()
    unit.get_by_role("link", name="考核").click()
    unit.get_by_role("link", name="县自然资源局").first.click()
    late = unit.locator("#overdue")
    expect(late).to_contain_text("−2")
    looks_right(unit)
    late.get_by_role("link", name="1", exact=True).click()
    expect(unit.get_by_role("heading", level=1)).to_contain_text("逾期事项")
    looks_right(unit)
    unit.get_by_role("link", name=re.compile(LAND)).click()
    expect(unit).to_have_url(item)
