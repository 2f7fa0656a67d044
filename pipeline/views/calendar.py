"""The calendar of a month, and the same for calendar programs under a private link."""

from __future__ import annotations

import calendar as weeks
import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crm import calendar_feeds
from crm.http import SignedIn, allowed
from crm.models import CalendarDay, CalendarFeed
from pipeline import icalendar
from pipeline.agenda import Entry, agenda

FIRST_YEAR, LAST_YEAR = 2000, 2100
BACK, AHEAD = dt.timedelta(days=60), dt.timedelta(days=400)
"""How much of the past and the future a feed carries."""
PAGES = {
    "follow_up": "follow_up",
    "interaction": "interaction",
    "start": "project",
    "finish": "project",
}


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the month's sheet with what stands on it."""

    day: dt.date
    entries: list[Entry]
    mark: CalendarDay | None
    is_other: bool
    is_today: bool

    @property
    def is_rest(self) -> bool:
        """Whether nobody works: the calendar says so, or it is a weekend like any other."""
        return not self.mark.is_working if self.mark else self.day.weekday() >= 5


@require_safe
@allowed("calendar.view")
def month(request: SignedIn) -> HttpResponse:
    """A month from Monday to Sunday: what is due, who was met, what projects plan."""
    today = timezone.localdate()
    first = _month(request.GET.get("month", ""), today)
    sheet = weeks.Calendar(weeks.MONDAY).monthdatescalendar(first.year, first.month)
    since, until = sheet[0][0], sheet[-1][-1]
    found: dict[dt.date, list[Entry]] = {}
    for entry in agenda(request.user, since=since, until=until):
        found.setdefault(entry.day, []).append(entry)
    marks = {row.day: row for row in CalendarDay.objects.filter(day__range=(since, until))}
    rows = [
        [
            Day(day, found.get(day, []), marks.get(day), day.month != first.month, day == today)
            for day in week
        ]
        for week in sheet
    ]
    context = {
        "first": first,
        "rows": rows,
        "before": first - dt.timedelta(days=1),
        "after": first + dt.timedelta(days=31),
        "today": today,
        "is_empty": not any(day.entries for week in rows for day in week if not day.is_other),
    }
    return render(request, "pipeline/calendar/month.html", context)


def _month(text: str, today: dt.date) -> dt.date:
    """The first day of the month that the URL names; nonsense is the current one."""
    try:
        first = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 -- no instant
    except ValueError:
        return today.replace(day=1)
    return first if FIRST_YEAR <= first.year < LAST_YEAR else today.replace(day=1)


@never_cache
@require_safe
@allowed("calendar.view")
def link(request: SignedIn) -> HttpResponse:
    """The person's private link, and how to use it."""
    feed = CalendarFeed.objects.filter(user=request.user).first()
    address = ""
    if feed is not None:
        address = request.build_absolute_uri(reverse("calendar_feed", args=[feed.token]))
    webcal = address.replace("https://", "webcal://").replace("http://", "webcal://")
    context = {"feed": feed, "address": address, "webcal": webcal}
    return render(request, "pipeline/calendar/link.html", context)


@require_POST
@allowed("calendar.view")
def link_renew(request: SignedIn) -> HttpResponse:
    """Make a link, or a new one in place of the old."""
    calendar_feeds.renew(by=request.user, at=timezone.now())
    messages.success(request, _("链接已生成。以前的链接（如有）不能再用。"))
    return redirect("calendar_link")


@require_POST
@allowed("calendar.view")
def link_remove(request: SignedIn) -> HttpResponse:
    """Have no link any more."""
    calendar_feeds.remove(by=request.user)
    messages.success(request, _("链接已删除，订阅它的日历不再更新。"))
    return redirect("calendar_link")


@login_not_required  # a calendar program cannot log in: the secret in the link stands for it
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of whom the link is, in the county's language; 404 for any other secret."""
    person = calendar_feeds.reader(token)
    if person is None:
        raise Http404
    today = timezone.localdate()
    with translation.override(settings.LANGUAGE_CODE):
        events = [
            icalendar.Event(
                uid=f"{entry.kind}-{entry.pk}@groundbreak",
                day=entry.day,
                summary=_summary(entry),
                description=entry.about,
                url=request.build_absolute_uri(reverse(PAGES[entry.kind], args=[entry.pk])),
            )
            for entry in agenda(person, since=today - BACK, until=today + AHEAD)
        ]
        name = _("破土 · %(name)s") % {"name": person}
    content = icalendar.written(events, name=name, stamp=timezone.now())
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="groundbreak.ics"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=300"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _summary(entry: Entry) -> str:
    if entry.kind == "start":
        return _("计划开工：%(name)s") % {"name": entry.title}
    if entry.kind == "finish":
        return _("计划投产：%(name)s") % {"name": entry.title}
    if entry.kind == "follow_up" and entry.is_done:
        return _("已办：%(what)s") % {"what": entry.title}
    return entry.title
