"""Claims, of `striate check`:

    2,000 pictures of 32×32 (PNG) or 300 of 256×256 (JPEG) a second on two cores, and memory that does not grow;
    50 planted copies of the same bytes across train and test: all found; 50 that were resized and saved as JPEG of
    quality 70: 45 or more; at most 1 % of the other pictures found with them, checked by eye (`shown`);
    labels, 5 % of them wrong: 80 % or more of those in the first tenth of the ranking.

    python bench/checking.py speed
    python bench/checking.py leaks DIR          DIR has train/CLASS and test/CLASS; copies of it are planted in
    python bench/checking.py found fashion-mnist
    python bench/checking.py labels DIR|NAME --seeds 0 1 2

`speed` is the whole command as a process of its own, start and page included; `of_the_pictures` is without the start,
which is measured on thirty pictures. Processor seconds are those of the process and its worker processes; they vary
less with other work on the machine. Memory is the peak of the process itself. `seconds` of labels depend on the cache:
for the first seed it is empty, for the next it holds all steps that need no labels.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from record import summary, write

COMMAND = """
import json, resource, sys
sys.argv = ["striate", "check", sys.argv[1], "--no-labels", "-q", "--out", sys.argv[2], "--force"]
from striate.cli.main import run
try:
    run()
finally:
    ours, helpers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps([ours.ru_maxrss, sum((ours.ru_utime, ours.ru_stime, helpers.ru_utime, helpers.ru_stime))]))
