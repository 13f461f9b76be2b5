"""Claims, of training on two cores, whole steps on pictures held in memory (bytes; nothing drawn or mixed):

    as fast as a loop written by hand with every optimisation known to us, and faster than plain PyTorch, PyTorch's
    tutorials and Keras on TensorFlow; and what share of the machine's measured bfloat16 peak that is.

    python bench/training.py lenet --keras-python /opt/tf/bin/python         Caffe's LeNet, 28×28×1, batches of 128
    python bench/training.py resnet9 --keras-python /opt/tf/bin/python       ResNet-9, 28×28×1, batches of 128
    python bench/training.py alexnet --keras-python /opt/tf/bin/python       AlexNet in one tower, 224×224×3, of 32

The Keras environment: `python -m venv /opt/tf && /opt/tf/bin/pip install tensorflow-cpu keras`; without it Keras is
left out. Same network (its parameters are counted), same batches, SGD with Nesterov momentum, on the same pictures.

Every measurement is a process of its own: at least 5 steps and 4 s do not count, the next `--seconds` do. A first round
runs every form of every rival, and the fastest form of each takes part in the rounds after it, in turn with ours; the
first round does not count. `--again` leaves it out: the forms are those that the last result has chosen, and the
tutorials do not take part; with `--seconds 2 --repeats 2` that takes a minute and a half. `fraction_of_peak` counts 6
operations for each multiply-add of a picture (forward and twice as much backward) against the quickest bfloat16 product
or 3×3 convolution found in any round (`rivals/peak.py`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from record import RESULTS, summary, write
from rivals.call import KERAS, answer, whole_machine
from rivals.work import WORKS

Form = Callable[[], dict[str, Any]]
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}  # glibc keeps memory rather than give it back
KERAS_FORMS = {
    "arrays": ("--feed", "arrays"), "dataset": ("--feed", "dataset"),
    "dataset, four steps together": ("--feed", "dataset", "--together", "4"),
    "dataset, compiled": ("--feed", "dataset", "--jit"),
}
OURS, BY_HAND, TUTORIALS = "striate", "PyTorch by hand", "PyTorch's tutorials"


def contestants(net: str, seconds: float, keras: Path | None, files: Path) -> dict[str, dict[str, Form]]:
    """All forms of all contestants: name → form → what measures it once."""
    def form(module: str, *arguments: object, **more: Any) -> Form:
        limit = 20 * seconds + 300
        return lambda: answer(f"rivals.{module}", net, "--seconds", seconds, *arguments, limit=limit, **more)

    rows: dict[str, dict[str, Form]] = {
        OURS: {"as it comes": form("ours")},
        BY_HAND: {
            "bfloat16": form("loops"), "bfloat16, memory kept": form("loops", env=KEEP),
            "bfloat16, compiled, memory kept": form("loops", "--compile", env=KEEP),
            "float32": form("loops", "--precision", "float32"),
            "float32, memory kept": form("loops", "--precision", "float32", env=KEEP),
        },
        "plain PyTorch": {"float32": form("loops", "--plain")},
        TUTORIALS: {f"{n} workers": form("tutorial", "--folder", files, "--workers", n) for n in (0, 2)},
    }
    if keras:
        rows["Keras on TensorFlow"] = {
            f"{precision}, {label}": form("keras_fit", "--precision", precision, *more, python=str(keras), env=KERAS)
            for precision in ("float32", "mixed_bfloat16") for label, more in KERAS_FORMS.items()}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", choices=WORKS)
    parser.add_argument("--keras-python", type=Path)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--name", help="of the result; default: training-NET")
    parser.add_argument("--again", action="store_true", help="no first round: the forms that the last result chose")
    given = parser.parse_args()
    whole_machine()
    result = given.name or f"training-{given.net}"
    work, peaks = WORKS[given.net], [answer("rivals.peak", "--seconds", 0.5)]
    with tempfile.TemporaryDirectory() as scratch:
        rows = contestants(given.net, given.seconds, given.keras_python, Path(scratch) / "pictures")
        first: dict[str, dict[str, dict[str, Any]]] = {}
        if given.again:
            earlier = json.loads((RESULTS / f"{result}.json").read_text())["results"]["form"]
            chosen = {one: form for one, form in earlier.items() if one in rows and one != TUTORIALS}
        else:
            first = {name: {label: told(name, label, run()) for label, run in forms.items()}
                     for name, forms in rows.items()}
            chosen = {name: max(found, key=lambda label: speed(found[label]))
                      for name, found in first.items() if any(map(speed, found.values()))}
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in chosen}
        for _ in range(given.repeats):
            for name, label in chosen.items():
                runs[name].append(told(name, label, rows[name][label]()))
            peaks.append(answer("rivals.peak", "--seconds", 0.5))
    rates = {name: [one for one in map(speed, found) if one] for name, found in runs.items()}
    median = {name: statistics.median(found) for name, found in rates.items() if found}
    peak = max((one for one in peaks if "gflops" in one), key=lambda one: one["gflops"])
    macs = next(one["macs"] for one in runs[OURS] if "macs" in one)
    write(result, f"how fast {work.network} is trained, beside every rival", {
        "network": work.network, "picture": [work.side, work.side, work.channels], "batch": work.batch,
        "pictures": work.count, "parameters": work.parameters, "macs_of_a_picture": macs,
        "pictures_per_second": {name: summary(found) for name, found in rates.items() if found},
        "form": chosen,
        "times_as_fast": {name: median[OURS] / one for name, one in median.items() if name != OURS},
        "times_as_fast_by_the_best_run": {
            name: max(rates[OURS]) / max(found) for name, found in rates.items() if name != OURS and found},
        "peak_gflops": peak,
        "fraction_of_peak": {name: 6e-9 * macs * one / peak["gflops"] for name, one in median.items()},
        "runs": runs, "first_round": first,
    })


def speed(found: dict[str, Any]) -> float:
    """Pictures a second; 0 for one that failed."""
    return float(found.get("pictures_per_second", 0.0))


def told(name: str, label: str, found: dict[str, Any]) -> dict[str, Any]:
    """The same, said aloud: a run takes many minutes."""
    print(f"{name}, {label}: {found.get('failed') or format(speed(found), ',.0f') + ' pictures/s'}", flush=True)
    return found


if __name__ == "__main__":
    main()
