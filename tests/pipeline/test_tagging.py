"""Tags of a project: exactly those that were chosen, and who put them there."""

from __future__ import annotations

import pytest

from crm.models import Tag, User
from crm.refusals import NotAllowed
from pipeline import tagging
from tests.factories import ProjectFactory, instant
from tests.pipeline.refusing import refused

pytestmark = pytest.mark.django_db

NOW = instant("2026-05-01 10:00")


def tags(*names: str) -> list[Tag]:
    return [Tag.objects.create(group="six_lists", name=name) for name in names]


def test_a_project_gets_exactly_the_tags_chosen(officer: User) -> None:
    project = ProjectFactory()
    first, second, third = tags("问题清单", "责任清单", "任务清单")
    assert tagging.set_tags(project, [first, second], by=officer, at=NOW)
    later = instant("2026-06-01 10:00")
    assert tagging.set_tags(project, [second, third], by=officer, at=later)
    links = {link.tag: link for link in project.tag_links.all()}
    assert set(links) == {second, third}
    assert (links[second].added_at, links[third].added_at) == (NOW, later)
    assert links[third].added_by == officer


def test_what_came_and_went_is_kept_with_who_and_when(officer: User) -> None:
    project = ProjectFactory()
    first, second = tags("问题清单", "责任清单")
    tagging.set_tags(project, [first], by=officer, at=NOW)
    tagging.set_tags(project, [second], by=officer, at=instant("2026-06-01 10:00"))
    version = project.history.latest("history_id")
    assert version.history_change_reason == "标签：+责任清单 −问题清单"
    assert version.history_user == officer


def test_the_same_tags_again_change_nothing(officer: User) -> None:
    project = ProjectFactory()
    (tag,) = tags("问题清单")
    assert tagging.add(project, tag, by=officer, at=NOW)
    versions = project.history.count()
    assert not tagging.add(project, tag, by=officer, at=NOW)
    assert project.history.count() == versions


def test_one_tag_is_added_and_taken_off_beside_others(officer: User) -> None:
    project = ProjectFactory()
    first, second = tags("问题清单", "责任清单")
    tagging.add(project, first, by=officer, at=NOW)
    tagging.add(project, second, by=officer, at=NOW)
    assert tagging.remove(project, first, by=officer, at=NOW)
    assert not tagging.remove(project, first, by=officer, at=NOW)
    assert list(project.tags.all()) == [second]


@pytest.mark.parametrize("who", ["outsider", "verifier", "leader", "auditor"])
def test_only_who_may_edit_the_project_tags_it(who: str, request: pytest.FixtureRequest) -> None:
    project, by = ProjectFactory(), request.getfixturevalue(who)
    chosen = tags("问题清单")
    with refused(NotAllowed):
        tagging.set_tags(project, chosen, by=by, at=NOW)
