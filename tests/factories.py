"""Rows for tests. A trait is named for a state; what has a history gets it by the real verbs.

    ProjectFactory(ready_to_sign=True)          # nothing is missing for a formal contract
    ProjectFactory(signed=True, amount=5)       # claimed by its officer, verified by another
    ProjectFactory(started=True, signed_on=date(2025, 12, 31), started_on=date(2026, 1, 1))

Days are claimed at ten the next morning and verified at three, by the clock of the county.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import factory

from crm import names
from crm.models import Channel, Contact, Industry, Organization, Park, Role, User
from pipeline import milestones
from pipeline.models import (
    Document,
    DocumentKind,
    FactorKind,
    FactorNeed,
    FundsReceipt,
    Interaction,
    InteractionKind,
    Load,
    LoadRow,
    Milestone,
    Project,
    Report,
    ReportOpening,
    ReportShare,
    Review,
    ReviewKind,
    RowOutcome,
    Target,
)
from pipeline.stages import ContractKind, MilestoneKind, Precision

SHANGHAI = ZoneInfo("Asia/Shanghai")
PROJECT_CODE = "2603-140829-04-01-123456"
YUAN = Decimal(100_000_000)  # what a project is worth unless a test says otherwise


def instant(text: str) -> dt.datetime:
    """An instant by the county's clock: ``instant("2026-03-05 10:00")``."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


LONG_AGO = instant("2020-01-01 08:00")