"""


def made(root: Path, count: int, side: int, form: str) -> Path:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side] / side
    for i in range(count):
        waves = rng.uniform(1, 20, (3, 4))
        pixels = np.stack([127 + 60 * np.sin(a * x + b * y) + 60 * np.sin(c * x * y + d) for a, b, c, d in waves], 2)
        pixels += rng.normal(0, 8, pixels.shape)
        path = root / str(i % 15) / f"{i}.{form}"
        path.parent.mkdir(exist_ok=True, parents=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return root


def command(root: Path, scratch: Path) -> tuple[float, float, float]:
    """Seconds, MiB at the peak, and seconds of processor time, helpers included, of one fresh check."""
    cache = scratch / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", COMMAND, str(root), str(scratch / "check.html")], capture_output=True,
                          text=True, env=os.environ | {"STRIATE_CACHE": str(cache)}, check=False)
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 3):
        raise RuntimeError(done.stderr)
    peak, busy = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak / 1024, busy


def speed(options: argparse.Namespace) -> None:
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        starts = [command(made(scratch / "few", 30, 32, "png"), scratch) for _ in range(3)]
        start, idle = (summary([one[k] for one in starts])["median"] for k in (0, 2))
        results |= {"start_seconds": start, "start_processor_seconds": idle}
        for name, count, side, form in (("png_32", 10_000, 32, "png"), ("png_32_four_times", 40_000, 32, "png"),
                                        ("jpeg_256", 2_000, 256, "jpg"), ("jpeg_256_four_times", 8_000, 256, "jpg")):
            root = made(scratch / name, count, side, form)
            rows = [command(root, scratch) for _ in range(options.repeats)]
            results[name] = {
                "pictures": count,
                "pictures_per_second": summary([count / seconds for seconds, *_ in rows]),
                "of_the_pictures": summary([count / (seconds - start) for seconds, *_ in rows]),
                "of_the_pictures_per_processor_second": summary([count / (busy - idle) for *_, busy in rows]),
                "peak_mib": summary([peak for _, peak, _ in rows]),
            }
            shutil.rmtree(root)
    write("checking-speed", "striate check --no-labels: pictures a second, memory", results)


def saved_again(source: Path, target: Path, scale: float) -> None:
    with Image.open(source) as image:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image.convert("L" if image.mode == "L" else "RGB").resize(size, Image.Resampling.BILINEAR).save(
            target, "JPEG", quality=70)


def leaks(options: argparse.Namespace) -> None:
    from striate.quality import findings, scan_pictures

    root, rows = Path(options.data), []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STRIATE_CACHE"] = f"{folder}/cache"
        alone = {one.check.name: one for one in findings(scan_pictures(root))}
        known = {frozenset(case.pictures) for name in ("leak", "near_leak") for case in
                 (alone[name].cases if name in alone else ())}
        for seed in options.seeds:
            rng, copy = random.Random(seed), Path(folder) / f"set{seed}"
            shutil.copytree(root, copy)
            chosen = rng.sample(sorted((copy / "train").rglob("*.jpg")), 100)
            planted: dict[str, str] = {}
            for i, path in enumerate(chosen):
                name = copy / "test" / path.parent.name / f"planted{i}.jpg"
                if i < 50:
                    shutil.copy(path, name)
                else:
                    saved_again(path, name, rng.choice((0.35, 0.5, 0.75, 1.5)))
                planted[str(name.relative_to(copy))] = str(path.relative_to(copy))
            found = {one.check.name: one for one in findings(scan_pictures(copy))}
            cases = [set(case.pictures) for name in ("leak", "near_leak") if name in found
                     for case in found[name].cases]
            hits = [any({new, old} <= case for case in cases) for new, old in planted.items()]
            others = {key for case in cases if not case & planted.keys() for key in case}
            rows.append({"seed": seed, "exact_of_50": sum(hits[:50]), "resized_of_50": sum(hits[50:]),
                         "other_pictures_found": len(others)})
            shutil.rmtree(copy)
        total = len(list(root.rglob("*.jpg")))
        shown = {name: [[*case.pictures, case.text] for case in alone[name].cases]
                 for name in ("near_leak", "near_copy", "near_conflict") if name in alone}
    write(f"checking-leaks-{root.name}", f"copies across train and test planted in {root.name}", {
        "pictures": total, "known_before": len(known), "runs": rows, "shown": shown})


def found(options: argparse.Namespace) -> None:
    """What a set of small pictures has of itself; and how many copies of 300 would be found among them."""
    from striate.data import resize_pictures
    from striate.quality import findings, scan_pictures
    from striate.quality.image_statistics import ImageStatistics
    from striate.quality.near_duplicates import NEAR, near_duplicates

    with tempfile.TemporaryDirectory() as folder:
        os.environ["STRIATE_CACHE"] = folder
        seen = scan_pictures(options.data)
        counts = {one.check.name: one.count for one in findings(seen)}
        rng, originals, copies = random.Random(0), [], []
        for key in rng.sample(seen.keys, 300):
            pixels = seen.pixels(key, 96)
            original, again = Path(folder) / "a.png", Path(folder) / "b.jpg"
            Image.fromarray(pixels.squeeze()).save(original)
            saved_again(original, again, rng.choice((0.75, 1.5, 2.0)))
            with Image.open(again) as image:
                copies.append(resize_pictures(np.asarray(image)[None], (96, 96), channels=1)[0])
            originals.append(resize_pictures(pixels[None], (96, 96), channels=1)[0])
        pairs = near_duplicates(ImageStatistics.of(np.stack(originals + copies)), [str(i) for i in range(600)])
    hits = sum(pair.second - pair.first == 300 for pair in pairs)
    named = [[seen.keys[one.first], seen.keys[one.second], one.distance, one.mirrored]
             for one in sorted(seen.pairs, key=lambda one: one.distance)]
    write(f"checking-found-{options.data}", f"what striate check finds in {options.data} as it is", {
        "pictures": len(seen.rows), "counts": counts, "limit": NEAR, "pairs": named,
        "resized_of_300": hits})


def labels(options: argparse.Namespace) -> None:
    from striate.data import load_data
    from striate.quality import label_doubts
    from striate.tasks.check_labels import checking_method, out_of_fold
    from striate.tasks.progress import Progress

    rows = []
    for seed in options.seeds:
        kind = checking_method(options.data, options.model, 0)
        data = load_data(options.data, **kind.pack_arguments)
        rng, truth = np.random.default_rng(seed), data.pictures.labels
        wrong = rng.permutation(len(truth))[: round(0.05 * len(truth))]
        given = truth.copy()
        given[wrong] = (given[wrong] + rng.integers(1, len(data.classes), len(wrong))) % len(data.classes)
        data = replace(data, pictures=replace(data.pictures, labels=given))
        kind.input_size(data)
        started = time.perf_counter()
        indices, scores = out_of_fold(kind, data, Progress(), bool)
        doubts = label_doubts(given[indices], scores)
        order = indices[[one.index for one in doubts]]
        planted = np.isin(order, wrong)
        likely = np.array([one.likely for one in doubts])
        rows.append({
            "seed": seed, "pictures": len(order), "planted": len(wrong), "seconds": time.perf_counter() - started,
            "in_first_tenth": float(planted[: len(order) // 10].sum() / len(wrong)),
            "in_first_twentieth": float(planted[: len(order) // 20].sum() / len(wrong)),
            "called_likely": int(likely.sum()), "of_them_planted": int((likely & planted).sum()),
            "accuracy_on_the_true_labels": float((scores.argmax(axis=1) == truth[indices]).mean()),
        })
        print(rows[-1], flush=True)
    name = Path(options.data).name
    write(f"checking-labels-{name}-{options.model}", f"5 % wrong labels planted in {name}, ranked by {options.model}",
          {"runs": rows, "in_first_tenth": summary([row["in_first_tenth"] for row in rows]),
           "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "leaks", "found", "labels"))
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="bow")
    options = parser.parse_args()
    {"speed": speed, "leaks": leaks, "found": found, "labels": labels}[options.what](options)


if __name__ == "__main__":
    main()
