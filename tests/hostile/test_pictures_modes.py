"""Sound pictures of every kind, I7 to I17, I22 to I24, I38 and I42 of the catalogue: the right pixels, and a note."""

import io
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from striate.data import decode, load_data, probe, read_picture
from striate.data.containers.container import BAD_EXIF, FRAMES, TRAILING
from striate.quality import findings, scan_pictures
from tests.data.fixtures import exif, pattern, picture, png_of, smooth, with_chunk, with_exif, write
from tests.hostile.seeds import SEEDS, code_of

WHITE = 255


def test_i07_a_png_named_jpg_is_read_with_a_note(tmp_path):
    for name in ("a", "b"):
        for i in range(4):
            write(tmp_path / "set" / name / f"{i}.jpg", picture(pattern(seed=i + 10 * ord(name))))
    data = load_data(tmp_path / "set")
    assert len(data.pictures) == 8
    assert "8 pictures (first a/0.jpg): its name says JPEG and its bytes PNG; the bytes decide" in data.notes


def test_i09_names_are_no_matter(tmp_path):
    for i, name in enumerate(["plain", "UPPER.PNG", "second.png.bak", "wrong.doc", "none."]):
        write(tmp_path / "a" / name, picture(pattern(seed=i)))
        write(tmp_path / "b" / name, picture(pattern(seed=i + 10)))
    write(tmp_path / "a" / "notes.txt", b"not a picture, and known by its ending")
    data = load_data(tmp_path)
    assert len(data.pictures) == 10
    assert data.skipped == ()


def test_i10_cmyk_and_ycck():
    rgb = smooth(32, 40)
    k = 255 - rgb.max(axis=2, keepdims=True).astype(int)
    cmyk = np.concatenate([255 - rgb.astype(int) - k, k], axis=2).clip(0, 255).astype(np.uint8)
    reference = ((255 - cmyk[:, :, :3].astype(int)) * (255 - cmyk[:, :, 3:].astype(int)) / 255).round()
    data = picture(Image.fromarray(cmyk, "CMYK"), "JPEG", quality=100, subsampling=0)
    assert b"Adobe" in data
    assert np.abs(decode(data).pixels - reference).mean() <= 2
    assert probe(data) == (40, 32, 3)
    ycc = np.asarray(Image.fromarray(cmyk[:, :, :3]).convert("YCbCr"))  # as Photoshop writes YCCK: inverted, marked 2
    ycck = bytearray(picture(Image.fromarray(np.concatenate([255 - ycc, cmyk[:, :, 3:]], axis=2), "CMYK"), "JPEG",
                             quality=100, subsampling=0))
    ycck[ycck.index(b"Adobe") + 11] = 2
    assert np.abs(decode(bytes(ycck)).pixels - reference).mean() <= 2


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "P+tRNS", "RGBA"])
def test_i11_modes_and_transparency_against_a_reference_by_hand(mode):
    grey, alpha = pattern(5, 7, 1, 1)[:, :, 0], pattern(5, 7, 1, 2)[:, :, 0]
    colour = pattern(5, 7, 3, 3)

    def on_white(values, transparency):
        whole = values.astype(int) * transparency.astype(int) + WHITE * (255 - transparency.astype(int))
        return (whole + 127) // 255

    if mode == "L":
        data, expected = picture(Image.fromarray(grey)), grey[..., None]
    elif mode == "LA":
        data = picture(Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)]))
        expected = on_white(grey, alpha)[..., None]
    elif mode == "1":
        data, expected = picture(Image.fromarray(grey > 127)), ((grey > 127) * 255)[..., None]
    elif mode == "RGBA":
        data = picture(Image.fromarray(np.dstack([colour, alpha])))
        expected = on_white(colour, alpha[..., None])
    else:
        table, index = pattern(1, 16, 3, 4)[0], (grey % 16).astype(np.uint8)
        image = Image.fromarray(index, "L")
        image.putpalette(table.tobytes())
        if mode == "P":
            data, expected = picture(image), table[index]
        else:
            opacity = np.arange(16, dtype=np.uint8) * 17
            data = picture(image, transparency=opacity.tobytes())
            expected = on_white(table[index], opacity[index][..., None])
    assert np.array_equal(decode(data).pixels, expected)