def after(day: dt.date, hour: int) -> dt.datetime:
    """The given hour of the day after ``day``."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(hour), SHANGHAI)


class ParkFactory(factory.django.DjangoModelFactory[Park]):
    class Meta:
        model = Park
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"park-{n}")
    name = factory.LazyAttribute(lambda o: f"{o.slug}产业园区")
    short_name = factory.LazyAttribute(lambda o: o.slug[:20])
    position = factory.Sequence(int)


class UserFactory(factory.django.DjangoModelFactory[User]):
    """An officer of the whole county, unless a trait says what else."""

    class Meta:
        model = User
        django_get_or_create = ("username",)

    class Params:
        manager = factory.Trait(role=Role.MANAGER, park=factory.SubFactory(ParkFactory))
        verifier = factory.Trait(role=Role.VERIFIER)
        leader = factory.Trait(role=Role.LEADER)
        auditor = factory.Trait(role=Role.AUDITOR)
        admin = factory.Trait(role=Role.ADMIN)

    username = factory.Sequence(lambda n: f"user-{n}")
    full_name = factory.LazyAttribute(lambda o: o.username)
    role = Role.OFFICER


def the_verifier() -> User:
    """Who verifies the histories that these factories make."""
    return UserFactory(username="verifier", verifier=True)


class ChannelFactory(factory.django.DjangoModelFactory[Channel]):
    class Meta:
        model = Channel
        django_get_or_create = ("code",)

    code = "business-by-business"
    name = factory.LazyAttribute(lambda o: f"招商{o.code}")


class IndustryFactory(factory.django.DjangoModelFactory[Industry]):
    class Meta:
        model = Industry
        django_get_or_create = ("code",)

    code = "32"
    name = factory.LazyAttribute(lambda o: f"行业{o.code}")
    section = "C"
    section_name = "制造业"
    sector = "第二产业"


class OrganizationFactory(factory.django.DjangoModelFactory[Organization]):
    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"投资方{n}有限公司")
    name_key = factory.SelfAttribute("name")
    matching_key = factory.SelfAttribute("name")
    created_at = LONG_AGO
    created_by = factory.SubFactory(UserFactory, username="clerk")


def named_organization(name: str, **more: Any) -> Organization:
    """An organization with what follows from its name, so that it is found by it."""
    keys = {
        "name_key": names.normalise(name),
        "matching_key": names.matching_key(name),
        "pinyin": names.pinyin(name),
        "initials": names.initials(name),
    }
    return OrganizationFactory(name=name, **keys, **more)


class ContactFactory(factory.django.DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    organization = factory.SubFactory(OrganizationFactory)
    name = "王经理"
    created_at = LONG_AGO
    created_by = factory.SelfAttribute("organization.created_by")


class ProjectFactory(factory.django.DjangoModelFactory[Project]):
    """A bare lead in a park, with an officer of that park; traits take it further.

    ``reached`` names the state, one of :data:`STATES`; each has a trait of its name.
    """

    class Meta:
        model = Project

    class Params:
        ready_to_contact = factory.Trait(reached="ready_to_contact")
        in_contact = factory.Trait(reached="in_contact")
        ready_to_sign = factory.Trait(reached="ready_to_sign")
        signed = factory.Trait(reached="signed")
        ready_to_start = factory.Trait(reached="ready_to_start")
        started = factory.Trait(reached="started")
        ready_to_produce = factory.Trait(reached="ready_to_produce")
        producing = factory.Trait(reached="producing")
        without_park = factory.Trait(
            park=None,
            is_county_level=True,
            officer=factory.SubFactory(UserFactory, username="county-officer"),
        )

    name = factory.Sequence(lambda n: f"项目{n}")
    name_key = factory.SelfAttribute("name")
    investor = factory.SubFactory(OrganizationFactory)
    park = factory.SubFactory(ParkFactory, slug="rare-metals")
    officer = factory.SubFactory(
        UserFactory,
        username=factory.LazyAttribute(lambda o: f"officer-{o.park.slug if o.park else 'county'}"),
        park=factory.SelfAttribute("..park"),
    )
    created_at = LONG_AGO
    created_by = factory.SubFactory(UserFactory, username="clerk")

    reached = "lead"
    amount = YUAN
    contacted_on = dt.date(2022, 1, 10)
    signed_on = dt.date(2026, 3, 5)
    started_on = dt.date(2026, 6, 20)
    produced_on = dt.date(2026, 9, 10)

    @classmethod
    def _create(cls, model_class: type[Project], *args: Any, **kwargs: Any) -> Project:
        reached, amount = kwargs.pop("reached"), kwargs.pop("amount")
        days = {name: kwargs.pop(f"{name}_on") for name in ("contacted", "signed", "started")}
        produced_on = kwargs.pop("produced_on")
        project: Project = super()._create(model_class, *args, **kwargs)
        steps = [
            lambda: prepare_contact(project),
            lambda: reach(project, MilestoneKind.CONTACT, on=days["contacted"]),
            lambda: prepare_signing(project),
            lambda: sign(project, on=days["signed"], amount=amount),
            lambda: prepare_start(project),
            lambda: reach(project, MilestoneKind.GROUNDBREAKING, on=days["started"]),
            lambda: prepare_production(project),
            lambda: reach(project, MilestoneKind.PRODUCTION, on=produced_on),
        ]
        for step in steps[: STATES.index(reached)]:
            step()
        project.refresh_from_db()
        return project


STATES = (
    "lead",
    "ready_to_contact",
    "in_contact",
    "ready_to_sign",
    "signed",
    "ready_to_start",
    "started",
    "ready_to_produce",
    "producing",
)


def prepare_contact(project: Project) -> None:
    """What a first contact asks for: a person, a talk, and the question of duplicates."""
    ContactFactory(organization=project.investor)
    Interaction.objects.create(
        project=project,
        organization=project.investor,
        kind=InteractionKind.VISIT_OUT,
        occurred_on=dt.date(2022, 1, 5),
        summary="初次拜访",
        recorded_at=LONG_AGO,
        recorded_by=project.officer,
    )
    _set(project, duplicates_answer="无重复")


def prepare_signing(project: Project, contract: str = DocumentKind.CONTRACT) -> None:
    """What a contract asks for: industry, channel, the text, three reviews."""
    _set(project, industry=IndustryFactory(), channel=ChannelFactory())
    DocumentFactory(project=project, kind=contract)
    for kind in ReviewKind.values:
        ReviewFactory(project=project, kind=kind)


def prepare_start(project: Project) -> None:
    """What a groundbreaking asks for: the filing, a works contract, two photos, land."""
    _set(project, project_code=PROJECT_CODE)
    DocumentFactory(project=project, kind=DocumentKind.CONSTRUCTION_CONTRACT)
    DocumentFactory.create_batch(2, project=project, kind=DocumentKind.SITE_PHOTO)
    FactorNeedFactory(project=project)


def prepare_production(project: Project) -> None:
    DocumentFactory(project=project, kind=DocumentKind.PRODUCTION_PROOF)


def claim(project: Project, kind: str, *, on: dt.date, **kwargs: Any) -> Milestone:
    """Claimed by the project's officer at ten the next morning."""
    kwargs = {"at": after(on, 10), "by": project.officer, **kwargs}
    return milestones.claim(project, kind=kind, occurred_on=on, **kwargs)


def reach(project: Project, kind: str, *, on: dt.date, **kwargs: Any) -> Milestone:
    """Claimed in the morning, verified in the afternoon."""
    claimed = claim(project, kind, on=on, **kwargs)
    return milestones.verify(claimed, by=the_verifier(), at=max(after(on, 15), claimed.claimed_at))


