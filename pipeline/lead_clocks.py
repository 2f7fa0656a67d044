"""The clocks of new leads: answered, judged, fed back, then reported on again and again.

Day 0 is the day on which the lead was registered. Its days are settings of the county; its
lights are those of the ledgers. A meeting or call that is recorded answers a lead, and is a
report once it was fed back: what happened need not be written twice. A lead that was judged
not worth following owes its feedback and nothing more. What a history load brought has no
clock, and neither has what is no lead any more, or rests.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm import notices
from crm.models import Role, User
from crm.refusals import ReasonNeeded, Refused
from crm.rights import require
from pipeline.clock_rules import rules_at
from pipeline.lights import Light
from pipeline.models import (
    CountySettings,
    Interaction,
    LeadClock,
    LeadStep,
    LeadStepKind,
    Node,
    Project,
)
from pipeline.stages import Stage, Status
from pipeline.supervision import DAY, NODES, Rules, light

LOT = 500
CAUGHT_UP = 31
"""Days after its due day in which an overdue lead is still told of for the first time."""
K = LeadStepKind
LIKE = {
    K.ANSWERED: Node.ASSIGN,
    K.JUDGED: Node.FEEDBACK,
    K.FED_BACK: Node.ORDINARY,
    K.REPORTED: Node.MAJOR,
}
"""Each step is near its due day as long before it as this node of the ledgers."""


class NotALead(Refused):
    """The project has gone on, rests or was given up: it has no clock."""

    code = "not_a_lead"


class NotAwaited(Refused):
    """Another step comes first, or this one was taken."""

    code = "not_awaited"


# --- pure ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Terms:
    """Within how many days each step is owed, and the rules that due days roll by."""

    answer: int = 1
    judge: int = 3
    feed_back: int = 7
    report: int = 14
    rules: Rules = field(default_factory=Rules)

    def due(self, day: dt.date) -> dt.date:
        """The day itself, or the next working day where the county moves its due days."""
        return self.rules.calendar.rolled(day) if self.rules.working_days else day


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken, and on which day. A meeting is of no kind."""

    kind: str
    on: dt.date
    is_worth: bool | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """The step that is owed; ``due_on`` is None where nothing is any more."""

    kind: LeadStepKind
    due_on: dt.date | None


def owed(registered_on: dt.date, done: Iterable[Done], terms: Terms) -> Owed:
    """What a lead is owed after what was done, in the order in which it was."""
    done = list(done)
    kinds = {step.kind for step in done}
    if not done:
        return Owed(K.ANSWERED, terms.due(registered_on + terms.answer * DAY))
    if K.JUDGED not in kinds:
        return Owed(K.JUDGED, terms.due(registered_on + terms.judge * DAY))
    if K.FED_BACK not in kinds:
        return Owed(K.FED_BACK, terms.due(registered_on + terms.feed_back * DAY))
    if not [step.is_worth for step in done if step.kind == K.JUDGED][-1]:
        return Owed(K.REPORTED, None)
    fed_back_on = next(step.on for step in done if step.kind == K.FED_BACK)
    last = max(step.on for step in done if step.kind in ("", K.REPORTED, K.FED_BACK))
    return Owed(K.REPORTED, terms.due(max(last, fed_back_on) + terms.report * DAY))


def lead_light(kind: str, due_on: dt.date | None, at: dt.datetime, rules: Rules) -> Light:
    """The light of what a lead is owed; none where nothing is."""
    if due_on is None:
        return Light.NONE
    return light(LIKE[LeadStepKind(kind)], due_on, at, rules)


def lead_light_is(wanted: str, at: dt.datetime, rules: Rules) -> Q:
    """The clocks whose :func:`lead_light` is ``wanted``, as a condition on their rows."""
    today = timezone.localdate(at)
    if wanted == Light.RED:
        return Q(due_on__lt=today)
    found = Q(pk__in=[])
    bound = "lte" if wanted == Light.YELLOW else "gt"
    for kind, node in LIKE.items():
        found |= Q(kind=kind, **{f"due_on__{bound}": NODES[node].near(at, rules)})
    return found & Q(due_on__gte=today)


# --- verbs --------------------------------------------------------------------------------
@transaction.atomic
def handle(
    project: Project,
    *,
    text: str,
    kind: str | None = None,
    is_worth: bool | None = None,
    by: User,
    at: dt.datetime,
) -> LeadStep:
    """Take the step that the lead is owed; judging needs a verdict.

    ``kind`` is the step that the person meant, refused where it is not the one that is owed.
    Raises ``NotAllowed``, ``NotALead``, ``NotAwaited``, ``ReasonNeeded``.
    """
    row = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    require(by, "lead.handle", row)
    if not has_clock(row):
        raise NotALead(_("项目已不是推进中的线索，没有办理时限"))
    now = settle(row, at=at)
    if now is None or now.due_on is None or kind not in (None, now.kind):
        raise NotAwaited(_("这一步已经办过，请刷新页面"))
    if not text.strip():
        raise ReasonNeeded(_("请写明办理情况"))
    if now.kind == K.JUDGED and is_worth is None:
        raise ReasonNeeded(_("请写明研判结论：是否值得跟进"))
    step = LeadStep.objects.create(
        project=row,
        kind=now.kind,
        text=text.strip(),
        is_worth=is_worth if now.kind == K.JUDGED else None,
        recorded_at=at,
        recorded_by=by,
    )
    settle(row, at=at)
    return step


