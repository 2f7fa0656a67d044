"""Minutes as they come, split into what was decided."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.minutes import Proposed, split, written

MINUTES = """
平陆县人民政府专题会议纪要
〔2026〕12号

2026年3月16日，县长主持召开专题会议，研究园区建设有关工作。会议议定以下事项：
一、加快标准化厂房建设
（一）完成二期厂房竣工验收。要倒排工期，挂图作战。（牵头领导：赵志强；责任单位：稀有金属园区管委会，配合单位：住建局、自然资源局；完成时限：2026年6月底前）
（二）办理剩余 120 亩用地手续
责任单位：县财政局、县自然资源局（牵头）等单位
责任人：许文静（副局长）
完成时限：4月30日前
1. 报批征地方案；
2. 完成组卷，由县行政审批服务管理局负责，5月底前完成。
1.2亿元专项债资金同步到位。
二、推进农光互补项目
（1）接入系统批复
①初设评审
三、会议经费。
出席：张三 李四
抄送：县委办
"""


def found(text: str) -> dict[str, Proposed]:
    return {task.place: task for task in split(text)}


def test_each_number_is_a_task_under_the_one_above_it() -> None:
    tasks = split(MINUTES)
    parents = [tasks[t.parent].place if t.parent is not None else "" for t in tasks]
    assert list(zip((t.place for t in tasks), parents, strict=True)) == [
        ("一", ""),
        ("一（一）", "一"),
        ("一（二）", "一"),
        ("一（二）1", "一（二）"),
        ("一（二）2", "一（二）"),
        ("二", ""),
        ("二（1）", "二"),
        ("二（1）①", "二（1）"),
        ("三", ""),
    ]


def test_title_and_attendance_are_no_tasks() -> None:
    tasks = split(MINUTES)
    assert tasks[0].goal == "加快标准化厂房建设"
    assert tasks[-1].goal == "会议经费"
    assert tasks[-1].detail == ""


def test_labels_in_brackets_are_read_and_leave_the_text() -> None:
    task = found(MINUTES)["一（一）"]
    assert task.goal == "完成二期厂房竣工验收"
    assert task.detail == "要倒排工期，挂图作战。"
    assert (task.leader, task.units) == ("赵志强", ("稀有金属园区管委会",))
    assert task.supporting == ("住建局", "自然资源局")
    assert task.deadline == "2026年6月底前"


def test_labels_on_lines_are_read_and_the_leading_unit_comes_first() -> None:
    task = found(MINUTES)["一（二）"]
    assert (task.units, task.person) == (("县自然资源局", "县财政局"), "许文静（副局长）")
    assert task.detail == ""


def test_a_leading_unit_answers_and_the_responsible_ones_support() -> None:
    (task,) = split("一、修路（牵头单位：交通局；责任单位：住建局；配合单位：财政局）")
    assert (task.units, task.supporting) == (("交通局",), ("住建局", "财政局"))


def test_a_number_in_the_text_begins_no_task() -> None:
    task = found(MINUTES)["一（二）2"]
    assert task.detail == "1.2亿元专项债资金同步到位。"


def test_who_and_when_in_the_running_text_are_told_apart_from_labels() -> None:
    task = found(MINUTES)["一（二）2"]
    assert (task.units, task.deadline) == ((), "")
    assert (task.led_by, task.until) == ("县行政审批服务管理局", "5月底前")


def test_dotted_numbers_stand_under_their_beginning() -> None:
    tasks = split("1. 甲\n1.1 乙\n1.2 丙\n1.2.1 丁\n2. 戊\n2.1 己")
    assert [(t.place, t.parent) for t in tasks] == [
        ("1", None), ("1.1", 0), ("1.2", 0), ("1.2.1", 2), ("2", None), ("2.1", 4),
    ]  # fmt: skip


def test_brackets_of_the_text_itself_stay() -> None:
    (task,) = split("一、建成标准化厂房（二期，责任单位：住建局）（含附属设施）")
    assert task.goal == "建成标准化厂房（二期）（含附属设施）"


def test_a_text_without_numbers_has_a_task_on_each_line() -> None:
    tasks = split("修路\n责任单位：交通局\n\n通水\n出席：张三")
    assert [(t.goal, t.units) for t in tasks] == [("修路", ("交通局",)), ("通水", ())]


def test_what_is_too_long_for_a_goal_is_whole_in_the_detail() -> None:
    long = "推进" * 200
    (task,) = split(f"一、{long}。其余。")
    assert len(task.goal) == 300
    assert task.detail == f"{long}。其余。"


def test_only_a_task_that_says_nothing_of_its_own_is_a_heading() -> None:
    tasks = found(MINUTES)
    assert tasks["一"].is_heading
    assert not tasks["一（二）"].is_heading


words = st.text(st.sampled_from("推进园区厂房建设办理用地手续落实资金"), min_size=1, max_size=12)
units = st.lists(
    st.sampled_from(["发改局", "财政局", "住房和城乡建设局", "园区管委会"]), unique=True, max_size=3
)


@st.composite
def tasks(draw: st.DrawFn) -> list[Proposed]:
    """Tasks up to five deep, each parent before its children."""
    made: list[Proposed] = []
    depths: list[int] = []
    for n in range(draw(st.integers(1, 12))):
        depth = draw(st.integers(0, min(4, depths[-1] + 1))) if n else 0
        parent = next((i for i in range(n - 1, -1, -1) if depths[i] == depth - 1), None)
        depths.append(depth)
        made.append(
            Proposed(
                goal=draw(words),
                detail="\n".join(draw(st.lists(words, max_size=2))),
                parent=parent,
                units=tuple(draw(units)),
                supporting=tuple(draw(units)),
                leader=draw(st.sampled_from(["", "赵志强", "县长（兼）"])),
                person=draw(st.sampled_from(["", "许文静"])),
                task_force=draw(st.sampled_from(["", "项目专班"])),
                deadline=draw(st.sampled_from(["", "2026年3月底前", "长期坚持"])),
            )
        )
    return made


def said(task: Proposed) -> tuple[object, ...]:
    return (
        *(task.goal, task.detail, task.parent, task.units, task.supporting),
        *(task.leader, task.person, task.task_force, task.deadline),
    )


@given(tasks())
def test_written_minutes_are_read_as_they_were(made: list[Proposed]) -> None:
    assert [said(task) for task in split(written(made))] == [said(task) for task in made]


@given(st.text(max_size=300))
def test_any_text_is_split_and_what_stands_above_comes_first(text: str) -> None:
    for place, task in enumerate(split(text)):
        assert task.parent is None or task.parent < place
        assert len(task.goal) <= 300


marks = st.sampled_from(
    [
        "一、",
        "（二）",
        "3.",
        "（4）",
        "5）",
        "⑥",
        "3.1 ",
        "责任单位：",
        "（",
        "）",
        "；",
        "。",
        "\n",
    ]
)


@given(st.lists(st.one_of(marks, words), max_size=40).map("".join))
def test_no_word_of_the_decisions_is_lost(text: str) -> None:
    kept = "".join(
        t.goal + t.detail + "".join(t.units) + t.place for t in split(f"一、开始\n{text}")
    )
    assert set(text) & set("推进园区厂房建设办理用地手续落实资金") <= set(kept)
