"""The forms of notices: what a person hears of and when, a channel, what the log shows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.digests import Hours, check
from crm.models import DeliveryState, NoticeChannel, NoticeChannelKind, Park, Unit
from crm.notice_settings import Chosen
from crm.notices import GROUPS
from crm.refusals import Refused

BETWEEN = re.compile(r"[\s,，、;；]+")


class TimesField(forms.CharField):
    """Times of day in one line: "8:30、17:30"; with a full-width colon too."""

    default_error_messages = {"times": _("请写成 8:30 这样的时间，用空格或逗号分开")}

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace("：", ":").strip()
        try:
            return [
                dt.datetime.strptime(part, "%H:%M").time()  # noqa: DTZ007 -- no day, no zone
                for part in BETWEEN.split(text)
                if part
            ]
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["times"], code="times") from error


def time_input() -> forms.TimeInput:
    """The browser's own picker of a time of day."""
    return forms.TimeInput(format="%H:%M", attrs={"type": "time"})


class HoursForm(forms.Form):
    """When somebody, or a group, is written to."""

    digest_at = TimesField(
        label=_("汇总时间"),
        required=False,
        max_length=60,
        help_text=_("例如 8:30、17:30：到点把攒下的合成一条；留空即随时发"),
    )
    quiet_from = forms.TimeField(label=_("免打扰自"), required=False, widget=time_input())
    quiet_until = forms.TimeField(
        label=_("至"), required=False, widget=time_input(), help_text=_("可以跨零点")
    )
    rests = forms.BooleanField(
        label=_("休息日不打扰"),
        required=False,
        help_text=_("按工作日历：周末、节假日不发，补班日照发"),
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                check(self.hours)
            except Refused as refusal:
                raise forms.ValidationError(str(refusal), code=refusal.code) from refusal
        return found

    @property
    def hours(self) -> Hours:
        """What was given, as the verbs take it."""
        found = self.cleaned_data
        return Hours(
            tuple(found["digest_at"]), found["quiet_from"], found["quiet_until"], found["rests"]
        )


class SettingsForm(HoursForm):
    """What a person hears of, where and when: two ticks for each group of kinds."""

    def __init__(self, *args: Any, chosen: Sequence[Chosen], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen = chosen
        for one in chosen:
            tick = {"class": "form-check-input"}
            self.fields[f"app-{one.group.name}"] = forms.BooleanField(
                label=_("站内"),
                required=False,
                initial=one.in_app,
                disabled=one.group.is_owed,
                widget=forms.CheckboxInput(tick),
            )
            self.fields[f"mail-{one.group.name}"] = forms.BooleanField(
                label=_("邮件"),
                required=False,
                initial=one.by_mail,
                widget=forms.CheckboxInput(tick),
            )

    def lines(self) -> list[tuple[Any, Any, Any]]:
        """Each group with its two ticks."""
        return [
            (one.group, self[f"app-{one.group.name}"], self[f"mail-{one.group.name}"])
            for one in self.chosen
        ]

    @property
    def choices(self) -> dict[str, tuple[bool, bool]]:
        """In the pages and by mail, for each group."""
        found = self.cleaned_data
        names = [one.group.name for one in self.chosen]
        return {name: (found[f"app-{name}"], found[f"mail-{name}"]) for name in names}


class ChannelForm(HoursForm):
    """A channel; the address is asked for and never shown."""

    name = forms.CharField(label=_("名称"), max_length=60)
    kind = forms.ChoiceField(label=_("类型"), choices=NoticeChannelKind)
    address = forms.CharField(
        label=_("地址"),
        max_length=300,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "机器人的完整 Webhook 地址；钉钉加签的，在地址后面空一格再写密钥（SEC…）；"
            "用关键词的，关键词设为“破土”。邮箱直接写地址。保存后不再显示。"
        ),
    )
    whose = forms.ChoiceField(label=_("谁的事"), required=False)
    groups = forms.MultipleChoiceField(
        label=_("哪几类"),
        required=False,
        choices=[(group.name, group.label) for group in GROUPS],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("都不选即全部"),
    )
    field_order = ("name", "kind", "address", "whose", "groups")

    def __init__(
        self, data: Any = None, *, channel: NoticeChannel | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, initial=_initial(channel or NoticeChannel()), **kwargs)
        whose: Any = self.fields["whose"]
        units, parks = Unit.objects.all(), Park.objects.all()
        whose.choices = [
            ("", _("全县")),
            (_("园区"), [(f"park-{park.pk}", park.name) for park in parks]),
            (_("责任单位"), [(f"unit-{unit.pk}", unit.name) for unit in units]),
        ]
        self.fields["name"].validators.append(_not_taken(channel))
        if channel is None:
            return
        del self.fields["kind"]
        self.fields["address"].required = False
        self.fields["address"].label = _("新地址")
        self.fields["address"].help_text = _("不换地址就留空")

    @property
    def given(self) -> dict[str, Any]:
        """What was filled in, as the verbs take it."""
        names = ("name", "kind", "address", "groups")
        found = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        what, _dash, key = self.cleaned_data["whose"].partition("-")
        park = Park.objects.get(pk=key) if what == "park" else None
        unit = Unit.objects.get(pk=key) if what == "unit" else None
        return {**found, "park": park, "unit": unit, "hours": self.hours}


def _initial(channel: NoticeChannel) -> dict[str, Any]:
    whose = f"unit-{channel.unit_id}" if channel.unit_id else ""
    whose = f"park-{channel.park_id}" if channel.park_id else whose
    names = ("name", "groups", "digest_at", "quiet_from", "quiet_until", "rests")
    return {"whose": whose, **{name: getattr(channel, name) for name in names}}


def _not_taken(channel: NoticeChannel | None) -> Any:
    def check(name: str) -> None:
        others = NoticeChannel.objects.filter(name=name.strip())
        if channel is not None:
            others = others.exclude(pk=channel.pk)
        if others.exists():
            raise forms.ValidationError(_("已有叫这个名称的渠道"), code="name_taken")

    return check


class LogForm(forms.Form):
    """Which deliveries the log shows; all of it in the URL."""

    state = forms.ChoiceField(
        choices=[("", _("全部")), ("undecided", _("要处理")), *DeliveryState.choices],
        required=False,
    )
    channel = forms.ModelChoiceField(
        label=_("渠道"),
        queryset=NoticeChannel.objects.all(),
        required=False,
        empty_label=_("全部"),
    )
    before = forms.IntegerField(required=False, min_value=1)
