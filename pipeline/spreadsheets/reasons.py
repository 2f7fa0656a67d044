"""What a rejected row's reason says to the clerk: row, column, value, what is wrong, what to do."""

from __future__ import annotations

from pipeline.spreadsheets.cells import squeeze
from pipeline.spreadsheets.rows import Fault

_ADVICE = {
    "missing_name": "请补填",
    "missing_investor": "请补填",
    "formula_without_value": "请用 Excel 打开并保存，或改填数值",
    "ambiguous_date": "请写成“2023年1月”或“2023年10月”",
    "bad_uscc": "暂无代码的请留空",
    "bad_amount": "请填写带单位的金额，如“1.2亿元”",
    "bad_date": "请写成“2026年3月5日”或“2026年3月”，还没有的请留空",
    "unknown_park": "请改用园区名称，或在系统中为园区加上这个别名，未落园区的请留空",
    "unknown_channel": "请改用已有的招商方式，或在系统中加上这个别名，没有的请留空",
    "unknown_contract": "请填写正式合同、框架协议、增资等，或在系统中加上这个写法",
    "future_date": "还没有发生的请留空或填入计划时间",
    "start_before_signing": "请核对两个日期",
    "start_without_signing": "请补填或核对",
    "production_before_start": "请核对两个日期",
    "duplicate_row": "请删除重复行，或改正项目名称、投资方",
}
_LONGEST_VALUE = 60


def message(place: str, header: str, value: str, fault: Fault) -> str:
    """第 4 行“签约日期”为“2026年13月5日”：日历上没有这一天；请写成“2026年3月5日”…

    ``place`` names the row (and sheet), ``value`` is the cell as text; a long one is cut.
    """
    shown = squeeze(value)
    if len(shown) > _LONGEST_VALUE:
        shown = shown[:_LONGEST_VALUE] + "…"
    says = f"为“{shown}”" if shown else "为空"
    advice = _ADVICE.get(fault.code)
    return f"{place}“{squeeze(header)}”{says}：{fault.reason}" + (f"；{advice}" if advice else "")
