"""A county's file: its parks, words, targets, calendar and settings, as TOML.

Reading is strict, so that a slip of the pen is named and not silently passed over: an
unknown key, a value of the wrong kind, two parks that claim one spelling. Nothing here
knows the database; :mod:`pipeline.county` applies what was read.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from crm.models import TagGroup
from crm.names import normalise
from pipeline.countyfile_schemes import SchemeEntry, schemes
from pipeline.countyfile_units import AreaEntry, LedgerEntry, UnitEntry, areas, ledgers, units
from pipeline.models import HolderKind, Metric
from pipeline.models.targets import RATES
from pipeline.stages import ContractKind

DATA = Path(__file__).resolve().parent / "data"
PINGLU = DATA / "pinglu.toml"
INDUSTRIES = DATA / "gbt4754.csv"

LARGEST_FILE = 1 << 20  # bytes; a county's file has a few kilobytes
LARGEST_VALUE = Decimal(10) ** 14  # of a target: the column holds 922 trillion
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class CountyFileError(Exception):
    """The file cannot be applied: ``where`` is the key at fault, ``message`` says why."""

    code = "bad_county_file"

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}：{message}" if where else message)
        self.where = where
        self.message = message


@dataclass(frozen=True, slots=True)
class Named:
    """A park or a channel: its key (slug, code), its name, and other spellings in use."""

    key: str
    name: str
    short_name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetEntry:
    """A target that the file sets. ``of`` is a park's slug, a unit, or a user name.

    ``value`` in yuan, counts, or a fraction of 1; ``plan`` is what is to be reached by
    the end of the first three quarters.
    """

    where: str
    metric: Metric
    year: int
    holder: HolderKind
    of: str
    value: Decimal
    plan: tuple[Decimal, Decimal, Decimal] | None
    is_example: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CountyFile:
    """All that a county's file says; what it leaves out is empty and stays as it is."""

    settings: dict[str, Any] = field(default_factory=dict)
    parks: tuple[Named, ...] = ()
    channels: tuple[Named, ...] = ()
    areas: tuple[AreaEntry, ...] = ()
    units: tuple[UnitEntry, ...] = ()
    ledgers: tuple[LedgerEntry, ...] = ()
    contracts: dict[str, ContractKind] = field(default_factory=dict)
    teams: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    tags: tuple[tuple[TagGroup, str], ...] = ()
    return_reasons: tuple[str, ...] = ()
    targets: tuple[TargetEntry, ...] = ()
    score_schemes: tuple[SchemeEntry, ...] = ()
    calendar: dict[dt.date, tuple[bool, str]] = field(default_factory=dict)  # working?, name
    calendar_years: frozenset[int] = frozenset()


