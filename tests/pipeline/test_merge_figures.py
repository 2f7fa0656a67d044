"""Merged and taken apart again, the county is what it was; no figure moves on the way."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.merging import CannotMerge, merge, undo
from crm.models import Attachment, Contact, FirstReport, Organization, Tag
from pipeline import projects
from pipeline.figures import DIMENSIONS
from pipeline.models import FollowUp, Interaction, Project
from pipeline.rollups import Window, rollup
from tests.factories import (
    LONG_AGO,
    ContactFactory,
    LoadRowFactory,
    ProjectFactory,
    UserFactory,
    instant,
    named_organization,
    the_verifier,
)

pytestmark = pytest.mark.django_db
NOW, LATER = instant("2026-09-05 10:00"), instant("2026-09-06 10:00")
CODES = ["91140829EKWM7PHUQ2", "91140829T938Q6BD80", None]

sides = st.integers(0, 1)
drawn = st.fixed_dictionaries(
    {
        "codes": st.permutations(CODES),
        "fields": st.lists(st.tuples(sides, st.sampled_from(["address", "note", "origin"]))),
        "contacts": st.lists(
            st.tuples(
                sides, st.sampled_from(["王总", "李总"]), st.sampled_from(["", "13800000001"])
            ),
            max_size=5,
        ),
        "primary": st.lists(sides, unique=True),
        "tags": st.lists(st.tuples(sides, st.integers(0, 2)), max_size=4),
        "reports": st.lists(st.tuples(sides, st.integers(1, 9)), unique_by=lambda one: one[0]),
        "parents": st.lists(st.sampled_from(["up", "down", "mine", "theirs"]), unique=True),
        "projects": st.lists(st.tuples(sides, st.sampled_from(["lead", "signed"])), max_size=2),
        "met": st.lists(st.tuples(sides, st.lists(st.integers(0, 4), max_size=3)), max_size=3),
        "others": st.lists(st.tuples(sides, st.sampled_from(["todo", "file", "row"])), max_size=3),
        "choose": st.dictionaries(
            st.sampled_from(["name", "uscc", "address", "note"]),
            st.sampled_from(["kept", "merged"]),
        ),
    }
)


def county(given: dict[str, Any]) -> list[Organization]:
    """Two companies with whatever was drawn hanging on them."""
    pair = [
        named_organization(name, uscc=code)
        for name, code in zip(("山西恒龙储能", "恒龙储能公司"), given["codes"], strict=False)
    ]
    for side, field in given["fields"]:
        setattr(pair[side], field, f"{field}{side}")
    for which in given["parents"]:
        if which in ("mine", "theirs"):
            side = which == "theirs"
            pair[side].parent = pair[not side] if pair[not side].parent_id is None else None
        elif which == "up":
            pair[1].parent = named_organization("集团")
        else:
            named_organization("子公司", parent=pair[1])
    for row in pair:
        row.save()
    people = [
        ContactFactory(organization=pair[side], name=name, phone=phone)
        for side, name, phone in given["contacts"]
    ]
    for side in given["primary"]:
        first = Contact.objects.filter(organization=pair[side]).first()
        if first is not None:
            Contact.objects.filter(pk=first.pk).update(is_primary=True)
    for side, number in given["tags"]:
        pair[side].tags.add(Tag.objects.get_or_create(name=f"标签{number}")[0])
    for side, day in given["reports"]:
        FirstReport.objects.create(
            organization=pair[side],
            officer=pair[side].created_by,
            reported_on=dt.date(2026, 8, day),
            protected_until=dt.date(2027, 2, day),
            active_on=dt.date(2026, 8, day),
            recorded_at=LONG_AGO,
        )
    for side, reached in given["projects"]:
        ProjectFactory(investor=pair[side], reached=reached)
    for side, chosen in given["met"]:
        met = Interaction.objects.create(
            organization=pair[side],
            kind="call",
            occurred_on=dt.date(2026, 8, 1),
            summary="电话",
            client_key=uuid.uuid4(),
            recorded_at=LONG_AGO,
            recorded_by=pair[side].created_by,
        )
        met.contacts.set({people[n % len(people)] for n in chosen} if people else ())
    for side, what in given["others"]:
        other(pair[side], what)
    return pair


def other(organization: Organization, what: str) -> None:
    by = organization.created_by
    if what == "row":
        LoadRowFactory(organization=organization)
    elif what == "todo":
        FollowUp.objects.create(
            what="回访",
            due_on=dt.date(2026, 9, 9),
            assignee=by,
            organization=organization,
            created_at=LONG_AGO,
            created_by=by,
        )
    else:
        Attachment.objects.create(
            organization=organization,
            name="执照.pdf",
            file="attachments/x",
            size=1,
            sha256="0" * 64,
            uploaded_at=LONG_AGO,
            uploaded_by=by,
        )


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table but what only is added to: histories and the merges."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for app in ("crm", "pipeline")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if not hasattr(model, "history_id") and not model.__name__.endswith("Merge")
    }


def figures() -> list[Any]:
    window = Window(2026, dt.date(2026, 9, 30), LATER)
    return [rollup(window, by=by).rows for by in DIMENSIONS] + [rollup(window).total]


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(drawn)
def test_a_merge_and_its_undo_give_back_every_row_and_no_figure_moves(given: Any) -> None:
    with taken_back():
        kept, merged = county(given)
        verifier = the_verifier()
        before, counted = everything(), figures()
        done = merge(kept, merged, choose=given["choose"], two_codes=True, by=verifier, at=NOW)
        assert figures() == counted
        hanging = ("projects", "interactions", "follow_ups", "contacts", "attachments", "tags")
        assert not [name for name in hanging if getattr(merged, name).exists()]
        assert FirstReport.objects.filter(released_at__isnull=True).count() <= 1
        assert undo(done, by=verifier, at=LATER).before["left"] == []
        assert everything() == before
        assert figures() == counted


def test_two_projects_of_one_name_are_told_apart_before_a_merge() -> None:
    kept, merged = named_organization("恒龙储能有限公司"), named_organization("山西恒龙储能")
    one = ProjectFactory(investor=kept, name="储能项目", name_key="储能项目")
    two = ProjectFactory(investor=merged, name="储能项目", name_key="储能项目")
    verifier = the_verifier()
    with pytest.raises(CannotMerge) as refusal:
        merge(kept, merged, by=verifier, at=NOW)
    assert f"编号 {one.pk} 和 {two.pk}" in str(refusal.value)
    projects.edit(two, fields={"name": "储能项目二期"}, by=two.officer, at=NOW)
    merge(kept, merged, by=verifier, at=NOW)
    assert set(Project.objects.filter(investor=kept)) == {one, two}


def test_a_project_s_history_says_that_its_investor_was_merged() -> None:
    kept, merged = named_organization("恒龙储能有限公司"), named_organization("山西恒龙储能")
    project = ProjectFactory(investor=merged, signed=True)
    merge(kept, merged, by=the_verifier(), at=NOW)
    version = project.history.order_by("-history_id")[0]
    assert (version.investor, version.history_user) == (kept, the_verifier())
    assert version.history_change_reason == "合并“山西恒龙储能”"
    assert version.stage == "signed"


def test_a_merge_takes_as_many_queries_for_many_projects_as_for_one() -> None:
    verifier, counts = UserFactory(username="verifier", verifier=True), []
    for count in (1, 20):
        kept, merged = (named_organization(f"恒龙{count}{side}有限公司") for side in "甲乙")
        ProjectFactory.create_batch(count, investor=merged)
        with CaptureQueriesContext(connection) as queries:
            undo(merge(kept, merged, by=verifier, at=NOW), by=verifier, at=LATER)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 120
