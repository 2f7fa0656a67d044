"""Projects under way, taken through the same verbs that people use.

They show what waits for whom: a claim to verify, one that was returned, a framework
agreement, an expansion, shared credit, a transfer, a correction, a termination.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from crm import organizations
from crm.models import Channel, Industry, Park, User
from pipeline import attribution, documents, dossier, factors, funds, milestones, projects, statuses
from pipeline.demo import papers
from pipeline.models import (
    Document,
    DocumentKind,
    FactorKind,
    FundSource,
    InteractionKind,
    Milestone,
    Project,
    ReviewKind,
)
from pipeline.stages import ContractKind, MilestoneKind, Stage, Status

YI = Decimal(100_000_000)
NO_DUPLICATE = "已按企业名称和信用代码查重，无同一项目"
DAYS_BEFORE = 40  # the projects here were met after the last ledger was loaded


class Live:
    """The demonstration's people at work in the weeks before ``at``."""

    def __init__(self, people: Mapping[str, User], *, at: dt.datetime) -> None:
        self.people, self.now = people, at
        self.parks = {park.slug: park for park in Park.objects.all()}
        self.channels = {channel.name: channel for channel in Channel.objects.all()}
        self.industries = {row.code: row for row in Industry.objects.all()}
        self.pictures = 0
        self.codes = 0

    def at(self, days: int) -> dt.datetime:
        """The instant so many days ago."""
        return self.now - dt.timedelta(days=days)

    def on(self, days: int) -> dt.date:
        return self.at(days).date()

    def play(self) -> None:
        self.leads()
        self.policy_funded()
        self.framework()
        self.awaiting_start()
        self.returned_start()
        self.awaiting_signing()
        self.expansion()
        self.shared()
        self.transferred()
        self.corrected()
        self.terminated()

    # -- what happens ------------------------------------------------------------------

    def leads(self) -> None:
        """Two that the county is calling on."""
        self.register("国机集团", "装备制造产业合作项目", "officer", "rare-metals", "35", days=30)
        project = self.register(
            "中能氢汇科技有限公司", "氢能制储用一体化项目", "officer", "rare-metals", "44", days=35
        )
        self.meet(project, "officer", days=25, kind=InteractionKind.VISIT_OUT)

    def policy_funded(self) -> None:
        """Public works that live on bonds and budgets; nobody invests, nothing is signed."""
        for name, source, industry in (
            ("部官扬水改扩建项目", FundSource.SPECIAL_BOND, "76"),
            ("黄河流域平陆干流段水环境综合治理项目", FundSource.CENTRAL_BUDGET, "77"),
            ("常乐垣灌区改扩建项目", FundSource.SPECIAL_BOND, "76"),
            ("智慧城市平台项目", FundSource.SPECIAL_BOND, "65"),
        ):
            self.register(
                "平陆县政府投资项目建设单位",
                name,
                "officer",
                None,
                industry,
                days=38,
                fund_source=source,
                is_county_level=True,
                remark="项目名称见于公开报道",
            )

    def framework(self) -> None:
        project = self.register(
            "江苏蓝海镓业股份有限公司",
            "高纯镓精深加工项目",
            "officer",
            "rare-metals",
            "32",
            days=36,
        )
        self.meet(project, "officer", days=30)
        self.file(project, "officer", DocumentKind.FRAMEWORK, days=20)
        self.claim(project, "officer", MilestoneKind.SIGNING, 20, ContractKind.FRAMEWORK, "3.5")

    def awaiting_start(self) -> None:
        """Signed, its groundbreaking claimed, and money on the way: two things to verify."""
        project = self.signed(
            "浙江宏晟轻量化科技有限公司", "年产80万件铝镁合金轻量化部件项目",
            "officer-auto", "auto-materials", "36", "4.6", days=32,
        )  # fmt: skip
        self.prepare_start(project, "officer-auto", days=6)
        self.claim(project, "officer-auto", MilestoneKind.GROUNDBREAKING, 4, may_verify=False)
        for days, share, verified in ((15, 10, True), (3, 5, False)):
            proof = self.file(project, "officer-auto", DocumentKind.FUNDS_PROOF, days=days)
            receipt = funds.record(
                project,
                amount=Decimal("4.6") * YI * share / 100,
                received_on=self.on(days),
                document=proof,
                by=self.people["officer-auto"],
                at=self.at(days - 1),
            )
            if verified:
                funds.verify(receipt, by=self.people["verifier"], at=self.at(days - 2))

    def returned_start(self) -> None:
        project = self.signed(
            "山东卓越磁材有限公司", "年产3000吨稀土永磁材料项目",
            "officer", "rare-metals", "32", "6.2", days=34,
        )  # fmt: skip
        self.prepare_start(project, "officer", days=12)
        claim = self.claim(project, "officer", MilestoneKind.GROUNDBREAKING, 9, may_verify=False)
        milestones.return_(
            claim,
            reason="照片只见场地平整，未见基础施工；平整场地不算开工，请补充后再报",
            by=self.people["verifier"],
            at=self.at(7),
        )

    def awaiting_signing(self) -> None:
        self.signed(
            "陕西嘉禾果业有限公司", "2万吨果品冷链物流项目",
            "officer-agri", "modern-agriculture", "59", "1.8", days=20, verified=False,
        )  # fmt: skip

    def expansion(self) -> None:
        """An expansion that stands on its project: its amount counts, it is no other project."""
        project = self.signed(
            "河南金谷面业有限公司", "年产8万吨专用面粉项目",
            "officer-agri", "modern-agriculture", "13", "2.4", days=36,
        )  # fmt: skip
        self.prepare_start(project, "officer-agri", days=24)
        self.claim(project, "officer-agri", MilestoneKind.GROUNDBREAKING, 22)
        self.file(project, "officer-agri", DocumentKind.CONTRACT, days=8)
        self.claim(project, "officer-agri", MilestoneKind.SIGNING, 8, ContractKind.EXPANSION, "0.9")

    def shared(self) -> None:
        """First met by one park, landed in another: 40 to 60."""
        project = self.signed(
            "湖北永固新材料有限公司", "年产2万吨汽车用改性塑料项目",
            "officer-auto", "auto-materials", "29", "3.0", days=33,
            shares={"rare-metals": 40, "auto-materials": 60},
        )  # fmt: skip
        self.prepare_start(project, "officer-auto", days=14)
        self.claim(project, "officer-auto", MilestoneKind.GROUNDBREAKING, 12)

    def transferred(self) -> None:
        """Signed in one park, handed to another; the signing stays where it was earned."""
        project = self.signed(
            "天津东升环保设备有限公司", "年产500台套环保设备项目",
            "officer", "rare-metals", "35", "2.1", days=30,
        )  # fmt: skip
        attribution.transfer(
            project,
            to=self.parks["auto-materials"],
            on=self.on(10),
            reason="用地指标落在汽车新材料产业园",
            by=self.people["leader"],
            at=self.at(10),
        )

    def corrected(self) -> None:
        """An amount of the ledger was wrong: revoked and claimed anew, verified by another."""
        signing = self.of_ledger(Stage.STARTED)
        if signing is None or signing.amount is None:
            return
        claim = milestones.correct(
            signing,
            reason="合同原件与台账金额不一致，按合同更正",
            amount=signing.amount + YI / 10,
            by=self.people["verifier"],
            at=self.at(6),
        )
        milestones.verify(claim, by=self.people["verifier-2"], at=self.at(5))

    def terminated(self) -> None:
        signing = self.of_ledger(Stage.SIGNED)
        if signing is None:
            return
        statuses.change(
            signing.project,
            to=Status.TERMINATED,
            on=self.on(15),
            reason="投资方资金不到位，双方协商解除合同",
            by=self.people["manager"],
            approved_by=self.people["leader"],
            at=self.at(14),
        )

    # -- how it is done ------------------------------------------------------------------

    def of_ledger(self, stage: Stage) -> Milestone | None:
        """The latest formal signing of the first park that the ledger brought."""
        return (
            Milestone.objects.effective()
            .filter(
                contract_kind=ContractKind.FORMAL,
                is_historical=True,
                park=self.parks["rare-metals"],
                project__stage=stage,
                project__status=Status.ACTIVE,
            )
            .select_related("project")
            .order_by("-occurred_on", "-id")
            .first()
        )

    def register(
        self,
        investor: str,
        name: str,
        officer: str,
        park: str | None,
        industry: str,
        *,
        days: int,
        **more: Any,
    ) -> Project:
        by, at = self.people[officer], self.at(days)
        organization = organizations.register(name=investor, by=by, at=at)
        fields = {
            "name": name,
            "officer": by,
            "park": self.parks.get(park or ""),
            "industry": self.industries[industry],
            "channel": self.channels.get("驻点招商"),
            **more,
        }
        return projects.register(investor=organization, fields=fields, by=by, at=at)

    def meet(
        self,
        project: Project,
        officer: str,
        *,
        days: int,
        kind: str = InteractionKind.VISIT_IN,
    ) -> None:
        """A person, a meeting, a duplicate check: the project is in contact."""
        by, at = self.people[officer], self.at(days)
        contact = organizations.add_contact(
            project.investor,
            name="投资部负责人",
            title="投资部",
            phone="0359-0000000",
            by=by,
            at=at,
        )
        dossier.add_interaction(
            project,
            kind=kind,
            occurred_on=at.date(),
            summary="介绍园区条件，对方说明投资意向、用地和用电需求，商定下一步考察时间。",
            contacts=[contact],
            by=by,
            at=at,
        )
        projects.edit(project, fields={"duplicates_answer": NO_DUPLICATE}, by=by, at=at)
        self.claim(project, officer, MilestoneKind.CONTACT, days)

    def signed(
        self,
        investor: str,
        name: str,
        officer: str,
        park: str,
        industry: str,
        amount: str,
        *,
        days: int,
        verified: bool = True,
        shares: Mapping[str, int] | None = None,
    ) -> Project:
        """A project met so many days ago, and signed four days later."""
        project = self.register(investor, name, officer, park, industry, days=days)
        by, at = self.people[officer], self.at(days - 2)
        self.meet(project, officer, days=days - 1)
        if shares:
            attribution.transfer(
                project,
                to=self.parks[park],
                on=self.on(days - 1),
                reason="首谈地与落地地约定分成",
                shares={self.parks[slug]: Decimal(part) for slug, part in shares.items()},
                by=self.people["leader"],
                at=self.at(days - 1),
            )
        for kind in ReviewKind:
            dossier.add_review(project, kind=kind, passed=True, held_on=at.date(), by=by, at=at)
        self.file(project, officer, DocumentKind.CONTRACT, days=days - 4)
        self.claim(
            project,
            officer,
            MilestoneKind.SIGNING,
            days - 4,
            ContractKind.FORMAL,
            amount,
            may_verify=verified,
        )
        return project

    def prepare_start(self, project: Project, officer: str, *, days: int) -> None:
        """Filing number, land, works contract and two photos."""
        by, at = self.people[officer], self.at(days)
        self.codes += 1
        code = f"{at:%y%m}-140829-04-01-{self.codes:06}"
        projects.edit(project, fields={"project_code": code}, by=by, at=at)
        factors.add(
            project,
            kind=FactorKind.LAND,
            detail="工业用地 60 亩",
            unit="县自然资源局",
            due_on=at.date(),
            met_on=at.date(),
            by=by,
            at=at,
        )
        self.file(project, officer, DocumentKind.CONSTRUCTION_CONTRACT, days=days)
        self.file(project, officer, DocumentKind.SITE_PHOTO, days=days)
        self.file(project, officer, DocumentKind.SITE_PHOTO, days=days)

    def file(self, project: Project, officer: str, kind: DocumentKind, *, days: int) -> Document:
        at = self.at(days)
        if kind == DocumentKind.SITE_PHOTO:
            self.pictures += 1
            content = ContentFile(papers.picture(self.pictures), f"现场照片{self.pictures}.png")
        else:
            lines = [project.name, f"{at:%Y-%m-%d}", "演示文件，没有法律效力"]
            content = ContentFile(papers.pdf(str(kind.label), lines), f"{kind.label}.pdf")
        return documents.attach(project, file=content, kind=kind, by=self.people[officer], at=at)

    def claim(
        self,
        project: Project,
        officer: str,
        kind: MilestoneKind,
        days: int,
        contract: str = "",
        amount: str | None = None,
        *,
        may_verify: bool = True,
    ) -> Milestone:
        """Claimed on the day it happened, verified two days later."""
        claim = milestones.claim(
            project,
            kind=kind,
            contract_kind=contract,
            occurred_on=self.on(days),
            amount=None if amount is None else Decimal(amount) * YI,
            by=self.people[officer],
            at=self.at(days),
        )
        if not may_verify:
            return claim
        verifier = self.people["verifier"]
        return milestones.verify(claim, by=verifier, at=self.at(days - 2))
