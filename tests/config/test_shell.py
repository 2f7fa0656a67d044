"""The shell: closed by default, guarded against guessing, strict in its headers."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django.asserts import assertTemplateUsed

LOGIN = "/accounts/login/"


@pytest.fixture
def officer(db: None) -> Any:
    return get_user_model().objects.create_user(
        "officer", password="right-horse", full_name="张三", email="z@county.example"
    )


def _log_in(client: Client, password: str) -> Any:
    return client.post(LOGIN, {"login": "officer", "password": password})


@pytest.mark.parametrize("address", ["/admin/", "/accounts/email/", "/accounts/2fa/"])
def test_who_is_not_logged_in_is_sent_to_the_log_in_page(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith(LOGIN) or response["Location"].startswith("/admin/login")


def test_a_person_logs_in_with_user_name_and_password(client: Client, officer: Any) -> None:
    response = _log_in(client, "right-horse")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(officer.pk)


def test_nobody_signs_up_by_himself(client: Client, db: None) -> None:
    client.post(
        "/accounts/signup/",
        {"username": "stranger", "password1": "right-horse-9", "password2": "right-horse-9"},
    )
    assert not get_user_model().objects.filter(username="stranger").exists()


def test_guessing_a_password_locks_out_even_with_the_right_one(
    client: Client, officer: Any
) -> None:
    for _ in range(8):
        response = _log_in(client, "wrong")
    assert response.status_code == 429
    assertTemplateUsed(response, "account/lockout.html")
    assert _log_in(client, "right-horse").status_code == 429
    assert "_auth_user_id" not in client.session


def test_a_lock_out_holds_for_the_admin_site_too(client: Client, officer: Any) -> None:
    for _ in range(8):
        _log_in(client, "wrong")
    response = client.post("/admin/login/", {"username": "officer", "password": "right-horse"})
    assert response.status_code == 302
    assert "_auth_user_id" not in client.session


def test_pages_allow_only_what_comes_from_the_site_itself(client: Client, db: None) -> None:
    response = client.get(LOGIN)
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_language_can_be_switched_before_the_log_in(client: Client, db: None) -> None:
    client.post("/language/", {"language": "en", "next": LOGIN})
    assert client.get(LOGIN)["Content-Language"] == "en"


def test_chinese_is_the_language_of_whoever_asks_for_none(client: Client, db: None) -> None:
    assert client.get(LOGIN)["Content-Language"] == "zh-hans"


def test_a_probe_learns_that_the_process_answers(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_probe_learns_that_the_database_answers(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["checks"]["database"] is True


def test_a_probe_learns_which_part_does_not_answer(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr("config.health._ask_database", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] is False


@pytest.mark.redis
def test_a_probe_learns_that_redis_answers(client: Client, db: None) -> None:
    assert client.get("/readyz").json()["checks"]["redis"] is True