def test_i11_a_grey_palette_is_one_channel():
    image = Image.fromarray(pattern(5, 7, 1)[:, :, 0] % 4, "L")
    image.putpalette([0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255])
    for form in ("PNG", "GIF", "BMP"):
        data = picture(image, form)
        assert probe(data) == (7, 5, 1), form
        assert np.array_equal(decode(data).pixels[:, :, 0], np.asarray(image) * 85), form


def test_i12_sixteen_bits_are_scaled_not_clipped():
    wide = np.random.default_rng(0).integers(0, 65536, (5, 7), dtype=np.uint16)
    wide[0, :3] = 0, 65535, 257
    data = png_of(7, 5, 16, 0, zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)))
    assert np.array_equal(decode(data).pixels[:, :, 0], np.rint(wide / 257))
    colour = np.random.default_rng(1).integers(0, 65536, (5, 7, 3), dtype=np.uint16)
    data = png_of(7, 5, 16, 2, zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in colour)))
    assert np.abs(decode(data).pixels - colour / 257).max() <= 1


def as_stored(pixels, orientation):
    """What a camera that holds its sensor so would store: the inverse of the EXIF table, written out."""
    return {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: lambda a: np.rot90(a, -1),
    }[orientation](pixels)  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
def test_i14_orientation(orientation, order):
    pixels = smooth(24, 40)
    stored = np.ascontiguousarray(as_stored(pixels, orientation))
    block = exif(orientation, order)
    assert np.array_equal(decode(with_chunk(picture(stored), b"eXIf", block)).pixels, pixels)
    jpeg = with_exif(picture(stored, "JPEG", quality=100, subsampling=0), block)
    assert np.abs(decode(jpeg).pixels.astype(int) - pixels).mean() <= 3
    webp = picture(stored, "WEBP", lossless=True, exif=b"Exif\0\0" + block)
    assert np.array_equal(decode(webp).pixels, pixels)
    assert probe(jpeg) == probe(webp) == (40, 24, 3)


@pytest.mark.parametrize("block", [
    b"", b"garbage", exif(0), exif(9), exif(6, kind=2), exif(6)[:11], b"II*\0\xff\xff\xff\xff",
    b"MM\0*" + b"\xff" * 64_000, b"II*\0" + struct.pack("<IH", 8, 65535),
])
def test_i15_broken_exif_is_ignored_with_a_note(block):
    pixels = smooth()
    found = decode(with_chunk(picture(pixels), b"eXIf", block))
    assert np.array_equal(found.pixels, pixels)
    assert found.notes == (BAD_EXIF,)
    assert decode(with_exif(SEEDS["JPEG"], block)).notes == (BAD_EXIF,)


