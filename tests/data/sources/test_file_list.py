"""Lists of files: every name a file system allows is read back, and only listed pictures are used."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import load_data
from striate.data.file_index import load_index
from striate.data.sources.file_list import MAX_NAME, digest_of_list, read_list, write_list
from striate.errors import DataError
from tests.data.fixtures import folder_of, pattern, picture, tree, write

ODD = ["🐈.png", "a\nb.png", " spaced .png", '"quoted".png', "#1.png", "\u2028.png", "tab\t.png", "e\u0301.png",
       os.fsdecode(b"\xff\xfe.png"), "back\\slash.png", "cr\r.png"]


def test_only_the_listed_pictures_are_used(tmp_path):
    root = folder_of(tmp_path / "set", {"cat": 10, "dog": 10})
    before = tree(root)
    whole = load_data(root)
    wanted = [key for key in whole.pictures.keys if not key.endswith(("1.png", "4.png"))]
    write_list(tmp_path / "clean.txt", wanted)
    data = load_data(root, files=tmp_path / "clean.txt")
    assert data.pictures.keys == sorted(wanted)
    assert data.pictures.fingerprint != whole.pictures.fingerprint  # the list is part of what a run is
    assert "16 of 20 pictures are used, those that clean.txt names" in data.notes
    assert len(load_index(root)) == 20  # what is known of the others is not forgotten
    write(root / wanted[0], picture(pattern(5, 7, 1, 999)))
    load_data(root, files=tmp_path / "clean.txt")
    assert len(load_index(root)) == 20
    write(root / wanted[0], before[wanted[0]][2])
    load_data(root)
    before = tree(root)
    assert not any("changed" in note for note in load_data(root).notes)
    assert tree(root) == before


def test_parts_and_labels_stay(tmp_path):
    root = folder_of(tmp_path / "set", {"train/cat": 5, "train/dog": 5, "test/cat": 5, "test/dog": 5})
    wanted = [key for key in load_data(root).pictures.keys if "0000" not in key]
    write_list(tmp_path / "clean.txt", reversed(wanted))
    data = load_data(root, files=tmp_path / "clean.txt")
    assert data.pictures.keys == wanted
    for key, label, part in zip(data.pictures.keys, data.pictures.labels, data.pictures.parts, strict=True):
        assert key.split("/")[:2] == [part, data.classes[label]]


def test_i25_odd_names_come_back(tmp_path):
    for i, name in enumerate(ODD):
        write(tmp_path / "set" / "a" / name, picture(pattern(seed=i)))
        write(tmp_path / "set" / "b" / name, picture(pattern(seed=100 + i)))
    keys = load_data(tmp_path / "set").pictures.keys
    write_list(tmp_path / "clean.txt", keys)
    assert read_list(tmp_path / "clean.txt") == keys
    assert load_data(tmp_path / "set", files=tmp_path / "clean.txt").pictures.keys == keys


@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1, max_size=40)
                .filter(lambda name: name not in (".", "..")), min_size=1, max_size=20))
def test_any_name_comes_back(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("list") / "clean.txt"
    names = [os.fsdecode(os.fsencode(name)) for name in names if not any("\ud800" <= c <= "\udfff" for c in name)]
    if names:
        write_list(path, names)
        assert read_list(path) == names


@pytest.mark.parametrize("text", [b"a/../b", b"../a", b"/a", b"a//b", b"./a", b"a\0b", b'"a" b', b'"\\ud8', b'"',
                                  b"x" * (MAX_NAME + 1), b'"..\\u002fa"'])
def test_names_that_lead_elsewhere_are_refused(tmp_path, text):
    with pytest.raises(DataError) as caught:
        read_list(write(tmp_path / "clean.txt", b"good.png\n" + text))
    assert caught.value.code == "bad_list"


def test_i28_a_pipe_named_like_a_list(tmp_path):
    os.mkfifo(tmp_path / "clean.txt")
    with pytest.raises(DataError) as caught:
        read_list(tmp_path / "clean.txt")
    assert caught.value.code == "bad_list"


def test_the_digest_tells_lists_apart(tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    write_list(one, ["a.png"])
    write_list(other, ["b.png"])
    assert digest_of_list(one) == digest_of_list(one) != digest_of_list(other)


def test_lines_of_other_systems_and_remarks(tmp_path):
    assert read_list(write(tmp_path / "l", b"# a remark\r\na.png\r\n\r\n  \nb.png")) == ["a.png", "b.png"]
