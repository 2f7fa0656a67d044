"""The suite's surroundings: which database, which servers, which browser.

Without anything, the suite runs on SQLite in memory. DATABASE_URL and REDIS_URL name other
servers; ``--servers`` (what ``make test`` says) starts throw-away ones where they are unset.
Tests that need what the run does not have (marked ``postgres``, ``redis``, ``browser``) are
left out and named at the end; in CI, with ``--servers``, a missing server fails the run.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from tests import servers

# What the tests need other than production.
os.environ.update(
    DEBUG="off",
    SECRET_KEY="only-for-tests-" + "x" * 50,
    SECURE_COOKIES="off",
    ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
    TIME_ZONE="Asia/Shanghai",
    EMAIL_URL="memorymail://",
)

# A run in CI draws the same examples each time: what fails there fails here.
hypothesis.settings.register_profile("local", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

# marker: why tests with it cannot run here
missing: dict[str, str] = {}
not_run: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--servers",
        action="store_true",
        help="start throw-away PostgreSQL and Redis where DATABASE_URL, REDIS_URL are unset",
    )
    parser.addoption(
        "--differing-only",
        action="store_true",
        help="leave out what does not differ from database to database, the pages and what asks "
        "none: `make test` runs that once",
    )


@pytest.hookimpl(tryfirst=True)  # pytest-django then sets up what is configured here
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Surroundings(), "groundbreak-surroundings")
    if not hasattr(config, "workerinput"):
        _start_what_is_unset(config)
    _use_own_redis_database(config)
    if not os.environ["DATABASE_URL"].startswith("postgres"):
        missing["postgres"] = "the database is SQLite"
    if not os.environ["REDIS_URL"]:
        missing["redis"] = "no REDIS_URL"
    if not servers.find_chromium():
        missing["browser"] = "no Chromium: install Debian's chromium, or set CHROMIUM"
    if missing and config.getoption("--servers") and os.environ.get("CI"):
        raise pytest.UsageError(f"CI must run every test, but: {missing}")
    media = tempfile.mkdtemp(prefix="groundbreak-media-")
    config.add_cleanup(lambda: shutil.rmtree(media, ignore_errors=True))
    os.environ["MEDIA_ROOT"] = media
    os.environ["JOBS_DIR"] = f"{media}/.jobs"
    _read_settings()


def _read_settings() -> None:
    """Read the settings now that the environment says what the tests need.

    The variable that names them does not stay: with it pytest-django would read them earlier,
    in each xdist worker before this function.
    """
    from django.conf import settings

    if settings.configured or "DJANGO_SETTINGS_MODULE" in os.environ:
        raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the suite names its settings.")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    settings.DATABASES  # noqa: B018
    del os.environ["DJANGO_SETTINGS_MODULE"]


def _start_what_is_unset(config: pytest.Config) -> None:
    for variable, start, fallback in (
        ("DATABASE_URL", servers.start_postgres, "sqlite://:memory:"),
        ("REDIS_URL", servers.start_redis, ""),
    ):
        if os.environ.get(variable):
            continue
        os.environ[variable] = fallback
        if config.getoption("--servers"):
            try:
                server = start()
            except servers.ServerMissing as why:
                print(why)
            else:
                config.add_cleanup(server.stop)
                os.environ[variable] = server.url


def _use_own_redis_database(config: pytest.Config) -> None:
    """Each xdist worker has a Redis database of its own: the n-th after the one named."""
    url = os.environ["REDIS_URL"]
    if url and hasattr(config, "workerinput"):
        server, _, number = url.rpartition("/")
        worker = int(config.workerinput["workerid"].removeprefix("gw"))
        os.environ["REDIS_URL"] = f"{server}/{int(number or 0) + 1 + worker}"


def _asks_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    asking = {"db", "transactional_db", "live_server"}
    return item.get_closest_marker("django_db") is not None or not asking.isdisjoint(fixtures)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database that can be dropped: a worker that a test killed may leave its session, which
    the server ends only when its statement is over."""
    yield
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def _is_of_a_page(item: pytest.Item) -> bool:
    """Pages show what the verbs and figures give, which are tested on both databases."""
    return "page" in item.path.name or item.path.name == "test_rights.py"


class _Surroundings:
    """Leaves out what cannot run, and says so at the end, with or without xdist."""

    @pytest.hookimpl(trylast=True)  # after -m and -k have had their say
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        if config.getoption("--differing-only"):
            alike = [item for item in items if not _asks_database(item) or _is_of_a_page(item)]
            items[:] = [item for item in items if item not in set(alike)]
            config.hook.pytest_deselected(items=alike)
        left_out = [i for i in items if any(i.get_closest_marker(m) for m in missing)]
        if left_out:
            items[:] = [item for item in items if item not in set(left_out)]
            config.hook.pytest_deselected(items=left_out)
            not_run.extend(item.nodeid for item in left_out)

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["not_run"] = not_run

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told = getattr(node, "workeroutput", {}).get("not_run", [])
        not_run.extend(name for name in told if name not in not_run)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not_run:
            terminalreporter.section(f"{len(not_run)} tests not run")
            for marker, why in missing.items():
                terminalreporter.line(f"marked {marker}: {why}")
            for name in not_run:
                terminalreporter.line(f"  {name}")


@pytest.fixture(scope="session", autouse=True)
def _plain_and_quick() -> Iterator[None]:
    """Static files under their own names, and passwords hashed for speed."""
    from django.conf import settings
    from django.test import override_settings

    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """A test finds no cache entry, log-in attempt or language of the one before."""
    from django.core.cache import cache
    from django.utils import translation

    cache.clear()
    with translation.override("zh-hans"):
        yield


# --- Chromium ----------------------------------------------------------------------------
@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium, quiet towards the outside; as root it has no sandbox."""
    # Playwright keeps an event loop in this thread; Django then takes every query for one
    # made from asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
    ]
    return {
        **browser_type_launch_args,
        "executable_path": servers.find_chromium(),
        "args": quiet + (["--no-sandbox"] if os.geteuid() == 0 else []),
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A Chinese reader at a desk in the county."""
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1280, "height": 800},
    }
