"""A mail server on a real socket, and the settings that lead there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.mailserver import MailServer, mail_server
from tests.robotserver import RobotServer, robot_server

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from crm.models import User


@pytest.fixture
def mail(settings: SettingsWrapper) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 2
        settings.SITE_URL = "https://zhaoshang.example"
        yield server


@pytest.fixture
def reader(db: None) -> User:
    """An officer with a mailbox."""
    from tests.factories import UserFactory

    return UserFactory(username="officer", email="officer@county.example")


@pytest.fixture
def robot(settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> Iterator[RobotServer]:
    """The three services' hosts are this machine; everything else is the real way there."""
    from crm import robots

    settings.SITE_URL = "https://zhaoshang.example"
    monkeypatch.setitem(robots.TIMEOUTS, "rto", "0.5")
    robots.load()
    with robot_server() as server:
        for plugin, path in (
            ("wecombot.NotifyWeComBot", "/wecom?key={key}"),
            ("dingtalk.NotifyDingTalk", "/dingtalk?access_token={token}"),
            ("feishu.NotifyFeishu", "/feishu/{token}/"),
        ):
            monkeypatch.setattr(f"apprise.plugins.{plugin}.notify_url", server.url + path)
        yield server
