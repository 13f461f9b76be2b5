import json

import numpy as np
import pytest

from striate.data import Split, load_data
from striate.data.split import split_class
from striate.errors import DataError, MissingError, UsageError
from tests.data.fixtures import folder_of, pattern, picture, tree, write


@pytest.fixture
def root(tmp_path):
    return folder_of(tmp_path / "set", {"cat": 40, "dog": 23, "elk": 7})


def assignment(data) -> dict[str, str]:
    return {digest: part for part in ("train", "validation", "test") for digest in getattr(data, part).digests}


def test_every_picture_is_in_one_part_and_every_class_in_all(root):
    data = load_data(root)
    rows = np.concatenate([data.train.indices, data.validation.indices, data.test.indices])
    assert sorted(rows.tolist()) == list(range(70))
    assert np.bincount(data.test.labels).tolist() == [8, 5, 1]
    assert np.bincount(data.validation.labels).tolist() == [4, 2, 1]
    assert data.split.kind == "stratified"


def test_renaming_and_moving_moves_nothing_between_parts(root):
    before = assignment(load_data(root))
    for i, path in enumerate(sorted((root / "cat").iterdir())):
        (root / "cat" / f"{i % 3}").mkdir(exist_ok=True)
        path.rename(root / "cat" / f"{i % 3}" / f"{997 * i % 1000}.png")
    (root / "dog").rename(root / "aardvark")
    after = load_data(root)
    assert assignment(after) == before
    assert after.classes == ("aardvark", "cat", "elk")


def test_adding_a_picture_moves_at_most_one_across_each_cut(root):
    before = assignment(load_data(root))
    for i in range(5):
        write(root / "cat" / f"new{i}.png", picture(pattern(5, 7, 1, 500 + i)))
        after = assignment(load_data(root))
        assert sum(after[digest] != part for digest, part in before.items()) <= 2
        before = after


def test_copies_share_a_part(root):
    for i in range(10):
        write(root / "cat" / f"copy{i}.png", (root / "cat" / f"{i:04d}.png").read_bytes())
    data = load_data(root)
    parts = [set(getattr(data, part).digests) for part in ("train", "validation", "test")]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 70


def test_seeds_differ_and_a_seed_repeats(root):
    first, again, other = load_data(root, seed=1), load_data(root, seed=1), load_data(root, seed=2)
    assert assignment(first) == assignment(again) != assignment(other)


def test_the_rule_is_the_one_that_is_written_down():
    import hashlib

    digests = [f"{i:032x}" for i in range(7)]
    order = sorted(digests, key=lambda d: hashlib.sha256(f"3 {d}".encode()).digest())
    expected = {order[0]: "test", order[1]: "validation"} | dict.fromkeys(order[2:], "train")
    assert split_class(digests, 3, 0.2, 0.1) == expected


def test_save_and_load(root, tmp_path):
    data = load_data(root, seed=5)
    path = tmp_path / "split.json"
    data.split.save(path)
    document = json.loads(path.read_text())
    assert (document["format"], document["version"], document["seed"]) == ("striate-split", 1, 5)
    write(root / "cat" / "new.png", picture(pattern(5, 7, 1, 900)))
    again = load_data(root, seed=6, split=path)
    new = again.pictures.digests[again.pictures.keys.index("cat/new.png")]
    assert assignment(again) == assignment(data) | {new: "test"}
    assert (again.split.kind, again.split.seed) == ("file", 5)
    assert "pictures that the split file does not know, taken for the test: 1" in again.notes
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_divided_set_with_copies_is_reloaded_as_it_was(tmp_path):
    folder_of(tmp_path / "set", {"train/cat": 20, "train/dog": 20, "test/cat": 5, "test/dog": 5})
    for i in range(20):
        write(tmp_path / "set" / "test" / "cat" / f"copy{i}.png",
              (tmp_path / "set" / "train" / "cat" / f"{i:04d}.png").read_bytes())
    data = load_data(tmp_path / "set")
    data.split.save(tmp_path / "split.json")
    again = load_data(tmp_path / "set", split=tmp_path / "split.json")
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(data.split, part), getattr(again.split, part))


@pytest.mark.parametrize("missing", ["validation", "test", "both"])
def test_parts_a_divided_set_lacks_are_taken_from_train(tmp_path, missing):
    given = {"validation": ["train", "test"], "test": ["train", "validation"], "both": ["train"]}[missing]
    data = load_data(folder_of(tmp_path, {f"{part}/{label}": 40 for part in given for label in ("cat", "dog")}))
    assert len(data.validation) == {"validation": 8, "test": 80, "both": 8}[missing]
    assert len(data.test) == {"validation": 80, "test": 16, "both": 16}[missing]
    assert sum("of train were taken" in note for note in data.notes) == (2 if missing == "both" else 1)


def test_no_validation_is_left_empty_silently(tmp_path):
    with pytest.raises(DataError) as caught:
        load_data(folder_of(tmp_path, {"cat": 2, "dog": 2}))
    assert caught.value.code == "part_empty"
    data = load_data(tmp_path, fractions=(0.5, 0.0, 0.5))
    assert (len(data.train), len(data.validation), len(data.test)) == (2, 0, 2)


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.7, 0.1, 0.1), (0.0, 0.5, 0.5), (1.2, -0.1, -0.1)])
def test_fractions_that_are_none(root, fractions):
    with pytest.raises(UsageError) as caught:
        load_data(root, fractions=fractions)
    assert caught.value.code == "bad_fractions"


@pytest.mark.parametrize("text", ["", "{}", "[]", "[" * 100_000, '{"format": "striate-split", "version": 2}',
                                  '{"format": "striate-split", "version": 1, "seed": 0, "parts": {"train": 5}}',
                                  *(f'{{"format": "striate-split", "version": 1, "seed": {seed}, "parts": '
                                    f'{{"train": {train}, "validation": [], "test": []}}}}'
                                    for seed, train in (("Infinity", "[]"), ("1e999", "[]"), ("NaN", "[]"),
                                                        ("null", "[]"), ("0", '"abc"'), ("0", "[5]"), ("0", "{}")))])
def test_a_split_file_that_is_none(root, tmp_path, text):
    path = write(tmp_path / "split.json", text.encode())
    with pytest.raises(DataError) as caught:
        load_data(root, split=path)
    assert caught.value.code == "bad_split"
    path.unlink()
    with pytest.raises(MissingError):
        Split.load(path, load_data(root).pictures)


def test_splitting_writes_nothing_beside_the_pictures(root):
    before = tree(root)
    load_data(root, seed=3)
    assert tree(root) == before
