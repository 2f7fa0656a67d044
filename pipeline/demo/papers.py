"""Evidence for the demonstration: a one-page PDF and a picture, made here, byte for byte alike."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """A page with a title and lines of text, in a font that every reader brings (STSong)."""

    def shown(text: str, size: int, y: int) -> str:
        return f"BT /F1 {size} Tf 72 {y} Td <{text.encode('utf-16-be').hex()}> Tj ET"

    page = [shown(title, 20, 760)]
    page += [shown(line, 12, 715 - 24 * n) for n, line in enumerate(lines)]
    content = "\n".join(page).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
        b" /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880]"
        b" /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    written = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    written += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(written)


def picture(number: int, *, width: int = 480, height: int = 320) -> bytes:
    """A PNG of a building site: sky, earth, and foundations that differ by ``number``."""
    sky, earth, concrete = b"\xb9\xd3\xe8", b"\x9c\x7a\x52", b"\x80\x80\x84"
    rows = []
    for y in range(height):
        if y < height // 2:
            row = sky * width
        else:
            cells = (
                concrete if (x // 40 + number) % 3 == 0 and y < height * 3 // 4 else earth
                for x in range(0, width, 8)
            )
            row = b"".join(cell * 8 for cell in cells)
        rows.append(b"\0" + row)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"tEXt", f"Title\0site {number}".encode())
        + _chunk(b"IDAT", zlib.compress(b"".join(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
