"""Money in the capital numerals of contracts and vouchers (大写金额)."""

from decimal import ROUND_HALF_UP, Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
TENS = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def in_capitals(yuan: Decimal) -> str:
    """Yuan as a contract writes them: 壹亿贰仟万元整, 负壹拾元伍角整.

    To the fen; below ten quadrillion (10 000 万亿).
    """
    fen = int((abs(yuan) * 100).to_integral_value(ROUND_HALF_UP))
    whole, rest = divmod(fen, 100)
    jiao, fen = divmod(rest, 10)
    written = f"{_whole(whole)}元" if whole or not rest else ""
    if jiao:
        written += f"{DIGITS[jiao]}角"
    elif fen and whole:
        written += "零"
    written += f"{DIGITS[fen]}分" if fen else "整"
    return ("负" if yuan < 0 else "") + written


def _whole(number: int) -> str:
    if not number:
        return DIGITS[0]
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    written = ""
    is_gap = False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            is_gap = bool(written)
            continue
        if written and (is_gap or group < 1000):
            written += DIGITS[0]
        # 万亿 says 亿 once: 壹万贰仟亿, not 壹万亿贰仟亿.
        unit = "万" if place == 3 and groups[2] else GROUPS[place]
        written += _group(group) + unit
        is_gap = False
    return written


def _group(number: int) -> str:
    """Up to four digits; zeros inside are said once, those at its end not at all."""
    written, is_gap = "", False
    for place, digit in zip(range(3, -1, -1), f"{number:04d}", strict=True):
        if digit == "0":
            is_gap = bool(written)
            continue
        written += (DIGITS[0] if is_gap else "") + DIGITS[int(digit)] + TENS[place]
        is_gap = False
    return written
