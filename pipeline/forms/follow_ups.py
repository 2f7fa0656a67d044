"""The forms of a follow-up: a new one, and what is done with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from pipeline.colleagues import colleagues_of, who_see
from pipeline.forms.projects import date_input
from pipeline.forms.widgets import QuickSelect
from pipeline.models import FollowUp, Project

STATES = (
    ("", _("未办")),
    ("overdue", _("逾期")),
    ("today", _("今天")),
    ("coming", _("以后")),
    ("done", _("已办结")),
)


class FollowUpFilter(forms.Form):
    """Which follow-ups the list shows; all of it in the URL."""

    q = forms.CharField(label=_("搜索"), max_length=60, required=False)
    state = forms.ChoiceField(choices=STATES, required=False)
    who = forms.ChoiceField(
        label=_("谁的"),
        choices=[("", _("我的")), ("all", _("我能看到的"))],
        required=False,
        widget=QuickSelect(attrs={"class": "form-select"}),
    )
    project = forms.IntegerField(required=False, min_value=1)


class NewFollowUp(forms.Form):
    """Something to be done by a day."""

    what = forms.CharField(label=_("要办的事"), max_length=200)
    due_on = forms.DateField(label=_("应办日"), widget=date_input())
    assignee = forms.ModelChoiceField(
        label=_("承办人"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("我自己"),
        widget=QuickSelect,
    )

    def __init__(self, data: Any = None, *, user: User, project: Project | None = None) -> None:
        super().__init__(data)
        people = colleagues_of(user)
        chosen: Any = self.fields["assignee"]
        chosen.queryset = who_see(project, people) if project else people


class DoneForm(forms.Form):
    outcome = forms.CharField(label=_("结果（可不填）"), max_length=200, required=False)


class GiveUpForm(forms.Form):
    outcome = forms.CharField(
        label=_("为什么不办了"), max_length=200, widget=forms.TextInput(attrs={"id": "id_why"})
    )


class MoveForm(forms.Form):
    due_on = forms.DateField(label=_("改到"), widget=date_input())


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(
        label=_("交给"),
        queryset=User.objects.none(),
        empty_label=_("请选择同事"),
        widget=QuickSelect,
    )

    def __init__(self, data: Any = None, *, user: User, follow_up: FollowUp) -> None:
        super().__init__(data)
        people = colleagues_of(user).exclude(pk=follow_up.assignee_id)
        chosen: Any = self.fields["to"]
        chosen.queryset = who_see(follow_up.project, people) if follow_up.project else people
