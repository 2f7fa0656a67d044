"""Two people edit the same row at once and neither loses anything.

A form sends along what each field showed when it was opened: its template says
``{{ form.opening }}``. Only what the person changed is written; a field that somebody else
has changed in the meantime, to something else, is refused once and shows both values. Sent
again it is written: the person has seen the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.models import ModelChoiceField, ModelMultipleChoiceField
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    Base = forms.BaseForm
else:
    Base = object


class TwoEditors(Base):
    """Mixed into a form before ``forms.Form`` or ``forms.ModelForm``.

    The form's ``initial`` is what the row says now; :meth:`changes` is what to write. A
    request that sends no opening values (a program's) writes whatever differs from now.
    """

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

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for name in self.fields:
            if name in self.cleaned_data and self._is_mine(name) and self._is_theirs(name):
                now = self._text(name, self._now(name))
                mine = self._text(name, self.cleaned_data[name])
                self.add_error(
                    name,
                    _("别人刚把这一项改成了“%(now)s”，您填的是“%(mine)s”。核对后再保存一次")
                    % {"now": now or "—", "mine": mine or "—"},
                )
                self._show_now(name)
        return cleaned

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

    def _show_now(self, name: str) -> None:
        """The next time this value is the one that the person has seen."""
        sent: MultiValueDict[str, Any] = MultiValueDict(self.data)  # of our own, to be changed
        sent.setlist(self[name].html_initial_name, _texts(self._now(name)))
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