def test_i15_what_else_is_broken_in_an_exif_block_is_not_looked_at():
    """A resolution of 1/0 and a pointer to GPS data outside: only the orientation is read, and it holds."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack("<HHII", 0x011A, 5, 1, 50) + struct.pack(
        "<HHII", 0x8825, 4, 1, 0xFFFFFFFF)
    block = b"II*\0" + struct.pack("<IH", 8, 3) + entries + bytes(4) + struct.pack("<II", 1, 0)
    pixels = smooth(24, 40)
    found = decode(with_chunk(picture(np.ascontiguousarray(as_stored(pixels, 6))), b"eXIf", block))
    assert np.array_equal(found.pixels, pixels)


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WIDE = SRGB.replace(SRGB[SRGB.index(b"XYZ ", 200) : SRGB.index(b"XYZ ", 200) + 12], b"XYZ \0\0\0\0\0\0\xff\xff")


@pytest.mark.parametrize("profile", [b"", b"damaged", b"\0" * 128, bytes(1_000_000), SRGB, WIDE])
def test_i16_colour_profiles_are_ignored(profile):
    pixels = smooth()
    assert np.array_equal(decode(picture(pixels, icc_profile=profile)).pixels, pixels)
    plain = decode(SEEDS["JPEG"]).pixels
    assert np.array_equal(decode(picture(pixels, "JPEG", quality=80, icc_profile=profile)).pixels, plain)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_i17_animations_give_their_first_frame(form):
    frames = [Image.new("RGB", (16, 12), (i % 256, 0, 0)) for i in range(1_000)]
    options = {"lossless": True} if form == "WEBP" else {}
    data = picture(frames[0], form, save_all=True, append_images=frames[1:], **options)
    started = time.perf_counter()
    found = decode(data)
    assert time.perf_counter() - started <= 0.5
    assert FRAMES in found.notes
    assert found.pixels.shape[:2] == (12, 16)
    assert not found.pixels.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 100), (100, 1), (3, 200)])
def test_i22_thin_pictures_are_fitted_and_named(tmp_path, shape):
    for name in ("a", "b"):
        for i in range(3):
            write(tmp_path / "set" / name / f"{i}.png", picture(pattern(40, 40, seed=i + 10 * ord(name))))
    write(tmp_path / "set" / "a" / "thin.png", picture(pattern(*shape)))
    data = load_data(tmp_path / "set", size=(32, 32))
    assert data.pictures.images.shape == (7, 32, 32, 3)
    named = {key for one in findings(scan_pictures(tmp_path / "set")) if one.check.name in ("small", "proportions")
             for case in one.cases for key in case.pictures}
    assert "a/thin.png" in named


def test_i22_extreme_shapes():
    assert decode(picture(pattern(1, 1))).pixels.shape == (1, 1, 3)
    assert decode(picture(pattern(1, 100))).pixels.shape == (1, 100, 3)
    assert {code_of(picture(pattern(*shape))) for shape in ((1, 5_000), (5_000, 1), (2, 201))} == {"aspect_limit"}


@pytest.mark.parametrize("megapixels", [24, 48])
def test_i23_large_legal_jpeg(megapixels, tmp_path):
    side = int((megapixels * 1e6) ** 0.5)
    rows = np.linspace(0, 255, side).astype(np.uint8)
    pixels = np.broadcast_to(rows[:, None, None], (side, side, 3))
    path = write(tmp_path / "x.jpg", picture(np.ascontiguousarray(pixels), "JPEG", quality=75))
    started = time.perf_counter()
    found = read_picture(path, (96, 96))
    assert time.perf_counter() - started <= 1.5
    assert np.abs(found[:, 48, 0].astype(float) - (np.arange(96) + 0.5) / 96 * 255).max() <= 2


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_i24_uniform_pictures_are_pictures(colour):
    assert (decode(picture(np.full((5, 7, 3), colour, np.uint8))).pixels == colour).all()


def test_i36_an_archive_at_the_end_is_noted():
    for kind in ("JPEG", "progressive", "PNG", "WEBP"):
        found = decode(SEEDS[kind] + b"PK\x03\x04 and so on \xff\xd9 \xff\xda")
        assert found.notes == (TRAILING,)
        assert np.array_equal(found.pixels, decode(SEEDS[kind]).pixels)


def test_i38_multi_picture_jpeg():
    frames = [Image.new("RGB", (16, 12), (200 * i, 0, 0)) for i in range(3)]
    data = picture(frames[0], "MPO", save_all=True, append_images=frames[1:])
    found = decode(data)
    assert found.notes == (FRAMES,)
    assert found.pixels.shape == (12, 16, 3)
    assert not found.pixels.any()


def test_i42_threads_see_the_same_pixels():
    with ThreadPoolExecutor(8) as pool:
        for data in SEEDS.values():
            assert len({found.pixels.tobytes() for found in pool.map(decode, [data] * 32)}) == 1


def test_a_picture_asked_for_large_is_decoded_whole():
    data = picture(smooth(400, 400), "JPEG")
    whole = decode(data).pixels
    assert np.array_equal(decode(data, at_least=(151, 151)).pixels, whole)
    assert decode(data, at_least=(150, 20)).pixels.shape == (200, 200, 3)
    assert decode(data, at_least=(75, 75)).pixels.shape == (100, 100, 3)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), whole)
