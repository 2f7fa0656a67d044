"""Minutes as text, split into what was decided: one task for each number, under its parent.

The numbers are those of Chinese papers, 一、（一）1. 1.1（1）①; what stands deeper is a task
of what stands above. Who answers and by when is read from its labels, in brackets or on
lines of their own: 责任单位、配合单位、牵头领导、责任人、完成时限.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.minutes.numerals import numeral_of

LONGEST_GOAL = 300


@dataclass(frozen=True, slots=True)
class Proposed:
    """A task as the minutes have it; nothing is looked up yet.

    ``place`` is its number with those above it, 二（三）; ``parent`` the index of the task
    above it. ``led_by`` and ``until`` are what the running text says of who and when,
    where no label does.
    """

    goal: str
    detail: str = ""
    place: str = ""
    parent: int | None = None
    units: tuple[str, ...] = ()
    supporting: tuple[str, ...] = ()
    leader: str = ""
    person: str = ""
    task_force: str = ""
    deadline: str = ""
    led_by: str = ""
    until: str = ""

    @property
    def is_heading(self) -> bool:
        """Whether it says nothing but what the tasks below it are about."""
        said = (self.units, self.supporting, self.leader, self.person, self.deadline, self.detail)
        return not any((*said, self.led_by, self.until))


def split(text: str) -> list[Proposed]:
    """The tasks of a text, each after the one that it stands under.

    What stands before the first number (title, who met) and after the last decision (who
    was there, whom it is sent to) is no task. A text without any number has a task on each
    line.
    """
    lines = [_stripped(line) for line in _LINES.split(text)]
    nodes = _numbered(lines) or _unnumbered(lines)
    return [_proposed(node) for node in nodes]


def written(tasks: Sequence[Proposed]) -> str:
    """Tasks as text that :func:`split` reads the same again."""
    depths: list[int] = []
    counts: list[int] = []
    lines: list[str] = []
    for task in tasks:
        depth = 0 if task.parent is None else depths[task.parent] + 1
        depths.append(depth)
        del counts[depth + 1 :]
        counts += [0] * (depth + 1 - len(counts))
        counts[depth] += 1
        lines.append(_marker(depth, counts[depth]) + task.goal)
        lines += [line for line in task.detail.split("\n") if line]
        for label, value in (
            ("责任单位", "、".join(task.units)),
            ("配合单位", "、".join(task.supporting)),
            ("牵头领导", task.leader),
            ("责任人", task.person),
            ("专班", task.task_force),
            ("完成时限", task.deadline),
        ):
            if value:
                lines.append(f"{label}：{value}")
    return "\n".join(lines)


_LINES = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_SIGN = "[一二三四五六七八九十]"
_BLANK = r"[\s\u3000]*"
_CIRCLES = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
# Rank and pattern of each way to number, the highest first.
_MARKERS = (
    (0, re.compile(rf"(第{_SIGN}{{1,3}}[条项]){_BLANK}[、:：.]?{_BLANK}")),
    (1, re.compile(rf"({_SIGN}{{1,3}}){_BLANK}[、.．]{_BLANK}")),
    (2, re.compile(rf"([（(]{_SIGN}{{1,3}}[)）]){_BLANK}[、.]?{_BLANK}")),
    (3, re.compile(rf"(\d{{1,3}}){_BLANK}[、.．](?!\d){_BLANK}")),
    (6, re.compile(rf"([（(]\d{{1,3}}[)）]){_BLANK}[、.]?{_BLANK}")),
    (7, re.compile(rf"(\d{{1,3}}[)）]){_BLANK}[、.]?{_BLANK}")),
    (8, re.compile(rf"([{_CIRCLES}]){_BLANK}[、.]?{_BLANK}")),
)
_DOTTED = re.compile(rf"(\d{{1,2}}(?:[.．]\d{{1,2}}){{1,2}}){_BLANK}[、.．]?(?!\d){_BLANK}")
_TAIL = re.compile(
    r"(?:出席|参加|列席|请假|缺席|主持|记录|抄送|主送|分送|印发|签发)(?:会议)?(?:人员|单位|领导|人)?"
    rf"{_BLANK}[:：]"
)


class _Mark(NamedTuple):
    """A number at the beginning of a line: how high its kind ranks, and the text after it."""

    rank: float
    number: str
    rest: str


@dataclass(slots=True)
class _Node:
    number: str
    place: str
    parent: int | None
    lines: list[str] = field(default_factory=list)


def _numbered(lines: Iterable[str]) -> list[_Node]:
    nodes: list[_Node] = []
    above: list[tuple[float, int]] = []  # rank and index of what the next line may stand under
    plain = ""
    for line in lines:
        mark = _mark(line, plain)
        if mark is None:
            if nodes and _TAIL.match(line):
                break
            if nodes and line:
                nodes[-1].lines.append(line)
            continue
        plain = mark.number if 3 <= mark.rank < 6 else "" if mark.rank < 3 else plain
        while above and above[-1][0] >= mark.rank:
            above.pop()
        parent = above[-1][1] if above else None
        place = mark.number
        if parent is not None and not 3 < mark.rank < 6:  # 1.2 says of itself what it is under
            place = _joined(nodes[parent].place, mark.number)
        above.append((mark.rank, len(nodes)))
        nodes.append(_Node(mark.number, place, parent, [mark.rest] if mark.rest else []))
    return nodes


def _joined(above: str, number: str) -> str:
    """A number after those above it; a point where they would read as one: 1 and 2."""
    touch = above[-1].isalnum() and number[0].isalnum()
    return f"{above}.{number}" if touch else above + number


def _mark(line: str, plain: str) -> _Mark | None:
    # 1.2 is a number under 1., not the beginning of 1.2亿元.
    if plain and (match := _DOTTED.match(line)):
        number = match[1].replace("．", ".")
        if number.split(".")[0] == plain.split(".")[0]:
            return _Mark(3 + number.count("."), number, line[match.end() :])
    for rank, pattern in _MARKERS:
        if match := pattern.match(line):
            return _Mark(rank, match[1], line[match.end() :])
    return None


def _unnumbered(lines: Iterable[str]) -> list[_Node]:
    nodes: list[_Node] = []
    for line in lines:
        if nodes and _TAIL.match(line):
            break
        if nodes and _LABEL.match(line):
            nodes[-1].lines.append(line)
        elif line:
            nodes.append(_Node("", "", None, [line]))
    return nodes


# What stands before a colon, and what it says.
_LABELS = {
    "lead": ("牵头单位", "牵头部门", "主办单位", "主责单位", "牵头责任单位", "第一责任单位"),
    "units": ("责任单位", "责任部门", "承办单位", "落实单位"),
    "supporting": ("配合单位", "配合部门", "协办单位", "协同单位", "协助单位", "参与单位"),
    "leader": ("牵头领导", "责任领导", "包联领导", "分管领导", "牵头县领导", "责任县领导"),
    "person": ("责任人", "具体责任人", "联系人"),
    "task_force": ("专班", "工作专班"),
    "deadline": (
        *("完成时限", "办结时限", "完成时间", "完成期限", "办理时限", "办结时间", "时限要求"),
        *("截止时间", "截止日期", "整改时限", "时限"),
    ),
}
_MEANING = {label: name for name, labels in _LABELS.items() for label in labels}
_LABEL = re.compile(
    "(" + "|".join(sorted(_MEANING, key=len, reverse=True)) + rf"){_BLANK}[:：]{_BLANK}"
)
_OPEN, _CLOSE = "（([【", "）)]】"
_ENDS = "；;。\n"
_LOOSE_END = re.compile(rf"[，,；;、\s]+(?=[{re.escape(_CLOSE)}])")
_EMPTY_BRACKETS = re.compile(
    rf"[{re.escape(_OPEN)}][，,；;、。\s]*[{re.escape(_CLOSE)}][。；;]?|(?<=[。；;，,])[。；;，,]+"
)


def _proposed(node: _Node) -> Proposed:
    body, said = _labelled("\n".join(node.lines))
    goal, detail = _goal_of(body)
    lead = names_of(said.get("lead", []))
    units = names_of(said.get("units", []))
    supporting = names_of(said.get("supporting", []))
    if lead:
        lead, supporting = lead[:1], (*lead[1:], *units, *supporting)
    return Proposed(
        goal=goal,
        detail=detail,
        place=node.place,
        parent=node.parent,
        units=lead or units,
        supporting=tuple(dict.fromkeys(name for name in supporting if name not in lead)),
        leader="、".join(said.get("leader", [])),
        person="、".join(said.get("person", [])),
        task_force="、".join(said.get("task_force", [])),
        deadline="；".join(said.get("deadline", [])),
        led_by=_only(_LED_BY, body),
        until=_only(_UNTIL, body),
    )


def _labelled(body: str) -> tuple[str, dict[str, list[str]]]:
    """A task's text without its labels, and what they say."""
    said: dict[str, list[str]] = {}
    rest, at = [], 0
    for match in _LABEL.finditer(body):
        if match.start() < at:
            continue
        end = _end_of_value(body, match.end())
        value = body[match.end() : end].strip(" \u3000，,、；;")
        if value:
            said.setdefault(_MEANING[match[1]], []).append(value)
        rest.append(body[at : match.start()])
        at = end + (end < len(body) and body[end] in "；;，,。")
    if not at:
        return body, said
    rest.append(body[at:])
    left = _EMPTY_BRACKETS.sub("", _LOOSE_END.sub("", "".join(rest)))
    return "\n".join(filter(None, (line.strip() for line in left.split("\n")))), said


