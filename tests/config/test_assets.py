"""Static files: only those named, no map asked for; no start without a key."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import settings as shell
from config.assets import VENDOR_FILES, VendorFinder
from config.storage import StaticStorage


@pytest.fixture
def packages(tmp_path: Path, settings: Any) -> Path:
    """A folder of npm packages that holds every file we name, and one that we don't."""
    settings.NODE_MODULES = tmp_path
    for source in [*VENDOR_FILES.values(), "bootstrap/package.json"]:
        file = tmp_path / source
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return tmp_path


def test_a_named_file_of_a_package_is_served_under_its_public_name(packages: Path) -> None:
    found = VendorFinder().find("vendor/htmx.min.js")
    assert Path(found).read_text() == "htmx.org/dist/htmx.min.js"


def test_nothing_else_of_a_package_is_served(packages: Path) -> None:
    assert VendorFinder().find("vendor/package.json") == []
    assert {name for name, _ in VendorFinder().list([])} == set(VENDOR_FILES)


def test_collecting_reads_each_file_from_its_package(packages: Path) -> None:
    for name, storage in VendorFinder().list([]):
        with storage.open(name) as file:
            assert file.read().decode() == VENDOR_FILES[name]


def test_collecting_asks_for_no_source_map() -> None:
    assert "sourceMappingURL" not in str(StaticStorage.patterns)
    assert "url" in str(StaticStorage.patterns)


def test_without_a_key_nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "VAR_DIR", tmp_path)
    monkeypatch.setenv("SECRET_KEY", "")
    with pytest.raises(ImproperlyConfigured):
        shell._secret_key()


def test_the_key_drawn_for_this_checkout_serves_where_the_environment_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret_key").write_text("drawn\n")
    monkeypatch.setattr(shell, "VAR_DIR", tmp_path)
    monkeypatch.setenv("SECRET_KEY", "")
    assert shell._secret_key() == "drawn"
    monkeypatch.setenv("SECRET_KEY", "named")
    assert shell._secret_key() == "named"
