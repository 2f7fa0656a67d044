"""A report as PDF in the form of GB/T 9704: A4, its margins, 22 lines, page numbers.

The font is embedded. Without a Chinese font on the machine the file would show empty boxes,
so none is made: :class:`NoChineseFont` says what to install.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.refusals import Refused
from pipeline.reports.formats.html import whole


class CannotPrint(Refused):
    """The machine lacks what makes PDFs."""

    code = "cannot_print"


class NoChineseFont(CannotPrint):
    """The file would show empty boxes."""

    code = "no_chinese_font"


def write(content: Mapping[str, Any], *, digest: str = "", version: int = 0) -> bytes:
    """The PDF. Raises ``CannotPrint``, ``NoChineseFont``."""
    try:
        import weasyprint  # takes over a second, and system libraries that may be missing
    except OSError as error:
        raise CannotPrint(
            _("这台服务器缺少生成 PDF 的系统库（libpango），请管理员安装后再试")
        ) from error
    fonts: list[str] = []

    def look(document: Any, made: Any) -> None:
        fonts.extend(str(font.family) for font in document.fonts.values())

    made: bytes = weasyprint.HTML(
        string=whole(content, digest=digest, version=version), url_fetcher=_nothing
    ).write_pdf(finisher=look)
    if not any(CHINESE.search(font) for font in fonts):
        raise NoChineseFont(
            _("这台服务器没有中文字体，PDF 会显示空白方框，请管理员安装 fonts-noto-cjk")
        )
    return made


# The families that have Chinese letters on Debian, Windows, macOS and Kylin.
CHINESE = re.compile(r"CJK|Song|Sun|Hei|Fang|Kai|WenQuanYi|Ming|[\u4e00-\u9fff]", re.IGNORECASE)


def _nothing(url: str, *args: Any, **kwargs: Any) -> Any:
    """A report holds all that it needs; whatever asks for an address is refused."""
    raise ValueError(url)