def _end_of_value(body: str, start: int) -> int:
    """Where what a label says ends: before the next label, a stop, or the bracket around it."""
    following = _LABEL.search(body, start)
    last = following.start() if following else len(body)
    depth = 0
    for at in range(start, last):
        sign = body[at]
        if sign in _OPEN:
            depth += 1
        elif sign in _CLOSE:
            if not depth:
                return at
            depth -= 1
        elif sign in _ENDS and not depth:
            return at
    return last


_LED = re.compile(r"[（(](?:牵头|主办|主责)(?:单位)?[)）]")
_OTHERS = re.compile(r"等(?:相关|有关|各)?(?:单位|部门)?$")


def names_of(values: Iterable[str]) -> tuple[str, ...]:
    """The units of a list, the one that is marked as leading first."""
    first: list[str] = []
    others: list[str] = []
    for value in values:
        for name in re.split(r"[、，,/／]|\n", value):
            bare = _OTHERS.sub("", _LED.sub("", name).strip())
            if bare:
                (first if _LED.search(name) else others).append(bare)
    return tuple(dict.fromkeys([*first, *others]))


def _goal_of(body: str) -> tuple[str, str]:
    """The first sentence, and all the rest; where that is too long, all of it again."""
    lines = body.split("\n")
    first, _stop, more = lines[0].partition("。")
    goal = first.strip().rstrip("；;，,：:、")
    if len(goal) > LONGEST_GOAL:
        return f"{goal[: LONGEST_GOAL - 1]}…", body
    rest = [more.strip(), *lines[1:]]
    return goal, "\n".join(line for line in rest if line)


_LED_BY = re.compile(r"由([^由，,。；;：:（()\n]{2,20}?)(?:牵头|负责|承办|主办)")
_UNTIL = re.compile(
    r"((?:(?:\d{4}|[今本明])年)?\d{1,2}月(?:\d{1,2}[日号]|[上中下]旬|底|末)(?:之|以)?前"
    r"|[本下]?月底前|(?:[今本明]|\d{4})?年(?:年)?底前)"
)


def _only(pattern: re.Pattern[str], body: str) -> str:
    """What a pattern finds, where it finds one thing."""
    found = set(pattern.findall(body))
    return found.pop() if len(found) == 1 else ""


def _stripped(line: str) -> str:
    return line.strip(" \t\u3000\u00a0\u200b\ufeff")


def _marker(depth: int, count: int) -> str:
    """The number of the ``count``-th task at a depth, as papers number."""
    if depth == 0:
        return f"{numeral_of(count)}、" if count < 100 else f"{count}."
    if depth == 1:
        return f"（{numeral_of(count)}）"
    if depth == 2:
        return f"{count}. "
    return f"（{count}）" if depth == 3 else f"{count}）" if depth == 4 else _CIRCLES[count - 1]
