"""The demonstration's log-ins, where this database is one."""

from dataclasses import dataclass

from django import template

from pipeline.demo.people import LOGINS, PASSWORD, Login, is_demonstration

register = template.Library()


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Each log-in, and the password of all."""

    logins: tuple[Login, ...]
    password: str


@register.simple_tag
def demonstration() -> Demonstration | None:
    """None in a county's own database: nobody there has a known password."""
    return Demonstration(LOGINS, PASSWORD) if is_demonstration() else None
