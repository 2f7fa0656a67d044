"""The people of the tests: each is named for what they are to a project of rare-metals.

Models are imported inside the fixtures: a conftest that is named on the command line is
read before the settings are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crm.models import Park, User


@pytest.fixture
def park(db: None) -> Park:
    """The park that projects are in unless a test says otherwise."""
    from tests.factories import ParkFactory

    return ParkFactory(slug="rare-metals")


@pytest.fixture
def other_park(db: None) -> Park:
    from tests.factories import ParkFactory

    return ParkFactory(slug="auto-materials")


def _user(username: str, **kwargs: object) -> User:
    from tests.factories import UserFactory

    return UserFactory(username=username, **kwargs)


@pytest.fixture
def officer(park: Park) -> User:
    """An officer of the park, and the one who looks after its projects."""
    return _user("officer-rare-metals", park=park)


@pytest.fixture
def manager(park: Park) -> User:
    return _user("manager", manager=True, park=park)


@pytest.fixture
def outsider(other_park: Park) -> User:
    """An officer of another park."""
    return _user("outsider", park=other_park)


@pytest.fixture
def verifier(db: None) -> User:
    """Who verified what the factories made."""
    return _user("verifier", verifier=True)


@pytest.fixture
def second_verifier(db: None) -> User:
    return _user("second-verifier", verifier=True)


@pytest.fixture
def leader(db: None) -> User:
    return _user("leader", leader=True)


@pytest.fixture
def auditor(db: None) -> User:
    return _user("auditor", auditor=True)


@pytest.fixture
def admin(db: None) -> User:
    return _user("admin", admin=True)


@pytest.fixture(autouse=True)
def sessions_in_the_database(settings: Any) -> None:
    """A page asks as many questions of the database with Redis as without."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
