"""Rows of the ledgers, of what follows from them, and of deliveries, for tests.

Plain rows: an item's life is made by the verbs (``pipeline.ledgers``), not by these.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import factory

from crm.models import (
    Area,
    Delivery,
    NoticeChannel,
    NoticeChoice,
    NoticeHours,
    Role,
    Unit,
    User,
)
from pipeline.models import (
    AreaReview,
    Escalation,
    Falsehood,
    Indicator,
    Instruction,
    ItemEvent,
    ItemState,
    LeadStep,
    Ledger,
    LedgerFile,
    LedgerItem,
    Meeting,
    MonthlyProgress,
    RollupCheck,
    ScoreAppeal,
    ScoreScheme,
)
from tests.factories import LONG_AGO, ProjectFactory, UserFactory, instant

NOON = instant("2026-09-30 12:00")
DAY = dt.date(2026, 9, 20)
MONTH = dt.date(2026, 9, 1)


class AreaFactory(factory.django.DjangoModelFactory[Area]):
    class Meta:
        model = Area
        django_get_or_create = ("name",)

    name = factory.Sequence(lambda n: f"领域{n}")
    position = factory.Sequence(int)


class UnitFactory(factory.django.DjangoModelFactory[Unit]):
    """A department of no area; ``park=`` makes it the committee of one."""

    class Meta:
        model = Unit
        django_get_or_create = ("name",)

    name = factory.Sequence(lambda n: f"单位{n}")
    position = factory.Sequence(int)


def person_of(unit: Unit, username: str = "") -> User:
    """Somebody of a department, who sees nothing but its tasks."""
    return UserFactory(username=username or f"of-{unit.pk}", role=Role.UNIT, unit=unit)


def the_supervisor() -> User:
    """Who keeps the ledgers."""
    return UserFactory(username="supervisor", role=Role.SUPERVISOR)


class LedgerFactory(factory.django.DjangoModelFactory[Ledger]):
    class Meta:
        model = Ledger
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"ledger-{n}")
    name = factory.LazyAttribute(lambda o: f"台账 {o.slug}")
    prefix = "议"
    position = factory.Sequence(int)


class MeetingFactory(factory.django.DjangoModelFactory[Meeting]):
    class Meta:
        model = Meeting

    ledger = factory.SubFactory(LedgerFactory)
    number = factory.Sequence(lambda n: f"平政专纪〔2026〕{n}号")
    title = "县政府专题会议"
    held_on = DAY
    recorded_at = LONG_AGO
    recorded_by = factory.LazyFunction(the_supervisor)


class LedgerItemFactory(factory.django.DjangoModelFactory[LedgerItem]):
    """A draft; ``issued`` and ``active`` are with a unit, day 0 being 20 September 2026."""

    class Meta:
        model = LedgerItem

    class Params:
        issued = factory.Trait(
            state=ItemState.ISSUED, unit=factory.SubFactory(UnitFactory), issued_on=DAY
        )
        active = factory.Trait(
            state=ItemState.ACTIVE, unit=factory.SubFactory(UnitFactory), issued_on=DAY
        )

    ledger = factory.SubFactory(LedgerFactory)
    number = factory.Sequence(lambda n: f"议-2026-{n:03d}")
    goal = factory.Sequence(lambda n: f"完成第 {n} 项任务")
    created_at = LONG_AGO
    created_by = factory.LazyFunction(the_supervisor)


class ItemEventFactory(factory.django.DjangoModelFactory[ItemEvent]):
    class Meta:
        model = ItemEvent

    item = factory.SubFactory(LedgerItemFactory, active=True)
    kind = "progress"
    text = "正在办理"
    recorded_at = NOON
    recorded_by = factory.LazyFunction(the_supervisor)


class LedgerFileFactory(factory.django.DjangoModelFactory[LedgerFile]):
    class Meta:
        model = LedgerFile

    item = factory.SubFactory(LedgerItemFactory, active=True)
    name = "佐证.pdf"
    file = "ledgers/aa/aa"
    media_type = "application/pdf"
    size = 8
    sha256 = "a" * 64
    uploaded_at = NOON
    uploaded_by = factory.LazyFunction(the_supervisor)


class EscalationFactory(factory.django.DjangoModelFactory[Escalation]):
    """An automatic reminder (催办) of an item that was due on 23 September."""

    class Meta:
        model = Escalation

    item = factory.SubFactory(LedgerItemFactory, active=True)
    level = 1
    node = "feedback"
    clock_due_on = dt.date(2026, 9, 23)
    triggered_on = dt.date(2026, 9, 24)
    state = "done"
    recorded_at = NOON


class LeadStepFactory(factory.django.DjangoModelFactory[LeadStep]):
    class Meta:
        model = LeadStep

    project = factory.SubFactory(ProjectFactory)
    kind = "answered"
    text = "已联系"
    recorded_at = NOON
    recorded_by = factory.SubFactory(UserFactory, username="second")


class MonthlyProgressFactory(factory.django.DjangoModelFactory[MonthlyProgress]):
    class Meta:
        model = MonthlyProgress

    item = factory.SubFactory(LedgerItemFactory, active=True)
    unit = factory.LazyAttribute(lambda o: o.item.unit)
    month = MONTH
    state = "on_track"
    text = "按计划推进"
    filed_at = NOON
    filed_by = factory.SubFactory(UserFactory, username="second")


class AreaReviewFactory(factory.django.DjangoModelFactory[AreaReview]):
    class Meta:
        model = AreaReview

    area = factory.SubFactory(AreaFactory)
    month = MONTH
    created_at = NOON
    created_by = factory.SubFactory(UserFactory, username="leader", leader=True)


class InstructionFactory(factory.django.DjangoModelFactory[Instruction]):
    class Meta:
        model = Instruction

    review = factory.SubFactory(AreaReviewFactory)
    unit = factory.SubFactory(UnitFactory)
    text = "抓紧办理用地手续"
    given_at = NOON
    given_by = factory.SubFactory(UserFactory, username="leader", leader=True)


class ScoreSchemeFactory(factory.django.DjangoModelFactory[ScoreScheme]):
    class Meta:
        model = ScoreScheme

    level = "park"
    year = 2026
    recorded_at = LONG_AGO
    recorded_by = factory.LazyFunction(the_supervisor)
    reason = "年度考核办法"


class IndicatorFactory(factory.django.DjangoModelFactory[Indicator]):
    class Meta:
        model = Indicator

    scheme = factory.SubFactory(ScoreSchemeFactory)
    measure = "signed_projects"
    weight = Decimal(30)


class FalsehoodFactory(factory.django.DjangoModelFactory[Falsehood]):
    class Meta:
        model = Falsehood

    item = factory.SubFactory(LedgerItemFactory, active=True)
    unit = factory.LazyAttribute(lambda o: o.item.unit if o.item else None)
    found_on = DAY
    reason = "虚报办结"
    recorded_at = NOON
    recorded_by = factory.LazyFunction(the_supervisor)


class ScoreAppealFactory(factory.django.DjangoModelFactory[ScoreAppeal]):
    class Meta:
        model = ScoreAppeal

    level = "unit"
    unit = factory.SubFactory(UnitFactory)
    year = 2026
    as_of = DAY
    measure = "closed_on_time"
    text = "逾期是因为上级批复晚"
    appealed_at = NOON
    appealed_by = factory.SubFactory(UserFactory, username="second")


class RollupCheckFactory(factory.django.DjangoModelFactory[RollupCheck]):
    class Meta:
        model = RollupCheck

    checked_at = NOON
    year = 2026
    as_of = DAY
    known_at = NOON
    compared = 40
    seconds = 1.5


class NoticeChoiceFactory(factory.django.DjangoModelFactory[NoticeChoice]):
    class Meta:
        model = NoticeChoice

    user = factory.SubFactory(UserFactory, username="second")
    group = "ledgers"


class NoticeHoursFactory(factory.django.DjangoModelFactory[NoticeHours]):
    class Meta:
        model = NoticeHours

    user = factory.SubFactory(UserFactory, username="second")


class NoticeChannelFactory(factory.django.DjangoModelFactory[NoticeChannel]):
    class Meta:
        model = NoticeChannel

    name = factory.Sequence(lambda n: f"督查群{n}")
    kind = "wecom"
    address = "key"
    created_at = LONG_AGO
    created_by = factory.SubFactory(UserFactory, username="admin", admin=True)


class DeliveryFactory(factory.django.DjangoModelFactory[Delivery]):
    """A message to a person that waits; ``channel=…, user=None`` is one to a group."""

    class Meta:
        model = Delivery

    user = factory.SubFactory(UserFactory, username="second")
    kind = "item.urged"
    text = "请办理"
    key = factory.Sequence(lambda n: f"occasion-{n}")
    created_at = NOON
    due_at = NOON


def one_of_each() -> None:
    """A row in each of these tables that history stands in."""
    ItemEventFactory()
    LedgerFileFactory()
    EscalationFactory()
    LeadStepFactory()
    MonthlyProgressFactory()
    IndicatorFactory()
    FalsehoodFactory()
    ScoreAppealFactory()


def named(**more: Any) -> dict[str, Any]:
    """The columns of a level-three escalation that a person approved, with changes."""
    good = {
        "level": 3,
        "state": "approved",
        "decided_at": NOON,
        "decided_by": the_supervisor(),
        "deadline": DAY,
    }
    return {**good, **more}
