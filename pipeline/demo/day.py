"""The officers' day in the demonstration: next steps, plans, needs, and what companies ask.

Everything goes through the verbs that people use, at instants before ``at``; what is still
to be done lies around today, so that My day, the board and the lights have something to show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.utils import timezone

from crm import organizations
from crm.models import Chain, Tag, User
from pipeline import (
    aftercare,
    factors,
    follow_ups,
    funds_plans,
    interactions,
    projects,
    status_requests,
    tagging,
)
from pipeline.models import FactorKind, InteractionKind, Project
from pipeline.stages import Stage, Status

WAN = Decimal(10_000)
# (days from today, what): one that is late, one for today, some to come.
STEPS = (
    (-3, "送规划条件和土地出让时序给企业"),
    (0, "回电确认考察人数和日程"),
    (1, "报准入评审会材料"),
    (4, "陪同企业看标准化厂房"),
    (9, "催要环评报告初稿"),
)


class Day:
    """What the demonstration's people have on their desks at ``at``."""

    def __init__(self, people: Mapping[str, User], *, at: dt.datetime) -> None:
        self.people, self.now = people, at
        self.today = timezone.localdate(at)

    def at(self, days: int) -> dt.datetime:
        """The instant so many days ago."""
        return self.now - dt.timedelta(days=days)

    def play(self) -> None:
        """All of it, for the officers of each park."""
        for username in ("officer", "officer-auto", "officer-agri"):
            officer = self.people[username]
            self.next_steps(officer)
            self.plans(officer)
            self.care(officer)
        self.words()
        self.ask_to_suspend(self.people["officer-auto"])

    def next_steps(self, officer: User) -> None:
        """Follow-ups of the officer's live leads and projects in contact."""
        talks = self._own(officer, Stage.LEAD, Stage.CONTACT)[: len(STEPS)]
        for (days, what), project in zip(STEPS, talks, strict=False):
            follow_ups.add(
                what=what,
                due_on=self.today + dt.timedelta(days=days),
                assignee=officer,
                project=project,
                by=officer,
                at=self.at(5),
            )

    def plans(self, officer: User) -> None:
        """When signed projects mean to start, one of them twice put off; their money and needs."""
        for number, project in enumerate(self._own(officer, Stage.SIGNED)[:4]):
            month = self.today.replace(day=28) - dt.timedelta(days=31 * (2 - number))
            self._plan(project, officer, month, days=34)
            if number == 0:
                self._plan(project, officer, month + dt.timedelta(days=31), days=2)
            if project.agreed_investment:
                for part, ahead in ((Decimal("0.3"), -20), (Decimal("0.4"), 60)):
                    funds_plans.plan(
                        project,
                        due_on=self.today + dt.timedelta(days=ahead),
                        amount=(project.agreed_investment * part).quantize(WAN),
                        by=officer,
                        at=self.at(33),
                    )
            kind, unit = (
                (FactorKind.ENVIRONMENT, "市生态环境局平陆分局"),
                (FactorKind.ENERGY, "县能源局"),
            )[number % 2]
            factors.add(
                project,
                kind=kind,
                detail="",
                unit=unit,
                due_on=self.today + dt.timedelta(days=6 * number - 7),
                by=officer,
                at=self.at(20),
            )

    def care(self, officer: User) -> None:
        """A visit to a producing company, and what it asked for."""
        for number, project in enumerate(self._own(officer, Stage.PRODUCING)[:2]):
            visit = interactions.record(
                organization=project.investor,
                project=project,
                kind=InteractionKind.AFTERCARE,
                occurred_on=timezone.localdate(self.at(12)),
                summary="走访企业，了解生产和用工情况，企业提出用电增容。",
                by=officer,
                at=self.at(12),
            )
            issue = aftercare.raise_issue(
                project,
                what="用电增容 2000 千伏安",
                raised_on=visit.occurred_on,
                unit="县供电公司",
                due_on=self.today + dt.timedelta(days=10 * number - 4),
                interaction=visit,
                by=officer,
                at=self.at(12),
            )
            if number:
                aftercare.solve(
                    issue,
                    on=timezone.localdate(self.at(3)),
                    solution="已完成增容改造",
                    by=officer,
                    at=self.at(3),
                )

    def words(self) -> None:
        """Tags and chains on what the parks' officers look after."""
        chains, tags = list(Chain.objects.all()), list(Tag.objects.all())
        for place, username in enumerate(("officer", "officer-auto", "officer-agri")):
            officer = self.people[username]
            for project in self._own(officer, Stage.CONTACT, Stage.SIGNED)[:4]:
                tagging.set_tags(project, tags[place :: len(tags) // 2], by=officer, at=self.at(4))
                if chains:
                    organizations.edit(
                        project.investor,
                        fields={"chain": chains[place % len(chains)]},
                        by=officer,
                        at=self.at(4),
                    )

    def ask_to_suspend(self, officer: User) -> None:
        """A change of status that waits for the park's manager."""
        for project in self._own(officer, Stage.SIGNED)[-1:]:
            status_requests.request(
                project,
                to=Status.SUSPENDED,
                on=timezone.localdate(self.at(2)),
                reason="企业内部重组，暂缓建设",
                by=officer,
                at=self.at(1),
            )

    def _plan(self, project: Project, officer: User, day: dt.date, *, days: int) -> None:
        projects.edit(
            project,
            fields={"planned_start_on": day},
            plan_reason="土地手续未办结",
            by=officer,
            at=self.at(days),
        )

    def _own(self, officer: User, *stages: Stage) -> list[Project]:
        rows = Project.objects.current().filter(
            officer=officer, stage__in=stages, status=Status.ACTIVE
        )
        return list(rows.select_related("investor").order_by("-pk")[:12])
