"""Why a file cannot be read at all, and how much of one is read at most."""

from __future__ import annotations

from dataclasses import dataclass


class UnreadableWorkbook(Exception):
    """A file that is no workbook that can be read; ``message`` tells the clerk what to do.

    Codes: ``missing_file``, ``empty_file``, ``not_a_workbook``, ``encrypted``,
    ``too_large``, ``damaged``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workbook may take. A table's cell takes 32 bytes while it is read.

    With these limits reading stays under about 1.2 GB for a file made to do harm, and
    takes about 150 MB for 100,000 rows of 14 columns.
    """

    file_bytes: int = 60 * 2**20
    unpacked_bytes: int = 600 * 2**20  # all parts of an .xlsx together
    text_bytes: int = 200 * 2**20  # its table of texts
    cells: int = 12_000_000  # up to a sheet's last row and column; in an .xls, of all sheets
