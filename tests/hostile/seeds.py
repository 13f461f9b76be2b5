"""One sound picture of each kind, to be broken, and the code of a refusal."""


import pytest
from PIL import Image

from striate.data import decode
from striate.errors import PictureError
from tests.data.fixtures import picture, smooth

SEEDS = {
    "JPEG": picture(smooth(), "JPEG", quality=80),
    "progressive": picture(smooth(), "JPEG", quality=80, progressive=True),
    "grey": picture(smooth()[:, :, :1], "JPEG"),
    "PNG": picture(smooth()),
    "palette": picture(Image.fromarray(smooth()).quantize(16)),
    "GIF": picture(smooth(), "GIF"),
    "BMP": picture(smooth(), "BMP"),
    "WEBP": picture(smooth(), "WEBP"),
    "lossless": picture(smooth(), "WEBP", lossless=True),
}


def code_of(data: bytes) -> str:
    with pytest.raises(PictureError) as refused:
        decode(data, name="x.jpg")
    sentence = str(refused.value)
    assert sentence.startswith("x.jpg cannot be read as a picture; ")
    assert "\n" not in sentence
    return refused.value.code
