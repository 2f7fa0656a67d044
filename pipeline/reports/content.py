"""A report's whole content as plain data: what is frozen, compared, and written in four formats.

``{"format", "subject", "title", "holder", "period", "as_of", "known_at", "definitions", "settings",
"sections", "tables", "charts", "footnotes"}``, the subject only where it is not investment
attraction. Figures are exact text (yuan, fractions of 1);
the same figures always give the same bytes (:func:`digest`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from crm.models import Park
from pipeline.models import CountySettings, Subject
from pipeline.reports.narrative import Section, footnotes, sections, title
from pipeline.reports.numbers import Numbers, gather
from pipeline.reports.periods import Period
from pipeline.reports.supervision import narrative as kept_narrative
from pipeline.reports.supervision import numbers as kept
from pipeline.reports.supervision.tables import tables as kept_tables
from pipeline.reports.tables import Table, tables

FORMAT = 1
"""The version of this structure; a reader of frozen reports knows every one."""
DEFINITIONS = "2026-11"
"""The version of the figures' definitions (pipeline/figures.py); changed when one changes."""

KEPT_DEFINITIONS = "2026-11"
"""The same for the bulletin on promises (pipeline/reports/supervision/numbers.py)."""
# What of the settings the clocks rest on.
CLOCKS = (
    *("county", "clock_working_days", "near_month_days", "near_seven_days"),
    *("near_three_days", "near_same_day_hours"),
)

# (name, title, table, kind, the columns that are drawn, their unit)
CHARTS = (
    ("projects", _("各园区签约项目完成率"), "T2", "bar", ("signed_projects_completion",)),
    ("amount", _("各园区协议总投资完成率"), "T2", "bar", ("signed_amount_yuan_completion",)),
    ("rate", _("各园区当年签约当年开工率"), "T3", "bar", ("start_rate", "target")),
)


def build(
    period: Period,
    *,
    known_at: dt.datetime,
    park: Park | None = None,
    texts: Mapping[str, str] | None = None,
    subject: str = Subject.ATTRACTION,
) -> dict[str, Any]:
    """The content of a report as known at an instant, with people's own ``texts`` by section.

    In the county's language, whoever asks for it: what goes out is the same for everybody.
    """
    with translation.override(settings.LANGUAGE_CODE):
        if subject == Subject.SUPERVISION:
            return compose_kept(kept.gather(period, known_at=known_at), known_at, texts or {})
        return compose(gather(period, known_at=known_at, park=park), known_at, texts or {})


def compose(numbers: Numbers, known_at: dt.datetime, texts: Mapping[str, str]) -> dict[str, Any]:
    """:func:`build` from figures that were asked for already."""
    period = numbers.period
    return {
        "format": FORMAT,
        "title": title(numbers),
        "holder": numbers.park.name if numbers.park else numbers.rules.county,
        "park": numbers.park.slug if numbers.park else "",
        "period": {"kind": period.kind, "year": period.year, "number": period.number}
        | {"alone": period.alone, "so_far": period.so_far},
        "as_of": period.until.isoformat(),
        "known_at": timezone.localtime(known_at).isoformat(timespec="seconds"),
        "definitions": DEFINITIONS,
        "settings": _settings(numbers.rules),
        "sections": plain_sections(sections(numbers), texts),
        "tables": {name: plain_table(table) for name, table in tables(numbers).items()},
        "charts": [
            {
                "name": name,
                "title": str(said),
                "table": table,
                "kind": kind,
                "columns": list(columns),
            }
            for name, said, table, kind, columns in CHARTS
        ]
        if numbers.park is None
        else [],
        "footnotes": footnotes(numbers),
    }


def compose_kept(
    numbers: kept.Numbers, known_at: dt.datetime, texts: Mapping[str, str]
) -> dict[str, Any]:
    """The monthly bulletin on promises from figures that were asked for already."""
    period, said = numbers.period, kept_narrative
    return {
        "format": FORMAT,
        "subject": Subject.SUPERVISION.value,
        "title": said.title(numbers),
        "holder": numbers.rules.county,
        "park": "",
        "period": {"kind": period.kind, "year": period.year, "number": period.number}
        | {"alone": period.alone, "so_far": period.so_far},
        "as_of": period.until.isoformat(),
        "known_at": timezone.localtime(known_at).isoformat(timespec="seconds"),
        "definitions": KEPT_DEFINITIONS,
        "settings": _settings(numbers.rules, CLOCKS),
        "sections": plain_sections(said.sections(numbers), texts),
        "tables": {name: plain_table(table) for name, table in kept_tables(numbers).items()},
        "charts": [],
        "footnotes": said.footnotes(numbers),
    }


def plain_sections(found: Sequence[Section], texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Sections as plain data, people's own paragraphs below those from the figures."""
    return [
        {
            "key": section.key,
            "heading": section.heading,
            "paragraphs": [*section.paragraphs, *_own(texts, section.key)],
            "tables": list(section.tables),
        }
        for section in found
    ]


def digest(*parts: Any) -> str:
    """The SHA-256 of plain data, however its keys are ordered."""
    written = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def _own(texts: Mapping[str, str], key: str) -> list[str]:
    return [line.strip() for line in texts.get(key, "").splitlines() if line.strip()]


def plain_table(table: Table) -> dict[str, Any]:
    """A table as plain data, its values exact."""
    return {
        "title": table.title,
        "columns": [asdict(column) for column in table.columns],
        "keys": [str(key) for key in table.keys],
        "rows": [[_plain(value) for value in row] for row in table.rows],
        "total": None if table.total is None else [_plain(value) for value in table.total],
        "note": table.note,
    }


def _plain(value: Any) -> Any:
    """A decimal as exact text, never as 1E+2; all else as it is."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return str(value) if isinstance(value, str) else value


COUNTED = (
    *("county", "exclude_terminated", "minimum_investment", "exclude_policy_funded"),
    *("exclude_real_estate", "exclude_local_investors", "permit_required"),
)


def _settings(rules: CountySettings, names: Sequence[str] = COUNTED) -> dict[str, Any]:
    return {name: _plain(getattr(rules, name)) for name in names}
