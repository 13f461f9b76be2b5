"""One row per picture format × what each must do; a new one joins by its row in `FORMATS`."""

import pytest

from striate.data import decode
from striate.data.containers import FORMATS, SUFFIXES, format_of
from striate.data.file_task import FileTask
from tests.data.fixtures import pattern, picture, write


@pytest.mark.parametrize("name", FORMATS)
def test_what_pillow_writes_is_recognised_parsed_and_decoded(name):
    data = picture(pattern(11, 7), name)
    assert [other for other in FORMATS if format_of(data) == other] == [name]
    found = FORMATS[name].parse(data)
    assert (found.format, found.height, found.width) == (name, 11, 7)
    assert decode(data).pixels.shape == (11, 7, 3)


def notes(root, key: str, data: bytes) -> tuple[str, ...]:
    write(root / key, data)
    found = FileTask(str(root))((key, ""))
    return FileTask(str(root), (11, 7))((key, found.digest))[1]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_endings_of_a_format_need_no_note(suffix, tmp_path):
    data = picture(pattern(11, 7), SUFFIXES[suffix])
    assert notes(tmp_path, f"a{suffix}", data) == notes(tmp_path, f"B{suffix.upper()}", data) == ()


@pytest.mark.parametrize("name", FORMATS)
def test_another_formats_ending_is_noted(name, tmp_path):
    other = next(suffix for suffix in SUFFIXES if SUFFIXES[suffix] != name)
    (note,) = notes(tmp_path, f"a{other}", picture(pattern(11, 7), name))
    assert note.startswith(f"its name says {SUFFIXES[other]} and its bytes {name}")