def read(path: Path) -> CountyFile:
    """Read and check a county's file. Raises :class:`CountyFileError`."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CountyFileError("", _("文件打不开：%s") % (error.strerror or error)) from error
    if len(raw) > LARGEST_FILE:
        raise CountyFileError("", _("文件超过 1 MB，不像是县情文件"))
    try:
        # Windows editors begin the file with a byte order mark.
        return parse(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CountyFileError("", _("文件不是 UTF-8 编码，请另存为 UTF-8")) from error


def parse(text: str) -> CountyFile:
    """As :func:`read`, from the text itself."""
    try:
        # TOML's numbers with a point are read exactly, never through a float.
        values = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, InvalidOperation, RecursionError) as error:
        raise CountyFileError("", _("不是有效的 TOML：%s") % error) from error
    top = _Table(values, "")
    county = top.table("county")
    parks = tuple(_named(t, "slug", has_short_name=True) for t in top.tables("parks"))
    channels = tuple(_named(t, "code") for t in top.tables("channels"))
    calendar, years = _calendar(top.tables("calendar"))
    found = CountyFile(
        settings=_settings(county),
        parks=parks,
        channels=channels,
        areas=areas(top.tables("areas")),
        units=units(top.tables("units")),
        ledgers=ledgers(top.tables("ledgers")),
        contracts=_contracts(top.table("contracts")),
        teams=tuple(_team(t) for t in top.tables("teams")),
        chains=top.texts("chains", longest=40),
        tags=_tags(top.table("tags")),
        return_reasons=top.texts("return_reasons", longest=200),
        targets=tuple(entry for t in top.tables("targets") for entry in _targets(t)),
        calendar=calendar,
        calendar_years=years,
        score_schemes=schemes(top.tables("score_schemes")),
    )
    top.finish()
    _refuse_shared_spelling("parks", parks)
    _refuse_shared_spelling("channels", channels)
    _refuse_shared_spelling("units", found.units)
    _refuse_repeated("areas", (area.name for area in found.areas))
    for key in ("slug", "name", "prefix"):
        _refuse_repeated("ledgers", (getattr(ledger, key) for ledger in found.ledgers))
    for key in ("teams", "chains", "return_reasons"):
        _refuse_repeated(key, getattr(found, key))
    _refuse_repeated("score_schemes", ((s.year, s.level) for s in found.score_schemes))
    _refuse_repeated(
        "targets", ((t.year, t.metric.value, t.holder.value, t.of) for t in found.targets)
    )
    return found


@dataclass(frozen=True, slots=True)
class Division:
    """A division (大类) of GB/T 4754—2017 with its section and sector."""

    code: str
    name: str
    section: str
    section_name: str
    sector: str


def divisions() -> list[Division]:
    """The 97 divisions of the national industry classification, GB/T 4754—2017."""
    with INDUSTRIES.open(encoding="utf-8", newline="") as file:
        return [Division(**row) for row in csv.DictReader(file)]


class _Table:
    """A table of the file whose keys are asked for one by one; :meth:`finish` refuses the rest."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.values = values
        self.where = where
        self.asked: list[str] = []

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def has(self, key: str) -> bool:
        return key in self.values

    def _get(self, key: str, kind: type | tuple[type, ...], wanted: str, default: Any) -> Any:
        self.asked.append(key)
        if key not in self.values:
            if default is None:
                raise CountyFileError(self.at(key), _("缺少这一项"))
            return default
        value = self.values[key]
        # TOML tells true from 1; Python does not.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise CountyFileError(self.at(key), _("应为%s") % wanted)
        return value

    def text(self, key: str, *, longest: int, default: str | None = None) -> str:
        value: str = self._get(key, str, _("文字"), default).strip()
        if not value and default is None:
            raise CountyFileError(self.at(key), _("不能为空"))
        if len(value) > longest:
            raise CountyFileError(self.at(key), _("不能超过 %d 个字") % longest)
        return value

    def texts(self, key: str, *, longest: int) -> tuple[str, ...]:
        wanted = _("文字的列表")
        values = self._get(key, list, wanted, [])
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise CountyFileError(self.at(key), _("应为%s") % wanted)
        if any(len(value) > longest for value in values):
            raise CountyFileError(self.at(key), _("不能超过 %d 个字") % longest)
        return tuple(value.strip() for value in values)

    def slug(self, key: str) -> str:
        value = self.text(key, longest=40)
        if not SLUG.fullmatch(value):
            self.refuse(key, _("只用小写字母、数字和连字符"))
        return value

    def refuse(self, key: str, why: str) -> NoReturn:
        raise CountyFileError(self.at(key), why)

    def flag(self, key: str, *, default: bool = False) -> bool:
        value: bool = self._get(key, bool, "true / false", default)
        return value

    def year(self, key: str) -> int:
        value: int = self._get(key, int, _("年份"), None)
        if not 2000 <= value <= 2100:
            raise CountyFileError(self.at(key), _("年份应在 2000 至 2100 之间"))
        return value

    def span(self, key: str, *, least: int = 1) -> int:
        value: int = self._get(key, int, _("整数"), None)
        if not least <= value <= LONGEST_SPAN:
            words = _("应在 %(least)d 至 %(most)d 之间")
            self.refuse(key, words % {"least": least, "most": LONGEST_SPAN})
        return value

    def day(self, key: str, *, default: dt.date | None = None) -> dt.date:
        value: dt.date = self._get(key, dt.date, _("日期，如 2026-10-01"), default)
        if isinstance(value, dt.datetime):
            raise CountyFileError(self.at(key), _("只写日期，不写时刻"))
        return value

    def number(self, key: str, *, places: int) -> Decimal:
        return _number(self._get(key, (int, Decimal), _("数字"), None), self.at(key), places)

    def table(self, key: str) -> _Table:
        return _Table(self._get(key, dict, _("表"), {}), self.at(key))

    def tables(self, key: str) -> list[_Table]:
        wanted = _("表的列表（[[%s]]）") % key
        values = self._get(key, list, wanted, [])
        if not all(isinstance(value, dict) for value in values):
            raise CountyFileError(self.at(key), _("应为%s") % wanted)
        return [_Table(value, f"{self.at(key)}[{n}]") for n, value in enumerate(values, 1)]

    def finish(self) -> None:
        """Refuse what nobody asked for."""
        for key in self.values:
            if key not in self.asked:
                known = "、".join(self.asked)
                raise CountyFileError(self.at(key), _("没有这一项（可用：%s）") % known)


