"""Who is registered already: by code, by name without place and form, by what is similar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.duplicates import (
    contact_matches,
    digits,
    groups,
    matches,
    merged_into,
    standing,
)
from crm.models import Contact, Organization
from crm.names import without_trade
from tests.factories import LONG_AGO, ContactFactory, named_organization

pytestmark = pytest.mark.django_db
CODE, OTHER = "91140829EKWM7PHUQ2", "91140829T938Q6BD80"


def found(name: str, code: str = "") -> list[tuple[str, str]]:
    return [(match.organization.name, match.why) for match in matches(name=name, code=code)]


def test_the_code_comes_first_whatever_the_name() -> None:
    named_organization("山西金鼎铝业有限公司")
    named_organization("恒龙储能有限公司", uscc=CODE)
    assert found("金鼎铝业有限公司", f" {CODE.lower()} ") == [
        ("恒龙储能有限公司", "uscc"),
        ("山西金鼎铝业有限公司", "name"),
    ]


@pytest.mark.parametrize(
    "asked",
    [
        "山西恒龙储能有限公司",
        "运城恒龙储能有限责任公司",
        "平陆县恒龙储能集团",
        "恒龙储能（山西）股份有限公司",
        "恒龙储能(平陆)有限公司",
        "恒龙储能",
    ],
)
def test_place_form_and_brackets_make_no_other_name(asked: str) -> None:
    named_organization("恒龙储能有限公司")
    assert found(asked) == [("恒龙储能有限公司", "name")]


@pytest.mark.parametrize(
    "asked",
    [
        *("恒隆储能有限公司", "山西横龙储能集团"),  # sounds the same
        *("恒龙新储能有限公司", "恒龙储有限公司", "恒新储能有限公司", "正龙储能有限公司"),
        *("储能恒龙有限公司", "龙恒储能有限公司"),  # in another order
        *("恒龙储能科技有限公司", "恒龙", "华新恒龙储能", "恒龙储能材料科技发展"),
    ],
)
def test_what_is_similar_is_proposed(asked: str) -> None:
    named_organization("山西恒龙储能有限公司")
    assert found(asked) == [("山西恒龙储能有限公司", "similar")]


def test_a_trade_in_common_makes_no_duplicate() -> None:
    named_organization("山西恒龙新能源科技有限公司")
    assert found("运城金鼎新能源科技有限公司") == []
    assert (without_trade("恒龙新能源科技"), without_trade("科技")) == ("恒龙", "科技")


def test_another_code_speaks_against_the_same_name() -> None:
    named_organization("恒龙储能有限公司", uscc=CODE)
    (match,) = matches(name="恒龙储能有限公司", code=OTHER)
    assert (match.why, match.score) == ("name", 68)


def test_the_row_that_is_edited_is_no_duplicate_of_itself() -> None:
    row = named_organization("恒龙储能有限公司")
    assert matches(name=row.name, exclude=row.pk) == []


def test_what_was_merged_is_answered_with_what_was_kept() -> None:
    last = named_organization("金鼎铝业有限公司")
    kept = named_organization("金鼎实业有限公司", merged_into=last)
    merged = named_organization("恒龙储能有限公司", uscc=CODE, merged_into=kept)
    (match,) = matches(name="恒龙储能")
    assert (match.organization, match.known_as) == (last, "恒龙储能有限公司")
    assert matches(name="别的", code=CODE)[0].organization == last
    assert standing(merged) == last
    assert merged_into([last.pk]) == {last.pk: [kept, merged]}


def test_what_was_withdrawn_is_not_found() -> None:
    named_organization("恒龙储能有限公司", uscc=CODE, withdrawn_at=LONG_AGO)
    assert found("恒龙储能有限公司", CODE) == []


def test_a_single_character_is_not_looked_for() -> None:
    named_organization("恒龙储能有限公司")
    assert found("恒") == found(" ") == []


def test_signs_of_patterns_are_taken_as_they_are() -> None:
    named_organization("恒龙储能有限公司")
    assert found("%%%%") == found("____") == found("恒%能有限公司") == []


def test_a_search_takes_as_many_queries_for_many_as_for_one() -> None:
    named_organization("恒龙储能有限公司")
    counts = []
    for number in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert matches(name="恒龙储能", code=CODE)
        counts.append(len(queries))
        for n in range(20):
            named_organization(f"恒龙储能{n}{number}有限公司")
    assert counts == [4, 4]
    assert len(matches(name="恒龙储能", code=CODE)) == 10


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


words = st.lists(
    st.sampled_from(
        ["恒龙", "恒隆", "金鼎", "储能", "科技", "山西", "平陆县", "（运城）", "a", "3"]
    ),
    min_size=1,
    max_size=4,
).map("".join)
names = st.tuples(words, st.sampled_from(["", "有限公司", "集团"])).map("".join)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(names.filter(lambda name: len(name) > 1), min_size=1, max_size=12, unique=True))
def test_whoever_is_asked_for_is_found_and_hidden_rows_never(chosen: list[str]) -> None:
    with taken_back():
        rows = [named_organization(name) for name in {n.casefold(): n for n in chosen}.values()]
        hidden = [row for row in rows if row.pk % 3 == 0]
        for row in hidden[1:]:
            row.merged_into = rows[0] if rows[0] not in hidden else None
            row.withdrawn_at = None if row.merged_into else LONG_AGO
            row.save()
        out_of_sight = [row for row in rows if row.merged_into_id or row.withdrawn_at]
        for row in rows:
            answer = matches(name=row.name)
            assert [m.score for m in answer] == sorted((m.score for m in answer), reverse=True)
            assert not {m.organization.pk for m in answer} & {o.pk for o in out_of_sight}
            if not row.withdrawn_at:
                assert standing(row) in [match.organization for match in answer]


def test_groups_of_one_name_are_read_a_span_at_a_time() -> None:
    for name in ("恒龙", "金鼎", "晨虹"):
        named_organization(f"山西{name}储能有限公司")
        named_organization(f"{name}储能集团")
    for number in range(8):
        named_organization(f"独此{number}家有限公司")
    seen, after, calls = [], "", 0
    while calls == 0 or after:
        some, after = groups(Organization.objects.current(), after=after, most=2, span=5)
        assert len(some) <= 2
        seen += [group[0].matching_key for group in some]
        calls += 1
    assert sorted(seen) == sorted(["恒龙储能", "金鼎储能", "晨虹储能"])
    assert calls < 6


# --- people ------------------------------------------------------------------------------
def person(match_name: str, phone: str, organization: Organization | None) -> list[tuple[int, str]]:
    found = contact_matches(name=match_name, phone=phone, organization=organization)
    return [(match.score, match.why) for match in found]


def test_a_person_is_found_by_number_anywhere_and_by_name_at_the_company() -> None:
    here, there = named_organization("恒龙储能有限公司"), named_organization("金鼎铝业有限公司")
    contact = ContactFactory(organization=here, name="王 总", phone="138 0000 0001")
    assert person("王总", "13800000001", here) == [(100, "phone")]
    assert person("李总", "+86 13800000001", here) == [(80, "phone")]
    assert person("王总", "", here) == [(85, "name")]
    assert person("王总", "13800000002", here) == [(60, "name")]
    assert person("王总", "", there) == []
    Contact.objects.filter(pk=contact.pk).update(phone="13800000001")
    assert person("王总", "138-0000-0001", there) == [(95, "phone")]


def test_a_number_is_compared_by_its_digits() -> None:
    assert digits("+86 138-0000-0001") == digits("13800000001") == "13800000001"
    assert digits("0359-3522001") == "03593522001"
