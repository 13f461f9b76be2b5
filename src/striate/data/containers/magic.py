"""What a file is, by its first bytes: a name proves nothing."""

from __future__ import annotations

import re

# Formats that are recognised in order to say so, and never parsed; (pattern at the start, what it is).
OTHERS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), name)
    for pattern, name in (
        (rb"II[*+]\0|MM\0[*+]", "TIFF"),
        (rb"%!PS|\xc5\xd0\xd3\xc6", "EPS"),
        (rb"%PDF", "PDF"),
        (rb"8BPS", "PSD"),
        (rb"SIMPLE  =", "FITS"),
        (rb"\0\0[\1\2]\0", "ICO"),
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000 (Pillow's Jpeg2K plugin reads it)"),
        (rb"....ftypavi[fs]", "AVIF (Pillow's Avif plugin reads it)"),
        (rb"....ftyp(hei[cxms]|hev[cx]|mif1|msf1)", "HEIC (the pillow-heif plugin reads it)"),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL (the pillow-jxl-plugin reads it)"),
        (rb"\s*(<\?xml.{0,1000})?(<!--.{0,1000})?<svg", "SVG"),
        (rb"DDS ", "DDS"),
        (rb"P[1-7]\s", "PNM"),
        (rb"qoif", "QOI"),
        (rb"gimp xcf", "XCF"),
    )
)
TGA_FOOTER = b"TRUEVISION-XFILE.\0"


def kind_of(data: bytes) -> str | None:
    """The name of the one of five readable formats that `data` starts like; None if it is none of them.

    >>> kind_of(b"GIF89a..."), kind_of(b"<html>")
    ('GIF', None)
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    return "BMP" if data.startswith(b"BM") else None


def other_kind_of(data: bytes) -> str | None:
    """The name of a format that is known and not read; None if the bytes are no picture format known here.

    >>> other_kind_of(b"%PDF-1.7"), other_kind_of(b"hello")
    ('PDF', None)
    """
    if data.endswith(TGA_FOOTER):
        return "TGA"
    return next((name for pattern, name in OTHERS if pattern.match(data)), None)
