"""Views of the list: saved, shared, changed and forgotten by whose they are."""

from __future__ import annotations

import pytest
from django.test import Client

from crm.models import Park, Role, User
from crm.refusals import NotAllowed
from pipeline import saved_views
from pipeline.models import SavedView
from tests.factories import ProjectFactory, instant

NOW = instant("2026-11-24 10:00")


def save(by: User, name: str = "签约未开工", **kwargs: object) -> SavedView:
    given = {"query": "stage=signed&sort=since&cols=park,light&page=3&q=", **kwargs}
    return saved_views.save(name=name, by=by, at=NOW, **given)  # type: ignore[arg-type]


def seen_by(user: User) -> list[str]:
    return [view.name for view in SavedView.objects.visible_to(user)]


def test_a_view_keeps_filter_order_and_columns_and_not_the_page(officer: User) -> None:
    view = save(officer, name="  签约  未开工 ")
    assert view.name == "签约 未开工"
    assert view.query == "stage=signed&sort=since&cols=name,park,light"


def test_a_view_is_one_s_own_unless_it_is_shared(
    officer: User, manager: User, outsider: User, park: Park
) -> None:
    save(officer)
    save(officer, name="给园区", park=park)
    save(officer, name="给专员", role=Role.OFFICER)
    assert set(seen_by(officer)) == {"签约未开工", "给专员", "给园区"}
    assert seen_by(manager) == ["给园区"]
    assert seen_by(outsider) == ["给专员"]


def test_a_name_is_needed_and_taken_once(officer: User, outsider: User) -> None:
    view = save(officer)
    save(outsider)
    with pytest.raises(saved_views.NameTaken):
        save(officer)
    with pytest.raises(saved_views.NameNeeded):
        save(officer, name="  ")
    saved_views.change(view, name="签约未开工", by=officer)  # its own name is not taken


def test_only_the_owner_changes_or_deletes_a_view(officer: User, manager: User, park: Park) -> None:
    view = save(officer, park=park)
    with pytest.raises(NotAllowed):
        saved_views.change(view, name="我的", by=manager)
    with pytest.raises(NotAllowed):
        saved_views.delete(view, by=manager)
    saved_views.change(view, name="改名", role=Role.LEADER, by=officer)
    view.refresh_from_db()
    assert (view.name, view.shared_role, view.shared_park) == ("改名", Role.LEADER, None)
    saved_views.delete(view, by=officer)
    assert not SavedView.objects.exists()


def test_a_view_is_shared_with_one_s_own_park_only_and_an_auditor_saves_none(
    officer: User, other_park: Park, auditor: User
) -> None:
    with pytest.raises(NotAllowed):
        save(officer, park=other_park)
    with pytest.raises(NotAllowed):
        save(auditor)


def test_the_pages_save_open_rename_and_delete(client: Client, officer: User) -> None:
    client.force_login(officer)
    ProjectFactory(name="甲", signed=True)
    ProjectFactory(name="乙")
    response = client.post(
        "/projects/views/",
        {"name": "签约的", "query": "stage=signed", "shared": "role:officer"},
        follow=True,
    )
    assert [line.project.name for line in response.context["lines"]] == ["甲"]
    assert 'aria-current="true">签约的' in response.content.decode()
    view = SavedView.objects.get()
    again = client.post("/projects/views/", {"name": "签约的", "query": "stage=signed"})
    assert again.status_code == 422
    assert "您已有名为“签约的”的视图" in again.content.decode()
    renamed = {f"view-{view.pk}-name": "已签约", f"view-{view.pk}-shared": ""}
    assert client.post(f"/projects/views/{view.pk}/", renamed, follow=True).status_code == 200
    view.refresh_from_db()
    assert (view.name, view.shared_role) == ("已签约", "")
    shown = client.get("/projects/views/").content.decode()
    assert "已签约" in shown
    assert "data-ask" in shown
    client.post(f"/projects/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_another_s_view_is_opened_and_not_changed(
    client: Client, officer: User, manager: User, park: Park
) -> None:
    view = save(officer, park=park)
    client.force_login(manager)
    assert view.name in client.get("/projects/").content.decode()
    assert client.post(f"/projects/views/{view.pk}/", {}).status_code == 404
    assert client.post(f"/projects/views/{view.pk}/delete/").status_code == 404
