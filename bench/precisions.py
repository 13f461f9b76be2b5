"""Claims: features in bfloat16 leave the accuracy of `transfer` as it is in float32; one model gives at least 99 % of
pictures the same label in both.

    python bench/precisions.py /work/pictures/scene15

Only the training part is read: three times 30 pictures of each class are held out, and both formats are trained on the
rest. Which pictures only one of the two gets right is counted over the three draws.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from record import write
from striate import Transfer
from striate.data import Dataset, load_data

DRAWS, HELD = 3, 30
FORMATS = ("float32", "bfloat16")


def main() -> None:
    """Learn in both formats, and write which pictures each gets right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    data = load_data(parser.parse_args().folder, size=(224, 224), channels=3)
    pool = np.sort(np.concatenate([data.split.train, data.split.validation]))
    labels, draws = data.pictures.labels[pool], []
    for seed in range(DRAWS):
        chance = np.random.default_rng(seed)
        held = np.zeros(len(pool), bool)
        for label in np.unique(labels):
            held[chance.permutation(np.flatnonzero(labels == label))[:HELD]] = True
        learnt, rest = Dataset(data.pictures, pool[~held]), Dataset(data.pictures, pool[held])
        models = {name: Transfer(precision=name).fit(learnt) for name in FORMATS}
        given = {name: model.predict_proba(rest).argmax(1) for name, model in models.items()}
        first, second = (one == rest.labels for one in given.values())
        other, model = models.values()
        model.features_ = other.features_
        same = int((model.predict_proba(rest).argmax(1) == given[FORMATS[1]]).sum())
        draws.append({"n": len(rest), **dict(zip(FORMATS, map(float, (first.mean(), second.mean())), strict=True)),
                      "same label, one model": same,
                      "only float32": int((first & ~second).sum()), "only bfloat16": int((second & ~first).sum())})
    write("precisions", "features in bfloat16 leave the accuracy of transfer as it is", {
        "draws": draws, **{name: sum(one[name] for one in draws) for name in (
            "n", "only float32", "only bfloat16", "same label, one model")}})


if __name__ == "__main__":
    main()
