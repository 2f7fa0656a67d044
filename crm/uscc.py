"""The unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters.

One letter or digit for the registering department, one for the kind of body, six digits
for the place, nine characters of the organization code (GB 11714) and a check digit.
Letters I, O, S, V and Z are not used.
"""

import re
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
# The first two characters may be letters: village collectives begin with N2.
_FORM = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_NOISE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\-\u2010-\u2015\u2212]+")

_INNER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def compact(text: str) -> str:
    """A code as it is stored: half-width, upper case, without blanks and hyphens."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).upper()


def check_digit(first17: str) -> str:
    """The 18th character that belongs to the first 17 (GB 32100-2015).

    Raises ``ValueError`` where there are not 17 characters of the code's alphabet.
    """
    if len(first17) != 17 or not all(character in _VALUE for character in first17):
        raise ValueError("17 characters of the code's alphabet are needed")
    weighted = sum(_VALUE[c] * weight for c, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[-weighted % 31]


def is_valid(code: str) -> bool:
    """Whether the code, however it is spaced or cased, has the right form and check digit."""
    code = compact(code)
    return bool(_FORM.fullmatch(code)) and check_digit(code[:17]) == code[17]


def inner_digit_fits(code: str) -> bool:
    """Whether the organization code within (places 9 to 17) has its GB 11714 check digit.

    Valid codes are in use that do not have it: a reason to look twice, never to refuse.
    """
    inner = compact(code)[8:17]
    if len(inner) != 9 or not all(character in _INNER_ALPHABET for character in inner):
        return False
    weighted = sum(
        _INNER_ALPHABET.index(c) * weight
        for c, weight in zip(inner[:8], _INNER_WEIGHTS, strict=True)
    )
    return inner[8] == "0123456789X"[-weighted % 11]
