"""Claim, of "none of these" on Scene-15: where 5 % of the pictures of known classes may be refused, at least half of
the pictures of classes that were left out of training are.

    python bench/rejection.py /work/pictures/scene15 --model transfer --draws 5

Each draw leaves three classes out of training, and asks for the test pictures of all classes. The threshold comes from
held-out training pictures, in the model; the score was chosen on the training part (`classifiers/novelty.py`).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from record import write
from striate.bow.recogniser import BagOfWords
from striate.convnet.transfer import Transfer
from striate.data import load_data
from striate.model.recogniser import Recogniser
from striate.stats.metrics import wilson
from striate.tasks.methods.method import learnable

LEFT_OUT, SHARE = 3, 0.05
MODELS = {"transfer": {"size": (224, 224), "channels": 3}, "knn": {"size": (224, 224), "channels": 3},
          "bow": {"size": (256, 256), "channels": 1}, "bow-knn": {"size": (256, 256), "channels": 1}}


def untrained(name: str, memory: str) -> Recogniser:
    """The recogniser of a name, with a cache of what does not depend on the classes."""
    if name.startswith("bow"):
        return BagOfWords(name, memory=memory)
    return Transfer(head="knn" if name == "knn" else "linear_svm", memory=memory)


def main() -> None:
    """Leave classes out, several times, and write what was refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="transfer", choices=MODELS)
    parser.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    data = load_data(str(given.folder), **MODELS[given.model])
    train, test = learnable(data), data.test
    rows = []
    with tempfile.TemporaryDirectory() as memory:
        for draw in range(given.draws):
            out = np.random.default_rng(draw).permutation(len(data.classes))[:LEFT_OUT]
            some = np.flatnonzero(~np.isin(train.labels, out))
            model = untrained(given.model, memory).fit(train.take(some), train.labels[some])
            confidence = np.concatenate([model.predict_with_confidence(test.take(part))[1]
                                         for part in np.array_split(np.arange(len(test)), 12)])
            known = ~np.isin(test.labels, out)
            rows.append({"left_out": [data.classes[i] for i in out],
                         "known": int(known.sum()), "known_refused": int((confidence[known] < SHARE).sum()),
                         "others": int((~known).sum()), "others_refused": int((confidence[~known] < SHARE).sum())})
            print(rows[-1], flush=True)
    known, others = (sum(row[name] for row in rows) for name in ("known", "others"))
    refused = {name: sum(row[f"{name}_refused"] for row in rows) for name in ("known", "others")}
    write(f"rejection-{given.model}-{given.folder.name}", "how many pictures of other classes are refused at 5 %", {
        "model": given.model, "share": SHARE, "draws": rows,
        "known_refused": refused["known"] / known, "known_interval": wilson(refused["known"], known),
        "others_refused": refused["others"] / others, "others_interval": wilson(refused["others"], others)})


if __name__ == "__main__":
    main()
