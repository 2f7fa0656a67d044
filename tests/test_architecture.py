"""The house rules that no linter knows: what business modules must not touch."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# The parts of an app that speak HTTP or stand at the command line; all else is business.
SHELL = {
    *("views", "forms", "urls", "urls_jobs", "http", "templatetags", "admin", "admin_site"),
    *("apps", "management", "migrations"),
}
PAGES = ("django.http", "django.shortcuts", "django.urls")
CLOCK = {("timezone", "now"), ("datetime", "now"), ("datetime", "today"), ("date", "today")}
# These ask the clock unless they are given an instant.
CLOCK_WITHOUT_ARGUMENT = {("timezone", "localdate"), ("timezone", "localtime")}


def _business_modules() -> list[Path]:
    files = (file for app in ("crm", "pipeline") for file in sorted((ROOT / app).rglob("*.py")))
    return [f for f in files if not SHELL.intersection(f.relative_to(ROOT).with_suffix("").parts)]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _questions_to_the_clock(tree: ast.Module) -> Iterator[str]:
    bare = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and not node.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            asked = (name, node.attr)
            if asked in CLOCK or (asked in CLOCK_WITHOUT_ARGUMENT and node in bare):
                yield f"line {node.lineno}: {name}.{node.attr}"


def _relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", _business_modules(), ids=_relative)
def test_a_business_module_knows_no_http(file: Path) -> None:
    imported = set(_imported(ast.parse(file.read_text())))
    assert not [name for name in imported if name.startswith(PAGES)]


@pytest.mark.parametrize("file", _business_modules(), ids=_relative)
def test_a_business_module_never_asks_the_clock(file: Path) -> None:
    assert not list(_questions_to_the_clock(ast.parse(file.read_text())))


def test_the_search_for_business_modules_finds_them() -> None:
    found = {_relative(file) for file in _business_modules()}
    assert {"pipeline/rollups.py", "pipeline/milestones.py", "crm/uscc.py"} <= found
