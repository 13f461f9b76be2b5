"""Broken pictures, I1 to I8, I18 to I20 and I35 to I41 of the catalogue: one stable code, bounded time and memory."""

import random
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from PIL import Image

from striate.data import decode, probe, read_picture
from striate.data.containers.container import NO_END
from striate.data.decode import MAX_BYTES
from striate.errors import PictureError, StriateError
from tests.data.fixtures import chunk, picture, png_of, with_chunk, write
from tests.examples import examples
from tests.hostile.peak import peak_of
from tests.hostile.seeds import SEEDS, code_of


@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "GIF", "BMP", "WEBP", "lossless"])
def test_i01_cut_at_sixteen_points(kind):
    data = SEEDS[kind]
    codes = [code_of(data[: len(data) * i // 17]) for i in range(1, 17)]
    assert set(codes) <= {"image_truncated", "image_unreadable"}
    first = codes.index("image_truncated")
    assert codes[first:] == ["image_truncated"] * (16 - first)
    assert code_of(data[:13]) == "image_unreadable"


@pytest.mark.parametrize("kind", ["JPEG", "grey"])
def test_i02_only_the_end_marker_missing(kind):
    whole, cut = decode(SEEDS[kind]), decode(SEEDS[kind][:-2])
    assert np.array_equal(whole.pixels, cut.pixels)
    assert cut.notes == (NO_END,)
    assert code_of(SEEDS[kind][:-40]) == "image_truncated"


def test_i03_flipped_bytes_in_the_scan_get_one_verdict_everywhere(tmp_path):
    rng = random.Random(3)
    data = SEEDS["JPEG"]
    scan = data.index(b"\xff\xda")
    for i in range(100):
        broken = bytearray(data)
        broken[rng.randrange(scan, len(data))] ^= 1 << rng.randrange(8)
        path = write(tmp_path / "x.jpg", bytes(broken))
        assert verdict(path, whole=True) == verdict(path, whole=False), i


def verdict(path, whole):
    try:
        return (decode(path.read_bytes()).pixels if whole else read_picture(path, (29, 37))).tobytes()
    except PictureError as error:
        return error.code


def test_i04_png_damaged():
    data = SEEDS["PNG"]
    bad_sum = bytearray(data)
    bad_sum[-13] ^= 1  # the last byte of the checksum of the pixels, which are sound
    assert code_of(bytes(bad_sum)) == "image_unreadable"
    assert code_of(data[:-12]) == "image_truncated"
    stream = bytearray(zlib.compress(bytes(8 * 25)))
    stream[4] ^= 0xFF
    assert code_of(png_of(8, 8, 8, 2, bytes(stream))) in ("image_unreadable", "image_truncated")
    for colour, whole in ((2, 8 * 25), (0, 8 * 9)):
        for short in (1, whole // 8, whole // 2):
            assert code_of(png_of(8, 8, 8, colour, zlib.compress(bytes(whole - short)))) == "image_truncated"
        assert not decode(png_of(8, 8, 8, colour, zlib.compress(bytes(whole)))).pixels.any()


def test_i05_no_bytes_one_byte_a_signature():
    assert code_of(b"") == "image_empty"
    assert code_of(b"\xff") == "image_unreadable"
    assert code_of(b"\x89PNG\r\n\x1a") == "image_unreadable"
    for whole in SEEDS.values():
        assert {code_of(whole[:i]) for i in range(1, 13)} == {"image_unreadable"}


@pytest.mark.parametrize("data", [b"hello world, this is text", b"<!DOCTYPE html><html>404</html>", b'{"error": 404}'])
def test_i06_text_named_jpg(data):
    assert code_of(data) == "image_unreadable"


OTHERS = {
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "PDF": b"%PDF-1.7\n",
    "SVG": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "PSD": b"8BPS\0\1" + bytes(40),
    "FITS": b"SIMPLE  =                    T",
    "TGA": bytes(18) + b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0",
    "ICO": b"\0\0\1\0\1\0" + bytes(40),
    "TIFF": b"II*\0\x08\0\0\0\0\0",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0",
    "JPEG XL": b"\xff\x0a\xfa\x7f",
}


@pytest.mark.parametrize("form", ["EPS", "PDF", "SVG", "PSD", "FITS", "TGA", "ICO"])
def test_i08_formats_that_are_not_allowed_are_named_and_not_entered(form, monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("Pillow was asked"))
    with pytest.raises(PictureError) as refused:
        decode(OTHERS[form], name="x.png")
    assert refused.value.code == "format_not_allowed"
    assert form in str(refused.value)


@pytest.mark.parametrize(("form", "plugin"), [
    ("JPEG 2000", "Jpeg2K"), ("AVIF", "Avif"), ("HEIC", "pillow-heif"), ("JPEG XL", "pillow-jxl")])
def test_i35_modern_formats_name_the_plugin(form, plugin):
    with pytest.raises(PictureError) as refused:
        decode(OTHERS[form])
    assert refused.value.code == "format_not_allowed"
    assert "plugin" in str(refused.value)
    assert plugin in str(refused.value)


@pytest.mark.parametrize("order", ["II*\0", "MM\0*", "II+\0"])
def test_i21_tiff_that_loops_or_lies_is_not_entered(order, monkeypatch):
    """A directory that is its own next one, a thousand pages, tiles outside the file: no byte of them is parsed."""
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("a parser was entered"))
    endian = ">" if order[0] == "M" else "<"
    loop = struct.pack(endian + "IH", 8, 1) + bytes(12) + struct.pack(endian + "I", 8)
    tiles = struct.pack(endian + "IHHHII", 8, 1, 324, 4, 2**31, 2**31)
    for body in (loop, loop * 1_000, tiles, b""):
        data = order.encode() + body
        assert code_of(data) == "format_not_allowed"
        with pytest.raises(PictureError):
            probe(data)


def test_i13_i21_tiff_is_not_read():
    for mode in ("F", "I", "I;16", "L"):
        assert code_of(picture(Image.new(mode, (5, 5)), "TIFF")) == "format_not_allowed"


def bomb() -> bytes:
    return png_of(30_000, 30_000, 1, 0, zlib.compress(bytes(30_000 * 3_751), 9))


def gif_bomb() -> bytes:
    """A small first frame, then one of 65,535 × 65,535."""
    first = picture(Image.new("L", (4, 4)), "GIF")[:-1]
    return first + b"\x2c" + struct.pack("<4HB", 0, 0, 65535, 65535, 0) + b"\x08\x01\x00\x00;"


def test_memory_that_is_taken_is_seen(tmp_path):
    _, grown = peak_of(tmp_path, SEEDS["PNG"], SEEDS["PNG"], control=True)
    assert grown > 30_000


def test_i18_bombs_are_refused_before_decoding(tmp_path):
    data = bomb()
    assert len(data) < 200_000
    started = time.perf_counter()
    assert code_of(data) == "image_too_large"
    assert time.perf_counter() - started <= 0.05
    code, grown = peak_of(tmp_path, SEEDS["PNG"], data)
    assert code == "image_too_large"
    assert grown <= 20_000
    assert decode(gif_bomb()).pixels.shape == (4, 4, 1)
    wide = bytearray(picture(Image.new("L", (4, 4)), "GIF"))
    wide[wide.index(b"\x2c") + 5 : wide.index(b"\x2c") + 9] = b"\xff" * 4
    assert code_of(bytes(wide)) == "image_too_large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_i19_a_header_that_lies(kind, tmp_path):
    data = bytearray(SEEDS[kind])
    if kind == "PNG":
        data = png_of(20_000, 20_000, 8, 2, bytes(1_000))
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 20_000, 20_000)
    elif kind == "GIF":
        data[6:10] = struct.pack("<HH", 20_000, 20_000)
    elif kind == "BMP":
        data[18:26] = struct.pack("<ii", 20_000, -20_000)
    else:
        data[26:30] = struct.pack("<HH", 16_383, 16_383)
    assert code_of(bytes(data)) == "image_too_large"
    assert peak_of(tmp_path, SEEDS["PNG"], bytes(data))[1] <= 20_000


def test_i20_png_with_too_much_text(tmp_path):
    data = SEEDS["PNG"]
    many = data[:33] + chunk(b"tEXt", b"a\0b") * 10_000 + data[33:]
    huge = with_chunk(data, b"zTXt", b"a\0\0" + zlib.compress(bytes(100 * 2**20), 9))
    assert code_of(many) == code_of(huge) == "image_unreadable"
    assert max(peak_of(tmp_path, data, one)[1] for one in (many, huge)) <= 70_000
    assert decode(with_chunk(data, b"zTXt", b"a\0\0" + zlib.compress(b"a few words"))).pixels.shape == (29, 37, 3)


@pytest.mark.parametrize("marker", [0xC3, 0xC9, 0xCA, 0xC5])
def test_i37_unusual_jpegs_are_refused(marker):
    data = SEEDS["JPEG"]
    at = data.index(b"\xff\xc0")
    assert code_of(data[: at + 1] + bytes([marker]) + data[at + 2 :]) == "image_unreadable"
    assert code_of(data[: at + 4] + b"\x0c" + data[at + 5 :]) == "image_unreadable"


def test_i39_a_thousand_scans():
    data = SEEDS["progressive"]
    at = data.rindex(b"\xff\xda")
    started = time.perf_counter()
    assert code_of(data[:at] + data[at:-2] * 1_000 + data[-2:]) == "image_unreadable"
    assert time.perf_counter() - started <= 2


def test_i40_thousands_of_bad_jpegs_leak_nothing():
    script = (
        "import random, io\n"
        "from PIL import Image\n"
        "from striate.data import decode\n"
        "from striate.errors import PictureError\n"
        "file = io.BytesIO(); Image.effect_noise((64, 64), 50).save(file, 'JPEG'); data = file.getvalue()\n"
        "rng = random.Random(0)\n"
        "peak = lambda: next(int(one.split()[1]) for one in open('/proc/self/status') if one.startswith('VmHWM'))\n"
        "for i in range(10000):\n"
        "    broken = bytearray(data); broken[rng.randrange(len(data))] ^= 255\n"
        "    try: decode(bytes(broken[:rng.randrange(len(data))] if i % 2 else broken))\n"
        "    except PictureError: pass\n"
        "    if i == 500: first = peak()\n"
        "print(peak() - first)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert int(run.stdout) <= 10_000


@examples(300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SEEDS)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
       st.floats(0, 1), st.booleans())
def test_i41_mutations_give_pixels_or_a_picture_error(kind, changes, length, cut):
    data = bytearray(SEEDS[kind])
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    if cut:
        del data[int(length * len(data)) :]
    try:
        facts = probe(bytes(data))
        found = decode(bytes(data))
    except PictureError:
        return
    assert found.pixels.dtype == np.uint8
    assert found.pixels.shape == (facts[1], facts[0], facts[2])


def test_too_many_bytes_are_refused_unread():
    assert code_of(SEEDS["JPEG"] + bytes(MAX_BYTES)) == "image_too_large"


def test_pillow_is_left_as_it_was():
    from PIL import ImageFile

    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    for data in (*SEEDS.values(), bomb(), b""):
        try:
            decode(data)
        except StriateError:
            continue
    after = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    assert after == before


@pytest.mark.parametrize("kind", ["L", "1", "RGB"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (5, 5), (8, 8), (9, 4), (13, 11)])
def test_i04_a_black_interlaced_png_is_whole(kind, shape):
    """Adam7 written by hand: every pass there is read, the last row less is refused."""
    height, width = shape
    colour, depth = {"L": (0, 8), "1": (0, 1), "RGB": (2, 8)}[kind]
    bits = depth * (3 if colour == 2 else 1)
    ends = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    counts = [(len(range(column, width, across)), len(range(row, height, down))) for column, row, across, down in ends]
    rows = [1 + (wide * bits + 7) // 8 for wide, high in counts for _ in range(high) if wide]
    size = sum(rows)
    for short in (0, 1, rows[-1]):
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 1)
        data = SEEDS["PNG"][:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(size - short)))
        data += chunk(b"IEND", b"")
        if short:
            assert code_of(data) == "image_truncated"
        else:
            assert not decode(data).pixels.any()
