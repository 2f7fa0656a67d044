"""Old .xls files and password-protected ones, made by hand: nothing maintained writes them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def write_compound(path: Path, streams: Mapping[str, bytes]) -> Path:
    """An OLE file with these streams, each in sectors of its own."""
    bodies = {name: data.ljust(4096, b"\0") for name, data in streams.items()}
    sectors: list[bytes] = []
    chains: list[int] = []
    starts: dict[str, int] = {}

    def put(data: bytes) -> int:
        start = len(sectors)
        for at in range(0, len(data), 512):
            sectors.append(data[at : at + 512].ljust(512, b"\0"))
            chains.append(len(sectors))
        chains[-1] = _END
        return start

    for name, body in bodies.items():
        starts[name] = put(body)
    directory = _entry("Root Entry", 5, _END, 0, child=1 if bodies else _FREE)
    names = list(bodies)
    for at, name in enumerate(names, start=1):
        after = at + 1 if at < len(names) else _FREE
        directory += _entry(name, 2, starts[name], len(bodies[name]), right=after)
    directory_start = put(directory.ljust(-(-len(directory) // 512) * 512, b"\0"))
    tables = 1
    while tables * 128 < len(chains) + tables:
        tables += 1
    first_table = len(sectors)
    chains += [_TABLE] * tables
    chains += [_FREE] * (tables * 128 - len(chains))
    packed = struct.pack(f"<{len(chains)}I", *chains)
    sectors += [packed[at : at + 512] for at in range(0, len(packed), 512)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables)
    header += struct.pack("<IIIIIII", directory_start, 0, 4096, _END, 0, _END, 0)
    numbers = [first_table + n for n in range(tables)] + [_FREE] * (109 - tables)
    path.write_bytes(header + struct.pack("<109I", *numbers) + b"".join(sectors))
    return path


def _entry(
    name: str, kind: int, start: int, size: int, *, right: int = _FREE, child: int = _FREE
) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, _FREE, right, child)
        + bytes(36)
        + struct.pack("<III", start, size, 0)
    )


class Formula:
    """A formula cell of an .xls: its result, ``None`` where it was saved without one."""

    def __init__(self, result: str | float | None) -> None:
        self.result = result


def write_xls(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[Any]]],
    *,
    hidden: Sequence[str] = (),
    password: bool = False,
    formats: Mapping[tuple[int, int], str] | None = None,
    since_1904: bool = False,
) -> Path:
    """An .xls (BIFF 8) of texts, numbers, formulas and ``{row: ...}``-less plain rows.

    ``formats`` gives the number format of cells by row and column (from 0) of any sheet.
    """
    codes = sorted(set((formats or {}).values()))
    style_of = {code: 16 + at for at, code in enumerate(codes)}
    begin = _record(0x809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    before = begin
    if password:
        before += _record(0x2F, struct.pack("<HHH", 0, 0x1234, 0x5678))
    before += _record(0x22, struct.pack("<H", since_1904))
    for at, code in enumerate(codes):
        text = code.encode("utf-16-le")
        before += _record(0x41E, struct.pack("<HHB", 164 + at, len(code), 1) + text)
    for number in [0] * 16 + [164 + at for at in range(len(codes))]:
        before += _record(0xE0, struct.pack("<HHH", 0, number, 0).ljust(20, b"\0"))
    bodies = [_sheet(rows, formats or {}, style_of) for rows in sheets.values()]
    names = [name.encode("utf-16-le") for name in sheets]
    at = len(before) + sum(12 + len(name) for name in names) + 4
    bounds = b""
    for name, body in zip(names, bodies, strict=True):
        state = name.decode("utf-16-le") in hidden
        bounds += _record(0x85, struct.pack("<IBBBB", at, state, 0, len(name) // 2, 1) + name)
        at += len(body)
    stream = before + bounds + _record(0x0A, b"") + b"".join(bodies)
    return write_compound(path, {"Workbook": stream})


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _sheet(
    rows: Sequence[Sequence[Any]],
    formats: Mapping[tuple[int, int], str],
    style_of: Mapping[str, int],
) -> bytes:
    out = _record(0x809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            code = formats.get((row, column))
            place = struct.pack("<HHH", row, column, style_of[code] if code else 15)
            out += _cell(place, cell)
    return out + _record(0x0A, b"")


def _cell(place: bytes, cell: Any) -> bytes:
    if cell is None:
        return b""
    if isinstance(cell, Formula):
        tail = struct.pack("<HIH", 0, 0, 3) + b"\x1e\x01\x00"
        if isinstance(cell.result, float):
            return _record(0x06, place + struct.pack("<d", cell.result) + tail)
        out = _record(0x06, place + b"\0\0\0\0\0\0\xff\xff" + tail)
        if cell.result is None:
            return out
        text = cell.result.encode("utf-16-le")
        return out + _record(0x207, struct.pack("<HB", len(cell.result), 1) + text)
    if isinstance(cell, str) and cell.startswith("#"):
        return _record(0x205, place + bytes([{"#REF!": 0x17, "#N/A": 0x2A}[cell], 1]))
    if isinstance(cell, str):
        text = cell.encode("utf-16-le")
        return _record(0x204, place + struct.pack("<HB", len(cell), 1) + text)
    return _record(0x203, place + struct.pack("<d", float(cell)))