def _number(value: int | Decimal, where: str, places: int) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or abs(number) > LARGEST_VALUE:
        raise CountyFileError(where, _("数字太大"))
    if number != round(number, places):
        raise CountyFileError(where, _("最多 %d 位小数") % places)
    return number


# The file's key of each setting that is a yes or no.
_FLAGS = (
    "exclude_terminated",
    "exclude_policy_funded",
    "exclude_real_estate",
    "exclude_local_investors",
    "permit_required",
    "clock_working_days",
)

# The file's key of each setting that is a span: months and days, at least one.
_SPANS = (
    "protection_months",
    "protection_idle_days",
    "protection_extension_months",
    "quiet_after_days",
    "inspection_after_days",
    "inspection_deadline_days",
    "lead_answer_days",
    "lead_judge_days",
    "lead_feedback_days",
    "lead_report_days",
)
# How long before its end a clock's light turns yellow, or a reminder goes out; 0 is never.
# How long after its groundbreaking a project may take to be entered in the statistics.
_WARNINGS = (
    "near_month_days",
    "near_seven_days",
    "near_three_days",
    "near_same_day_hours",
    "monthly_reminder_days",
    "statistics_after_months",
)
LONGEST_SPAN = 3650


def _settings(county: _Table) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if county.has("name"):
        found["county"] = county.text("name", longest=40)
    if county.has("minimum_investment_yuan"):
        minimum = county.number("minimum_investment_yuan", places=2)
        if minimum < 0:
            raise CountyFileError(county.at("minimum_investment_yuan"), _("不能为负"))
        found["minimum_investment"] = minimum
    found.update({key: county.flag(key) for key in _FLAGS if county.has(key)})
    found.update({key: county.span(key) for key in _SPANS if county.has(key)})
    found.update({key: county.span(key, least=0) for key in _WARNINGS if county.has(key)})
    county.asked = ["name", "minimum_investment_yuan", *_FLAGS, *_SPANS, *_WARNINGS]
    county.finish()
    return found


def _named(table: _Table, key: str, *, has_short_name: bool = False) -> Named:
    slug = table.slug(key)
    name = table.text("name", longest=80 if has_short_name else 40)
    short = table.text("short_name", longest=20, default=name[:20]) if has_short_name else ""
    found = Named(slug, name, short, table.texts("aliases", longest=80))
    table.finish()
    return found


def _team(table: _Table) -> str:
    name = table.text("name", longest=60)
    table.finish()
    return name


def _tags(table: _Table) -> tuple[tuple[TagGroup, str], ...]:
    """The tags of each group: ``general``, ``six_lists``, ``advantages``."""
    found: list[tuple[TagGroup, str]] = []
    for group in TagGroup:
        names = table.texts(group.value, longest=40)
        _refuse_repeated(table.at(group.value), names)
        found += [(group, name) for name in names]
    table.finish()
    return tuple(found)


def _contracts(table: _Table) -> dict[str, ContractKind]:
    found: dict[str, ContractKind] = {}
    spelt: dict[str, str] = {}
    for kind in ContractKind:
        for term in table.texts(kind.value, longest=40):
            if normalise(term) in spelt:
                raise CountyFileError(table.at(kind.value), _("“%s”写了两次") % term)
            spelt[normalise(term)] = term
            found[term] = kind
    table.finish()
    return found


