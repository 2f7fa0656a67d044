"""Sending through apprise: group robots of WeCom, DingTalk and Feishu, and an operator's mail.

What apprise says is yes or no; whether a no may be tried again without saying something
twice is another question. Therefore its robots speak through :class:`_Wire`, which reads
the answer itself: WeCom and DingTalk refuse with HTTP 200 and a number in the body, which
apprise takes for sent.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.utils.translation import gettext as _

from crm.channels import MailUrl, Robot

TIMEOUTS = {"cto": "5", "rto": "10", "redirect": "no"}
"""Seconds to connect and to wait for the answer; a redirect leads to a host of nobody's choice."""
PERHAPS_PASSED_ON = {502, 504}


class Refusal(Exception):
    """It was not said, and why, without secrets; ``is_doubtful``: or it was, nobody knows."""

    def __init__(self, why: str, *, is_doubtful: bool = False) -> None:
        super().__init__(why)
        self.is_doubtful = is_doubtful


_why: ContextVar[Refusal | None] = ContextVar("why", default=None)


def send(address: Robot | MailUrl, *, title: str, text: str) -> None:
    """Say ``text`` in the group, or by the operator's mail. Raises :class:`Refusal`."""
    try:
        plugin = _plugin(address)
    except Exception:  # apprise's own, which repeats the address
        raise Refusal(_("地址不完整，请管理员重新填写")) from None
    _why.set(None)
    sent = plugin.notify(body=text, title=title if isinstance(address, MailUrl) else "")
    if sent:
        return
    if isinstance(address, MailUrl):
        raise Refusal(_("邮件服务器没有确认收下，不知道是否已发出"), is_doubtful=True)
    why = _why.get() or Refusal(_("机器人没有收下"))
    raise Refusal(str(why).replace(address.key, "***"), is_doubtful=why.is_doubtful)


def _plugin(address: Robot | MailUrl) -> Any:
    asset = import_module("apprise").AppriseAsset(app_id="Groundbreak", secure_logging=True)
    if isinstance(address, MailUrl):
        mail = import_module("apprise.plugins.email").NotifyEmail
        parts = mail.parse_url(address.url)
        return mail(**{**(parts or {}), "asset": asset})
    service = SERVICES[address.kind]
    parts = {service.key: address.key, "asset": asset, **TIMEOUTS}
    if address.secret:
        parts["secret"] = address.secret
    return load()[address.kind](**parts)


@dataclass(frozen=True, slots=True)
class Service:
    """A plugin of apprise's: its module, its class, and what it calls the key."""

    module: str
    name: str
    key: str


SERVICES = {
    "wecom": Service("apprise.plugins.wecombot", "NotifyWeComBot", "key"),
    "dingtalk": Service("apprise.plugins.dingtalk", "NotifyDingTalk", "token"),
    "feishu": Service("apprise.plugins.feishu", "NotifyFeishu", "token"),
}


@cache
def load() -> dict[str, Any]:
    """The three plugins by kind, their way to the network watched; without the other hundred."""
    found = {}
    for kind, service in SERVICES.items():
        module: Any = import_module(service.module)
        module.requests = _Wire(module.requests)
        found[kind] = getattr(module, service.name)
    return found


class _Wire:
    """Stands where a plugin expects ``requests``: posts, and keeps why it was not taken."""

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def post(self, *args: Any, **kwargs: Any) -> Any:
        """Post; whatever is no acceptance is raised as ``requests`` raises."""
        failures = self._requests.exceptions
        try:
            answer = self._requests.post(*args, **kwargs)
        except failures.RequestException as error:
            _why.set(_of_failure(error, failures))
            raise
        why = _of_answer(answer)
        if why is not None:
            _why.set(why)
            raise failures.RequestException
        return answer


def _of_failure(error: Exception, failures: Any) -> Refusal:
    """Whether the words can have gone out before the connection failed."""
    never = (failures.ConnectTimeout, failures.SSLError, failures.ProxyError)
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, never) or type(cause).__name__ in (
        *("NewConnectionError", "ConnectTimeoutError", "NameResolutionError"),
    ):
        return Refusal(_("连不上机器人的服务器"))
    return Refusal(_("机器人的服务器没有回答，不知道是否已发出"), is_doubtful=True)


def _of_answer(answer: Any) -> Refusal | None:
    if answer.status_code in PERHAPS_PASSED_ON:
        return Refusal(
            _("机器人的服务器回答 %(code)s，不知道是否已发出") % {"code": answer.status_code},
            is_doubtful=True,
        )
    if answer.status_code != 200:
        return Refusal(_("机器人的服务器回答 %(code)s") % {"code": answer.status_code})
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict) or not {"errcode", "code", "StatusCode"} & said.keys():
        return Refusal(_("机器人的服务器答非所问，不知道是否已发出"), is_doubtful=True)
    code = said.get("errcode") or said.get("code") or said.get("StatusCode")
    if not code:
        return None
    words = str(said.get("errmsg") or said.get("msg") or "")[:120]
    return Refusal(_("机器人拒收（%(code)s）：%(words)s") % {"code": code, "words": words})
