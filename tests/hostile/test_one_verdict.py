"""I1 to I8, I18 to I21, I24, I35 to I39 of the catalogue: one verdict, whoever reads the picture."""

import struct

import numpy as np
import pytest
from PIL import Image

from striate import ConvNet
from striate.data import decode, load_data, read_picture
from striate.errors import PictureError
from striate.quality import scan_pictures
from striate.tasks.predict import predict
from tests.data.fixtures import chunk, pattern, picture, png_of, write
from tests.hostile.seeds import SEEDS
from tests.hostile.test_pictures_broken import OTHERS, bomb, gif_bomb

JPEG, PNG = SEEDS["JPEG"], SEEDS["PNG"]
FRAME = JPEG.index(b"\xff\xc0")
TABLE = {
    "i01 cut": (JPEG[: len(JPEG) * 4 // 5], "image_truncated"),
    "i01 cut png": (PNG[: len(PNG) // 2], "image_truncated"),
    "i02 no end marker": (JPEG[:-2], ""),
    "i04 png whose data are damaged": (PNG[:60] + b"\0\0\0\0" + PNG[64:], "image_unreadable"),
    "i05 no bytes": (b"", "image_empty"),
    "i05 one byte": (b"\x89", "image_unreadable"),
    "i06 text": (b"hello world, this is text", "image_unreadable"),
    **{f"i08 {form}": (OTHERS[form], "format_not_allowed")
       for form in ("EPS", "PDF", "SVG", "PSD", "FITS", "TGA", "ICO")},
    "i18 bomb": (bomb(), "image_too_large"),
    "i18 bomb in a later frame": (gif_bomb(), ""),  # only the first is read
    "i19 a header that lies": (JPEG[: FRAME + 5] + struct.pack(">HH", 20_000, 20_000) + JPEG[FRAME + 9 :],
                               "image_too_large"),
    "i20 too much text": (PNG[:33] + chunk(b"tEXt", b"a\0b") * 10_000 + PNG[33:], "image_unreadable"),
    "i21 TIFF": (picture(Image.new("L", (5, 5)), "TIFF"), "format_not_allowed"),
    **{f"i35 {form}": (OTHERS[form], "format_not_allowed") for form in ("JPEG 2000", "AVIF", "HEIC", "JPEG XL")},
    "i37 an unusual jpeg": (JPEG[: FRAME + 1] + b"\xc9" + JPEG[FRAME + 2 :], "image_unreadable"),
    "a sound one": (PNG, ""),
    "no pixels": (png_of(0, 3, 8, 2, b""), "image_unreadable"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("one") / "set"
    for i, (name, (data, _)) in enumerate(TABLE.items()):
        write(root / "odd" / f"{i:02} {name}.png", data)
    for label in ("cat", "odd"):
        for i in range(4):
            write(root / label / f"sound {i}.png", picture(pattern(seed=i + 10 * len(label))))
    return root


def codes_by_name(pairs):
    return {name.rsplit("/", 1)[-1]: code for name, code in pairs}


def test_every_entry_point_says_the_same_of_every_picture(folder):
    paths = sorted((folder / "odd").iterdir())
    expected = codes_by_name((f"{i:02} {name}.png", code) for i, (name, (_, code)) in enumerate(TABLE.items()))
    expected |= {f"sound {i}.png": "" for i in range(4)}

    def alone(read):
        found = []
        for path in paths:
            try:
                read(path)
                found.append((path.name, ""))
            except PictureError as error:
                found.append((path.name, error.code))
        return codes_by_name(found)

    assert alone(lambda path: decode(path.read_bytes(), name=path.name)) == expected
    assert alone(lambda path: read_picture(path, (16, 16))) == expected
    data, checked = load_data(folder), scan_pictures(folder)
    kept = {key: "" for key in data.pictures.keys if key.startswith("odd/")}
    assert codes_by_name([*kept.items(), *((one.picture, one.code) for one in data.skipped)]) == expected
    kept = {key: "" for key in checked.keys if key.startswith("odd/")}
    assert codes_by_name([*kept.items(), *((one.picture, one.code) for one in checked.skipped)]) == expected
    images = np.stack([np.full((16, 16, 3), i, np.uint8) for i in range(4)])
    model = ConvNet("lenet5", epochs=1, size=(32, 32)).fit(images, ["a", "b", "a", "b"])
    predicted = predict(model, paths)
    assert codes_by_name((str(one.picture), one.code or "") for one in predicted) == expected
