"""What names stand for: a file, a folder, a pattern, a list on standard input."""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from striate.errors import DataError, MissingError
from striate.tasks import picture_names
from striate.tasks.picture_names import Pause, Unread, count_pictures, expanded, pictures_named


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("in/b.jpg", "in/a/2.png", "in/a/10.png", "in/a.jpg", "in/c", "in/.hidden/x.png", "in/Thumbs.db",
                 "in/labels.csv", "in/__MACOSX/y.png", "out/z.jpg", "[1].png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    return tmp_path


def test_a_folder_in_the_order_of_whole_names(tree: Path) -> None:
    names = ["in/a.jpg", "in/a/10.png", "in/a/2.png", "in/b.jpg", "in/c"]
    assert list(expanded("in")) == names == sorted(names)
    assert list(expanded("in/")) == names
    assert list(expanded("./in")) == [f"./{name}" for name in names]


def test_i27_i28_links_and_pipes_of_a_folder(tree: Path) -> None:
    Path("in/in-tree.jpg").symlink_to("b.jpg")
    Path("in/to-hidden.jpg").symlink_to(".hidden/x.png")
    Path("in/outside.jpg").symlink_to("../out/z.jpg")
    Path("in/broken.jpg").symlink_to("nowhere.jpg")
    Path("in/loop.jpg").symlink_to("loop.jpg")
    Path("in/a/up").symlink_to("..")
    os.mkfifo("in/pipe.jpg")
    found = list(expanded("in"))
    assert [one.picture if isinstance(one, Unread) else one for one in found] == [
        "in/a.jpg", "in/a/10.png", "in/a/2.png", "in/a/up", "in/b.jpg", "in/broken.jpg", "in/c", "in/loop.jpg",
        "in/outside.jpg", "in/pipe.jpg", "in/to-hidden.jpg"]
    assert {one.picture: one.error.code for one in found if isinstance(one, Unread)} == {
        "in/a/up": "folder_link", "in/broken.jpg": "broken_link", "in/loop.jpg": "broken_link",
        "in/outside.jpg": "link_outside", "in/pipe.jpg": "not_a_file"}


def test_a_folder_deeper_than_python_calls(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "x.png").touch()
    usual = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(len(inspect.stack()) + 100)
        found = list(expanded(str(tmp_path)))
    finally:
        sys.setrecursionlimit(usual)
    assert found == [str(deep / "x.png")]


@pytest.mark.parametrize(("pattern", "names"), [
    ("in/*.jpg", ["in/a.jpg", "in/b.jpg"]), ("in/**/*.png", ["in/a/10.png", "in/a/2.png"]),
    ("in/*", ["in/a.jpg", "in/b.jpg", "in/c"]), ("in/a/?.png", ["in/a/2.png"]), ("[1].png", ["[1].png"]),
    ("./in/[ab].jpg", ["./in/a.jpg", "./in/b.jpg"]), ("gone.jpg", ["gone.jpg"]), ("a\0b", ["a\0b"])])
def test_a_pattern_matches_files_and_a_file_of_that_name_is_that_file(tree: Path, pattern: str,
                                                                     names: list[str]) -> None:
    assert list(expanded(pattern)) == names


def test_nothing_to_predict_is_refused_before_anything_else(tree: Path) -> None:
    Path("empty/.hidden").mkdir(parents=True)
    Path("empty/notes.txt").touch()
    for name, kind, code in (("empty", DataError, "folder_without_pictures"), ("*.gif", MissingError, "no_match")):
        with pytest.raises(kind) as caught:
            count_pictures(["in", name])
        assert caught.value.code == code


def test_counted_as_named(tree: Path) -> None:
    names = ["in", "gone.jpg", "in/*.jpg", "in/b.jpg"]
    assert count_pictures(names) == len(list(pictures_named(names))) == 9
    assert count_pictures(["in", "-"]) is None


def listed(monkeypatch: pytest.MonkeyPatch, data: bytes, *, null: bool = False) -> list[object]:
    """The names in `data`, which a pipe brings."""
    read, write = os.pipe()
    writer = threading.Thread(target=lambda: (os.write(write, data), os.close(write)))
    writer.start()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        found = list(pictures_named(["-"], null=null))
    writer.join()
    return [one for one in found if not isinstance(one, Pause)]


def test_names_on_standard_input_are_of_files_as_they_are(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(monkeypatch, b"in\n# a\r\n\n  \n*.jpg\n'q'\n-x\n\xff.png\nlast") == [
        "in", "# a", "*.jpg", "'q'", "-x", os.fsdecode(b"\xff.png"), "last"]
    assert listed(monkeypatch, b"a\nb.png\0c \0", null=True) == ["a\nb.png", "c "]


def test_many_names_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_names, "BLOCK", 7)
    names = [f"{i:03}.png" for i in range(400)]
    assert listed(monkeypatch, "\n".join(names).encode()) == names


def test_a_slow_list_is_answered_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_names, "WAIT", 0.01)
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        stream = pictures_named(["-"])
        os.write(write, b"a.png\nb.p")
        assert [next(stream), isinstance(next(stream), Pause)] == ["a.png", True]
        os.write(write, b"ng\n")
        later = next(one for one in stream if not isinstance(one, Pause))
        assert later == "b.png"
        os.close(write)
        started = time.monotonic()
        assert not [one for one in stream if not isinstance(one, Pause)]
        assert time.monotonic() - started < 10


def test_a_name_that_is_too_long_for_any_file_is_answered() -> None:
    assert list(expanded("a" * 5_000)) == ["a" * 5_000]
    with pytest.raises(MissingError, match="no file does"):
        list(expanded("a" + "*" * 5_000 + ".none"))
