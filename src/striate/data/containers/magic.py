"""Magic numbers of picture formats that are recognised but not supported."""

from __future__ import annotations

import re

# (pattern at the start, what it is)
UNREAD: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
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


def unread_format(data: bytes) -> str | None:
    """The name of an unsupported format, by its magic number; None if it is unknown.

    >>> unread_format(b"%PDF-1.7"), unread_format(b"hello")
    ('PDF', None)
    """
    if data.endswith(TGA_FOOTER):
        return "TGA"
    return next((name for pattern, name in UNREAD if pattern.match(data)), None)
