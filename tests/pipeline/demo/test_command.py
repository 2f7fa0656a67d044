import io

import pytest
from django.core.management import CommandError, call_command

from crm.models import Park, Role, User
from pipeline.demo import people, scale
from pipeline.models import Milestone, Project
from tests.pipeline.demo.conftest import seed_demo as seed


def test_it_prints_the_quarter_and_logins_that_work_and_does_nothing_again(db: None) -> None:
    first = seed()
    assert "合计" in first
    for login in people.LOGINS:
        assert login.username in first
    assert people.PASSWORD in first
    for login in people.LOGINS:
        user = User.objects.get(username=login.username)
        assert user.role == login.role
        assert user.check_password(people.PASSWORD)
    before = Project.objects.count(), Milestone.objects.count(), User.objects.count()
    again = seed()
    assert "合计" in again
    assert (Project.objects.count(), Milestone.objects.count(), User.objects.count()) == before


@pytest.mark.parametrize("args", [(), ("--projects", "10")], ids=str)
def test_it_refuses_a_database_that_somebody_uses(db: None, args: tuple[str, ...]) -> None:
    User.objects.create(username="wangxiulan", role=Role.VERIFIER)
    with pytest.raises(CommandError) as refused:
        seed(*args)
    assert refused.value.returncode == 2
    assert User.objects.count() == 1
    assert not Park.objects.exists()


def test_a_county_that_was_set_up_but_is_not_used_yet_may_become_a_demonstration(
    db: None,
) -> None:
    call_command("setup_county", stdout=io.StringIO(), stderr=io.StringIO())
    assert "合计" in seed("--projects", "5")


def test_an_interrupted_run_is_taken_up_where_it_stopped(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "BATCH", 50)
    people.claim_database()
    call_command("setup_county", stdout=io.StringIO(), stderr=io.StringIO())

    def stop(done: int) -> None:
        if done == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scale.seed(200, seed=1, progress=stop)
    assert Project.objects.count() == 100
    assert scale.seed(200, seed=1)
    assert Project.objects.count() == 200
    assert not scale.seed(200, seed=1)


def test_another_number_is_refused_where_there_is_one_already(db: None) -> None:
    seed("--projects", "20")
    with pytest.raises(CommandError) as refused:
        seed("--projects", "30")
    assert refused.value.returncode == 2
    assert Project.objects.count() == 20


@pytest.mark.parametrize("count", ["0", "-1"])
def test_a_number_below_one_is_wrong_use(db: None, count: str) -> None:
    with pytest.raises(CommandError) as refused:
        seed("--projects", count)
    assert refused.value.returncode == 2
