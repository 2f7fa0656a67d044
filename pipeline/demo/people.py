"""Whom the demonstration is shown to: log-ins with a password that everybody knows.

They must never stand in a county's own database, so there is one rule: a database becomes
a demonstration's only while it is empty, and is marked as one by a system user.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from crm.models import Park, Role, Unit, User
from crm.refusals import Refused
from pipeline.models import Load, Project

PASSWORD = "groundbreak"  # noqa: S105 -- of the demonstration, printed on the terminal
MARK = "demo"


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    full_name: str
    role: Role
    park: str = ""
    unit: str = ""


LOGINS = (
    Login("officer", "李晓梅", Role.OFFICER, "rare-metals"),
    Login("manager", "张建国", Role.MANAGER, "rare-metals"),
    Login("verifier", "王秀兰", Role.VERIFIER),
    Login("leader", "赵志强", Role.LEADER),
    Login("supervisor", "孙立新", Role.SUPERVISOR),
    Login("unit", "许文静", Role.UNIT, unit="县自然资源局"),
    Login("auditor", "周敏", Role.AUDITOR),
    Login("admin", "系统管理员", Role.ADMIN),
    Login("officer-auto", "陈海涛", Role.OFFICER, "auto-materials"),
    Login("manager-auto", "刘卫东", Role.MANAGER, "auto-materials"),
    Login("officer-agri", "马春燕", Role.OFFICER, "modern-agriculture"),
    Login("manager-agri", "吴国平", Role.MANAGER, "modern-agriculture"),
    Login("verifier-2", "郭静", Role.VERIFIER),
    Login("leader-agri", "冯丽华", Role.LEADER),
    Login("supervisor-2", "秦岚", Role.SUPERVISOR),
    Login("unit-reform", "何志明", Role.UNIT, unit="县发展和改革局"),
    Login("unit-ecology", "韩雪", Role.UNIT, unit="市生态环境局平陆分局"),
    Login("unit-approval", "罗俊峰", Role.UNIT, unit="县行政审批服务管理局"),
)


class NotADemonstration(Refused):
    """The database holds a county's own data: nobody with a known password goes into it."""

    code = "not_a_demonstration"


def is_demonstration() -> bool:
    """Whether this database is a demonstration's."""
    return User.objects.filter(username=MARK, role=Role.SYSTEM).exists()


@transaction.atomic
def claim_database() -> None:
    """Make an empty database a demonstration's, once and for good.

    Raises :class:`NotADemonstration` where anybody can log in or any project is there.
    """
    if is_demonstration():
        return
    people = User.objects.exclude(role=Role.SYSTEM)
    if people.exists() or Project.objects.exists() or Load.objects.exists():
        raise NotADemonstration(
            _(
                "数据库里已有用户或项目，不是演示库：为免公开口令进入正式库，未做任何改动。请另指一个空库"
            )
        )
    User.objects.create(
        username=MARK,
        full_name="演示数据",
        role=Role.SYSTEM,
        is_active=False,
        password=make_password(None),
    )


def create_logins() -> dict[str, User]:
    """The demonstration's people by user name, made where they are missing."""
    found = User.objects.in_bulk([login.username for login in LOGINS], field_name="username")
    parks = {park.slug: park for park in Park.objects.all()}
    units = {unit.name: unit for unit in Unit.objects.all()}
    # Hashing takes a third of a second on purpose; one hash will do for a known password.
    password = make_password(PASSWORD) if len(found) < len(LOGINS) else ""
    for login in LOGINS:
        if login.username not in found:
            found[login.username] = User.objects.create(
                username=login.username,
                full_name=login.full_name,
                role=login.role,
                park=parks.get(login.park),
                unit=units.get(login.unit),
                password=password,
                is_staff=login.role == Role.ADMIN,
                is_superuser=login.role == Role.ADMIN,
            )
    return found
