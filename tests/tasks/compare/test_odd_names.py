"""I25, D09 of the catalogue: odd names come back from the files of a comparison as they went in."""

import csv
import json
import os

from striate.data import load_data
from tests.data.fixtures import pattern, picture, write
from tests.forked import Forked
from tests.hostile.test_datasets_sets import NAMES

FILES = ["-rf.png", "a\nb.png", 'quo"te, semi;colon.png', "=cmd|' calc'!A0.png", "<script>.png",
         os.fsdecode(b"\xff.png")]


def test_i25_d09_names_round_trip_through_csv_json_and_markdown(tmp_path):
    for i, name in enumerate(NAMES[:4]):
        for j, file in enumerate(FILES):
            write(tmp_path / "set" / name / file, picture(pattern(24, 24, seed=100 * i + j)))
    done = Forked("striate", ["compare", tmp_path / "set", "--models", "bow-knn,bow", "--seeds", "1",
                              "--out", tmp_path / "out", "--json"])
    error = done.communicate(timeout=280)[1]
    assert done.returncode == 0, error[-2000:]
    data = load_data(tmp_path / "set")
    with (tmp_path / "out" / "predictions.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.reader(file))[1:]
    known = set(zip(data.pictures.keys, (data.classes[i] for i in data.pictures.labels), strict=True))
    assert {(row[0], row[1]) for row in rows} <= known
    assert len(rows) == len(data.test)
    assert {row[2] for row in rows} <= set(NAMES)
    facts = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert facts["data"]["classes"] == list(data.classes)
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert "<script>.png" not in page
