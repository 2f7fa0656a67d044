import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import uscc

VALID = ["91110108551385082Q", "91110000600037341L", "N2140829MF1234567R"]

first17 = st.tuples(
    st.text(uscc.ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(uscc.ALPHABET, min_size=9, max_size=9),
).map("".join)


@pytest.mark.parametrize("code", VALID)
def test_published_codes_are_valid(code):
    assert uscc.is_valid(code)


def test_a_code_may_begin_with_a_letter():
    assert uscc.is_valid("N2140829MF1234567R")


def test_a_code_may_end_in_zero():
    first = next(
        f"91140829MA0K{n:05d}"
        for n in range(1000)
        if uscc.check_digit(f"91140829MA0K{n:05d}") == "0"
    )
    assert uscc.is_valid(first + "0")


@pytest.mark.parametrize(
    "code",
    [
        "911101085513850820",  # wrong check digit
        "9111010855138508Q",  # too short
        "91110108551385082QQ",
        "9111010I551385082Q",  # letters that are not used, letters in the place
        "",
        "91110108551385082!",
    ],
)
def test_a_wrong_code_is_refused(code):
    assert not uscc.is_valid(code)


def test_a_code_is_stored_half_width_upper_case_without_blanks_and_hyphens():
    assert uscc.compact(" 9111-0108 5513８５０82q\n") == "91110108551385082Q"
    assert uscc.is_valid(" 9111-0108 5513８５０82q\n")


@given(first17)
def test_the_check_digit_makes_a_code_valid(first):
    assert uscc.is_valid(first + uscc.check_digit(first))


@given(first17, st.integers(0, 16), st.sampled_from(uscc.ALPHABET))
def test_one_wrong_character_is_found(first, place, other):
    code = first + uscc.check_digit(first)
    changed = code[:place] + other + code[place + 1 :]
    assert uscc.is_valid(changed) == (changed == code)


def test_the_check_digit_needs_seventeen_known_characters():
    with pytest.raises(ValueError, match="17"):
        uscc.check_digit("123")
    with pytest.raises(ValueError, match="17"):
        uscc.check_digit("I" * 17)


def test_the_inner_digit_only_warns():
    assert uscc.inner_digit_fits("91110108551385082Q")
    first = "91140829MA0K00001"
    code = first + uscc.check_digit(first)
    assert uscc.is_valid(code)
    assert not uscc.inner_digit_fits(code)
