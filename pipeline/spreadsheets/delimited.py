"""A ledger saved as text with separators: .csv in UTF-8 or GB 18030, or tab-separated."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.spreadsheets.cells import Cell
from pipeline.spreadsheets.unreadable import UnreadableWorkbook

_PIECE = 1 << 20


def find_encoding(path: Path) -> str:
    """The encoding of a text file: as its mark says, else UTF-8 if it is that, else GB 18030."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    raise UnreadableWorkbook(
        "not_a_workbook", "看不懂文件的编码，请用 Excel 另存为 .xlsx 或“CSV UTF-8”后再导入"
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                if "\0" in decoder.decode(piece):
                    return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def find_separator(path: Path, encoding: str) -> str:
    """Comma, tab or semicolon: whichever the first lines have most of."""
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(8192)
    return max(",\t;", key=start.count)


# Excel saves the number 2023.10 as 2023.1: in a text file it is as doubtful as the number.
_DOUBTFUL_MONTH = re.compile(r"\d{4}\.1")


def read_rows(path: Path, encoding: str, separator: str) -> Iterator[list[Cell]]:
    """The records of a text file, blank ones too. Raises :class:`UnreadableWorkbook`."""
    with path.open(encoding=encoding, newline="") as file:
        try:
            for record in csv.reader(file, delimiter=separator):
                yield [float(text) if _DOUBTFUL_MONTH.fullmatch(text) else text for text in record]
        except csv.Error as error:
            raise UnreadableWorkbook(
                "damaged", "文件中有过长或不配对的引号，请用 Excel 另存为 .xlsx 后再导入"
            ) from error
