"""The three lights, and what turns them on. Each is shown with an icon and a word."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _


class Light(models.TextChoices):
    """In time, near or somewhat behind, overdue or far behind; none where nothing is due."""

    GREEN = "green", _("绿灯")
    YELLOW = "yellow", _("黄灯")
    RED = "red", _("红灯")
    NONE = "none", _("无")


YELLOW_FROM = Decimal("0.10")
RED_FROM = Decimal("0.30")


def schedule_light(lead: Decimal | None) -> Light:
    """The light of completion − schedule, as a fraction of the target.

    Behind by 10 to 30 percentage points is yellow, by more red (docs/domain.md, 5).
    """
    if lead is None:
        return Light.NONE
    if lead < -RED_FROM:
        return Light.RED
    return Light.YELLOW if lead <= -YELLOW_FROM else Light.GREEN
