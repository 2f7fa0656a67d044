"""What the demonstration's meetings decided, written as a county writes minutes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipeline.minutes.numerals import numeral_of

LAND, REFORM, ECOLOGY, APPROVAL = "自然资源局", "县发改局", "生态环境分局", "县行政审批局"
METALS, AUTO, AGRI = "稀有金属园区管委会", "汽车新材料园区管委会", "现代农业园区管委会"
SPEAKERS = {
    LAND: "unit",
    REFORM: "unit-reform",
    ECOLOGY: "unit-ecology",
    APPROVAL: "unit-approval",
    METALS: "manager",
    AUTO: "manager-auto",
    AGRI: "manager-agri",
}
"""Who acts for a unit; other units have nobody who logs in."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A task, who answers, and the kind of its life (``office.Life``).

    ``due`` is the deadline in days from today, 0 for none.
    """

    goal: str
    unit: str
    life: str
    due: int = 0
    supporting: str = ""
    detail: str = ""

    @property
    def by(self) -> str:
        return SPEAKERS.get(self.unit, "")


@dataclass(frozen=True, slots=True)
class Gathering:
    """A meeting so many days ago."""

    days: int
    ledger: str
    number: str
    title: str
    decisions: tuple[Decision, ...]
    leader: str = "赵志强"

    def minutes(self, held_on: dt.date, *, today: dt.date) -> str:
        """Its minutes as text."""
        lines = [
            self.title + "纪要",
            f"{held_on.year}年{held_on.month}月{held_on.day}日，县政府召开会议，议定以下事项：",
        ]
        for number, decision in enumerate(self.decisions, 1):
            said = [f"牵头领导：{self.leader}", f"责任单位：{decision.unit}"]
            if decision.supporting:
                said.append(f"配合单位：{decision.supporting}")
            if decision.due:
                day = today + dt.timedelta(days=decision.due)
                said.append(f"完成时限：{day.year}年{day.month}月{day.day}日前")
            detail = f"{decision.detail}。" if decision.detail else ""
            lines.append(f"{numeral_of(number)}、{decision.goal}。{detail}（{'；'.join(said)}）")
        lines.append("出席：县政府班子成员、有关单位主要负责人")
        return "\n".join(lines)


MEETINGS = (
    Gathering(
        170,
        "special-meetings",
        "平政专纪〔{year}〕6号（示例）",
        "园区要素保障专题会议",
        (
            Decision("完成稀有金属产业园二期用地组卷报批", LAND, "quick", supporting="县财政局"),
            Decision("办结万和食用醋项目环评批复", ECOLOGY, "quick"),
            Decision("落实汽车新材料产业园双回路供电方案", AUTO, "late", supporting="县供电公司"),
            Decision(
                "建成园区污水管网一期", METALS, "planned", 45, "县住建局", "与厂房同步设计施工"
            ),
        ),
    ),
    Gathering(
        128,
        "executive-meetings",
        "平政常纪〔{year}〕9号（示例）",
        "县政府第 9 次常务会议",
        (
            Decision("出台标准化厂房租金补助办法", REFORM, "late", supporting="县财政局"),
            Decision("现代农业产业园冷链物流项目落地开工", AGRI, "reopened"),
            Decision("工业项目“拿地即开工”审批流程再造", APPROVAL, "quick", supporting="县住建局"),
            Decision(
                "恒龙调峰调频储能项目接入系统批复", METALS, "stuck", detail="加强与省电力公司对接"
            ),
        ),
    ),
    Gathering(
        86,
        "decisions",
        "平政办议〔{year}〕15号（示例）",
        "招商引资项目推进协调会",
        (
            Decision("收回闲置用地两宗，优先保障签约项目", LAND, "stuck", supporting="县财政局"),
            Decision("环保布袋项目二期能评审查", APPROVAL, "quick"),
            Decision("编制三大产业链招商图谱", REFORM, "granted", 30),
            Decision("建立园区环境容量台账", ECOLOGY, "planned", 3),
            Decision("与上次会议重复的厂房验收事项", METALS, "withdrawn"),
        ),
        leader="赵志强",
    ),
    Gathering(
        47,
        "special-meetings",
        "平政专纪〔{year}〕14号（示例）",
        "农光互补和抽水蓄能项目专题会议",
        (
            Decision("完成农光互补项目用地复核", LAND, "asked", 12, "县林业局、县农业农村局"),
            Decision("抽水蓄能电站项目取水论证", ECOLOGY, "late", supporting="县水利局"),
            Decision(
                "完善现代农业产业园道路和供水配套", AGRI, "planned", 75, "县交通运输局、县水利局"
            ),
            Decision("修通汽车新材料产业园北环路", AUTO, "planned", 1, "县交通运输局"),
        ),
        leader="冯丽华",
    ),
    Gathering(
        18,
        "executive-meetings",
        "平政常纪〔{year}〕16号（示例）",
        "县政府第 16 次常务会议",
        (
            Decision("清理涉企政务服务超期件", APPROVAL, "quick"),
            Decision("申报年度工业用地指标", LAND, "returned", supporting="县发改局"),
            Decision("签约未开工项目逐个会诊", REFORM, "passed"),
            Decision("兑现镓系列产品项目首台套奖补", "县财政局", "silent"),
        ),
    ),
    Gathering(
        5,
        "decisions",
        "平政办议〔{year}〕27号（示例）",
        "要素保障周调度会",
        (
            Decision("协调氢能制储用项目安评", APPROVAL, "submitted"),
            Decision("核定轻量化部件项目排污总量", ECOLOGY, "stuck"),
            Decision("完成稀土永磁材料项目基础施工证据补充", METALS, "silent"),
        ),
    ),
    Gathering(
        0,
        "decisions",
        "平政办议〔{year}〕28号（示例）",
        "县长办公会议",
        (
            Decision("研究园区增量配电方案", REFORM, "silent", 60),
            Decision("提出年底前集中开工项目清单", METALS, "approved", 20, "县发改局"),
            Decision("梳理新一批以商招商线索", "县招商中心", "draft", 30),
            Decision("汽车新材料产业园消防站选址", AUTO, "draft"),
        ),
    ),
)
