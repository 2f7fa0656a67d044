import pytest
from django.test import Client

from crm.models import Role, Unit, User
from tests.factories import UserFactory
from tests.ledger_factories import UnitFactory

pytestmark = pytest.mark.django_db
SAVED = 302


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory(username="admin", admin=True))
    return client


def unit(**more: str) -> dict[str, str]:
    return {"name": "县财政局", "aliases": "财政局\n 县财政 \n财政局", "position": "1", **more}


def test_a_units_spellings_stand_one_on_a_line(admin: Client) -> None:
    assert admin.post("/admin/crm/unit/add/", unit()).status_code == SAVED
    made = Unit.objects.get()
    assert made.aliases == ["财政局", "县财政"]
    page = admin.get(f"/admin/crm/unit/{made.pk}/change/").content.decode()
    assert "财政局\n县财政</textarea>" in page


def test_a_spelling_of_another_unit_is_refused_at_its_field(admin: Client) -> None:
    UnitFactory(name="县税务局", aliases=["财政 局"])
    page = admin.post("/admin/crm/unit/add/", unit())
    assert page.context["adminform"].form.errors == {
        "aliases": ["“财政局”已经是县税务局的写法，一种写法只能指一个单位"]
    }


def test_somebody_of_a_unit_is_made_with_the_unit(admin: Client) -> None:
    made = UnitFactory()
    data = {
        "username": "liaison",
        "full_name": "联络员",
        "role": Role.UNIT.value,
        "usable_password": "true",
        "password1": "clear-Water-7",
        "password2": "clear-Water-7",
    }
    page = admin.post("/admin/crm/user/add/", data)
    assert "责任单位的用户必须指定单位" in str(page.context["adminform"].form.errors)
    admin.post("/admin/crm/user/add/", {**data, "unit": str(made.pk)})
    assert User.objects.get(username="liaison").unit == made


def test_an_area_is_kept_by_the_administrator(admin: Client) -> None:
    leader = UserFactory(username="leader", leader=True)
    data = {"name": "工业", "leader": str(leader.pk), "position": "1"}
    assert admin.post("/admin/crm/area/add/", data).status_code == SAVED
    assert "工业" in admin.get("/admin/crm/area/").content.decode()
