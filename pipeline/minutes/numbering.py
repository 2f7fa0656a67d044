"""The numbers that Word puts before paragraphs of a list: they stand nowhere in the text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass

from pipeline.minutes.numerals import numeral_of

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@dataclass(frozen=True, slots=True)
class _Level:
    """How a level counts: its format, the text with ``%1`` for each level's count, its start."""

    kind: str = "decimal"
    text: str = ""
    start: int = 1


class Numbering:
    """A document's lists, counted as its paragraphs come."""

    def __init__(self, part: ET.Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        if part is not None:
            abstract = {
                each.get(f"{_W}abstractNumId", ""): self._read(each)
                for each in part.findall(f"{_W}abstractNum")
            }
            for num in part.findall(f"{_W}num"):
                of = _value(num, "abstractNumId")
                self._levels[num.get(f"{_W}numId", "")] = abstract.get(of, {})

    def before(self, paragraph: ET.Element) -> str:
        """What Word shows before a paragraph; empty for bullets and what is in no list."""
        listed = paragraph.find(f"{_W}pPr/{_W}numPr")
        if listed is None:
            return ""
        of, depth = _value(listed, "numId"), _number(_value(listed, "ilvl"), 0)
        levels = self._levels.get(of)
        if not levels or depth not in levels:
            return ""
        counts = self._counts[of]
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]
        if levels[depth].kind in ("bullet", "none"):
            return ""

        def count(match: re.Match[str]) -> str:
            level = int(match[1]) - 1
            shown = levels.get(level, _Level())
            return _written(counts.get(level, shown.start), shown.kind)

        return re.sub(r"%([1-9])", count, levels[depth].text)

    @staticmethod
    def _read(abstract: ET.Element) -> dict[int, _Level]:
        return {
            _number(level.get(f"{_W}ilvl", ""), 0): _Level(
                _value(level, "numFmt") or "decimal",
                _value(level, "lvlText"),
                _number(_value(level, "start"), 1),
            )
            for level in abstract.findall(f"{_W}lvl")
        }


def _value(parent: ET.Element, name: str) -> str:
    found = parent.find(f"{_W}{name}")
    return "" if found is None else found.get(f"{_W}val", "")


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else otherwise


def _written(count: int, kind: str) -> str:
    """A count as a format shows it; those that papers here do not have, as digits."""
    if 0 < count < 100 and kind.startswith(("chinese", "japanese")):
        return numeral_of(count)
    if kind.startswith("decimalEnclosedCircle") and 0 < count <= len(_CIRCLED):
        return _CIRCLED[count - 1]
    return str(count)