def _targets(table: _Table) -> Iterable[TargetEntry]:
    year = table.year("year")
    is_example = table.flag("example")
    reason = table.text("reason", longest=200, default=_("按县情文件设置"))
    holder, of = HolderKind.COUNTY, ""
    for kind, longest in ((HolderKind.PARK, 40), (HolderKind.UNIT, 120), (HolderKind.OFFICER, 150)):
        if text := table.text(kind.value, longest=longest, default=""):
            if of:
                raise CountyFileError(table.at(kind.value), _("一组目标只能有一个承担方"))
            holder, of = kind, text
    values = table.table("values")
    for metric in Metric:
        if values.has(metric.value):
            value, plan = _value(values, metric)
            yield TargetEntry(
                values.at(metric.value), metric, year, holder, of, value, plan, is_example, reason
            )
    values.asked = list(Metric.values)
    values.finish()
    table.finish()


def _value(
    values: _Table, metric: Metric
) -> tuple[Decimal, tuple[Decimal, Decimal, Decimal] | None]:
    """A target's value and plan: a number, or a table of ``value`` and ``plan``."""
    where = values.at(metric.value)
    places = 4 if metric in RATES else 2 if metric.value.endswith("_yuan") else 0
    given = values.values[metric.value]
    if not isinstance(given, dict):
        value, plan = values.number(metric.value, places=places), None
    else:
        table = _Table(given, where)
        value = table.number("value", places=places)
        plan = _plan(table, value, places) if table.has("plan") else None
        table.asked = ["value", "plan"]
        table.finish()
    if value <= 0:
        raise CountyFileError(where, _("目标必须大于 0"))
    if metric in RATES and plan is not None:
        raise CountyFileError(where, _("比率没有季度计划"))
    return value, plan


def _plan(table: _Table, value: Decimal, places: int) -> tuple[Decimal, Decimal, Decimal]:
    where = table.at("plan")
    given = table._get("plan", list, _("三个数字：至一、二、三季度"), None)
    if len(given) != 3 or not all(type(number) in (int, Decimal) for number in given):
        raise CountyFileError(where, _("应为%s") % _("三个数字：至一、二、三季度"))
    first, second, third = (_number(number, where, places) for number in given)
    if not 0 <= first <= second <= third <= value:
        raise CountyFileError(where, _("季度计划是累计数，应逐季不减，且不超过全年目标"))
    return first, second, third


def _calendar(
    tables: list[_Table],
) -> tuple[dict[dt.date, tuple[bool, str]], frozenset[int]]:
    days: dict[dt.date, tuple[bool, str]] = {}
    years: set[int] = set()
    for table in tables:
        year = table.year("year")
        if year in years:
            raise CountyFileError(table.at("year"), _("%d 年写了两次") % year)
        years.add(year)
        for key, is_working in (("holidays", False), ("workdays", True)):
            for entry in table.tables(key):
                name = entry.text("name", longest=40)
                first = entry.day("from")
                last = entry.day("to", default=first)
                entry.finish()
                if not first <= last or first.year != year or last.year != year:
                    raise CountyFileError(entry.where, _("起止日应在 %d 年内，且先后有序") % year)
                for offset in range((last - first).days + 1):
                    day = first + dt.timedelta(offset)
                    if day in days:
                        raise CountyFileError(entry.where, _("%s 写了两次") % day)
                    days[day] = is_working, name
        table.finish()
    return days, frozenset(years)


def _refuse_shared_spelling(key: str, entries: Sequence[Named | UnitEntry]) -> None:
    """One spelling stands for one park (channel, unit), or a ledger could not be read."""
    owner: dict[str, str] = {}
    _refuse_repeated(key, (entry.key for entry in entries))
    for entry in entries:
        for spelling in {normalise(entry.name), *map(normalise, entry.aliases)}:
            if owner.setdefault(spelling, entry.key) != entry.key:
                raise CountyFileError(
                    key,
                    _("“%(spelling)s”同时属于 %(one)s 和 %(other)s")
                    % {"spelling": spelling, "one": owner[spelling], "other": entry.key},
                )


def _refuse_repeated(key: str, values: Iterable[Any]) -> None:
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise CountyFileError(key, _("“%s”写了两次") % (value,))
        seen.add(value)