def has_clock(project: Project) -> bool:
    """Whether a clock runs for it: a lead that is pursued and did not come with a load."""
    return (
        project.stage == Stage.LEAD
        and project.status == Status.ACTIVE
        and project.load_id is None
        and project.withdrawn_at is None
    )


def settle(project: Project, *, at: dt.datetime) -> LeadClock | None:
    """Write what a lead is owed now; None, and nothing written, where it has no clock."""
    if not has_clock(project):
        return None
    (row,) = _settle([project], at=at)
    return row


def owed_now(project: Project, *, at: dt.datetime) -> Owed | None:
    """What a lead is owed at an instant; None where it has no clock. Writes nothing."""
    return _owed([project], at=at)[project.pk] if has_clock(project) else None


def _settle(projects: Sequence[Project], *, at: dt.datetime) -> list[LeadClock]:
    """Write the clocks of some leads; a fixed number of queries."""
    now = _owed(projects, at=at)
    return LeadClock.objects.bulk_create(
        [
            LeadClock(project=project, kind=now[project.pk].kind, due_on=now[project.pk].due_on)
            for project in projects
        ],
        update_conflicts=True,
        unique_fields=["project"],
        update_fields=["kind", "due_on"],
    )


def _owed(projects: Sequence[Project], *, at: dt.datetime) -> dict[int, Owed]:
    keys, terms = [project.pk for project in projects], terms_at(at)
    done: dict[int, list[tuple[dt.datetime, Done]]] = defaultdict(list)
    for step in LeadStep.objects.filter(project__in=keys):
        on = timezone.localdate(step.recorded_at)
        done[step.project_id].append((step.recorded_at, Done(step.kind, on, step.is_worth)))
    met = Interaction.objects.current().filter(project__in=keys).order_by()
    for key, when in met.values_list("project_id", "recorded_at"):
        done[key].append((when, Done("", timezone.localdate(when))))
    return {
        project.pk: owed(
            timezone.localdate(project.created_at),
            [one for _when, one in sorted(done[project.pk], key=lambda pair: pair[0])],
            terms,
        )
        for project in projects
    }


def terms_at(at: dt.datetime) -> Terms:
    """The county's days for leads in force at an instant."""
    county = CountySettings.objects.known_at(at)
    return Terms(
        county.lead_answer_days,
        county.lead_judge_days,
        county.lead_feedback_days,
        county.lead_report_days,
        rules_at(at),
    )


# --- lists --------------------------------------------------------------------------------
def running() -> QuerySet[LeadClock]:
    """The clocks that run: of leads that are pursued."""
    return LeadClock.objects.filter(
        due_on__isnull=False,
        project__stage=Stage.LEAD,
        project__status=Status.ACTIVE,
        project__withdrawn_at__isnull=True,
    )


def visible_to(user: User) -> QuerySet[LeadClock]:
    """The clocks of the leads that the person sees, what is due first at the top."""
    rows = running()
    if not user.is_county_wide:
        rows = rows.filter(project__in=Project.objects.visible_to(user).values("pk"))
    return rows.order_by("due_on", "id")


# --- what falls due -----------------------------------------------------------------------
def remind(*, at: dt.datetime) -> int:
    """Tell of the steps that leads are owed: from the day before, and once more when overdue.

    The officer; of what is overdue the park's managers too. Each once. How many were told.
    """
    _begin(at=at)
    today, told, after = timezone.localdate(at), 0, 0
    rows = running().filter(due_on__gte=today - CAUGHT_UP * DAY, due_on__lte=today + DAY)
    while True:
        lot = list(
            rows.filter(pk__gt=after)
            .select_related("project__officer", "project__park")
            .order_by("pk")[:LOT]
        )
        if not lot:
            return told
        after = lot[-1].pk
        told += _tell(lot, at=at)


def _begin(*, at: dt.datetime) -> None:
    """Start the clocks of leads that were registered before there were any."""
    while True:
        lot = list(
            Project.objects.current().filter(
                stage=Stage.LEAD,
                status=Status.ACTIVE,
                load__isnull=True,
                lead_clock__isnull=True,
            )[:LOT]
        )
        if not lot:
            return
        _settle(lot, at=at)


def _tell(lot: Sequence[LeadClock], *, at: dt.datetime) -> int:
    today = timezone.localdate(at)
    parks = {row.project.park_id for row in lot if row.project.park_id}
    managers: dict[int | None, list[User]] = defaultdict(list)
    for user in User.objects.filter(is_active=True, role=Role.MANAGER, park__in=parks):
        managers[user.park_id].append(user)
    occasions = []
    with translation.override(settings.LANGUAGE_CODE):
        for row in lot:
            is_late = row.due_on is not None and row.due_on < today
            words = (
                _("线索“%(name)s”应于 %(due)s 前%(step)s，现已逾期")
                if is_late
                else _("线索“%(name)s”应于 %(due)s 前%(step)s")
            )
            officer = row.project.officer
            people = [officer] if officer is not None and officer.is_active else []
            if is_late or not people:
                people += managers[row.project.park_id]
            occasions.append(
                notices.Occasion(
                    people,
                    "lead.due",
                    words
                    % {
                        "name": row.project.name,
                        "due": row.due_on,
                        "step": row.get_kind_display(),
                    },
                    f"/projects/{row.project_id}/#lead",
                    f"lead_due:{row.project_id}:{row.kind}:{row.due_on}:{int(is_late)}",
                )
            )
    return notices.tell_each(notices.untold(occasions), at=at)
