"""Tests of every check: a fault planted in a sound folder is found, and nothing else is; a new check joins by a row."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from striate.quality import CHECKS, findings, scan_pictures
from striate.quality.finding import LEVELS
from tests.data.fixtures import exif, picture, tree, with_chunk, write
from tests.quality.scenes import saved_again, scene, scenes

FIRST = scene(0)  # what train/cat/0000.png shows


def copy(root: Path, source: str, target: str) -> None:
    (root / target).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / source, root / target)


def blurred(root: Path) -> None:
    image = Image.fromarray(scene(500, 300, 300)).filter(ImageFilter.GaussianBlur(16))
    write(root / "train" / "cat" / "soft.png", picture(np.asarray(image)))


def spread_thin(root: Path) -> None:
    for i in range(140):
        write(root / "train" / "cat" / f"more{i}.png", picture(scene(600 + i)))
    for i in range(10):
        write(root / "train" / "elk" / f"{i}.png", picture(scene(900 + i)))
        write(root / "test" / "elk" / f"{i}.png", picture(scene(920 + i)))


# check → (what is done to a sound folder, the number of pictures or classes found)
PLANTED: dict[str, tuple[Callable[[Path], object], int]] = {
    "leak": (lambda root: copy(root, "train/cat/0000.png", "test/cat/copy.png"), 2),
    "near_leak": (lambda root: write(root / "test" / "cat" / "copy.jpg", saved_again(FIRST, 0.6)), 2),
    "label_conflict": (lambda root: copy(root, "train/cat/0000.png", "train/dog/copy.png"), 2),
    "near_conflict": (lambda root: write(root / "train" / "dog" / "copy.jpg", saved_again(FIRST, 0.6)), 2),
    "copy": (lambda root: copy(root, "train/cat/0000.png", "train/cat/copy.png"), 2),
    "near_copy": (lambda root: write(root / "train" / "cat" / "copy.jpg", saved_again(FIRST[:, ::-1], 0.6)), 2),
    "unreadable": (lambda root: write(root / "train" / "cat" / "bad.png", picture(scene(1))[:900]), 1),
    "left_out": (lambda root: write(root / "train" / "loose.png", picture(scene(800))), 1),
    "file_names": (lambda root: (write(root / "train" / "cat" / "CAF\u00c9.png", picture(scene(801))),
                                 write(root / "train" / "cat" / "cafe\u0301.png", picture(scene(802)))), 2),
    "large_files": (lambda root: write(root / "train" / "cat" / "big.bmp", picture(scene(803, 2400, 2400), "BMP")), 1),
    "hidden": (lambda root: write(root / "train" / ".hidden" / "x.png", b"x"), 1),
    "class_names": (lambda root: scenes(root, {"train/Cat": 12, "test/Cat": 6}, 8), 1),
    "empty_class": (lambda root: [(root / part / "elk").mkdir() for part in ("train", "test")], 1),
    "class_sets": (lambda root: scenes(root, {"train/elk": 12}, 9), 1),
    "tiny_class": (lambda root: scenes(root, {"train/elk": 3, "test/elk": 3}, 9), 1),
    "huge_class": (spread_thin, 1),
    "blank": (lambda root: write(root / "train" / "cat" / "b.png", picture(np.full((71, 97, 3), 90, np.uint8))), 1),
    "dark": (lambda root: write(root / "train" / "cat" / "d.png", picture(scene(804) // 8)), 1),
    "bright": (lambda root: write(root / "train" / "cat" / "l.png", picture(235 + scene(805) // 13)), 1),
    "blurred": (blurred, 1),
    "proportions": (lambda root: write(root / "train" / "cat" / "t.png", picture(scene(806, 71, 500))), 1),
    "small": (lambda root: write(root / "train" / "cat" / "s.png", picture(scene(807, 8, 11))), 1),
    "sizes": (lambda root: write(root / "train" / "cat" / "o.png", picture(scene(808, 80, 97))), 37),
    "modes": (lambda root: write(root / "train" / "cat" / "g.png", picture(scene(809)[:, :, :1])), 37),
    "decoding": (lambda root: write(root / "train" / "cat" / "e.png", with_chunk(
        picture(scene(810)), b"eXIf", exif(6))), 1),
}
BESIDE = {  # what comes with the fault that was planted, as it should
    "large_files": {"sizes", "blurred"}, "blurred": {"sizes"}, "proportions": {"sizes"}, "small": {"sizes"},
    "near_leak": {"sizes"}, "near_copy": {"sizes"}, "near_conflict": {"sizes"}, "decoding": {"sizes"},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return scenes(tmp_path / "set", {"train/cat": 12, "train/dog": 12, "test/cat": 6, "test/dog": 6})


def test_a_sound_folder_is_clean(root: Path) -> None:
    assert findings(scan_pictures(root)) == []


def test_every_kind_has_a_row() -> None:
    assert sorted(PLANTED) == sorted(one.name for one in CHECKS)


def test_errors_come_first() -> None:
    levels = [LEVELS.index(one.level) for one in CHECKS]
    assert levels == sorted(levels)


@pytest.mark.parametrize("name", PLANTED)
def test_planted(name: str, root: Path) -> None:
    plant, count = PLANTED[name]
    plant(root)
    before = tree(root)
    found = {one.check.name: one for one in findings(scan_pictures(root))}
    assert name in found, found.keys()
    assert found[name].count == count
    assert found.keys() - {name} <= BESIDE.get(name, set())
    told = found[name].as_dict()
    assert json.loads(json.dumps(told)) == told
    assert tree(root) == before  # nothing is changed


def test_what_was_odd_is_told_of_the_right_picture(root: Path) -> None:
    write(root / "train" / "dog" / "turned.png", with_chunk(picture(scene(810)), b"eXIf", exif(6)))
    write(root / "test" / "dog" / "a png.jpg", picture(scene(811)))
    cases = next(one for one in findings(scan_pictures(root)) if one.check.name == "decoding").cases
    assert {case.pictures: case.text.split(";")[0] for case in cases} == {
        ("train/dog/turned.png",): "its EXIF says that it lies turned or mirrored",
        ("test/dog/a png.jpg",): "its name says JPEG and its bytes PNG"}


def test_a_leak_gives_up_the_copy_that_is_learnt_from(root: Path) -> None:
    copy(root, "train/cat/0000.png", "test/cat/copy.png")
    case = next(one for one in findings(scan_pictures(root)) if one.check.name == "leak").cases[0]
    assert case.left_out == ("train/cat/0000.png",)


def test_all_copies_under_two_labels_are_given_up(root: Path) -> None:
    copy(root, "train/cat/0000.png", "train/dog/copy.png")
    case = findings(scan_pictures(root))[0].cases[0]
    assert set(case.left_out) == {"train/cat/0000.png", "train/dog/copy.png"}


def test_a_folder_of_nothing_but_bad_files(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        write(tmp_path / name / "x.png", b"no picture")
    found = {one.check.name: one.count for one in findings(scan_pictures(tmp_path))}
    assert found == {"unreadable": 2, "empty_class": 2}


def test_the_verdict_is_that_of_packing(root: Path) -> None:
    from striate.data import load_data

    for i, size in enumerate((0, 1, 7, 200, 2_000)):
        write(root / "train" / "cat" / f"cut{i}.png", picture(scene(1))[:size])
    told = {one.picture: one.code for one in scan_pictures(root).skipped}
    assert told == {one.picture: one.code for one in load_data(root).skipped}
    assert len(told) == 5
