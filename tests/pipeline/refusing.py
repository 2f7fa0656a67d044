"""What every refusal has to be: of the right type, in Chinese, and without any effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from crm.refusals import Refused

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def stored() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the pipeline, its field histories included."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_app_config("pipeline").get_models()
    }


@contextmanager
def refused(refusal: type[Refused]) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """The block is refused in just this way, and nothing is stored by it."""
    before = stored()
    with pytest.raises(refusal) as caught, transaction.atomic():
        yield caught
    assert type(caught.value) is refusal
    assert CHINESE.search(str(caught.value))
    assert stored() == before
