"""The house rules that no linter knows: what business modules must not touch."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import PROTECT, ForeignKey, Model

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


# --- models and modules --------------------------------------------------------------------
def _our_modules() -> list[Path]:
    return [
        file
        for app in ("config", "crm", "pipeline")
        for file in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in file.parts
    ]


def _our_models() -> list[type[Model]]:
    """Ours, without the tables that django-simple-history makes from them."""
    models = (m for app in ("crm", "pipeline") for m in apps.get_app_config(app).get_models())
    return [model for model in models if not hasattr(model, "history_id")]


def test_crm_never_knows_pipeline_and_neither_knows_config() -> None:
    wrong = [
        f"{_relative(file)}: {name}"
        for app, unknown in (("crm", ("pipeline", "config")), ("pipeline", ("config",)))
        for file in sorted((ROOT / app).rglob("*.py"))
        for name in _imported(ast.parse(file.read_text()))
        if name.split(".")[0] in unknown
    ]
    assert not wrong


def test_nothing_is_hidden_in_signals() -> None:
    wrong = [
        _relative(file)
        for file in _our_modules()
        if any("signals" in name for name in _imported(ast.parse(file.read_text())))
    ]
    assert not [file for file in wrong if file.split("/")[0] in ("crm", "pipeline")]


@pytest.mark.parametrize("name", ["save", "delete", "save_base", "full_clean", "clean"])
def test_no_model_hides_logic_in_what_django_calls(name: str) -> None:
    assert not [model.__name__ for model in _our_models() if name in vars(model)]


def test_every_model_says_what_it_is() -> None:
    made_by_django = {
        model for model in _our_models() if str(model.__doc__).startswith(f"{model.__name__}(")
    }
    assert not [model.__name__ for model in made_by_django if not model._meta.auto_created]


def test_nothing_is_deleted_with_something_else() -> None:
    wrong = [
        f"{model.__name__}.{field.name}"
        for model in _our_models()
        if not model._meta.auto_created
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.remote_field.on_delete is not PROTECT
    ]
    assert not wrong


def test_no_model_points_at_just_anything() -> None:
    assert not [
        f"{model.__name__}.{field.name}"
        for model in _our_models()
        for field in model._meta.private_fields
    ]


def test_every_constraint_is_named_for_its_table_s_business() -> None:
    names = [c.name for model in _our_models() for c in model._meta.constraints]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.endswith(("_uniq", "_check"))]


def test_a_module_is_read_in_one_sitting() -> None:
    lengths = {_relative(file): file.read_text().count("\n") for file in _our_modules()}
    assert not {name: lines for name, lines in lengths.items() if lines > 512}
