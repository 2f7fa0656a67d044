"""Two people edit the same row at once and neither loses anything.

A form sends along what each field showed when it was opened: its template says
``{{ form.opening }}``. Only what the person changed is written, and what others changed in
the meantime stays. A field that both changed, to different values, is refused once: the
form says who wrote what and when, and the person chooses (``pipeline/refused.html``). Sent
again without a choice their own value is written: they have seen the other.

What is checked here holds while the row cannot change: a view that must not lose anything
loads the row with ``select_for_update`` in the transaction that saves it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.forms.models import ModelChoiceField, ModelMultipleChoiceField
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    Base = forms.BaseForm
else:
    Base = object

THEIRS, MINE = "theirs", "mine"
LATEST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class Theirs:
    """A field that somebody else changed while the form was open.

    ``value`` is what it says now, ``mine`` what the person wrote, both as text; ``by`` and
    ``at`` are empty where no history tells them. ``choice`` is the name under which the
    person says which one to keep.
    """

    label: str
    value: str
    mine: str
    by: str
    at: str
    choice: str


class TwoEditors(Base):
    """Mixed into a form before ``forms.Form`` or ``forms.ModelForm``.

    The form's ``initial`` is what the row says now; :meth:`changes` is what to write. A
    request that sends no opening values (a program's) writes whatever differs from now.

    ``written_as`` names the columns of the row that fields of other names are written to,
    for the history that tells who changed them.
    """

    written_as: ClassVar[Mapping[str, str]] = {}
    conflicts: tuple[Theirs, ...] = ()
    """What both changed, once the form is refused for it."""
    kept: tuple[Theirs, ...] = ()
    """What others alone changed while the form was open, and keeps their value."""

    @property
    def opening(self) -> SafeString:
        """What each field shows now, or showed when it was opened, as hidden inputs."""
        return format_html_join(
            "",
            '<input type="hidden" name="{}" value="{}">',
            (
                (self[name].html_initial_name, value)
                for name, field in self.fields.items()
                if not field.disabled
                for value in _texts(self._was_opened_with(name))
            ),
        )

    def changes(self) -> dict[str, Any]:
        """The cleaned values of the fields that the person changed."""
        return {
            name: self.cleaned_data[name]
            for name in self.fields
            if name in self.cleaned_data and self._is_mine(name)
        }

    def full_clean(self) -> None:
        if self.is_bound:
            for name in list(self.fields):
                if self.data.get(self._choice(name)) == THEIRS:
                    self._send(self.add_prefix(name), name)
                    self._send(self[name].html_initial_name, name)
        super().full_clean()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        conflicts, kept = [], []
        for name, field in self.fields.items():
            if field.disabled:
                self._refuse_what_was_fixed(name)
            elif name not in self.cleaned_data or not self._is_theirs(name):
                continue
            elif self._is_mine(name):
                theirs = self._theirs(name)
                conflicts.append(theirs)
                self.add_error(name, _both(theirs))
                self._send(self[name].html_initial_name, name)
            else:
                if _differ(field, self._now(name), self[name].data):
                    kept.append(self._theirs(name))
                self._take_now(name)
        self.conflicts, self.kept = tuple(conflicts), tuple(kept)
        return cleaned

    def _refuse_what_was_fixed(self, name: str) -> None:
        """A field that was fixed while the form was open tells what is not saved."""
        field, opened_as = copy(self.fields[name]), self[name].html_initial_name
        field.disabled = False  # it was not, when the person wrote into it
        sent = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        if opened_as not in self.data or sent is None:
            return
        opened = field.hidden_widget().value_from_datadict(self.data, MultiValueDict(), opened_as)
        if _differ(field, opened, sent) and _differ(field, self._now(name), sent):
            message = _("“%(label)s”在您填写时已经确定，不能再改；您填的是“%(mine)s”")
            values = {"label": field.label, "mine": self._text(name, sent) or "—"}
            self.add_error(None, message % values)
            self._send(opened_as, name)

    def _theirs(self, name: str) -> Theirs:
        by, at = self._last_change(name)
        return Theirs(
            label=str(self.fields[name].label),
            value=self._text(name, self._now(name)),
            mine=self._text(name, self.cleaned_data.get(name)),
            by=by,
            at=at,
            choice=self._choice(name),
        )

    def _last_change(self, name: str) -> tuple[str, str]:
        """Who last changed the field's column and when, as text."""
        row: Any = getattr(self, "instance", None)
        if not hasattr(row, "history"):
            return "", ""
        if not hasattr(self, "_versions"):
            latest = row.history.select_related("history_user").order_by("-history_id")
            self._versions = list(latest[:LATEST_VERSIONS])
        column = self.written_as.get(name, name)
        for new, old in pairwise(self._versions):
            if getattr(new, column, None) != getattr(old, column, None):
                return str(new.history_user or ""), _moment(new.history_date)
        return "", ""

    def _choice(self, name: str) -> str:
        return self.add_prefix(f"keep-{name}")

    def _take_now(self, name: str) -> None:
        """The rest of the form is checked beside what the field says now."""
        self._send(self.add_prefix(name), name)
        self._send(self[name].html_initial_name, name)
        try:
            self.cleaned_data[name] = self.fields[name].clean(self[name].data)
        except forms.ValidationError:
            del self.cleaned_data[name]  # now's value is not this person's to choose

    def _was_opened_with(self, name: str) -> Any:
        """What the field showed when the form was opened; now's value where none was sent."""
        if not any(self[other].html_initial_name in self.data for other in self.fields):
            return self._now(name)
        bound = self[name]
        widget = bound.field.hidden_widget()
        return widget.value_from_datadict(self.data, MultiValueDict(), bound.html_initial_name)

    def _now(self, name: str) -> Any:
        field = self.fields[name]
        return field.prepare_value(self.get_initial_for_field(field, name))

    def _is_mine(self, name: str) -> bool:
        """Whether the person changed the field, and not to what it says now."""
        bound = self[name]
        if bound.field.disabled:
            return False
        opened = self._was_opened_with(name)
        return _differ(bound.field, opened, bound.data) and _differ(
            bound.field, self._now(name), bound.data
        )

    def _is_theirs(self, name: str) -> bool:
        """Whether somebody else changed the field since the form was opened."""
        return _differ(self.fields[name], self._now(name), self._was_opened_with(name))

    def _send(self, key: str, name: str) -> None:
        """As if the field's value of now had been sent under ``key``."""
        now = self._now(name)
        sent: MultiValueDict[str, Any] = MultiValueDict(self.data)  # of our own, to be changed
        if isinstance(self.fields[name], forms.BooleanField) and not now:
            sent.setlist(key, [] if key == self.add_prefix(name) else ["False"])
        else:
            sent.setlist(key, _texts(now))
        self.data = sent

    def _text(self, name: str, value: Any) -> str:
        field = self.fields[name]
        if isinstance(field, ModelChoiceField):
            several = isinstance(field, ModelMultipleChoiceField)
            keys = _keys(value) if several else _keys([value] if value else [])
            model = field.queryset.model  # type: ignore[union-attr]
            rows = model._default_manager.filter(pk__in=keys)
            return "、".join(str(row) for row in rows)
        if isinstance(field, forms.BooleanField):
            return _("是") if value else _("否")
        if isinstance(field, forms.ChoiceField):
            return str(dict(_flat(field.choices)).get(value, value))
        return "" if value is None else str(value)


def _both(theirs: Theirs) -> str:
    values = {
        "by": theirs.by or _("别人"),
        "at": theirs.at,
        "now": theirs.value or "—",
        "mine": theirs.mine or "—",
    }
    if theirs.at:
        return _("%(by)s在 %(at)s 改成了“%(now)s”，您填的是“%(mine)s”，请选择保留哪一个") % values
    return _("%(by)s刚改成了“%(now)s”，您填的是“%(mine)s”，请选择保留哪一个") % values


def _moment(at: dt.datetime) -> str:
    """10:12 today, with its day otherwise."""
    local = timezone.localtime(at)
    is_today = local.date() == timezone.localdate()
    return local.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")


def _differ(field: forms.Field, initial: Any, data: Any) -> bool:
    if isinstance(initial, str) and isinstance(data, str):
        # Browsers send every line break as two characters.
        initial, data = (text.replace("\r\n", "\n").strip() for text in (initial, data))
    if isinstance(field, forms.BooleanField):
        return bool(field.to_python(initial)) != bool(field.to_python(data))
    if isinstance(field, ModelMultipleChoiceField):
        return {str(key) for key in _keys(initial)} != {str(key) for key in _keys(data)}
    try:
        initial = field.to_python(initial) if not isinstance(field, ModelChoiceField) else initial
    except forms.ValidationError:
        return True
    return field.has_changed(initial, data)


def _texts(values: Any) -> list[str]:
    several = values if isinstance(values, (list, tuple)) else [values]
    return ["" if value is None else str(value) for value in several]


def _key(value: Any) -> Any:
    return getattr(value, "pk", value)


def _keys(values: Any) -> list[Any]:
    return [_key(value) for value in values or []]


def _flat(choices: Any) -> Iterable[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from label
        else:
            yield value, label