def sign(
    project: Project,
    *,
    on: dt.date,
    amount: Decimal | int = YUAN,
    contract_kind: str = ContractKind.FORMAL,
    **kwargs: Any,
) -> Milestone:
    return reach(
        project,
        MilestoneKind.SIGNING,
        on=on,
        amount=Decimal(amount),
        contract_kind=contract_kind,
        **kwargs,
    )


def _set(project: Project, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(project, name, value)
    project.save(update_fields=list(fields))


class DocumentFactory(factory.django.DjangoModelFactory[Document]):
    """A file by name only: nothing is stored for it."""

    class Meta:
        model = Document

    project = factory.SubFactory(ProjectFactory)
    kind = DocumentKind.OTHER
    name = factory.LazyAttribute(lambda o: f"{o.kind}.pdf")
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    file = factory.LazyAttribute(lambda o: f"documents/{o.sha256[:2]}/{o.sha256}")
    media_type = "application/pdf"
    size = 1024
    uploaded_at = LONG_AGO
    uploaded_by = factory.SelfAttribute("project.officer")


class ReviewFactory(factory.django.DjangoModelFactory[Review]):
    class Meta:
        model = Review

    project = factory.SubFactory(ProjectFactory)
    kind = ReviewKind.ADMISSION
    passed = True
    held_on = dt.date(2022, 1, 20)
    recorded_at = LONG_AGO
    recorded_by = factory.SelfAttribute("project.officer")


class FactorNeedFactory(factory.django.DjangoModelFactory[FactorNeed]):
    """Land, met long ago."""

    class Meta:
        model = FactorNeed

    project = factory.SubFactory(ProjectFactory)
    kind = FactorKind.LAND
    met_on = dt.date(2022, 2, 1)
    recorded_at = LONG_AGO
    recorded_by = factory.SelfAttribute("project.officer")


class LoadRowFactory(factory.django.DjangoModelFactory[LoadRow]):
    """A row of a workbook that stands as evidence."""

    class Meta:
        model = LoadRow

    load = factory.LazyFunction(
        lambda: Load.objects.create(
            name="台账.xlsx",
            file="loads/00/0",
            sha256="0" * 64,
            size=1,
            today=dt.date(2026, 9, 30),
            loaded_at=LONG_AGO,
            loaded_by=the_verifier(),
        )
    )
    sheet = "台账"
    row = factory.Sequence(lambda n: n + 3)
    outcome = RowOutcome.CREATED
    project = factory.SubFactory(ProjectFactory)


class FundsReceiptFactory(factory.django.DjangoModelFactory[FundsReceipt]):
    """Recorded and not verified; ``pipeline.funds`` has the verbs."""

    class Meta:
        model = FundsReceipt

    project = factory.SubFactory(ProjectFactory)
    received_on = dt.date(2026, 5, 1)
    precision = Precision.DAY
    amount = Decimal(1_000_000)
    document = factory.SubFactory(DocumentFactory, project=factory.SelfAttribute("..project"))
    recorded_at = instant("2026-05-02 10:00")
    recorded_by = factory.SelfAttribute("project.officer")
    park = factory.SelfAttribute("project.park")


class TargetFactory(factory.django.DjangoModelFactory[Target]):
    """50 projects signed, for the county."""

    class Meta:
        model = Target

    metric = "signed_projects"
    year = 2026
    holder = "county"
    value = Decimal(50)
    recorded_at = LONG_AGO
    reason = "年度目标"


class ReportFactory(factory.django.DjangoModelFactory[Report]):
    """A draft of the county's third quarter of 2026."""

    class Meta:
        model = Report

    kind = "quarter"
    year = 2026
    number = 3
    as_of = dt.date(2026, 9, 30)
    created_at = instant("2026-10-08 09:00")
    created_by = factory.LazyFunction(the_verifier)


class ReportShareFactory(factory.django.DjangoModelFactory[ReportShare]):
    class Meta:
        model = ReportShare

    report = factory.SubFactory(ReportFactory)
    password = "hashed"
    expires_at = instant("2026-12-31 09:00")
    created_at = instant("2026-10-08 09:00")
    created_by = factory.LazyFunction(the_verifier)


class ReportOpeningFactory(factory.django.DjangoModelFactory[ReportOpening]):
    class Meta:
        model = ReportOpening

    share = factory.SubFactory(ReportShareFactory)
    opened_at = instant("2026-10-09 09:00")
    succeeded = True
