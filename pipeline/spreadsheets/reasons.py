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
    # companies, receipts and meetings
    "too_long": "请缩短",
    "bad_is_local": "不清楚的请留空",
    "unknown_industry": "请填写国民经济行业大类的名称或代码，不清楚的请留空",
    "unknown_chain": "请改用已有的产业链，或请管理员加上",
    "unknown_position": "请填写链主、上游、中游、下游或配套",
    "unknown_tags": "请改用已有的标签，或请管理员加上",
    "bad_phone": "一格只写一个号码，其他的写在备注里",
    "bad_email": "请核对，没有的请留空",
    "missing_contact": "请补填姓名",
    "another_name": "请核对名称和代码",
    "several_of_that_name": "请补填统一社会信用代码",
    "several_contacts": "请填写与系统内一致的电话",
    "outside_scope": "请联系跟进单位或县招商部门",
    "unknown_project": "请核对项目名称，或先登记项目",
    "ambiguous_project": "请补填投资方或统一社会信用代码",
    "another_investor": "请核对",
    "already_carried": "请不要重复登记",
    "already_recorded": "确是另一笔的，请在系统内登记",
    "missing_subject": "请补填",
    "unknown_organization": "请核对名称",
    "missing_summary": "请补填",
    "unknown_kind": "请填写走出去、请进来、电话、会面、洽谈、活动或企业走访",
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
    advice = fault.advice or _ADVICE.get(fault.code)
    return f"{place}“{squeeze(header)}”{says}：{fault.reason}" + (f"；{advice}" if advice else "")
